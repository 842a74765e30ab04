/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/multiaddr.h"

G_BEGIN_DECLS

/* libp2p specs, kad-dht: the messages of the protocol. On a stream each has its length before it,
 * as a varint. */

/* The specification gives no name; this is the one of js-libp2p and go-libp2p in local networks. */
#define MH_KAD_PROTOCOL "/ipfs/lan/kad/1.0.0"

/* kad-dht, "Replication parameter": k, peers that an answer names and that a bucket holds. */
#define MH_KAD_K 20

/* Bytes of the longest message that is taken. */
#define MH_KAD_MAX_MESSAGE (256 * 1024)
/* Bytes of the longest key: a peer id, a content id, `/pk/…`. */
#define MH_KAD_MAX_KEY 256
/* Peers of an answer, and addresses of each, that are taken; what is above is passed over. An
 * answer of js-libp2p names up to k + 2. */
#define MH_KAD_MOST_PEERS 32
#define MH_KAD_MOST_ADDRESSES 16

/* kad-dht, "RPC messages" */
typedef enum
{
  MH_KAD_PUT_VALUE = 0,
  MH_KAD_GET_VALUE = 1,
  MH_KAD_ADD_PROVIDER = 2,
  MH_KAD_GET_PROVIDERS = 3,
  MH_KAD_FIND_NODE = 4,
  MH_KAD_PING = 5,
} MhKadType;

typedef enum
{
  MH_KAD_NOT_CONNECTED = 0, /* or nothing is said of it */
  MH_KAD_CONNECTED = 1,
  MH_KAD_CAN_CONNECT = 2,
  MH_KAD_CANNOT_CONNECT = 3,
} MhKadConnection;

/* A peer that a message names. */
typedef struct
{
  MhPeerId id;
  GPtrArray *addresses; /* (owned) (element-type MhMultiaddr) */
  MhKadConnection connection;
} MhKadPeer;

/* Returns: (transfer full): a peer without addresses */
MhKadPeer *mh_kad_peer_new (const MhPeerId *id) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_kad_peer_free (MhKadPeer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhKadPeer, mh_kad_peer_free)

/* A message. Records and providers are never read nor written: nothing is stored. */
typedef struct
{
  MhKadType type;
  GBytes *key;       /* (owned) (nullable) */
  GPtrArray *closer; /* (owned) (element-type MhKadPeer) */
} MhKadMessage;

/* Returns: (transfer full): a message without key and peers */
MhKadMessage *mh_kad_message_new (MhKadType type) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): a question for the peers closest to @id */
MhKadMessage *mh_kad_message_new_find (const MhPeerId *id) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_kad_message_free (MhKadMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhKadMessage, mh_kad_message_free)

/* Returns: (transfer full): the bytes, without their length before them; of each peer at most
 *   %MH_KAD_MOST_ADDRESSES addresses */
GBytes *mh_kad_message_encode (const MhKadMessage *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_kad_message_parse:
 * @data: a message without its length before it, from anybody
 * @size: its bytes
 *
 * Peers without a valid id, those that were named before, and addresses of protocols that we do
 * not know are passed over.
 *
 * Returns: (transfer full) (nullable): the message, or %NULL when it is not well formed, of a type
 *   that we do not know, or its key is longer than %MH_KAD_MAX_KEY
 */
MhKadMessage *mh_kad_message_parse (const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether the key of @self is a peer id, which goes to @id */
gboolean mh_kad_message_peer (const MhKadMessage *self, MhPeerId *id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
