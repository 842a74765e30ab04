/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/* libp2p specs, ping: 32 bytes there and back. */
#define MH_PING_PROTOCOL "/ipfs/ping/1.0.0"
#define MH_PING_SIZE 32

/* The end of mh_ping(). @rtt_us is the round trip in microseconds, or -1 with @error. On the loop.
 */
typedef void (*MhPingDone) (gint64 rtt_us, const GError *error, gpointer data);

/* Answers pings on @host. Thread: the loop. */
void mh_ping_serve (MhHost *host);

/**
 * mh_ping_echo:
 * @stream: (transfer full): a stream
 * @data: not used, so that it is an MhHostHandler
 *
 * Sends back all that comes, no faster than the peer takes it, and the end of it.
 *
 * Thread: the loop.
 */
void mh_ping_echo (MhStream *stream, gpointer data);

/**
 * mh_ping:
 * @host: a host
 * @peer: who
 * @timeout_ms: milliseconds
 * @done: told of the end
 * @data: for @done
 *
 * Thread: the loop.
 */
void mh_ping (MhHost *host, const MhPeerId *peer, guint timeout_ms, MhPingDone done, gpointer data);

G_END_DECLS
