/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/hash.h"
#include "kad-message.h"

G_BEGIN_DECLS

/* kad-dht, "Kademlia routing table": a bucket for each length of a shared prefix. */
#define MH_KAD_KEY_BITS 256
#define MH_KAD_BUCKETS MH_KAD_KEY_BITS

/* A peer that did not answer so many times in a row is forgotten. */
#define MH_KAD_MOST_FAILURES 2

/* Buckets are looked up afresh up to this one: a peer id that falls into bucket n takes about
 * 2^(n + 1) hashes to be found, and buckets above are empty below 2^10 * k peers. */
#define MH_KAD_REFRESH_BUCKETS 10

/* Where a peer or a content is: the SHA-256 of its bytes. Plain data. */
typedef struct
{
  guint8 bytes[MH_SHA256_SIZE];
} MhKadKey;

/* Returns: the key of @size bytes */
MhKadKey mh_kad_key (const guint8 *data, gsize size);

/* Returns: the key of a peer */
MhKadKey mh_kad_key_of_peer (const MhPeerId *id);

/* Returns: bits that both begin with, %MH_KAD_KEY_BITS when they are equal */
guint mh_kad_key_shared (const MhKadKey *a, const MhKadKey *b);

/* Returns: below 0 when @a is closer to @to than @b is, above 0 when it is farther, 0 if equal */
int mh_kad_key_compare (const MhKadKey *to, const MhKadKey *a, const MhKadKey *b);

/**
 * MhKadTable:
 *
 * Peers that answer, in buckets by how near they are to us: at most %MH_KAD_K in each. It knows no
 * time but what it is told. Not for two threads at once.
 */
typedef struct _MhKadTable MhKadTable;

/* Returns: (transfer full): an empty table of the peer @own */
MhKadTable *mh_kad_table_new (const MhPeerId *own) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_kad_table_free (MhKadTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhKadTable, mh_kad_table_free)

typedef enum
{
  MH_KAD_ADDED, /* perhaps in place of one that did not answer */
  MH_KAD_KNOWN, /* it was there: noted that it answers */
  MH_KAD_FULL,  /* its bucket has no room */
  MH_KAD_OWN,   /* we do not stand in our own table */
} MhKadAdded;

/**
 * mh_kad_table_add:
 * @self: a table
 * @id: a peer that has just answered
 * @now_ms: milliseconds of any clock that never goes back
 * @oldest: (out): with %MH_KAD_FULL, who answered the longest ago and could be asked whether it
 *   still does
 *
 * Returns: what came of it
 */
MhKadAdded mh_kad_table_add (MhKadTable *self, const MhPeerId *id, gint64 now_ms, MhPeerId *oldest);

/* Notes that a peer did not answer. Returns: whether it was forgotten for that */
gboolean mh_kad_table_failed (MhKadTable *self, const MhPeerId *id);

/* Forgets a peer. Returns: whether it was there */
gboolean mh_kad_table_remove (MhKadTable *self, const MhPeerId *id);

/* Returns: whether a peer is in the table */
gboolean mh_kad_table_has (const MhKadTable *self, const MhPeerId *id);

/* Returns: number of peers */
guint mh_kad_table_size (const MhKadTable *self);

/**
 * mh_kad_table_closest:
 * @self: a table
 * @to: a key
 * @most: how many peers
 * @besides: (nullable): a peer that is left out
 *
 * Returns: (transfer full) (element-type MhPeerId): peers closest to @to, the closest first
 */
GArray *mh_kad_table_closest (const MhKadTable *self, const MhKadKey *to, guint most,
                              const MhPeerId *besides) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_kad_table_stale:
 * @self: a table
 * @before_ms: a time
 * @id: (out): who answered the longest ago, and before @before_ms
 *
 * Returns: whether there is one
 */
gboolean mh_kad_table_stale (const MhKadTable *self, gint64 before_ms,
                             MhPeerId *id) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_kad_table_refresh:
 * @self: a table
 * @now_ms: milliseconds
 * @every_ms: how often each bucket is looked up
 * @random: random bytes
 * @target: (out): the peer id to look up next: our own, or one that falls into a bucket
 *
 * Which bucket nobody has looked into for too long: our own id first, then from the farthest
 * bucket to the nearest that has peers. The bucket counts as looked up from now on.
 *
 * Returns: whether anything is due; never while the table is empty
 */
gboolean mh_kad_table_refresh (MhKadTable *self, gint64 now_ms, gint64 every_ms,
                               const guint8 random[MH_SHA256_SIZE],
                               MhPeerId *target) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that somebody looked up @key, which makes its bucket fresh. */
void mh_kad_table_looked_up (MhKadTable *self, const MhKadKey *key, gint64 now_ms);

G_END_DECLS
