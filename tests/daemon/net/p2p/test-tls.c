/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/tls/certificate.h"
#include "net/p2p/tls/tls.h"
#include "tls-stranger.h"

#define MIB (1024 * 1024)
#define DENIED G_IO_ERROR_PERMISSION_DENIED
#define INVALID G_IO_ERROR_INVALID_DATA

static const char *const yamux[] = { "/yamux/1.0.0", NULL };

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
