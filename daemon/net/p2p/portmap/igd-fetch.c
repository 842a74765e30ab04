/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "igd-fetch.h"

/* Connections at a time: none waits for those of others, which may be silent. */
#define MOST_CONNECTIONS 64

/* Answers before the answer that are passed over: some have "100 Continue" where nobody waits. */
#define MOST_INFORMATIONAL 4

/* It lives until libsoup has done with it, which may be after it was forgotten. */
struct _MhIgdFetch
{
  MhIgdFetched fetched; /* (nullable): nobody waits for the answer any more */
  gpointer data;
  gboolean is_call;
  guint informational;
  SoupMessage *message;      /* (owned) */
  GCancellable *cancellable; /* (owned) */
  GSource *deadline;         /* (owned) */
  GInputStream *stream;      /* (owned) (nullable) */
  guint8 piece[4096];        /* that is being read */
  GByteArray *body;          /* (owned): what was read */
  GError *why;               /* (owned) (nullable): what it was ended for by us */
};

SoupSession *
mh_igd_session_new (void)
{
  SoupSession *session = soup_session_new_with_options (
      "max-conns", MOST_CONNECTIONS, "max-conns-per-host", MOST_CONNECTIONS, NULL);

  soup_session_set_proxy_resolver (session, NULL);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  /* few bytes would become many */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);

  return session;
}

static void
fetch_end (MhIgdFetch *self, const GError *error)
{
  g_autoptr (GBytes) body = NULL;

  g_clear_object (&self->stream); /* which closes it */
  g_source_destroy (self->deadline);
  g_source_unref (self->deadline);
  g_signal_handlers_disconnect_by_data (self->message, self);
  body = g_byte_array_free_to_bytes (self->body);
  if (self->fetched != NULL)
    {
      error = self->why != NULL ? self->why : error;
      self->fetched (error == NULL ? body : NULL, error, self->data);
    }
  g_object_unref (self->message);
  g_object_unref (self->cancellable);
  g_clear_error (&self->why);
  g_free (self);
}

/* Has libsoup give up, and then come back to us. */
static void
stop (MhIgdFetch *self, GIOErrorEnum code, const char *why)
{
  if (self->why == NULL)
    self->why = g_error_new_literal (G_IO_ERROR, (gint) code, why);
  g_cancellable_cancel (self->cancellable);
}

static gboolean
on_deadline (gpointer data)
{
  stop (data, G_IO_ERROR_TIMED_OUT, "the router does not answer");

  return G_SOURCE_REMOVE;
}

/* There may be any number of them, and libsoup would not come back between two. */
static void
on_informational (SoupMessage *message, gpointer data)
{
  MhIgdFetch *self = data;

  if (++self->informational > MOST_INFORMATIONAL)
    stop (self, G_IO_ERROR_INVALID_DATA, "the router does not come to its answer");
}

/* The body of some that are refused here libsoup would gather itself, without a limit. */
static void
on_headers (SoupMessage *message, gpointer data)
{
  MhIgdFetch *self = data;
  guint status = soup_message_get_status (message);
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  g_autofree char *text = NULL;

  /* a fault comes with 500 (UDA 3.2.2) */
  if (status != SOUP_STATUS_OK && (!self->is_call || status != SOUP_STATUS_INTERNAL_SERVER_ERROR))
    {
      text = g_strdup_printf ("the router answers with the HTTP status %u", status);
      stop (self, G_IO_ERROR_FAILED, text);
    }
  else if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
           && soup_message_headers_get_content_length (headers) > MH_IGD_MAX_BODY)
    {
      stop (self, G_IO_ERROR_INVALID_DATA, "the answer of the router is too long");
    }
}

static void on_read (GObject *stream, GAsyncResult *result, gpointer data);

static void
read_more (MhIgdFetch *self)
{
  g_input_stream_read_async (self->stream, self->piece, sizeof self->piece, G_PRIORITY_DEFAULT,
                             self->cancellable, on_read, self);
}

static void
on_read (GObject *stream, GAsyncResult *result, gpointer data)
{
  MhIgdFetch *self = data;
  g_autoptr (GError) error = NULL;
  gssize size = g_input_stream_read_finish (self->stream, result, &error);

  if (size <= 0)
    {
      fetch_end (self, error);
      return;
    }

  g_byte_array_append (self->body, self->piece, (guint) size);
  if (self->body->len > MH_IGD_MAX_BODY)
    {
      stop (self, G_IO_ERROR_INVALID_DATA, "the answer of the router is too long");
      fetch_end (self, NULL);
      return;
    }
  read_more (self);
}

static void
on_sent (GObject *session, GAsyncResult *result, gpointer data)
{
  MhIgdFetch *self = data;
  g_autoptr (GError) error = NULL;

  self->stream = soup_session_send_finish (SOUP_SESSION (session), result, &error);
  if (self->stream == NULL || self->why != NULL)
    fetch_end (self, error);
  else
    read_more (self);
}

MhIgdFetch *
mh_igd_fetch (SoupSession *session, GUri *uri, const MhIgdRequest *request, MhIgdFetched fetched,
              gpointer data)
{
  MhIgdFetch *self = g_new0 (MhIgdFetch, 1);
  SoupMessageHeaders *headers;

  self->fetched = fetched;
  self->data = data;
  self->is_call = request != NULL;
  self->message = soup_message_new_from_uri (request != NULL ? "POST" : "GET", uri);
  self->cancellable = g_cancellable_new ();
  self->body = g_byte_array_new ();
  headers = soup_message_get_request_headers (self->message);
  soup_message_add_flags (self->message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_NEW_CONNECTION);
  soup_message_headers_replace (headers, "Connection", "close");
  if (request != NULL)
    {
      soup_message_headers_replace (headers, "SOAPAction", request->soap_action);
      soup_message_set_request_body_from_bytes (self->message, "text/xml; charset=\"utf-8\"",
                                                request->body);
    }
  g_signal_connect (self->message, "got-informational", G_CALLBACK (on_informational), self);
  g_signal_connect (self->message, "got-headers", G_CALLBACK (on_headers), self);
  self->deadline = g_timeout_source_new (MH_IGD_ANSWER_MS);
  g_source_set_callback (self->deadline, on_deadline, self, NULL);
  g_source_attach (self->deadline, g_main_context_get_thread_default ());
  soup_session_send_async (session, self->message, G_PRIORITY_DEFAULT, self->cancellable, on_sent,
                           self);

  return self;
}

void
mh_igd_fetch_forget (MhIgdFetch *self)
{
  self->fetched = NULL;
  stop (self, G_IO_ERROR_CANCELLED, "nobody waits for it");
}
