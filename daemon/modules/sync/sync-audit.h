/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-blame.h"
#include "sync-claims.h"
#include "sync-placement.h"
#include "sync-promises.h"
#include "sync-rate.h"
#include "sync-session.h"

G_BEGIN_DECLS

/* How the blocks of a vault stand on all machines. */
typedef struct
{
  gint64 checked_ms; /* Unix milliseconds; 0: not yet */
  gint64 ok;         /* as many copies on reliable machines as wanted */
  gint64 under;      /* fewer, but at least one somewhere */
  gint64 over;       /* more */
  gint64 lost;       /* nowhere among the machines that are there */
  gint64 evicted;    /* that this machine gave up, since the start */
  gint64 repaired;   /* that this machine took for want of copies, since the start */
} MhSyncHealth;

/* What an audit needs. All (unowned). */
typedef struct
{
  MhHost *host;
  MhStore *store;
  const char *vault_id;
  const MhSyncPlacement *placement;
  GArray *others;       /* (element-type MhSyncKeeper): machines that count for nothing */
  MhSyncClaims *claims; /* (nullable) */
  GHashTable *surplus;  /* (inout): of mh_sync_surplus_new(), kept from one audit to the next */
  MhSyncPromises *promises;
  MhSyncBlame *blame;
  MhSyncRate *rate;     /* (nullable): of what comes in */
  gboolean no_blocks;   /* counts only: the line costs by the byte */
  gint64 keep_versions; /* of the vault here */
  gint64 keep_days;
  gint64 surplus_ms;   /* a block is given up after it was surplus for so long */
  GByteArray *spilled; /* (out): ids, in order, of blocks that machines without the key have no
                          room for, so that others are to keep them */
  GCancellable *cancellable;
} MhSyncAudit;

/* Returns: (transfer full) (element-type GBytes gint64): no block is surplus yet */
GHashTable *mh_sync_surplus_new (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_sync_audit:
 * @self: what
 * @health: (inout): how the blocks stand, but for the time
 * @error: return location
 *
 * Asks the machines that should have the blocks of a vault whether they do, and others where they
 * do not. Takes blocks that are missing here, or instead of a machine that is full. Gives up blocks
 * of which enough others have said, twice, that they have them, and that they keep them. Machines
 * without the key have to show that they have what they say.
 *
 * Thread: a worker. Waits. One of a vault at a time.
 * Returns: %FALSE with @error set when this machine fails
 */
gboolean mh_sync_audit (const MhSyncAudit *self, MhSyncHealth *health,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
