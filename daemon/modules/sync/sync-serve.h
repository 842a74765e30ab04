/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"
#include "sync-promises.h"
#include "sync-rate.h"
#include "sync-wire.h"

G_BEGIN_DECLS

/* A conversation in which another machine asks. All (unowned). */
typedef struct
{
  MhHost *host;
  MhStore *store; /* may not have the vault, or its key */
  MhStream *stream;
  MhSyncPromises *promises;
  MhSyncRate *rate;          /* (nullable): of what goes out */
  GCancellable *cancellable; /* (nullable): the network is left */

  /* (nullable): the other one has shown the key of a vault. */
  void (*proved) (const char *vault_id, const MhPeerId *peer, gpointer data);

  /* (nullable): which blocks after (nullable) @after are for @peer to keep without the key.
   * Returns: (transfer full) (nullable): ids, none at the end; %NULL when there is nothing for it
   */
  GBytes *(*list) (const char *vault_id, const MhPeerId *peer, const guint8 *after, gpointer data);

  /* (nullable): whether @peer, which has not the key, has little room left for what is listed */
  void (*room) (const MhPeerId *peer, gboolean is_full, gpointer data);

  /* (nullable): which of @ids @peer need not keep any more. Returns: (transfer full) (nullable) */
  GBytes *(*spare) (const char *vault_id, const MhPeerId *peer, GBytes *ids, gpointer data);

  /* (nullable): how long versions of a vault are kept here. Returns: %FALSE when that is not known
   */
  gboolean (*keep) (const char *vault_id, MhKeep *keep, gpointer data);

  /* (nullable): how many copies are wanted, and when that was said, Unix milliseconds. Returns:
   * %FALSE when that is not known */
  gboolean (*policy) (const char *vault_id, gint64 *copies, gint64 *set_ms, gpointer data);

  /* (nullable): ids of the blocks after @after, up to @last, that this machine should have and has.
   * Returns: (transfer full) (nullable): %NULL when that is not known */
  GBytes *(*due) (const char *vault_id, const guint8 *after, const guint8 *last, gpointer data);
  gpointer data; /* of all */
} MhSyncServing;

/* Answers whoever has the key until the conversation ends. Thread: a worker. Waits. */
void mh_sync_serve (const MhSyncServing *self);

/* Answers about sealed blocks, whoever asks. Thread: a worker. Waits. */
void mh_sync_serve_hold (const MhSyncServing *self);

G_END_DECLS
