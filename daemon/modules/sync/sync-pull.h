/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-blame.h"
#include "sync-claims.h"
#include "sync-rate.h"
#include "sync-session.h"

G_BEGIN_DECLS

/* What a pull needs, and what came of it. */
typedef struct
{
  MhHost *host;   /* (unowned) */
  MhStore *store; /* (unowned) */
  const char *vault_id;
  const MhPeerId *peer;
  GCancellable *cancellable;
  MhSyncClaims *claims; /* (unowned) (nullable): what others bring */
  MhSyncBlame *blame;   /* (unowned) (nullable): without it, the peer is to compare its blocks */
  MhSyncRate *rate;     /* (unowned) (nullable): of what comes in */
  MhSyncMark mark;      /* (inout): how far its versions are known; of no epoch: that is to be found
                           out by comparing */
  guint versions;       /* result: that came */
  guint blocks;         /* result: that came */
  gint64 bytes;         /* result: of the blocks */
  guint refused;        /* result: versions that nobody with the key has made */
  guint questions;      /* result: that were asked to compare */
  GPtrArray *paths;     /* (owned) (nullable) (element-type utf8): result: files that changed */
} MhSyncPull;

/* Gives back what is in it. */
void mh_sync_pull_clear (MhSyncPull *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhSyncPull, mh_sync_pull_clear)

/**
 * mh_sync_pull_catalog:
 * @self: what
 * @session: a conversation with the peer
 * @error: return location
 *
 * Takes the versions that the peer has and this machine has not: those that came to its index after
 * the mark. Where there is no mark, or the index is another one, or the peer did not give the last
 * time what it named, the trees of both are compared, which costs as much as they differ.
 *
 * Thread: a worker.
 * Errors: those of MhSyncSession, and of mh_store_take_versions()
 * Returns: %FALSE with @error set; what came before counts
 */
gboolean mh_sync_pull_catalog (MhSyncPull *self, MhSyncSession *session,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether this machine should hold a block. */
typedef gboolean (*MhSyncWants) (const guint8 *id, gpointer data);

/* Takes blocks that are missing here, that @wants wants, and that the peer has. As
 * mh_sync_pull_catalog(). */
gboolean mh_sync_pull_blocks (MhSyncPull *self, MhSyncSession *session, MhSyncWants wants,
                              gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes those of @ids, 32 bytes each, that the peer has, and that no other conversation brings. As
 * mh_sync_pull_catalog(). */
gboolean mh_sync_pull_these (MhSyncPull *self, MhSyncSession *session, GBytes *ids,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
