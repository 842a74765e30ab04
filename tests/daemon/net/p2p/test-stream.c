/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "host-kit.h"

/* Streams as their users see them: on the loop, by workers, and at every bad moment. */

#define SINK "/sink/1"

/* Two hosts, the first connected to the second. */
typedef struct
{
  MhSecret *key;
  MhtNode *one;
  MhtNode *two;
} Pair;

static void
pair_init (Pair *self)
{
  self->key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  self->one = mht_node_new (self->key, 0, NULL);
  self->two = mht_node_new (self->key, 0, "/ip4/127.0.0.1/tcp/0");
  mht_assert_connects (self->one, self->two);
  mht_wait_until (self->two, mht_is_connected, &self->one->id);
}

static void
pair_clear (Pair *self)
{
  g_clear_pointer (&self->one, mht_node_free);
  g_clear_pointer (&self->two, mht_node_free);
  mh_secret_free (self->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* Returns: (transfer full): a stream of the first to the second */
static MhStream *
open_stream (Pair *self, const char *protocol)
{
  const char *names[] = { protocol, NULL };
  g_autoptr (GError) error = NULL;
  MhStream *stream =
      mh_host_open_wait (self->one->host, &self->two->id, names, MHT_TIMEOUT_MS, &error);

  g_assert_no_error (error);

  return stream;
}

typedef struct
{
  const char *protocol;
  MhHostHandler handler;
  gpointer data;
} Handling;

static void
handle_here (MhHost *host, gpointer data)
{
  Handling *handling = data;

  mh_host_handle (host, handling->protocol, handling->handler, handling->data);
}

static void
handle (MhtNode *node, const char *protocol, MhHostHandler handler, gpointer data)
{
  Handling handling = { protocol, handler, data };

  mh_host_run (node->host, handle_here, &handling);
}

/* -- handing a stream to the test, which is a worker -- */

static void
on_given (MhStream *stream, gpointer data)
{
  g_async_queue_push (data, stream);
}

/* Returns: (transfer full): the other end of a stream, which the second host took */
static MhStream *
take_given (GAsyncQueue *queue)
{
  MhStream *stream = g_async_queue_timeout_pop (queue, 30 * G_USEC_PER_SEC);

  g_assert_nonnull (stream);

  return stream;
}

/* -- in callbacks -- */

typedef struct
{
  MhHost *host;
  MhtWait wait;
  MhStream *stream;
  gboolean was_connected;
} Callback;

static void
on_drop (MhStream *stream, gpointer data)
{
  Callback *self = data;
  MhPeerId peer = *mh_stream_peer (stream);

  mh_host_disconnect (self->host, &peer);
  mh_stream_unref (stream);
  mht_wait_done (&self->wait, NULL);
}

static void
test_disconnect_in_handler (void)
{
  static const char *const names[] = { SINK, NULL };
  g_auto (Pair) pair = { NULL };
  Callback callback = { NULL };
  g_autoptr (MhStream) stream = NULL;
  guint8 byte;

  g_test_summary ("a handler may close the connection that its stream came by");
  pair_init (&pair);
  callback.host = pair.two->host;
  mht_wait_init (&callback.wait);
  handle (pair.two, SINK, on_drop, &callback);
  /* the agreement may be lost with the connection */
  stream = mh_host_open_wait (pair.one->host, &pair.two->id, names, MHT_TIMEOUT_MS, NULL);
  mht_wait_for (&callback.wait);
  g_assert_true (stream == NULL
                 || mh_stream_read_wait (stream, &byte, 1, MHT_TIMEOUT_MS, NULL) == -1);
  mht_wait_until (pair.one, mht_is_gone, &pair.two->id);
  mht_wait_until (pair.two, mht_is_gone, &pair.one->id);
  mht_assert_connects (pair.one, pair.two);
}

static void
on_reopened (MhStream *stream, const GError *error, gpointer data)
{
  mht_wait_done (&((Callback *) data)->wait, error);
}

static void
on_own_broken (MhStream *stream, gpointer data)
{
  Callback *self = data;
  MhPeerId peer = *mh_stream_peer (stream);

  self->was_connected = mh_host_is_connected (self->host, &peer);
  mh_stream_unref (g_steal_pointer (&self->stream));
  mh_host_open (self->host, &peer, mht_echo_names, MHT_TIMEOUT_MS, on_reopened, self);
}

static const MhStreamFuncs broken_funcs = { NULL, NULL, on_own_broken };

static void
on_opened_here (MhStream *stream, const GError *error, gpointer data)
{
  Callback *self = data;

  self->stream = mh_stream_ref (stream);
  mh_stream_set_funcs (stream, &broken_funcs, self);
  mht_wait_done (&self->wait, error);
}

static void
open_here (MhHost *host, gpointer data)
{
  gpointer *both = data;

  mh_host_open (host, both[1], mht_echo_names, MHT_TIMEOUT_MS, on_opened_here, both[0]);
}

static void
disconnect_here (MhHost *host, gpointer data)
{
  mh_host_disconnect (host, data);
}

static void
test_open_when_broken (void)
{
  g_auto (Pair) pair = { NULL };
  Callback callback = { NULL };
  gpointer both[] = { &callback, NULL };

  g_test_summary ("whoever is told that its stream broke may open another at once");
  pair_init (&pair);
  both[1] = &pair.two->id;
  callback.host = pair.one->host;
  mht_wait_init (&callback.wait);
  mh_host_run (pair.one->host, open_here, both);
  mht_wait_for (&callback.wait);
  mht_wait_init (&callback.wait);
  mh_host_run (pair.one->host, disconnect_here, &pair.two->id);
  mht_wait_for (&callback.wait);
  g_assert_no_error (callback.wait.error);
  g_assert_false (callback.was_connected);
  mht_wait_until (pair.one, mht_is_connected, &pair.two->id);
}

/* Who is told of the end of a stream that has broken before anybody used it. */
typedef struct
{
  MhtWait wait;
  MhStream *stream;
  guint told;
} Late;

static void
on_late_readable (MhStream *stream, gpointer data)
{
  g_assert_not_reached ();
}

static void
on_late_broken (MhStream *stream, gpointer data)
{
  Late *late = data;

  late->told++;
  mht_wait_done (&late->wait, NULL);
}

static void
use_late (MhHost *host, gpointer data)
{
  static const MhStreamFuncs never = { on_late_readable, NULL, on_late_broken };
  static const MhStreamFuncs funcs = { NULL, NULL, on_late_broken };
  Late *late = data;

  g_assert_true (mh_stream_is_broken (late->stream));
  mh_stream_set_funcs (late->stream, &never, NULL);
  mh_stream_set_funcs (late->stream, NULL, NULL);
  mh_stream_set_funcs (late->stream, &funcs, late);
  g_assert_cmpuint (late->told, ==, 0); /* its user may not be ready for it */
}

static void
do_nothing (MhHost *host, gpointer data)
{
}

static void
test_used_late (void)
{
  g_auto (Pair) pair = { NULL };
  Late late = { .told = 0 };

  g_test_summary ("who uses a stream that is broken already is told, once, from the loop");
  pair_init (&pair);
  late.stream = open_stream (&pair, MHT_ECHO);
  mh_host_run (pair.one->host, disconnect_here, &pair.two->id);
  mht_wait_init (&late.wait);
  mh_host_run (pair.one->host, use_late, &late);
  mht_wait_for (&late.wait);
  mh_host_run (pair.one->host, do_nothing, NULL); /* what was posted before has run */
  g_assert_cmpuint (late.told, ==, 1);
  mh_stream_unref (late.stream);
}

/* -- long messages on the loop -- */

typedef struct
{
  GBytes *message;
  GError *error;
  MhtWait wait;
  gsize most;
} Taking;

static void
on_message (MhStream *stream, gpointer data)
{
  Taking *self = data;

  if (mh_stream_take_message (stream, self->most, &self->message, &self->error)
      && self->message == NULL)
    return;
  mh_stream_set_funcs (stream, NULL, NULL);
  mh_stream_unref (stream);
  mht_wait_done (&self->wait, NULL);
}

static void
on_taking (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_message, NULL, NULL };

  mh_stream_set_funcs (stream, &funcs, data);
}

static void
test_long_message (void)
{
  static const gsize sizes[] = { 0, 1, 262000, 262144, 300000, 1048576 };

  g_test_summary ("a message may be longer than the window of a new stream");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_auto (Pair) pair = { NULL };
      Taking taking = { .most = 1048576 };
      g_autofree guint8 *bytes = g_malloc (sizes[i] + 1);
      g_autoptr (MhStream) stream = NULL;
      g_autoptr (GError) error = NULL;
      gconstpointer got;
      gsize size;

      pair_init (&pair);
      mht_wait_init (&taking.wait);
      handle (pair.two, SINK, on_taking, &taking);
      stream = open_stream (&pair, SINK);
      mht_fill (bytes, sizes[i], i);
      g_assert_true (
          mh_stream_write_message_wait (stream, bytes, sizes[i], MHT_TIMEOUT_MS, &error));
      mht_wait_for (&taking.wait);
      g_assert_no_error (taking.error);
      got = g_bytes_get_data (taking.message, &size);
      g_assert_cmpmem (got, size, bytes, sizes[i]);
      g_bytes_unref (taking.message);
    }
}

static void
test_bad_length (void)
{
  static const guint8 lengths[][10] = { { 0xe9, 0x07 },
                                        { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
                                        { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                          0x7f } };

  g_test_summary ("a length over the limit, or none that can be, is refused on the loop");
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_auto (Pair) pair = { NULL };
      Taking taking = { .most = 1000 };
      g_autoptr (MhStream) stream = NULL;

      pair_init (&pair);
      mht_wait_init (&taking.wait);
      handle (pair.two, SINK, on_taking, &taking);
      stream = open_stream (&pair, SINK);
      g_assert_true (mh_stream_write_wait (stream, lengths[i], 10, MHT_TIMEOUT_MS, NULL));
      mht_wait_for (&taking.wait);
      g_assert_null (taking.message);
      g_assert_error (taking.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
      g_error_free (taking.error);
    }
}

/* -- workers -- */

typedef struct
{
  MhStream *stream;
  const guint8 *bytes;
  gsize size;
} Writing;

static gpointer
write_and_close (gpointer data)
{
  Writing *self = data;

  g_assert_true (
      mh_stream_write_wait (self->stream, self->bytes, self->size, MHT_TIMEOUT_MS, NULL));
  mh_stream_close_write (self->stream);

  return NULL;
}

#define EMPTY_MESSAGES (3 * 1024 * 1024)

static void
test_empty_messages (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (MhStream) other = NULL;
  g_autofree guint8 *zeros = g_malloc0 (EMPTY_MESSAGES);
  Writing writing = { NULL, zeros, EMPTY_MESSAGES };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) end = NULL;
  GThread *writer;

  g_test_summary ("messages of nothing make room for what comes after them");
  pair_init (&pair);
  handle (pair.two, SINK, on_given, queue);
  stream = writing.stream = open_stream (&pair, SINK);
  other = take_given (queue);
  writer = g_thread_new ("write", write_and_close, &writing);
  for (guint i = 0; i < EMPTY_MESSAGES; i++)
    {
      g_autoptr (GBytes) message = mh_stream_read_message_wait (other, 10, MHT_TIMEOUT_MS, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (message), ==, 0);
    }
  g_thread_join (writer);
  end = mh_stream_read_message_wait (other, 10, MHT_TIMEOUT_MS, &error);
  g_assert_null (end);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

#define PARTS 120

/* Returns: (transfer full): bytes that belong to message @i; larger than what may wait now and then
 */
static GBytes *
part_of (guint i, gboolean is_head)
{
  gsize size = is_head ? i % 7 * 40 : i % 11 == 0 ? 2500000 : i % 5 == 0 ? 0 : i * 997 % 200000;
  guint8 *data = g_malloc (size + 1);

  mht_fill (data, size, 2 * i + (is_head ? 1 : 0));

  return g_bytes_new_take (data, size);
}

static gpointer
write_parts (gpointer data)
{
  for (guint i = 0; i < PARTS; i++)
    {
      g_autoptr (GBytes) head = part_of (i, TRUE);
      g_autoptr (GBytes) body = i % 3 == 0 ? NULL : part_of (i, FALSE);

      g_assert_true (mh_stream_write_parts_wait (data, head, body, MHT_TIMEOUT_MS, NULL));
    }

  return NULL;
}

static void
test_parts (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (MhStream) other = NULL;
  GThread *writer;

  g_test_summary ("messages in parts of any size come whole and in order");
  pair_init (&pair);
  handle (pair.two, SINK, on_given, queue);
  stream = open_stream (&pair, SINK);
  other = take_given (queue);
  writer = g_thread_new ("write", write_parts, stream);
  for (guint i = 0; i < PARTS; i++)
    {
      g_autoptr (GBytes) head = part_of (i, TRUE);
      g_autoptr (GBytes) body = i % 3 == 0 ? g_bytes_new (NULL, 0) : part_of (i, FALSE);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) message =
          mh_stream_read_message_wait (other, 5000000, MHT_TIMEOUT_MS, &error);
      gsize size = g_bytes_get_size (head);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (message), ==, size + g_bytes_get_size (body));
      if (size > 0)
        g_assert_cmpmem (g_bytes_get_data (message, NULL), size, g_bytes_get_data (head, NULL),
                         size);
      if (g_bytes_get_size (body) > 0)
        g_assert_cmpmem ((const guint8 *) g_bytes_get_data (message, NULL) + size,
                         g_bytes_get_size (body), g_bytes_get_data (body, NULL),
                         g_bytes_get_size (body));
    }
  g_thread_join (writer);
}

static void
test_parts_end (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (GBytes) large = part_of (0, FALSE);
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (MhStream) other = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = NULL;
  gint64 begin_us;

  g_test_summary (
      "a message that ends early is an error, and a peer that takes nothing does not have "
      "a worker wait for ever");
  pair_init (&pair);
  handle (pair.two, SINK, on_given, queue);
  stream = open_stream (&pair, SINK);
  other = take_given (queue);
  begin_us = g_get_monotonic_time ();
  while (mh_stream_write_parts_wait (stream, large, NULL, 100, &error))
    g_assert_cmpint (g_get_monotonic_time () - begin_us, <, 20 * G_TIME_SPAN_SECOND);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  message = mh_stream_read_message_wait (other, 5000000, MHT_TIMEOUT_MS, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (message, large));
  mh_stream_reset (stream);
  while (error == NULL)
    {
      g_autoptr (GBytes) more =
          mh_stream_read_message_wait (other, 5000000, MHT_TIMEOUT_MS, &error);

      g_assert_true (more == NULL || g_bytes_equal (more, large));
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static void
test_worker_limits (void)
{
  static const guint8 long_one[] = { 11, 'x' };
  static const guint8 endless[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f };
  static const guint8 short_one[] = { 5, 'x' };
  g_auto (Pair) pair = { NULL };
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  const Writing table[] = { { NULL, long_one, sizeof long_one },
                            { NULL, endless, sizeof endless },
                            { NULL, short_one, sizeof short_one } };

  g_test_summary ("what a worker reads as a message is one, within its limit, or an error");
  pair_init (&pair);
  handle (pair.two, SINK, on_given, queue);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (MhStream) stream = open_stream (&pair, SINK);
      g_autoptr (MhStream) other = take_given (queue);
      g_autoptr (GBytes) message = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (
          mh_stream_write_wait (stream, table[i].bytes, table[i].size, MHT_TIMEOUT_MS, &error));
      mh_stream_close_write (stream);
      message = mh_stream_read_message_wait (other, 10, MHT_TIMEOUT_MS, &error);
      g_assert_null (message);
      g_assert_cmpint (error->code, ==,
                       i < 2 ? G_IO_ERROR_INVALID_DATA : G_IO_ERROR_CONNECTION_CLOSED);
    }
}

static void
test_worker_timeouts (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (MhStream) other = NULL;
  g_autofree guint8 *bytes = g_malloc0 (4 * 1024 * 1024);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = NULL;
  guint8 half[] = { 10, 1 };

  g_test_summary ("a peer that takes nothing, or sends half a message, does not hold a worker");
  pair_init (&pair);
  handle (pair.two, SINK, on_given, queue);
  stream = open_stream (&pair, SINK);
  other = take_given (queue);
  g_assert_false (mh_stream_write_wait (stream, bytes, 4 * 1024 * 1024, 50, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_assert_true (mh_stream_write_wait (other, half, sizeof half, MHT_TIMEOUT_MS, &error));
  message = mh_stream_read_message_wait (stream, 100, 50, &error);
  g_assert_null (message);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void
test_host_is_gone (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (MhStream) used = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) write_error = NULL;
  guint8 byte = 1;
  gint64 begin_us;

  g_test_summary ("a stream whose host is gone says so at once, also to who never used it");
  pair_init (&pair);
  stream = open_stream (&pair, MHT_ECHO);
  used = open_stream (&pair, MHT_ECHO);
  g_assert_true (mh_stream_write_wait (used, &byte, 1, MHT_TIMEOUT_MS, NULL));
  g_assert_cmpint (mh_stream_read_wait (used, &byte, 1, MHT_TIMEOUT_MS, NULL), ==, 1);
  g_clear_pointer (&pair.one, mht_node_free);
  begin_us = g_get_monotonic_time ();
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, MHT_TIMEOUT_MS, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_false (mh_stream_write_wait (stream, &byte, 1, MHT_TIMEOUT_MS, &write_error));
  g_assert_error (write_error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_cmpint (mh_stream_read_wait (used, &byte, 1, MHT_TIMEOUT_MS, NULL), ==, -1);
  g_assert_cmpint (g_get_monotonic_time () - begin_us, <, MHT_TIMEOUT_MS * 1000);
}

/* Gives a stream up in one of its states. */
static void
give_up (Pair *pair, GAsyncQueue *queue, guint state)
{
  g_autoptr (MhStream) stream = open_stream (pair, SINK);
  g_autoptr (MhStream) other = state != 0 ? take_given (queue) : NULL;
  g_autofree guint8 *bytes = g_malloc0 (600000);
  g_autoptr (GError) error = NULL;

  if (state == 1)
    mh_stream_reset (stream);
  if (state == 2)
    g_assert_true (mh_stream_write_wait (stream, bytes, 100, MHT_TIMEOUT_MS, NULL));
  if (state == 3)
    mh_stream_close_write (other);
  if (state == 4)
    {
      /* more than the other side takes: it waits in three places */
      g_assert_true (mh_stream_write_wait (stream, bytes, 600000, MHT_TIMEOUT_MS, NULL));
      mh_stream_close_write (stream);
    }
  if (state == 5)
    {
      g_assert_true (mh_stream_write_wait (other, bytes, 600000, MHT_TIMEOUT_MS, NULL));
      mh_stream_close_write (stream);
    }
  if (state == 6)
    mh_stream_reset (other);
  if (state == 0)
    {
      g_clear_pointer (&stream, mh_stream_unref);
      other = take_given (queue);
      g_assert_cmpint (mh_stream_read_wait (other, bytes, 1, MHT_TIMEOUT_MS, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    }
}

static gboolean
has_no_streams (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_connections (host);

  return all->len == 1 && ((MhHostConnection *) all->pdata[0])->streams == 0;
}

static void
test_given_up (void)
{
  g_auto (Pair) pair = { NULL };
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();

  g_test_summary ("a stream may be given up in any state, and leaves nothing");
  pair_init (&pair);
  handle (pair.two, SINK, on_given, queue);
  for (guint round = 0; round < 20; round++)
    for (guint state = 0; state < 7; state++)
      give_up (&pair, queue, state);
  mht_echo_through (pair.one, &pair.two->id, 100000, 1);
  mht_wait_until (pair.one, has_no_streams, NULL);
  mht_wait_until (pair.two, has_no_streams, NULL);
}

static gpointer
reset_soon (gpointer data)
{
  mh_stream_reset (data);

  return NULL;
}

/* A worker that waits for bytes is woken when somebody else ends the stream here. */
static void
test_reset_wakes_worker (void)
{
  g_autoptr (GAsyncQueue) queue = g_async_queue_new_full ((GDestroyNotify) mh_stream_unref);
  g_auto (Pair) pair = { NULL };
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;
  gint64 began_us;
  guint8 byte;

  pair_init (&pair);
  handle (pair.two, SINK, on_given, queue);
  stream = open_stream (&pair, SINK);
  began_us = g_get_monotonic_time ();
  thread = g_thread_new ("reset", reset_soon, stream);
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, MHT_TIMEOUT_MS, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_cmpint (g_get_monotonic_time () - began_us, <, MHT_TIMEOUT_MS * 1000 / 2);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/stream/disconnect-in-handler", test_disconnect_in_handler);
  g_test_add_func ("/p2p/stream/open-when-broken", test_open_when_broken);
  g_test_add_func ("/p2p/stream/used-late", test_used_late);
  g_test_add_func ("/p2p/stream/long-message", test_long_message);
  g_test_add_func ("/p2p/stream/bad-length", test_bad_length);
  g_test_add_func ("/p2p/stream/empty-messages", test_empty_messages);
  g_test_add_func ("/p2p/stream/parts", test_parts);
  g_test_add_func ("/p2p/stream/parts-end", test_parts_end);
  g_test_add_func ("/p2p/stream/worker-limits", test_worker_limits);
  g_test_add_func ("/p2p/stream/worker-timeouts", test_worker_timeouts);
  g_test_add_func ("/p2p/stream/host-is-gone", test_host_is_gone);
  g_test_add_func ("/p2p/stream/reset-wakes-worker", test_reset_wakes_worker);
  g_test_add_func ("/p2p/stream/given-up", test_given_up);

  return g_test_run ();
}
