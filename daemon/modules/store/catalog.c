/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalog.h"

#include <string.h>

#include "base/error.h"
#include "segment.h"

static const char sql_get_state[] = "SELECT value FROM state WHERE key = ?1";

static const char sql_set_state[] = "INSERT INTO state (key, value) VALUES (?1, ?2)"
                                    " ON CONFLICT (key) DO UPDATE SET value = excluded.value";

static const char sql_get_indexed[] = "SELECT indexed_to FROM segments WHERE id = ?1";

static const char sql_set_indexed[] =
    "INSERT INTO segments (id, indexed_to) VALUES (?1, ?2)"
    " ON CONFLICT (id) DO UPDATE SET indexed_to = excluded.indexed_to";

static const char sql_get_vault[] =
    "SELECT ref, root, lamport, stored_bytes, forgotten FROM vaults WHERE id = ?1";

static const char sql_add_vault[] = "INSERT INTO vaults (id, root) VALUES (?1, 0)";

static const char sql_add_root[] = "INSERT INTO folders (vault, parent, name) VALUES (?1, 0, ?2)";

static const char sql_set_root[] = "UPDATE vaults SET root = ?2 WHERE ref = ?1";

static const char sql_mark_forgotten[] = "UPDATE vaults SET forgotten = ?2 WHERE ref = ?1";

static const char sql_next_forgotten[] = "SELECT ref FROM vaults WHERE forgotten = 1 LIMIT 1";

static const char sql_forget_files[] =
    "DELETE FROM files WHERE ref IN (SELECT ref FROM files WHERE vault = ?1 LIMIT 2000)";

static const char sql_forget_folders[] =
    "DELETE FROM folders WHERE ref IN (SELECT ref FROM folders WHERE vault = ?1 LIMIT 2000)";

static const char sql_forget_vault[] = "DELETE FROM vaults WHERE ref = ?1";

static const char sql_find_folder[] = "SELECT ref FROM folders WHERE parent = ?1 AND name = ?2";

static const char sql_folder_files[] = "SELECT files FROM folders WHERE ref = ?1";

#define FILE_COLUMNS "ref, file_id, path, live, head, size, mtime_ms, mime, content_hash"

/* Sorted by us: there are seldom two, and SQLite makes a table of its own to sort. */
static const char sql_find_file[] = "SELECT " FILE_COLUMNS ", changed_ms FROM files"
                                    " WHERE vault = ?1 AND live = ?2 AND path = ?3";

/* '0' is the character after '/' */
static const char sql_files_below[] = "SELECT " FILE_COLUMNS " FROM files"
                                      " WHERE vault = ?1 AND live = 1"
                                      " AND path > ?2 || '/' AND path < ?2 || '0' ORDER BY path";

/* Of several with one path the one deleted last comes first. */
#define DELETED                                                                                    \
  "SELECT " FILE_COLUMNS " FROM files WHERE vault = ?1 AND live = 0 AND changed_ms >= ?3"
#define LAST_FIRST " ORDER BY path, changed_ms DESC, ref DESC"

static const char sql_deleted_at[] = DELETED " AND path = ?2" LAST_FIRST;

static const char sql_deleted_below[] =
    DELETED " AND path > ?2 || '/' AND path < ?2 || '0'" LAST_FIRST;

#define VERSION_COLUMNS "segment, position, size, hash, note_segment, note_position"

static const char sql_last_version[] = "SELECT coalesce (max (ref), 0) FROM versions";

static const char sql_renumber[] = "UPDATE versions SET ref = ref + ?2 WHERE ref > ?1";

static const char sql_new_epoch[] =
    "UPDATE state SET value = abs (random () % 9007199254740991) WHERE key = 'sync_epoch'";

static const char sql_get_version[] = "SELECT " VERSION_COLUMNS " FROM versions WHERE ref = ?1";

static const char sql_find_version[] =
    "SELECT " VERSION_COLUMNS ", ref FROM versions WHERE hash = ?1";

static const char sql_set_note[] =
    "UPDATE versions SET is_head = 0, note_segment = ?2, note_position = ?3 WHERE ref = ?1";

static const char sql_place_version[] =
    "UPDATE versions SET segment = ?2, position = ?3, size = ?4 WHERE ref = ?1";

static const char sql_find_content[] =
    "SELECT ref FROM versions WHERE vault = ?1 AND file_id = ?2 AND content_hash = ?3"
    " AND op <> 3 ORDER BY lamport DESC LIMIT 1";

static const char sql_next_sealed[] = "SELECT " VERSION_COLUMNS ", ref FROM versions"
                                      " WHERE vault = ?1 AND path IS NULL AND ref > ?2"
                                      " ORDER BY ref LIMIT 1";

static const char sql_drop_version[] = "DELETE FROM versions WHERE ref = ?1";

void
mh_file_row_free (MhFileRow *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->mime);
  g_free (self);
}

const char *
mh_path_name (const char *path)
{
  return strrchr (path, '/') + 1;
}

char *
mh_path_folder (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash == path ? g_strdup ("/") : g_strndup (path, (gsize) (slash - path));
}

gboolean
mh_catalog_first (MhStmt *stmt, gboolean *found, GError **error)
{
  GError *local = NULL;

  *found = mh_stmt_step (stmt, &local);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
run_with_ref (MhDb *db, const char *sql, gint64 ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_run (MhDb *db, const char *sql, gint64 one, gint64 two, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, one);
  mh_stmt_bind_int64 (stmt, 2, two);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_get_state (MhDb *db, const char *key, gint64 *value, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get_state, error);
  gboolean found;

  *value = 0;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, key);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (found)
    *value = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_catalog_set_state (MhDb *db, const char *key, gint64 value, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_state, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, key);
  mh_stmt_bind_int64 (stmt, 2, value);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_get_indexed (MhDb *db, guint64 segment, guint64 *indexed_to, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get_indexed, error);
  gboolean found;

  *indexed_to = 0;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, (gint64) segment);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (found)
    *indexed_to = (guint64) mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_catalog_set_indexed (MhDb *db, guint64 segment, guint64 indexed_to, GError **error)
{
  return mh_catalog_run (db, sql_set_indexed, (gint64) segment, (gint64) indexed_to, error);
}

gboolean
mh_catalog_get_vault (MhDb *db, const char *vault_id, MhVaultRow *row, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get_vault, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, vault_id);
  if (!mh_stmt_one (stmt, "vault", vault_id, error))
    return FALSE;

  row->ref = mh_stmt_int64 (stmt, 0);
  row->root = mh_stmt_int64 (stmt, 1);
  row->lamport = mh_stmt_int64 (stmt, 2);
  row->stored_bytes = mh_stmt_int64 (stmt, 3);
  row->forgotten = mh_stmt_int64 (stmt, 4) != 0;

  return TRUE;
}

static gboolean
add_vault (MhDb *db, const char *vault_id, GError **error)
{
  g_autoptr (MhStmt) vault = mh_db_prepare (db, sql_add_vault, error);
  g_autoptr (MhStmt) root = mh_db_prepare (db, sql_add_root, error);
  gint64 ref;

  if (vault == NULL || root == NULL)
    return FALSE;

  mh_stmt_bind_text (vault, 1, vault_id);
  if (!mh_stmt_run (vault, error))
    return FALSE;

  ref = mh_db_last_rowid (db);
  mh_stmt_bind_int64 (root, 1, ref);
  mh_stmt_bind_text (root, 2, vault_id);

  return mh_stmt_run (root, error)
         && mh_catalog_run (db, sql_set_root, ref, mh_db_last_rowid (db), error);
}

gboolean
mh_catalog_ensure_vault (MhDb *db, const char *vault_id, MhVaultRow *row, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (mh_catalog_get_vault (db, vault_id, row, &local))
    return TRUE;

  if (!g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  return add_vault (db, vault_id, error) && mh_catalog_get_vault (db, vault_id, row, error);
}

gboolean
mh_catalog_mark_forgotten (MhDb *db, gint64 vault, gboolean forgotten, GError **error)
{
  return mh_catalog_run (db, sql_mark_forgotten, vault, forgotten, error);
}

gboolean
mh_catalog_next_forgotten (MhDb *db, gint64 *vault, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_next_forgotten, error);
  gboolean found;

  *vault = 0;
  if (stmt == NULL || !mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (found)
    *vault = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_catalog_forget_some (MhDb *db, gint64 vault, gboolean *left, GError **error)
{
  const char *const steps[] = { sql_forget_files, sql_forget_folders };

  *left = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if (!run_with_ref (db, steps[i], vault, error))
        return FALSE;
      if (mh_db_changes (db) > 0)
        return TRUE;
    }
  *left = FALSE;

  return run_with_ref (db, sql_forget_vault, vault, error);
}

/* Finds the folder called the first @length bytes of @name in @parent; 0 when there is none. */
static gboolean
find_child (MhDb *db, gint64 parent, const char *name, gsize length, gint64 *ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_find_folder, error);
  g_autofree char *text = g_strndup (name, length);
  gboolean found;

  *ref = 0;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, parent);
  mh_stmt_bind_text (stmt, 2, text);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (found)
    *ref = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_catalog_find_child (MhDb *db, gint64 parent, const char *name, gint64 *ref, GError **error)
{
  return find_child (db, parent, name, strlen (name), ref, error);
}

gboolean
mh_catalog_find_folder (MhDb *db, const MhVaultRow *vault, const char *path, gint64 *ref,
                        GError **error)
{
  const char *segment = path + 1;

  *ref = vault->root;
  while (*segment != '\0' && *ref != 0)
    {
      gsize length = strcspn (segment, "/");

      if (!find_child (db, *ref, segment, length, ref, error))
        return FALSE;
      segment += length;
      if (*segment == '/')
        segment++;
    }

  return TRUE;
}

gboolean
mh_catalog_folder_files (MhDb *db, gint64 ref, gint64 *files, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_folder_files, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);
  if (!mh_stmt_one (stmt, "folder", NULL, error))
    return FALSE;

  *files = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

/* Returns: (transfer full) (nullable): %NULL with @error set when the row is damaged */
static MhFileRow *
file_row (MhStmt *stmt, GError **error)
{
  g_autoptr (MhFileRow) row = g_new0 (MhFileRow, 1);

  row->ref = mh_stmt_int64 (stmt, 0);
  row->path = mh_stmt_dup_text (stmt, 2);
  row->live = mh_stmt_int64 (stmt, 3) != 0;
  row->head = mh_stmt_int64 (stmt, 4);
  row->size = mh_stmt_int64 (stmt, 5);
  row->mtime_ms = mh_stmt_int64 (stmt, 6);
  row->mime = mh_stmt_dup_text (stmt, 7);
  if (!mh_stmt_copy_blob (stmt, 1, row->file_id, sizeof row->file_id)
      || !mh_stmt_copy_blob (stmt, 8, row->content_hash, sizeof row->content_hash))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the index entry of %s is damaged",
                   row->path);
      return NULL;
    }

  return g_steal_pointer (&row);
}

/* Goes through the rows. Returns: %FALSE with @error set; @newest is the one that changed last */
static gboolean
newest_row (MhStmt *stmt, MhFileRow **newest, GError **error)
{
  GError *local = NULL;
  gint64 newest_ms = G_MININT64;

  while (mh_stmt_step (stmt, &local))
    {
      gint64 changed_ms = mh_stmt_int64 (stmt, 9);
      MhFileRow *row = file_row (stmt, error);

      if (row == NULL)
        return FALSE;
      if (*newest != NULL
          && (changed_ms < newest_ms || (changed_ms == newest_ms && row->ref < (*newest)->ref)))
        {
          mh_file_row_free (row);
          continue;
        }
      newest_ms = changed_ms;
      mh_file_row_free (*newest);
      *newest = row;
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

MhFileRow *
mh_catalog_find_file (MhDb *db, const MhVaultRow *vault, const char *path, gboolean include_deleted,
                      GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_find_file, error);
  g_autoptr (MhFileRow) row = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 3, path);
  for (int live = 1; live >= (include_deleted ? 0 : 1) && row == NULL; live--)
    {
      mh_stmt_bind_int64 (stmt, 2, live);
      if (!newest_row (stmt, &row, error))
        return NULL;
    }

  return g_steal_pointer (&row);
}

static gboolean
collect (MhStmt *stmt, GPtrArray *rows, GError **error)
{
  GError *local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhFileRow *row = file_row (stmt, error);

      if (row == NULL)
        return FALSE;
      g_ptr_array_add (rows, row);
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

GPtrArray *
mh_catalog_files_below (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_files_below, error);
  g_autoptr (GPtrArray) rows = NULL;

  if (stmt == NULL)
    return NULL;

  rows = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_row_free);
  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 2, path);
  if (!collect (stmt, rows, error))
    return NULL;

  return g_steal_pointer (&rows);
}

GPtrArray *
mh_catalog_deleted_files (MhDb *db, const MhVaultRow *vault, const char *path, gboolean below,
                          gint64 since_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, below ? sql_deleted_below : sql_deleted_at, error);
  g_autoptr (GPtrArray) rows = NULL;

  if (stmt == NULL)
    return NULL;

  rows = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_row_free);
  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 2, path);
  mh_stmt_bind_int64 (stmt, 3, since_ms);
  if (!collect (stmt, rows, error))
    return NULL;

  return g_steal_pointer (&rows);
}

static gboolean
version_row (MhStmt *stmt, MhVersionRow *row, GError **error)
{
  row->location.segment = (guint64) mh_stmt_int64 (stmt, 0);
  row->location.position = (guint64) mh_stmt_int64 (stmt, 1);
  row->location.size = (guint32) mh_stmt_int64 (stmt, 2);
  row->note.segment = (guint64) mh_stmt_int64 (stmt, 4);
  row->note.position = (guint64) mh_stmt_int64 (stmt, 5);
  row->note.size = MH_SUPERSEDED_SIZE;
  if (mh_stmt_copy_blob (stmt, 3, row->hash, sizeof row->hash))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the index entry of a version is damaged");

  return FALSE;
}

gboolean
mh_catalog_get_version (MhDb *db, gint64 ref, MhVersionRow *row, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get_version, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);

  return mh_stmt_one (stmt, "such version", NULL, error) && version_row (stmt, row, error);
}

gboolean
mh_catalog_find_version (MhDb *db, const guint8 *hash, gint64 *ref, MhVersionRow *row,
                         GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_find_version, error);
  gboolean found;

  *ref = 0;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, hash, MH_VERSION_HASH_SIZE);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (!found)
    return TRUE;

  *ref = mh_stmt_int64 (stmt, 6);

  return version_row (stmt, row, error);
}

gboolean
mh_catalog_set_note (MhDb *db, gint64 ref, const MhLocation *location, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_note, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);
  mh_stmt_bind_int64 (stmt, 2, (gint64) location->segment);
  mh_stmt_bind_int64 (stmt, 3, (gint64) location->position);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_place_version (MhDb *db, gint64 ref, const MhLocation *location, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_place_version, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);
  mh_stmt_bind_int64 (stmt, 2, (gint64) location->segment);
  mh_stmt_bind_int64 (stmt, 3, (gint64) location->position);
  mh_stmt_bind_int64 (stmt, 4, location->size);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_last_version (MhDb *db, gint64 *ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_last_version, error);

  if (stmt == NULL || !mh_stmt_one (stmt, "versions", NULL, error))
    return FALSE;

  *ref = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_catalog_renumber (MhDb *db, gint64 last, gint64 rows, GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;

  if (last > 0)
    return mh_catalog_run (db, sql_renumber, last, rows, error);

  /* nothing was left: to begin again costs others no more */
  stmt = mh_db_prepare (db, sql_new_epoch, error);

  return stmt != NULL && mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_find_content (MhDb *db, const MhVaultRow *vault, const guint8 *file_id,
                         const guint8 *content_hash, gint64 *ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_find_content, error);
  gboolean found;

  *ref = 0;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, file_id, MH_FILE_ID_SIZE);
  mh_stmt_bind_blob (stmt, 3, content_hash, 32);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (found)
    *ref = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_catalog_next_sealed (MhDb *db, const MhVaultRow *vault, gint64 *ref, MhVersionRow *row,
                        GError **error)
{
  gint64 after = *ref;
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_next_sealed, error);
  gboolean found;

  *ref = 0;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_int64 (stmt, 2, after);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;

  if (!found)
    return TRUE;

  *ref = mh_stmt_int64 (stmt, 6);

  return version_row (stmt, row, error);
}

gboolean
mh_catalog_drop_version (MhDb *db, gint64 ref, GError **error)
{
  return run_with_ref (db, sql_drop_version, ref, error);
}
