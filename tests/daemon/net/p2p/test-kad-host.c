/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host-kit.h"

#include "crypto/crypto.h"
#include "namespace.h"
#include "net/p2p/kad/kad-private.h"

#define LISTEN "/ip4/127.0.0.1/tcp/0"

/* An address that is not of the loopback, as far as anybody can tell. */
#define ELSEWHERE "10.20.30.40"
#define TIMEOUT_MS 20000

/* Kademlia on a host of its own. */
typedef struct
{
  MhtNode *node;
  MhKad *kad;
} Router;

static void
kad_here (MhHost *host, gpointer data)
{
  ((Router *) data)->kad = mh_kad_new (host, NULL);
}

static Router *
router_new (const char *listen)
{
  Router *self = g_new0 (Router, 1);

  self->node = mht_node_new (NULL, 0, listen);
  mh_host_run (self->node->host, kad_here, self);

  return self;
}

static void
router_free (Router *self)
{
  mht_node_free (self->node);
  mh_kad_free (self->kad);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Router, router_free)

/* Whether @of is in the table of @in. */
typedef struct
{
  Router *in;
  MhPeerId of;
} Entry;

static gboolean
is_in_table (MhHost *host, gpointer data)
{
  Entry *entry = data;

  return mh_kad_table_has (mh_kad_table (entry->in->kad), &entry->of);
}

static gboolean
is_not_in_table (MhHost *host, gpointer data)
{
  return !is_in_table (host, data);
}

static void
wait_in_table (Router *in, Router *of)
{
  Entry entry = { in, of->node->id };

  mht_wait_until (in->node, is_in_table, &entry);
}

/* -- finding -- */

typedef struct
{
  Router *router;
  MhPeerId peer;
  guint timeout_ms;
  gint is_done; /* (atomic) */
  GError *error;
  guint addresses;
} Find;

static void
on_found (MhKad *kad, const MhPeerId *peer, const GError *error, gpointer data)
{
  Find *find = data;
  g_autoptr (GPtrArray) known = mh_host_known_addresses (find->router->node->host, peer);

  g_assert_true (mh_peer_id_equal (peer, &find->peer));
  find->error = error != NULL ? g_error_copy (error) : NULL;
  find->addresses = known->len;
  g_atomic_int_set (&find->is_done, TRUE);
}

static void
find_here (MhHost *host, gpointer data)
{
  Find *find = data;

  mh_kad_find_peer (find->router->kad, &find->peer, find->timeout_ms, on_found, find);
}

static gboolean
is_done (MhHost *host, gpointer data)
{
  return g_atomic_int_get (&((Find *) data)->is_done);
}

/* Returns: (transfer full) (nullable): why it was not found */
static GError *
find (Router *router, const MhPeerId *peer, guint timeout_ms)
{
  Find request = { .router = router, .peer = *peer, .timeout_ms = timeout_ms };

  mh_host_run (router->node->host, find_here, &request);
  mht_wait_until (router->node, is_done, &request);
  g_assert_true (request.error != NULL || request.addresses > 0);
  g_assert_true (request.error != NULL
                 || mht_is_so (router->node, mht_is_connected, &request.peer));

  return request.error;
}

static void
test_three (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (Router) b = router_new (LISTEN);
  g_autoptr (Router) c = router_new (LISTEN);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;
  g_autoptr (GError) own = NULL;

  g_test_summary ("A knows B and B knows C: A finds C, with addresses, and is connected to it");
  mht_node_connect (b->node, c->node);
  wait_in_table (b, c);
  mht_node_connect (a->node, b->node);
  wait_in_table (a, b);
  error = find (a, &c->node->id, TIMEOUT_MS);
  g_assert_no_error (error);
  again = find (a, &c->node->id, TIMEOUT_MS);
  g_assert_no_error (again);
  wait_in_table (c, a);
  own = find (a, &a->node->id, TIMEOUT_MS);
  g_assert_error (own, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_at_once (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (Router) b = router_new (LISTEN);
  g_autoptr (Router) c = router_new (LISTEN);
  g_autoptr (GError) error = NULL;

  g_test_summary ("who has just been connected to is asked before it has said what it speaks");
  mht_node_connect (b->node, c->node);
  mht_node_connect (a->node, b->node);
  error = find (a, &c->node->id, TIMEOUT_MS);
  g_assert_no_error (error);
}

static void
test_chain (void)
{
  Router *all[8];
  g_autoptr (GError) error = NULL;

  g_test_summary ("along a chain of eight where each has been told of the next only");
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i] = router_new (LISTEN);
  for (guint i = G_N_ELEMENTS (all) - 1; i > 0; i--)
    {
      mht_node_connect (all[i - 1]->node, all[i]->node);
      wait_in_table (all[i - 1], all[i]);
    }
  error = find (all[0], &all[G_N_ELEMENTS (all) - 1]->node->id, TIMEOUT_MS);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    router_free (all[i]);
}

static void
test_not_found (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (Router) b = router_new (LISTEN);
  g_autoptr (Router) gone = router_new (LISTEN);
  MhPeerId gone_id = gone->node->id;
  MhPeerId nobody = mh_peer_id_from_ed25519 ((const guint8 *) "nobody that ever was in this net");
  g_autoptr (GError) alone = NULL;
  g_autoptr (GError) missing = NULL;
  g_autoptr (GError) unreachable = NULL;

  g_test_summary ("who is alone, whom nobody knows, and who is gone: each has an error of its own");
  alone = find (a, &nobody, TIMEOUT_MS);
  g_assert_error (alone, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  mht_node_connect (a->node, b->node);
  wait_in_table (a, b);
  missing = find (a, &nobody, TIMEOUT_MS);
  g_assert_error (missing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  mht_node_tell (b->node, gone->node);
  router_free (g_steal_pointer (&gone));
  unreachable = find (a, &gone_id, TIMEOUT_MS);
  g_assert_error (unreachable, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
}

static void
test_gone (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (Router) b = router_new (LISTEN);
  Entry entry = { a, b->node->id };
  g_autoptr (GError) error = NULL;
  guint tries = 0;

  g_test_summary ("a peer that does not answer any more goes from the table");
  mht_node_connect (a->node, b->node);
  wait_in_table (a, b);
  router_free (g_steal_pointer (&b));
  while (!mht_is_so (a->node, is_not_in_table, &entry) && tries < 10)
    {
      MhPeerId nobody =
          mh_peer_id_from_ed25519 ((const guint8 *) "nobody that ever was in this net");

      g_clear_error (&error);
      error = find (a, &nobody, TIMEOUT_MS);
      tries++;
    }
  g_assert_cmpuint (tries, <=, MH_KAD_MOST_FAILURES);
}

static void
test_only_servers (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (Router) b = router_new (LISTEN);
  g_autoptr (MhtNode) plain = mht_node_new (NULL, 0, LISTEN);
  Entry entry = { b, plain->id };
  g_autoptr (GError) error = NULL;

  g_test_summary ("who does not speak the protocol is in no table, and found all the same");
  mht_node_connect (plain, b->node);
  mht_node_connect (a->node, b->node);
  wait_in_table (a, b);
  wait_in_table (b, a);
  error = find (a, &plain->id, TIMEOUT_MS);
  g_assert_no_error (error);
  g_assert_true (mht_is_so (b->node, is_not_in_table, &entry));
}

/* -- liars -- */

/* Says of everybody that it is where nobody listens. */
static void
on_lie (MhStream *stream, gpointer data)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (MhKadMessage) question = NULL;
  g_autoptr (MhKadMessage) answer = mh_kad_message_new (MH_KAD_FIND_NODE);
  g_autoptr (GBytes) out = NULL;
  MhKadPeer *peer;
  MhPeerId id;

  g_assert_true (mh_stream_take_message (stream, MH_KAD_MAX_MESSAGE, &bytes, NULL));
  if (bytes == NULL)
    return;
  question = mh_kad_message_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_true (mh_kad_message_peer (question, &id));
  peer = mh_kad_peer_new (&id);
  for (guint i = 1; i <= MH_KAD_MOST_ADDRESSES; i++)
    {
      g_autofree char *text = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", i);

      g_ptr_array_add (peer->addresses, mh_multiaddr_new (text, NULL));
    }
  g_ptr_array_add (answer->closer, peer);
  out = mh_kad_message_encode (answer);
  mh_stream_put_message (stream, g_bytes_get_data (out, NULL), g_bytes_get_size (out));
  mh_stream_close_write (stream);
  mh_stream_set_funcs (stream, NULL, NULL);
  mh_stream_unref (stream);
}

static void
on_lie_broken (MhStream *stream, gpointer data)
{
  mh_stream_unref (stream);
}

static void
on_lie_asked (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_lie, NULL, on_lie_broken };

  mh_stream_set_funcs (stream, &funcs, NULL);
}

static void
lie_here (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_KAD_PROTOCOL, on_lie_asked, NULL);
}

static void
test_liar (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (Router) b = router_new (LISTEN);
  g_autoptr (Router) c = router_new (LISTEN);
  g_autoptr (MhtNode) liar = mht_node_new (NULL, 0, LISTEN);
  Entry entry = { a, liar->id };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) missing = NULL;
  MhPeerId nobody = mh_peer_id_from_ed25519 ((const guint8 *) "nobody that ever was in this net");

  g_test_summary (
      "who says that a peer is where it is not neither ends the lookup nor invents one");
  mh_host_run (liar->host, lie_here, NULL);
  mht_node_connect (a->node, liar);
  mht_wait_until (a->node, is_in_table, &entry);
  missing = find (a, &nobody, TIMEOUT_MS);
  g_assert_error (missing, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE);
  mht_node_connect (b->node, c->node);
  wait_in_table (b, c);
  mht_node_connect (a->node, b->node);
  wait_in_table (a, b);
  error = find (a, &c->node->id, TIMEOUT_MS);
  g_assert_no_error (error);
}

/* -- streams -- */

/* Returns: (transfer full): a stream to ask on */
static MhStream *
open_to (MhtNode *from, const MhPeerId *to)
{
  static const char *const names[] = { MH_KAD_PROTOCOL, NULL };
  g_autoptr (GError) error = NULL;
  MhStream *stream = mh_host_open_wait (from->host, to, names, TIMEOUT_MS, &error);

  g_assert_no_error (error);

  return stream;
}

static void
test_many_on_one (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (MhtNode) asker = mht_node_new (NULL, 0, NULL);
  g_autoptr (MhKadMessage) question = mh_kad_message_new_find (&a->node->id);
  g_autoptr (GBytes) bytes = mh_kad_message_encode (question);
  g_autoptr (MhStream) stream = NULL;
  guint8 rest;

  g_test_summary ("a stream carries many questions, all at once too, and ends when asked");
  mht_node_connect (asker, a->node);
  stream = open_to (asker, &a->node->id);
  for (guint i = 0; i < 50; i++)
    g_assert_true (mh_stream_write_message_wait (stream, g_bytes_get_data (bytes, NULL),
                                                 g_bytes_get_size (bytes), TIMEOUT_MS, NULL));
  mh_stream_close_write (stream);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) answer =
          mh_stream_read_message_wait (stream, MH_KAD_MAX_MESSAGE, TIMEOUT_MS, &error);
      g_autoptr (MhKadMessage) message = NULL;

      g_assert_no_error (error);
      message = mh_kad_message_parse (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
      g_assert_cmpuint (message->closer->len, ==, 1); /* where it is itself */
    }
  g_assert_cmpint (mh_stream_read_wait (stream, &rest, 1, TIMEOUT_MS, NULL), ==, 0);
}

#define MANY 3000

static void
ask_many (MhStream *stream)
{
  MhPeerId id = *mh_stream_peer (stream);
  g_autoptr (MhKadMessage) question = mh_kad_message_new_find (&id);
  g_autoptr (GBytes) bytes = mh_kad_message_encode (question);

  for (guint i = 0; i < MANY; i++)
    g_assert_true (mh_stream_write_message_wait (stream, g_bytes_get_data (bytes, NULL),
                                                 g_bytes_get_size (bytes), TIMEOUT_MS, NULL));
  mh_stream_close_write (stream);
}

static void
test_back_pressure (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (LISTEN, NULL);
  g_autoptr (MhtNode) asker = mht_node_new (NULL, 0, NULL);
  g_autoptr (MhStream) stream = NULL;

  g_test_summary ("who does not read its answers gets the rest when it does, all of them");
  for (guint i = 1; i < MH_KAD_MOST_ADDRESSES; i++)
    g_assert_true (mh_host_listen (a->node->host, address, NULL));
  mht_node_connect (asker, a->node);
  stream = open_to (asker, &a->node->id);
  ask_many (stream); /* the questions fit, the answers do not */
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) answer =
          mh_stream_read_message_wait (stream, MH_KAD_MAX_MESSAGE, TIMEOUT_MS, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (answer), >, 100);
    }
}

static void
tick_late (MhHost *host, gpointer data)
{
  Router *router = data;

  g_assert_cmpuint (router->kad->servers->len, ==, 1);
  mh_kad_serve_tick (router->kad, mh_kad_now_ms () + MH_KAD_IDLE_MS / 2);
  g_assert_cmpuint (router->kad->servers->len, ==, 1);
  mh_kad_serve_tick (router->kad, mh_kad_now_ms () + MH_KAD_IDLE_MS);
  g_assert_cmpuint (router->kad->servers->len, ==, 0);
}

static gboolean
has_server (MhHost *host, gpointer data)
{
  return ((Router *) data)->kad->servers->len > 0;
}

static void
test_idle (void)
{
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (MhtNode) asker = mht_node_new (NULL, 0, NULL);
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_test_summary ("a stream without questions is not kept for ever");
  mht_node_connect (asker, a->node);
  stream = open_to (asker, &a->node->id);
  mht_wait_until (a->node, has_server, a);
  mh_host_run (a->node->host, tick_late, a);
  g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, TIMEOUT_MS, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

/* -- whom an address helps -- */

/* Returns: (transfer full): where @of is, by @stream to somebody who knows */
static GPtrArray *
ask_where (MhStream *stream, const MhPeerId *of)
{
  g_autoptr (MhKadMessage) question = mh_kad_message_new_find (of);
  g_autoptr (GBytes) bytes = mh_kad_message_encode (question);
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (MhKadMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  MhKadPeer *peer;

  g_assert_true (mh_stream_write_message_wait (stream, g_bytes_get_data (bytes, NULL),
                                               g_bytes_get_size (bytes), TIMEOUT_MS, &error));
  answer = mh_stream_read_message_wait (stream, MH_KAD_MAX_MESSAGE, TIMEOUT_MS, &error);
  g_assert_no_error (error);
  message = mh_kad_message_parse (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  g_assert_nonnull (message);
  g_assert_cmpuint (message->closer->len, ==, 1);
  peer = message->closer->pdata[0];
  g_assert_true (mh_peer_id_equal (&peer->id, of));

  return g_ptr_array_ref (peer->addresses);
}

static guint
count_near (GPtrArray *addresses)
{
  guint count = 0;

  for (guint i = 0; i < addresses->len; i++)
    count += mh_multiaddr_is_loopback (addresses->pdata[i])
                     || mh_multiaddr_is_link_local (addresses->pdata[i])
                 ? 1
                 : 0;

  return count;
}

static void
take_loopback (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_addresses (host);

  for (guint i = 0; i < all->len; i++)
    if (mh_multiaddr_is_loopback (all->pdata[i]))
      *(MhMultiaddr **) data = mh_multiaddr_with_peer (all->pdata[i], mh_host_id (host));
}

/* Returns: (transfer full): where @node listens for this machine */
static MhMultiaddr *
listened_on_loopback (MhtNode *node)
{
  MhMultiaddr *address = NULL;

  mh_host_run (node->host, take_loopback, &address);
  g_assert_nonnull (address);

  return address;
}

static void
know_more (MhHost *host, gpointer data)
{
  g_autoptr (MhMultiaddr) loopback = mh_multiaddr_new ("/ip4/127.0.0.1/tcp/9", NULL);
  g_autoptr (MhMultiaddr) link_local = mh_multiaddr_new ("/ip4/169.254.1.1/tcp/9", NULL);
  g_autoptr (MhMultiaddr) wide = mh_multiaddr_new ("/ip4/" ELSEWHERE "/tcp/9", NULL);

  mh_host_add_address (host, data, loopback);
  mh_host_add_address (host, data, link_local);
  mh_host_add_address (host, data, wide);
}

static void
test_not_near (gconstpointer data)
{
  g_autoptr (Router) a = NULL;
  g_autoptr (MhtNode) near = NULL;
  g_autoptr (MhtNode) far = NULL;
  g_autoptr (MhMultiaddr) from_far = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) near_stream = NULL;
  g_autoptr (MhStream) far_stream = NULL;
  MhPeerId somebody =
      mh_peer_id_from_ed25519 ((const guint8 *) "somebody of whom others have told");

  g_test_summary ("who is not on this machine is told no address of it alone, or of a link");
  if (data != NULL)
    {
      g_test_skip (data);
      return;
    }
  a = router_new ("/ip4/" ELSEWHERE "/tcp/0");
  from_far = mht_address_of (a->node);
  mht_listen_on (a->node, LISTEN);
  mh_host_run (a->node->host, know_more, &somebody);
  far = mht_node_new (NULL, 0, NULL);
  error = mht_connect_to (far, from_far);
  g_assert_no_error (error);
  far_stream = open_to (far, &a->node->id);
  near = mht_node_new (NULL, 0, NULL);
  {
    g_autoptr (MhMultiaddr) from_near = listened_on_loopback (a->node);

    error = mht_connect_to (near, from_near);
    g_assert_no_error (error);
  }
  near_stream = open_to (near, &a->node->id);

  for (guint i = 0; i < 2; i++)
    {
      const MhPeerId *of = i == 0 ? &a->node->id : &somebody;
      g_autoptr (GPtrArray) told_near = ask_where (near_stream, of);
      g_autoptr (GPtrArray) told_far = ask_where (far_stream, of);

      g_assert_cmpuint (count_near (told_near), ==, i + 1);
      g_assert_cmpuint (count_near (told_far), ==, 0);
      g_assert_cmpuint (told_near->len, ==, i + 2);
      g_assert_cmpuint (told_far->len, ==, 1);
    }
}

static void
take_refusals (MhHost *host, gpointer data)
{
  *(guint64 *) data = mh_host_refusals (host).protocol;
}

static void
test_refused (void)
{
  static const struct
  {
    const char *what;
    const char *bytes;
    gsize size;
  } rows[] = {
    { "PUT_VALUE", "\x03\x12\x01k", 4 }, { "unknown type", "\x02\x08\x06", 3 },
    { "no message", "\x02\xff\xff", 3 }, { "too long", "\xff\xff\xff\x7f", 4 },
    { "bad length", "\x80\x00", 2 },
  };
  g_autoptr (Router) a = router_new (LISTEN);
  g_autoptr (MhtNode) asker = mht_node_new (NULL, 0, NULL);
  guint64 refusals;

  g_test_summary ("what breaks the protocol resets its stream and counts, the connection stays");
  mht_node_connect (asker, a->node);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MhStream) stream = open_to (asker, &a->node->id);
      g_autoptr (GError) error = NULL;
      guint8 byte;

      g_test_message ("%s", rows[i].what);
      g_assert_true (mh_stream_write_wait (stream, (const guint8 *) rows[i].bytes, rows[i].size,
                                           TIMEOUT_MS, NULL));
      g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, TIMEOUT_MS, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    }
  g_assert_true (mht_is_so (asker, mht_is_connected, &a->node->id));
  mh_host_run (a->node->host, take_refusals, &refusals);
  g_assert_cmpuint (refusals, ==, G_N_ELEMENTS (rows));
}

static void
test_leaving (void)
{
  Router *a = router_new (LISTEN);
  g_autoptr (MhtNode) silent = mht_node_new (NULL, 0, LISTEN);
  MhPeerId nobody = mh_peer_id_from_ed25519 ((const guint8 *) "nobody that ever was in this net");
  Find request = { .router = a, .peer = nobody, .timeout_ms = TIMEOUT_MS };

  g_test_summary ("a host that is freed while it looks for somebody tells the end");
  mht_node_connect (a->node, silent);
  mh_host_run (a->node->host, find_here, &request);
  router_free (a);
  g_assert_true (request.is_done);
  g_assert_nonnull (request.error);
  g_error_free (request.error);
}

int
main (int argc, char **argv)
{
  const char *why;

  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;
  why = mht_namespace_enter (TRUE);
  if (why == NULL && !mht_namespace_add_address (ELSEWHERE))
    why = "the loopback of the namespace takes no other address";
  g_test_add_func ("/p2p/kad/host/three", test_three);
  g_test_add_func ("/p2p/kad/host/at-once", test_at_once);
  g_test_add_func ("/p2p/kad/host/chain", test_chain);
  g_test_add_func ("/p2p/kad/host/not-found", test_not_found);
  g_test_add_func ("/p2p/kad/host/gone", test_gone);
  g_test_add_func ("/p2p/kad/host/only-servers", test_only_servers);
  g_test_add_func ("/p2p/kad/host/liar", test_liar);
  g_test_add_func ("/p2p/kad/host/many-on-one", test_many_on_one);
  g_test_add_func ("/p2p/kad/host/back-pressure", test_back_pressure);
  g_test_add_func ("/p2p/kad/host/idle", test_idle);
  g_test_add_data_func ("/p2p/kad/host/not-near", why, test_not_near);
  g_test_add_func ("/p2p/kad/host/refused", test_refused);
  g_test_add_func ("/p2p/kad/host/leaving", test_leaving);

  return g_test_run ();
}
