/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "gossipsub-kit.h"

#define NEAR 1e-9

/* Nothing counts but what a test sets. */
static MhGossipsubConfig
plain_config (void)
{
  MhGossipsubConfig config;

  mh_gossipsub_config_init (&config);
  config.scoring.topic_cap = 0;
  config.scoring.colocation_weight = 0;
  config.scoring.behaviour_weight = 0;
  config.scoring.graylist_threshold = -1e9;
  config.scoring.publish_threshold = -1e9;
  config.scoring.gossip_threshold = -1e9;
  config.topic_score = (MhGossipsubTopicScore){
    .weight = 1,
    .time_quantum_ms = 1000,
    .first_decay = 1,
    .mesh_decay = 1,
    .failure_decay = 1,
    .invalid_decay = 1,
  };

  return config;
}

static Kit *
kit_with (const MhGossipsubConfig *config, const char *const *script)
{
  Kit *kit = kit_new (config);

  kit_play (kit, script);

  return kit;
}

static void
test_time (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P1: time in the mesh counts up to a cap, and no longer outside of it");
  config.topic_score.time_weight = 0.5;
  config.topic_score.time_cap = 20;
  config.topic_score.weight = 3;
  kit = kit_with (&config, (const char *const[]){ "join t", "add A in", "A: +t", "add B in",
                                                  "wait 10500", NULL });
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 3 * 0.5 * 10, NEAR);
  g_assert_cmpfloat (kit_score (kit, 'B'), ==, 0);
  kit_step (kit, "wait 15000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 3 * 0.5 * 20, NEAR);
  kit_step (kit, "A: prune t");
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
}

static void
test_first (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P2: who brings messages first is better for it, up to a cap, and for a while");
  config.topic_score.first_weight = 2;
  config.topic_score.first_cap = 3;
  config.topic_score.first_decay = 0.5;
  kit = kit_with (&config, (const char *const[]){ "join t", "add A in", "add B in",
                                                  "A: msg t C1 x | msg t C2 x", "B: msg t C1 x",
                                                  "B: msg t C3 x", NULL });
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 4, NEAR);
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'B'), 2, NEAR);
  kit_step (kit, "A: msg t C4 x | msg t C5 x | msg t C6 x");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 6, NEAR);
  kit_step (kit, "wait 1000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 3, NEAR);
  /* what is less than the least counts for nothing */
  kit_step (kit, "wait 7000");
  g_assert_cmpfloat (kit_score (kit, 'A'), >, 0);
  kit_step (kit, "wait 1000");
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
}

static void
test_mesh_deliveries (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P3 and P3b: a mesh peer that brings too little is worse for it, also later");
  config.d_lo = 4;
  config.scoring.decay_ms = 1000;
  config.topic_score.mesh_weight = -1;
  config.topic_score.mesh_threshold = 4;
  config.topic_score.mesh_cap = 5;
  config.topic_score.mesh_window_ms = 10;
  config.topic_score.mesh_activation_ms = 5000;
  config.topic_score.failure_weight = -2;
  kit = kit_with (&config,
                  (const char *const[]){
                      "join t", "add A in", "add B in", "add C in", "A: +t", "B: +t", "C: +t",
                      /* A brings three, B the same within the window, C too late and twice */
                      "A: msg t D1 x | msg t D2 x | msg t D3 x", "B: msg t D1 x",
                      "B: msg t D2 x | msg t D2 x", "wait 11", "C: msg t D1 x | msg t D3 x",
                      "wait 4000", NULL });
  for (char c = 'A'; c <= 'C'; c++)
    g_assert_cmpfloat (kit_score (kit, c), ==, 0);
  kit_step (kit, "wait 2000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -1, NEAR);
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'B'), -4, NEAR);
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'C'), -16, NEAR);
  /* the heartbeat sends them away, and what was missing stays */
  kit_step (kit, "wait 1000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -2, NEAR);
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'B'), -8, NEAR);
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'C'), -32, NEAR);
}

static void
test_pending_deliveries (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;
  MhGossipsubId id;

  g_test_summary ("P3: who brings a message while it is judged has brought it in time");
  config.topic_score.mesh_weight = -1;
  config.topic_score.mesh_threshold = 1;
  config.topic_score.mesh_cap = 5;
  config.topic_score.mesh_activation_ms = 1000;
  kit = kit_with (
      &config, (const char *const[]){ "join t", "add A in", "add B in", "A: +t", "B: +t", NULL });
  kit->verdict = MH_GOSSIPSUB_LATER;
  id = kit_id (kit, 'D', 1);
  kit_play (kit, (const char *const[]){ "A: msg t D1 x", "wait 500", "B: msg t D1 x", NULL });
  g_assert_true (mh_gossipsub_report (kit->gossip, &id, MH_GOSSIPSUB_ACCEPT, kit->now_ms));
  kit_step (kit, "wait 2500");
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
  g_assert_cmpfloat (kit_score (kit, 'B'), ==, 0);
}

static void
test_invalid (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P4: the square of the invalid messages, which decays");
  config.topic_score.invalid_weight = -1;
  config.topic_score.invalid_decay = 0.5;
  kit = kit_with (&config, (const char *const[]){ "join t", "add A in", "A: forged t A1 x",
                                                  "A: forged t A1 x | forged t A2 x",
                                                  "A: forged t A3 x", NULL });
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -16, NEAR);
  kit_step (kit, "wait 1000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -4, NEAR);
}

static void
test_app (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P5: what the application thinks, which does not decay");
  config.scoring.app_weight = 3;
  kit = kit_with (&config, (const char *const[]){ "add A in", NULL });
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids[0], -7);
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids[1], -7);
  kit_step (kit, "wait 5000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -21, NEAR);
  g_assert_cmpfloat (kit_score (kit, 'B'), ==, 0);
}

static void
test_colocation (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P6: the square of the peers of one address that are too many");
  config.scoring.colocation_weight = -5;
  config.scoring.colocation_most = 2;
  kit = kit_with (&config, (const char *const[]){ "add A in 1.2 10.0.0.1", "add B in 1.2 10.0.0.1",
                                                  "add C in 1.2 10.0.0.2", "add D in", NULL });
  for (char c = 'A'; c <= 'D'; c++)
    g_assert_cmpfloat (kit_score (kit, c), ==, 0);
  kit_step (kit, "add E in 1.2 10.0.0.1");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -5, NEAR);
  kit_step (kit, "add F in 1.2 10.0.0.1");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -20, NEAR);
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'F'), -20, NEAR);
  g_assert_cmpfloat (kit_score (kit, 'C'), ==, 0);
  /* bad ones still count after they are gone, so that others cannot take their place at once */
  kit_step (kit, "del F");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -20, NEAR);
  kit_step (kit, "wait 3601000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -5, NEAR);
  kit_step (kit, "add E in 1.2 10.0.0.9");
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
}

static void
test_behaviour (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P7: offences, some of which cost nothing; they decay");
  config.scoring.behaviour_weight = -10;
  config.scoring.behaviour_most = 2;
  config.scoring.behaviour_decay = 0.5;
  kit = kit_with (&config, (const char *const[]){ "join t", "add A in", "A: +t", "A: prune t 60",
                                                  "A: graft t", NULL });
  /* twice as bad in the first ten seconds */
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
  kit_step (kit, "A: graft t");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -40, NEAR);
  kit_step (kit, "wait 1000");
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
  kit_play (kit, (const char *const[]){ "del A", "add A in", "wait 30000", "A: graft t", NULL });
  kit_step (kit, "A: graft t | graft t");
  g_assert_cmpfloat (kit_score (kit, 'A'), <, 0);
}

static void
test_broken_promises (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("P7: who says that it has a message and does not send it");
  config.scoring.behaviour_weight = -1;
  config.scoring.behaviour_most = 0;
  config.scoring.behaviour_decay = 1;
  kit = kit_with (&config, (const char *const[]){ "join t", "add A in", "add B in", "add C in",
                                                  "A: ihave t D1", "B: ihave t D2", "C: ihave t D3",
                                                  "wait 2000", "B: msg t D2 x", "A: forged t D1 x",
                                                  "B: msg t D3 x", NULL });
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
  kit_step (kit, "wait 2200");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -1, NEAR);
  g_assert_cmpfloat (kit_score (kit, 'B'), ==, 0);
  g_assert_cmpfloat (kit_score (kit, 'C'), ==, 0);
  g_assert_cmpuint (mh_gossipsub_counters (kit->gossip).broken_promises, ==, 1);
  /* who goes owes nothing */
  kit_play (kit, (const char *const[]){ "C: ihave t D4", "del C", "add C in", "wait 5000", NULL });
  g_assert_cmpfloat (kit_score (kit, 'C'), ==, 0);
}

static void
test_topics (void)
{
  MhGossipsubConfig config = plain_config ();
  MhGossipsubTopicScore heavy;
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("topics have a weight, some their own score, and all together a cap");
  config.topic_score.first_weight = 1;
  config.topic_score.first_cap = 10;
  config.scoring.topic_cap = 8;
  heavy = config.topic_score;
  heavy.weight = 5;
  kit = kit_with (&config, (const char *const[]){ "join s", "join t", "add A in", NULL });
  mh_gossipsub_set_topic_score (kit->gossip, "t", &heavy);
  kit_step (kit, "A: msg s B1 x");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 1, NEAR);
  kit_step (kit, "A: msg t B2 x");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 6, NEAR);
  kit_step (kit, "A: msg t B3 x");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 8, NEAR);
  heavy.weight = -1;
  mh_gossipsub_set_topic_score (kit->gossip, "t", &heavy);
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -1, NEAR);
}

static void
test_retained (void)
{
  MhGossipsubConfig config = plain_config ();
  g_autoptr (Kit) kit = NULL;

  g_test_summary ("a bad score cannot be got rid of by coming again, a good one is not kept");
  config.topic_score.invalid_weight = -1;
  config.topic_score.invalid_decay = 0.99;
  config.topic_score.first_weight = 2;
  config.topic_score.first_cap = 10;
  kit = kit_with (&config, (const char *const[]){ "join t", "add A in", "add B in", "B: msg t C1 x",
                                                  "A: msg t C2 x",
                                                  "A: forged t C3 x | forged t C4 x", NULL });
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), 2 - 4, NEAR);
  kit_play (kit, (const char *const[]){ "del A", "del B", "wait 600000", NULL });
  /* without what was good about it, and as bad as it was */
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -4, NEAR);
  g_assert_cmpfloat (kit_score (kit, 'B'), ==, 0);
  kit_play (kit, (const char *const[]){ "add A in", "add B in", NULL });
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -4, NEAR);
  kit_step (kit, "wait 1000");
  g_assert_cmpfloat_with_epsilon (kit_score (kit, 'A'), -4 * 0.99 * 0.99, NEAR);
  kit_play (kit, (const char *const[]){ "del A", "wait 3601000", NULL });
  g_assert_cmpfloat (kit_score (kit, 'A'), ==, 0);
}

static void
test_thresholds (void)
{
  static const struct
  {
    double score;
    const char *steps[20];
  } rows[] = {
    { 0,
      { "A: ihave t D1", "= A: iwant D1", "A: iwant C1", "= A: msg t C1 x", "wait 1000",
        "= A: ihave t C1", "publish t y", "= A: msg t M1 y; B: msg t M1 y", "A: msg t D2 x",
        "= B: msg t D2 x", NULL } },
    { -9, { "A: ihave t D1", "= A: iwant D1", NULL } },
    /* no gossip either way */
    { -11,
      { "A: ihave t D1", "A: iwant C1", "wait 1000", "=", "publish t y",
        "= A: msg t M1 y; B: msg t M1 y", NULL } },
    /* nothing that we publish */
    { -51, { "publish t y", "= B: msg t M1 y", "A: msg t D2 x", "= B: msg t D2 x", NULL } },
    /* nobody listens, but to what it is in */
    { -81, { "A: msg t D2 x | -t | +u", "=", "!", "A: graft t", "=", NULL } },
  };

  g_test_summary ("what becomes of a peer with a bad score");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_with (
          NULL, (const char *const[]){ "join t", "wait 200", "add A in", "A: +t", "A: prune t",
                                       "add B in", "B: +t", "B: msg t C1 x", "~", NULL });

      g_test_message ("-- %g", rows[i].score);
      mh_gossipsub_set_app_score (kit->gossip, &kit->ids[0], rows[i].score);
      kit_play (kit, rows[i].steps);
      if (rows[i].score < -80)
        {
          g_autoptr (GPtrArray) members = mh_gossipsub_members (kit->gossip, "u");

          g_assert_cmpuint (members->len, ==, 1);
        }
    }
}

static void
test_negative (void)
{
  g_autoptr (Kit) kit = kit_with (
      NULL, (const char *const[]){ "join t", "add A in", "add B in", "A: +t", "~", NULL });

  g_test_summary ("a peer whose score falls below 0 leaves the mesh and is not let in again");
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids[0], -1);
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids[1], -1);
  kit_step (kit, "wait 200");
  kit_step (kit, "= A: prune t 60");
  kit_step (kit, "B: +t");
  kit_step (kit, "=");
  kit_step (kit, "B: graft t");
  kit_step (kit, "= B: prune t 60");
}

static void
test_floods (void)
{
  static const struct
  {
    const char *name;
    const char *begin[5];
    const char *again; /* every 100 ms */
    guint most_ms;     /* to be found out */
  } rows[] = {
    { "IHAVE of what there is not", { "A: +t", NULL }, "ihave", 4500 },
    { "GRAFT in the back-off", { "A: +t", "A: prune t", NULL }, "A: graft t", 600 },
    { "what nobody signed", { "A: +t", NULL }, "A: forged t A1 x", 400 },
  };

  g_test_summary ("floods are stopped by the score");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_with (NULL, (const char *const[]){ "join t", "add A in", NULL });
      guint took_ms = 0;

      kit_play (kit, rows[i].begin);
      for (; kit_score (kit, 'A') >= -80 && took_ms < 10000; took_ms += 100)
        {
          g_autofree char *ihave = g_strdup_printf ("A: ihave t A%u", took_ms + 1);

          kit_step (kit, rows[i].again[0] == 'i' ? ihave : rows[i].again);
          kit_step (kit, "wait 100");
        }
      g_test_message ("%s: after %u ms", rows[i].name, took_ms);
      g_assert_cmpuint (took_ms, <=, rows[i].most_ms);
      kit_play (kit,
                (const char *const[]){ "~", "A: msg t B1 x", "!", "A: ihave t B2", "=", NULL });
      g_assert_cmpuint (mh_gossipsub_counters (kit->gossip).graylisted, ==, 2);
    }
}

static void
test_direct_is_heard (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);

  g_test_summary ("a direct peer is heard and sent to whatever its score is");
  kit_play (kit, (const char *const[]){ "join t", "direct A", "add A in", "A: +t", NULL });
  mh_gossipsub_set_app_score (kit->gossip, &kit->ids[0], -1000);
  kit_play (kit, (const char *const[]){ "~", "A: msg t B1 x", "! t B1 x", "publish t y",
                                        "= A: msg t M1 y", NULL });
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/gossipsub-score/time", test_time);
  g_test_add_func ("/p2p/gossipsub-score/first", test_first);
  g_test_add_func ("/p2p/gossipsub-score/mesh-deliveries", test_mesh_deliveries);
  g_test_add_func ("/p2p/gossipsub-score/pending-deliveries", test_pending_deliveries);
  g_test_add_func ("/p2p/gossipsub-score/invalid", test_invalid);
  g_test_add_func ("/p2p/gossipsub-score/app", test_app);
  g_test_add_func ("/p2p/gossipsub-score/colocation", test_colocation);
  g_test_add_func ("/p2p/gossipsub-score/behaviour", test_behaviour);
  g_test_add_func ("/p2p/gossipsub-score/broken-promises", test_broken_promises);
  g_test_add_func ("/p2p/gossipsub-score/topics", test_topics);
  g_test_add_func ("/p2p/gossipsub-score/retained", test_retained);
  g_test_add_func ("/p2p/gossipsub-score/thresholds", test_thresholds);
  g_test_add_func ("/p2p/gossipsub-score/negative", test_negative);
  g_test_add_func ("/p2p/gossipsub-score/floods", test_floods);
  g_test_add_func ("/p2p/gossipsub-score/direct", test_direct_is_heard);

  return g_test_run ();
}
