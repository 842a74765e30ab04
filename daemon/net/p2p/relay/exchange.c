/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "exchange.h"

struct _MhRelayHearing
{
  MhStream *stream; /* (owned) */
  GSource *timer;   /* (owned) */
  gboolean is_stop;
  MhRelayHeard heard;
  gpointer data;
};

static void
finish (MhRelayHearing *self, const MhRelayMessage *message, const GError *error)
{
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  mh_stream_set_funcs (self->stream, NULL, NULL);
  self->heard (self->stream, message, error, self->data);
  mh_stream_unref (self->stream);
  g_free (self);
}

static void
fail (MhRelayHearing *self, GIOErrorEnum code, const char *why)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, code, why);

  finish (self, NULL, error);
}

static void
on_readable (MhStream *stream, gpointer data)
{
  MhRelayHearing *self = data;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (MhRelayMessage) message = NULL;

  if (!mh_stream_take_message (stream, MH_RELAY_MAX_MESSAGE, &bytes, &error))
    {
      finish (self, NULL, error);
      return;
    }
  if (bytes == NULL)
    {
      if (mh_stream_is_ended (stream))
        fail (self, G_IO_ERROR_CONNECTION_CLOSED, "the stream ended before its message");
      return;
    }
  message = mh_relay_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                     self->is_stop);
  if (message != NULL)
    finish (self, message, NULL);
  else
    fail (self, G_IO_ERROR_INVALID_DATA, "this is no message of a relay");
}

static void
on_broken (MhStream *stream, gpointer data)
{
  fail (data, G_IO_ERROR_CONNECTION_CLOSED, "the peer closed the stream");
}

void
mh_relay_unhear (MhRelayHearing *self)
{
  fail (self, G_IO_ERROR_CONNECTION_CLOSED, "nobody waits for it any more");
}

static gboolean
on_too_late (gpointer data)
{
  fail (data, G_IO_ERROR_TIMED_OUT, "the peer takes too long");

  return G_SOURCE_REMOVE;
}

MhRelayHearing *
mh_relay_hear (MhStream *stream, gboolean is_stop, MhRelayHeard heard, gpointer data)
{
  static const MhStreamFuncs funcs = { on_readable, NULL, on_broken };
  MhRelayHearing *self = g_new0 (MhRelayHearing, 1);

  self->stream = stream;
  self->is_stop = is_stop;
  self->heard = heard;
  self->data = data;
  self->timer = g_timeout_source_new_seconds (MH_RELAY_PATIENCE_S);
  g_source_set_callback (self->timer, on_too_late, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  mh_stream_set_funcs (stream, &funcs, self);

  return self;
}

void
mh_relay_say (MhStream *stream, gboolean is_stop, const MhRelayMessage *message)
{
  g_autoptr (GBytes) bytes = mh_relay_message_encode (message, is_stop);

  mh_stream_put_message (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

void
mh_relay_say_status (MhStream *stream, gboolean is_stop, MhRelayCode status)
{
  g_autoptr (MhRelayMessage) message = mh_relay_message_new (MH_RELAY_STATUS);

  message->status = status;
  mh_relay_say (stream, is_stop, message);
}
