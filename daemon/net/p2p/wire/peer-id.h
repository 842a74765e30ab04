/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Keys of up to this size stand in the id as they are (libp2p peer-ids, "Peer Ids"). */
#define MH_PEER_ID_INLINE_MAX 42
/* The multihash of such a key: code, length, key. */
#define MH_PEER_ID_MAX (2 + MH_PEER_ID_INLINE_MAX)
#define MH_PEER_ID_ED25519_SIZE 32

/**
 * MhPeerId:
 *
 * Who a peer is: the multihash of its public key. Plain data, to be copied; the bytes after @size
 * are zeros, so that equal ids are equal in memory.
 */
typedef struct
{
  guint8 size;
  guint8 bytes[MH_PEER_ID_MAX];
} MhPeerId;

/**
 * mh_peer_id_from_ed25519:
 * @key: a public key of 32 bytes
 *
 * Returns: its id
 */
MhPeerId mh_peer_id_from_ed25519 (const guint8 key[MH_PEER_ID_ED25519_SIZE]);

/**
 * mh_peer_id_from_public_key:
 * @message: a libp2p PublicKey message
 * @size: its bytes
 *
 * Returns: its id, for a key of any type: the SHA-256 where the message is long
 */
MhPeerId mh_peer_id_from_public_key (const guint8 *message, gsize size);

/**
 * mh_peer_id_from_bytes:
 * @data: a multihash
 * @size: its bytes
 * @out: (out): the id
 *
 * Returns: %FALSE when it is neither an inlined key nor a SHA-256
 */
gboolean
mh_peer_id_from_bytes (const guint8 *data, gsize size, MhPeerId *out) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_peer_id_from_text:
 * @text: `12D3KooW…`, `16Uiu2…` or `Qm…`, or a CID of codec libp2p-key in base 32 or 58
 * @out: (out): the id
 *
 * Returns: %FALSE when @text is no peer id
 */
gboolean mh_peer_id_from_text (const char *text, MhPeerId *out) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the id in base58btc */
char *mh_peer_id_to_text (const MhPeerId *self) G_GNUC_WARN_UNUSED_RESULT;

/* For hash tables whose keys are pointers to ids. */
guint mh_peer_id_hash (gconstpointer id);
gboolean mh_peer_id_equal (gconstpointer a, gconstpointer b);

/* Orders ids by their bytes. */
int mh_peer_id_compare (const MhPeerId *a, const MhPeerId *b);

/* Returns: (transfer full): a copy in memory of its own, for g_free() */
MhPeerId *mh_peer_id_copy (const MhPeerId *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
