/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-round.h"

#include "sync-placement.h"

/* Learns how many copies the other machine wants. */
static gboolean
pull_policy (const MhSyncRound *self, MhSyncPull *pull, MhSyncSession *session, GError **error)
{
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_POLICY };
  g_auto (MhSyncMessage) answer = { 0 };

  return self->agree == NULL
         || (mh_sync_session_ask (session, &question, &answer, error)
             && self->agree (pull->vault_id, answer.mark.after, answer.mark.epoch, self->data,
                             error));
}

static gboolean
pull_catalog (const MhSyncRound *self, MhSyncPull *pull, MhSyncSession *session, GError **error)
{
  g_autofree char *peer_id = mh_peer_id_to_text (pull->peer);
  MhSyncMark own = { 0 };

  if (!mh_store_sync_top (pull->store, pull->vault_id, &own, error))
    return FALSE;
  mh_sync_peers_note (self->peers, pull->vault_id, peer_id, NULL, 0);
  if (!pull_policy (self, pull, session, error))
    return FALSE;
  pull->mark = mh_sync_peers_mark (self->peers, pull->vault_id, peer_id, own.epoch);
  if (!mh_sync_pull_catalog (pull, session, error))
    return FALSE;
  mh_sync_peers_note (self->peers, pull->vault_id, peer_id, &pull->mark, own.epoch);

  return TRUE;
}

static gboolean
pull_blocks (const MhSyncRound *self, MhSyncPull *pull, MhSyncSession *session, GError **error)
{
  g_autoptr (GPtrArray) peers = mh_sync_peers_list (self->peers, pull->vault_id);
  MhSyncCandidates from = { self->core, self->swarm, self->vault, peers, self->blame };
  g_auto (MhSyncPlacement) placement = { 0 };

  mh_sync_placement_fill (&placement, &from);
  pull->blame = self->blame;

  return mh_sync_pull_blocks (pull, session, mh_sync_placement_wants, &placement, error);
}

gboolean
mh_sync_round (const MhSyncRound *self, MhSyncPull *pull, GError **error)
{
  g_autoptr (MhSyncSession) session = mh_sync_session_open (
      pull->host, pull->store, pull->peer, pull->vault_id, pull->cancellable, error);

  return session != NULL
         && ((self->parts & MH_SYNC_CATALOG) == 0 || pull_catalog (self, pull, session, error))
         && ((self->parts & MH_SYNC_BLOCKS) == 0 || pull_blocks (self, pull, session, error));
}
