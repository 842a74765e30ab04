/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-blame.h"
#include "sync-rate.h"
#include "sync-session.h"

G_BEGIN_DECLS

/* Where a block can be had. All (unowned). */
typedef struct
{
  MhHost *host;
  MhStore *store;
  const char *vault_id;
  GPtrArray *peer_ids; /* (element-type utf8): machines that have the key */
  GArray *holders;     /* (element-type MhPeerId): that keep blocks without it */
  MhSyncBlame *blame;
  MhSyncRate *rate; /* (nullable): of what is kept; a reader does not wait */
  GCancellable *cancellable;
} MhSyncFetch;

/* A machine that can be asked, and what to call it. */
typedef struct
{
  MhPeerId peer;
  gint64 rtt_us; /* %G_MAXINT64: not known */
  gboolean has_key;
} MhSyncNear;

/* Returns: (transfer full) (element-type MhSyncNear): those that are connected, the nearest first,
 * and those without the key last. Thread: any but the loop of the host. */
GArray *mh_sync_fetch_near (const MhSyncFetch *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): a conversation with one of them, or %NULL */
MhSyncSession *
mh_sync_fetch_open (const MhSyncFetch *self, const MhSyncNear *near) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_sync_fetch_all:
 * @self: where
 * @ids: blocks, 32 bytes each
 * @error: return location
 *
 * As mh_sync_fetch() for many, which are kept.
 *
 * Errors: %MH_ERROR_UNAVAILABLE when some could not be had, those of mh_store_take_blocks()
 * Returns: %FALSE with @error set
 */
gboolean
mh_sync_fetch_all (const MhSyncFetch *self, GBytes *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

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
