/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "yamux-private.h"

/* The other side is told of what was read when it is so much of a window, or so many bytes. The
 * more often, the less a window has to be over what the line holds. */
#define TOLD_PART 4
#define TOLD_MOST (1024 * 1024)

/* What a line moves that is worth no slow start, 100 Mbit/s in bytes a microsecond, and the largest
 * window that is given for it. */
#define LIKELY_RATE 12
#define MOST_LIKELY (4 * 1024 * 1024)

/* Times that a window grows at once: what was measured may be wrong. */
#define MOST_GROWTH 8

/* A window is never less than what this moves in a round trip, bytes a microsecond. */
#define LEAST_RATE 1000

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

/* What a window takes of what all may grow by. */
static guint32
share_of (guint32 window)
{
  return window > MH_YAMUX_WINDOW_START ? window - MH_YAMUX_WINDOW_START : 0;
}

static void
set_window (MhYamuxStream *self, guint32 window)
{
  MhYamux *session = self->session;
  gsize more = share_of (window);
  gsize less = share_of (self->window);

  session->grown += more - less;
  if (session->limits.budget != NULL)
    session->limits.budget->used += more - less;
  self->window = window;
}

static void
set_surplus (MhYamuxStream *self, guint32 surplus)
{
  MhYamux *session = self->session;
  gsize more = surplus;

  session->surplus += more - self->surplus;
  if (session->limits.budget != NULL)
    session->limits.budget->surplus += more - self->surplus;
  self->surplus = surplus;
}

/* Whether windows may grow by @extra bytes, of @part of all that there is. */
static gboolean
may_grow (const MhYamux *self, gsize extra, guint part)
{
  const MhYamuxBudget *budget = self->limits.budget;

  return self->received < self->limits.most_received
         && self->grown + extra <= self->limits.most_received / part
         && (budget == NULL || budget->used + extra <= budget->most / part);
}

/* A new stream need not find out again what window the connection wants, or anybody would on a long
 * way, as long as this leaves half of what windows may grow by for those that are at work. */
static guint32
first_window (const MhYamux *self)
{
  gint64 likely = MIN (2 * LIKELY_RATE * mh_yamux_rtt_us (self), MOST_LIKELY);
  guint32 window = MIN (MAX (self->proved, (guint32) likely), self->limits.most_window);

  if (window <= MH_YAMUX_WINDOW_START || !may_grow (self, share_of (window), 2))
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
  set_window (self, first_window (session));
  self->allowed = MH_YAMUX_WINDOW_START;
  self->due = self->window - MH_YAMUX_WINDOW_START;
  self->priority = MH_YAMUX_NORMAL;
  self->telling.data = self->turn.data = self->roomy.data = self;

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
  set_window (self, MH_YAMUX_WINDOW_START);
  set_surplus (self, 0);
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
grow (MhYamuxStream *self, guint32 window)
{
  MhYamux *session = self->session;
  guint32 extra = MIN (window, session->limits.most_window) - self->window;
  guint32 allowed = MIN (extra, self->surplus);

  if (extra == 0
      || !may_grow (session, share_of (self->window + extra) - share_of (self->window), 1))
    return;

  set_window (self, self->window + extra);
  set_surplus (self, self->surplus - allowed);
  self->due += extra - allowed;
  mh_yamux_tell (self);
}

/* What the other side is allowed already stays allowed, and is not made up for once it has come.
 * So that this has a bound too, nothing shrinks while too much is out. */
static void
shrink (MhYamuxStream *self, guint32 window)
{
  MhYamux *session = self->session;
  const MhYamuxBudget *budget = session->limits.budget;
  guint32 less = self->window - window;
  guint32 untold = MIN (less, self->due);

  if (session->surplus + less - untold > session->limits.most_received
      || (budget != NULL && budget->surplus + less - untold > budget->most))
    return;

  set_window (self, window);
  self->due -= untold;
  set_surplus (self, self->surplus + less - untold);
}

/* Looks at what came in a stretch of time. A window of twice what comes in a round trip never stops
 * the sender, and of four times it need not grow soon; more only fills queues. */
static void
judge (MhYamuxStream *self, gint64 took_us)
{
  gint64 rtt_us = mh_yamux_rtt_us (self->session);
  guint64 per_trip = (guint64) self->epoch_bytes * (guint64) rtt_us / (guint64) took_us;
  gboolean is_bulk = self->priority == MH_YAMUX_BULK
                     && !mh_yamux_is_interactive (self->session, self->session->now_us);
  guint64 least = MAX ((guint64) rtt_us * LEAST_RATE, MH_YAMUX_WINDOW_LEAST);
  guint64 floor = is_bulk ? MAX (least, MH_YAMUX_WINDOW_BULK) : least;

  if (is_bulk && self->window < MH_YAMUX_WINDOW_BULK)
    grow (self, MH_YAMUX_WINDOW_BULK);
  if (rtt_us == 0)
    return;
  if (per_trip >= self->window / 2)
    {
      if (mh_buf_size (&self->received) <= self->window / 2)
        grow (self,
              (guint32) MIN (4 * per_trip, MIN (MOST_GROWTH * (guint64) self->window, G_MAXINT32)));
    }
  else if (least < MH_YAMUX_WINDOW_START && self->window > floor && 4 * per_trip < self->window)
    {
      shrink (self, MAX (self->window / 2, (guint32) floor));
    }
}

/* Only what comes in has a time, so this looks at the half of a window that came, instead of the
 * one that was read. What comes with the first of it does not count: it may have waited for us. */
void
mh_yamux_stream_measure (MhYamuxStream *self, gsize size)
{
  gint64 now_us = self->session->now_us;

  if (self->fin_received || now_us == self->epoch_us)
    return;
  if (self->epoch_us != 0)
    {
      self->epoch_bytes += (guint32) size;
      if (self->epoch_bytes < self->window / 2)
        return;
      self->is_at_work = TRUE;
      judge (self, now_us - self->epoch_us);
    }
  self->epoch_us = now_us;
  self->epoch_bytes = 0;
}

void
mh_yamux_stream_begin (MhYamuxStream *self)
{
  guint32 window = first_window (self->session);

  if (self->window == MH_YAMUX_WINDOW_START && window > self->window && !self->fin_received)
    grow (self, window);
}

void
mh_yamux_stream_rest (MhYamuxStream *self)
{
  if (!self->is_at_work && self->window > MH_YAMUX_WINDOW_START
      && mh_buf_size (&self->received) == 0)
    shrink (self, MH_YAMUX_WINDOW_START);
  self->is_at_work = FALSE;
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
  guint32 gone = MIN ((guint32) size, self->surplus);

  g_return_if_fail (size <= mh_buf_size (&self->received));

  if (session == NULL || size < mh_buf_size (&self->received))
    mh_buf_consume (&self->received, size);
  else
    mh_yamux_take_back (session, &self->received);
  if (session == NULL)
    return;

  session->received -= size;
  set_surplus (self, self->surplus - gone);
  self->due += (guint32) size - gone;
  if (self->due >= MIN (self->window / TOLD_PART, TOLD_MOST))
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
