/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "change-private.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "query.h"

static const char sql_leaves[] =
    "SELECT ref, hash, content_hash, op FROM versions WHERE vault = ?1 AND file_id = ?2"
    " AND is_head = 1 AND path IS NOT NULL ORDER BY lamport DESC, hash DESC";

/* A conflict to be resolved. */
typedef struct
{
  MhKeys *keys; /* (unowned) */
  const char *path;
  guint8 hash[32];     /* of the wanted leaf */
  gboolean by_content; /* @hash is that of its content */
  MhFile *result;      /* (owned) */
} ChangeResolve;

/* What the leaves of a file are. */
typedef struct
{
  GByteArray *hashes; /* (owned): of all */
  gint64 chosen;      /* version, 0 when none is the wanted one */
  MhFileOp op;        /* of the chosen one */
} Leaves;

static void
leaves_clear (Leaves *self)
{
  g_clear_pointer (&self->hashes, g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Leaves, leaves_clear)

/* Whether a row of sql_leaves is the wanted one. */
static gboolean
is_wanted (const ChangeResolve *change, MhStmt *row)
{
  guint8 hash[32];

  if (change->by_content && mh_stmt_int64 (row, 3) == MH_FILE_OP_DELETE)
    return FALSE;

  return mh_stmt_copy_blob (row, change->by_content ? 2 : 1, hash, sizeof hash)
         && memcmp (hash, change->hash, sizeof hash) == 0;
}

static gboolean
find_leaves (MhDb *db, const ChangeResolve *change, const MhVaultRow *vault, const MhFileRow *file,
             Leaves *leaves, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_leaves, error);
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  leaves->hashes = g_byte_array_new ();
  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, file->file_id, sizeof file->file_id);
  while (mh_stmt_step (stmt, &local))
    {
      gsize size;
      const guint8 *hash = mh_stmt_blob (stmt, 1, &size);

      g_byte_array_append (leaves->hashes, hash, (guint) size);
      if (leaves->chosen == 0 && is_wanted (change, stmt))
        {
          leaves->chosen = mh_stmt_int64 (stmt, 0);
          leaves->op = (MhFileOp) mh_stmt_int64 (stmt, 3);
        }
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
check_leaves (const ChangeResolve *change, const Leaves *leaves, GError **error)
{
  if (leaves->hashes->len <= MH_VERSION_HASH_SIZE)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s has no conflict", change->path);
      return FALSE;
    }

  if (leaves->chosen != 0)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND,
               "no version of %s without a successor has that hash", change->path);

  return FALSE;
}

/* The path of the chosen leaf may be another than that of the file as it is shown. */
static gboolean
check_path (MhWriter *writer, const MhVaultRow *vault, const MhFileRow *file, const char *path,
            GError **error)
{
  g_autoptr (MhFileRow) there = NULL;

  if (!mh_change_check_target (mh_writer_db (writer), vault, path, NULL, error)
      || !mh_change_find_file (writer, vault, path, &there, error))
    return FALSE;

  if (there == NULL || !there->live || there->ref == file->ref)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s exists", path);

  return FALSE;
}

/* Makes the version that follows all leaves. */
static gboolean
merge (MhWriter *writer, ChangeResolve *change, MhVaultRow *vault, const MhFileRow *file,
       Leaves *leaves, GError **error)
{
  g_autoptr (MhVersion) version = NULL;
  g_autoptr (MhMeta) meta = NULL;
  g_auto (MhDraft) draft = { 0 };
  gboolean deletes = leaves->op == MH_FILE_OP_DELETE;

  version = mh_change_read_version (writer, leaves->chosen, change->path, error);
  meta = version == NULL ? NULL : mh_change_take_content (version, change->keys, &draft, error);
  if (meta == NULL || (!deletes && !check_path (writer, vault, file, meta->path, error)))
    return FALSE;

  memcpy (draft.file_id, file->file_id, sizeof draft.file_id);
  draft.parents = g_byte_array_free_to_bytes (g_steal_pointer (&leaves->hashes));
  draft.op = deletes ? MH_FILE_OP_DELETE : MH_FILE_OP_PUT;
  draft.meta.path = meta->path;
  if (!mh_change_make_version_again (writer, change->keys, vault, &draft, error))
    return FALSE;

  change->result = mh_query_file_of_ref (mh_writer_db (writer), file->ref, error);

  return change->result != NULL;
}

/* ChangeResolve: resolves. */
static gboolean
resolve (MhWriter *writer, gpointer data, GError **error)
{
  ChangeResolve *change = data;
  g_autoptr (MhFileRow) file = NULL;
  g_auto (Leaves) leaves = { 0 };
  MhVaultRow vault;

  g_clear_pointer (&change->result, mh_file_free);
  if (!mh_change_get_vault (writer, change->keys, &vault, error))
    return FALSE;

  file = mh_change_require_file (writer, &vault, change->path, TRUE, error);

  return file != NULL && find_leaves (mh_writer_db (writer), change, &vault, file, &leaves, error)
         && check_leaves (change, &leaves, error)
         && merge (writer, change, &vault, file, &leaves, error);
}

static gboolean
read_leaf (const MhLeaf *leaf, ChangeResolve *change, GError **error)
{
  const char *text = leaf->version_hash != NULL ? leaf->version_hash : leaf->content_hash;

  change->by_content = leaf->version_hash == NULL;
  if (text != NULL && mh_hex_decode (text, change->hash, sizeof change->hash))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s: not 64 hexadecimal digits",
               change->by_content ? "content_hash" : "version_hash");

  return FALSE;
}

MhFile *
mh_store_resolve (MhStore *self, const char *vault_id, const char *path, const MhLeaf *leaf,
                  GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  ChangeResolve change = { NULL, path };

  if (!mh_store_check_path (path, error) || !read_leaf (leaf, &change, error))
    return NULL;

  keys = mh_store_keys (self, vault_id, error);
  if (keys == NULL)
    return NULL;

  change.keys = keys;
  if (!mh_writer_commit (self->writer, resolve, &change, error))
    {
      mh_store_lift (self, error);
      g_clear_pointer (&change.result, mh_file_free);
    }

  return change.result;
}
