/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What has changed and when it may be looked at: a file two seconds after it was written last, so
 * that half a file is not taken for one; one that is written all the time, after a minute. What
 * changed within half a second is looked at together. When very many change, all of them wait until
 * that is over, so that the change guard sees the whole. Times are those of any clock that does not
 * jump, in microseconds.
 */

#define MH_DIRTY_SETTLE_US (2 * G_TIME_SPAN_SECOND)
#define MH_DIRTY_MOST_US (60 * G_TIME_SPAN_SECOND)
#define MH_DIRTY_GROUP_US (G_TIME_SPAN_SECOND / 2)
#define MH_DIRTY_BURST 100
#define MH_DIRTY_BURST_MOST_US (30 * G_TIME_SPAN_SECOND)

/* Paths beyond which it is cheaper to look at everything. */
#define MH_DIRTY_PATHS 2000

/* For one thread at a time. */
typedef struct _MhDirty MhDirty;

/* Returns: (transfer full): nothing has changed */
MhDirty *mh_dirty_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_dirty_free (MhDirty *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDirty, mh_dirty_free)

/* Notes that what is at @path, a file or folder or "" for everything, has changed at @now_us. */
void mh_dirty_add (MhDirty *self, const char *path, gint64 now_us);

/* As mh_dirty_add(), for what may be looked at already. */
void mh_dirty_add_due (MhDirty *self, const char *path, gint64 now_us);

/**
 * mh_dirty_wait:
 * @self: what has changed
 * @now_us: the time
 *
 * Returns: microseconds until mh_dirty_take() gives something, 0 when it does now; -1 when nothing
 *   has changed
 */
gint64 mh_dirty_wait (MhDirty *self, gint64 now_us);

/* Returns: whether very much changes */
gboolean mh_dirty_is_burst (MhDirty *self);

/**
 * mh_dirty_take:
 * @self: what has changed
 * @now_us: the time
 * @everything: whether everything is to be looked at, whatever has changed
 * @busy: (out) (transfer full) (element-type utf8): what still changes, and stays here
 *
 * Returns: (transfer full) (element-type utf8): what is to be looked at, "" for everything; none
 *   of it is in another
 */
GPtrArray *mh_dirty_take (MhDirty *self, gint64 now_us, gboolean everything,
                          GHashTable **busy) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
