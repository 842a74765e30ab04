/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/gossipsub/gossipsub.h"

/*
 * A network of members in one process: queues with a delay for links, and a time of its own. The
 * program that uses it is linked with --wrap=mh_sign_verify, as most of the time of hundreds of
 * hosts would be spent on the same signatures; each is still looked at once.
 */

#define NET_TOPIC "t"

typedef struct _Net Net;

typedef struct
{
  Net *net;
  guint index;
  MhSigner *signer;
  MhPeerId id;
  MhGossipsub *gossip; /* (nullable): an attacker has none */
  gboolean is_up;
  GArray *links;     /* (element-type guint): indices of hosts */
  GHashTable *asked; /* messages that validate() was asked about */
  guint asked_twice;
} Host;

/* A message that was published. */
typedef struct
{
  guint author;
  gint64 at_ms;
  guint8 *hops;   /* by host; 0: it has not got there */
  gint64 *got_ms; /* by host */
} Sent;

struct _Net
{
  GRand *rand;
  gint64 now_ms;
  guint64 order;
  GPtrArray *hosts;   /* (element-type Host) */
  GHashTable *by_id;  /* (element-type MhPeerId Host) */
  GArray *heap;       /* what happens next */
  GHashTable *links;  /* delays, by both indices */
  gsize bytes_per_ms; /* of each link and direction; 0: as much as there is */
  GHashTable *busy;   /* until when that is used, by both indices */
  GArray *sent;       /* (element-type Sent) */
  guint64 bytes;      /* that went over links */
  guint64 rpcs;
  guint64 hash; /* of all that happened */
  MhGossipsubConfig config;
  /* what an attacker does with what comes to it, and every 100 ms */
  void (*on_attack) (Host *attacker, const MhPeerId *from);
};

Net *net_new (guint32 seed, guint hosts, const MhGossipsubConfig *config);
void net_free (Net *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Net, net_free)

Host *net_host (Net *self, guint index);
/* One more host; without a member when it is an attacker. */
Host *net_add (Net *self, gboolean is_attacker);
/* Connects two hosts, the first dials. */
void net_link (Net *self, guint one, guint other);
void net_unlink (Net *self, guint one, guint other);
/* Every host dials @each others. */
void net_link_all (Net *self, guint each);
void net_subscribe_all (Net *self);
/* A host is no longer there; the others are told after a while. */
void net_crash (Net *self, guint index);
void net_notice (Net *self, guint index);
void net_run (Net *self, gint64 duration_ms);
/* Returns: the number of the message */
guint net_publish (Net *self, guint author, gsize size);
/* Sends bytes from an attacker. */
void net_send (Net *self, guint from, guint to, GBytes *rpc);

/* How many of the hosts that are up and in the topic, and can be reached, have got the messages
 * from @first on; 1 for all. */
double net_delivery (Net *self, guint first);
/* Middle value of the times from publishing to getting there, and of the hops. */
gint64 net_latency_ms (Net *self, guint first);
guint net_hops (Net *self, guint first);
/* Of all members together. */
MhGossipsubCounters net_counters (Net *self);
