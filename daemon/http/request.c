/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include <string.h>

MhRequest *
mh_request_new (MhServer *server, SoupServerMessage *message)
{
  MhRequest *self = g_new0 (MhRequest, 1);

  g_atomic_ref_count_init (&self->refs);
  self->server = server;
  self->message = message;
  self->conn = mh_conn_of (message);
  self->headers = soup_message_headers_ref (soup_server_message_get_request_headers (message));
  self->address = g_strdup (self->conn != NULL ? self->conn->address : "");
  self->method = g_strdup (soup_server_message_get_method (message));
  self->path = g_strdup (g_uri_get_path (soup_server_message_get_uri (message)));
  self->cancellable = g_cancellable_new ();
  self->started_us = g_get_monotonic_time ();
  self->reply_headers = g_ptr_array_new_with_free_func (g_free);

  return self;
}

MhRequest *
mh_request_ref (MhRequest *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

void
mh_request_unref (MhRequest *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  if (self->route != NULL && self->route->query != NULL)
    mh_shape_free (self->route->query, self->query);
  g_clear_pointer (&self->params, g_hash_table_unref);
  g_clear_pointer (&self->query_raw, g_hash_table_unref);
  g_clear_pointer (&self->principal, mh_principal_unref);
  g_clear_pointer (&self->json_body, g_byte_array_unref);
  g_clear_pointer (&self->body, mh_body_free);
  g_clear_pointer (&self->stream, mh_stream_free);
  g_clear_pointer (&self->sse, mh_sse_free);
  g_clear_pointer (&self->content, mh_content_free);
  g_clear_pointer (&self->cut_off, g_bytes_unref);
  g_clear_error (&self->reply_error);
  soup_message_headers_unref (self->headers);
  g_ptr_array_unref (self->reply_headers);
  g_object_unref (self->cancellable);
  g_free (self->reply_json);
  g_free (self->address);
  g_free (self->method);
  g_free (self->path);
  g_free (self);
}

typedef struct
{
  MhRequest *request; /* (owned) */
  void (*func) (MhRequest *request);
} Post;

static gboolean
post_cb (gpointer user_data)
{
  Post *post = user_data;

  post->func (post->request);

  return G_SOURCE_REMOVE;
}

static void
post_free (gpointer user_data)
{
  Post *post = user_data;

  mh_request_unref (post->request);
  g_free (post);
}

void
mh_request_post_after (MhRequest *request, guint delay_ms, void (*func) (MhRequest *request))
{
  g_autoptr (GSource) source =
      delay_ms > 0 ? g_timeout_source_new (delay_ms) : g_idle_source_new ();
  Post *post = g_new (Post, 1);

  post->request = mh_request_ref (request);
  post->func = func;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, post_cb, post, post_free);
  g_source_attach (source, request->server->loop);
}

void
mh_request_post (MhRequest *request, void (*func) (MhRequest *request))
{
  mh_request_post_after (request, 0, func);
}

void
mh_request_set_delay (MhRequest *self, guint delay_ms)
{
  self->delay_ms = MIN (delay_ms, 1000);
}

void
mh_request_pause (MhRequest *request)
{
  if (request->message == NULL || request->paused)
    return;

  request->paused = TRUE;
  soup_server_message_pause (request->message);
}

void
mh_request_resume (MhRequest *request)
{
  if (request->message == NULL || !request->paused)
    return;

  request->paused = FALSE;
  soup_server_message_unpause (request->message);
}

gpointer
mh_request_service (MhRequest *self, const char *module)
{
  gpointer service = g_hash_table_lookup (self->server->services, module);

  g_return_val_if_fail (service != NULL, NULL);

  return service;
}

const char *
mh_request_param (MhRequest *self, const char *name)
{
  const char *value = g_hash_table_lookup (self->params, name);

  g_return_val_if_fail (value != NULL, "");

  return value;
}

gconstpointer
mh_request_query (MhRequest *self)
{
  return self->query;
}

const char *
mh_request_header (MhRequest *self, const char *name)
{
  /* The headers do not change once they have come, so any thread may read them. */
  return soup_message_headers_get_one (self->headers, name);
}

MhPrincipal *
mh_request_principal (MhRequest *self)
{
  return self->principal;
}

const char *
mh_request_address (MhRequest *self)
{
  return self->address;
}

GCancellable *
mh_request_cancellable (MhRequest *self)
{
  return self->cancellable;
}

void
mh_request_set_header (MhRequest *self, const char *name, const char *value)
{
  g_ptr_array_add (self->reply_headers, g_strdup (name));
  g_ptr_array_add (self->reply_headers, g_strdup (value));
}

gboolean
mh_request_read (MhRequest *self, GBytes **bytes, GError **error)
{
  g_return_val_if_fail (self->body != NULL, FALSE);

  return mh_body_pull (self->body, bytes, error);
}

void
mh_request_take_content (MhRequest *self, MhContent *content)
{
  g_clear_pointer (&self->content, mh_content_free);
  self->content = content;
}
