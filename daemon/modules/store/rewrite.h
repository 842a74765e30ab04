/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-private.h"

G_BEGIN_DECLS

/**
 * mh_rewrite_segments:
 * @store: the store
 * @bytes_per_s: most bytes to be moved in a second, 0 for no limit
 * @upkeep: (inout): what was done is added
 * @cancellable: (nullable): ends it early
 * @error: return location
 *
 * Moves what is in use out of segments that are mostly empty but still take space, and removes
 * segments in which nothing is left. A record that is damaged keeps its segment from being removed.
 *
 * Thread: any worker. Blocks on disk.
 * Returns: %FALSE with @error set
 */
gboolean mh_rewrite_segments (MhStore *store, guint64 bytes_per_s, MhUpkeep *upkeep,
                              GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
