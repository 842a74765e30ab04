/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/*
 * Port mapping: has the router in front of us send on to us what arrives at one of its ports, by
 * UPnP IGD. A program of its own asks, `meshhold-portmap`: what anybody on the network may write is
 * parsed in no process that has keys.
 */

/* How long a router keeps a mapping that is not asked for again. */
#define MH_PORTMAP_LEASE_S 3600

/*
 * It is asked for again in a part of the lease, five minutes mostly: a router that was started anew
 * has forgotten it, and one with a new address does not tell.
 */
#define MH_PORTMAP_PERIOD_PART 12

/* How often our own address is looked at between. */
#define MH_PORTMAP_LOOK_MS 5000

/* How long it is left alone after no router did, at least. */
#define MH_PORTMAP_PAUSE_MS 12000

/* How long mh_portmap_free() waits for the router to take its mapping back. */
#define MH_PORTMAP_REMOVE_MS 4000

/**
 * MhPortmap:
 *
 * The mapping of a host's TCP port at its router. It follows when the address of this machine or of
 * the router changes.
 */
typedef struct _MhPortmap MhPortmap;

/* How it stands. Plain data, to be cleared. */
typedef struct
{
  gboolean available;    /* a router forwards to us */
  MhMultiaddr *external; /* (owned) (nullable): where others reach us, while @available */
  guint16 port;          /* TCP port of ours that is forwarded, 0 when there is none to forward */
  guint lease_s;         /* seconds for which the router is asked */
  char *error;           /* (owned) (nullable): what failed last, for people */
} MhPortmapState;

/* Gives back what is in it. */
void mh_portmap_state_clear (MhPortmapState *state);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhPortmapState, mh_portmap_state_clear)

/* What a mapping is made with. */
typedef struct
{
  const char *program; /* path of `meshhold-portmap` */
  guint lease_s;       /* seconds, 0 for %MH_PORTMAP_LEASE_S */
} MhPortmapNew;

/* Something of the state has changed. On the loop. */
typedef void (*MhPortmapChanged) (MhPortmap *self, gpointer data);

/**
 * mh_portmap_new:
 * @host: a host that listens already; outlives it
 * @new: copied
 * @changed: (nullable): told of changes
 * @data: for @changed
 *
 * Looks for a router and asks it to forward the port that @host listens on on every interface. The
 * address that the router names becomes one of @host's for as long as it forwards.
 *
 * Thread: any but the loop.
 * Returns: (transfer full): it
 */
MhPortmap *mh_portmap_new (MhHost *host, const MhPortmapNew *new, MhPortmapChanged changed,
                           gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_portmap_free:
 * @self: (nullable) (transfer full): before its host is freed
 *
 * Has the router take the mapping back, and waits for that, %MH_PORTMAP_REMOVE_MS at most. What a
 * router does not take back ends with its lease, if it has one. @changed is called no more. The
 * program takes it back as well when this process ends in any other way.
 *
 * Thread: any but the loop.
 */
void mh_portmap_free (MhPortmap *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPortmap, mh_portmap_free)

/* Fills @out, which holds nothing yet. Thread: the loop. */
void mh_portmap_state (const MhPortmap *self, MhPortmapState *out);

G_END_DECLS
