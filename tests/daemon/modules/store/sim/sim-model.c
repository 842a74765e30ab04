/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-model-private.h"

#include <string.h>

static void
version_free (gpointer data)
{
  SimVersion *self = data;

  g_free (self->path);
  g_free (self);
}

static void
add_version (SimFile *file, const SimVersion *like)
{
  SimVersion *version = g_memdup2 (like, sizeof *like);

  version->path = g_strdup (like->path);
  g_ptr_array_add (file->versions, version);
}

static SimFile *
file_new (const char *vault)
{
  SimFile *self = g_new0 (SimFile, 1);

  self->vault = vault;
  self->versions = g_ptr_array_new_with_free_func (version_free);

  return self;
}

static void
file_free (gpointer data)
{
  SimFile *self = data;

  g_free (self->path);
  g_ptr_array_unref (self->versions);
  g_free (self);
}

SimModel *
sim_model_new (void)
{
  SimModel *self = g_new0 (SimModel, 1);

  self->files = g_ptr_array_new_with_free_func (file_free);

  return self;
}

SimModel *
sim_model_copy (const SimModel *self)
{
  SimModel *copy = sim_model_new ();

  copy->changes = self->changes;
  copy->removed = self->removed;
  for (guint i = 0; i < self->files->len; i++)
    {
      const SimFile *file = g_ptr_array_index (self->files, i);
      SimFile *twin = file_new (file->vault);

      twin->path = g_strdup (file->path);
      twin->live = file->live;
      twin->changed = file->changed;
      for (guint j = 0; j < file->versions->len; j++)
        add_version (twin, g_ptr_array_index (file->versions, j));
      g_ptr_array_add (copy->files, twin);
    }

  return copy;
}

void
sim_model_free (SimModel *self)
{
  g_ptr_array_unref (self->files);
  g_free (self);
}

SimFile *
sim_model_find (const SimModel *self, const char *vault, const char *path, gboolean deleted_too)
{
  SimFile *found = NULL;

  for (guint i = 0; i < self->files->len; i++)
    {
      SimFile *file = g_ptr_array_index (self->files, i);

      if (strcmp (file->vault, vault) != 0 || strcmp (file->path, path) != 0)
        continue;
      if (file->live)
        return file;
      if (deleted_too && (found == NULL || file->changed > found->changed))
        found = file;
    }

  return found;
}

static gboolean
lies_below (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && path[length] == '/';
}

/* Whether a file can be at @path: it is no folder, and no file is above it. */
static gboolean
can_be_file (const SimModel *self, const char *vault, const char *path)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      const SimFile *file = g_ptr_array_index (self->files, i);

      if (strcmp (file->vault, vault) == 0 && file->live
          && (lies_below (file->path, path) || lies_below (path, file->path)))
        return FALSE;
    }

  return TRUE;
}

/* The file is now what its new version says. */
static void
change (SimModel *self, SimFile *file, const SimVersion *version)
{
  g_autofree char *path = g_strdup (version->path);

  add_version (file, version);
  g_free (file->path);
  file->path = g_steal_pointer (&path);
  file->live = version->op != MH_FILE_OP_DELETE;
  file->changed = ++self->changes;
}

const SimVersion *
sim_file_head (const SimFile *file)
{
  return g_ptr_array_index (file->versions, file->versions->len - 1);
}

guint
sim_file_count (const SimFile *file)
{
  guint count = 0;

  for (guint i = 0; i < file->versions->len; i++)
    count += ((const SimVersion *) g_ptr_array_index (file->versions, i))->state == SIM_KEPT;

  return count;
}

static gboolean
put (SimModel *self, const SimStep *step)
{
  SimFile *file = sim_model_find (self, step->vault, step->path, TRUE);
  SimVersion version = { SIM_KEPT, MH_FILE_OP_PUT, step->path, step->content, step->now_ms };

  if (!can_be_file (self, step->vault, step->path))
    return FALSE;

  if (file == NULL)
    {
      file = file_new (step->vault);
      g_ptr_array_add (self->files, file);
    }
  change (self, file, &version);

  return TRUE;
}

static gboolean delete (SimModel *self, const SimStep *step)
{
  SimFile *file = sim_model_find (self, step->vault, step->path, FALSE);

  SimVersion version = { SIM_KEPT, MH_FILE_OP_DELETE, step->path, 0, step->now_ms };

  if (file == NULL)
    return FALSE;

  version.content = sim_file_head (file)->content;
  change (self, file, &version);

  return TRUE;
}

static gboolean
restore (SimModel *self, const SimStep *step)
{
  SimFile *file = sim_model_find (self, step->vault, step->path, TRUE);
  SimVersion restored = { SIM_KEPT, MH_FILE_OP_PUT, step->path, step->content, step->now_ms };

  if (file == NULL || !can_be_file (self, step->vault, step->path))
    return FALSE;

  for (guint i = 0; i < file->versions->len; i++)
    {
      const SimVersion *version = g_ptr_array_index (file->versions, i);

      if (version->state != SIM_KEPT || version->op == MH_FILE_OP_DELETE
          || version->content != step->content)
        continue;
      change (self, file, &restored);
      return TRUE;
    }

  return FALSE;
}

/* The live files that @path is or has below it. */
static GPtrArray *
find_moved (SimModel *self, const SimStep *step)
{
  GPtrArray *moved = g_ptr_array_new ();
  SimFile *single = sim_model_find (self, step->vault, step->path, FALSE);

  if (single != NULL)
    {
      g_ptr_array_add (moved, single);
      return moved;
    }

  for (guint i = 0; i < self->files->len; i++)
    {
      SimFile *file = g_ptr_array_index (self->files, i);

      if (strcmp (file->vault, step->vault) == 0 && file->live
          && lies_below (file->path, step->path))
        g_ptr_array_add (moved, file);
    }

  return moved;
}

static gboolean
move (SimModel *self, const SimStep *step)
{
  g_autoptr (GPtrArray) moved = find_moved (self, step);

  if (moved->len == 0 || lies_below (step->to, step->path)
      || !can_be_file (self, step->vault, step->to)
      || sim_model_find (self, step->vault, step->to, FALSE) != NULL)
    return FALSE;

  for (guint i = 0; i < moved->len; i++)
    {
      SimFile *file = g_ptr_array_index (moved, i);
      g_autofree char *to = g_strconcat (step->to, file->path + strlen (step->path), NULL);
      SimVersion version = { SIM_KEPT, MH_FILE_OP_MOVE, to, 0, step->now_ms };

      version.content = sim_file_head (file)->content;
      change (self, file, &version);
    }

  return TRUE;
}

gboolean
sim_model_apply (SimModel *self, const SimStep *step)
{
  switch (step->kind)
    {
    case SIM_PUT:
      return put (self, step);
    case SIM_DELETE:
      return delete (self, step);
    case SIM_RESTORE:
      return restore (self, step);
    case SIM_MOVE:
      return move (self, step);
    case SIM_PURGE_TRASH:
    case SIM_PURGE_VERSION:
    case SIM_RETAIN:
    default:
      return sim_model_remove (self, step);
    }
}

const char *
sim_model_any_path (const SimModel *self, const char *vault, SimRandom *random)
{
  for (guint i = 0; i < 4 && self->files->len > 0; i++)
    {
      const SimFile *file =
          g_ptr_array_index (self->files, sim_random_below (random, self->files->len));

      if (strcmp (file->vault, vault) == 0)
        return file->path;
    }

  return NULL;
}

gboolean
sim_model_any_content (const SimModel *self, const char *vault, const char *path, SimRandom *random,
                       guint *content)
{
  const SimFile *file = sim_model_find (self, vault, path, TRUE);
  const SimVersion *version;

  if (file == NULL)
    return FALSE;

  version = g_ptr_array_index (file->versions, sim_random_below (random, file->versions->len));
  *content = version->content;

  return TRUE;
}
