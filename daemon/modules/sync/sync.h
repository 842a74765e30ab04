/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* Keeps vaults the same on all machines that have their keys. */
typedef struct _MhSync MhSync;

extern const MhModule mh_sync_module;

/* What is known of a vault on other machines. */
typedef struct
{
  char **peers; /* (owned): peer ids of machines that have its key */
  guint here;   /* of these, that are there now */
} MhSyncHolders;

/* Gives back what is in it. */
void mh_sync_holders_clear (MhSyncHolders *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhSyncHolders, mh_sync_holders_clear)

/* Fills @out. Thread: any. */
void mh_sync_holders (MhSync *self, const char *vault_id, MhSyncHolders *out);

/* How much of something a machine has. */
typedef struct
{
  char *peer_id;      /* (owned) */
  char *display_name; /* (owned) */
  guint blocks;
} MhSyncReplica;

/* Frees it. */
void mh_sync_replica_free (MhSyncReplica *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncReplica, mh_sync_replica_free)

/**
 * mh_sync_replicas:
 * @self: the service
 * @vault_id: a vault
 * @ids: blocks of it, 32 bytes each
 *
 * Asks the machines that are there now. One that does not answer is left out.
 *
 * Thread: a worker. Waits for them.
 * Returns: (transfer full) (element-type MhSyncReplica): other machines that have the key
 */
GPtrArray *
mh_sync_replicas (MhSync *self, const char *vault_id, GBytes *ids) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_sync_cache:
 * @self: the service
 * @vault_id: a vault
 * @ids: blocks of it, 32 bytes each
 * @error: return location
 *
 * Fetches those that are not here, and keeps them.
 *
 * Thread: a worker. Waits for other machines.
 * Errors: %MH_ERROR_UNAVAILABLE when no machine that is there has them all, %MH_ERROR_NO_SPACE
 * Returns: %FALSE with @error set; what came before is kept
 */
gboolean mh_sync_cache (MhSync *self, const char *vault_id, GBytes *ids,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
