/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include "base/encoding.h"
#include "base/error.h"

#include <string.h>

static const char request_key[] = "mh-request";

MhRequest *
mh_dispatch_request (SoupServerMessage *message)
{
  return g_object_get_data (G_OBJECT (message), request_key);
}

void
mh_request_end (MhRequest *request)
{
  if (request->message == NULL)
    return;

  g_hash_table_remove (request->server->active, request);
  request->message = NULL;
  request->conn = NULL;
  if (request->body != NULL)
    mh_body_cancel (request->body);
  g_cancellable_cancel (request->cancellable);
  mh_reply_count (request);
  g_clear_pointer (&request->stream, mh_stream_free);
  g_clear_pointer (&request->sse, mh_sse_free);
}

/* The answer has been sent, or the client has gone. */
static void
finished_cb (SoupServerMessage *message, gpointer user_data)
{
  MhRequest *request = user_data;

  mh_conn_mark (request->conn, CONN_IDLE);
  mh_request_end (request);
}

/* libsoup drops a message without a word when its connection is taken or the server stops. */
static void
dropped_cb (gpointer data)
{
  mh_request_end (data);
  mh_request_unref (data);
}

static gboolean
read_query (MhRequest *request, GError **error)
{
  const char *text = g_uri_get_query (soup_server_message_get_uri (request->message));
  g_auto (GStrv) pairs = NULL;

  request->query_raw = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (text == NULL || text[0] == '\0')
    return TRUE;

  pairs = g_strsplit (text, "&", 128);
  for (guint i = 0; pairs[i] != NULL; i++)
    {
      const char *equals = strchr (pairs[i], '=');
      gssize length = equals != NULL ? equals - pairs[i] : -1;
      g_autofree char *name = mh_percent_decode (pairs[i], length, TRUE);
      g_autofree char *value = mh_percent_decode (equals != NULL ? equals + 1 : "", -1, TRUE);

      if (name == NULL || value == NULL)
        {
          g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                               "the query is not valid percent-encoded UTF-8 without NUL");
          return FALSE;
        }
      g_hash_table_insert (request->query_raw, g_steal_pointer (&name), g_steal_pointer (&value));
    }

  return TRUE;
}

static gboolean
check_access (MhRequest *request, GError **error)
{
  const MhRoute *route = request->route;
  const char *upgrade = mh_request_header (request, "Upgrade");
  MhAccessInput input = {
    .surfaces = route->surfaces,
    .access = route->access,
    .realms = route->realms,
    .tokens = route->tokens,
    .role = route->role,
    .is_write = !g_str_equal (route->method, "GET"),
    .authorization = mh_request_header (request, "Authorization"),
    .query_token = g_hash_table_lookup (request->query_raw,
                                        route->access == MH_ACCESS_KEY_QUERY ? "key" : "token"),
    .cookies = mh_request_header (request, "Cookie"),
    .csrf_header = mh_request_header (request, "X-CSRF-Token"),
    .origin = mh_request_header (request, "Origin"),
    .referer = mh_request_header (request, "Referer"),
    .host = mh_request_header (request, "Host"),
    .is_websocket = upgrade != NULL && g_ascii_strcasecmp (upgrade, "websocket") == 0,
  };

  return mh_access_check (&input, &request->server->authenticator, &request->principal, error);
}

static gboolean
check_body (MhRequest *request, GError **error)
{
  const MhRoute *route = request->route;
  guint64 limit =
      route->run == MH_RUN_UPLOAD ? request->server->options.max_upload_bytes : MH_JSON_BODY_MAX;
  goffset length = soup_message_headers_get_content_length (request->headers);
  const char *type = soup_message_headers_get_content_type (request->headers, NULL);

  if (length < 0)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "Content-Length is no length");
      return FALSE;
    }

  if (soup_message_headers_get_encoding (request->headers) == SOUP_ENCODING_CONTENT_LENGTH
      && (guint64) length > limit)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_TOO_LARGE,
                   "the body is larger than %" G_GUINT64_FORMAT " bytes", limit);
      return FALSE;
    }

  if (route->body != NULL && length > 0
      && (type == NULL || g_ascii_strcasecmp (type, "application/json") != 0))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "Content-Type must be application/json");
      return FALSE;
    }

  return TRUE;
}

static gsize
header_bytes (SoupMessageHeaders *headers)
{
  SoupMessageHeadersIter iter;
  const char *name = NULL;
  const char *value = NULL;
  gsize size = 0;

  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    size += strlen (name) + strlen (value) + 4;

  return size;
}

/* RFC 9110 §5.3: what may stand once only means two things when it stands twice, and whoever is
 * between us and the client may have read the other. */
static const char *
repeated_header (SoupMessageHeaders *headers)
{
  static const char *const single[] = {
    "Host",         "Content-Length", "Authorization",          "Content-Type",
    "X-CSRF-Token", "Origin",         "X-MeshHold-Admin-Token",
  };

  for (guint i = 0; i < G_N_ELEMENTS (single); i++)
    {
      SoupMessageHeadersIter iter;
      const char *name = NULL;
      const char *value = NULL;
      guint count = 0;

      soup_message_headers_iter_init (&iter, headers);
      while (soup_message_headers_iter_next (&iter, &name, &value))
        count += g_ascii_strcasecmp (name, single[i]) == 0;
      if (count > 1)
        return single[i];
    }

  return NULL;
}

/* How long the body is must be said once and plainly (RFC 9112 §6.3). After a refusal here nobody
 * knows where the next request begins. */
static gboolean
check_framing (MhRequest *request, GError **error)
{
  const char *length = mh_request_header (request, "Content-Length");
  const char *repeated = repeated_header (request->headers);

  request->must_close = TRUE;
  if (repeated != NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "the %s header came twice", repeated);
      return FALSE;
    }

  if (length != NULL && (length[0] == '\0' || length[strspn (length, G_CSET_DIGITS)] != '\0'))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "Content-Length is no length");
      return FALSE;
    }

  if (length != NULL && mh_request_header (request, "Transfer-Encoding") != NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "Content-Length and Transfer-Encoding came both");
      return FALSE;
    }
  request->must_close = FALSE;

  return TRUE;
}

/* The target may be a whole URL, and then it counts, not the Host header (RFC 9112 §3.2.2). */
static gboolean
target_is_ours (MhRequest *request)
{
  const char *name = g_uri_get_host (soup_server_message_get_uri (request->message));
  g_autofree char *host = NULL;

  if (name == NULL)
    return TRUE;

  host = g_strdup_printf (strchr (name, ':') != NULL ? "[%s]" : "%s", name);

  return mh_host_is_allowed (host, (const char *const *) request->server->allowed_hosts);
}

static gboolean
check_head (MhRequest *request, GError **error)
{
  const char *host = mh_request_header (request, "Host");

  if (header_bytes (request->headers) + strlen (request->path)
      > request->server->options.max_header_bytes)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_HEADERS_TOO_LARGE,
                   "the headers are larger than %" G_GSIZE_FORMAT " bytes",
                   request->server->options.max_header_bytes);
      return FALSE;
    }

  if (!check_framing (request, error))
    return FALSE;

  if (!mh_host_is_allowed (host, (const char *const *) request->server->allowed_hosts))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                   "the Host header names %s, which is not this machine", host);
      return FALSE;
    }

  if (host != NULL && !target_is_ours (request))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                           "the address of the request names another machine");
      return FALSE;
    }

  if (request->server->stopping)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "the daemon is stopping");
      return FALSE;
    }

  return TRUE;
}

/* Everything that can be refused before the body comes. */
static gboolean
admit (MhRequest *request, GError **error)
{
  g_autofree char *allow = NULL;

  request->route = mh_router_match (request->server->router, request->method, request->path,
                                    &request->params, &allow, error);
  if (request->route == NULL)
    {
      if (allow != NULL)
        mh_request_set_header (request, "Allow", allow);
      return FALSE;
    }

  return read_query (request, error) && check_access (request, error)
         && check_body (request, error);
}

static void
got_chunk_cb (SoupServerMessage *message, GBytes *bytes, gpointer user_data)
{
  MhRequest *request = user_data;

  mh_conn_mark (request->conn, CONN_READING);
  g_mutex_lock (&request->server->stats_lock);
  request->server->stats.bytes_in += g_bytes_get_size (bytes);
  g_mutex_unlock (&request->server->stats_lock);
  if (request->body != NULL)
    {
      mh_body_push (request->body, bytes);
    }
  else if (request->json_body != NULL && !request->answered)
    {
      g_byte_array_append (request->json_body, g_bytes_get_data (bytes, NULL),
                           (guint) g_bytes_get_size (bytes));
      if (request->json_body->len > MH_JSON_BODY_MAX)
        {
          g_autoptr (GError) error = g_error_new (
              MH_ERROR, MH_ERROR_TOO_LARGE, "the body is larger than %d bytes", MH_JSON_BODY_MAX);

          mh_reply_error (request, error);
        }
    }
}

void
mh_dispatch_headers (MhServer *self, SoupServerMessage *message)
{
  MhRequest *request = mh_request_new (self, message);
  g_autoptr (GError) error = NULL;
  gboolean is_read = g_str_equal (request->method, "GET") || g_str_equal (request->method, "HEAD");

  mh_conn_mark (request->conn, CONN_READING);
  g_object_set_data_full (G_OBJECT (message), request_key, request, dropped_cb);
  g_hash_table_add (self->active, request);
  g_signal_connect (message, "finished", G_CALLBACK (finished_cb), request);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk_cb), request);
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (message), FALSE);

  if (!check_head (request, &error))
    {
      mh_reply_error (request, error);
      return;
    }

  if (is_read && mh_page_serve (request))
    return;

  if (!admit (request, &error))
    {
      mh_reply_error (request, error);
      return;
    }

  if (request->route->run == MH_RUN_UPLOAD)
    request->body = mh_body_new (request);
  else
    request->json_body = g_byte_array_new ();
}

static gboolean
decode (MhRequest *request, gpointer *body, GError **error)
{
  const MhRoute *route = request->route;
  g_autoptr (JsonNode) node = NULL;

  if (route->query != NULL)
    {
      request->query = mh_shape_decode_query (route->query, request->query_raw, error);
      if (request->query == NULL)
        return FALSE;
    }

  if (route->body == NULL)
    return TRUE;

  if (request->json_body->len > 0)
    {
      node =
          mh_json_parse ((const char *) request->json_body->data, request->json_body->len, error);
      if (node == NULL)
        return FALSE;
    }
  *body = mh_shape_decode_json (route->body, node, error);

  return *body != NULL;
}

/* On a worker, or on the loop for the quick ones. */
static void
run_handler (MhRequest *request)
{
  const MhRoute *route = request->route;
  g_autoptr (MhJson) out = mh_json_new ();
  gpointer body = NULL;

  if (decode (request, &body, &request->reply_error)
      && route->handler (request, body, out, &request->reply_error) && !mh_json_is_empty (out))
    request->reply_json = mh_json_steal (out);

  if (route->body != NULL)
    mh_shape_free (route->body, body);
}

static void
answer_cb (MhRequest *request)
{
  if (request->message != NULL)
    mh_reply_finish (request);
}

static void
worker_cb (gpointer data)
{
  MhRequest *request = data;

  run_handler (request);
  mh_request_post_after (request, request->delay_ms, answer_cb);
  mh_request_unref (request);
}

static gboolean
push (MhPool *pool, MhRequest *request)
{
  g_autoptr (GError) error = NULL;

  request->dispatched = TRUE;
  if (mh_pool_push (pool, worker_cb, mh_request_ref (request)))
    return TRUE;

  mh_request_unref (request);
  error = g_error_new_literal (MH_ERROR, MH_ERROR_UNAVAILABLE, "too many requests at once");
  mh_request_set_header (request, "Retry-After", "1");
  mh_reply_error (request, error);

  return FALSE;
}

void
mh_dispatch_upload (MhRequest *request)
{
  if (!push (request->server->uploads, request))
    mh_body_discard (request->body);
}

void
mh_dispatch_body (MhServer *self, SoupServerMessage *message)
{
  MhRequest *request = mh_dispatch_request (message);

  if (request == NULL || request->answered)
    return;

  request->read_done = TRUE;
  mh_conn_mark (request->conn, CONN_WORKING);
  if (request->body != NULL)
    {
      mh_body_end (request->body);
      if (!request->dispatched)
        mh_dispatch_upload (request);
      if (!request->answered)
        mh_request_pause (request);
    }
  else if (request->route->run == MH_RUN_LOOP || request->route->run == MH_RUN_SSE)
    {
      run_handler (request);
      mh_reply_finish (request);
    }
  else if (push (request->route->run == MH_RUN_PASSWORD ? self->derivers : self->workers, request))
    {
      mh_request_pause (request);
    }
}
