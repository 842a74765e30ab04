/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-peers.h"
#include "sync-service.h"
#include "sync-state.h"

G_BEGIN_DECLS

/* The conversations in which this machine asks others: each once at a time, so many together. */
typedef struct _MhSyncJobs MhSyncJobs;

/* Returns: (transfer full): none yet. All that it is given outlives it. */
MhSyncJobs *
mh_sync_jobs_new (MhSync *sync, MhSyncPeers *peers, MhSyncStates *states) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for those under way, does those that wait, and frees it. @self: (nullable) */
void mh_sync_jobs_free (MhSyncJobs *self);

/* Asks @peer about a vault, unless that is to be done already: for versions and then blocks, or for
 * blocks alone. Nobody is asked who is left out. Thread: any. */
void
mh_sync_jobs_add (MhSyncJobs *self, const char *vault_id, const MhPeerId *peer, gboolean is_blocks);

G_END_DECLS
