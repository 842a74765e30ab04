/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalog-clash.h"
#include "change-private.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/random.h"
#include "known.h"
#include "query.h"
#include "usage.h"

static const char sql_other_heads[] =
    "SELECT hash FROM versions WHERE vault = ?1 AND file_id = ?2 AND is_head = 1 AND ref <> ?3"
    " AND path IS NOT NULL AND (op = 3 OR ?4) ORDER BY lamport DESC, hash DESC";

/* Bytes of a file's id that say when it was made; the rest is random. */
#define FILE_ID_TIME 6

void
mh_draft_clear (MhDraft *self)
{
  g_clear_pointer (&self->parents, g_bytes_unref);
  g_clear_pointer (&self->blocks, g_bytes_unref);
  g_clear_pointer (&self->chunks, g_bytes_unref);
}

void
mh_change_make_file_id (MhStore *store, guint8 file_id[MH_FILE_ID_SIZE])
{
  guint64 now_ms = GUINT64_TO_BE ((guint64) mh_store_now_ms (store));
  gsize skip = sizeof now_ms - FILE_ID_TIME;

  memcpy (file_id, (const guint8 *) &now_ms + skip, FILE_ID_TIME);
  mh_random_bytes (file_id + FILE_ID_TIME, MH_FILE_ID_SIZE - FILE_ID_TIME);
}

gboolean
mh_change_find_vault (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, GError **error)
{
  if (!mh_catalog_get_vault (mh_writer_db (writer), keys->vault_id, vault, error))
    return FALSE;

  if (!vault->forgotten)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no vault %s", keys->vault_id);

  return FALSE;
}

gboolean
mh_change_get_vault (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, GError **error)
{
  return mh_change_find_vault (writer, keys, vault, error)
         && mh_store_check_writable (mh_writer_store (writer), keys->vault_id, error);
}

static gboolean
check_folder_above (MhDb *db, const MhVaultRow *vault, const char *folder, GError **error)
{
  g_autoptr (MhFileRow) file = NULL;
  GError *local = NULL;

  file = mh_catalog_find_file (db, vault, folder, FALSE, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }

  if (file == NULL)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s is a file, not a folder", folder);

  return FALSE;
}

/* Fails when one of the folders above @path is a file. */
static gboolean
check_folders_above (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  for (const char *slash = strchr (path + 1, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *above = g_strndup (path, (gsize) (slash - path));

      if (!check_folder_above (db, vault, above, error))
        return FALSE;
    }

  return TRUE;
}

/* Reads how many live files are in the folder @name of @parent. */
static gboolean
count_child (MhDb *db, gint64 parent, const char *name, gint64 *files, GError **error)
{
  gint64 child;

  *files = 0;

  return mh_catalog_find_child (db, parent, name, &child, error)
         && (child == 0 || mh_catalog_folder_files (db, child, files, error));
}

gboolean
mh_change_check_target (MhDb *db, const MhVaultRow *vault, const char *path, gint64 *folder,
                        GError **error)
{
  g_autofree char *above = mh_path_folder (path);
  gint64 ref;
  gint64 inside = 0;
  gint64 beside = 0;

  if (!mh_catalog_find_folder (db, vault, above, &ref, error)
      || (ref != 0
          && (!count_child (db, ref, mh_path_name (path), &inside, error)
              || !mh_catalog_folder_files (db, ref, &beside, error))))
    return FALSE;

  if (inside > 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s is a folder", path);
      return FALSE;
    }

  if (folder != NULL)
    *folder = ref;

  /* A folder with files in it: then what is above it are folders, too. */
  return beside > 0 || check_folders_above (db, vault, path, error);
}

static gboolean
tag_matches (const char *tag, const MhFileRow *file)
{
  guint8 hash[32];

  if (file == NULL)
    return FALSE;

  if (strcmp (tag, "*") == 0)
    return TRUE;

  return mh_hex_decode (tag, hash, sizeof hash)
         && memcmp (hash, file->content_hash, sizeof hash) == 0;
}

gboolean
mh_change_check_match (const MhFileRow *file, const char *if_match, const char *if_none_match,
                       GError **error)
{
  if (if_match != NULL && !tag_matches (if_match, file))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_PRECONDITION, "the file has changed");
      return FALSE;
    }

  if (if_none_match != NULL && tag_matches (if_none_match, file))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_PRECONDITION, "the file exists");
      return FALSE;
    }

  return TRUE;
}

/* Finds the file at a path, live or deleted; no such file is not an error. */
gboolean
mh_change_find_file (MhWriter *writer, const MhVaultRow *vault, const char *path, MhFileRow **file,
                     GError **error)
{
  GError *local = NULL;

  *file = mh_catalog_find_file (mh_writer_db (writer), vault, path, TRUE, &local);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static MhVersion *
version_of_draft (MhStore *store, MhKeys *keys, const MhDraft *draft, gint64 lamport)
{
  MhVersion *version = g_new0 (MhVersion, 1);

  version->vault_id = g_strdup (keys->vault_id);
  memcpy (version->file_id, draft->file_id, sizeof version->file_id);
  version->parents = g_bytes_ref (draft->parents);
  version->lamport = lamport;
  version->ts_ms = mh_store_now_ms (store);
  version->op = draft->op;
  version->blocks = g_bytes_ref (draft->blocks);
  version->meta = mh_meta_seal (&draft->meta, keys, draft->file_id);
  version->chunks = g_bytes_ref (draft->chunks);

  return version;
}

/*
 * Fails when a change made the vault larger than its quota lets it be. @before is its size before,
 * @plain the size of what came in.
 */
gboolean
mh_change_check_quota (MhWriter *writer, MhKeys *keys, const MhVaultRow *vault, gint64 before,
                       gint64 plain, GError **error)
{
  gint64 after = mh_usage_stored (writer, vault);
  MhVaultLimits limits;

  if (after <= before || !mh_store_get_limits (mh_writer_store (writer), keys->vault_id, &limits)
      || limits.hard_quota == 0 || after <= limits.hard_quota)
    return TRUE;

  mh_store_set_quota_error (keys->vault_id, &limits, MAX (after, before + plain), error);

  return FALSE;
}

/* Seals, signs, appends and applies a version. */
gboolean
mh_change_make_version (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, MhDraft *draft,
                        GError **error)
{
  MhStore *store = mh_writer_store (writer);
  MhDb *db = mh_writer_db (writer);
  g_autoptr (MhVersion) version = NULL;
  g_autoptr (GBytes) record = NULL;
  MhLocation location;
  gint64 ref;

  vault->lamport++;
  version = version_of_draft (store, keys, draft, vault->lamport);
  record = mh_version_encode (version, store->signer);

  return mh_writer_put_version (writer, keys->vault_id, record, &location, error)
         && mh_catalog_add_version (db, vault, version, &location, &ref, error)
         && mh_catalog_apply (db, vault, version, ref, &draft->meta, error);
}

/* Reads a version back from its segment; @path names it in an error. */
MhVersion *
mh_change_read_version (MhWriter *writer, gint64 ref, const char *path, GError **error)
{
  g_autoptr (GBytes) record = NULL;
  MhVersion *version = NULL;
  MhVersionRow row;

  if (!mh_catalog_get_version (mh_writer_db (writer), ref, &row, error)
      || !mh_writer_flush (writer, error))
    return NULL;

  record = mh_segments_read_verified (mh_writer_store (writer)->segments, &row.location, row.hash,
                                      error);
  if (record != NULL)
    version = mh_version_decode (record, error);
  if (version == NULL)
    g_prefix_error (error, "the record of %s: ", path);

  return version;
}

/* Adds the heads of @file but for the shown one: all, or only deletions. */
static gboolean
add_heads (MhWriter *writer, const MhVaultRow *vault, const MhFileRow *file, gboolean is_all,
           GByteArray *parents, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (mh_writer_db (writer), sql_other_heads, error);
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, file->file_id, sizeof file->file_id);
  mh_stmt_bind_int64 (stmt, 3, file->head);
  mh_stmt_bind_int64 (stmt, 4, is_all);
  while (mh_stmt_step (stmt, &local))
    {
      guint8 hash[MH_VERSION_HASH_SIZE];

      if (mh_stmt_copy_blob (stmt, 0, hash, sizeof hash))
        g_byte_array_append (parents, hash, sizeof hash);
    }
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

/* Begins a draft that follows the shown version of @file, and others as mh_change_follow(). */
static gboolean
follow (MhWriter *writer, const MhVaultRow *vault, const MhFileRow *file, gboolean is_all,
        MhDraft *draft, GError **error)
{
  g_autoptr (GByteArray) parents = g_byte_array_new ();
  MhVersionRow row;

  memset (draft, 0, sizeof *draft);
  if (!mh_catalog_get_version (mh_writer_db (writer), file->head, &row, error))
    return FALSE;

  g_byte_array_append (parents, row.hash, sizeof row.hash);
  if (!add_heads (writer, vault, file, is_all, parents, error))
    return FALSE;

  memcpy (draft->file_id, file->file_id, sizeof draft->file_id);
  draft->parents = g_byte_array_free_to_bytes (g_steal_pointer (&parents));
  draft->meta.path = file->path;
  draft->meta.size = file->size;
  draft->meta.mtime_ms = file->mtime_ms;
  draft->meta.mime = file->mime;
  memcpy (draft->meta.content_hash, file->content_hash, sizeof draft->meta.content_hash);

  return TRUE;
}

gboolean
mh_change_follow (MhWriter *writer, const MhVaultRow *vault, const MhFileRow *file, MhDraft *draft,
                  GError **error)
{
  return follow (writer, vault, file, FALSE, draft, error);
}

char *
mh_change_guess_mime (const char *path)
{
  g_autofree char *type = g_content_type_guess (mh_path_name (path), NULL, 0, NULL);
  char *mime = g_content_type_get_mime_type (type);

  return mime != NULL ? mime : g_strdup ("application/octet-stream");
}

void
mh_change_put_clear (MhChangePut *change)
{
  g_clear_pointer (&change->mime, g_free);
  g_clear_pointer (&change->prepared.version, mh_version_free);
  g_clear_pointer (&change->prepared.record, g_bytes_unref);
}

/* What the versions of a change have in common; @draft borrows from @change. */
static void
fill_draft (const MhChangePut *change, MhDraft *draft)
{
  draft->op = MH_FILE_OP_PUT;
  draft->blocks = mh_chunks_ids (change->chunks);
  draft->chunks = mh_chunks_seal (change->chunks, change->keys, draft->file_id);
  draft->meta.path = (char *) change->path; /* only read */
  draft->meta.size = change->size;
  draft->meta.mtime_ms = change->mtime_ms;
  draft->meta.mode = change->mode;
  draft->meta.mime = change->mime;
  memcpy (draft->meta.content_hash, change->content_hash, sizeof change->content_hash);
}

void
mh_change_prepare (MhChangePut *change, MhStore *store)
{
  g_auto (MhDraft) draft = { 0 };

  change->mime = mh_change_guess_mime (change->path);
  mh_change_make_file_id (store, draft.file_id);
  draft.parents = g_bytes_new (NULL, 0);
  fill_draft (change, &draft);
  change->prepared.version = version_of_draft (store, change->keys, &draft, 1);
  change->prepared.record = mh_version_encode (change->prepared.version, store->signer);
}

/* Makes what was sealed and written part of the index. */
static gboolean
keep_content (MhWriter *writer, const MhVaultRow *vault, const MhChangePut *change, GError **error)
{
  MhPiece sealed = { 0 };

  if (change->sealed == NULL)
    return mh_writer_keep_blocks (writer, vault, change->held, error);

  sealed.data = change->sealed->data;
  sealed.size = change->sealed_size;

  return mh_writer_add_block (writer, vault, change->keys->vault_id,
                              &g_array_index (change->chunks, MhChunk, 0), &sealed, error);
}

/* Remembers content that was stored for the first time. */
gboolean
mh_change_remember (MhWriter *writer, GArray *known, GError **error)
{
  for (guint i = 0; i < known->len; i++)
    {
      if (!mh_known_add (mh_writer_db (writer), &g_array_index (known, MhKnown, i), error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
keep_in_quota (MhWriter *writer, const MhVaultRow *vault, const MhChangePut *change, GError **error)
{
  gint64 before = mh_usage_stored (writer, vault);

  return keep_content (writer, vault, change, error)
         && mh_change_remember (writer, change->known, error)
         && mh_change_check_quota (writer, change->keys, vault, before, change->size, error);
}

/* The file as it is after a change that made its first version. */
static MhFile *
new_file (const MhChangePut *change)
{
  const MhVersion *version = change->prepared.version;
  MhFile *file = g_new0 (MhFile, 1);

  file->file_id = mh_hex_encode (version->file_id, sizeof version->file_id);
  file->path = g_strdup (change->path);
  file->size = change->size;
  file->mtime_ms = change->mtime_ms;
  file->mime = g_strdup (change->mime);
  file->content_hash = mh_hex_encode (change->content_hash, sizeof change->content_hash);
  file->version_count = 1;
  file->changed_ms = version->ts_ms;

  return file;
}

/* As mh_change_check_target(), where @change does not say that it may be so. @clashes: (out): it is
 */
static gboolean
check_target (MhDb *db, const MhVaultRow *vault, const MhChangePut *change, gint64 *folder,
              gboolean *clashes, GError **error)
{
  GError *local = NULL;

  *clashes = FALSE;
  if (mh_change_check_target (db, vault, change->path, folder, &local))
    return TRUE;
  if (!change->beside || !g_error_matches (local, MH_ERROR, MH_ERROR_CONFLICT))
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  g_error_free (local);
  *folder = 0;
  *clashes = TRUE;

  return TRUE;
}

/* Has a new file, or one whose name it has for a folder, be shown elsewhere. */
static gboolean
settle (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  return mh_catalog_settle_above (db, vault, path, error)
         && mh_catalog_settle_path (db, vault, path, error);
}

/* There is no file of the path: what was prepared is right. */
static gboolean
put_prepared (MhWriter *writer, const MhVaultRow *vault, gint64 folder, MhChangePut *change,
              GError **error)
{
  MhMeta meta = { (char *) change->path, change->size, change->mtime_ms, change->mime }; /* read */
  MhFirst first = { change->prepared.version, &meta, { 0 }, folder };

  memcpy (meta.content_hash, change->content_hash, sizeof meta.content_hash);
  if (!mh_writer_put_version (writer, change->keys->vault_id, change->prepared.record,
                              &first.location, error)
      || !mh_catalog_add_first (mh_writer_db (writer), vault, &first, error))
    return FALSE;

  change->result = new_file (change);

  return TRUE;
}

gboolean
mh_change_put (MhWriter *writer, gpointer data, GError **error)
{
  MhChangePut *change = data;
  MhDb *db = mh_writer_db (writer);
  g_autoptr (MhFileRow) file = NULL;
  g_auto (MhDraft) draft = { 0 };
  MhVaultRow vault;
  gboolean clashes;
  gint64 folder;

  g_clear_pointer (&change->result, mh_file_free);
  if (!mh_change_get_vault (writer, change->keys, &vault, error)
      || !check_target (db, &vault, change, &folder, &clashes, error)
      || !mh_change_find_file (writer, &vault, change->path, &file, error)
      || !mh_change_check_match (file != NULL && file->live ? file : NULL, change->if_match,
                                 change->if_none_match, error)
      || !keep_in_quota (writer, &vault, change, error))
    return FALSE;

  if (file == NULL)
    return put_prepared (writer, &vault, folder, change, error)
           && (!clashes || settle (db, &vault, change->path, error));

  if (!mh_change_follow (writer, &vault, file, &draft, error))
    return FALSE;

  fill_draft (change, &draft);
  if (!mh_change_make_version (writer, change->keys, &vault, &draft, error))
    return FALSE;

  change->result = mh_query_file_of_ref (db, file->ref, error);

  return change->result != NULL;
}

MhFileRow *
mh_change_require_file (MhWriter *writer, const MhVaultRow *vault, const char *path,
                        gboolean deleted_too, GError **error)
{
  g_autoptr (MhFileRow) file = NULL;

  if (!mh_change_find_file (writer, vault, path, &file, error))
    return NULL;

  if (file == NULL || !(file->live || deleted_too))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file %s", path);
      return NULL;
    }

  return g_steal_pointer (&file);
}

gboolean
mh_change_delete_file (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, const MhFileRow *file,
                       gboolean is_whole, GError **error)
{
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (MhChunk));
  g_auto (MhDraft) draft = { 0 };

  if (!follow (writer, vault, file, is_whole, &draft, error))
    return FALSE;

  draft.op = MH_FILE_OP_DELETE;
  draft.blocks = mh_chunks_ids (none);
  draft.chunks = mh_chunks_seal (none, keys, draft.file_id);

  return mh_change_make_version (writer, keys, vault, &draft, error);
}

gboolean
mh_change_delete (MhWriter *writer, gpointer data, GError **error)
{
  MhChangeFile *change = data;
  g_autoptr (MhFileRow) file = NULL;
  MhVaultRow vault;

  if (!mh_change_get_vault (writer, change->keys, &vault, error))
    return FALSE;

  file = mh_change_require_file (writer, &vault, change->path, FALSE, error);

  return file != NULL && mh_change_delete_file (writer, change->keys, &vault, file, TRUE, error);
}

/* As mh_change_make_version(), for content that the vault has already. */
gboolean
mh_change_make_version_again (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, MhDraft *draft,
                              GError **error)
{
  gint64 before = mh_usage_stored (writer, vault);

  return mh_change_make_version (writer, keys, vault, draft, error)
         && mh_usage_add_version (writer, vault, draft->blocks, MH_BLOCK_BAD, error)
         && mh_change_check_quota (writer, keys, vault, before, 0, error);
}

/* Finds the version of @file that has the wanted content. */
static MhVersion *
find_content (MhWriter *writer, const MhVaultRow *vault, const MhFileRow *file,
              const guint8 *content_hash, GError **error)
{
  gint64 ref;

  if (!mh_catalog_find_content (mh_writer_db (writer), vault, file->file_id, content_hash, &ref,
                                error))
    return NULL;

  if (ref == 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no version of %s with that content",
                   file->path);
      return NULL;
    }

  return mh_change_read_version (writer, ref, file->path, error);
}

/* Fills a draft with the content of @version; gives the meta data that it borrows from. */
MhMeta *
mh_change_take_content (MhVersion *version, MhKeys *keys, MhDraft *draft, GError **error)
{
  g_autoptr (MhMeta) meta = mh_meta_open (version, keys, error);

  if (meta == NULL)
    return NULL;

  draft->blocks = g_bytes_ref (version->blocks);
  draft->chunks = g_bytes_ref (version->chunks);
  draft->meta.size = meta->size;
  draft->meta.mtime_ms = meta->mtime_ms;
  draft->meta.mode = meta->mode;
  draft->meta.mime = meta->mime;
  memcpy (draft->meta.content_hash, meta->content_hash, sizeof meta->content_hash);

  return g_steal_pointer (&meta);
}

gboolean
mh_change_restore_file (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, const MhFileRow *file,
                        const guint8 *content_hash, GError **error)
{
  g_autoptr (MhVersion) version = NULL;
  g_autoptr (MhMeta) meta = NULL;
  g_auto (MhDraft) draft = { 0 };

  version = find_content (writer, vault, file, content_hash, error);
  if (version == NULL || !mh_change_follow (writer, vault, file, &draft, error))
    return FALSE;

  draft.op = MH_FILE_OP_PUT;
  meta = mh_change_take_content (version, keys, &draft, error);

  return meta != NULL && mh_change_make_version_again (writer, keys, vault, &draft, error);
}

gboolean
mh_change_restore (MhWriter *writer, gpointer data, GError **error)
{
  MhChangeFile *change = data;
  MhDb *db = mh_writer_db (writer);
  g_autoptr (MhFileRow) file = NULL;
  MhVaultRow vault;

  g_clear_pointer (&change->result, mh_file_free);
  if (!mh_change_get_vault (writer, change->keys, &vault, error)
      || !mh_change_check_target (db, &vault, change->path, NULL, error))
    return FALSE;

  file = mh_change_require_file (writer, &vault, change->path, TRUE, error);
  if (file == NULL
      || !mh_change_restore_file (writer, change->keys, &vault, file, change->content_hash, error))
    return FALSE;

  change->result = mh_query_file (db, &vault, change->path, FALSE, error);

  return change->result != NULL;
}

/* Gives one file the path @to. The sealed list of chunks is taken over unopened. */
static gboolean
move_file (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, MhFileRow *file, const char *to,
           GError **error)
{
  g_autoptr (MhVersion) version = mh_change_read_version (writer, file->head, file->path, error);
  g_autoptr (MhMeta) meta = version == NULL ? NULL : mh_meta_open (version, keys, error);
  g_autofree char *mime = mh_change_guess_mime (to);
  g_auto (MhDraft) draft = { 0 };

  if (meta == NULL || !mh_store_check_path (to, error)
      || !mh_change_follow (writer, vault, file, &draft, error))
    return FALSE;

  draft.op = MH_FILE_OP_MOVE;
  draft.blocks = g_bytes_ref (version->blocks);
  draft.chunks = g_bytes_ref (version->chunks);
  draft.meta.path = (char *) to; /* only read */
  draft.meta.mime = mime;
  draft.meta.mode = meta->mode;

  return mh_change_make_version_again (writer, keys, vault, &draft, error);
}

GPtrArray *
mh_change_find_tree (MhWriter *writer, const MhVaultRow *vault, const char *from, GError **error)
{
  g_autoptr (MhFileRow) file = NULL;
  g_autoptr (GPtrArray) files = NULL;

  if (!mh_change_find_file (writer, vault, from, &file, error))
    return NULL;

  if (file != NULL && file->live)
    {
      files = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_row_free);
      g_ptr_array_add (files, g_steal_pointer (&file));
      return g_steal_pointer (&files);
    }

  files = mh_catalog_files_below (mh_writer_db (writer), vault, from, error);
  if (files != NULL && files->len == 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file or folder %s", from);
      return NULL;
    }

  return g_steal_pointer (&files);
}

gboolean
mh_change_check_free (MhWriter *writer, const MhVaultRow *vault, const char *from, const char *to,
                      GError **error)
{
  g_autofree char *inside = g_strconcat (from, "/", NULL);
  g_autoptr (MhFileRow) taken = NULL;

  if (g_str_has_prefix (to, inside))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s lies in %s", to, from);
      return FALSE;
    }

  if (!mh_change_check_target (mh_writer_db (writer), vault, to, NULL, error)
      || !mh_change_find_file (writer, vault, to, &taken, error))
    return FALSE;

  if (taken == NULL || !taken->live)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s exists", to);

  return FALSE;
}

gboolean
mh_change_move (MhWriter *writer, gpointer data, GError **error)
{
  MhChangeMove *change = data;
  g_autoptr (GPtrArray) files = NULL;
  MhVaultRow vault;

  if (!mh_change_get_vault (writer, change->keys, &vault, error))
    return FALSE;

  files = mh_change_find_tree (writer, &vault, change->from, error);
  if (files == NULL || !mh_change_check_free (writer, &vault, change->from, change->to, error))
    return FALSE;

  for (guint i = 0; i < files->len; i++)
    {
      MhFileRow *file = g_ptr_array_index (files, i);
      g_autofree char *to = g_strconcat (change->to, file->path + strlen (change->from), NULL);

      if (!move_file (writer, change->keys, &vault, file, to, error))
        return FALSE;
    }
  change->moved = files->len;

  return TRUE;
}
