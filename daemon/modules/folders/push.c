/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pass.h"

#include <string.h>

#include "base/error.h"

/* Files that share a commit, and those of them that are sealed and signed together. */
#define MOST_FILES 256
#define MOST_BYTES (8 * 1024 * 1024)
#define AT_ONCE 8

/* Uploads that wait for their commit. */
typedef struct
{
  GPtrArray *uploads; /* (owned) (element-type MhUpload) */
  GPtrArray *entries; /* (owned) (element-type MhEntry): unowned elements */
  GArray *states;     /* (owned) (element-type MhHostState): as they were read */
  guint prepared;     /* of them; the rest is to be */
  gint64 bytes;
} Batch;

static void
batch_clear (Batch *self)
{
  g_clear_pointer (&self->uploads, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->states, g_array_unref);
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

/* -- moves -- */

/* Whether the vault has what was compared. A failure to tell counts as no. */
static gboolean
is_still (MhPass *pass, const MhEntry *entry)
{
  g_autofree char *path = mh_pass_vault_path (entry->path);
  g_autoptr (MhFile) file = mh_store_get (pass->store, pass->row->vault_id, path, FALSE, NULL);

  return file != NULL && strcmp (file->file_id, entry->vault.file_id) == 0
         && strcmp (file->content_hash, entry->vault.content_hash) == 0
         && file->changed_ms == entry->vault.changed_ms;
}

static void
look_again (MhPass *pass, const MhAction *action)
{
  g_hash_table_add (pass->again, g_strdup (action->entry->path));
  if (action->target != NULL)
    g_hash_table_add (pass->again, g_strdup (action->target->path));
}

static gboolean
move (MhPass *pass, MhAction *action, GError **error)
{
  g_autofree char *from = mh_pass_vault_path (action->entry->path);
  g_autofree char *to = mh_pass_vault_path (action->target->path);
  const char *vault_id = pass->row->vault_id;
  MhHostState state = action->target->host;
  g_autoptr (MhFile) file = NULL;
  GError *local = NULL;

  if (!is_still (pass, action->entry))
    {
      look_again (pass, action);
      return TRUE;
    }

  if (mh_store_move (pass->store, vault_id, from, to, &local) < 0)
    {
      if (!g_error_matches (local, MH_ERROR, MH_ERROR_CONFLICT))
        return fail (pass, action->target->path, local, error);
      g_clear_error (&local); /* a file becomes a folder of that name: it is not moved but made */
      action->act = MH_ACT_DELETE;
      return TRUE;
    }

  pass->counts.ingested++;
  pass->publish (from, "move", pass->data);
  pass->publish (to, "move", pass->data);
  mh_pass_forget (pass, action->entry);
  file = mh_store_get (pass->store, vault_id, to, FALSE, NULL);
  if (file == NULL)
    {
      look_again (pass, action); /* somebody was faster */
      return TRUE;
    }

  /* The vault's mode moved with it; one that was changed as well is the next thing to be told. */
  state.mode = action->entry->agreed_host.mode;
  if (state.mode != action->target->host.mode)
    look_again (pass, action);
  mh_vault_state_set (&action->target->vault, file);
  mh_pass_agree (pass, action->target, &state);

  return TRUE;
}

/* -- deletions -- */

/* Deletes the files of which the vault has still what was compared. */
static gboolean
delete_some (MhPass *pass, GPtrArray *entries, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (MhBatch) batch = NULL;
  g_auto (GStrv) paths = NULL;

  for (guint i = entries->len; i-- > 0;)
    {
      MhEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = mh_pass_vault_path (entry->path);

      if (entry->vault.conflict) /* then another version is shown in its place */
        g_hash_table_add (pass->again, g_strdup (entry->path));
      if (is_still (pass, entry))
        {
          g_strv_builder_add (builder, path);
          continue;
        }
      g_hash_table_add (pass->again, g_strdup (entry->path));
      g_ptr_array_remove_index_fast (entries, i);
    }
  paths = g_strv_builder_end (builder);
  if (*paths == NULL)
    return TRUE;

  batch =
      mh_store_delete_shown (pass->store, pass->row->vault_id, (const char *const *) paths, error);
  if (batch == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    mh_pass_forget (pass, g_ptr_array_index (entries, i));
  for (char **path = paths; *path != NULL; path++)
    pass->publish (*path, "delete", pass->data);
  pass->counts.ingested += (guint) batch->files;

  return mh_pass_commit (pass, error);
}

static gboolean
delete_all (MhPass *pass, GPtrArray *actions, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();

  for (guint i = 0; i < actions->len; i++)
    {
      const MhAction *action = g_ptr_array_index (actions, i);

      if (action->act == MH_ACT_DELETE)
        g_ptr_array_add (entries, action->entry);
      if (entries->len == MOST_FILES || (i + 1 == actions->len && entries->len > 0))
        {
          if (!delete_some (pass, entries, error))
            return FALSE;
          g_ptr_array_set_size (entries, 0);
        }
    }

  return TRUE;
}

/* -- uploads -- */

/* Prepares what was read since the last time; what fails leaves the batch. */
static gboolean
prepare (MhPass *pass, Batch *batch, GError **error)
{
  guint count = batch->uploads->len - batch->prepared;
  GError *errors[AT_ONCE] = { NULL };
  gboolean good = TRUE;

  mh_uploads_prepare ((MhUpload **) batch->uploads->pdata + batch->prepared, count,
                      pass->cancellable, errors);
  for (guint i = count; i-- > 0;)
    {
      guint at = batch->prepared + i;
      const MhEntry *entry = g_ptr_array_index (batch->entries, at);

      if (errors[i] == NULL)
        continue;
      if (!good)
        g_error_free (errors[i]); /* the first says it */
      else
        good = fail (pass, entry->path, errors[i], error);
      g_ptr_array_remove_index (batch->uploads, at);
      g_ptr_array_remove_index (batch->entries, at);
      g_array_remove_index (batch->states, at);
    }
  batch->prepared = batch->uploads->len;

  return good;
}

/* One file is in the vault. */
static void
take_in (MhPass *pass, MhEntry *entry, const MhFile *file, const MhHostState *state)
{
  mh_vault_state_set (&entry->vault, file);
  mh_pass_agree (pass, entry, state);
  pass->counts.ingested++;
  pass->publish (file->path, "put", pass->data);
}

static gboolean
commit (MhPass *pass, Batch *batch, GError **error)
{
  guint count;
  g_autofree MhFile **files = NULL;
  g_autofree GError **errors = NULL;
  gboolean good = prepare (pass, batch, error);

  count = good ? batch->uploads->len : 0;
  files = g_new0 (MhFile *, count + 1);
  errors = g_new0 (GError *, count + 1);
  if (count > 0)
    mh_uploads_finish ((MhUpload **) batch->uploads->pdata, count, files, errors);
  for (guint i = 0; i < count; i++)
    {
      MhEntry *entry = g_ptr_array_index (batch->entries, i);

      if (errors[i] == NULL)
        take_in (pass, entry, files[i], &g_array_index (batch->states, MhHostState, i));
      else if (good)
        good = fail (pass, entry->path, errors[i], error);
      else
        g_error_free (errors[i]);
      g_clear_pointer (&files[i], mh_file_free);
    }
  g_ptr_array_set_size (batch->uploads, 0);
  g_ptr_array_set_size (batch->entries, 0);
  g_array_set_size (batch->states, 0);
  batch->prepared = 0;
  batch->bytes = 0;

  return mh_pass_commit (pass, good ? error : NULL) && good;
}

static gssize
read_some (guint8 *out, gsize size, gpointer data, GError **error)
{
  return mh_disk_read (*(const int *) data, out, size, error);
}

/* Reads a file. Returns: (transfer full): its upload, or %NULL with @error set */
static MhUpload *
read_file (MhPass *pass, const MhEntry *entry, MhHostState *state, GError **error)
{
  g_autofree char *path = mh_pass_vault_path (entry->path);
  MhUploadNew request = { pass->row->vault_id, path };
  g_autoptr (MhUpload) upload = NULL;
  gboolean good;
  int fd = mh_disk_open_file (pass->disk, entry->path, state, error);

  if (fd < 0)
    return NULL;

  request.mtime_ms = state->mtime_ns / 1000000;
  request.mode = state->mode;
  request.unchecked = TRUE;
  request.beside = TRUE; /* it is so here; the vault shows one of them elsewhere */
  request.if_match = entry->vault.exists ? entry->vault.content_hash : NULL;
  request.if_none_match = entry->vault.exists ? NULL : "*";
  upload = mh_upload_new (pass->store, &request, error);
  /* one byte over its size shows whether it has grown */
  good = upload != NULL
         && mh_upload_read (upload, state->size + 1, read_some, &fd, pass->cancellable, error);
  if (mh_disk_close_file (fd, state))
    return good ? g_steal_pointer (&upload) : NULL;

  if (good)
    g_set_error (error, MH_ERROR, MH_ERROR_PRECONDITION, "%s changed while it was read",
                 entry->path);

  return NULL;
}

static gboolean
upload (MhPass *pass, Batch *batch, MhEntry *entry, GError **error)
{
  MhHostState state;
  GError *local = NULL;
  MhUpload *read = NULL;

  if (batch->bytes + entry->host.size > MOST_BYTES && batch->uploads->len > 0
      && !commit (pass, batch, error))
    return FALSE;

  mh_pass_tell (pass, entry->path);
  read = read_file (pass, entry, &state, &local);
  if (read == NULL)
    return fail (pass, entry->path, local, error);

  g_ptr_array_add (batch->uploads, read);
  g_ptr_array_add (batch->entries, entry);
  g_array_append_val (batch->states, state);
  batch->bytes += state.size;
  if (batch->uploads->len == MOST_FILES || batch->bytes >= MOST_BYTES)
    return commit (pass, batch, error);

  return batch->uploads->len - batch->prepared < AT_ONCE || prepare (pass, batch, error);
}

static gboolean
upload_all (MhPass *pass, GPtrArray *actions, GError **error)
{
  g_auto (Batch) batch = { NULL };
  gboolean good = TRUE;

  batch.uploads = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_upload_free);
  batch.entries = g_ptr_array_new ();
  batch.states = g_array_new (FALSE, FALSE, sizeof (MhHostState));
  for (guint i = 0; good && i < actions->len; i++)
    {
      const MhAction *action = g_ptr_array_index (actions, i);

      if (g_cancellable_set_error_if_cancelled (pass->cancellable, error))
        return FALSE;
      if (action->act == MH_ACT_UPLOAD)
        good = upload (pass, &batch, action->entry, error);
      else if (action->act == MH_ACT_DELETE && action->target != NULL)
        good = upload (pass, &batch, action->target, error); /* a move that could not be made */
    }

  return good && commit (pass, &batch, error);
}

gboolean
mh_push (MhPass *pass, GPtrArray *actions, GError **error)
{
  for (guint i = 0; i < actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (actions, i);

      if (action->act != MH_ACT_MOVE)
        continue;
      if (g_cancellable_set_error_if_cancelled (pass->cancellable, error)
          || !move (pass, action, error)
          || (pass->done->len >= MOST_FILES && !mh_pass_commit (pass, error)))
        return FALSE;
    }

  return mh_pass_commit (pass, error) && delete_all (pass, actions, error)
         && upload_all (pass, actions, error);
}
