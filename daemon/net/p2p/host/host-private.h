/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "host.h"
#include "loop.h"
#include "net/p2p/conn/conn.h"
#include "net/p2p/multistream/multistream.h"
#include "net/p2p/tls/tls.h"

G_BEGIN_DECLS

/* What the files of this folder share. All of it belongs to the loop. */

/* How often the host looks at what waits for a time. */
#define MH_HOST_TICK_MS 250

/* Bytes that the windows of all connections grow by together. What streams that rest may still send
 * comes on top, as much again at most. */
#define MH_HOST_MOST_WINDOWS (256 * 1024 * 1024)

/* Addresses that are kept of one peer, and peers of which they are kept while not connected. */
#define MH_HOST_MOST_ADDRESSES 32
#define MH_HOST_MOST_PEERS 8192

typedef struct _MhLink MhLink;
typedef struct _MhDial MhDial;

/* An address of a peer. */
typedef struct
{
  MhMultiaddr *address; /* (owned): without the peer's id */
  gint64 seen_us;       /* monotonic: told of last */
  gint64 good_us;       /* led to the peer last; 0: never */
  gint64 retry_us;      /* not to be tried before */
  gint64 known_us;      /* dialled last from the port that we listen on */
  guint failures;       /* since it was good */
} MhPeerAddress;

/* What is known of a peer. */
typedef struct
{
  MhPeerId id;
  GPtrArray *addresses; /* (owned) (element-type MhPeerAddress) */
  GPtrArray *links;     /* (owned) (element-type MhLink): open ones, unowned */
  char **protocols;     /* (owned) (nullable): what it speaks */
  MhDial *dial;         /* (owned) (nullable): while one goes on */
  gboolean is_protected;
  gint64 used_us; /* monotonic: last of any interest */
} MhPeer;

typedef struct
{
  MhHostHandler func;
  gpointer data;
} MhHandlerRow;

typedef struct
{
  const MhHostEvents *events;
  gpointer data;
} MhWatch;

/* Asks the relay of @address for a stream to @peer; @opened is told of the end, exactly once. */
typedef void (*MhHostCircuit) (MhMultiaddr *address, const MhPeerId *peer, MhHostOpened opened,
                               gpointer opened_data, gpointer data);

struct _MhHost
{
  MhHostNew request;
  MhSecret *swarm_key; /* (owned) (nullable) */
  MhPeerId id;
  MhLoop *loop;            /* (owned) */
  MhTlsIdentity *identity; /* (owned) (nullable): for TLS */
  MhConnSecure secure[3];  /* what we speak */
  MhYamuxLimits limits;
  MhYamuxBudget budget;     /* of the windows of all links */
  GHashTable *peers;        /* (owned) (element-type MhPeerId MhPeer) */
  GPtrArray *links;         /* (owned) (element-type MhLink): all that are not closed */
  GHashTable *handlers;     /* (owned) (element-type utf8 MhHandlerRow) */
  GArray *watches;          /* (owned) (element-type MhWatch) */
  GPtrArray *listeners;     /* (owned): see listen.c */
  GPtrArray *own;           /* (owned) (element-type MhMultiaddr): found for us by others */
  GPtrArray *observed;      /* (owned): see observed.c */
  GPtrArray *opening;       /* (owned): see open.c */
  GPtrArray *dials;         /* (owned) (element-type MhDial): all that go on */
  GSource *tick;            /* (owned) */
  GSource *flush;           /* (owned): sends what the links of @dirty have */
  GSourceFuncs flush_funcs; /* of @flush */
  GPtrArray *dirty;         /* (owned) (element-type MhLink): owned */
  MhHostCircuit circuit;    /* (nullable): reaches peers over relays */
  gpointer circuit_data;
  MhHostGate gate; /* (nullable) */
  gpointer gate_data;
  guint16 listened_port;
  guint half_open; /* incoming links without a peer */
  gboolean is_closing;
  MhHostRefusals refusals;
  guint64 bytes_in; /* of all links */
  guint64 bytes_out;
};

/* -- host.c -- */
/* When what begins now has to be agreed on. */
gint64 mh_host_handshake_end_us (const MhHost *self);
void mh_host_emit_connected (MhHost *self, const MhPeerId *peer);
void mh_host_emit_disconnected (MhHost *self, const MhPeerId *peer);
void mh_host_emit_identified (MhHost *self, const MhPeerId *peer);
void mh_host_emit_addresses (MhHost *self, const MhPeerId *peer);
/* What we speak or where we can be reached has changed. */
void mh_host_own_changed (MhHost *self);

/* A peer says where it sees us: believed once enough of them agree. */
void mh_host_note_observed (MhHost *self, const MhPeerId *peer, MhMultiaddr *address);

/* -- observed.c -- */
void mh_observed_init (MhHost *host);
void mh_observed_tick (MhHost *host, gint64 now_us);
/* Appends where anybody sees us, although it may be one only who says so. */
void mh_observed_addresses (MhHost *host, GPtrArray *out);

/* -- peers.c -- */
/* Returns: (transfer none): the peer, new if it was not known */
MhPeer *mh_peers_get (MhHost *host, const MhPeerId *id);
/* Returns: (transfer none) (nullable): the peer, if it is known */
MhPeer *mh_peers_find (MhHost *host, const MhPeerId *id);
void mh_peers_init (MhHost *host);
void mh_peers_clear (MhHost *host);
/* Notes that an address led to its peer, or did not. */
void mh_peers_note (MhHost *host, const MhPeerId *id, MhMultiaddr *address, gboolean is_good);
/* Notes that an address is dialled from the port that we listen on. */
void mh_peers_note_known (MhHost *host, const MhPeerId *id, MhMultiaddr *address);
/* Returns: (transfer full) (element-type MhMultiaddr): those of which routers may remember such a
 * dial that came to nothing */
GPtrArray *mh_peers_remembered (MhHost *host, const MhPeerId *id);
/* Returns: (transfer full) (element-type MhMultiaddr): those that may be tried now, best first */
GPtrArray *mh_peers_to_dial (MhHost *host, const MhPeerId *id);
/* Sets what a peer speaks; takes @protocols. */
void mh_peers_set_protocols (MhHost *host, const MhPeerId *id, char **protocols);

/* -- link.c: one connection -- */
typedef void (*MhLinkDone) (MhLink *link, const GError *error, gpointer data);

typedef struct
{
  GSocket *socket;     /* (nullable): taken */
  MhStream *over;      /* (nullable): the stream of a relay, in place of a socket; taken */
  MhMultiaddr *remote; /* taken */
  gboolean is_dialled; /* by us */
  gboolean is_client;  /* who proposes in multistream; as @is_dialled but for hole punching */
  gboolean is_websocket;
  const MhPeerId *expected; /* (nullable) */
  MhLinkDone done;          /* (nullable): when it is open, or will never be; once */
  gpointer data;
} MhLinkNew;

/* Returns: (transfer none): a link that begins its handshake; the host holds it until it is closed
 */
MhLink *mh_link_new (MhHost *host, const MhLinkNew *request);
MhLink *mh_link_ref (MhLink *self);
void mh_link_unref (MhLink *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhLink, mh_link_unref)

/* Closes it: its streams are broken, its peer may be gone. @error says why, for who waits. */
void mh_link_close (MhLink *self, const GError *error);
/* Has what its streams want to send sent soon. */
void mh_link_kick (MhLink *self);
/* Sends all that there is room for. */
void mh_link_send (MhLink *self);
/* Sends some of it; the rest has its turn when others had theirs. */
void mh_link_send_some (MhLink *self);
void mh_link_tick (MhLink *self, gint64 now_us);
gboolean mh_link_is_open (const MhLink *self);
gboolean mh_link_is_relayed (const MhLink *self);
gboolean mh_link_is_dialled (const MhLink *self);
const MhPeerId *mh_link_peer (const MhLink *self);
MhMultiaddr *mh_link_remote (const MhLink *self);
MhConn *mh_link_conn (const MhLink *self);
MhHost *mh_link_host (const MhLink *self);
gint64 mh_link_since_us (const MhLink *self);
guint mh_link_streams (const MhLink *self);

void mh_link_describe (const MhLink *self, MhHostConnection *out);
/* Returns: (transfer none) (nullable): the best open link to a peer */
MhLink *mh_link_best (MhHost *host, const MhPeerId *peer);
void mh_link_add_stream (MhLink *self, MhStream *stream);
void mh_link_remove_stream (MhLink *self, MhStream *stream);

/* -- stream.c -- */
/* Told of the end of agreeing: @error is %NULL when there is a protocol. */
typedef void (*MhStreamAgreed) (MhStream *stream, const GError *error, gpointer data);

/* Opens one of ours. Returns: (transfer full) (nullable): %NULL when the link takes no more */
MhStream *
mh_stream_open (MhLink *link, const char *const *protocols, MhStreamAgreed agreed, gpointer data);
/* Takes one that the peer opened. */
void mh_stream_accept (MhLink *link, MhYamuxStream *yamux);
/* Returns: (transfer none) (nullable): its connection, %NULL when that is gone */
MhLink *mh_stream_link (const MhStream *self);
/* Gives up agreeing, without a word to who waits. */
void mh_stream_forget (MhStream *self);
void mh_stream_tick (MhStream *self, gint64 now_us);
void mh_stream_on_readable (MhStream *self);
void mh_stream_on_writable (MhStream *self);
void mh_stream_on_broken (MhStream *self);

/* -- dial.c -- */
void mh_dial_tick (MhDial *self, gint64 now_us);
void mh_dial_cancel_all (MhHost *host);
/*
 * Dials all addresses at once, also when there is a connection, while the peer does the same: the
 * packets of both open the way through what stands between them. @is_client is who proposes in
 * multistream. Takes @addresses.
 */
void mh_dial_punch (MhHost *host, const MhPeerId *peer, GPtrArray *addresses, gboolean is_client,
                    MhHostConnected done, gpointer data);

/* The end of mh_dial_fresh(): the link that led to the peer, borrowed, or why there is none. */
typedef void (*MhDialReached) (MhLink *link, const GError *error, gpointer data);

/*
 * Dials @addresses, also when there is a connection, from ports that nobody knows: no way that was
 * opened for another connection leads there. Takes @addresses.
 */
void mh_dial_fresh (MhHost *host, const MhPeerId *peer, GPtrArray *addresses, guint timeout_ms,
                    MhDialReached reached, gpointer data);

/* -- open.c -- */
void mh_open_init (MhHost *host);
void mh_open_tick (MhHost *host, gint64 now_us);
void mh_open_cancel_all (MhHost *host);

/* -- listen.c -- */
void mh_listen_init (MhHost *host);
void mh_listen_clear (MhHost *host);
/* Appends what we listen on, with an address for each interface. */
void mh_listen_addresses (MhHost *host, GPtrArray *out);
/* Returns: the port that we listen on on every interface over TCP, or 0 */
guint16 mh_listen_port (MhHost *host, GSocketFamily family);

/* -- manage.c -- */
/* Whether another incoming connection is taken. */
gboolean mh_manage_may_accept (MhHost *host);
/* Looks at a link that has just opened. Returns: %FALSE with @error set when it has to go */
gboolean mh_manage_admit (MhHost *host, MhLink *link, GError **error);
void mh_manage_tick (MhHost *host, gint64 now_us);

G_END_DECLS
