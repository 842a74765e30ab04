/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage-service.h"

#include "base/error.h"
#include "base/pool.h"

#define DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)
#define SCRUB_EVERY_MS (30 * DAY_MS)
#define BACKUP_EVERY_MS DAY_MS
#define LOOK_EVERY_S 600
#define TELL_US (500 * G_TIME_SPAN_MILLISECOND)
#define SAVE_US (10 * G_TIME_SPAN_SECOND)
#define MOST_DAMAGED 1000

struct _MhStorage
{
  MhCore *core;   /* (unowned) outlives us */
  MhStore *store; /* (unowned) outlives us */
  MhPool *pool;   /* (owned): of one thread */
  guint timer;
  GMutex making; /* of backups */
  GMutex lock;
  GCond changed;
  MhScrubState state;        /* (locked-by lock) */
  GCancellable *cancellable; /* (owned) (nullable) (locked-by lock): while a pass is under way */
  char *scrub_error;         /* (owned) (nullable) (locked-by lock) */
  char *backup_error;        /* (owned) (nullable) (locked-by lock) */

  /* of the pass */
  gint64 told_us;
  gint64 saved_us;
};

static MhScrubState
get_state (MhStorage *self)
{
  MhScrubState state;

  g_mutex_lock (&self->lock);
  state = self->state;
  g_mutex_unlock (&self->lock);

  return state;
}

static void
publish (MhStorage *self)
{
  mh_bus_publish (mh_core_bus (self->core), "storage_changed", NULL);
}

static void
save (MhStorage *self)
{
  MhScrubState state = get_state (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), &error);

  if (lease == NULL || !mh_storage_store_write (mh_db_lease_db (lease), &state, &error))
    g_warning ("noting how far the scrub is: %s", error->message);
}

static void
on_damage (const MhDamage *damage, gpointer data)
{
  MhStorage *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), &error);
  gint64 now_ms = mh_clock_now_ms (mh_core_clock (self->core));

  if (lease == NULL
      || !mh_storage_store_add_damage (mh_db_lease_db (lease), damage, now_ms, &error))
    g_warning ("noting that %s is damaged: %s", damage->path, error->message);
}

static void
on_progress (const MhScrubReport *report, gpointer data)
{
  MhStorage *self = data;
  gint64 now_us = g_get_monotonic_time ();

  g_mutex_lock (&self->lock);
  self->state.report = *report;
  g_mutex_unlock (&self->lock);
  if (now_us - self->saved_us >= SAVE_US)
    {
      self->saved_us = now_us;
      save (self);
    }
  if (now_us - self->told_us >= TELL_US)
    {
      self->told_us = now_us;
      publish (self);
    }
}

/* What an earlier pass found and this one did not is healed. */
static void
clear_healed (MhStorage *self, gint64 started_ms)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), &error);

  if (lease == NULL || !mh_storage_store_clear_damage (mh_db_lease_db (lease), started_ms, &error))
    g_warning ("forgetting damage that is healed: %s", error->message);
}

/* Notes how the pass ended. */
static void
set_ended (MhStorage *self, const MhScrubReport *report, const GError *error)
{
  MhScrubState state = get_state (self);

  if (error == NULL)
    clear_healed (self, state.started_ms);
  g_mutex_lock (&self->lock);
  self->state.report = *report;
  g_clear_pointer (&self->scrub_error, g_free);
  if (error == NULL)
    {
      self->state.running = FALSE;
      self->state.ended_ms = mh_clock_now_ms (mh_core_clock (self->core));
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      self->state.running = FALSE;
      self->scrub_error = g_strdup (error->message);
    }
  g_mutex_unlock (&self->lock);
  save (self);
  g_mutex_lock (&self->lock);
  g_clear_object (&self->cancellable);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  publish (self);
}

/* On the pool. */
static void
scrub (gpointer data)
{
  MhStorage *self = data;
  MhScrubReport report = get_state (self).report;
  MhScrubOptions options = { (guint64) mh_core_config (self->core)->scrub_rate, report.segment,
                             on_damage, on_progress, self };
  g_autoptr (GCancellable) cancellable = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done;

  g_mutex_lock (&self->lock);
  cancellable = g_object_ref (self->cancellable);
  g_mutex_unlock (&self->lock);
  done = mh_store_scrub (self->store, &options, &report, cancellable, &error);
  g_warn_if_fail (done == (error == NULL));
  set_ended (self, &report, error);
}

/* Begins the pass that is noted, anew or where it was. */
static void
run (MhStorage *self, gboolean anew)
{
  gboolean begin;

  g_mutex_lock (&self->lock);
  begin = self->cancellable == NULL;
  if (begin)
    self->cancellable = g_cancellable_new ();
  if (begin && anew)
    {
      MhScrubReport none = { 0 };

      self->state.report = none;
      self->state.started_ms = mh_clock_now_ms (mh_core_clock (self->core));
    }
  if (begin)
    self->state.running = TRUE;
  g_mutex_unlock (&self->lock);
  if (begin && !mh_pool_push (self->pool, scrub, self))
    {
      g_mutex_lock (&self->lock);
      g_clear_object (&self->cancellable);
      self->state.running = FALSE;
      g_mutex_unlock (&self->lock);
    }
  if (begin)
    save (self);
}

void
mh_storage_begin (MhStorage *self)
{
  run (self, TRUE);
}

void
mh_storage_end (MhStorage *self)
{
  g_mutex_lock (&self->lock);
  self->state.running = FALSE;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  while (self->cancellable != NULL)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

MhBackups *
mh_storage_make_backup (MhStorage *self, gint64 *bytes, GError **error)
{
  GError *local = NULL;
  MhBackups *backups;

  g_mutex_lock (&self->making);
  backups = mh_backups_make (self->core, self->store, bytes, NULL, &local);
  g_mutex_unlock (&self->making);
  g_mutex_lock (&self->lock);
  g_free (self->backup_error);
  self->backup_error = local == NULL ? NULL : g_strdup (local->message);
  g_mutex_unlock (&self->lock);
  publish (self);
  if (local != NULL)
    g_propagate_error (error, local);

  return backups;
}

/* On the pool: what is due. */
static void
look (gpointer data)
{
  MhStorage *self = data;
  g_autoptr (MhBackups) backups = mh_backups_look (self->core);
  g_autoptr (MhBackups) made = NULL;
  g_autoptr (GError) error = NULL;
  gint64 bytes;

  if (mh_clock_now_ms (mh_core_clock (self->core)) - backups->last_ms < BACKUP_EVERY_MS)
    return;

  made = mh_storage_make_backup (self, &bytes, &error);
  if (made == NULL)
    g_warning ("making a backup of the catalogue: %s", error->message);
}

static gint64
next_ms (const MhScrubState *state, gint64 first_ms)
{
  return state->ended_ms > 0 ? state->ended_ms + SCRUB_EVERY_MS : first_ms;
}

/* On the loop. */
static gboolean
on_timer (gpointer data)
{
  MhStorage *self = data;
  MhScrubState state = get_state (self);
  gint64 now_ms = mh_clock_now_ms (mh_core_clock (self->core));

  if (!mh_pool_push (self->pool, look, self))
    g_debug ("a backup waits for the scrub");
  if (!state.running && now_ms >= next_ms (&state, mh_core_started_ms (self->core) + DAY_MS))
    run (self, TRUE);

  return G_SOURCE_CONTINUE;
}

static gboolean
load (MhStorage *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease != NULL && mh_storage_store_read (mh_db_lease_db (lease), &self->state, error);
}

gpointer
mh_storage_start (MhCore *core, GError **error)
{
  MhStorage *self = g_new0 (MhStorage, 1);

  self->core = core;
  self->store = mh_core_service (core, "store");
  self->pool = mh_pool_new ("storage", 1, 2);
  g_mutex_init (&self->making);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  if (!load (self, error))
    {
      mh_storage_stop (self);
      return NULL;
    }

  self->timer = g_timeout_add_seconds (LOOK_EVERY_S, on_timer, self);
  if (self->state.running)
    run (self, FALSE);

  return self;
}

void
mh_storage_stop (gpointer service)
{
  MhStorage *self = service;

  if (self->timer != 0)
    g_source_remove (self->timer);
  g_mutex_lock (&self->lock);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_mutex_unlock (&self->lock);
  mh_pool_free (self->pool);
  g_free (self->scrub_error);
  g_free (self->backup_error);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->making);
  g_free (self);
}

static void
time_to_json (MhJson *out, const char *name, gint64 ms)
{
  if (ms > 0)
    mh_json_int (out, name, ms);
  else
    mh_json_null (out, name);
}

static void
scrub_to_json (MhStorage *self, MhJson *out, const MhStoreSpace *space)
{
  MhScrubState state = get_state (self);

  mh_json_begin_object (out, "scrub");
  mh_json_bool (out, "running", state.running);
  time_to_json (out, "started_ms", state.started_ms);
  time_to_json (out, "ended_ms", state.ended_ms);
  mh_json_int (out, "records", state.report.records);
  mh_json_int (out, "bytes", state.report.bytes);
  mh_json_int (out, "total_bytes", space->live_bytes);
  mh_json_int (out, "damaged_records", state.report.damaged_records);
  mh_json_int (out, "bytes_per_s", mh_core_config (self->core)->scrub_rate);
  time_to_json (out, "next_ms", next_ms (&state, mh_core_started_ms (self->core) + DAY_MS));
  g_mutex_lock (&self->lock);
  mh_json_string (out, "error", self->scrub_error);
  g_mutex_unlock (&self->lock);
  mh_json_end_object (out);
}

static gboolean
damage_to_json (MhStorage *self, MhJson *out, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (GPtrArray) files = NULL;

  if (lease != NULL)
    files = mh_storage_store_damage (mh_db_lease_db (lease), MOST_DAMAGED, error);
  if (files == NULL)
    return FALSE;

  mh_json_begin_array (out, "damaged");
  for (guint i = 0; i < files->len; i++)
    {
      const MhDamagedFile *file = g_ptr_array_index (files, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "vault_id", file->vault_id);
      mh_json_string (out, "path", file->path);
      mh_json_string (out, "error", file->why);
      mh_json_int (out, "found_ms", file->found_ms);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);

  return TRUE;
}

static void
backups_to_json (MhStorage *self, MhJson *out)
{
  g_autoptr (MhBackups) backups = mh_backups_look (self->core);

  mh_json_begin_object (out, "backup");
  mh_json_int (out, "count", backups->count);
  time_to_json (out, "last_ms", backups->last_ms);
  mh_json_string (out, "path", backups->folder);
  g_mutex_lock (&self->lock);
  mh_json_string (out, "error", self->backup_error);
  g_mutex_unlock (&self->lock);
  mh_json_end_object (out);
}

static void
space_to_json (MhJson *out, const MhStoreSpace *space)
{
  mh_json_int (out, "segments", space->segments);
  mh_json_int (out, "segment_bytes", space->segment_bytes);
  mh_json_int (out, "live_bytes", space->live_bytes);
  mh_json_int (out, "stored_bytes", space->stored_bytes);
  mh_json_int (out, "referenced_bytes", space->referenced_bytes);
  mh_json_int (out, "file_bytes", space->file_bytes);
  mh_json_int (out, "free_bytes", space->free_bytes);
  mh_json_int (out, "disk_bytes", space->disk_bytes);
  mh_json_int (out, "min_free_bytes", space->min_free_bytes);
}

gboolean
mh_storage_to_json (MhStorage *self, MhJson *out, GError **error)
{
  MhStoreSpace space = { 0 };

  if (!mh_store_space (self->store, &space, error))
    return FALSE;

  mh_json_begin_object (out, NULL);
  scrub_to_json (self, out, &space);
  if (!damage_to_json (self, out, error))
    return FALSE;
  space_to_json (out, &space);
  backups_to_json (self, out);
  mh_json_end_object (out);

  return TRUE;
}

void
mh_storage_verdict_free (MhStorageVerdict *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->damaged, g_ptr_array_unref);
  g_free (self->index_error);
  g_free (self);
}

static void
on_verdict_damage (const MhDamage *damage, gpointer data)
{
  g_ptr_array_add (data, g_strdup_printf ("vault %s, %s: %s", damage->vault_id,
                                          damage->path != NULL ? damage->path : "unknown file",
                                          damage->why));
}

MhStorageVerdict *
mh_storage_check (MhStorage *self, gboolean quick, GError **error)
{
  g_autoptr (MhStorageVerdict) verdict = g_new0 (MhStorageVerdict, 1);
  MhScrubOptions options = { 0 };
  GError *local = NULL;

  verdict->damaged = g_ptr_array_new_with_free_func (g_free);
  options.on_damage = on_verdict_damage;
  options.data = verdict->damaged;
  if (!mh_store_check_index (self->store, &local))
    {
      verdict->index_error = g_strdup (local->message);
      g_error_free (local);
    }

  if (!quick && !mh_store_scrub (self->store, &options, &verdict->report, NULL, error))
    return NULL;

  return g_steal_pointer (&verdict);
}
