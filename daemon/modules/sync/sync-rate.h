/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Keeps all conversations of one direction together below a rate (a token bucket that holds one
 * second). Thread: any. */
typedef struct _MhSyncRate MhSyncRate;

/* Returns: (transfer full): one of @bytes_per_s, 0 for no limit */
MhSyncRate *mh_sync_rate_new (gint64 bytes_per_s) G_GNUC_WARN_UNUSED_RESULT;
void mh_sync_rate_free (MhSyncRate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncRate, mh_sync_rate_free)

/* Another limit, in bytes a second, 0 for none. Who waits goes on at the new one. Thread: any. */
void mh_sync_rate_set (MhSyncRate *self, gint64 bytes_per_s);

/**
 * mh_sync_rate_take:
 * @self: (nullable): a rate, %NULL for no limit
 * @bytes: that go
 * @is_urgent: somebody waits for them: they count, and do not wait themselves
 * @cancellable: (nullable): ends the waiting
 *
 * Waits until @bytes may go.
 *
 * Returns: %FALSE when it was cancelled
 */
gboolean
mh_sync_rate_take (MhSyncRate *self, gsize bytes, gboolean is_urgent, GCancellable *cancellable);

G_END_DECLS
