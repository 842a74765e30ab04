/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "peer-id.h"

G_BEGIN_DECLS

/* Bytes of the longest address that is taken from anybody, and of its longest part. */
#define MH_MULTIADDR_MAX 512

/* multiaddr/protocols.csv */
typedef enum
{
  MH_MULTIADDR_IP4 = 4,
  MH_MULTIADDR_TCP = 6,
  MH_MULTIADDR_IP6 = 41,
  MH_MULTIADDR_IP6ZONE = 42,
  MH_MULTIADDR_DNS = 53,
  MH_MULTIADDR_DNS4 = 54,
  MH_MULTIADDR_DNS6 = 55,
  MH_MULTIADDR_DNSADDR = 56,
  MH_MULTIADDR_UDP = 273,
  MH_MULTIADDR_CIRCUIT = 290,
  MH_MULTIADDR_UNIX = 400,
  MH_MULTIADDR_P2P = 421,
  MH_MULTIADDR_TLS = 448,
  MH_MULTIADDR_SNI = 449,
  MH_MULTIADDR_QUIC_V1 = 461,
  MH_MULTIADDR_WEBTRANSPORT = 465,
  MH_MULTIADDR_CERTHASH = 466,
  MH_MULTIADDR_WS = 477,
  MH_MULTIADDR_WSS = 478,
} MhMultiaddrCode;

/**
 * MhMultiaddr:
 *
 * A self-describing address, such as `/ip4/10.0.0.1/tcp/4001/p2p/12D3KooW…`, in its binary form.
 * Immutable and reference counted; threads may share it.
 */
typedef struct _MhMultiaddr MhMultiaddr;

/* One part of an address. Plain data; @value lies inside the address. */
typedef struct
{
  MhMultiaddrCode code;
  const guint8 *value;
  gsize size;
} MhMultiaddrPart;

/**
 * mh_multiaddr_new:
 * @text: an address as text
 * @error: return location
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT, with @text and what is wrong with it
 * Returns: (transfer full): the address, or %NULL with @error set
 */
MhMultiaddr *mh_multiaddr_new (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_multiaddr_new_from_bytes:
 * @data: an address in binary, from anybody
 * @size: its bytes
 *
 * Returns: (transfer full) (nullable): the address, or %NULL when it is not well formed, longer
 *   than %MH_MULTIADDR_MAX, or has a part of a protocol that we do not know
 */
MhMultiaddr *mh_multiaddr_new_from_bytes (const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_multiaddr_new_tcp:
 * @address: an IPv4 or IPv6 address without zone, as text
 * @port: TCP port
 *
 * Returns: (transfer full) (nullable): `/ip4/@address/tcp/@port`, or %NULL when @address is none
 */
MhMultiaddr *mh_multiaddr_new_tcp (const char *address, guint16 port) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): @self, once more */
MhMultiaddr *mh_multiaddr_ref (MhMultiaddr *self);
/* Gives a reference back. */
void mh_multiaddr_unref (MhMultiaddr *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhMultiaddr, mh_multiaddr_unref)

/* Returns: (transfer full): the address as text */
char *mh_multiaddr_to_text (const MhMultiaddr *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none): the address in binary, @size bytes */
const guint8 *mh_multiaddr_bytes (const MhMultiaddr *self, gsize *size);

/* For hash tables. */
guint mh_multiaddr_hash (gconstpointer self);
gboolean mh_multiaddr_equal (gconstpointer a, gconstpointer b);

/**
 * mh_multiaddr_part:
 * @self: an address
 * @at: (inout): where to read, 0 at first
 * @part: (out): the part there
 *
 * Returns: %FALSE at the end
 */
gboolean mh_multiaddr_part (const MhMultiaddr *self, gsize *at,
                            MhMultiaddrPart *part) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether a part of @self is of @code */
gboolean mh_multiaddr_has (const MhMultiaddr *self, MhMultiaddrCode code);

/**
 * mh_multiaddr_peer:
 * @self: an address
 * @peer: (out): the peer that it leads to
 *
 * Returns: %FALSE when its last part is no `/p2p/…`
 */
gboolean mh_multiaddr_peer (const MhMultiaddr *self, MhPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_multiaddr_with_peer:
 * @self: an address
 * @peer: a peer
 *
 * Returns: (transfer full): @self, ending on `/p2p/@peer` in place of what it ended on
 */
MhMultiaddr *
mh_multiaddr_with_peer (MhMultiaddr *self, const MhPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): @self without the `/p2p/…` at its end, if it has one */
MhMultiaddr *mh_multiaddr_without_peer (MhMultiaddr *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_multiaddr_join:
 * @self: an address
 * @rest: an address that goes on behind it
 *
 * Returns: (transfer full) (nullable): both, or %NULL when that is longer than %MH_MULTIADDR_MAX
 */
MhMultiaddr *
mh_multiaddr_join (const MhMultiaddr *self, const MhMultiaddr *rest) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_multiaddr_relay:
 * @self: an address
 *
 * Returns: (transfer full) (nullable): the address of the relay, when @self goes over one: all
 *   that stands before its last `/p2p-circuit`
 */
MhMultiaddr *mh_multiaddr_relay (const MhMultiaddr *self) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  MH_TRANSPORT_NONE, /* none that we can dial or listen on */
  MH_TRANSPORT_TCP,
  MH_TRANSPORT_WS, /* WebSocket over TCP */
  MH_TRANSPORT_CIRCUIT,
} MhTransport;

/* Where to connect to. Plain data, to be cleared. */
typedef struct
{
  MhTransport transport;
  MhMultiaddrCode family; /* of @host: IP4, IP6, DNS, DNS4, DNS6 */
  char *host;             /* (owned): with its zone, if any */
  guint16 port;
} MhMultiaddrTarget;

/**
 * mh_multiaddr_target:
 * @self: an address
 * @target: (out): host and port that it begins with
 *
 * Returns: %FALSE when we have no transport for it; @target is empty then
 */
gboolean
mh_multiaddr_target (const MhMultiaddr *self, MhMultiaddrTarget *target) G_GNUC_WARN_UNUSED_RESULT;

/* Gives back what is in it. */
void mh_multiaddr_target_clear (MhMultiaddrTarget *target);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhMultiaddrTarget, mh_multiaddr_target_clear)

/* Returns: whether @self names an address of this machine alone (127.0.0.0/8, ::1) */
gboolean mh_multiaddr_is_loopback (const MhMultiaddr *self);

/* Returns: whether @self begins with one that means something else on every link (169.254.0.0/16,
 * fe80::/10) */
gboolean mh_multiaddr_is_link_local (const MhMultiaddr *self);

/* Returns: whether @self begins with an address that is routed in the whole internet */
gboolean mh_multiaddr_is_public (const MhMultiaddr *self);

G_END_DECLS
