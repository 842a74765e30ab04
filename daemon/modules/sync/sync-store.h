/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/stmt.h"
#include "modules/store/store.h"

G_BEGIN_DECLS

/* A machine that has shown the key of a vault. */
typedef struct
{
  char *vault_id; /* (owned) */
  char *peer_id;  /* (owned) */
  MhSyncMark mark;
  gint64 own_epoch; /* of our index when @mark was set */
  gint64 proved_ms;
} MhSyncPeer;

/* Frees it. */
void mh_sync_peer_free (MhSyncPeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncPeer, mh_sync_peer_free)

/* Returns: (transfer full) (element-type MhSyncPeer): all of them, or %NULL with @error set */
GPtrArray *mh_sync_store_peers (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes one, new or not. Returns: %FALSE with @error set */
gboolean
mh_sync_store_put_peer (MhDb *db, const MhSyncPeer *peer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets those of a vault. Returns: %FALSE with @error set */
gboolean mh_sync_store_forget_vault (MhDb *db, const char *vault_id,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
