/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/mesh/mesh.h"
#include "modules/vaults/vaults.h"
#include "sync-blame.h"
#include "sync-peers.h"
#include "sync-pull.h"

G_BEGIN_DECLS

/* What is asked for. */
typedef enum
{
  MH_SYNC_CATALOG = 1 << 0, /* versions */
  MH_SYNC_BLOCKS = 1 << 1,  /* blocks that are missing here */
} MhSyncParts;

/* What a round needs besides what a pull needs. All (unowned). */
typedef struct
{
  MhCore *core;
  MhSwarm *swarm;
  MhSyncPeers *peers;
  const MhVault *vault; /* has its key */
  MhSyncBlame *blame;   /* (nullable): who is left out */
  MhSyncParts parts;

  /* (nullable): what the other machine has for the wanted copies, and since when. Returns: %FALSE
   * with @error set */
  gboolean (*agree) (const char *vault_id, gint64 copies, gint64 set_ms, gpointer data,
                     GError **error);
  gpointer data;
} MhSyncRound;

/**
 * mh_sync_round:
 * @self: where
 * @pull: with whom; its mark and its results are filled
 * @error: return location
 *
 * Asks a machine for all that it has and this machine should have: versions, and how far they are
 * known is noted, then blocks.
 *
 * Thread: a worker. Waits.
 * Errors: those of MhSyncSession and of the store
 * Returns: %FALSE with @error set; what came before counts
 */
gboolean
mh_sync_round (const MhSyncRound *self, MhSyncPull *pull, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
