/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "yamux-private.h"

static void
write_header (guint8 *at, guint8 type, guint16 flags, guint32 id, guint32 length)
{
  guint16 flags_be = GUINT16_TO_BE (flags);
  guint32 id_be = GUINT32_TO_BE (id);
  guint32 length_be = GUINT32_TO_BE (length);

  at[0] = 0;
  at[1] = type;
  memcpy (at + 2, &flags_be, sizeof flags_be);
  memcpy (at + 4, &id_be, sizeof id_be);
  memcpy (at + 8, &length_be, sizeof length_be);
}

void
mh_yamux_put_frame (MhBuf *out, guint8 type, guint16 flags, guint32 id, guint32 length)
{
  write_header (mh_buf_reserve (out, MH_YAMUX_HEADER), type, flags, id, length);
  mh_buf_commit (out, MH_YAMUX_HEADER);
}

void
mh_yamux_tell (MhYamuxStream *stream)
{
  if (stream->is_telling)
    return;
  /* nobody sends more after the end */
  if (stream->fin_received && !stream->needs_syn && !stream->needs_ack)
    return;

  stream->is_telling = TRUE;
  g_queue_push_tail_link (&stream->session->telling, &stream->telling);
}

void
mh_yamux_schedule (MhYamuxStream *stream)
{
  gboolean is_ready = mh_buf_size (&stream->unsent) > 0 ? stream->credit > 0
                                                        : stream->is_closing && !stream->fin_sent;

  /* what is ready stays so until its turn */
  if (stream->is_held || stream->has_turn || !is_ready)
    return;

  stream->has_turn = TRUE;
  g_queue_push_tail_link (&stream->session->turns[stream->priority], &stream->turn);
}

static gsize
put_session_frames (MhYamux *self, MhBuf *out, gsize most)
{
  gsize whole = most / MH_YAMUX_HEADER + (most % MH_YAMUX_HEADER > 0);
  gsize size = MIN (mh_buf_size (&self->frames) / MH_YAMUX_HEADER, whole) * MH_YAMUX_HEADER;

  mh_buf_append (out, mh_buf_peek (&self->frames), size);
  mh_buf_consume (&self->frames, size);
  if (mh_buf_size (&self->frames) == 0)
    self->pings = self->resets = 0;

  return size;
}

static gsize
put_telling (MhYamux *self, MhBuf *out)
{
  MhYamuxStream *stream = g_queue_pop_head_link (&self->telling)->data;
  guint16 flags =
      (guint16) ((stream->needs_syn ? FLAG_SYN : 0) | (stream->needs_ack ? FLAG_ACK : 0));

  mh_yamux_put_frame (out, FRAME_WINDOW, flags, stream->id, stream->due);
  stream->allowed += stream->due;
  stream->due = 0;
  stream->is_telling = stream->needs_syn = stream->needs_ack = FALSE;
  self->proved = MAX (self->proved, stream->window / 2);

  return MH_YAMUX_HEADER;
}

static void
put_data (MhYamuxStream *stream, MhBuf *out, gsize size)
{
  guint8 *at = mh_buf_reserve (out, MH_YAMUX_HEADER + size);

  write_header (at, FRAME_DATA, 0, stream->id, (guint32) size);
  memcpy (at + MH_YAMUX_HEADER, mh_buf_peek (&stream->unsent), size);
  mh_buf_commit (out, MH_YAMUX_HEADER + size);

  if (size < mh_buf_size (&stream->unsent))
    mh_buf_consume (&stream->unsent, size);
  else
    mh_yamux_take_back (stream->session, &stream->unsent);
  if (stream->priority != MH_YAMUX_BULK)
    stream->session->interactive_us = stream->session->now_us;
  stream->session->unsent -= size;
  stream->credit -= (guint32) size;
}

/* A stream that wanted more room has it. */
static void
note_room (MhYamuxStream *stream)
{
  if (!stream->wants_room || mh_yamux_stream_room (stream) < stream->session->limits.most_send / 2)
    return;

  stream->wants_room = FALSE;
  if (!stream->is_roomy)
    g_queue_push_tail_link (&stream->session->roomy, &stream->roomy);
  stream->is_roomy = TRUE;
}

static gsize
put_turn (MhYamuxStream *stream, MhBuf *out)
{
  gsize unsent = mh_buf_size (&stream->unsent);
  gsize size = MIN (MIN (unsent, stream->credit), MH_YAMUX_MOST_DATA);

  g_queue_unlink (&stream->session->turns[stream->priority], &stream->turn);
  stream->has_turn = FALSE;
  if (unsent > 0)
    {
      put_data (stream, out, size);
      note_room (stream);
      mh_yamux_schedule (stream);
    }
  else
    {
      /* in a frame of its own: of one with data js-libp2p may drop the data */
      mh_yamux_put_frame (out, FRAME_WINDOW, FLAG_FIN, stream->id, 0);
      stream->fin_sent = TRUE;
      mh_yamux_stream_detach_if_done (stream);
    }

  return MH_YAMUX_HEADER + size;
}

/* The first of the highest priority, unless one of a lower has waited too long. */
static MhYamuxStream *
next_turn (MhYamux *self)
{
  guint next = PRIORITIES;

  for (guint i = 0; i < PRIORITIES; i++)
    if (self->turns[i].length > 0 && (next == PRIORITIES || self->passed[i] >= MH_YAMUX_PATIENCE))
      next = i;
  if (next == PRIORITIES)
    return NULL;

  self->passed[next] = 0;
  for (guint i = next + 1; i < PRIORITIES; i++)
    self->passed[i] = self->turns[i].length > 0 ? self->passed[i] + 1 : 0;

  return self->turns[next].head->data;
}

static gsize
put_next (MhYamux *self, MhBuf *out, gsize most)
{
  MhYamuxStream *stream = NULL;

  if (mh_buf_size (&self->frames) > 0)
    return put_session_frames (self, out, most);
  if (self->telling.length > 0)
    return put_telling (self, out);
  stream = next_turn (self);

  return stream != NULL ? put_turn (stream, out) : 0;
}

static void
tell_room (MhYamux *self)
{
  /* one that pulls in writable() leaves what this makes writable to the pull around it */
  if (self->is_telling_room)
    return;

  self->is_telling_room = TRUE;
  while (self->roomy.length > 0)
    {
      MhYamuxStream *stream = g_queue_pop_head_link (&self->roomy)->data;
      g_autoptr (MhYamuxStream) held = mh_yamux_stream_ref (stream);

      stream->is_roomy = FALSE;
      self->events->writable (held, self->data);
    }
  self->is_telling_room = FALSE;
}

gboolean
mh_yamux_pull (MhYamux *self, MhBuf *out, gsize most)
{
  gboolean is_urgent = mh_yamux_is_urgent (self);
  gsize sum = 0;
  gsize size = 1;

  if (!mh_yamux_wants_send (self))
    return FALSE;

  /* once for all frames: without it @out would be copied each time it grows */
  mh_buf_reserve (out, MIN (most, self->unsent) + MIN (self->unsent, MH_YAMUX_MOST_DATA)
                           + MH_YAMUX_HEADER);
  while (sum < most && size > 0 && (sum == 0 || is_urgent == mh_yamux_is_urgent (self)))
    {
      size = put_next (self, out, most - sum);
      sum += size;
      tell_room (self);
    }

  self->moved += sum;

  return sum > 0;
}

gboolean
mh_yamux_is_urgent (const MhYamux *self)
{
  return mh_buf_size (&self->frames) > 0 || self->telling.length > 0
         || self->turns[MH_YAMUX_URGENT].length > 0 || self->turns[MH_YAMUX_NORMAL].length > 0;
}

gboolean
mh_yamux_is_interactive (const MhYamux *self, gint64 now_us)
{
  return self->interactive_us != 0 && now_us - self->interactive_us < MH_YAMUX_INTERACTIVE_US;
}

gboolean
mh_yamux_wants_send (const MhYamux *self)
{
  return mh_yamux_is_urgent (self) || self->turns[MH_YAMUX_BULK].length > 0;
}
