/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "yamux-pair.h"

/* Remembers the stream that was opened. */
static void
note_stream (MhYamuxStream *stream, gpointer data)
{
  *(MhYamuxStream **) data = mh_yamux_stream_ref (stream);
}

/* A session that takes streams without reading them. */
static void
make_deaf (Peer *peer, const MhYamuxLimits *limits, MhYamuxStream **opened)
{
  static const MhYamuxEvents events = { note_stream, do_nothing, do_nothing, do_nothing };

  mh_yamux_free (peer->session);
  peer->session = mh_yamux_new (FALSE, limits, &events, opened);
}

static void
test_stall (void)
{
  g_autoptr (MhYamuxStream) stream = NULL;
  g_autoptr (MhYamuxStream) other = NULL;
  Peer one;
  Peer two;

  g_test_summary ("who does not read stops the sender at the window, and lets it go on");
  peer_init (&one, TRUE, NULL);
  peer_init (&two, FALSE, NULL);
  make_deaf (&two, NULL, &other);
  stream = mh_yamux_open (one.session);
  fill (stream, NULL);
  g_assert_cmpuint (mh_yamux_stream_unsent (stream), ==, 256 * 1024);
  peers_settle (&one, &two);
  g_assert_cmpuint (mh_buf_size (mh_yamux_stream_received (other)), ==, MH_YAMUX_WINDOW_START);
  assert_log (&one, "writable 1|");

  fill (stream, NULL);
  peers_settle (&one, &two);
  g_assert_cmpuint (mh_yamux_stream_unsent (stream), ==, 256 * 1024);
  g_assert_cmpuint (mh_buf_size (mh_yamux_stream_received (other)), ==, MH_YAMUX_WINDOW_START);
  mh_yamux_stream_consume (other, MH_YAMUX_WINDOW_START / 4 - 1);
  assert_pull (&two, "");
  mh_yamux_stream_consume (other, 1);
  peers_settle (&one, &two);
  g_assert_cmpuint (mh_yamux_stream_unsent (stream), ==, 192 * 1024);
  g_assert_cmpuint (mh_buf_size (mh_yamux_stream_received (other)), ==, MH_YAMUX_WINDOW_START);
  assert_log (&one, "");
  mh_yamux_stream_consume (other, MH_YAMUX_WINDOW_START / 4);
  peers_settle (&one, &two);
  assert_log (&one, "writable 1|");

  peer_clear (&one);
  peer_clear (&two);
  g_assert_true (mh_yamux_stream_is_broken (other));
}

static void
test_writable (void)
{
  static const MhYamuxEvents events = { do_nothing, do_nothing, fill, do_nothing };
  g_autoptr (MhYamuxStream) stream = NULL;
  Peer one;

  g_test_summary ("a stream that is filled again while it is pulled gives all of its window");
  peer_init (&one, TRUE, NULL);
  mh_yamux_free (one.session);
  one.session = mh_yamux_new (TRUE, &(MhYamuxLimits){ .most_send = 1000 }, &events, NULL);
  stream = mh_yamux_open (one.session);
  g_assert_cmpuint (mh_yamux_stream_room (stream), ==, 1000);
  fill (stream, NULL);
  g_assert_cmpuint (mh_yamux_stream_room (stream), ==, 0);
  mh_yamux_pull (one.session, &one.out, 100 * 1000);
  g_assert_cmpuint (mh_buf_size (&one.out), >=, 100 * 1000);
  g_assert_cmpuint (mh_buf_size (&one.out), <, 100 * 1000 + 1012);
  g_free (peer_pull (&one));
  g_assert_cmpuint (mh_yamux_stream_unsent (stream), >, 500);
  g_assert_false (mh_yamux_wants_send (one.session));
  peer_clear (&one);
}

/* Two streams that want room. What happens to the second while the first is told of room. */
typedef struct
{
  MhYamux *session;
  MhBuf out;
  MhYamuxStream *streams[2];
  void (*act) (MhYamuxStream *stream);
  guint told[2];
} Nested;

static void
nested_writable (MhYamuxStream *stream, gpointer data)
{
  Nested *nested = data;

  nested->told[stream == nested->streams[1]]++;
  if (stream != nested->streams[0])
    return;

  /* makes room in the second one, of which this pull does not tell */
  mh_yamux_pull (nested->session, &nested->out, G_MAXSIZE);
  g_assert_cmpuint (nested->told[1], ==, 0);
  nested->act (nested->streams[1]);
}

static void
keep (MhYamuxStream *stream)
{
}

static void
test_nested (void)
{
  static const MhYamuxEvents events = { do_nothing, do_nothing, nested_writable, do_nothing };
  static const struct
  {
    void (*act) (MhYamuxStream *stream);
    guint told;
  } rows[] = {
    { keep, 1 },
    { mh_yamux_stream_close_write, 0 },
    { mh_yamux_stream_reset, 0 },
  };

  g_test_summary ("a pull in writable() leaves the rest to the one around it");
  for (guint row = 0; row < G_N_ELEMENTS (rows); row++)
    {
      Nested nested = { .act = rows[row].act };

      nested.session = mh_yamux_new (TRUE, NULL, &events, &nested);
      for (guint i = 0; i < 2; i++)
        {
          nested.streams[i] = mh_yamux_open (nested.session);
          fill (nested.streams[i], NULL);
        }
      mh_yamux_pull (nested.session, &nested.out, G_MAXSIZE);
      g_assert_cmpuint (nested.told[0], ==, 1);
      g_assert_cmpuint (nested.told[1], ==, rows[row].told);
      mh_yamux_free (nested.session);
      for (guint i = 0; i < 2; i++)
        mh_yamux_stream_unref (nested.streams[i]);
      mh_buf_clear (&nested.out);
    }
}

/* Pulls one frame. Returns: the number of its stream */
static guint32
pull_one (Peer *peer, gsize *size)
{
  guint8 id = 0;

  g_assert_true (mh_yamux_pull (peer->session, &peer->out, 1));
  *size = mh_buf_size (&peer->out);
  id = mh_buf_peek (&peer->out)[7];
  mh_buf_clear (&peer->out);

  return id;
}

static void
test_priorities (void)
{
  static const struct
  {
    MhYamuxPriority priorities[4];
    const char *order; /* of the first frames */
  } rows[] = {
    { { MH_YAMUX_NORMAL, MH_YAMUX_NORMAL, MH_YAMUX_NORMAL, MH_YAMUX_NORMAL }, "135713571357" },
    { { MH_YAMUX_BULK, MH_YAMUX_NORMAL, MH_YAMUX_URGENT, MH_YAMUX_URGENT }, "575757575757" },
    { { MH_YAMUX_BULK, MH_YAMUX_NORMAL, MH_YAMUX_NORMAL, MH_YAMUX_BULK }, "353535353535" },
    { { MH_YAMUX_BULK, MH_YAMUX_BULK, MH_YAMUX_BULK, MH_YAMUX_BULK }, "135713571357" },
  };

  g_test_summary ("streams go by priority, those of one by turns");
  for (guint row = 0; row < G_N_ELEMENTS (rows); row++)
    {
      MhYamuxStream *streams[4];
      Peer one;
      gsize size = 0;

      peer_init (&one, TRUE, NULL);
      for (guint i = 0; i < 4; i++)
        {
          streams[i] = mh_yamux_open (one.session);
          /* before and after there is something to send */
          if (i % 2 == 0)
            mh_yamux_stream_set_priority (streams[i], rows[row].priorities[i]);
          fill (streams[i], NULL);
          mh_yamux_stream_set_priority (streams[i], rows[row].priorities[i]);
        }
      for (guint i = 0; i < 4; i++)
        {
          pull_one (&one, &size);
          g_assert_cmpuint (size, ==, MH_YAMUX_HEADER);
        }
      for (guint i = 0; rows[row].order[i] != '\0'; i++)
        {
          g_assert_cmpuint (pull_one (&one, &size), ==, rows[row].order[i] - '0');
          g_assert_cmpuint (size, ==, MH_YAMUX_MOST_DATA + MH_YAMUX_HEADER);
        }
      for (guint i = 0; i < 4; i++)
        mh_yamux_stream_unref (streams[i]);
      peer_clear (&one);
    }
}

static void
test_urgent (void)
{
  g_autoptr (MhYamuxStream) bulk = NULL;
  g_autoptr (MhYamuxStream) call = NULL;
  Peer one;
  gsize size = 0;
  guint bulk_frames = 0;

  g_test_summary ("an urgent frame waits for one other at most, and other streams do not starve");
  peer_init (&one, TRUE, NULL);
  bulk = mh_yamux_open (one.session);
  call = mh_yamux_open (one.session);
  mh_yamux_stream_set_priority (bulk, MH_YAMUX_BULK);
  mh_yamux_stream_set_priority (call, MH_YAMUX_URGENT);
  fill (bulk, NULL);
  pull_one (&one, &size);
  pull_one (&one, &size);
  g_assert_cmpuint (pull_one (&one, &size), ==, 1);
  g_assert_cmpuint (size, ==, MH_YAMUX_MOST_DATA + MH_YAMUX_HEADER);

  for (guint i = 0; i < 10 * (MH_YAMUX_PATIENCE + 1); i++)
    {
      guint32 id = 0;

      mh_yamux_stream_write (call, zeros, 100);
      id = pull_one (&one, &size);
      if (id == 1)
        {
          bulk_frames++;
          g_assert_cmpuint (pull_one (&one, &size), ==, 3);
        }
    }
  g_assert_cmpuint (bulk_frames, ==, 10);
  /* a window and an answer go before both */
  mh_yamux_stream_write (call, zeros, 100);
  assert_feed (&one, "P S 0 9");
  g_assert_cmpuint (pull_one (&one, &size), ==, 0);
  peer_clear (&one);
}

static void
test_urgent_alone (void)
{
  g_autoptr (MhYamuxStream) bulk = NULL;
  g_autoptr (MhYamuxStream) message = NULL;
  g_auto (MhBuf) out = { NULL };
  Peer one;

  g_test_summary ("what is before bulk streams does not wait until they are pulled as well");
  peer_init (&one, TRUE, NULL);
  bulk = mh_yamux_open (one.session);
  message = mh_yamux_open (one.session);
  mh_yamux_stream_set_priority (bulk, MH_YAMUX_BULK);
  while (mh_yamux_pull (one.session, &out, 65536) && mh_yamux_wants_send (one.session))
    ;
  mh_buf_consume (&out, mh_buf_size (&out));
  mh_yamux_stream_write (bulk, zeros, 50000);
  mh_yamux_stream_write (message, zeros, 100);
  g_assert_true (mh_yamux_is_urgent (one.session));
  g_assert_true (mh_yamux_pull (one.session, &out, 65536));
  g_assert_cmpuint (mh_buf_size (&out), ==, 100 + MH_YAMUX_HEADER);
  g_assert_false (mh_yamux_is_urgent (one.session));
  g_assert_true (mh_yamux_wants_send (one.session));
  g_assert_true (mh_yamux_pull (one.session, &out, 65536));
  g_assert_cmpuint (mh_buf_size (&out), >, 50000 + 100);
  g_assert_false (mh_yamux_wants_send (one.session));
  peer_clear (&one);
}

static void
test_interactive (void)
{
  static const struct
  {
    MhYamuxPriority priority;
    gboolean is_interactive;
  } rows[] = { { MH_YAMUX_URGENT, TRUE }, { MH_YAMUX_NORMAL, TRUE }, { MH_YAMUX_BULK, FALSE } };
  const gint64 now_us = 5 * G_USEC_PER_SEC;

  g_test_summary ("data of other than bulk streams is noted on both sides, for a while");
  for (guint row = 0; row < G_N_ELEMENTS (rows); row++)
    {
      g_autoptr (MhYamuxStream) stream = NULL;
      g_autoptr (MhYamuxStream) other = NULL;
      Peer peers[2];

      peer_init (&peers[0], TRUE, NULL);
      peer_init (&peers[1], FALSE, NULL);
      make_deaf (&peers[1], NULL, &other);
      stream = mh_yamux_open (peers[0].session);
      peers_settle (&peers[0], &peers[1]);
      mh_yamux_stream_set_priority (stream, rows[row].priority);
      mh_yamux_stream_set_priority (other, rows[row].priority);
      for (guint i = 0; i < 2; i++)
        {
          g_assert_true (mh_yamux_tick (peers[i].session, now_us));
          peers[i].now_us = now_us;
          g_assert_false (mh_yamux_is_interactive (peers[i].session, now_us));
        }
      mh_yamux_stream_write (stream, zeros, 100);
      peers_settle (&peers[0], &peers[1]);
      for (guint i = 0; i < 2; i++)
        {
          MhYamux *session = peers[i].session;

          g_assert_cmpint (mh_yamux_is_interactive (session, now_us + 1), ==,
                           rows[row].is_interactive);
          g_assert_false (mh_yamux_is_interactive (session, now_us + MH_YAMUX_INTERACTIVE_US));
          peer_clear (&peers[i]);
        }
    }
}

static void
test_pull_is_small (void)
{
  Peer one;
  Peer two;

  g_test_summary ("room is made for what there is to send, and for no more");
  peer_init (&one, TRUE, NULL);
  peer_init (&two, FALSE, NULL);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (MhYamuxStream) stream = mh_yamux_open (one.session);

      fill (stream, NULL);
      if (i % 2 == 0)
        peers_settle (&one, &two);
      mh_yamux_stream_reset (stream);
    }
  peers_settle (&one, &two);
  mh_buf_clear (&one.out);
  assert_feed (&one, "P S 0 5");
  g_assert_true (mh_yamux_pull (one.session, &one.out, G_MAXSIZE));
  g_assert_cmpuint (one.out.capacity, <=, 1024);
  peer_clear (&one);
  peer_clear (&two);
}

static gsize
heap_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static void
echo (MhYamuxStream *stream, gpointer data)
{
  const MhBuf *received = mh_yamux_stream_received (stream);

  mh_yamux_stream_consume (
      stream, mh_yamux_stream_write (stream, mh_buf_peek (received), mh_buf_size (received)));
}

static void
test_idle_streams (void)
{
  static const MhYamuxEvents events = { do_nothing, echo, do_nothing, do_nothing };
  static const MhYamuxLimits limits = { .most_streams = 10000 };
  const guint count = 10000;
  Peer one;
  Peer two;
  gsize before = 0;

  g_test_summary ("an idle stream costs little, also when it has been busy");
  peer_init (&one, TRUE, NULL);
  peer_init (&two, FALSE, NULL);
  mh_yamux_free (two.session);
  two.session = mh_yamux_new (FALSE, &limits, &events, NULL);
  before = heap_bytes ();
  for (guint i = 0; i < count; i++)
    {
      g_autoptr (MhYamuxStream) stream = mh_yamux_open (one.session);

      g_assert_cmpuint (mh_yamux_stream_write (stream, zeros, 20000), ==, 20000);
      if (i % 100 == 99)
        peers_settle (&one, &two);
      g_string_truncate (one.log, 0);
    }
  g_assert_cmpuint (mh_yamux_count (one.session), ==, count);
  g_assert_cmpuint (mh_yamux_count (two.session), ==, count);
  g_assert_true (mh_yamux_tick (one.session, 1));
  g_assert_true (mh_yamux_tick (two.session, 1));
  mh_buf_clear (&one.out);
  mh_buf_clear (&two.out);
  g_test_message ("%zu bytes a stream", (heap_bytes () - before) / (2 * count));
  /* a sanitizer counts nothing */
  g_assert_cmpuint (heap_bytes () - before, <, 2 * count * 400);
  peer_clear (&one);
  peer_clear (&two);
}

static void
test_idle_peers (void)
{
  const guint count = 500;
  g_autofree Peer *peers = g_new0 (Peer, 2 * count);
  gsize before = heap_bytes ();

  g_test_summary ("an idle peer costs little, also when it has been busy");
  for (guint i = 0; i < count; i++)
    {
      Peer *one = &peers[2 * i];
      Peer *two = &peers[2 * i + 1];

      peer_init (one, TRUE, NULL);
      peer_init (two, FALSE, NULL);
      for (guint j = 0; j < 5; j++)
        {
          g_autoptr (MhYamuxStream) stream = mh_yamux_open (one->session);

          mh_yamux_stream_write (stream, zeros, 100000);
          peers_settle (one, two);
          mh_yamux_stream_close_write (stream);
          peers_settle (one, two);
        }
      g_assert_true (mh_yamux_tick (one->session, 1));
      g_assert_true (mh_yamux_tick (two->session, 1));
      peers_settle (one, two);
      /* what the test itself keeps */
      mh_buf_clear (&one->out);
      mh_buf_clear (&two->out);
    }
  g_test_message ("%zu bytes a peer", (heap_bytes () - before) / (2 * count));
  g_assert_cmpuint (heap_bytes () - before, <, 2 * count * 16 * 1024);
  for (guint i = 0; i < 2 * count; i++)
    peer_clear (&peers[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/yamux/stall", test_stall);
  g_test_add_func ("/p2p/yamux/writable", test_writable);
  g_test_add_func ("/p2p/yamux/nested", test_nested);
  g_test_add_func ("/p2p/yamux/priorities", test_priorities);
  g_test_add_func ("/p2p/yamux/urgent", test_urgent);
  g_test_add_func ("/p2p/yamux/urgent-alone", test_urgent_alone);
  g_test_add_func ("/p2p/yamux/interactive", test_interactive);
  g_test_add_func ("/p2p/yamux/pull-is-small", test_pull_is_small);
  g_test_add_func ("/p2p/yamux/idle-streams", test_idle_streams);
  g_test_add_func ("/p2p/yamux/idle-peers", test_idle_peers);

  return g_test_run ();
}
