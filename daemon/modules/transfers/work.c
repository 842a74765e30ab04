/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "work.h"

#include "base/error.h"

/* Small files that go together: enough for one sync to be little of each. */
#define MOST_ITEMS 256
#define MOST_BYTES (4 * 1024 * 1024)

typedef struct
{
  MhWork *work;
  GPtrArray *items; /* (owned) */
} Job;

static void
item_free (gpointer data)
{
  MhWorkItem *item = data;

  g_free (item->host_path);
  g_free (item->vault_path);
  g_free (item);
}

static void
work_init (MhWork *self, MhTransfer *transfer, const MhTransferTools *tools, MhWorkFunc copy)
{
  self->transfer = transfer;
  self->tools = tools;
  self->copy = copy;
  self->filling = g_ptr_array_new_with_free_func (item_free);
  g_mutex_init (&self->lock);
  g_cond_init (&self->settled);
}

static void
work_clear (MhWork *self)
{
  g_ptr_array_unref (self->filling);
  g_clear_error (&self->error);
  g_cond_clear (&self->settled);
  g_mutex_clear (&self->lock);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhWork, work_clear)

gboolean
mh_work_is_over (MhWork *self)
{
  gboolean over;

  if (mh_transfer_is_cancelled (self->transfer))
    return TRUE;

  g_mutex_lock (&self->lock);
  over = self->error != NULL;
  g_mutex_unlock (&self->lock);

  return over;
}

static void
run (gpointer data)
{
  Job *job = data;
  MhWork *self = job->work;

  if (!mh_work_is_over (self))
    self->copy (self, job->items);
  g_ptr_array_unref (job->items);
  g_free (job);
  mh_work_tell (self);
  g_mutex_lock (&self->lock);
  self->under_way--;
  g_cond_signal (&self->settled);
  g_mutex_unlock (&self->lock);
}

static void
hand_over (MhWork *self)
{
  Job *job;

  if (self->filling->len == 0)
    return;

  job = g_new0 (Job, 1);
  job->work = self;
  job->items = g_steal_pointer (&self->filling);
  self->filling = g_ptr_array_new_with_free_func (item_free);
  self->filling_bytes = 0;
  g_mutex_lock (&self->lock);
  self->under_way++;
  g_mutex_unlock (&self->lock);

  /* With all of them busy and many waiting, the runner is one more. */
  if (!mh_pool_push (self->tools->workers, run, job))
    run (job);
}

void
mh_work_add (MhWork *self, char *host_path, char *vault_path, gint64 size)
{
  MhWorkItem *item = g_new0 (MhWorkItem, 1);

  item->host_path = host_path;
  item->vault_path = vault_path;
  item->size = size;
  if (self->filling_bytes + size > MOST_BYTES)
    hand_over (self);
  g_ptr_array_add (self->filling, item);
  self->filling_bytes += size;
  mh_transfer_found (self->transfer, 1, size);
  if (self->filling->len >= MOST_ITEMS || self->filling_bytes >= MOST_BYTES)
    hand_over (self);
}

/* Whether the next file would fail for the same reason. */
static gboolean
concerns_all (const GError *error)
{
  return g_error_matches (error, MH_ERROR, MH_ERROR_NO_SPACE)
         || g_error_matches (error, MH_ERROR, MH_ERROR_FORBIDDEN)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

void
mh_work_fail (MhWork *self, const MhWorkItem *item, gint64 left_bytes, GError *error)
{
  if (!concerns_all (error))
    {
      mh_transfer_failed (self->transfer,
                          self->transfer->task.is_import ? item->host_path : item->vault_path,
                          left_bytes, error);
      g_error_free (error);
      return;
    }

  g_mutex_lock (&self->lock);
  if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_mutex_unlock (&self->lock);
  g_clear_error (&error);
}

void
mh_work_tell (MhWork *self)
{
  self->tools->tell (self->transfer, self->tools->tell_data);
}

/* Waits for the workers. Returns: %FALSE with @error set when something stopped all of it */
static gboolean
finish (MhWork *self, GError **error)
{
  hand_over (self);
  g_mutex_lock (&self->lock);
  while (self->under_way > 0)
    g_cond_wait (&self->settled, &self->lock);
  if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  else
    g_cancellable_set_error_if_cancelled (self->transfer->cancellable, error);
  g_mutex_unlock (&self->lock);

  return error == NULL || *error == NULL;
}

gboolean
mh_work_run (MhTransfer *transfer, const MhTransferTools *tools, MhWorkFind find, MhWorkFunc copy,
             GError **error)
{
  g_auto (MhWork) work = { 0 };
  GError *local = NULL;
  gboolean found;
  gboolean done;

  work_init (&work, transfer, tools, copy);
  found = find (&work, &local);
  if (found && !mh_work_is_over (&work))
    mh_transfer_counted (transfer);
  done = finish (&work, found ? &local : NULL); /* also what was found before a failure */
  if (local == NULL)
    return done;

  g_propagate_error (error, local);

  return FALSE;
}
