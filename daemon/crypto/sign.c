/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sign.h"

#include <sodium.h>
#include <string.h>

#include "base/encoding.h"

struct _MhSigner
{
  guint8 public_key[MH_SIGN_PUBLIC_SIZE];
  MhSecret *secret_key; /* (owned) */
};

MhSigner *
mh_signer_new (const MhSecret *seed)
{
  MhSigner *self = g_new0 (MhSigner, 1);

  g_assert (mh_secret_size (seed) == MH_SIGN_SEED_SIZE);
  self->secret_key = mh_secret_new (crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair (self->public_key, mh_secret_bytes (self->secret_key),
                            mh_secret_peek (seed));

  return self;
}

const guint8 *
mh_signer_public_key (const MhSigner *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->public_key;
}

void
mh_signer_sign (const MhSigner *self, const guint8 *data, gsize size, guint8 out[MH_SIGNATURE_SIZE])
{
  crypto_sign_detached (out, NULL, data, size, mh_secret_peek (self->secret_key));
}

void
mh_signer_free (MhSigner *self)
{
  if (self == NULL)
    return;

  mh_secret_free (self->secret_key);
  g_free (self);
}

gboolean
mh_sign_verify (const guint8 public_key[MH_SIGN_PUBLIC_SIZE], const guint8 *data, gsize size,
                const guint8 signature[MH_SIGNATURE_SIZE])
{
  return crypto_sign_verify_detached (signature, data, size, public_key) == 0;
}

char *
mh_peer_id (const guint8 public_key[MH_SIGN_PUBLIC_SIZE])
{
  /* libp2p peer-ids spec: identity multihash of a protobuf with key type 1 (Ed25519) and the key */
  static const guint8 prefix[] = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 };
  guint8 buffer[sizeof prefix + MH_SIGN_PUBLIC_SIZE];

  memcpy (buffer, prefix, sizeof prefix);
  memcpy (buffer + sizeof prefix, public_key, MH_SIGN_PUBLIC_SIZE);

  return mh_base58_encode (buffer, sizeof buffer);
}
