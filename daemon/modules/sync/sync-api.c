/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-contract.h"

#include "base/error.h"
#include "modules/audit/audit.h"
#include "sync-askers.h"
#include "sync-keep.h"
#include "sync-settings.h"

gboolean
sync_replicate_now (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return mh_sync_now (mh_request_service (request, "sync"), error);
}

static void
health_to_json (MhJson *out, const MhSyncHealth *health)
{
  mh_json_begin_object (out, "health");
  if (health->checked_ms > 0)
    mh_json_int (out, "checked_ms", health->checked_ms);
  else
    mh_json_null (out, "checked_ms");
  mh_json_int (out, "ok", health->ok);
  mh_json_int (out, "under", health->under);
  mh_json_int (out, "over", health->over);
  mh_json_int (out, "lost", health->lost);
  mh_json_int (out, "evicted", health->evicted);
  mh_json_int (out, "repaired", health->repaired);
  mh_json_end_object (out);
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
  mh_json_bool (out, "running", state->waiting > 0);
  if (state->synced_ms > 0)
    mh_json_int (out, "synced_ms", state->synced_ms);
  else
    mh_json_null (out, "synced_ms");
  mh_json_int (out, "missing_blocks", missing);
  mh_json_string (out, "error", state->error);
  mh_json_int (out, "versions_in", (gint64) state->versions);
  mh_json_int (out, "blocks_in", (gint64) state->blocks);
  mh_json_int (out, "bytes_in", (gint64) state->bytes);
  health_to_json (out, &state->health);
  mh_json_end_object (out);

  return TRUE;
}

/* What this machine keeps for vaults whose keys it does not have. */
static gboolean
held_to_json (MhJson *out, MhSync *sync, GError **error)
{
  g_autoptr (GPtrArray) held = mh_store_held (mh_sync_blocks (sync), error);

  if (held == NULL)
    return FALSE;
  mh_json_begin_array (out, "held");
  for (guint i = 0; i < held->len; i++)
    {
      const MhHeldVault *vault = g_ptr_array_index (held, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "vault_id", vault->vault_id);
      mh_json_int (out, "blocks", vault->blocks);
      mh_json_int (out, "bytes", vault->bytes);
      mh_json_int (out, "unwanted_blocks", vault->unwanted);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
  mh_json_int (out, "hold_limit", mh_core_config (mh_sync_core (sync))->hold);

  return TRUE;
}

static gboolean
newcomers_to_json (MhJson *out, MhSync *sync, GError **error)
{
  MhCore *core = mh_sync_core (sync);
  MhSyncNewcomers sum;
  gint64 held;

  if (!mh_store_held_bytes (mh_sync_blocks (sync), &held, error)
      || !mh_sync_askers_count (core, held, &sum, error))
    return FALSE;
  mh_json_begin_object (out, "newcomers");
  mh_json_int (out, "machines", sum.machines);
  mh_json_int (out, "bytes", sum.bytes);
  mh_json_int (out, "limit", MH_SYNC_NEW_SHARE (mh_core_config (core)->hold));
  mh_json_end_object (out);

  return TRUE;
}

static void
suspects_to_json (MhJson *out, MhSync *sync)
{
  gint64 now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
  g_autoptr (GPtrArray) suspects =
      mh_sync_blame_list (mh_sync_keep_blame (mh_sync_keep (sync)), now_ms);

  mh_json_begin_array (out, "suspects");
  for (guint i = 0; i < suspects->len; i++)
    {
      const MhSyncSuspect *suspect = g_ptr_array_index (suspects, i);
      g_autofree char *peer_id = mh_peer_id_to_text (&suspect->peer);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "node_id", peer_id);
      mh_json_int (out, "faults", suspect->faults);
      mh_json_string (out, "why", suspect->why);
      mh_json_int (out, "left_out_ms", suspect->out_ms);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
}

gboolean
sync_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhSync *sync = mh_request_service (request, "sync");
  const MhConfig *config = mh_core_config (mh_sync_core (sync));
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
  if (!held_to_json (out, sync, error) || !newcomers_to_json (out, sync, error))
    return FALSE;
  mh_json_bool (out, "metered", config->metered);
  mh_json_int (out, "download_rate", config->download_rate);
  mh_json_int (out, "upload_rate", config->upload_rate);
  suspects_to_json (out, sync);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
sync_settings (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhConfig *config = mh_core_config (mh_sync_core (mh_request_service (request, "sync")));

  mh_json_begin_object (out, NULL);
  mh_json_int (out, "hold", config->hold);
  mh_json_int (out, "absent_after_ms", config->absent_ms);
  mh_json_int (out, "surplus_after_ms", config->surplus_ms);
  mh_json_bool (out, "metered", config->metered);
  mh_json_int (out, "download_rate", config->download_rate);
  mh_json_int (out, "upload_rate", config->upload_rate);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
sync_change_settings (MhRequest *request, const MhSyncSettingsChange *body, MhJson *out,
                      GError **error)
{
  const struct
  {
    gboolean has;
    MhConfigValue value;
  } all[] = {
    { body->has_hold, { "node.hold", body->hold } },
    { body->has_absent_after_ms, { "node.absent_after", body->absent_after_ms } },
    { body->has_surplus_after_ms, { "node.surplus_after", body->surplus_after_ms } },
    { body->has_metered, { "node.metered", body->metered } },
    { body->has_download_rate, { "sync.download_rate", body->download_rate } },
    { body->has_upload_rate, { "sync.upload_rate", body->upload_rate } },
  };
  MhConfigValue values[G_N_ELEMENTS (all)];
  g_autoptr (GString) detail = g_string_new (NULL);
  guint count = 0;

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i].has)
      {
        values[count++] = all[i].value;
        g_string_append_printf (detail, "%s%s %" G_GINT64_FORMAT, count > 1 ? ", " : "",
                                all[i].value.key, all[i].value.number);
      }
  if (!mh_sync_settings_change (mh_request_service (request, "sync"), values, count, error))
    return FALSE;
  mh_audit_record (mh_request_service (request, "audit"), request, "sync.settings", NULL,
                   detail->str);

  return sync_settings (request, NULL, out, error);
}

/* Returns: (nullable): what is kept for one vault, or %NULL with @error set */
static const MhHeldVault *
find_held (GPtrArray *held, const char *vault_id, GError **error)
{
  for (guint i = 0; i < held->len; i++)
    if (g_str_equal (((MhHeldVault *) g_ptr_array_index (held, i))->vault_id, vault_id))
      return g_ptr_array_index (held, i);
  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "nothing is kept for a vault %s", vault_id);

  return NULL;
}

gboolean
sync_drop_held (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhSync *sync = mh_request_service (request, "sync");
  const char *vault_id = mh_request_param (request, "vault_id");
  g_autoptr (GPtrArray) all = mh_store_held (mh_sync_blocks (sync), error);
  const MhHeldVault *held = all != NULL ? find_held (all, vault_id, error) : NULL;
  g_autofree char *detail = NULL;
  guint dropped;

  if (held == NULL
      || !mh_store_drop_held (mh_sync_blocks (sync), vault_id, G_MAXINT64, &dropped, error))
    return FALSE;
  detail = g_strdup_printf ("%u blocks", dropped);
  mh_audit_record (mh_request_service (request, "audit"), request, "sync.drop_held", vault_id,
                   detail);
  mh_mesh_update_profile (mh_sync_mesh (sync)); /* there is room again */
  mh_json_begin_object (out, NULL);
  mh_json_int (out, "blocks", dropped);
  mh_json_int (out, "bytes", held->bytes);
  mh_json_end_object (out);

  return TRUE;
}
