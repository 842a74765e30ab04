/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-world.h"

#include <string.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "modules/store/writer-private.h"

const char *const sim_event_names[SIM_EVENTS] = {
  "trash purged",     "deleted file purged", "version purged",
  "history retired",  "trash retired",       "vault deleted",
  "vault emptied",    "over quota",          "space freed",
  "records moved",    "segment removed",     "removal failed",
  "removal cut",      "came back",           "index made anew after a removal",
  "upload overtaken", "reader went on",
};

void
sim_log (SimWorld *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_string_append_printf (self->log, "%8" G_GUINT64_FORMAT "  %s\n",
                          sim_disk_operations (self->disk), line);
  if (self->flags & SIM_VERBOSE)
    g_print ("# %8" G_GUINT64_FORMAT "  %s\n", sim_disk_operations (self->disk), line);
}

void
sim_violate (SimWorld *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  sim_log (self, "VIOLATION: %s", line);
  if (self->violation == NULL)
    self->violation = g_steal_pointer (&line);
}

void
sim_note (SimWorld *self, SimEvent event)
{
  self->events |= 1U << event;
}

static void
on_fault (const char *sentence, gpointer data)
{
  SimWorld *self = data;

  sim_log (self, "fault: %s", sentence);
  if (g_str_has_prefix (sentence, "the index was damaged and made anew"))
    self->rebuilt = TRUE;
  if (!g_str_has_prefix (sentence, "a version that is not kept any more"))
    return;

  self->unreadable++;
  self->leaked |= self->clearing;
}

int
sim_world_find_vault (SimWorld *self, const char *vault)
{
  for (int i = 0; i < SIM_VAULTS; i++)
    {
      if (strcmp (self->vaults[i], vault) == 0)
        return i;
    }

  return -1;
}

void
sim_world_name_vault (SimWorld *self, guint number)
{
  g_autofree char *id = g_strdup_printf ("%s%u", number == 0 ? "red" : "blue", self->made++);

  self->vaults[number] = g_intern_string (id);
}

/* Forgets a vault, if the store knows it. Returns: %FALSE with @error set */
static gboolean
forget (SimWorld *self, const char *vault, gboolean *known, GError **error)
{
  GError *local = NULL;

  *known = mh_store_forget_vault (self->store, vault, &local);
  if (*known || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_clear_error (&local);
      return TRUE;
    }

  g_propagate_error (error, local);

  return FALSE;
}

gboolean
sim_world_add_vault (SimWorld *self, guint number, GError **error)
{
  const char *vault = self->vaults[number];
  g_autoptr (MhSecret) key = mh_secret_new (MH_SHA256_SIZE);
  gboolean known;
  gboolean done;

  /* A key of its own, as vaults have. */
  mh_sha256 ((const guint8 *) vault, strlen (vault), mh_secret_bytes (key));
  self->clearing = self->emptying[number];
  done = (!self->emptying[number] || forget (self, vault, &known, error))
         && mh_store_add_vault (self->store, vault, key, error)
         && mh_store_set_limits (self->store, vault, &self->limits[number], error);
  self->clearing = FALSE;
  self->emptying[number] = self->emptying[number] && !done;

  return done;
}

/* As vaults does at each start. */
static gboolean
forget_deleted (SimWorld *self, GError **error)
{
  for (guint i = 0; i < self->deleted->len; i++)
    {
      const SimDeleted *deleted = &g_array_index (self->deleted, SimDeleted, i);
      gboolean known;

      if (!forget (self, deleted->id, &known, error))
        return FALSE;
      if (known && deleted->clean)
        sim_violate (self, "vault %s, which was removed, is back", deleted->id);
    }

  return TRUE;
}

gboolean
sim_world_open (SimWorld *self, GError **error)
{
  MhStoreConfig config = {
    .blocks_path = "/disk/blocks",
    .index_path = "/disk/metadata/index.db",
    .signer = self->signer,
    .clock = self->clock,
    .segment_bytes = self->segment_bytes,
    .on_fault = on_fault,
    .on_fault_data = self,
    .serial = TRUE,
  };

  self->trouble = FALSE;
  self->index_lost = FALSE;
  (void) sim_disk_take_index_unsynced (self->disk);
  self->store = mh_store_open (&config, error);
  if (self->store == NULL)
    return FALSE;

  /* The log is copied into the index often, so that even a short history sees it. */
  if (!mh_db_exec (self->store->writer->db, "PRAGMA wal_autocheckpoint = 30", error))
    return FALSE;

  for (guint i = 0; i < SIM_VAULTS; i++)
    {
      if (!sim_world_add_vault (self, i, error))
        return FALSE;
    }

  return forget_deleted (self, error);
}

void
sim_world_close (SimWorld *self)
{
  for (guint i = 0; i < SIM_UPLOADS; i++)
    {
      SimUpload *upload = g_ptr_array_index (self->uploads, i);

      g_clear_pointer (&upload->upload, mh_upload_free);
      g_clear_pointer (&upload->step, sim_step_free);
    }
  g_clear_pointer (&self->reader.reader, mh_reader_free);
  g_clear_pointer (&self->store, mh_store_close);
}

static gboolean
is_refusal (const GError *error)
{
  return error->domain == MH_ERROR
         && (error->code == MH_ERROR_NOT_FOUND || error->code == MH_ERROR_CONFLICT
             || error->code == MH_ERROR_INVALID || error->code == MH_ERROR_PRECONDITION);
}

gboolean
sim_world_is_in_trouble (SimWorld *self)
{
  self->index_lost |= sim_disk_take_index_unsynced (self->disk);

  return self->index_lost || sim_disk_has_failed (self->disk) || sim_disk_is_dead (self->disk);
}

/* Whether the quota lets a vault become what it is in @after. */
static gboolean
is_in_quota (SimWorld *self, guint number, const SimModel *after)
{
  gint64 quota = self->limits[number].hard_quota;
  gint64 stored;
  gint64 stored_before;
  gint64 referenced;

  if (quota == 0)
    return TRUE;

  sim_model_sums (self->model, self->vaults[number], self->contents, &stored_before, &referenced);
  sim_model_sums (after, self->vaults[number], self->contents, &stored, &referenced);

  return stored <= stored_before || stored <= quota;
}

/* Makes the step in @model. Returns: %FALSE when the rules forbid it */
static gboolean
apply (SimWorld *self, SimModel *model, const SimStep *step, const GError *error)
{
  int number = sim_world_find_vault (self, step->vault);

  if (number < 0 || !sim_model_apply (model, step))
    return FALSE;

  if (is_in_quota (self, (guint) number, model))
    return TRUE;

  if (error != NULL && error->domain == MH_ERROR && error->code == MH_ERROR_NO_SPACE)
    sim_note (self, SIM_EVENT_OVER_QUOTA);

  return FALSE;
}

/* Commits of one transaction: one may be refused for what another, settled later, has brought. */
static gboolean
was_in_the_way (SimWorld *self, const SimStep *step, const GError *error)
{
  int number = sim_world_find_vault (self, step->vault);

  return self->waiting->len > 1 && self->limits[number].hard_quota > 0
         && g_error_matches (error, MH_ERROR, MH_ERROR_NO_SPACE);
}

void
sim_world_settle (SimWorld *self, SimStep *step, const GError *error)
{
  g_autofree char *what = sim_step_describe (step, self->contents);
  g_autoptr (SimModel) copy = sim_model_copy (self->model);
  gboolean possible;
  gboolean wrote = sim_disk_segment_changes (self->disk) != self->segment_changes;

  step->now_ms = self->now_ms;
  possible = apply (self, copy, step, error);
  self->segment_changes = sim_disk_segment_changes (self->disk);
  self->steps++;
  self->trouble |= sim_world_is_in_trouble (self);
  sim_log (self, "%s%s%s", what, error != NULL ? ": " : "", error != NULL ? error->message : "");
  if (error == NULL)
    {
      if (!possible)
        sim_violate (self, "%s: done, though the rules forbid it", what);
      sim_model_free (self->model);
      self->model = g_steal_pointer (&copy);
      g_ptr_array_set_size (self->doubts, 0);
      return;
    }

  if (!possible)
    return;

  if (!self->trouble && !was_in_the_way (self, step, error))
    sim_violate (self, "%s: %s, though nothing is wrong", what,
                 is_refusal (error) ? "refused" : "failed");
  step->cut = sim_disk_is_dead (self->disk);
  if (wrote || self->gathering > 0)
    g_ptr_array_add (self->doubts, sim_step_copy (step));
}
