/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "migrate.h"

#include "stmt.h"

static const char sql_table[] = "CREATE TABLE IF NOT EXISTS schema_versions ("
                                "  module  TEXT    NOT NULL PRIMARY KEY,"
                                "  version INTEGER NOT NULL"
                                ") STRICT";

static const char sql_get[] = "SELECT version FROM schema_versions WHERE module = ?1";

static const char sql_set[] = "INSERT INTO schema_versions (module, version) VALUES (?1, ?2)"
                              " ON CONFLICT (module) DO UPDATE SET version = excluded.version";

static gboolean
get_version (MhDb *db, const char *module, gint64 *version, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get, error);
  GError *local = NULL;

  *version = 0;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, module);
  if (mh_stmt_step (stmt, &local))
    *version = mh_stmt_int64 (stmt, 0);

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
set_version (MhDb *db, const char *module, guint version, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, module);
  mh_stmt_bind_int64 (stmt, 2, version);

  return mh_stmt_run (stmt, error);
}

/* Another process may have done the step since we looked, so look again under the lock. */
static gboolean
apply (MhDb *db, const char *module, const MhMigration *step, GError **error)
{
  g_autoptr (MhDbTxn) txn = mh_db_txn_begin (db, error);
  gint64 version;

  if (txn == NULL || !get_version (db, module, &version, error))
    return FALSE;

  if (version >= (gint64) step->version)
    return TRUE;

  if (!mh_db_exec (db, step->sql, error) || !set_version (db, module, step->version, error)
      || !mh_db_txn_commit (txn, error))
    {
      g_prefix_error (error, "upgrading %s with %s: ", module, step->name);
      return FALSE;
    }

  return TRUE;
}

gboolean
mh_db_migrate (MhDb *db, const char *module, const MhMigration *list, GError **error)
{
  gint64 version;
  gint64 known = 0;

  for (gsize i = 0; list[i].sql != NULL; i++)
    {
      g_return_val_if_fail (list[i].version == i + 1, FALSE);
      known = list[i].version;
    }

  if (!mh_db_exec (db, sql_table, error) || !get_version (db, module, &version, error))
    return FALSE;

  if (version > known)
    {
      g_set_error (error, MH_DB_ERROR, MH_DB_ERROR_NEWER,
                   "%s: tables of %s are at version %" G_GINT64_FORMAT
                   ", this program knows %" G_GINT64_FORMAT,
                   mh_db_path (db), module, version, known);
      return FALSE;
    }

  for (gint64 i = version; i < known; i++)
    {
      if (!apply (db, module, &list[i], error))
        return FALSE;
    }

  return TRUE;
}
