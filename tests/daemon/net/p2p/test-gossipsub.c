/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "gossipsub-kit.h"
#include "net/p2p/wire/pb.h"

/* Scripts of gossipsub-kit.h, each with a member of its own. */
typedef struct
{
  const char *name;
  const char *steps[40];
} Script;

static void
play_all (const Script *scripts, guint count, const MhGossipsubConfig *config)
{
  for (guint i = 0; i < count; i++)
    {
      g_autoptr (Kit) kit = kit_new (config);

      g_test_message ("-- %s", scripts[i].name);
      kit_play (kit, scripts[i].steps);
    }
}

#define MESH_OF_THREE "join t", "add A out", "add B in", "add C in", "A: +t", "B: +t", "C: +t", "~"

static void
test_topics (void)
{
  static const Script scripts[] = {
    { "a new peer hears our topics, and is grafted when it is in one",
      { "join t", "join s", "add A in", "= A: +s | +t", "A: +t | +other", "= A: graft t", NULL } },
    { "peers hear of topics that we enter and leave",
      { "add A in", "add B in 1.0", "A: +t", "B: +s", "=", "join t", "= A: +t | graft t; B: +t",
        "leave t", "= A: -t | prune t 10; B: -t", NULL } },
    { "a peer of 1.0 hears of no back-off",
      { "add A in 1.0", "A: +t", "join t", "~", "leave t", "= A: -t | prune t", NULL } },
    { "who was left alone for a topic is not grafted until the time is over and one heartbeat more",
      { "join t", "add A in", "A: +t", "~", "A: prune t 30", "wait 31000", "=", "wait 1100",
        "= A: graft t", NULL } },
    { "the back-off is a minute when none is said",
      { "join t", "add A in", "A: +t", "~", "A: prune t", "wait 61000", "=", "wait 1100",
        "= A: graft t", NULL } },
    { "leaving and joining again waits ten seconds",
      { "join t", "add A in", "A: +t", "leave t", "wait 3000", "~", "join t", "= A: +t",
        "wait 10000", "= A: graft t", NULL } },
    { "a peer that leaves a topic leaves the mesh",
      { MESH_OF_THREE, "A: -t", "B: msg t B1 x", "= C: msg t B1 x", NULL } },
    { "a peer that is gone gets nothing, and can come back",
      { MESH_OF_THREE, "del A", "B: msg t B1 x", "= C: msg t B1 x", "add A out", "A: +t",
        "= A: +t | graft t", NULL } },
    { "a peer with a new stream hears everything again, and what it said still holds",
      { MESH_OF_THREE, "add A out", "= A: +t | graft t", "B: msg t B1 x",
        "= A: msg t B1 x; C: msg t B1 x", NULL } },
    { "what is no name of a topic is passed over",
      { "join t", "add A in", "~", "A: + | +a\xff", "=", NULL } },
    { "a GRAFT of one that did not say that it is in the topic says so",
      { "join t", "add A in", "add B in", "~", "A: graft t", "=", "B: msg t B1 x",
        "= A: msg t B1 x", NULL } },
  };

  g_test_summary ("topics, and who is in them");
  play_all (scripts, G_N_ELEMENTS (scripts), NULL);
}

static void
test_members (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);

  g_test_summary ("who comes into a topic and leaves it is told once");
  kit_play (kit,
            (const char *const[]){ "join t", "add A in", "add B in", "A: +t | +t | +s", "B: +t",
                                   "A: -t | -t", "A: graft t", "del A", "A: +t", NULL });
  g_assert_cmpstr (kit->members->str, ==, "A+t A+s B+t A-t A+t A-s A-t ");
}

/* What is told may call in again. */
typedef struct
{
  MhGossipsub *gossip;
  MhPeerId peers[2];
  guint sent[2];
  guint told;
} Caller;

static void
send_and_drop (const MhPeerId *peer, GBytes *rpc, MhGossipsubLane lane, gpointer data)
{
  Caller *self = data;
  guint index = mh_peer_id_equal (peer, &self->peers[0]) ? 0 : 1;

  self->sent[index]++;
  /* the first message is more than the first peer takes */
  if (lane == MH_GOSSIPSUB_MESSAGE && index == 0)
    mh_gossipsub_remove_peer (self->gossip, peer, 0);
}

static void
answer (const MhGossipsubMessage *message, gpointer data)
{
  Caller *self = data;
  g_autoptr (GBytes) bytes = g_bytes_new ("answer", 6);

  self->told++;
  g_assert_true (mh_gossipsub_publish (self->gossip, "t", bytes, 0, NULL, NULL));
  g_assert_true (mh_gossipsub_publish (self->gossip, "t", bytes, 0, NULL, NULL));
  mh_gossipsub_unsubscribe (self->gossip, "t", 0);
  mh_gossipsub_tick (self->gossip, 5000);
}

static void
test_calls_inside (void)
{
  static const MhGossipsubEvents events = { .send = send_and_drop, .message = answer };
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GBytes) rpc = kit_rpc (kit, "msg t C1 x | msg t C2 x");
  g_autoptr (GBytes) sub = kit_rpc (kit, "+t");
  Caller caller = { 0 };
  g_autoptr (MhGossipsub) own = mh_gossipsub_new (kit->signers[12], NULL, &events, &caller);

  g_test_summary ("events may call in again, and remove the peer that they are about");
  caller.gossip = own;
  g_assert_true (mh_gossipsub_subscribe (own, "t", 0, NULL));
  for (guint i = 0; i < 2; i++)
    {
      MhGossipsubPeer peer = { .id = kit->ids[i], .version = MH_GOSSIPSUB_VERSION_12 };

      caller.peers[i] = kit->ids[i];
      mh_gossipsub_add_peer (own, &peer, 0);
      g_assert_true (mh_gossipsub_feed (own, &kit->ids[i], g_bytes_get_data (sub, NULL),
                                        g_bytes_get_size (sub), 0, NULL));
    }
  memset (caller.sent, 0, sizeof caller.sent);
  g_assert_true (mh_gossipsub_feed (own, &kit->ids[1], g_bytes_get_data (rpc, NULL),
                                    g_bytes_get_size (rpc), 0, NULL));
  /* both were taken before we left; of the first peer only the first message went out */
  g_assert_cmpuint (caller.told, ==, 2);
  g_assert_cmpuint (caller.sent[0], ==, 1);
  /* four answers, and that we leave */
  g_assert_cmpuint (caller.sent[1], ==, 5);
  g_assert_false (mh_gossipsub_is_in (own, "t"));
}

static void
test_messages (void)
{
  static const Script scripts[] = {
    { "a message goes to the mesh once, but not back and not to its author",
      { MESH_OF_THREE, "A: msg t B7 hi", "= C: msg t B7 hi", "! t B7 hi", "C: msg t B7 hi",
        "B: msg t B7 hi", "=", "!", NULL } },
    { "a message of many in one RPC",
      { MESH_OF_THREE, "A: msg t A1 x | msg t A2 y | msg t A1 x",
        "= B: msg t A1 x | msg t A2 y; C: msg t A1 x | msg t A2 y", "! t A1 x; t A2 y", NULL } },
    { "an empty message is one", { MESH_OF_THREE, "A: msg t A1", "! t A1", NULL } },
    { "what nobody signed goes nowhere",
      { MESH_OF_THREE, "A: forged t A1 x", "=", "!", "B: msg t A1 x", "! t A1 x", NULL } },
    { "topics that we are not in are passed over",
      { MESH_OF_THREE, "A: +s", "A: msg s A1 x", "=", "!", NULL } },
    { "our own messages do not come back", { MESH_OF_THREE, "A: msg t M900 x", "=", "!", NULL } },
    { "what we publish goes to all that are in the topic, in the mesh or not",
      { MESH_OF_THREE, "B: prune t", "add D in", "add E in", "D: +t", "~", "publish t hi",
        "= A: msg t M1 hi; B: msg t M1 hi; C: msg t M1 hi; D: msg t M1 hi", "!", NULL } },
    { "also when we are not in it",
      { "add A in", "add B in", "A: +t", "publish t hi", "= A: msg t M1 hi", NULL } },
    { "and nowhere when nobody is", { "add A in", "publish t hi", "=", NULL } },
    { "direct peers are outside the mesh and get everything",
      { "join t", "direct A", "add A in", "add B in", "add C in", "A: +t", "B: +t", "~",
        "A: graft t", "= A: prune t 60", "B: msg t C1 x", "= A: msg t C1 x", NULL } },
    { "one that becomes direct leaves the mesh",
      { MESH_OF_THREE, "direct A", "= A: prune t 60", "B: msg t B1 x",
        "= A: msg t B1 x; C: msg t B1 x", NULL } },
  };

  g_test_summary ("messages, and who gets them");
  play_all (scripts, G_N_ELEMENTS (scripts), NULL);
}

static void
test_mesh_only (void)
{
  static const Script scripts[] = {
    { "what we publish goes to the mesh, filled up when it is small",
      { MESH_OF_THREE, "C: prune t", "publish t x", "= A: msg t M1 x; B: msg t M1 x; C: msg t M1 x",
        NULL } },
    { "but not to more than it needs",
      { MESH_OF_THREE, "add D in", "D: +t", "publish t x",
        "= A: msg t M1 x; B: msg t M1 x; C: msg t M1 x; D: +t", NULL } },
    { "who is not in a topic publishes to the same few",
      { "add A in",
        "add B in",
        "add C in",
        "add D in",
        "add E in",
        "A: +t",
        "B: +t",
        "C: +t",
        "D: +t",
        "E: +t",
        "publish t x",
        "= A: msg t M1 x; C: msg t M1 x; D: msg t M1 x",
        "publish t y",
        "= A: msg t M2 y; C: msg t M2 y; D: msg t M2 y",
        "del D",
        "wait 1200",
        "~",
        "publish t z",
        "= A: msg t M3 z; B: msg t M3 z; C: msg t M3 z",
        NULL } },
    { "and joins with them",
      { "add A in", "add B in", "add C in", "add D in", "add E in", "A: +t", "B: +t", "C: +t",
        "D: +t", "E: +t", "publish t x", "~", "join t",
        "= A: +t | graft t; B: +t; C: +t | graft t; D: +t | graft t; E: +t", NULL } },
  };
  MhGossipsubConfig config;

  g_test_summary ("without flood publishing messages of ours go to the mesh or the fanout");
  mh_gossipsub_config_init (&config);
  config.flood_publish = FALSE;
  config.d = 3;
  config.d_lo = 3;
  config.d_out = 0;
  config.d_lazy = 0;
  config.gossip_factor = 0;
  play_all (scripts, G_N_ELEMENTS (scripts), &config);
}

static void
test_gossip (void)
{
  static const Script scripts[] = {
    { "who is not in the mesh hears of messages for three heartbeats, and can ask for five",
      { MESH_OF_THREE,
        "wait 1100",
        "add D in",
        "D: +t",
        "D: prune t",
        "~",
        "A: msg t A1 x",
        "~",
        "wait 1000",
        "= D: ihave t A1",
        "wait 1000",
        "= D: ihave t A1",
        "wait 1000",
        "= D: ihave t A1",
        "wait 1000",
        "=",
        "D: iwant A1",
        "= D: msg t A1 x",
        "wait 1000",
        "D: iwant A1",
        "=",
        NULL } },
    { "a message is sent three times to one that asks, and still to others",
      { MESH_OF_THREE, "A: msg t A1 x", "~", "B: iwant A1", "B: iwant A1,A1,A1",
        "= B: msg t A1 x | msg t A1 x | msg t A1 x", "C: iwant A1", "= C: msg t A1 x", NULL } },
    { "what is not there is asked for, once for each that has it",
      { MESH_OF_THREE, "A: msg t A1 x", "~", "B: ihave t A1,A2,A3,A2", "= B: iwant A2,A3",
        "C: ihave t A2", "= C: iwant A2", "C: ihave s A4", "=", "C: msg t A2 y", "~",
        "B: ihave t A2", "=", NULL } },
    { "our own messages are not asked for", { MESH_OF_THREE, "B: ihave t M77", "=", NULL } },
    { "each peer is answered in its form of ids",
      { MESH_OF_THREE, "A: msg t A1 x", "~", "B: ihave/from t A2", "= B: iwant/from A2",
        "C: ihave t A2", "= C: iwant A2", "C: dont/from A3", "C: ihave t A2", "= C: iwant A2",
        "C: iwant/from A1", "= C: msg t A1 x", "C: prune t", "B: prune t", "~", "wait 200",
        "= B: ihave/from t A1; C: ihave t A1", NULL } },
    { "what a peer has is not sent to it, for as long as it can be asked for",
      { MESH_OF_THREE, "B: dont A1", "A: msg t A1 x", "= C: msg t A1 x", "B: iwant A1", "=",
        "wait 5100", "A: msg t A2 x", "~", "B: dont A3", "wait 5000", "A: msg t A3 y",
        "= B: msg t A3 y; C: msg t A3 y", NULL } },
  };

  g_test_summary ("IHAVE, IWANT and IDONTWANT");
  play_all (scripts, G_N_ELEMENTS (scripts), NULL);
}

static void
test_large (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autofree char *data = g_strnfill (512, 'x');
  g_autofree char *step = g_strdup_printf ("A: msg t A1 %s", data);
  g_autofree char *less = g_strdup_printf ("A: msg t A2 %s", data + 1);

  g_test_summary ("large messages are announced to the mesh before they are sent");
  kit_play (kit, (const char *const[]){ "join t", "add A in 1.2", "add B in 1.2", "add C in 1.1",
                                        "A: +t", "B: +t", "C: +t", "~", NULL });
  kit_step (kit, step);
  kit_step (kit, "= B: dont A1 | msg t A1 xxxxxxxxxxxxxxxxxxxx; C: msg t A1 xxxxxxxxxxxxxxxxxxxx");
  g_assert_cmpstr (kit->hints->str, ==, "HMM");
  kit_step (kit, less);
  kit_step (kit, "= B: msg t A2 xxxxxxxxxxxxxxxxxxxx; C: msg t A2 xxxxxxxxxxxxxxxxxxxx");

  /* the bytes are there once, however many get them */
  g_assert_true (g_ptr_array_index (kit->rpcs, 1) == g_ptr_array_index (kit->rpcs, 2));
}

static void
test_graft (void)
{
  static const Script scripts[] = {
    { "what we are not in gets no answer", { "join t", "add A in", "~", "A: graft s", "=", NULL } },
    { "a second GRAFT changes nothing", { MESH_OF_THREE, "A: graft t | graft t", "=", NULL } },
    { "a full mesh takes only those that we dialled",
      { MESH_OF_THREE, "add D in", "D: +t | graft t", "add E in", "add F out", "E: +t", "F: +t",
        "~", "E: graft t", "= E: prune t 60", "F: graft t", "=", NULL } },
    { "who comes back too early is sent away again",
      { "join t", "add A in", "A: +t", "A: prune t 60", "~", "A: graft t", "= A: prune t 60",
        NULL } },
  };
  MhGossipsubConfig config;

  g_test_summary ("who is let into the mesh");
  mh_gossipsub_config_init (&config);
  config.d = 3;
  config.d_lo = 3;
  config.d_hi = 4;
  config.d_out = 1;
  config.exchange_peers = 0;
  play_all (scripts, G_N_ELEMENTS (scripts), &config);
}

static void
test_no_mesh (void)
{
  static const Script scripts[] = {
    { "a bootstrapper is in no mesh and names others",
      { "join t", "add A in", "add B out", "A: +t", "B: +t", "wait 2000", "= A: +t; B: +t",
        "A: graft t", "B: graft t", "= A: prune t 60 B; B: prune t 60 A", NULL } },
  };
  MhGossipsubConfig config;

  g_test_summary ("with all degrees at 0 there is no mesh");
  mh_gossipsub_config_init (&config);
  config.d = config.d_lo = config.d_hi = config.d_out = config.d_score = 0;
  play_all (scripts, G_N_ELEMENTS (scripts), &config);
}

/* All of @count peers that came in are in the mesh, the last @outbound ones dialled. */
static Kit *
kit_with_mesh (const MhGossipsubConfig *config, guint count, guint outbound)
{
  Kit *kit = kit_new (config);

  kit_step (kit, "join t");
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *add =
          g_strdup_printf ("add %c %s", 'A' + i, i < count - outbound ? "in" : "out");
      g_autofree char *graft = g_strdup_printf ("%c: +t | graft t", 'A' + i);

      kit_step (kit, add);
      kit_step (kit, graft);
    }

  return kit;
}

static guint
mesh_size (Kit *kit)
{
  g_autoptr (GPtrArray) mesh = mh_gossipsub_mesh (kit->gossip, "t");

  return mesh->len;
}

static gboolean
is_in_mesh (Kit *kit, char peer)
{
  g_autoptr (GPtrArray) mesh = mh_gossipsub_mesh (kit->gossip, "t");

  for (guint i = 0; i < mesh->len; i++)
    if (mh_peer_id_equal (g_ptr_array_index (mesh, i), &kit->ids[peer - 'A']))
      return TRUE;

  return FALSE;
}

static void
test_excess (void)
{
  g_test_summary ("a mesh that is too large keeps the best and enough that we dialled");
  for (guint seed = 1; seed <= 20; seed++)
    {
      MhGossipsubConfig config;
      g_autoptr (Kit) kit = NULL;

      mh_gossipsub_config_init (&config);
      config.seed = seed;
      /* ten came, then two were dialled into a full mesh: twelve, and one more is too much */
      kit = kit_with_mesh (&config, 12, 2);
      g_assert_cmpuint (mesh_size (kit), ==, 12);
      kit_step (kit, "wait 1100");
      g_assert_cmpuint (mesh_size (kit), ==, 12);
      for (char c = 'A'; c <= 'D'; c++)
        mh_gossipsub_set_app_score (kit->gossip, &kit->ids[c - 'A'], 100);
      kit_step (kit, "add N out");
      kit_step (kit, "N: +t | graft t");
      g_assert_cmpuint (mesh_size (kit), ==, 13);
      kit_step (kit, "wait 1000");
      g_assert_cmpuint (mesh_size (kit), ==, 6);
      for (char c = 'A'; c <= 'D'; c++)
        g_assert_true (is_in_mesh (kit, c));
      g_assert_cmpuint (is_in_mesh (kit, 'K') + is_in_mesh (kit, 'L') + is_in_mesh (kit, 'N'), ==,
                        2);
    }
}

static void
test_outbound (void)
{
  g_autoptr (Kit) kit = kit_with_mesh (NULL, 6, 0);

  g_test_summary ("a mesh without any that we dialled gets some of those");
  kit_play (kit, (const char *const[]){ "wait 200", "add O out", "add P out", "add Q out", "O: +t",
                                        "P: +t", "Q: +t", "~", "wait 1000", NULL });
  g_assert_cmpuint (mesh_size (kit), ==, 8);
  g_assert_cmpuint (is_in_mesh (kit, 'O') + is_in_mesh (kit, 'P') + is_in_mesh (kit, 'Q'), ==, 2);
}

static void
test_opportunistic (void)
{
  MhGossipsubConfig config;
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("a mesh of peers that do nothing gets better ones once a minute");
  mh_gossipsub_config_init (&config);
  config.topic_score.time_weight = 0;
  kit = kit_with_mesh (&config, 4, 2);
  kit_play (kit, (const char *const[]){ "add X in", "add Y in", "X: +t", "Y: +t", "~", NULL });
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids['X' - 'A'], 3);
  kit_step (kit, "wait 59000");
  kit_step (kit, "=");
  kit_step (kit, "wait 1000");
  kit_step (kit, "= X: graft t");
}

static void
test_exchange (void)
{
  g_autoptr (Kit) kit = kit_with_mesh (NULL, 4, 2);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GBytes) good = mh_peer_record_seal (kit->signers['Q' - 'A'], 1, none);
  g_autoptr (GByteArray) prune = g_byte_array_new ();
  g_autoptr (GByteArray) control = g_byte_array_new ();
  g_autoptr (GByteArray) rpc = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  g_test_summary ("peers that come with a PRUNE are told when their record is theirs");
  mh_pb_put_text (prune, 1, "t");
  for (char c = 'P'; c <= 'R'; c++)
    {
      g_autoptr (GByteArray) info = g_byte_array_new ();

      /* P has no record, Q its own, R that of Q */
      mh_pb_put_bytes (info, 1, kit->ids[c - 'A'].bytes, kit->ids[c - 'A'].size);
      if (c > 'P')
        mh_pb_put_bytes (info, 2, g_bytes_get_data (good, NULL), g_bytes_get_size (good));
      mh_pb_put_message (prune, 2, info);
    }
  mh_pb_put_message (control, 4, prune);
  mh_pb_put_message (rpc, 3, control);
  bytes = g_bytes_new (rpc->data, rpc->len);

  /* from one with a bad score; from one in the mesh; from the same, which is no longer in it */
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids[0], -1);
  g_assert_true (kit_feed (kit, 'A', bytes));
  g_assert_cmpstr (kit->exchanged->str, ==, "");
  g_assert_true (kit_feed (kit, 'B', bytes));
  g_assert_cmpstr (kit->exchanged->str, ==, "PQ*");
  g_assert_true (kit_feed (kit, 'B', bytes));
  g_assert_cmpstr (kit->exchanged->str, ==, "PQ*");

  /* those that are connected, and we ourselves, are nothing new; others come by their names */
  kit_step (kit, "C: prune t 60 M,D,S,T");
  g_assert_cmpstr (kit->exchanged->str, ==, "PQ*ST");
}

static void
test_exchange_sent (void)
{
  MhGossipsubConfig config;
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("a full mesh names others with their records, but not bad ones");
  mh_gossipsub_config_init (&config);
  config.d = config.d_lo = config.d_hi = 2;
  kit = kit_with_mesh (&config, 2, 0);
  kit->gives_records = TRUE;
  kit_play (kit, (const char *const[]){ "add X in", "add Y in", "X: +t", "Y: +t", "~", NULL });
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids[0], -1);
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids['Y' - 'A'], -1);
  kit_step (kit, "X: graft t");
  kit_step (kit, "= X: prune t 60 B*");
  kit_step (kit, "Y: graft t");
  kit_step (kit, "= Y: prune t 60");
  kit_step (kit, "leave t");
  kit_step (kit, "= A: -t | prune t 10; B: -t | prune t 10 X*; X: -t; Y: -t");
}

static void
test_direct (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);

  g_test_summary ("direct peers that are missing are asked for at once and every five minutes");
  kit_step (kit, "direct A");
  kit_step (kit, "direct B");
  kit_step (kit, "add B in");
  kit_step (kit, "wait 200");
  g_assert_cmpstr (kit->wanted->str, ==, "A");
  kit_step (kit, "wait 299000");
  g_assert_cmpstr (kit->wanted->str, ==, "A");
  kit_step (kit, "wait 1000");
  g_assert_cmpstr (kit->wanted->str, ==, "AA");
  mh_gossipsub_set_direct (kit->gossip, &kit->ids[0], FALSE);
  kit_step (kit, "wait 300000");
  g_assert_cmpstr (kit->wanted->str, ==, "AA");
}

static void
test_verdicts (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  MhGossipsubId id = kit_id (kit, 'A', 1);
  MhGossipsubId other = kit_id (kit, 'A', 3);

  g_test_summary ("what a message is found to be, at once or later");
  kit_play (kit, (const char *const[]){ MESH_OF_THREE, NULL });
  kit->verdict = MH_GOSSIPSUB_LATER;
  kit_step (kit, "A: msg t A1 x");
  kit_step (kit, "B: msg t A1 x");
  kit_step (kit, "=");
  kit_step (kit, "!");
  g_assert_cmpuint (mh_gossipsub_pending_bytes (kit->gossip), >, 0);
  g_assert_true (mh_gossipsub_report (kit->gossip, &id, MH_GOSSIPSUB_ACCEPT, kit->now_ms));
  g_assert_false (mh_gossipsub_report (kit->gossip, &id, MH_GOSSIPSUB_ACCEPT, kit->now_ms));
  g_assert_false (mh_gossipsub_report (kit->gossip, &other, MH_GOSSIPSUB_ACCEPT, kit->now_ms));
  g_assert_cmpuint (mh_gossipsub_pending_bytes (kit->gossip), ==, 0);
  /* B has sent it too in the meantime */
  kit_step (kit, "= C: msg t A1 x");
  kit_step (kit, "! t A1 x");
  g_assert_cmpuint (kit->validated, ==, 1);

  kit->verdict = MH_GOSSIPSUB_IGNORE;
  kit_step (kit, "A: msg t A2 x");
  kit_step (kit, "B: msg t A2 x");
  kit_step (kit, "=");
  kit_step (kit, "!");
  g_assert_cmpuint (kit->validated, ==, 2);
  g_assert_cmpfloat (kit_score (kit, 'A'), >=, 0);

  /* those that sent it before the verdict, and after it, are all worse for it */
  kit->verdict = MH_GOSSIPSUB_LATER;
  kit_step (kit, "A: msg t A3 x");
  kit_step (kit, "B: msg t A3 x");
  g_assert_true (mh_gossipsub_report (kit->gossip, &other, MH_GOSSIPSUB_REJECT, kit->now_ms));
  g_assert_cmpfloat (kit_score (kit, 'A'), <, 0);
  g_assert_cmpfloat (kit_score (kit, 'B'), <, 0);
  g_assert_cmpfloat (kit_score (kit, 'C'), >=, 0);
  kit_step (kit, "C: msg t A3 x");
  g_assert_cmpfloat (kit_score (kit, 'C'), <, 0);

  /* a topic that we have left in the meantime */
  kit_play (kit, (const char *const[]){ "A: msg t A4 x", "leave t", "~", NULL });
  id = kit_id (kit, 'A', 4);
  g_assert_true (mh_gossipsub_report (kit->gossip, &id, MH_GOSSIPSUB_ACCEPT, kit->now_ms));
  kit_step (kit, "=");
  kit_step (kit, "!");
  g_assert_cmpuint (kit->validated, ==, 4);
}

static MhGossipsubVerdict
reject_all (const MhGossipsubMessage *message, gpointer data)
{
  (*(guint *) data)++;

  return MH_GOSSIPSUB_REJECT;
}

static void
test_topic_validate (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  guint count = 0;

  g_test_summary ("a topic may have a judge of its own");
  mh_gossipsub_set_validate (kit->gossip, "s", reject_all, &count);
  kit_play (kit, (const char *const[]){ "join s", "join t", "add A in", "A: msg s A1 x", "!",
                                        "A: msg t A2 x", "! t A2 x", NULL });
  g_assert_cmpuint (count, ==, 1);
  mh_gossipsub_set_validate (kit->gossip, "s", NULL, NULL);
  kit_step (kit, "A: msg s A3 x");
  kit_step (kit, "! s A3 x");
}

static void
test_lanes (void)
{
  g_autoptr (Kit) kit = kit_with_mesh (NULL, 3, 0);

  g_test_summary ("what may be dropped is told from what may not");
  kit_play (kit, (const char *const[]){ "A: prune t", "~", "B: msg t B1 x", "C: ihave t B2",
                                        "wait 200", NULL });
  /* the message to C, IWANT, IHAVE to A */
  g_assert_cmpstr (kit->hints->str, ==, "MCG");
}

static void
test_listing (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GPtrArray) topics = NULL;
  g_autoptr (GPtrArray) members = NULL;
  MhGossipsubVersion version;

  g_test_summary ("what there is can be listed");
  kit_play (kit, (const char *const[]){ MESH_OF_THREE, "join b", "join a", "add D in", "D: +t | +x",
                                        "A: prune t", NULL });
  topics = mh_gossipsub_topics (kit->gossip);
  g_assert_cmpuint (topics->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (topics, 0), ==, "a");
  g_assert_cmpstr (g_ptr_array_index (topics, 2), ==, "t");
  members = mh_gossipsub_members (kit->gossip, "t");
  g_assert_cmpuint (members->len, ==, 4);
  g_assert_cmpuint (mesh_size (kit), ==, 3);
  g_assert_false (is_in_mesh (kit, 'A'));
  g_assert_true (mh_gossipsub_is_in (kit->gossip, "t"));
  g_assert_false (mh_gossipsub_is_in (kit->gossip, "x"));
  g_assert_false (mh_gossipsub_is_in (kit->gossip, "none"));

  g_assert_true (mh_gossipsub_version ("/meshsub/1.2.0", &version));
  g_assert_cmpint (version, ==, MH_GOSSIPSUB_VERSION_12);
  g_assert_true (mh_gossipsub_version ("/meshsub/1.0.0", &version));
  g_assert_cmpint (version, ==, MH_GOSSIPSUB_VERSION_10);
  g_assert_false (mh_gossipsub_version ("/floodsub/1.0.0", &version));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/gossipsub/topics", test_topics);
  g_test_add_func ("/p2p/gossipsub/members", test_members);
  g_test_add_func ("/p2p/gossipsub/calls-inside", test_calls_inside);
  g_test_add_func ("/p2p/gossipsub/messages", test_messages);
  g_test_add_func ("/p2p/gossipsub/mesh-only", test_mesh_only);
  g_test_add_func ("/p2p/gossipsub/gossip", test_gossip);
  g_test_add_func ("/p2p/gossipsub/large", test_large);
  g_test_add_func ("/p2p/gossipsub/graft", test_graft);
  g_test_add_func ("/p2p/gossipsub/no-mesh", test_no_mesh);
  g_test_add_func ("/p2p/gossipsub/excess", test_excess);
  g_test_add_func ("/p2p/gossipsub/outbound", test_outbound);
  g_test_add_func ("/p2p/gossipsub/opportunistic", test_opportunistic);
  g_test_add_func ("/p2p/gossipsub/exchange", test_exchange);
  g_test_add_func ("/p2p/gossipsub/exchange-sent", test_exchange_sent);
  g_test_add_func ("/p2p/gossipsub/direct", test_direct);
  g_test_add_func ("/p2p/gossipsub/verdicts", test_verdicts);
  g_test_add_func ("/p2p/gossipsub/topic-validate", test_topic_validate);
  g_test_add_func ("/p2p/gossipsub/lanes", test_lanes);
  g_test_add_func ("/p2p/gossipsub/listing", test_listing);

  return g_test_run ();
}
