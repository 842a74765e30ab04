/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "identity.h"
#include "net/p2p/secure/secure.h"

G_BEGIN_DECLS

/* The secure channel /tls/1.0.0 (libp2p specs tls/tls.md). */
#define MH_TLS_PROTOCOL "/tls/1.0.0"

/* Multiplexers that can be offered; GnuTLS has room for eight names, and the last is "libp2p". */
#define MH_TLS_MAX_MUXERS 7

/* Bytes that the other side may send for TLS itself as long as a channel lives: the handshake,
 * which takes about 1000, tickets that nobody asked for, and new keys, 27 each. */
#define MH_TLS_MAX_CONTROL 65536

/* Bytes of a record after its header (RFC 8446 §5.2). */
#define MH_TLS_MAX_RECORD (16384 + 256)

/**
 * mh_tls_new:
 * @identity: what the other side is shown; held
 * @is_client: whether we dialled
 * @expected: (nullable): who the other side has to be, or %NULL for anybody
 * @muxers: (nullable): names of multiplexers, best first, at most %MH_TLS_MAX_MUXERS of at most 32
 *   bytes; %NULL-terminated, and outlives the channel. @muxer of the channel is one of these
 *   pointers, or %NULL when they were not offered, or the other side wants to agree later.
 *
 * TLS 1.3 without tickets and renegotiation. Beside the errors of mh_secure_feed() it has
 * %G_IO_ERROR_CONNECTION_REFUSED, when the other side ends the channel with an alert. A client is
 * open before the server has looked at its certificate, so that this can come as its first answer.
 *
 * A peer may end its connection without ending the channel first, as js-libp2p does: then @is_ended
 * stays %FALSE, and the transport says that nothing more comes. To multiplexers that makes no
 * difference, as they have ends of their own.
 *
 * Certificates have to be valid now, which is the one thing that a clock of the system is asked
 * for.
 *
 * Thread: any; one at a time for a channel.
 * Returns: (transfer full): a channel
 */
MhSecure *mh_tls_new (MhTlsIdentity *identity, gboolean is_client, const MhPeerId *expected,
                      const char *const *muxers) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
