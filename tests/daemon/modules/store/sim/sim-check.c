/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "sim-world.h"

/* More steps in doubt than this are not tried in every combination. */
#define MOST_DOUBTS 10

/* Reads all of a version. Returns: (transfer full): it, or %NULL with @error set */
static GBytes *
read_all (SimWorld *self, const char *vault, const char *path, const char *hash, GError **error)
{
  g_autoptr (MhReader) reader = mh_reader_new (self->store, vault, path, hash, error);
  g_autoptr (GByteArray) all = g_byte_array_new ();

  while (reader != NULL)
    {
      g_autoptr (GBytes) piece = mh_reader_read (reader, all->len, 1000 * 1000, NULL, error);

      if (piece == NULL)
        return NULL;
      if (g_bytes_get_size (piece) == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&all));
      g_byte_array_append (all, g_bytes_get_data (piece, NULL), (guint) g_bytes_get_size (piece));
    }

  return NULL;
}

static void
check_content (SimWorld *self, const char *vault, const char *path, const char *hash)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = read_all (self, vault, path, hash, &error);
  GBytes *wanted = sim_contents_find (self->contents, hash);

  if (got == NULL)
    sim_violate (self, "%s%s, content %.8s: %s", vault, path, hash, error->message);
  else if (wanted == NULL || !g_bytes_equal (got, wanted))
    sim_violate (self, "%s%s, content %.8s: other bytes", vault, path, hash);
}

/* Reads every version of every file that a path leads to. */
static void
check_contents (SimWorld *self, const char *vault)
{
  MhListQuery query = { vault, NULL, TRUE, FALSE, 1000, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFileList) list = mh_store_list (self->store, &query, &error);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; list != NULL && i < list->files->len; i++)
    {
      const MhFile *file = g_ptr_array_index (list->files, i);
      g_autoptr (GPtrArray) versions = NULL;

      if (!g_hash_table_add (seen, g_strdup (file->path)))
        continue;
      versions = mh_store_history (self->store, vault, file->path, &error);
      for (guint j = 0; versions != NULL && j < versions->len; j++)
        {
          const MhFileVersion *version = g_ptr_array_index (versions, j);
          g_autofree char *key = NULL;

          if (version->content_hash == NULL)
            continue;
          key = g_strconcat (file->file_id, version->content_hash, NULL);
          if (g_hash_table_add (seen, g_steal_pointer (&key)))
            check_content (self, vault, file->path, version->content_hash);
        }
    }
  if (error != NULL)
    sim_violate (self, "%s: %s", vault, error->message);
}

/* Live files and their bytes as the vault's sums have them. */
static void
check_totals (SimWorld *self, const char *vault)
{
  MhListQuery query = { vault, NULL, FALSE, FALSE, 1000, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFileList) list = mh_store_list (self->store, &query, &error);
  MhStoreTotals totals = { 0 };
  gint64 bytes = 0;

  if (list == NULL || !mh_store_totals (self->store, vault, &totals, &error))
    {
      sim_violate (self, "%s: %s", vault, error->message);
      return;
    }

  for (guint i = 0; i < list->files->len; i++)
    bytes += ((const MhFile *) g_ptr_array_index (list->files, i))->size;
  if (totals.files != list->files->len || totals.bytes != bytes)
    sim_violate (self, "%s: sums of %" G_GINT64_FORMAT " files and %" G_GINT64_FORMAT " bytes",
                 vault, totals.files, totals.bytes);
}

/* Returns: (transfer full): both vaults as text, or %NULL after a violation */
static char *
dump_store (SimWorld *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < SIM_VAULTS; i++)
    {
      g_autoptr (GError) error = NULL;
      guint page = 1 + sim_random_below (&self->random, 40);
      g_autofree char *dump = sim_dump_store (self->store, sim_vaults[i], page, &error);

      if (dump == NULL)
        {
          sim_violate (self, "listing %s: %s", sim_vaults[i], error->message);
          return NULL;
        }
      g_string_append_printf (text, "[%s]\n%s", sim_vaults[i], dump);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
dump_model (SimWorld *self, const SimModel *model)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < SIM_VAULTS; i++)
    {
      g_autofree char *dump = sim_model_dump (model, sim_vaults[i], self->contents);

      g_string_append_printf (text, "[%s]\n%s", sim_vaults[i], dump);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Returns: (transfer full): the model with those steps in doubt that @chosen has a bit for */
static SimModel *
model_with (SimWorld *self, guint chosen)
{
  SimModel *model = sim_model_copy (self->model);

  for (guint i = 0; i < self->doubts->len; i++)
    {
      if (chosen & (1U << i))
        (void) sim_model_apply (model, g_ptr_array_index (self->doubts, i));
    }

  return model;
}

/* Returns: a bit for each step in doubt that may be there */
static guint
allowed (SimWorld *self, SimDoubt doubt)
{
  guint mask = 0;

  if (self->doubts->len > MOST_DOUBTS)
    g_ptr_array_remove_range (self->doubts, 0, self->doubts->len - MOST_DOUBTS);
  for (guint i = 0; i < self->doubts->len; i++)
    {
      const SimStep *step = g_ptr_array_index (self->doubts, i);

      if (doubt == SIM_DOUBT_ALL || (doubt == SIM_DOUBT_CUT && step->cut))
        mask |= 1U << i;
    }

  return mask;
}

/* The steps of @chosen have turned out to be there. */
static void
accept (SimWorld *self, guint chosen, SimModel *model)
{
  if (chosen != 0)
    sim_log (self, "there after all: %x of %u steps in doubt", chosen, self->doubts->len);
  for (guint i = self->doubts->len; i > 0; i--)
    {
      if (chosen & (1U << (i - 1)))
        g_ptr_array_remove_index (self->doubts, i - 1);
    }
  sim_model_free (self->model);
  self->model = model;
}

static void
compare (SimWorld *self, SimDoubt doubt)
{
  guint mask = allowed (self, doubt);
  g_autofree char *actual = dump_store (self);
  g_autofree char *expected = NULL;

  for (guint chosen = 0; chosen < (1U << self->doubts->len) && actual != NULL; chosen++)
    {
      g_autoptr (SimModel) model = NULL;
      g_autofree char *dump = NULL;

      if (chosen & ~mask)
        continue;

      model = model_with (self, chosen);
      dump = dump_model (self, model);
      if (strcmp (dump, actual) == 0)
        {
          accept (self, chosen, g_steal_pointer (&model));
          return;
        }
      if (expected == NULL)
        expected = g_steal_pointer (&dump);
    }

  if (actual != NULL)
    sim_violate (self, "the store has\n%s\ninstead of\n%s", actual, expected);
}

void
sim_world_check (SimWorld *self, SimDoubt doubt)
{
  compare (self, doubt);
  if (doubt == SIM_DOUBT_ALL)
    g_ptr_array_set_size (self->doubts, 0);
  for (guint i = 0; i < SIM_VAULTS && self->violation == NULL; i++)
    {
      check_contents (self, sim_vaults[i]);
      check_totals (self, sim_vaults[i]);
    }
}
