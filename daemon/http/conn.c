/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include "base/error.h"
#include "wire.h"

#include <gio/gnetworking.h>
#include <string.h>

/* Accepts connections itself, so that idle and slow ones can be counted, timed and closed: libsoup
 * 3.2 does neither. */

#define SWEEP_S 1
#define WORK_TIMEOUT_S 300   /* ours: no handler may take longer */
#define STALLED_TIMEOUT_S 60 /* ours: a body that makes no progress, in either direction */

static const char conn_key[] = "mh-conn";

MhConn *
mh_conn_of (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return remote != NULL ? g_object_get_data (G_OBJECT (remote), conn_key) : NULL;
}

void
mh_conn_mark (MhConn *conn, MhConnState state)
{
  if (conn == NULL || conn->state == CONN_GONE)
    return;

  conn->state = state;
  conn->since_us = g_get_monotonic_time ();
}

static guint
limit_s (MhConn *conn)
{
  switch (conn->state)
    {
    case CONN_IDLE:
      return conn->server->options.idle_timeout_s;
    case CONN_WORKING:
      return WORK_TIMEOUT_S;
    case CONN_READING:
    case CONN_SENDING:
    case CONN_GONE:
    default:
      return STALLED_TIMEOUT_S;
    }
}

/* Closing the socket makes libsoup end the message and drop the address that owns our struct. */
static void
hang_up (MhConn *conn)
{
  conn->state = CONN_GONE;
  g_socket_shutdown (g_socket_connection_get_socket (conn->stream), TRUE, TRUE, NULL);
}

/* Runs only while there are connections: a quiet daemon does not wake up. */
static gboolean
sweep_cb (gpointer user_data)
{
  MhServer *self = user_data;
  gint64 now_us = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer key = NULL;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      MhConn *conn = key;

      if (conn->state != CONN_GONE
          && now_us - conn->since_us > (gint64) limit_s (conn) * G_USEC_PER_SEC)
        hang_up (conn);
    }

  if (g_hash_table_size (self->conns) > 0)
    return G_SOURCE_CONTINUE;

  g_clear_pointer (&self->sweep, g_source_unref);

  return G_SOURCE_REMOVE;
}

static void
begin_sweeping (MhServer *self)
{
  if (self->sweep != NULL)
    return;

  self->sweep = g_timeout_source_new_seconds (SWEEP_S);
  g_source_set_callback (self->sweep, sweep_cb, self, NULL);
  g_source_attach (self->sweep, self->loop);
}

/* At the limit the connection that has been idle for longest makes room. Returns: whether there is
 */
static gboolean
make_room (MhServer *self)
{
  MhConn *oldest = NULL;
  GHashTableIter iter;
  gpointer key = NULL;
  guint alive = 0;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      MhConn *conn = key;

      alive += conn->state != CONN_GONE;
      if (conn->state == CONN_IDLE && (oldest == NULL || conn->since_us < oldest->since_us))
        oldest = conn;
    }

  if (alive < self->options.max_connections)
    return TRUE;
  if (oldest != NULL)
    hang_up (oldest);

  return oldest != NULL;
}

/* The address object is gone, so no message can name this connection any more. */
static void
conn_free (gpointer data)
{
  MhConn *conn = data;

  if (conn->server != NULL)
    g_hash_table_remove (conn->server->conns, conn);
  g_object_unref (conn->stream);
  g_free (conn->address);
  g_free (conn);
}

static gboolean
is_idle_cb (gpointer user_data)
{
  const MhConn *conn = user_data;

  return conn->state == CONN_IDLE || conn->state == CONN_GONE;
}

static void
add_conn (MhServer *self, GSocket *socket)
{
  g_autoptr (GIOStream) wire = NULL;
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (socket);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  MhConn *conn = NULL;

  if (remote == NULL || local == NULL) /* the client left before we looked */
    return;

  conn = g_new0 (MhConn, 1);
  conn->server = self;
  conn->stream = g_object_ref (stream);
  conn->address =
      g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
  mh_conn_mark (conn, CONN_IDLE);
  g_hash_table_add (self->conns, conn);
  begin_sweeping (self);
  g_object_set_data_full (G_OBJECT (remote), conn_key, conn, conn_free);

  wire = mh_wire_new (stream, is_idle_cb, conn);
  /* Cannot fail for a stream that is open. */
  soup_server_accept_iostream (self->soup, wire, local, remote, NULL);
}

static gboolean
accept_cb (GSocket *listening, GIOCondition condition, gpointer user_data)
{
  MhServer *self = user_data;

  /* A bounded number a turn, so that a flood of connections does not stop the others. */
  for (guint i = 0; i < 16; i++)
    {
      g_autoptr (GSocket) socket = g_socket_accept (listening, NULL, NULL);

      if (socket == NULL)
        break;

      g_socket_set_blocking (socket, FALSE);
      g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
      if (g_hash_table_size (self->conns) < self->options.max_connections || make_room (self))
        add_conn (self, socket);
    }

  return G_SOURCE_CONTINUE;
}

static GSocketAddress *
parse_address (const char *address, GError **error)
{
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) inet = NULL;
  const char *colon = strrchr (address, ':');
  guint64 port = 0;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "listen address %s: no HOST:PORT", address);
      return NULL;
    }

  host = g_strndup (address, (gsize) (colon - address));
  if (host[0] == '[' && g_str_has_suffix (host, "]"))
    {
      host[strlen (host) - 1] = '\0';
      memmove (host, host + 1, strlen (host));
    }
  inet = g_inet_address_new_from_string (g_str_equal (host, "localhost") ? "127.0.0.1" : host);
  if (inet == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                   "listen address %s: the host must be a numeric address", address);
      return NULL;
    }

  return g_inet_socket_address_new (inet, (guint16) port);
}

static GSocket *
bind_socket (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = NULL;

  socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, 512);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;

  return g_steal_pointer (&socket);
}

static char *
url_of (GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (local);
  g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  gboolean is_v6 = strchr (host, ':') != NULL;

  return g_strdup_printf (is_v6 ? "http://[%s]:%u/" : "http://%s:%u/", host,
                          g_inet_socket_address_get_port (inet));
}

gboolean
mh_conn_listen (MhServer *self, const char *address, GError **error)
{
  g_autoptr (GSocketAddress) parsed = parse_address (address, error);
  g_autoptr (GError) local = NULL;
  gboolean ok = FALSE;

  if (parsed == NULL)
    return FALSE;

  self->socket = bind_socket (parsed, &local);
  if (self->socket == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "listening on %s: %s", address,
                   local->message);
      return FALSE;
    }

  /* libsoup keeps connections alive only while it has a listener. It gets ours, on a context that
   * never runs, so that it never accepts: accept_cb() does. */
  g_main_context_push_thread_default (self->parked);
  ok = soup_server_listen_socket (self->soup, self->socket, 0, error);
  g_main_context_pop_thread_default (self->parked);
  if (!ok)
    return FALSE;

  self->url = url_of (self->socket);
  self->accept = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->accept, G_SOURCE_FUNC (accept_cb), self, NULL);
  g_source_attach (self->accept, self->loop);

  return TRUE;
}

void
mh_conn_stop (MhServer *self)
{
  GHashTableIter iter;
  gpointer key = NULL;

  if (self->accept != NULL)
    g_source_destroy (self->accept);
  g_clear_pointer (&self->accept, g_source_unref);
  if (self->sweep != NULL)
    g_source_destroy (self->sweep);
  g_clear_pointer (&self->sweep, g_source_unref);
  soup_server_disconnect (self->soup);
  g_clear_object (&self->socket);

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    ((MhConn *) key)->server = NULL;
  g_hash_table_remove_all (self->conns);
}
