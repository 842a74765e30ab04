/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define MH_NOISE_KEY_SIZE 32
#define MH_NOISE_TAG_SIZE 16

/* The number that no message may have (Noise §5.1): the one before it is the last. */
#define MH_NOISE_NONCE_END G_MAXUINT64

/**
 * MhNoiseCipher:
 *
 * One direction of a Noise channel: a key and the number of the next message (Noise §5.1,
 * "CipherState"; §12.3, "ChaChaPoly"). Plain data; whoever has one wipes it with mh_wipe().
 */
typedef struct
{
  guint8 key[MH_NOISE_KEY_SIZE];
  guint64 nonce;
} MhNoiseCipher;

/**
 * mh_noise_cipher_seal:
 * @self: a cipher
 * @bound: (nullable): @bound_size bytes that are protected and not sent
 * @bound_size: number of bytes
 * @plain: (nullable): @size bytes
 * @size: number of bytes
 * @out: (out caller-allocates): room for @size + %MH_NOISE_TAG_SIZE bytes
 *
 * Thread: the one that uses @self.
 * Returns: %FALSE when the numbers of messages have run out
 */
gboolean mh_noise_cipher_seal (MhNoiseCipher *self, const guint8 *bound, gsize bound_size,
                               const guint8 *plain, gsize size,
                               guint8 *out) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_noise_cipher_open:
 * @self: a cipher
 * @bound: (nullable): @bound_size bytes that were protected and not sent
 * @bound_size: number of bytes
 * @sealed: @size bytes, tag included
 * @size: number of bytes
 * @out: (out caller-allocates): room for @size - %MH_NOISE_TAG_SIZE bytes; %NULL when that is none
 *
 * Thread: the one that uses @self.
 * Returns: %FALSE when it is not the next message that was sealed, or numbers have run out
 */
gboolean mh_noise_cipher_open (MhNoiseCipher *self, const guint8 *bound, gsize bound_size,
                               const guint8 *sealed, gsize size,
                               guint8 *out) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
