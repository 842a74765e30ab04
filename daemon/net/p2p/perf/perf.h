/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/*
 * libp2p specs, perf: the client says in eight bytes, big endian, how many bytes it wants, sends
 * what it has to send, and ends; then the server sends what was wanted.
 */
#define MH_PERF_PROTOCOL "/perf/1.0.0"

/* What a transfer took. */
typedef struct
{
  guint64 sent;     /* bytes */
  guint64 received; /* bytes */
  gint64 up_us;     /* from the first byte sent to the peer having them all */
  gint64 down_us;   /* from there to the last byte received */
} MhPerfResult;

/* The end of mh_perf(). On the loop. */
typedef void (*MhPerfDone) (const MhPerfResult *result, const GError *error, gpointer data);

/* Serves transfers on @host. Thread: the loop. */
void mh_perf_serve (MhHost *host);

/**
 * mh_perf:
 * @host: a host
 * @peer: who
 * @up: bytes to send
 * @down: bytes to be sent
 * @done: told of the end
 * @data: for @done
 *
 * Thread: the loop.
 */
void mh_perf (MhHost *host, const MhPeerId *peer, guint64 up, guint64 down, MhPerfDone done,
              gpointer data);

G_END_DECLS
