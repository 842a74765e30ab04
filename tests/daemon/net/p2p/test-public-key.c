/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gnutls/abstract.h>
#include <secp256k1.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/public-key.h"

#define RSA 0
#define ED25519 1
#define SECP256K1 2
#define ECDSA 3

/* Somebody with a key that GnuTLS makes. */
typedef struct
{
  gnutls_privkey_t key;
  GBytes *message;
} Owner;

static GBytes *
message_of (guint type, gconstpointer data, gsize size)
{
  GByteArray *out = g_byte_array_new ();

  mh_pb_put_uint (out, 1, type);
  mh_pb_put_bytes (out, 2, data, size);

  return g_byte_array_free_to_bytes (out);
}

/* Returns: (transfer full): SubjectPublicKeyInfo */
static GBytes *
spki_of (gnutls_pubkey_t key)
{
  gnutls_datum_t der;
  GBytes *out;

  g_assert_cmpint (gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &der), ==, 0);
  out = g_bytes_new (der.data, der.size);
  gnutls_free (der.data);

  return out;
}

static void
owner_init (Owner *self, guint type, gnutls_pk_algorithm_t algorithm, guint bits)
{
  gnutls_pubkey_t public_key;
  g_autoptr (GBytes) spki = NULL;

  g_assert_cmpint (gnutls_privkey_init (&self->key), ==, 0);
  g_assert_cmpint (gnutls_privkey_generate (self->key, algorithm, bits, 0), ==, 0);
  g_assert_cmpint (gnutls_pubkey_init (&public_key), ==, 0);
  g_assert_cmpint (gnutls_pubkey_import_privkey (public_key, self->key, 0, 0), ==, 0);
  spki = spki_of (public_key);
  self->message = message_of (type, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
  gnutls_pubkey_deinit (public_key);
}

static void
owner_clear (Owner *self)
{
  gnutls_privkey_deinit (self->key);
  g_bytes_unref (self->message);
}

static GBytes *
sign (const Owner *self, gnutls_sign_algorithm_t algorithm, const char *text)
{
  const gnutls_datum_t data = { (guint8 *) text, (guint) strlen (text) };
  gnutls_datum_t signature;
  GBytes *out;

  g_assert_cmpint (gnutls_privkey_sign_data2 (self->key, algorithm, 0, &data, &signature), ==, 0);
  out = g_bytes_new (signature.data, signature.size);
  gnutls_free (signature.data);

  return out;
}

static gboolean
verify (GBytes *message, const char *text, GBytes *signature)
{
  MhSigned what = { (const guint8 *) text, strlen (text) };

  what.signature = g_bytes_get_data (signature, &what.signature_size);

  return mh_public_key_verify (g_bytes_get_data (message, NULL), g_bytes_get_size (message), &what);
}

static gboolean
has_id (GBytes *message)
{
  MhPeerId id;

  return mh_public_key_id (g_bytes_get_data (message, NULL), g_bytes_get_size (message), &id);
}

static GBytes *
flip (GBytes *bytes, gsize at)
{
  gsize size;
  guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, &size), g_bytes_get_size (bytes));

  copy[at % size] ^= 1;

  return g_bytes_new_take (copy, size);
}

static void
check (const Owner *self, const Owner *other, gnutls_sign_algorithm_t algorithm)
{
  g_autoptr (GBytes) signature = sign (self, algorithm, "what is said");
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

  g_assert_true (verify (self->message, "what is said", signature));
  g_assert_false (verify (self->message, "what is not", signature));
  g_assert_false (verify (self->message, "what is said", nothing));
  g_assert_false (verify (other->message, "what is said", signature));
  for (gsize at = 0; at < g_bytes_get_size (signature); at += 7)
    {
      g_autoptr (GBytes) wrong = flip (signature, at);

      g_assert_false (verify (self->message, "what is said", wrong));
    }
}

static void
test_kinds (void)
{
  static const struct
  {
    guint type;
    gnutls_pk_algorithm_t algorithm;
    guint bits;
    gnutls_sign_algorithm_t sign;
  } rows[] = {
    { RSA, GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_SHA256 },
    { ECDSA, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
      GNUTLS_SIGN_ECDSA_SHA256 },
    { ECDSA, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1),
      GNUTLS_SIGN_ECDSA_SHA256 },
  };

  g_test_summary ("what RSA and ECDSA keys have signed is verified, and nothing else");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Owner one;
      Owner two;
      MhPeerId id;

      owner_init (&one, rows[i].type, rows[i].algorithm, rows[i].bits);
      owner_init (&two, rows[i].type, rows[i].algorithm, rows[i].bits);
      check (&one, &two, rows[i].sign);
      g_assert_true (mh_public_key_id (g_bytes_get_data (one.message, NULL),
                                       g_bytes_get_size (one.message), &id));
      g_assert_cmpuint (id.bytes[0], ==, 0x12); /* the hash of a long message */
      owner_clear (&one);
      owner_clear (&two);
    }
}

static void
test_secp256k1 (void)
{
  static const guint8 secret[32] = { 1, 2,
                                     3 }; /* any number below the order of the curve is a key */
  secp256k1_context *context = secp256k1_context_create (SECP256K1_CONTEXT_NONE);
  secp256k1_pubkey key;
  secp256k1_ecdsa_signature made;
  guint8 hash[MH_SHA256_SIZE];
  guint8 point[65];
  gsize compressed = 33;
  gsize whole = sizeof point;
  guint8 der[72];
  gsize der_size = sizeof der;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) longer = NULL;
  g_autoptr (GBytes) signature = NULL;

  g_test_summary ("keys of the curve secp256k1 stand in the id, and are verified");
  mh_sha256 ((const guint8 *) "said", 4, hash);
  g_assert_true (secp256k1_ec_pubkey_create (context, &key, secret));
  g_assert_true (secp256k1_ecdsa_sign (context, &made, hash, secret, NULL, NULL));
  g_assert_true (secp256k1_ecdsa_signature_serialize_der (context, der, &der_size, &made));
  g_assert_true (
      secp256k1_ec_pubkey_serialize (context, point, &compressed, &key, SECP256K1_EC_COMPRESSED));
  message = message_of (SECP256K1, point, compressed);
  g_assert_true (
      secp256k1_ec_pubkey_serialize (context, point, &whole, &key, SECP256K1_EC_UNCOMPRESSED));
  longer = message_of (SECP256K1, point, whole);
  signature = g_bytes_new (der, der_size);
  g_assert_true (verify (message, "said", signature));
  g_assert_false (verify (message, "not said", signature));
  g_assert_false (verify (longer, "said", signature)); /* it would have another id */
  for (gsize at = 0; at < der_size; at += 5)
    {
      g_autoptr (GBytes) wrong = flip (signature, at);

      g_assert_false (verify (message, "said", wrong));
    }
  for (gsize at = 4; at < 4 + compressed; at++)
    {
      g_autoptr (GBytes) other = flip (message, at);

      g_assert_false (verify (other, "said", signature));
    }
  secp256k1_context_destroy (context);
}

static void
test_ed25519 (void)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  g_autoptr (MhSigner) signer = mh_signer_new (seed);
  g_autoptr (GBytes) message = mh_public_key_message (mh_signer_public_key (signer));
  guint8 signature[MH_SIGNATURE_SIZE];
  g_autoptr (GBytes) good = NULL;
  g_autoptr (GBytes) wrong = NULL;
  g_autoptr (GBytes) cut = NULL;
  MhPeerId same = mh_peer_id_from_ed25519 (mh_signer_public_key (signer));
  MhPeerId id;

  g_test_summary ("our own kind of key stands in the id, and is verified");
  mh_signer_sign (signer, (const guint8 *) "said", 4, signature);
  good = g_bytes_new (signature, sizeof signature);
  wrong = flip (good, 3);
  cut = g_bytes_new (signature, sizeof signature - 1);
  g_assert_true (verify (message, "said", good));
  g_assert_false (verify (message, "said", wrong));
  g_assert_false (verify (message, "said", cut));
  g_assert_true (
      mh_public_key_id (g_bytes_get_data (message, NULL), g_bytes_get_size (message), &id));
  g_assert_true (mh_peer_id_equal (&id, &same));
}

/* Turns an RSA key round: its public exponent, which is short, is the private one from now on. What
 * it signs is right, and each look at that costs a hundred times as much. */
static void
turn_round (Owner *self)
{
  enum
  {
    MODULUS,
    EXPONENT,
    PRIVATE,
    P,
    Q,
    PARTS
  };
  gnutls_datum_t part[PARTS];
  gnutls_pubkey_t public_key;
  g_autoptr (GBytes) spki = NULL;

  g_assert_cmpint (gnutls_privkey_export_rsa_raw (self->key, &part[MODULUS], &part[EXPONENT],
                                                  &part[PRIVATE], &part[P], &part[Q], NULL, NULL,
                                                  NULL),
                   ==, 0);
  gnutls_privkey_deinit (self->key);
  g_assert_cmpint (gnutls_privkey_init (&self->key), ==, 0);
  g_assert_cmpint (gnutls_privkey_import_rsa_raw (self->key, &part[MODULUS], &part[PRIVATE],
                                                  &part[EXPONENT], &part[P], &part[Q], NULL, NULL,
                                                  NULL),
                   ==, 0);
  g_assert_cmpint (gnutls_pubkey_init (&public_key), ==, 0);
  g_assert_cmpint (gnutls_pubkey_import_rsa_raw (public_key, &part[MODULUS], &part[PRIVATE]), ==,
                   0);
  spki = spki_of (public_key);
  g_bytes_unref (self->message);
  self->message = message_of (RSA, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
  gnutls_pubkey_deinit (public_key);
  for (guint i = 0; i < PARTS; i++)
    gnutls_free (part[i].data);
}

static void
test_refused (void)
{
  Owner shorter;
  Owner slow;
  g_autoptr (GBytes) weak = NULL;
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;

  g_test_summary ("keys that prove nothing or only take time are refused");
  owner_init (&shorter, RSA, GNUTLS_PK_RSA, 1024);
  weak = sign (&shorter, GNUTLS_SIGN_RSA_SHA256, "said");
  g_assert_false (verify (shorter.message, "said", weak));

  owner_init (&slow, RSA, GNUTLS_PK_RSA, 2048);
  before = sign (&slow, GNUTLS_SIGN_RSA_SHA256, "said");
  g_assert_true (verify (slow.message, "said", before));
  turn_round (&slow);
  after = sign (&slow, GNUTLS_SIGN_RSA_SHA256, "said");
  g_assert_false (verify (slow.message, "said", after));
  owner_clear (&shorter);
  owner_clear (&slow);
}

/* Returns: whether a key of that type with that inside has verified a signature of @owner */
static gboolean
passes_as (const Owner *owner, guint type, gsize skip)
{
  g_autoptr (GBytes) signature = sign (owner, GNUTLS_SIGN_ECDSA_SHA256, "said");
  const guint8 *data = g_bytes_get_data (owner->message, NULL);
  g_autoptr (GBytes) message =
      message_of (type, data + skip, g_bytes_get_size (owner->message) - skip);

  return verify (message, "said", signature);
}

static void
test_form (void)
{
  Owner owner;
  g_autoptr (GByteArray) swapped = g_byte_array_new ();
  g_autoptr (GBytes) none = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) huge = NULL;
  g_autofree guint8 *large = g_malloc0 (MH_PUBLIC_KEY_MAX);
  const guint8 *data;
  gsize size;

  g_test_summary ("a key has one form, one type and one id");
  owner_init (&owner, ECDSA, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1));
  data = g_bytes_get_data (owner.message, &size);
  g_assert_true (passes_as (&owner, ECDSA, 4));
  g_assert_false (passes_as (&owner, RSA, 4));
  g_assert_false (passes_as (&owner, ED25519, 4));
  g_assert_false (passes_as (&owner, SECP256K1, 4));
  g_assert_false (passes_as (&owner, 7, 4));
  g_assert_false (passes_as (&owner, ECDSA, 5));

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GByteArray) other = g_byte_array_new ();
      g_autoptr (GBytes) message = NULL;

      if (i == 0) /* a number that is longer than it has to be */
        g_byte_array_append (other, (const guint8 *) "\x08\x83\x00", 3);
      g_byte_array_append (other, data + (i == 0 ? 2 : 0), (guint) (size - (i == 0 ? 2 : 0)));
      if (i == 1) /* something more */
        mh_pb_put_uint (other, 3, 1);
      if (i == 2) /* something less */
        g_byte_array_set_size (other, other->len - 1);
      message = g_bytes_new (other->data, other->len);
      g_assert_false (has_id (message));
    }
  mh_pb_put_bytes (swapped, 2, data + 4, size - 4);
  mh_pb_put_uint (swapped, 1, ECDSA);
  huge = g_bytes_new (swapped->data, swapped->len);
  g_assert_false (has_id (huge));
  g_assert_false (has_id (none));
  g_clear_pointer (&huge, g_bytes_unref);
  huge = message_of (RSA, large, MH_PUBLIC_KEY_MAX);
  g_assert_false (has_id (huge));
  g_clear_pointer (&huge, g_bytes_unref);
  huge = message_of (RSA, large, 8); /* no RSA key stands in an id */
  g_assert_false (has_id (huge));
  owner_clear (&owner);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;
  g_test_add_func ("/p2p/public-key/kinds", test_kinds);
  g_test_add_func ("/p2p/public-key/secp256k1", test_secp256k1);
  g_test_add_func ("/p2p/public-key/ed25519", test_ed25519);
  g_test_add_func ("/p2p/public-key/refused", test_refused);
  g_test_add_func ("/p2p/public-key/form", test_form);

  return g_test_run ();
}
