/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "gossipsub-kit.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/public-key.h"

/*
 * RPCs of @libp2p/gossipsub 17.1.1. Those of js were written by its RPC.encode() and
 * buildRawMessage(), with the key whose seed is 32 times the byte 'A'. Ours were decoded by its
 * RPC.decode(), their messages passed its validateToRawMessage() with StrictSign, and its
 * msgIdFnStrictSign() gave the ids of the IHAVE.
 */

#define KEY_A "08011220db995fe25169d141cab9bbba92baa01f9f2e1ece7df4cb2ac05190f37fcc1f9d"
#define KEY_B "080112202152f8d19b791d24453242e15f2eab6cb7cffa7b6a5ed30097960e069881db12"
#define KEY_M "0801122062a611b472d89b0e5fc93c069b9f700b4c552d55bc0e87b56008ef17b6b2bebe"
#define SEQNO "18eb1325d64776c1"
#define VAULTS "7661756c7473"

#define JS_SIGNATURE                                                                               \
  "75269d8d2e8eb13536d36b2b0337c466c456232ebdf71b5c2839d83b1fb5b5fb"                               \
  "c3397ba082ba52adefed84bd2fffa7c030f04356df0467a37b4fc77cc9718909"
#define JS_MESSAGE                                                                                 \
  "0a0a08011206" VAULTS "12b1010a260024" KEY_A "120d68656c6c6f2066726f6d206a73"                    \
  "1a08" SEQNO "2206" VAULTS "2a40" JS_SIGNATURE "3224" KEY_A
#define JS_EMPTY                                                                                   \
  "12a4010a260024" KEY_A "12001a0818eb1325d64776c22206" VAULTS                                     \
  "2a4083266dba2cf40a7ae2dece55bb9035a05821fc59298f2a8e3877fda2f29d2b"                             \
  "5b2460cd78ad01bcb38dd09af8373519edb2ef10094cceb78d976508f2b1f24c0b3224" KEY_A
#define JS_IHAVE "1a660a640a06" VAULTS "122c" KEY_A "0000000000000005122c" KEY_A "0000000000000006"
#define JS_IWANT "1a30122e0a2c" KEY_A SEQNO
#define JS_GRAFT "1a0a1a080a06" VAULTS
#define JS_PRUNE "1a3622340a06" VAULTS "12280a260024" KEY_B "183c"
#define JS_IDONTWANT "1a302a2e0a2c" KEY_A "0000000000000007"

#define OUR_JOIN "0a0a08011206" VAULTS
#define OUR_GRAFT "1a0a1a080a06" VAULTS
#define OUR_MESSAGE                                                                                \
  "128a010a260024" KEY_M "120c68656c6c6f2066726f6d20431a0800000000000000012206" VAULTS             \
  "2a40bafca17910b673ad6c69dead2a1da9a119ea7735ac29540bb39a1373beeb"                               \
  "13cdfe085b867e502db046f10bbdf0885631c8e3aa0859a5963be4b6cd33f2a0"                               \
  "9903"
#define OUR_EMPTY                                                                                  \
  "127c0a260024" KEY_M "1a0800000000000000022206" VAULTS                                           \
  "2a406a1f95d84ca43371c45d1211dfc84d4e557ca26554527bdad3a3a0cb4cd3"                               \
  "91763cdc18fd44d5e22ed0176d61fb11b182782cc1f8c4009a806cc886ba6ee6"                               \
  "9a0f"
#define OUR_IWANT "1a30122e0a2c" KEY_B "0000000000000005"
#define OUR_IHAVE "1a660a640a06" VAULTS "122c" KEY_M "0000000000000002122c" KEY_M "0000000000000001"
#define OUR_PRUNE "1a0c220a0a06" VAULTS "183c"
#define OUR_IDONTWANT "1a302a2e0a2c" KEY_A "0000000000000009"
#define OUR_LEAVE                                                                                  \
  "0a0a08001206" VAULTS "1ad30122d0010a06" VAULTS "12c3010a260024" KEY_A "1298010a24" KEY_A        \
  "120203011a2a0a260024" KEY_A "10012a40feedf71dbb6aa96a95519c32a3a9d99410f65464b1e3e02e9fafad57"  \
  "707b8c06b91f0cc3f9c4faee7f40582679f07687e56ca48f8739942b9d46f919"                               \
  "5869c40a180a"

static GBytes *
from_hex (const char *hex)
{
  gsize size = strlen (hex) / 2;
  guint8 *data = g_malloc (size + 1);

  g_assert_true (mh_hex_decode (hex, data, size));

  return g_bytes_new_take (data, size);
}

static void
feed_hex (Kit *kit, char peer, const char *hex)
{
  g_autoptr (GBytes) rpc = from_hex (hex);

  g_assert_true (kit_feed (kit, peer, rpc));
}

static void
test_from_js (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autofree char *forwarded = NULL;
  GBytes *rpc = NULL;

  g_test_summary ("what js-libp2p writes is understood");
  kit_play (
      kit, (const char *const[]){ "join vaults", "add A in", "add B in", "B: +vaults", "~", NULL });
  feed_hex (kit, 'A', JS_MESSAGE);
  kit_step (kit, "! vaults A1795549929667000001 hello from js");
  /* it goes on as it was, with the key */
  rpc = g_ptr_array_index (kit->rpcs, 0);
  forwarded = mh_hex_encode (g_bytes_get_data (rpc, NULL), g_bytes_get_size (rpc));
  g_assert_cmpstr (forwarded, ==, JS_MESSAGE + strlen ("0a0a08011206" VAULTS));
  kit_step (kit, "= A: graft vaults; B: msg vaults A1795549929667000001 hello from js");
  feed_hex (kit, 'A', JS_EMPTY);
  kit_step (kit, "! vaults A1795549929667000002");
  kit_step (kit, "~");

  feed_hex (kit, 'B', JS_IWANT);
  kit_step (kit, "= B: msg vaults A1795549929667000001 hello from js");
  feed_hex (kit, 'B', JS_IHAVE);
  kit_step (kit, "= B: iwant A5,A6");
  feed_hex (kit, 'B', JS_IDONTWANT);
  kit_step (kit, "A: msg vaults A7 x");
  kit_step (kit, "=");
  feed_hex (kit, 'A', JS_PRUNE);
  kit_step (kit, "B: msg vaults B1 x");
  kit_step (kit, "=");
  g_assert_cmpstr (kit->exchanged->str, ==, "");
  feed_hex (kit, 'B', JS_GRAFT);
  kit_step (kit, "=");
}

/* Plays a step, and then compares the RPC that has @back others behind it. */
static void
expect_hex (Kit *kit, const char *step, guint back, const char *hex)
{
  g_autofree char *written = NULL;
  GBytes *rpc = NULL;

  kit_step (kit, step);
  rpc = g_ptr_array_index (kit->rpcs, kit->rpcs->len - 1 - back);
  written = mh_hex_encode (g_bytes_get_data (rpc, NULL), g_bytes_get_size (rpc));
  g_assert_cmpstr (written, ==, hex);
}

static void
test_to_js (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autofree char *many = g_strnfill (512, 'x');
  g_autofree char *large = g_strdup_printf ("A: msg vaults A9 %s", many);

  g_test_summary ("js-libp2p understands what we write");
  kit->gives_records = TRUE;
  kit_step (kit, "add A in");
  expect_hex (kit, "join vaults", 0, OUR_JOIN);
  expect_hex (kit, "A: +vaults", 0, OUR_GRAFT);
  expect_hex (kit, "publish vaults hello from C", 0, OUR_MESSAGE);
  expect_hex (kit, "publish vaults", 0, OUR_EMPTY);
  expect_hex (kit, "A: ihave vaults B5", 0, OUR_IWANT);
  kit_step (kit, "A: prune vaults 60");
  expect_hex (kit, "wait 200", 0, OUR_IHAVE);
  expect_hex (kit, "A: graft vaults", 0, OUR_PRUNE);
  kit_step (kit, "add B in");
  kit_step (kit, "B: +vaults");
  expect_hex (kit, large, 1, OUR_IDONTWANT);
  expect_hex (kit, "leave vaults", 0, OUR_LEAVE);
}

/* A message of A with the parts that @change leaves in it. */
typedef struct
{
  const char *name;
  const char *change; /* what to do to each field, see write_odd() */
  gboolean is_good;
} Odd;

/* The six fields of a message, and what is done to them: '-' left out, 's' short by a byte, 'l'
 * long by one, '2' twice, 'n' a number instead, 'x' another byte, 'o' that of B, 'u' with an
 * unknown field after it, '.' as it is. */
static GBytes *
write_odd (Kit *kit, const char *change)
{
  g_autoptr (GBytes) good = kit_rpc (kit, "msg t A5 words");
  g_autoptr (GBytes) other = kit_rpc (kit, "msg t B6 words");
  g_autoptr (GBytes) key = mh_public_key_message (kit->ids[0].bytes + 6);
  g_autoptr (GBytes) other_key = mh_public_key_message (kit->ids[1].bytes + 6);
  MhPbField fields[2][7] = { { { 0 } } };
  g_autoptr (GByteArray) message = g_byte_array_new ();
  GByteArray *rpc = g_byte_array_new ();

  for (guint i = 0; i < 2; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (i == 0 ? good : other, &size);
      MhPbReader reader = mh_pb_reader (data, size);
      MhPbField field;

      g_assert_true (mh_pb_next (&reader, &field));
      reader = mh_pb_reader (field.bytes, field.size);
      while (mh_pb_next (&reader, &field))
        fields[i][field.number] = field;
      fields[i][6].bytes = g_bytes_get_data (i == 0 ? key : other_key, &fields[i][6].size);
    }
  for (guint32 i = 1; i <= 6; i++)
    {
      const MhPbField *field = &fields[change[i - 1] == 'o'][i];
      g_autofree guint8 *copy = g_malloc0 (field->size + 1);
      gsize size = field->size;

      memcpy (copy, field->bytes, size);
      if (change[i - 1] == 'x')
        copy[size / 2] ^= 1;
      size += change[i - 1] == 'l' ? 1 : 0;
      size -= change[i - 1] == 's' ? 1 : 0;
      if (change[i - 1] == 'n')
        mh_pb_put_uint (message, i, 5);
      else if (change[i - 1] != '-')
        mh_pb_put_bytes (message, i, copy, size);
      if (change[i - 1] == '2')
        mh_pb_put_bytes (message, i, copy, size);
      if (change[i - 1] == 'u')
        mh_pb_put_text (message, 15, "more");
    }
  mh_pb_put_message (rpc, 2, message);

  return g_byte_array_free_to_bytes (rpc);
}

static void
test_odd_messages (void)
{
  static const Odd rows[] = {
    { "as it should be", ".....-", TRUE },
    { "with its key", "......", TRUE },
    { "with something that we do not know", "..u..-", TRUE },
    { "no author", "-....-", FALSE },
    { "no author, but a key", "-.....", FALSE },
    { "an author that is none", "s....-", FALSE },
    { "an author that is too long", "l....-", FALSE },
    { "an author that is somebody else", "o....-", FALSE },
    { "an author that is somebody else, with their key", "o....o", FALSE },
    { "an author whose key is not in its name", "x....-", FALSE },
    { "two authors", "2....-", FALSE },
    { "no number", "..-..-", FALSE },
    { "a short number", "..s..-", FALSE },
    { "a long number", "..l..-", FALSE },
    { "another number", "..x..-", FALSE },
    { "a number that is a number", "..n..-", FALSE },
    { "two numbers", "..2..-", FALSE },
    { "no signature", "....--", FALSE },
    { "a short signature", "....s-", FALSE },
    { "a long signature", "....l-", FALSE },
    { "another signature", "....x-", FALSE },
    { "a signature of another message", "....o-", FALSE },
    { "two signatures", "....2-", FALSE },
    { "another key", ".....o", FALSE },
    { "a broken key", ".....s", FALSE },
    { "two keys", ".....2", FALSE },
    { "other words", ".x...-", FALSE },
    { "no words", ".-...-", FALSE },
    { "more words", ".l...-", FALSE },
    { "words twice", ".2...-", FALSE },
    { "a number for words", ".n...-", FALSE },
    { "the topic twice", "...2.-", FALSE },
  };

  g_test_summary ("messages that are not signed as they should be are refused and cost");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Kit) kit = kit_new (NULL);
      g_autoptr (GBytes) rpc = write_odd (kit, rows[i].change);

      g_test_message ("%s", rows[i].name);
      kit_play (kit, (const char *const[]){ "join t", "add C in", "add D in", "D: +t | graft t",
                                            "~", NULL });
      g_assert_true (kit_feed (kit, 'C', rpc));
      kit_step (kit, rows[i].is_good ? "= D: msg t A5 words" : "=");
      kit_step (kit, rows[i].is_good ? "! t A5 words" : "!");
      g_assert_cmpuint (mh_gossipsub_counters (kit->gossip).invalid, ==, !rows[i].is_good);
      if (rows[i].is_good)
        g_assert_cmpfloat (kit_score (kit, 'C'), >, 0);
      else
        g_assert_cmpfloat (kit_score (kit, 'C'), <=, -10);
      /* what was refused does not keep the true one out */
      kit_step (kit, "D: msg t A5 words");
      kit_step (kit, rows[i].is_good ? "!" : "! t A5 words");
    }
}

static void
test_no_topic (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GBytes) none = write_odd (kit, "...-.-");
  g_autoptr (GBytes) other = write_odd (kit, "...x.-");
  MhGossipsubConfig config;
  g_autoptr (Kit) strict = NULL;

  g_test_summary ("a message without a topic is an offence, one of another topic is nothing");
  mh_gossipsub_config_init (&config);
  config.scoring.behaviour_most = 0;
  strict = kit_new (&config);
  kit_play (strict, (const char *const[]){ "join t", "add C in", NULL });
  g_assert_true (kit_feed (strict, 'C', other));
  g_assert_cmpfloat (kit_score (strict, 'C'), ==, 0);
  g_assert_cmpuint (mh_gossipsub_counters (strict->gossip).ignored, ==, 1);
  g_assert_true (kit_feed (strict, 'C', none));
  g_assert_cmpfloat (kit_score (strict, 'C'), ==, -10);
}

static void
test_malformed (void)
{
  static const char *const bad[] = {
    "0a",           /* a length is missing */
    "0a05080112",   /* shorter than it says */
    "0802",         /* subscriptions that are a number */
    "1001",         /* messages that are */
    "1801",         /* control that is */
    "0b0c",         /* groups */
    "0a021801ff",   /* rubbish behind */
    "0a020a00",     /* a flag that is bytes */
    "0a021001",     /* a topic that is a number */
    "1202120a",     /* a message that ends too early */
    "1a020801",     /* IHAVE that is a number */
    "1a040a020801", /* its topic */
    "1a040a021001", /* its ids */
    "1a0412020801", /* ids of IWANT */
    "1a041a020801", /* topic of GRAFT */
    "1a0422021a00", /* back-off that is bytes */
    "1a0422021001", /* peers that are numbers */
    "1a06220412020801",
    "1a042a020801", /* ids of IDONTWANT */
    "1a042a020a05", /* an id that ends too early */
  };
  static const char *const good[] = {
    "", "7a03010203", /* fields that we do not know */
    "1a007a00",       /* nothing in it */
  };

  g_test_summary ("what is no RPC is an error, of which nothing was used");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (Kit) kit = kit_new (NULL);
      g_autofree char *after = g_strconcat ("0a050801120174", bad[i], NULL);
      g_autoptr (GBytes) rpc = from_hex (bad[i]);
      g_autoptr (GBytes) longer = from_hex (after);

      g_test_message ("%s", bad[i]);
      kit_play (kit, (const char *const[]){ "join t", "add A in", "~", NULL });
      g_assert_false (kit_feed (kit, 'A', rpc));
      g_assert_false (kit_feed (kit, 'A', longer));
      kit_step (kit, "=");
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (Kit) kit = kit_new (NULL);

      kit_step (kit, "add A in");
      feed_hex (kit, 'A', good[i]);
    }
}

static void
test_stranger (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GBytes) rubbish = from_hex ("0a");

  g_test_summary ("who was not added is not listened to");
  g_assert_true (kit_feed (kit, 'A', rubbish));
  kit_step (kit, "=");
}

static void
test_cuts (void)
{
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (Kit) kit = kit_new (NULL);

  g_test_summary ("an RPC that is cut or changed anywhere does no harm");
  kit_play (kit,
            (const char *const[]){ "join t", "add A in", "add B in", "B: +t | graft t", NULL });
  whole = kit_rpc (kit, "+t | -s | msg t A5 words | ihave t A6,A7 | iwant A5 | graft t"
                        " | prune t 60 C,D | dont A9");
  for (guint i = 0; i < 20000; i++)
    {
      gsize size = g_bytes_get_size (whole);
      g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (whole, NULL), size);
      g_autoptr (GError) error = NULL;

      if (i < size)
        size = i;
      else
        copy[g_rand_int_range (rand, 0, (gint32) size)] ^= 1 << g_rand_int_range (rand, 0, 8);
      if (!mh_gossipsub_feed (kit->gossip, &kit->ids[0], copy, size, 5, &error))
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
      if (i % 100 == 0)
        kit_step (kit, "~");
    }
}

/* Returns: (transfer full): an RPC with an IHAVE, or IWANT, of one id, which is the head and a
 * number */
static GBytes *
control_of (guint kind, GBytes *head)
{
  static const guint8 seqno[8] = { 0, 0, 0, 0, 0, 0, 0, 5 };
  g_autoptr (GByteArray) id = g_byte_array_new ();
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) control = g_byte_array_new ();
  GByteArray *rpc = g_byte_array_new ();

  g_byte_array_append (id, g_bytes_get_data (head, NULL), (guint) g_bytes_get_size (head));
  g_byte_array_append (id, seqno, sizeof seqno);
  if (kind == 1)
    mh_pb_put_text (body, 1, "vaults");
  mh_pb_put_bytes (body, kind == 1 ? 2 : 1, id->data, id->len);
  mh_pb_put_message (control, kind, body);
  mh_pb_put_message (rpc, 3, control);

  return g_byte_array_free_to_bytes (rpc);
}

static void
test_long_keys (void)
{
  g_autoptr (Kit) kit = kit_new (NULL);
  g_autoptr (GByteArray) key = g_byte_array_new ();
  guint8 modulus[294];
  g_autoptr (GBytes) by_key = NULL;
  g_autoptr (GBytes) by_peer = NULL;
  g_autoptr (GBytes) told = NULL;
  g_autoptr (GBytes) wanted = NULL;
  g_autoptr (GBytes) told_again = NULL;
  g_autoptr (GBytes) wanted_again = NULL;
  MhPeerId peer;

  g_test_summary ("messages whose authors have long keys are asked for as they were told of");
  memset (modulus, 7, sizeof modulus);
  mh_pb_put_uint (key, 1, 0); /* RSA */
  mh_pb_put_bytes (key, 2, modulus, sizeof modulus);
  by_key = g_bytes_new (key->data, key->len);
  peer = mh_peer_id_from_public_key (key->data, key->len);
  by_peer = g_bytes_new (peer.bytes, peer.size);
  told = control_of (1, by_key);
  wanted = control_of (2, by_key);
  told_again = control_of (1, by_peer);
  wanted_again = control_of (2, by_peer);

  kit_play (
      kit, (const char *const[]){ "join vaults", "add A in", "add B in", "B: +vaults", "~", NULL });
  g_assert_true (kit_feed (kit, 'A', told));
  g_assert_true (g_bytes_equal (g_ptr_array_index (kit->rpcs, kit->rpcs->len - 1), wanted));
  g_assert_true (kit_feed (kit, 'B', told_again));
  g_assert_true (g_bytes_equal (g_ptr_array_index (kit->rpcs, kit->rpcs->len - 1), wanted_again));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/gossipsub-wire/from-js", test_from_js);
  g_test_add_func ("/p2p/gossipsub-wire/to-js", test_to_js);
  g_test_add_func ("/p2p/gossipsub-wire/odd-messages", test_odd_messages);
  g_test_add_func ("/p2p/gossipsub-wire/no-topic", test_no_topic);
  g_test_add_func ("/p2p/gossipsub-wire/malformed", test_malformed);
  g_test_add_func ("/p2p/gossipsub-wire/stranger", test_stranger);
  g_test_add_func ("/p2p/gossipsub-wire/cuts", test_cuts);
  g_test_add_func ("/p2p/gossipsub-wire/long-keys", test_long_keys);

  return g_test_run ();
}
