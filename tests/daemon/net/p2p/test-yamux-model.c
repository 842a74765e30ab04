/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "net/p2p/yamux/yamux.h"

#define SEEDS 1000
#define STEPS 300
#define MIB (1024 * 1024)

typedef struct World World;
typedef struct Side Side;

/* What one side did to a stream and saw of it. */
typedef struct
{
  Side *side;
  guint32 id;
  MhYamuxStream *stream; /* (owned) (nullable): before it was opened here */
  guint64 sent;
  guint64 got;
  gboolean did_close;
  gboolean did_reset;
  gboolean saw_end;
  gboolean saw_broken;
} End;

struct Side
{
  World *world;
  guint number;
  MhYamux *session;
  MhBuf out;
  GPtrArray *ends; /* (element-type End): those that are open here */
};

struct World
{
  GRand *rand;
  gboolean with_resets;
  gboolean reads_all;
  Side sides[2];
  GHashTable *pairs; /* (element-type guint Pair) */
  gint64 now_us;
};

typedef struct
{
  End ends[2];
} Pair;

static guint
roll (World *world, guint count)
{
  return (guint) g_rand_int_range (world->rand, 0, (gint32) count);
}

/* The byte at a place of a direction of a stream. */
static guint8
byte_at (const End *end, guint64 place)
{
  return (guint8) ((place * 2654435761u + end->id * 40503u + end->side->number) >> 11);
}

static End *
other_end (const End *end)
{
  Pair *pair = g_hash_table_lookup (end->side->world->pairs, GUINT_TO_POINTER (end->id));

  return &pair->ends[1 - end->side->number];
}

static End *
add_end (Side *side, MhYamuxStream *stream)
{
  World *world = side->world;
  guint32 id = mh_yamux_stream_id (stream);
  Pair *pair = g_hash_table_lookup (world->pairs, GUINT_TO_POINTER (id));
  End *end = NULL;

  if (pair == NULL)
    {
      pair = g_new0 (Pair, 1);
      for (guint i = 0; i < 2; i++)
        pair->ends[i] = (End){ .side = &world->sides[i], .id = id };
      g_hash_table_insert (world->pairs, GUINT_TO_POINTER (id), pair);
    }
  end = &pair->ends[side->number];
  g_assert_null (end->stream);
  end->stream = mh_yamux_stream_ref (stream);
  mh_yamux_stream_set_data (stream, end);
  g_ptr_array_add (side->ends, end);

  return end;
}

static void
do_write (End *end, gsize size)
{
  g_autofree guint8 *data = g_malloc (size);
  gsize room = mh_yamux_stream_room (end->stream);
  gsize taken = 0;

  for (gsize i = 0; i < size; i++)
    data[i] = byte_at (end, end->sent + i);
  taken = mh_yamux_stream_write (end->stream, data, size);
  g_assert_cmpuint (taken, ==, MIN (room, size));
  g_assert_true (taken == 0 || !end->did_close);
  end->sent += taken;
}

static void
do_read (End *end, gsize most)
{
  const MhBuf *received = mh_yamux_stream_received (end->stream);
  const guint8 *data = mh_buf_peek (received);
  gsize size = MIN (mh_buf_size (received), most);
  const End *other = other_end (end);

  for (gsize i = 0; i < size; i++)
    g_assert_true (data[i] == byte_at (other, end->got + i));
  mh_yamux_stream_consume (end->stream, size);
  end->got += size;
}

static void
do_reset (End *end)
{
  mh_yamux_stream_reset (end->stream);
  end->did_reset = TRUE;
}

/* One thing that a user does to a stream. */
static void
do_something (End *end)
{
  World *world = end->side->world;
  guint what = roll (world, 40);

  if (what < 12)
    do_write (end, roll (world, 2000));
  else if (what < 16)
    do_write (end, roll (world, 60000));
  else if (what < 17)
    do_write (end, roll (world, 400000));
  else if (what < 34)
    do_read (end, roll (world, 50000));
  else if (what < 36)
    mh_yamux_stream_set_priority (end->stream, (MhYamuxPriority) roll (world, 3));
  else if (what < 38)
    {
      end->did_close = TRUE;
      mh_yamux_stream_close_write (end->stream);
    }
  else if (what < 39 && world->with_resets)
    do_reset (end);
}

static void
on_opened (MhYamuxStream *stream, gpointer data)
{
  Side *side = data;
  End *end = add_end (side, stream);

  g_assert_nonnull (other_end (end)->stream);
  if (roll (side->world, 3) == 0)
    do_something (end);
}

static void
on_readable (MhYamuxStream *stream, gpointer data)
{
  Side *side = data;
  End *end = mh_yamux_stream_get_data (stream);
  gsize size = mh_buf_size (mh_yamux_stream_received (stream));

  g_assert_false (end->saw_end || end->saw_broken || end->did_reset);
  g_assert_cmpuint (end->got + size, <=, other_end (end)->sent);
  g_assert_cmpuint (size, <=, 16 * MIB);
  if (mh_yamux_stream_is_ended (stream))
    {
      g_assert_true (other_end (end)->did_close);
      g_assert_cmpuint (end->got + size, ==, other_end (end)->sent);
      end->saw_end = TRUE;
    }
  if (side->world->reads_all)
    do_read (end, G_MAXSIZE);
  if (roll (side->world, 4) == 0)
    do_something (end);
}

static void
on_writable (MhYamuxStream *stream, gpointer data)
{
  Side *side = data;
  End *end = mh_yamux_stream_get_data (stream);

  g_assert_false (end->did_close || end->saw_broken || end->did_reset);
  g_assert_cmpuint (mh_yamux_stream_room (stream), >=, 128 * 1024);
  if (roll (side->world, 4) == 0)
    do_something (end);
}

static void
on_broken (MhYamuxStream *stream, gpointer data)
{
  End *end = mh_yamux_stream_get_data (stream);

  g_assert_false (end->saw_broken || end->did_reset);
  g_assert_true (other_end (end)->did_reset);
  end->saw_broken = TRUE;
}

/* What left the model: it may be freed while its session goes on. */
static void
forget_gone (Side *side)
{
  for (guint i = side->ends->len; i > 0; i--)
    {
      End *end = side->ends->pdata[i - 1];

      if (end->did_reset || end->saw_broken)
        g_ptr_array_remove_index_fast (side->ends, i - 1);
    }
}

static void
do_pull (Side *side)
{
  guint most = roll (side->world, 3) == 0 ? 1 : 1 + roll (side->world, 100000);

  mh_yamux_pull (side->session, &side->out, most);
}

/* Gives the other side some of what was pulled. */
static void
do_deliver (Side *side, gsize most)
{
  Side *other = &side->world->sides[1 - side->number];
  gsize size = MIN (mh_buf_size (&side->out), most);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      mh_yamux_feed (other->session, mh_buf_peek (&side->out), size, side->world->now_us, &error));
  g_assert_no_error (error);
  mh_buf_consume (&side->out, size);
}

static void
do_open (Side *side)
{
  g_autoptr (MhYamuxStream) stream = mh_yamux_open (side->session);

  g_assert_nonnull (stream);
  add_end (side, stream);
}

static void
step (World *world)
{
  Side *side = &world->sides[roll (world, 2)];
  guint what = roll (world, 20);

  world->now_us += roll (world, 2000);
  if (what == 0)
    do_open (side);
  else if (what == 1)
    g_assert_true (mh_yamux_tick (side->session, world->now_us));
  else if (what < 6)
    do_pull (side);
  else if (what < 11)
    do_deliver (side, 1 + roll (world, 50000));
  else if (side->ends->len > 0)
    do_something (side->ends->pdata[roll (world, side->ends->len)]);
  forget_gone (side);
}

/* Reads everything until nothing is on its way any more. */
static void
settle (World *world)
{
  gboolean goes_on = TRUE;

  world->reads_all = TRUE;
  while (goes_on)
    {
      goes_on = FALSE;
      for (guint i = 0; i < 2; i++)
        {
          Side *side = &world->sides[i];

          forget_gone (side);
          for (guint j = 0; j < side->ends->len; j++)
            do_read (side->ends->pdata[j], G_MAXSIZE);
          mh_yamux_pull (side->session, &side->out, 100000);
          goes_on = goes_on || mh_buf_size (&side->out) > 0;
          do_deliver (side, 1 + roll (world, 100000));
        }
    }
}

/* Everything that was sent arrived, unless there was a reset. Returns: streams that are open */
static guint
check (World *world)
{
  GHashTableIter iter;
  gpointer value;
  guint open = 0;

  g_hash_table_iter_init (&iter, world->pairs);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Pair *pair = value;
      End *one = &pair->ends[0];
      End *two = &pair->ends[1];

      if (one->did_reset || two->did_reset)
        continue;
      g_assert_nonnull (one->stream);
      g_assert_nonnull (two->stream);
      g_assert_cmpuint (one->got, ==, two->sent);
      g_assert_cmpuint (two->got, ==, one->sent);
      g_assert_cmpint (one->saw_end, ==, two->did_close);
      g_assert_cmpint (two->saw_end, ==, one->did_close);
      g_assert_false (one->saw_broken || two->saw_broken);
      open += !one->did_close || !two->did_close;
    }

  return open;
}

static void
pair_free (gpointer data)
{
  Pair *pair = data;

  for (guint i = 0; i < 2; i++)
    mh_yamux_stream_unref (pair->ends[i].stream);
  g_free (pair);
}

/* What a stream is left with when its session ends. */
static void
on_late (MhYamuxStream *stream, gpointer data)
{
  End *end = mh_yamux_stream_get_data (stream);

  g_assert_false (end->saw_broken || end->did_reset);
  end->saw_broken = TRUE;
}

static void
run (guint32 seed, guint streams, guint steps)
{
  MhYamuxEvents events = { on_opened, on_readable, on_writable, on_broken };
  World world = { .rand = g_rand_new_with_seed (seed), .with_resets = seed % 2, .now_us = 1 };
  guint open = 0;

  world.pairs = g_hash_table_new_full (NULL, NULL, NULL, pair_free);
  for (guint i = 0; i < 2; i++)
    world.sides[i] = (Side){ .world = &world, .number = i, .ends = g_ptr_array_new () };
  for (guint i = 0; i < 2; i++)
    world.sides[i].session = mh_yamux_new (i == 0, NULL, &events, &world.sides[i]);

  for (guint i = 0; i < streams; i++)
    do_open (&world.sides[i % 2]);
  for (guint i = 0; i < steps; i++)
    step (&world);
  settle (&world);
  open = check (&world);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (mh_yamux_count (world.sides[i].session), ==, open);
      g_assert_false (mh_yamux_wants_send (world.sides[i].session));
    }

  events.broken = on_late;
  for (guint i = 0; i < 2; i++)
    {
      mh_yamux_free (world.sides[i].session);
      g_ptr_array_unref (world.sides[i].ends);
      mh_buf_clear (&world.sides[i].out);
    }
  g_hash_table_unref (world.pairs);
  g_rand_free (world.rand);
}

static void
test_model (void)
{
  g_test_summary ("whatever both sides do, bytes and ends arrive as they were sent");
  for (guint32 seed = 0; seed < SEEDS; seed++)
    {
      if (g_test_verbose ())
        g_test_message ("seed %u", seed);
      run (seed, 0, STEPS);
    }
}

static void
test_hundred (void)
{
  g_test_summary ("a hundred streams at once move bytes both ways, with half-closes and resets");
  for (guint32 seed = 0; seed < 4; seed++)
    run (10000 + seed, 100, 20000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/yamux/model", test_model);
  g_test_add_func ("/p2p/yamux/hundred", test_hundred);

  return g_test_run ();
}
