/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-keep.h"

G_BEGIN_DECLS

/*
 * Which blocks this machine should have and has, and which others should: as @due, @list and @spare
 * of MhSyncServing. For a worker; blocks on disk.
 */

/* Returns: (transfer full) (nullable): of a vault whose key is here, as @keep places them */
GBytes *mh_sync_due (MhSync *sync, MhSyncKeep *keep, const char *vault_id, const guint8 *after,
                     const guint8 *last) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): of one whose key is not */
GBytes *mh_sync_due_held (MhStore *store, const char *vault_id, const guint8 *after,
                          const guint8 *last) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): what @peer, which has not the key, is to keep: also what is
 * not here, as it may be that nobody else has it */
GBytes *mh_sync_due_elsewhere (MhSync *sync, MhSyncKeep *keep, const char *vault_id,
                               const MhPeerId *peer, const guint8 *after) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): which of @ids it need not keep any more */
GBytes *mh_sync_due_no_more (MhSync *sync, MhSyncKeep *keep, const char *vault_id,
                             const MhPeerId *peer, GBytes *ids) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
