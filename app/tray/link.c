/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "link.h"

#include <string.h>

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n.h>

#include "base/ipc-path.h"
#include "base/json.h"
#include "base/owner.h"

/* A daemon that hangs longer than this is as good as gone. */
#define DEADLINE_S 10
#define POLL_MS 3000
#define STARTING_POLL_MS 300
#define RETRY_MS 500

struct _MhTrayLink
{
  char *path; /* (owned) */
  MhTrayLinkStatus status;
  gpointer user_data;
  GCancellable *cancel;      /* (owned): cancelled when the link ends */
  GSocketConnection *stream; /* (owned) (nullable): while connected */
  GDataInputStream *input;   /* (owned) (nullable): while connected */
  GQueue waiting;            /* (element-type MhTrayLinkReply): oldest first; NULL is a status */
  guint timer;               /* of the next question or attempt; 0 for none */
};

static void connect_later (MhTrayLink *self);
static void read_next (MhTrayLink *self);

static gboolean
was_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
drop (MhTrayLink *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_object (&self->input);
  if (self->stream != NULL)
    g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  g_clear_object (&self->stream);

  error = g_error_new_literal (MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE,
                               _ ("the daemon ended the connection"));
  while (!g_queue_is_empty (&self->waiting))
    {
      MhTrayLinkReply reply = g_queue_pop_head (&self->waiting);

      if (reply != NULL)
        reply (NULL, error, self->user_data);
    }
}

static void
lose (MhTrayLink *self)
{
  drop (self);
  connect_later (self);
  self->status (NULL, self->user_data);
}

/* Requests are a few bytes: a daemon that cannot take them at once does not work. */
static gboolean
send_op (MhTrayLink *self, const char *op, MhTrayLinkReply reply)
{
  g_autofree char *request = mh_client_request (op);
  GSocket *socket = g_socket_connection_get_socket (self->stream);
  gssize sent;

  sent = g_socket_send_with_blocking (socket, request, strlen (request), FALSE, NULL, NULL);
  if (sent != (gssize) strlen (request))
    return FALSE;
  g_queue_push_tail (&self->waiting, reply);

  return TRUE;
}

static gboolean
on_poll (gpointer user_data)
{
  MhTrayLink *self = user_data;

  self->timer = 0;
  if (!send_op (self, "status", NULL))
    lose (self);

  return G_SOURCE_REMOVE;
}

static void
take_status (MhTrayLink *self, JsonObject *status)
{
  gboolean starting = g_strcmp0 (mh_json_member (status, "state"), "starting") == 0;

  self->timer = g_timeout_add (starting ? STARTING_POLL_MS : POLL_MS, on_poll, self);
  self->status (status, self->user_data);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayLink *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = NULL;
  g_autofree char *line = NULL;
  MhTrayLinkReply reply;

  line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  if (was_cancelled (error) || G_DATA_INPUT_STREAM (source) != self->input)
    return;
  if (line == NULL || g_queue_is_empty (&self->waiting))
    {
      lose (self);
      return;
    }

  answer = mh_client_parse_reply (line, &error);
  reply = g_queue_pop_head (&self->waiting);
  if (reply == NULL && answer == NULL)
    {
      lose (self);
      return;
    }
  read_next (self);
  if (reply == NULL)
    take_status (self, answer);
  else
    reply (answer, error, self->user_data);
}

static void
read_next (MhTrayLink *self)
{
  g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, self->cancel, on_line,
                                       self);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayLink *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) stream = NULL;

  stream = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  if (was_cancelled (error))
    return;
  if (stream == NULL || !mh_owner_peer_is_us (g_socket_connection_get_socket (stream)))
    {
      lose (self);
      return;
    }

  self->stream = g_steal_pointer (&stream);
  self->input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (self->stream)));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (self->input), FALSE);
  if (!send_op (self, "status", NULL))
    {
      lose (self);
      return;
    }
  read_next (self);
}

static gboolean
on_retry (gpointer user_data)
{
  MhTrayLink *self = user_data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->path);

  self->timer = 0;
  g_socket_client_set_timeout (client, DEADLINE_S);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (address), self->cancel, on_connected,
                                 self);

  return G_SOURCE_REMOVE;
}

static void
connect_later (MhTrayLink *self)
{
  self->timer = g_timeout_add (RETRY_MS, on_retry, self);
}

MhTrayLink *
mh_tray_link_new (const char *home, MhTrayLinkStatus status, gpointer user_data)
{
  MhTrayLink *self = g_new0 (MhTrayLink, 1);

  self->path = mh_ipc_default_path (home);
  self->status = status;
  self->user_data = user_data;
  self->cancel = g_cancellable_new ();
  g_queue_init (&self->waiting);
  self->timer = g_idle_add (on_retry, self);

  return self;
}

void
mh_tray_link_free (MhTrayLink *self)
{
  if (self == NULL)
    return;

  /* Whoever ends the link wants no more calls. */
  g_queue_clear (&self->waiting);
  g_cancellable_cancel (self->cancel);
  drop (self);
  g_object_unref (self->cancel);
  g_free (self->path);
  g_free (self);
}

void
mh_tray_link_request (MhTrayLink *self, const char *op, MhTrayLinkReply reply)
{
  g_autoptr (GError) error = NULL;

  if (self->stream != NULL && send_op (self, op, reply))
    return;

  error = g_error_new_literal (MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE,
                               _ ("the daemon does not answer"));
  reply (NULL, error, self->user_data);
}
