/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-private.h"

G_BEGIN_DECLS

/**
 * mh_punch_holes:
 * @store: the store
 * @versions: whether those that records of versions leave, or those of blocks
 * @freed: (inout): grows by the bytes that the disk got back
 * @cancellable: (nullable): ends it early
 * @error: return location
 *
 * Makes the holes that the index knows read as zeros, durably, and forgets them. What a crash
 * leaves undone is done again: nothing is ever written where a hole is.
 *
 * Thread: any worker. Blocks on disk.
 * Returns: %FALSE with @error set
 */
gboolean mh_punch_holes (MhStore *store, gboolean versions, gint64 *freed,
                         GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
