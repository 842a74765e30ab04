/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ping.h"

#include <string.h>

#include "crypto/random.h"

/* -- answering -- */

/* Sends back what came, as far as there is room. */
static void
echo (MhStream *stream, gpointer data)
{
  const MhBuf *received = mh_stream_received (stream);

  mh_stream_consume (stream,
                     mh_stream_write (stream, mh_buf_peek (received), mh_buf_size (received)));
  if (mh_buf_size (mh_stream_received (stream)) > 0 || !mh_stream_is_ended (stream))
    return;
  mh_stream_close_write (stream);
  mh_stream_set_funcs (stream, NULL, NULL);
  mh_stream_unref (stream);
}

static void
drop (MhStream *stream, gpointer data)
{
  mh_stream_unref (stream);
}

void
mh_ping_echo (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { echo, echo, drop };

  mh_stream_set_funcs (stream, &funcs, NULL);
}

static void
on_asked (MhStream *stream, gpointer data)
{
  mh_stream_set_priority (stream, MH_YAMUX_URGENT);
  mh_ping_echo (stream, data);
}

void
mh_ping_serve (MhHost *host)
{
  mh_host_handle (host, MH_PING_PROTOCOL, on_asked, NULL);
}

/* -- asking -- */

typedef struct
{
  MhStream *stream; /* (owned) (nullable) */
  guint8 bytes[MH_PING_SIZE];
  gint64 sent_us;
  guint timeout_ms;
  GSource *timeout;      /* (owned) (nullable) */
  GMainContext *context; /* (unowned) */
  MhPingDone done;
  gpointer data;
} Ping;

static void
finish (Ping *self, gint64 rtt_us, const GError *error)
{
  if (self->timeout != NULL)
    {
      g_source_destroy (self->timeout);
      g_source_unref (self->timeout);
    }
  if (self->stream != NULL)
    {
      mh_stream_set_funcs (self->stream, NULL, NULL);
      if (error != NULL)
        mh_stream_reset (self->stream);
      else
        mh_stream_close_write (self->stream);
      mh_stream_unref (self->stream);
    }
  self->done (rtt_us, error, self->data);
  g_free (self);
}

static void
fail (Ping *self, GIOErrorEnum code, const char *why)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, code, why);

  finish (self, -1, error);
}

static void
on_readable (MhStream *stream, gpointer data)
{
  Ping *self = data;
  const MhBuf *received = mh_stream_received (stream);

  if (mh_buf_size (received) < MH_PING_SIZE)
    {
      if (mh_stream_is_ended (stream))
        fail (self, G_IO_ERROR_CONNECTION_CLOSED, "the peer does not answer pings");
      return;
    }
  if (memcmp (mh_buf_peek (received), self->bytes, MH_PING_SIZE) != 0)
    fail (self, G_IO_ERROR_INVALID_DATA, "the peer answers another ping");
  else
    finish (self, g_get_monotonic_time () - self->sent_us, NULL);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  fail (data, G_IO_ERROR_CONNECTION_CLOSED, "the peer closed the stream");
}

static gboolean
on_timeout (gpointer data)
{
  fail (data, G_IO_ERROR_TIMED_OUT, "the peer does not answer in time");

  return G_SOURCE_REMOVE;
}

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { on_readable, NULL, on_broken };
  Ping *self = data;

  if (stream == NULL)
    {
      finish (self, -1, error);
      return;
    }

  self->stream = mh_stream_ref (stream);
  mh_stream_set_priority (stream, MH_YAMUX_URGENT);
  mh_random_bytes (self->bytes, sizeof self->bytes);
  self->sent_us = g_get_monotonic_time ();
  self->timeout = g_timeout_source_new (self->timeout_ms);
  g_source_set_callback (self->timeout, on_timeout, self, NULL);
  g_source_attach (self->timeout, self->context);
  mh_stream_set_funcs (stream, &funcs, self);
  mh_stream_write_all (stream, self->bytes, sizeof self->bytes);
}

void
mh_ping (MhHost *host, const MhPeerId *peer, guint timeout_ms, MhPingDone done, gpointer data)
{
  static const char *const names[] = { MH_PING_PROTOCOL, NULL };
  Ping *self = g_new0 (Ping, 1);

  self->timeout_ms = timeout_ms;
  self->context = mh_host_context (host);
  self->done = done;
  self->data = data;
  mh_host_open (host, peer, names, timeout_ms, on_opened, self);
}
