/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-store.h"

static const char sql_peers[] =
    "SELECT vault_id, peer_id, epoch, after, proved_ms, own_epoch, gone FROM sync_peers";

static const char sql_put[] =
    "INSERT OR REPLACE INTO sync_peers (vault_id, peer_id, epoch, after, proved_ms, own_epoch,"
    " gone) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

static const char sql_forget[] = "DELETE FROM sync_peers WHERE vault_id = ?1";

void
mh_sync_peer_free (MhSyncPeer *self)
{
  if (self == NULL)
    return;

  g_free (self->vault_id);
  g_free (self->peer_id);
  g_free (self);
}

GPtrArray *
mh_sync_store_peers (MhDb *db, GError **error)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_sync_peer_free);
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_peers, error);
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhSyncPeer *peer = g_new0 (MhSyncPeer, 1);

      peer->vault_id = mh_stmt_dup_text (stmt, 0);
      peer->peer_id = mh_stmt_dup_text (stmt, 1);
      peer->mark.epoch = mh_stmt_int64 (stmt, 2);
      peer->mark.after = mh_stmt_int64 (stmt, 3);
      peer->proved_ms = mh_stmt_int64 (stmt, 4);
      peer->own_epoch = mh_stmt_int64 (stmt, 5);
      peer->mark.gone = mh_stmt_int64 (stmt, 6);
      g_ptr_array_add (peers, peer);
    }
  if (local == NULL)
    return g_steal_pointer (&peers);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_sync_store_put_peer (MhDb *db, const MhSyncPeer *peer, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_put, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, peer->vault_id);
  mh_stmt_bind_text (stmt, 2, peer->peer_id);
  mh_stmt_bind_int64 (stmt, 3, peer->mark.epoch);
  mh_stmt_bind_int64 (stmt, 4, peer->mark.after);
  mh_stmt_bind_int64 (stmt, 5, peer->proved_ms);
  mh_stmt_bind_int64 (stmt, 6, peer->own_epoch);
  mh_stmt_bind_int64 (stmt, 7, peer->mark.gone);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_sync_store_forget_vault (MhDb *db, const char *vault_id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_forget, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, vault_id);

  return mh_stmt_run (stmt, error);
}
