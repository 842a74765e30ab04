/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cipher.h"

#include <sodium.h>
#include <string.h>

G_STATIC_ASSERT (crypto_aead_chacha20poly1305_ietf_KEYBYTES == MH_NOISE_KEY_SIZE);
G_STATIC_ASSERT (crypto_aead_chacha20poly1305_ietf_ABYTES == MH_NOISE_TAG_SIZE);

/* Noise §12.3: four zeros, then the number, lowest byte first. */
static void
put_nonce (guint64 number, guint8 out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
  guint64 ordered = GUINT64_TO_LE (number);

  memset (out, 0, 4);
  memcpy (out + 4, &ordered, sizeof ordered);
}

gboolean
mh_noise_cipher_seal (MhNoiseCipher *self, const guint8 *bound, gsize bound_size,
                      const guint8 *plain, gsize size, guint8 *out)
{
  guint8 nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

  if (self->nonce == MH_NOISE_NONCE_END)
    return FALSE;
  put_nonce (self->nonce++, nonce);
  (void) crypto_aead_chacha20poly1305_ietf_encrypt (out, NULL, plain, size, bound, bound_size, NULL,
                                                    nonce, self->key); /* cannot fail */

  return TRUE;
}

gboolean
mh_noise_cipher_open (MhNoiseCipher *self, const guint8 *bound, gsize bound_size,
                      const guint8 *sealed, gsize size, guint8 *out)
{
  guint8 nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

  if (self->nonce == MH_NOISE_NONCE_END)
    return FALSE;
  put_nonce (self->nonce, nonce);
  if (crypto_aead_chacha20poly1305_ietf_decrypt (out, NULL, NULL, sealed, size, bound, bound_size,
                                                 nonce, self->key)
      != 0)
    return FALSE;
  self->nonce++;

  return TRUE;
}
