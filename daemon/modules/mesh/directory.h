/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "hello.h"

G_BEGIN_DECLS

/*
 * Whom we know of in a network: the newest hello record of each node, and whether it is there. A
 * machine without clock or socket: times are milliseconds of a clock that never goes back.
 *
 * Nothing depends on the clocks of others. A record counts as fresh by when it came to us, and is
 * newer than another one of the same node by its own number alone.
 */

/* A node is there while it is connected, or its newest record is younger than this: two and a half
 * times the interval in which it sends one. */
#define MH_DIRECTORY_FRESH_MS 150000

/* How long a node to which the connection ended still counts as there: others that have one to it
 * pass on its next record, which it sends when its connections change. */
#define MH_DIRECTORY_GRACE_MS 8000

/* Nodes that are remembered; of more, the ones that were silent for the longest are forgotten. */
#define MH_DIRECTORY_MOST 4096

/* How long a node that is gone is remembered. */
#define MH_DIRECTORY_FORGET_MS (30 * G_GINT64_CONSTANT (24) * 3600 * 1000)

typedef struct _MhDirectory MhDirectory;

typedef enum
{
  MH_DIRECTORY_NEWER, /* it was taken */
  MH_DIRECTORY_CAME,  /* it was taken, of a node that did not count as there before */
  MH_DIRECTORY_KNOWN, /* it is the one that we have, or an older one, or of ourselves */
  MH_DIRECTORY_BAD,   /* it is not well formed or not signed */
} MhDirectoryVerdict;

/* A node as it is known now. */
typedef struct
{
  MhPeerId peer;
  MhHello *hello;   /* (owned) (nullable): %NULL for one that is connected and has not said hello */
  GBytes *record;   /* (owned) (nullable): @hello as it was signed */
  gint64 heard_ms;  /* when the record was fresh, on the clock of the directory */
  gint64 seen_ms;   /* when there was a sign of it, a connection included; %G_MININT64: never */
  gboolean is_here; /* see %MH_DIRECTORY_FRESH_MS */
  gboolean is_connected;
} MhNode;

/* Frees it. */
void mh_node_free (MhNode *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhNode, mh_node_free)

/* What happens; each may be %NULL. Called at the end of the call that caused it, without the lock.
 */
typedef struct
{
  /* Whether a node may be here at all; nothing that is said of others is taken. Asked first. */
  gboolean (*may) (const MhPeerId *peer, gpointer data);
  /* A node came or went. */
  void (*presence) (const MhPeerId *peer, gboolean is_here, gpointer data);
  /* What a node says of itself has changed. */
  void (*changed) (const MhPeerId *peer, gpointer data);
} MhDirectoryEvents;

/**
 * mh_directory_new:
 * @self_id: who we are
 * @events: (nullable): outlives it
 * @data: for @events
 *
 * Returns: (transfer full): one that knows nobody
 */
MhDirectory *mh_directory_new (const MhPeerId *self_id, const MhDirectoryEvents *events,
                               gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_directory_free (MhDirectory *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDirectory, mh_directory_free)

/**
 * mh_directory_put:
 * @self: a directory
 * @record: a record from anybody, of anybody
 * @age_ms: milliseconds since it was fresh, as whoever passed it on says
 * @now_ms: time
 * @peer: (out) (nullable): whose it is, unless it is bad
 *
 * Thread: any.
 * Returns: what it was
 */
MhDirectoryVerdict
mh_directory_put (MhDirectory *self, GBytes *record, gint64 age_ms, gint64 now_ms, MhPeerId *peer);

/* Says whether there is a connection to @peer. Thread: any. */
void mh_directory_set_connected (MhDirectory *self, const MhPeerId *peer, gboolean is_connected,
                                 gint64 now_ms);

/* Finds out who is no longer there, and forgets who is gone for long. Thread: any. */
void mh_directory_tick (MhDirectory *self, gint64 now_ms);

/* Returns: the largest number of a record of ours that somebody else has shown us, or 0. Our next
 * one has to be larger, or nobody takes it. Thread: any. */
guint64 mh_directory_own_seq (MhDirectory *self);

/* Returns: (transfer full) (element-type MhNode): everybody but us, by peer id. Thread: any. */
GPtrArray *mh_directory_list (MhDirectory *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): one of them. Thread: any. */
MhNode *mh_directory_get (MhDirectory *self, const MhPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether @peer is there. Thread: any. */
gboolean mh_directory_is_here (MhDirectory *self, const MhPeerId *peer);

G_END_DECLS
