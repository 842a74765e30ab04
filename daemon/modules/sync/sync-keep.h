/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-audit.h"
#include "sync-service.h"

G_BEGIN_DECLS

/*
 * Looks after the copies: when the blocks of which vault are audited, and what this machine keeps
 * for vaults whose keys it does not have.
 */

/* Returns: (transfer full): one of @sync, which outlives it */
MhSyncKeep *mh_sync_keep_new (MhSync *sync) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for what is under way, which has been told to end. */
void mh_sync_keep_free (MhSyncKeep *self);

/* Something of a vault is another, here or elsewhere; %NULL for all vaults. Thread: any. */
void mh_sync_keep_note (MhSyncKeep *self, const char *vault_id);

/* A vault is gone from this machine. Thread: any. */
void mh_sync_keep_forget (MhSyncKeep *self, const char *vault_id);

/* Looks what is to be done, and has it done. Thread: a worker. */
void mh_sync_keep_check (MhSyncKeep *self);

/* Offers to keep blocks of the vaults of others, and drops what is not to be kept. Thread: a
 * worker. */
void mh_sync_keep_sweep (MhSyncKeep *self);

/* Has this machine ask what it is to keep of a vault whose key it does not have; @owner:
 * (nullable): who spoke of it. Thread: any. */
void mh_sync_keep_offer (MhSyncKeep *self, const char *vault_id, const MhPeerId *owner);

/* Fills @out with how the blocks of a vault stood at the last audit. Thread: any. */
void mh_sync_keep_health (MhSyncKeep *self, const char *vault_id, MhSyncHealth *out);

/* Returns: whether the blocks of a vault were counted lately, and none had too few copies. Thread:
 * any. */
gboolean mh_sync_keep_is_sure (MhSyncKeep *self, const char *vault_id);

/* Returns: (transfer full) (nullable): ids, in order, of blocks of a vault that machines without
 * the key had no room for at the last audit. Thread: any. */
GBytes *mh_sync_keep_spilled (MhSyncKeep *self, const char *vault_id) G_GNUC_WARN_UNUSED_RESULT;

/* A machine without the key says whether it has little room left for blocks of this one: it may
 * have more for others. Thread: any. */
void mh_sync_keep_note_room (MhSyncKeep *self, const MhPeerId *peer, gboolean is_full);

/* Fills @out, an empty one, for a vault. Returns: %FALSE without a network */
gboolean mh_sync_keep_place (MhSyncKeep *self, const MhVault *vault, MhSyncPlacement *out);

/* All (transfer none). */
MhSyncPromises *mh_sync_keep_promises (MhSyncKeep *self);
MhSyncBlame *mh_sync_keep_blame (MhSyncKeep *self);

G_END_DECLS
