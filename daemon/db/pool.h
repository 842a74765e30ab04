/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db.h"

G_BEGIN_DECLS

/**
 * MhDbPool:
 *
 * Connections to one file, handed out to one user each.
 */
typedef struct _MhDbPool MhDbPool;

/**
 * MhDbLease:
 *
 * The right to use one connection of a pool. Freeing it gives the connection back.
 */
typedef struct _MhDbLease MhDbLease;

/**
 * mh_db_pool_new:
 * @path: the database
 * @flags: how to open it
 * @max: most connections at a time
 *
 * Opens nothing yet.
 *
 * Thread: any.
 * Returns: (transfer full): a pool
 */
MhDbPool *mh_db_pool_new (const char *path, MhDbFlags flags, guint max) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_pool_take:
 * @self: a pool
 * @error: return location
 *
 * Waits up to ten seconds for a connection. A thread that holds a lease must not take another:
 * a pool never waits for itself.
 *
 * Thread: any worker. May block on disk.
 * Errors: %MH_ERROR_UNAVAILABLE when all stay in use; as mh_db_open()
 * Returns: (transfer full): a lease, or %NULL with @error set
 */
MhDbLease *mh_db_pool_take (MhDbPool *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_pool_give:
 * @lease: (nullable) (transfer full): a lease; transactions and statements of it are ended
 *
 * Thread: the one that uses the connection.
 */
void mh_db_pool_give (MhDbLease *lease);

/**
 * mh_db_lease_db:
 * @lease: a lease
 *
 * Thread: the one that holds @lease.
 * Returns: (transfer none): its connection
 */
MhDb *mh_db_lease_db (MhDbLease *lease);

/**
 * mh_db_pool_free:
 * @self: (nullable) (transfer full): a pool without leases
 *
 * Thread: any. Blocks on disk.
 */
void mh_db_pool_free (MhDbPool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDbPool, mh_db_pool_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDbLease, mh_db_pool_give)

G_END_DECLS
