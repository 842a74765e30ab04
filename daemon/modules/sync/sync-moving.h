/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The conversations that bring blocks: each ends with the network, or when no more blocks are to
 * come. Thread: any. */
typedef struct _MhSyncMoving MhSyncMoving;

MhSyncMoving *mh_sync_moving_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Nothing may be under way any more. */
void mh_sync_moving_free (MhSyncMoving *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncMoving, mh_sync_moving_free)

/* One conversation. */
typedef struct
{
  GCancellable *network;     /* (owned) */
  GCancellable *cancellable; /* (owned): ends it */
  gulong id;                 /* of the signal of @network */
} MhSyncMove;

/* Fills @out for a conversation that ends with @network, until mh_sync_moving_end(). */
void mh_sync_moving_begin (MhSyncMoving *self, GCancellable *network, MhSyncMove *out);
void mh_sync_moving_end (MhSyncMoving *self, MhSyncMove *move);

/* Ends all of now. */
void mh_sync_moving_cancel (MhSyncMoving *self);

G_END_DECLS
