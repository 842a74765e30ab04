/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "files-private.h"

const char *
mh_files_local (guint blocks, guint missing)
{
  if (missing == 0)
    return "full";

  return missing < blocks ? "partial" : "none";
}

/* This machine; without a mesh there are no others. */
static void
replicas_to_json (MhRequest *request, MhJson *out, const char *local)
{
  MhFiles *files = mh_request_service (request, "files");
  const char *name = mh_core_config (files->core)->display_name;

  mh_json_begin_array (out, "replicas");
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "peer_id", mh_core_peer_id (files->core));
  mh_json_string (out, "display_name", name != NULL ? name : g_get_host_name ());
  mh_json_string (out, "local", local);
  mh_json_end_object (out);
  mh_json_end_array (out);
}

gboolean
files_info (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *path = mh_request_param (request, "path");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhFileDetail) detail = NULL;
  g_autoptr (GPtrArray) versions = NULL;
  const char *local;

  if (store == NULL)
    return FALSE;

  detail = mh_store_get_detail (store, vault_id, path, error);
  versions = detail == NULL ? NULL : mh_store_history (store, vault_id, path, error);
  if (versions == NULL)
    return FALSE;

  local = mh_files_local (detail->different, detail->missing);
  mh_json_begin_object (out, NULL);
  mh_json_begin_object (out, "file");
  mh_files_members_to_json (out, detail->file, local);
  mh_json_end_object (out);
  replicas_to_json (request, out, local);
  mh_json_begin_array (out, "versions");
  for (guint i = 0; i < versions->len; i++)
    mh_files_version_to_json (out, g_ptr_array_index (versions, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

static gboolean
count_missing (MhRequest *request, guint *missing, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  guint blocks;

  return store != NULL
         && mh_store_count_missing (store, vault_id, mh_request_param (request, "path"), &blocks,
                                    missing, error);
}

gboolean
files_locality (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhFiles *files = mh_request_service (request, "files");
  guint missing;

  if (!count_missing (request, &missing, error))
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_bool (out, "local", missing == 0);
  mh_json_begin_array (out, "holders");
  if (missing == 0)
    mh_json_string (out, NULL, mh_core_peer_id (files->core));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
files_cache (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  guint missing;

  if (!count_missing (request, &missing, error))
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_bool (out, "local", missing == 0);
  mh_json_int (out, "missing_blocks", missing);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
files_resolve (MhRequest *request, const MhFileResolve *body, MhJson *out, GError **error)
{
  const char *path = mh_request_param (request, "path");
  MhLeaf leaf = { body->version_hash, body->content_hash };
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhFile) file = NULL;

  if (store == NULL)
    return FALSE;

  file = mh_store_resolve (store, vault_id, path, &leaf, error);
  if (file == NULL)
    return FALSE;

  mh_files_audit (request, "file.resolve", vault_id, path);
  mh_files_publish (request, vault_id, path, file->deleted ? "delete" : "restore");
  mh_files_file_to_json (out, NULL, file);

  return TRUE;
}
