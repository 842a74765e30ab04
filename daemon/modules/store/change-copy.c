/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "change-private.h"

#include <string.h>

#include "base/error.h"

/* Names that are tried for a copy before it is given up. */
#define MOST_NAMES 10000

/* A copy under way. */
typedef struct
{
  MhKeys *keys; /* (unowned) */
  const MhCopyNew *request;
  MhCopied *copied; /* (owned) (nullable): result */
} ChangeCopy;

void
mh_copied_free (MhCopied *self)
{
  if (self == NULL)
    return;

  g_free (self->to);
  g_free (self);
}

/* Gives a draft the content of @file, sealed anew as its list of chunks is bound to the file. */
static gboolean
copy_content (MhWriter *writer, MhKeys *keys, const MhFileRow *file, MhDraft *draft, GError **error)
{
  g_autoptr (MhVersion) version = mh_change_read_version (writer, file->head, file->path, error);
  g_autoptr (GArray) chunks = version == NULL ? NULL : mh_chunks_open (version, keys, error);
  g_autoptr (MhMeta) meta = chunks == NULL ? NULL : mh_meta_open (version, keys, error);

  if (meta == NULL)
    return FALSE;

  draft->op = MH_FILE_OP_PUT;
  draft->blocks = g_bytes_ref (version->blocks);
  draft->chunks = mh_chunks_seal (chunks, keys, draft->file_id);
  draft->meta.size = file->size;
  draft->meta.mtime_ms = file->mtime_ms;
  draft->meta.mode = meta->mode;
  memcpy (draft->meta.content_hash, file->content_hash, sizeof draft->meta.content_hash);

  return TRUE;
}

/* Begins a draft of what is to be at @to: a new file, or the next version of @there. */
static gboolean
begin_target (MhWriter *writer, const MhVaultRow *vault, const MhFileRow *there, const char *to,
              MhDraft *draft, GError **error)
{
  if (there != NULL)
    return mh_change_follow (writer, vault, there, draft, error);

  mh_change_make_file_id (mh_writer_store (writer), draft->file_id);
  draft->parents = g_bytes_new (NULL, 0);
  draft->meta.path = (char *) to; /* only read */

  return TRUE;
}

static gboolean
copy_file (MhWriter *writer, ChangeCopy *change, MhVaultRow *vault, const MhFileRow *file,
           const char *to, GError **error)
{
  g_autofree char *mime = mh_change_guess_mime (to);
  g_autoptr (MhFileRow) there = NULL;
  g_auto (MhDraft) draft = { 0 };

  if (!mh_store_check_path (to, error)
      || !mh_change_check_target (mh_writer_db (writer), vault, to, NULL, error)
      || !mh_change_find_file (writer, vault, to, &there, error))
    return FALSE;

  /* A deleted file stays deleted: the copy is another one. */
  if (there != NULL && !there->live)
    g_clear_pointer (&there, mh_file_row_free);
  if (there != NULL && change->request->existing == MH_EXISTING_SKIP)
    {
      change->copied->skipped++;
      return TRUE;
    }

  if (there != NULL && change->request->existing != MH_EXISTING_REPLACE)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s exists", to);
      return FALSE;
    }

  if (!begin_target (writer, vault, there, to, &draft, error)
      || !copy_content (writer, change->keys, file, &draft, error))
    return FALSE;

  draft.meta.mime = mime;
  change->copied->copied++;

  return mh_change_make_version_again (writer, change->keys, vault, &draft, error);
}

/* Finds out whether a file or a folder with files has a path. */
static gboolean
is_taken (MhWriter *writer, const MhVaultRow *vault, const char *path, gboolean *taken,
          GError **error)
{
  MhDb *db = mh_writer_db (writer);
  g_autoptr (MhFileRow) file = NULL;
  gint64 folder;
  gint64 files = 0;

  if (!mh_change_find_file (writer, vault, path, &file, error)
      || !mh_catalog_find_folder (db, vault, path, &folder, error)
      || (folder != 0 && !mh_catalog_folder_files (db, folder, &files, error)))
    return FALSE;

  *taken = files > 0 || (file != NULL && file->live);

  return TRUE;
}

/* Returns: (transfer full): @path with a number before the last dot of its name */
static char *
number_path (const char *path, guint number)
{
  const char *name = mh_path_name (path);
  const char *dot = strrchr (name, '.');

  if (dot == NULL || dot == name)
    dot = name + strlen (name);

  return g_strdup_printf ("%.*s (%u)%s", (int) (dot - path), path, number, dot);
}

/* Finds a path that is free: the wanted one, or that with a number. */
static gboolean
choose_target (MhWriter *writer, ChangeCopy *change, const MhVaultRow *vault, GError **error)
{
  MhCopied *copied = change->copied;
  gboolean taken = change->request->existing == MH_EXISTING_RENAME;

  copied->to = g_strdup (change->request->to);
  if (taken && !is_taken (writer, vault, copied->to, &taken, error))
    return FALSE;

  for (guint i = 2; taken && i < MOST_NAMES; i++)
    {
      g_free (copied->to);
      copied->to = number_path (change->request->to, i);
      if (!mh_store_check_path (copied->to, error)
          || !is_taken (writer, vault, copied->to, &taken, error))
        return FALSE;
    }

  if (!taken)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s exists", change->request->to);

  return FALSE;
}

/* Refuses a copy onto itself and into itself. */
static gboolean
check_apart (const char *from, const char *to, GError **error)
{
  g_autofree char *inside = g_strconcat (from, "/", NULL);

  if (!g_str_equal (from, to) && !g_str_has_prefix (to, inside))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
               g_str_equal (from, to) ? "%s and %s are the same" : "%s lies in %s", to, from);

  return FALSE;
}

/* ChangeCopy: copies. */
static gboolean
copy_all (MhWriter *writer, gpointer data, GError **error)
{
  ChangeCopy *change = data;
  const char *from = change->request->from;
  g_autoptr (GPtrArray) files = NULL;
  MhVaultRow vault;

  g_clear_pointer (&change->copied, mh_copied_free);
  change->copied = g_new0 (MhCopied, 1);
  if (!mh_change_get_vault (writer, change->keys, &vault, error))
    return FALSE;

  files = mh_change_find_tree (writer, &vault, from, error);
  if (files == NULL || !choose_target (writer, change, &vault, error)
      || !check_apart (from, change->copied->to, error))
    return FALSE;

  for (guint i = 0; i < files->len; i++)
    {
      const MhFileRow *file = g_ptr_array_index (files, i);
      g_autofree char *to = g_strconcat (change->copied->to, file->path + strlen (from), NULL);

      if (!copy_file (writer, change, &vault, file, to, error))
        return FALSE;
    }

  return TRUE;
}

MhCopied *
mh_store_copy (MhStore *self, const MhCopyNew *request, GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  ChangeCopy change = { NULL, request };

  if (!mh_store_check_path (request->from, error) || !mh_store_check_path (request->to, error))
    return NULL;

  keys = mh_store_keys (self, request->vault_id, error);
  if (keys == NULL)
    return NULL;

  change.keys = keys;
  if (mh_writer_commit (self->writer, copy_all, &change, error))
    return change.copied;

  mh_store_lift (self, error);
  mh_copied_free (change.copied);

  return NULL;
}
