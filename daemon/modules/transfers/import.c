/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transfer.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "local.h"
#include "work.h"

#define PAGE 1000

/* Files that are sealed and signed together, once they are read. */
#define AT_ONCE 8

/* A folder that is still to be looked into. */
typedef struct
{
  char *host_path;
  char *vault_path;
} Folder;

/* A file that is being read. */
typedef struct
{
  MhWork *work; /* (unowned) */
  int fd;
  MhLocalInfo info;
  gint64 moved; /* bytes read so far */
} Source;

/* Uploads of some files that wait for their commit. */
typedef struct
{
  GPtrArray *uploads; /* (owned) (element-type MhUpload) */
  GPtrArray *items;   /* (owned) (element-type MhWorkItem): unowned elements */
  guint prepared;     /* of them; the rest is to be */
} Batch;

static void
folder_free (Folder *folder)
{
  g_free (folder->host_path);
  g_free (folder->vault_path);
  g_free (folder);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, folder_free)

/* Takes both paths. */
static Folder *
folder_new (char *host_path, char *vault_path)
{
  Folder *folder = g_new0 (Folder, 1);

  folder->host_path = host_path;
  folder->vault_path = vault_path;

  return folder;
}

static void
set_path_error (GError **error, int errnum, const char *path)
{
  g_autofree char *name = g_filename_display_name (path);

  if (errnum == ENOENT)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file or folder %s", name);
  else
    mh_error_set_errno (error, errnum, name);
}

static gssize
read_some (guint8 *out, gsize size, gpointer data, GError **error)
{
  Source *source = data;
  gssize got = mh_local_read (source->fd, out, size);

  if (got < 0)
    mh_error_set_errno (error, errno, "reading it");
  if (got <= 0)
    return got;

  source->moved += got;
  mh_transfer_moved (source->work->transfer, got);
  if (source->moved > got)
    mh_work_tell (source->work); /* a large one: every piece counts */

  return got;
}

/* Whether the file is as it was when reading began. */
static gboolean
check_unchanged (const Source *source, GError **error)
{
  MhLocalInfo after;

  if (mh_local_look_again (source->fd, &after) && after.size == source->moved
      && after.mtime_ms == source->info.mtime_ms)
    return TRUE;

  g_set_error_literal (error, MH_ERROR, MH_ERROR_CONFLICT, "it changed while it was being read");

  return FALSE;
}

/* Reads an open file. Returns: (transfer full): its upload, or %NULL with @error set */
static MhUpload *
read_file (MhWork *work, const MhWorkItem *item, Source *source, GError **error)
{
  MhUploadNew request = { work->transfer->task.vault_id, item->vault_path, source->info.mtime_ms };
  g_autoptr (MhUpload) upload = NULL;

  request.unchecked = TRUE;
  if (!work->transfer->task.replace)
    request.if_none_match = "*";
  upload = mh_upload_new (work->tools->store, &request, error);
  /* one byte over its size shows whether it has grown, or is of a kind that has none */
  if (upload == NULL
      || !mh_upload_read (upload, source->info.size + 1, read_some, source,
                          work->transfer->cancellable, error)
      || !check_unchanged (source, error))
    return NULL;

  return g_steal_pointer (&upload);
}

/* Prepares what was read since the last time; what fails leaves the batch. */
static void
prepare_some (MhWork *work, Batch *batch)
{
  guint count = batch->uploads->len - batch->prepared;
  GError *errors[AT_ONCE];

  mh_uploads_prepare ((MhUpload **) batch->uploads->pdata + batch->prepared, count,
                      work->transfer->cancellable, errors);
  for (guint i = count; i-- > 0;)
    {
      if (errors[i] == NULL)
        continue;
      mh_work_fail (work, g_ptr_array_index (batch->items, batch->prepared + i), 0, errors[i]);
      g_ptr_array_remove_index (batch->uploads, batch->prepared + i);
      g_ptr_array_remove_index (batch->items, batch->prepared + i);
    }
  batch->prepared = batch->uploads->len;
}

static void
add_to_batch (MhWork *work, MhWorkItem *item, Batch *batch)
{
  GError *error = NULL;
  MhUpload *upload = NULL;
  Source source = { work, -1 };

  source.fd = mh_local_open (item->host_path, &source.info);
  if (source.fd < 0)
    set_path_error (&error, errno, item->host_path);
  else
    {
      upload = read_file (work, item, &source, &error);
      mh_local_close (source.fd);
    }

  if (upload == NULL)
    {
      mh_work_fail (work, item, item->size - source.moved, error);
      return;
    }

  g_ptr_array_add (batch->uploads, upload);
  g_ptr_array_add (batch->items, item);
  if (batch->uploads->len - batch->prepared == AT_ONCE)
    prepare_some (work, batch);
}

static void
commit_batch (MhWork *work, Batch *batch)
{
  guint count = batch->uploads->len;
  g_autofree MhFile **files = g_new0 (MhFile *, count + 1);
  g_autofree GError **errors = g_new0 (GError *, count + 1);
  gint64 good = 0;

  if (count == 0)
    return;

  mh_uploads_finish ((MhUpload **) batch->uploads->pdata, count, files, errors);
  for (guint i = 0; i < count; i++)
    {
      if (errors[i] != NULL)
        mh_work_fail (work, g_ptr_array_index (batch->items, i), 0, errors[i]);
      else
        good++;
      g_clear_pointer (&files[i], mh_file_free);
    }
  mh_transfer_copied (work->transfer, good);
}

static void
copy_in (MhWork *work, GPtrArray *items)
{
  Batch batch = { NULL };

  batch.uploads = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_upload_free);
  batch.items = g_ptr_array_new ();
  for (guint i = 0; i < items->len && !mh_work_is_over (work); i++)
    add_to_batch (work, g_ptr_array_index (items, i), &batch);
  prepare_some (work, &batch);
  commit_batch (work, &batch);
  g_ptr_array_unref (batch.uploads);
  g_ptr_array_unref (batch.items);
}

/* Adds one page of a folder to @known. Returns: %FALSE with @error set */
static gboolean
read_page (MhStore *store, const MhListQuery *query, GHashTable *known, char **cursor,
           GError **error)
{
  g_autoptr (MhFileList) list = mh_store_list (store, query, error);

  if (list == NULL)
    return FALSE;

  for (guint i = 0; i < list->files->len; i++)
    {
      MhFile *file = g_ptr_array_index (list->files, i);

      g_hash_table_replace (known, strrchr (file->path, '/') + 1, file);
    }
  g_ptr_array_set_free_func (list->files, NULL); /* @known has them */
  g_free (*cursor);
  *cursor = g_steal_pointer (&list->cursor);

  return TRUE;
}

/* Returns: (transfer full) (element-type utf8 MhFile): what the vault has in a folder, by name */
static GHashTable *
read_known (MhWork *work, const char *vault_path, GError **error)
{
  g_autoptr (GHashTable) known =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) mh_file_free);
  g_autofree char *cursor = NULL;
  MhListQuery query = { work->transfer->task.vault_id, vault_path };
  GError *local = NULL;

  query.shallow = TRUE;
  query.limit = PAGE;
  do
    {
      query.cursor = cursor;
      if (!read_page (work->tools->store, &query, known, &cursor, &local))
        break;
    }
  while (cursor != NULL);

  if (local == NULL || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_clear_error (&local); /* no such folder yet */
      return g_steal_pointer (&known);
    }

  g_propagate_error (error, local);

  return NULL;
}

/* Notes a file of this machine that cannot be copied. */
static void
refuse (MhWork *work, const char *host_path, GError *error)
{
  mh_transfer_found (work->transfer, 1, 0);
  mh_transfer_failed (work->transfer, host_path, 0, error);
  g_error_free (error);
}

static void
look_at_file (MhWork *work, char *host_path, char *vault_path, const MhLocalInfo *info,
              const MhFile *known)
{
  if (known != NULL
      && (!work->transfer->task.replace
          || (known->size == info->size && known->mtime_ms == info->mtime_ms)))
    {
      mh_transfer_found (work->transfer, 1, info->size);
      mh_transfer_skipped (work->transfer, info->size);
      g_free (host_path);
      g_free (vault_path);
      return;
    }

  mh_work_add (work, host_path, vault_path, info->size);
}

/* Looks at one entry of a folder; folders below it go to @folders. */
static void
look_at (MhWork *work, const Folder *folder, const char *name, GHashTable *known,
         const MhLocalInfo *home, GPtrArray *folders)
{
  g_autofree char *host_path = g_build_filename (folder->host_path, name, NULL);
  g_autofree char *vault_path = NULL;
  MhLocalInfo info;
  GError *error = NULL;

  if (!g_utf8_validate (name, -1, NULL))
    g_set_error_literal (&error, MH_ERROR, MH_ERROR_INVALID, "its name is not UTF-8");
  else if (!mh_local_look (host_path, &info))
    set_path_error (&error, errno, host_path);
  if (error != NULL)
    {
      refuse (work, host_path, error);
      return;
    }

  vault_path = mh_transfer_vault_path (folder->vault_path, name);
  if (info.kind == MH_LOCAL_FILE)
    {
      look_at_file (work, g_steal_pointer (&host_path), g_steal_pointer (&vault_path), &info,
                    g_hash_table_lookup (known, name));
      return;
    }

  /* What the daemon itself writes would never come to an end. */
  if (info.kind == MH_LOCAL_OTHER || (info.device == home->device && info.inode == home->inode))
    {
      mh_transfer_found (work->transfer, 1, 0);
      mh_transfer_skipped (work->transfer, 0);
      return;
    }

  g_ptr_array_add (folders,
                   folder_new (g_steal_pointer (&host_path), g_steal_pointer (&vault_path)));
}

/* Looks at what is in a folder. Returns: %FALSE with @error set when all has to stop */
static gboolean
look_into (MhWork *work, const Folder *folder, const MhLocalInfo *home, GPtrArray *folders,
           GError **error)
{
  g_autoptr (GHashTable) known = read_known (work, folder->vault_path, error);
  g_autoptr (GDir) dir = NULL;
  GError *local = NULL;
  const char *name;

  if (known == NULL)
    return FALSE;

  dir = g_dir_open (folder->host_path, 0, &local);
  if (dir == NULL)
    {
      refuse (work, folder->host_path, local);
      return TRUE;
    }

  while ((name = g_dir_read_name (dir)) != NULL && !mh_work_is_over (work))
    look_at (work, folder, name, known, home, folders);
  mh_work_tell (work);

  return TRUE;
}

/* Finds all files. Returns: %FALSE with @error set when all has to stop */
static gboolean
find_all (MhWork *work, GError **error)
{
  MhTransfer *transfer = work->transfer;
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func ((GDestroyNotify) folder_free);
  g_autofree char *name = g_path_get_basename (transfer->task.host_path);
  MhLocalInfo info;
  MhLocalInfo home = { 0 };

  if (!mh_local_look (transfer->task.host_path, &info))
    {
      set_path_error (error, errno, transfer->task.host_path);
      return FALSE;
    }

  if (info.kind == MH_LOCAL_FILE)
    mh_work_add (work, g_strdup (transfer->task.host_path),
                 mh_transfer_vault_path (transfer->task.vault_path, name), info.size);
  else
    g_ptr_array_add (folders, folder_new (g_strdup (transfer->task.host_path),
                                          g_strdup (transfer->task.vault_path)));

  if (!mh_local_look (work->tools->home, &home))
    {
      set_path_error (error, errno, work->tools->home);
      return FALSE;
    }

  while (folders->len > 0 && !mh_work_is_over (work))
    {
      g_autoptr (Folder) folder = g_ptr_array_steal_index_fast (folders, folders->len - 1);

      if (!look_into (work, folder, &home, folders, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_transfer_import (MhTransfer *self, const MhTransferTools *tools, GError **error)
{
  return mh_work_run (self, tools, find_all, copy_in, error);
}
