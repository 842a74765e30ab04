/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "walk.h"

#include <string.h>

#include "base/error.h"
#include "modules/store/store.h"

/* What an interrupted write leaves is removed when it is so old, in nanoseconds. */
#define OLD_NS (60 * 60 * G_GINT64_CONSTANT (1000000000))

MhLeftOut *
mh_left_out_new (const char *path, char *why)
{
  MhLeftOut *self = g_new0 (MhLeftOut, 1);

  self->path = g_filename_display_name (path);
  self->why = why;

  return self;
}

void
mh_left_out_free (MhLeftOut *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->why);
  g_free (self);
}

void
mh_walk_init (MhWalk *self)
{
  memset (self, 0, sizeof *self);
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->unknown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->skipped = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_left_out_free);
}

void
mh_walk_clear (MhWalk *self)
{
  g_clear_pointer (&self->files, g_hash_table_unref);
  g_clear_pointer (&self->unknown, g_hash_table_unref);
  g_clear_pointer (&self->skipped, g_ptr_array_unref);
}

static void
leave_out (MhWalk *self, const char *path, char *why)
{
  g_ptr_array_add (self->skipped, mh_left_out_new (path, why));
  g_hash_table_add (self->unknown, g_strdup (path));
}

static void
remove_part (MhWalk *self, const char *path, const MhDiskEntry *entry)
{
  gint64 age_ns = g_get_real_time () * 1000 - entry->state.mtime_ns;

  /* The time of a part may be that of the file that it was to become. */
  if (g_str_has_suffix (entry->name, ".part") && entry->kind == MH_DISK_FILE
      && (age_ns > OLD_NS || age_ns < 0))
    (void) !mh_disk_remove (self->disk, path, &entry->state, NULL); /* the next walk tries again */
}

/* Returns: (transfer full) (nullable): why something cannot be mirrored */
static char *
why_not (MhWalk *self, const char *path, const MhDiskEntry *entry)
{
  g_autofree char *vault_path = g_strconcat ("/", path, NULL);
  g_autoptr (GError) error = NULL;

  if (entry->kind == MH_DISK_OTHER)
    return g_strdup ("it is a link or a special file");
  if (mh_disk_is_foreign (self->disk, entry))
    return g_strdup ("something else is mounted there; mirror it as a folder of its own");
  if (!g_utf8_validate (entry->name, -1, NULL))
    return g_strdup ("its name is not UTF-8");
  if (!mh_store_check_path (vault_path, &error))
    return g_strdup (error->message);

  return NULL;
}

/* Looks at one entry; a folder is added to @folders. */
static void
take (MhWalk *self, const char *path, const MhDiskEntry *entry, GPtrArray *folders)
{
  char *why;

  if (g_str_has_prefix (entry->name, MH_DISK_OWN))
    {
      remove_part (self, path, entry);
      return;
    }
  if (g_utf8_validate (entry->name, -1, NULL)
      && mh_ignore_matches (self->ignore, path, entry->kind == MH_DISK_FOLDER))
    return;

  why = why_not (self, path, entry);
  if (why != NULL)
    leave_out (self, path, why);
  else if (entry->kind == MH_DISK_FOLDER)
    g_ptr_array_add (folders, g_strdup (path));
  else
    g_hash_table_replace (self->files, g_strdup (path),
                          g_memdup2 (&entry->state, sizeof entry->state));
}

/* Reads one folder. Returns: %FALSE with @error set when it is the root that cannot be read */
static gboolean
read_folder (MhWalk *self, const char *folder, GPtrArray *folders, GError **error)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) local = NULL;

  if (self->on_folder != NULL)
    self->on_folder (folder, self->data);
  entries = mh_disk_list (self->disk, folder, &local);
  if (entries == NULL && *folder == '\0')
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (entries == NULL)
    {
      if (!g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
        leave_out (self, folder, g_strdup (local->message));
      return TRUE;
    }

  for (guint i = 0; i < entries->len; i++)
    {
      const MhDiskEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path =
          *folder != '\0' ? g_strconcat (folder, "/", entry->name, NULL) : g_strdup (entry->name);

      take (self, path, entry, folders);
    }

  return TRUE;
}

static gboolean
walk_below (MhWalk *self, const char *folder, GError **error)
{
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (folders, g_strdup (folder));
  while (folders->len > 0)
    {
      g_autofree char *next = g_ptr_array_steal_index_fast (folders, folders->len - 1);

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
          || !read_folder (self, next, folders, error))
        return FALSE;
    }

  return TRUE;
}

/* Leaves out the first folder above @path that is not to be mirrored, as a walk over everything
 * does. Returns: whether there is one, so that nothing can be said of @path */
static gboolean
is_in_left_out (MhWalk *self, const char *path)
{
  for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *above = g_strndup (path, (gsize) (slash - path));
      g_autoptr (GError) error = NULL;
      g_autoptr (MhDiskEntry) entry = mh_disk_look (self->disk, above, &error);
      char *why = NULL;

      if (entry == NULL && g_error_matches (error, MH_ERROR, MH_ERROR_NOT_FOUND))
        return FALSE;
      why = entry != NULL ? why_not (self, above, entry) : g_strdup (error->message);
      if (why == NULL)
        continue;
      leave_out (self, above, why);
      return TRUE;
    }

  return FALSE;
}

gboolean
mh_walk_add (MhWalk *self, const char *path, GError **error)
{
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local = NULL;
  g_autoptr (MhDiskEntry) entry = NULL;

  if (*path == '\0')
    return walk_below (self, path, error);

  if (mh_ignore_covers (self->ignore, path) || is_in_left_out (self, path))
    return TRUE;
  entry = mh_disk_look (self->disk, path, &local);
  if (entry == NULL)
    {
      if (!g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
        leave_out (self, path, g_strdup (local->message));
      return TRUE;
    }

  take (self, path, entry, folders);

  return folders->len == 0 || walk_below (self, path, error);
}

gboolean
mh_walk_is_unknown (const MhWalk *self, const char *path)
{
  g_autofree char *above = g_strdup (path);
  char *slash;

  if (g_hash_table_size (self->unknown) == 0)
    return FALSE;
  if (g_hash_table_contains (self->unknown, path))
    return TRUE;
  while ((slash = strrchr (above, '/')) != NULL)
    {
      *slash = '\0';
      if (g_hash_table_contains (self->unknown, above))
        return TRUE;
    }

  return FALSE;
}
