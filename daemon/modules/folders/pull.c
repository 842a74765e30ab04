/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pass.h"

#include <string.h>

#include "base/error.h"

#define PAGE 1000
#define PIECE (1024 * 1024)

/* Files that become durable together. */
#define MOST_FILES 128
#define MOST_BYTES (64 * 1024 * 1024)

/* Files that are written and wait for their names. */
typedef struct
{
  GPtrArray *outs;    /* (owned) (element-type MhDiskOut) */
  GPtrArray *entries; /* (owned) (element-type MhEntry): unowned elements */
  gint64 bytes;
} Batch;

static void
batch_clear (Batch *self)
{
  g_clear_pointer (&self->outs, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Batch, batch_clear)

/* Notes a failure. Returns: %FALSE with @error set when all has to stop */
static gboolean
fail (MhPass *pass, const char *path, GError *why, GError **error)
{
  if (mh_pass_fail (pass, path, &why))
    return TRUE;

  g_propagate_error (error, why);

  return FALSE;
}

static void
set_changed (GError **error, const char *path)
{
  g_set_error (error, MH_ERROR, MH_ERROR_PRECONDITION, "%s changed in the vault meanwhile", path);
}

/* Returns: (transfer full): what the vault has at the path of @entry, if it is what was compared */
static MhReader *
open_vault (MhPass *pass, const MhEntry *entry, GError **error)
{
  g_autofree char *path = mh_pass_vault_path (entry->path);
  g_autoptr (MhReader) reader = NULL;
  const MhFile *file;

  reader = mh_reader_new (pass->store, pass->row->vault_id, path, NULL, error);
  if (reader == NULL)
    return NULL;

  file = mh_reader_file (reader);
  if (strcmp (file->content_hash, entry->vault.content_hash) == 0
      && file->mtime_ms == entry->vault.mtime_ms)
    return g_steal_pointer (&reader);

  set_changed (error, entry->path);

  return NULL;
}

/* -- small changes -- */

static gboolean
adjust (MhPass *pass, MhEntry *entry, GError **error)
{
  GError *local = NULL;
  g_autoptr (MhReader) reader = open_vault (pass, entry, &local);
  MhHostState state = entry->host;

  if (reader == NULL
      || !mh_disk_adjust (pass->disk, entry->path, &state, entry->vault.mtime_ms,
                          mh_reader_file (reader)->mode, &local))
    return fail (pass, entry->path, local, error);

  mh_pass_agree (pass, entry, &state);

  return TRUE;
}

/* Adds the ids of a page of files, deleted ones too. */
static gboolean
know_page (MhPass *pass, const MhListQuery *query, char **cursor, GError **error)
{
  g_autoptr (MhFileList) list = mh_store_list (pass->store, query, error);

  if (list == NULL)
    return FALSE;

  for (guint i = 0; i < list->files->len; i++)
    {
      const MhFile *file = g_ptr_array_index (list->files, i);

      g_hash_table_add (pass->known, g_strdup (file->file_id));
    }
  g_free (*cursor);
  *cursor = g_steal_pointer (&list->cursor);

  return TRUE;
}

/* Finds out, once in a pass, which files the vault has or had. */
static gboolean
know_all (MhPass *pass, GError **error)
{
  MhListQuery query = { pass->row->vault_id, "/" };
  g_autofree char *cursor = NULL;
  gboolean good;

  if (pass->known != NULL)
    return TRUE;

  query.include_deleted = TRUE;
  query.limit = PAGE;
  pass->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  do
    {
      query.cursor = cursor;
      good = !g_cancellable_set_error_if_cancelled (pass->cancellable, error)
             && know_page (pass, &query, &cursor, error);
    }
  while (good && cursor != NULL);
  if (!good)
    g_clear_pointer (&pass->known, g_hash_table_unref);

  return good;
}

/* Finds out whether the vault has let go of a file. One that it knows nothing of any more was not
 * deleted: the store has lost it, and the folder may have the only copy. */
static gboolean
is_let_go (MhPass *pass, const MhEntry *entry, gboolean *let_go, GError **error)
{
  const char *file_id = entry->agreed_vault.file_id;
  g_autofree char *path = mh_pass_vault_path (entry->path);
  GError *local = NULL;
  g_autoptr (MhFile) file = mh_store_get (pass->store, pass->row->vault_id, path, TRUE, &local);

  if (file != NULL && !file->deleted)
    {
      set_changed (error, entry->path);
      return FALSE;
    }
  if (file == NULL && !g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  g_clear_error (&local);

  /* It was deleted there; or moved, perhaps deleted at its new path; or another one followed it. */
  *let_go = file != NULL && strcmp (file->file_id, file_id) == 0;
  if (*let_go)
    return TRUE;
  if (!know_all (pass, error))
    return FALSE;
  *let_go = g_hash_table_contains (pass->known, file_id);

  return TRUE;
}

static gboolean
remove_file (MhPass *pass, MhEntry *entry, GError **error)
{
  GError *local = NULL;
  gboolean let_go = FALSE;

  if (!is_let_go (pass, entry, &let_go, &local))
    return fail (pass, entry->path, local, error);

  if (let_go && !mh_disk_remove (pass->disk, entry->path, &entry->host, &local))
    return fail (pass, entry->path, local, error);

  if (let_go)
    pass->counts.written++;
  else
    g_hash_table_add (pass->again, g_strdup (entry->path)); /* it is new to the vault */
  mh_pass_forget (pass, entry);

  return TRUE;
}

static gboolean
rename_file (MhPass *pass, MhAction *action, GError **error)
{
  GError *local = NULL;
  MhEntry *target = action->target;

  if (mh_disk_rename (pass->disk, action->entry->path, target->path, &action->entry->host, &local))
    {
      pass->counts.written++;
      mh_pass_forget (pass, action->entry);
      target->host = action->entry->host;
      return adjust (pass, target, error);
    }

  if (g_error_matches (local, MH_ERROR, MH_ERROR_PRECONDITION))
    {
      g_hash_table_add (pass->again, g_strdup (target->path));
      return fail (pass, action->entry->path, local, error);
    }

  /* A file becomes a folder of that name, for example: it is removed and written anew. */
  g_clear_error (&local);
  action->act = MH_ACT_REMOVE;

  return TRUE;
}

/* -- contents -- */

/* Whether the folder has the version that lost against that of another machine, so that nobody
 * would see it any more. */
static gboolean
has_lost (MhPass *pass, const MhEntry *entry)
{
  g_autofree char *path = mh_pass_vault_path (entry->path);
  g_autoptr (GPtrArray) versions = NULL;

  if (!entry->vault.conflict || !entry->agreed || !entry->host.exists)
    return FALSE;

  versions = mh_store_history (pass->store, pass->row->vault_id, path, NULL);
  for (guint i = 0; versions != NULL && i < versions->len; i++)
    {
      const MhFileVersion *version = g_ptr_array_index (versions, i);

      if (version->head && !version->current
          && g_strcmp0 (version->content_hash, entry->agreed_vault.content_hash) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
write_content (MhPass *pass, MhReader *reader, MhDiskOut *out, GError **error)
{
  const MhFile *file = mh_reader_file (reader);

  for (gint64 at = 0; at < file->size;)
    {
      g_autoptr (GBytes) piece =
          mh_reader_read (reader, (guint64) at, PIECE, pass->cancellable, error);
      const guint8 *data;
      gsize size;

      if (piece == NULL)
        return FALSE;
      data = g_bytes_get_data (piece, &size);
      if (!mh_disk_out_write (out, data, size, error))
        return FALSE;
      at += (gint64) size;
    }

  return mh_disk_out_finish (out, file->mtime_ms, file->mode, error);
}

/* Gives the files of the batch their names. */
static gboolean
place (MhPass *pass, Batch *batch, GError **error)
{
  gboolean good = TRUE;

  if (batch->outs->len == 0)
    return TRUE;
  if (!mh_disk_settle (pass->disk, error))
    return FALSE;

  for (guint i = 0; good && i < batch->outs->len; i++)
    {
      MhEntry *entry = g_ptr_array_index (batch->entries, i);
      GError *local = NULL;
      MhHostState state;

      if (!mh_disk_out_place (g_ptr_array_index (batch->outs, i), &entry->host, &state, &local))
        {
          good = fail (pass, entry->path, local, error);
          continue;
        }
      pass->counts.written++;
      mh_pass_agree (pass, entry, &state);
    }
  g_ptr_array_set_size (batch->outs, 0);
  g_ptr_array_set_size (batch->entries, 0);
  batch->bytes = 0;

  return mh_pass_commit (pass, good ? error : NULL) && good;
}

/* Writes a file under another name. Returns: %FALSE with @error set */
static gboolean
write_file (MhPass *pass, Batch *batch, MhEntry *entry, GError **error)
{
  g_autoptr (MhReader) reader = open_vault (pass, entry, error);
  g_autoptr (MhDiskOut) out = NULL;

  if (reader == NULL)
    return FALSE;

  out = mh_disk_out_new (pass->disk, entry->path, error);
  if (out == NULL || !write_content (pass, reader, out, error)
      || (has_lost (pass, entry) && !mh_pass_set_aside (pass, entry, error)))
    return FALSE;

  g_ptr_array_add (batch->outs, g_steal_pointer (&out));
  g_ptr_array_add (batch->entries, entry);
  batch->bytes += entry->vault.size;

  return TRUE;
}

static gboolean
write_one (MhPass *pass, Batch *batch, MhEntry *entry, GError **error)
{
  GError *local = NULL;

  mh_pass_tell (pass, entry->path);
  if (!write_file (pass, batch, entry, &local))
    {
      if (!g_error_matches (local, MH_ERROR, MH_ERROR_UNAVAILABLE))
        return fail (pass, entry->path, local, error);
      g_hash_table_add (pass->again, g_strdup (entry->path));
      pass->waits = TRUE;
      g_clear_error (&local);
      return TRUE;
    }

  if (batch->outs->len < MOST_FILES && batch->bytes < MOST_BYTES)
    return TRUE;

  return place (pass, batch, error);
}

/* The entry whose content an action writes, or %NULL. */
static MhEntry *
to_write (const MhAction *action)
{
  if (action->act == MH_ACT_WRITE || action->act == MH_ACT_CONFLICT)
    return action->entry;

  return action->act == MH_ACT_REMOVE ? action->target : NULL; /* a rename that was not possible */
}

static gboolean
write_all (MhPass *pass, GPtrArray *actions, gboolean set_aside, GError **error)
{
  g_auto (Batch) batch = { NULL };
  gboolean good = TRUE;

  batch.outs = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_disk_out_free);
  batch.entries = g_ptr_array_new ();
  for (guint i = 0; good && i < actions->len; i++)
    {
      const MhAction *action = g_ptr_array_index (actions, i);
      MhEntry *entry = to_write (action);
      GError *local = NULL;

      if (g_cancellable_set_error_if_cancelled (pass->cancellable, error))
        return FALSE;
      if (entry == NULL || (action->act == MH_ACT_CONFLICT && !set_aside))
        continue;
      if (pass->waits)
        g_hash_table_add (pass->again, g_strdup (entry->path)); /* who has it is not there */
      else if (action->act == MH_ACT_CONFLICT && !mh_pass_set_aside (pass, entry, &local))
        good = fail (pass, entry->path, local, error);
      else
        good = write_one (pass, &batch, entry, error);
    }

  return good && place (pass, &batch, error);
}

/* Everything that writes no content. */
static gboolean
do_small (MhPass *pass, MhAction *action, GError **error)
{
  switch (action->act)
    {
    case MH_ACT_RENAME:
      return rename_file (pass, action, error)
             && (action->act == MH_ACT_RENAME || remove_file (pass, action->entry, error));
    case MH_ACT_REMOVE:
      return remove_file (pass, action->entry, error);
    case MH_ACT_ADJUST:
      return adjust (pass, action->entry, error);
    case MH_ACT_AGREE:
      mh_pass_agree (pass, action->entry, &action->entry->host);
      return TRUE;
    case MH_ACT_FORGET:
      mh_pass_forget (pass, action->entry);
      return TRUE;
    case MH_ACT_MOVE:
    case MH_ACT_DELETE:
    case MH_ACT_UPLOAD:
    case MH_ACT_CONFLICT:
    case MH_ACT_WRITE:
    default:
      return TRUE;
    }
}

gboolean
mh_pull (MhPass *pass, GPtrArray *actions, gboolean set_aside, GError **error)
{
  for (guint i = 0; i < actions->len; i++)
    {
      if (g_cancellable_set_error_if_cancelled (pass->cancellable, error)
          || !do_small (pass, g_ptr_array_index (actions, i), error)
          || (pass->done->len >= MOST_FILES && !mh_pass_commit (pass, error)))
        return FALSE;
    }

  return mh_pass_commit (pass, error) && write_all (pass, actions, set_aside, error);
}
