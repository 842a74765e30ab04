/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client.h"

#include <string.h>

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n.h>

#include "base/ipc-path.h"
#include "base/json.h"
#include "base/owner.h"

#define DEADLINE_S 10

G_DEFINE_QUARK (mh - client - error - quark, mh_client_error)

char *
mh_client_request (const char *op)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *text = NULL;

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "op", op);
  mh_json_end_object (json);
  text = mh_json_steal (json);

  return g_strconcat (text, "\n", NULL);
}

JsonObject *
mh_client_parse_reply (const char *line, GError **error)
{
  g_autoptr (JsonNode) root = mh_json_parse (line, -1, NULL);
  const char *message;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED,
                           _ ("the daemon gave an answer that cannot be understood"));
      return NULL;
    }

  message = mh_json_member (json_node_get_object (root), "error");
  if (message != NULL)
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED, _ ("the daemon refused: %s"),
                   message);
      return NULL;
    }

  return json_node_dup_object (root);
}

gboolean
mh_client_is_local_url (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_PARSE_RELAXED, NULL);
  g_autoptr (GInetAddress) address = NULL;

  if (uri == NULL || g_uri_get_host (uri) == NULL || g_uri_get_userinfo (uri) != NULL)
    return FALSE;
  if (!g_str_equal (g_uri_get_scheme (uri), "http")
      && !g_str_equal (g_uri_get_scheme (uri), "https"))
    return FALSE;
  if (g_ascii_strcasecmp (g_uri_get_host (uri), "localhost") == 0)
    return TRUE;

  address = g_inet_address_new_from_string (g_uri_get_host (uri));

  return address != NULL && g_inet_address_get_is_loopback (address);
}

GSocketConnection *
mh_client_connect (const char *home, GError **error)
{
  g_autofree char *path = mh_ipc_default_path (home);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) stream = NULL;
  g_autoptr (GError) local_error = NULL;

  g_socket_client_set_timeout (client, DEADLINE_S);
  stream = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &local_error);
  if (stream == NULL)
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE,
                   _ ("no daemon answers at %s (%s)"), path, local_error->message);
      return NULL;
    }
  if (!mh_owner_peer_is_us (g_socket_connection_get_socket (stream)))
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE,
                   _ ("%s belongs to another user"), path);
      return NULL;
    }

  return g_steal_pointer (&stream);
}

static char *
exchange (GSocketConnection *stream, const char *op, GError **error)
{
  g_autofree char *request = mh_client_request (op);
  g_autoptr (GDataInputStream) input = NULL;
  g_autoptr (GError) local_error = NULL;
  char *line = NULL;

  input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (stream)));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (input), FALSE);
  if (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (stream)), request,
                                 strlen (request), NULL, NULL, &local_error))
    line = g_data_input_stream_read_line (input, NULL, NULL, &local_error);
  if (line == NULL)
    g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE,
                 _ ("the daemon did not answer (%s)"),
                 local_error != NULL ? local_error->message : _ ("it ended the connection"));

  return line;
}

JsonObject *
mh_client_call (const char *home, const char *op, GError **error)
{
  g_autoptr (GSocketConnection) stream = mh_client_connect (home, error);
  g_autofree char *line = NULL;

  if (stream == NULL)
    return NULL;

  line = exchange (stream, op, error);

  return line != NULL ? mh_client_parse_reply (line, error) : NULL;
}

gboolean
mh_client_quit (const char *home, GError **error)
{
  g_autoptr (GSocketConnection) stream = mh_client_connect (home, error);
  g_autoptr (JsonObject) reply = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autofree char *line = NULL;
  char byte;

  if (stream == NULL)
    return FALSE;

  line = exchange (stream, "quit", error);
  reply = line != NULL ? mh_client_parse_reply (line, error) : NULL;
  if (reply == NULL)
    return FALSE;

  /* The daemon sends nothing more: what ends this is its own end, or the deadline. */
  g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (stream)), &byte, 1, NULL,
                       &local_error);
  if (g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED,
                           _ ("the daemon has not ended yet"));
      return FALSE;
    }

  return TRUE;
}
