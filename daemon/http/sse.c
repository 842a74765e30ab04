/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include "base/error.h"

#include <string.h>

#define KEEPALIVE_S 20                   /* documented */
#define BEHIND_MAX ((gsize) 1024 * 1024) /* ours */

struct _MhSse
{
  MhRequest *request; /* (unowned) owns us */
  void (*closed) (MhSse *sse, gpointer user_data);
  gpointer user_data;
  GSource *keepalive; /* (owned) */
  gsize unsent;       /* bytes that libsoup has and the kernel not */
  gboolean ended;
};

static void
end_stream (MhSse *self)
{
  if (self->ended)
    return;

  self->ended = TRUE;
  soup_message_body_complete (soup_server_message_get_response_body (self->request->message));
  soup_server_message_unpause (self->request->message);
}

static void
append (MhSse *self, GString *text)
{
  SoupMessageBody *body = soup_server_message_get_response_body (self->request->message);
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);

  if (self->ended)
    return;

  self->unsent += g_bytes_get_size (bytes);
  soup_message_body_append_bytes (body, bytes);
  if (self->unsent > BEHIND_MAX)
    end_stream (self);
  else
    soup_server_message_unpause (self->request->message);
}

static gboolean
session_is_alive (MhRequest *request)
{
  const MhAuthenticator *authenticator = &request->server->authenticator;

  return request->principal != NULL
         && authenticator->is_alive (authenticator->self, request->principal->session_id);
}

static gboolean
keepalive_cb (gpointer user_data)
{
  MhSse *self = user_data;

  if (session_is_alive (self->request))
    append (self, g_string_new (": keepalive\n\n"));
  else
    end_stream (self);

  return G_SOURCE_CONTINUE;
}

static void
wrote_cb (SoupServerMessage *message, guint size, gpointer user_data)
{
  MhRequest *request = user_data;

  if (request->sse != NULL)
    request->sse->unsent -= MIN (request->sse->unsent, size);
  mh_conn_mark (request->conn, CONN_SENDING);
}

MhSse *
mh_sse_open (MhRequest *request, void (*closed) (MhSse *sse, gpointer user_data),
             gpointer user_data, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->message);
  MhSse *self = NULL;

  if (request->server->streams >= MH_MAX_STREAMS)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "more than %d event streams are open",
                   MH_MAX_STREAMS);
      return NULL;
    }

  self = g_new0 (MhSse, 1);
  self->request = request;
  self->closed = closed;
  self->user_data = user_data;
  request->sse = self;
  request->server->streams++;

  request->answered = TRUE;
  soup_server_message_set_status (request->message, 200, NULL);
  soup_message_headers_replace (headers, "Content-Type", "text/event-stream");
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  mh_reply_common_headers (headers);
  g_signal_connect (request->message, "wrote-body-data", G_CALLBACK (wrote_cb), request);

  self->keepalive = g_timeout_source_new_seconds (KEEPALIVE_S);
  g_source_set_callback (self->keepalive, keepalive_cb, self, NULL);
  g_source_attach (self->keepalive, request->server->loop);
  append (self, g_string_new (": connected\n\n"));

  return self;
}

void
mh_sse_send (MhSse *self, const char *id, const char *event, const char *data)
{
  GString *text = g_string_new (NULL);

  if (id != NULL)
    g_string_append_printf (text, "id: %s\n", id);
  g_string_append_printf (text, "event: %s\ndata: %s\n\n", event, data);

  if (!session_is_alive (self->request))
    {
      g_string_free (text, TRUE);
      end_stream (self);
      return;
    }

  append (self, text);
}

void
mh_sse_free (MhSse *self)
{
  self->request->server->streams--;
  g_source_destroy (self->keepalive);
  g_source_unref (self->keepalive);
  self->closed (self, self->user_data);
  g_free (self);
}
