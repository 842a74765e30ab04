/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mdns-message.h"
#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/* Peers on the same network find each other, by mDNS on every interface. */

/* RFC 6762 §3 */
#define MH_MDNS_GROUP_IPV4 "224.0.0.251"
#define MH_MDNS_GROUP_IPV6 "ff02::fb"
#define MH_MDNS_PORT 5353

/* Sockets at most: an interface has one for IPv4 and one for IPv6. */
#define MH_MDNS_MOST_LINKS 32
/* Peers that are dialled at the same time, as anybody may tell of any number. */
#define MH_MDNS_MOST_DIALS 16
/* How often interfaces are looked at. */
#define MH_MDNS_RESCAN_MS 10000

typedef struct _MhMdns MhMdns;

/* Somebody told of @peer, which is not connected; its addresses are in the host's peer store. It
 * may be anybody, of another network too. On the loop. */
typedef void (*MhMdnsFound) (MhHost *host, const MhPeerId *peer, gpointer data);

/**
 * mh_mdns_new:
 * @host: a host, which outlives its use
 * @interval_ms: how often the others are asked, in milliseconds; at first more often
 * @dials: whether peers that are found are dialled
 * @found: (nullable): told of them
 * @data: for @found
 *
 * Asks and answers on every interface that carries multicast, also on those that come later. Where
 * there is none, or somebody else has the port for himself, nothing happens and a line of the log
 * says so: this never fails.
 *
 * Thread: the loop.
 * Returns: (transfer full): mDNS on @host
 */
MhMdns *mh_mdns_new (MhHost *host, guint interval_ms, gboolean dials, MhMdnsFound found,
                     gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, after the host has been freed. */
void mh_mdns_free (MhMdns *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhMdns, mh_mdns_free)

/* Returns: sockets that are in use. Thread: the loop. */
guint mh_mdns_links (const MhMdns *self);

G_END_DECLS
