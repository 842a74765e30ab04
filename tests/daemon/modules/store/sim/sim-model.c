/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-model.h"

#include <string.h>

typedef struct
{
  MhFileOp op;
  char *path; /* (owned) */
  guint content;
} Version;

/* A file with its history; it stays one when it moves. */
typedef struct
{
  const char *vault;
  char *path; /* (owned) */
  gboolean live;
  guint64 changed;     /* larger when later */
  GPtrArray *versions; /* (owned) (element-type Version): oldest first */
} File;

struct _SimModel
{
  GPtrArray *files; /* (owned) (element-type File) */
  guint64 changes;
};

static void
version_free (gpointer data)
{
  Version *self = data;

  g_free (self->path);
  g_free (self);
}

static void
add_version (File *file, MhFileOp op, const char *path, guint content)
{
  Version *version = g_new0 (Version, 1);

  version->op = op;
  version->path = g_strdup (path);
  version->content = content;
  g_ptr_array_add (file->versions, version);
}

static File *
file_new (const char *vault)
{
  File *self = g_new0 (File, 1);

  self->vault = vault;
  self->versions = g_ptr_array_new_with_free_func (version_free);

  return self;
}

static void
file_free (gpointer data)
{
  File *self = data;

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
  for (guint i = 0; i < self->files->len; i++)
    {
      const File *file = g_ptr_array_index (self->files, i);
      File *twin = file_new (file->vault);

      twin->path = g_strdup (file->path);
      twin->live = file->live;
      twin->changed = file->changed;
      for (guint j = 0; j < file->versions->len; j++)
        {
          const Version *version = g_ptr_array_index (file->versions, j);

          add_version (twin, version->op, version->path, version->content);
        }
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

SimStep *
sim_step_new (SimStepKind kind, const char *vault, const char *path)
{
  SimStep *self = g_new0 (SimStep, 1);

  self->kind = kind;
  self->vault = vault;
  self->path = g_strdup (path);

  return self;
}

SimStep *
sim_step_copy (const SimStep *self)
{
  SimStep *copy = sim_step_new (self->kind, self->vault, self->path);

  copy->to = g_strdup (self->to);
  copy->content = self->content;
  copy->cut = self->cut;

  return copy;
}

void
sim_step_free (SimStep *self)
{
  g_free (self->path);
  g_free (self->to);
  g_free (self);
}

char *
sim_step_describe (const SimStep *self, SimContents *contents)
{
  switch (self->kind)
    {
    case SIM_PUT:
      return g_strdup_printf ("put %s%s: content %u, %" G_GSIZE_FORMAT " bytes", self->vault,
                              self->path, self->content,
                              g_bytes_get_size (sim_contents_get (contents, self->content)));
    case SIM_DELETE:
      return g_strdup_printf ("delete %s%s", self->vault, self->path);
    case SIM_RESTORE:
      return g_strdup_printf ("restore %s%s: content %u", self->vault, self->path, self->content);
    case SIM_MOVE:
    default:
      return g_strdup_printf ("move %s%s to %s", self->vault, self->path, self->to);
    }
}

/* The live file at a path or, without one, the one deleted last if @deleted_too. */
static File *
find (const SimModel *self, const char *vault, const char *path, gboolean deleted_too)
{
  File *found = NULL;

  for (guint i = 0; i < self->files->len; i++)
    {
      File *file = g_ptr_array_index (self->files, i);

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
      const File *file = g_ptr_array_index (self->files, i);

      if (strcmp (file->vault, vault) == 0 && file->live
          && (lies_below (file->path, path) || lies_below (path, file->path)))
        return FALSE;
    }

  return TRUE;
}

/* The file is now what its new version says. */
static void
change (SimModel *self, File *file, MhFileOp op, const char *path, guint content)
{
  g_autofree char *new_path = g_strdup (path);

  add_version (file, op, new_path, content);
  g_free (file->path);
  file->path = g_steal_pointer (&new_path);
  file->live = op != MH_FILE_OP_DELETE;
  file->changed = ++self->changes;
}

static const Version *
head (const File *file)
{
  return g_ptr_array_index (file->versions, file->versions->len - 1);
}

static gboolean
put (SimModel *self, const SimStep *step)
{
  File *file = find (self, step->vault, step->path, TRUE);

  if (!can_be_file (self, step->vault, step->path))
    return FALSE;

  if (file == NULL)
    {
      file = file_new (step->vault);
      g_ptr_array_add (self->files, file);
    }
  change (self, file, MH_FILE_OP_PUT, step->path, step->content);

  return TRUE;
}

static gboolean delete (SimModel *self, const SimStep *step)
{
  File *file = find (self, step->vault, step->path, FALSE);

  if (file == NULL)
    return FALSE;

  change (self, file, MH_FILE_OP_DELETE, step->path, head (file)->content);

  return TRUE;
}

static gboolean
restore (SimModel *self, const SimStep *step)
{
  File *file = find (self, step->vault, step->path, TRUE);

  if (file == NULL || !can_be_file (self, step->vault, step->path))
    return FALSE;

  for (guint i = 0; i < file->versions->len; i++)
    {
      const Version *version = g_ptr_array_index (file->versions, i);

      if (version->op == MH_FILE_OP_DELETE || version->content != step->content)
        continue;
      change (self, file, MH_FILE_OP_PUT, step->path, step->content);
      return TRUE;
    }

  return FALSE;
}

/* The live files that @path is or has below it. */
static GPtrArray *
find_moved (SimModel *self, const SimStep *step)
{
  GPtrArray *moved = g_ptr_array_new ();
  File *single = find (self, step->vault, step->path, FALSE);

  if (single != NULL)
    {
      g_ptr_array_add (moved, single);
      return moved;
    }

  for (guint i = 0; i < self->files->len; i++)
    {
      File *file = g_ptr_array_index (self->files, i);

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
      || find (self, step->vault, step->to, FALSE) != NULL)
    return FALSE;

  for (guint i = 0; i < moved->len; i++)
    {
      File *file = g_ptr_array_index (moved, i);
      g_autofree char *to = g_strconcat (step->to, file->path + strlen (step->path), NULL);

      change (self, file, MH_FILE_OP_MOVE, to, head (file)->content);
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
    default:
      return move (self, step);
    }
}

const char *
sim_model_any_path (const SimModel *self, const char *vault, SimRandom *random)
{
  for (guint i = 0; i < 4 && self->files->len > 0; i++)
    {
      const File *file =
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
  const File *file = find (self, vault, path, TRUE);
  const Version *version;

  if (file == NULL)
    return FALSE;

  version = g_ptr_array_index (file->versions, sim_random_below (random, file->versions->len));
  *content = version->content;

  return TRUE;
}

/* One file as text; @history of the one that its path leads to. */
static char *
dump_file (const File *file, SimContents *contents, gboolean history)
{
  GString *text = g_string_new (NULL);
  guint content = head (file)->content;

  g_string_append_printf (text, "%s %s %" G_GSIZE_FORMAT " %.8s %u\n", file->path,
                          file->live ? "live" : "deleted",
                          g_bytes_get_size (sim_contents_get (contents, content)),
                          sim_contents_hash (contents, content), file->versions->len);
  for (guint i = file->versions->len; history && i > 0; i--)
    {
      const Version *version = g_ptr_array_index (file->versions, i - 1);
      const char *hash = sim_contents_hash (contents, version->content);

      g_string_append_printf (text, "  %d %s %.8s\n", version->op, version->path,
                              version->op == MH_FILE_OP_DELETE ? "-" : hash);
    }

  return g_string_free (text, FALSE);
}

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Takes (element-type utf8) @texts. Returns: (transfer full): them sorted, in one */
static char *
join_sorted (GPtrArray *texts)
{
  g_ptr_array_sort (texts, compare_texts);
  g_ptr_array_add (texts, NULL);

  return g_strjoinv ("", (char **) texts->pdata);
}

char *
sim_model_dump (const SimModel *self, const char *vault, SimContents *contents)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->files->len; i++)
    {
      const File *file = g_ptr_array_index (self->files, i);

      if (strcmp (file->vault, vault) == 0)
        g_ptr_array_add (texts,
                         dump_file (file, contents, find (self, vault, file->path, TRUE) == file));
    }

  return join_sorted (texts);
}

static gboolean
append_history (GString *text, MhStore *store, const char *vault, const char *path, GError **error)
{
  g_autoptr (GPtrArray) versions = mh_store_history (store, vault, path, error);

  if (versions == NULL)
    return FALSE;

  for (guint i = 0; i < versions->len; i++)
    {
      const MhFileVersion *version = g_ptr_array_index (versions, i);

      g_string_append_printf (text, "  %d %s %.8s\n", version->op, version->path,
                              version->content_hash != NULL ? version->content_hash : "-");
    }

  return TRUE;
}

/* Returns: (transfer full): as dump_file(), or %NULL with @error set */
static char *
dump_listed (MhStore *store, const char *vault, const MhFile *file, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (MhFile) shown = mh_store_get (store, vault, file->path, TRUE, error);

  if (shown == NULL)
    return NULL;

  g_string_append_printf (text, "%s %s%s %" G_GINT64_FORMAT " %.8s %" G_GINT64_FORMAT "\n",
                          file->path, file->deleted ? "deleted" : "live",
                          file->conflict ? " conflict" : "", file->size, file->content_hash,
                          file->version_count);
  if (strcmp (shown->file_id, file->file_id) == 0
      && !append_history (text, store, vault, file->path, error))
    return NULL;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
sim_dump_store (MhStore *store, const char *vault, guint page, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *cursor = NULL;

  do
    {
      MhListQuery query = { vault, NULL, TRUE, FALSE, page, cursor };
      g_autoptr (MhFileList) list = mh_store_list (store, &query, error);

      if (list == NULL)
        return NULL;

      for (guint i = 0; i < list->files->len; i++)
        {
          char *text = dump_listed (store, vault, g_ptr_array_index (list->files, i), error);

          if (text == NULL)
            return NULL;
          g_ptr_array_add (texts, text);
        }
      g_free (cursor);
      cursor = g_steal_pointer (&list->cursor);
    }
  while (cursor != NULL);

  return join_sorted (texts);
}
