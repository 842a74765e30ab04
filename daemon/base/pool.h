/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _MhPool MhPool;
typedef void (*MhPoolFunc) (gpointer data);

/**
 * mh_pool_new:
 * @name: name of the pool, at most 15 bytes are shown as the name of its threads
 * @threads: most threads, or 0 to have each job run at once, by mh_pool_push()
 * @queue: most jobs that wait
 *
 * Returns: (transfer full): a bounded worker pool
 */
MhPool *mh_pool_new (const char *name, guint threads, guint queue) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for every job that was accepted. */
void mh_pool_free (MhPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPool, mh_pool_free)

/**
 * mh_pool_push:
 * @self: the pool
 * @func: runs on a worker
 * @data: its argument
 *
 * Thread: any.
 * Returns: %FALSE when the queue is full; @func does not run then
 */
gboolean mh_pool_push (MhPool *self, MhPoolFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: jobs that wait or run */
guint mh_pool_load (MhPool *self);

G_END_DECLS
