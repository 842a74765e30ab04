/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "partial-rows.h"

#include "base/encoding.h"
#include "base/error.h"

static const char sql_add[] =
    "INSERT INTO partials (id, vault, path, size, mtime_ms, if_match, if_none_match,"
    " created_ms, used_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)";

#define SELECT                                                                                     \
  "SELECT ref, id, vault, path, size, mtime_ms, if_match, if_none_match, offset, parts, "          \
  "tail_size,"                                                                                     \
  " tail_id, tail_chunk, created_ms, used_ms FROM partials"

static const char sql_get[] = SELECT " WHERE id = ?1 AND vault = ?2 AND gone = 0";

static const char sql_list[] = SELECT " WHERE vault = ?1 AND gone = 0 ORDER BY created_ms, ref";

static const char sql_unused[] =
    SELECT " WHERE gone = 0 AND used_ms < ?1 ORDER BY used_ms LIMIT 100";

static const char sql_update[] =
    "UPDATE partials SET offset = ?2, parts = ?3, tail_size = ?4, tail_id = ?5,"
    " tail_chunk = ?6, used_ms = ?7 WHERE ref = ?1";

static const char sql_add_part[] =
    "INSERT INTO partial_parts (session, number, ids, chunks) VALUES (?1, ?2, ?3, ?4)";

static const char sql_parts[] =
    "SELECT ids, chunks FROM partial_parts WHERE session = ?1 ORDER BY number";

static const char sql_add_block[] =
    "INSERT INTO partial_blocks (session, id, whole) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

static const char sql_make_whole[] =
    "UPDATE partial_blocks SET whole = 1 WHERE session = ?1 AND id = ?2";

static const char sql_remove_tail[] =
    "DELETE FROM partial_blocks WHERE session = ?1 AND id = ?2 AND whole = 0";

static const char *const sql_remove[] = {
  "DELETE FROM partial_parts WHERE session = ?1",
  "DELETE FROM partial_blocks WHERE session = ?1",
  "DELETE FROM partials WHERE ref = ?1",
};

static const char sql_mark_gone[] = "UPDATE partials SET gone = 1 WHERE ref = ?1";

static const char sql_mark_vault[] = "UPDATE partials SET gone = 1 WHERE vault = ?1 AND gone = 0";

static const char sql_next_gone[] = "SELECT ref FROM partials WHERE gone = 1 LIMIT 1";

static const char sql_some_blocks[] = "SELECT id FROM partial_blocks WHERE session = ?1 LIMIT 2000";

static const char sql_take_block[] = "DELETE FROM partial_blocks WHERE session = ?1 AND id = ?2";

void
mh_partial_row_free (MhPartialRow *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->if_match);
  g_free (self->if_none_match);
  g_clear_pointer (&self->tail_id, g_bytes_unref);
  g_clear_pointer (&self->tail_chunk, g_bytes_unref);
  g_free (self);
}

void
mh_partial_part_free (MhPartialPart *self)
{
  g_bytes_unref (self->ids);
  g_bytes_unref (self->chunks);
  g_free (self);
}

static void
bind_bytes (MhStmt *stmt, int index, GBytes *bytes)
{
  gsize size = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

  mh_stmt_bind_blob (stmt, index, data, size);
}

/* Executes a statement about one session or vault. */
static gboolean
run (MhDb *db, const char *sql, gint64 ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);

  return mh_stmt_run (stmt, error);
}

/* Executes a statement about one block of a session. */
static gboolean
run_block (MhDb *db, const char *sql, gint64 session, const guint8 *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, session);
  mh_stmt_bind_blob (stmt, 2, id, MH_BLOCK_ID_SIZE);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_partial_rows_add (MhDb *db, MhPartialRow *row, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, row->id, sizeof row->id);
  mh_stmt_bind_int64 (stmt, 2, row->vault);
  mh_stmt_bind_text (stmt, 3, row->path);
  mh_stmt_bind_int64 (stmt, 4, row->size);
  mh_stmt_bind_int64 (stmt, 5, row->mtime_ms);
  mh_stmt_bind_text (stmt, 6, row->if_match);
  mh_stmt_bind_text (stmt, 7, row->if_none_match);
  mh_stmt_bind_int64 (stmt, 8, row->created_ms);
  if (!mh_stmt_run (stmt, error))
    return FALSE;

  row->ref = mh_db_last_rowid (db);

  return TRUE;
}

static MhPartialRow *
row_of (MhStmt *stmt, GError **error)
{
  g_autoptr (MhPartialRow) row = g_new0 (MhPartialRow, 1);

  row->ref = mh_stmt_int64 (stmt, 0);
  row->vault = mh_stmt_int64 (stmt, 2);
  row->path = mh_stmt_dup_text (stmt, 3);
  row->size = mh_stmt_int64 (stmt, 4);
  row->mtime_ms = mh_stmt_int64 (stmt, 5);
  row->if_match = mh_stmt_dup_text (stmt, 6);
  row->if_none_match = mh_stmt_dup_text (stmt, 7);
  row->offset = mh_stmt_int64 (stmt, 8);
  row->parts = mh_stmt_int64 (stmt, 9);
  row->tail_size = mh_stmt_int64 (stmt, 10);
  row->tail_id = mh_stmt_dup_bytes (stmt, 11);
  row->tail_chunk = mh_stmt_dup_bytes (stmt, 12);
  row->created_ms = mh_stmt_int64 (stmt, 13);
  row->used_ms = mh_stmt_int64 (stmt, 14);
  if (mh_stmt_copy_blob (stmt, 1, row->id, sizeof row->id))
    return g_steal_pointer (&row);

  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the index entry of an upload is damaged");

  return NULL;
}

MhPartialRow *
mh_partial_rows_get (MhDb *db, const MhVaultRow *vault, const guint8 *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get, error);
  g_autofree char *text = mh_hex_encode (id, MH_PARTIAL_ID_SIZE);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_blob (stmt, 1, id, MH_PARTIAL_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 2, vault->ref);

  return mh_stmt_one (stmt, "upload session", text, error) ? row_of (stmt, error) : NULL;
}

/* Returns: (transfer full): all rows of a query with one number */
static GPtrArray *
collect (MhDb *db, const char *sql, gint64 number, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);
  g_autoptr (GPtrArray) rows = NULL;
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  rows = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_partial_row_free);
  mh_stmt_bind_int64 (stmt, 1, number);
  while (mh_stmt_step (stmt, &local))
    {
      MhPartialRow *row = row_of (stmt, error);

      if (row == NULL)
        return NULL;
      g_ptr_array_add (rows, row);
    }

  if (local == NULL)
    return g_steal_pointer (&rows);

  g_propagate_error (error, local);

  return NULL;
}

GPtrArray *
mh_partial_rows_list (MhDb *db, const MhVaultRow *vault, GError **error)
{
  return collect (db, sql_list, vault->ref, error);
}

GPtrArray *
mh_partial_rows_unused (MhDb *db, gint64 before_ms, GError **error)
{
  return collect (db, sql_unused, before_ms, error);
}

gboolean
mh_partial_rows_update (MhDb *db, const MhPartialRow *row, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_update, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, row->ref);
  mh_stmt_bind_int64 (stmt, 2, row->offset);
  mh_stmt_bind_int64 (stmt, 3, row->parts);
  mh_stmt_bind_int64 (stmt, 4, row->tail_size);
  bind_bytes (stmt, 5, row->tail_id);
  bind_bytes (stmt, 6, row->tail_chunk);
  mh_stmt_bind_int64 (stmt, 7, row->used_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_partial_rows_add_part (MhDb *db, gint64 session, gint64 number, const MhPartialPart *part,
                          GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_part, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, session);
  mh_stmt_bind_int64 (stmt, 2, number);
  bind_bytes (stmt, 3, part->ids);
  bind_bytes (stmt, 4, part->chunks);

  return mh_stmt_run (stmt, error);
}

GPtrArray *
mh_partial_rows_parts (MhDb *db, gint64 session, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_parts, error);
  g_autoptr (GPtrArray) parts = NULL;
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  parts = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_partial_part_free);
  mh_stmt_bind_int64 (stmt, 1, session);
  while (mh_stmt_step (stmt, &local))
    {
      MhPartialPart *part = g_new0 (MhPartialPart, 1);

      part->ids = mh_stmt_dup_bytes (stmt, 0);
      part->chunks = mh_stmt_dup_bytes (stmt, 1);
      g_ptr_array_add (parts, part);
    }

  if (local == NULL)
    return g_steal_pointer (&parts);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_partial_rows_add_block (MhDb *db, gint64 session, const guint8 *id, gboolean whole,
                           gboolean *added, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_block, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, session);
  mh_stmt_bind_blob (stmt, 2, id, MH_BLOCK_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 3, whole);
  if (!mh_stmt_run (stmt, error))
    return FALSE;

  *added = mh_db_changes (db) > 0;

  return *added || !whole || run_block (db, sql_make_whole, session, id, error);
}

gboolean
mh_partial_rows_remove_tail (MhDb *db, gint64 session, const guint8 *id, gboolean *removed,
                             GError **error)
{
  if (!run_block (db, sql_remove_tail, session, id, error))
    return FALSE;

  *removed = mh_db_changes (db) > 0;

  return TRUE;
}

gboolean
mh_partial_rows_remove (MhDb *db, gint64 session, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sql_remove); i++)
    {
      if (!run (db, sql_remove[i], session, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_partial_rows_mark_gone (MhDb *db, gint64 session, GError **error)
{
  return run (db, sql_mark_gone, session, error);
}

gboolean
mh_partial_rows_mark_vault (MhDb *db, gint64 vault, GError **error)
{
  return run (db, sql_mark_vault, vault, error);
}

gboolean
mh_partial_rows_next_gone (MhDb *db, gint64 *session, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_next_gone, error);
  gboolean found;

  *session = 0;
  if (stmt == NULL || !mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (found)
    *session = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

/* Returns: (transfer full): ids of some blocks, one after the other */
static GBytes *
some_blocks (MhDb *db, gint64 session, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_some_blocks, error);
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, session);
  while (mh_stmt_step (stmt, &local))
    {
      gsize size;
      const guint8 *id = mh_stmt_blob (stmt, 0, &size);

      g_byte_array_append (ids, id, (guint) size);
    }

  if (local == NULL)
    return g_byte_array_free_to_bytes (g_steal_pointer (&ids));

  g_propagate_error (error, local);

  return NULL;
}

GBytes *
mh_partial_rows_take_blocks (MhDb *db, gint64 session, GError **error)
{
  g_autoptr (GBytes) ids = some_blocks (db, session, error);
  const guint8 *data;
  gsize size;

  if (ids == NULL)
    return NULL;

  data = g_bytes_get_data (ids, &size);
  for (gsize i = 0; i + MH_BLOCK_ID_SIZE <= size; i += MH_BLOCK_ID_SIZE)
    {
      if (!run_block (db, sql_take_block, session, data + i, error))
        return NULL;
    }

  return g_steal_pointer (&ids);
}
