/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "public-key.h"

#include <gnutls/abstract.h>
#include <secp256k1.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "pb.h"
#include "varint.h"

/* message PublicKey { required KeyType Type = 1; required bytes Data = 2; } */
#define FIELD_TYPE 1
#define FIELD_DATA 2

enum
{
  KEY_RSA = 0,
  KEY_ED25519 = 1,
  KEY_SECP256K1 = 2,
  KEY_ECDSA = 3,
};

/* From so many bytes on, the length of the data takes two of them. */
#define LONG_MESSAGE (4 + 128)

/* go-libp2p takes the same: shorter ones are no proof, longer ones only take time. */
#define LEAST_RSA_BITS 2048
#define MOST_RSA_BITS 8192

/* Of a compressed point. */
#define SECP256K1_SIZE 33

/* Of the exponent: 65537 is the only one that is in use, and a large one only takes time. */
#define MOST_EXPONENT 4

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_pubkey_t, gnutls_pubkey_deinit, NULL)

GBytes *
mh_public_key_message (const guint8 key[MH_PEER_ID_ED25519_SIZE])
{
  MhPeerId id = mh_peer_id_from_ed25519 (key);

  return g_bytes_new (id.bytes + 2, id.size - 2);
}

/* A key as it lies in a message. Plain data; nothing is owned. */
typedef struct
{
  guint8 type;
  const guint8 *data;
  gsize size;
} Key;

/* "Deterministic encoding": two fields, in their order, with the shortest numbers, and nothing
 * else. */
static gboolean
parse (const guint8 *message, gsize size, Key *key)
{
  guint8 head[3 + MH_VARINT_MAX] = { FIELD_TYPE << 3 | MH_PB_VARINT, 0,
                                     FIELD_DATA << 3 | MH_PB_BYTES };
  gsize head_size = size < LONG_MESSAGE ? 4 : 5; /* with a length of one byte, or two */

  if (size < head_size || size > MH_PUBLIC_KEY_MAX)
    return FALSE;
  *key = (Key){ message[1], message + head_size, size - head_size };
  head[1] = key->type;
  if (3 + mh_varint_put (key->size, head + 3) != head_size
      || memcmp (message, head, head_size) != 0)
    return FALSE;

  return ((key->type == KEY_RSA || key->type == KEY_ECDSA) && key->size > MH_PEER_ID_INLINE_MAX)
         || (key->type == KEY_SECP256K1 && key->size == SECP256K1_SIZE)
         || (key->type == KEY_ED25519 && key->size == MH_PEER_ID_ED25519_SIZE);
}

gboolean
mh_public_key_id (const guint8 *message, gsize size, MhPeerId *peer)
{
  Key key;

  if (!parse (message, size, &key))
    return FALSE;
  *peer = mh_peer_id_from_public_key (message, size);

  return TRUE;
}

/* Whether an RSA key is neither too short nor takes too long. */
static gboolean
is_sane_rsa (gnutls_pubkey_t key, guint bits)
{
  gnutls_datum_t modulus = { NULL, 0 };
  gnutls_datum_t exponent = { NULL, 0 };
  gboolean good =
      gnutls_pubkey_export_rsa_raw2 (key, &modulus, &exponent, GNUTLS_EXPORT_FLAG_NO_LZ) == 0
      && exponent.size <= MOST_EXPONENT;

  gnutls_free (modulus.data);
  gnutls_free (exponent.data);

  return good && bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS;
}

/* A key in the form of X.509, SubjectPublicKeyInfo; SHA-256 is what is signed in both cases. */
static gboolean
verify_x509 (const Key *self, const MhSigned *what)
{
  g_auto (gnutls_pubkey_t) key = NULL;
  const gnutls_datum_t der = { (guint8 *) self->data, (guint) self->size };
  const gnutls_datum_t data = { (guint8 *) what->data, (guint) what->data_size };
  const gnutls_datum_t signature = { (guint8 *) what->signature, (guint) what->signature_size };
  guint bits = 0;
  int algorithm;

  if (gnutls_pubkey_init (&key) < 0 || gnutls_pubkey_import (key, &der, GNUTLS_X509_FMT_DER) < 0)
    return FALSE;
  algorithm = gnutls_pubkey_get_pk_algorithm (key, &bits);
  if (self->type == KEY_RSA)
    return algorithm == GNUTLS_PK_RSA && is_sane_rsa (key, bits)
           && gnutls_pubkey_verify_data2 (key, GNUTLS_SIGN_RSA_SHA256, 0, &data, &signature) >= 0;

  return algorithm == GNUTLS_PK_ECDSA
         && gnutls_pubkey_verify_data2 (key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &signature) >= 0;
}

/* The curve of Bitcoin, which GnuTLS has not. Signatures are DER, over SHA-256. */
static gboolean
verify_secp256k1 (const Key *self, const MhSigned *what)
{
  const secp256k1_context *context = secp256k1_context_static; /* enough to verify */
  secp256k1_ecdsa_signature signature;
  secp256k1_pubkey key;
  guint8 hash[MH_SHA256_SIZE];

  if (!secp256k1_ec_pubkey_parse (context, &key, self->data, self->size)
      || !secp256k1_ecdsa_signature_parse_der (context, &signature, what->signature,
                                               what->signature_size))
    return FALSE;
  mh_sha256 (what->data, what->data_size, hash);
  /* of the two signatures that are as good, the library takes the lower one only */
  (void) secp256k1_ecdsa_signature_normalize (context, &signature, &signature);

  return secp256k1_ecdsa_verify (context, &signature, hash, &key) != 0;
}

gboolean
mh_public_key_verify (const guint8 *message, gsize size, const MhSigned *what)
{
  Key key;

  if (!parse (message, size, &key))
    return FALSE;
  if (key.type == KEY_ED25519)
    return what->signature_size == MH_SIGNATURE_SIZE
           && mh_sign_verify (key.data, what->data, what->data_size, what->signature);

  return key.type == KEY_SECP256K1 ? verify_secp256k1 (&key, what) : verify_x509 (&key, what);
}
