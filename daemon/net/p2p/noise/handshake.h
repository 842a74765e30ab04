/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cipher.h"
#include "net/p2p/wire/buf.h"

G_BEGIN_DECLS

/**
 * MhNoiseHandshake:
 *
 * Noise_XX_25519_ChaChaPoly_SHA256 (Noise Protocol Framework, revision 34): three messages after
 * which both sides know a key of the other that lasts, and have a cipher for each direction. It
 * knows nothing of libp2p. Not for two threads at once.
 */
typedef struct _MhNoiseHandshake MhNoiseHandshake;

/**
 * mh_noise_handshake_new:
 * @is_initiator: whether we send the first message
 * @prologue: (nullable): @size bytes that both sides have to agree on
 * @size: number of bytes
 * @own: our private key, 32 bytes; copied
 * @ephemeral: the private key for this handshake alone: 32 fresh random bytes; copied
 *
 * Returns: (transfer full): a handshake
 */
MhNoiseHandshake *
mh_noise_handshake_new (gboolean is_initiator, const guint8 *prologue, gsize size,
                        const guint8 own[MH_NOISE_KEY_SIZE],
                        const guint8 ephemeral[MH_NOISE_KEY_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

/* Wipes and frees it. */
void mh_noise_handshake_free (MhNoiseHandshake *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhNoiseHandshake, mh_noise_handshake_free)

/**
 * mh_noise_handshake_write:
 * @self: a handshake whose next message is ours
 * @payload: (nullable): @size bytes that go with it: in the clear in the first message, to somebody
 *   who did not prove anything yet in the second
 * @size: number of bytes
 * @out: where the message goes
 *
 * Returns: %FALSE when the other side gave a key that makes no secret
 */
gboolean mh_noise_handshake_write (MhNoiseHandshake *self, const guint8 *payload, gsize size,
                                   MhBuf *out) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_noise_handshake_read:
 * @self: a handshake whose next message is of the other side
 * @message: @size bytes, all of the message
 * @size: number of bytes
 * @payload: where the bytes that came with it go
 *
 * Returns: %FALSE when it is not what the other side would have sent; the handshake is over then
 */
gboolean mh_noise_handshake_read (MhNoiseHandshake *self, const guint8 *message, gsize size,
                                  MhBuf *payload) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether the next message is ours to write */
gboolean mh_noise_handshake_is_ours (const MhNoiseHandshake *self);

/* Returns: whether there is no next message */
gboolean mh_noise_handshake_is_done (const MhNoiseHandshake *self);

/* Returns: (transfer none): our public key, 32 bytes */
const guint8 *mh_noise_handshake_own_key (const MhNoiseHandshake *self);

/* Returns: (transfer none): the public key of the other side, 32 bytes, once its message was read
 * that has it: the second or the third */
const guint8 *mh_noise_handshake_their_key (const MhNoiseHandshake *self);

/**
 * mh_noise_handshake_split:
 * @self: a handshake that is done
 * @send: (out): the cipher for what we send
 * @receive: (out): the cipher for what they send
 */
void mh_noise_handshake_split (const MhNoiseHandshake *self, MhNoiseCipher *send,
                               MhNoiseCipher *receive);

G_END_DECLS
