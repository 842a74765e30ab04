/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/clock.h"
#include "directory.h"
#include "net/p2p/pubsub/pubsub.h"

G_BEGIN_DECLS

/*
 * Tells others of this machine and learns of them. Two peers that connect give each other the
 * records of everybody who is there; what is new in them goes on to the other connected peers, so
 * that two parts of a network that meet know each other at once. After that each node's own record
 * goes round by gossip, when it changes and once a minute.
 */

#define MH_GREET_PROTOCOL "/mh/hello/1"

/* How often a record goes round, on a line that is not metered and on one that is. */
#define MH_GREET_INTERVAL_MS 60000
#define MH_GREET_METERED_MS 300000

/* How long changes are gathered before they are told, of this machine and of others. */
#define MH_GREET_SETTLE_MS 2000
#define MH_GREET_FORWARD_MS 300

/* Bytes of records that a peer may bring in one exchange: four thousand usual ones. */
#define MH_GREET_MAX_EXCHANGE (16 * 1024 * 1024)

typedef struct _MhGreet MhGreet;

typedef struct
{
  MhHost *host;           /* (unowned): outlives it */
  MhPubsub *pubsub;       /* (unowned): outlives it */
  MhDirectory *directory; /* (unowned): outlives it */
  const char *network_id; /* copied */
  MhClock *clock;         /* (unowned): outlives it */
  /* A record that was not known; for who keeps them. On the loop. */
  void (*learned) (const MhPeerId *peer, GBytes *record, gpointer data);
  gpointer data;
} MhGreetNew;

/* Returns: (transfer full): it; it says nothing before it has a profile. Thread: the loop. */
MhGreet *mh_greet_new (const MhGreetNew *request) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, after the host has been freed. */
void mh_greet_free (MhGreet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhGreet, mh_greet_free)

/**
 * mh_greet_set_profile:
 * @self: it
 * @profile: what is to be said of this machine; its addresses, links, number and times are put in
 *   here
 *
 * Thread: the loop.
 */
void mh_greet_set_profile (MhGreet *self, MhHello *profile);

/* Takes a message of the gossip, if it is one of these. Thread: the loop. */
void mh_greet_take_gossip (MhGreet *self, const MhGossipsubMessage *message);

/* Returns: (transfer full) (nullable): what we say of ourselves now. Thread: the loop. */
MhHello *mh_greet_own (MhGreet *self) G_GNUC_WARN_UNUSED_RESULT;

/* Something of what we say has changed: it is told soon. Thread: the loop. */
void mh_greet_touch (MhGreet *self);

/* Returns: records that were bad, since the start. Thread: the loop. */
guint64 mh_greet_refused (const MhGreet *self);

G_END_DECLS
