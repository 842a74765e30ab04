/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <sodium.h>
#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/pnet/pnet.h"
#include "net/p2p/pnet/swarm-key.h"

#define SIZE 100000

static void
test_stream (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree guint8 *plain = g_malloc (SIZE);
  g_autofree guint8 *sealed = g_malloc (SIZE);
  g_autofree guint8 *expected = g_malloc (SIZE);

  g_test_summary ("the stream is libsodium's XSalsa20 after the nonce, however it is cut");
  for (gsize i = 0; i < SIZE; i++)
    plain[i] = (guint8) g_rand_int (rand);
  for (guint round = 0; round < 20; round++)
    {
      g_auto (MhBuf) wire = { 0 };
      g_auto (MhBuf) unused = { 0 };
      g_autoptr (MhPnet) one = mh_pnet_new (key, &wire);
      g_autoptr (MhPnet) two = mh_pnet_new (key, &unused);
      g_auto (MhBuf) got = { 0 };
      int most = g_rand_int_range (rand, 1, round % 2 == 0 ? 100 : 20000);

      g_assert_cmpuint (mh_buf_size (&wire), ==, MH_PNET_NONCE_SIZE);
      memcpy (sealed, plain, SIZE);
      for (gsize at = 0; at < SIZE;)
        {
          gsize some = (gsize) g_rand_int_range (rand, 0, most + 1);

          some = MIN (some, SIZE - at);
          mh_pnet_seal (one, sealed + at, some);
          at += some;
        }
      crypto_stream_xsalsa20_xor (expected, plain, SIZE, mh_buf_peek (&wire), mh_secret_peek (key));
      g_assert_cmpmem (sealed, SIZE, expected, SIZE);

      mh_buf_append (&wire, sealed, SIZE);
      while (mh_buf_size (&wire) > 0)
        {
          gsize some = (gsize) g_rand_int_range (rand, 1, most + 1);
          gsize nonce;

          some = MIN (some, mh_buf_size (&wire));
          nonce = mh_pnet_open (two, mh_buf_peek (&wire), some);
          mh_buf_append (&got, mh_buf_peek (&wire) + nonce, some - nonce);
          mh_buf_consume (&wire, some);
        }
      g_assert_cmpmem (mh_buf_peek (&got), mh_buf_size (&got), plain, SIZE);
    }
}

static void
test_swarm_key (void)
{
#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
  static const char *const good[] = {
    "/key/swarm/psk/1.0.0/\n/base16/\n" HEX "\n",
    "/key/swarm/psk/1.0.0/\n/base16/\n" HEX,
    "/key/swarm/psk/1.0.0/\r\n/base16/\r\n" HEX "\r\n",
    " /key/swarm/psk/1.0.0/ \n/base16/\n" HEX "\n\n",
    "/key/swarm/psk/1.0.0/\n/base64/\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
  };
  static const char *const bad[] = {
    "",
    "/key/swarm/psk/1.0.0/",
    "/key/swarm/psk/2.0.0/\n/base16/\n" HEX,
    HEX,
    "/key/swarm/psk/1.0.0/\n/base16/\n" HEX "00",
    "/key/swarm/psk/1.0.0/\n/base16/\n",
    "/key/swarm/psk/1.0.0/\n/base32/\n" HEX,
    "/key/swarm/psk/1.0.0/\n/base64/\nAAEC\n",
  };
  g_autofree char *fingerprint = NULL;

  g_test_summary ("key files as other libp2p programs write them, and none that is not one");
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MhSecret) key = mh_swarm_key_parse (good[i], strlen (good[i]), &error);
      g_autoptr (MhSecret) text = NULL;

      g_assert_no_error (error);
      text = mh_swarm_key_to_text (key);
      g_assert_cmpmem (mh_secret_peek (text), mh_secret_size (text), good[1], strlen (good[1]));
      g_assert_cmpuint (mh_secret_size (text), ==, 95);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (mh_swarm_key_parse (bad[i], strlen (bad[i]), &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
      g_assert_null (strstr (error->message, "0102"));
    }
  {
    g_autoptr (MhSecret) key = mh_swarm_key_parse (good[0], strlen (good[0]), NULL);

    fingerprint = mh_swarm_key_fingerprint (key);
    g_assert_cmpstr (fingerprint, ==, "630dcd2966c43366");
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/pnet/stream", test_stream);
  g_test_add_func ("/p2p/pnet/swarm-key", test_swarm_key);

  return g_test_run ();
}
