/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "crypto/sign.h"
#include "net/p2p/wire/peer-id.h"
#include "net/p2p/wire/peer-record.h"

G_BEGIN_DECLS

/*
 * gossipsub 1.0, 1.1 and 1.2 (libp2p specs, pubsub/gossipsub) with messages that are always signed
 * (pubsub/README.md, "StrictSign"). A machine of messages and times: it has no socket, clock or
 * thread. Times are milliseconds of a clock that never goes back; those of calls that follow each
 * other may be equal.
 */

/* Best first, for the negotiation of a stream. */
#define MH_GOSSIPSUB_PROTOCOL_12 "/meshsub/1.2.0"
#define MH_GOSSIPSUB_PROTOCOL_11 "/meshsub/1.1.0"
#define MH_GOSSIPSUB_PROTOCOL_10 "/meshsub/1.0.0"

/* Bytes of one RPC, without the length in front of it (pubsub/README.md: "say to 1 MiB"). */
#define MH_GOSSIPSUB_MAX_RPC (1024 * 1024)

/* No limit for it may be below this, as the longest name of a topic has to fit. */
#define MH_GOSSIPSUB_LEAST_RPC 4096

/* Bytes of a topic's name. Longer ones of others are passed over. */
#define MH_GOSSIPSUB_MAX_TOPIC 512

/* Topics that we are in, and that are remembered of one peer; and topics of all peers together, of
 * which others are only remembered when we are in them. */
#define MH_GOSSIPSUB_MAX_TOPICS 1024
#define MH_GOSSIPSUB_MAX_KNOWN (16 * MH_GOSSIPSUB_MAX_TOPICS)

/* Of each in one RPC; js-libp2p has the same limits. An RPC with more breaks the protocol. */
#define MH_GOSSIPSUB_MAX_SUBSCRIPTIONS 5000
#define MH_GOSSIPSUB_MAX_MESSAGES 5000
#define MH_GOSSIPSUB_MAX_CONTROLS 5000 /* IHAVE, IWANT, GRAFT, PRUNE and IDONTWANT together */

/* From one peer between two heartbeats; what is over is passed over. */
#define MH_GOSSIPSUB_MAX_IHAVES 10         /* RPCs with IHAVE */
#define MH_GOSSIPSUB_MAX_IHAVE_IDS 5000    /* ids that are looked at, and may be asked for */
#define MH_GOSSIPSUB_MAX_IWANTS 10         /* RPCs with IWANT */
#define MH_GOSSIPSUB_MAX_IWANT_IDS 5000    /* ids that are looked at */
#define MH_GOSSIPSUB_MAX_IDONTWANT_IDS 512 /* ids that are remembered */

/* Times that one message is sent to one peer that asks for it. */
#define MH_GOSSIPSUB_MAX_RETRANSMISSIONS 3

/* Peers that are taken from one PRUNE. */
#define MH_GOSSIPSUB_MAX_EXCHANGED 16

/* A peer that asks to be left alone for longer than this is left alone for this, milliseconds. */
#define MH_GOSSIPSUB_MAX_BACKOFF_MS (60 * 60 * 1000)

/* Peers of a topic that are left alone for a while; scores that outlive their connection. */
#define MH_GOSSIPSUB_MAX_BACKOFFS 4096
#define MH_GOSSIPSUB_MAX_RETAINED 4096

/* Heartbeats that a message can be kept for. */
#define MH_GOSSIPSUB_MAX_HISTORY 60

/* What MhGossipsubConfig begins with, in bytes, of what is in memory. */
#define MH_GOSSIPSUB_SEEN_BYTES (16 * 1024 * 1024)
#define MH_GOSSIPSUB_CACHE_BYTES (64 * 1024 * 1024)
#define MH_GOSSIPSUB_PENDING_BYTES (16 * 1024 * 1024)

/* Bytes that an id counts for in the limit of those that were seen. */
#define MH_GOSSIPSUB_SEEN_COST 208

/**
 * MhGossipsubId:
 *
 * What one message is told from all others by: its author and its sequence number. Plain data.
 */
typedef struct
{
  guint8 seqno[8]; /* big-endian */
  MhPeerId author;
} MhGossipsubId;

/*
 * How an id is written on the wire. js-libp2p and the specification differ. Both are understood, a
 * peer that has shown its form by an IHAVE or IDONTWANT is answered in that form, and all others in
 * the form of the config.
 */
typedef enum
{
  MH_GOSSIPSUB_FORM_KEY,  /* PublicKey message and seqno: @libp2p/gossipsub 17 */
  MH_GOSSIPSUB_FORM_FROM, /* peer id and seqno: pubsub/README.md, go-libp2p */
} MhGossipsubForm;

typedef enum
{
  MH_GOSSIPSUB_VERSION_10,
  MH_GOSSIPSUB_VERSION_11,
  MH_GOSSIPSUB_VERSION_12,
} MhGossipsubVersion;

/* How what is to be sent is to be treated when a peer takes less than there is for it. */
typedef enum
{
  MH_GOSSIPSUB_CONTROL, /* never dropped, in order: subscriptions, GRAFT, PRUNE, IWANT */
  MH_GOSSIPSUB_HINT,    /* before what waits or not at all: IDONTWANT */
  MH_GOSSIPSUB_MESSAGE, /* dropped when too much waits: it can be asked for again */
  MH_GOSSIPSUB_GOSSIP,  /* the first to be dropped: IHAVE */
} MhGossipsubLane;

/* What a message is found to be. */
typedef enum
{
  MH_GOSSIPSUB_ACCEPT, /* it is given to the application and passed on */
  MH_GOSSIPSUB_REJECT, /* dropped, and the peers that sent it are worse for it */
  MH_GOSSIPSUB_IGNORE, /* dropped */
  MH_GOSSIPSUB_LATER,  /* mh_gossipsub_report() will tell */
} MhGossipsubVerdict;

/* Plain data; everything lives for the call only. The signature has been verified. */
typedef struct
{
  MhGossipsubId id;
  const char *topic;
  MhPeerId from;          /* who wrote it */
  MhPeerId received_from; /* the peer that brought it */
  GBytes *data;
} MhGossipsubMessage;

typedef MhGossipsubVerdict (*MhGossipsubValidate) (const MhGossipsubMessage *message,
                                                   gpointer data);

/*
 * What happens. Each may be %NULL, but for send(). validate() and record() are asked in the middle
 * of things and may not call anything here; the others come at the end of the call that caused them
 * and may call everything but mh_gossipsub_free().
 */
typedef struct
{
  /* @rpc is to go to @peer. The same bytes are shared by all peers that get the same. */
  void (*send) (const MhPeerId *peer, GBytes *rpc, MhGossipsubLane lane, gpointer data);
  /* What is it? %NULL accepts everything. A topic may have one of its own. */
  MhGossipsubValidate validate;
  /* A message of a topic that we are in, once. */
  void (*message) (const MhGossipsubMessage *message, gpointer data);
  /* @peer is in @topic now, or no longer. */
  void (*member) (const MhPeerId *peer, const char *topic, gboolean is_in, gpointer data);
  /* @peer is in a topic of ours and could be connected to; @record (nullable) is signed by it. */
  void (*exchange) (const MhPeerId *peer, const MhPeerRecord *record, gpointer data);
  /* Returns: (transfer full) (nullable): the signed peer record of @peer. A %NULL hook sends none,
   * and no peers with PRUNE either. */
  GBytes *(*record) (const MhPeerId *peer, gpointer data);
  /* @peer was named by mh_gossipsub_set_direct() and is not connected. */
  void (*connect) (const MhPeerId *peer, gpointer data);
} MhGossipsubEvents;

/* How peers of one topic are judged (gossipsub-v1.1.md, "The Score Function"). Decay is what a
 * counter is multiplied with at each interval. */
typedef struct
{
  double weight; /* of the topic among all; 1 */
  /* P1, time in mesh */
  double time_weight; /* 0.01 */
  guint time_quantum_ms;
  double time_cap; /* in quanta; 300 */
  /* P2, first deliveries */
  double first_weight; /* 0.5 */
  double first_decay;  /* 0.99 */
  double first_cap;    /* 20 */
  /* P3, deliveries in the mesh: off, as it needs to know how many there should be */
  double mesh_weight; /* 0, or negative */
  double mesh_decay;
  double mesh_cap;
  double mesh_threshold;
  guint mesh_window_ms;
  guint mesh_activation_ms;
  /* P3b, failures in the mesh */
  double failure_weight; /* 0, or negative */
  double failure_decay;
  /* P4, invalid messages */
  double invalid_weight; /* -10 */
  double invalid_decay;  /* 0.97 */
} MhGossipsubTopicScore;

/* How peers are judged all in all, and what follows. */
typedef struct
{
  double topic_cap;               /* what all topics together can add, 0 for any; 50 */
  double app_weight;              /* P5: 1 */
  double colocation_weight;       /* P6: -5 */
  guint colocation_most;          /* peers of one address that cost nothing; 10 */
  double behaviour_weight;        /* P7: -10 */
  double behaviour_most;          /* penalties that cost nothing; 6 */
  double behaviour_decay;         /* 0.95 */
  guint decay_ms;                 /* interval; 1000 */
  double decay_to_zero;           /* counters below this are 0; 0.01 */
  guint retain_ms;                /* bad scores outlive the connection by this; 1 hour */
  double gossip_threshold;        /* below: no gossip either way; -10 */
  double publish_threshold;       /* below: gets no messages of ours; -50 */
  double graylist_threshold;      /* below: not listened to; -80 */
  double exchange_threshold;      /* below: peers that it names are passed over; 0 */
  double opportunistic_threshold; /* a mesh whose median is below gets better peers; 1 */
} MhGossipsubScoring;

/* Begin with mh_gossipsub_config_init(). Plain data. */
typedef struct
{
  guint64 seed;        /* of everything random; 0: random */
  guint64 first_seqno; /* to be larger than any that was used under this key before, such as the
                          nanoseconds of the wall clock; 0: random */
  MhGossipsubForm form;
  /* The mesh (gossipsub-v1.0.md, "Parameters"): number of peers wanted, fewest, most, of those the
   * ones kept for their score, and the ones that we dialled. All 0: we are in no mesh. */
  guint d;       /* 6 */
  guint d_lo;    /* 4 */
  guint d_hi;    /* 12 */
  guint d_score; /* 4 */
  guint d_out;   /* 2 */
  /* Gossip goes to so many peers outside the mesh, or to that part of them if that is more. */
  guint d_lazy;                 /* 6 */
  double gossip_factor;         /* 0.25 */
  guint history_length;         /* heartbeats that messages are kept for; 5 */
  guint history_gossip;         /* heartbeats that they are told of; 3 */
  guint heartbeat_ms;           /* 1000 */
  guint fanout_ttl_ms;          /* 60 s */
  guint seen_ttl_ms;            /* 120 s */
  guint prune_backoff_ms;       /* 60 s */
  guint unsubscribe_backoff_ms; /* 10 s */
  guint graft_flood_ms;         /* a GRAFT so early in a back-off counts twice; 10 s */
  guint iwant_followup_ms;      /* what was asked for has to come within; 3 s */
  guint exchange_peers;         /* that go with a PRUNE; 16 */
  guint opportunistic_ticks;    /* heartbeats between opportunistic grafts; 60 */
  guint opportunistic_peers;    /* 2 */
  guint direct_ticks;           /* heartbeats between looks at direct peers; 300 */
  gsize idontwant_bytes;        /* messages of at least this are announced; 512 */
  gboolean flood_publish;       /* messages of ours go to all peers of the topic; TRUE */
  gsize max_rpc_bytes;          /* %MH_GOSSIPSUB_MAX_RPC */
  gsize max_seen_bytes;         /* %MH_GOSSIPSUB_SEEN_BYTES */
  gsize max_cache_bytes;        /* %MH_GOSSIPSUB_CACHE_BYTES */
  gsize max_pending_bytes;      /* of messages whose verdict comes later */
  MhGossipsubScoring scoring;
  MhGossipsubTopicScore topic_score; /* of all topics that have none of their own */
} MhGossipsubConfig;

/* What was counted since the beginning. Plain data. */
typedef struct
{
  guint64 received;   /* messages that were accepted */
  guint64 duplicates; /* messages that were there already */
  guint64 invalid;    /* messages that were refused, by us or by validate() */
  guint64 ignored;    /* messages of topics we are not in, and those validate() ignored */
  guint64 verified;   /* signatures looked at */
  guint64 sent;       /* messages sent, counted for each peer */
  guint64 graylisted; /* RPCs that nobody listened to */
  guint64 broken_promises;
} MhGossipsubCounters;

/* A peer that a stream was opened to. Plain data. */
typedef struct
{
  MhPeerId id;
  MhGossipsubVersion version; /* that both speak */
  gboolean is_outbound;       /* we dialled it */
  const char *address;        /* (nullable): its IP address, or what stands for it, for P6 */
} MhGossipsubPeer;

/**
 * MhGossipsub:
 *
 * One member of the network. Not for two threads at once.
 */
typedef struct _MhGossipsub MhGossipsub;

/**
 * mh_gossipsub_config_init:
 * @config: (out caller-allocates): filled
 *
 * Puts in the defaults of the specification, and scores for a network in which the number of
 * messages is not known. Those are given where the fields are declared.
 */
void mh_gossipsub_config_init (MhGossipsubConfig *config);

/**
 * mh_gossipsub_new:
 * @signer: who we are; outlives it
 * @config: (nullable): copied; %NULL for the defaults
 * @events: outlives it
 * @data: for @events
 *
 * Returns: (transfer full): a member that knows nobody
 */
MhGossipsub *mh_gossipsub_new (const MhSigner *signer, const MhGossipsubConfig *config,
                               const MhGossipsubEvents *events,
                               gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, without a word to anybody. */
void mh_gossipsub_free (MhGossipsub *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhGossipsub, mh_gossipsub_free)

/**
 * mh_gossipsub_version:
 * @protocol: name of a protocol
 * @version: (out): what it stands for
 *
 * Returns: %FALSE when it is no gossipsub
 */
gboolean
mh_gossipsub_version (const char *protocol, MhGossipsubVersion *version) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_gossipsub_add_peer:
 * @self: a member
 * @peer: who it is; copied
 * @now_ms: time
 *
 * Tells it our topics. To be called as soon as there is one of the two streams, as the other side
 * sends its topics at once and only then; what is to be sent is to be kept until our own stream is
 * open. For a peer that is there already, whose stream is a new one, what it has to know is sent
 * again, and what it said still holds.
 */
void mh_gossipsub_add_peer (MhGossipsub *self, const MhGossipsubPeer *peer, gint64 now_ms);

/* Forgets a peer, whose connection or either stream is gone. A bad score is kept for a while. */
void mh_gossipsub_remove_peer (MhGossipsub *self, const MhPeerId *peer, gint64 now_ms);

/**
 * mh_gossipsub_set_direct:
 * @self: a member
 * @peer: a peer, connected or not
 * @is_direct: whether there is an agreement
 *
 * Names peers that always get every message and are always listened to, outside the mesh. It takes
 * both sides to name each other. connect() asks for those that are missing.
 */
void mh_gossipsub_set_direct (MhGossipsub *self, const MhPeerId *peer, gboolean is_direct);

/**
 * mh_gossipsub_feed:
 * @self: a member
 * @peer: who sent it; nothing happens when it was not added
 * @data: one RPC, without the length in front of it
 * @size: its bytes
 * @now_ms: time
 * @error: return location
 *
 * Messages that are not valid are no error; they count against the peer.
 *
 * Errors: %G_IO_ERROR_INVALID_DATA when it is no RPC or over the limits: nothing of it was used,
 *   and the stream is of no more use
 * Returns: %FALSE with @error set
 */
gboolean mh_gossipsub_feed (MhGossipsub *self, const MhPeerId *peer, const guint8 *data, gsize size,
                            gint64 now_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_gossipsub_tick:
 * @self: a member
 * @now_ms: time
 *
 * Does what is due. Nothing happens without it being called from time to time.
 *
 * Returns: when it wants to be called next, on the clock of @now_ms
 */
gint64 mh_gossipsub_tick (MhGossipsub *self, gint64 now_ms);

/**
 * mh_gossipsub_subscribe:
 * @self: a member
 * @topic: UTF-8 of 1 to %MH_GOSSIPSUB_MAX_TOPIC bytes
 * @now_ms: time
 * @error: return location
 *
 * Nothing happens when we are in it already.
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT for a name that cannot be one, %G_IO_ERROR_NO_SPACE when we
 *   are in %MH_GOSSIPSUB_MAX_TOPICS
 * Returns: %FALSE with @error set
 */
gboolean mh_gossipsub_subscribe (MhGossipsub *self, const char *topic, gint64 now_ms,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves a topic. Nothing happens when we are not in it. */
void mh_gossipsub_unsubscribe (MhGossipsub *self, const char *topic, gint64 now_ms);

/**
 * mh_gossipsub_publish:
 * @self: a member
 * @topic: where; we need not be in it
 * @message: the message
 * @now_ms: time
 * @id: (out) (nullable): its id
 * @error: return location
 *
 * Signs @message and sends it to peers of @topic, if there are any; in a topic that we are in,
 * peers that come later can still ask for it. It does not come back as a message of ours.
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT for a topic that cannot be one,
 * %G_IO_ERROR_MESSAGE_TOO_LARGE Returns: %FALSE with @error set
 */
gboolean mh_gossipsub_publish (MhGossipsub *self, const char *topic, GBytes *message, gint64 now_ms,
                               MhGossipsubId *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_gossipsub_report:
 * @self: a member
 * @id: a message that validate() wanted to think about
 * @verdict: what came of it; %MH_GOSSIPSUB_LATER is not one
 * @now_ms: time
 *
 * Returns: %FALSE when the message is not waited for (any more)
 */
gboolean mh_gossipsub_report (MhGossipsub *self, const MhGossipsubId *id,
                              MhGossipsubVerdict verdict, gint64 now_ms);

/**
 * mh_gossipsub_set_validate:
 * @self: a member
 * @topic: a topic
 * @validate: (nullable): asked instead of that of the events; %NULL to end it
 * @data: for @validate
 */
void mh_gossipsub_set_validate (MhGossipsub *self, const char *topic, MhGossipsubValidate validate,
                                gpointer data);

/**
 * mh_gossipsub_set_topic_score:
 * @self: a member
 * @topic: a topic
 * @score: how peers are judged in it; copied
 */
void mh_gossipsub_set_topic_score (MhGossipsub *self, const char *topic,
                                   const MhGossipsubTopicScore *score);

/* Sets P5 of a peer that is connected, 0 at first. */
void mh_gossipsub_set_app_score (MhGossipsub *self, const MhPeerId *peer, double value);

/* Returns: the score of a peer; 0 for one that nothing is known of */
double mh_gossipsub_score (MhGossipsub *self, const MhPeerId *peer);

/* Returns: whether we are in @topic */
gboolean mh_gossipsub_is_in (const MhGossipsub *self, const char *topic);

/* Returns: (transfer full) (element-type utf8): the topics that we are in, sorted */
GPtrArray *mh_gossipsub_topics (const MhGossipsub *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhPeerId): the connected peers that are in @topic */
GPtrArray *
mh_gossipsub_members (const MhGossipsub *self, const char *topic) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhPeerId): those of them that are in our mesh */
GPtrArray *mh_gossipsub_mesh (const MhGossipsub *self, const char *topic) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: what was counted */
MhGossipsubCounters mh_gossipsub_counters (const MhGossipsub *self);

/* Returns: bytes that what was seen, what is kept and what waits for a verdict count for */
gsize mh_gossipsub_seen_bytes (const MhGossipsub *self);
gsize mh_gossipsub_cache_bytes (const MhGossipsub *self);
gsize mh_gossipsub_pending_bytes (const MhGossipsub *self);

G_END_DECLS
