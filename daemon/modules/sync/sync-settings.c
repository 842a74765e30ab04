/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-settings.h"

#include "sync-keep.h"

static void
apply (MhSync *self, const MhConfig *config)
{
  mh_sync_rate_set (mh_sync_rate_in (self), config->download_rate);
  mh_sync_rate_set (mh_sync_rate_out (self), config->upload_rate);
  mh_store_set_hold_limit (mh_sync_blocks (self), config->hold);
}

gboolean
mh_sync_settings_change (MhSync *self, const MhConfigValue *values, guint count, GError **error)
{
  MhCore *core = mh_sync_core (self);
  const MhConfig *config;

  if (!mh_core_change_config (core, values, count, error))
    return FALSE;
  do /* another one may have changed it once more, and have applied that before we did */
    {
      config = mh_core_config (core);
      apply (self, config);
    }
  while (config != mh_core_config (core));

  if (mh_sync_is_paused (self, NULL))
    mh_sync_moving_cancel (mh_sync_moving (self));
  mh_mesh_update_profile (mh_sync_mesh (self)); /* room for others; whether the line is metered */
  mh_sync_keep_note (mh_sync_keep (self), NULL);
  mh_sync_sweep_soon (self);

  return TRUE;
}
