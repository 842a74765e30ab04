/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "net/p2p/host/host.h"
#include "net/p2p/identify/identify.h"
#include "net/p2p/perf/perf.h"
#include "net/p2p/ping/ping.h"
#include "net/p2p/pnet/pnet.h"
#include "net/p2p/pnet/swarm-key.h"
#include "net/p2p/relay/relay.h"

#define ECHO "/echo/1.0.0"
#define TIMEOUT_MS 10000

static const char *const echo_names[] = { ECHO, NULL };

/* A host with what the tests need, each on a loop of its own. */
typedef struct
{
  MhSigner *signer;
  MhHost *host;
  MhIdentify *identify;
  MhRelay *relay;
  MhRelayClient *client;
  MhPeerId id;
} Node;

/* -- waiting -- */

/* What is waited for: a call that is made on the loop. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean is_done; /* (locked-by lock) */
  GError *error;
  gint64 number;
} Wait;

static void
wait_init (Wait *self)
{
  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
}

static void
wait_done (Wait *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  self->error = error != NULL ? g_error_copy (error) : NULL;
  self->is_done = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
wait_for (Wait *self)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&self->lock);
  while (!self->is_done)
    g_assert_true (g_cond_wait_until (&self->changed, &self->lock, end_us));
  g_mutex_unlock (&self->lock);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

/* Asks on the loop until it is so. */
typedef gboolean (*Question) (MhHost *host, gpointer data);

typedef struct
{
  Question question;
  gpointer data;
  gboolean answer;
} Asked;

static void
ask_here (MhHost *host, gpointer data)
{
  Asked *asked = data;

  asked->answer = asked->question (host, asked->data);
}

static gboolean
is_so (Node *node, Question question, gpointer data)
{
  Asked asked = { question, data };

  mh_host_run (node->host, ask_here, &asked);

  return asked.answer;
}

static void
wait_until (Node *node, Question question, gpointer data)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  while (!is_so (node, question, data))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_thread_yield ();
    }
}

/* -- nodes -- */

static void
echo_more (MhStream *stream, gpointer data)
{
  const MhBuf *received = mh_stream_received (stream);

  mh_stream_consume (stream,
                     mh_stream_write (stream, mh_buf_peek (received), mh_buf_size (received)));
  if (mh_buf_size (mh_stream_received (stream)) > 0 || !mh_stream_is_ended (stream))
    return;
  mh_stream_close_write (stream);
  mh_stream_set_funcs (stream, NULL, NULL);
  mh_stream_unref (stream);
}

static void
echo_broken (MhStream *stream, gpointer data)
{
  mh_stream_unref (stream);
}

static void
on_echo (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { echo_more, echo_more, echo_broken };

  mh_stream_set_funcs (stream, &funcs, NULL);
}

static void
set_up (MhHost *host, gpointer data)
{
  Node *self = data;

  self->identify = mh_identify_new (host);
  self->relay = mh_relay_new (host);
  self->client = mh_relay_client_new (host);
  mh_ping_serve (host);
  mh_perf_serve (host);
  mh_host_handle (host, ECHO, on_echo, NULL);
}

static void
listen_on (Node *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (text, &error);

  g_assert_no_error (error);
  g_assert_true (mh_host_listen (self->host, address, &error));
  g_assert_no_error (error);
}

/* @listen may be %NULL: a node that nobody can dial. */
static Node *
node_new (const MhSecret *key, MhSecurity security, const char *listen)
{
  Node *self = g_new0 (Node, 1);
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  MhHostNew request = { .swarm_key = key, .security = security };
  g_autoptr (GError) error = NULL;

  self->signer = mh_signer_new (seed);
  request.signer = self->signer;
  self->host = mh_host_new (&request, &error);
  g_assert_no_error (error);
  self->id = *mh_host_id (self->host);
  mh_host_run (self->host, set_up, self);
  if (listen != NULL)
    listen_on (self, listen);

  return self;
}

static void
node_free (Node *self)
{
  mh_host_free (self->host);
  mh_identify_free (self->identify);
  mh_relay_free (self->relay);
  mh_relay_client_free (self->client);
  mh_signer_free (self->signer);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Node, node_free)

static void
take_first (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_addresses (host);

  g_assert_cmpuint (all->len, >, 0);
  *(MhMultiaddr **) data = mh_multiaddr_with_peer (all->pdata[0], mh_host_id (host));
}

/* Returns: (transfer full): where a node listens, with its id */
static MhMultiaddr *
address_of (Node *node)
{
  MhMultiaddr *address = NULL;

  mh_host_run (node->host, take_first, &address);

  return address;
}

/* -- connecting -- */

typedef struct
{
  MhMultiaddr *address;
  Wait wait;
} Connect;

static void
on_connected (MhHost *host, const GError *error, gpointer data)
{
  wait_done (&((Connect *) data)->wait, error);
}

static void
connect_here (MhHost *host, gpointer data)
{
  Connect *connect = data;

  mh_host_connect_to (host, connect->address, TIMEOUT_MS, on_connected, connect);
}

/* Returns: (transfer full) (nullable): why there is no connection */
static GError *
connect_to (Node *from, MhMultiaddr *address)
{
  Connect connect = { address };

  wait_init (&connect.wait);
  mh_host_post (from->host, connect_here, &connect);
  wait_for (&connect.wait);

  return connect.wait.error;
}

static void
assert_connects (Node *from, Node *to)
{
  g_autoptr (MhMultiaddr) address = address_of (to);
  g_autoptr (GError) error = connect_to (from, address);

  g_assert_no_error (error);
}

static gboolean
is_connected (MhHost *host, gpointer data)
{
  return mh_host_is_connected (host, data);
}

static gboolean
is_gone (MhHost *host, gpointer data)
{
  return !mh_host_is_connected (host, data);
}

static gboolean
speaks_echo (MhHost *host, gpointer data)
{
  return mh_host_speaks (host, data, ECHO);
}

/* -- moving bytes, as a worker -- */

static void
fill (guint8 *data, gsize size, guint64 seed)
{
  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) ((seed + i) * 2654435761u >> 13);
}

typedef struct
{
  MhStream *stream;
  gsize size;
  guint64 seed;
} Writing;

static gpointer
write_all (gpointer data)
{
  Writing *self = data;
  g_autofree guint8 *bytes = g_malloc (self->size + 1);
  g_autoptr (GError) error = NULL;

  fill (bytes, self->size, self->seed);
  g_assert_true (mh_stream_write_wait (self->stream, bytes, self->size, TIMEOUT_MS, &error));
  g_assert_no_error (error);
  mh_stream_close_write (self->stream);

  return NULL;
}

/* Sends @size bytes to the echo of @to and compares what comes back. */
static void
echo_through (Node *from, const MhPeerId *to, gsize size, guint64 seed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) stream = mh_host_open_wait (from->host, to, echo_names, TIMEOUT_MS, &error);
  g_autofree guint8 *wanted = g_malloc (size + 1);
  g_autofree guint8 *got = g_malloc (size + 1);
  Writing writing = { stream, size, seed };
  GThread *writer;
  gsize done = 0;
  gssize some;

  g_assert_no_error (error);
  g_assert_cmpstr (mh_stream_protocol (stream), ==, ECHO);
  fill (wanted, size, seed);
  writer = g_thread_new ("write", write_all, &writing);
  do
    {
      some = mh_stream_read_wait (stream, got + done, size + 1 - done, TIMEOUT_MS, &error);
      g_assert_no_error (error);
      done += (gsize) some;
    }
  while (some > 0);
  g_thread_join (writer);
  g_assert_cmpmem (got, done, wanted, size);
}

/* -- tests -- */

static void
test_streams (gconstpointer data)
{
  const char *listen = data;
  static const MhSecurity securities[] = { MH_SECURITY_TLS, MH_SECURITY_NOISE, MH_SECURITY_BOTH };
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);

  g_test_summary ("two hosts connect, identify each other and echo bytes both ways");
  for (guint i = 0; i < G_N_ELEMENTS (securities); i++)
    {
      g_autoptr (Node) one = node_new (key, securities[i], listen);
      g_autoptr (Node) two = node_new (key, securities[i], listen);

      assert_connects (one, two);
      wait_until (two, is_connected, &one->id);
      wait_until (one, speaks_echo, &two->id);
      wait_until (two, speaks_echo, &one->id);
      echo_through (one, &two->id, 0, 1);
      echo_through (one, &two->id, 1, 2);
      echo_through (two, &one->id, 3000000, 3);
      echo_through (one, &two->id, 3000000, 4);
    }
}

typedef struct
{
  Node *from;
  const MhPeerId *to;
  guint seed;
} Job;

static gpointer
run_job (gpointer data)
{
  Job *job = data;

  echo_through (job->from, job->to, 1000 + job->seed * 997, job->seed);

  return NULL;
}

static void
test_many_streams (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (Node) two = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  GThread *threads[100];
  Job jobs[G_N_ELEMENTS (threads)];

  g_test_summary ("a hundred streams at once, opened from both sides");
  assert_connects (one, two);
  wait_until (two, is_connected, &one->id);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      jobs[i] = (Job){ i % 2 == 0 ? one : two, i % 2 == 0 ? &two->id : &one->id, i };
      threads[i] = g_thread_new ("echo", run_job, &jobs[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
take_refusals (MhHost *host, gpointer data)
{
  *(MhHostRefusals *) data = mh_host_refusals (host);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;

  return count;
}

static void
test_wrong_key (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhSecret) other = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (Node) friend = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (Node) stranger = node_new (other, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhMultiaddr) address = address_of (one);
  MhHostRefusals refusals;
  guint before;

  g_test_summary ("a peer of another network is refused, and everybody else goes on");
  assert_connects (friend, one);
  wait_until (one, is_connected, &friend->id);
  before = count_descriptors ();
  for (guint i = 0; i < 20; i++)
    {
      GError *error = connect_to (stranger, address);

      g_assert_nonnull (error);
      g_error_free (error);
    }
  mh_host_run (one->host, take_refusals, &refusals);
  g_assert_cmpuint (refusals.handshakes, >=, 1);
  g_assert_true (is_so (one, is_gone, &stranger->id));
  echo_through (friend, &one->id, 100000, 7);
  g_assert_cmpuint (count_descriptors (), <=, before + 2);
}

static void
test_wrong_peer (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (Node) two = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (Node) three = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhMultiaddr) address = address_of (two);
  g_autoptr (MhMultiaddr) wrong = mh_multiaddr_with_peer (address, &three->id);
  g_autoptr (MhMultiaddr) own = address_of (one);
  g_autoptr (MhMultiaddr) nameless = mh_multiaddr_without_peer (own);
  g_autoptr (GError) error = connect_to (one, wrong);
  g_autoptr (GError) self_error = connect_to (one, own);
  g_autoptr (GError) nameless_error = connect_to (one, nameless);

  g_test_summary ("whoever is dialled has to be there; oneself is nobody to dial");
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_error (self_error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (nameless_error);
  g_assert_true (is_so (one, is_gone, &three->id));
  assert_connects (one, two);
}

static void
test_no_protocol (void)
{
  static const char *const names[] = { "/nobody/1", "/speaks/2", NULL };
  static const char *const second[] = { "/nobody/1", ECHO, NULL };
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, NULL);
  g_autoptr (Node) two = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) unknown = NULL;
  g_autoptr (MhStream) none = NULL;
  g_autoptr (MhStream) stream = NULL;

  g_test_summary ("a protocol that nobody speaks, a peer that nobody knows");
  none = mh_host_open_wait (one->host, &two->id, echo_names, TIMEOUT_MS, &unknown);
  g_assert_null (none);
  g_assert_error (unknown, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_connects (one, two);
  none = mh_host_open_wait (one->host, &two->id, names, TIMEOUT_MS, &error);
  g_assert_null (none);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  stream = mh_host_open_wait (one->host, &two->id, second, TIMEOUT_MS, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (mh_stream_protocol (stream), ==, ECHO);
}

static void
test_end (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, NULL);
  Node *two = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  MhPeerId id = two->id;
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) stream = NULL;
  guint8 byte = 1;

  g_test_summary ("a peer that ends breaks its streams; who held one may go on holding it");
  assert_connects (one, two);
  stream = mh_host_open_wait (one->host, &id, echo_names, TIMEOUT_MS, &error);
  g_assert_no_error (error);
  g_assert_true (mh_stream_write_wait (stream, &byte, 1, TIMEOUT_MS, &error));
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, TIMEOUT_MS, &error), ==, 1);
  node_free (two);
  wait_until (one, is_gone, &id);
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, TIMEOUT_MS, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static void
test_timeout (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, NULL);
  g_autoptr (Node) two = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) stream = NULL;
  guint8 byte;

  g_test_summary ("a read that gets nothing ends when its time is up");
  assert_connects (one, two);
  stream = mh_host_open_wait (one->host, &two->id, echo_names, TIMEOUT_MS, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, 50, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

typedef struct
{
  const MhPeerId *peer;
  Wait wait;
  MhPerfResult result;
} Measure;

static void
on_pinged (gint64 rtt_us, const GError *error, gpointer data)
{
  ((Measure *) data)->wait.number = rtt_us;
  wait_done (&((Measure *) data)->wait, error);
}

static void
ping_here (MhHost *host, gpointer data)
{
  mh_ping (host, ((Measure *) data)->peer, TIMEOUT_MS, on_pinged, data);
}

static void
on_measured (const MhPerfResult *result, const GError *error, gpointer data)
{
  if (result != NULL)
    ((Measure *) data)->result = *result;
  wait_done (&((Measure *) data)->wait, error);
}

static void
perf_here (MhHost *host, gpointer data)
{
  mh_perf (host, ((Measure *) data)->peer, 5000000, 7000000, on_measured, data);
}

static void
test_ping_and_perf (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, NULL);
  g_autoptr (Node) two = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  Measure ping = { &two->id };
  Measure perf = { &two->id };

  g_test_summary ("a ping has a round trip; perf moves what was asked for");
  assert_connects (one, two);
  wait_init (&ping.wait);
  mh_host_post (one->host, ping_here, &ping);
  wait_for (&ping.wait);
  g_assert_no_error (ping.wait.error);
  g_assert_cmpint (ping.wait.number, >, 0);
  wait_init (&perf.wait);
  mh_host_post (one->host, perf_here, &perf);
  wait_for (&perf.wait);
  g_assert_no_error (perf.wait.error);
  g_assert_cmpuint (perf.result.sent, ==, 5000000);
  g_assert_cmpuint (perf.result.received, ==, 7000000);
}

/* -- relays -- */

static void
use_relay (MhHost *host, gpointer data)
{
  gpointer *both = data;

  mh_relay_client_use (((Node *) both[0])->client, both[1]);
}

static gboolean
has_place (MhHost *host, gpointer data)
{
  gpointer *both = data;

  return mh_relay_client_has (((Node *) both[0])->client, both[1]);
}

static gboolean
has_no_circuit (MhHost *host, gpointer data)
{
  return mh_relay_circuits (((Node *) data)->relay) == 0;
}

static void
test_relay (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) relay = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (Node) hidden = node_new (key, 0, NULL);
  g_autoptr (Node) caller = node_new (key, 0, NULL);
  gpointer both[] = { hidden, &relay->id };
  g_autoptr (MhMultiaddr) to_relay = address_of (relay);
  g_autoptr (MhMultiaddr) circuit = mh_multiaddr_new ("/p2p-circuit", NULL);
  g_autoptr (MhMultiaddr) over = mh_multiaddr_join (to_relay, circuit);
  g_autoptr (MhMultiaddr) whole = mh_multiaddr_with_peer (over, &hidden->id);
  g_autoptr (GError) early = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary (
      "a peer that listens nowhere is reached over a relay, and nobody without a place");
  assert_connects (hidden, relay);
  early = connect_to (caller, whole);
  g_assert_error (early, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
  mh_host_run (hidden->host, use_relay, both);
  wait_until (hidden, has_place, both);
  error = connect_to (caller, whole);
  g_assert_no_error (error);
  wait_until (hidden, is_connected, &caller->id);
  echo_through (caller, &hidden->id, 2000000, 11);
  echo_through (hidden, &caller->id, 2000000, 12);
  node_free (g_steal_pointer (&caller));
  wait_until (relay, has_no_circuit, relay);
}

/* -- strangers -- */

/* Returns: (transfer full): a plain connection to where a node listens */
static GSocketConnection *
plain_connection (Node *node)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (MhMultiaddr) address = address_of (node);
  g_auto (MhMultiaddrTarget) target = { 0 };
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  g_assert_true (mh_multiaddr_target (address, &target));
  connection = g_socket_client_connect_to_host (client, target.host, target.port, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

static void
test_garbage (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Node) one = node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (Node) friend = node_new (key, 0, NULL);
  guint8 garbage[5000];

  g_test_summary ("random bytes, and silence, end the connection that they came by only");
  assert_connects (friend, one);
  for (guint i = 0; i < 30; i++)
    {
      g_autoptr (GSocketConnection) connection = plain_connection (one);
      GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
      GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));

      mh_random_bytes (garbage, sizeof garbage);
      (void) !g_output_stream_write_all (out, garbage, sizeof garbage, NULL, NULL, NULL);
      while (g_input_stream_read (in, garbage, sizeof garbage, NULL, NULL) > 0)
        ;
    }
  echo_through (friend, &one->id, 50000, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_data_func ("/p2p/host/streams/tcp", "/ip4/127.0.0.1/tcp/0", test_streams);
  g_test_add_data_func ("/p2p/host/streams/tcp6", "/ip6/::1/tcp/0", test_streams);
  g_test_add_data_func ("/p2p/host/streams/ws", "/ip4/127.0.0.1/tcp/0/ws", test_streams);
  g_test_add_func ("/p2p/host/many-streams", test_many_streams);
  g_test_add_func ("/p2p/host/wrong-key", test_wrong_key);
  g_test_add_func ("/p2p/host/wrong-peer", test_wrong_peer);
  g_test_add_func ("/p2p/host/no-protocol", test_no_protocol);
  g_test_add_func ("/p2p/host/end", test_end);
  g_test_add_func ("/p2p/host/timeout", test_timeout);
  g_test_add_func ("/p2p/host/ping-and-perf", test_ping_and_perf);
  g_test_add_func ("/p2p/host/relay", test_relay);
  g_test_add_func ("/p2p/host/garbage", test_garbage);

  return g_test_run ();
}
