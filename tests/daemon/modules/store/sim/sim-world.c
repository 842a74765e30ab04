/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-world.h"

#include <string.h>

#include "base/error.h"
#include "modules/store/writer-private.h"

const char *const sim_vaults[SIM_VAULTS] = { "red", "blue" };

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

static void
on_fault (const char *sentence, gpointer data)
{
  sim_log (data, "fault: %s", sentence);
}

gboolean
sim_world_open (SimWorld *self, GError **error)
{
  MhStoreConfig config = {
    .blocks_path = "/disk/blocks",
    .index_path = "/disk/metadata/index.db",
    .signer = self->signer,
    .clock = self->clock,
    .segment_bytes = 48 * 1024,
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
      if (!mh_store_add_vault (self->store, sim_vaults[i], self->key, error))
        return FALSE;
    }

  return TRUE;
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

void
sim_world_settle (SimWorld *self, SimStep *step, const GError *error)
{
  g_autofree char *what = sim_step_describe (step, self->contents);
  g_autoptr (SimModel) copy = sim_model_copy (self->model);
  gboolean possible = sim_model_apply (copy, step);
  gboolean wrote = sim_disk_segment_changes (self->disk) != self->segment_changes;

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

  if (!self->trouble)
    sim_violate (self, "%s: %s, though nothing is wrong", what,
                 is_refusal (error) ? "refused" : "failed");
  step->cut = sim_disk_is_dead (self->disk);
  if (wrote || self->gathering > 0)
    g_ptr_array_add (self->doubts, sim_step_copy (step));
}
