/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "modules/store/segment.h"
#include "sim-model-private.h"

/* What the model knows of versions that go. The rules are written anew here, from what is said. */

#define DAY_MS (G_GINT64_CONSTANT (24) * 60 * 60 * 1000)

static gboolean
is_old (const SimStep *step, gint64 ts_ms)
{
  return step->now_ms - ts_ms >= step->keep.days * DAY_MS;
}

/* Whether a version goes, which is no head and has @newer kept ones after it. */
static gboolean
goes (const SimFile *file, const SimVersion *version, guint newer, const SimStep *step)
{
  switch (step->kind)
    {
    case SIM_PURGE_TRASH:
      return !file->live && (step->path == NULL || strcmp (file->path, step->path) == 0);
    case SIM_PURGE_VERSION:
      return version->op != MH_FILE_OP_DELETE && version->content == step->content;
    case SIM_RETAIN:
    case SIM_PUT:
    case SIM_DELETE:
    case SIM_RESTORE:
    case SIM_MOVE:
    default:
      return file->live ? newer >= step->keep.versions && is_old (step, version->ts_ms)
                        : is_old (step, sim_file_head (file)->ts_ms);
    }
}

/* Returns: how many versions of the file went */
static guint
remove_from (SimFile *file, const SimStep *step)
{
  guint newer = 1;
  guint removed = 0;

  for (guint i = file->versions->len - 1; i > 0; i--)
    {
      SimVersion *version = g_ptr_array_index (file->versions, i - 1);

      if (version->state != SIM_KEPT)
        continue;
      if (goes (file, version, newer++, step))
        {
          version->state = SIM_UNSURE;
          removed++;
        }
    }

  return removed;
}

gboolean
sim_model_remove (SimModel *self, const SimStep *step)
{
  const SimFile *only =
      step->kind == SIM_PURGE_VERSION ? sim_model_find (self, step->vault, step->path, TRUE) : NULL;

  memset (&self->removed, 0, sizeof self->removed);
  self->removed_deleted = 0;
  for (guint i = 0; i < self->files->len; i++)
    {
      SimFile *file = g_ptr_array_index (self->files, i);
      guint removed = 0;

      if (strcmp (file->vault, step->vault) == 0
          && (step->kind != SIM_PURGE_VERSION || file == only))
        removed = remove_from (file, step);
      self->removed.versions += removed;
      self->removed.files += removed > 0 ? 1 : 0;
      self->removed_deleted += removed > 0 && !file->live ? 1 : 0;
    }

  return self->removed.versions > 0 || step->path == NULL;
}

const char *
sim_model_any_trash (const SimModel *self, const char *vault, SimRandom *random)
{
  guint first = sim_random_below (random, MAX (self->files->len, 1));

  for (guint i = 0; i < self->files->len; i++)
    {
      const SimFile *file = g_ptr_array_index (self->files, (first + i) % self->files->len);

      if (strcmp (file->vault, vault) == 0 && !file->live && sim_file_count (file) > 1)
        return file->path;
    }

  return NULL;
}

const MhPurged *
sim_model_removed (const SimModel *self)
{
  return &self->removed;
}

guint
sim_model_removed_deleted (const SimModel *self)
{
  return self->removed_deleted;
}

void
sim_model_forget (SimModel *self, const char *vault)
{
  for (guint i = self->files->len; i > 0; i--)
    {
      if (strcmp (((SimFile *) g_ptr_array_index (self->files, i - 1))->vault, vault) == 0)
        g_ptr_array_remove_index (self->files, i - 1);
    }
}

/* Calls @func for every version. */
static void
foreach_version (const SimModel *self, void (*func) (const SimFile *, SimVersion *, gpointer),
                 gpointer data)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      const SimFile *file = g_ptr_array_index (self->files, i);

      for (guint j = 0; j < file->versions->len; j++)
        func (file, g_ptr_array_index (file->versions, j), data);
    }
}

static void
seal (const SimFile *file, SimVersion *version, gpointer data)
{
  if (version->state == SIM_UNSURE)
    version->state = SIM_GONE;
}

void
sim_model_seal (SimModel *self)
{
  foreach_version (self, seal, NULL);
}

static void
blur (const SimFile *file, SimVersion *version, gpointer data)
{
  if (version->state == SIM_UNSURE)
    version->state = SIM_VAGUE;
}

void
sim_model_blur (SimModel *self)
{
  foreach_version (self, blur, NULL);
}

static void
doubt (const SimFile *file, SimVersion *version, gpointer data)
{
  gboolean *sure = data;

  if (version->state == SIM_UNSURE || version->state == SIM_VAGUE)
    *sure = FALSE;
}

gboolean
sim_model_is_sure (const SimModel *self)
{
  gboolean sure = TRUE;

  foreach_version (self, doubt, &sure);

  return sure;
}

char *
sim_version_key (const char *vault, MhFileOp op, const char *path, gint64 ts_ms,
                 const char *content_hash)
{
  return g_strdup_printf ("%s%s %d %" G_GINT64_FORMAT " %s", vault, path, op, ts_ms, content_hash);
}

/* What is there, and whether nothing else can come. */
typedef struct
{
  SimContents *contents; /* (unowned) */
  GHashTable *left;      /* (owned) (element-type utf8 guint): what is there for no version yet */
  gboolean rebuilt;
  gboolean back;
} Look;

/* Returns: whether one is there that is as @version; then it is for that */
static gboolean
take (Look *self, const SimFile *file, const SimVersion *version)
{
  char *key = sim_version_key (file->vault, version->op, version->path, version->ts_ms,
                               sim_contents_hash (self->contents, version->content));
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->left, key));

  g_hash_table_replace (self->left, key, GUINT_TO_POINTER (count > 0 ? count - 1 : 0));

  return count > 0;
}

/* Two versions may look the same: the one that has to be there comes first. */
static void
take_kept (const SimFile *file, SimVersion *version, gpointer data)
{
  if (version->state == SIM_KEPT)
    (void) take (data, file, version);
}

static void
look (const SimFile *file, SimVersion *version, gpointer data)
{
  Look *self = data;

  if (version->state != SIM_VAGUE && (version->state != SIM_UNSURE || !self->rebuilt))
    return;

  if (!take (self, file, version))
    {
      version->state = self->rebuilt ? SIM_GONE : SIM_UNSURE;
      return;
    }

  self->back |= version->state == SIM_UNSURE;
  version->state = SIM_KEPT;
}

gboolean
sim_model_resolve (SimModel *self, SimContents *contents, GHashTable *present, gboolean rebuilt)
{
  g_autoptr (GHashTable) left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Look data = { contents, left, rebuilt };
  GHashTableIter iter;
  gpointer key;
  gpointer count;

  g_hash_table_iter_init (&iter, present);
  while (g_hash_table_iter_next (&iter, &key, &count))
    g_hash_table_insert (left, g_strdup (key), count);
  foreach_version (self, take_kept, &data);
  foreach_version (self, look, &data);

  return data.back;
}

/* The sums of a vault, or of some of its versions. */
typedef struct
{
  const char *vault;
  const SimFile *without; /* (nullable): all but the head of this one are left out */
  SimContents *contents;
  GHashTable *seen; /* (owned): ids of blocks */
  gint64 stored;
  gint64 referenced;
} Sums;

static void
add (const SimFile *file, SimVersion *version, gpointer data)
{
  Sums *self = data;
  GArray *blocks;

  if (version->state != SIM_KEPT || version->op == MH_FILE_OP_DELETE
      || strcmp (file->vault, self->vault) != 0
      || (file == self->without && version != sim_file_head (file)))
    return;

  if (version->op == MH_FILE_OP_PUT)
    self->referenced +=
        (gint64) g_bytes_get_size (sim_contents_get (self->contents, version->content));
  blocks = sim_contents_blocks (self->contents, version->content);
  for (guint i = 0; i < blocks->len; i++)
    {
      SimBlock *block = &g_array_index (blocks, SimBlock, i);

      if (g_hash_table_add (self->seen, block->id))
        self->stored += block->size;
    }
}

static gint64
add_up (const SimModel *self, Sums *sums)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (mh_id_hash, mh_id_equal);

  sums->seen = seen;
  foreach_version (self, add, sums);

  return sums->stored;
}

void
sim_model_sums (const SimModel *self, const char *vault, SimContents *contents, gint64 *stored,
                gint64 *referenced)
{
  Sums sums = { vault, NULL, contents };

  *stored = add_up (self, &sums);
  *referenced = sums.referenced;
}

char *
sim_model_dump_trash (const SimModel *self, const char *vault, SimContents *contents)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  Sums all = { vault, NULL, contents };
  gint64 stored = add_up (self, &all);

  for (guint i = 0; i < self->files->len; i++)
    {
      const SimFile *file = g_ptr_array_index (self->files, i);
      Sums rest = { vault, file, contents };
      guint content = sim_file_head (file)->content;

      if (strcmp (file->vault, vault) != 0 || file->live || sim_file_count (file) == 1)
        continue;
      g_ptr_array_add (texts,
                       g_strdup_printf ("trash: %s %" G_GINT64_FORMAT " %" G_GSIZE_FORMAT
                                        " %.8s, %u versions, %" G_GINT64_FORMAT " bytes\n",
                                        file->path, sim_file_head (file)->ts_ms,
                                        g_bytes_get_size (sim_contents_get (contents, content)),
                                        sim_contents_hash (contents, content),
                                        sim_file_count (file) - 1, stored - add_up (self, &rest)));
    }

  return sim_join_sorted (texts);
}
