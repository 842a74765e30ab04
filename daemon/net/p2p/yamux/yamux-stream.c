/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "yamux-private.h"

/* A window is large enough when half of it lasts for more than so many round trips. */
#define ROUND_TRIPS_OF_HALF 2

/* The other side is told of what was read when it is so much of a window. The more often, the less
 * a window has to be over what the line holds. */
#define TOLD_PART 4

/* Busy machines take this long to answer, however short the way is, microseconds. */
#define LEAST_ROUND_TRIP_US 1000

/* Numbers of streams are the other side's choice: it is not to know which ones collide. */
static gpointer
stream_key (const MhYamux *self, guint32 id)
{
  return GUINT_TO_POINTER (id * self->salt);
}

MhYamuxStream *
mh_yamux_find (const MhYamux *self, guint32 id)
{
  return g_hash_table_lookup (self->streams, stream_key (self, id));
}

/* A new stream need not find out again what window the connection wants, as long as this leaves
 * half of what windows may grow by for those that are at work. */
static guint32
first_window (const MhYamux *self)
{
  guint32 window = MIN (self->proved, self->limits.most_window);

  if (window <= MH_YAMUX_WINDOW_START || self->received >= self->limits.most_received
      || self->grown + window - MH_YAMUX_WINDOW_START > self->limits.most_received / 2)
    return MH_YAMUX_WINDOW_START;

  return window;
}

MhYamuxStream *
mh_yamux_stream_new (MhYamux *session, guint32 id, gboolean is_ours)
{
  MhYamuxStream *self = g_new0 (MhYamuxStream, 1);

  self->session = session;
  self->refs = 1;
  self->id = id;
  self->is_ours = is_ours;
  self->credit = MH_YAMUX_WINDOW_START;
  self->window = first_window (session);
  self->allowed = MH_YAMUX_WINDOW_START;
  self->due = self->window - MH_YAMUX_WINDOW_START;
  self->priority = MH_YAMUX_NORMAL;
  self->telling.data = self->turn.data = self->roomy.data = self;

  session->grown += self->due;
  g_hash_table_insert (session->streams, stream_key (session, id), self);

  return self;
}

MhYamuxStream *
mh_yamux_stream_ref (MhYamuxStream *self)
{
  self->refs++;

  return self;
}

void
mh_yamux_stream_unref (MhYamuxStream *self)
{
  if (self == NULL || --self->refs > 0)
    return;

  mh_buf_clear (&self->unsent);
  mh_buf_clear (&self->received);
  g_free (self);
}

void
mh_yamux_release_held (MhYamux *self)
{
  while (self->unacknowledged < MH_YAMUX_MOST_UNACKNOWLEDGED && self->held.length > 0)
    {
      MhYamuxStream *stream = g_queue_pop_head_link (&self->held)->data;

      stream->is_held = FALSE;
      stream->needs_syn = TRUE;
      stream->is_unacknowledged = TRUE;
      self->unacknowledged++;
      mh_yamux_tell (stream);
      mh_yamux_schedule (stream);
    }
}

static void
leave_queues (MhYamuxStream *self)
{
  MhYamux *session = self->session;

  if (self->is_telling)
    g_queue_unlink (&session->telling, &self->telling);
  if (self->has_turn)
    g_queue_unlink (&session->turns[self->priority], &self->turn);
  if (self->is_held)
    g_queue_unlink (&session->held, &self->turn);
  if (self->is_roomy)
    g_queue_unlink (&session->roomy, &self->roomy);
  self->is_telling = self->has_turn = self->is_held = self->is_roomy = FALSE;
}

void
mh_yamux_stream_detach (MhYamuxStream *self)
{
  MhYamux *session = self->session;

  leave_queues (self);
  session->grown -= self->window - MH_YAMUX_WINDOW_START;
  session->received -= mh_buf_size (&self->received);
  session->unsent -= mh_buf_size (&self->unsent);
  if (self->is_broken)
    mh_yamux_take_back (session, &self->received);
  mh_yamux_take_back (session, &self->unsent);
  if (!self->is_ours)
    session->theirs--;
  if (self->is_unacknowledged)
    session->unacknowledged--;

  self->session = NULL;
  g_hash_table_remove (session->streams, stream_key (session, self->id));
  mh_yamux_stream_unref (self);
  mh_yamux_release_held (session);
}

void
mh_yamux_stream_detach_if_done (MhYamuxStream *self)
{
  if (self->session != NULL && self->fin_sent && self->fin_received)
    mh_yamux_stream_detach (self);
}

void
mh_yamux_stream_break (MhYamuxStream *self)
{
  g_autoptr (MhYamuxStream) held = mh_yamux_stream_ref (self);
  MhYamux *session = self->session;

  self->is_broken = TRUE;
  mh_yamux_stream_detach (self);
  session->events->broken (held, session->data);
}

void
mh_yamux_stream_reset (MhYamuxStream *self)
{
  MhYamux *session = self->session;

  if (session == NULL)
    return;

  /* the other side was not told of every stream */
  if (!self->is_held && !self->needs_syn)
    {
      mh_yamux_put_frame (&session->frames, FRAME_WINDOW, FLAG_RST, self->id, 0);
      session->in_flight += self->allowed;
      if (!self->is_ours)
        session->resets++;
    }
  self->is_broken = TRUE;
  mh_yamux_stream_detach (self);
}

static void
grow (MhYamuxStream *self)
{
  MhYamux *session = self->session;
  guint32 extra = MIN (self->window, session->limits.most_window - self->window);

  if (extra == 0 || session->received >= session->limits.most_received
      || session->grown + extra > session->limits.most_received)
    return;

  self->window += extra;
  self->due += extra;
  session->grown += extra;
  mh_yamux_tell (self);
}

/* Only what comes in has a time, so this looks at the half of a window that came, instead of the
 * one that was read. */
void
mh_yamux_stream_measure (MhYamuxStream *self, gsize size)
{
  MhYamux *session = self->session;
  gint64 quick_us = 0;

  if (self->fin_received)
    return;
  if (self->epoch_bytes == 0)
    self->epoch_us = session->now_us;
  self->epoch_bytes += (guint32) size;
  if (self->epoch_bytes < self->window / 2)
    return;

  quick_us = ROUND_TRIPS_OF_HALF * MAX (mh_yamux_rtt_us (session), LEAST_ROUND_TRIP_US);
  if (session->now_us - self->epoch_us <= quick_us
      && mh_buf_size (&self->received) <= self->window / 2)
    grow (self);
  /* one byte, so that the next one begins now and not with the next data */
  self->epoch_us = session->now_us;
  self->epoch_bytes = 1;
}

void
mh_yamux_stream_set_data (MhYamuxStream *self, gpointer data)
{
  self->data = data;
}

gpointer
mh_yamux_stream_get_data (MhYamuxStream *self)
{
  return self->data;
}

guint32
mh_yamux_stream_id (const MhYamuxStream *self)
{
  return self->id;
}

void
mh_yamux_stream_set_priority (MhYamuxStream *self, MhYamuxPriority priority)
{
  g_return_if_fail ((guint) priority < PRIORITIES);

  if (self->has_turn)
    {
      g_queue_unlink (&self->session->turns[self->priority], &self->turn);
      self->has_turn = FALSE;
    }
  self->priority = priority;
  if (self->session != NULL)
    mh_yamux_schedule (self);
}

gsize
mh_yamux_stream_room (const MhYamuxStream *self)
{
  if (self->session == NULL || self->is_closing)
    return 0;

  return self->session->limits.most_send - mh_buf_size (&self->unsent);
}

gsize
mh_yamux_stream_write (MhYamuxStream *self, const guint8 *data, gsize size)
{
  gsize taken = MIN (size, mh_yamux_stream_room (self));

  if (taken < size)
    self->wants_room = TRUE;
  if (taken == 0)
    return 0;

  mh_yamux_lend (self->session, &self->unsent);
  mh_buf_append (&self->unsent, data, taken);
  self->session->unsent += taken;
  mh_yamux_schedule (self);

  return taken;
}

gsize
mh_yamux_stream_unsent (const MhYamuxStream *self)
{
  return mh_buf_size (&self->unsent);
}

const MhBuf *
mh_yamux_stream_received (const MhYamuxStream *self)
{
  return &self->received;
}

void
mh_yamux_stream_consume (MhYamuxStream *self, gsize size)
{
  MhYamux *session = self->session;

  g_return_if_fail (size <= mh_buf_size (&self->received));

  if (session == NULL || size < mh_buf_size (&self->received))
    mh_buf_consume (&self->received, size);
  else
    mh_yamux_take_back (session, &self->received);
  if (session == NULL)
    return;

  session->received -= size;
  self->due += (guint32) size;
  if (self->due >= self->window / TOLD_PART)
    mh_yamux_tell (self);
}

gboolean
mh_yamux_stream_is_ended (const MhYamuxStream *self)
{
  return self->fin_received;
}

gboolean
mh_yamux_stream_is_broken (const MhYamuxStream *self)
{
  return self->is_broken;
}

void
mh_yamux_stream_close_write (MhYamuxStream *self)
{
  if (self->session == NULL || self->is_closing)
    return;

  self->is_closing = TRUE;
  self->wants_room = FALSE;
  if (self->is_roomy)
    g_queue_unlink (&self->session->roomy, &self->roomy);
  self->is_roomy = FALSE;
  mh_yamux_schedule (self);
}
