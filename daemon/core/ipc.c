/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ipc.h"

#include <string.h>

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/json.h"
#include "base/owner.h"

#define LINE_BYTES_MAX (64 * 1024)
#define READ_BYTES 4096
#define CONNECTIONS_MAX 64

struct _MhIpc
{
  MhIpcHandler handler;
  gpointer user_data;
  char *path;              /* (owned) */
  int lock_fd;             /* held as long as we listen; -1 for none */
  GSocketService *service; /* (owned) (nullable) */
  GCancellable *cancel;    /* (owned) */
  GPtrArray *connections;  /* (element-type Connection) (unowned): each ends itself */
};

typedef struct
{
  MhIpc *ipc;                /* (unowned) (nullable): NULL after mh_ipc_free() */
  GCancellable *cancel;      /* (owned): shared with the listener */
  GSocketConnection *stream; /* (owned) */
  GByteArray *pending;       /* (owned): read, not yet answered */
  char *reply;               /* (owned) (nullable): being written */
  gboolean closing;          /* end after the reply */
} Connection;

static void connection_next (Connection *self);

static void
connection_free (Connection *self)
{
  if (self->ipc != NULL)
    g_ptr_array_remove_fast (self->ipc->connections, self);
  /* Nothing can be done about a failing close, and nothing is lost by it. */
  g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  g_object_unref (self->stream);
  g_object_unref (self->cancel);
  g_byte_array_unref (self->pending);
  g_free (self->reply);
  g_free (self);
}

static char *
error_reply (const char *message)
{
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "error", message);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *self = user_data;
  gboolean written;

  /* A client that left without its reply is none of our business. */
  written = g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  g_clear_pointer (&self->reply, g_free);
  if (!written || self->closing || self->ipc == NULL)
    {
      connection_free (self);
      return;
    }

  connection_next (self);
}

/* Takes @reply. */
static void
connection_reply (Connection *self, char *reply)
{
  g_autofree char *text = reply;

  self->reply = g_strconcat (text, "\n", NULL);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->stream)),
                                   self->reply, strlen (self->reply), G_PRIORITY_DEFAULT,
                                   self->cancel, on_written, self);
}

static char *
answer_line (MhIpc *self, const char *line, gsize length)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  char *reply;

  root = mh_json_parse (line, (gssize) length, &error);
  if (root == NULL)
    return error_reply (error->message);
  if (!JSON_NODE_HOLDS_OBJECT (root))
    return error_reply ("the request is not an object");

  reply = self->handler (json_node_get_object (root), self->user_data);

  return reply != NULL ? reply : error_reply ("no answer");
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *self = user_data;
  g_autoptr (GBytes) bytes = NULL;

  /* The end of the stream and a broken one are the same to us: the client is gone. */
  bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
  if (bytes == NULL || g_bytes_get_size (bytes) == 0 || self->ipc == NULL)
    {
      connection_free (self);
      return;
    }

  g_byte_array_append (self->pending, g_bytes_get_data (bytes, NULL),
                       (guint) g_bytes_get_size (bytes));
  connection_next (self);
}

/* Answers the next whole line, or reads on. Exactly one operation is under way afterwards. */
static void
connection_next (Connection *self)
{
  const char *start = (const char *) self->pending->data;
  const char *end = self->pending->len > 0 ? memchr (start, '\n', self->pending->len) : NULL;
  gsize length = end != NULL ? (gsize) (end - start) : self->pending->len;

  if (length > LINE_BYTES_MAX)
    {
      self->closing = TRUE;
      connection_reply (self, error_reply ("the request is too long"));
      return;
    }
  if (end != NULL)
    {
      char *reply = answer_line (self->ipc, start, length);

      g_byte_array_remove_range (self->pending, 0, (guint) length + 1);
      connection_reply (self, reply);
      return;
    }

  g_input_stream_read_bytes_async (g_io_stream_get_input_stream (G_IO_STREAM (self->stream)),
                                   READ_BYTES, G_PRIORITY_DEFAULT, self->cancel, on_read, self);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *stream, GObject *source,
             gpointer user_data)
{
  MhIpc *self = user_data;
  Connection *connection;

  if (!mh_owner_peer_is_us (g_socket_connection_get_socket (stream)))
    {
      g_message ("ipc: refused a connection of another user");
      return TRUE;
    }

  connection = g_new0 (Connection, 1);
  connection->ipc = self;
  connection->cancel = g_object_ref (self->cancel);
  connection->stream = g_object_ref (stream);
  connection->pending = g_byte_array_new ();
  connection->closing = self->connections->len >= CONNECTIONS_MAX;
  g_ptr_array_add (self->connections, connection);
  if (connection->closing)
    connection_reply (connection, error_reply ("too many connections"));
  else
    connection_next (connection);

  return TRUE;
}

/* Whether somebody answers at @path, who then is no predecessor of ours. */
static gboolean
is_alive (GSocketAddress *address)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) stream = NULL;

  stream = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);

  return stream != NULL;
}

static gboolean
take_place (MhIpc *self, GSocketAddress *address, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (self->path);
  g_autofree char *lock_path = g_strconcat (self->path, ".lock", NULL);
  g_autoptr (GError) local_error = NULL;

  if (!mh_owner_make_dir (dir, error))
    return FALSE;

  self->lock_fd = mh_owner_lock_file (lock_path, &local_error);
  if (self->lock_fd < 0 && !g_error_matches (local_error, MH_ERROR, MH_ERROR_CONFLICT))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (self->lock_fd < 0 || is_alive (address))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
                   "another daemon is running (it listens on %s)", self->path);
      return FALSE;
    }

  /* What is left is the socket of a daemon that is gone. Binding reports what cannot be removed. */
  g_unlink (self->path);

  return TRUE;
}

MhIpc *
mh_ipc_new (const char *path, MhIpcHandler handler, gpointer user_data, GError **error)
{
  g_autoptr (MhIpc) self = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketService) service = NULL;
  g_autoptr (GError) local_error = NULL;

  g_return_val_if_fail (path != NULL && g_path_is_absolute (path), NULL);
  g_return_val_if_fail (handler != NULL, NULL);

  self = g_new0 (MhIpc, 1);
  self->handler = handler;
  self->user_data = user_data;
  self->path = g_strdup (path);
  self->lock_fd = -1;
  self->cancel = g_cancellable_new ();
  self->connections = g_ptr_array_new ();

  address = g_unix_socket_address_new (path);
  if (!take_place (self, address, error))
    return NULL;

  service = g_socket_service_new ();
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &local_error))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "listening on %s: %s", path,
                   local_error->message);
      return NULL;
    }
  self->service = g_steal_pointer (&service);

  /* Nobody else can enter the folder if we made it; this covers one that was there. */
  if (g_chmod (path, 0600) != 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "protecting %s failed", path);
      return NULL;
    }

  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);

  return g_steal_pointer (&self);
}

void
mh_ipc_free (MhIpc *self)
{
  if (self == NULL)
    return;

  if (self->service != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->service, self);
      g_socket_service_stop (self->service);
      g_socket_listener_close (G_SOCKET_LISTENER (self->service));
      g_object_unref (self->service);
      g_unlink (self->path);
    }
  /* The connections end in the callbacks of what they wait for. */
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      connection->ipc = NULL;
    }
  g_cancellable_cancel (self->cancel);
  g_object_unref (self->cancel);
  g_ptr_array_unref (self->connections);
  if (self->lock_fd >= 0)
    g_close (self->lock_fd, NULL);
  g_free (self->path);
  g_free (self);
}
