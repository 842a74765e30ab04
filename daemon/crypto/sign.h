/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "secret.h"

G_BEGIN_DECLS

#define MH_SIGN_SEED_SIZE 32
#define MH_SIGN_PUBLIC_SIZE 32
#define MH_SIGNATURE_SIZE 64

/**
 * MhSigner:
 *
 * An Ed25519 key pair (RFC 8032). Immutable, so threads may share it.
 */
typedef struct _MhSigner MhSigner;

/**
 * mh_signer_new:
 * @seed: 32 bytes; copied
 *
 * Thread: any.
 * Returns: (transfer full): the key pair that @seed stands for
 */
MhSigner *mh_signer_new (const MhSecret *seed) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_signer_public_key:
 * @self: a key pair
 *
 * Thread: any.
 * Returns: (transfer none): %MH_SIGN_PUBLIC_SIZE bytes
 */
const guint8 *mh_signer_public_key (const MhSigner *self);

/**
 * mh_signer_sign:
 * @self: a key pair
 * @data: @size bytes
 * @size: number of bytes
 * @out: (out caller-allocates): the signature
 *
 * Thread: any.
 */
void mh_signer_sign (const MhSigner *self, const guint8 *data, gsize size,
                     guint8 out[MH_SIGNATURE_SIZE]);

/**
 * mh_signer_free:
 * @self: (nullable) (transfer full): a key pair
 *
 * Thread: any.
 */
void mh_signer_free (MhSigner *self);

/**
 * mh_sign_verify:
 * @public_key: 32 bytes
 * @data: @size bytes
 * @size: number of bytes
 * @signature: 64 bytes
 *
 * Thread: any.
 * Returns: whether the owner of @public_key signed @data
 */
gboolean mh_sign_verify (const guint8 public_key[MH_SIGN_PUBLIC_SIZE], const guint8 *data,
                         gsize size,
                         const guint8 signature[MH_SIGNATURE_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_peer_id:
 * @public_key: 32 bytes
 *
 * The libp2p peer id of an Ed25519 key: base58btc of the identity multihash of its protobuf.
 *
 * Thread: any.
 * Returns: (transfer full): 52 characters that begin with 12D3KooW
 */
char *mh_peer_id (const guint8 public_key[MH_SIGN_PUBLIC_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSigner, mh_signer_free)

G_END_DECLS
