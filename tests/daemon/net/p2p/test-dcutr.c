/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/dcutr/message.h"

/* Two peers that meet are tests/p2p/nat.py: that takes routers. */

/* /ip4/1.2.3.4/tcp/4001 */
#define IP "\x04\x01\x02\x03\x04\x06\x0f\xa1"

static const struct
{
  const char *name;
  const char *bytes;
  gsize size;
  gboolean is_good;
  guint type;
  guint addresses;
} rows[] = {
  { "nothing", "", 0, FALSE, 0, 0 },
  { "connect without addresses", "\x08\x64", 2, TRUE, MH_DCUTR_CONNECT, 0 },
  { "connect with an address", "\x08\x64\x12\x08" IP, 12, TRUE, MH_DCUTR_CONNECT, 1 },
  { "the type behind the address", "\x12\x08" IP "\x08\x64", 12, TRUE, MH_DCUTR_CONNECT, 1 },
  { "an address over a relay", "\x08\x64\x12\x0a" IP "\xa2\x02", 14, TRUE, MH_DCUTR_CONNECT, 0 },
  { "an address that is none", "\x08\x64\x12\x01x", 5, TRUE, MH_DCUTR_CONNECT, 0 },
  { "an address that is but a peer", "\x08\x64\x12\x06\xa5\x03\x03\x00\x01\x00", 10, TRUE,
    MH_DCUTR_CONNECT, 0 },
  { "sync", "\x08\xac\x02", 3, TRUE, MH_DCUTR_SYNC, 0 },
  { "another type", "\x08\x65", 2, FALSE, 0, 0 },
  { "no type", "\x12\x08" IP, 10, FALSE, 0, 0 },
  { "a length beyond the end", "\x08\x64\x12\x09" IP, 12, FALSE, 0, 0 },
  { "a field that nobody knows", "\x08\x64\x38\x07", 4, TRUE, MH_DCUTR_CONNECT, 0 },
};

static void
test_wire (void)
{
  g_test_summary ("what is a message, and what is none");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      MhDcutrType type = 0;
      g_autoptr (GPtrArray) read =
          mh_dcutr_message_decode ((const guint8 *) rows[i].bytes, rows[i].size, &type);

      g_test_message ("%s", rows[i].name);
      g_assert_cmpint (read != NULL, ==, rows[i].is_good);
      if (read == NULL)
        continue;
      g_assert_cmpuint (type, ==, rows[i].type);
      g_assert_cmpuint (read->len, ==, rows[i].addresses);
    }
}

static void
test_limits (void)
{
  g_autoptr (GPtrArray) many = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GByteArray) twice = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GPtrArray) read = NULL;
  g_autofree guint8 *large = g_malloc0 (MH_DCUTR_MAX_MESSAGE + 1);
  MhDcutrType type;

  g_test_summary ("no more addresses than the limit are written or read, and no longer message");
  for (guint i = 0; i <= MH_DCUTR_MAX_ADDRESSES; i++)
    g_ptr_array_add (many, mh_multiaddr_new_tcp ("1.2.3.4", (guint16) (i + 1)));
  bytes = mh_dcutr_message_encode (MH_DCUTR_CONNECT, many);
  for (guint i = 0; i < 2; i++)
    g_byte_array_append (twice, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  read = mh_dcutr_message_decode (twice->data, twice->len, &type);
  g_assert_cmpuint (read->len, ==, MH_DCUTR_MAX_ADDRESSES);
  for (guint i = 0; i < read->len; i++)
    g_assert_true (mh_multiaddr_equal (read->pdata[i], many->pdata[i]));
  memcpy (large, twice->data, twice->len);
  g_assert_null (mh_dcutr_message_decode (large, MH_DCUTR_MAX_MESSAGE + 1, &type));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/dcutr/wire", test_wire);
  g_test_add_func ("/p2p/dcutr/limits", test_limits);

  return g_test_run ();
}
