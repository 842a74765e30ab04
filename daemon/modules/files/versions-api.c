/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "files-private.h"
#include "modules/sync/sync.h"

const char *
mh_files_local (guint blocks, guint missing)
{
  if (missing == 0)
    return "full";

  return missing < blocks ? "partial" : "none";
}

static void
replica_to_json (MhJson *out, const char *peer_id, const char *display_name, const char *local)
{
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "peer_id", peer_id);
  mh_json_string (out, "display_name", display_name);
  mh_json_string (out, "local", local);
  mh_json_end_object (out);
}

/* This machine, then those others that are there now. */
static gboolean
replicas_to_json (MhRequest *request, MhJson *out, const char *vault_id, GError **error)
{
  MhFiles *files = mh_request_service (request, "files");
  MhStore *store = mh_request_service (request, "store");
  const char *name = mh_core_config (files->core)->display_name;
  g_autoptr (GPtrArray) replicas = NULL;
  g_autoptr (GBytes) ids = NULL;
  guint missing;
  guint blocks;

  if (!mh_store_locate (store, vault_id, mh_request_param (request, "path"), &ids, &missing, error))
    return FALSE;

  blocks = (guint) (g_bytes_get_size (ids) / MH_SYNC_HASH_SIZE);
  replicas = mh_sync_replicas (mh_request_service (request, "sync"), vault_id, ids);
  mh_json_begin_array (out, "replicas");
  replica_to_json (out, mh_core_peer_id (files->core), name != NULL ? name : g_get_host_name (),
                   mh_files_local (blocks, missing));
  for (guint i = 0; i < replicas->len; i++)
    {
      const MhSyncReplica *replica = g_ptr_array_index (replicas, i);

      replica_to_json (out, replica->peer_id, replica->display_name,
                       mh_files_local (blocks, blocks - MIN (blocks, replica->blocks)));
    }
  mh_json_end_array (out);

  return TRUE;
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
  if (!replicas_to_json (request, out, vault_id, error))
    return FALSE;
  mh_json_begin_array (out, "versions");
  for (guint i = 0; i < versions->len; i++)
    mh_files_version_to_json (out, g_ptr_array_index (versions, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
files_locality (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhFiles *files = mh_request_service (request, "files");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (GPtrArray) replicas = NULL;
  g_autoptr (GBytes) ids = NULL;
  guint missing;

  if (store == NULL
      || !mh_store_locate (store, vault_id, mh_request_param (request, "path"), &ids, &missing,
                           error))
    return FALSE;

  replicas = mh_sync_replicas (mh_request_service (request, "sync"), vault_id, ids);
  mh_json_begin_object (out, NULL);
  mh_json_bool (out, "local", missing == 0);
  mh_json_begin_array (out, "holders");
  if (missing == 0)
    mh_json_string (out, NULL, mh_core_peer_id (files->core));
  for (guint i = 0; i < replicas->len; i++)
    {
      const MhSyncReplica *replica = g_ptr_array_index (replicas, i);

      if (replica->blocks == g_bytes_get_size (ids) / MH_SYNC_HASH_SIZE)
        mh_json_string (out, NULL, replica->peer_id);
    }
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
files_cache (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *path = mh_request_param (request, "path");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (GBytes) ids = NULL;
  g_autoptr (GBytes) after = NULL;
  guint missing;

  if (store == NULL || !mh_store_locate (store, vault_id, path, &ids, &missing, error))
    return FALSE;
  if (missing > 0
      && (!mh_sync_cache (mh_request_service (request, "sync"), vault_id, ids, error)
          || !mh_store_locate (store, vault_id, path, &after, &missing, error)))
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_bool (out, "local", missing == 0);
  mh_json_int (out, "missing_blocks", missing); /* those of a version that came meanwhile */
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
  mh_files_chosen_to_json (out, store, vault_id, file);

  return TRUE;
}
