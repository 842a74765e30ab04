/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "peer-id.h"

G_BEGIN_DECLS

/*
 * The public keys of peers: libp2p PublicKey messages (libp2p peer-ids, "Keys"). Ours are Ed25519;
 * of others RSA (2,048 to 8,192 bits), secp256k1 and ECDSA (P-256, P-384, P-521) are taken as well,
 * so all kinds that there are. Thread: any.
 */

/* Bytes of the longest message that is looked at; an RSA key of 8,192 bits has 1,062. */
#define MH_PUBLIC_KEY_MAX 2048

/**
 * mh_public_key_message:
 * @key: an Ed25519 key
 *
 * Returns: (transfer full): the libp2p PublicKey message of @key
 */
GBytes *mh_public_key_message (const guint8 key[MH_PEER_ID_ED25519_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_public_key_id:
 * @message: a libp2p PublicKey message
 * @size: its bytes
 * @peer: (out): whose it is
 *
 * Returns: %FALSE when it is not written in the one way that counts, or of a type that is not
 * taken; whether the key itself is well formed, verifying tells
 */
gboolean
mh_public_key_id (const guint8 *message, gsize size, MhPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

/* A signature, and what is to be verified. Plain data; nothing is owned. */
typedef struct
{
  const guint8 *data;
  gsize data_size;
  const guint8 *signature;
  gsize signature_size;
} MhSigned;

/**
 * mh_public_key_verify:
 * @message: a libp2p PublicKey message
 * @size: its bytes
 * @signed_data: what is to be verified
 *
 * Returns: whether the owner of the key has signed it
 */
gboolean mh_public_key_verify (const guint8 *message, gsize size,
                               const MhSigned *signed_data) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
