/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/multiaddr.h"

G_BEGIN_DECLS

/* libp2p specs, discovery/mdns, as packets of DNS (RFC 1035) over multicast (RFC 6762). */

/* discovery/mdns, "Definitions". That puts the fingerprint of a private network into the name,
 * which js-libp2p does not: with one name for all, its peers are found. Those of other networks are
 * found as well, and fail to connect. */
#define MH_MDNS_SERVICE "_p2p._udp.local"
/* RFC 6763 §9: what asks for the names of all services. */
#define MH_MDNS_META "_services._dns-sd._udp.local"

/* RFC 6762 §17: no packet is longer. */
#define MH_MDNS_MAX_PACKET 9000
/* Bytes that we send at most, to fit into one frame of Ethernet with the headers of IPv6 and UDP.
 */
#define MH_MDNS_MAX_SENT 1440
/* RFC 1035 §2.3.4: bytes of a name, with the lengths of its labels. */
#define MH_MDNS_MAX_NAME 255
/* Questions and records of a packet together; one that has more is refused. */
#define MH_MDNS_MOST_RECORDS 256
/* Peers of a packet, and addresses of each, that are taken; what is above is passed over. */
#define MH_MDNS_MOST_PEERS 32
#define MH_MDNS_MOST_ADDRESSES 16

/* discovery/mdns: at least 32 lower-case letters and digits, that say nothing of us. */
#define MH_MDNS_INSTANCE_SIZE 32
/* Seconds that others may remember an answer, as those of js-libp2p. */
#define MH_MDNS_TTL_S 120

/* A peer that a packet tells of. */
typedef struct
{
  MhPeerId id;
  GPtrArray *addresses; /* (owned) (element-type MhMultiaddr): without the peer's id */
} MhMdnsPeer;

/* Frees it. */
void mh_mdns_peer_free (MhMdnsPeer *self);

/* What a question is about, as bits. */
typedef enum
{
  MH_MDNS_ASKS_NOTHING = 0,
  MH_MDNS_ASKS_PEERS = 1,    /* for all peers */
  MH_MDNS_ASKS_INSTANCE = 2, /* for us, by the name of our instance */
  MH_MDNS_ASKS_SERVICES = 4, /* for the names of all services */
} MhMdnsAsks;

/* What we need of a packet. */
typedef struct
{
  gboolean is_answer;
  MhMdnsAsks asks;
  GPtrArray *peers; /* (owned) (element-type MhMdnsPeer) */
} MhMdnsPacket;

/**
 * mh_mdns_packet_parse:
 * @data: a packet, from anybody
 * @size: its bytes
 * @instance: the name of our instance
 *
 * Of the addresses only those are taken that can be dialled over TCP, are private, link-local or
 * loopback, and end on the same peer as the first of the same instance.
 *
 * Returns: (transfer full) (nullable): what it says, or %NULL when it is not well formed
 */
MhMdnsPacket *mh_mdns_packet_parse (const guint8 *data, gsize size,
                                    const char *instance) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_mdns_packet_free (MhMdnsPacket *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhMdnsPacket, mh_mdns_packet_free)

/* Returns: (transfer full): the packet that asks for all peers */
GBytes *mh_mdns_query (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_mdns_answer:
 * @asks: what to answer
 * @instance: the name of our instance
 * @own: who we are
 * @addresses: (element-type MhMultiaddr): where we can be reached, without our id
 *
 * Addresses that others would not take are left out, and those that do not fit into
 * %MH_MDNS_MAX_SENT.
 *
 * Returns: (transfer full) (nullable): the packet, or %NULL when there is nothing to say
 */
GBytes *mh_mdns_answer (MhMdnsAsks asks, const char *instance, const MhPeerId *own,
                        GPtrArray *addresses) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_mdns_instance:
 * @random: random bytes
 *
 * Returns: (transfer full): a name for an instance
 */
char *mh_mdns_instance (const guint8 random[MH_MDNS_INSTANCE_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
