/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "net/p2p/yamux/yamux.h"

/* Streams up to this number are followed. */
#define IDS 64

/* What was seen of a stream; the bytes of each direction count up. */
typedef struct
{
  MhYamuxStream *stream; /* (owned) (nullable) */
  guint8 fed;            /* the next byte that the other side sends */
  guint8 read;
  guint8 written;
  guint8 pulled;
  gboolean has_read;
  gboolean was_told; /* a frame of it was pulled */
  gboolean fin_pulled;
  gboolean rst_pulled;
  gboolean is_over; /* was reset, or broken */
} Known;

typedef struct
{
  const guint8 *data; /* input that was not used */
  gsize size;
  MhYamux *session;
  MhBuf in; /* bytes that were not fed */
  MhBuf out;
  Known known[IDS];
  guint32 parity;   /* of our streams */
  gboolean is_wild; /* bytes were fed that make no frames */
  gint64 now_us;
} World;

static guint8
take (World *world)
{
  if (world->size == 0)
    return 0;
  world->size--;

  return *world->data++;
}

static void
put_frame (World *world, guint8 type, guint8 flags, guint32 id, guint32 length)
{
  guint8 header[MH_YAMUX_HEADER] = { 0, type, 0, flags };

  for (guint i = 0; i < 4; i++)
    {
      header[4 + i] = (guint8) (id >> (24 - 8 * i));
      header[8 + i] = (guint8) (length >> (24 - 8 * i));
    }
  mh_buf_append (&world->in, header, sizeof header);
}

static void
put_data (World *world, guint8 flags, guint32 id, guint32 length)
{
  guint8 *at = NULL;

  put_frame (world, 0, flags, id, length);
  at = mh_buf_reserve (&world->in, length + 1);
  for (guint32 i = 0; i < length; i++)
    at[i] = world->known[id].fed++;
  mh_buf_commit (&world->in, length);
}

/* A frame that is not far from being right. */
static void
make_frame (World *world)
{
  guint8 what = take (world);
  guint8 flags = take (world) & 0x1f;
  guint32 id = take (world) % IDS;

  switch (what % 8)
    {
    case 0:
    case 1:
    case 2:
      put_data (world, flags, id, what % 3 == 0 ? take (world) * 1024u : take (world));
      break;
    case 3:
    case 4:
      put_frame (world, 1, flags, id, take (world) * 256u);
      break;
    case 5:
      put_frame (world, 2, flags & 3, 0, what < 128 ? 1 : take (world));
      break;
    case 6:
      put_frame (world, 1, 1, id | 1, 0);
      break;
    default:
      put_frame (world, what < 240 ? 1 : 3, 0, what < 240 ? id : 0, 0);
      break;
    }
}

static Known *
known_of (World *world, MhYamuxStream *stream)
{
  guint32 id = mh_yamux_stream_id (stream);

  return id < IDS ? &world->known[id] : NULL;
}

static void
know (World *world, MhYamuxStream *stream)
{
  Known *known = known_of (world, stream);

  if (known == NULL)
    return;
  g_assert (known->stream == NULL);
  known->stream = mh_yamux_stream_ref (stream);
}

static void
read_some (World *world, Known *known, gsize most)
{
  const MhBuf *received = mh_yamux_stream_received (known->stream);
  const guint8 *bytes = mh_buf_peek (received);
  gsize size = MIN (mh_buf_size (received), most);

  /* what came before the stream was opened is lost */
  if (size > 0 && !known->has_read)
    known->read = bytes[0];
  known->has_read = known->has_read || size > 0;
  for (gsize i = 0; i < size && !world->is_wild; i++)
    g_assert (bytes[i] == (guint8) (known->read + i));
  known->read += (guint8) size;
  mh_yamux_stream_consume (known->stream, size);
}

static void
write_some (World *world, Known *known, gsize size)
{
  guint8 bytes[32768];
  gsize taken = 0;

  for (gsize i = 0; i < MIN (size, sizeof bytes); i++)
    bytes[i] = (guint8) (known->written + i);
  taken = mh_yamux_stream_write (known->stream, bytes, MIN (size, sizeof bytes));
  g_assert (taken == 0 || !known->is_over);
  known->written += (guint8) taken;
}

/* What a user does, in events and between them. */
static void
do_something (World *world, Known *known)
{
  guint8 what = take (world);

  if (known->stream == NULL)
    return;
  switch (what % 9)
    {
    case 0:
    case 1:
      write_some (world, known, take (world) * 129u);
      break;
    case 2:
    case 3:
      read_some (world, known, take (world) * 64u);
      break;
    case 4:
      mh_yamux_stream_close_write (known->stream);
      break;
    case 5:
      mh_yamux_stream_reset (known->stream);
      known->is_over = known->is_over || mh_yamux_stream_is_broken (known->stream);
      break;
    case 6:
      mh_yamux_stream_set_priority (known->stream, (MhYamuxPriority) (take (world) % 3));
      break;
    default:
      read_some (world, known, G_MAXSIZE);
      break;
    }
}

static void
on_opened (MhYamuxStream *stream, gpointer data)
{
  World *world = data;

  know (world, stream);
  if ((take (world) & 3) == 0 && known_of (world, stream) != NULL)
    do_something (world, known_of (world, stream));
}

static void
on_event (MhYamuxStream *stream, gpointer data)
{
  World *world = data;
  Known *known = known_of (world, stream);

  if (known == NULL)
    return;
  g_assert (!known->is_over);
  g_assert (known->stream == stream);
  if ((take (world) & 3) == 0)
    do_something (world, &world->known[take (world) % IDS]);
}

static void
on_broken (MhYamuxStream *stream, gpointer data)
{
  World *world = data;
  Known *known = known_of (world, stream);

  g_assert (mh_yamux_stream_is_broken (stream));
  if (known == NULL)
    return;
  g_assert (!known->is_over);
  known->is_over = TRUE;
}

static guint32
get_uint32 (const guint8 *at)
{
  return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

static void
check_stream_frame (World *world, const guint8 *frame, guint32 length)
{
  Known *known = &world->known[get_uint32 (frame + 4)];
  gboolean is_ours = (get_uint32 (frame + 4) & 1) == world->parity;

  g_assert (!known->rst_pulled);
  /* the first frame of ours has a SYN, no other has; one that was refused is reset only */
  g_assert (((frame[3] & 1) != 0) == (is_ours && !known->was_told));
  known->was_told = TRUE;
  known->rst_pulled = (frame[3] & 8) != 0;
  if (frame[1] == 0)
    {
      g_assert (!known->fin_pulled && length > 0);
      for (guint32 i = 0; i < length; i++)
        g_assert (frame[MH_YAMUX_HEADER + i] == known->pulled++);
      g_assert (length <= MH_YAMUX_MOST_DATA);
    }
  known->fin_pulled = known->fin_pulled || (frame[3] & 4) != 0;
}

static void
check_frames (World *world)
{
  while (mh_buf_size (&world->out) > 0)
    {
      const guint8 *frame = mh_buf_peek (&world->out);
      guint32 id = get_uint32 (frame + 4);
      guint32 length = get_uint32 (frame + 8);

      g_assert (frame[0] == 0 && frame[1] < 4 && frame[2] == 0 && frame[3] < 16);
      if (frame[1] < 2 && id < IDS)
        check_stream_frame (world, frame, length);
      mh_buf_consume (&world->out, MH_YAMUX_HEADER + (frame[1] == 0 ? length : 0));
    }
}

/* Returns: whether the session goes on */
static gboolean
step (World *world)
{
  guint8 what = take (world);
  gsize size = MIN (mh_buf_size (&world->in), (gsize) what * what);
  gboolean is_good = TRUE;

  switch (what % 16)
    {
    case 0:
      world->is_wild = TRUE;
      size = MIN (world->size, 16);
      mh_buf_append (&world->in, world->data, size);
      world->data += size;
      world->size -= size;
      break;
    case 1:
      {
        g_autoptr (MhYamuxStream) stream = mh_yamux_open (world->session);

        if (stream != NULL)
          know (world, stream);
        break;
      }
    case 2:
      world->now_us += 1000 * (gint64) take (world);
      (void) !mh_yamux_tick (world->session, world->now_us);
      break;
    case 3:
      if (what > 200)
        mh_yamux_go_away (world->session);
      break;
    case 4:
    case 5:
      mh_yamux_pull (world->session, &world->out, take (world) * 100u);
      break;
    case 6:
    case 7:
      is_good = mh_yamux_feed (world->session, mh_buf_peek (&world->in), size, world->now_us, NULL);
      mh_buf_consume (&world->in, size);
      break;
    case 8:
    case 9:
    case 10:
      do_something (world, &world->known[take (world) % IDS]);
      break;
    default:
      make_frame (world);
      break;
    }

  return is_good;
}

static void
run (const guint8 *data, gsize size, gboolean is_client)
{
  static const MhYamuxEvents events = { on_opened, on_event, on_event, on_broken };
  static const MhYamuxLimits limits = { .most_streams = 12, .most_send = 40000 };
  World world = { .data = data, .size = size, .parity = is_client, .now_us = 1 };
  gboolean is_good = TRUE;

  world.session = mh_yamux_new (is_client, &limits, &events, &world);
  while (is_good && world.size > 0)
    is_good = step (&world);
  if (is_good)
    is_good = mh_yamux_feed (world.session, mh_buf_peek (&world.in), mh_buf_size (&world.in),
                             world.now_us, NULL);

  if (!is_good)
    g_assert (mh_yamux_count (world.session) == 0);
  while (mh_yamux_wants_send (world.session))
    g_assert (mh_yamux_pull (world.session, &world.out, G_MAXSIZE));
  check_frames (&world);
  mh_yamux_free (world.session);
  for (guint i = 0; i < IDS; i++)
    if (world.known[i].stream != NULL)
      {
        g_assert (mh_yamux_stream_room (world.known[i].stream) == 0);
        mh_yamux_stream_unref (world.known[i].stream);
      }
  mh_buf_clear (&world.in);
  mh_buf_clear (&world.out);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  run (data, size, FALSE);
  run (data, size, TRUE);

  return 0;
}
