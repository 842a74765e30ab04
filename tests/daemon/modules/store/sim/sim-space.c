/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "modules/store/writer-private.h"
#include "sim-plays.h"

#define DAY_MS (G_GINT64_CONSTANT (24) * 60 * 60 * 1000)

/* What was said to be removed is what the model has removed, byte by byte. */
static void
check_removed (SimWorld *self, const SimModel *after, const SimStep *step, const MhPurged *purged)
{
  const MhPurged *expected = sim_model_removed (after);
  gint64 before_bytes;
  gint64 after_bytes;
  gint64 referenced;

  sim_model_sums (self->model, step->vault, self->contents, &before_bytes, &referenced);
  sim_model_sums (after, step->vault, self->contents, &after_bytes, &referenced);
  if (purged->versions != expected->versions || purged->files != expected->files
      || purged->bytes != before_bytes - after_bytes)
    sim_violate (self,
                 "%" G_GINT64_FORMAT " versions of %" G_GINT64_FORMAT " files, %" G_GINT64_FORMAT
                 " bytes, were removed instead of %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                 ", %" G_GINT64_FORMAT,
                 purged->versions, purged->files, purged->bytes, expected->versions,
                 expected->files, before_bytes - after_bytes);
}

/* Versions are out of the index. */
static void
removed (SimWorld *self, SimModel *after)
{
  if (sim_model_removed (after)->versions > 0)
    {
      g_ptr_array_set_size (self->doubts, 0);
      self->reader.removed = TRUE;
    }
  sim_model_free (self->model);
  self->model = after;
}

/*
 * A removal failed: it was done and the records may still be there, it is all in doubt, or the disk
 * did not give some versions. Returns: whether it was done; takes @after then
 */
static gboolean
not_removed (SimWorld *self, SimModel *after, SimStep *step, gint64 versions)
{
  gint64 expected = sim_model_removed (after)->versions;

  step->cut = sim_disk_is_dead (self->disk);
  sim_note (self, step->cut ? SIM_EVENT_REMOVAL_CUT : SIM_EVENT_REMOVAL_FAILED);
  if (versions == 0 && self->unreadable == 0)
    {
      g_ptr_array_add (self->doubts, sim_step_copy (step));
      return FALSE;
    }

  if (versions != expected && self->unreadable == 0)
    sim_violate (self, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " versions were removed",
                 versions, expected);
  if (versions != expected)
    sim_model_blur (after);
  removed (self, after);
  if (versions != expected)
    sim_world_look (self);

  return TRUE;
}

/* Takes the outcome of a purge. */
static gboolean
settle_purge (SimWorld *self, SimStep *step, const MhPurged *purged, const GError *error)
{
  g_autofree char *what = NULL;
  g_autoptr (SimModel) after = sim_model_copy (self->model);
  gboolean possible;

  step->now_ms = self->now_ms;
  what = sim_step_describe (step, self->contents);
  possible = sim_model_apply (after, step);
  self->steps++;
  self->trouble |= sim_world_is_in_trouble (self);
  sim_log (self, "%s: %" G_GINT64_FORMAT " versions%s%s", what, purged->versions,
           error != NULL ? ": " : "", error != NULL ? error->message : "");
  if (error == NULL && !possible)
    sim_violate (self, "%s: done, though the rules forbid it", what);
  else if (error == NULL)
    {
      gboolean any = purged->versions > 0;

      check_removed (self, after, step, purged);
      removed (self, g_steal_pointer (&after));
      sim_model_seal (self->model);
      return any;
    }
  else if (possible && !self->trouble)
    sim_violate (self, "%s: failed, though nothing is wrong", what);
  else if (possible && sim_model_removed (after)->versions > 0
           && not_removed (self, after, step, purged->versions))
    after = NULL;

  return FALSE;
}

/* Sometimes the disk dies just now. */
static void
maybe_arm (SimWorld *self)
{
  guint operations = 1 + sim_random_below (&self->random, 60);

  if (!sim_random_percent (&self->random, 20))
    return;

  sim_log (self, "the disk dies in %u operations", operations);
  sim_disk_die_after (self->disk, operations);
}

/* Mostly of a file that is deleted. */
static const char *
any_trash (SimWorld *self, const char *vault)
{
  const char *path = sim_model_any_trash (self->model, vault, &self->random);

  return path != NULL && sim_random_percent (&self->random, 80) ? path : sim_any_path (self, vault);
}

gboolean
sim_purge (SimWorld *self, const char *vault, const char *path)
{
  g_autoptr (SimStep) step = sim_step_new (SIM_PURGE_TRASH, vault, path);
  g_autoptr (GError) error = NULL;
  MhPurged purged = { 0 };

  maybe_arm (self);
  self->unreadable = 0;
  (void) !mh_store_purge_trash (self->store, vault, path, &purged, &error);
  if (!settle_purge (self, step, &purged, error))
    return FALSE;

  sim_note (self, path == NULL ? SIM_EVENT_TRASH_PURGED : SIM_EVENT_FILE_PURGED);

  return TRUE;
}

void
sim_play_purge_trash (SimWorld *self)
{
  const char *vault = sim_any_vault (self);
  gboolean all = sim_random_percent (&self->random, 40);

  (void) sim_purge (self, vault, all ? NULL : any_trash (self, vault));
}

void
sim_play_purge_version (SimWorld *self)
{
  const char *vault = sim_any_vault (self);
  g_autoptr (SimStep) step = sim_step_new (SIM_PURGE_VERSION, vault, sim_any_path (self, vault));
  g_autoptr (GError) error = NULL;
  MhPurged purged = { 0 };

  if (!sim_model_any_content (self->model, vault, step->path, &self->random, &step->content))
    return;

  maybe_arm (self);
  self->unreadable = 0;
  (void) !mh_store_purge_version (self->store, vault, step->path,
                                  sim_contents_hash (self->contents, step->content), &purged,
                                  &error);
  if (settle_purge (self, step, &purged, error))
    sim_note (self, SIM_EVENT_VERSION_PURGED);
}

/* Takes what the rule of one vault has removed; @left counts down what the store has reported. */
static void
settle_rule (SimWorld *self, guint number, gboolean done, MhPurged *left)
{
  const char *vault = self->vaults[number];
  g_autoptr (SimStep) step = sim_step_new (SIM_RETAIN, vault, NULL);
  g_autoptr (SimModel) after = sim_model_copy (self->model);
  const MhPurged *expected;

  step->now_ms = self->now_ms;
  step->keep = self->limits[number].keep;
  (void) sim_model_apply (after, step);
  expected = sim_model_removed (after);
  if (expected->versions == 0)
    return;

  /* Of what is left of deleted vaults, no files are counted. */
  if (self->unreadable == 0 && left->files >= expected->files)
    {
      left->files -= expected->files;
      left->versions -= expected->versions;
      if (expected->files > sim_model_removed_deleted (after))
        sim_note (self, SIM_EVENT_HISTORY_RETIRED);
      if (sim_model_removed_deleted (after) > 0)
        sim_note (self, SIM_EVENT_TRASH_RETIRED);
      removed (self, g_steal_pointer (&after));
      return;
    }

  if (done && self->unreadable == 0)
    sim_violate (self, "the rule of %s: %" G_GINT64_FORMAT " files fewer than expected", vault,
                 expected->files - left->files);
  if (not_removed (self, after, step, 0))
    after = NULL;
}

static gint64
count_rows (SimWorld *self, const char *sql)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->store->writer->db, sql, &error);

  return stmt != NULL && mh_stmt_one (stmt, "count", NULL, &error) ? mh_stmt_int64 (stmt, 0) : -1;
}

/* Whether nobody may need what was removed. */
static gboolean
nobody_is_there (SimWorld *self)
{
  for (guint i = 0; i < SIM_UPLOADS; i++)
    {
      if (((SimUpload *) g_ptr_array_index (self->uploads, i))->upload != NULL)
        return FALSE;
    }

  return self->reader.reader == NULL && !self->store->writer->incomplete;
}

/* After upkeep that succeeded nothing useless is left. */
static void
check_maintained (SimWorld *self)
{
  sim_model_seal (self->model);
  for (guint i = 0; i < self->deleted->len; i++)
    g_array_index (self->deleted, SimDeleted, i).clean = TRUE;
  sim_disk_pause_faults (self->disk, TRUE);
  if (!self->trouble && nobody_is_there (self)
      && (count_rows (self, "SELECT count (*) FROM blocks WHERE refs = 0") != 0
          || count_rows (self, "SELECT count (*) FROM holes") != 0
          || count_rows (self, "SELECT count (*) FROM vaults WHERE forgotten = 1") != 0))
    sim_violate (self, "maintained, and something useless is left");
  sim_disk_pause_faults (self->disk, FALSE);
}

static void
note_upkeep (SimWorld *self, const MhUpkeep *upkeep)
{
  if (upkeep->freed_bytes > 0)
    sim_note (self, SIM_EVENT_SPACE_FREED);
  if (upkeep->moved_bytes > 0)
    sim_note (self, SIM_EVENT_RECORDS_MOVED);
  if (upkeep->segments_gone > 0)
    sim_note (self, SIM_EVENT_SEGMENT_REMOVED);
}

/* Removes what is not kept any more, and frees space. */
void
sim_play_maintain (SimWorld *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char **order = NULL;
  gboolean clean = sim_world_is_clean (self);
  MhUpkeep upkeep = { 0 };
  MhPurged left;
  gboolean done;

  maybe_arm (self);
  self->unreadable = 0;
  self->clearing = !clean;
  /* As the store will go through them. */
  order = (char **) g_hash_table_get_keys_as_array (self->store->limits, NULL);
  done = mh_store_maintain (self->store, 0, &upkeep, NULL, &error);
  self->clearing = FALSE;
  self->trouble |= sim_world_is_in_trouble (self);
  sim_log (self,
           "maintain: %" G_GINT64_FORMAT " versions removed, %" G_GINT64_FORMAT
           " bytes freed, %" G_GINT64_FORMAT " moved%s%s",
           upkeep.pruned.versions, upkeep.freed_bytes, upkeep.moved_bytes, done ? "" : ": ",
           done ? "" : error->message);
  if (!done && !self->trouble)
    sim_violate (self, "maintaining: %s", error->message);
  note_upkeep (self, &upkeep);
  left = upkeep.pruned;
  for (guint i = 0; order[i] != NULL; i++)
    settle_rule (self, (guint) sim_world_find_vault (self, order[i]), done, &left);
  if (done && self->unreadable == 0 && (left.files != 0 || (clean && left.versions != 0)))
    sim_violate (self, "%" G_GINT64_FORMAT " versions more than expected were removed",
                 left.versions);
  if (done)
    check_maintained (self);
}

void
sim_play_time (SimWorld *self)
{
  guint days = 1 + sim_random_below (&self->random, 60);

  sim_log (self, "%u days pass", days);
  self->now_ms += days * DAY_MS - sim_random_below (&self->random, 5000);
  mh_clock_set_ms (self->clock, self->now_ms);
}

void
sim_choose_limits (SimWorld *self, guint number)
{
  static const MhKeep keeps[] = { { 1, 0 }, { 1, 30 }, { 2, 30 }, { 3, 90 }, { 30, 90 } };
  MhVaultLimits *limits = &self->limits[number];

  limits->keep = keeps[sim_random_below (&self->random, G_N_ELEMENTS (keeps))];
  limits->hard_quota =
      sim_random_percent (&self->random, 25) ? 1 + sim_random_below (&self->random, 60000) : 0;
}

void
sim_play_limits (SimWorld *self)
{
  guint number = sim_random_below (&self->random, SIM_VAULTS);
  MhVaultLimits *limits = &self->limits[number];
  g_autoptr (GError) error = NULL;

  sim_choose_limits (self, number);
  sim_log (self,
           "from now on %s keeps %" G_GINT64_FORMAT " versions, %" G_GINT64_FORMAT
           " days, %" G_GINT64_FORMAT " bytes at most",
           self->vaults[number], limits->keep.versions, limits->keep.days, limits->hard_quota);
  if (!mh_store_set_limits (self->store, self->vaults[number], limits, &error))
    sim_violate (self, "limits: %s", error->message);
}

/* Whoever uses the vault ends, or goes on and may fail. */
static void
leave_vault (SimWorld *self, const char *vault)
{
  for (guint i = 0; i < SIM_UPLOADS; i++)
    {
      SimUpload *upload = g_ptr_array_index (self->uploads, i);

      if (upload->upload != NULL && strcmp (upload->step->vault, vault) == 0
          && sim_random_percent (&self->random, 60))
        sim_end_upload (upload);
    }
  if (self->reader.reader != NULL && strcmp (self->reader.vault, vault) == 0)
    self->reader.hurt = TRUE;
  for (guint i = self->doubts->len; i > 0; i--)
    {
      if (strcmp (((SimStep *) g_ptr_array_index (self->doubts, i - 1))->vault, vault) == 0)
        g_ptr_array_remove_index (self->doubts, i - 1);
    }
}

/*
 * Deletes a vault, and makes another one or begins it again. That it is to go is remembered outside
 * of the store, so that it is gone from now on, whatever happens.
 */
void
sim_play_forget (SimWorld *self)
{
  guint number = sim_random_below (&self->random, SIM_VAULTS);
  gboolean again = sim_random_percent (&self->random, 40);
  const char *vault = self->vaults[number];
  SimDeleted deleted = { vault };
  g_autoptr (GError) error = NULL;

  sim_log (self, again ? "empty %s" : "delete %s", vault);
  self->steps++;
  leave_vault (self, vault);
  sim_model_forget (self->model, vault);
  sim_choose_limits (self, number);
  self->emptying[number] = again;
  if (!again)
    {
      g_array_append_val (self->deleted, deleted);
      sim_world_name_vault (self, number);
    }
  if ((again || mh_store_forget_vault (self->store, vault, &error))
      && sim_world_add_vault (self, number, &error))
    {
      sim_note (self, again ? SIM_EVENT_VAULT_EMPTIED : SIM_EVENT_VAULT_DELETED);
      return;
    }

  self->trouble |= sim_world_is_in_trouble (self);
  sim_log (self, "that fails: %s", error->message);
  if (!self->trouble)
    sim_violate (self, "forgetting %s: %s", vault, error->message);
  else if (!sim_disk_is_dead (self->disk))
    sim_play_reopen (self);
}

static void
open_reader (SimWorld *self)
{
  SimReader *reader = &self->reader;
  const char *vault = sim_any_vault (self);
  const char *path = sim_any_path (self, vault);
  g_autoptr (GError) error = NULL;
  guint content;

  if (!sim_model_any_content (self->model, vault, path, &self->random, &content))
    return;

  reader->reader =
      mh_reader_new (self->store, vault, path, sim_contents_hash (self->contents, content), &error);
  reader->vault = vault;
  reader->content = content;
  reader->hurt = FALSE;
  reader->removed = FALSE;
}

/* Opens a reader, or reads on with it. What is removed meanwhile is there for it. */
void
sim_play_reader (SimWorld *self)
{
  SimReader *reader = &self->reader;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) piece = NULL;
  g_autoptr (GBytes) part = NULL;
  GBytes *content;
  gsize offset;

  if (reader->reader == NULL)
    {
      open_reader (self);
      return;
    }

  content = sim_contents_get (self->contents, reader->content);
  offset = sim_random_below (&self->random, (guint) g_bytes_get_size (content) + 1);
  piece = mh_reader_read (reader->reader, offset, 1 + sim_random_below (&self->random, 9000), NULL,
                          &error);
  self->trouble |= sim_world_is_in_trouble (self);
  if (piece == NULL && !self->trouble && !reader->hurt)
    sim_violate (self, "reading on: %s", error->message);
  if (piece != NULL && g_bytes_get_size (piece) <= g_bytes_get_size (content) - offset)
    part = g_bytes_new_from_bytes (content, offset, g_bytes_get_size (piece));
  if (piece != NULL && (part == NULL || !g_bytes_equal (part, piece)))
    sim_violate (self, "reading on: other bytes");
  if (piece != NULL && reader->removed)
    sim_note (self, SIM_EVENT_READ_ON);
  if (sim_random_percent (&self->random, 30))
    g_clear_pointer (&reader->reader, mh_reader_free);
}
