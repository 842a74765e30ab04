/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gone.h"

#include "base/error.h"
#include "change-private.h"
#include "prune.h"

/* One of which it becomes known that it was purged gets another row: who has asked for the rows up
 * to the old one is told. */
static const char sql_add[] =
    "INSERT OR REPLACE INTO gone (vault, hash, purged) SELECT ?1, ?2, ?3"
    " WHERE NOT EXISTS (SELECT 1 FROM gone WHERE hash = ?2 AND purged >= ?3)";

static const char sql_find[] = "SELECT purged FROM gone WHERE hash = ?1";

static const char sql_forget[] =
    "DELETE FROM gone WHERE ref IN (SELECT ref FROM gone WHERE vault = ?1 LIMIT 2000)";

static const char sql_since[] =
    "SELECT ref, hash, purged FROM gone WHERE vault = ?1 AND ref > ?2 ORDER BY ref LIMIT ?3";

static const char sql_version[] = "SELECT is_head, file_id FROM versions WHERE ref = ?1";

static const char sql_file[] =
    "SELECT ref, heads, path FROM files WHERE vault = ?1 AND file_id = ?2";

/* -- rows -- */

gboolean
mh_gone_add (MhDb *db, gint64 vault, const guint8 *hash, gboolean is_purged, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault);
  mh_stmt_bind_blob (stmt, 2, hash, MH_VERSION_HASH_SIZE);
  mh_stmt_bind_int64 (stmt, 3, is_purged);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_gone_find (MhDb *db, const guint8 *hash, gboolean *found, gboolean *is_purged, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_find, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_blob (stmt, 1, hash, MH_VERSION_HASH_SIZE);
  if (!mh_catalog_first (stmt, found, error))
    return FALSE;
  if (is_purged != NULL)
    *is_purged = *found && mh_stmt_int64 (stmt, 0) != 0;

  return TRUE;
}

gboolean
mh_gone_forget (MhDb *db, gint64 vault, gboolean *left, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_forget, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault);
  if (!mh_stmt_run (stmt, error))
    return FALSE;
  *left = mh_db_changes (db) > 0;

  return TRUE;
}

/* -- what others are told -- */

/* Returns: (transfer full): some of a vault after row @after, which is set to the last of them;
 * %NULL with @error set */
static MhSyncGone *
read_since (MhDb *db, gint64 vault, gint64 *after, guint limit, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_since, error);
  g_autoptr (GByteArray) hashes = g_byte_array_new ();
  g_autoptr (GByteArray) purged = g_byte_array_new ();
  GError *local = NULL;
  MhSyncGone *out;

  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 1, vault);
  mh_stmt_bind_int64 (stmt, 2, *after);
  mh_stmt_bind_int64 (stmt, 3, limit);
  while (mh_stmt_step (stmt, &local))
    {
      guint8 hash[MH_VERSION_HASH_SIZE];
      guint8 flag = mh_stmt_int64 (stmt, 2) != 0 ? 1 : 0;

      *after = mh_stmt_int64 (stmt, 0);
      if (!mh_stmt_copy_blob (stmt, 1, hash, sizeof hash))
        continue;
      g_byte_array_append (hashes, hash, sizeof hash);
      g_byte_array_append (purged, &flag, 1);
    }
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }

  out = g_new0 (MhSyncGone, 1);
  out->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&hashes));
  out->purged = g_byte_array_free_to_bytes (g_steal_pointer (&purged));

  return out;
}

static MhSyncGone *
since (MhStore *store, const char *vault_id, MhSyncMark *mark, guint limit, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);
  MhVaultRow vault;
  gint64 epoch;

  if (lease == NULL || !mh_catalog_get_vault (mh_db_lease_db (lease), vault_id, &vault, error)
      || !mh_catalog_get_state (mh_db_lease_db (lease), "sync_epoch", &epoch, error))
    return NULL;
  if (mark->epoch != epoch)
    *mark = (MhSyncMark){ .epoch = epoch };

  return read_since (mh_db_lease_db (lease), vault.ref, &mark->gone, limit, error);
}

MhSyncGone *
mh_store_gone_since (MhStore *self, const char *vault_id, MhSyncMark *mark, guint limit,
                     GError **error)
{
  MhSyncGone *out = since (self, vault_id, mark, limit, error);

  mh_store_lift (self, error);

  return out;
}

void
mh_sync_gone_free (MhSyncGone *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->hashes, g_bytes_unref);
  g_clear_pointer (&self->purged, g_bytes_unref);
  g_free (self);
}

/* -- what others tell -- */

static MhSyncGone *
unknown (MhStore *store, const MhSyncGone *gone, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);
  g_autoptr (GByteArray) hashes = g_byte_array_new ();
  g_autoptr (GByteArray) purged = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (gone->hashes, &size);
  const guint8 *flags = g_bytes_get_data (gone->purged, NULL);
  MhSyncGone *out;

  if (lease == NULL)
    return NULL;
  for (gsize i = 0; i < size / MH_VERSION_HASH_SIZE; i++)
    {
      gboolean found;
      gboolean is_purged;

      if (!mh_gone_find (mh_db_lease_db (lease), data + i * MH_VERSION_HASH_SIZE, &found,
                         &is_purged, error))
        return NULL;
      if (found && (is_purged || flags[i] == 0))
        continue;
      g_byte_array_append (hashes, data + i * MH_VERSION_HASH_SIZE, MH_VERSION_HASH_SIZE);
      g_byte_array_append (purged, flags + i, 1);
    }

  out = g_new0 (MhSyncGone, 1);
  out->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&hashes));
  out->purged = g_byte_array_free_to_bytes (g_steal_pointer (&purged));

  return out;
}

MhSyncGone *
mh_store_unknown_gone (MhStore *self, const MhSyncGone *gone, GError **error)
{
  MhSyncGone *out = unknown (self, gone, error);

  mh_store_lift (self, error);

  return out;
}

typedef struct
{
  MhKeys *keys; /* (unowned) */
  const MhSyncGone *gone;
  gint64 vault;     /* result */
  GArray *files;    /* (owned) (element-type gint64): result: of which something is to be purged */
  GPtrArray *paths; /* (owned) (element-type utf8): result: of files that look otherwise now */
  gboolean left;    /* result: some have to be said again */
} Take;

/* A file of which a version is gone elsewhere. */
typedef struct
{
  gint64 ref;
  gint64 heads;
  char *path; /* (owned) */
} FileView;

static gboolean
get_file (MhDb *db, gint64 vault, const guint8 *file_id, FileView *file, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_file, error);
  gboolean found;

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault);
  mh_stmt_bind_blob (stmt, 2, file_id, MH_FILE_ID_SIZE);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;
  if (found)
    {
      file->ref = mh_stmt_int64 (stmt, 0);
      file->heads = mh_stmt_int64 (stmt, 1);
      file->path = mh_stmt_dup_text (stmt, 2);
    }

  return TRUE;
}

static gboolean
get_version (MhDb *db, gint64 ref, gboolean *is_head, guint8 file_id[MH_FILE_ID_SIZE],
             GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_version, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, ref);
  if (!mh_stmt_one (stmt, "version", NULL, error))
    return FALSE;
  *is_head = mh_stmt_int64 (stmt, 0) != 0;

  return mh_stmt_copy_blob (stmt, 1, file_id, MH_FILE_ID_SIZE);
}

static gboolean
is_purged_at (const MhSyncGone *gone, gsize i)
{
  const guint8 *purged = g_bytes_get_data (gone->purged, NULL);

  return purged[i] != 0;
}

/* A version that is here is gone elsewhere, where something had replaced it. */
static gboolean
take_known (MhWriter *writer, Take *take, const MhVaultRow *vault, gint64 ref, gsize i,
            GError **error)
{
  MhDb *db = mh_writer_db (writer);
  const guint8 *hashes = g_bytes_get_data (take->gone->hashes, NULL);
  const guint8 *hash = hashes + i * MH_VERSION_HASH_SIZE;
  gboolean is_purged = is_purged_at (take->gone, i);
  guint8 file_id[MH_FILE_ID_SIZE];
  FileView file = { 0 };
  g_autofree char *path = NULL;
  gboolean is_head;

  if (!get_version (db, ref, &is_head, file_id, error)
      || !get_file (db, vault->ref, file_id, &file, error))
    return FALSE;
  path = file.path;
  if (is_head && file.heads < 2)
    { /* what replaced it has not come yet */
      take->left = TRUE;
      return TRUE;
    }
  if (is_head)
    {
      if (!mh_prune_supersede (writer, take->keys->vault_id, hash, ref, error)
          || !mh_catalog_show_again (db, vault, file_id, error))
        return FALSE;
      g_ptr_array_add (take->paths, g_steal_pointer (&path));
    }
  if (is_purged && file.ref != 0)
    g_array_append_val (take->files, file.ref);

  return mh_gone_add (db, vault->ref, hash, is_purged, error);
}

static gboolean
take_commit (MhWriter *writer, gpointer data, GError **error)
{
  Take *take = data;
  MhVaultRow vault;
  gsize size;
  const guint8 *hashes = g_bytes_get_data (take->gone->hashes, &size);

  g_array_set_size (take->files, 0);
  g_ptr_array_set_size (take->paths, 0);
  take->left = FALSE;
  if (!mh_writer_flush (writer, error) || !mh_change_find_vault (writer, take->keys, &vault, error))
    return FALSE;
  take->vault = vault.ref;
  for (gsize i = 0; i < size / MH_VERSION_HASH_SIZE; i++)
    {
      const guint8 *hash = hashes + i * MH_VERSION_HASH_SIZE;
      MhVersionRow row;
      gint64 ref;

      if (!mh_catalog_find_version (mh_writer_db (writer), hash, &ref, &row, error))
        return FALSE;
      if (ref == 0 ? !mh_gone_add (mh_writer_db (writer), vault.ref, hash,
                                   is_purged_at (take->gone, i), error)
                   : !take_known (writer, take, &vault, ref, i, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_store_take_gone (MhStore *self, const char *vault_id, const MhSyncGone *gone, GPtrArray *paths,
                    gboolean *left, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, error);
  g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) changed = g_ptr_array_new_with_free_func (g_free);
  Take take = { keys, gone, 0, files, changed, FALSE };
  MhPrune prune = { .what = MH_PRUNE_GONE, .files = files };
  gboolean done;

  *left = FALSE;
  if (keys == NULL)
    return FALSE;
  if (g_bytes_get_size (gone->hashes) != MH_VERSION_HASH_SIZE * g_bytes_get_size (gone->purged))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                           "the other machine says nonsense about removed versions");
      return FALSE;
    }

  /* no record has it, and nobody says it again to who has noted that it was said */
  done = mh_writer_commit_durable (self->writer, take_commit, &take, error);
  prune.vault = take.vault;
  done = done && (files->len == 0 || mh_prune_run (self, &prune, NULL, error));
  g_clear_error (&prune.left); /* what cannot be read now is looked at again */
  for (guint i = 0; done && i < changed->len; i++)
    g_ptr_array_add (paths, g_strdup (g_ptr_array_index (changed, i)));
  *left = take.left;
  if (done && files->len > 0)
    mh_store_want_upkeep (self);
  mh_store_lift (self, error);

  return done;
}
