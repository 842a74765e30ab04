/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "http/content.h"

static void
test_select (void)
{
  static const struct
  {
    guint64 size;
    MhConditions conditions;
    MhSelection expected;
  } rows[] = {
    { 100, { NULL }, { 200, 0, 100 } },
    { 100, { "bytes=0-0" }, { 206, 0, 1 } },
    { 100, { "bytes=0-1023" }, { 206, 0, 100 } },
    { 100, { "bytes=99-" }, { 206, 99, 100 } },
    { 100, { "bytes=100-" }, { 416, 0, 0 } },
    { 100, { "bytes=-1" }, { 206, 99, 100 } },
    { 100, { "bytes=-1000" }, { 206, 0, 100 } },
    { 100, { "bytes=-0" }, { 416, 0, 0 } },
    { 100, { "bytes=5-4" }, { 200, 0, 100 } },
    { 100, { "bytes=a-b" }, { 200, 0, 100 } },
    { 100, { "bytes=-" }, { 200, 0, 100 } },
    { 100, { "bytes=0-1,5-6" }, { 200, 0, 100 } },
    { 100, { "lines=0-1" }, { 200, 0, 100 } },
    { 100, { "bytes=18446744073709551615-" }, { 416, 0, 0 } },
    { 100, { "bytes=99999999999999999999999-" }, { 416, 0, 0 } },
    { 100, { "bytes=7-99999999999999999999999" }, { 206, 7, 100 } },
    { 100, { "bytes=-99999999999999999999999" }, { 206, 0, 100 } },
    { 100, { "bytes=+1-2" }, { 200, 0, 100 } },
    { 100, { "bytes=1--2" }, { 200, 0, 100 } },
    { 100, { "bytes=0x1-0x2" }, { 200, 0, 100 } },
    { 100, { "bytes=0-18446744073709551614" }, { 206, 0, 100 } },
    { 0, { "bytes=0-" }, { 416, 0, 0 } },
    { 0, { NULL }, { 200, 0, 0 } },
    { 100, { "bytes=1-2", "\"tag\"" }, { 206, 1, 3 } },
    { 100, { "bytes=1-2", "\"old\"" }, { 200, 0, 100 } },
    { 100, { "bytes=1-2", "W/\"tag\"" }, { 200, 0, 100 } },
    { 100, { "bytes=1-2", "Mon, 23 Nov 2026 10:00:00 GMT" }, { 200, 0, 100 } },
    { 100, { NULL, NULL, NULL, "\"tag\"" }, { 304, 0, 0 } },
    { 100, { NULL, NULL, NULL, "\"x\", W/\"tag\"" }, { 304, 0, 0 } },
    { 100, { NULL, NULL, NULL, "*" }, { 304, 0, 0 } },
    { 100, { NULL, NULL, "\"x\"" }, { 412, 0, 0 } },
    { 100, { NULL, NULL, "\"tag\"" }, { 200, 0, 100 } },
    { 100, { NULL, NULL, "W/\"tag\"" }, { 412, 0, 0 } },
    { 100, { NULL, NULL, "W/\"tag\", \"tag\"" }, { 200, 0, 100 } },
    { 100, { NULL, NULL, "*" }, { 200, 0, 100 } },
    { MH_CONTENT_UNKNOWN_SIZE, { "bytes=0-1" }, { 200, 0, MH_CONTENT_UNKNOWN_SIZE } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      MhContent content = { .size = rows[i].size, .etag = (char *) "tag" };
      MhSelection got = mh_content_select (&content, &rows[i].conditions);

      g_test_message ("row %u", i);
      g_assert_cmpuint (got.status, ==, rows[i].expected.status);
      g_assert_cmpuint (got.start, ==, rows[i].expected.start);
      g_assert_cmpuint (got.end, ==, rows[i].expected.end);
    }
}

static void
test_disposition (void)
{
  g_autofree char *plain = mh_content_disposition (TRUE, "a b.txt");
  g_autofree char *odd = mh_content_disposition (FALSE, "ü\"\\\r\n%.txt");
  g_autofree char *none = mh_content_disposition (TRUE, NULL);

  g_assert_cmpstr (plain, ==, "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt");
  g_assert_cmpstr (odd, ==,
                   "inline; filename=\"_______.txt\"; filename*=UTF-8''%C3%BC%22%5C%0D%0A%25.txt");
  g_assert_cmpstr (none, ==, "attachment");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/content/select", test_select);
  g_test_add_func ("/http/content/disposition", test_disposition);

  return g_test_run ();
}
