/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "change-private.h"

#include "base/error.h"

/* Many paths to be deleted, or to be given back. */
typedef struct
{
  MhKeys *keys; /* (unowned) */
  const char *const *paths;
  gint64 since_ms;        /* when giving back */
  gboolean is_shown_only; /* when deleting: not the other versions of a conflict */
  MhBatch *batch;         /* (owned) (nullable): result */
} ChangeBatch;

/* Does something for one path, of which @data is kept for the batch. */
typedef gboolean (*PathFunc) (MhWriter *writer, ChangeBatch *change, MhVaultRow *vault,
                              const char *path, GHashTable *data, GError **error);

void
mh_path_failure_free (MhPathFailure *self)
{
  g_free (self->path);
  g_free (self->message);
  g_free (self);
}

void
mh_batch_free (MhBatch *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->failures);
  g_free (self);
}

static MhBatch *
batch_new (MhStore *store)
{
  MhBatch *batch = g_new0 (MhBatch, 1);

  batch->at_ms = mh_store_now_ms (store);
  batch->failures = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_path_failure_free);

  return batch;
}

/* Whether an error is about one path only, and came before anything was written for it. */
static gboolean
is_about_path (const GError *error)
{
  return g_error_matches (error, MH_ERROR, MH_ERROR_INVALID)
         || g_error_matches (error, MH_ERROR, MH_ERROR_NOT_FOUND)
         || g_error_matches (error, MH_ERROR, MH_ERROR_CONFLICT)
         || g_error_matches (error, MH_ERROR, MH_ERROR_CORRUPT);
}

/* Calls @func for every path. What is about one path becomes a failure of the batch. */
static gboolean
for_each_path (MhWriter *writer, ChangeBatch *change, MhVaultRow *vault, PathFunc func,
               GHashTable *data, GError **error)
{
  for (guint i = 0; change->paths[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;
      MhPathFailure *failure;

      if (mh_store_check_path (change->paths[i], &local)
          && func (writer, change, vault, change->paths[i], data, &local))
        continue;
      if (!is_about_path (local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      failure = g_new0 (MhPathFailure, 1);
      failure->path = g_utf8_make_valid (change->paths[i], -1);
      failure->message = g_strdup (local->message);
      g_ptr_array_add (change->batch->failures, failure);
    }

  return TRUE;
}

/* Collects what a path stands for before anything is deleted: two paths may share it. */
static gboolean
collect_path (MhWriter *writer, ChangeBatch *change, MhVaultRow *vault, const char *path,
              GHashTable *files, GError **error)
{
  g_autoptr (GPtrArray) found = mh_change_find_tree (writer, vault, path, error);

  if (found == NULL)
    return FALSE;

  g_ptr_array_set_free_func (found, NULL);
  for (guint i = 0; i < found->len; i++)
    {
      MhFileRow *file = g_ptr_array_index (found, i);

      g_hash_table_replace (files, &file->ref, file);
    }

  return TRUE;
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  const MhFileRow *const *left = a;
  const MhFileRow *const *right = b;

  return g_strcmp0 ((*left)->path, (*right)->path);
}

/* Returns: (transfer container): the files in the order of their paths */
static GPtrArray *
sort_files (GHashTable *files)
{
  GPtrArray *sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer file;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, NULL, &file))
    g_ptr_array_add (sorted, file);
  g_ptr_array_sort (sorted, compare_paths);

  return sorted;
}

/* ChangeBatch: deletes. */
static gboolean
delete_all (MhWriter *writer, gpointer data, GError **error)
{
  ChangeBatch *change = data;
  g_autoptr (GHashTable) files = NULL;
  g_autoptr (GPtrArray) sorted = NULL;
  MhVaultRow vault;

  g_clear_pointer (&change->batch, mh_batch_free);
  change->batch = batch_new (mh_writer_store (writer));
  files =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) mh_file_row_free);
  if (!mh_change_get_vault (writer, change->keys, &vault, error)
      || !for_each_path (writer, change, &vault, collect_path, files, error))
    return FALSE;

  sorted = sort_files (files);
  for (guint i = 0; i < sorted->len; i++)
    {
      const MhFileRow *file = g_ptr_array_index (sorted, i);

      if (!mh_change_delete_file (writer, change->keys, &vault, file, !change->is_shown_only,
                                  error))
        return FALSE;
      change->batch->files++;
      change->batch->bytes += file->size;
    }

  return TRUE;
}

/* Gives one deleted file back what it had. */
static gboolean
revive (MhWriter *writer, ChangeBatch *change, MhVaultRow *vault, const MhFileRow *file,
        GError **error)
{
  g_autoptr (MhFileRow) there = NULL;

  if (!mh_change_check_target (mh_writer_db (writer), vault, file->path, NULL, error)
      || !mh_change_find_file (writer, vault, file->path, &there, error))
    return FALSE;

  if (there != NULL && there->live)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s exists", file->path);
      return FALSE;
    }

  if (!mh_change_restore_file (writer, change->keys, vault, file, file->content_hash, error))
    return FALSE;

  change->batch->files++;
  change->batch->bytes += file->size;

  return TRUE;
}

/* Whether the batch has given back a file with the path of @file already. */
static gboolean
is_done (GHashTable *done, const MhFileRow *file)
{
  return !g_hash_table_add (done, g_strdup (file->path));
}

/* Gives back every deleted file of a folder that can be; those with one path count once. */
static gboolean
undelete_folder (MhWriter *writer, ChangeBatch *change, MhVaultRow *vault, const GPtrArray *files,
                 GHashTable *done, GError **error)
{
  gint64 before = change->batch->files;
  g_autoptr (GError) last = NULL;
  gboolean any_before = FALSE;

  for (guint i = 0; i < files->len; i++)
    {
      const MhFileRow *file = g_ptr_array_index (files, i);
      GError *local = NULL;

      if (is_done (done, file))
        {
          any_before = TRUE;
          continue;
        }
      if (revive (writer, change, vault, file, &local))
        continue;
      if (!is_about_path (local))
        {
          g_propagate_error (error, local);
          return FALSE;
        }
      g_clear_error (&last);
      last = local;
    }

  if (change->batch->files > before || any_before || last == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&last));

  return FALSE;
}

static gboolean
undelete_path (MhWriter *writer, ChangeBatch *change, MhVaultRow *vault, const char *path,
               GHashTable *done, GError **error)
{
  MhDb *db = mh_writer_db (writer);
  g_autoptr (GPtrArray) files = NULL;

  files = mh_catalog_deleted_files (db, vault, path, FALSE, change->since_ms, error);
  if (files == NULL)
    return FALSE;

  if (files->len > 0)
    return is_done (done, g_ptr_array_index (files, 0))
           || revive (writer, change, vault, g_ptr_array_index (files, 0), error);

  g_ptr_array_unref (files);
  files = mh_catalog_deleted_files (db, vault, path, TRUE, change->since_ms, error);
  if (files == NULL)
    return FALSE;

  if (files->len > 0)
    return undelete_folder (writer, change, vault, files, done, error);

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no deleted file or folder %s", path);

  return FALSE;
}

/* ChangeBatch: gives back. */
static gboolean
undelete_all (MhWriter *writer, gpointer data, GError **error)
{
  ChangeBatch *change = data;
  g_autoptr (GHashTable) done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  MhVaultRow vault;

  g_clear_pointer (&change->batch, mh_batch_free);
  change->batch = batch_new (mh_writer_store (writer));

  return mh_change_get_vault (writer, change->keys, &vault, error)
         && for_each_path (writer, change, &vault, undelete_path, done, error);
}

static MhBatch *
run_batch (MhStore *self, const char *vault_id, ChangeBatch *change, MhCommitFunc func,
           GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, error);

  if (keys == NULL)
    return NULL;

  change->keys = keys;
  if (mh_writer_commit (self->writer, func, change, error))
    return change->batch;

  mh_store_lift (self, error);
  mh_batch_free (change->batch);

  return NULL;
}

MhBatch *
mh_store_delete_many (MhStore *self, const char *vault_id, const char *const *paths, GError **error)
{
  ChangeBatch change = { NULL, paths };

  return run_batch (self, vault_id, &change, delete_all, error);
}

MhBatch *
mh_store_delete_shown (MhStore *self, const char *vault_id, const char *const *paths,
                       GError **error)
{
  ChangeBatch change = { .paths = paths, .is_shown_only = TRUE };

  return run_batch (self, vault_id, &change, delete_all, error);
}

MhBatch *
mh_store_undelete (MhStore *self, const char *vault_id, const char *const *paths, gint64 since_ms,
                   GError **error)
{
  ChangeBatch change = { NULL, paths, since_ms };

  return run_batch (self, vault_id, &change, undelete_all, error);
}
