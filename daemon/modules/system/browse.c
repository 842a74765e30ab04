/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "browse.h"

#include "base/error.h"

#define MAX_ENTRIES 5000 /* ours: more than a picker can show */

static const char attributes[] = G_FILE_ATTRIBUTE_STANDARD_NAME
    "," G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_IS_HIDDEN
    "," G_FILE_ATTRIBUTE_ACCESS_CAN_WRITE;

static void
entry_free (gpointer data)
{
  MhHostEntry *entry = data;

  g_free (entry->name);
  g_free (entry->path);
  g_free (entry);
}

void
mh_host_folder_free (MhHostFolder *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->dirs);
  g_free (self->path);
  g_free (self->parent);
  g_free (self);
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return g_utf8_collate ((*(MhHostEntry *const *) a)->name, (*(MhHostEntry *const *) b)->name);
}

static void
add_entry (MhHostFolder *self, GFileInfo *info)
{
  const char *name = g_file_info_get_name (info);
  MhHostEntry *entry = NULL;

  /* A name that is no UTF-8 cannot be given back in JSON, so it cannot be picked. */
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_DIRECTORY || g_file_info_get_is_hidden (info)
      || !g_utf8_validate (name, -1, NULL))
    return;

  entry = g_new0 (MhHostEntry, 1);
  entry->name = g_strdup (name);
  entry->path = g_build_filename (self->path, name, NULL);
  entry->writable = g_file_info_get_attribute_boolean (info, G_FILE_ATTRIBUTE_ACCESS_CAN_WRITE);
  g_ptr_array_add (self->dirs, entry);
}

static void
translate (GError **error, const GError *local, const char *path)
{
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "path: no folder %s", path);
  else if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "path: %s is no folder", path);
  else if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "path: no permission to read %s", path);
  else
    g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "path: reading %s: %s", path, local->message);
}

MhHostFolder *
mh_host_folder_read (const char *path, GError **error)
{
  g_autoptr (MhHostFolder) self = g_new0 (MhHostFolder, 1);
  g_autoptr (GFileEnumerator) entries = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFile) parent = NULL;
  g_autoptr (GError) local = NULL;
  GFileInfo *info = NULL;

  self->dirs = g_ptr_array_new_with_free_func (entry_free);
  if (path != NULL && !g_path_is_absolute (path))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "path must be absolute, not %s", path);
      return NULL;
    }

  file = g_file_new_for_path (path != NULL ? path : g_get_home_dir ());
  self->path = g_file_get_path (file);
  parent = g_file_get_parent (file);
  self->parent = parent != NULL ? g_file_get_path (parent) : NULL;

  entries = g_file_enumerate_children (file, attributes, G_FILE_QUERY_INFO_NONE, NULL, &local);
  while (entries != NULL && local == NULL && self->dirs->len < MAX_ENTRIES
         && g_file_enumerator_iterate (entries, &info, NULL, NULL, &local) && info != NULL)
    add_entry (self, info);

  if (local != NULL)
    {
      translate (error, local, self->path);
      return NULL;
    }

  g_ptr_array_sort (self->dirs, by_name);

  return g_steal_pointer (&self);
}
