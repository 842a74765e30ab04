/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/clock.h"
#include "base/json.h"

G_BEGIN_DECLS

/* Tells everybody who listens what has happened. Publishing is thread-safe. */
typedef struct _MhBus MhBus;

typedef struct
{
  gint64 seq; /* grows by one with each event of this run of the daemon */
  char *type;
  char *json; /* the whole event: type, seq, ts_ms and its own members */
} MhEvent;

typedef void (*MhBusFunc) (const MhEvent *event, gpointer user_data);

/* Remembers the last 1,024 events. @clock outlives the bus. Dispatches on the default context. */
MhBus *mh_bus_new (MhClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void mh_bus_free (MhBus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhBus, mh_bus_free)

/* Returns: (transfer none): a random word that tells one run of the daemon from another */
const char *mh_bus_epoch (MhBus *self);

/**
 * mh_bus_publish:
 * @self: the bus
 * @type: event type, for example `file_changed`
 * @members: (transfer full) (nullable): a writer into which the members were put, without the
 *   braces around them
 *
 * Thread: any.
 */
void mh_bus_publish (MhBus *self, const char *type, MhJson *members);

/**
 * mh_bus_subscribe:
 * @self: the bus
 * @func: called on the loop for each later event, in order
 * @user_data: for @func
 *
 * Thread: the loop.
 * Returns: a number for mh_bus_unsubscribe()
 */
guint mh_bus_subscribe (MhBus *self, MhBusFunc func, gpointer user_data);
void mh_bus_unsubscribe (MhBus *self, guint id);

/**
 * mh_bus_replay:
 * @self: the bus
 * @after: the seq of the last event that is known
 * @func: called for each event after it that the loop has dispatched
 * @user_data: for @func
 *
 * Thread: the loop.
 * Returns: %FALSE when some of them are forgotten; @func is not called then
 */
gboolean mh_bus_replay (MhBus *self, gint64 after, MhBusFunc func, gpointer user_data);

G_END_DECLS
