/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "gossipsub-net.h"
#include "net/p2p/wire/pb.h"

static guint
any_host (Net *net)
{
  guint index;

  do
    index = (guint) g_rand_int_range (net->rand, 0, (gint32) net->hosts->len);
  while (!net_host (net, index)->is_up || net_host (net, index)->gossip == NULL);

  return index;
}

/* Returns: the number of the first of @count messages that were published every @every_ms */
static guint
publish_many (Net *net, guint count, gint64 every_ms)
{
  guint first = net->sent->len;

  for (guint i = 0; i < count; i++)
    {
      net_publish (net, any_host (net), 100);
      net_run (net, every_ms);
    }

  return first;
}

static void
check_meshes (Net *net)
{
  for (guint i = 0; i < net->hosts->len; i++)
    {
      Host *host = net_host (net, i);
      g_autoptr (GPtrArray) mesh = NULL;

      if (!host->is_up || host->gossip == NULL)
        continue;
      mesh = mh_gossipsub_mesh (host->gossip, NET_TOPIC);
      g_assert_cmpuint (mesh->len, <=, net->config.d_hi + net->config.d_out);
      g_assert_cmpuint (mesh->len, >=, MIN (net->config.d_lo, host->links->len));
      g_assert_cmpuint (host->asked_twice, ==, 0);
    }
}

static Net *
settled (guint32 seed, guint hosts, guint each, const MhGossipsubConfig *config)
{
  Net *net = net_new (seed, hosts, config);

  net_link_all (net, each);
  net_subscribe_all (net);
  net_run (net, 5000);

  return net;
}

static void
report (Net *net, const char *what, guint first)
{
  g_test_message ("%s: delivery %.3f %%, median latency %" G_GINT64_FORMAT " ms in %u hops", what,
                  100 * net_delivery (net, first), net_latency_ms (net, first),
                  net_hops (net, first));
}

static void
crash_some (Net *net, guint percent)
{
  for (guint i = 0; i < net->hosts->len; i++)
    if (g_rand_int_range (net->rand, 0, 100) < (gint32) percent)
      net_crash (net, i);
}

static void
test_large (void)
{
  g_autoptr (Net) net = settled (1, 200, 5, NULL);
  MhGossipsubCounters before = net_counters (net);
  MhGossipsubCounters after;
  gint64 started_us = g_get_monotonic_time ();
  guint first;

  g_test_summary ("200 hosts get 1000 messages, and go on when 30 % of them are gone");
  first = publish_many (net, 1000, 20);
  net_run (net, 5000);
  after = net_counters (net);
  report (net, "200 hosts, 1000 messages", first);
  g_test_message ("%.2f duplicates a message and host, %.2f s, %" G_GUINT64_FORMAT " RPCs",
                  (double) (after.duplicates - before.duplicates)
                      / (double) (after.received - before.received),
                  (double) (g_get_monotonic_time () - started_us) / 1e6, net->rpcs);
  g_assert_cmpfloat (net_delivery (net, first), ==, 1);
  g_assert_cmpint (net_latency_ms (net, first), <, 500);
  g_assert_cmpuint (after.duplicates - before.duplicates, <, 10 * after.received);
  g_assert_cmpuint (after.invalid, ==, 0);
  check_meshes (net);

  crash_some (net, 30);
  first = publish_many (net, 50, 20);
  net_run (net, 100);
  report (net, "right after 30 % crashed, within 0.1 s", first);
  net_run (net, 2000);
  report (net, "the same, with gossip", first);
  for (guint i = 0; i < net->hosts->len; i++)
    if (!net_host (net, i)->is_up)
      net_notice (net, i);
  net_run (net, 3000);
  first = publish_many (net, 100, 20);
  net_run (net, 3000);
  report (net, "after the meshes are repaired", first);
  g_assert_cmpfloat (net_delivery (net, first), ==, 1);
  check_meshes (net);
}

static void
test_mesh_only (void)
{
  MhGossipsubConfig config;
  g_autoptr (Net) net = NULL;
  MhGossipsubCounters counters;
  guint first;

  g_test_summary ("messages of ours that go to the mesh only get everywhere as well");
  mh_gossipsub_config_init (&config);
  config.flood_publish = FALSE;
  net = settled (2, 100, 10, &config);
  first = publish_many (net, 200, 20);
  net_run (net, 3000);
  counters = net_counters (net);
  report (net, "100 hosts with 20 links, meshes of 6 to 12", first);
  g_test_message ("%.2f duplicates a message and host",
                  (double) counters.duplicates / (double) counters.received);
  g_assert_cmpfloat (net_delivery (net, first), ==, 1);
  check_meshes (net);
}

static void
test_large_messages (void)
{
  double duplicates[2];

  g_test_summary ("IDONTWANT saves duplicates of large messages");
  for (guint i = 0; i < 2; i++)
    {
      MhGossipsubConfig config;
      g_autoptr (Net) net = NULL;
      MhGossipsubCounters counters;

      mh_gossipsub_config_init (&config);
      config.idontwant_bytes = i == 0 ? G_MAXSIZE : 512;
      net = settled (3, 60, 5, &config);
      net->bytes_per_ms = 1000;
      for (guint j = 0; j < 50; j++)
        {
          net_publish (net, any_host (net), 50000);
          net_run (net, 500);
        }
      net_run (net, 3000);
      g_assert_cmpfloat (net_delivery (net, 0), ==, 1);
      counters = net_counters (net);
      duplicates[i] = (double) counters.duplicates / (double) counters.received;
    }
  g_test_message ("duplicates a message and host: %.2f without, %.2f with", duplicates[0],
                  duplicates[1]);
  g_assert_cmpfloat (duplicates[1], <, duplicates[0]);
}

static void
test_late (void)
{
  g_autoptr (Net) net = settled (4, 60, 6, NULL);
  guint first = publish_many (net, 50, 20);
  guint got = 0;
  Host *late = NULL;

  g_test_summary ("who comes late hears of the messages of the last seconds");
  net_run (net, 1000);
  late = net_add (net, FALSE);
  for (guint i = first; i < net->sent->len; i++)
    {
      Sent *sent = &g_array_index (net->sent, Sent, i);

      sent->hops = g_realloc (sent->hops, net->hosts->len);
      sent->hops[late->index] = 0;
      sent->got_ms = g_renew (gint64, sent->got_ms, net->hosts->len);
    }
  g_assert_true (mh_gossipsub_subscribe (late->gossip, NET_TOPIC, net->now_ms, NULL));
  for (guint i = 0; i < 20; i++)
    net_link (net, late->index, i);
  net_run (net, 3000);
  for (guint i = first; i < net->sent->len; i++)
    got += g_array_index (net->sent, Sent, i).hops[late->index] != 0;
  g_test_message ("%u of 50 messages of the second before", got);
  g_assert_cmpuint (got, ==, 50);
}

static void
test_partition (void)
{
  g_autoptr (Net) net = settled (5, 80, 5, NULL);
  g_autoptr (GArray) cut = g_array_new (FALSE, FALSE, 2 * sizeof (guint));
  guint first;

  g_test_summary ("a network that falls apart goes on in both parts, and grows together again");
  for (guint i = 0; i < 40; i++)
    for (guint j = 40; j < 80; j++)
      if (g_hash_table_contains (net->links, GUINT_TO_POINTER (i << 16 | j)))
        {
          guint pair[2] = { i, j };

          net_unlink (net, i, j);
          g_array_append_val (cut, pair);
        }
  net_run (net, 3000);
  first = publish_many (net, 50, 20);
  net_run (net, 3000);
  report (net, "in two parts", first);
  g_assert_cmpfloat (net_delivery (net, first), ==, 1);

  publish_many (net, 20, 20);
  for (guint i = 0; i < cut->len; i++)
    net_link (net, ((guint *) cut->data)[2 * i], ((guint *) cut->data)[2 * i + 1]);
  net_run (net, 3000);
  report (net, "messages from just before they met", first + 50);
  g_assert_cmpfloat (net_delivery (net, first + 50), ==, 1);
  first = publish_many (net, 50, 20);
  net_run (net, 3000);
  report (net, "together again", first);
  g_assert_cmpfloat (net_delivery (net, first), ==, 1);
  check_meshes (net);
}

static void
test_fanout (void)
{
  MhGossipsubConfig config;
  g_autoptr (Net) net = NULL;

  g_test_summary ("hosts that are not in the topic publish through a few that are");
  mh_gossipsub_config_init (&config);
  config.flood_publish = FALSE;
  net = settled (6, 60, 6, &config);
  for (guint i = 0; i < 10; i++)
    mh_gossipsub_unsubscribe (net_host (net, i)->gossip, NET_TOPIC, net->now_ms);
  net_run (net, 2000);
  for (guint i = 0; i < 100; i++)
    {
      net_publish (net, i % 10, 100);
      net_run (net, 20);
    }
  net_run (net, 3000);
  report (net, "50 hosts, 10 publish from outside", 0);
  g_assert_cmpfloat (net_delivery (net, 0), ==, 1);
}

/* An attacker takes nothing on, grafts itself everywhere and sends what nobody signed. */
static void
attack (Host *self, const MhPeerId *from)
{
  g_autoptr (GByteArray) rpc = g_byte_array_new ();
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) control = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint8 rubbish[64];

  if (from != NULL)
    return;
  for (guint i = 0; i < sizeof rubbish; i++)
    rubbish[i] = (guint8) g_rand_int (self->net->rand);
  mh_pb_put_uint (body, 1, 1);
  mh_pb_put_text (body, 2, NET_TOPIC);
  mh_pb_put_message (rpc, 1, body);
  g_byte_array_set_size (body, 0);
  mh_pb_put_bytes (body, 1, self->id.bytes, self->id.size);
  mh_pb_put_bytes (body, 3, rubbish, 8);
  mh_pb_put_text (body, 4, NET_TOPIC);
  mh_pb_put_bytes (body, 5, rubbish, 64);
  mh_pb_put_message (rpc, 2, body);
  g_byte_array_set_size (body, 0);
  mh_pb_put_text (body, 1, NET_TOPIC);
  mh_pb_put_message (control, 3, body);
  mh_pb_put_message (rpc, 3, control);
  bytes = g_bytes_new (rpc->data, rpc->len);
  for (guint i = 0; i < self->links->len; i++)
    net_send (self->net, self->index, g_array_index (self->links, guint, i), bytes);
}

static void
test_attack (void)
{
  g_autoptr (Net) net = net_new (7, 80, NULL);
  guint judged = 0;
  guint first;

  g_test_summary ("attackers are not listened to, and the others get everything");
  net->on_attack = attack;
  for (guint i = 0; i < 20; i++)
    net_add (net, TRUE);
  net_link_all (net, 6);
  net_subscribe_all (net);
  net_run (net, 3000);
  first = publish_many (net, 200, 20);
  net_run (net, 3000);
  report (net, "80 hosts and 20 attackers", first);
  g_assert_cmpfloat (net_delivery (net, first), ==, 1);
  for (guint i = 80; i < 100; i++)
    for (guint j = 0; j < net_host (net, i)->links->len; j++)
      {
        Host *victim = net_host (net, g_array_index (net_host (net, i)->links, guint, j));

        if (victim->gossip == NULL)
          continue;
        g_assert_cmpfloat (mh_gossipsub_score (victim->gossip, &net_host (net, i)->id), <,
                           net->config.scoring.graylist_threshold);
        judged++;
      }
  g_test_message ("%u neighbours found them out; %" G_GUINT64_FORMAT
                  " signatures were looked at, %" G_GUINT64_FORMAT " RPCs were not listened to",
                  judged, net_counters (net).invalid, net_counters (net).graylisted);
  g_assert_cmpuint (net_counters (net).invalid, <, judged * 6);
}

static guint64
play (guint32 seed)
{
  g_autoptr (Net) net = settled (seed, 50, 5, NULL);

  publish_many (net, 50, 20);
  crash_some (net, 20);
  publish_many (net, 50, 20);
  net_run (net, 3000);

  return net->hash;
}

static void
test_seed (void)
{
  g_test_summary ("the same seed gives the same run, to the byte");
  g_assert_cmpuint (play (8), ==, play (8));
  g_assert_cmpuint (play (8), !=, play (9));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/gossipsub-net/large", test_large);
  g_test_add_func ("/p2p/gossipsub-net/mesh-only", test_mesh_only);
  g_test_add_func ("/p2p/gossipsub-net/large-messages", test_large_messages);
  g_test_add_func ("/p2p/gossipsub-net/late", test_late);
  g_test_add_func ("/p2p/gossipsub-net/partition", test_partition);
  g_test_add_func ("/p2p/gossipsub-net/fanout", test_fanout);
  g_test_add_func ("/p2p/gossipsub-net/attack", test_attack);
  g_test_add_func ("/p2p/gossipsub-net/seed", test_seed);

  return g_test_run ();
}
