/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-askers.h"

#include "db/stmt.h"

static const char sql_new[] =
    "SELECT count (*), total (bytes) FROM sync_askers WHERE since_ms > ?1";

static const char sql_since[] = "SELECT since_ms FROM sync_askers WHERE peer_id = ?1";

static const char sql_add[] = "INSERT INTO sync_askers (peer_id, since_ms, bytes)"
                              " VALUES (?1, ?2, ?3)"
                              " ON CONFLICT DO UPDATE SET bytes = bytes + ?3";

static gint64
now_ms (MhCore *core)
{
  return mh_clock_now_ms (mh_core_clock (core));
}

static gboolean
count_new (MhDb *db, gint64 after_ms, gint64 held, MhSyncNewcomers *out, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_new, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, after_ms);
  if (!mh_stmt_one (stmt, "machines", "new", error))
    return FALSE;
  out->machines = mh_stmt_int64 (stmt, 0);
  out->bytes = MIN ((gint64) mh_stmt_double (stmt, 1), held);

  return TRUE;
}

gboolean
mh_sync_askers_count (MhCore *core, gint64 held, MhSyncNewcomers *out, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (core), error);

  return lease != NULL
         && count_new (mh_db_lease_db (lease), now_ms (core) - MH_SYNC_NEW_MS, held, out, error);
}

/* Sets @since_ms to when a machine had something kept first; 0: never. */
static gboolean
find (MhDb *db, const char *peer_id, gint64 *since_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_since, error);
  GError *local = NULL;

  *since_ms = 0;
  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_text (stmt, 1, peer_id);
  if (mh_stmt_step (stmt, &local))
    *since_ms = mh_stmt_int64 (stmt, 0);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

gboolean
mh_sync_askers_room (MhCore *core, const MhPeerId *peer, gint64 held, gint64 *room, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (core), error);
  g_autofree char *peer_id = mh_peer_id_to_text (peer);
  gint64 after_ms = now_ms (core) - MH_SYNC_NEW_MS;
  MhSyncNewcomers sum;
  gint64 since_ms;

  if (lease == NULL || !find (mh_db_lease_db (lease), peer_id, &since_ms, error)
      || !count_new (mh_db_lease_db (lease), after_ms, held, &sum, error))
    return FALSE;
  if (since_ms > 0 && since_ms <= after_ms)
    *room = G_MAXINT64;
  else if (since_ms == 0 && sum.machines >= MH_SYNC_MOST_NEW)
    *room = 0;
  else
    *room = MAX (MH_SYNC_NEW_SHARE (mh_core_config (core)->hold) - sum.bytes, 0);

  return TRUE;
}

gboolean
mh_sync_askers_add (MhCore *core, const MhPeerId *peer, gint64 bytes, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (core), error);
  g_autofree char *peer_id = mh_peer_id_to_text (peer);
  g_autoptr (MhStmt) stmt =
      lease != NULL ? mh_db_prepare (mh_db_lease_db (lease), sql_add, error) : NULL;

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_text (stmt, 1, peer_id);
  mh_stmt_bind_int64 (stmt, 2, now_ms (core));
  mh_stmt_bind_int64 (stmt, 3, bytes);

  return mh_stmt_run (stmt, error);
}
