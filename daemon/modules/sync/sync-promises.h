/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long a block that was promised to another machine stays here, in milliseconds. */
#define MH_SYNC_PROMISE_MS (60 * 60 * 1000)

/* Blocks that other machines rely on, as they gave up their own copies. They are forgotten with the
 * program: after a start, a machine gives up nothing for as long as a promise lasts. Thread: any.
 */
typedef struct _MhSyncPromises MhSyncPromises;

/* Returns: (transfer full): none */
MhSyncPromises *mh_sync_promises_new (void) G_GNUC_WARN_UNUSED_RESULT;
void mh_sync_promises_free (MhSyncPromises *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncPromises, mh_sync_promises_free)

/* Promises to keep @ids, 32 bytes each, all of which are here; @now_ms: of a clock that never goes
 * back. Returns: (transfer full): those that are promised, in the same order */
GBytes *
mh_sync_promises_make (MhSyncPromises *self, GBytes *ids, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/* @ids, 32 bytes each, are about to be given up here: for ten minutes they are promised to nobody.
 */
void mh_sync_promises_leave (MhSyncPromises *self, GBytes *ids, gint64 now_ms);

/* Returns: whether @id was promised to anybody */
gboolean mh_sync_promises_has (MhSyncPromises *self, const guint8 *id, gint64 now_ms);

G_END_DECLS
