/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "sim-model-private.h"

/* One file as text; @history of the one that its path leads to. */
static char *
dump_file (const SimFile *file, SimContents *contents, gboolean history)
{
  GString *text = g_string_new (NULL);
  guint content = sim_file_head (file)->content;

  g_string_append_printf (text, "%s %s %" G_GSIZE_FORMAT " %.8s %u\n", file->path,
                          file->live ? "live" : "deleted",
                          g_bytes_get_size (sim_contents_get (contents, content)),
                          sim_contents_hash (contents, content), sim_file_count (file));
  for (guint i = file->versions->len; history && i > 0; i--)
    {
      const SimVersion *version = g_ptr_array_index (file->versions, i - 1);
      const char *hash = sim_contents_hash (contents, version->content);

      if (version->state != SIM_KEPT)
        continue;
      g_string_append_printf (text, "  %d %s %.8s %" G_GINT64_FORMAT "\n", version->op,
                              version->path, version->op == MH_FILE_OP_DELETE ? "-" : hash,
                              version->ts_ms);
    }

  return g_string_free (text, FALSE);
}

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char *
sim_join_sorted (GPtrArray *texts)
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
      const SimFile *file = g_ptr_array_index (self->files, i);

      if (strcmp (file->vault, vault) == 0)
        g_ptr_array_add (texts, dump_file (file, contents,
                                           sim_model_find (self, vault, file->path, TRUE) == file));
    }

  return sim_join_sorted (texts);
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

      g_string_append_printf (text, "  %d %s %.8s %" G_GINT64_FORMAT "%s\n", version->op,
                              version->path,
                              version->content_hash != NULL ? version->content_hash : "-",
                              version->ts_ms, version->head && i > 0 ? " head" : "");
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

  return sim_join_sorted (texts);
}

char *
sim_dump_trash (MhStore *store, const char *vault, guint page, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *cursor = NULL;

  do
    {
      g_autoptr (MhTrashList) list = mh_store_list_trash (store, vault, page, cursor, error);

      if (list == NULL)
        return NULL;

      for (guint i = 0; i < list->entries->len; i++)
        {
          const MhTrashEntry *entry = g_ptr_array_index (list->entries, i);

          g_ptr_array_add (texts, g_strdup_printf ("trash: %s %" G_GINT64_FORMAT
                                                   " %" G_GINT64_FORMAT " %.8s, %" G_GINT64_FORMAT
                                                   " versions, %" G_GINT64_FORMAT " bytes\n",
                                                   entry->path, entry->deleted_ms, entry->size,
                                                   entry->content_hash, entry->versions,
                                                   entry->freed_bytes));
        }
      g_free (cursor);
      cursor = g_steal_pointer (&list->cursor);
    }
  while (cursor != NULL);

  return sim_join_sorted (texts);
}
