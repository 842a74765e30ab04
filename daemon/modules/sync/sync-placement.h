/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/core.h"
#include "modules/mesh/mesh.h"
#include "modules/vaults/vaults.h"

G_BEGIN_DECLS

/* A machine that hung up counts for the placement of blocks for so long: most come back. */
#define MH_SYNC_ABSENT_MS (10 * 60 * 1000)

/* Which blocks of a vault belong to this machine. To be cleared. */
typedef struct
{
  GArray *peers; /* (owned) (element-type MhPeerId): other reliable machines that have the key */
  MhPeerId self;
  gboolean is_reliable; /* this machine is one, too */
  gboolean takes_all;   /* the vault is pinned here, or there are too few to choose from */
  gint64 copies;        /* wanted */
} MhSyncPlacement;

/* Gives back what is in it. */
void mh_sync_placement_clear (MhSyncPlacement *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhSyncPlacement, mh_sync_placement_clear)

/* Fills an empty one. @peer_ids: (element-type utf8): machines that have the key. Thread: a worker.
 */
void mh_sync_placement_fill (MhSyncPlacement *self, MhCore *core, MhSwarm *swarm,
                             const MhVault *vault, GPtrArray *peer_ids);

/* Returns: whether this machine should hold the block @id; @data: an MhSyncPlacement. Thread: any.
 */
gboolean mh_sync_placement_wants (const guint8 *id, gpointer data);

G_END_DECLS
