/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/core.h"
#include "sync-blame.h"
#include "sync-rate.h"
#include "sync-session.h"

G_BEGIN_DECLS

/* What this machine keeps of a vault whose key it does not have. All (unowned). */
typedef struct
{
  MhCore *core;
  MhHost *host;
  MhStore *store;
  const char *vault_id;
  GArray *peers; /* (element-type MhPeerId): who says that they have the vault */
  MhSyncBlame *blame;
  MhSyncRate *rate; /* (nullable): of what comes in */
  GCancellable *cancellable;
} MhSyncHold;

/**
 * mh_sync_hold:
 * @self: what
 * @taken: (out): blocks that came
 * @error: return location
 *
 * Asks each machine what is to be kept, takes what is not here, and notes what nobody asks for any
 * more, also when there is no room for all. That is not dropped here: whoever has lost its disk
 * asks for nothing, too.
 *
 * Thread: a worker. Waits.
 * Errors: %MH_ERROR_NO_SPACE when no more may be kept, for all or for those that are new here;
 *   %MH_ERROR_FAILED
 * Returns: %FALSE with @error set when this machine cannot; what came before is kept
 */
gboolean
mh_sync_hold (const MhSyncHold *self, guint *taken, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_sync_hold_less:
 * @self: what
 * @before_ms: what nobody wanted since before then, Unix milliseconds
 * @error: return location
 *
 * Gives up what is kept, where a machine says that there are enough copies, and no other one that
 * can be asked says otherwise. What nobody can be asked about stays.
 *
 * Thread: a worker. Waits.
 * Returns: %FALSE with @error set when this machine cannot
 */
gboolean mh_sync_hold_less (const MhSyncHold *self, gint64 before_ms,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
