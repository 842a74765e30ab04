/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/tls/certificate.h"
#include "net/p2p/tls/tls.h"
#include "tls-stranger.h"

/* 2026 */
#define NOW G_GINT64_CONSTANT (1780000000)
#define DENIED G_IO_ERROR_PERMISSION_DENIED

/* libp2p specs tls/tls.md, "Test vectors" */
static const char vector_ed25519[] =
    "308201ae30820156a0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
    "627032702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031"
    "3133303030305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306"
    "072a8648ce3d020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f03"
    "80b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea37c307a3078"
    "060a2b0601040183a25a0101046a3068042408011220a77f1d92fedb59dddaea5a1c4abd1ac2fbde7d7b879ed364"
    "501809923d7c11b90440d90d2769db992d5e6195dbb08e706b6651e024fda6cfb8846694a435519941cac215a820"
    "7792e42849cccc6cd8136c6e4bde92a58c5e08cfd4206eb5fe0bf909300a06082a8648ce3d040302034600304302"
    "1f50f6b6c52711a881778718238f650c9fb48943ae6ee6d28427dc6071ae55e702203625f116a7a454db9c56986c"
    "82a25682f7248ea1cb764d322ea983ed36a31b77";
static const char vector_ecdsa[] =
    "308201f63082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
    "627032702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031"
    "3133303030305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306"
    "072a8648ce3d020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f03"
    "80b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea381c23081bf"
    "3081bc060a2b0601040183a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648ce"
    "3d03010703420004bf30511f909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e"
    "794b512f66e60c7f55ba8a3acf3dd72a801980d205e8a1ad29f2044730450220064ea8124774caf8f50e57f436aa"
    "62350ce652418c019df5d98a3ac666c9386a022100aa59d704a931b5f72fb9222cb6cc51f954d04a4e2e5450f880"
    "5fe8918f71eaae300a06082a8648ce3d04030203470030440220799395b0b6c1e940a7e4484705f610ab51ed376f"
    "19ff9d7c16757cfbf61b8d4302206205c03fbb0f95205c779be86581d3e31c01871ad5d1f3435bcf375cb0e5088a";
static const char vector_secp256k1[] =
    "308201ba3082015fa0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
    "627032702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031"
    "3133303030305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306"
    "072a8648ce3d020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f03"
    "80b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea38184308181"
    "307f060a2b0601040183a25a01010471306f0425080212210206dc6968726765b820f050263ececf7f71e4955892"
    "776c0970542efd689d2382044630440220145e15a991961f0d08cd15425bb95ec93f6ffa03c5a385eedc34ecf464"
    "c7a8ab022026b3109b8a3f40ef833169777eb2aa337cfb6282f188de0666d1bcec2a4690dd300a06082a8648ce3d"
    "0403020349003046022100e1a217eeef9ec9204b3f774a08b70849646b6a1e6b8b27f93dc00ed58545d9fe022100"
    "b00dafa549d0f03547878338c7b15e7502888f6d45db387e5ae6b5d46899cef0";
static const char vector_invalid[] =
    "308201f73082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69"
    "627032702e696f310a300806035504051301313020170d3735303130313133303030305a180f3430393630313031"
    "3133303030305a302031123010060355040a13096c69627032702e696f310a300806035504051301313059301306"
    "072a8648ce3d020106082a8648ce3d030107034200040c901d423c831ca85e27c73c263ba132721bb9d7a84c4f03"
    "80b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37e381569ea381c23081bf"
    "3081bc060a2b0601040183a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648ce"
    "3d03010703420004bf30511f909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e"
    "794b512f66e60c7f55ba8a3acf3dd72a801980d205e8a1ad29f204473045022100bb6e03577b7cc7a3cd1558df0d"
    "a2b117dfdcc0399bc2504ebe7de6f65cade72802206de96e2a5be9b6202adba24ee0362e490641ac45c240db71fe"
    "955f2c5cf8df6e300a06082a8648ce3d0403020348003045022100e847f267f43717358f850355bdcabbefb2cfbf"
    "8a3c043b203a14788a092fe8db022027c1d04a2d41fd6b57a7e8b3989e470325de4406e52e084e34a3fd56eef0d0"
    "df";

static GBytes *
unhex (const char *hex)
{
  gsize size = strlen (hex) / 2;
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] =
        (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));

  return g_bytes_new_take (data, size);
}

static gboolean
verify (GBytes *der, gint64 now_s, MhPeerId *peer, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (der, &size);

  return mh_tls_certificate_verify (data, size, now_s, peer, error);
}

static void
test_vectors (void)
{
  static const struct
  {
    const char *hex;
    const char *peer; /* (nullable): whose it is, when we take it */
    const char *why;
  } rows[] = {
    { vector_ed25519, "12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv", NULL },
    { vector_ecdsa, "QmfXbAwNjJLXfesgztEHe8HwgVDCMMpZ9Eax1HYq6hn9uE", NULL },
    { vector_secp256k1, "16Uiu2HAkutTMoTzDw1tCvSRtu6YoixJwS46S1ZFxW8hSx9fWHiPs", NULL },
    { vector_invalid, NULL, "did not sign" },
  };

  g_test_summary ("the test vectors of libp2p: the peer is found, or refused");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) der = unhex (rows[i].hex);
      g_autoptr (GError) error = NULL;
      MhPeerId peer;

      if (rows[i].peer != NULL)
        {
          g_autofree char *text = NULL;

          g_assert_true (verify (der, NOW, &peer, &error));
          text = mh_peer_id_to_text (&peer);
          g_assert_cmpstr (text, ==, rows[i].peer);
          continue;
        }
      g_assert_false (verify (der, NOW, &peer, &error));
      g_assert_error (error, G_IO_ERROR, DENIED);
      g_assert_nonnull (strstr (error->message, rows[i].why));
    }
}

static void
test_any_byte (void)
{
  g_autoptr (GBytes) der = unhex (vector_ed25519);
  gsize size = g_bytes_get_size (der);
  g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (der, NULL), size + 0);
  g_autofree guint8 *longer = g_malloc0 (size + 1);
  MhPeerId peer;

  g_test_summary ("no byte of a certificate can be changed, left out or added");
  g_assert_true (mh_tls_certificate_verify (data, size, NOW, &peer, NULL));
  for (gsize i = 0; i < size; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *shorter = g_memdup2 (data, i + 1);

      data[i] ^= 1 << i % 8;
      g_assert_false (mh_tls_certificate_verify (data, size, NOW, &peer, &error));
      g_assert_error (error, G_IO_ERROR, DENIED);
      data[i] ^= 1 << i % 8;
      g_assert_false (mh_tls_certificate_verify (shorter, i, NOW, &peer, NULL));
    }
  memcpy (longer, data, size);
  g_assert_false (mh_tls_certificate_verify (longer, size + 1, NOW, &peer, NULL));
}

static void
test_validity (void)
{
  static const struct
  {
    gint64 now_s;
    gboolean is_good;
  } rows[] = {
    { 999, FALSE }, { 1000, TRUE }, { 1500, TRUE }, { 2000, TRUE }, { 2001, FALSE },
  };
  static const MhtForgery forgery = { .from_s = 1000, .until_s = 2000 };
  MhPeerId peer;
  g_autoptr (GBytes) der = mht_forge_der (&forgery, &peer);

  g_test_summary ("a certificate counts between its two times");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_true (verify (der, rows[i].now_s, &peer, NULL) == rows[i].is_good);
}

#define P384 .algorithm = GNUTLS_PK_ECDSA, .bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1)

static const MhtForgery forgeries[] = {
  { "right" },
  { "critical", .is_critical = TRUE },
  { "Ed25519", .algorithm = GNUTLS_PK_EDDSA_ED25519 },
  { "P-384", P384 },
  { "another extension", .other = "1.2.3" },
  { "critical key usage", .other = "2.5.29.19", .is_other_critical = TRUE },
  { "most extensions", .others = MH_TLS_MAX_EXTENSIONS - 1 },
  { "too many extensions", .is_bad = TRUE, .others = MH_TLS_MAX_EXTENSIONS },
  { "large", .others = 1, .other_size = 3000 },
  { "too large", .is_bad = TRUE, .others = 1, .other_size = MH_TLS_MAX_CERTIFICATE },
  { "critical and unknown", .is_bad = TRUE, .other = "1.2.3", .is_other_critical = TRUE },
  { "no extension", .is_bad = TRUE, .no_extension = TRUE },
  { "two extensions", .is_bad = TRUE, .two_extensions = TRUE },
  { "not Ed25519", .is_bad = TRUE, .bad_type = TRUE },
  { "key of somebody else", .is_bad = TRUE, .bad_proof = TRUE },
  { "proof for another key", .is_bad = TRUE, .bad_subject = TRUE },
  { "signed by another", .is_bad = TRUE, .foreign = TRUE },
  { "changed", .is_bad = TRUE, .changed = TRUE },
  { "RSA", .is_bad = TRUE, .algorithm = GNUTLS_PK_RSA, .bits = 2048 },
  { "expired", .is_bad = TRUE, .from_s = 1, .until_s = 2 },
  { "too early", .is_bad = TRUE, .from_s = 5000000000, .until_s = 6000000000 },
  { "empty", .is_bad = TRUE, .extension = "\x30\x00", .extension_size = 2 },
  { "one part", .is_bad = TRUE, .extension = "\x30\x03\x04\x01x", .extension_size = 5 },
  { "no sequence", .is_bad = TRUE, .extension = "\x04\x01x", .extension_size = 3 },
  { "endless", .is_bad = TRUE, .extension = "\x30\x80\x00\x00", .extension_size = 4 },
  { "long length", .is_bad = TRUE, .extension = "\x30\x81\x02\x04\x00", .extension_size = 5 },
  { "huge length", .is_bad = TRUE, .extension = "\x30\x84\xff\xff\xff\xff", .extension_size = 6 },
  { "past the end", .is_bad = TRUE, .extension = "\x30\x04\x04\x7fxx", .extension_size = 6 },
};

static void
test_forgeries (void)
{
  gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;

  g_test_summary ("certificates that are wrong in any one way are refused, others are not");
  for (guint i = 0; i < G_N_ELEMENTS (forgeries); i++)
    {
      g_autoptr (GError) error = NULL;
      MhPeerId claimed;
      MhPeerId peer;
      g_autoptr (GBytes) der = mht_forge_der (&forgeries[i], &claimed);
      gboolean ok = verify (der, now_s, &peer, &error);

      g_test_message ("%s: %s", forgeries[i].name, ok ? "taken" : error->message);
      if (forgeries[i].is_bad)
        g_assert_error (error, G_IO_ERROR, DENIED);
      else
        g_assert_no_error (error);
      g_assert_true (!ok || mh_peer_id_equal (&peer, &claimed));
    }
}

static void
test_own (void)
{
  MhPeerId id;
  MhPeerId peer;
  g_autoptr (MhSigner) signer = mht_signer_new (1, &id);
  g_autoptr (GError) error = NULL;
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_datum_t der;
  char oid[64];
  gsize size = sizeof oid;
  guint is_critical = 1;

  g_test_summary ("our certificate is taken, and begins with the extension of libp2p");
  gnutls_x509_privkey_init (&key);
  gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  certificate = mh_tls_certificate_make (signer, key, &error);
  g_assert_no_error (error);
  gnutls_x509_crt_get_extension_info (certificate, 0, oid, &size, &is_critical);
  g_assert_cmpstr (oid, ==, MH_TLS_EXTENSION_OID);
  g_assert_false (is_critical);
  gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_DER, &der);
  g_assert_cmpuint (der.size, <, 600);
  g_assert_true (mh_tls_certificate_verify (der.data, der.size, NOW, &peer, &error));
  g_assert_no_error (error);
  g_assert_true (mh_peer_id_equal (&peer, &id));

  gnutls_free (der.data);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_true (mh_crypto_init (NULL));
  g_test_add_func ("/p2p/certificate/vectors", test_vectors);
  g_test_add_func ("/p2p/certificate/any-byte", test_any_byte);
  g_test_add_func ("/p2p/certificate/validity", test_validity);
  g_test_add_func ("/p2p/certificate/forgeries", test_forgeries);
  g_test_add_func ("/p2p/certificate/own", test_own);

  return g_test_run ();
}
