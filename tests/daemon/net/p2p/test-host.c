/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/resource.h>
#include <unistd.h>

#include "host-kit.h"
#include "net/p2p/dcutr/message.h"
#include "net/p2p/perf/perf.h"
#include "net/p2p/ping/ping.h"
#include "net/p2p/relay/message.h"

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
      g_autoptr (MhtNode) one = mht_node_new (key, securities[i], listen);
      g_autoptr (MhtNode) two = mht_node_new (key, securities[i], listen);

      mht_assert_connects (one, two);
      mht_wait_until (two, mht_is_connected, &one->id);
      mht_wait_until (one, mht_speaks_echo, &two->id);
      mht_wait_until (two, mht_speaks_echo, &one->id);
      mht_echo_through (one, &two->id, 0, 1);
      mht_echo_through (one, &two->id, 1, 2);
      mht_echo_through (two, &one->id, 3000000, 3);
      mht_echo_through (one, &two->id, 3000000, 4);
    }
}

typedef struct
{
  MhtNode *from;
  const MhPeerId *to;
  guint seed;
} Job;

static gpointer
run_job (gpointer data)
{
  Job *job = data;

  mht_echo_through (job->from, job->to, 1000 + job->seed * 997, job->seed);

  return NULL;
}

static void
test_many_streams (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) two = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  GThread *threads[100];
  Job jobs[G_N_ELEMENTS (threads)];

  g_test_summary ("a hundred streams at once, opened from both sides");
  mht_assert_connects (one, two);
  mht_wait_until (two, mht_is_connected, &one->id);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      jobs[i] = (Job){ i % 2 == 0 ? one : two, i % 2 == 0 ? &two->id : &one->id, i };
      threads[i] = g_thread_new ("echo", run_job, &jobs[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_wrong_key (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhSecret) other = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) friend = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) stranger = mht_node_new (other, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhMultiaddr) address = mht_address_of (one);
  MhHostRefusals refusals;
  guint before;

  g_test_summary ("a peer of another network is refused, and everybody else goes on");
  mht_assert_connects (friend, one);
  mht_wait_until (one, mht_is_connected, &friend->id);
  before = mht_count_descriptors ();
  for (guint i = 0; i < 20; i++)
    {
      GError *error = mht_connect_to (stranger, address);

      g_assert_nonnull (error);
      g_error_free (error);
    }
  refusals = mht_refusals (one);
  g_assert_cmpuint (refusals.handshakes, >=, 1);
  g_assert_true (mht_is_so (one, mht_is_gone, &stranger->id));
  mht_echo_through (friend, &one->id, 100000, 7);
  g_assert_cmpuint (mht_count_descriptors (), <=, before + 2);
}

static void
test_wrong_peer (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) two = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) three = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhMultiaddr) address = mht_address_of (two);
  g_autoptr (MhMultiaddr) wrong = mh_multiaddr_with_peer (address, &three->id);
  g_autoptr (MhMultiaddr) own = mht_address_of (one);
  g_autoptr (MhMultiaddr) nameless = mh_multiaddr_without_peer (own);
  g_autoptr (GError) error = mht_connect_to (one, wrong);
  g_autoptr (GError) self_error = mht_connect_to (one, own);
  g_autoptr (GError) nameless_error = mht_connect_to (one, nameless);

  g_test_summary ("whoever is dialled has to be there; oneself is nobody to dial");
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_error (self_error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (nameless_error);
  g_assert_true (mht_is_so (one, mht_is_gone, &three->id));
  mht_assert_connects (one, two);
}

static void
test_no_protocol (void)
{
  static const char *const names[] = { "/nobody/1", "/speaks/2", NULL };
  static const char *const second[] = { "/nobody/1", MHT_ECHO, NULL };
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, NULL);
  g_autoptr (MhtNode) two = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) unknown = NULL;
  g_autoptr (MhStream) none = NULL;
  g_autoptr (MhStream) stream = NULL;

  g_test_summary ("a protocol that nobody speaks, a peer that nobody knows");
  none = mh_host_open_wait (one->host, &two->id, mht_echo_names, MHT_TIMEOUT_MS, &unknown);
  g_assert_null (none);
  g_assert_error (unknown, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  mht_assert_connects (one, two);
  none = mh_host_open_wait (one->host, &two->id, names, MHT_TIMEOUT_MS, &error);
  g_assert_null (none);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  stream = mh_host_open_wait (one->host, &two->id, second, MHT_TIMEOUT_MS, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (mh_stream_protocol (stream), ==, MHT_ECHO);
}

static void
test_end (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, NULL);
  MhtNode *two = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  MhPeerId id = two->id;
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) stream = NULL;
  guint8 byte = 1;

  g_test_summary ("a peer that ends breaks its streams; who held one may go on holding it");
  mht_assert_connects (one, two);
  stream = mh_host_open_wait (one->host, &id, mht_echo_names, MHT_TIMEOUT_MS, &error);
  g_assert_no_error (error);
  g_assert_true (mh_stream_write_wait (stream, &byte, 1, MHT_TIMEOUT_MS, &error));
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, MHT_TIMEOUT_MS, &error), ==, 1);
  mht_node_free (two);
  mht_wait_until (one, mht_is_gone, &id);
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, MHT_TIMEOUT_MS, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static void
test_timeout (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, NULL);
  g_autoptr (MhtNode) two = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) stream = NULL;
  guint8 byte;

  g_test_summary ("a read that gets nothing ends when its time is up");
  mht_assert_connects (one, two);
  stream = mh_host_open_wait (one->host, &two->id, mht_echo_names, MHT_TIMEOUT_MS, &error);
  g_assert_no_error (error);
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, 50, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

typedef struct
{
  const MhPeerId *peer;
  MhtWait wait;
  MhPerfResult result;
} Measure;

static void
on_pinged (gint64 rtt_us, const GError *error, gpointer data)
{
  ((Measure *) data)->wait.number = rtt_us;
  mht_wait_done (&((Measure *) data)->wait, error);
}

static void
ping_here (MhHost *host, gpointer data)
{
  mh_ping (host, ((Measure *) data)->peer, MHT_TIMEOUT_MS, on_pinged, data);
}

static void
on_measured (const MhPerfResult *result, const GError *error, gpointer data)
{
  if (result != NULL)
    ((Measure *) data)->result = *result;
  mht_wait_done (&((Measure *) data)->wait, error);
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
  g_autoptr (MhtNode) one = mht_node_new (key, 0, NULL);
  g_autoptr (MhtNode) two = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  Measure ping = { &two->id };
  Measure perf = { &two->id };

  g_test_summary ("a ping has a round trip; perf moves what was asked for");
  mht_assert_connects (one, two);
  mht_wait_init (&ping.wait);
  mh_host_post (one->host, ping_here, &ping);
  mht_wait_for (&ping.wait);
  g_assert_no_error (ping.wait.error);
  g_assert_cmpint (ping.wait.number, >, 0);
  mht_wait_init (&perf.wait);
  mh_host_post (one->host, perf_here, &perf);
  mht_wait_for (&perf.wait);
  g_assert_no_error (perf.wait.error);
  g_assert_cmpuint (perf.result.sent, ==, 5000000);
  g_assert_cmpuint (perf.result.received, ==, 7000000);
}

/* -- relays -- */

static void
use_relay (MhHost *host, gpointer data)
{
  gpointer *both = data;

  mh_relay_client_use (((MhtNode *) both[0])->client, both[1]);
}

static gboolean
has_place (MhHost *host, gpointer data)
{
  gpointer *both = data;

  return mh_relay_client_has (((MhtNode *) both[0])->client, both[1]);
}

static gboolean
has_no_circuit (MhHost *host, gpointer data)
{
  return mh_relay_circuits (((MhtNode *) data)->relay) == 0;
}

static void
test_relay (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) relay = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) hidden = mht_node_new (key, 0, NULL);
  g_autoptr (MhtNode) caller = mht_node_new (key, 0, NULL);
  gpointer both[] = { hidden, &relay->id };
  g_autoptr (MhMultiaddr) to_relay = mht_address_of (relay);
  g_autoptr (MhMultiaddr) circuit = mh_multiaddr_new ("/p2p-circuit", NULL);
  g_autoptr (MhMultiaddr) over = mh_multiaddr_join (to_relay, circuit);
  g_autoptr (MhMultiaddr) whole = mh_multiaddr_with_peer (over, &hidden->id);
  g_autoptr (GError) early = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary (
      "a peer that listens nowhere is reached over a relay, and nobody without a place");
  mht_assert_connects (hidden, relay);
  early = mht_connect_to (caller, whole);
  g_assert_error (early, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
  mh_host_run (hidden->host, use_relay, both);
  mht_wait_until (hidden, has_place, both);
  error = mht_connect_to (caller, whole);
  g_assert_no_error (error);
  mht_wait_until (hidden, mht_is_connected, &caller->id);
  mht_echo_through (caller, &hidden->id, 2000000, 11);
  mht_echo_through (hidden, &caller->id, 2000000, 12);
  mht_node_free (g_steal_pointer (&caller));
  mht_wait_until (relay, has_no_circuit, relay);
}

/* -- relays that are left in the middle -- */

static void
stay_silent (MhStream *stream, gpointer data)
{
  g_async_queue_push (data, stream);
}

static void
be_silent (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_RELAY_STOP_PROTOCOL, stay_silent, data);
}

static gboolean
has_circuit (MhHost *host, gpointer data)
{
  return mh_relay_circuits (((MhtNode *) data)->relay) == 1;
}

static void
post_connect (MhHost *host, gpointer data)
{
  mh_host_connect_to (host, data, MHT_TIMEOUT_MS, NULL, NULL);
}

static void
test_silent_target (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (GAsyncQueue) queue = g_async_queue_new_full ((GDestroyNotify) mh_stream_unref);
  g_autoptr (MhtNode) relay = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) silent = mht_node_new (key, 0, NULL);
  g_autoptr (MhtNode) caller = mht_node_new (key, 0, NULL);
  gpointer both[] = { silent, &relay->id };
  g_autoptr (MhMultiaddr) to_relay = mht_address_of (relay);
  g_autoptr (MhMultiaddr) circuit = mh_multiaddr_new ("/p2p-circuit", NULL);
  g_autoptr (MhMultiaddr) over = mh_multiaddr_join (to_relay, circuit);
  g_autoptr (MhMultiaddr) whole = mh_multiaddr_with_peer (over, &silent->id);

  g_test_summary ("a relay forgets a circuit whose caller left before the target answered");
  mht_assert_connects (silent, relay);
  mh_host_run (silent->host, use_relay, both);
  mht_wait_until (silent, has_place, both);
  mh_host_run (silent->host, be_silent, queue);
  mh_host_run (caller->host, post_connect, whole);
  mht_wait_until (relay, has_circuit, relay);
  mht_node_free (g_steal_pointer (&caller));
  mht_wait_until (relay, has_no_circuit, relay);
}

/* -- what runs while a host ends -- */

/* Somebody whose work goes on a little longer than the host. */
typedef struct
{
  MhHost *host;
  MhMultiaddr *nowhere;
  gboolean has_asked;
} Latecomer;

static gboolean
ask_late (gpointer data)
{
  Latecomer *self = data;
  g_autoptr (GPtrArray) peers = mh_host_peers (self->host);

  g_assert_cmpuint (peers->len, ==, 0);
  g_assert_false (mh_host_is_connected (self->host, mh_host_id (self->host)));
  self->has_asked = TRUE;

  return G_SOURCE_REMOVE;
}

static void
on_given_up (MhHost *host, const GError *error, gpointer data)
{
  g_autoptr (GSource) idle = g_idle_source_new ();

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_source_set_callback (idle, ask_late, data, NULL);
  g_source_attach (idle, mh_host_context (host));
}

static void
dial_nowhere (MhHost *host, gpointer data)
{
  Latecomer *self = data;

  mh_host_connect_to (host, self->nowhere, MHT_TIMEOUT_MS, on_given_up, self);
}

static void
test_late_question (void)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) own = NULL;
  g_autoptr (GSocket) silent =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (MhMultiaddr) nowhere = NULL;
  MhtNode *node = mht_node_new (NULL, 0, NULL);
  Latecomer latecomer = { node->host };

  g_test_summary ("what runs while a host ends may ask who is there, and is told: nobody");
  g_assert_true (g_socket_bind (silent, any, TRUE, NULL));
  g_assert_true (g_socket_listen (silent, NULL)); /* and never accepts */
  own = g_socket_get_local_address (silent, NULL);
  nowhere = mh_multiaddr_new_tcp ("127.0.0.1",
                                  g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (own)));
  latecomer.nowhere = nowhere;
  mh_host_run (node->host, dial_nowhere, &latecomer);
  mht_node_free (node);
  g_assert_true (latecomer.has_asked);
}

/* -- upgrades that are left in the middle -- */

/* How late the follower answers: the leader waits half of it before it dials. */
#define LATE_MS 2000

/* Who follows an upgrade by hand. */
typedef struct
{
  MhtNode *node;
  MhStream *stream;
  GPtrArray *nowhere; /* addresses that lead to nobody */
  MhDcutrType told;
} Follower;

static void
say_connect (MhStream *stream, GPtrArray *addresses)
{
  g_autoptr (GBytes) bytes = mh_dcutr_message_encode (MH_DCUTR_CONNECT, addresses);

  mh_stream_put_message (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static gboolean
answer_late (gpointer data)
{
  Follower *self = data;

  say_connect (self->stream, self->nowhere);

  return G_SOURCE_REMOVE;
}

static void
on_lead_readable (MhStream *stream, gpointer data)
{
  Follower *self = data;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GSource) late = NULL;

  g_assert_true (mh_stream_take_message (stream, MH_DCUTR_MAX_MESSAGE, &bytes, NULL));
  if (bytes == NULL)
    return;
  addresses = mh_dcutr_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                       &self->told);
  g_assert_nonnull (addresses);
  if (self->told != MH_DCUTR_CONNECT)
    return;
  late = g_timeout_source_new (LATE_MS);
  g_source_set_callback (late, answer_late, self, NULL);
  g_source_attach (late, mh_host_context (self->node->host));
}

static void
on_lead (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_lead_readable, NULL, NULL };
  Follower *self = data;

  self->stream = stream;
  mh_stream_set_funcs (stream, &funcs, self);
}

static void
follow (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_DCUTR_PROTOCOL, on_lead, data);
}

static void
lead (MhHost *host, gpointer data)
{
  ((MhtNode *) data)->dcutr = mh_dcutr_new (host);
}

static gboolean
is_told_to_sync (MhHost *host, gpointer data)
{
  return ((Follower *) data)->told == MH_DCUTR_SYNC;
}

static gboolean
has_descriptors (MhHost *host, gpointer data)
{
  return mht_count_descriptors () <= *(guint *) data;
}

static void
test_leaving_upgrade (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) relay = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) caller = mht_node_new (key, 0, NULL);
  g_autoptr (MhtNode) hidden = NULL;
  g_autoptr (GPtrArray) nowhere =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  Follower follower = { caller, NULL, nowhere };
  gpointer both[] = { NULL, &relay->id };
  g_autoptr (MhMultiaddr) to_relay = mht_address_of (relay);
  g_autoptr (MhMultiaddr) circuit = mh_multiaddr_new ("/p2p-circuit", NULL);
  g_autoptr (MhMultiaddr) over = mh_multiaddr_join (to_relay, circuit);
  g_autoptr (MhMultiaddr) whole = NULL;
  g_autoptr (GError) error = NULL;
  guint descriptors;

  g_test_summary ("a host that is freed while an upgrade waits for its moment leaves nothing");
  g_ptr_array_add (nowhere, mh_multiaddr_new ("/ip4/127.0.0.1/tcp/9", NULL));
  mht_assert_connects (caller, relay);
  mht_wait_until (relay, mht_speaks_echo, &caller->id);
  descriptors = mht_count_descriptors ();
  both[0] = hidden = mht_node_new (key, 0, NULL);
  whole = mh_multiaddr_with_peer (over, &hidden->id);
  mh_host_run (hidden->host, lead, hidden);
  mh_host_run (caller->host, follow, &follower);
  mht_assert_connects (hidden, relay);
  mh_host_run (hidden->host, use_relay, both);
  mht_wait_until (hidden, has_place, both);
  error = mht_connect_to (caller, whole);
  g_assert_no_error (error);
  mht_wait_until (caller, is_told_to_sync, &follower);
  mht_node_free (g_steal_pointer (&hidden));
  mh_stream_unref (follower.stream);
  /* the loop has one as long as anything holds it */
  mht_wait_until (relay, has_descriptors, &descriptors);
}

/* -- strangers -- */

static void
test_garbage (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhtNode) friend = mht_node_new (key, 0, NULL);
  guint8 garbage[5000];

  g_test_summary ("random bytes, and silence, end the connection that they came by only");
  mht_assert_connects (friend, one);
  for (guint i = 0; i < 30; i++)
    {
      g_autoptr (GSocketConnection) connection = mht_plain_connection (one);
      GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
      GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));

      mh_random_bytes (garbage, sizeof garbage);
      (void) !g_output_stream_write_all (out, garbage, sizeof garbage, NULL, NULL, NULL);
      while (g_input_stream_read (in, garbage, sizeof garbage, NULL, NULL) > 0)
        ;
    }
  mht_echo_through (friend, &one->id, 50000, 5);
}

/* -- no descriptors left -- */

#define MOST_DESCRIPTORS 128

static gboolean
has_paused_thrice (MhHost *host, gpointer data)
{
  return mh_host_refusals (host).limits >= 3;
}

/* Returns: (transfer full): a socket that is not connected yet */
static GSocket *
late_socket (void)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);

  return socket;
}

static void
test_no_descriptors (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhtNode) one = mht_node_new (key, 0, "/ip4/127.0.0.1/tcp/0");
  g_autoptr (MhMultiaddr) own = mht_address_of (one);
  g_auto (MhMultiaddrTarget) target = { 0 };
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = late_socket ();
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (int));
  gint64 began_us = 0;
  struct rlimit before;
  struct rlimit few;
  char byte;
  int fd;

  g_test_summary ("without a descriptor left a listener pauses, and goes on when there is one");
  g_assert_true (mh_multiaddr_target (own, &target));
  address = g_inet_socket_address_new_from_string (target.host, target.port);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  few = before;
  few.rlim_cur = MOST_DESCRIPTORS;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &few), ==, 0);
  while ((fd = dup (STDERR_FILENO)) >= 0)
    g_array_append_val (taken, fd);

  began_us = g_get_monotonic_time ();
  g_assert_true (g_socket_connect (socket, address, NULL, NULL));
  mht_wait_until (one, has_paused_thrice, NULL);
  g_assert_cmpint (g_get_monotonic_time () - began_us, >=, 200 * G_TIME_SPAN_MILLISECOND);

  for (guint i = 0; i < taken->len; i++)
    close (g_array_index (taken, int, i));
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  g_assert_cmpint (g_socket_receive (socket, &byte, 1, NULL, NULL), ==, 1);
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
  g_test_add_func ("/p2p/host/silent-target", test_silent_target);
  g_test_add_func ("/p2p/host/late-question", test_late_question);
  g_test_add_func ("/p2p/host/leaving-upgrade", test_leaving_upgrade);
  g_test_add_func ("/p2p/host/garbage", test_garbage);
  g_test_add_func ("/p2p/host/no-descriptors", test_no_descriptors);

  return g_test_run ();
}
