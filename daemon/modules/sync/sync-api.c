/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-contract.h"

#include "sync-service.h"

gboolean
sync_replicate_now (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return mh_sync_now (mh_request_service (request, "sync"), error);
}

static gboolean
vault_to_json (MhJson *out, MhSync *sync, const MhVault *vault, GError **error)
{
  g_autoptr (MhSyncState) state = mh_sync_state (sync, vault->id);
  g_auto (MhSyncHolders) holders = { 0 };
  gint64 missing = 0;

  if (!mh_store_count_elsewhere (mh_sync_blocks (sync), vault->id, &missing, error))
    return FALSE;
  mh_sync_holders (sync, vault->id, &holders);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "vault_id", vault->id);
  mh_json_begin_array (out, "peers");
  for (guint i = 0; holders.peers[i] != NULL; i++)
    mh_json_string (out, NULL, holders.peers[i]);
  mh_json_end_array (out);
  mh_json_int (out, "peers_online", holders.here);
  mh_json_bool (out, "running", state->running > 0);
  if (state->synced_ms > 0)
    mh_json_int (out, "synced_ms", state->synced_ms);
  else
    mh_json_null (out, "synced_ms");
  mh_json_int (out, "missing_blocks", missing);
  mh_json_string (out, "error", state->error);
  mh_json_int (out, "versions_in", (gint64) state->versions);
  mh_json_int (out, "blocks_in", (gint64) state->blocks);
  mh_json_int (out, "bytes_in", (gint64) state->bytes);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
sync_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhSync *sync = mh_request_service (request, "sync");
  g_autoptr (GPtrArray) vaults = mh_vaults_list (mh_sync_vaults (sync), error);

  if (vaults == NULL)
    return FALSE;
  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "vaults");
  for (guint i = 0; i < vaults->len; i++)
    {
      const MhVault *vault = g_ptr_array_index (vaults, i);

      if (vault->has_key && !vault_to_json (out, sync, vault, error))
        return FALSE;
    }
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}
