/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/store.h"
#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/*
 * What machines that have the key of a vault say to each other: questions of one side, answers of
 * the other. First both show that they have the key, in a way that counts for these two machines
 * and this conversation only. Protocol buffers, each with its length before it.
 */

#define MH_SYNC_PROTOCOL "/mh/vault/1"

/*
 * What machines with and without the key say to each other: sealed blocks only. The first question
 * names the vault, and needs no proof.
 */
#define MH_SYNC_HOLD_PROTOCOL "/mh/hold/1"

/* Blocks that one challenge is about. */
#define MH_SYNC_MOST_CHALLENGED 16

/* Hashes in one message, and bytes of version records in one answer (one record may be more). */
#define MH_SYNC_MOST_HASHES 2000

/* Parts of the tree of versions in one question: the sums of their children are so many hashes. */
#define MH_SYNC_MOST_PARTS (MH_SYNC_MOST_HASHES / MH_VERSION_TREE_CHILDREN)
#define MH_SYNC_RECORDS_BYTES (1024 * 1024)

/* Bytes of the longest question, and answer: the largest block (4 MiB) and what is around it. */
#define MH_SYNC_MAX_QUESTION (128 * 1024)
#define MH_SYNC_MAX_ANSWER (5 * 1024 * 1024)

#define MH_SYNC_NONCE_SIZE 32

typedef enum
{
  MH_SYNC_HELLO = 1,   /* @vault_id, @nonce -> @nonce, @proof */
  MH_SYNC_PROVE = 2,   /* @proof; has no answer */
  MH_SYNC_SUMS = 3,    /* @mark, @parts -> @mark, @counts of all children of these, @hashes: digests
                          of those that have any. The first question has no mark, the answer says up
                          to which rows it goes; then @mark.gone is that of now */
  MH_SYNC_SINCE = 4,   /* @mark -> @mark, @hashes of versions; of another epoch: @mark alone */
  MH_SYNC_RECORDS = 5, /* @hashes -> @records of the first of them that are there */
  MH_SYNC_HAVE = 6,    /* @hashes of blocks -> @hashes of those that are there */
  MH_SYNC_BLOCK = 7,   /* @hashes: one -> @records: one block, or none */
  MH_SYNC_KEEP = 8, /* @hashes of blocks, @mark: versions and days that are kept here -> @hashes of
                       those that stay for an hour at least, and as long as here */
  MH_SYNC_LIST = 9, /* @hashes: one, or none -> @hashes of blocks after it that the other side is
                       to keep, by id; none at the end. Without the key */
  MH_SYNC_SPARE = 13, /* @hashes of blocks -> @hashes of those that the other side need not keep any
                         more, as there are enough copies. Without the key */
  MH_SYNC_ENTRIES = 14, /* @mark, @parts, @hashes: one, or none -> @mark, as for sums; @hashes after
                           it in these parts, @records: one, with a byte each: MhEntryState */
  MH_SYNC_GONE = 12, /* @mark -> @mark, @hashes of versions that were removed, @records: one, with a
                        byte each: whether it is to be gone everywhere */
  MH_SYNC_SAME = 11, /* @hashes: two ids -> @proof: mh_sync_digest() of the blocks after the first
                        one, up to the second, that the other should have and has; with and without
                        the key */
  MH_SYNC_POLICY = 15,    /* -> @mark: when it was said how many copies are wanted, and how many */
  MH_SYNC_CHALLENGE = 10, /* @nonce, @hashes of blocks -> @hashes: mh_sync_answer_hash() of each;
                             zeros for what is not there. Without the key */
} MhSyncOp;

/* A question or an answer. What is not used is empty. To be cleared. */
typedef struct
{
  MhSyncOp op;    /* of a question */
  char *vault_id; /* (owned) (nullable) */
  GBytes *nonce;  /* (owned) (nullable) */
  GBytes *proof;  /* (owned) (nullable) */
  MhSyncMark mark;
  gboolean is_urgent; /* of a question: somebody waits for it, so it goes before what is not */
  gboolean is_full;   /* of a question: there is little room left for what the other side lists */
  gboolean is_unchecked; /* of a question: the block as the disk has it, the asker looks itself */
  GArray *parts;         /* (owned) (nullable) (element-type MhTreePart): in order, each apart */
  GArray *counts;        /* (owned) (nullable) (element-type guint64) */
  GBytes *hashes;        /* (owned) (nullable): 32 bytes each */
  GPtrArray *records;    /* (owned) (nullable) (element-type GBytes) */
} MhSyncMessage;

/* Gives back what is in it. */
void mh_sync_message_clear (MhSyncMessage *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhSyncMessage, mh_sync_message_clear)

/* Returns: (transfer full): it as bytes */
GBytes *mh_sync_message_encode (const MhSyncMessage *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the beginning of it as bytes. @body is the rest, or %NULL when there is
 * none: (transfer full), a reference of the last record */
GBytes *
mh_sync_message_encode_parts (const MhSyncMessage *self, GBytes **body) G_GNUC_WARN_UNUSED_RESULT;

/* Reads @message into the empty @out. Returns: %FALSE when it is not well formed or over a limit */
gboolean mh_sync_message_decode (GBytes *message, MhSyncMessage *out) G_GNUC_WARN_UNUSED_RESULT;

/* A challenge. What is answered to it is for nobody else, so that nobody can pass it on as an
 * answer of its own without having the block. */
typedef struct
{
  const MhPeerId *client; /* who asks */
  const MhPeerId *server;
  GBytes *nonce; /* (unowned) */
} MhSyncChallenge;

/* Fills @out with what is to be answered about @block: SHA-256 of both ids, each after a byte with
 * its length, the nonce and the block. Thread: any. */
void mh_sync_answer_hash (const MhSyncChallenge *challenge, GBytes *block,
                          guint8 out[MH_SYNC_HASH_SIZE]);

/* Fills @out with what stands for @ids, @size bytes of 32 each, in their order. Thread: any. */
void mh_sync_digest (const guint8 *ids, gsize size, guint8 out[MH_SYNC_HASH_SIZE]);

/* Returns: whether @id is among @ids, @size bytes of 32 each, in order. Thread: any. */
gboolean mh_sync_find_id (const guint8 *ids, gsize size, const guint8 *id);

/* Who is who in a proof. */
typedef struct
{
  const MhPeerId *client; /* who asks */
  const MhPeerId *server;
  GBytes *client_nonce;
  GBytes *server_nonce;
  const char *vault_id;
} MhSyncProof;

/* Returns: (transfer full): what is to be authenticated with the key by the client, or the server
 */
GBytes *mh_sync_proof_text (const MhSyncProof *self, gboolean is_client) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
