/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include "base/error.h"

#include <string.h>

#define FAREWELL_TIMEOUT_S 5 /* ours: how long a refused client may take to read its answer */
#define DRAIN_MAX                                                                                  \
  (64 * 1024) /* a refused body up to here is read and dropped, a larger one cut off */

/* The page may load from here only, and nothing inline counts: neither scripts nor styles. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/* Everything else, and above all what people store: shown or saved, never run. */
static const char data_policy[] = "default-src 'none'; sandbox; frame-ancestors 'none'";

void
mh_reply_common_headers (SoupMessageHeaders *headers)
{
  static const char *const fixed[][2] = {
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy", "geolocation=(), microphone=(self), camera=(self)" },
  };
  const char *type = soup_message_headers_get_one (headers, "Content-Type");
  gboolean is_page = type != NULL && g_str_has_prefix (type, "text/html")
                     && soup_message_headers_get_one (headers, "Content-Disposition") == NULL;

  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    soup_message_headers_replace (headers, fixed[i][0], fixed[i][1]);
  soup_message_headers_replace (headers, "Content-Security-Policy",
                                is_page ? page_policy : data_policy);
  if (soup_message_headers_get_one (headers, "Cache-Control") == NULL)
    soup_message_headers_replace (headers, "Cache-Control", "no-store");
}

static void
apply_headers (MhRequest *request, SoupMessageHeaders *headers)
{
  soup_message_headers_remove (headers, "Set-Cookie");
  for (guint i = 0; i + 1 < request->reply_headers->len; i += 2)
    {
      const char *name = g_ptr_array_index (request->reply_headers, i);
      const char *value = g_ptr_array_index (request->reply_headers, i + 1);

      if (g_ascii_strcasecmp (name, "Set-Cookie") == 0)
        soup_message_headers_append (headers, name, value);
      else
        soup_message_headers_replace (headers, name, value);
    }
  mh_reply_common_headers (headers);
}

void
mh_reply_head (MhRequest *request, guint status)
{
  request->answered = TRUE;
  soup_server_message_set_status (request->message, status, NULL);
  apply_headers (request, soup_server_message_get_response_headers (request->message));
  mh_conn_mark (request->conn, CONN_SENDING);
}

void
mh_reply_bytes (MhRequest *request, guint status, const char *mime, GBytes *bytes)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->message);
  SoupMessageBody *body = soup_server_message_get_response_body (request->message);

  if (bytes != NULL)
    {
      soup_message_headers_replace (headers, "Content-Type", mime);
      soup_message_headers_set_content_length (headers, (goffset) g_bytes_get_size (bytes));
      if (g_bytes_get_size (bytes) > 0)
        soup_message_body_append_bytes (body, bytes);
    }
  mh_reply_head (request, status);
  soup_message_body_complete (body);
}

/* Adds what an error has beside its message: numbers and text. */
static void
details_to_json (MhJson *json, GVariant *details)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (details == NULL)
    return;

  g_variant_iter_init (&iter, details);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
        mh_json_int (json, name, g_variant_get_int64 (value));
      else
        mh_json_string (json, name, g_variant_get_string (value, NULL));
    }
}

/* The shape of an error differs by surface: cloudos and agents have a code beside the text. */
static GBytes *
error_body (MhRequest *request, const GError *error)
{
  g_autoptr (MhJson) json = mh_json_new ();
  gboolean has_code =
      g_str_has_prefix (request->path, "/api/") && !g_str_has_prefix (request->path, "/api/v1/");
  char *text = NULL;

  if (request->route != NULL)
    has_code = request->route->surface == MH_SURFACE_CLOUDOS;

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "error", has_code ? mh_error_name (error) : error->message);
  if (has_code)
    mh_json_string (json, "message", error->message);
  details_to_json (json, mh_error_details (error));
  mh_json_end_object (json);
  text = mh_json_steal (json);

  return g_bytes_new_take (text, strlen (text));
}

typedef struct
{
  GIOStream *taken;          /* (owned) libsoup's stream around ours; only kept until the end */
  GSocketConnection *stream; /* (owned) */
  GBytes *bytes;             /* (owned) */
  guint8 sink[16384];
  gsize drained;
} Farewell;

static void
farewell_free (Farewell *self)
{
  g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  g_object_unref (self->stream);
  g_object_unref (self->taken);
  g_bytes_unref (self->bytes);
  g_free (self);
}

static void
drained_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Farewell *self = user_data;
  /* An error is as good an end as any: the answer has been sent. */
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  self->drained += (gsize) MAX (0, n);
  if (n <= 0 || self->drained > 1024 * 1024)
    {
      farewell_free (self);
      return;
    }

  g_input_stream_read_async (G_INPUT_STREAM (source), self->sink, sizeof self->sink, G_PRIORITY_LOW,
                             NULL, drained_cb, self);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Farewell *self = user_data;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL))
    {
      farewell_free (self);
      return;
    }

  /* Reading a little more keeps the kernel from resetting the connection over our answer. */
  g_socket_shutdown (g_socket_connection_get_socket (self->stream), FALSE, TRUE, NULL);
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (self->stream)), self->sink,
                             sizeof self->sink, G_PRIORITY_LOW, NULL, drained_cb, self);
}

/* libsoup reads the whole body before it answers. That would make a refusal as dear as the upload,
 * so a large body is answered by hand and the connection closed. Later, because a connection cannot
 * be taken from libsoup while it reads from it. */
static void
cut_off_cb (MhRequest *request)
{
  g_autoptr (SoupServerMessage) message = NULL;
  g_autoptr (GBytes) body = g_steal_pointer (&request->cut_off);
  SoupMessageHeaders *headers = NULL;
  Farewell *farewell = NULL;
  GString *text = NULL;
  SoupMessageHeadersIter iter;
  const char *name = NULL;
  const char *value = NULL;
  guint status = 0;

  if (request->message == NULL || request->conn == NULL) /* the client was faster */
    return;

  message = g_object_ref (request->message);
  headers = soup_server_message_get_response_headers (message);
  status = soup_server_message_get_status (message);
  text = g_string_new (NULL);
  g_string_printf (text, "HTTP/1.1 %u %s\r\nConnection: close\r\n", status,
                   soup_status_get_phrase (status));
  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    g_string_append_printf (text, "%s: %s\r\n", name, value);
  g_string_append (text, "\r\n");
  g_string_append_len (text, g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body));

  farewell = g_new0 (Farewell, 1);
  farewell->stream = g_object_ref (request->conn->stream);
  mh_request_end (request);
  farewell->taken = soup_server_message_steal_connection (message);
  g_socket_set_timeout (g_socket_connection_get_socket (farewell->stream), FAREWELL_TIMEOUT_S);
  farewell->bytes = g_string_free_to_bytes (text);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (farewell->stream)),
                                   g_bytes_get_data (farewell->bytes, NULL),
                                   g_bytes_get_size (farewell->bytes), G_PRIORITY_DEFAULT, NULL,
                                   written_cb, farewell);
}

static gboolean
body_is_small (MhRequest *request)
{
  SoupEncoding encoding = soup_message_headers_get_encoding (request->headers);
  goffset length = 0;

  if (request->must_close)
    return FALSE;
  if (request->read_done || encoding == SOUP_ENCODING_NONE)
    return TRUE;
  if (soup_message_headers_get_expectations (request->headers) & SOUP_EXPECTATION_CONTINUE
      && !request->dispatched)
    return TRUE; /* the client waits for our word and will not send it */
  /* An upload that was admitted is read to its end: browsers show no answer before that. */
  if (request->dispatched && request->body != NULL)
    return TRUE;

  length = soup_message_headers_get_content_length (request->headers);

  return encoding == SOUP_ENCODING_CONTENT_LENGTH && length >= 0 && length <= DRAIN_MAX;
}

void
mh_reply_error (MhRequest *request, const GError *error)
{
  g_autoptr (GBytes) body = error_body (request, error);
  guint status = mh_error_status (error);
  gboolean small = body_is_small (request);

  if (status == 500)
    g_warning ("%s %s: %s", request->method, request->path, error->message);
  if (status == 401)
    mh_request_set_header (request, "WWW-Authenticate", "Bearer");

  mh_reply_bytes (request, status, "application/json", body);
  if (!small)
    {
      request->cut_off = g_bytes_ref (body);
      mh_request_pause (request);
      mh_request_post (request, cut_off_cb);
    }
}

void
mh_reply_finish (MhRequest *request)
{
  if (request->body != NULL)
    mh_body_discard (request->body);

  if (request->reply_error != NULL)
    {
      mh_reply_error (request, request->reply_error);
    }
  else if (request->content != NULL)
    {
      /* It resumes the message when the first bytes have been read. */
      mh_stream_start (request, g_steal_pointer (&request->content));
      return;
    }
  else if (request->sse == NULL)
    {
      gsize length = request->reply_json != NULL ? strlen (request->reply_json) : 0;
      g_autoptr (GBytes) bytes = NULL;

      if (length > 0)
        bytes = g_bytes_new_take (g_steal_pointer (&request->reply_json), length);
      mh_reply_bytes (request, request->route->success, "application/json", bytes);
    }

  mh_request_resume (request);
}

void
mh_reply_count (MhRequest *request)
{
  MhServer *server = request->server;
  gint64 took_us = g_get_monotonic_time () - request->started_us;
  guint bucket = 0;

  /* An event stream has no time to the answer. */
  if (request->sse != NULL)
    return;

  for (gint64 limit_us = 100; limit_us < took_us && bucket + 1 < HISTOGRAM_BUCKETS; bucket++)
    limit_us = limit_us * 14142 / 10000;

  g_mutex_lock (&server->stats_lock);
  server->stats.requests++;
  server->histogram[bucket]++;
  g_mutex_unlock (&server->stats_lock);
}
