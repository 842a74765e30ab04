/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "secure.h"

G_BEGIN_DECLS

/*
 * How a secure channel proves who somebody is: the key of the channel is signed with the key of the
 * peer, after a word that says what for (libp2p peer-ids, "How Keys are encoded and Messages
 * Signed").
 */

/* What the other side says of itself. Plain data; nothing is owned. */
typedef struct
{
  const guint8 *key; /* a libp2p PublicKey message */
  gsize key_size;
  const guint8 *signature;
  gsize signature_size;
} MhProof;

/**
 * mh_proof_make:
 * @signer: the key of this peer
 * @purpose: what is put before the key of the channel
 * @channel_key: @size bytes
 * @size: number of bytes
 * @out: (out caller-allocates): the signature
 *
 * Thread: any.
 */
void mh_proof_make (const MhSigner *signer, const char *purpose, const guint8 *channel_key,
                    gsize size, guint8 out[MH_SIGNATURE_SIZE]);

/**
 * mh_proof_check:
 * @self: what the other side says
 * @purpose: what is put before the key of the channel
 * @channel_key: @size bytes
 * @size: number of bytes
 * @peer: (out): who made it
 * @error: return location
 *
 * Takes the keys of mh_public_key_verify().
 *
 * Thread: any.
 * Errors: %G_IO_ERROR_PERMISSION_DENIED
 * Returns: %FALSE with @error set
 */
gboolean mh_proof_check (const MhProof *self, const char *purpose, const guint8 *channel_key,
                         gsize size, MhPeerId *peer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_proof_accept:
 * @channel: a channel
 * @peer: who the other side proved to be
 * @error: return location
 *
 * Notes in @channel who the other side is, unless somebody else was expected.
 *
 * Errors: %G_IO_ERROR_PERMISSION_DENIED
 * Returns: %FALSE with @error set
 */
gboolean
mh_proof_accept (MhSecure *channel, const MhPeerId *peer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
