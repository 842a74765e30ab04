/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "yamux-private.h"

typedef struct
{
  guint8 type;
  guint16 flags;
  guint32 id;
  guint32 length;
} Frame;

static guint32
read_uint32 (const guint8 *at)
{
  guint32 value;

  memcpy (&value, at, sizeof value);

  return GUINT32_FROM_BE (value);
}

static gboolean
refuse (GError **error, const char *what, const Frame *frame)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               "yamux: %s: type %u, flags %u, stream %u, length %u", what, frame->type,
               frame->flags, frame->id, frame->length);

  return FALSE;
}

/* Forgets the numbers from @from to @to, which were not used. */
static void
forget (MhYamux *self, guint32 from, guint32 to)
{
  while (from <= to)
    {
      guint64 *word = &self->used[from % MH_YAMUX_MOST_DISORDER / 64];

      if (from % 64 == 0 && to - from >= 63)
        {
          *word = 0;
          from += 64;
        }
      else
        {
          *word &= ~((guint64) 1 << from % 64);
          from++;
        }
    }
}

/* Notes a number as used. Returns: whether it was not before */
static gboolean
use_id (MhYamux *self, guint32 id)
{
  guint32 place = id / 2;
  guint64 *word = &self->used[place % MH_YAMUX_MOST_DISORDER / 64];
  guint64 bit = (guint64) 1 << place % 64;

  if (place > self->last_place)
    {
      guint32 skipped = place - self->last_place;

      if (skipped >= MH_YAMUX_MOST_DISORDER)
        memset (self->used, 0, sizeof self->used);
      else
        forget (self, self->last_place + 1, place);
      self->last_place = place;
    }
  if (self->last_place - place >= MH_YAMUX_MOST_DISORDER || (*word & bit) != 0)
    return FALSE;
  *word |= bit;

  return TRUE;
}

/* Returns: %FALSE with @error set when it may not be opened; one that we do not want is reset */
static gboolean
open_theirs (MhYamux *self, const Frame *frame, GError **error)
{
  g_autoptr (MhYamuxStream) stream = NULL;

  if ((frame->id & 1) == self->parity)
    return refuse (error, "both sides have the same role", frame);
  if (!use_id (self, frame->id))
    return refuse (error, "number of a stream used again", frame);

  if (self->said_goodbye || self->theirs >= self->limits.most_streams)
    {
      mh_yamux_put_frame (&self->frames, FRAME_WINDOW, FLAG_RST, frame->id, 0);
      self->resets++;
      self->refused += self->said_goodbye ? 0 : 1;
      self->in_flight += MH_YAMUX_WINDOW_START;
      return TRUE;
    }

  self->theirs++;
  stream = mh_yamux_stream_ref (mh_yamux_stream_new (self, frame->id, FALSE));
  stream->needs_ack = TRUE;
  mh_yamux_tell (stream);
  self->events->opened (stream, self->data);

  return TRUE;
}

/* Whatever comes for a stream shows that the other side took it. */
static void
acknowledge (MhYamuxStream *stream)
{
  if (!stream->is_unacknowledged)
    return;

  stream->is_unacknowledged = FALSE;
  stream->session->unacknowledged--;
  mh_yamux_release_held (stream->session);
}

static void
end_theirs (MhYamuxStream *stream)
{
  g_autoptr (MhYamuxStream) held = mh_yamux_stream_ref (stream);
  MhYamux *self = stream->session;

  if (stream->fin_received)
    return;

  stream->fin_received = TRUE;
  self->events->readable (stream, self->data);
  mh_yamux_stream_detach_if_done (stream);
}

static gboolean
take_window (MhYamuxStream *stream, const Frame *frame, GError **error)
{
  if (frame->length > G_MAXUINT32 - stream->credit)
    return refuse (error, "window larger than 32 bits", frame);

  stream->credit += frame->length;
  mh_yamux_schedule (stream);
  if ((frame->flags & FLAG_FIN) != 0)
    end_theirs (stream);

  return TRUE;
}

/* Returns: bytes that @frame may have */
static guint64
allowance (MhYamux *self, MhYamuxStream *stream)
{
  return stream != NULL ? stream->allowed : self->in_flight;
}

static gboolean
begin_data (MhYamux *self, MhYamuxStream *stream, const Frame *frame, GError **error)
{
  if (frame->length > allowance (self, stream))
    return refuse (error, "more than the window", frame);

  self->left = frame->length;
  self->fin_follows = (frame->flags & FLAG_FIN) != 0;
  if (stream == NULL)
    {
      self->in_flight -= frame->length;
      return TRUE;
    }

  stream->allowed -= frame->length;
  if (frame->length > 0)
    self->current = mh_yamux_stream_ref (stream);
  else if (self->fin_follows)
    end_theirs (stream);

  return TRUE;
}

static gboolean
take_stream_frame (MhYamux *self, const Frame *frame, GError **error)
{
  MhYamuxStream *stream = NULL;

  if (frame->id == 0)
    return refuse (error, "stream without a number", frame);
  if ((frame->flags & FLAG_SYN) != 0 && !open_theirs (self, frame, error))
    return FALSE;

  stream = mh_yamux_find (self, frame->id);
  if (stream != NULL && (stream->is_held || stream->needs_syn))
    return refuse (error, "stream that was not opened", frame);
  if (stream != NULL)
    acknowledge (stream);

  /* the length of a reset window is a reason in go-libp2p, where another thread may be writing */
  if (stream != NULL && (frame->flags & FLAG_RST) != 0)
    {
      self->in_flight += stream->allowed;
      mh_yamux_stream_break (stream);
      stream = NULL;
    }
  else if (stream != NULL && stream->fin_received && frame->type == FRAME_DATA && frame->length > 0)
    {
      g_autoptr (MhYamuxStream) held = mh_yamux_stream_ref (stream);

      mh_yamux_stream_reset (stream);
      self->events->broken (stream, self->data);
      stream = NULL;
    }
  if (frame->type == FRAME_DATA)
    return begin_data (self, stream, frame, error);

  return stream == NULL || take_window (stream, frame, error);
}

/* Bytes that may move beside a ping which tells how long the way is. */
#define MOST_BESIDE_PING (32 * 1024)

/* Pings at the beginning, one after the other: the first meets a machine that still verifies. */
#define FIRST_PINGS 4

/* A ping that waited behind much else tells of the queue, not of the way. */
static void
note_round_trip (MhYamux *self)
{
  gint64 took_us = MAX (self->now_us - self->ping_us, 1);
  gint64 shortest_us = mh_yamux_rtt_us (self);

  if (self->moved - self->ping_moved > MOST_BESIDE_PING && shortest_us != 0
      && took_us >= shortest_us)
    return;
  self->round_trips_us[self->round_trips % ROUND_TRIPS] = took_us;
  self->round_trips++;
  if (self->round_trips == 1)
    mh_yamux_each (self, mh_yamux_stream_begin);
}

static gboolean
take_ping (MhYamux *self, const Frame *frame, GError **error)
{
  guint16 kind = frame->flags & (FLAG_SYN | FLAG_ACK);

  if (frame->id != 0 || (kind != FLAG_SYN && kind != FLAG_ACK))
    return refuse (error, "bad ping", frame);

  if (kind == FLAG_SYN)
    {
      if (self->pings == MH_YAMUX_MOST_PINGS)
        return refuse (error, "too many pings", frame);
      self->pings++;
      mh_yamux_put_frame (&self->frames, FRAME_PING, FLAG_ACK, 0, frame->length);
      return TRUE;
    }

  if (!self->is_pinging || frame->length != self->ping_id)
    return refuse (error, "answer to no ping", frame);
  self->is_pinging = FALSE;
  note_round_trip (self);
  if (self->ping_id < FIRST_PINGS)
    mh_yamux_ping (self);

  return TRUE;
}

static gboolean
take_go_away (MhYamux *self, const Frame *frame, GError **error)
{
  if (frame->id != 0)
    return refuse (error, "bad goodbye", frame);
  if (frame->length != GO_AWAY_NORMAL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                   "yamux: the other side gave up with error %u", frame->length);
      return FALSE;
    }

  self->is_going = TRUE;
  while (self->held.length > 0)
    mh_yamux_stream_break (self->held.head->data);

  return TRUE;
}

static gboolean
take_frame (MhYamux *self, const guint8 *header, GError **error)
{
  Frame frame = {
    .type = header[1],
    .flags = (guint16) (header[2] << 8 | header[3]),
    .id = read_uint32 (header + 4),
    .length = read_uint32 (header + 8),
  };
  gboolean is_good = FALSE;

  if (header[0] != 0)
    return refuse (error, "unknown version", &frame);

  switch (frame.type)
    {
    case FRAME_DATA:
    case FRAME_WINDOW:
      is_good = take_stream_frame (self, &frame, error);
      break;
    case FRAME_PING:
      is_good = take_ping (self, &frame, error);
      break;
    case FRAME_GO_AWAY:
      is_good = take_go_away (self, &frame, error);
      break;
    default:
      return refuse (error, "unknown type", &frame);
    }
  if (is_good && self->resets > self->limits.most_streams + MH_YAMUX_MOST_RESETS)
    return refuse (error, "too many resets that are not read", &frame);

  return is_good;
}

/* Returns: whether nothing was wrong; @used are the bytes of @data that belong to the header */
static gboolean
take_header (MhYamux *self, const guint8 *data, gsize size, gsize *used, GError **error)
{
  const guint8 *header = self->header;

  if (self->header_size == 0 && size >= MH_YAMUX_HEADER)
    {
      *used = MH_YAMUX_HEADER;
      header = data;
    }
  else
    {
      *used = MIN (size, MH_YAMUX_HEADER - self->header_size);
      memcpy (self->header + self->header_size, data, *used);
      self->header_size += *used;
      if (self->header_size < MH_YAMUX_HEADER)
        return TRUE;
    }
  self->header_size = 0;

  return take_frame (self, header, error);
}

static void
take_data (MhYamux *self, const guint8 *data, gsize size)
{
  MhYamuxStream *stream = self->current;

  self->left -= size;
  if (stream != NULL && stream->session != NULL)
    {
      mh_yamux_lend (self, &stream->received);
      mh_buf_append (&stream->received, data, size);
      self->received += size;
      if (stream->priority != MH_YAMUX_BULK)
        self->interactive_us = self->now_us;
      stream->fin_received = self->fin_follows && self->left == 0;
      self->events->readable (stream, self->data);
    }
  if (stream != NULL && stream->session != NULL)
    {
      mh_yamux_stream_measure (stream, size);
      mh_yamux_stream_detach_if_done (stream);
    }
  if (self->left == 0)
    g_clear_pointer (&self->current, mh_yamux_stream_unref);
}

static void
break_session (MhYamux *self, gboolean say_so)
{
  self->is_broken = TRUE;
  self->is_pinging = FALSE;
  self->left = 0;
  mh_buf_clear (&self->frames);
  if (say_so)
    mh_yamux_put_frame (&self->frames, FRAME_GO_AWAY, 0, 0, GO_AWAY_PROTOCOL_ERROR);
  mh_yamux_break_all (self);
  g_clear_pointer (&self->current, mh_yamux_stream_unref);
}

gboolean
mh_yamux_feed (MhYamux *self, const guint8 *data, gsize size, gint64 now_us, GError **error)
{
  g_autoptr (GError) wrong = NULL;

  if (self->is_broken)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "yamux: the session is broken");
      return FALSE;
    }

  self->now_us = now_us;
  self->moved += size;
  if (self->ping_id == 0)
    mh_yamux_ping (self);
  while (size > 0 && wrong == NULL)
    {
      gsize used = MIN (size, self->left);

      if (used > 0)
        take_data (self, data, used);
      else if (!take_header (self, data, size, &used, &wrong))
        break;
      data += used;
      size -= used;
    }
  if (wrong == NULL)
    return TRUE;

  break_session (self, g_error_matches (wrong, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  g_propagate_error (error, g_steal_pointer (&wrong));

  return FALSE;
}
