/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transfer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/random.h"
#include "local.h"
#include "work.h"

#define PIECE (1024 * 1024)
#define PAGE 1000

/* A name next to @path for what is not complete yet. */
static char *
part_path (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *word = NULL;
  g_autofree char *name = NULL;
  guint8 random[8];

  mh_random_bytes (random, sizeof random);
  word = mh_hex_encode (random, sizeof random);
  name = g_strconcat (".meshhold-", word, ".part", NULL);

  return g_build_filename (folder, name, NULL);
}

/* Returns: %FALSE with @error set */
static gboolean
write_content (MhWork *work, MhReader *reader, MhLocalOut *out, gint64 *moved, GError **error)
{
  const MhFile *file = mh_reader_file (reader);

  while (*moved < file->size)
    {
      g_autoptr (GBytes) piece = NULL;
      gsize size;
      const guint8 *data;

      piece = mh_reader_read (reader, (guint64) *moved, PIECE, work->transfer->cancellable, error);
      if (piece == NULL)
        return FALSE;

      data = g_bytes_get_data (piece, &size);
      if (!mh_local_out_write (out, data, size))
        {
          mh_error_set_errno (error, errno, "writing it");
          return FALSE;
        }
      *moved += (gint64) size;
      mh_transfer_moved (work->transfer, (gint64) size);
      if (*moved < file->size)
        mh_work_tell (work); /* a large one: every piece counts */
    }

  if (mh_local_out_finish (out, file->mtime_ms))
    return TRUE;

  mh_error_set_errno (error, errno, "writing it");

  return FALSE;
}

/* Writes a file under the name @part, then gives it its own. Returns: %FALSE with @error set */
static gboolean
write_file (MhWork *work, const MhWorkItem *item, const char *part, gint64 *moved, GError **error)
{
  g_autoptr (MhReader) reader = NULL;
  g_autoptr (MhLocalOut) out = NULL;
  gboolean good;

  reader = mh_reader_new (work->tools->store, work->transfer->task.vault_id, item->vault_path, NULL,
                          error);
  if (reader == NULL)
    return FALSE;

  out = mh_local_out_new (part, mh_reader_file (reader)->size);
  if (out == NULL)
    {
      mh_error_set_errno (error, errno, "making it");
      return FALSE;
    }

  good = write_content (work, reader, out, moved, error);
  if (good && !mh_local_place (part, item->host_path, work->transfer->task.replace))
    {
      mh_error_set_errno (error, errno, "giving it its name");
      good = FALSE;
    }
  if (!good)
    (void) g_unlink (part); /* its own failure would say less than the first */

  return good;
}

static void
copy_out (MhWork *work, GPtrArray *items)
{
  gint64 good = 0;

  for (guint i = 0; i < items->len && !mh_work_is_over (work); i++)
    {
      const MhWorkItem *item = g_ptr_array_index (items, i);
      g_autofree char *part = part_path (item->host_path);
      GError *error = NULL;
      gint64 moved = 0;

      if (write_file (work, item, part, &moved, &error))
        good++;
      else
        mh_work_fail (work, item, item->size - moved, error);
    }
  mh_transfer_copied (work->transfer, good);
}

/* Whether the host has the file already, or one that may not be replaced. */
static gboolean
is_there (MhWork *work, const char *host_path, const MhFile *file)
{
  MhLocalInfo info;

  if (!mh_local_look (host_path, &info))
    return FALSE;

  return !work->transfer->task.replace
         || (info.kind == MH_LOCAL_FILE && info.size == file->size
             && info.mtime_ms == file->mtime_ms);
}

/* Makes the folder of @host_path unless it is @made, which then is. */
static gboolean
make_folder (const char *host_path, char **made, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (host_path);

  if (g_strcmp0 (folder, *made) == 0)
    return TRUE;

  if (g_mkdir_with_parents (folder, 0777) != 0)
    {
      g_autofree char *name = g_filename_display_name (folder);

      mh_error_set_errno (error, errno, name);
      return FALSE;
    }
  g_free (*made);
  *made = g_steal_pointer (&folder);

  return TRUE;
}

/* Hands one file of the vault over. */
static void
add_file (MhWork *work, const MhFile *file, const char *relative, char **made)
{
  g_autofree char *host_path = g_build_filename (work->transfer->task.host_path, relative, NULL);
  GError *error = NULL;

  if (is_there (work, host_path, file))
    {
      mh_transfer_found (work->transfer, 1, file->size);
      mh_transfer_skipped (work->transfer, file->size);
      return;
    }

  if (!make_folder (host_path, made, &error))
    {
      mh_transfer_found (work->transfer, 1, file->size);
      mh_transfer_failed (work->transfer, file->path, file->size, error);
      g_error_free (error);
      return;
    }

  mh_work_add (work, g_steal_pointer (&host_path), g_strdup (file->path), file->size);
}

/* Finds the files of a folder. Returns: %FALSE with @error set when all has to stop */
static gboolean
find_below (MhWork *work, GError **error)
{
  const MhTransferTask *task = &work->transfer->task;
  gsize skip = strcmp (task->vault_path, "/") == 0 ? 1 : strlen (task->vault_path) + 1;
  MhListQuery query = { task->vault_id, task->vault_path };
  g_autofree char *cursor = NULL;
  g_autofree char *made = NULL;

  query.limit = PAGE;
  do
    {
      g_autoptr (MhFileList) list = NULL;

      query.cursor = cursor;
      list = mh_store_list (work->tools->store, &query, error);
      if (list == NULL)
        return FALSE;
      for (guint i = 0; i < list->files->len && !mh_work_is_over (work); i++)
        {
          const MhFile *file = g_ptr_array_index (list->files, i);

          add_file (work, file, file->path + skip, &made);
        }
      g_free (cursor);
      cursor = g_steal_pointer (&list->cursor);
      mh_work_tell (work);
    }
  while (cursor != NULL && !mh_work_is_over (work));

  return TRUE;
}

/* Finds the file, or the files of the folder. Returns: %FALSE with @error set */
static gboolean
find_all (MhWork *work, GError **error)
{
  const MhTransferTask *task = &work->transfer->task;
  g_autoptr (MhFile) file = NULL;
  g_autofree char *made = NULL;

  if (strcmp (task->vault_path, "/") != 0)
    file = mh_store_get (work->tools->store, task->vault_id, task->vault_path, FALSE, NULL);
  if (file == NULL) /* then it is a folder, or find_below() says what is wrong */
    return find_below (work, error);

  add_file (work, file, strrchr (file->path, '/') + 1, &made);

  return TRUE;
}

gboolean
mh_transfer_export (MhTransfer *self, const MhTransferTools *tools, GError **error)
{
  return mh_work_run (self, tools, find_all, copy_out, error);
}
