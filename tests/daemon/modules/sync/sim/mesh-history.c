/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-history.h"

#include <string.h>

#include "crypto/crypto.h"
#include "mesh-world.h"

#define LEAST_STEPS 20
#define MOST_STEPS 100
#define SURPLUS_MS (5 * 60 * 1000)
#define CLOCK_START_MS G_GINT64_CONSTANT (1700000000000)

const char *const mesh_event_names[MESH_EVENTS] = {
  "versions taken",
  "blocks taken",
  "blocks left to others",
  "conflict",
  "conflict resolved",
  "deletion that did not know of an edit",
  "two files of one name",
  "conversation broken",
  "machines parted",
  "disk died",
  "died asking",
  "died answering",
  "power cut",
  "index lost",
  "disk lost",
  "disk and key lost",
  "lost with its only disk",
  "away for long",
  "read from another machine",
  "wrong block given",
  "block given up",
  "block repaired",
  "versions removed",
  "purged on all machines",
  "pinned",
  "not reliable",
  "disk full",
  "block kept without the key",
  "kept block given up",
  "keeper told to stop",
  "brought back from a keeper",
  "kept in place of a full one",
  "found by a walk",
  "nothing found by a walk",
};

void
mesh_log (MeshWorld *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_string_append_printf (self->log, "%4u  %s\n", self->steps, line);
  if (self->flags & MESH_VERBOSE)
    g_print ("# %4u  %s\n", self->steps, line);
}

void
mesh_violate (MeshWorld *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  mesh_log (self, "VIOLATION: %s", line);
  if (self->violation == NULL)
    self->violation = g_steal_pointer (&line);
}

void
mesh_note (MeshWorld *self, MeshEvent event)
{
  self->events |= G_GUINT64_CONSTANT (1) << event;
}

static MeshWorld *
world_new (guint64 seed, MeshFlags flags)
{
  MeshWorld *self = g_new0 (MeshWorld, 1);
  guint keepers;
  GDestroyNotify unref = (GDestroyNotify) g_bytes_unref;

  self->flags = flags;
  self->random.state = seed;
  sim_seed_random_bytes (sim_random_next (&self->random));
  sim_vfs_seed (sim_random_next (&self->random));
  self->count = 2 + sim_random_below (&self->random, MESH_MOST - 1);
  keepers = sim_random_below (&self->random, 2 * MESH_MOST_KEEPERS);
  self->all = self->count + MIN (keepers, MESH_MOST_KEEPERS);
  self->copies = 1 + sim_random_below (&self->random, 3 + (self->all - self->count) / 2);
  self->surplus_ms = sim_random_percent (&self->random, 50) ? 0 : SURPLUS_MS;
  self->segment_bytes = (12 * 1024) << sim_random_below (&self->random, 3);
  self->forgets = sim_random_percent (&self->random, 20);
  self->now_ms = CLOCK_START_MS;
  self->contents = sim_contents_new ();
  self->versions = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, unref, NULL);
  self->purged = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, unref, NULL);
  self->blocks = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, unref, NULL);
  self->log = g_string_new (NULL);
  for (guint i = 0; i < self->all; i++)
    {
      MeshMachine *machine = &self->machines[i];

      mesh_machine_init (machine, self, i);
      mesh_log (self, "%c: clock %+" G_GINT64_FORMAT " s%s%s%s", machine->name,
                machine->skew_ms / 1000, machine->core.config.reliable ? "" : ", not reliable",
                machine->roles & MH_VAULT_PIN ? ", keeps all" : "",
                machine->is_keeper ? ", without the key" : "");
    }
  mesh_log (self, "%" G_GINT64_FORMAT " copies%s", self->copies,
            self->forgets ? ", versions are removed" : "");
  mesh_world_pass (self, 0);
  for (guint i = 0; i < self->all; i++)
    mesh_machine_open (&self->machines[i]);

  return self;
}

static MeshResult *
world_end (MeshWorld *self)
{
  MeshResult *result = g_new0 (MeshResult, 1);

  for (guint i = 0; i < self->all; i++)
    result->messages += mesh_host_messages (self->machines[i].host);
  for (guint i = 0; i < self->all; i++)
    {
      mesh_machine_enter (&self->machines[i]);
      mesh_log (self, "%c: %016" G_GINT64_MODIFIER "x", self->machines[i].name,
                sim_disk_hash (self->machines[i].disk));
    }
  for (guint i = 0; i < self->all; i++)
    mesh_machine_clear (&self->machines[i]);
  result->steps = self->steps;
  result->rounds = self->rounds;
  result->events = self->events;
  result->violation = self->violation;
  result->log = g_string_free (self->log, FALSE);
  g_hash_table_unref (self->versions);
  g_hash_table_unref (self->purged);
  g_hash_table_unref (self->blocks);
  sim_contents_free (self->contents);
  g_free (self);

  return result;
}

MeshResult *
mesh_history_run (guint64 seed, MeshFlags flags)
{
  MeshWorld *self = world_new (seed, flags);
  guint steps = LEAST_STEPS + sim_random_below (&self->random, MOST_STEPS - LEAST_STEPS + 1);

  for (guint i = 0; i < steps && self->violation == NULL; i++)
    mesh_play_one (self);
  if (self->violation == NULL)
    mesh_finish (self);

  return world_end (self);
}

void
mesh_result_free (MeshResult *self)
{
  g_free (self->violation);
  g_free (self->log);
  g_free (self);
}

/* Warnings about a disk that dies are what is asked for. */
static GLogWriterOutput
log_writer (GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
  if (level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG))
    return G_LOG_WRITER_HANDLED;

  return g_log_writer_default (level, fields, count, data);
}

void
mesh_history_init (void)
{
  g_autoptr (GError) error = NULL;

  g_log_set_writer_func (log_writer, NULL, NULL);
  g_assert_true (mh_crypto_init (&error));
  sim_vfs_register ();
}
