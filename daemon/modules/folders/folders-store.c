/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "folders-store.h"

#include "db/stmt.h"

static const char sql_list[] =
    "SELECT id, vault_id, path, created_ms, device, guard_percent, guard_files, paused, guard,"
    " held_ms FROM folders ORDER BY path";

static const char sql_add[] =
    "INSERT INTO folders (vault_id, path, created_ms, device, guard_percent, guard_files)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static const char sql_device[] = "UPDATE folders SET device = ?2 WHERE id = ?1";

static const char sql_limits[] =
    "UPDATE folders SET guard_percent = ?2, guard_files = ?3 WHERE id = ?1";

static const char sql_paused[] = "UPDATE folders SET paused = ?2 WHERE id = ?1";

static const char sql_guard[] = "UPDATE folders SET guard = ?2, held_ms = ?3 WHERE id = ?1";

static const char sql_remove[] = "DELETE FROM folders WHERE id = ?1";

#define FILES                                                                                      \
  "SELECT path, file_id, content_hash, size, mtime_ms, changed_ms, host_size, mtime_ns, inode,"    \
  " mode FROM folder_files WHERE folder = ?1"

static const char sql_all_files[] = FILES;

/* "0" is the sign that follows "/". */
static const char sql_some_files[] =
    FILES " AND path = ?2 UNION ALL " FILES " AND path > ?2 || '/' AND path < ?2 || '0'";

static const char sql_count[] = "SELECT count (*) FROM folder_files WHERE folder = ?1";

static const char sql_find[] = "SELECT path FROM folder_files WHERE folder = ?1 AND file_id = ?2";

static const char sql_agree[] =
    "INSERT OR REPLACE INTO folder_files (folder, path, file_id, content_hash, size, mtime_ms,"
    " changed_ms, host_size, mtime_ns, inode, mode)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

static const char sql_forget[] = "DELETE FROM folder_files WHERE folder = ?1 AND path = ?2";

static const char *const guard_names[] = { "open", "held", "undo" };

MhFolderRow *
mh_folder_row_copy (const MhFolderRow *self)
{
  MhFolderRow *copy = g_memdup2 (self, sizeof *self);

  copy->vault_id = g_strdup (self->vault_id);
  copy->path = g_strdup (self->path);

  return copy;
}

void
mh_folder_row_free (MhFolderRow *self)
{
  if (self == NULL)
    return;

  g_free (self->vault_id);
  g_free (self->path);
  g_free (self);
}

static MhFolderRow *
read_row (MhStmt *stmt)
{
  MhFolderRow *row = g_new0 (MhFolderRow, 1);
  const char *guard = mh_stmt_text (stmt, 8);

  row->id = mh_stmt_int64 (stmt, 0);
  row->vault_id = mh_stmt_dup_text (stmt, 1);
  row->path = mh_stmt_dup_text (stmt, 2);
  row->created_ms = mh_stmt_int64 (stmt, 3);
  row->device = (guint64) mh_stmt_int64 (stmt, 4);
  row->limits.percent = (guint) mh_stmt_int64 (stmt, 5);
  row->limits.files = (guint) mh_stmt_int64 (stmt, 6);
  row->paused = mh_stmt_int64 (stmt, 7) != 0;
  for (guint i = 0; i < G_N_ELEMENTS (guard_names); i++)
    {
      if (g_strcmp0 (guard, guard_names[i]) == 0)
        row->guard = (MhGuardState) i;
    }
  row->held_ms = mh_stmt_int64 (stmt, 9);

  return row;
}

GPtrArray *
mh_folders_store_list (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_list, error);
  g_autoptr (GPtrArray) rows = NULL;
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  rows = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_folder_row_free);
  while (mh_stmt_step (stmt, &local))
    g_ptr_array_add (rows, read_row (stmt));
  if (local == NULL)
    return g_steal_pointer (&rows);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_folders_store_add (MhDb *db, MhFolderRow *row, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, row->vault_id);
  mh_stmt_bind_text (stmt, 2, row->path);
  mh_stmt_bind_int64 (stmt, 3, row->created_ms);
  mh_stmt_bind_int64 (stmt, 4, (gint64) row->device);
  mh_stmt_bind_int64 (stmt, 5, row->limits.percent);
  mh_stmt_bind_int64 (stmt, 6, row->limits.files);
  if (!mh_stmt_run (stmt, error))
    return FALSE;

  row->id = mh_db_last_rowid (db);

  return TRUE;
}

gboolean
mh_folders_store_set_device (MhDb *db, gint64 id, guint64 device, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_device, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, id);
  mh_stmt_bind_int64 (stmt, 2, (gint64) device);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_folders_store_set_limits (MhDb *db, gint64 id, const MhGuardLimits *limits, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_limits, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, id);
  mh_stmt_bind_int64 (stmt, 2, limits->percent);
  mh_stmt_bind_int64 (stmt, 3, limits->files);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_folders_store_set_paused (MhDb *db, gint64 id, gboolean paused, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_paused, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, id);
  mh_stmt_bind_int64 (stmt, 2, paused);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_folders_store_set_guard (MhDb *db, gint64 id, MhGuardState guard, gint64 held_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_guard, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, id);
  mh_stmt_bind_text (stmt, 2, guard_names[guard]);
  mh_stmt_bind_int64 (stmt, 3, held_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_folders_store_remove (MhDb *db, gint64 id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_remove, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, id);

  return mh_stmt_run (stmt, error);
}

static void
read_file (MhStmt *stmt, GHashTable *entries)
{
  MhEntry *entry = g_hash_table_lookup (entries, mh_stmt_text (stmt, 0));

  if (entry == NULL)
    {
      entry = mh_entry_new (mh_stmt_text (stmt, 0));
      g_hash_table_insert (entries, entry->path, entry);
    }
  entry->agreed = TRUE;
  entry->agreed_vault.exists = TRUE;
  g_strlcpy (entry->agreed_vault.file_id, mh_stmt_text (stmt, 1),
             sizeof entry->agreed_vault.file_id);
  g_strlcpy (entry->agreed_vault.content_hash, mh_stmt_text (stmt, 2),
             sizeof entry->agreed_vault.content_hash);
  entry->agreed_vault.size = mh_stmt_int64 (stmt, 3);
  entry->agreed_vault.mtime_ms = mh_stmt_int64 (stmt, 4);
  entry->agreed_vault.changed_ms = mh_stmt_int64 (stmt, 5);
  entry->agreed_host.exists = TRUE;
  entry->agreed_host.size = mh_stmt_int64 (stmt, 6);
  entry->agreed_host.mtime_ns = mh_stmt_int64 (stmt, 7);
  entry->agreed_host.inode = (guint64) mh_stmt_int64 (stmt, 8);
  entry->agreed_host.mode = (guint) mh_stmt_int64 (stmt, 9);
}

gboolean
mh_folders_store_files (MhDb *db, gint64 folder, const char *path, GHashTable *entries,
                        GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;
  GError *local = NULL;

  stmt = mh_db_prepare (db, *path != '\0' ? sql_some_files : sql_all_files, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, folder);
  if (*path != '\0')
    mh_stmt_bind_text (stmt, 2, path);
  while (mh_stmt_step (stmt, &local))
    read_file (stmt, entries);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

char *
mh_folders_store_find (MhDb *db, gint64 folder, const char *file_id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_find, error);
  g_autofree char *path = NULL;
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, folder);
  mh_stmt_bind_text (stmt, 2, file_id);
  if (mh_stmt_step (stmt, &local))
    path = mh_stmt_dup_text (stmt, 0);
  if (local == NULL)
    return g_steal_pointer (&path);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_folders_store_count (MhDb *db, gint64 folder, gint64 *count, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_count, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, folder);
  if (!mh_stmt_one (stmt, "count", NULL, error))
    return FALSE;

  *count = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

static gboolean
forget (MhDb *db, gint64 folder, const char *path, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_forget, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, folder);
  mh_stmt_bind_text (stmt, 2, path);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_folders_store_agree (MhDb *db, gint64 folder, const MhEntry *entry, GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;

  if (!entry->agreed)
    return forget (db, folder, entry->path, error);

  stmt = mh_db_prepare (db, sql_agree, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, folder);
  mh_stmt_bind_text (stmt, 2, entry->path);
  mh_stmt_bind_text (stmt, 3, entry->agreed_vault.file_id);
  mh_stmt_bind_text (stmt, 4, entry->agreed_vault.content_hash);
  mh_stmt_bind_int64 (stmt, 5, entry->agreed_vault.size);
  mh_stmt_bind_int64 (stmt, 6, entry->agreed_vault.mtime_ms);
  mh_stmt_bind_int64 (stmt, 7, entry->agreed_vault.changed_ms);
  mh_stmt_bind_int64 (stmt, 8, entry->agreed_host.size);
  mh_stmt_bind_int64 (stmt, 9, entry->agreed_host.mtime_ns);
  mh_stmt_bind_int64 (stmt, 10, (gint64) entry->agreed_host.inode);
  mh_stmt_bind_int64 (stmt, 11, entry->agreed_host.mode);

  return mh_stmt_run (stmt, error);
}
