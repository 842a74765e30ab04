/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"
#include "modules/store/store.h"

G_BEGIN_DECLS

/* Which machines have shown that they have the key of a vault, and how far each was asked. Kept
 * over restarts. Thread: any. */
typedef struct _MhSyncPeers MhSyncPeers;

/* Returns: (transfer full): those of the database of @core, which outlives it, or %NULL with @error
 * set */
MhSyncPeers *mh_sync_peers_new (MhCore *core, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_sync_peers_free (MhSyncPeers *self);

/* Returns: (transfer full): one text for both */
char *mh_sync_peers_key (const char *vault_id, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that @peer_id has the key, and where it is if @mark is there, for our index of @own_epoch.
 */
void mh_sync_peers_note (MhSyncPeers *self, const char *vault_id, const char *peer_id,
                         const MhSyncMark *mark, gint64 own_epoch);

/* Returns: how far @peer_id was asked: nowhere when our index was made anew, or lost its newest
 * versions, as it may have less than we knew */
MhSyncMark
mh_sync_peers_mark (MhSyncPeers *self, const char *vault_id, const char *peer_id, gint64 own_epoch);

/* Returns: (transfer full) (element-type utf8): machines that have the key of a vault */
GPtrArray *mh_sync_peers_list (MhSyncPeers *self, const char *vault_id) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: how many they are */
guint mh_sync_peers_count (MhSyncPeers *self, const char *vault_id);

/* Forgets who had the key of a vault. Blocks on disk. */
void mh_sync_peers_forget_vault (MhSyncPeers *self, const char *vault_id);

G_END_DECLS
