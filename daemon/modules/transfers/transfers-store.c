/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transfers-store.h"

#include "db/stmt.h"

#define COLUMNS                                                                                    \
  "id, kind, state, vault_id, host_path, vault_path, existing, files, bytes, files_skipped,"       \
  " files_failed, error, started_ms, ended_ms"

static const char sql_list[] = "SELECT " COLUMNS " FROM transfers ORDER BY started_ms, id";

static const char sql_put[] =
    "INSERT OR REPLACE INTO transfers (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
    " ?10, ?11, ?12, ?13, ?14)";

static const char sql_remove[] = "DELETE FROM transfers WHERE id = ?1";

/* One that was under way goes on from the beginning, which finds what is done already. */
static MhTransferState
state_of (const char *text)
{
  if (g_strcmp0 (text, "done") == 0)
    return MH_TRANSFER_DONE;
  if (g_strcmp0 (text, "failed") == 0)
    return MH_TRANSFER_FAILED;
  if (g_strcmp0 (text, "cancelled") == 0)
    return MH_TRANSFER_CANCELLED;

  return MH_TRANSFER_WAITING;
}

static const char *
state_text (MhTransferState state)
{
  switch (state)
    {
    case MH_TRANSFER_DONE:
      return "done";
    case MH_TRANSFER_FAILED:
      return "failed";
    case MH_TRANSFER_CANCELLED:
      return "cancelled";
    case MH_TRANSFER_WAITING:
    case MH_TRANSFER_RUNNING:
    default:
      return "running";
    }
}

static MhTransfer *
read_row (MhStmt *stmt)
{
  MhTransferTask task = { 0 };
  MhTransfer *self;

  task.is_import = g_strcmp0 (mh_stmt_text (stmt, 1), "import") == 0;
  task.vault_id = (char *) mh_stmt_text (stmt, 3); /* only read, as the next two */
  task.host_path = (char *) mh_stmt_text (stmt, 4);
  task.vault_path = (char *) mh_stmt_text (stmt, 5);
  task.replace = g_strcmp0 (mh_stmt_text (stmt, 6), "replace") == 0;
  self = mh_transfer_new (&task);
  g_free (self->id);
  self->id = mh_stmt_dup_text (stmt, 0);
  self->state = state_of (mh_stmt_text (stmt, 2));
  self->started_ms = mh_stmt_int64 (stmt, 12);
  if (self->state == MH_TRANSFER_WAITING)
    return self;

  self->counts.counted = TRUE;
  self->counts.files = mh_stmt_int64 (stmt, 7);
  self->counts.bytes = mh_stmt_int64 (stmt, 8);
  self->counts.files_done = self->counts.files;
  self->counts.bytes_done = self->counts.bytes;
  self->counts.files_skipped = mh_stmt_int64 (stmt, 9);
  self->counts.files_failed = mh_stmt_int64 (stmt, 10);
  self->error = mh_stmt_dup_text (stmt, 11);
  self->ended_ms = mh_stmt_int64 (stmt, 13);

  return self;
}

GPtrArray *
mh_transfers_store_list (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_list, error);
  g_autoptr (GPtrArray) transfers = NULL;
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  transfers = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_transfer_unref);
  while (mh_stmt_step (stmt, &local))
    g_ptr_array_add (transfers, read_row (stmt));

  if (local == NULL)
    return g_steal_pointer (&transfers);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_transfers_store_put (MhDb *db, const MhTransfer *transfer, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_put, error);
  const MhTransferTask *task = &transfer->task;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, transfer->id);
  mh_stmt_bind_text (stmt, 2, task->is_import ? "import" : "export");
  mh_stmt_bind_text (stmt, 3, state_text (transfer->state));
  mh_stmt_bind_text (stmt, 4, task->vault_id);
  mh_stmt_bind_text (stmt, 5, task->host_path);
  mh_stmt_bind_text (stmt, 6, task->vault_path);
  mh_stmt_bind_text (stmt, 7, task->replace ? "replace" : "skip");
  mh_stmt_bind_int64 (stmt, 8, transfer->counts.files);
  mh_stmt_bind_int64 (stmt, 9, transfer->counts.bytes);
  mh_stmt_bind_int64 (stmt, 10, transfer->counts.files_skipped);
  mh_stmt_bind_int64 (stmt, 11, transfer->counts.files_failed);
  mh_stmt_bind_text (stmt, 12, transfer->error);
  mh_stmt_bind_int64 (stmt, 13, transfer->started_ms);
  if (transfer->ended_ms > 0)
    mh_stmt_bind_int64 (stmt, 14, transfer->ended_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_transfers_store_remove (MhDb *db, const char *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_remove, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);

  return mh_stmt_run (stmt, error);
}
