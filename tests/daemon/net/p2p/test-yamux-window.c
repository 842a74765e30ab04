/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "yamux-pair.h"

static void
drop (MhYamuxStream *stream, gpointer data)
{
  mh_yamux_stream_consume (stream, mh_buf_size (mh_yamux_stream_received (stream)));
}

/* A way of @delay_us and @per_ms bytes in one direction. */
typedef struct
{
  GQueue flying; /* (element-type GBytes) */
  GQueue times;
  gsize per_ms;
  gint64 delay_us;
} Way;

static void
way_clear (Way *way)
{
  g_queue_clear_full (&way->flying, (GDestroyNotify) g_bytes_unref);
  g_queue_clear (&way->times);
}

static void
way_step (Way *way, Peer *from, Peer *to, gint64 now_us)
{
  gsize size = 0;

  from->now_us = to->now_us = now_us;
  if (mh_buf_size (&from->out) < way->per_ms)
    mh_yamux_pull (from->session, &from->out, way->per_ms);
  size = MIN (mh_buf_size (&from->out), way->per_ms);
  if (size > 0)
    {
      g_queue_push_tail (&way->flying, g_bytes_new (mh_buf_peek (&from->out), size));
      g_queue_push_tail (&way->times, GSIZE_TO_POINTER (now_us + way->delay_us));
      mh_buf_consume (&from->out, size);
    }

  while (way->flying.length > 0
         && (gint64) GPOINTER_TO_SIZE (g_queue_peek_head (&way->times)) <= now_us)
    {
      g_autoptr (GBytes) bytes = g_queue_pop_head (&way->flying);
      g_autoptr (GError) error = NULL;

      g_queue_pop_head (&way->times);
      if (!mh_yamux_feed (to->session, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                          now_us, &error))
        g_assert_no_error (error);
    }
}

/* What a receiver reads: all, or so much in a millisecond. */
typedef struct
{
  GPtrArray *streams; /* (owned) (element-type MhYamuxStream) */
  guint64 got;
  gsize per_ms; /* 0 for all */
  guint deaf;   /* streams that are not read at all, the first ones */
} Reader;

static void
reader_read (Reader *reader, MhYamuxStream *stream, gsize most)
{
  gsize size = MIN (mh_buf_size (mh_yamux_stream_received (stream)), most);

  reader->got += size;
  mh_yamux_stream_consume (stream, size);
}

static void
reader_opened (MhYamuxStream *stream, gpointer data)
{
  Reader *reader = data;

  g_ptr_array_add (reader->streams, mh_yamux_stream_ref (stream));
}

static void
reader_readable (MhYamuxStream *stream, gpointer data)
{
  Reader *reader = data;
  guint place = 0;

  if (reader->per_ms == 0 && g_ptr_array_find (reader->streams, stream, &place)
      && place >= reader->deaf)
    reader_read (reader, stream, G_MAXSIZE);
}

typedef struct
{
  Peer one;
  Peer two;
  Way up;
  Way down;
  Reader reader;
  gint64 now_us;
} Line;

/* A stream with data rests. */
static void
refill (MhYamuxStream *stream, gpointer data)
{
  if (mh_yamux_stream_get_data (stream) == NULL)
    fill (stream, NULL);
}

static const MhYamuxEvents line_sender = { do_nothing, drop, refill, do_nothing };
static const MhYamuxEvents line_reader = { reader_opened, reader_readable, do_nothing, do_nothing };

static void
line_init (Line *line, gsize per_ms, gint64 round_trip_us, const MhYamuxLimits *limits)
{
  *line = (Line){ .up = { .per_ms = per_ms, .delay_us = round_trip_us / 2 },
                  .down = { .per_ms = per_ms, .delay_us = round_trip_us / 2 } };
  line->reader.streams = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_yamux_stream_unref);
  peer_init (&line->one, TRUE, NULL);
  peer_init (&line->two, FALSE, NULL);
  mh_yamux_free (line->one.session);
  mh_yamux_free (line->two.session);
  line->one.session = mh_yamux_new (TRUE, NULL, &line_sender, NULL);
  line->two.session = mh_yamux_new (FALSE, limits, &line_reader, &line->reader);
}

static void
line_clear (Line *line)
{
  peer_clear (&line->one);
  peer_clear (&line->two);
  way_clear (&line->up);
  way_clear (&line->down);
  g_ptr_array_unref (line->reader.streams);
}

/* Returns: (transfer full): a new stream of the sender that has all that it takes to send */
static MhYamuxStream *
line_fill (Line *line)
{
  MhYamuxStream *stream = mh_yamux_open (line->one.session);

  fill (stream, NULL);

  return stream;
}

/* Returns: bytes that were read in @ms milliseconds */
static guint64
line_run (Line *line, guint ms)
{
  guint64 before = line->reader.got;

  for (guint i = 0; i < ms; i++)
    {
      line->now_us += 1000;
      way_step (&line->up, &line->one, &line->two, line->now_us);
      for (guint j = line->reader.deaf; line->reader.per_ms > 0 && j < line->reader.streams->len;
           j++)
        reader_read (&line->reader, line->reader.streams->pdata[j], line->reader.per_ms);
      way_step (&line->down, &line->two, &line->one, line->now_us);
      if (line->now_us % (10 * G_USEC_PER_SEC) == 0)
        g_assert_true (mh_yamux_tick (line->two.session, line->now_us));
    }

  return line->reader.got - before;
}

/* Stops reading, nearly. Returns: what comes until the sender has to stop: all windows */
static gsize
line_window (Line *line)
{
  gsize sum = 0;

  line->reader.per_ms = 1;
  line_run (line, 3000);
  for (guint i = 0; i < line->reader.streams->len; i++)
    sum += mh_buf_size (mh_yamux_stream_received (line->reader.streams->pdata[i]));

  return sum;
}

typedef struct
{
  gsize per_ms; /* 12500 bytes are 100 Mbit/s */
  guint round_trip_ms;
  guint32 least_window;
  guint32 most_window;
} Growth;

static void
check_growth (const Growth *row, gboolean is_bulk)
{
  g_autoptr (MhYamuxStream) stream = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 round_trip_us = row->round_trip_ms * 1000;
  Line line;
  guint64 rate = 0;
  gsize window = 0;

  line_init (&line, row->per_ms, round_trip_us, NULL);
  stream = line_fill (&line);
  for (guint i = 0; i < 20; i++)
    {
      rate = line_run (&line, row->round_trip_ms) / row->round_trip_ms;
      g_string_append_printf (text, " %.2f", (double) rate / (double) row->per_ms);
      if (is_bulk && i == 0)
        mh_yamux_stream_set_priority (line.reader.streams->pdata[0], MH_YAMUX_BULK);
    }
  g_test_message ("share of the rate, round trip by round trip:%s", text->str);
  rate = line_run (&line, 1000) / 1000;
  g_assert_cmpuint (rate, >=, row->per_ms * 97 / 100);
  g_assert_cmpint (mh_yamux_rtt_us (line.two.session), >=, round_trip_us);
  window = line_window (&line);
  g_test_message ("window %zu", window);
  g_assert_cmpuint (window, >=, row->least_window);
  g_assert_cmpuint (window, <=, row->most_window);
  line_clear (&line);
}

static void
test_growth (void)
{
  static const Growth rows[] = {
    { 12500, 100, 2 * MIB, 5 * MIB },     { 125000, 10, 2 * MIB, 5 * MIB },
    { 125000, 100, 20 * MIB, 50 * MIB },  { 400000, 100, 60 * MIB, 65 * MIB },
    { 1250, 20, 192 * 1024, 512 * 1024 }, { 100, 2, 192 * 1024, 320 * 1024 },
  };

  g_test_summary ("the window grows to what the line holds, and not far over it");
  for (guint row = 0; row < G_N_ELEMENTS (rows); row++)
    {
      check_growth (&rows[row], FALSE);
      check_growth (&rows[row], TRUE);
    }
}

static void
test_slow_reader (void)
{
  g_autoptr (MhYamuxStream) stream = NULL;
  Line line;

  g_test_summary ("the window does not grow for who reads slowly");
  line_init (&line, 12500, 100 * 1000, NULL);
  line.reader.per_ms = 1000;
  stream = line_fill (&line);
  line_run (&line, 5000);
  g_assert_cmpuint (line_run (&line, 1000), >=, 990 * 1000);
  /* what a way of this length has from the beginning */
  g_assert_cmpuint (line_window (&line), <=, 3 * MIB);
  line_clear (&line);
}

static void
test_growth_of_all (void)
{
  MhYamuxStream *streams[8];
  Line line;
  gsize sum = 0;

  g_test_summary ("the windows of all streams grow together by most_received at most");
  line_init (&line, 125000, 100 * 1000, &(MhYamuxLimits){ .most_received = 2 * MIB });
  for (guint i = 0; i < 8; i++)
    {
      streams[i] = line_fill (&line);
    }
  line_run (&line, 3000);
  sum = line_window (&line);
  g_assert_cmpuint (sum, <=, 8 * MH_YAMUX_WINDOW_START + 2 * MIB);
  g_assert_cmpuint (sum, >, 8 * MH_YAMUX_WINDOW_START + MIB);
  for (guint i = 0; i < 8; i++)
    mh_yamux_stream_unref (streams[i]);
  line_clear (&line);
}

static void
test_unread_of_others (void)
{
  MhYamuxStream *streams[5];
  Line line;

  g_test_summary ("no window grows while too much waits to be read on other streams");
  line_init (&line, 12500, 100 * 1000, &(MhYamuxLimits){ .most_received = MIB });
  line.reader.deaf = 4;
  for (guint i = 0; i < 5; i++)
    {
      streams[i] = mh_yamux_open (line.one.session);
      /* the fifth waits until the others are full */
      mh_yamux_stream_set_priority (streams[i], i < 4 ? MH_YAMUX_NORMAL : MH_YAMUX_BULK);
      fill (streams[i], NULL);
    }
  line_run (&line, 3000);
  g_assert_cmpuint (line_window (&line), <=, 5 * MH_YAMUX_WINDOW_START);

  for (guint i = 0; i < 4; i++)
    mh_yamux_stream_reset (streams[i]);
  line.reader.per_ms = 100000;
  line_run (&line, 3000);
  g_assert_cmpuint (line_window (&line), >, 2 * MH_YAMUX_WINDOW_START);
  for (guint i = 0; i < 5; i++)
    mh_yamux_stream_unref (streams[i]);
  line_clear (&line);
}

/* Opens streams from the client's side. Returns: by how much their windows grew at once */
static guint
open_from (Peer *server, guint first, guint count)
{
  guint sum = 0;

  for (guint i = 0; i < count; i++)
    {
      g_autofree char *frame = g_strdup_printf ("W S %u 0", first + 2 * i);
      g_autofree char *answer = NULL;
      guint id = 0;
      guint window = 0;

      assert_feed (server, frame);
      answer = peer_pull (server);
      g_assert_cmpint (sscanf (answer, "W A %u %u", &id, &window), ==, 2);
      g_assert_cmpuint (id, ==, first + 2 * i);
      sum += window;
    }

  return sum;
}

static guint
open_many (Peer *server, guint count)
{
  return open_from (server, 1001, count);
}

static void
test_learned (void)
{
  static const MhYamuxLimits limits = { .most_received = 8 * MIB };
  Line line;
  guint grown = 0;

  g_test_summary ("later streams begin with a window that did well, for some time");
  line_init (&line, 12500, 100 * 1000, &limits);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (MhYamuxStream) stream = line_fill (&line);

      line_run (&line, i == 0 ? 3000 : 300);
      /* the first window, and the line's rate from the answer on, which takes 150 of 300 ms */
      if (i > 0)
        g_assert_cmpuint (line.reader.got, >=, MH_YAMUX_WINDOW_START + 145 * 12500);
      mh_yamux_stream_reset (stream);
      line_run (&line, 200);
      line.reader.got = 0;
    }

  g_free (peer_pull (&line.two));
  /* as many as half of what windows may grow by has room for */
  grown = open_many (&line.two, 20);
  g_assert_cmpuint (grown, <=, 4 * MIB);
  g_assert_cmpuint (grown, >, 2 * MIB);
  line_clear (&line);
}

static void
test_unlearned (void)
{
  g_autoptr (MhYamuxStream) stream = NULL;
  Line line;

  g_test_summary ("what was learned is forgotten in a minute");
  line_init (&line, 125000, 8 * 1000, NULL);
  stream = line_fill (&line);
  line_run (&line, 3000);
  mh_yamux_stream_reset (stream);
  for (guint i = 0; i < 6; i++)
    {
      g_assert_true (mh_yamux_tick (line.two.session, line.now_us));
      line_run (&line, 200);
    }
  g_assert_cmpuint (open_many (&line.two, 20), ==, 0);
  line_clear (&line);
}

static void
test_long_way (void)
{
  MhYamuxBudget budget = { .most = 64 * MIB };
  const MhYamuxLimits limits = { .most_received = 32 * MIB, .budget = &budget };
  g_autoptr (MhYamuxStream) stream = NULL;
  Line line;
  guint first = 0;

  g_test_summary (
      "a new stream on a long way has a window for 100 Mbit/s, as long as there is room");
  line_init (&line, 12500, 100 * 1000, &limits);
  stream = mh_yamux_open (line.one.session);
  g_assert_cmpuint (mh_yamux_stream_write (stream, zeros, 1), ==, 1);
  line_run (&line, 1000);
  g_assert_cmpuint (budget.used, >=, 2 * MIB); /* of the stream that began before it was known */
  g_free (peer_pull (&line.two));
  first = open_many (&line.two, 1);
  g_assert_cmpuint (first, >=, 2 * MIB);
  g_assert_cmpuint (first, <=, 3 * MIB);
  budget.used += budget.most / 2; /* by other connections */
  g_assert_cmpuint (open_from (&line.two, 2001, 20), ==, 0);
  budget.used -= budget.most / 2;
  g_assert_cmpuint (open_from (&line.two, 3001, 20), >, 4 * first);
  line_clear (&line);
  g_assert_cmpuint (budget.used, ==, 0);
}

/* Runs @steps round trips of 50 microseconds in which @size bytes come at most. */
static void
run_short (Line *line, guint steps, gsize size)
{
  for (guint i = 0; i < steps; i++)
    {
      line->now_us += 50;
      line->up.per_ms = line->down.per_ms = size;
      way_step (&line->up, &line->one, &line->two, line->now_us);
      way_step (&line->down, &line->two, &line->one, line->now_us);
    }
}

/* Whether another stream is at work beside the one that is looked at. */
typedef enum
{
  ALONE,
  BESIDE_CALL,
  AFTER_CALL,
} Company;

/* Returns: what a stream may have sent that is not read, at the end */
static gsize
go_short_way (gboolean is_bulk, Company company)
{
  g_autoptr (MhYamuxStream) stream = NULL;
  g_autoptr (MhYamuxStream) call = NULL;
  Line line;
  gsize left;

  line_init (&line, 0, 0, NULL);
  line.now_us = 1000;
  stream = mh_yamux_open (line.one.session);
  mh_yamux_stream_set_data (stream, &line); /* it rests while pings go */
  g_assert_cmpuint (mh_yamux_stream_write (stream, zeros, 1), ==, 1);
  run_short (&line, 20, 30000);
  g_assert_cmpint (mh_yamux_rtt_us (line.two.session), ==, 50);
  mh_yamux_stream_set_data (stream, NULL);
  if (is_bulk)
    mh_yamux_stream_set_priority (line.reader.streams->pdata[0], MH_YAMUX_BULK);
  call = mh_yamux_open (line.one.session);
  mh_yamux_stream_set_data (call, &line);
  fill (stream, NULL);
  run_short (&line, 2000, 30000);
  g_assert_cmpuint (line.reader.got, >=, 2000 * 29000);

  /* pings now wait behind 4 ms of data */
  line.up.delay_us = 4000;
  for (guint i = 0; i < 20; i++)
    {
      g_assert_true (mh_yamux_tick (line.two.session, line.now_us));
      if (company != ALONE)
        g_assert_cmpuint (mh_yamux_stream_write (call, zeros, 100), ==, 100);
      run_short (&line, 200, 30000);
    }
  if (company == AFTER_CALL)
    run_short (&line, 4000, 30000);
  g_assert_cmpint (mh_yamux_rtt_us (line.two.session), ==, 50);
  line.reader.deaf = 1;
  run_short (&line, 2000, 30000);
  left = mh_buf_size (mh_yamux_stream_received (line.reader.streams->pdata[0]));
  line_clear (&line);

  return left;
}

static void
test_short_way (void)
{
  static const struct
  {
    gboolean is_bulk;
    Company company;
    gsize most;
  } rows[] = {
    { FALSE, ALONE, MH_YAMUX_WINDOW_LEAST },
    { FALSE, BESIDE_CALL, MH_YAMUX_WINDOW_LEAST },
    /* long enough for threads that wait for a core */
    { TRUE, ALONE, MH_YAMUX_WINDOW_BULK },
    { TRUE, BESIDE_CALL, MH_YAMUX_WINDOW_LEAST },
    { TRUE, AFTER_CALL, MH_YAMUX_WINDOW_BULK },
  };

  g_test_summary ("where the way is short the window is too, and no queue makes it longer");
  for (guint row = 0; row < G_N_ELEMENTS (rows); row++)
    {
      gsize left = go_short_way (rows[row].is_bulk, rows[row].company);

      g_test_message ("row %u: %zu bytes", row, left);
      g_assert_cmpuint (left, >, rows[row].most / 2);
      g_assert_cmpuint (left, <=, rows[row].most);
    }
}

/* Streams that are at work one after the other and stay open. Returns: what the last got in 1 s */
static guint64
work_by_turns (Line *line, MhYamuxStream **streams, guint count)
{
  guint64 got = 0;

  for (guint i = 0; i < count; i++)
    {
      streams[i] = line_fill (line);
      line_run (line, 4000);
      got = line_run (line, 1000);
      mh_yamux_stream_set_data (streams[i], line); /* it rests */
      line_run (line, 1000);
      for (guint second = 0; second < 20; second++)
        {
          /* a word now and then is rest, too */
          for (guint j = 0; j <= i; j++)
            g_assert_cmpuint (mh_yamux_stream_write (streams[j], zeros, 100), ==, 100);
          line_run (line, 1000);
        }
    }

  return got;
}

static void
test_rest (void)
{
  MhYamuxBudget budget = { .most = 4 * MIB };
  const MhYamuxLimits limits = { .most_received = 4 * MIB, .budget = &budget };
  MhYamuxStream *streams[5];
  Line line;

  g_test_summary ("streams that rest leave their share of what windows may grow by to others");
  line_init (&line, 40000, 10 * 1000, &limits);
  g_assert_cmpuint (work_by_turns (&line, streams, 5), >=, 38000000);
  line_run (&line, 21000);
  /* what they are allowed to send has a bound of the same size */
  g_assert_cmpuint (budget.used, <=, budget.most / 2);
  for (guint i = 0; i < 5; i++)
    {
      mh_yamux_stream_set_data (streams[i], NULL);
      fill (streams[i], NULL);
    }
  g_assert_cmpuint (line_run (&line, 3000), >=, 108000000);
  g_assert_cmpuint (budget.used, <=, budget.most);
  for (guint i = 0; i < 5; i++)
    mh_yamux_stream_unref (streams[i]);
  line_clear (&line);
  g_assert_cmpuint (budget.used, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/yamux/growth", test_growth);
  g_test_add_func ("/p2p/yamux/slow-reader", test_slow_reader);
  g_test_add_func ("/p2p/yamux/growth-of-all", test_growth_of_all);
  g_test_add_func ("/p2p/yamux/unread-of-others", test_unread_of_others);
  g_test_add_func ("/p2p/yamux/learned", test_learned);
  g_test_add_func ("/p2p/yamux/unlearned", test_unlearned);
  g_test_add_func ("/p2p/yamux/long-way", test_long_way);
  g_test_add_func ("/p2p/yamux/short-way", test_short_way);
  g_test_add_func ("/p2p/yamux/rest", test_rest);

  return g_test_run ();
}
