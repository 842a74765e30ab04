/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "guard-store.h"

#include "db/stmt.h"

static const char sql_changes[] = "SELECT path, when_ms FROM folder_changes WHERE folder = ?1";

static const char sql_note[] =
    "INSERT OR REPLACE INTO folder_changes (folder, path, when_ms) VALUES (?1, ?2, ?3)";

/* What is of another hour, perhaps one that is still to come as the clock was set back. */
static const char sql_drop_changes[] =
    "DELETE FROM folder_changes WHERE folder = ?1 AND when_ms NOT BETWEEN ?2 AND ?3";

static gboolean
load (MhDb *db, gint64 folder, MhGuard *guard, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_changes, error);
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, folder);
  while (mh_stmt_step (stmt, &local))
    {
      g_autoptr (GPtrArray) path = g_ptr_array_new ();

      g_ptr_array_add (path, (gpointer) mh_stmt_text (stmt, 0)); /* is copied */
      mh_guard_note (guard, path, mh_stmt_int64 (stmt, 1));
    }
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

gboolean
mh_guard_store_load (MhDbPool *pool, gint64 folder, MhGuard *guard, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (pool, error);

  return lease != NULL && load (mh_db_lease_db (lease), folder, guard, error);
}

/* Removes what is not between two times. */
static gboolean
drop_changes (MhDb *db, gint64 folder, gint64 from_ms, gint64 to_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_drop_changes, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, folder);
  mh_stmt_bind_int64 (stmt, 2, from_ms);
  mh_stmt_bind_int64 (stmt, 3, to_ms);

  return mh_stmt_run (stmt, error);
}

static gboolean
note_change (MhDb *db, gint64 folder, const char *path, gint64 now_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_note, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, folder);
  mh_stmt_bind_text (stmt, 2, path);
  mh_stmt_bind_int64 (stmt, 3, now_ms);

  return mh_stmt_run (stmt, error);
}

static gboolean
note_all (MhDb *db, gint64 folder, GPtrArray *paths, gint64 now_ms, GError **error)
{
  g_autoptr (MhDbTxn) txn = mh_db_txn_begin (db, error);

  if (txn == NULL
      || !drop_changes (db, folder, now_ms - MH_GUARD_WINDOW_MS, now_ms + MH_GUARD_WINDOW_MS,
                        error))
    return FALSE;

  for (guint i = 0; i < paths->len; i++)
    {
      if (!note_change (db, folder, g_ptr_array_index (paths, i), now_ms, error))
        return FALSE;
    }

  return mh_db_txn_commit (txn, error);
}

gboolean
mh_guard_store_note (MhDbPool *pool, gint64 folder, MhGuard *guard, GPtrArray *paths, gint64 now_ms,
                     GError **error)
{
  g_autoptr (MhDbLease) lease = NULL;

  if (paths->len == 0)
    return TRUE;

  lease = mh_db_pool_take (pool, error);
  if (lease == NULL || !note_all (mh_db_lease_db (lease), folder, paths, now_ms, error))
    return FALSE;

  mh_guard_note (guard, paths, now_ms);

  return TRUE;
}

gboolean
mh_guard_store_clear (MhDbPool *pool, gint64 folder, MhGuard *guard, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (pool, error);

  if (lease == NULL || !drop_changes (mh_db_lease_db (lease), folder, 1, 0, error))
    return FALSE;

  mh_guard_clear (guard);

  return TRUE;
}
