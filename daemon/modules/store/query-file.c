/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "query.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "manifest.h"
#include "segment.h"
#include "store-private.h"

#define MOST_BLOCKS 10000

static const char sql_history[] =
    "SELECT hash, parents, content_hash, op, path, file_size, mtime_ms, ts_ms, author, ref, is_head"
    " FROM versions WHERE vault = ?1 AND file_id = ?2 AND path IS NOT NULL"
    " ORDER BY lamport DESC, hash DESC";

static const char sql_heads[] =
    "SELECT hash, ref FROM versions WHERE vault = ?1 AND file_id = ?2 AND is_head = 1"
    " AND path IS NOT NULL ORDER BY lamport DESC, hash DESC";

static const char sql_renames[] = "SELECT renames FROM vaults WHERE id = ?1";

static gboolean
renames_of (MhDb *db, const char *vault_id, gint64 *renames, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_renames, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_text (stmt, 1, vault_id);
  if (!mh_stmt_one (stmt, "vault", vault_id, error))
    return FALSE;
  *renames = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_store_renames (MhStore *self, const char *vault_id, gint64 *renames, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  gboolean done = lease != NULL && renames_of (mh_db_lease_db (lease), vault_id, renames, error);

  mh_store_lift (self, error);

  return done;
}

static MhFile *
get (MhDb *db, const char *vault_id, const char *path, gboolean include_deleted, GError **error)
{
  MhVaultRow vault;

  if (!mh_catalog_get_vault (db, vault_id, &vault, error))
    return NULL;

  return mh_query_file (db, &vault, path, include_deleted, error);
}

MhFile *
mh_store_get (MhStore *self, const char *vault_id, const char *path, gboolean include_deleted,
              GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  g_autoptr (MhDbLease) lease = NULL;
  MhFile *file = NULL;

  if (!mh_store_check_path (path, error))
    return NULL;

  keys = mh_store_keys (self, vault_id, error);
  lease = keys == NULL ? NULL : mh_db_pool_take (self->readers, error);
  if (lease != NULL)
    file = get (mh_db_lease_db (lease), vault_id, path, include_deleted, error);
  mh_store_lift (self, error);

  return file;
}

/* Returns: (transfer full): the hashes of @data, which has them one after the other */
static char **
split_hashes (const guint8 *data, gsize size)
{
  GPtrArray *hashes = g_ptr_array_new ();

  for (gsize i = 0; i + MH_VERSION_HASH_SIZE <= size; i += MH_VERSION_HASH_SIZE)
    g_ptr_array_add (hashes, mh_hex_encode (data + i, MH_VERSION_HASH_SIZE));
  g_ptr_array_add (hashes, NULL);

  return (char **) g_ptr_array_free (hashes, FALSE);
}

/* Returns: (transfer full): a blob column in hexadecimal */
static char *
hex_column (MhStmt *stmt, int column)
{
  gsize size;
  const guint8 *data = mh_stmt_blob (stmt, column, &size);

  return mh_hex_encode (data, size);
}

static MhFileVersion *
version_of_row (MhStmt *stmt, gint64 head)
{
  MhFileVersion *version = g_new0 (MhFileVersion, 1);
  guint8 author[MH_SIGN_PUBLIC_SIZE] = { 0 };
  gsize size;
  const guint8 *parents = mh_stmt_blob (stmt, 1, &size);

  version->version_hash = hex_column (stmt, 0);
  version->parents = split_hashes (parents, size);
  version->op = (MhFileOp) mh_stmt_int64 (stmt, 3);
  if (version->op != MH_FILE_OP_DELETE)
    version->content_hash = hex_column (stmt, 2);
  version->path = mh_stmt_dup_text (stmt, 4);
  version->size = mh_stmt_int64 (stmt, 5);
  version->mtime_ms = mh_stmt_int64 (stmt, 6);
  version->ts_ms = mh_stmt_int64 (stmt, 7);
  if (mh_stmt_copy_blob (stmt, 8, author, sizeof author))
    version->author = mh_peer_id (author);
  version->current = mh_stmt_int64 (stmt, 9) == head;
  version->head = mh_stmt_int64 (stmt, 10) != 0;

  return version;
}

static MhFileRow *
find (MhDb *db, const char *vault_id, const char *path, gboolean include_deleted, MhVaultRow *vault,
      GError **error)
{
  MhFileRow *file;
  GError *local = NULL;

  if (!mh_catalog_get_vault (db, vault_id, vault, error))
    return NULL;

  file = mh_catalog_find_file (db, vault, path, include_deleted, &local);
  if (local != NULL)
    g_propagate_error (error, local);
  else if (file == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file %s", path);

  return file;
}

static GPtrArray *
history (MhDb *db, const char *vault_id, const char *path, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_history, error);
  g_autoptr (GPtrArray) versions = NULL;
  g_autoptr (MhFileRow) file = NULL;
  GError *local = NULL;
  MhVaultRow vault;

  file = stmt == NULL ? NULL : find (db, vault_id, path, TRUE, &vault, error);
  if (file == NULL)
    return NULL;

  versions = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_version_free);
  mh_stmt_bind_int64 (stmt, 1, vault.ref);
  mh_stmt_bind_blob (stmt, 2, file->file_id, sizeof file->file_id);
  while (mh_stmt_step (stmt, &local))
    g_ptr_array_add (versions, version_of_row (stmt, file->head));

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }

  return g_steal_pointer (&versions);
}

GPtrArray *
mh_store_history (MhStore *self, const char *vault_id, const char *path, GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  g_autoptr (MhDbLease) lease = NULL;
  GPtrArray *versions = NULL;

  if (!mh_store_check_path (path, error))
    return NULL;

  keys = mh_store_keys (self, vault_id, error);
  lease = keys == NULL ? NULL : mh_db_pool_take (self->readers, error);
  if (lease != NULL)
    versions = history (mh_db_lease_db (lease), vault_id, path, error);
  mh_store_lift (self, error);

  return versions;
}

/* Lists the other versions without a successor. */
static gboolean
find_conflicts (MhDb *db, const MhVaultRow *vault, const MhFileRow *file, MhFileDetail *detail,
                GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_heads, error);
  g_autoptr (GStrvBuilder) hashes = g_strv_builder_new ();
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, file->file_id, sizeof file->file_id);
  while (mh_stmt_step (stmt, &local))
    {
      g_autofree char *hash = hex_column (stmt, 0);

      if (mh_stmt_int64 (stmt, 1) != file->head)
        g_strv_builder_add (hashes, hash);
    }
  detail->conflicts = g_strv_builder_end (hashes);

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

/* Appends the ids of the different blocks of a content, and counts those that are not to be had. */
static gboolean
count_missing (MhDb *db, const GArray *chunks, GByteArray *blocks, guint *missing, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (mh_id_hash, mh_id_equal);

  *missing = 0;
  for (guint i = 0; i < chunks->len; i++)
    {
      const MhChunk *chunk = &g_array_index (chunks, MhChunk, i);
      MhBlockRow row;
      gboolean found;

      if (!g_hash_table_add (seen, (gpointer) chunk->id))
        continue;
      g_byte_array_append (blocks, chunk->id, sizeof chunk->id);
      if (!mh_catalog_find_block (db, chunk->id, &row, &found, error))
        return FALSE;
      if (!found || row.bad || row.location.segment == 0)
        (*missing)++;
    }

  return TRUE;
}

static gboolean
fill_detail (MhStore *self, MhKeys *keys, const char *path, MhFileDetail *detail, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  g_autoptr (MhFileRow) file = NULL;
  g_autoptr (MhManifest) content = NULL;
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  MhVaultRow vault;
  gsize size;
  const guint8 *parents;
  gint64 offset = 0;

  file = lease == NULL ? NULL
                       : find (mh_db_lease_db (lease), keys->vault_id, path, FALSE, &vault, error);
  if (file == NULL || !find_conflicts (mh_db_lease_db (lease), &vault, file, detail, error))
    return FALSE;

  detail->file = mh_query_file (mh_db_lease_db (lease), &vault, path, FALSE, error);
  content = detail->file == NULL
                ? NULL
                : mh_manifest_load (self, mh_db_lease_db (lease), keys, file->head, error);
  if (content == NULL
      || !count_missing (mh_db_lease_db (lease), content->chunks, ids, &detail->missing, error))
    return FALSE;

  detail->different = ids->len / MH_BLOCK_ID_SIZE;
  parents = g_bytes_get_data (content->version->parents, &size);
  if (size >= MH_VERSION_HASH_SIZE)
    detail->parent_hash = mh_hex_encode (parents, MH_VERSION_HASH_SIZE);
  detail->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_block_free);
  for (guint i = 0; i < MIN (content->chunks->len, MOST_BLOCKS); i++)
    {
      const MhChunk *chunk = &g_array_index (content->chunks, MhChunk, i);
      MhFileBlock *block = g_new0 (MhFileBlock, 1);

      block->id = mh_hex_encode (chunk->id, sizeof chunk->id);
      block->offset = offset;
      block->size = chunk->plain_size;
      offset += block->size;
      g_ptr_array_add (detail->blocks, block);
    }

  return TRUE;
}

MhFileDetail *
mh_store_get_detail (MhStore *self, const char *vault_id, const char *path, GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  g_autoptr (MhFileDetail) detail = g_new0 (MhFileDetail, 1);
  gboolean done;

  if (!mh_store_check_path (path, error))
    return NULL;

  keys = mh_store_keys (self, vault_id, error);
  done = keys != NULL && fill_detail (self, keys, path, detail, error);
  mh_store_lift (self, error);

  return done ? g_steal_pointer (&detail) : NULL;
}

static gboolean
locate_path (MhStore *self, MhKeys *keys, const char *path, GByteArray *blocks, guint *missing,
             GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  g_autoptr (MhManifest) content = NULL;
  g_autoptr (MhFileRow) file = NULL;
  MhVaultRow vault;

  if (lease == NULL)
    return FALSE;

  file = find (mh_db_lease_db (lease), keys->vault_id, path, FALSE, &vault, error);
  content = file == NULL ? NULL
                         : mh_manifest_load (self, mh_db_lease_db (lease), keys, file->head, error);

  return content != NULL
         && count_missing (mh_db_lease_db (lease), content->chunks, blocks, missing, error);
}

gboolean
mh_store_locate (MhStore *self, const char *vault_id, const char *path, GBytes **blocks,
                 guint *missing, GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  gboolean done;

  if (!mh_store_check_path (path, error))
    return FALSE;

  keys = mh_store_keys (self, vault_id, error);
  done = keys != NULL && locate_path (self, keys, path, ids, missing, error);
  mh_store_lift (self, error);
  if (done)
    *blocks = g_byte_array_free_to_bytes (g_steal_pointer (&ids));

  return done;
}
