/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/autonat/autonat.h"
#include "net/p2p/autonat/limit.h"
#include "net/p2p/autonat/message.h"
#include "net/p2p/identify/identify.h"
#include "net/p2p/relay/relay.h"
#include "net/p2p/wire/pb.h"

#define TIMEOUT_MS 10000

static const char *const names[] = { MH_AUTONAT_PROTOCOL, NULL };

static MhPeerId
peer_of (guint number)
{
  guint8 key[MH_SIGN_PUBLIC_SIZE] = { (guint8) number, (guint8) (number >> 8) };

  return mh_peer_id_from_ed25519 (key);
}

/* -- the message -- */

static MhAutonatMessage *
dial_of (const MhPeerId *peer, const char *const *addresses)
{
  MhAutonatMessage *self = mh_autonat_message_new (MH_AUTONAT_DIAL);

  self->has_peer = peer != NULL;
  if (peer != NULL)
    self->peer = *peer;
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    g_ptr_array_add (self->addresses, mh_multiaddr_new (addresses[i], NULL));

  return self;
}

static MhAutonatMessage *
again (const MhAutonatMessage *message)
{
  g_autoptr (GBytes) bytes = mh_autonat_message_encode (message);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return mh_autonat_message_decode (data, size);
}

static void
test_message_dial (void)
{
  static const char *const addresses[] = { "/ip4/1.2.3.4/tcp/5", "/ip6/2001::1/tcp/6/ws", NULL };
  MhPeerId peer = peer_of (1);
  g_autoptr (MhAutonatMessage) message = dial_of (&peer, addresses);
  g_autoptr (MhAutonatMessage) read = again (message);

  g_test_summary ("a request comes back as it was");
  g_assert_nonnull (read);
  g_assert_cmpint (read->type, ==, MH_AUTONAT_DIAL);
  g_assert_true (read->has_peer && mh_peer_id_equal (&read->peer, &peer));
  g_assert_cmpuint (read->addresses->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_true (mh_multiaddr_equal (read->addresses->pdata[i], message->addresses->pdata[i]));
}

static void
test_message_response (void)
{
  g_autoptr (MhAutonatMessage) message = mh_autonat_message_new (MH_AUTONAT_RESPONSE);
  g_autoptr (MhAutonatMessage) read = NULL;

  g_test_summary ("a response comes back as it was, with less of a long text");
  message->status = MH_AUTONAT_DIAL_REFUSED;
  message->text = g_strnfill (2 * MH_AUTONAT_MAX_TEXT, 'x');
  message->address = mh_multiaddr_new ("/ip4/1.2.3.4/tcp/5", NULL);
  read = again (message);
  g_assert_nonnull (read);
  g_assert_cmpint (read->type, ==, MH_AUTONAT_RESPONSE);
  g_assert_cmpuint (read->status, ==, MH_AUTONAT_DIAL_REFUSED);
  g_assert_cmpuint (strlen (read->text), ==, MH_AUTONAT_MAX_TEXT);
  g_assert_true (mh_multiaddr_equal (read->address, message->address));
}

/* Bytes of other implementations, and bytes that are none. */
static const struct
{
  const char *name;
  const char *bytes;
  gsize size;
  gboolean is_good;
} wire_rows[] = {
  { "nothing", "", 0, FALSE },
  { "a dial without a peer", "\x08\x00\x12\x00", 4, FALSE },
  { "a dial of an empty peer", "\x08\x00\x12\x02\x0a\x00", 6, TRUE },
  { "a dial without a body", "\x08\x00", 2, FALSE },
  { "a body without a type", "\x12\x02\x0a\x00", 4, FALSE },
  { "a response that is OK", "\x08\x01\x1a\x02\x08\x00", 6, TRUE },
  { "a response without a status, which is OK", "\x08\x01\x1a\x00", 4, TRUE },
  { "a response without a body", "\x08\x01", 2, FALSE },
  { "a response with the body of a dial", "\x08\x01\x12\x02\x0a\x00", 6, FALSE },
  { "another type", "\x08\x02\x12\x02\x0a\x00\x1a\x00", 8, FALSE },
  { "an id that is none", "\x08\x00\x12\x05\x0a\x03\x0a\x01x", 9, FALSE },
  { "an address that is none", "\x08\x00\x12\x05\x0a\x03\x12\x01x", 9, TRUE },
  { "a field that nobody knows", "\x08\x01\x1a\x00\x38\x07", 6, TRUE },
  { "a length beyond the end", "\x08\x01\x1a\x05\x08", 5, FALSE },
  { "a body that is no protobuf", "\x08\x01\x1a\x01\x0f", 5, FALSE },
};

static void
test_message_wire (void)
{
  g_test_summary ("what is a message, and what is none");
  for (gsize i = 0; i < G_N_ELEMENTS (wire_rows); i++)
    {
      g_autoptr (MhAutonatMessage) read =
          mh_autonat_message_decode ((const guint8 *) wire_rows[i].bytes, wire_rows[i].size);

      g_test_message ("%s", wire_rows[i].name);
      g_assert_cmpint (read != NULL, ==, wire_rows[i].is_good);
    }
}

static void
test_message_limits (void)
{
  static const char *const relayed[] = { "/ip4/1.2.3.4/tcp/5/p2p-circuit", NULL };
  g_autofree guint8 *zeros = g_malloc0 (MH_AUTONAT_MAX_MESSAGE + 1);
  g_autoptr (GByteArray) peer = g_byte_array_new ();
  g_autoptr (GByteArray) dial = g_byte_array_new ();
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new ("/ip4/1.2.3.4/tcp/5", NULL);
  g_autoptr (MhAutonatMessage) over = dial_of (NULL, relayed);
  g_autoptr (MhAutonatMessage) read = again (over);
  g_autoptr (MhAutonatMessage) many = NULL;
  gsize size;
  const guint8 *bytes = mh_multiaddr_bytes (address, &size);

  g_test_summary ("addresses over relays and those above the limit are left out");
  g_assert_cmpuint (read->addresses->len, ==, 0);
  for (guint i = 0; i < 2 * MH_AUTONAT_MAX_ADDRESSES; i++)
    mh_pb_put_bytes (peer, 2, bytes, size);
  mh_pb_put_message (dial, 1, peer);
  mh_pb_put_uint (out, 1, MH_AUTONAT_DIAL);
  mh_pb_put_message (out, 2, dial);
  many = mh_autonat_message_decode (out->data, out->len);
  g_assert_cmpuint (many->addresses->len, ==, MH_AUTONAT_MAX_ADDRESSES);
  memcpy (zeros, out->data, out->len);
  g_assert_null (mh_autonat_message_decode (zeros, MH_AUTONAT_MAX_MESSAGE + 1));
}

/* -- votes -- */

static void
vote (MhAutonatVotes *votes, guint from, guint count, gboolean is_reached, gint64 now_us)
{
  for (guint i = 0; i < count; i++)
    {
      MhPeerId peer = peer_of (from + i);

      mh_autonat_votes_add (votes, &peer, is_reached, now_us);
    }
}

static void
assert_outcome (MhAutonatVotes *votes, gint64 now_us, MhAutonatReach reach, guint confidence)
{
  guint found;

  g_assert_cmpint (mh_autonat_votes_count (votes, now_us, &found), ==, reach);
  g_assert_cmpuint (found, ==, confidence);
}

static void
test_votes (void)
{
  g_autoptr (MhAutonatVotes) votes = mh_autonat_votes_new ();

  g_test_summary ("the greater part decides, a peer has one vote, and votes grow old");
  assert_outcome (votes, 0, MH_AUTONAT_UNKNOWN, 0);
  vote (votes, 0, 1, TRUE, 1);
  assert_outcome (votes, 1, MH_AUTONAT_PUBLIC, 1);
  vote (votes, 0, 1, TRUE, 2);
  assert_outcome (votes, 2, MH_AUTONAT_PUBLIC, 1);
  vote (votes, 1, 4, TRUE, 3);
  vote (votes, 5, 1, FALSE, 3); /* one who lies */
  assert_outcome (votes, 3, MH_AUTONAT_PUBLIC, MH_AUTONAT_ENOUGH);
  vote (votes, 6, 4, FALSE, 4);
  assert_outcome (votes, 4, MH_AUTONAT_PUBLIC, 0); /* as many: what it was */
  vote (votes, 0, 1, FALSE, 5);
  assert_outcome (votes, 5, MH_AUTONAT_PRIVATE, 2);
  mh_autonat_votes_renew (votes);
  assert_outcome (votes, 6, MH_AUTONAT_PRIVATE, 0);
  vote (votes, 0, 1, TRUE, 7);
  assert_outcome (votes, 7, MH_AUTONAT_PUBLIC, 1);
  assert_outcome (votes, 7 + MH_AUTONAT_VOTE_LIFE_US - 1, MH_AUTONAT_PUBLIC, 1);
  assert_outcome (votes, 7 + MH_AUTONAT_VOTE_LIFE_US, MH_AUTONAT_PUBLIC, 0);
}

static void
test_votes_limit (void)
{
  g_autoptr (MhAutonatVotes) votes = mh_autonat_votes_new ();

  g_test_summary ("the oldest votes make room");
  vote (votes, 0, 100 * MH_AUTONAT_MOST_VOTES, FALSE, 1);
  vote (votes, 0, MH_AUTONAT_MOST_VOTES - 1, TRUE, 2);
  assert_outcome (votes, 2, MH_AUTONAT_PUBLIC, MH_AUTONAT_ENOUGH);
  vote (votes, 5000, MH_AUTONAT_MOST_VOTES, FALSE, 3);
  assert_outcome (votes, 3, MH_AUTONAT_PRIVATE, MH_AUTONAT_ENOUGH);
}

static void
test_limit (void)
{
  MhAutonatLimit *limit = mh_autonat_limit_new ();
  MhPeerId peer = peer_of (0);

  g_test_summary ("so many dials a minute for one peer, and for all");
  for (guint i = 0; i < MH_AUTONAT_MOST_OF_PEER; i++)
    g_assert_true (mh_autonat_limit_take (limit, &peer, i));
  g_assert_false (mh_autonat_limit_take (limit, &peer, 10));
  for (guint i = MH_AUTONAT_MOST_OF_PEER; i < MH_AUTONAT_MOST_OF_ALL; i++)
    {
      MhPeerId other = peer_of (i);

      g_assert_true (mh_autonat_limit_take (limit, &other, 20));
    }
  peer = peer_of (1000);
  g_assert_false (mh_autonat_limit_take (limit, &peer, MH_AUTONAT_MINUTE_US - 1));
  g_assert_true (mh_autonat_limit_take (limit, &peer, MH_AUTONAT_MINUTE_US));
  g_assert_true (mh_autonat_limit_take (limit, &peer, MH_AUTONAT_MINUTE_US + 1));
  g_assert_true (mh_autonat_limit_take (limit, &peer, MH_AUTONAT_MINUTE_US + 2));
  g_assert_false (mh_autonat_limit_take (limit, &peer, MH_AUTONAT_MINUTE_US + 3));
  mh_autonat_limit_free (limit);
}

/* -- hosts -- */

typedef struct
{
  MhSigner *signer;
  MhHost *host;
  MhIdentify *identify;
  MhAutonat *autonat; /* (nullable) */
  MhRelay *relay;
  MhRelayClient *client;
  MhPeerId id;
  MhMultiaddr *address; /* (owned): with its id */
  gboolean is_strict;   /* as outside of tests */
  guint changes;        /* of the reach */
  GBytes *lie;          /* (owned) (nullable): what it answers instead */
} Node;

static void
on_changed (MhAutonat *autonat, gpointer data)
{
  ((Node *) data)->changes++;
}

static void
on_lied_to (MhStream *stream, gpointer data)
{
  Node *self = data;

  mh_stream_write_all (stream, g_bytes_get_data (self->lie, NULL), g_bytes_get_size (self->lie));
  mh_stream_close_write (stream);
  mh_stream_unref (stream);
}

static void
set_up (MhHost *host, gpointer data)
{
  Node *self = data;
  MhAutonatNew request = { !self->is_strict, 20, 40, 40 };
  g_autoptr (GPtrArray) addresses = mh_host_addresses (host);

  self->identify = mh_identify_new (host);
  self->relay = mh_relay_new (host);
  self->client = mh_relay_client_new (host);
  if (self->lie != NULL)
    mh_host_handle (host, MH_AUTONAT_PROTOCOL, on_lied_to, self);
  else
    self->autonat = mh_autonat_new (host, &request, on_changed, self);
  if (addresses->len > 0)
    self->address = mh_multiaddr_with_peer (addresses->pdata[0], &self->id);
}

/* Takes @lie, which may be %NULL: then it is an honest one. */
static Node *
node_new (const char *listen, GBytes *lie, gboolean is_strict)
{
  Node *self = g_new0 (Node, 1);
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (listen, NULL);
  g_autoptr (GError) error = NULL;
  MhHostNew request = { NULL };

  self->signer = mh_signer_new (seed);
  self->lie = lie;
  self->is_strict = is_strict;
  request.signer = self->signer;
  self->host = mh_host_new (&request, &error);
  g_assert_no_error (error);
  self->id = *mh_host_id (self->host);
  g_assert_true (mh_host_listen (self->host, address, &error));
  mh_host_run (self->host, set_up, self);

  return self;
}

static void
node_free (Node *self)
{
  mh_host_free (self->host);
  mh_identify_free (self->identify);
  mh_autonat_free (self->autonat);
  mh_relay_free (self->relay);
  mh_relay_client_free (self->client);
  mh_signer_free (self->signer);
  g_clear_pointer (&self->address, mh_multiaddr_unref);
  g_clear_pointer (&self->lie, g_bytes_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Node, node_free)

/* Runs on the loop of a node; waits until it says so. */
typedef gboolean (*Question) (Node *node, gpointer data);

typedef struct
{
  Node *node;
  Question question;
  gpointer data;
  gboolean answer;
} Asked;

static void
ask_here (MhHost *host, gpointer data)
{
  Asked *asked = data;

  asked->answer = asked->question (asked->node, asked->data);
}

static void
wait_until (Node *node, Question question, gpointer data)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;
  Asked asked = { node, question, data, FALSE };

  while (!asked.answer)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      mh_host_run (node->host, ask_here, &asked);
      g_thread_yield ();
    }
}

static gboolean
speaks (Node *node, gpointer data)
{
  return mh_host_speaks (node->host, data, MH_AUTONAT_PROTOCOL);
}

static gboolean
dial_here (Node *node, gpointer data)
{
  mh_host_connect_to (node->host, data, TIMEOUT_MS, NULL, NULL);

  return TRUE;
}

/* Both know each other then. */
static void
connect_nodes (Node *a, Node *b)
{
  wait_until (a, dial_here, b->address);
  wait_until (a, speaks, &b->id);
  wait_until (b, speaks, &a->id);
}

static gboolean
has_state (Node *node, gpointer data)
{
  MhAutonatState state = mh_autonat_state (node->autonat);
  const MhAutonatState *wanted = data;

  return state.reach == wanted->reach && state.confidence == wanted->confidence;
}

static gboolean
has_one_connection_each (Node *node, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_connections (node->host);
  g_autoptr (GPtrArray) peers = mh_host_peers (node->host);

  return all->len == peers->len;
}

static void
test_public (void)
{
  g_autoptr (Node) we = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (Node) one = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (Node) two = node_new ("/ip4/127.0.0.1/tcp/0/ws", NULL, FALSE);
  MhAutonatState wanted = { MH_AUTONAT_PUBLIC, 2 };

  g_test_summary ("two peers reach a third, which knows it then; nothing is left of their dials");
  connect_nodes (we, one);
  connect_nodes (we, two);
  wait_until (we, has_state, &wanted);
  g_assert_cmpuint (we->changes, ==, 1);
  wanted.confidence = 1;
  wait_until (one, has_state, &wanted);
  wait_until (two, has_state, &wanted);
  wait_until (we, has_one_connection_each, NULL);
  wait_until (one, has_one_connection_each, NULL);
}

/* An address where nobody listens, as seen from the other side. */
static gboolean
pretend (Node *node, gpointer data)
{
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new ("/ip4/127.0.0.1/tcp/1", NULL);

  mh_host_add_own_address (node->host, address);

  return TRUE;
}

static void
test_private (void)
{
  /* it is seen at 127.0.0.1, where it does not listen */
  g_autoptr (Node) we = node_new ("/ip6/::1/tcp/0", NULL, FALSE);
  g_autoptr (Node) one = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (Node) two = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (MhMultiaddr) more = mh_multiaddr_new ("/ip4/127.0.0.1/tcp/0", NULL);
  g_autoptr (GError) error = NULL;
  MhAutonatState wanted = { MH_AUTONAT_PRIVATE, 2 };

  g_test_summary ("two peers do not reach a third; once it listens elsewhere, too, they do");
  wait_until (we, pretend, NULL);
  connect_nodes (we, one);
  connect_nodes (we, two);
  wait_until (we, has_state, &wanted);
  g_assert_cmpuint (we->changes, ==, 1);
  g_assert_true (mh_host_listen (we->host, more, &error));
  wanted.reach = MH_AUTONAT_PUBLIC;
  wait_until (we, has_state, &wanted);
  g_assert_cmpuint (we->changes, ==, 2);
}

/* -- who asks for what is not its own -- */

/* Sends @size bytes, as one message. Returns: the status of the answer, or G_MAXUINT64 */
static guint64
request (Node *from, Node *to, gconstpointer data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) stream = mh_host_open_wait (from->host, &to->id, names, TIMEOUT_MS, &error);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (MhAutonatMessage) message = NULL;

  g_assert_no_error (error);
  g_assert_true (mh_stream_write_message_wait (stream, data, size, TIMEOUT_MS, &error));
  bytes = mh_stream_read_message_wait (stream, MH_AUTONAT_MAX_MESSAGE, TIMEOUT_MS, &error);
  if (bytes == NULL)
    return G_MAXUINT64;
  message = mh_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_nonnull (message);
  g_assert_cmpint (message->type, ==, MH_AUTONAT_RESPONSE);
  if (message->status == MH_AUTONAT_OK)
    g_assert_nonnull (message->address);

  return message->status;
}

static guint64
request_dial (Node *from, Node *to, const MhPeerId *peer, const char *address)
{
  const char *const addresses[] = { address, NULL };
  g_autoptr (MhAutonatMessage) message = dial_of (peer, addresses);
  g_autoptr (GBytes) bytes = mh_autonat_message_encode (message);

  return request (from, to, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static GBytes *
response_of (guint64 status)
{
  g_autoptr (MhAutonatMessage) message = mh_autonat_message_new (MH_AUTONAT_RESPONSE);
  g_autoptr (GBytes) bytes = NULL;
  GByteArray *out = g_byte_array_new ();
  guint8 size;

  message->status = status;
  bytes = mh_autonat_message_encode (message);
  size = (guint8) g_bytes_get_size (bytes);
  g_byte_array_append (out, &size, 1);
  g_byte_array_append (out, g_bytes_get_data (bytes, NULL), size);

  return g_byte_array_free_to_bytes (out);
}

static void
test_lies (void)
{
  /* it speaks the protocol, but asks nothing by itself */
  g_autoptr (Node) liar = node_new ("/ip4/127.0.0.1/tcp/0", response_of (300), FALSE);
  g_autoptr (Node) we = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (liar->address);
  g_autofree char *own = mh_multiaddr_to_text (bare);
  g_autofree guint8 *many = g_malloc0 (MH_AUTONAT_MAX_MESSAGE + 1);

  g_test_summary ("nobody is dialled for others, nor too often");
  connect_nodes (liar, we);
  g_assert_cmpuint (request (liar, we, "x", 1), ==, MH_AUTONAT_BAD_REQUEST);
  g_assert_cmpuint (request (liar, we, "\x08\x01\x1a\x00", 4), ==, MH_AUTONAT_BAD_REQUEST);
  g_assert_cmpuint (request (liar, we, many, MH_AUTONAT_MAX_MESSAGE + 1), ==,
                    MH_AUTONAT_BAD_REQUEST);
  g_assert_cmpuint (request_dial (liar, we, &we->id, own), ==, MH_AUTONAT_BAD_REQUEST);
  g_assert_cmpuint (request_dial (liar, we, &liar->id, "/ip4/127.0.0.2/tcp/4001"), ==,
                    MH_AUTONAT_DIAL_REFUSED);
  g_assert_cmpuint (request_dial (liar, we, &liar->id, "/dns4/localhost/tcp/4001"), ==,
                    MH_AUTONAT_DIAL_REFUSED);
  g_assert_cmpuint (request_dial (liar, we, &liar->id, "/ip4/127.0.0.1/udp/4001"), ==,
                    MH_AUTONAT_DIAL_REFUSED);
  g_assert_cmpuint (request_dial (liar, we, &liar->id, own), ==, MH_AUTONAT_OK);
  g_assert_cmpuint (request_dial (liar, we, &liar->id, "/ip4/127.0.0.1/tcp/1"), ==,
                    MH_AUTONAT_DIAL_ERROR);
  g_assert_cmpuint (request_dial (liar, we, NULL, own), ==, MH_AUTONAT_OK);
  g_assert_cmpuint (request_dial (liar, we, &liar->id, own), ==, MH_AUTONAT_DIAL_REFUSED);
}

static void
test_strict (void)
{
  g_autoptr (Node) we = node_new ("/ip4/127.0.0.1/tcp/0", NULL, TRUE);
  g_autoptr (Node) other = node_new ("/ip4/127.0.0.1/tcp/0", response_of (300), FALSE);
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (other->address);
  g_autofree char *own = mh_multiaddr_to_text (bare);
  MhAutonatState nothing = { MH_AUTONAT_UNKNOWN, 0 };

  g_test_summary ("outside of tests, loopback is neither asked nor dialled");
  connect_nodes (we, other);
  g_assert_cmpuint (request_dial (other, we, &other->id, own), ==, MH_AUTONAT_DIAL_REFUSED);
  wait_until (we, has_state, &nothing);
}

/* What a peer may answer that is no verdict. */
static void
test_no_verdict (void)
{
  static const guint64 statuses[] = { MH_AUTONAT_DIAL_REFUSED, MH_AUTONAT_BAD_REQUEST,
                                      MH_AUTONAT_INTERNAL_ERROR, 77 };
  g_autoptr (Node) we = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (Node) honest = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  MhAutonatState wanted = { MH_AUTONAT_PUBLIC, 1 };
  Node *others[G_N_ELEMENTS (statuses) + 1];

  g_test_summary ("refusals and nonsense say nothing of us; a dial that is good does");
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      others[i] = node_new ("/ip4/127.0.0.1/tcp/0",
                            i < G_N_ELEMENTS (statuses) ? response_of (statuses[i])
                                                        : g_bytes_new_static ("\x02xx", 3),
                            FALSE);
      wait_until (we, dial_here, others[i]->address);
      wait_until (we, speaks, &others[i]->id);
    }
  connect_nodes (we, honest);
  wait_until (we, has_state, &wanted);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    node_free (others[i]);
}

static void
test_most_asking (void)
{
  g_autoptr (Node) silent = node_new ("/ip4/127.0.0.1/tcp/0", response_of (300), FALSE);
  g_autoptr (Node) we = node_new ("/ip4/127.0.0.1/tcp/0", NULL, TRUE);
  MhStream *streams[MH_AUTONAT_MOST_ASKING + 1];
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_test_summary ("who asks without a word holds so many places and no more");
  connect_nodes (silent, we);
  for (gsize i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      g_assert_no_error (error);
      streams[i] = mh_host_open_wait (silent->host, &we->id, names, TIMEOUT_MS, &error);
    }
  /* the last may be gone before it is known to be there */
  if (streams[MH_AUTONAT_MOST_ASKING] != NULL)
    g_assert_cmpint (
        mh_stream_read_wait (streams[MH_AUTONAT_MOST_ASKING], &byte, 1, TIMEOUT_MS, &error), ==,
        -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  for (gsize i = 0; i < G_N_ELEMENTS (streams); i++)
    g_clear_pointer (&streams[i], mh_stream_unref);
}

/* -- over a relay -- */

static gboolean
use_relay (Node *node, gpointer data)
{
  mh_relay_client_use (node->client, data);

  return TRUE;
}

static gboolean
has_place (Node *node, gpointer data)
{
  return mh_relay_client_has (node->client, data);
}

static void
test_relayed (void)
{
  g_autoptr (Node) relay = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (Node) hidden = node_new ("/ip6/::1/tcp/0", response_of (300), FALSE);
  g_autoptr (Node) caller = node_new ("/ip4/127.0.0.1/tcp/0", response_of (300), FALSE);
  g_autoptr (MhMultiaddr) circuit = mh_multiaddr_new ("/p2p-circuit", NULL);
  g_autoptr (MhMultiaddr) over = mh_multiaddr_join (relay->address, circuit);
  g_autoptr (Node) we = node_new ("/ip4/127.0.0.1/tcp/0", NULL, FALSE);
  g_autoptr (MhMultiaddr) address = mh_multiaddr_with_peer (over, &we->id);
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (caller->address);
  g_autofree char *own = mh_multiaddr_to_text (bare);

  g_test_summary ("who asks over a relay is not dialled");
  connect_nodes (we, relay);
  wait_until (we, use_relay, &relay->id);
  wait_until (we, has_place, &relay->id);
  wait_until (caller, dial_here, address);
  wait_until (caller, speaks, &we->id);
  g_assert_cmpuint (request_dial (caller, we, &caller->id, own), ==, MH_AUTONAT_DIAL_REFUSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_true (mh_crypto_init (NULL));
  g_test_add_func ("/p2p/autonat/message/dial", test_message_dial);
  g_test_add_func ("/p2p/autonat/message/response", test_message_response);
  g_test_add_func ("/p2p/autonat/message/wire", test_message_wire);
  g_test_add_func ("/p2p/autonat/message/limits", test_message_limits);
  g_test_add_func ("/p2p/autonat/votes", test_votes);
  g_test_add_func ("/p2p/autonat/votes/limit", test_votes_limit);
  g_test_add_func ("/p2p/autonat/limit", test_limit);
  g_test_add_func ("/p2p/autonat/public", test_public);
  g_test_add_func ("/p2p/autonat/private", test_private);
  g_test_add_func ("/p2p/autonat/strict", test_strict);
  g_test_add_func ("/p2p/autonat/lies", test_lies);
  g_test_add_func ("/p2p/autonat/no-verdict", test_no_verdict);
  g_test_add_func ("/p2p/autonat/most-asking", test_most_asking);
  g_test_add_func ("/p2p/autonat/relayed", test_relayed);

  return g_test_run ();
}
