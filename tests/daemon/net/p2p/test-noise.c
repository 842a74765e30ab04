/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "net/p2p/noise/handshake.h"
#include "net/p2p/noise/noise.h"
#include "net/p2p/secure/proof.h"
#include "net/p2p/wire/pb.h"
#include "secure-pair.h"

#define MIB (1024 * 1024)

static const char *const yamux[] = { "/yamux/1.0.0", NULL };

static MhtPair *
pair_new (const MhPeerId *client_wants, const MhPeerId *server_wants)
{
  MhPeerId id;
  g_autoptr (MhSigner) one = mht_signer_new (1, &id);
  g_autoptr (MhSigner) two = mht_signer_new (2, &id);

  return mht_pair_new (mh_noise_new (one, TRUE, client_wants, yamux),
                       mh_noise_new (two, FALSE, server_wants, yamux));
}

static void
ids (MhPeerId *one, MhPeerId *two)
{
  g_autoptr (MhSigner) a = mht_signer_new (1, one);
  g_autoptr (MhSigner) b = mht_signer_new (2, two);
}

static void
unhex (const char *hex, MhBuf *out)
{
  for (; hex[0] != '\0'; hex += 2)
    {
      guint8 byte = (guint8) (g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));

      mh_buf_append (out, &byte, 1);
    }
}

static void
assert_hex (const MhBuf *found, const char *hex)
{
  g_auto (MhBuf) expected = { 0 };

  unhex (hex, &expected);
  g_assert_cmpmem (mh_buf_peek (found), mh_buf_size (found), mh_buf_peek (&expected),
                   mh_buf_size (&expected));
}

static MhNoiseHandshake *
vector_side (gboolean is_initiator, const char *own, const char *ephemeral)
{
  static const char prologue[] = "John Galt";
  g_auto (MhBuf) one = { 0 };
  g_auto (MhBuf) two = { 0 };

  unhex (own, &one);
  unhex (ephemeral, &two);

  return mh_noise_handshake_new (is_initiator, (const guint8 *) prologue, sizeof prologue - 1,
                                 mh_buf_peek (&one), mh_buf_peek (&two));
}

static void
test_vector (void)
{
  static const struct
  {
    const char *payload;
    const char *message;
  } rows[] = {
    { "4c756477696720766f6e204d69736573",
      "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
      "4c756477696720766f6e204d69736573" },
    { "4d757272617920526f746862617264",
      "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
      "81cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9"
      "bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f"
      "8814c7194e83f23dbd8d162c9326ad" },
    { "462e20412e20486179656b", "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a8"
                                "0ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6"
                                "ae769a1d95941d49b25030" },
  };
  static const struct
  {
    const char *plain;
    const char *sealed;
  } messages[] = {
    { "4361726c204d656e676572", "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df" },
    { "4a65616e2d426170746973746520536179",
      "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5" },
    { "457567656e2042f6686d20766f6e2042617765726b",
      "eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f" },
  };
  g_autoptr (MhNoiseHandshake) one =
      vector_side (TRUE, "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
                   "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
  g_autoptr (MhNoiseHandshake) two =
      vector_side (FALSE, "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
                   "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
  MhNoiseCipher send[2];
  MhNoiseCipher receive[2];

  g_test_summary ("handshake and messages are those of the cacophony test vector");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      MhNoiseHandshake *from = i % 2 == 0 ? one : two;
      MhNoiseHandshake *to = i % 2 == 0 ? two : one;
      g_auto (MhBuf) payload = { 0 };
      g_auto (MhBuf) message = { 0 };
      g_auto (MhBuf) heard = { 0 };

      g_assert_true (mh_noise_handshake_is_ours (from));
      g_assert_false (mh_noise_handshake_is_ours (to));
      unhex (rows[i].payload, &payload);
      g_assert_true (mh_noise_handshake_write (from, mh_buf_peek (&payload), mh_buf_size (&payload),
                                               &message));
      assert_hex (&message, rows[i].message);
      g_assert_true (
          mh_noise_handshake_read (to, mh_buf_peek (&message), mh_buf_size (&message), &heard));
      assert_hex (&heard, rows[i].payload);
    }
  g_assert_true (mh_noise_handshake_is_done (one));
  g_assert_true (mh_noise_handshake_is_done (two));
  g_assert_cmpmem (mh_noise_handshake_own_key (one), MH_NOISE_KEY_SIZE,
                   mh_noise_handshake_their_key (two), MH_NOISE_KEY_SIZE);
  mh_noise_handshake_split (one, &send[0], &receive[0]);
  mh_noise_handshake_split (two, &send[1], &receive[1]);
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      guint from = (i + 1) % 2; /* the third of the handshake was of the initiator */
      g_auto (MhBuf) plain = { 0 };
      g_auto (MhBuf) sealed = { 0 };
      gsize size;
      guint8 opened[64];

      unhex (messages[i].plain, &plain);
      size = mh_buf_size (&plain);
      g_assert_true (mh_noise_cipher_seal (&send[from], NULL, 0, mh_buf_peek (&plain), size,
                                           mh_buf_reserve (&sealed, size + MH_NOISE_TAG_SIZE)));
      mh_buf_commit (&sealed, size + MH_NOISE_TAG_SIZE);
      assert_hex (&sealed, messages[i].sealed);
      g_assert_true (mh_noise_cipher_open (&receive[1 - from], NULL, 0, mh_buf_peek (&sealed),
                                           mh_buf_size (&sealed), opened));
      g_assert_cmpmem (opened, size, mh_buf_peek (&plain), size);
    }
}

static void
test_nonce_end (void)
{
  MhNoiseCipher one = { .nonce = MH_NOISE_NONCE_END - 1 };
  MhNoiseCipher two = one;
  guint8 sealed[1 + MH_NOISE_TAG_SIZE];
  guint8 byte = 7;

  g_test_summary ("the last number is used once, and then nothing more is sealed or opened");
  g_assert_true (mh_noise_cipher_seal (&one, NULL, 0, &byte, 1, sealed));
  g_assert_false (mh_noise_cipher_seal (&one, NULL, 0, &byte, 1, sealed));
  g_assert_true (mh_noise_cipher_open (&two, NULL, 0, sealed, sizeof sealed, &byte));
  g_assert_false (mh_noise_cipher_open (&two, NULL, 0, sealed, sizeof sealed, &byte));
}

static void
test_both (void)
{
  static const char *const many[] = { "/a", "/yamux/1.0.0", "/b", NULL };
  static const char *const back[] = { "/b", "/yamux/1.0.0", NULL };
  static const char *const none[] = { NULL };
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
    { NULL, yamux, NULL },
    { yamux, none, NULL },
    { none, NULL, NULL },
  };
  static const int most[] = { 1, 7, 40, 1000 };
  MhPeerId client;
  MhPeerId server;
  g_autoptr (MhSigner) one = mht_signer_new (1, &client);
  g_autoptr (MhSigner) two = mht_signer_new (2, &server);

  g_test_summary ("both sides prove themselves and agree on a multiplexer, however it is cut");
  for (guint i = 0; i < G_N_ELEMENTS (rows) * G_N_ELEMENTS (most); i++)
    {
      guint row = i / G_N_ELEMENTS (most);
      g_autoptr (MhtPair) pair =
          mht_pair_new (mh_noise_new (one, TRUE, &server, rows[row].client),
                        mh_noise_new (two, FALSE, i % 2 == 0 ? &client : NULL, rows[row].server));

      pair->most = most[i % G_N_ELEMENTS (most)];
      mht_pair_start (pair);
      mht_pair_assert_open (pair, &client, &server);
      g_assert_cmpstr (pair->client.channel->muxer, ==, rows[row].agreed);
      mht_pair_exchange (pair, 1000);
      mh_secure_close (pair->client.channel, &pair->client.wire);
      g_assert_cmpuint (mh_buf_size (&pair->client.wire), ==, 0);
      g_assert_false (pair->server.channel->is_ended);
    }
}

static void
test_bulk (void)
{
  MhPeerId client;
  MhPeerId server;
  g_autoptr (MhtPair) pair = pair_new (NULL, NULL);

  g_test_summary ("megabytes go both ways at once");
  ids (&client, &server);
  mht_pair_start (pair);
  mht_pair_assert_open (pair, &client, &server);
  mht_pair_exchange (pair, 8 * MIB);
}

static void
test_sizes (void)
{
  static const struct
  {
    gsize size;
    gsize sealed;
  } rows[] = {
    { 0, 0 },
    { 1, 2 + 1 + 16 },
    { MH_NOISE_MAX_PLAIN, 2 + MH_NOISE_MAX_MESSAGE },
    { MH_NOISE_MAX_PLAIN + 1, 2 + MH_NOISE_MAX_MESSAGE + 2 + 1 + 16 },
  };
  g_autofree guint8 *data = g_malloc0 (MH_NOISE_MAX_PLAIN + 1);
  g_autoptr (MhtPair) pair = pair_new (NULL, NULL);

  g_test_summary ("a message is filled to its end before another is begun");
  mht_pair_start (pair);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_true (
          mh_secure_seal (pair->client.channel, data, rows[i].size, &pair->client.wire, NULL));
      g_assert_cmpuint (mh_buf_size (&pair->client.wire), ==, rows[i].sealed);
      mht_pair_run (pair);
      g_assert_cmpuint (mh_buf_size (&pair->server.plain), ==, rows[i].size);
      mh_buf_consume (&pair->server.plain, rows[i].size);
    }
}

static void
test_expected (void)
{
  MhPeerId client;
  MhPeerId server;

  g_test_summary ("somebody else than expected is refused by either side");
  ids (&client, &server);
  {
    g_autoptr (MhtPair) pair = pair_new (&client, NULL);

    mht_pair_start (pair);
    g_assert_error (pair->client.error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
    g_assert_false (pair->client.channel->is_open);
    g_assert_false (pair->server.channel->is_open);
  }
  {
    g_autoptr (MhtPair) pair = pair_new (NULL, &server);

    mht_pair_start (pair);
    g_assert_error (pair->server.error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
    g_assert_false (pair->server.channel->is_open);
  }
}

/* What a stranger may say of itself. */
typedef struct
{
  const char *name;
  int code;          /* of the error, or -1 */
  guint8 key_type;   /* libp2p peer-ids, "Keys" */
  gboolean no_key;   /* there is none */
  gboolean no_proof; /* there is no signature */
  gboolean bad_sign; /* the signature is of somebody else */
  gboolean bad_key;  /* another key of the channel was signed */
  gboolean twice;    /* the fields that are right come after wrong ones */
  const char *tail;  /* (nullable): what comes after it */
  gsize tail_size;
} Stranger;

static GByteArray *
make_payload (const Stranger *self, const guint8 *channel_key)
{
  MhPeerId id;
  g_autoptr (MhSigner) signer = mht_signer_new (3, &id);
  g_autoptr (MhSigner) other = mht_signer_new (4, &id);
  g_autoptr (GByteArray) key = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();
  guint8 signature[MH_SIGNATURE_SIZE];

  mh_proof_make (self->bad_sign ? other : signer, MH_NOISE_PURPOSE,
                 self->bad_key ? mh_signer_public_key (signer) : channel_key, MH_NOISE_KEY_SIZE,
                 signature);
  mh_pb_put_uint (key, 1, self->key_type);
  mh_pb_put_bytes (key, 2, mh_signer_public_key (signer), MH_SIGN_PUBLIC_SIZE);
  if (self->twice)
    {
      mh_pb_put_text (out, 1, "abc");
      mh_pb_put_text (out, 2, "abc");
    }
  if (!self->no_key)
    mh_pb_put_message (out, 1, key);
  if (!self->no_proof)
    mh_pb_put_bytes (out, 2, signature, sizeof signature);
  if (self->tail != NULL)
    g_byte_array_append (out, (const guint8 *) self->tail, (guint) self->tail_size);

  return out;
}

static void
frame (MhBuf *out, const MhBuf *message)
{
  guint8 head[] = { (guint8) (mh_buf_size (message) >> 8), (guint8) mh_buf_size (message) };

  mh_buf_append (out, head, sizeof head);
  mh_buf_append (out, mh_buf_peek (message), mh_buf_size (message));
}

/* Lets the stranger write its next message into the end of ours. */
static void
stranger_writes (MhNoiseHandshake *stranger, GByteArray *payload, MhtEnd *end)
{
  g_auto (MhBuf) message = { 0 };

  g_assert_true (mh_noise_handshake_write (stranger, payload != NULL ? payload->data : NULL,
                                           payload != NULL ? payload->len : 0, &message));
  frame (&end->in, &message);
  mht_end_feed (end);
}

static void
stranger_reads (MhNoiseHandshake *stranger, MhtEnd *end)
{
  g_auto (MhBuf) payload = { 0 };

  g_assert_true (mh_noise_handshake_read (stranger, mh_buf_peek (&end->wire) + 2,
                                          mh_buf_size (&end->wire) - 2, &payload));
  mh_buf_consume (&end->wire, mh_buf_size (&end->wire));
}

static MhNoiseHandshake *
stranger_new (gboolean is_initiator)
{
  guint8 secrets[2][MH_NOISE_KEY_SIZE];

  mh_random_bytes (secrets[0], sizeof secrets);

  return mh_noise_handshake_new (is_initiator, NULL, 0, secrets[0], secrets[1]);
}

static void
meet (const Stranger *row, gboolean we_dial)
{
  MhPeerId id;
  g_autoptr (MhSigner) signer = mht_signer_new (1, &id);
  MhtEnd end = { .channel = mh_noise_new (signer, we_dial, NULL, yamux) };
  g_autoptr (MhNoiseHandshake) stranger = stranger_new (!we_dial);
  g_autoptr (GByteArray) payload = make_payload (row, mh_noise_handshake_own_key (stranger));

  g_test_message ("%s, %s", row->name, we_dial ? "listening" : "dialling");
  g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
  if (!we_dial)
    stranger_writes (stranger, payload, &end); /* what comes too early is passed over */
  g_assert_no_error (end.error);
  stranger_reads (stranger, &end);
  stranger_writes (stranger, payload, &end);
  if (row->code >= 0)
    g_assert_error (end.error, G_IO_ERROR, row->code);
  else
    g_assert_no_error (end.error);
  g_assert_true (end.channel->is_open == (row->code < 0));
  g_assert_cmpuint (mh_buf_size (&end.wire) > 0, ==, row->code < 0 && we_dial);

  mht_end_clear (&end);
}

static void
test_strangers (void)
{
#define TAIL(text) .tail = text, .tail_size = sizeof text - 1
#define DENIED .code = G_IO_ERROR_PERMISSION_DENIED
#define INVALID .code = G_IO_ERROR_INVALID_DATA
  static const Stranger rows[] = {
    { "right", .code = -1, .key_type = 1 },
    { "fields twice", .code = -1, .key_type = 1, .twice = TRUE },
    { "unknown fields", .code = -1, .key_type = 1, TAIL ("\x1a\x01x\xa0\x06\x01") },
    { "unknown extension", .code = -1, .key_type = 1, TAIL ("\x22\x03\x0a\x01x") },
    { "muxers in two parts", .code = -1, .key_type = 1,
      TAIL ("\x22\x04\x12\x02/x\x22\x0e\x12\x0c/yamux/1.0.0") },
    { "no muxer in common", INVALID, .key_type = 1, TAIL ("\x22\x04\x12\x02/x") },
    { "no whole muxer in common", INVALID, .key_type = 1, TAIL ("\x22\x08\x12\x06/yamux") },
    { "no field", INVALID, .key_type = 1, TAIL ("\xff\xff\xff") },
    { "no field in extensions", INVALID, .key_type = 1, TAIL ("\x22\x01\x12") },
    { "extensions past the end", INVALID, .key_type = 1, TAIL ("\x22\x20\x12") },
    { "RSA", DENIED, .key_type = 0 },
    { "secp256k1", DENIED, .key_type = 2 },
    { "no key", DENIED, .key_type = 1, .no_key = TRUE },
    { "no signature", DENIED, .key_type = 1, .no_proof = TRUE },
    { "nothing", DENIED, .no_key = TRUE, .no_proof = TRUE },
    { "signature of another", DENIED, .key_type = 1, .bad_sign = TRUE },
    { "signature of another key", DENIED, .key_type = 1, .bad_key = TRUE },
    { "wrong fields last", DENIED, .key_type = 1, TAIL ("\x12\x01x") },
  };

  g_test_summary ("who does not prove who it is, is refused by either side");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      meet (&rows[i], TRUE);
      meet (&rows[i], FALSE);
    }
}

static void
test_empty (void)
{
  static const Stranger row = { "right", .key_type = 1 };
  MhPeerId id;
  g_autoptr (MhSigner) signer = mht_signer_new (1, &id);
  MhtEnd end = { .channel = mh_noise_new (signer, FALSE, NULL, yamux) };
  g_autoptr (MhNoiseHandshake) stranger = stranger_new (TRUE);
  g_autoptr (GByteArray) payload = make_payload (&row, mh_noise_handshake_own_key (stranger));
  MhNoiseCipher send;
  MhNoiseCipher receive;
  guint8 message[2 + MH_NOISE_TAG_SIZE] = { 0, MH_NOISE_TAG_SIZE };

  g_test_summary ("a message with nothing in it is taken, when it is sealed");
  g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
  stranger_writes (stranger, NULL, &end);
  stranger_reads (stranger, &end);
  stranger_writes (stranger, payload, &end);
  g_assert_no_error (end.error);
  mh_noise_handshake_split (stranger, &send, &receive);
  g_assert_true (mh_noise_cipher_seal (&send, NULL, 0, NULL, 0, message + 2));
  mh_buf_append (&end.in, message, sizeof message);
  mht_end_feed (&end);
  g_assert_no_error (end.error);
  g_assert_cmpuint (mh_buf_size (&end.in) + mh_buf_size (&end.plain), ==, 0);
  mh_buf_append (&end.in, message, sizeof message);
  mht_end_feed (&end);
  g_assert_error (end.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);

  mht_end_clear (&end);
}

static void
test_weak_key (void)
{
  MhPeerId id;
  g_autoptr (MhSigner) signer = mht_signer_new (1, &id);
  MhtEnd end = { .channel = mh_noise_new (signer, FALSE, NULL, yamux) };
  static const guint8 message[2 + MH_NOISE_KEY_SIZE] = { 0, MH_NOISE_KEY_SIZE };

  g_test_summary ("a key that makes the same secret with all others is refused");
  g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
  mh_buf_append (&end.in, message, sizeof message);
  mht_end_feed (&end);
  g_assert_error (end.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  g_assert_cmpuint (mh_buf_size (&end.wire), ==, 0);

  mht_end_clear (&end);
}

/* One handshake in which byte @at of @from is changed. Returns: whether there was such a byte */
static gboolean
change_byte (gboolean of_client, gsize at)
{
  g_autoptr (MhtPair) pair = pair_new (NULL, NULL);
  MhtEnd *from = of_client ? &pair->client : &pair->server;
  MhtEnd *ends[] = { &pair->client, &pair->server };
  gboolean is_changed = FALSE;

  g_assert_true (mh_secure_start (pair->client.channel, &pair->client.wire, NULL));
  for (guint i = 0; i < 3; i++)
    {
      MhtEnd *sender = ends[i % 2];
      MhtEnd *other = ends[1 - i % 2];
      gsize size = mh_buf_size (&sender->wire);

      if (sender == from && at >= sender->sent && at < sender->sent + size)
        {
          mh_buf_peek (&sender->wire)[at - sender->sent] ^= 1 << at % 8;
          is_changed = TRUE;
        }
      sender->sent += size;
      mh_buf_append (&other->in, mh_buf_peek (&sender->wire), size);
      mh_buf_consume (&sender->wire, size);
      mht_end_feed (other);
    }
  g_assert_true (is_changed != (pair->server.channel->is_open && pair->client.channel->is_open));
  g_assert_true (!pair->client.channel->is_open || pair->client.error == NULL);

  return is_changed;
}

static void
test_changed (void)
{
  gsize at;

  g_test_summary ("no byte of the handshake can be changed");
  for (at = 0; change_byte (TRUE, at); at++)
    ;
  g_assert_cmpuint (at, >, 200);
  for (at = 0; change_byte (FALSE, at); at++)
    ;
  g_assert_cmpuint (at, >, 200);
}

static void
test_truncated (void)
{
  gsize whole;

  g_test_summary ("a handshake that breaks off anywhere opens nothing");
  {
    g_autoptr (MhtPair) pair = pair_new (NULL, NULL);

    mht_pair_start (pair);
    whole = pair->client.sent;
    g_assert_true (pair->server.channel->is_open);
  }
  for (gsize i = 0; i < whole; i++)
    {
      g_autoptr (MhtPair) pair = pair_new (NULL, NULL);

      pair->lose_after = i;
      mht_pair_start (pair);
      g_assert_false (pair->server.channel->is_open);
      g_assert_no_error (pair->server.error);
    }
}

/* What is done to two sealed messages before they arrive. */
typedef enum
{
  NOTHING,
  CHANGE_LENGTH,
  CHANGE_TEXT,
  CHANGE_TAG,
  REPLAY,
  SWAP,
  DROP,
  TOO_SHORT,
  REFLECT,
} Deed;

static void
do_deed (Deed deed, MhBuf *wire, MhtEnd *victim)
{
  guint8 *data = mh_buf_peek (wire);
  gsize size = mh_buf_size (wire) / 2; /* of each of the two */
  g_autofree guint8 *first = g_memdup2 (data, size);

  switch (deed)
    {
    case NOTHING:
      break;
    case CHANGE_LENGTH:
      data[1]--;
      break;
    case CHANGE_TEXT:
      data[2] ^= 1;
      break;
    case CHANGE_TAG:
      data[size - 1] ^= 0x80;
      break;
    case REPLAY:
      mh_buf_append (wire, first, size);
      break;
    case SWAP:
      memmove (data, data + size, size);
      memcpy (data + size, first, size);
      break;
    case DROP:
      mh_buf_consume (wire, size);
      break;
    case TOO_SHORT:
      data[0] = 0;
      data[1] = MH_NOISE_TAG_SIZE - 1;
      break;
    case REFLECT:
      mh_buf_consume (wire, 2 * size);
      g_assert_true (mh_secure_seal (victim->channel, first, size, wire, NULL));
      break;
    }
}

static void
test_deeds (void)
{
  static const guint8 text[100];

  g_test_summary ("messages can be neither changed, repeated, swapped, left out nor sent back");
  for (Deed deed = NOTHING; deed <= REFLECT; deed++)
    {
      g_autoptr (MhtPair) pair = pair_new (NULL, NULL);
      MhBuf *wire = &pair->client.wire;

      mht_pair_start (pair);
      for (guint i = 0; i < 2; i++)
        g_assert_true (mh_secure_seal (pair->client.channel, text, sizeof text, wire, NULL));
      do_deed (deed, wire, &pair->server);
      mht_pair_run (pair);
      if (deed == NOTHING)
        g_assert_no_error (pair->server.error);
      else
        g_assert_error (pair->server.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
      g_assert_cmpuint (mh_buf_size (&pair->server.plain) % sizeof text, ==, 0);
    }
}

static void
test_oversize (void)
{
  g_test_summary ("a message of the handshake that is too large is refused by its length");
  for (guint i = 0; i < 2; i++)
    {
      MhPeerId id;
      g_autoptr (MhSigner) signer = mht_signer_new (1, &id);
      MhtEnd end = { .channel = mh_noise_new (signer, i == 0, NULL, yamux) };
      guint8 small[] = { MH_NOISE_MAX_HANDSHAKE >> 8, MH_NOISE_MAX_HANDSHAKE & 0xff };
      guint8 large[] = { (MH_NOISE_MAX_HANDSHAKE + 1) >> 8, (MH_NOISE_MAX_HANDSHAKE + 1) & 0xff };

      g_assert_true (mh_secure_start (end.channel, &end.wire, NULL));
      mh_buf_append (&end.in, small, sizeof small);
      mht_end_feed (&end);
      g_assert_no_error (end.error);
      mh_buf_consume (&end.in, sizeof small);
      mh_buf_append (&end.in, large, sizeof large);
      mht_end_feed (&end);
      g_assert_error (end.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);

      mht_end_clear (&end);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_true (mh_crypto_init (NULL));
  g_test_add_func ("/p2p/noise/vector", test_vector);
  g_test_add_func ("/p2p/noise/nonce-end", test_nonce_end);
  g_test_add_func ("/p2p/noise/both", test_both);
  g_test_add_func ("/p2p/noise/bulk", test_bulk);
  g_test_add_func ("/p2p/noise/sizes", test_sizes);
  g_test_add_func ("/p2p/noise/expected", test_expected);
  g_test_add_func ("/p2p/noise/strangers", test_strangers);
  g_test_add_func ("/p2p/noise/empty", test_empty);
  g_test_add_func ("/p2p/noise/weak-key", test_weak_key);
  g_test_add_func ("/p2p/noise/changed", test_changed);
  g_test_add_func ("/p2p/noise/truncated", test_truncated);
  g_test_add_func ("/p2p/noise/deeds", test_deeds);
  g_test_add_func ("/p2p/noise/oversize", test_oversize);

  return g_test_run ();
}
