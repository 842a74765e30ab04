/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transfers-service.h"

#include <string.h>

#include "base/error.h"
#include "local.h"
#include "transfers-store.h"

#define RUNNERS 2 /* transfers at a time */
#define MOST_WAITING 100
#define MOST_REMEMBERED 100
#define MOST_WORKERS 8
#define JOBS_AHEAD 256
#define TELL_US (250 * G_TIME_SPAN_MILLISECOND)

struct _MhTransfers
{
  MhCore *core; /* (unowned) outlives us */
  MhTransferTools tools;
  MhPool *runners; /* (owned) */
  GMutex lock;
  GPtrArray *all;  /* (owned) (element-type MhTransfer) (locked-by lock): oldest first */
  gboolean ending; /* (locked-by lock) */
};

typedef struct
{
  MhTransfers *transfers; /* (unowned) */
  MhTransfer *transfer;   /* (owned) */
} Run;

static const char *
state_name (MhTransferState state)
{
  static const char *const names[] = { "waiting", "running", "done", "failed", "cancelled" };

  return names[state];
}

static void
counts_to_json (MhJson *out, const MhTransferCounts *counts)
{
  mh_json_bool (out, "counted", counts->counted);
  mh_json_int (out, "files", counts->files);
  mh_json_int (out, "bytes", counts->bytes);
  mh_json_int (out, "files_done", counts->files_done);
  mh_json_int (out, "bytes_done", counts->bytes_done);
  mh_json_int (out, "files_skipped", counts->files_skipped);
  mh_json_int (out, "files_failed", counts->files_failed);
}

static void
failures_to_json (MhJson *out, GPtrArray *failures)
{
  mh_json_begin_array (out, "failures");
  for (guint i = 0; i < failures->len; i++)
    {
      const MhTransferFailure *failure = g_ptr_array_index (failures, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "path", failure->path);
      mh_json_string (out, "error", failure->error);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
}

void
mh_transfers_to_json (MhJson *out, MhTransfer *transfer)
{
  const MhTransferTask *task = &transfer->task;

  mh_json_begin_object (out, NULL);
  mh_json_string (out, "id", transfer->id);
  mh_json_string (out, "kind", task->is_import ? "import" : "export");
  mh_json_string (out, "vault_id", task->vault_id);
  mh_json_string (out, "host_path", task->host_path);
  mh_json_string (out, "vault_path", task->vault_path);
  mh_json_string (out, "existing", task->replace ? "replace" : "skip");
  mh_json_int (out, "started_ms", transfer->started_ms);
  g_mutex_lock (&transfer->lock);
  mh_json_string (out, "state", state_name (transfer->state));
  counts_to_json (out, &transfer->counts);
  failures_to_json (out, transfer->failures);
  mh_json_string (out, "error", transfer->error);
  if (transfer->ended_ms > 0)
    mh_json_int (out, "ended_ms", transfer->ended_ms);
  else
    mh_json_null (out, "ended_ms");
  g_mutex_unlock (&transfer->lock);
  mh_json_end_object (out);
}

void
mh_transfers_scan_to_json (MhJson *out, MhTransfer *transfer)
{
  gboolean active = transfer != NULL && mh_transfer_is_under_way (transfer);
  MhTransferCounts counts = { 0 };

  if (transfer != NULL)
    {
      g_mutex_lock (&transfer->lock);
      counts = transfer->counts;
      g_mutex_unlock (&transfer->lock);
    }

  mh_json_begin_object (out, NULL);
  mh_json_bool (out, "active", active);
  mh_json_int (out, "walked", counts.files);
  mh_json_int (out, "ingested", counts.files_done - counts.files_skipped - counts.files_failed);
  mh_json_int (out, "errors", counts.files_failed);
  if (transfer != NULL)
    mh_json_int (out, "started_ms", transfer->started_ms);
  else
    mh_json_null (out, "started_ms");
  mh_json_string (out, "current", active ? transfer->task.host_path : NULL);
  mh_json_end_object (out);
}

static void
publish (MhTransfers *self, MhTransfer *transfer)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *text = NULL;
  MhJson *members = mh_json_new ();

  mh_transfers_to_json (json, transfer);
  text = mh_json_steal (json);
  mh_json_raw (members, "transfer", text);
  mh_bus_publish (mh_core_bus (self->core), "transfer_changed", members);
}

/* Tells everybody about progress, not too often. */
static void
tell (MhTransfer *transfer, gpointer data)
{
  gint64 now_us = g_get_monotonic_time ();
  gboolean due;

  g_mutex_lock (&transfer->lock);
  due = now_us - transfer->told_us >= TELL_US;
  if (due)
    transfer->told_us = now_us;
  g_mutex_unlock (&transfer->lock);
  if (due)
    publish (data, transfer);
}

/* Writes how a transfer is. That it cannot be written must not stop it. */
static void
save (MhTransfers *self, MhTransfer *transfer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), &error);
  gboolean good = FALSE;

  if (lease != NULL)
    {
      g_mutex_lock (&transfer->lock);
      good = mh_transfers_store_put (mh_db_lease_db (lease), transfer, &error);
      g_mutex_unlock (&transfer->lock);
    }
  if (!good)
    g_warning ("noting the transfer of %s: %s", transfer->task.host_path, error->message);
}

static void
set_running (MhTransfers *self, MhTransfer *transfer)
{
  g_mutex_lock (&transfer->lock);
  transfer->state = MH_TRANSFER_RUNNING;
  g_mutex_unlock (&transfer->lock);
  publish (self, transfer);
}

static gboolean
is_ending (MhTransfers *self)
{
  gboolean ending;

  g_mutex_lock (&self->lock);
  ending = self->ending;
  g_mutex_unlock (&self->lock);

  return ending;
}

/* Notes how it ended. One that the end of the daemon stopped stays as it is, and goes on later. */
static void
set_ended (MhTransfers *self, MhTransfer *transfer, const GError *error)
{
  gboolean cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (cancelled && is_ending (self))
    return;

  g_mutex_lock (&transfer->lock);
  transfer->state = error == NULL ? MH_TRANSFER_DONE
                    : cancelled   ? MH_TRANSFER_CANCELLED
                                  : MH_TRANSFER_FAILED;
  if (error != NULL && !cancelled)
    transfer->error = g_strdup (error->message);
  transfer->ended_ms = mh_clock_now_ms (mh_core_clock (self->core));
  g_mutex_unlock (&transfer->lock);
  save (self, transfer);
  publish (self, transfer);
}

static void
run (gpointer data)
{
  Run *job = data;
  MhTransfers *self = job->transfers;
  MhTransfer *transfer = job->transfer;
  g_autoptr (GError) error = NULL;
  gboolean done;

  set_running (self, transfer);
  if (transfer->task.is_import)
    done = mh_transfer_import (transfer, &self->tools, &error);
  else
    done = mh_transfer_export (transfer, &self->tools, &error);
  g_warn_if_fail (done == (error == NULL));
  set_ended (self, transfer, error);
  mh_transfer_unref (transfer);
  g_free (job);
}

static gboolean
begin (MhTransfers *self, MhTransfer *transfer)
{
  Run *job = g_new0 (Run, 1);

  job->transfers = self;
  job->transfer = mh_transfer_ref (transfer);
  if (mh_pool_push (self->runners, run, job))
    return TRUE;

  mh_transfer_unref (job->transfer);
  g_free (job);

  return FALSE;
}

static gboolean
load (MhTransfers *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  if (lease == NULL)
    return FALSE;

  self->all = mh_transfers_store_list (mh_db_lease_db (lease), error);

  return self->all != NULL;
}

gpointer
mh_transfers_start (MhCore *core, GError **error)
{
  MhTransfers *self = g_new0 (MhTransfers, 1);
  guint workers = MIN (g_get_num_processors () + 2, MOST_WORKERS); /* some wait for the disk */

  self->core = core;
  self->tools.store = mh_core_service (core, "store");
  self->tools.workers = mh_pool_new ("transfer", workers, JOBS_AHEAD);
  self->tools.home = mh_core_home (core);
  self->tools.tell = tell;
  self->tools.tell_data = self;
  self->runners = mh_pool_new ("transfers", RUNNERS, MOST_WAITING);
  g_mutex_init (&self->lock);
  if (!load (self, error))
    {
      mh_transfers_stop (self);
      return NULL;
    }

  for (guint i = 0; i < self->all->len; i++)
    {
      MhTransfer *transfer = g_ptr_array_index (self->all, i);

      if (transfer->state == MH_TRANSFER_WAITING)
        (void) begin (self, transfer); /* one of too many can be resumed later */
    }

  return self;
}

void
mh_transfers_stop (gpointer service)
{
  MhTransfers *self = service;

  g_mutex_lock (&self->lock);
  self->ending = TRUE;
  for (guint i = 0; self->all != NULL && i < self->all->len; i++)
    g_cancellable_cancel (((MhTransfer *) g_ptr_array_index (self->all, i))->cancellable);
  g_mutex_unlock (&self->lock);
  mh_pool_free (self->runners);
  mh_pool_free (self->tools.workers);
  g_clear_pointer (&self->all, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
is_same (const MhTransferTask *a, const MhTransferTask *b)
{
  return a->is_import == b->is_import && strcmp (a->vault_id, b->vault_id) == 0
         && strcmp (a->host_path, b->host_path) == 0 && strcmp (a->vault_path, b->vault_path) == 0;
}

/* Adds a transfer unless the same is under way. */
static gboolean
add_to_list (MhTransfers *self, MhTransfer *transfer)
{
  gboolean twice = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->all->len && !twice; i++)
    {
      MhTransfer *other = g_ptr_array_index (self->all, i);

      twice = mh_transfer_is_under_way (other) && is_same (&other->task, &transfer->task);
    }
  if (!twice)
    g_ptr_array_add (self->all, mh_transfer_ref (transfer));
  g_mutex_unlock (&self->lock);

  return !twice;
}

static gboolean
take_off_list (MhTransfers *self, MhTransfer *transfer)
{
  gboolean found;

  g_mutex_lock (&self->lock);
  found = g_ptr_array_remove (self->all, transfer);
  g_mutex_unlock (&self->lock);

  return found;
}

static gboolean
remove_row (MhTransfers *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease != NULL && mh_transfers_store_remove (mh_db_lease_db (lease), id, error);
}

/* Returns: (transfer full) (nullable): the oldest that has ended, when there are too many */
static MhTransfer *
oldest_to_forget (MhTransfers *self)
{
  MhTransfer *oldest = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; self->all->len > MOST_REMEMBERED && oldest == NULL && i < self->all->len; i++)
    {
      MhTransfer *transfer = g_ptr_array_index (self->all, i);

      if (!mh_transfer_is_under_way (transfer))
        oldest = mh_transfer_ref (transfer);
    }
  g_mutex_unlock (&self->lock);

  return oldest;
}

static void
forget_oldest (MhTransfers *self)
{
  g_autoptr (MhTransfer) oldest = oldest_to_forget (self);
  g_autoptr (GError) error = NULL;

  if (oldest == NULL)
    return;

  if (!remove_row (self, oldest->id, &error))
    g_warning ("forgetting an old transfer: %s", error->message);
  else
    (void) take_off_list (self, oldest);
}

static gboolean
check_host_path (MhTransfers *self, const MhTransferTask *task, GError **error)
{
  MhLocalInfo info;
  gboolean exists;

  if (!g_path_is_absolute (task->host_path))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "host_path must be absolute, not %s",
                   task->host_path);
      return FALSE;
    }

  exists = mh_local_look (task->host_path, &info);
  if (task->is_import && !exists)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "host_path: no file or folder %s",
                   task->host_path);
      return FALSE;
    }

  if (exists && info.kind != MH_LOCAL_FOLDER && !(task->is_import && info.kind == MH_LOCAL_FILE))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "host_path: %s is no folder",
                   task->host_path);
      return FALSE;
    }

  return TRUE;
}

/* What the daemon writes into its own home must not become files of a vault, nor the reverse. */
static gboolean
check_not_home (MhTransfers *self, const MhTransferTask *task, GError **error)
{
  g_autoptr (GFile) home = g_file_new_for_path (mh_core_home (self->core));
  g_autoptr (GFile) path = g_file_new_for_path (task->host_path);

  if (!g_file_equal (home, path) && !g_file_has_prefix (path, home))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "host_path: %s belongs to MeshHold itself",
               task->host_path);

  return FALSE;
}

static gboolean
check_vault_path (MhTransfers *self, const MhTransferTask *task, GError **error)
{
  g_autoptr (MhFileList) list = NULL;
  g_autoptr (MhFile) file = NULL;
  MhListQuery query = { task->vault_id, task->vault_path };

  if (strcmp (task->vault_path, "/") == 0)
    return TRUE;

  if (!mh_store_check_path (task->vault_path, error))
    {
      g_prefix_error (error, "vault_path: ");
      return FALSE;
    }

  file = mh_store_get (self->tools.store, task->vault_id, task->vault_path, FALSE, NULL);
  if (file != NULL && task->is_import)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "vault_path: %s is a file",
                   task->vault_path);
      return FALSE;
    }

  if (file != NULL || task->is_import)
    return TRUE;

  query.shallow = TRUE;
  query.limit = 1;
  list = mh_store_list (self->tools.store, &query, error);
  if (list == NULL)
    g_prefix_error (error, "vault_path: ");

  return list != NULL;
}

MhTransfer *
mh_transfers_add (MhTransfers *self, const MhTransferTask *task, GError **error)
{
  g_autoptr (MhTransfer) transfer = NULL;

  if (!check_host_path (self, task, error) || !check_not_home (self, task, error)
      || !check_vault_path (self, task, error))
    return NULL;

  transfer = mh_transfer_new (task);
  transfer->started_ms = mh_clock_now_ms (mh_core_clock (self->core));
  if (!add_to_list (self, transfer))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "the same is under way");
      return NULL;
    }

  save (self, transfer);
  if (!begin (self, transfer))
    {
      (void) remove_row (self, transfer->id, NULL); /* it would only begin after the next start */
      (void) take_off_list (self, transfer);
      g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "too many transfers wait already");
      return NULL;
    }
  forget_oldest (self);

  return g_steal_pointer (&transfer);
}

GPtrArray *
mh_transfers_list (MhTransfers *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_transfer_unref);

  g_mutex_lock (&self->lock);
  for (int under_way = TRUE; under_way >= FALSE; under_way--)
    {
      for (guint i = self->all->len; i > 0; i--)
        {
          MhTransfer *transfer = g_ptr_array_index (self->all, i - 1);

          if (mh_transfer_is_under_way (transfer) == under_way)
            g_ptr_array_add (list, mh_transfer_ref (transfer));
        }
    }
  g_mutex_unlock (&self->lock);

  return list;
}

MhTransfer *
mh_transfers_get (MhTransfers *self, const char *id, GError **error)
{
  MhTransfer *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->all->len && found == NULL; i++)
    {
      MhTransfer *transfer = g_ptr_array_index (self->all, i);

      if (strcmp (transfer->id, id) == 0)
        found = mh_transfer_ref (transfer);
    }
  g_mutex_unlock (&self->lock);

  if (found == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no transfer %s", id);

  return found;
}

MhTransfer *
mh_transfers_last_import (MhTransfers *self, const char *vault_id)
{
  MhTransfer *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = self->all->len; i > 0 && found == NULL; i--)
    {
      MhTransfer *transfer = g_ptr_array_index (self->all, i - 1);

      if (transfer->task.is_import && strcmp (transfer->task.vault_id, vault_id) == 0)
        found = mh_transfer_ref (transfer);
    }
  g_mutex_unlock (&self->lock);

  return found;
}

gboolean
mh_transfers_remove (MhTransfers *self, const char *id, GError **error)
{
  g_autoptr (MhTransfer) transfer = mh_transfers_get (self, id, error);

  if (transfer == NULL)
    return FALSE;

  if (mh_transfer_is_under_way (transfer))
    {
      g_cancellable_cancel (transfer->cancellable);
      return TRUE;
    }

  if (!remove_row (self, id, error))
    return FALSE;

  (void) take_off_list (self, transfer); /* somebody else may have been first */

  return TRUE;
}
