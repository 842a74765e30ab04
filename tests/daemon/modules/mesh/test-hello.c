/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "hello.h"

static MhSigner *
new_signer (void)
{
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);

  return mh_signer_new (seed);
}

static void
set_text (char **slot, const char *text)
{
  g_free (*slot);
  *slot = g_strdup (text);
}

/* Returns: (transfer full): a record with something in every field */
static MhHello *
full_hello (void)
{
  static const char *const caps[] = { "relay", "store", NULL };
  MhHello *hello = mh_hello_new ();
  MhHelloVault vault = { "abc234", 12345 };
  MhHelloLink link = { .rtt_us = 1500, .is_relayed = TRUE };
  g_autoptr (MhSigner) other = new_signer ();

  hello->seq = 7;
  set_text (&hello->name, "Küche");
  set_text (&hello->country, "DE");
  set_text (&hello->version, "1.2.3");
  set_text (&hello->system, "Linux/x86_64");
  g_strfreev (hello->caps);
  hello->caps = g_strdupv ((char **) caps);
  hello->flags = MH_HELLO_RELIABLE | MH_HELLO_RELAY;
  g_ptr_array_add (hello->addresses, mh_multiaddr_new ("/ip4/10.0.0.1/tcp/7777", NULL));
  hello->free_bytes = 1000;
  hello->total_bytes = 2000;
  g_array_append_val (hello->vaults, vault);
  link.peer = mh_peer_id_from_ed25519 (mh_signer_public_key (other));
  g_array_append_val (hello->links, link);
  hello->uptime_s = 99;

  return hello;
}

static void
test_round (void)
{
  g_autoptr (MhSigner) signer = new_signer ();
  MhPeerId peer = mh_peer_id_from_ed25519 (mh_signer_public_key (signer));
  g_autoptr (MhHello) hello = full_hello ();
  g_autoptr (GBytes) record = mh_hello_seal (hello, signer);
  g_autoptr (MhHello) back = mh_hello_open (record);

  g_assert_nonnull (back);
  g_assert_true (mh_peer_id_equal (&back->peer, &peer));
  g_assert_cmpuint (back->seq, ==, 7);
  g_assert_cmpstr (back->name, ==, "Küche");
  g_assert_cmpstr (back->country, ==, "DE");
  g_assert_cmpstr (back->version, ==, "1.2.3");
  g_assert_cmpstr (back->system, ==, "Linux/x86_64");
  g_assert_cmpstr (back->caps[1], ==, "store");
  g_assert_cmpint (back->flags, ==, MH_HELLO_RELIABLE | MH_HELLO_RELAY);
  g_assert_true (mh_multiaddr_equal (back->addresses->pdata[0], hello->addresses->pdata[0]));
  g_assert_cmpuint (back->free_bytes, ==, 1000);
  g_assert_cmpuint (back->total_bytes, ==, 2000);
  g_assert_cmpstr (g_array_index (back->vaults, MhHelloVault, 0).id, ==, "abc234");
  g_assert_cmpuint (g_array_index (back->vaults, MhHelloVault, 0).bytes, ==, 12345);
  g_assert_cmpuint (g_array_index (back->links, MhHelloLink, 0).rtt_us, ==, 1500);
  g_assert_true (g_array_index (back->links, MhHelloLink, 0).is_relayed);
  g_assert_cmpuint (back->uptime_s, ==, 99);
}

/* Not one bit of a record can be another. */
static void
test_every_bit (void)
{
  g_autoptr (MhSigner) signer = new_signer ();
  g_autoptr (MhHello) hello = full_hello ();
  g_autoptr (GBytes) record = mh_hello_seal (hello, signer);
  gsize size;
  const guint8 *data = g_bytes_get_data (record, &size);

  for (gsize bit = 0; bit < size * 8; bit++)
    {
      guint8 *copy = g_memdup2 (data, size);
      g_autoptr (GBytes) damaged = NULL;
      g_autoptr (MhHello) back = NULL;

      copy[bit / 8] ^= (guint8) (1 << bit % 8);
      damaged = g_bytes_new_take (copy, size);
      back = mh_hello_open (damaged);
      g_assert_null (back);
    }
  for (gsize length = 0; length < size; length++)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, length);
      g_autoptr (MhHello) back = mh_hello_open (part);

      g_assert_null (back);
    }
}

/* What is too much is left out when it is written, so that others take the record. */
static void
test_limits (void)
{
  g_autoptr (MhSigner) signer = new_signer ();
  g_autoptr (MhHello) hello = full_hello ();
  g_autofree char *name = g_strnfill (MH_HELLO_MAX_NAME - 1, 'n');
  g_autofree char *longer = g_strconcat (name, "ü", NULL);
  g_autoptr (GBytes) record = NULL;
  g_autoptr (MhHello) back = NULL;
  MhHelloLink link = g_array_index (hello->links, MhHelloLink, 0);
  MhHelloVault vault = g_array_index (hello->vaults, MhHelloVault, 0);

  set_text (&hello->name, longer);
  for (guint i = 0; i < 1000; i++)
    {
      g_array_append_val (hello->links, link);
      g_array_append_val (hello->vaults, vault);
      g_ptr_array_add (hello->addresses, mh_multiaddr_new ("/ip4/10.0.0.1/tcp/7777", NULL));
    }
  record = mh_hello_seal (hello, signer);
  g_assert_cmpuint (g_bytes_get_size (record), <=, MH_HELLO_MAX);
  back = mh_hello_open (record);
  g_assert_nonnull (back);
  g_assert_cmpstr (back->name, ==, name); /* cut before the character that does not fit */
  g_assert_cmpuint (back->links->len, ==, MH_HELLO_MAX_LINKS);
  g_assert_cmpuint (back->vaults->len, ==, MH_HELLO_MAX_VAULTS);
  g_assert_cmpuint (back->addresses->len, ==, MH_HELLO_MAX_ADDRESSES);
}

/* Signed rubbish is refused, too: each of these would be shown to people or kept. */
static void
test_bad_content (void)
{
  g_autoptr (MhSigner) signer = new_signer ();
  static const char *const names[] = { "a\nb", "\x80", "a\x01" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (MhHello) hello = full_hello ();
      g_autoptr (GBytes) record = NULL;
      g_autoptr (MhHello) back = NULL;

      set_text (&hello->name, names[i]);
      record = mh_hello_seal (hello, signer);
      back = mh_hello_open (record);
      g_assert_null (back);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (MhHello) hello = full_hello ();
      g_autoptr (GBytes) record = NULL;
      g_autoptr (MhHello) back = NULL;

      if (i == 0)
        strcpy (g_array_index (hello->vaults, MhHelloVault, 0).id, "../x");
      else
        hello->seq = 0;
      record = mh_hello_seal (hello, signer);
      back = mh_hello_open (record);
      g_assert_null (back);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/hello/there-and-back", test_round);
  g_test_add_func ("/hello/every-bit-counts", test_every_bit);
  g_test_add_func ("/hello/limits", test_limits);
  g_test_add_func ("/hello/bad-content", test_bad_content);

  return g_test_run ();
}
