/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-service.h"

G_BEGIN_DECLS

/**
 * mh_sync_settings_change:
 * @self: the service
 * @values: what is to be another of config.yaml: node.hold, node.absent_after, node.surplus_after,
 *   node.metered, sync.download_rate, sync.upload_rate
 * @count: their number
 * @error: return location
 *
 * Writes it, and has it count from now on: for what is on its way as well.
 *
 * Thread: a worker. Blocks on disk.
 * Errors: as mh_core_change_config()
 */
gboolean mh_sync_settings_change (MhSync *self, const MhConfigValue *values, guint count,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
