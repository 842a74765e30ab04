/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/core.h"
#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/*
 * Machines that have this one keep blocks for them. Those that are new here have half of what may
 * be kept, all together: whoever comes with vaults that he made up, under as many names as he
 * likes, leaves room for others, and somebody has time to see it. For workers; blocks on disk.
 */

/* So long a machine is new, from the first block on. */
#define MH_SYNC_NEW_MS (7 * G_GINT64_CONSTANT (24) * 3600 * 1000)

/* What those that are new have of a limit, in bytes. */
#define MH_SYNC_NEW_SHARE(limit) ((limit) / 2)

/* New machines that are known at most; others wait until these are not new. */
#define MH_SYNC_MOST_NEW 1024

/* How it stands with those that are new. */
typedef struct
{
  gint64 machines;
  gint64 bytes; /* of the blocks that were taken for them and may be here, sealed */
} MhSyncNewcomers;

/* Fills @out. @held: bytes that are kept for all others now: what was given up counts no more.
 * Returns: %FALSE with @error set */
gboolean mh_sync_askers_count (MhCore *core, gint64 held, MhSyncNewcomers *out,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets @room to how many bytes more @peer may have kept here: %G_MAXINT64 if it is not new, for
 * then only `node.hold` counts. @held: as above. Returns: %FALSE with @error set */
gboolean mh_sync_askers_room (MhCore *core, const MhPeerId *peer, gint64 held, gint64 *room,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that @bytes were taken for @peer, sealed. Returns: %FALSE with @error set */
gboolean mh_sync_askers_add (MhCore *core, const MhPeerId *peer, gint64 bytes,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
