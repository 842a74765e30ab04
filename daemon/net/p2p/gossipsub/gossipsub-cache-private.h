/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gossipsub.h"

G_BEGIN_DECLS

/*
 * What is remembered of messages: which were seen and by whom they came, the messages themselves
 * for as long as they can be asked for, and who promised to send which.
 */

/* An id for hash tables. Its hash is keyed: ids are made by strangers. */
typedef struct
{
  guint hash;
  MhGossipsubId id;
} MhGossipsubIdKey;

/* One message, shared by all that hold it. */
typedef struct
{
  guint refs;
  MhGossipsubIdKey key; /* of the message */
  char *topic;          /* (owned) (ref-string) */
  GBytes *rpc;          /* (owned): an RPC with it and nothing else */
  GBytes *data;         /* (owned): what it says, inside @rpc */
  MhPeerId received_from;
  guint32 sender; /* number of that peer, 0 for a message of ours */
} MhGossipsubItem;

typedef enum
{
  MH_GOSSIPSUB_SEEN_PENDING, /* there is no verdict yet */
  MH_GOSSIPSUB_SEEN_VALID,
  MH_GOSSIPSUB_SEEN_INVALID,
  MH_GOSSIPSUB_SEEN_IGNORED,
} MhGossipsubSeenState;

/* That a message was seen. */
typedef struct
{
  MhGossipsubIdKey key;
  MhGossipsubSeenState state;
  gint64 seen_ms;
  gint64 valid_ms;
  GArray *senders;       /* (owned) (nullable) (element-type guint32): peers that sent it too */
  MhGossipsubItem *item; /* (owned) (nullable): while it is pending */
  GList link;
} MhGossipsubSeen;

typedef struct _MhGossipsubCache MhGossipsubCache;

/* Called for each gossiped message, and for each promise that was broken. */
typedef void (*MhGossipsubCacheEach) (MhGossipsubItem *item, gpointer data);
typedef void (*MhGossipsubCacheBroken) (guint32 peer, gpointer data);

/* Returns: (transfer full): an empty cache; @config outlives it */
MhGossipsubCache *mh_gossipsub_cache_new (const MhGossipsubConfig *config);
void mh_gossipsub_cache_free (MhGossipsubCache *self);

/* Returns: @id with its hash */
MhGossipsubIdKey mh_gossipsub_cache_key (const MhGossipsubCache *self, const MhGossipsubId *id);

/* For hash tables with MhGossipsubIdKey first in their keys. */
guint mh_gossipsub_id_key_hash (gconstpointer key);
gboolean mh_gossipsub_id_key_equal (gconstpointer a, gconstpointer b);

MhGossipsubItem *mh_gossipsub_item_ref (MhGossipsubItem *self);
void mh_gossipsub_item_unref (MhGossipsubItem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhGossipsubItem, mh_gossipsub_item_unref)

/* Returns: (transfer none) (nullable): what is known of a message */
MhGossipsubSeen *mh_gossipsub_cache_seen (MhGossipsubCache *self, const MhGossipsubIdKey *key);
/* Notes that one was seen, in place of the oldest ones when there are too many. */
MhGossipsubSeen *
mh_gossipsub_cache_see (MhGossipsubCache *self, const MhGossipsubIdKey *key, gint64 now_ms);
/* Forgets that it was seen. */
void mh_gossipsub_cache_unsee (MhGossipsubCache *self, MhGossipsubSeen *seen);
/* Notes a peer that sent it. Returns: %FALSE when that is noted already */
gboolean
mh_gossipsub_cache_note_sender (MhGossipsubCache *self, MhGossipsubSeen *seen, guint32 sender);
gboolean mh_gossipsub_cache_has_sender (const MhGossipsubSeen *seen, guint32 sender);
void mh_gossipsub_cache_forget_senders (MhGossipsubCache *self, MhGossipsubSeen *seen);
/* Keeps a message whose verdict comes later. Returns: %FALSE when too much is kept already */
gboolean
mh_gossipsub_cache_hold (MhGossipsubCache *self, MhGossipsubSeen *seen, MhGossipsubItem *item);
/* Returns: (transfer full) (nullable): the message that waits for its verdict */
MhGossipsubItem *mh_gossipsub_cache_take (MhGossipsubCache *self, MhGossipsubSeen *seen);

/* Keeps a message to be asked for. */
void mh_gossipsub_cache_put (MhGossipsubCache *self, MhGossipsubItem *item);
/* Returns: (transfer none) (nullable): it, unless @peer has had it too often; counts */
MhGossipsubItem *
mh_gossipsub_cache_get (MhGossipsubCache *self, const MhGossipsubIdKey *key, guint32 peer);
/* Calls @each for all messages that are to be told of, oldest first. */
void mh_gossipsub_cache_gossip (MhGossipsubCache *self, MhGossipsubCacheEach each, gpointer data);

/* Notes that @peer said it would send a message until then. */
void mh_gossipsub_cache_promise (MhGossipsubCache *self, const MhGossipsubIdKey *key, guint32 peer,
                                 gint64 until_ms);
/* The message is there. */
void mh_gossipsub_cache_keep_promise (MhGossipsubCache *self, const MhGossipsubIdKey *key);
/* Ends the promises that are over their time. */
void mh_gossipsub_cache_break_promises (MhGossipsubCache *self, gint64 now_ms,
                                        MhGossipsubCacheBroken broken, gpointer data);

/* A heartbeat is over: what is too old goes. */
void mh_gossipsub_cache_shift (MhGossipsubCache *self, gint64 now_ms);

gsize mh_gossipsub_cache_seen_size (const MhGossipsubCache *self);
gsize mh_gossipsub_cache_kept_size (const MhGossipsubCache *self);
gsize mh_gossipsub_cache_held_size (const MhGossipsubCache *self);

G_END_DECLS
