/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/tls/certificate.h"
#include "net/p2p/tls/tls.h"
#include "tls-stranger.h"

#define MIB (1024 * 1024)
/* 2026 */
#define NOW G_GINT64_CONSTANT (1780000000)
#define DENIED G_IO_ERROR_PERMISSION_DENIED
#define INVALID G_IO_ERROR_INVALID_DATA

static const char *const yamux[] = { "/yamux/1.0.0", NULL };

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

static MhTlsIdentity *
identity_new (guint8 number, MhPeerId *id)
{
  g_autoptr (MhSigner) signer = mht_signer_new (number, id);
  g_autoptr (GError) error = NULL;
  MhTlsIdentity *identity = mh_tls_identity_new (signer, &error);

  g_assert_no_error (error);

  return identity;
}

/* The channels hold the identities; nobody else does. */
static MhtPair *
pair_new (MhPeerId *client, MhPeerId *server)
{
  MhPeerId unused;
  g_autoptr (MhTlsIdentity) one = identity_new (1, client != NULL ? client : &unused);
  g_autoptr (MhTlsIdentity) two = identity_new (2, server != NULL ? server : &unused);

  return mht_pair_new (mh_tls_new (one, TRUE, NULL, yamux), mh_tls_new (two, FALSE, NULL, yamux));
}

static void
test_both (void)
{
  static const char *const many[] = { "/a", "/yamux/1.0.0", "/b", NULL };
  static const char *const back[] = { "/b", "/yamux/1.0.0", NULL };
  static const char *const none[] = { NULL };
  static const char *const most_names[] = { "/1", "/2", "/3", "/4", "/5", "/6", "/7", NULL };
  static const struct
  {
    const char *const *client;
    const char *const *server;
    const char *agreed;
  } rows[] = {
    { yamux, yamux, "/yamux/1.0.0" },
    { many, yamux, "/yamux/1.0.0" },
    { many, back, "/yamux/1.0.0" },
    { back, many, "/b" },
    { most_names, most_names, "/1" },
    { most_names, yamux, NULL },
    { NULL, yamux, NULL },
    { yamux, none, NULL },
    { none, NULL, NULL },
  };
  static const int most[] = { 1, 7, 40, 1000 };
  MhPeerId client;
  MhPeerId server;
  g_autoptr (MhTlsIdentity) one = identity_new (1, &client);
  g_autoptr (MhTlsIdentity) two = identity_new (2, &server);

  g_test_summary ("both sides prove themselves and agree on a multiplexer, however it is cut");
  for (guint i = 0; i < G_N_ELEMENTS (rows) * G_N_ELEMENTS (most); i++)
    {
      guint row = i / G_N_ELEMENTS (most);
      g_autoptr (MhtPair) pair =
          mht_pair_new (mh_tls_new (one, TRUE, &server, rows[row].client),
                        mh_tls_new (two, FALSE, i % 2 == 0 ? &client : NULL, rows[row].server));

      pair->most = most[i % G_N_ELEMENTS (most)];
      mht_pair_start (pair);
      mht_pair_assert_open (pair, &client, &server);
      g_assert_cmpstr (pair->client.channel->muxer, ==, rows[row].agreed);
      mht_pair_exchange (pair, 1000);
    }
}

static void
test_bulk (void)
{
  MhPeerId client;
  MhPeerId server;
  g_autoptr (MhtPair) pair = pair_new (&client, &server);

  g_test_summary ("megabytes go both ways at once");
  mht_pair_start (pair);
  mht_pair_assert_open (pair, &client, &server);
  mht_pair_exchange (pair, 8 * MIB);
}

static void
test_whole_records (void)
{
  static const guint8 text[MH_SECURE_PIECE];
  g_autoptr (MhtPair) pair = pair_new (NULL, NULL);
  MhtEnd *server = &pair->server;
  gsize size;

  g_test_summary ("a record waits until it is whole, so that pieces of one cost no memory");
  mht_pair_start (pair);
  g_assert_true (
      mh_secure_seal (pair->client.channel, text, sizeof text, &pair->client.wire, NULL));
  size = mh_buf_size (&pair->client.wire);
  g_assert_cmpuint (size, ==, sizeof text + 22);
  for (gsize i = 0; i < size; i++)
    {
      g_assert_cmpuint (mh_buf_size (&server->in), ==, i);
      mh_buf_append (&server->in, mh_buf_peek (&pair->client.wire), 1);
      mh_buf_consume (&pair->client.wire, 1);
      mht_end_feed (server);
    }
  g_assert_no_error (server->error);
  g_assert_cmpuint (mh_buf_size (&server->in), ==, 0);
  g_assert_cmpmem (mh_buf_peek (&server->plain), mh_buf_size (&server->plain), text, sizeof text);
}

static void
test_expected (void)
{
  g_test_summary ("somebody else than expected is refused by either side, with an alert");
  for (guint i = 0; i < 2; i++)
    {
      MhPeerId client;
      MhPeerId server;
      g_autoptr (MhTlsIdentity) one = identity_new (1, &client);
      g_autoptr (MhTlsIdentity) two = identity_new (2, &server);
      g_autoptr (MhtPair) pair =
          mht_pair_new (mh_tls_new (one, TRUE, i == 0 ? &client : NULL, yamux),
                        mh_tls_new (two, FALSE, i == 1 ? &server : NULL, yamux));
      MhtEnd *refuses = i == 0 ? &pair->client : &pair->server;
      MhtEnd *refused = i == 0 ? &pair->server : &pair->client;

      mht_pair_start (pair);
      g_assert_error (refuses->error, G_IO_ERROR, DENIED);
      g_assert_false (refuses->channel->is_open);
      g_assert_error (refused->error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
      /* a client is open before it is refused */
      g_assert_true (refused->channel->is_open == (i == 1));
    }
}

/* Meets a stranger as server or client, and says whether all went as it should. */
static void
meet (const MhtManner *manner, gboolean we_dial)
{
  MhPeerId id;
  g_autoptr (MhTlsIdentity) identity = identity_new (1, &id);
  MhtEnd end = { .channel = mh_tls_new (identity, we_dial, NULL, yamux) };
  g_autoptr (MhtStranger) stranger = mht_stranger_new (manner, !we_dial);
  int code = manner->is_mutual && we_dial ? G_IO_ERROR_CONNECTION_REFUSED : manner->code;
  guint8 got[16];

  g_test_message ("%s, %s", manner->name, we_dial ? "listening" : "dialling");
  g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
  mht_stranger_meet (stranger, &end);
  g_test_message ("%s", end.error != NULL ? end.error->message : "open");
  if (manner->code >= 0)
    {
      g_assert_error (end.error, G_IO_ERROR, code);
      g_assert_false (end.channel->is_open);
      /* and is told, when it reads */
      if (stranger->is_open)
        g_assert_cmpint (gnutls_record_recv (stranger->session, got, sizeof got), ==,
                         GNUTLS_E_FATAL_ALERT_RECEIVED);
      else
        g_assert_true (gnutls_error_is_fatal (stranger->status));
    }
  else
    {
      g_assert_no_error (end.error);
      g_assert_true (end.channel->is_open);
      g_assert_true (mh_peer_id_equal (&end.channel->peer, &stranger->id));
      g_assert_cmpstr (end.channel->muxer, ==, manner->muxer);
      g_assert_cmpint (gnutls_record_send (stranger->session, "hello", 5), ==, 5);
      mht_stranger_meet (stranger, &end);
      g_assert_cmpmem (mh_buf_peek (&end.plain), mh_buf_size (&end.plain), "hello", 5);
    }

  mht_end_clear (&end);
}

static void
test_strangers (void)
{
  static const char *const old[] = { "libp2p", NULL };
  static const char *const both[] = { "/mplex/6.7.0", "/yamux/1.0.0", "libp2p", NULL };
  static const MhtManner rows[] = {
    { "right", .code = -1, .alpn = both, .muxer = "/yamux/1.0.0" },
    { "no early multiplexer", .code = -1, .alpn = old },
    { "no ALPN", .code = -1 },
    { "tickets", .code = -1, .alpn = old, .has_tickets = TRUE },
    { "ChaCha20", .code = -1,
      .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305" },
    { "AES-256", .code = -1, .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM" },
    { "P-256", .code = -1,
      .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP256R1" },
    { "another group first", .code = -1,
      .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP521R1:+GROUP-X25519" },
    { "1.2 only", .code = INVALID, .is_mutual = TRUE, .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
    { "other groups", .code = INVALID, .is_mutual = TRUE,
      .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE2048" },
    { "other ciphers", .code = INVALID, .is_mutual = TRUE,
      .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM" },
    { "two certificates", .code = DENIED, .two_certificates = TRUE },
    { "no extension", .code = DENIED, .certificate.no_extension = TRUE },
    { "key of somebody else", .code = DENIED, .certificate.bad_proof = TRUE },
    { "signed by another", .code = DENIED, .certificate.foreign = TRUE },
    { "expired", .code = DENIED, .certificate.from_s = 1, .certificate.until_s = 2 },
    { "not Ed25519", .code = DENIED, .certificate.bad_type = TRUE },
    { "too large", .code = DENIED, .certificate.others = 1, .certificate.other_size = 5000 },
    { "far too large", .code = INVALID, .certificate.others = 1,
      .certificate.other_size = MH_TLS_MAX_CONTROL },
    { "critical and unknown", .code = DENIED, .certificate.other = "1.2.3",
      .certificate.is_other_critical = TRUE },
  };
  static const MhtManner silent = { "no certificate", .code = DENIED, .no_certificate = TRUE };
  static const char *const alien[] = { "h2", "http/1.1", NULL };
  static const MhtManner browser = { "other ALPN", .code = INVALID, .alpn = alien };

  g_test_summary ("strangers of GnuTLS are taken and refused as client and as server");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      meet (&rows[i], TRUE);
      meet (&rows[i], FALSE);
    }
  meet (&silent, FALSE);
  meet (&browser, FALSE);
}

/* Whether the byte is the type of a record, or the lower one of its version. TLS 1.3 sends them for
 * the sake of others, and GnuTLS does not look at all of them. */
static gboolean
is_idle (const guint8 *data, gsize size, gsize at)
{
  for (gsize i = 0; i + 5 <= size; i += 5 + ((gsize) data[i + 3] << 8 | data[i + 4]))
    if (at == i || at == i + 2)
      return TRUE;

  return FALSE;
}

/* One handshake in which byte @at of @from is changed. Returns: whether there was such a byte */
static gboolean
change_byte (MhTlsIdentity *identity, gboolean of_client, gsize at)
{
  g_autoptr (MhtPair) pair = mht_pair_new (mh_tls_new (identity, TRUE, NULL, yamux),
                                           mh_tls_new (identity, FALSE, NULL, yamux));
  MhtEnd *from = of_client ? &pair->client : &pair->server;
  MhtEnd *ends[] = { &pair->client, &pair->server };
  gboolean is_changed = FALSE;
  gboolean is_ignored = FALSE;

  g_assert_true (mh_secure_start (pair->client.channel, &pair->client.wire, NULL));
  for (guint i = 0; i < 4; i++)
    {
      MhtEnd *sender = ends[i % 2];
      MhtEnd *other = ends[1 - i % 2];
      guint8 *data = mh_buf_peek (&sender->wire);
      gsize size = mh_buf_size (&sender->wire);

      if (sender == from && at >= sender->sent && at < sender->sent + size)
        {
          is_ignored = is_idle (data, size, at - sender->sent);
          data[at - sender->sent] ^= 1 << at % 8;
          is_changed = TRUE;
        }
      sender->sent += size;
      mh_buf_append (&other->in, data, size);
      mh_buf_consume (&sender->wire, size);
      mht_end_feed (other);
    }
  if (!is_ignored)
    g_assert_true (is_changed != (pair->server.channel->is_open && pair->client.channel->is_open));

  return is_changed;
}

static void
test_changed (void)
{
  MhPeerId id;
  g_autoptr (MhTlsIdentity) identity = identity_new (1, &id);
  gsize at;

  g_test_summary ("no byte of the handshake can be changed");
  for (at = 0; change_byte (identity, TRUE, at); at += 3)
    ;
  g_assert_cmpuint (at, >, 800);
  for (at = 0; change_byte (identity, FALSE, at); at += 3)
    ;
  g_assert_cmpuint (at, >, 700);
}

static void
test_truncated (void)
{
  MhPeerId id;
  g_autoptr (MhTlsIdentity) identity = identity_new (1, &id);
  gsize whole = G_MAXSIZE;

  g_test_summary ("a handshake that breaks off anywhere opens nothing");
  for (gsize i = 0; i < whole; i = whole == G_MAXSIZE ? 0 : i + 7)
    {
      g_autoptr (MhtPair) pair = mht_pair_new (mh_tls_new (identity, TRUE, NULL, yamux),
                                               mh_tls_new (identity, FALSE, NULL, yamux));

      pair->lose_after = whole == G_MAXSIZE ? G_MAXSIZE : i;
      mht_pair_start (pair);
      g_assert_no_error (pair->server.error);
      g_assert_true (pair->server.channel->is_open == (whole == G_MAXSIZE));
      whole = MIN (whole, pair->client.sent);
    }
}

static void
do_deed (guint deed, MhBuf *wire, MhtEnd *victim)
{
  guint8 *data = mh_buf_peek (wire);
  gsize size = mh_buf_size (wire) / 2; /* of each of the two */
  g_autofree guint8 *first = g_memdup2 (data, size);

  switch (deed)
    {
    case 0: /* nothing */
      break;
    case 1:
      data[0] = 22;
      break;
    case 2:
      data[4]--;
      break;
    case 3:
      data[5] ^= 1;
      break;
    case 4:
      data[size - 1] ^= 0x80;
      break;
    case 5: /* twice */
      mh_buf_append (wire, first, size);
      break;
    case 6: /* the other way round */
      memmove (data, data + size, size);
      memcpy (data + size, first, size);
      break;
    case 7: /* left out */
      mh_buf_consume (wire, size);
      break;
    case 8: /* sent back */
      mh_buf_consume (wire, 2 * size);
      g_assert_true (mh_secure_seal (victim->channel, first, size, wire, NULL));
      break;
    case 9: /* too large */
      data[3] = (MH_TLS_MAX_RECORD + 1) >> 8;
      data[4] = (MH_TLS_MAX_RECORD + 1) & 0xff;
      break;
    case 10: /* of another protocol */
      memcpy (data, "GET /", 5);
      break;
    default:
      g_assert_true (FALSE);
    }
}

static void
test_deeds (void)
{
  static const guint8 text[100];

  g_test_summary ("records can be neither changed, repeated, swapped, left out nor sent back");
  for (guint deed = 0; deed <= 10; deed++)
    {
      g_autoptr (MhtPair) pair = pair_new (NULL, NULL);
      MhBuf *wire = &pair->client.wire;

      g_test_message ("%u", deed);
      mht_pair_start (pair);
      for (guint i = 0; i < 2; i++)
        g_assert_true (mh_secure_seal (pair->client.channel, text, sizeof text, wire, NULL));
      do_deed (deed, wire, &pair->server);
      mht_pair_run (pair);
      if (deed == 0)
        g_assert_no_error (pair->server.error);
      else
        g_assert_error (pair->server.error, G_IO_ERROR, INVALID);
      if (deed != 0 && deed != 8) /* sent back: the wire lost what tells it, too */
        g_assert_error (pair->client.error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
      g_assert_cmpuint (mh_buf_size (&pair->server.plain) % sizeof text, ==, 0);
    }
}

static void
test_garbage (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
  } rows[] = {
    { "GET / HTTP/1.1\r\n", 16 },
    { "\x16\x03\x01\x41\x01", 5 },         /* longer than a record may be */
    { "\x80\x2e\x01\x03\x01\x00\x15", 7 }, /* the hello of SSL 2 */
    { "\x17\x03\x03\x00\x01x", 6 },
    { "\x15\x03\x03\x00\x02\x02\x28", 7 },
  };

  g_test_summary ("what is not TLS is refused at once");
  for (guint i = 0; i < 2 * G_N_ELEMENTS (rows); i++)
    {
      MhPeerId id;
      g_autoptr (MhTlsIdentity) identity = identity_new (1, &id);
      MhtEnd end = { .channel = mh_tls_new (identity, i % 2 == 0, NULL, yamux) };

      g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
      mh_buf_append (&end.in, rows[i / 2].bytes, rows[i / 2].size);
      mht_end_feed (&end);
      g_assert_nonnull (end.error);
      g_test_message ("%s", end.error->message);

      mht_end_clear (&end);
    }
}

static void
test_endless (void)
{
  static const guint8 rest[8192];

  g_test_summary ("a message of the handshake that is said to be huge does not get far");
  for (guint i = 0; i < 2; i++)
    {
      MhPeerId id;
      g_autoptr (MhTlsIdentity) identity = identity_new (1, &id);
      MhtEnd end = { .channel = mh_tls_new (identity, i == 0, NULL, yamux) };
      guint records = 0;

      g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
      mh_buf_append (&end.in, "\x16\x03\x01\x00\x04", 5);
      mh_buf_append (&end.in, i == 0 ? "\x02\xff\xff\xff" : "\x01\xff\xff\xff", 4);
      for (mht_end_feed (&end); end.error == NULL && records < 100; records++)
        {
          mh_buf_append (&end.in, "\x16\x03\x01\x20\x00", 5);
          mh_buf_append (&end.in, rest, sizeof rest);
          mht_end_feed (&end);
        }
      g_test_message ("%u records: %s", records, end.error != NULL ? end.error->message : "");
      g_assert_error (end.error, G_IO_ERROR, INVALID);
      g_assert_cmpuint (records, <=, MH_TLS_MAX_CONTROL / sizeof rest + 1);

      mht_end_clear (&end);
    }
}

static void
test_close (void)
{
  g_autoptr (MhtPair) pair = pair_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  MhBuf *wire = &pair->client.wire;

  g_test_summary ("one side ends, and the other still speaks");
  mht_pair_start (pair);
  g_assert_true (mh_secure_seal (pair->client.channel, (const guint8 *) "last", 4, wire, NULL));
  mh_secure_close (pair->client.channel, wire);
  g_assert_cmpuint (mh_buf_size (wire), >, 26);
  mht_pair_run (pair);
  g_assert_no_error (pair->server.error);
  g_assert_true (pair->server.channel->is_ended);
  g_assert_cmpmem (mh_buf_peek (&pair->server.plain), mh_buf_size (&pair->server.plain), "last", 4);

  mh_secure_close (pair->client.channel, wire);
  g_assert_cmpuint (mh_buf_size (wire), ==, 0);
  g_assert_false (mh_secure_seal (pair->client.channel, (const guint8 *) "x", 1, wire, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);

  mh_buf_append (wire, "rubbish", 7);
  mht_pair_run (pair);
  g_assert_no_error (pair->server.error);
  g_assert_cmpuint (mh_buf_size (&pair->server.in), ==, 0);

  g_assert_true (mh_secure_seal (pair->server.channel, (const guint8 *) "answer", 6,
                                 &pair->server.wire, NULL));
  mht_pair_run (pair);
  g_assert_no_error (pair->client.error);
  g_assert_false (pair->client.channel->is_ended);
  g_assert_cmpmem (mh_buf_peek (&pair->client.plain), mh_buf_size (&pair->client.plain), "answer",
                   6);
}

static void
test_close_early (void)
{
  g_autoptr (MhtPair) pair = pair_new (NULL, NULL);

  g_test_summary ("a channel that is not open ends without a word");
  mh_secure_close (pair->client.channel, &pair->client.wire);
  g_assert_cmpuint (mh_buf_size (&pair->client.wire), ==, 0);
}

static void
test_key_update (void)
{
  static const MhtManner manner = { "right", .code = -1 };
  MhPeerId id;
  g_autoptr (MhTlsIdentity) identity = identity_new (1, &id);
  MhtEnd end = { .channel = mh_tls_new (identity, TRUE, NULL, yamux) };
  g_autoptr (MhtStranger) stranger = mht_stranger_new (&manner, FALSE);
  char got[8];
  gssize size;
  guint i;

  g_test_summary ("keys can be renewed, and nobody can have that done without end");
  g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
  mht_stranger_meet (stranger, &end);
  g_assert_cmpint (gnutls_session_key_update (stranger->session, GNUTLS_KU_PEER), ==, 0);
  g_assert_cmpint (gnutls_record_send (stranger->session, "new", 3), ==, 3);
  mht_stranger_meet (stranger, &end);
  g_assert_no_error (end.error);
  g_assert_cmpmem (mh_buf_peek (&end.plain), mh_buf_size (&end.plain), "new", 3);
  g_assert_true (mh_secure_seal (end.channel, (const guint8 *) "too", 3, &end.wire, NULL));
  mht_stranger_meet (stranger, &end);
  do
    size = gnutls_record_recv (stranger->session, got, sizeof got);
  while (size == GNUTLS_E_AGAIN && mh_buf_size (&stranger->in) > 0);
  g_assert_cmpmem (got, size, "too", 3);

  for (i = 0; i < 1000 && end.error == NULL; i++)
    {
      if (gnutls_session_key_update (stranger->session, GNUTLS_KU_PEER) < 0)
        break;
      mht_stranger_meet (stranger, &end);
    }
  g_test_message ("%u times", i);
  g_assert_error (end.error, G_IO_ERROR, INVALID);

  mht_end_clear (&end);
}

static void
test_tickets (void)
{
  static const MhtManner manner = { "tickets", .code = -1, .has_tickets = TRUE };
  MhPeerId id;
  g_autoptr (MhTlsIdentity) identity = identity_new (1, &id);
  MhtEnd end = { .channel = mh_tls_new (identity, TRUE, NULL, yamux) };
  g_autoptr (MhtStranger) stranger = mht_stranger_new (&manner, FALSE);
  gsize sent = 0;

  g_test_summary ("nobody can send what is for TLS alone without end");
  g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
  mht_stranger_meet (stranger, &end);
  g_assert_no_error (end.error);
  while (end.error == NULL && sent < 2 * MH_TLS_MAX_CONTROL)
    {
      g_assert_cmpint (gnutls_session_ticket_send (stranger->session, 1, 0), ==, 0);
      sent += mh_buf_size (&stranger->out);
      mht_stranger_meet (stranger, &end);
    }
  g_test_message ("%" G_GSIZE_FORMAT " bytes", sent);
  g_assert_error (end.error, G_IO_ERROR, INVALID);
  g_assert_cmpuint (sent, >, MH_TLS_MAX_CONTROL / 2);

  mht_end_clear (&end);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_true (mh_crypto_init (NULL));
  g_test_add_func ("/p2p/tls/vectors", test_vectors);
  g_test_add_func ("/p2p/tls/any-byte", test_any_byte);
  g_test_add_func ("/p2p/tls/validity", test_validity);
  g_test_add_func ("/p2p/tls/forgeries", test_forgeries);
  g_test_add_func ("/p2p/tls/own", test_own);
  g_test_add_func ("/p2p/tls/both", test_both);
  g_test_add_func ("/p2p/tls/bulk", test_bulk);
  g_test_add_func ("/p2p/tls/whole-records", test_whole_records);
  g_test_add_func ("/p2p/tls/expected", test_expected);
  g_test_add_func ("/p2p/tls/strangers", test_strangers);
  g_test_add_func ("/p2p/tls/changed", test_changed);
  g_test_add_func ("/p2p/tls/truncated", test_truncated);
  g_test_add_func ("/p2p/tls/deeds", test_deeds);
  g_test_add_func ("/p2p/tls/garbage", test_garbage);
  g_test_add_func ("/p2p/tls/endless", test_endless);
  g_test_add_func ("/p2p/tls/close", test_close);
  g_test_add_func ("/p2p/tls/close-early", test_close_early);
  g_test_add_func ("/p2p/tls/key-update", test_key_update);
  g_test_add_func ("/p2p/tls/tickets", test_tickets);

  return g_test_run ();
}
