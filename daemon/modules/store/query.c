/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "cursor.h"
#include "store-private.h"

#define COLUMNS                                                                                    \
  "lower (hex (file_id)), path, size, mtime_ms, mime, lower (hex (content_hash)), live, versions," \
  " heads, changed_ms, ref, name"

static const char sql_file[] = "SELECT " COLUMNS " FROM files"
                               " WHERE vault = ?1 AND live = ?2 AND path = ?3"
                               " ORDER BY changed_ms DESC, ref DESC LIMIT 1";

static const char sql_file_of_ref[] = "SELECT " COLUMNS " FROM files WHERE ref = ?1";

/* Below a folder. Several deleted files may have had one path, so the row number decides. */
#define DEEP(live)                                                                                 \
  "SELECT " COLUMNS " FROM files WHERE vault = ?1 AND live = " live                                \
  " AND path >= ?2 AND (path, ref) > (?2, ?3) AND path < ?5"

/* Directly in a folder. */
#define FLAT(live)                                                                                 \
  "SELECT " COLUMNS " FROM files WHERE folder = ?1 AND live = " live                               \
  " AND name >= ?2 AND (name, ref) > (?2, ?3)"

static const char sql_deep[] = DEEP ("1") " ORDER BY path, ref LIMIT ?4";
static const char sql_deep_all[] =
    DEEP ("1") " UNION ALL " DEEP ("0") " ORDER BY path, ref LIMIT ?4";
static const char sql_flat[] = FLAT ("1") " ORDER BY name, ref LIMIT ?4";
static const char sql_flat_all[] =
    FLAT ("1") " UNION ALL " FLAT ("0") " ORDER BY name, ref LIMIT ?4";

static const char sql_folders[] = "SELECT name, files, bytes, changed_ms FROM folders"
                                  " WHERE parent = ?1 AND name > ?2 AND files > 0"
                                  " ORDER BY name LIMIT ?3";
static const char sql_folders_all[] = "SELECT name, files, bytes, changed_ms FROM folders"
                                      " WHERE parent = ?1 AND name > ?2 ORDER BY name LIMIT ?3";

static const char sql_totals[] = "SELECT files, bytes FROM folders WHERE ref = ?1";

/* Kinds of cursors: in the folders of a shallow listing, which come first, or in the files. */
#define IN_FOLDERS 'd'
#define IN_FILES 'f'

/* A listing under way. */
typedef struct
{
  MhDb *db; /* (unowned) */
  const MhListQuery *query;
  MhVaultRow vault;
  char *folder; /* (owned): "" for the whole vault, or without a final / */
  gint64 folder_ref;
  MhCursor cursor;  /* the page begins after this row */
  MhFileList *list; /* (owned) */
} Listing;

static void
listing_clear (Listing *self)
{
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->cursor.text, g_free);
  g_clear_pointer (&self->list, mh_file_list_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Listing, listing_clear)

static MhFile *
file_of_row (MhStmt *stmt)
{
  MhFile *file = g_new0 (MhFile, 1);

  file->file_id = mh_stmt_dup_text (stmt, 0);
  file->path = mh_stmt_dup_text (stmt, 1);
  file->size = mh_stmt_int64 (stmt, 2);
  file->mtime_ms = mh_stmt_int64 (stmt, 3);
  file->mime = mh_stmt_dup_text (stmt, 4);
  file->content_hash = mh_stmt_dup_text (stmt, 5);
  file->deleted = mh_stmt_int64 (stmt, 6) == 0;
  file->version_count = mh_stmt_int64 (stmt, 7);
  file->conflict = mh_stmt_int64 (stmt, 8) > 1;
  file->changed_ms = mh_stmt_int64 (stmt, 9);

  return file;
}

MhFile *
mh_query_file (MhDb *db, const MhVaultRow *vault, const char *path, gboolean include_deleted,
               GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_file, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 3, path);
  for (int live = 1; live >= (include_deleted ? 0 : 1); live--)
    {
      GError *local = NULL;

      mh_stmt_bind_int64 (stmt, 2, live);
      if (mh_stmt_step (stmt, &local))
        return file_of_row (stmt);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return NULL;
        }
    }

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file %s", path);

  return NULL;
}

MhFile *
mh_query_file_of_ref (MhDb *db, gint64 ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_file_of_ref, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, ref);

  return mh_stmt_one (stmt, "such file", NULL, error) ? file_of_row (stmt) : NULL;
}

/* Puts the rows of @stmt into the list, until it has as many entries as wanted. */
static gboolean
take_files (Listing *self, MhStmt *stmt, GError **error)
{
  MhFileList *list = self->list;
  GError *local = NULL;
  gint64 last_ref = 0;

  while (mh_stmt_step (stmt, &local))
    {
      const MhFile *last;

      if (list->files->len + list->folders->len < self->query->limit)
        {
          last_ref = mh_stmt_int64 (stmt, 10);
          g_ptr_array_add (list->files, file_of_row (stmt));
          continue;
        }

      /* One more than fits: there is another page. */
      if (list->files->len == 0)
        list->cursor = mh_cursor_encode (IN_FILES, 0, "");
      else
        {
          last = g_ptr_array_index (list->files, list->files->len - 1);
          list->cursor = mh_cursor_encode (
              IN_FILES, last_ref, self->query->shallow ? mh_path_name (last->path) : last->path);
        }
      return TRUE;
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
take_folders (Listing *self, MhStmt *stmt, GError **error)
{
  MhFileList *list = self->list;
  GError *local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhFileFolder *folder;

      if (list->folders->len == self->query->limit)
        {
          folder = g_ptr_array_index (list->folders, list->folders->len - 1);
          list->cursor = mh_cursor_encode (IN_FOLDERS, 0, mh_path_name (folder->path));
          return TRUE;
        }

      folder = g_new0 (MhFileFolder, 1);
      folder->path = g_strconcat (self->folder, "/", mh_stmt_text (stmt, 0), NULL);
      folder->files = mh_stmt_int64 (stmt, 1);
      folder->bytes = mh_stmt_int64 (stmt, 2);
      folder->changed_ms = mh_stmt_int64 (stmt, 3);
      g_ptr_array_add (list->folders, folder);
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
list_deep (Listing *self, GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;
  g_autofree char *from = g_strconcat (self->folder, "/", NULL);
  g_autofree char *to = g_strconcat (self->folder, "0", NULL); /* the character after / */

  stmt = mh_db_prepare (self->db, self->query->include_deleted ? sql_deep_all : sql_deep, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, self->vault.ref);
  mh_stmt_bind_text (stmt, 2, self->cursor.text != NULL ? self->cursor.text : from);
  mh_stmt_bind_int64 (stmt, 3, self->cursor.ref);
  mh_stmt_bind_int64 (stmt, 4, (gint64) self->query->limit + 1);
  mh_stmt_bind_text (stmt, 5, to);

  return take_files (self, stmt, error);
}

static gboolean
list_folders (Listing *self, GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;
  gboolean all = self->query->include_deleted;

  if (self->cursor.text != NULL && self->cursor.kind != IN_FOLDERS)
    return TRUE;

  stmt = mh_db_prepare (self->db, all ? sql_folders_all : sql_folders, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, self->folder_ref);
  mh_stmt_bind_text (stmt, 2, self->cursor.text != NULL ? self->cursor.text : "");
  mh_stmt_bind_int64 (stmt, 3, (gint64) self->query->limit + 1);

  return take_folders (self, stmt, error);
}

static gboolean
list_flat (Listing *self, GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;
  gboolean in_files = self->cursor.text != NULL && self->cursor.kind != IN_FOLDERS;

  if (!list_folders (self, error))
    return FALSE;

  if (self->list->cursor != NULL)
    return TRUE;

  stmt = mh_db_prepare (self->db, self->query->include_deleted ? sql_flat_all : sql_flat, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, self->folder_ref);
  mh_stmt_bind_text (stmt, 2, in_files ? self->cursor.text : "");
  mh_stmt_bind_int64 (stmt, 3, in_files ? self->cursor.ref : 0);
  mh_stmt_bind_int64 (stmt, 4, (gint64) self->query->limit + 1);

  return take_files (self, stmt, error);
}

/* Checks the query and finds its folder. */
static gboolean
listing_begin (Listing *self, GError **error)
{
  const MhListQuery *query = self->query;

  self->folder = g_strdup (query->path != NULL ? query->path : "/");
  while (g_str_has_suffix (self->folder, "/"))
    self->folder[strlen (self->folder) - 1] = '\0';

  if ((*self->folder != '\0' && !mh_store_check_path (self->folder, error))
      || (query->cursor != NULL && !mh_cursor_decode (query->cursor, "df", &self->cursor, error))
      || !mh_catalog_get_vault (self->db, query->vault_id, &self->vault, error)
      || !mh_catalog_find_folder (self->db, &self->vault,
                                  *self->folder != '\0' ? self->folder : "/", &self->folder_ref,
                                  error))
    return FALSE;

  if (self->folder_ref != 0)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no folder %s", self->folder);

  return FALSE;
}

static MhFileList *
list (MhDb *db, const MhListQuery *query, GError **error)
{
  g_auto (Listing) self = { db, query };
  g_autoptr (MhDbTxn) txn = NULL;

  if (!listing_begin (&self, error))
    return NULL;

  self.list = g_new0 (MhFileList, 1);
  self.list->files = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_free);
  self.list->folders = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_folder_free);
  txn = mh_db_txn_begin_read (db, error);
  if (txn == NULL || !(query->shallow ? list_flat (&self, error) : list_deep (&self, error)))
    return NULL;

  return g_steal_pointer (&self.list);
}

MhFileList *
mh_store_list (MhStore *self, const MhListQuery *query, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, query->vault_id, error);
  g_autoptr (MhDbLease) lease = keys == NULL ? NULL : mh_db_pool_take (self->readers, error);
  MhFileList *result = NULL;

  if (lease != NULL)
    result = list (mh_db_lease_db (lease), query, error);
  mh_store_lift (self, error);

  return result;
}

static gboolean
get_totals (MhDb *db, const char *vault_id, MhStoreTotals *totals, GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;
  MhVaultRow vault;

  if (!mh_catalog_get_vault (db, vault_id, &vault, error))
    return FALSE;

  stmt = mh_db_prepare (db, sql_totals, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault.root);
  if (!mh_stmt_one (stmt, "folder", "/", error))
    return FALSE;

  totals->files = mh_stmt_int64 (stmt, 0);
  totals->bytes = mh_stmt_int64 (stmt, 1);
  totals->stored_bytes = vault.stored_bytes;

  return TRUE;
}

gboolean
mh_store_totals (MhStore *self, const char *vault_id, MhStoreTotals *totals, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, error);
  g_autoptr (MhDbLease) lease = keys == NULL ? NULL : mh_db_pool_take (self->readers, error);
  gboolean done = lease != NULL && get_totals (mh_db_lease_db (lease), vault_id, totals, error);

  mh_store_lift (self, error);

  return done;
}
