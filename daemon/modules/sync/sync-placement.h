/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/core.h"
#include "modules/mesh/mesh.h"
#include "modules/vaults/vaults.h"
#include "sync-blame.h"

G_BEGIN_DECLS

/* A machine that keeps blocks. */
typedef struct
{
  MhPeerId peer;
  gboolean has_key; /* otherwise it keeps sealed blocks for others */
  gboolean is_here; /* connected, so that it can be asked */
  gboolean is_full; /* it said that it has no room */
} MhSyncKeeper;

/*
 * Which blocks of a vault belong to which machine. Reliable machines with the key come first, by
 * the hash of machine and block; where there are fewer of them than wanted copies, all have all,
 * and machines without the key that offer to keep blocks for others make up the number. To be
 * cleared.
 */
typedef struct
{
  GArray *keepers; /* (owned) (element-type MhSyncKeeper): other reliable machines */
  MhPeerId self;
  gboolean is_reliable; /* this machine is one, too */
  gboolean is_pinned;   /* the vault is to be here as a whole */
  gint64 copies;        /* wanted */
  guint trusted;        /* reliable machines with the key, this one included */
} MhSyncPlacement;

/* Gives back what is in it. */
void mh_sync_placement_clear (MhSyncPlacement *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhSyncPlacement, mh_sync_placement_clear)

/* Returns: whether a node says that it has something of a vault; @hello: (nullable) */
gboolean mh_sync_says_vault (const MhHello *hello, const char *vault_id);

/* Returns: (transfer full) (element-type MhVaultSeen): vaults that machines which are there speak
 * of, by id. Thread: any. */
GArray *mh_sync_placement_seen (MhSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;

/* Who may keep blocks of a vault. All (unowned). */
typedef struct
{
  MhCore *core;
  MhSwarm *swarm;
  const MhVault *vault;
  GPtrArray *peer_ids; /* (element-type utf8): machines that have shown its key */
  MhSyncBlame *blame;  /* (nullable): who is left out */
} MhSyncCandidates;

/* Returns: (transfer full) (element-type MhPeerId): machines that are connected, have blocks of
 * others or take them, and are not among @peer_ids. Thread: a worker. */
GArray *mh_sync_placement_offering (MhSwarm *swarm, GPtrArray *peer_ids) G_GNUC_WARN_UNUSED_RESULT;

/* Fills an empty one. Thread: a worker. */
void mh_sync_placement_fill (MhSyncPlacement *self, const MhSyncCandidates *from);

/* Returns: whether this machine should hold the block @id; @data: an MhSyncPlacement. Thread: any.
 */
gboolean mh_sync_placement_wants (const guint8 *id, gpointer data);

/* The same, if those that are full are passed over. */
gboolean mh_sync_placement_wants_instead (const MhSyncPlacement *self, const guint8 *id);

/* Returns: whether the keeper at @at should hold the block @id. Thread: any. */
gboolean mh_sync_placement_is_for (const MhSyncPlacement *self, guint at, const guint8 *id);

/* The same for one without the key, if those that are full are passed over: it is not itself. */
gboolean mh_sync_placement_is_for_instead (const MhSyncPlacement *self, guint at, const guint8 *id);

/* Returns: which of the keepers @peer is, or -1 */
int mh_sync_placement_find (const MhSyncPlacement *self, const MhPeerId *peer);

G_END_DECLS
