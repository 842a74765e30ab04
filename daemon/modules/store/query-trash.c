/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-private.h"

#include "base/encoding.h"
#include "base/error.h"
#include "catalog-space.h"
#include "segment.h"

static const char sql_trash[] =
    "SELECT path, changed_ms, size, mime, content_hash, versions - heads, ref, file_id FROM files"
    " WHERE vault = ?1 AND live < 1 AND versions > heads AND (changed_ms, ref) < (?2, ?3)"
    " ORDER BY changed_ms DESC, ref DESC LIMIT ?4";

/* A page under way. */
typedef struct
{
  MhStore *store; /* (unowned) */
  MhDb *db;       /* (unowned) */
  gint64 vault;
  guint limit;
  gint64 before_ms; /* after which entry it begins */
  gint64 before_ref;
} Page;

/* Adds each block of a version to how often it was named. */
static void
count_blocks (GHashTable *counts, GBytes *ids)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (mh_id_hash, mh_id_equal);
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  for (gsize i = 0; i < size; i += MH_BLOCK_ID_SIZE)
    {
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, data + i));

      if (g_hash_table_add (seen, (gpointer) (data + i)))
        g_hash_table_insert (counts, g_memdup2 (data + i, MH_BLOCK_ID_SIZE),
                             GUINT_TO_POINTER (count + 1));
    }
}

/* Adds up the blocks that only the counted versions name. */
static gboolean
add_up (MhDb *db, GHashTable *counts, gint64 *bytes, GError **error)
{
  GHashTableIter iter;
  gpointer id;
  gpointer count;

  *bytes = 0;
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &id, &count))
    {
      MhBlockRow row;
      gboolean found;

      if (!mh_catalog_find_block (db, id, &row, &found, error))
        return FALSE;
      if (found && row.refs <= (gint64) GPOINTER_TO_UINT (count))
        *bytes += row.location.size;
    }

  return TRUE;
}

/* Finds out what purging a file would free. What cannot be read frees nothing. */
static gboolean
weigh (Page *self, const MhFileRef *file, gint64 *bytes, GError **error)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (mh_id_hash, mh_id_equal, g_free, NULL);
  g_autoptr (GArray) versions = mh_catalog_versions (self->db, file, error);

  if (versions == NULL)
    return FALSE;

  for (guint i = 0; i < versions->len; i++)
    {
      const MhPrunable *row = &g_array_index (versions, MhPrunable, i);
      g_autoptr (GBytes) record = NULL;
      g_autoptr (MhVersion) version = NULL;

      if (row->retained.is_head)
        continue;
      record = mh_segments_read_verified (self->store->segments, &row->row.location, row->row.hash,
                                          NULL);
      version = record == NULL ? NULL : mh_version_decode (record, NULL);
      if (version != NULL)
        count_blocks (counts, version->blocks);
    }

  return add_up (self->db, counts, bytes, error);
}

static gboolean
add_entry (Page *self, MhStmt *stmt, MhTrashList *list, GError **error)
{
  MhTrashEntry *entry = g_new0 (MhTrashEntry, 1);
  MhFileRef file = { mh_stmt_int64 (stmt, 6), self->vault };
  gsize size;
  const guint8 *content_hash = mh_stmt_blob (stmt, 4, &size);

  entry->path = mh_stmt_dup_text (stmt, 0);
  entry->deleted_ms = mh_stmt_int64 (stmt, 1);
  entry->size = mh_stmt_int64 (stmt, 2);
  entry->mime = mh_stmt_dup_text (stmt, 3);
  entry->content_hash = mh_hex_encode (content_hash, size);
  entry->versions = mh_stmt_int64 (stmt, 5);
  g_ptr_array_add (list->entries, entry);
  self->before_ms = entry->deleted_ms;
  self->before_ref = file.ref;
  if (!mh_stmt_copy_blob (stmt, 7, file.file_id, sizeof file.file_id))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the index entry of %s is damaged",
                   entry->path);
      return FALSE;
    }

  return weigh (self, &file, &entry->freed_bytes, error);
}

static gboolean
fill (Page *self, MhStmt *stmt, MhTrashList *list, GError **error)
{
  GError *local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      if (list->entries->len == self->limit)
        {
          list->cursor = g_strdup_printf ("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, self->before_ms,
                                          self->before_ref);
          return TRUE;
        }
      if (!add_entry (self, stmt, list, error))
        return FALSE;
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
parse_cursor (Page *self, const char *cursor, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (cursor, ":", 3);

  if (g_strv_length (parts) == 2
      && g_ascii_string_to_signed (parts[0], 10, G_MININT64, G_MAXINT64, &self->before_ms, NULL)
      && g_ascii_string_to_signed (parts[1], 10, G_MININT64, G_MAXINT64, &self->before_ref, NULL))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "cursor: not one that was given out");

  return FALSE;
}

static MhTrashList *
list_page (Page *self, GError **error)
{
  g_autoptr (MhTrashList) list = g_new0 (MhTrashList, 1);
  g_autoptr (MhDbTxn) txn = mh_db_txn_begin_read (self->db, error);
  g_autoptr (MhStmt) stmt = txn == NULL ? NULL : mh_db_prepare (self->db, sql_trash, error);

  if (stmt == NULL)
    return NULL;

  list->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_trash_entry_free);
  mh_stmt_bind_int64 (stmt, 1, self->vault);
  mh_stmt_bind_int64 (stmt, 2, self->before_ms);
  mh_stmt_bind_int64 (stmt, 3, self->before_ref);
  mh_stmt_bind_int64 (stmt, 4, (gint64) self->limit + 1);
  if (!fill (self, stmt, list, error))
    return NULL;

  return g_steal_pointer (&list);
}

MhTrashList *
mh_store_list_trash (MhStore *self, const char *vault_id, guint limit, const char *cursor,
                     GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, error);
  g_autoptr (MhDbLease) lease = NULL;
  Page page = { self, NULL, 0, limit, G_MAXINT64, G_MAXINT64 };
  MhTrashList *list = NULL;
  MhVaultRow vault;

  if (keys == NULL || (cursor != NULL && !parse_cursor (&page, cursor, error)))
    return NULL;

  lease = mh_db_pool_take (self->readers, error);
  if (lease != NULL)
    page.db = mh_db_lease_db (lease);
  if (lease != NULL && mh_catalog_get_vault (page.db, vault_id, &vault, error))
    {
      page.vault = vault.ref;
      list = list_page (&page, error);
    }
  mh_store_lift (self, error);

  return list;
}
