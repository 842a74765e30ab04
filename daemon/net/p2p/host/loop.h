/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MhLoop:
 *
 * A thread with a main context of its own, to which others post tasks. It can be held after it has
 * ended; tasks are refused then.
 */
typedef struct _MhLoop MhLoop;

typedef void (*MhLoopTask) (gpointer data);

/* Returns: (transfer full): a loop that runs. Thread: any. */
MhLoop *mh_loop_new (const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Holds it and gives it back. Thread: any. */
MhLoop *mh_loop_ref (MhLoop *self);
void mh_loop_unref (MhLoop *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhLoop, mh_loop_unref)

/* Returns: (transfer none): the context. Thread: any. */
GMainContext *mh_loop_context (const MhLoop *self);

/* Returns: whether this is the thread of the loop, or the loop has ended and nobody else is there
 */
gboolean mh_loop_is_own (MhLoop *self);

/**
 * mh_loop_post:
 * @self: a loop
 * @task: runs on the loop, after those that were posted before
 * @data: (transfer full): for @task
 * @destroy: (nullable): frees @data, after @task or in place of it
 *
 * Thread: any.
 * Returns: %FALSE when the loop has ended; @data is freed then, too
 */
gboolean mh_loop_post (MhLoop *self, MhLoopTask task, gpointer data, GDestroyNotify destroy);

/* Runs @task on the loop and waits for it; here and now if the loop has ended. Any but the loop. */
void mh_loop_run (MhLoop *self, MhLoopTask task, gpointer data);

/* Ends the thread, after the tasks that were posted; those that wait for a time are dropped.
 * Thread: any but the loop. */
void mh_loop_stop (MhLoop *self);

G_END_DECLS
