/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "crypto/secret.h"
#include "crypto/sign.h"
#include "net/p2p/wire/multiaddr.h"
#include "stream.h"

G_BEGIN_DECLS

/**
 * MhHost:
 *
 * A peer of a private network: it listens, dials, and carries streams of any protocol. It has a
 * thread of its own, the loop; callbacks run there and must not block.
 */
typedef struct _MhHost MhHost;

typedef enum
{
  MH_SECURITY_TLS = 1,
  MH_SECURITY_NOISE = 2,
  MH_SECURITY_BOTH = 3, /* TLS first */
} MhSecurity;

/* What a host is made of. Zeros stand for the defaults. */
typedef struct
{
  const MhSigner *signer;    /* (unowned): who we are; outlives the host */
  const MhSecret *swarm_key; /* (nullable): copied; without it there is no pnet, for tests only */
  MhSecurity security;       /* both */
  const char *agent;         /* (nullable): what identify says we are: "meshhold" */
  guint low_water;           /* connections that are kept when there are too many; 160 */
  guint high_water;          /* connections from which on the least useful are closed; 192 */
  guint most_half_open;      /* incoming connections without a proved peer; 64 */
  guint most_of_peer;        /* connections of one peer; 8 */
  guint most_streams;        /* that a peer may have open on a connection; 1,024 */
  guint handshake_ms;        /* a connection may take to its streams, a stream to its protocol;
                                10,000 */
} MhHostNew;

/* What happens. Each may be %NULL. On the loop. */
typedef struct
{
  /* The first connection to a peer is there. */
  void (*connected) (MhHost *self, const MhPeerId *peer, gpointer data);
  /* The last is gone. */
  void (*disconnected) (MhHost *self, const MhPeerId *peer, gpointer data);
  /* A peer has said what it speaks: see mh_host_protocols(). */
  void (*identified) (MhHost *self, const MhPeerId *peer, gpointer data);
  /* Addresses of a peer changed; for who keeps them. */
  void (*addresses) (MhHost *self, const MhPeerId *peer, gpointer data);
  /* What we speak, or where we can be reached, has changed; @peer is who we are. */
  void (*changed) (MhHost *self, const MhPeerId *peer, gpointer data);
} MhHostEvents;

/* A stream that a peer opened, which belongs to the callee. On the loop. */
typedef void (*MhHostHandler) (MhStream *stream, gpointer data);

/* The end of mh_host_open(): a stream, or why there is none. On the loop. */
typedef void (*MhHostOpened) (MhStream *stream, const GError *error, gpointer data);

/* The end of mh_host_connect(). @error is %NULL when there is a connection. On the loop. */
typedef void (*MhHostConnected) (MhHost *self, const GError *error, gpointer data);

/* Runs on the loop. */
typedef void (*MhHostTask) (MhHost *self, gpointer data);

/**
 * mh_host_new:
 * @request: what it is made of
 * @error: return location
 *
 * Starts the loop. The host listens nowhere and knows nobody yet.
 *
 * Thread: any but a loop.
 * Errors: %G_IO_ERROR_FAILED
 * Returns: (transfer full): a host, or %NULL with @error set
 */
MhHost *mh_host_new (const MhHostNew *request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_host_free:
 * @self: (nullable) (transfer full): a host
 *
 * Closes everything and ends the loop. Streams that are held elsewhere are broken, and stay valid
 * until they are given back; no callback runs after this.
 *
 * Thread: any but the loop.
 */
void mh_host_free (MhHost *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhHost, mh_host_free)

/* Returns: (transfer none): who we are. Thread: any. */
const MhPeerId *mh_host_id (const MhHost *self);

/* Returns: (transfer none): our key. Thread: any. */
const MhSigner *mh_host_signer (const MhHost *self);

/* Has the source in @slot, if there is one, do nothing any more, and forgets it. Thread: the one
 * that runs the source. */
void mh_source_drop (GSource **slot);

/* Returns: (transfer none): the context of the loop. Thread: any. */
GMainContext *mh_host_context (const MhHost *self);

/* Runs @task on the loop, in the order of the calls, even when called there. Thread: any. */
void mh_host_post (MhHost *self, MhHostTask task, gpointer data);

/* Runs @task on the loop and waits for it. Thread: any but the loop. */
void mh_host_run (MhHost *self, MhHostTask task, gpointer data);

/**
 * mh_host_listen:
 * @self: a host
 * @address: `/ip4/…/tcp/…` or `/ip6/…/tcp/…`, with `/ws` or without; port 0 takes any
 * @error: return location
 *
 * Thread: any but the loop.
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT, and those of sockets
 * Returns: %FALSE with @error set
 */
gboolean
mh_host_listen (MhHost *self, MhMultiaddr *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: the TCP port of the last call of mh_host_listen() that worked, or 0. Thread: as that. */
guint16 mh_host_listened_port (MhHost *self);

/* Whether a peer whose identity is proved may be connected. On the loop. */
typedef gboolean (*MhHostGate) (const MhPeerId *peer, gpointer data);

/* Refuses peers from now on for which @gate says no; they count as refused by a limit. On the loop.
 */
void mh_host_set_gate (MhHost *self, MhHostGate gate, gpointer data);

/**
 * mh_host_addresses:
 * @self: a host
 *
 * Where we can be reached: what we listen on, with an address for each interface in place of
 * `0.0.0.0` and `::`, what others have seen, and relays.
 *
 * Thread: the loop.
 * Returns: (transfer full) (element-type MhMultiaddr): without our peer id
 */
GPtrArray *mh_host_addresses (MhHost *self) G_GNUC_WARN_UNUSED_RESULT;

/* Adds or takes back an address that somebody else found for us (a relay, a router). On the loop.
 */
void mh_host_add_own_address (MhHost *self, MhMultiaddr *address);
void mh_host_remove_own_address (MhHost *self, const MhMultiaddr *address);

/**
 * mh_host_watch:
 * @self: a host
 * @events: what to tell; outlives the host
 * @data: for @events
 *
 * Thread: the loop.
 */
void mh_host_watch (MhHost *self, const MhHostEvents *events, gpointer data);

/**
 * mh_host_handle:
 * @self: a host
 * @protocol: name of a protocol; copied
 * @handler: (nullable): what takes its streams, or %NULL to speak it no more
 * @data: for @handler
 *
 * Peers that are connected are told by identify push.
 *
 * Thread: the loop.
 */
void mh_host_handle (MhHost *self, const char *protocol, MhHostHandler handler, gpointer data);

/* Returns: (transfer container): names of what we speak. Thread: the loop. */
GPtrArray *mh_host_own_protocols (MhHost *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_host_connect:
 * @self: a host
 * @peer: who
 * @timeout_ms: milliseconds
 * @done: (nullable): told of the end
 * @data: for @done
 *
 * Dials the addresses that are known of @peer, several at a time, until one leads to it. Ends at
 * once when there is a connection.
 *
 * Thread: the loop.
 * Errors: %G_IO_ERROR_NOT_FOUND without addresses, %G_IO_ERROR_TIMED_OUT, what the last address
 *   failed with
 */
void mh_host_connect (MhHost *self, const MhPeerId *peer, guint timeout_ms, MhHostConnected done,
                      gpointer data);

/* As mh_host_connect(), to one address, of any peer if it does not say of which. */
void mh_host_connect_to (MhHost *self, MhMultiaddr *address, guint timeout_ms, MhHostConnected done,
                         gpointer data);

/* Closes all connections to @peer. Thread: the loop. */
void mh_host_disconnect (MhHost *self, const MhPeerId *peer);

/* Returns: whether there is a connection to @peer. Thread: the loop. */
gboolean mh_host_is_connected (MhHost *self, const MhPeerId *peer);

/* Returns: (transfer full) (element-type MhPeerId): who is connected. Thread: the loop. */
GPtrArray *mh_host_peers (MhHost *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_host_open:
 * @self: a host
 * @peer: who
 * @protocols: names, best first; %NULL-terminated; copied
 * @timeout_ms: milliseconds, for dialling and agreeing together
 * @opened: told of the end, exactly once
 * @data: for @opened
 *
 * Opens a stream, dialling @peer if need be.
 *
 * Thread: the loop.
 * Errors: those of mh_host_connect(); %G_IO_ERROR_NOT_SUPPORTED when @peer speaks none of them
 */
void mh_host_open (MhHost *self, const MhPeerId *peer, const char *const *protocols,
                   guint timeout_ms, MhHostOpened opened, gpointer data);

/**
 * mh_host_open_wait:
 * @self: a host
 * @peer: who
 * @protocols: names, best first
 * @timeout_ms: milliseconds
 * @error: return location
 *
 * As mh_host_open(), for a worker.
 *
 * Thread: any but the loop.
 * Returns: (transfer full): a stream, or %NULL with @error set
 */
MhStream *mh_host_open_wait (MhHost *self, const MhPeerId *peer, const char *const *protocols,
                             guint timeout_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Keeps the connection manager from closing connections to @peer. Thread: the loop. */
void mh_host_protect (MhHost *self, const MhPeerId *peer, gboolean is_protected);

/**
 * mh_host_add_address:
 * @self: a host
 * @peer: who
 * @address: where it may be reached; a `/p2p/…` at its end has to be @peer's
 *
 * Thread: the loop.
 */
void mh_host_add_address (MhHost *self, const MhPeerId *peer, MhMultiaddr *address);

/* Returns: (transfer full) (element-type MhMultiaddr): what is known, best first. On the loop. */
GPtrArray *mh_host_known_addresses (MhHost *self, const MhPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none) (nullable): names that @peer speaks, as far as known. On the loop. */
const char *const *mh_host_protocols (MhHost *self, const MhPeerId *peer);

/* Returns: whether @peer is known to speak @protocol. Thread: the loop. */
gboolean mh_host_speaks (MhHost *self, const MhPeerId *peer, const char *protocol);

/* Returns: round trip to @peer in microseconds, or 0 when it is not known. Thread: the loop. */
gint64 mh_host_rtt_us (MhHost *self, const MhPeerId *peer);

/* One connection, as it is now. */
typedef struct
{
  MhPeerId peer;
  MhMultiaddr *remote; /* (owned) */
  gboolean is_dialled; /* by us */
  gboolean is_relayed;
  const char *security; /* protocol name */
  guint streams;
  gint64 rtt_us;   /* 0: not known */
  gint64 since_us; /* monotonic */
  guint64 bytes_in;
  guint64 bytes_out;
} MhHostConnection;

/* Frees it. */
void mh_host_connection_free (MhHostConnection *self);

/* Returns: (transfer full) (element-type MhHostConnection): all of them. Thread: the loop. */
GPtrArray *mh_host_connections (MhHost *self) G_GNUC_WARN_UNUSED_RESULT;

/* Says how many bytes went over all connections since the start. Thread: any but the loop. */
void mh_host_traffic (MhHost *self, guint64 *bytes_in, guint64 *bytes_out);

/* What was refused since the start, by why. Plain data. */
typedef struct
{
  guint64 handshakes;  /* wrong swarm key, bad proof of identity, silence */
  guint64 wrong_peers; /* somebody else at the other end than was dialled */
  guint64 protocol;    /* what breaks the rules of a protocol */
  guint64 limits;      /* too many connections, streams, or bytes; times without a descriptor */
} MhHostRefusals;

/* Returns: what was refused. Thread: the loop. */
MhHostRefusals mh_host_refusals (MhHost *self);

G_END_DECLS
