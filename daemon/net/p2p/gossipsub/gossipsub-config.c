/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub.h"

/* gossipsub-v1.0.md, "Parameters", and v1.1, "Overview of New Parameters" */
static const MhGossipsubConfig defaults = {
  .form = MH_GOSSIPSUB_FORM_KEY,
  .d = 6,
  .d_lo = 4,
  .d_hi = 12,
  .d_score = 4,
  .d_out = 2,
  .d_lazy = 6,
  .gossip_factor = 0.25,
  .history_length = 5,
  .history_gossip = 3,
  .heartbeat_ms = 1000,
  .fanout_ttl_ms = 60 * 1000,
  .seen_ttl_ms = 120 * 1000,
  .prune_backoff_ms = 60 * 1000,
  .unsubscribe_backoff_ms = 10 * 1000,
  .graft_flood_ms = 10 * 1000,
  .iwant_followup_ms = 3000,
  .exchange_peers = MH_GOSSIPSUB_MAX_EXCHANGED,
  .opportunistic_ticks = 60,
  .opportunistic_peers = 2,
  .direct_ticks = 300,
  .idontwant_bytes = 512,
  .flood_publish = TRUE,
  .max_rpc_bytes = MH_GOSSIPSUB_MAX_RPC,
  .max_seen_bytes = MH_GOSSIPSUB_SEEN_BYTES,
  .max_cache_bytes = MH_GOSSIPSUB_CACHE_BYTES,
  .max_pending_bytes = MH_GOSSIPSUB_PENDING_BYTES,
  .scoring = {
    .topic_cap = 50,
    .app_weight = 1,
    .colocation_weight = -5,
    .colocation_most = 10,
    .behaviour_weight = -10,
    .behaviour_most = 6,
    .behaviour_decay = 0.95,
    .decay_ms = 1000,
    .decay_to_zero = 0.01,
    .retain_ms = 60 * 60 * 1000,
    .gossip_threshold = -10,
    .publish_threshold = -50,
    .graylist_threshold = -80,
    .exchange_threshold = 0,
    .opportunistic_threshold = 1,
  },
  .topic_score = {
    .weight = 1,
    .time_weight = 0.01,
    .time_quantum_ms = 1000,
    .time_cap = 300,
    .first_weight = 0.5,
    .first_decay = 0.99,
    .first_cap = 20,
    .mesh_decay = 0.9,
    .mesh_cap = 100,
    .mesh_activation_ms = 30 * 1000,
    .mesh_window_ms = 10,
    .failure_decay = 0.95,
    .invalid_weight = -10,
    .invalid_decay = 0.97,
  },
};

void
mh_gossipsub_config_init (MhGossipsubConfig *config)
{
  *config = defaults;
}
