/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/yamux/yamux-private.h"
#include "yamux-pair.h"

#define PING "P S 0 1"

static void
test_frames (void)
{
  static const struct
  {
    const char *in;
    const char *out;
    const char *log;
  } rows[] = {
    { "W S 1 0", PING "|W A 1 0", "opened 1|" },
    { "D S 1 0", PING "|W A 1 0", "opened 1|" },
    { "D S 1 3 abc", PING "|W A 1 3", "opened 1|abc 1|" },
    { "W SF 1 0", PING "|W A 1 0", "opened 1|end 1|" },
    { "D SF 1 3 abc", PING "|W A 1 3", "opened 1|abc 1|end 1|" },
    { "W SU 1 0", PING "|W A 1 0", "opened 1|" },
    { "W S 1 0|W R 1 5", PING, "opened 1|broken 1|" },
    { "W SR 1 0", PING, "opened 1|broken 1|" },
    { "D SR 1 3 abc", PING, "opened 1|broken 1|" },
    { "W S 1 0|D - 1 2 hi|W F 1 0", PING "|W A 1 2", "opened 1|hi 1|end 1|" },
    { "W S 1 0|W F 1 0|W F 1 0|D F 1 0", PING "|W A 1 0", "opened 1|end 1|" },
    { "W S 1 0|D - 1 0|W - 1 0", PING "|W A 1 0", "opened 1|" },
    { "W S 3 0|W S 1 0", PING "|W A 3 0|W A 1 0", "opened 3|opened 1|" },
    { "W S 8191 0|W S 1 0", PING "|W A 8191 0|W A 1 0", "opened 8191|opened 1|" },
    { "W S 4294967295 0", PING "|W A 4294967295 0", "opened 4294967295|" },
    { "W S 1 4294705151", PING "|W A 1 0", "opened 1|" },
    { "W S 1 0|D - 1 262144", PING "|W A 1 0", "opened 1|" },
    { "P S 0 77|P S 0 78", PING "|P A 0 77|P A 0 78", "" },
    { "P A 0 1", PING "|P S 0 2", "" },
    { "W - 1 10|W F 3 0|W R 5 0|D - 7 0|W A 2 0", PING, "" },
    { "G - 0 0", PING, "" },
    /* data after the end resets that stream only */
    { "W S 1 0|W F 1 0|D - 1 1 x|W S 3 0", PING "|W R 1 0|W A 3 0",
      "opened 1|end 1|broken 1|opened 3|" },
    /* and these break the session */
    { "V S 1 0", "G - 0 1", "" },
    { "X - 0 0", "G - 0 1", "" },
    { "P A 0 5", "G - 0 1", "" },
    { "P A 0 1|P A 0 1", "G - 0 1", "" },
    { "P - 0 1", "G - 0 1", "" },
    { "P SA 0 1", "G - 0 1", "" },
    { "P S 1 0", "G - 0 1", "" },
    { "G - 1 0", "G - 0 1", "" },
    { "G - 0 1", "", "" },
    { "G - 0 2", "", "" },
    { "W S 0 0", "G - 0 1", "" },
    { "D - 0 0", "G - 0 1", "" },
    { "W S 2 0", "G - 0 1", "" },
    { "W S 1 0|W S 1 0", "G - 0 1", "opened 1|broken 1|" },
    { "W S 1 0|W R 1 0|W S 1 0", "G - 0 1", "opened 1|broken 1|" },
    { "W S 8193 0|W S 1 0", "G - 0 1", "opened 8193|broken 8193|" },
    { "W S 123 0|W R 123 0|W S 8191 0|W R 8191 0|W S 8313 0|W R 8313 0|W S 123 0", "G - 0 1",
      "opened 123|broken 123|opened 8191|broken 8191|opened 8313|broken 8313|" },
    { "D - 1 1 x", "G - 0 1", "" },
    { "W S 1 0|D - 1 262145", "G - 0 1", "opened 1|broken 1|" },
    { "D S 1 4294967295", "G - 0 1", "opened 1|broken 1|" },
    { "W S 1 4294705152", "G - 0 1", "opened 1|broken 1|" },
  };

  g_test_summary ("frames give frames and events, however they are cut");
  for (guint i = 0; i < G_N_ELEMENTS (rows) * 14; i++)
    {
      guint row = i / 14;
      gsize piece = i % 14 == 0 ? G_MAXSIZE : i % 14;
      g_autoptr (GError) error = NULL;
      gboolean is_good = FALSE;
      Peer peer;

      g_test_message ("%s, %zu", rows[row].in, piece);
      peer_init (&peer, FALSE, NULL);
      is_good = peer_feed (&peer, rows[row].in, piece, &error);
      g_assert_cmpint (is_good, ==, g_str_has_prefix (rows[row].out, PING));
      g_assert_cmpint (is_good, ==, error == NULL);
      g_assert_cmpint (mh_yamux_is_going (peer.session), ==, g_str_equal (rows[row].in, "G - 0 0"));
      /* cut data is told of in pieces */
      if (piece == G_MAXSIZE || strchr (rows[row].in, 'D') == NULL)
        g_assert_cmpstr (peer.log->str, ==, rows[row].log);
      assert_pull (&peer, rows[row].out);
      if (!is_good)
        {
          g_assert_cmpuint (mh_yamux_count (peer.session), ==, 0);
          g_assert_null (mh_yamux_open (peer.session));
          g_assert_false (mh_yamux_tick (peer.session, 2));
          g_assert_false (peer_feed (&peer, "P S 0 1", piece, NULL));
          assert_pull (&peer, "");
        }
      peer_clear (&peer);
    }
}

static void
test_open (void)
{
  Peer peer;
  MhYamuxStream *one = NULL;
  MhYamuxStream *two = NULL;

  g_test_summary ("a stream of ours is written at once, and sends no more than the window");
  peer_init (&peer, TRUE, NULL);
  one = mh_yamux_open (peer.session);
  two = mh_yamux_open (peer.session);
  g_assert_cmpuint (mh_yamux_stream_id (one), ==, 1);
  g_assert_cmpuint (mh_yamux_stream_id (two), ==, 3);
  g_assert_null (mh_yamux_stream_get_data (one));
  mh_yamux_stream_set_data (one, &peer);
  g_assert_true (mh_yamux_stream_get_data (one) == &peer);
  g_assert_cmpuint (mh_yamux_stream_write (two, (const guint8 *) "hello", 5), ==, 5);
  g_assert_cmpuint (mh_yamux_stream_unsent (two), ==, 5);
  mh_yamux_stream_close_write (two);
  g_assert_cmpuint (mh_yamux_stream_write (two, (const guint8 *) "hello", 5), ==, 0);
  g_assert_cmpuint (mh_yamux_stream_room (two), ==, 0);
  assert_pull (&peer, "W S 1 0|W S 3 0|D - 3 5 hello|W F 3 0");
  g_assert_cmpuint (mh_yamux_stream_unsent (two), ==, 0);
  g_assert_cmpuint (mh_yamux_count (peer.session), ==, 2);

  assert_feed (&peer, "W A 3 0|D - 3 2 yo|W F 3 0");
  assert_log (&peer, "yo 3|end 3|");
  g_assert_true (mh_yamux_stream_is_ended (two));
  g_assert_false (mh_yamux_stream_is_broken (two));
  g_assert_cmpuint (mh_yamux_count (peer.session), ==, 1);
  assert_pull (&peer, PING);

  mh_yamux_stream_unref (two);
  peer_clear (&peer);
  g_assert_true (mh_yamux_stream_is_broken (one));
  g_assert_false (mh_yamux_stream_is_ended (one));
  g_assert_cmpuint (mh_yamux_stream_write (one, (const guint8 *) "hello", 5), ==, 0);
  mh_yamux_stream_close_write (one);
  mh_yamux_stream_set_priority (one, MH_YAMUX_BULK);
  mh_yamux_stream_reset (one);
  mh_yamux_stream_unref (one);
}

static void
test_end_with_data (void)
{
  Peer peer;
  g_autoptr (MhYamuxStream) stream = NULL;

  g_test_summary ("a frame with data ends a stream when all of it came");
  peer_init (&peer, TRUE, NULL);
  stream = mh_yamux_open (peer.session);
  mh_yamux_stream_close_write (stream);
  assert_pull (&peer, "W S 1 0|W F 1 0");
  assert_feed (&peer, "D AF 1 5 abc");
  assert_log (&peer, "abc 1|");
  g_assert_false (mh_yamux_stream_is_ended (stream));
  g_assert_cmpuint (mh_yamux_count (peer.session), ==, 1);
  g_assert_true (mh_yamux_feed (peer.session, (const guint8 *) "de", 2, 1, NULL));
  assert_log (&peer, "de 1|end 1|");
  g_assert_cmpuint (mh_yamux_count (peer.session), ==, 0);
  g_assert_false (mh_yamux_stream_is_broken (stream));
  peer_clear (&peer);
}

/* Opens a stream of ours and brings it to a state. */
static MhYamuxStream *
bring_to (Peer *peer, const char *state)
{
  MhYamuxStream *stream = mh_yamux_open (peer->session);

  for (const char *step = state; *step != '\0'; step++)
    switch (*step)
      {
      case 'p': /* pull */
        g_free (peer_pull (peer));
        break;
      case 'a': /* acknowledged */
        assert_feed (peer, "W A 1 0");
        break;
      case 'd': /* data came */
        assert_feed (peer, "D - 1 3 abc");
        break;
      case 'f': /* their end came */
        assert_feed (peer, "W F 1 0");
        break;
      case 'h': /* half a frame came */
        assert_feed (peer, "D - 1 5 abc");
        break;
      case 'w':
        g_assert_cmpuint (mh_yamux_stream_write (stream, (const guint8 *) "abc", 3), ==, 3);
        break;
      case 'c':
        mh_yamux_stream_close_write (stream);
        break;
      default:
        g_assert_not_reached ();
      }

  return stream;
}

static void
test_reset (void)
{
  static const struct
  {
    const char *state;
    const char *out;
    const char *after; /* what was on its way, and is no harm */
  } rows[] = {
    { "", "", "" },
    { "w", "", "" },
    { "c", "", "" },
    { "p", "W R 1 0", "W A 1 0|D - 1 2 hi|W - 1 100" },
    { "pa", PING "|W R 1 0", "W R 1 0" },
    { "paw", PING "|W R 1 0", "D F 1 0" },
    { "pawp", "W R 1 0", "W F 1 0" },
    { "pawc", PING "|W R 1 0", "D - 1 262144" },
    { "pawcp", "W R 1 0", "" },
    { "padp", "W R 1 0", "D - 1 262141" },
    { "padfp", "W R 1 0", "" },
    { "padfwp", "W R 1 0", "" },
    { "pahp", "W R 1 0", "" },
    { "padfcp", "", "W - 1 10" },
  };

  g_test_summary ("a reset is sent in each state where the other side knows the stream");
  for (guint i = 0; i < G_N_ELEMENTS (rows) * 2; i++)
    {
      guint row = i / 2;
      g_autoptr (MhYamuxStream) stream = NULL;
      Peer peer;

      g_test_message ("%s", rows[row].state);
      peer_init (&peer, TRUE, NULL);
      peer.consumes = i % 2;
      stream = bring_to (&peer, rows[row].state);
      g_string_truncate (peer.log, 0);
      mh_yamux_stream_reset (stream);
      mh_yamux_stream_reset (stream);
      g_assert_cmpuint (mh_yamux_count (peer.session), ==, 0);
      /* the last one was over before */
      g_assert_cmpint (mh_yamux_stream_is_broken (stream), ==, row + 1 < G_N_ELEMENTS (rows));
      assert_pull (&peer, rows[row].out);
      assert_feed (&peer, rows[row].after);
      assert_log (&peer, "");
      peer_clear (&peer);
    }
}

static void
test_reset_by_them (void)
{
  static const char *const states[] = {
    "p", "pa", "paw", "pawp", "pawc", "pawcp", "pad", "padf", "padfw",
  };

  g_test_summary ("their reset breaks a stream in each state, once");
  for (guint i = 0; i < G_N_ELEMENTS (states) * 2; i++)
    {
      g_autoptr (MhYamuxStream) stream = NULL;
      Peer peer;

      peer_init (&peer, TRUE, NULL);
      peer.consumes = i % 2;
      stream = bring_to (&peer, states[i / 2]);
      g_string_truncate (peer.log, 0);
      assert_feed (&peer, "W R 1 7|W R 1 7");
      assert_log (&peer, "broken 1|");
      g_assert_cmpuint (mh_yamux_count (peer.session), ==, 0);
      g_assert_cmpuint (mh_buf_size (mh_yamux_stream_received (stream)), ==, 0);
      g_assert_cmpuint (mh_yamux_stream_unsent (stream), ==, 0);
      g_free (peer_pull (&peer));
      assert_pull (&peer, "");
      peer_clear (&peer);
    }
}

static void
test_data_after_reset (void)
{
  g_autoptr (MhYamuxStream) stream = NULL;
  Peer peer;

  g_test_summary ("what is on its way to a stream that was reset is forgiven, and no more");
  peer_init (&peer, TRUE, NULL);
  stream = bring_to (&peer, "pah");
  mh_yamux_stream_reset (stream);
  /* the rest of the frame, then of the window, but one byte more than that */
  g_assert_true (mh_yamux_feed (peer.session, (const guint8 *) "de", 2, 1, NULL));
  assert_feed (&peer, "D - 1 3 abc|D - 1 2 ab");
  assert_log (&peer, "abc 1|");
  assert_breaks (&peer, "D - 1 262135");
  peer_clear (&peer);
}

static void
test_limits (void)
{
  Peer peer;

  g_test_summary ("streams over the limit are reset, and the session goes on");
  peer_init (&peer, FALSE, &(MhYamuxLimits){ .most_streams = 2 });
  assert_feed (&peer, "W S 1 0|W S 3 0|D S 5 3 abc|W F 5 0|W S 7 0");
  assert_log (&peer, "opened 1|opened 3|");
  assert_pull (&peer, PING "|W R 5 0|W R 7 0|W A 1 0|W A 3 0");
  assert_feed (&peer, "W R 1 0|W S 9 0|D - 5 200000");
  assert_log (&peer, "broken 1|opened 9|");
  g_assert_cmpuint (mh_yamux_count (peer.session), ==, 2);
  peer_clear (&peer);
}

/* Returns: the text of a ping, or of a new stream; each @number is another one */
static char *
flood_frame (gboolean is_ping, guint number)
{
  if (is_ping)
    return g_strdup_printf ("P S 0 %u", number);

  return g_strdup_printf ("W S %u 0", 2 * number + 1);
}

static void
feed_flood (Peer *peer, gboolean is_ping, guint from, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *frame = flood_frame (is_ping, from + i);

      assert_feed (peer, frame);
    }
}

static void
test_floods (void)
{
  g_test_summary ("answers that are not taken are limited, those that are taken are not");
  for (guint is_ping = 0; is_ping < 2; is_ping++)
    {
      guint most = is_ping ? MH_YAMUX_MOST_PINGS : 2 + MH_YAMUX_MOST_RESETS;
      g_autofree char *last = flood_frame (is_ping, 99999);
      Peer peer;

      peer_init (&peer, FALSE, &(MhYamuxLimits){ .most_streams = 2 });
      for (guint i = 0; i < 3; i++)
        {
          feed_flood (&peer, is_ping, i * most, most);
          g_free (peer_pull (&peer));
        }
      feed_flood (&peer, is_ping, 3 * most, most);
      assert_breaks (&peer, last);
      assert_pull (&peer, "G - 0 1");
      peer_clear (&peer);
    }
}

static void
reset_it (MhYamuxStream *stream, gpointer data)
{
  mh_yamux_stream_reset (stream);
}

static void
test_refused_flood (void)
{
  static const MhYamuxEvents events = { reset_it, reset_it, reset_it, reset_it };
  Peer peer;
  guint i = 0;
  gboolean is_good = TRUE;

  g_test_summary ("who opens streams that we reset, and does not read, is cut off");
  peer_init (&peer, FALSE, NULL);
  mh_yamux_free (peer.session);
  peer.session = mh_yamux_new (FALSE, &(MhYamuxLimits){ .most_streams = 2 }, &events, NULL);
  for (; is_good && i < 5000; i++)
    {
      g_autofree char *frame = g_strdup_printf ("W S %u 0", 2 * i + 1);

      is_good = peer_feed (&peer, frame, 5, NULL);
      g_assert_cmpuint (mh_yamux_count (peer.session), ==, 0);
    }
  g_assert_false (is_good);
  g_assert_cmpuint (i, ==, 2 + MH_YAMUX_MOST_RESETS + 1);
  peer_clear (&peer);
}

static void
test_unacknowledged (void)
{
  g_autoptr (GPtrArray) streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_yamux_stream_unref);
  Peer peer;
  g_autofree char *all = NULL;

  g_test_summary ("the other side is told of so many streams only as long as it acknowledges none");
  peer_init (&peer, TRUE, NULL);
  for (guint i = 0; i < MH_YAMUX_MOST_UNACKNOWLEDGED + 4; i++)
    {
      MhYamuxStream *stream = mh_yamux_open (peer.session);

      g_ptr_array_add (streams, stream);
      if (i >= MH_YAMUX_MOST_UNACKNOWLEDGED)
        g_assert_cmpuint (mh_yamux_stream_write (stream, (const guint8 *) "abc", 3), ==, 3);
      mh_yamux_stream_set_priority (stream, MH_YAMUX_URGENT);
    }
  all = peer_pull (&peer);
  g_assert_true (g_str_has_suffix (all, "|W S 511 0"));
  g_assert_cmpuint (mh_yamux_count (peer.session), ==, MH_YAMUX_MOST_UNACKNOWLEDGED + 4);

  assert_feed (&peer, "W A 1 0|W A 1 0");
  assert_pull (&peer, PING "|W S 513 0|D - 513 3 abc");
  assert_feed (&peer, "W R 3 0");
  assert_pull (&peer, "W S 515 0|D - 515 3 abc");
  assert_log (&peer, "broken 3|");
  mh_yamux_stream_reset (streams->pdata[3]);
  assert_pull (&peer, "W R 7 0|W S 517 0|D - 517 3 abc");
  /* what was not told of yet ends with a goodbye, what was goes on */
  assert_feed (&peer, "G - 0 0");
  assert_log (&peer, "broken 519|");
  g_assert_true (mh_yamux_is_going (peer.session));
  g_assert_null (mh_yamux_open (peer.session));
  assert_feed (&peer, "D A 5 2 hi");
  assert_log (&peer, "hi 5|");
  assert_pull (&peer, "");
  peer_clear (&peer);
}

static void
test_frame_of_held (void)
{
  Peer peer;
  g_autoptr (MhYamuxStream) stream = NULL;

  g_test_summary ("nobody knows of a stream that was not told of");
  peer_init (&peer, TRUE, NULL);
  stream = mh_yamux_open (peer.session);
  assert_breaks (&peer, "W A 1 0");
  g_assert_true (mh_yamux_stream_is_broken (stream));
  peer_clear (&peer);
}

static void
test_go_away (void)
{
  Peer peer;
  g_autoptr (MhYamuxStream) stream = NULL;

  g_test_summary ("after a goodbye open streams go on and new ones are refused");
  peer_init (&peer, TRUE, NULL);
  stream = mh_yamux_open (peer.session);
  g_free (peer_pull (&peer));
  mh_yamux_go_away (peer.session);
  mh_yamux_go_away (peer.session);
  g_assert_false (mh_yamux_is_going (peer.session));
  g_assert_null (mh_yamux_open (peer.session));
  assert_pull (&peer, "G - 0 0");
  assert_feed (&peer, "W A 1 0|W S 2 0|D S 4 2 hi|D - 1 2 hi");
  assert_log (&peer, "hi 1|");
  assert_pull (&peer, PING "|W R 2 0|W R 4 0");
  peer_clear (&peer);
}

static void
test_ping (void)
{
  Peer peer;

  g_test_summary ("pings give the shortest round trip of late, or show that nobody is there");
  peer_init (&peer, TRUE, NULL);
  g_assert_cmpint (mh_yamux_rtt_us (peer.session), ==, 0);
  g_assert_true (mh_yamux_tick (peer.session, 1000));
  g_assert_true (mh_yamux_tick (peer.session, 1001));
  assert_pull (&peer, PING);
  peer.now_us = 6000;
  assert_feed (&peer, "P A 0 1");
  g_assert_cmpint (mh_yamux_rtt_us (peer.session), ==, 5000);
  for (guint i = 2; i < 10; i++)
    {
      g_autofree char *answer = g_strdup_printf ("P A 0 %u", i);
      gint64 sent_us = peer.now_us; /* the first four follow each other */

      if (i > 4)
        {
          sent_us = 100000 * i;
          g_assert_true (mh_yamux_tick (peer.session, sent_us));
        }
      peer.now_us = sent_us + 10000 + i;
      assert_feed (&peer, answer);
      g_assert_cmpint (mh_yamux_rtt_us (peer.session), ==, i < 9 ? 5000 : 10002);
    }

  g_free (peer_pull (&peer));
  g_assert_true (mh_yamux_tick (peer.session, 1000000));
  g_assert_true (mh_yamux_tick (peer.session, 1000000 + MH_YAMUX_PING_TIMEOUT_US - 1));
  g_assert_false (mh_yamux_tick (peer.session, 1000000 + MH_YAMUX_PING_TIMEOUT_US));
  assert_pull (&peer, "P S 0 10");
  peer_clear (&peer);
}

/* Does what a user may do, all at once. */
static void
do_much (MhYamuxStream *stream, gpointer data)
{
  Peer *peer = data;
  g_autoptr (MhYamuxStream) other = mh_yamux_open (peer->session);

  if (other != NULL)
    mh_yamux_stream_write (other, (const guint8 *) "abc", 3);
  mh_yamux_stream_consume (stream, mh_buf_size (mh_yamux_stream_received (stream)) / 2);
  mh_yamux_stream_write (stream, (const guint8 *) "abc", 3);
  mh_yamux_pull (peer->session, &peer->out, 20);
  mh_yamux_stream_set_priority (stream, MH_YAMUX_BULK);
  mh_yamux_stream_close_write (stream);
  mh_yamux_pull (peer->session, &peer->out, G_MAXSIZE);
  if (other != NULL)
    mh_yamux_stream_reset (other);
  mh_yamux_stream_reset (stream);
  mh_yamux_go_away (peer->session);
}

static void
test_callbacks (void)
{
  static const MhYamuxEvents busy = { do_much, do_much, do_much, do_much };
  static const char *const rows[] = {
    "W S 1 0", "D SF 1 3 abc", "W S 1 0|D - 1 3 abc|D F 1 2 ab", "W SR 1 0", "W S 1 0|V - 0 0",
  };

  g_test_summary ("events may do anything to their stream and to others");
  for (guint i = 0; i < G_N_ELEMENTS (rows) * 16; i++)
    {
      MhYamuxEvents events = *peer_events ();
      Peer peer;

      /* each of the four events is busy or not */
      if ((i & 1) != 0)
        events.opened = busy.opened;
      if ((i & 2) != 0)
        events.readable = busy.readable;
      if ((i & 4) != 0)
        events.writable = busy.writable;
      if ((i & 8) != 0)
        events.broken = busy.broken;
      peer_init (&peer, FALSE, NULL);
      mh_yamux_free (peer.session);
      peer.session = mh_yamux_new (FALSE, NULL, &events, &peer);
      (void) peer_feed (&peer, rows[i / 16], 7, NULL);
      g_free (peer_pull (&peer));
      peer_clear (&peer);
    }
}

static void
note_all_broken (MhYamuxStream *stream, gpointer data)
{
  GPtrArray *streams = data;

  for (guint i = 0; i < streams->len; i++)
    {
      g_assert_true (mh_yamux_stream_is_broken (streams->pdata[i]));
      g_assert_cmpuint (mh_yamux_stream_write (streams->pdata[i], (const guint8 *) "a", 1), ==, 0);
    }
  mh_yamux_stream_set_data (stream, GINT_TO_POINTER (1));
}

static void
test_free (void)
{
  static const MhYamuxEvents events = { NULL, NULL, NULL, note_all_broken };
  g_autoptr (GPtrArray) streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_yamux_stream_unref);
  MhYamux *session = mh_yamux_new (TRUE, NULL, &events, streams);

  g_test_summary ("the end of a session breaks every stream, each told of once");
  for (guint i = 0; i < 1000; i++)
    g_ptr_array_add (streams, mh_yamux_open (session));
  mh_yamux_stream_reset (streams->pdata[0]);
  mh_yamux_free (session);
  for (guint i = 0; i < 1000; i++)
    g_assert_true ((i == 0) == (mh_yamux_stream_get_data (streams->pdata[i]) == NULL));
  mh_yamux_free (NULL);
}

static void
test_last_number (void)
{
  g_test_summary ("numbers of streams do not begin again");
  for (guint is_client = 0; is_client < 2; is_client++)
    {
      g_autoptr (MhYamuxStream) stream = NULL;
      Peer peer;

      peer_init (&peer, is_client, NULL);
      /* two thousand million streams are too many for a test */
      peer.session->next_id = G_MAXUINT32 - 3 + is_client;
      mh_yamux_stream_unref (mh_yamux_open (peer.session));
      stream = mh_yamux_open (peer.session);
      g_assert_cmpuint (mh_yamux_stream_id (stream), ==, G_MAXUINT32 - 1 + is_client);
      g_assert_null (mh_yamux_open (peer.session));
      peer_clear (&peer);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/yamux/frames", test_frames);
  g_test_add_func ("/p2p/yamux/open", test_open);
  g_test_add_func ("/p2p/yamux/end-with-data", test_end_with_data);
  g_test_add_func ("/p2p/yamux/reset", test_reset);
  g_test_add_func ("/p2p/yamux/reset-by-them", test_reset_by_them);
  g_test_add_func ("/p2p/yamux/data-after-reset", test_data_after_reset);
  g_test_add_func ("/p2p/yamux/limits", test_limits);
  g_test_add_func ("/p2p/yamux/floods", test_floods);
  g_test_add_func ("/p2p/yamux/refused-flood", test_refused_flood);
  g_test_add_func ("/p2p/yamux/unacknowledged", test_unacknowledged);
  g_test_add_func ("/p2p/yamux/frame-of-held", test_frame_of_held);
  g_test_add_func ("/p2p/yamux/go-away", test_go_away);
  g_test_add_func ("/p2p/yamux/ping", test_ping);
  g_test_add_func ("/p2p/yamux/callbacks", test_callbacks);
  g_test_add_func ("/p2p/yamux/free", test_free);
  g_test_add_func ("/p2p/yamux/last-number", test_last_number);

  return g_test_run ();
}
