/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage-store.h"

#include "db/stmt.h"

static const char sql_read[] = "SELECT running, segment, started_ms, ended_ms, records, bytes,"
                               " damaged_records FROM storage_scrub";

static const char sql_write[] =
    "UPDATE storage_scrub SET running = ?1, segment = ?2, started_ms = ?3, ended_ms = ?4,"
    " records = ?5, bytes = ?6, damaged_records = ?7";

static const char sql_add[] =
    "INSERT OR REPLACE INTO storage_damage (vault_id, path, why, found_ms)"
    " VALUES (?1, ?2, ?3, ?4)";

static const char sql_clear[] = "DELETE FROM storage_damage WHERE found_ms < ?1";

static const char sql_damage[] = "SELECT vault_id, path, why, found_ms FROM storage_damage"
                                 " ORDER BY vault_id, path LIMIT ?1";

void
mh_damaged_file_free (MhDamagedFile *self)
{
  g_free (self->vault_id);
  g_free (self->path);
  g_free (self->why);
  g_free (self);
}

gboolean
mh_storage_store_read (MhDb *db, MhScrubState *state, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_read, error);

  if (stmt == NULL || !mh_stmt_one (stmt, "scrub", NULL, error))
    return FALSE;

  state->running = mh_stmt_int64 (stmt, 0) != 0;
  state->report.segment = (guint64) mh_stmt_int64 (stmt, 1);
  state->started_ms = mh_stmt_int64 (stmt, 2);
  state->ended_ms = mh_stmt_int64 (stmt, 3);
  state->report.records = mh_stmt_int64 (stmt, 4);
  state->report.bytes = mh_stmt_int64 (stmt, 5);
  state->report.damaged_records = mh_stmt_int64 (stmt, 6);

  return TRUE;
}

gboolean
mh_storage_store_write (MhDb *db, const MhScrubState *state, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_write, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, state->running);
  mh_stmt_bind_int64 (stmt, 2, (gint64) state->report.segment);
  mh_stmt_bind_int64 (stmt, 3, state->started_ms);
  mh_stmt_bind_int64 (stmt, 4, state->ended_ms);
  mh_stmt_bind_int64 (stmt, 5, state->report.records);
  mh_stmt_bind_int64 (stmt, 6, state->report.bytes);
  mh_stmt_bind_int64 (stmt, 7, state->report.damaged_records);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_storage_store_add_damage (MhDb *db, const MhDamage *damage, gint64 found_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, damage->vault_id);
  mh_stmt_bind_text (stmt, 2, damage->path);
  mh_stmt_bind_text (stmt, 3, damage->why);
  mh_stmt_bind_int64 (stmt, 4, found_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_storage_store_clear_damage (MhDb *db, gint64 before_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_clear, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, before_ms);

  return mh_stmt_run (stmt, error);
}

GPtrArray *
mh_storage_store_damage (MhDb *db, guint limit, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_damage, error);
  g_autoptr (GPtrArray) files = NULL;
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  files = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_damaged_file_free);
  mh_stmt_bind_int64 (stmt, 1, limit);
  while (mh_stmt_step (stmt, &local))
    {
      MhDamagedFile *file = g_new0 (MhDamagedFile, 1);

      file->vault_id = mh_stmt_dup_text (stmt, 0);
      file->path = mh_stmt_dup_text (stmt, 1);
      file->why = mh_stmt_dup_text (stmt, 2);
      file->found_ms = mh_stmt_int64 (stmt, 3);
      g_ptr_array_add (files, file);
    }

  if (local == NULL)
    return g_steal_pointer (&files);

  g_propagate_error (error, local);

  return NULL;
}
