/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/dcutr/message.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/peer-record.h"
#include "net/p2p/wire/public-key.h"
#include "refusals-kit.h"

/* What peers that are connected say, and a host refuses. */

/* -- what identify says -- */

/* What a peer says of itself that is not true. */
typedef struct
{
  MhtNode *node;
  gboolean is_key; /* the public key is somebody else's, else the signed record is */
  gboolean is_bad; /* the record is nobody's */
} Lie;

static void
on_asked (MhStream *taken, gpointer data)
{
  g_autoptr (MhStream) stream = taken;
  Lie *lie = data;
  g_autoptr (MhIdentifyMessage) message = mh_identify_message_new ();
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  MhSigner *other = mh_signer_new (seed);
  g_autoptr (GBytes) bytes = NULL;

  g_ptr_array_add (message->addresses, mh_multiaddr_new ("/ip4/127.0.0.1/tcp/9", NULL));
  message->record = mh_peer_record_seal (lie->is_key ? mh_host_signer (lie->node->host) : other, 1,
                                         message->addresses);
  if (lie->is_key)
    message->public_key = mh_public_key_message (mh_signer_public_key (other));
  if (lie->is_bad)
    {
      g_bytes_unref (message->record);
      message->record = g_bytes_new_static ("nothing", 7);
    }
  bytes = mh_identify_message_encode (message);
  mh_stream_put_message (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  mh_stream_close_write (stream);
  mh_signer_free (other);
}

static void
lie_here (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_IDENTIFY_PROTOCOL, on_asked, data);
}

static gboolean
knows_nothing (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) known = mh_host_known_addresses (host, data);

  return known->len == 0 && mh_host_protocols (host, data) == NULL;
}

static void
test_identify (void)
{
  static const Lie lies[] = { { NULL, FALSE, FALSE },
                              { NULL, TRUE, FALSE },
                              { NULL, FALSE, TRUE } };
  g_auto (Place) place = { NULL };

  g_test_summary (
      "identify: a record or key of somebody else ends the connection, nothing is kept");
  place_init (&place);
  for (guint i = 0; i < 3 * G_N_ELEMENTS (lies); i++)
    {
      g_autoptr (MhtNode) liar = mht_node_new (place.key, 0, NULL);
      Lie lie = lies[i % G_N_ELEMENTS (lies)];
      MhHostRefusals wanted = place.before;

      lie.node = liar;
      mh_host_run (liar->host, lie_here, &lie);
      mht_assert_connects (liar, place.one);
      wanted.protocol += i + 1;
      mht_wait_until (place.one, place_has_counted, &wanted);
      mht_wait_until (place.one, mht_is_gone, &liar->id);
      mht_wait_until (liar, mht_is_gone, &place.one->id);
      g_assert_true (mht_is_so (place.one, knows_nothing, &liar->id));
    }
  place_assert_counted (&place, (MhHostRefusals){ .protocol = 3 * G_N_ELEMENTS (lies) });
}

/* -- gossip -- */

/* Returns: (transfer full): an RPC with one message, which is signed by nobody or wrongly */
static GByteArray *
forged_rpc (MhtNode *from, guint how)
{
  static const guint8 seqno[8] = { 1 };
  static const guint8 nonsense[64] = { 3 };
  g_autoptr (GByteArray) message = g_byte_array_new ();
  GByteArray *rpc = g_byte_array_new ();

  if (how != 1)
    mh_pb_put_bytes (message, 1, from->id.bytes, from->id.size);
  mh_pb_put_bytes (message, 2, (const guint8 *) "hello", 5);
  mh_pb_put_bytes (message, 3, seqno, sizeof seqno);
  mh_pb_put_text (message, 4, TOPIC);
  if (how != 0)
    mh_pb_put_bytes (message, 5, nonsense, sizeof nonsense);
  mh_pb_put_message (rpc, 2, message);

  return rpc;
}

static void
test_gossip (void)
{
  static const char *const names[] = { MH_GOSSIPSUB_PROTOCOL_11, NULL };
  g_auto (Place) place = { NULL };
  MhtNode *forger;
  g_autoptr (MhStream) stream = NULL;

  g_test_summary ("gossip without a signature, or with a bad one, is counted and goes nowhere");
  place_init (&place);
  forger = mht_node_new (place.key, 0, NULL);
  mht_assert_connects (forger, place.one);
  stream = mh_host_open_wait (forger->host, &place.one->id, names, MHT_TIMEOUT_MS, NULL);
  g_assert_nonnull (stream);
  for (guint how = 0; how < 3; how++)
    {
      g_autoptr (GByteArray) rpc = forged_rpc (forger, how);

      g_assert_true (
          mh_stream_write_message_wait (stream, rpc->data, rpc->len, MHT_TIMEOUT_MS, NULL));
    }
  place_assert_counted (&place, (MhHostRefusals){ .protocol = 3 });
  g_clear_pointer (&stream, mh_stream_unref);
  mht_node_free (forger);
}

static void
test_long_gossip (void)
{
  static const char *const names[] = { MH_GOSSIPSUB_PROTOCOL_11, NULL };
  static const guint8 length[] = { 0x81, 0x80, 0x40 }; /* 1 MiB and one */
  g_auto (Place) place = { NULL };
  MhtNode *forger;

  g_test_summary ("a length over the limit ends the stream, and the connection goes on");
  place_init (&place);
  forger = mht_node_new (place.key, 0, NULL);
  mht_assert_connects (forger, place.one);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (MhStream) stream =
          mh_host_open_wait (forger->host, &place.one->id, names, MHT_TIMEOUT_MS, NULL);
      guint8 byte;

      g_assert_nonnull (stream);
      g_assert_true (mh_stream_write_wait (stream, length, sizeof length, MHT_TIMEOUT_MS, NULL));
      g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, MHT_TIMEOUT_MS, NULL), ==, -1);
    }
  place_assert_counted (&place, (MhHostRefusals){ .protocol = 5 });
  mht_echo_through (forger, &place.one->id, 1000, 1);
  mht_node_free (forger);
}

static void
hold_stream (MhStream *stream, gpointer data)
{
  g_async_queue_push (data, stream);
}

static void
be_deaf (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_GOSSIPSUB_PROTOCOL_11, hold_stream, data);
}

/* Says more than may wait for anybody, none of which may be dropped. */
static void
say_much (MhHost *host, gpointer data)
{
  MhtNode *node = data;
  char topic[MH_GOSSIPSUB_MAX_TOPIC + 1];
  gsize most = MH_PUBSUB_MOST_WAITING + 4 * MH_YAMUX_WINDOW_START;

  memset (topic, 't', MH_GOSSIPSUB_MAX_TOPIC);
  topic[MH_GOSSIPSUB_MAX_TOPIC] = '\0';
  for (gsize said = 0; said < most; said += 2 * MH_GOSSIPSUB_MAX_TOPIC)
    {
      g_assert_true (mh_pubsub_subscribe (node->pubsub, topic, NULL));
      mh_pubsub_unsubscribe (node->pubsub, topic);
    }
}

static void
test_deaf (void)
{
  g_auto (Place) place = { NULL };
  g_autoptr (GAsyncQueue) streams = g_async_queue_new_full ((GDestroyNotify) mh_stream_unref);
  gint64 end_us = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  MhtNode *deaf;
  MhStream *stream;
  guint8 *bytes = g_malloc (MH_GOSSIPSUB_MAX_RPC);
  gssize got;

  g_test_summary ("who reads no gossip loses its stream, and nothing more, and gets another");
  place_init (&place);
  deaf = mht_node_new (place.key, 0, NULL);
  mh_host_run (deaf->host, be_deaf, streams);
  mht_assert_connects (deaf, place.one);
  stream = g_async_queue_timeout_pop (streams, 30 * G_USEC_PER_SEC);
  g_assert_nonnull (stream);
  do /* to nobody, while the other end does not know yet that the stream is open */
    mh_host_run (place.one->host, say_much, place.one);
  while (mht_refusals (place.one).limits == place.before.limits
         && g_get_monotonic_time () < end_us);
  place_assert_counted (&place, (MhHostRefusals){ .limits = 1 });
  do
    got = mh_stream_read_wait (stream, bytes, MH_GOSSIPSUB_MAX_RPC, MHT_TIMEOUT_MS, NULL);
  while (got > 0);
  g_assert_cmpint (got, ==, -1);
  mh_stream_unref (stream);
  stream = g_async_queue_timeout_pop (streams, 30 * G_USEC_PER_SEC);
  g_assert_nonnull (stream);
  mh_stream_unref (stream);
  g_assert_true (mht_is_so (place.one, mht_is_connected, &deaf->id));
  mht_node_free (deaf);
  g_free (bytes);
}

/* -- hole punching -- */

static void
test_direct_punch (void)
{
  static const char *const names[] = { MH_DCUTR_PROTOCOL, NULL };
  g_auto (Place) place = { NULL };
  MhtNode *stranger;

  g_test_summary ("nobody who is connected directly has us dial addresses of its choice");
  place_init (&place);
  stranger = mht_node_new (place.key, 0, NULL);
  mht_assert_connects (stranger, place.one);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (MhStream) stream =
          mh_host_open_wait (stranger->host, &place.one->id, names, MHT_TIMEOUT_MS, NULL);
      g_autoptr (GPtrArray) victims =
          g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
      g_autoptr (GBytes) connect = NULL;
      g_autoptr (GBytes) answer = NULL;

      g_ptr_array_add (victims, mh_multiaddr_new ("/ip4/127.0.0.1/tcp/9", NULL));
      connect = mh_dcutr_message_encode (MH_DCUTR_CONNECT, victims);
      if (stream == NULL)
        continue; /* refused as soon as it was agreed on */
      /* it may be gone already */
      (void) !mh_stream_write_message_wait (stream, g_bytes_get_data (connect, NULL),
                                            g_bytes_get_size (connect), MHT_TIMEOUT_MS, NULL);
      answer = mh_stream_read_message_wait (stream, MH_DCUTR_MAX_MESSAGE, MHT_TIMEOUT_MS, NULL);
      g_assert_null (answer);
    }
  place_assert_counted (&place, (MhHostRefusals){ .protocol = 5 });
  mht_node_free (stranger);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/refusals-said/identify", test_identify);
  g_test_add_func ("/p2p/refusals-said/gossip", test_gossip);
  g_test_add_func ("/p2p/refusals-said/deaf", test_deaf);
  g_test_add_func ("/p2p/refusals-said/direct-punch", test_direct_punch);
  g_test_add_func ("/p2p/refusals-said/long-gossip", test_long_gossip);

  return g_test_run ();
}
