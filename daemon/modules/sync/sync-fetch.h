/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-session.h"

G_BEGIN_DECLS

/* Where a block can be had. All (unowned). */
typedef struct
{
  MhHost *host;
  MhStore *store;
  const char *vault_id;
  GPtrArray *peer_ids; /* (element-type utf8): machines that have the key */
  GCancellable *cancellable;
} MhSyncFetch;

/**
 * mh_sync_fetch:
 * @self: where
 * @id: a block
 *
 * Asks the connected machines, the nearest first, until one gives it: a machine may go in the
 * middle, or have given the block away.
 *
 * Thread: a worker. Waits.
 * Returns: (transfer full) (nullable): the block, of which @id is the hash, or %NULL
 */
GBytes *mh_sync_fetch (const MhSyncFetch *self, const guint8 *id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
