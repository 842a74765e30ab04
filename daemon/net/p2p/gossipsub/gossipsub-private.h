/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gossipsub-cache-private.h"
#include "gossipsub-rpc-private.h"
#include "gossipsub-score-private.h"
#include "gossipsub.h"

G_BEGIN_DECLS

/* What the parts of one member share. No header but those of this folder includes it. */

/* Bytes that an id has in an RPC at most, with what is around it. */
#define MH_GOSSIPSUB_ID_COST 64

/* A peer with a stream. Held by events after it is gone. */
typedef struct
{
  guint refs;
  gboolean is_gone;
  MhPeerId id;
  guint32 number; /* never used again */
  MhGossipsubVersion version;
  gboolean is_outbound;
  gboolean is_direct;
  MhGossipsubScore *score; /* (unowned): until it is gone */
  GHashTable *topics;      /* (owned) (element-type Topic Topic): that it is in */
  MhGossipsubForm form;    /* how it writes ids */
  /* what waits to be sent to it at the end of the call */
  gboolean is_dirty;
  GByteArray *subscriptions; /* (owned) (nullable): fields of RPC */
  GByteArray *control;       /* (owned) (nullable): fields of ControlMessage */
  GByteArray *gossip;        /* (owned) (nullable): the same, which may be dropped */
  /* since the last heartbeat */
  guint ihaves;          /* RPCs with IHAVE */
  guint told;            /* ids in them */
  guint iwants;          /* RPCs with IWANT */
  guint wanted;          /* ids in them */
  guint unwanted;        /* ids in IDONTWANT */
  GHashTable *dont_send; /* (owned) (nullable) (element-type Unwanted Unwanted) */
} MhGossipsubMember;

/* A topic that somebody is in, or that we publish to. */
typedef struct
{
  char *name;                      /* (owned) (ref-string) */
  gboolean is_joined;              /* we are in it */
  const MhGossipsubScored *scored; /* (unowned) (nullable): once we were in it */
  GPtrArray *members;              /* (owned) (element-type MhGossipsubMember): all but us */
  GPtrArray *mesh;                 /* (owned): those that get every message, when we are in it */
  GPtrArray *fanout;               /* (owned): those that get ours, when we are not */
  gint64 published_ms;             /* when @fanout was used last */
  GHashTable *backoff;             /* (owned) (nullable) (element-type Backoff Backoff) */
  MhGossipsubValidate validate;    /* (nullable) */
  gpointer validate_data;
  GPtrArray *gossip; /* (owned): items that are told of, while gossip is made */
} MhGossipsubTopic;

struct _MhGossipsub
{
  const MhSigner *signer;          /* (unowned) */
  const MhGossipsubEvents *events; /* (unowned) */
  gpointer data;
  MhGossipsubConfig config;
  MhPeerId self_id;
  GHashTable *keys; /* (owned) (element-type MhPeerId GBytes): of authors whose ids are hashes */
  GRand *rand;
  guint64 seqno;    /* that was used last */
  gint64 now_ms;    /* of the call */
  guint busy;       /* calls that are under way inside each other */
  gboolean is_idle; /* before the first tick */
  gint64 heartbeat_ms;
  gint64 decay_ms;
  guint ticks;
  guint32 last_number;
  GHashTable *peers;     /* (owned) (element-type MhPeerId MhGossipsubMember) */
  GHashTable *by_number; /* (element-type guint32 MhGossipsubMember) */
  GPtrArray *in_order;   /* of the same, as they came */
  GHashTable *direct;    /* (owned) (element-type MhPeerId MhPeerId) */
  GTree *topics;         /* (owned) (element-type utf8 MhGossipsubTopic): no hash to be flooded */
  guint n_joined;
  MhGossipsubScores *scores;
  MhGossipsubCache *cache;
  MhGossipsubRpc rpc; /* that is read */
  GPtrArray *dirty;   /* (owned) (element-type MhGossipsubMember) */
  GArray *queue;      /* (owned) (element-type Event): to be told at the end of the call */
  MhGossipsubCounters counters;
};

/* gossipsub-queue.c: what is told at the end of a call */

/* Around everything that may send or tell. */
void mh_gossipsub_enter (MhGossipsub *self, gint64 now_ms);
void mh_gossipsub_leave (MhGossipsub *self);

void mh_gossipsub_queue_rpc (MhGossipsub *self, MhGossipsubMember *peer, GBytes *rpc,
                             MhGossipsubLane lane);
void mh_gossipsub_queue_subscription (MhGossipsub *self, MhGossipsubMember *peer, const char *topic,
                                      gboolean is_in);
void mh_gossipsub_queue_control (MhGossipsub *self, MhGossipsubMember *peer,
                                 MhGossipsubControlKind kind, const GByteArray *body);
void mh_gossipsub_queue_message (MhGossipsub *self, MhGossipsubItem *item);
void mh_gossipsub_queue_member (MhGossipsub *self, const MhPeerId *peer, const char *topic,
                                gboolean is_in);
void mh_gossipsub_queue_exchange (MhGossipsub *self, const MhPeerId *peer,
                                  MhPeerRecord *record /* (transfer full) (nullable) */);
void mh_gossipsub_queue_connect (MhGossipsub *self, const MhPeerId *peer);
void mh_gossipsub_queue_clear (MhGossipsub *self);

/* gossipsub-peer.c: peers, and the topics they are in */

MhGossipsubMember *mh_gossipsub_member_ref (MhGossipsubMember *self);
void mh_gossipsub_member_unref (gpointer self);
void mh_gossipsub_topic_free (gpointer topic);

/* Returns: (nullable): by its number, when it is there */
MhGossipsubMember *mh_gossipsub_member_by_number (const MhGossipsub *self, guint32 number);
double mh_gossipsub_member_score (const MhGossipsub *self, const MhGossipsubMember *peer);

/* Returns: whether @topic can be the name of one */
gboolean mh_gossipsub_topic_is_name (const guint8 *topic, gsize size);
gboolean mh_gossipsub_topic_check (const char *topic, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Returns: (nullable): the topic of that name; add() makes it, find() takes a slice */
MhGossipsubTopic *mh_gossipsub_topic_get (const MhGossipsub *self, const char *name);
MhGossipsubTopic *mh_gossipsub_topic_add (MhGossipsub *self, const char *name);
MhGossipsubTopic *mh_gossipsub_topic_find (const MhGossipsub *self, MhGossipsubSlice name);
/* Frees it when nobody needs it. */
void mh_gossipsub_topic_release (MhGossipsub *self, MhGossipsubTopic *topic);

/* A peer says that it is in a topic, or no longer. */
void mh_gossipsub_on_subscription (MhGossipsub *self, MhGossipsubMember *peer,
                                   const MhGossipsubSubscription *item);
gboolean
mh_gossipsub_topic_add_member (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer);
void mh_gossipsub_topic_remove_member (MhGossipsub *self, MhGossipsubTopic *topic,
                                       MhGossipsubMember *peer);

/* gossipsub-message.c: messages */

/* Returns: %FALSE when the peer has got so bad that nothing more of it is listened to */
gboolean mh_gossipsub_on_message (MhGossipsub *self, MhGossipsubMember *peer,
                                  const MhGossipsubRawMessage *raw);

/* gossipsub-control.c: what peers say about messages and meshes */

void mh_gossipsub_on_controls (MhGossipsub *self, MhGossipsubMember *peer, const GArray *controls);
/* Notes the PublicKey message of an author whose id is the hash of it. */
void mh_gossipsub_note_key (MhGossipsub *self, const MhPeerId *author, MhGossipsubSlice key);

/* Appends @id as field @number, in @form if there is room and its key is known. */
void mh_gossipsub_put_id (const MhGossipsub *self, GByteArray *out, guint32 number,
                          const MhGossipsubId *id, MhGossipsubForm form);

gboolean mh_gossipsub_is_unwanted (const MhGossipsubMember *peer, const MhGossipsubIdKey *key);
void mh_gossipsub_forget_unwanted (MhGossipsub *self, MhGossipsubMember *peer);

/* gossipsub-mesh.c: who is in a mesh */

/* Returns: whether @peer may be grafted by us */
gboolean mh_gossipsub_mesh_may_have (const MhGossipsub *self, const MhGossipsubTopic *topic,
                                     const MhGossipsubMember *peer);
void mh_gossipsub_mesh_join (MhGossipsub *self, MhGossipsubTopic *topic);
void mh_gossipsub_mesh_leave (MhGossipsub *self, MhGossipsubTopic *topic);
/* Puts @peer into the mesh, and tells it so or not. */
void mh_gossipsub_mesh_add (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer);
void mh_gossipsub_mesh_graft (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer);
/* Tells one that is in the mesh that it is. */
void mh_gossipsub_mesh_tell (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer);
/* Takes @peer out of the mesh. Returns: whether it was in it */
gboolean
mh_gossipsub_mesh_remove (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer);
/* The same, and tells it so, with other peers or not. */
void mh_gossipsub_mesh_prune (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer,
                              guint backoff_ms, gboolean with_peers);
/* Notes that @peer is to be left alone. */
void mh_gossipsub_backoff_add (MhGossipsub *self, MhGossipsubTopic *topic, const MhPeerId *peer,
                               gint64 until_ms);
/* Returns: until when, or 0 */
gint64 mh_gossipsub_backoff_get (const MhGossipsubTopic *topic, const MhPeerId *peer);
/* Returns: the peers that a message of ours goes to when we are not in @topic */
GPtrArray *mh_gossipsub_fanout (MhGossipsub *self, MhGossipsubTopic *topic);
/* Keeps meshes and fanouts as they should be, and makes gossip. */
void mh_gossipsub_heartbeat (MhGossipsub *self);

/* gossipsub-pick.c: choosing peers */

typedef gboolean (*MhGossipsubFits) (const MhGossipsub *self, const MhGossipsubTopic *topic,
                                     const MhGossipsubMember *peer);

void mh_gossipsub_shuffle (MhGossipsub *self, GPtrArray *array, guint from);
/* Returns: (transfer container): up to @most members of @topic that fit, by chance */
GPtrArray *mh_gossipsub_pick (MhGossipsub *self, const MhGossipsubTopic *topic, guint most,
                              MhGossipsubFits fits);
/* Returns: (transfer container): the keys of @table */
GPtrArray *mh_gossipsub_keys (GHashTable *table);
gboolean mh_gossipsub_has (const GPtrArray *array, gconstpointer element);

/* gossipsub-gossip.c: telling of messages */

void mh_gossipsub_emit_gossip (MhGossipsub *self);

G_END_DECLS
