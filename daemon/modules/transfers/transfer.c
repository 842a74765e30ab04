/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transfer.h"

#include "base/encoding.h"
#include "crypto/random.h"

#define ID_BYTES 16

static void
failure_free (gpointer data)
{
  MhTransferFailure *failure = data;

  g_free (failure->path);
  g_free (failure->error);
  g_free (failure);
}

MhTransfer *
mh_transfer_new (const MhTransferTask *task)
{
  MhTransfer *self = g_new0 (MhTransfer, 1);
  guint8 id[ID_BYTES];

  mh_random_bytes (id, sizeof id);
  self->references = 1;
  self->id = mh_base32_encode (id, sizeof id);
  self->task.is_import = task->is_import;
  self->task.replace = task->replace;
  self->task.vault_id = g_strdup (task->vault_id);
  self->task.host_path = g_strdup (task->host_path);
  self->task.vault_path = g_strdup (task->vault_path);
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  self->failures = g_ptr_array_new_with_free_func (failure_free);

  return self;
}

MhTransfer *
mh_transfer_ref (MhTransfer *self)
{
  g_atomic_int_inc (&self->references);

  return self;
}

void
mh_transfer_unref (MhTransfer *self)
{
  if (!g_atomic_int_dec_and_test (&self->references))
    return;

  g_free (self->id);
  g_free (self->task.vault_id);
  g_free (self->task.host_path);
  g_free (self->task.vault_path);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->failures);
  g_free (self->error);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_transfer_found (MhTransfer *self, gint64 files, gint64 bytes)
{
  g_mutex_lock (&self->lock);
  self->counts.files += files;
  self->counts.bytes += bytes;
  g_mutex_unlock (&self->lock);
}

void
mh_transfer_counted (MhTransfer *self)
{
  g_mutex_lock (&self->lock);
  self->counts.counted = TRUE;
  g_mutex_unlock (&self->lock);
}

void
mh_transfer_moved (MhTransfer *self, gint64 bytes)
{
  g_mutex_lock (&self->lock);
  self->counts.bytes_done += bytes;
  g_mutex_unlock (&self->lock);
}

void
mh_transfer_copied (MhTransfer *self, gint64 files)
{
  g_mutex_lock (&self->lock);
  self->counts.files_done += files;
  g_mutex_unlock (&self->lock);
}

void
mh_transfer_skipped (MhTransfer *self, gint64 bytes)
{
  g_mutex_lock (&self->lock);
  self->counts.files_done++;
  self->counts.files_skipped++;
  self->counts.bytes_done += bytes;
  g_mutex_unlock (&self->lock);
}

void
mh_transfer_failed (MhTransfer *self, const char *path, gint64 bytes, const GError *error)
{
  g_mutex_lock (&self->lock);
  self->counts.files_done++;
  self->counts.files_failed++;
  self->counts.bytes_done += bytes;
  if (self->failures->len < MH_TRANSFER_FAILURES)
    {
      MhTransferFailure *failure = g_new (MhTransferFailure, 1);

      failure->path = g_filename_display_name (path);
      failure->error = g_strdup (error->message);
      g_ptr_array_add (self->failures, failure);
    }
  g_mutex_unlock (&self->lock);
}

gboolean
mh_transfer_is_under_way (MhTransfer *self)
{
  gboolean under_way;

  g_mutex_lock (&self->lock);
  under_way = self->state == MH_TRANSFER_WAITING || self->state == MH_TRANSFER_RUNNING;
  g_mutex_unlock (&self->lock);

  return under_way;
}

gboolean
mh_transfer_is_cancelled (MhTransfer *self)
{
  return g_cancellable_is_cancelled (self->cancellable);
}

char *
mh_transfer_vault_path (const char *vault_path, const char *relative)
{
  if (g_strcmp0 (vault_path, "/") == 0)
    return g_strconcat ("/", relative, NULL);

  return g_strconcat (vault_path, "/", relative, NULL);
}
