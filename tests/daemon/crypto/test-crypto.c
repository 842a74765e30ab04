/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/master-key.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "crypto/sign.h"

static void
assert_hex (const guint8 *data, gsize size, const char *expected)
{
  g_autofree char *hex = mh_hex_encode (data, size);

  g_assert_cmpstr (hex, ==, expected);
}

static void
from_hex (const char *hex, guint8 *out, gsize size)
{
  g_assert_true (mh_hex_decode (hex, out, size));
}

static void
test_sha256 (void)
{
  static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  g_autoptr (MhSha256) sha = mh_sha256_new ();
  guint8 digest[MH_SHA256_SIZE];

  g_test_summary ("SHA-256 gives the values of FIPS 180-2, whole and in pieces");
  mh_sha256 (NULL, 0, digest);
  assert_hex (digest, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  mh_sha256 ((const guint8 *) "abc", 3, digest);
  assert_hex (digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (gsize i = 0; i < strlen (text); i += 5)
    mh_sha256_update (sha, (const guint8 *) text + i, MIN (5, strlen (text) - i));
  mh_sha256_finish (sha, digest);
  assert_hex (digest, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  mh_sha256_update (sha, (const guint8 *) "abc", 3);
  mh_sha256_finish (sha, digest);
  assert_hex (digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* Checks mh_sha256_many() for messages of @sizes bytes. */
static void
check_many (const guint8 *data, const gsize *sizes, gsize count)
{
  g_autofree MhSha256Job *jobs = g_new0 (MhSha256Job, count);
  g_autofree guint8 *digests = g_malloc0 (count * MH_SHA256_SIZE);
  guint8 expected[MH_SHA256_SIZE];

  for (gsize i = 0; i < count; i++)
    jobs[i] = (MhSha256Job){ data + i, sizes[i], digests + i * MH_SHA256_SIZE };
  mh_sha256_many (jobs, count);
  for (gsize i = 0; i < count; i++)
    {
      mh_sha256 (data + i, sizes[i], expected);
      g_assert_cmpmem (jobs[i].out, MH_SHA256_SIZE, expected, sizeof expected);
    }
}

static void
test_sha256_many (void)
{
  static const gsize some[] = { 100000, 0, 64, 1, 70000, 55, 56, 63, 65, 119, 120, 128 };
  g_autofree guint8 *data = g_malloc (200000);

  g_test_summary ("many messages have the SHA-256 that each has by itself");
  for (gsize i = 0; i < 200000; i++)
    data[i] = (guint8) (i * i >> 7);
  for (gsize i = 0; i <= G_N_ELEMENTS (some); i++)
    check_many (data, some, i);
  for (gsize i = 0; i < 300; i++)
    {
      gsize sizes[] = { i, 300 - i, 3 * i };

      check_many (data, sizes, G_N_ELEMENTS (sizes));
    }
}

static void
test_hmac (void)
{
  static const char data[] = "what do ya want for nothing?";
  guint8 code[MH_SHA256_SIZE];

  g_test_summary ("HMAC-SHA256 gives the value of RFC 4231 §4.3");
  mh_hmac_sha256 ((const guint8 *) "Jefe", 4, (const guint8 *) data, strlen (data), code);
  assert_hex (code, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void
test_equal (void)
{
  g_test_summary ("the comparison in constant time compares");
  g_assert_true (mh_equal_constant_time ((const guint8 *) "abc", (const guint8 *) "abc", 3));
  g_assert_false (mh_equal_constant_time ((const guint8 *) "abc", (const guint8 *) "abd", 3));
  g_assert_true (mh_equal_constant_time ((const guint8 *) "abc", (const guint8 *) "abd", 2));
}

static void
test_kdf (void)
{
  g_autoptr (MhSecret) key = mh_secret_new (22);
  g_autoptr (MhSecret) derived = NULL;
  g_autoptr (MhSecret) other = NULL;

  g_test_summary ("HKDF-SHA256 gives the value of RFC 5869 A.3, and another one for a label");
  memset (mh_secret_bytes (key), 0x0b, 22);
  derived = mh_kdf_derive (key, "", 42);
  assert_hex (mh_secret_peek (derived), 42,
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
              "9d201395faa4b61a96c8");
  other = mh_kdf_derive (key, "label", 42);
  g_assert_cmpint (memcmp (mh_secret_peek (other), mh_secret_peek (derived), 42), !=, 0);
}

static void
test_gcm (void)
{
  static const guint8 nonce[MH_GCM_NONCE_SIZE] = { 0 };
  static const guint8 zeros[32] = { 0 };
  guint8 sealed[16 + MH_GCM_TAG_SIZE];
  guint8 plain[16];

  g_test_summary (
      "AES-256-GCM gives test cases 13 and 14 of its specification, and detects changes");
  mh_gcm_seal (zeros, nonce, zeros, 0, sealed);
  assert_hex (sealed, 16, "530f8afbc74536b9a963b4f1c4cb738b");
  mh_gcm_seal (zeros, nonce, zeros, 16, sealed);
  assert_hex (sealed, 32, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  g_assert_true (mh_gcm_open (zeros, nonce, sealed, 32, plain));
  g_assert_cmpmem (plain, 16, zeros, 16);
  for (gsize i = 0; i < sizeof sealed; i++)
    {
      sealed[i] ^= 0x80;
      g_assert_false (mh_gcm_open (zeros, nonce, sealed, 32, plain));
      sealed[i] ^= 0x80;
    }
  g_assert_false (mh_gcm_open (zeros, nonce, sealed, 31, plain));
  g_assert_false (mh_gcm_open (zeros, nonce, sealed, 15, plain));
}

static void
assert_closed (const MhSecret *key, GBytes *aad, GBytes *box)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) none = mh_box_open (key, aad, box, &error);

  g_assert_null (none);
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
}

static void
test_box (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_BOX_KEY_SIZE);
  g_autoptr (MhSecret) wrong = mh_secret_new_random (MH_BOX_KEY_SIZE);
  g_autoptr (GBytes) aad = g_bytes_new_static ("aad", 3);
  g_autoptr (GBytes) plain = g_bytes_new_static ("hello", 5);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) box = mh_box_seal (key, aad, plain);
  g_autoptr (GBytes) again = mh_box_seal (key, aad, plain);
  g_autoptr (GBytes) hollow = mh_box_seal (key, NULL, empty);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (box, 0, MH_BOX_OVERHEAD - 1);
  g_autoptr (GBytes) opened = NULL;
  g_autoptr (GBytes) nothing = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a box opens with its key and data only, and never looks the same twice");
  g_assert_cmpuint (g_bytes_get_size (box), ==, 5 + MH_BOX_OVERHEAD);
  g_assert_false (g_bytes_equal (box, again));
  opened = mh_box_open (key, aad, box, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (opened, plain));
  nothing = mh_box_open (key, NULL, hollow, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (nothing), ==, 0);
  assert_closed (wrong, aad, box);
  assert_closed (key, NULL, box);
  assert_closed (key, plain, box);
  assert_closed (key, aad, cut);
  for (gsize i = 0; i < g_bytes_get_size (box); i++)
    {
      guint8 *data = g_memdup2 (g_bytes_get_data (box, NULL), g_bytes_get_size (box));
      g_autoptr (GBytes) changed = NULL;

      data[i] ^= 1;
      changed = g_bytes_new_take (data, g_bytes_get_size (box));
      assert_closed (key, aad, changed);
    }
}

static void
test_sign (void)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  g_autoptr (MhSigner) signer = NULL;
  guint8 signature[MH_SIGNATURE_SIZE];
  guint8 message = 0x72;

  g_test_summary ("Ed25519 gives test 2 of RFC 8032 §7.1");
  from_hex ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            mh_secret_bytes (seed), MH_SIGN_SEED_SIZE);
  signer = mh_signer_new (seed);
  assert_hex (mh_signer_public_key (signer), 32,
              "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  mh_signer_sign (signer, &message, 1, signature);
  assert_hex (signature, 64,
              "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  g_assert_true (mh_sign_verify (mh_signer_public_key (signer), &message, 1, signature));
  signature[63] ^= 1;
  g_assert_false (mh_sign_verify (mh_signer_public_key (signer), &message, 1, signature));
  signature[63] ^= 1;
  message ^= 1;
  g_assert_false (mh_sign_verify (mh_signer_public_key (signer), &message, 1, signature));
}

static void
test_peer_id (void)
{
  g_autofree char *id = NULL;
  guint8 key[MH_SIGN_PUBLIC_SIZE];

  g_test_summary ("a peer id is written as libp2p writes it");
  from_hex ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", key, sizeof key);
  id = mh_peer_id (key);
  g_assert_cmpstr (id, ==, "12D3KooWDwTirQce1RRKnasT5fPVFgzXCy6SiRgSwrwPGLC7zE91");
}

static void
test_password (void)
{
  g_autofree char *hash = mh_password_hash ("p\xc3\xa4ssword");
  g_autofree char *again = mh_password_hash ("p\xc3\xa4ssword");

  g_test_summary ("a password hash is Argon2id with 64 MiB and 3 passes, salted");
  g_assert_true (g_str_has_prefix (hash, "$argon2id$v=19$m=65536,t=3,p=1$"));
  g_assert_cmpstr (hash, !=, again);
  g_assert_true (mh_password_verify (hash, "p\xc3\xa4ssword"));
  g_assert_false (mh_password_verify (hash, "password"));
  g_assert_false (mh_password_verify (hash, ""));
  g_assert_false (mh_password_verify ("", "password"));
  g_assert_false (mh_password_verify ("$argon2id$nonsense", "password"));
}

static void
assert_refused (const char *path, MhError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhSecret) none = mh_master_key_load (path, &error);

  g_assert_null (none);
  g_assert_error (error, MH_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_master_key (void)
{
  g_autofree char *folder = g_dir_make_tmp ("mh-crypto-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "master.key", NULL);
  g_autofree char *missing = g_build_filename (folder, "no", "master.key", NULL);
  g_autoptr (MhSecret) first = NULL;
  g_autoptr (MhSecret) second = NULL;
  g_autoptr (MhSecret) none = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  g_test_summary ("the master key is made once, private, and never replaced");
  first = mh_master_key_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (info.st_size, ==, 32);
  second = mh_master_key_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (mh_secret_peek (first), 32, mh_secret_peek (second), 32);

  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  assert_refused (path, MH_ERROR_FORBIDDEN);
  g_assert_cmpint (g_chmod (path, 0604), ==, 0);
  assert_refused (path, MH_ERROR_FORBIDDEN);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_true (g_file_set_contents_full (path, "short", 5, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  assert_refused (path, MH_ERROR_CORRUPT);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_refused (path, MH_ERROR_FORBIDDEN);
  g_assert_cmpint (g_rmdir (path), ==, 0);
  none = mh_master_key_load (missing, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_FAILED);
  g_assert_cmpint (g_rmdir (folder), ==, 0); /* nothing was left behind */
}

static void
test_secret (void)
{
  g_autoptr (MhSecret) zeros = mh_secret_new (1000);
  g_autoptr (MhSecret) one = mh_secret_new_random (32);
  g_autoptr (MhSecret) other = mh_secret_new_random (32);
  g_autoptr (MhSecret) copy = mh_secret_new_copy (mh_secret_peek (one), mh_secret_size (one));
  guint8 wiped[] = { 1, 2, 3 };

  g_test_summary ("secrets begin as zeros or random bytes, and copies are copies");
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint (mh_secret_peek (zeros)[i], ==, 0);
  g_assert_cmpint (memcmp (mh_secret_peek (one), mh_secret_peek (other), 32), !=, 0);
  g_assert_cmpmem (mh_secret_peek (one), 32, mh_secret_peek (copy), mh_secret_size (copy));
  mh_wipe (wiped, sizeof wiped);
  g_assert_cmpuint (wiped[0] | wiped[1] | wiped[2], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_true (mh_crypto_init (NULL));
  g_test_add_func ("/crypto/sha256", test_sha256);
  g_test_add_func ("/crypto/sha256-many", test_sha256_many);
  g_test_add_func ("/crypto/hmac", test_hmac);
  g_test_add_func ("/crypto/equal", test_equal);
  g_test_add_func ("/crypto/kdf", test_kdf);
  g_test_add_func ("/crypto/gcm", test_gcm);
  g_test_add_func ("/crypto/box", test_box);
  g_test_add_func ("/crypto/sign", test_sign);
  g_test_add_func ("/crypto/peer-id", test_peer_id);
  g_test_add_func ("/crypto/password", test_password);
  g_test_add_func ("/crypto/master-key", test_master_key);
  g_test_add_func ("/crypto/secret", test_secret);

  return g_test_run ();
}
