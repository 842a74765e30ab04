/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/gossipsub/gossipsub.h"
#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/* gossipsub on a host: a stream to every peer that speaks it, and one from it. */

/* Bytes that may wait for a peer before messages to it are dropped, and before gossip is. */
#define MH_PUBSUB_MOST_MESSAGES (4 * 1024 * 1024)
#define MH_PUBSUB_MOST_GOSSIP (256 * 1024)

/* Bytes that may wait for a peer at all: beyond all messages one RPC of what is never dropped, as
 * gossipsub limits it. A peer that lets more pile up loses its stream and begins anew. */
#define MH_PUBSUB_MOST_WAITING (MH_PUBSUB_MOST_MESSAGES + MH_GOSSIPSUB_MAX_RPC)

typedef struct _MhPubsub MhPubsub;

/* What happens, on the loop. Each may be %NULL. See MhGossipsubEvents. */
typedef struct
{
  MhGossipsubValidate validate;
  void (*message) (const MhGossipsubMessage *message, gpointer data);
  void (*member) (const MhPeerId *peer, const char *topic, gboolean is_in, gpointer data);
} MhPubsubEvents;

/**
 * mh_pubsub_new:
 * @host: a host, which outlives it
 * @config: (nullable): copied; %NULL for the defaults
 * @events: (nullable): outlives it
 * @data: for @events
 *
 * Thread: the loop.
 * Returns: (transfer full): gossipsub on @host
 */
MhPubsub *mh_pubsub_new (MhHost *host, const MhGossipsubConfig *config,
                         const MhPubsubEvents *events, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, after the host has been freed. */
void mh_pubsub_free (MhPubsub *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPubsub, mh_pubsub_free)

/* Returns: (transfer none): the machine, for everything that it can be asked. Thread: the loop. */
MhGossipsub *mh_pubsub_machine (MhPubsub *self);

/* Returns: milliseconds of the clock that the machine is given. Thread: any. */
gint64 mh_pubsub_now_ms (void);

/* As mh_gossipsub_subscribe(). Thread: the loop. */
gboolean
mh_pubsub_subscribe (MhPubsub *self, const char *topic, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_gossipsub_unsubscribe(). Thread: the loop. */
void mh_pubsub_unsubscribe (MhPubsub *self, const char *topic);

/* As mh_gossipsub_publish(). Thread: the loop. */
gboolean mh_pubsub_publish (MhPubsub *self, const char *topic, GBytes *message,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: messages that were dropped because a peer took too little. Thread: the loop. */
guint64 mh_pubsub_dropped (const MhPubsub *self);

G_END_DECLS
