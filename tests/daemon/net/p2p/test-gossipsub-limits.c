/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "gossipsub-kit.h"
#include "net/p2p/wire/pb.h"

/* An RPC with @count times @part, which is a field of it. */
static GBytes *
repeat (Kit *kit, const char *part, guint count)
{
  g_autoptr (GBytes) one = kit_rpc (kit, part);
  GByteArray *rpc = g_byte_array_new ();

  for (guint i = 0; i < count; i++)
    g_byte_array_append (rpc, g_bytes_get_data (one, NULL), (guint) g_bytes_get_size (one));

  return g_byte_array_free_to_bytes (rpc);
}

static void
test_rpc_size (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autofree guint8 *data = g_malloc0 (MH_GOSSIPSUB_MAX_RPC + 1);
  g_autoptr (GByteArray) rpc = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gsize rest;

  g_test_summary ("an RPC that is too large is an error");
  kit_step (kit, "add A in");
  rest = MH_GOSSIPSUB_MAX_RPC - 5; /* key and length */
  mh_pb_put_bytes (rpc, 15, data, rest + 1);
  g_assert_cmpuint (rpc->len, ==, MH_GOSSIPSUB_MAX_RPC);
  g_assert_true (mh_gossipsub_feed (kit->gossip, &kit->ids[0], rpc->data, rpc->len, 1, NULL));
  g_byte_array_set_size (rpc, 0);
  mh_pb_put_bytes (rpc, 15, data, rest + 2);
  g_assert_false (mh_gossipsub_feed (kit->gossip, &kit->ids[0], rpc->data, rpc->len, 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

static void
test_counts (void)
{
  static const struct
  {
    const char *part;
    guint most;
  } rows[] = {
    { "+s", MH_GOSSIPSUB_MAX_SUBSCRIPTIONS },  { "-s", MH_GOSSIPSUB_MAX_SUBSCRIPTIONS },
    { "msg s A1", MH_GOSSIPSUB_MAX_MESSAGES }, { "graft s", MH_GOSSIPSUB_MAX_CONTROLS },
    { "prune s", MH_GOSSIPSUB_MAX_CONTROLS },  { "ihave s A1", MH_GOSSIPSUB_MAX_CONTROLS },
    { "iwant A1", MH_GOSSIPSUB_MAX_CONTROLS }, { "dont A1", MH_GOSSIPSUB_MAX_CONTROLS },
  };

  g_test_summary ("an RPC with too much in it is an error");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_new (NULL);
      g_autoptr (GBytes) most = repeat (kit, rows[i].part, rows[i].most);
      g_autoptr (GBytes) more = repeat (kit, rows[i].part, rows[i].most + 1);

      g_test_message ("%s", rows[i].part);
      kit_step (kit, "add A in");
      g_assert_true (kit_feed (kit, 'A', most));
      g_assert_false (kit_feed (kit, 'A', more));
    }
}

/* Topics with names of four figures. */
static GBytes *
subscribe_to (Kit *kit, guint first, guint count)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = first; i < first + count; i++)
    g_string_append_printf (text, "%s+%04u", i > first ? " | " : "", i);

  return kit_rpc (kit, text->str);
}

static guint
count_members (Kit *kit, guint topic)
{
  g_autofree char *name = g_strdup_printf ("%04u", topic);
  g_autoptr (GPtrArray) members = mh_gossipsub_members (kit->gossip, name);

  return members->len;
}

static void
test_peer_topics (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GBytes) first = subscribe_to (kit, 0, MH_GOSSIPSUB_MAX_TOPICS);
  g_autoptr (GBytes) more = subscribe_to (kit, MH_GOSSIPSUB_MAX_TOPICS, 2);

  g_test_summary ("topics of a peer that are too many are passed over");
  kit_step (kit, "add A in");
  kit_step (kit, "add B in");
  g_assert_true (kit_feed (kit, 'A', first));
  g_assert_true (kit_feed (kit, 'A', more));
  g_assert_cmpuint (count_members (kit, MH_GOSSIPSUB_MAX_TOPICS - 1), ==, 1);
  g_assert_cmpuint (count_members (kit, MH_GOSSIPSUB_MAX_TOPICS), ==, 0);
  g_assert_true (kit_feed (kit, 'B', more));
  g_assert_cmpuint (count_members (kit, MH_GOSSIPSUB_MAX_TOPICS), ==, 1);
  kit_step (kit, "A: -0005");
  g_assert_true (kit_feed (kit, 'A', more));
  g_assert_cmpuint (count_members (kit, MH_GOSSIPSUB_MAX_TOPICS), ==, 2);
  g_assert_cmpuint (count_members (kit, MH_GOSSIPSUB_MAX_TOPICS + 1), ==, 1);
}

static void
test_known_topics (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  guint peers = MH_GOSSIPSUB_MAX_KNOWN / MH_GOSSIPSUB_MAX_TOPICS;

  g_test_summary ("topics of others that are too many are passed over, but not ours");
  g_assert_cmpuint (peers, <, 24);
  kit_step (kit, "join 99999");
  for (guint i = 0; i <= peers; i++)
    {
      char letter = (char) (i < 12 ? 'A' + i : 'N' + i - 12);
      g_autofree char *step = g_strdup_printf ("add %c in", letter);
      g_autofree char *ours = g_strdup_printf ("%c: +99999", letter);
      g_autoptr (GBytes) rpc =
          subscribe_to (kit, i * MH_GOSSIPSUB_MAX_TOPICS, MH_GOSSIPSUB_MAX_TOPICS - 1);

      kit_step (kit, step);
      g_assert_true (kit_feed (kit, letter, rpc));
      kit_step (kit, ours);
      kit_step (kit, "~");
    }
  g_assert_cmpuint (count_members (kit, 99999), ==, peers + 1);
  g_assert_cmpuint (count_members (kit, (peers - 1) * MH_GOSSIPSUB_MAX_TOPICS), ==, 1);
  /* all of the last one but those that the places for ours left */
  g_assert_cmpuint (count_members (kit, peers * MH_GOSSIPSUB_MAX_TOPICS), ==, 1);
  g_assert_cmpuint (count_members (kit, peers * MH_GOSSIPSUB_MAX_TOPICS + 100), ==, 0);
  kit_step (kit, "wait 2000");
}

static void
test_own_topics (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GPtrArray) topics = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("we are in no more topics than others remember");
  for (guint i = 0; i < MH_GOSSIPSUB_MAX_TOPICS; i++)
    {
      g_autofree char *name = g_strdup_printf ("%04u", i);

      g_assert_true (mh_gossipsub_subscribe (kit->gossip, name, 0, NULL));
    }
  g_assert_true (mh_gossipsub_subscribe (kit->gossip, "0000", 0, NULL));
  g_assert_false (mh_gossipsub_subscribe (kit->gossip, "more", 0, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  topics = mh_gossipsub_topics (kit->gossip);
  g_assert_cmpuint (topics->len, ==, MH_GOSSIPSUB_MAX_TOPICS);
  mh_gossipsub_unsubscribe (kit->gossip, "0000", 0);
  g_assert_true (mh_gossipsub_subscribe (kit->gossip, "more", 0, NULL));
}

static void
test_topic_names (void)
{
  g_autofree char *longest = g_strnfill (MH_GOSSIPSUB_MAX_TOPIC, 'x');
  g_autofree char *longer = g_strnfill (MH_GOSSIPSUB_MAX_TOPIC + 1, 'x');
  const char *const bad[] = { "", "a\xff", longer };
  g_autofree char *step = g_strdup_printf ("A: +%s | +%s | +good", longer, longest);
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GPtrArray) members = NULL;
  g_autoptr (GPtrArray) none = NULL;

  g_test_summary ("names of topics are text, and not too long");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) data = g_bytes_new ("x", 1);
      g_autoptr (GError) one = NULL;
      g_autoptr (GError) other = NULL;

      g_assert_false (mh_gossipsub_subscribe (kit->gossip, bad[i], 0, &one));
      g_assert_error (one, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_false (mh_gossipsub_publish (kit->gossip, bad[i], data, 0, NULL, &other));
      g_assert_error (other, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
  g_assert_true (mh_gossipsub_subscribe (kit->gossip, longest, 0, NULL));
  kit_step (kit, "add A in");
  kit_step (kit, step);
  members = mh_gossipsub_members (kit->gossip, longest);
  g_assert_cmpuint (members->len, ==, 1);
  none = mh_gossipsub_members (kit->gossip, longer);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_publish_size (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  gsize most = MH_GOSSIPSUB_MAX_RPC;
  MhGossipsubId id;

  g_test_summary ("a message that does not fit into an RPC is not published");
  kit_play (kit, (const char *const[]){ "add A in", "A: +t", NULL });
  for (;; most--)
    {
      g_autofree guint8 *bytes = g_malloc0 (most);
      g_autoptr (GBytes) data = g_bytes_new_static (bytes, most);
      g_autoptr (GError) error = NULL;

      if (mh_gossipsub_publish (kit->gossip, "t", data, 0, &id, &error))
        break;
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE);
    }
  g_assert_cmpuint (kit->rpcs->len, ==, 1);
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (kit->rpcs, 0)), ==, MH_GOSSIPSUB_MAX_RPC);
}

/* @from to @to of @author, as a list. */
static char *
list_ids (char author, guint from, guint to)
{
  GString *list = g_string_new (NULL);

  for (guint i = from; i <= to; i++)
    g_string_append_printf (list, "%s%c%u", i > from ? "," : "", author, i);

  return g_string_free (list, FALSE);
}

/* How many ids went out in IWANT since the last time. */
static guint
count_wanted (Kit *kit)
{
  GString *sent = kit->sent[0];
  guint count = 0;

  for (guint i = 0; i < sent->len; i++)
    count += sent->str[i] == 'B';
  g_string_truncate (sent, 0);

  return count;
}

static void
test_ihave (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autofree char *many = list_ids ('B', 1, 4000);
  g_autofree char *first = g_strdup_printf ("A: ihave t %s", many);
  g_autofree char *others = list_ids ('B', 4001, 6000);
  g_autofree char *second = g_strdup_printf ("A: ihave t %s", others);

  g_test_summary ("no more is asked for between two heartbeats than one peer may offer");
  kit_play (kit, (const char *const[]){ "join t", "add A in", "wait 100", "~", NULL });
  for (guint i = 1; i <= MH_GOSSIPSUB_MAX_IHAVES + 5; i++)
    {
      g_autofree char *step = g_strdup_printf ("A: ihave t B%u", i);

      kit_step (kit, step);
    }
  g_assert_cmpuint (count_wanted (kit), ==, MH_GOSSIPSUB_MAX_IHAVES);
  kit_step (kit, "wait 1000");
  kit_step (kit, first);
  g_assert_cmpuint (count_wanted (kit), ==, 4000);
  kit_step (kit, second);
  g_assert_cmpuint (count_wanted (kit), ==, MH_GOSSIPSUB_MAX_IHAVE_IDS - 4000);
  kit_step (kit, "wait 1000");
  kit_step (kit, second);
  g_assert_cmpuint (count_wanted (kit), ==, 2000);
}

static void
test_iwant (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autofree char *many = list_ids ('Z', 1, MH_GOSSIPSUB_MAX_IWANT_IDS - 1);
  g_autofree char *step = g_strdup_printf ("A: iwant %s,B1,B2", many);

  g_test_summary ("IWANT is answered so often between two heartbeats");
  kit_play (kit, (const char *const[]){ "join t", "add A in", "add C in", "wait 100", "~",
                                        "C: msg t B1 x | msg t B2 x", NULL });
  for (guint i = 0; i < MH_GOSSIPSUB_MAX_IWANTS; i++)
    kit_step (kit, "A: iwant Z1");
  kit_play (kit, (const char *const[]){ "A: iwant B1", "=", "wait 1000", "~", "A: iwant B1",
                                        "= A: msg t B1 x", "wait 1000", "~", NULL });
  kit_step (kit, step);
  kit_step (kit, "= A: msg t B1 x");
  kit_play (kit, (const char *const[]){ "A: iwant B2", "=", NULL });
  /* and each message three times */
  g_assert_cmpint (MH_GOSSIPSUB_MAX_RETRANSMISSIONS, ==, 3);
  kit_play (
      kit, (const char *const[]){ "wait 1000", "~", "A: iwant B1,B1,B1", "= A: msg t B1 x", NULL });
}

static void
test_idontwant (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autofree char *many = list_ids ('Z', 1, MH_GOSSIPSUB_MAX_IDONTWANT_IDS - 1);
  g_autofree char *step = g_strdup_printf ("A: dont %s,B1,B2", many);

  g_test_summary ("IDONTWANT is remembered so often between two heartbeats");
  kit_play (kit, (const char *const[]){ "join t", "add A in", "add C in", "A: +t", "wait 100", "~",
                                        NULL });
  kit_step (kit, step);
  kit_play (kit, (const char *const[]){ "C: msg t B1 x | msg t B2 x", "= A: msg t B2 x", NULL });
}

static void
test_exchange (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);

  g_test_summary ("peers of one PRUNE that are too many are passed over");
  g_assert_cmpint (MH_GOSSIPSUB_MAX_EXCHANGED, ==, 16);
  kit_play (kit,
            (const char *const[]){ "join t", "add A in", "A: +t",
                                   "A: prune t 60 B,C,D,E,F,G,H,I,J,K,L,N,O,P,Q,R,S,T", NULL });
  g_assert_cmpstr (kit->exchanged->str, ==, "BCDEFGHIJKLNOPQR");
}

static void
test_backoff (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);

  g_test_summary ("nobody is left alone for ever");
  kit_play (kit,
            (const char *const[]){ "join t", "add A in", "A: +t", "A: prune t 18446744073709551615",
                                   "~", "wait 3600000", "=", "wait 2100", "= A: graft t", NULL });
}

static void
test_backoffs (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GBytes) rpc = kit_rpc (kit, "+t | prune t 60");

  g_test_summary ("peers that come and go do not fill the memory with their back-offs");
  kit_step (kit, "join t");
  for (guint32 i = 0; i <= MH_GOSSIPSUB_MAX_BACKOFFS; i++)
    {
      guint8 key[MH_PEER_ID_ED25519_SIZE] = { 0 };

      memcpy (key, &i, sizeof i);
      kit->ids[i == 0 ? 'Y' - 'A' : 'Z' - 'A'] = mh_peer_id_from_ed25519 (key);
      kit_step (kit, i == 0 ? "add Y in" : "add Z in");
      g_assert_true (kit_feed (kit, i == 0 ? 'Y' : 'Z', rpc));
      kit_step (kit, i == 0 ? "del Y" : "del Z");
    }
  kit_play (kit, (const char *const[]){ "~", "add Y in", "Y: +t", "= Y: +t", "add Z in", "Z: +t",
                                        "= Z: +t | graft t", NULL });
}

static void
test_retained (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  MhPeerId first = { 0 };

  g_test_summary ("bad scores of peers that are gone are kept for so many");
  for (guint32 i = 0; i <= MH_GOSSIPSUB_MAX_RETAINED; i++)
    {
      MhGossipsubPeer peer = { .address = "10.0.0.1" };
      guint8 key[MH_PEER_ID_ED25519_SIZE] = { 1 };

      memcpy (key + 1, &i, sizeof i);
      peer.id = mh_peer_id_from_ed25519 (key);
      first = i == 0 ? peer.id : first;
      mh_gossipsub_add_peer (kit->gossip, &peer, 0);
      mh_gossipsub_set_app_score (kit->gossip, &peer.id, -5);
      if (i == MH_GOSSIPSUB_MAX_RETAINED)
        g_assert_cmpfloat (mh_gossipsub_score (kit->gossip, &first), <, 0);
      mh_gossipsub_remove_peer (kit->gossip, &peer.id, 0);
    }
  g_assert_cmpfloat (mh_gossipsub_score (kit->gossip, &first), ==, 0);
}

static void
test_seen (void)
{
  MhGossipsubConfig config;
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("what was seen is forgotten when there is too much, or after two minutes");
  mh_gossipsub_config_init (&config);
  config.max_seen_bytes = 3 * MH_GOSSIPSUB_SEEN_COST;
  kit = kit_new (&config);
  kit_play (kit, (const char *const[]){ "join t", "add A in", "A: msg t B1 x | msg t B2 x", "~",
                                        "A: msg t B1 x | msg t B3 x", "! t B3 x", "A: msg t B4 x",
                                        "! t B4 x", NULL });
  g_assert_cmpuint (mh_gossipsub_seen_bytes (kit->gossip), ==, 3 * MH_GOSSIPSUB_SEEN_COST);
  kit_play (kit, (const char *const[]){ "A: msg t B3 x", "!", "A: msg t B1 x", "! t B1 x",
                                        "wait 119000", "A: msg t B1 x", "!", "wait 2000",
                                        "A: msg t B1 x", "! t B1 x", NULL });
  g_assert_cmpuint (mh_gossipsub_seen_bytes (kit->gossip), ==, MH_GOSSIPSUB_SEEN_COST);
}

static void
test_cache (void)
{
  MhGossipsubConfig config;
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("messages that can be asked for go when there are too many");
  mh_gossipsub_config_init (&config);
  config.max_cache_bytes = 1500;
  kit = kit_new (&config);
  kit_play (
      kit, (const char *const[]){ "join t", "add A in", "A: msg t B1 x | msg t B2 x | msg t B3 x",
                                  "~", "A: iwant B1,B2,B3", "= A: msg t B2 x | msg t B3 x", NULL });
  g_assert_cmpuint (mh_gossipsub_cache_bytes (kit->gossip), <=, 1500);
  kit_step (kit, "wait 6000");
  g_assert_cmpuint (mh_gossipsub_cache_bytes (kit->gossip), ==, 0);
}

static void
test_pending (void)
{
  MhGossipsubConfig config;
  g_autoptr (Kit) kit = NULL;
  MhGossipsubId id;

  g_test_summary ("messages that wait for a verdict are so many, others have to come again");
  mh_gossipsub_config_init (&config);
  config.max_pending_bytes = 1500;
  kit = kit_new (&config);
  kit->verdict = MH_GOSSIPSUB_LATER;
  kit_play (kit, (const char *const[]){ "join t", "add A in",
                                        "A: msg t B1 x | msg t B2 x | msg t B3 x", NULL });
  g_assert_cmpuint (mh_gossipsub_pending_bytes (kit->gossip), <=, 1500);
  id = kit_id (kit, 'B', 3);
  g_assert_false (mh_gossipsub_report (kit->gossip, &id, MH_GOSSIPSUB_ACCEPT, 0));
  id = kit_id (kit, 'B', 1);
  g_assert_true (mh_gossipsub_report (kit->gossip, &id, MH_GOSSIPSUB_IGNORE, 0));
  kit_step (kit, "A: msg t B3 x");
  id = kit_id (kit, 'B', 3);
  g_assert_true (mh_gossipsub_report (kit->gossip, &id, MH_GOSSIPSUB_ACCEPT, 0));
  kit_step (kit, "! t B3 x");
  g_assert_cmpfloat (kit_score (kit, 'A'), >, 0);
  /* what is left goes with what was seen */
  g_assert_cmpuint (mh_gossipsub_pending_bytes (kit->gossip), >, 0);
  kit_step (kit, "wait 122000");
  g_assert_cmpuint (mh_gossipsub_pending_bytes (kit->gossip), ==, 0);
}

static void
test_split (void)
{
  MhGossipsubConfig config;
  g_autoptr (Kit) kit = NULL;
  guint topics = 0;

  g_test_summary ("what does not fit into one RPC goes in several");
  mh_gossipsub_config_init (&config);
  config.max_rpc_bytes = 1;
  kit = kit_new (&config);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *step = g_strdup_printf ("join some-topic-%u", i);

      kit_step (kit, step);
    }
  kit_step (kit, "add A in");
  for (guint i = 0; i < kit->rpcs->len; i++)
    {
      GBytes *rpc = g_ptr_array_index (kit->rpcs, i);
      g_autofree char *text = kit_describe (kit, rpc);

      g_assert_cmpuint (g_bytes_get_size (rpc), <=, MH_GOSSIPSUB_LEAST_RPC);
      for (const char *at = text; at != NULL; at = strchr (at + 1, '+'))
        topics += at[0] == '+';
    }
  g_assert_cmpuint (kit->rpcs->len, >, 2);
  g_assert_cmpuint (topics, ==, 500);

  /* and gossip is cut */
  kit_play (kit, (const char *const[]){ "join t", "add B in", "B: +t", "B: prune t", "~", NULL });
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *step = g_strdup_printf ("A: msg t C%u x", i + 1);

      kit_step (kit, step);
    }
  kit_step (kit, "~");
  kit_step (kit, "wait 200");
  g_assert_cmpuint (kit->rpcs->len, ==, 1);
  g_assert_cmpuint (g_bytes_get_size (g_ptr_array_index (kit->rpcs, 0)), <=,
                    MH_GOSSIPSUB_LEAST_RPC);
}

static void
test_history (void)
{
  MhGossipsubConfig config;
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("messages are not kept for more heartbeats than there may be");
  mh_gossipsub_config_init (&config);
  config.history_length = 1000000;
  kit = kit_new (&config);
  kit_play (kit,
            (const char *const[]){ "join t", "add A in", "A: msg t B1 x", "wait 59000", NULL });
  g_assert_cmpint (MH_GOSSIPSUB_MAX_HISTORY, ==, 60);
  g_assert_cmpuint (mh_gossipsub_cache_bytes (kit->gossip), >, 0);
  kit_step (kit, "wait 1000");
  g_assert_cmpuint (mh_gossipsub_cache_bytes (kit->gossip), ==, 0);
}

/* Times that jump do not make it work for ever. */
static void
test_times (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  gint64 day_ms = 24 * 60 * 60 * 1000;

  g_test_summary ("a time that jumps, or goes back, is taken as it is");
  kit_play (kit, (const char *const[]){ "join t", "add A in", "A: +t", "A: forged t A1 x", NULL });
  g_assert_cmpint (mh_gossipsub_tick (kit->gossip, 365 * day_ms), >, 365 * day_ms);
  g_assert_cmpint (mh_gossipsub_tick (kit->gossip, 1), >, 365 * day_ms);
  g_assert_cmpfloat (kit_score (kit, 'A'), >=, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/gossipsub-limits/rpc-size", test_rpc_size);
  g_test_add_func ("/p2p/gossipsub-limits/counts", test_counts);
  g_test_add_func ("/p2p/gossipsub-limits/peer-topics", test_peer_topics);
  g_test_add_func ("/p2p/gossipsub-limits/known-topics", test_known_topics);
  g_test_add_func ("/p2p/gossipsub-limits/own-topics", test_own_topics);
  g_test_add_func ("/p2p/gossipsub-limits/topic-names", test_topic_names);
  g_test_add_func ("/p2p/gossipsub-limits/publish-size", test_publish_size);
  g_test_add_func ("/p2p/gossipsub-limits/ihave", test_ihave);
  g_test_add_func ("/p2p/gossipsub-limits/iwant", test_iwant);
  g_test_add_func ("/p2p/gossipsub-limits/idontwant", test_idontwant);
  g_test_add_func ("/p2p/gossipsub-limits/exchange", test_exchange);
  g_test_add_func ("/p2p/gossipsub-limits/backoff", test_backoff);
  g_test_add_func ("/p2p/gossipsub-limits/backoffs", test_backoffs);
  g_test_add_func ("/p2p/gossipsub-limits/retained", test_retained);
  g_test_add_func ("/p2p/gossipsub-limits/seen", test_seen);
  g_test_add_func ("/p2p/gossipsub-limits/cache", test_cache);
  g_test_add_func ("/p2p/gossipsub-limits/pending", test_pending);
  g_test_add_func ("/p2p/gossipsub-limits/split", test_split);
  g_test_add_func ("/p2p/gossipsub-limits/history", test_history);
  g_test_add_func ("/p2p/gossipsub-limits/times", test_times);

  return g_test_run ();
}
