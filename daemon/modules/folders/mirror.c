/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mirror-private.h"

#include <string.h>

#include "base/error.h"

/* Everything is looked at so often; oftener when changes may be missed. */
#define WALK_US (6 * 60 * 60 * G_TIME_SPAN_SECOND)
#define WALK_UNWATCHED_S (10 * 60)

/* -- how it is -- */

void
mh_mirror_status_free (MhMirrorStatus *self)
{
  if (self == NULL)
    return;

  mh_folder_row_free (self->row);
  g_free (self->error);
  g_free (self->watch_error);
  g_free (self->current);
  g_clear_pointer (&self->left_out, g_ptr_array_unref);
  g_clear_pointer (&self->failures, g_ptr_array_unref);
  g_clear_pointer (&self->held.samples, g_ptr_array_unref);
  g_free (self);
}

gpointer
mh_mirror_copy_left_out (gconstpointer source, gpointer data)
{
  const MhLeftOut *left_out = source;

  return mh_left_out_new (left_out->path, g_strdup (left_out->why));
}

static gpointer
copy_text (gconstpointer source, gpointer data)
{
  return g_strdup (source);
}

MhMirrorStatus *
mh_mirror_status (MhMirror *self)
{
  MhMirrorStatus *copy;
  const MhMirrorStatus *status = self->status;

  g_mutex_lock (&self->lock);
  copy = g_memdup2 (status, sizeof *status);
  copy->row = mh_folder_row_copy (status->row);
  copy->error = g_strdup (status->error);
  copy->watch_error = g_strdup (status->watch_error);
  copy->current = g_strdup (status->current);
  copy->left_out = g_ptr_array_copy (status->left_out, mh_mirror_copy_left_out, NULL);
  g_ptr_array_set_free_func (copy->left_out, (GDestroyNotify) mh_left_out_free);
  copy->failures = g_ptr_array_copy (status->failures, mh_mirror_copy_left_out, NULL);
  g_ptr_array_set_free_func (copy->failures, (GDestroyNotify) mh_left_out_free);
  copy->held.samples = g_ptr_array_copy (status->held.samples, copy_text, NULL);
  g_ptr_array_set_free_func (copy->held.samples, g_free);
  if (copy->row->paused && copy->state != MH_MIRROR_RUNNING)
    copy->state = MH_MIRROR_PAUSED;
  g_mutex_unlock (&self->lock);

  return copy;
}

const char *
mh_mirror_vault_id (MhMirror *self)
{
  return self->vault_id;
}

char *
mh_mirror_marker (const char *vault_id)
{
  return g_strdup_printf ("%s\n", vault_id);
}

gboolean
mh_mirror_save_guard (MhMirror *self, MhGuardState guard, gint64 held_ms, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->tools.core), error);

  if (lease == NULL
      || !mh_folders_store_set_guard (mh_db_lease_db (lease), self->id, guard, held_ms, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  self->status->row->guard = guard;
  self->status->row->held_ms = held_ms;
  g_mutex_unlock (&self->lock);

  return TRUE;
}

/* -- when -- */

static gboolean on_timer (gpointer data);

void
mh_mirror_ensure_timer (MhMirror *self, gint64 delay_us)
{
  gint64 due_us = g_get_monotonic_time () + delay_us;

  if (self->is_ending || (self->timer != NULL && self->timer_us <= due_us))
    return;

  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  self->timer_us = due_us;
  self->timer = g_timeout_source_new ((guint) (delay_us / 1000 + 1));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, NULL);
}

gint64
mh_mirror_wait_us (MhMirror *self, gint64 now_us)
{
  gint64 dirty_us = mh_dirty_wait (self->dirty, now_us);

  /* What is changing in masses is to be seen as a whole. */
  if (self->everything && (dirty_us < 0 || !mh_dirty_is_burst (self->dirty)))
    dirty_us = 0;

  return dirty_us < 0 ? -1 : MAX (dirty_us, self->not_before_us - now_us);
}

static gboolean
on_timer (gpointer data)
{
  MhMirror *self = data;
  gboolean push;
  gint64 left_us;

  g_mutex_lock (&self->lock);
  if (self->timer == g_main_current_source ())
    g_clear_pointer (&self->timer, g_source_unref);
  left_us = mh_mirror_wait_us (self, g_get_monotonic_time ());
  push = left_us == 0 && !self->is_pushed && !self->is_ending && !self->status->row->paused;
  self->is_pushed = self->is_pushed || push;
  if (left_us > 0)
    mh_mirror_ensure_timer (self, left_us);
  g_mutex_unlock (&self->lock);
  if (push && !mh_pool_push (self->pool, mh_mirror_job, self))
    g_warn_if_reached (); /* there is never more than one */

  return G_SOURCE_REMOVE;
}

void
mh_mirror_look_at_all (MhMirror *self)
{
  g_mutex_lock (&self->lock);
  self->everything = TRUE;
  self->not_before_us = 0;
  mh_mirror_ensure_timer (self, 0);
  g_mutex_unlock (&self->lock);
}

void
mh_mirror_rescan (MhMirror *self)
{
  mh_mirror_look_at_all (self);
}

void
mh_mirror_vault_changed (MhMirror *self, const char *path)
{
  g_mutex_lock (&self->lock);
  mh_dirty_add_due (self->dirty, path + 1, g_get_monotonic_time ());
  mh_mirror_ensure_timer (self, 100 * G_TIME_SPAN_MILLISECOND); /* more may follow */
  g_mutex_unlock (&self->lock);
}

/* The system says that something in the folder has changed. */
static void
on_changed (const char *path, gpointer data)
{
  MhMirror *self = data;
  const char *name = path != NULL ? strrchr (path, '/') : NULL;

  name = name != NULL ? name + 1 : path;
  if (name != NULL && strcmp (path, MH_DISK_MARKER) != 0 && g_str_has_prefix (name, MH_DISK_OWN))
    return;

  g_mutex_lock (&self->lock);
  if (path == NULL || *path == '\0' || strcmp (path, MH_IGNORE_NAME) == 0
      || strcmp (path, MH_DISK_MARKER) == 0 || !g_utf8_validate (path, -1, NULL))
    self->everything = TRUE;
  if (path != NULL && *path != '\0' && g_utf8_validate (path, -1, NULL))
    mh_dirty_add (self->dirty, path, g_get_monotonic_time ());
  mh_mirror_ensure_timer (self, MH_DIRTY_SETTLE_US);
  g_mutex_unlock (&self->lock);
}

static gboolean
on_walk (gpointer data)
{
  MhMirror *self = data;
  gboolean is_due;

  g_mutex_lock (&self->lock);
  is_due =
      self->status->watch_error != NULL || g_get_monotonic_time () - self->walked_us >= WALK_US;
  g_mutex_unlock (&self->lock);
  if (is_due)
    mh_mirror_look_at_all (self);

  return G_SOURCE_CONTINUE;
}

/* -- life -- */

MhMirror *
mh_mirror_new (const MhMirrorTools *tools, const MhFolderRow *row)
{
  MhMirror *self = g_new0 (MhMirror, 1);
  const char *name = mh_core_config (tools->core)->display_name;
  g_autoptr (GError) error = NULL;

  self->references = 1;
  self->tools = *tools;
  self->id = row->id;
  self->vault_id = g_strdup (row->vault_id);
  self->path = g_strdup (row->path);
  self->node = g_strdup (name != NULL ? name : g_get_host_name ());
  self->pool = mh_pool_new ("folder", 1, 1);
  self->guard = mh_guard_new ();
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->idle);
  self->dirty = mh_dirty_new ();
  self->status = g_new0 (MhMirrorStatus, 1);
  self->status->row = mh_folder_row_copy (row);
  self->status->left_out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_left_out_free);
  self->status->failures = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_left_out_free);
  self->status->held.samples = g_ptr_array_new_with_free_func (g_free);
  self->status->is_held = row->guard == MH_GUARD_HELD;
  self->watch = mh_watch_new (self->path, on_changed, self, &error);
  if (self->watch == NULL)
    self->status->watch_error = g_strdup (error->message);
  self->walk_timer = g_timeout_add_seconds (WALK_UNWATCHED_S, on_walk, self);
  mh_mirror_look_at_all (self);

  return self;
}

MhMirror *
mh_mirror_ref (MhMirror *self)
{
  g_atomic_int_inc (&self->references);

  return self;
}

void
mh_mirror_end (MhMirror *self)
{
  g_cancellable_cancel (self->cancellable);
  g_mutex_lock (&self->lock);
  self->is_ending = TRUE;
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_clear_pointer (&self->timer, g_source_unref);
    }
  while (self->is_pushed)
    g_cond_wait (&self->idle, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* On the loop, where nothing of it can be under way. */
static gboolean
dispose (gpointer data)
{
  MhMirror *self = data;

  mh_pool_free (self->pool); /* nothing waits there; the last job may still be at its end */
  g_source_remove (self->walk_timer);
  g_clear_pointer (&self->watch, mh_watch_free);
  mh_mirror_status_free (self->status);
  mh_dirty_free (self->dirty);
  mh_guard_free (self->guard);
  g_clear_pointer (&self->ignore, mh_ignore_free);
  g_object_unref (self->cancellable);
  g_cond_clear (&self->idle);
  g_mutex_clear (&self->lock);
  g_free (self->vault_id);
  g_free (self->path);
  g_free (self->node);
  g_free (self);

  return G_SOURCE_REMOVE;
}

void
mh_mirror_unref (MhMirror *self)
{
  g_autoptr (GSource) source = NULL;

  if (!g_atomic_int_dec_and_test (&self->references))
    return;

  if (g_main_context_is_owner (NULL))
    {
      (void) dispose (self);
      return;
    }

  source = g_idle_source_new ();
  g_source_set_callback (source, dispose, self, NULL);
  g_source_attach (source, NULL);
}

/* -- what somebody wants -- */

gboolean
mh_mirror_set_paused (MhMirror *self, gboolean paused, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->tools.core), error);

  if (lease == NULL
      || !mh_folders_store_set_paused (mh_db_lease_db (lease), self->id, paused, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  self->status->row->paused = paused;
  g_mutex_unlock (&self->lock);
  if (!paused)
    mh_mirror_look_at_all (self);
  self->tools.changed (self, self->tools.data);

  return TRUE;
}

gboolean
mh_mirror_set_limits (MhMirror *self, const MhGuardLimits *limits, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->tools.core), error);

  if (lease == NULL
      || !mh_folders_store_set_limits (mh_db_lease_db (lease), self->id, limits, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  self->status->row->limits = *limits;
  g_mutex_unlock (&self->lock);

  return TRUE;
}

gboolean
mh_mirror_decide (MhMirror *self, gboolean undo_them, GError **error)
{
  gint64 held_ms;
  gboolean is_held;

  g_mutex_lock (&self->lock);
  is_held = self->status->row->guard == MH_GUARD_HELD;
  held_ms = self->status->row->held_ms;
  g_mutex_unlock (&self->lock);
  if (!is_held)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "no changes of %s are held", self->path);
      return FALSE;
    }

  if (!mh_mirror_save_guard (self, undo_them ? MH_GUARD_UNDO : MH_GUARD_OPEN, held_ms, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  self->let_in = !undo_them;
  g_mutex_unlock (&self->lock);
  mh_mirror_look_at_all (self);

  return TRUE;
}
