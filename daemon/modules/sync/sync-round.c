/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-round.h"

#include "sync-placement.h"

gboolean
mh_sync_round (const MhSyncRound *self, MhSyncPull *pull, GError **error)
{
  g_autofree char *peer_id = mh_peer_id_to_text (pull->peer);
  g_autoptr (MhSyncSession) session = mh_sync_session_open (
      pull->host, pull->store, pull->peer, pull->vault_id, pull->cancellable, error);
  g_auto (MhSyncPlacement) placement = { 0 };
  g_autoptr (GPtrArray) peers = NULL;
  MhSyncCandidates from = { self->core, self->swarm, self->vault, NULL, self->blame };
  MhSyncMark own = { 0 };
  gboolean done;

  if (session == NULL || !mh_store_sync_top (pull->store, pull->vault_id, &own, error))
    return FALSE;
  mh_sync_peers_note (self->peers, pull->vault_id, peer_id, NULL, 0);
  pull->mark = mh_sync_peers_mark (self->peers, pull->vault_id, peer_id, own.epoch);
  done = mh_sync_pull_catalog (pull, session, error);
  if (done)
    mh_sync_peers_note (self->peers, pull->vault_id, peer_id, &pull->mark, own.epoch);
  peers = mh_sync_peers_list (self->peers, pull->vault_id);
  from.peer_ids = peers;
  mh_sync_placement_fill (&placement, &from);

  return done
         && (self->no_blocks
             || mh_sync_pull_blocks (pull, session, mh_sync_placement_wants, &placement, error));
}
