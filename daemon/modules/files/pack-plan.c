/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pack.h"

#include <string.h>

#include "base/error.h"

static void
root_free (gpointer data)
{
  MhPackRoot *root = data;

  g_free (root->path);
  g_free (root->name);
  g_free (root);
}

void
mh_pack_plan_free (MhPackPlan *self)
{
  if (self == NULL)
    return;

  g_free (self->vault_id);
  g_ptr_array_unref (self->roots);
  g_free (self->filename);
  g_free (self);
}

const char *
mh_pack_mime (MhPackFormat format)
{
  switch (format)
    {
    case MH_PACK_TAR:
      return "application/x-tar";
    case MH_PACK_TAR_ZST:
      return "application/zstd";
    case MH_PACK_ZIP:
    default:
      return "application/zip";
    }
}

/* Finds out what is at a path; an empty vault is a folder, too. */
static gboolean
look (MhStore *store, const char *vault_id, const char *path, gboolean *is_folder, GError **error)
{
  MhListQuery query = { vault_id, path, FALSE, FALSE, 1 };
  g_autoptr (MhFileList) list = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) local = NULL;

  *is_folder = TRUE;
  if (!g_str_equal (path, "/"))
    {
      file = mh_store_get (store, vault_id, path, FALSE, &local);
      *is_folder = file == NULL;
      if (file == NULL && !g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (file != NULL)
        return TRUE;
    }

  list = mh_store_list (store, &query, error);
  if (list == NULL)
    return FALSE;

  if (list->files->len > 0 || g_str_equal (path, "/"))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file or folder %s", path);

  return FALSE;
}

/* Returns: (transfer full): the last part of a path, with a number if another has it already */
static char *
choose_name (const char *path, GHashTable *names)
{
  const char *base = strrchr (path, '/') + 1;
  const char *dot = strrchr (base, '.');
  char *name = g_strdup (base);

  if (dot == NULL || dot == base)
    dot = base + strlen (base);
  for (guint i = 2; g_hash_table_contains (names, name); i++)
    {
      g_free (name);
      name = g_strdup_printf ("%.*s (%u)%s", (int) (dot - base), base, i, dot);
    }
  g_hash_table_add (names, g_strdup (name));

  return name;
}

MhPackPlan *
mh_pack_plan_new (MhStore *store, const char *vault_id, char **paths, GError **error)
{
  g_autoptr (MhPackPlan) self = g_new0 (MhPackPlan, 1);
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  self->vault_id = g_strdup (vault_id);
  self->roots = g_ptr_array_new_with_free_func (root_free);
  for (guint i = 0; paths[i] != NULL; i++)
    {
      MhPackRoot *root = g_new0 (MhPackRoot, 1);

      g_ptr_array_add (self->roots, root);
      root->path = g_strdup (paths[i]);
      if (!look (store, vault_id, paths[i], &root->is_folder, error))
        return NULL;
      root->name = choose_name (paths[i], names);
      if (i == 0)
        self->filename = g_strdup (*root->name != '\0' ? root->name : "files");
    }

  if (self->roots->len > 0)
    return g_steal_pointer (&self);

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "paths: none");

  return NULL;
}
