/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "namespace.h"
#include "host-kit.h"

#include "crypto/crypto.h"
#include "net/p2p/host/host-private.h"
#include "net/p2p/mdns/mdns.h"
#include "net/p2p/pnet/swarm-key.h"

#define LISTEN "/ip4/127.0.0.1/tcp/0"
#define INTERVAL_MS 500

/* A host that looks for others, and who it has found. */
typedef struct
{
  MhtNode *node;
  MhMdns *mdns;
  gboolean dials;
  GHashTable *found; /* (element-type MhPeerId): of the loop */
} Seeker;

static void
on_found (MhHost *host, const MhPeerId *peer, gpointer data)
{
  g_hash_table_add (((Seeker *) data)->found, mh_peer_id_copy (peer));
}

static void
mdns_here (MhHost *host, gpointer data)
{
  Seeker *self = data;

  self->mdns = mh_mdns_new (host, INTERVAL_MS, self->dials, on_found, self);
}

static Seeker *
seeker_new (const MhSecret *key, gboolean dials)
{
  Seeker *self = g_new0 (Seeker, 1);

  self->found = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, NULL);
  self->dials = dials;
  self->node = mht_node_new (key, 0, LISTEN);
  mh_host_run (self->node->host, mdns_here, self);

  return self;
}

static void
seeker_free (Seeker *self)
{
  mht_node_free (self->node);
  mh_mdns_free (self->mdns);
  g_hash_table_unref (self->found);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Seeker, seeker_free)

/* Whether @by has found @whom. */
typedef struct
{
  Seeker *by;
  MhPeerId whom;
} Finding;

static gboolean
has_found (MhHost *host, gpointer data)
{
  Finding *finding = data;
  g_autoptr (GPtrArray) known = mh_host_known_addresses (host, &finding->whom);

  return known->len > 0 && g_hash_table_contains (finding->by->found, &finding->whom);
}

static void
wait_found (Seeker *by, Seeker *whom)
{
  Finding finding = { by, whom->node->id };

  mht_wait_until (by->node, has_found, &finding);
}

static void
test_two (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Seeker) a = seeker_new (key, TRUE);
  g_autoptr (Seeker) b = seeker_new (key, TRUE);

  g_test_summary ("two hosts that were told nothing of each other are connected");
  mht_wait_until (a->node, mht_is_connected, &b->node->id);
  mht_wait_until (b->node, mht_is_connected, &a->node->id);
}

static void
test_only_found (void)
{
  g_autoptr (Seeker) a = seeker_new (NULL, FALSE);
  g_autoptr (Seeker) b = seeker_new (NULL, FALSE);

  g_test_summary ("without dialling they only learn where the other is");
  wait_found (a, b);
  wait_found (b, a);
  g_assert_false (mht_is_so (a->node, mht_is_connected, &b->node->id));
  g_assert_false (g_hash_table_contains (a->found, &a->node->id));
}

static gboolean
has_refused (MhHost *host, gpointer data)
{
  return mh_host_refusals (host).handshakes > 0;
}

static void
test_other_network (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhSecret) other = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (Seeker) a = seeker_new (key, TRUE);
  g_autoptr (Seeker) b = seeker_new (other, TRUE);

  g_test_summary ("a peer of another network is found, and no connection comes of it");
  wait_found (a, b);
  wait_found (b, a);
  mht_wait_until (a->node, has_refused, NULL);
  g_assert_false (mht_is_so (a->node, mht_is_connected, &b->node->id));
}

/* -- anybody's packets -- */

static void
count_here (MhHost *host, gpointer data)
{
  *(guint *) data = host->dials->len;
}

/* Returns: how many dials go on */
static guint
count_dials (Seeker *self)
{
  guint count = 0;

  mh_host_run (self->node->host, count_here, &count);

  return count;
}

/* Returns: (transfer full): a socket that sends to the group over the loopback */
static GSocket *
stranger_new (GSocketAddress **to)
{
  g_autoptr (GInetAddress) group = g_inet_address_new_from_string (MH_MDNS_GROUP_IPV4);
  g_autoptr (GSocketAddress) from = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;
  GSocket *socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, from, FALSE, &error));
  g_assert_no_error (error);
  *to = g_inet_socket_address_new (group, MH_MDNS_PORT);

  return socket;
}

static void
send_to_all (GSocket *socket, GSocketAddress *to, gconstpointer data, gsize size)
{
  g_autoptr (GError) error = NULL;

  g_socket_send_to (socket, to, data, size, NULL, &error);
  g_assert_no_error (error);
}

static void
test_stranger (void)
{
  static const char *const texts[] = { "/ip4/127.0.0.1/tcp/9" };
  g_autoptr (GPtrArray) addresses =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GSocketAddress) to = NULL;
  g_autoptr (GSocket) socket = stranger_new (&to);
  g_autoptr (Seeker) a = seeker_new (NULL, TRUE);
  MhPeerId nobody = mh_peer_id_from_ed25519 ((const guint8 *) "nobody that ever was in this net");
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (Seeker) b = NULL;
  Finding finding = { a, nobody };

  g_test_summary ("rubbish, and peers that do not exist, keep nobody from finding others");
  g_ptr_array_add (addresses, mh_multiaddr_new (texts[0], NULL));
  answer = mh_mdns_answer (MH_MDNS_ASKS_PEERS, "nobody", &nobody, addresses);
  for (guint size = 0; size < 100; size++)
    send_to_all (socket, to,
                 "rubbish that is no packet of DNS whatever one reads into it, and "
                 "then some more, to be a hundred bytes.",
                 size);
  send_to_all (socket, to, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  mht_wait_until (a->node, has_found, &finding);
  b = seeker_new (NULL, TRUE);
  mht_wait_until (a->node, mht_is_connected, &b->node->id);
}

static gboolean
has_found_many (MhHost *host, gpointer data)
{
  return g_hash_table_size (((Seeker *) data)->found) >= 2 * MH_MDNS_MOST_DIALS;
}

static void
test_dials (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (GPtrArray) addresses =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GSocketListener) silent = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (silent, NULL, &error);
  g_autofree char *text = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", port);
  g_autoptr (GSocketAddress) to = NULL;
  g_autoptr (GSocket) socket = stranger_new (&to);
  g_autoptr (Seeker) a = seeker_new (key, TRUE);

  g_test_summary ("however many peers a stranger invents, few are dialled at the same time");
  g_assert_no_error (error);
  g_ptr_array_add (addresses, mh_multiaddr_new (text, NULL));
  for (guint i = 0; i < 2 * MH_MDNS_MOST_DIALS; i++)
    {
      guint8 public_key[MH_PEER_ID_ED25519_SIZE] = { (guint8) i };
      MhPeerId id = mh_peer_id_from_ed25519 (public_key);
      g_autoptr (GBytes) answer = mh_mdns_answer (MH_MDNS_ASKS_PEERS, "nobody", &id, addresses);

      send_to_all (socket, to, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
    }
  mht_wait_until (a->node, has_found_many, a);
  g_assert_cmpuint (count_dials (a), ==, MH_MDNS_MOST_DIALS);
}

static gboolean
has_links (MhHost *host, gpointer data)
{
  return mh_mdns_links (((Seeker *) data)->mdns) > 0;
}

/* The last: there is no way back. */
static void
test_no_multicast (void)
{
  g_autoptr (Seeker) with = seeker_new (NULL, TRUE);
  g_autoptr (Seeker) without = NULL;

  g_test_summary ("without an interface nothing happens, and nothing fails");
  g_assert_true (mht_is_so (with->node, has_links, with));
  g_assert_null (mht_namespace_enter (FALSE));
  without = g_new0 (Seeker, 1);
  without->found = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, NULL);
  without->node = mht_node_new (NULL, 0, NULL);
  mh_host_run (without->node->host, mdns_here, without);
  g_assert_false (mht_is_so (without->node, has_links, without));
}

int
main (int argc, char **argv)
{
  const char *missing = mht_namespace_enter (TRUE);

  g_test_init (&argc, &argv, NULL);
  if (missing != NULL)
    {
      printf ("1..0 # SKIP %s\n", missing);
      return 0;
    }
  if (!mh_crypto_init (NULL))
    return 1;
  g_test_add_func ("/p2p/mdns/host/two", test_two);
  g_test_add_func ("/p2p/mdns/host/only-found", test_only_found);
  g_test_add_func ("/p2p/mdns/host/other-network", test_other_network);
  g_test_add_func ("/p2p/mdns/host/stranger", test_stranger);
  g_test_add_func ("/p2p/mdns/host/dials", test_dials);
  g_test_add_func ("/p2p/mdns/host/without", test_no_multicast);

  return g_test_run ();
}
