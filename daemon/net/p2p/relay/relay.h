/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/* Circuit relay v2: peers that cannot be reached are reached through one that can. */

/* Peers for which a relay keeps a place. */
#define MH_RELAY_MOST_RESERVATIONS 256

/* Connections that go through a relay at a time, of all peers and of one. */
#define MH_RELAY_MOST_CIRCUITS 1024
#define MH_RELAY_MOST_CIRCUITS_OF_PEER 32

/* How long a reservation lasts, in seconds. */
#define MH_RELAY_LIFE_S 3600

/**
 * MhRelay:
 *
 * The service. Inside a private network nobody is a stranger, so that the connections have no limit
 * of time or bytes.
 */
typedef struct _MhRelay MhRelay;

/* Returns: (transfer full): the service on @host, which outlives it. Thread: the loop. */
MhRelay *mh_relay_new (MhHost *host) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it, after the host has been freed. */
void mh_relay_free (MhRelay *self);

/* Returns: connections that go through it now. Thread: the loop. */
guint mh_relay_circuits (const MhRelay *self);

/**
 * MhRelayClient:
 *
 * Dials addresses with `/p2p-circuit`, takes connections from relays, and keeps reservations.
 */
typedef struct _MhRelayClient MhRelayClient;

/* Returns: (transfer full): the client on @host, which outlives it. Thread: the loop. */
MhRelayClient *mh_relay_client_new (MhHost *host) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it, after the host has been freed. */
void mh_relay_client_free (MhRelayClient *self);

/**
 * mh_relay_client_use:
 * @self: a client
 * @relay: a peer that relays
 *
 * Keeps a place at @relay from now on, while it is connected: asks for one, renews it, and has the
 * host tell others of the address that leads there.
 *
 * Thread: the loop.
 */
void mh_relay_client_use (MhRelayClient *self, const MhPeerId *relay);

/* Returns: whether @relay keeps a place for us now. Thread: the loop. */
gboolean mh_relay_client_has (const MhRelayClient *self, const MhPeerId *relay);

G_END_DECLS
