/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gossipsub.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/public-key.h"

G_BEGIN_DECLS

/* Field numbers of pubsub/README.md and gossipsub-v1.0.md, v1.1 and v1.2, "Protobuf". */
enum
{
  MH_GOSSIPSUB_RPC_SUBSCRIPTION = 1,
  MH_GOSSIPSUB_RPC_PUBLISH = 2,
  MH_GOSSIPSUB_RPC_CONTROL = 3,
};

typedef enum
{
  MH_GOSSIPSUB_IHAVE = 1,
  MH_GOSSIPSUB_IWANT = 2,
  MH_GOSSIPSUB_GRAFT = 3,
  MH_GOSSIPSUB_PRUNE = 4,
  MH_GOSSIPSUB_IDONTWANT = 5,
} MhGossipsubControlKind;

/* Bytes inside an RPC; %NULL when the field is not there. */
typedef struct
{
  const guint8 *bytes; /* (unowned) (nullable) */
  gsize size;
} MhGossipsubSlice;

/* Numbers of the fields of Message. */
enum
{
  MH_GOSSIPSUB_FROM = 1,
  MH_GOSSIPSUB_DATA = 2,
  MH_GOSSIPSUB_SEQNO = 3,
  MH_GOSSIPSUB_TOPIC = 4,
  MH_GOSSIPSUB_SIGNATURE = 5,
  MH_GOSSIPSUB_KEY = 6,
  MH_GOSSIPSUB_N_FIELDS,
};

typedef struct
{
  MhGossipsubSlice fields[MH_GOSSIPSUB_N_FIELDS]; /* by number */
  gboolean is_odd; /* a field twice or of another type: it could mean different things to others */
} MhGossipsubRawMessage;

typedef struct
{
  MhGossipsubSlice topic;
  gboolean is_in;
} MhGossipsubSubscription;

typedef struct
{
  MhGossipsubControlKind kind;
  MhGossipsubSlice topic;
  MhGossipsubSlice body; /* well-formed */
  guint64 backoff_s;
} MhGossipsubControlItem;

/* An RPC that was taken apart, inside the bytes it was made of. To be used again and again. */
typedef struct
{
  GArray *subscriptions; /* (owned) (element-type MhGossipsubSubscription) */
  GArray *messages;      /* (owned) (element-type MhGossipsubRawMessage) */
  GArray *controls;      /* (owned) (element-type MhGossipsubControlItem) */
} MhGossipsubRpc;

/* Makes it empty, and gives its memory back. */
void mh_gossipsub_rpc_init (MhGossipsubRpc *self);
void mh_gossipsub_rpc_clear (MhGossipsubRpc *self);

/* Returns: %FALSE when @data is no RPC, or over the limits */
gboolean mh_gossipsub_rpc_parse (MhGossipsubRpc *self, const guint8 *data,
                                 gsize size) G_GNUC_WARN_UNUSED_RESULT;

/* The ids of an IHAVE, IWANT or IDONTWANT one by one; @wire is as the peer wrote it.
 * Returns: %FALSE at the end */
gboolean mh_gossipsub_rpc_next_id (MhPbReader *reader, MhGossipsubControlKind kind,
                                   MhGossipsubSlice *wire) G_GNUC_WARN_UNUSED_RESULT;

/* The peers of a PRUNE one by one. Returns: %FALSE at the end */
gboolean mh_gossipsub_rpc_next_peer (MhPbReader *reader, MhGossipsubSlice *peer,
                                     MhGossipsubSlice *record) G_GNUC_WARN_UNUSED_RESULT;

/* The PublicKey message that stands in a peer id as it is; empty where the id is a hash. */
MhGossipsubSlice mh_gossipsub_rpc_inlined (const MhPeerId *author);

/* Returns: %FALSE for an id of neither form; of one with a key, all but the last 8 bytes are that
 */
gboolean mh_gossipsub_rpc_id (MhGossipsubSlice wire, MhGossipsubId *id,
                              MhGossipsubForm *form) G_GNUC_WARN_UNUSED_RESULT;

/* An id as it is to be written. Plain data; nothing is owned. */
typedef struct
{
  const MhGossipsubId *id;
  GBytes *key;          /* (nullable): PublicKey message of an author whose id is a hash */
  MhGossipsubForm form; /* without a @key that it needs, the other one */
} MhGossipsubWireId;

/* Appends @id as field @number. */
void mh_gossipsub_rpc_put_id (GByteArray *out, guint32 number, const MhGossipsubWireId *id);

/* Appends a SubOpts to an RPC. */
void mh_gossipsub_rpc_put_subscription (GByteArray *out, const char *topic, gboolean is_in);

/* Returns: (transfer full): an RPC with an IDONTWANT of @id */
GBytes *mh_gossipsub_rpc_idontwant (const MhGossipsubWireId *id);

/* Returns: (transfer full): what the signature of a message is over */
GByteArray *mh_gossipsub_rpc_to_sign (const MhGossipsubRawMessage *message);

/* Returns: bytes that an RPC with that message has */
gsize mh_gossipsub_rpc_sealed_size (gsize to_sign, gsize key);

/* Turns what was signed into an RPC with that message. @key may be absent.
 * Returns: (transfer full): the RPC */
GBytes *mh_gossipsub_rpc_seal (GByteArray *to_sign /* (transfer full) */,
                               MhGossipsubSlice signature, MhGossipsubSlice key);

/* Returns: (transfer full): the data of the message in @rpc, as part of its memory */
GBytes *mh_gossipsub_rpc_data (GBytes *rpc);

G_END_DECLS
