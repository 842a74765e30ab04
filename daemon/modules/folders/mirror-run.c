/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mirror-private.h"

#include <string.h>

#include "base/error.h"
#include "guard-store.h"

/* When a folder that is not there is looked for again, and when a pass that failed is repeated. */
#define LOOK_US (5 * G_TIME_SPAN_SECOND)
#define REPEAT_US (60 * G_TIME_SPAN_SECOND)

#define MOST_SAMPLES 20
#define MOST_LEFT_OUT 100
#define MOST_EVENTS 100

/* A change of the vault to be told. */
typedef struct
{
  char *path;
  const char *op;
} Told;

static gboolean
save_device (MhMirror *self, guint64 device, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->tools.core), error);

  if (lease == NULL
      || !mh_folders_store_set_device (mh_db_lease_db (lease), self->id, device, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  self->status->row->device = device;
  g_mutex_unlock (&self->lock);

  return TRUE;
}

/* -- a pass -- */

/* What belongs to one pass of a mirror. */
typedef struct
{
  MhMirror *mirror;
  MhFolderRow *row; /* (owned) */
  GPtrArray *paths; /* (owned) (element-type utf8) */
  GHashTable *busy; /* (owned) (element-type utf8) */
  gboolean whole;   /* everything is looked at */
  gboolean let_in;
  GPtrArray *told;   /* (owned) (element-type Told) */
  char *watch_error; /* (owned) (nullable) */
} Run;

static void
told_free (gpointer data)
{
  Told *told = data;

  g_free (told->path);
  g_free (told);
}

static void
run_clear (Run *self)
{
  mh_folder_row_free (self->row);
  g_clear_pointer (&self->paths, g_ptr_array_unref);
  g_clear_pointer (&self->busy, g_hash_table_unref);
  g_clear_pointer (&self->told, g_ptr_array_unref);
  g_free (self->watch_error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static void
on_tell (const MhPassCounts *counts, const char *current, gpointer data)
{
  MhMirror *self = ((Run *) data)->mirror;

  g_mutex_lock (&self->lock);
  self->status->walked = counts->walked;
  self->status->ingested = counts->ingested;
  self->status->written = counts->written;
  self->status->errors = counts->errors;
  g_free (self->status->current);
  self->status->current = g_strdup (current);
  g_mutex_unlock (&self->lock);
}

static void
on_publish (const char *path, const char *op, gpointer data)
{
  Run *run = data;
  Told *told;

  if (run->told->len > MOST_EVENTS)
    return; /* is told as one */

  told = g_new0 (Told, 1);
  told->path = g_strdup (path);
  told->op = op;
  g_ptr_array_add (run->told, told);
}

static void
publish (MhMirror *self, const char *path, const char *op)
{
  MhJson *members = mh_json_new ();

  mh_json_string (members, "vault_id", self->vault_id);
  mh_json_string (members, "path", path);
  mh_json_string (members, "op", op);
  mh_json_string (members, "by", "folder");
  mh_bus_publish (mh_core_bus (self->tools.core), "file_changed", members);
}

/* Tells the page, and whoever else listens, what came to the vault. */
static void
publish_all (Run *run)
{
  for (guint i = 0; run->told->len <= MOST_EVENTS && i < run->told->len; i++)
    {
      const Told *told = g_ptr_array_index (run->told, i);

      publish (run->mirror, told->path, told->op);
    }
  if (run->told->len > MOST_EVENTS)
    publish (run->mirror, "/", "put");
}

static void
on_folder (const char *folder, gpointer data)
{
  Run *run = data;
  g_autoptr (GError) error = NULL;

  if (run->watch_error == NULL && run->mirror->watch != NULL
      && !mh_watch_add (run->mirror->watch, folder, &error))
    run->watch_error = g_strdup (error->message);
}

/* Opens the folder if it is the one that belongs to the vault, and not what is under the place
 * where its disk should be. */
static MhDisk *
open_disk (MhMirror *self, Run *run, GError **error)
{
  g_autoptr (MhDisk) disk = mh_disk_open (self->path, error);
  g_autofree char *wanted = mh_mirror_marker (self->vault_id);
  g_autofree char *marker = NULL;

  if (disk == NULL)
    return NULL;

  marker = mh_disk_read_text (disk, MH_DISK_MARKER, NULL);
  if (g_strcmp0 (marker, wanted) != 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
                   "%s has not the file " MH_DISK_MARKER " of this vault: perhaps its disk is not "
                   "mounted",
                   self->path);
      return NULL;
    }

  /* The system gives a disk another number when it is plugged in again; the marker is what counts.
   * Inodes may be others, so that everything is looked at. */
  if (run->row->device != mh_disk_device (disk))
    {
      run->row->device = mh_disk_device (disk);
      run->whole = TRUE;
      if (!save_device (self, run->row->device, error))
        return NULL;
    }

  return g_steal_pointer (&disk);
}

/* Whether what was found can be relied on: the folder is where it was when it was opened. */
static gboolean
check_in_place (MhMirror *self, MhDisk *disk, GError **error)
{
  g_autofree char *wanted = mh_mirror_marker (self->vault_id);
  g_autofree char *marker = mh_disk_read_text (disk, MH_DISK_MARKER, NULL);

  if (mh_disk_is_in_place (disk) && g_strcmp0 (marker, wanted) == 0)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "%s went away while it was read", self->path);

  return FALSE;
}

static void
load_rules (MhMirror *self, MhDisk *disk)
{
  g_autofree char *text = mh_disk_read_text (disk, MH_IGNORE_NAME, NULL); /* mostly there is none */

  g_clear_pointer (&self->ignore, mh_ignore_free);
  self->ignore = mh_ignore_new (text, TRUE);
}

/* Counts what the folder would change. */
static void
count_held (GPtrArray *actions, MhHeld *held)
{
  for (guint i = 0; i < actions->len; i++)
    {
      const MhAction *action = g_ptr_array_index (actions, i);

      if (action->act == MH_ACT_MOVE)
        held->moved++;
      else if (action->act == MH_ACT_DELETE)
        held->deleted++;
      else if (action->act == MH_ACT_UPLOAD && !action->entry->agreed)
        held->created++;
      else if (action->act == MH_ACT_UPLOAD || action->act == MH_ACT_CONFLICT)
        held->changed++;
      if (action->harms && held->samples->len < MOST_SAMPLES)
        g_ptr_array_add (held->samples, g_strdup (action->entry->path));
    }
}

/* Returns: (transfer full) (element-type utf8): what would be lost of the vault's newest state */
static GPtrArray *
harmed (GPtrArray *actions)
{
  GPtrArray *paths = g_ptr_array_new ();

  for (guint i = 0; i < actions->len; i++)
    {
      const MhAction *action = g_ptr_array_index (actions, i);

      if (action->harms)
        g_ptr_array_add (paths, action->entry->path);
    }

  return paths;
}

static gboolean
set_guard (Run *run, MhGuardState guard, GError **error)
{
  MhMirror *self = run->mirror;

  if (run->row->guard == guard)
    return TRUE;

  if (guard == MH_GUARD_HELD)
    run->row->held_ms = mh_clock_now_ms (mh_core_clock (self->tools.core));
  run->row->guard = guard;

  return mh_mirror_save_guard (self, guard, run->row->held_ms, error);
}

/* Notes what is held, or that nothing is. */
static void
show_held (Run *run, GPtrArray *actions)
{
  MhMirror *self = run->mirror;
  MhHeld held = { run->row->held_ms, .samples = g_ptr_array_new_with_free_func (g_free) };

  if (run->row->guard == MH_GUARD_HELD)
    count_held (actions, &held);
  g_mutex_lock (&self->lock);
  g_ptr_array_unref (self->status->held.samples);
  self->status->held = held;
  self->status->is_held = run->row->guard == MH_GUARD_HELD;
  g_mutex_unlock (&self->lock);
}

/* Has the guard know what was counted before a restart. */
static gboolean
load_guard (MhMirror *self, GError **error)
{
  self->knows_hour =
      self->knows_hour
      || mh_guard_store_load (mh_core_db (self->tools.core), self->id, self->guard, error);

  return self->knows_hour;
}

/* Decides whether the changes of the folder may go to the vault. Returns: %FALSE with @error set */
static gboolean
ask_guard (Run *run, GPtrArray *actions, gboolean *may_push, GError **error)
{
  MhMirror *self = run->mirror;
  MhDbPool *db = mh_core_db (self->tools.core);
  gint64 now_ms = mh_clock_now_ms (mh_core_clock (self->tools.core));
  g_autoptr (GPtrArray) paths = harmed (actions);
  g_autoptr (MhDbLease) lease = mh_db_pool_take (db, error);
  gint64 files = 0;

  if (lease == NULL
      || !mh_folders_store_count (mh_db_lease_db (lease), run->row->id, &files, error))
    return FALSE;
  g_clear_pointer (&lease, mh_db_pool_give);
  if (!load_guard (self, error))
    return FALSE;

  *may_push = run->let_in;
  if (run->let_in)
    {
      if (!mh_guard_store_clear (db, self->id, self->guard, error))
        return FALSE;
    }
  else if (run->row->guard == MH_GUARD_HELD)
    *may_push = paths->len == 0; /* somebody has put it right by hand */
  else
    *may_push =
        !mh_guard_is_too_much (self->guard, &run->row->limits, paths, (guint) files, now_ms);
  if (!set_guard (run, *may_push ? MH_GUARD_OPEN : MH_GUARD_HELD, error))
    return FALSE;

  if (*may_push && !run->let_in
      && !mh_guard_store_note (db, self->id, self->guard, paths, now_ms, error))
    return FALSE;
  show_held (run, actions);

  return TRUE;
}

/* Takes all changes of the folder back. */
static gboolean
undo (Run *run, MhPass *pass, GPtrArray *actions, GError **error)
{
  if (!mh_undo (pass, actions, error) || !mh_pull (pass, actions, FALSE, error))
    return FALSE;
  if (mh_pass_is_unsettled (pass))
    return TRUE; /* what goes on meanwhile must not slip in: the next pass undoes it */
  /* What could not be put back waits for somebody who looks at it. */
  if (!set_guard (run, pass->counts.errors > 0 ? MH_GUARD_HELD : MH_GUARD_OPEN, error))
    return FALSE;

  show_held (run, actions);
  if (run->row->guard == MH_GUARD_HELD)
    return TRUE;

  if (!mh_guard_store_clear (pass->db, run->row->id, run->mirror->guard, error))
    return FALSE;
  mh_mirror_look_at_all (run->mirror); /* to write what the vault has */

  return TRUE;
}

/* Whether changes of the folder are wanted at all. */
static gboolean
is_taking (MhMirror *self, const MhVault *vault)
{
  return (vault->roles & MH_VAULT_SCAN) != 0 && (vault->roles & MH_VAULT_READ_ONLY) == 0;
}

/* A full quota of the vault must not keep its changes from the folder. */
static gboolean
do_both (MhPass *pass, GPtrArray *actions, gboolean may_push, GError **error)
{
  g_autoptr (GError) full = NULL;

  if (may_push && !mh_push (pass, actions, &full)
      && !g_error_matches (full, MH_ERROR, MH_ERROR_NO_SPACE))
    {
      g_propagate_error (error, g_steal_pointer (&full));
      return FALSE;
    }

  if (!mh_pull (pass, actions, may_push, error))
    return FALSE;
  if (full == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&full));

  return FALSE;
}

/* Makes both sides the same. Returns: %FALSE with @error set when it had to stop */
static gboolean
make_same (Run *run, MhPass *pass, const MhVault *vault, GError **error)
{
  g_autoptr (GPtrArray) actions = NULL;
  gboolean may_push = FALSE;

  if (!mh_pass_gather (pass, run->paths, run->busy, error))
    return FALSE;

  mh_pass_tell (pass, NULL);
  actions = mh_pass_compare (pass);
  if (!check_in_place (run->mirror, pass->disk, error))
    return FALSE;
  if (run->row->guard == MH_GUARD_UNDO)
    return undo (run, pass, actions, error);

  if (is_taking (run->mirror, vault))
    {
      mh_doubles (pass, actions);
      if (!ask_guard (run, actions, &may_push, error))
        return FALSE;
    }

  return do_both (pass, actions, may_push, error);
}

/* Keeps what a pass over everything, or over parts, has found. Under the lock. */
static void
keep_lists (MhMirror *self, Run *run, MhPass *pass)
{
  MhMirrorStatus *status = self->status;

  if (run->whole)
    {
      status->skipped = pass->walk.skipped->len;
      g_ptr_array_set_size (status->left_out, 0);
      g_ptr_array_set_size (status->failures, 0);
      for (guint i = 0; i < MIN (pass->walk.skipped->len, MOST_LEFT_OUT); i++)
        g_ptr_array_add (status->left_out,
                         mh_mirror_copy_left_out (g_ptr_array_index (pass->walk.skipped, i), NULL));
      self->walked_us = g_get_monotonic_time ();
    }
  if ((run->whole && self->watch != NULL) || run->watch_error != NULL)
    {
      g_free (status->watch_error);
      status->watch_error = g_steal_pointer (&run->watch_error);
    }
  for (guint i = 0; i < pass->failures->len && status->failures->len < MOST_LEFT_OUT; i++)
    g_ptr_array_add (status->failures,
                     mh_mirror_copy_left_out (g_ptr_array_index (pass->failures, i), NULL));
}

/* What could not be brought to the other side now is tried again later. Under the lock. */
static void
keep_again (MhMirror *self, MhPass *pass)
{
  gint64 now_us = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, pass->again);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    mh_dirty_add (self->dirty, path, now_us);
  self->everything = self->everything || pass->wants_all;
}

static void
set_error (MhMirror *self, const GError *error)
{
  gboolean unavailable =
      error != NULL
      && (error->domain != MH_ERROR || error->code == MH_ERROR_UNAVAILABLE
          || error->code == MH_ERROR_NOT_FOUND || error->code == MH_ERROR_FORBIDDEN
          || error->code == MH_ERROR_FAILED);

  g_mutex_lock (&self->lock);
  g_free (self->status->error);
  self->status->error = error != NULL ? g_strdup (error->message) : NULL;
  self->status->state = unavailable             ? MH_MIRROR_UNAVAILABLE
                        : self->status->is_held ? MH_MIRROR_HELD
                                                : MH_MIRROR_IDLE;
  if (error != NULL)
    {
      self->everything = TRUE;
      self->not_before_us = g_get_monotonic_time () + (unavailable ? LOOK_US : REPEAT_US);
    }
  g_mutex_unlock (&self->lock);
}

static gboolean
do_pass (Run *run, MhPass *pass, GError **error)
{
  MhMirror *self = run->mirror;
  g_autoptr (MhDisk) disk = open_disk (self, run, error);
  g_autoptr (MhVault) vault = NULL;
  gint64 renames;
  gboolean done;

  if (disk == NULL || !mh_vaults_require (self->tools.vaults, self->vault_id, error))
    return FALSE;

  vault = mh_vaults_get (self->tools.vaults, self->vault_id, error);
  if (vault == NULL || !mh_store_renames (self->tools.store, self->vault_id, &renames, error))
    return FALSE;

  run->whole = run->whole || renames != self->renames; /* nobody tells of those */
  if (run->whole || self->ignore == NULL)
    load_rules (self, disk);
  if (run->whole)
    {
      g_ptr_array_set_size (run->paths, 0);
      g_ptr_array_add (run->paths, g_strdup (""));
    }
  pass->disk = disk;
  pass->ignore = self->ignore;
  done = make_same (run, pass, vault, error);
  if (done && run->whole)
    self->renames = renames;
  pass->disk = NULL;

  return done;
}

static void
fill_pass (Run *run, MhPass *pass)
{
  MhMirror *self = run->mirror;

  pass->store = self->tools.store;
  pass->db = mh_core_db (self->tools.core);
  pass->row = run->row;
  pass->node = self->node;
  pass->peer_id = mh_core_peer_id (self->tools.core);
  pass->cancellable = self->cancellable;
  pass->undoes = run->row->guard == MH_GUARD_UNDO;
  pass->tell = on_tell;
  pass->publish = on_publish;
  pass->data = run;
  pass->walk.on_folder = on_folder;
  pass->walk.data = run;
}

/* Takes what is to be looked at. Returns: %FALSE when it was paused since the job was made */
static gboolean
begin_run (MhMirror *self, Run *run)
{
  run->mirror = self;
  run->told = g_ptr_array_new_with_free_func (told_free);
  g_mutex_lock (&self->lock);
  if (self->status->row->paused)
    {
      g_mutex_unlock (&self->lock);
      return FALSE;
    }
  run->row = mh_folder_row_copy (self->status->row);
  run->let_in = self->let_in;
  run->whole = self->everything || self->let_in || run->row->guard != MH_GUARD_OPEN;
  run->paths = mh_dirty_take (self->dirty, g_get_monotonic_time (), run->whole, &run->busy);
  run->whole = run->whole || (run->paths->len == 1 && *(char *) run->paths->pdata[0] == '\0');
  self->everything = FALSE;
  self->let_in = FALSE;
  self->status->state = MH_MIRROR_RUNNING;
  self->status->active = TRUE;
  self->status->started_ms = mh_clock_now_ms (mh_core_clock (self->tools.core));
  g_mutex_unlock (&self->lock);

  return TRUE;
}

static void
end_run (MhMirror *self, Run *run, MhPass *pass, const GError *error)
{
  gint64 files = 0;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->tools.core), NULL);

  set_error (self, error);
  if (lease == NULL || !mh_folders_store_count (mh_db_lease_db (lease), run->row->id, &files, NULL))
    files = -1; /* the number of before is better than none */
  g_mutex_lock (&self->lock);
  keep_lists (self, run, pass);
  keep_again (self, pass);
  self->status->active = FALSE;
  self->status->ended_ms = mh_clock_now_ms (mh_core_clock (self->tools.core));
  self->status->files = files >= 0 ? files : self->status->files;
  g_clear_pointer (&self->status->current, g_free);
  if (error != NULL && run->let_in)
    self->let_in = TRUE; /* it was decided */
  g_mutex_unlock (&self->lock);
}

/* From here on the next pass may begin, or the mirror end. */
static void
let_go (MhMirror *self)
{
  gint64 left_us;

  g_mutex_lock (&self->lock);
  self->is_pushed = FALSE;
  g_cond_broadcast (&self->idle);
  left_us = mh_mirror_wait_us (self, g_get_monotonic_time ());
  if (left_us >= 0)
    mh_mirror_ensure_timer (self, left_us);
  g_mutex_unlock (&self->lock);
}

void
mh_mirror_job (gpointer data)
{
  MhMirror *self = data;
  g_auto (Run) run = { NULL };
  g_auto (MhPass) pass = { NULL };
  g_autoptr (GError) error = NULL;

  if (!begin_run (self, &run))
    {
      let_go (self);
      return;
    }
  self->tools.changed (self, self->tools.data);
  mh_pass_init (&pass);
  fill_pass (&run, &pass);
  if (!do_pass (&run, &pass, &error))
    g_warn_if_fail (error != NULL);
  publish_all (&run);
  end_run (self, &run, &pass, error);
  self->tools.changed (self, self->tools.data);
  let_go (self);
}
