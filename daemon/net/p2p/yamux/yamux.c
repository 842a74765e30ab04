/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "yamux.h"

#include "crypto/random.h"
#include "yamux-private.h"

#define MOST_STREAMS 1024
#define MOST_WINDOW (64 * 1024 * 1024)
#define MOST_RECEIVED (128 * 1024 * 1024)
#define MOST_SEND (256 * 1024)

/* A larger buffer is freed instead of being kept for the next stream. */
#define MOST_SPARE (256 * 1024)

static MhYamuxLimits
complete (const MhYamuxLimits *limits)
{
  MhYamuxLimits all = { 0 };

  if (limits != NULL)
    all = *limits;
  if (all.most_streams == 0)
    all.most_streams = MOST_STREAMS;
  if (all.most_window == 0)
    all.most_window = MOST_WINDOW;
  if (all.most_received == 0)
    all.most_received = MOST_RECEIVED;
  if (all.most_send == 0)
    all.most_send = MOST_SEND;
  /* sums of windows stay within 32 bits */
  all.most_window = CLAMP (all.most_window, MH_YAMUX_WINDOW_START, G_MAXINT32);

  return all;
}

MhYamux *
mh_yamux_new (gboolean is_client, const MhYamuxLimits *limits, const MhYamuxEvents *events,
              gpointer data)
{
  MhYamux *self = g_new0 (MhYamux, 1);

  self->events = events;
  self->data = data;
  self->limits = complete (limits);
  self->streams = g_hash_table_new (NULL, NULL);
  mh_random_bytes ((guint8 *) &self->salt, sizeof self->salt);
  self->salt |= 1;
  self->next_id = is_client ? 1 : 2;
  self->parity = self->next_id & 1;

  return self;
}

void
mh_yamux_free (MhYamux *self)
{
  if (self == NULL)
    return;

  self->is_broken = TRUE;
  mh_yamux_break_all (self);
  g_clear_pointer (&self->current, mh_yamux_stream_unref);
  g_hash_table_unref (self->streams);
  mh_buf_clear (&self->frames);
  for (guint i = 0; i < SPARES; i++)
    mh_buf_clear (&self->spares[i]);
  g_free (self);
}

void
mh_yamux_lend (MhYamux *self, MhBuf *buf)
{
  if (buf->data != NULL)
    return;
  for (guint i = 0; i < SPARES; i++)
    if (self->spares[i].data != NULL)
      {
        *buf = self->spares[i];
        self->spares[i] = (MhBuf){ 0 };
        return;
      }
}

void
mh_yamux_take_back (MhYamux *self, MhBuf *buf)
{
  if (buf->data == NULL)
    return;
  if (buf->capacity <= MOST_SPARE)
    for (guint i = 0; i < SPARES; i++)
      if (self->spares[i].data == NULL)
        {
          self->spares[i] = (MhBuf){ .data = buf->data, .capacity = buf->capacity };
          *buf = (MhBuf){ 0 };
          return;
        }
  mh_buf_clear (buf);
}

void
mh_yamux_break_all (MhYamux *self)
{
  g_autoptr (GPtrArray) streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_yamux_stream_unref);
  GHashTableIter iter;
  gpointer stream;

  /* all are broken before the first is told of: nobody is to write to another one meanwhile */
  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, NULL, &stream))
    g_ptr_array_add (streams, mh_yamux_stream_ref (stream));
  for (guint i = 0; i < streams->len; i++)
    {
      MhYamuxStream *each = streams->pdata[i];

      each->is_broken = TRUE;
      mh_yamux_stream_detach (each);
    }
  for (guint i = 0; i < streams->len; i++)
    self->events->broken (streams->pdata[i], self->data);
}

void
mh_yamux_ping (MhYamux *self)
{
  self->is_pinging = TRUE;
  self->ping_us = self->now_us;
  self->ping_moved = self->moved;
  self->ping_id++;
  mh_yamux_put_frame (&self->frames, FRAME_PING, FLAG_SYN, 0, self->ping_id);
}

void
mh_yamux_each (MhYamux *self, void (*func) (MhYamuxStream *stream))
{
  GHashTableIter iter;
  gpointer stream;

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, NULL, &stream))
    func (stream);
}

gboolean
mh_yamux_tick (MhYamux *self, gint64 now_us)
{
  self->now_us = now_us;
  mh_yamux_each (self, mh_yamux_stream_rest);
  for (guint i = 0; i < SPARES; i++)
    mh_buf_clear (&self->spares[i]);
  if (mh_buf_size (&self->frames) == 0)
    mh_buf_clear (&self->frames);
  self->proved /= 2;

  if (self->is_broken)
    return FALSE;
  if (self->is_pinging)
    return now_us - self->ping_us < MH_YAMUX_PING_TIMEOUT_US;
  mh_yamux_ping (self);

  return TRUE;
}

gint64
mh_yamux_rtt_us (const MhYamux *self)
{
  gint64 shortest = 0;

  for (guint i = 0; i < MIN (self->round_trips, ROUND_TRIPS); i++)
    if (shortest == 0 || self->round_trips_us[i] < shortest)
      shortest = self->round_trips_us[i];

  return shortest;
}

void
mh_yamux_go_away (MhYamux *self)
{
  if (self->said_goodbye || self->is_broken)
    return;

  self->said_goodbye = TRUE;
  mh_yamux_put_frame (&self->frames, FRAME_GO_AWAY, 0, 0, GO_AWAY_NORMAL);
}

gboolean
mh_yamux_is_going (const MhYamux *self)
{
  return self->is_going;
}

guint64
mh_yamux_refused (const MhYamux *self)
{
  return self->refused;
}

guint
mh_yamux_count (const MhYamux *self)
{
  return g_hash_table_size (self->streams);
}

MhYamuxStream *
mh_yamux_open (MhYamux *self)
{
  MhYamuxStream *stream = NULL;

  if (self->is_broken || self->said_goodbye || self->is_going || self->next_id == 0)
    return NULL;

  stream = mh_yamux_stream_new (self, self->next_id, TRUE);
  self->next_id = self->next_id > G_MAXUINT32 - 2 ? 0 : self->next_id + 2;
  g_queue_push_tail_link (&self->held, &stream->turn);
  stream->is_held = TRUE;
  mh_yamux_release_held (self);

  return mh_yamux_stream_ref (stream);
}
