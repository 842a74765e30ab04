/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "perf.h"

#include <string.h>

#define OPEN_TIMEOUT_MS 10000

/* What is sent, over and over. */
static const guint8 filling[64 * 1024] = { 0 };

/* One transfer, on either side. */
typedef struct
{
  MhStream *stream; /* (owned) */
  guint64 to_send;
  guint64 to_receive; /* of a client */
  guint8 head[8];     /* of a server: how much is wanted */
  guint head_size;
  gboolean is_server;
  gboolean has_closed;
  gint64 began_us;
  gint64 turned_us; /* when the peer had everything */
  MhPerfResult result;
  MhPerfDone done; /* (nullable) */
  gpointer data;
} Transfer;

static void
finish (Transfer *self, const GError *error)
{
  mh_stream_set_funcs (self->stream, NULL, NULL);
  if (error != NULL)
    mh_stream_reset (self->stream);
  if (self->turned_us == 0)
    self->turned_us = g_get_monotonic_time ();
  self->result.up_us = self->turned_us - self->began_us;
  self->result.down_us = g_get_monotonic_time () - self->turned_us;
  if (self->done != NULL)
    self->done (error == NULL ? &self->result : NULL, error, self->data);
  mh_stream_unref (self->stream);
  g_free (self);
}

static void
fail (Transfer *self, GIOErrorEnum code, const char *why)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, code, why);

  finish (self, error);
}

/* Sends as much as there is room for, and then the end. */
static void
send_some (Transfer *self)
{
  while (self->to_send > 0)
    {
      gsize most = (gsize) MIN (sizeof filling, self->to_send);
      gsize done = mh_stream_write (self->stream, filling, most);

      self->to_send -= done;
      self->result.sent += done;
      if (done < most)
        return;
    }
  if (self->has_closed)
    return;
  self->has_closed = TRUE;
  mh_stream_close_write (self->stream);
}

static void
on_client_readable (MhStream *stream, gpointer data)
{
  Transfer *self = data;
  gsize size = mh_buf_size (mh_stream_received (stream));

  if (size > 0 && self->turned_us == 0)
    self->turned_us = g_get_monotonic_time ();
  self->result.received += size;
  mh_stream_consume (stream, size);
  if (!mh_stream_is_ended (stream))
    return;
  if (self->result.received == self->to_receive && self->to_send == 0)
    finish (self, NULL);
  else
    fail (self, G_IO_ERROR_CONNECTION_CLOSED, "the peer sent another amount than was wanted");
}

static void
on_server_readable (MhStream *stream, gpointer data)
{
  Transfer *self = data;
  const MhBuf *received = mh_stream_received (stream);
  gsize head = MIN (mh_buf_size (received), sizeof self->head - self->head_size);

  if (head > 0)
    memcpy (self->head + self->head_size, mh_buf_peek (received), head);
  self->head_size += (guint) head;
  mh_stream_consume (stream, mh_buf_size (received));
  if (!mh_stream_is_ended (stream) || self->has_closed || self->to_send > 0)
    return;
  if (self->head_size < sizeof self->head)
    {
      fail (self, G_IO_ERROR_INVALID_DATA, "the peer does not say how much it wants");
      return;
    }

  for (guint i = 0; i < sizeof self->head; i++)
    self->to_send = self->to_send << 8 | self->head[i];
  send_some (self);
  if (self->has_closed)
    finish (self, NULL);
}

static void
on_writable (MhStream *stream, gpointer data)
{
  Transfer *self = data;

  send_some (self);
  if (self->is_server && self->has_closed)
    finish (self, NULL);
}

static void
on_server_writable (MhStream *stream, gpointer data)
{
  if (((Transfer *) data)->to_send > 0)
    on_writable (stream, data);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  fail (data, G_IO_ERROR_CONNECTION_CLOSED, "the peer closed the stream");
}

static void
on_asked (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_server_readable, on_server_writable, on_broken };
  Transfer *self = g_new0 (Transfer, 1);

  self->stream = stream;
  self->is_server = TRUE;
  self->began_us = g_get_monotonic_time ();
  mh_stream_set_priority (stream, MH_YAMUX_BULK);
  mh_stream_set_funcs (stream, &funcs, self);
}

void
mh_perf_serve (MhHost *host)
{
  mh_host_handle (host, MH_PERF_PROTOCOL, on_asked, NULL);
}

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { on_client_readable, on_writable, on_broken };
  Transfer *self = data;
  guint8 head[8];

  if (stream == NULL)
    {
      self->done (NULL, error, self->data);
      g_free (self);
      return;
    }

  self->stream = mh_stream_ref (stream);
  for (guint i = 0; i < sizeof head; i++)
    head[i] = (guint8) (self->to_receive >> (56 - 8 * i));
  mh_stream_set_priority (stream, MH_YAMUX_BULK);
  self->began_us = g_get_monotonic_time ();
  mh_stream_write_all (stream, head, sizeof head);
  mh_stream_set_funcs (stream, &funcs, self);
  send_some (self);
}

void
mh_perf (MhHost *host, const MhPeerId *peer, guint64 up, guint64 down, MhPerfDone done,
         gpointer data)
{
  static const char *const names[] = { MH_PERF_PROTOCOL, NULL };
  Transfer *self = g_new0 (Transfer, 1);

  self->to_send = up;
  self->to_receive = down;
  self->done = done;
  self->data = data;
  mh_host_open (host, peer, names, OPEN_TIMEOUT_MS, on_opened, self);
}
