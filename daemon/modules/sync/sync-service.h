/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "modules/mesh/mesh.h"
#include "modules/store/store.h"
#include "modules/vaults/vaults.h"
#include "sync-audit.h"
#include "sync-fetch.h"
#include "sync-moving.h"
#include "sync-store.h"
#include "sync.h"

G_BEGIN_DECLS

typedef struct _MhSyncKeep MhSyncKeep;

/* How a vault stands, for people. */
typedef struct
{
  char *vault_id;   /* (owned) */
  int waiting;      /* conversations that wait for their turn, or are under way */
  guint running;    /* conversations with other machines that are under way */
  gint64 synced_ms; /* when all that are there were asked last, Unix milliseconds; 0: not yet */
  char *error;      /* (owned) (nullable): why the last one failed */
  guint64 versions; /* that came, since the start */
  guint64 blocks;   /* that came, since the start */
  guint64 bytes;    /* of them */
  MhSyncHealth health;
} MhSyncState;

/* Frees it. */
void mh_sync_state_free (MhSyncState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncState, mh_sync_state_free)

/* Returns: (transfer full): how it stands now. Thread: any. */
MhSyncState *mh_sync_state (MhSync *self, const char *vault_id) G_GNUC_WARN_UNUSED_RESULT;

/* Tells people that a vault stands otherwise than before. Thread: any. */
void mh_sync_tell_state (MhSync *self, const char *vault_id);

/* Tells other machines that there is something about a vault to be asked for. Thread: a worker. */
void mh_sync_tell_others (MhSync *self, const char *vault_id);

/* Returns: (transfer none): blocks that are on their way */
MhSyncClaims *mh_sync_claims (MhSync *self);

/* Returns: (transfer none): how fast blocks may come, and go */
MhSyncRate *mh_sync_rate_in (MhSync *self);
MhSyncRate *mh_sync_rate_out (MhSync *self);

/* Returns: whether no blocks are to come that nobody waits for, as this machine's line costs by the
 * byte, or that of @peer (nullable); not so for a while after mh_sync_now(). Thread: any. */
gboolean mh_sync_is_paused (MhSync *self, const MhPeerId *peer);

/* Returns: (transfer none): the conversations that bring blocks */
MhSyncMoving *mh_sync_moving (MhSync *self);

/* Returns: (transfer none): who looks after the copies */
MhSyncKeep *mh_sync_keep (MhSync *self);

/* Asks all machines about all vaults, soon. Returns: %FALSE with %MH_ERROR_UNAVAILABLE without a
 * network. Thread: a worker. */
gboolean mh_sync_now (MhSync *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Asks everybody, and looks what is to be kept, as if it were time for it. Thread: any. */
void mh_sync_sweep_soon (MhSync *self);

/* The other modules. All (transfer none). */
MhCore *mh_sync_core (MhSync *self);
MhVaults *mh_sync_vaults (MhSync *self);
MhStore *mh_sync_blocks (MhSync *self);
MhMesh *mh_sync_mesh (MhSync *self);

/* Returns: (transfer none) (nullable): the network, for mh_sync_give(); @cancellable, which is
 * (transfer full), ends with it. Thread: a worker. */
MhSwarm *mh_sync_take (MhSync *self, GCancellable **cancellable) G_GNUC_WARN_UNUSED_RESULT;
void mh_sync_give (MhSync *self, GCancellable *cancellable);

/* Fills in what is the same for all vaults; all (transfer none). */
void mh_sync_fill_fetch (MhSync *self, MhSwarm *swarm, GArray *holders, GCancellable *cancellable,
                         MhSyncFetch *fetch);

/* Returns: (transfer full) (element-type utf8): machines that have the key of a vault. Thread: any.
 */
GPtrArray *mh_sync_peers_of (MhSync *self, const char *vault_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
