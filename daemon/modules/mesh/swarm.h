/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "greet.h"
#include "keypush.h"
#include "net/p2p/autonat/autonat.h"
#include "net/p2p/portmap/portmap.h"

G_BEGIN_DECLS

/*
 * This machine in one network, for as long as it is connected to it: the libp2p host with all that
 * it speaks, and the directory of who else is there.
 */
typedef struct _MhSwarm MhSwarm;

/* What happens. All of them on the loop of the host. */
typedef struct
{
  /* Whether a node may be here at all. */
  gboolean (*may) (const MhPeerId *peer, gpointer data);
  /* A node came or went. */
  void (*presence) (const MhPeerId *peer, gboolean is_here, gpointer data);
  /* What a node says of itself, or our connection to it, has changed. */
  void (*changed) (const MhPeerId *peer, gpointer data);
  /* A record that was not known. */
  void (*learned) (const MhPeerId *peer, GBytes *record, gpointer data);
  /* Another swarm key has come. @key: (transfer none) */
  void (*key_arrived) (const MhSecret *key, const MhPeerId *by, gpointer data);
  /* Where or how we can be reached has changed. */
  void (*reach) (gpointer data);
} MhSwarmEvents;

/* Addresses that can be listened on. */
#define MH_SWARM_MOST_LISTEN 16

/* What it is made of. Everything is copied, but what is said to outlive it. */
typedef struct
{
  const MhSigner *signer; /* outlives it */
  const MhSecret *key;
  const char *network_id;
  MhClock *clock;            /* outlives it */
  const char *const *listen; /* at most %MH_SWARM_MOST_LISTEN are looked at */
  guint16 *ports; /* (inout) (array fixed-size=MH_SWARM_MOST_LISTEN): of an earlier swarm, or 0;
                     they are taken again where the port is left to us, so that others find us */
  const char *const *announce;  /* (nullable): where else we can be reached */
  const char *const *bootstrap; /* (nullable) */
  guint most_peers;
  gboolean mdns;
  const char *portmap;         /* (nullable): path of the program that asks routers for a port */
  gboolean relay;              /* relays for others */
  const MhSwarmEvents *events; /* outlives it */
  gpointer data;
} MhSwarmNew;

/**
 * mh_swarm_new:
 * @request: what it is made of
 * @error: return location
 *
 * Starts the host and listens. A port that is taken is replaced by one that is free, so that a
 * second daemon on a machine can be in a network, too.
 *
 * Thread: a worker.
 * Errors: %MH_ERROR_FAILED, %MH_ERROR_INVALID for an address that is none
 * Returns: (transfer full): it, or %NULL with @error set
 */
MhSwarm *mh_swarm_new (const MhSwarmNew *request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves the network. Takes up to %MH_PORTMAP_REMOVE_MS. Thread: a worker. */
void mh_swarm_free (MhSwarm *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSwarm, mh_swarm_free)

/* All (transfer none), for as long as it lives. */
MhHost *mh_swarm_host (MhSwarm *self);
MhDirectory *mh_swarm_directory (MhSwarm *self);
const char *mh_swarm_network_id (MhSwarm *self);

/* A message of a topic, of whom it says. On the loop of the host. */
typedef void (*MhSwarmMessage) (const MhPeerId *from, GBytes *message, gpointer data);

/* Takes part in a topic of the network, until @func is %NULL. Thread: any but the loop. */
void mh_swarm_subscribe (MhSwarm *self, const char *topic, MhSwarmMessage func, gpointer data);

/* Says something in a topic of the network, to whoever is connected. Thread: any but the loop. */
void mh_swarm_publish (MhSwarm *self, const char *topic, GBytes *message);

/* As mh_greet_set_profile(), and tells it at once where it @is_urgent. Thread: any but the loop. */
void mh_swarm_set_profile (MhSwarm *self, MhHello *profile, gboolean is_urgent);

/* Returns: (transfer full) (nullable): as mh_greet_own(). Thread: any but the loop. */
MhHello *mh_swarm_own (MhSwarm *self) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_seek_set_bootstrap(). Thread: any but the loop. */
void mh_swarm_set_bootstrap (MhSwarm *self, const char *const *bootstrap);

/* Returns: (transfer full): where we can be reached, ending on our peer id, public ones first.
 * Thread: any but the loop. */
char **mh_swarm_addresses (MhSwarm *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_swarm_push_key:
 * @self: a swarm
 * @key: a new swarm key
 *
 * Thread: a worker. Waits up to %MH_KEYPUSH_TIMEOUT_MS.
 * Returns: (transfer full) (element-type MhKeypushResult): everybody who is connected, or %NULL
 * when another node has made a key in the same moment, which arrives here
 */
GPtrArray *mh_swarm_push_key (MhSwarm *self, const MhSecret *key) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the connections to those that may not be here any more. Thread: any but the loop. */
void mh_swarm_check_peers (MhSwarm *self);

/* How we can be reached. Plain data, to be cleared. */
typedef struct
{
  MhAutonatReach reach;
  guint confidence;
  gboolean portmap_wanted;
  MhPortmapState portmap;
  char **addresses; /* (owned) */
  guint relays;     /* that keep a place for us */
} MhSwarmNat;

/* Gives back what is in it. */
void mh_swarm_nat_clear (MhSwarmNat *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhSwarmNat, mh_swarm_nat_clear)

/* Fills @out. Thread: any but the loop. */
void mh_swarm_nat (MhSwarm *self, MhSwarmNat *out);

G_END_DECLS
