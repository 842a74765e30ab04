/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "aead.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sodium.h>

#include "base/error.h"
#include "random.h"

#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE crypto_aead_xchacha20poly1305_ietf_ABYTES

G_STATIC_ASSERT (NONCE_SIZE + TAG_SIZE == MH_BOX_OVERHEAD);
G_STATIC_ASSERT (crypto_aead_xchacha20poly1305_ietf_KEYBYTES == MH_BOX_KEY_SIZE);

static gnutls_aead_cipher_hd_t
gcm_new (const guint8 *key)
{
  gnutls_aead_cipher_hd_t handle = NULL;
  gnutls_datum_t datum;
  int status;

  datum.data = (unsigned char *) key; /* only read */
  datum.size = MH_GCM_KEY_SIZE;
  status = gnutls_aead_cipher_init (&handle, GNUTLS_CIPHER_AES_256_GCM, &datum);
  g_assert (status == 0);

  return handle;
}

void
mh_gcm_seal (const guint8 key[MH_GCM_KEY_SIZE], const guint8 nonce[MH_GCM_NONCE_SIZE],
             const guint8 *plain, gsize size, guint8 *out)
{
  gnutls_aead_cipher_hd_t handle = gcm_new (key);
  size_t out_size = size + MH_GCM_TAG_SIZE;
  int status;

  status = gnutls_aead_cipher_encrypt (handle, nonce, MH_GCM_NONCE_SIZE, NULL, 0, MH_GCM_TAG_SIZE,
                                       plain, size, out, &out_size);
  gnutls_aead_cipher_deinit (handle);
  g_assert (status == 0 && out_size == size + MH_GCM_TAG_SIZE);
}

gboolean
mh_gcm_open (const guint8 key[MH_GCM_KEY_SIZE], const guint8 nonce[MH_GCM_NONCE_SIZE],
             const guint8 *sealed, gsize size, guint8 *out)
{
  gnutls_aead_cipher_hd_t handle;
  size_t out_size;
  int status;

  if (size < MH_GCM_TAG_SIZE)
    return FALSE;

  handle = gcm_new (key);
  out_size = size - MH_GCM_TAG_SIZE;
  status = gnutls_aead_cipher_decrypt (handle, nonce, MH_GCM_NONCE_SIZE, NULL, 0, MH_GCM_TAG_SIZE,
                                       sealed, size, out, &out_size);
  gnutls_aead_cipher_deinit (handle);

  return status == 0;
}

GBytes *
mh_box_seal (const MhSecret *key, GBytes *aad, GBytes *plain)
{
  gsize plain_size;
  gsize aad_size = 0;
  const guint8 *plain_data = g_bytes_get_data (plain, &plain_size);
  const guint8 *aad_data = aad == NULL ? NULL : g_bytes_get_data (aad, &aad_size);
  guint8 *box = g_malloc (plain_size + MH_BOX_OVERHEAD);

  g_assert (mh_secret_size (key) == MH_BOX_KEY_SIZE);
  mh_random_bytes (box, NONCE_SIZE);
  crypto_aead_xchacha20poly1305_ietf_encrypt (box + NONCE_SIZE, NULL, plain_data, plain_size,
                                              aad_data, aad_size, NULL, box, mh_secret_peek (key));

  return g_bytes_new_take (box, plain_size + MH_BOX_OVERHEAD);
}

GBytes *
mh_box_open (const MhSecret *key, GBytes *aad, GBytes *sealed, GError **error)
{
  gsize size;
  gsize aad_size = 0;
  const guint8 *box = g_bytes_get_data (sealed, &size);
  const guint8 *aad_data = aad == NULL ? NULL : g_bytes_get_data (aad, &aad_size);
  g_autofree guint8 *plain = NULL;
  int status = -1;

  g_assert (mh_secret_size (key) == MH_BOX_KEY_SIZE);
  if (size >= MH_BOX_OVERHEAD)
    {
      plain = g_malloc (size - MH_BOX_OVERHEAD + 1); /* + 1: never NULL */
      status = crypto_aead_xchacha20poly1305_ietf_decrypt (plain, NULL, NULL, box + NONCE_SIZE,
                                                           size - NONCE_SIZE, aad_data, aad_size,
                                                           box, mh_secret_peek (key));
    }

  if (status != 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "sealed data fails its check");
      return NULL;
    }

  return g_bytes_new_take (g_steal_pointer (&plain), size - MH_BOX_OVERHEAD);
}
