/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/pnet/pnet.h"
#include "net/p2p/secure/secure.h"
#include "net/p2p/yamux/yamux.h"

G_BEGIN_DECLS

/*
 * One connection from its first byte to its streams: WebSocket, pnet, the choice of a secure
 * channel, its handshake, the choice of a muxer, yamux. Bytes in, bytes out, no socket.
 */

typedef struct _MhConn MhConn;

/* Makes one end of a secure channel for the connection that asks; takes no reference of anything.
 */
typedef MhSecure *(*MhConnSecureNew) (gboolean is_client, const MhPeerId *expected, gpointer data);

/* A secure channel that we speak. */
typedef struct
{
  const char *protocol;
  MhConnSecureNew make;
} MhConnSecure;

/* What a connection is made of. Everything outlives it. */
typedef struct
{
  gboolean is_client;          /* who proposes, not always who dialled */
  gboolean is_websocket;       /* whether all of it is inside one */
  const char *host;            /* (nullable): for the request of a WebSocket client */
  const MhSecret *swarm_key;   /* (nullable): none, no pnet */
  const MhConnSecure *secure;  /* what we speak, best first; ends with a protocol of %NULL */
  gpointer secure_data;        /* for their @make */
  const MhPeerId *expected;    /* (nullable): who has to be there; copied */
  const MhYamuxLimits *limits; /* (nullable) */
  const MhYamuxEvents *events;
  gpointer data; /* for @events */
} MhConnNew;

/**
 * mh_conn_new:
 * @request: what it is made of
 *
 * Returns: (transfer full): a connection that has something to send already
 */
MhConn *mh_conn_new (const MhConnNew *request) G_GNUC_WARN_UNUSED_RESULT;

/* Breaks its streams and frees it. */
void mh_conn_free (MhConn *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhConn, mh_conn_free)

/**
 * mh_conn_reserve:
 * @self: a connection
 * @size: bytes wanted
 *
 * Returns: (transfer none): room for bytes from the network; mh_conn_received() takes them
 */
guint8 *mh_conn_reserve (MhConn *self, gsize size);

/**
 * mh_conn_received:
 * @self: a connection
 * @size: bytes that came in, written to mh_conn_reserve()
 * @now_us: monotonic time, microseconds
 * @error: return location
 *
 * Errors: as of mh_secure_feed() and mh_yamux_feed(); %G_IO_ERROR_NOT_SUPPORTED when there is no
 *   channel or muxer that both speak. The connection is broken then; what mh_conn_pull() still has
 *   may be sent before it is closed.
 * Returns: %FALSE with @error set
 */
gboolean mh_conn_received (MhConn *self, gsize size, gint64 now_us,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_conn_pull:
 * @self: a connection
 * @most: bytes that may wait to be sent before nothing more is taken from the streams
 *
 * What is more urgent than bulk streams is not followed by them at once.
 *
 * Returns: (transfer none): what has to be sent; the caller consumes what it sent
 */
MhBuf *mh_conn_pull (MhConn *self, gsize most);

/* Returns: whether mh_conn_pull() would have something */
gboolean mh_conn_wants_send (const MhConn *self);

/* Returns: whether what it would have is more urgent than bulk streams */
gboolean mh_conn_is_urgent (const MhConn *self);

/* Gives memory back that is not used now; for a connection that is idle. */
void mh_conn_trim (MhConn *self);

/* Returns: whether streams can be opened: the peer is proved, the muxer runs */
gboolean mh_conn_is_open (const MhConn *self);

/* Returns: whether the other side has said that nothing more comes */
gboolean mh_conn_is_ended (const MhConn *self);

/* Returns: (transfer none): who is there, once it is open */
const MhPeerId *mh_conn_peer (const MhConn *self);

/* Returns: (transfer none) (nullable): the protocol of its secure channel, once chosen */
const char *mh_conn_security (const MhConn *self);

/* Returns: (transfer none) (nullable): the streams, once it is open */
MhYamux *mh_conn_yamux (const MhConn *self);

/* Says goodbye in every layer that has a word for it; what mh_conn_pull() has then is the last. */
void mh_conn_close (MhConn *self);

G_END_DECLS
