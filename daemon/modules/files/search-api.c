/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "files-private.h"

gboolean
files_search (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesSearchQuery *asked = mh_request_query (request);
  MhSearchQuery query = { NULL, asked->q, (guint) asked->limit, asked->cursor };
  MhStore *store = mh_files_open_vault (request, &query.vault_id, error);
  g_autoptr (MhFound) found = NULL;

  if (store == NULL)
    return FALSE;

  found = mh_store_search (store, &query, error);
  if (found == NULL || !mh_store_find_local (store, query.vault_id, found->files, error))
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "files");
  for (guint i = 0; i < found->files->len; i++)
    mh_files_found_to_json (out, g_ptr_array_index (found->files, i));
  mh_json_end_array (out);
  mh_json_string (out, "cursor", found->cursor);
  mh_json_bool (out, "complete", found->complete);
  mh_json_end_object (out);

  return TRUE;
}
