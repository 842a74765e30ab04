/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "modules/store/writer-private.h"
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

/* Live files and their bytes, and what is stored, as the vault's sums have them. */
static void
check_totals (SimWorld *self, const char *vault)
{
  MhListQuery query = { vault, NULL, FALSE, FALSE, 1000, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFileList) list = mh_store_list (self->store, &query, &error);
  MhStoreTotals totals = { 0 };
  gint64 bytes = 0;
  gint64 stored;
  gint64 referenced;

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
  sim_model_sums (self->model, vault, self->contents, &stored, &referenced);
  if (!self->leaked && totals.stored_bytes != stored)
    sim_violate (
        self, "%s: %" G_GINT64_FORMAT " bytes are stored, not %" G_GINT64_FORMAT " as it is said",
        vault, stored, totals.stored_bytes);
}

static void
check_trash (SimWorld *self, const char *vault)
{
  g_autoptr (GError) error = NULL;
  guint page = 1 + sim_random_below (&self->random, 10);
  g_autofree char *actual = sim_dump_trash (self->store, vault, page, &error);
  g_autofree char *expected = sim_model_dump_trash (self->model, vault, self->contents);

  if (actual == NULL)
    sim_violate (self, "the trash of %s: %s", vault, error->message);
  else if (strcmp (actual, expected) != 0)
    sim_violate (self, "in %s there is\n%s\ninstead of\n%s", vault, actual, expected);
}

gboolean
sim_world_is_clean (SimWorld *self)
{
  for (guint i = 0; i < self->deleted->len; i++)
    {
      if (!g_array_index (self->deleted, SimDeleted, i).clean)
        return FALSE;
    }

  return TRUE;
}

/* The sums over all vaults. Those of deleted ones count until they are cleared away. */
static void
check_space (SimWorld *self)
{
  g_autoptr (GError) error = NULL;
  MhStoreSpace space = { 0 };
  gint64 all_stored = 0;
  gint64 all_referenced = 0;

  if (!mh_store_space (self->store, &space, &error))
    {
      sim_violate (self, "the space: %s", error->message);
      return;
    }

  for (guint i = 0; i < SIM_VAULTS; i++)
    {
      gint64 stored;
      gint64 referenced;

      sim_model_sums (self->model, self->vaults[i], self->contents, &stored, &referenced);
      all_stored += stored;
      all_referenced += referenced;
    }
  if (!self->leaked && sim_world_is_clean (self)
      && (space.stored_bytes != all_stored || space.referenced_bytes != all_referenced))
    sim_violate (self,
                 "in all %" G_GINT64_FORMAT " bytes of %" G_GINT64_FORMAT
                 " are stored, not %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " as it is said",
                 all_stored, all_referenced, space.stored_bytes, space.referenced_bytes);
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
      g_autofree char *dump = sim_dump_store (self->store, self->vaults[i], page, &error);

      if (dump == NULL)
        {
          sim_violate (self, "listing %s: %s", self->vaults[i], error->message);
          return NULL;
        }
      g_string_append_printf (text, "[%s]\n%s", self->vaults[i], dump);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
dump_model (SimWorld *self, const SimModel *model)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < SIM_VAULTS; i++)
    {
      g_autofree char *dump = sim_model_dump (model, self->vaults[i], self->contents);

      g_string_append_printf (text, "[%s]\n%s", self->vaults[i], dump);
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

static const char sql_versions[] = "SELECT vaults.id, op, path, ts_ms, lower (hex (content_hash)) "
                                   "FROM versions JOIN vaults ON vaults.ref = versions.vault"
                                   " WHERE path IS NOT NULL";

/* Returns: (transfer full) (element-type utf8 guint): the keys of all versions that the index has,
 * and how many there are of each, or %NULL */
static GHashTable *
list_versions (SimWorld *self, GError **error)
{
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->store->writer->db, sql_versions, error);
  GError *local = NULL;

  while (stmt != NULL && mh_stmt_step (stmt, &local))
    {
      char *key =
          sim_version_key (mh_stmt_text (stmt, 0), (MhFileOp) mh_stmt_int64 (stmt, 1),
                           mh_stmt_text (stmt, 2), mh_stmt_int64 (stmt, 3), mh_stmt_text (stmt, 4));
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (keys, key));

      g_hash_table_replace (keys, key, GUINT_TO_POINTER (count + 1));
    }
  if (stmt == NULL)
    return NULL;

  if (local == NULL)
    return g_steal_pointer (&keys);

  g_propagate_error (error, local);

  return NULL;
}

void
sim_world_look (SimWorld *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) present = NULL;

  sim_disk_pause_faults (self->disk, TRUE);
  present = list_versions (self, &error);
  sim_disk_pause_faults (self->disk, FALSE);
  if (present != NULL)
    (void) sim_model_resolve (self->model, self->contents, present, FALSE);
  else
    sim_log (self, "looking: %s", error->message);
}

/* Whether the store has what @model has, both as text. */
static gboolean
is_like (SimWorld *self, const SimModel *model, const char *actual, char **expected)
{
  g_autofree char *dump = dump_model (self, model);

  if (strcmp (dump, actual) == 0)
    return TRUE;

  if (*expected == NULL)
    *expected = g_steal_pointer (&dump);

  return FALSE;
}

/* Tries each choice of the steps in doubt. Returns: whether one is what the store has */
static gboolean
match (SimWorld *self, guint mask, GHashTable *present, const char *actual, char **expected)
{
  for (guint chosen = 0; chosen < (1U << self->doubts->len); chosen++)
    {
      g_autoptr (SimModel) model = NULL;
      gboolean back;

      if (chosen & ~mask)
        continue;

      model = model_with (self, chosen);
      back = sim_model_resolve (model, self->contents, present, self->rebuilt);
      if (!is_like (self, model, actual, expected))
        continue;
      if (back)
        sim_note (self, SIM_EVENT_CAME_BACK);
      accept (self, chosen, g_steal_pointer (&model));
      return TRUE;
    }

  return FALSE;
}

static void
compare (SimWorld *self, SimDoubt doubt)
{
  guint mask = allowed (self, doubt);
  g_autofree char *actual = dump_store (self);
  g_autofree char *expected = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) present = NULL;

  if (actual == NULL)
    return;

  present = list_versions (self, &error);
  if (present == NULL)
    sim_violate (self, "listing all versions: %s", error->message);
  else if (!match (self, mask, present, actual, &expected))
    sim_violate (self, "the store has\n%s\ninstead of\n%s", actual, expected);
  self->rebuilt = FALSE;
}

void
sim_world_check (SimWorld *self, SimDoubt doubt)
{
  self->leaked = self->leaked && !self->rebuilt;
  compare (self, doubt);
  if (doubt == SIM_DOUBT_ALL)
    g_ptr_array_set_size (self->doubts, 0);
  for (guint i = 0; i < SIM_VAULTS && self->violation == NULL; i++)
    {
      check_contents (self, self->vaults[i]);
      check_totals (self, self->vaults[i]);
      check_trash (self, self->vaults[i]);
    }
  if (self->violation == NULL)
    check_space (self);
}
