/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/encoding.h"

#include <string.h>

static void
test_hex (void)
{
  guint8 out[3] = { 0 };
  g_autofree char *text = mh_hex_encode ((const guint8 *) "\x00\x7f\xff", 3);

  g_assert_cmpstr (text, ==, "007fff");
  g_assert_true (mh_hex_decode ("00Ff7f", out, 3));
  g_assert_cmpmem (out, 3, "\x00\xff\x7f", 3);
  g_assert_false (mh_hex_decode ("00ff7", out, 3));
  g_assert_false (mh_hex_decode ("00ff7g", out, 3));
  g_assert_false (mh_hex_decode ("00ff7f00", out, 3));
  g_assert_false (mh_hex_decode (NULL, out, 3));
}

static void
test_base32 (void)
{
  /* RFC 4648 §10, in lower case and without padding */
  static const char *const rows[][2] = {
    { "", "" },         { "f", "my" },         { "fo", "mzxq" },
    { "foo", "mzxw6" }, { "foob", "mzxw6yq" }, { "foobar", "mzxw6ytboi" }
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = mh_base32_encode ((const guint8 *) rows[i][0], strlen (rows[i][0]));

      g_assert_cmpstr (text, ==, rows[i][1]);
    }
}

static void
test_base58 (void)
{
  g_autofree char *hello = mh_base58_encode ((const guint8 *) "Hello World!", 12);
  g_autofree char *zeros = mh_base58_encode ((const guint8 *) "\x00\x00\x28\x7f\xb4\xcd", 6);
  g_autofree char *empty = mh_base58_encode ((const guint8 *) "", 0);

  /* draft-msporny-base58 §5 */
  g_assert_cmpstr (hello, ==, "2NEpo7TZRRrLZSi2U");
  g_assert_cmpstr (zeros, ==, "11233QC4");
  g_assert_cmpstr (empty, ==, "");
}

static void
test_percent (void)
{
  static const struct
  {
    const char *text;
    gboolean plus;
    const char *expected; /* NULL for refused */
  } rows[] = {
    { "a%20b", FALSE, "a b" }, { "a+b", FALSE, "a+b" },
    { "a+b", TRUE, "a b" },    { "%25%32%46", FALSE, "%2F" },
    { "a%2Fb", FALSE, "a/b" }, { "%c3%A4", FALSE, "ä" },
    { "", FALSE, "" },         { "%", FALSE, NULL },
    { "%4", FALSE, NULL },     { "%4g", FALSE, NULL },
    { "%00", FALSE, NULL },    { "%ff", FALSE, NULL },
    { "%c3", FALSE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *decoded = mh_percent_decode (rows[i].text, -1, rows[i].plus);

      g_assert_cmpstr (decoded, ==, rows[i].expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/encoding/hex", test_hex);
  g_test_add_func ("/base/encoding/base32", test_base32);
  g_test_add_func ("/base/encoding/base58", test_base58);
  g_test_add_func ("/base/encoding/percent", test_percent);

  return g_test_run ();
}
