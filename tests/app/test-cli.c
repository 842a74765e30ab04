/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "cli/api.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "cli/rate.h"

static void
test_place (void)
{
  static const struct
  {
    const char *text;
    const char *vault;
    const char *path;
  } cases[] = {
    { "photos", "photos", "/" },
    { "photos:", "photos", "/" },
    { "photos:/", "photos", "/" },
    { "photos:/a/b.jpg", "photos", "/a/b.jpg" },
    { "photos:a/b.jpg", "photos", "/a/b.jpg" },
    { "photos:/a:/b", "photos", "/a:/b" },
    { "two: parts:/a", "two: parts", "/a" },
    { "a:b:", "a:b", "/" },
    { "a:b", "a", "/b" },
    { "grün:/ü %2F 😀", "grün", "/ü %2F 😀" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *vault = NULL;
      g_autofree char *path = NULL;

      mh_cli_place_split (cases[i].text, &vault, &path);
      g_assert_cmpstr (vault, ==, cases[i].vault);
      g_assert_cmpstr (path, ==, cases[i].path);
    }
}

static void
test_tail (void)
{
  static const struct
  {
    const char *path;
    const char *tail;
  } cases[] = {
    { "/", "/" },
    { "/a b/c", "/a%20b/c" },
    { "/a%2Fb", "/a%252Fb" },
    { "/ü?#&+;", "/%C3%BC%3F%23%26%2B%3B" },
    { "/~._-", "/~._-" },
    { "/a//b/", "/a//b/" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *tail = mh_cli_api_tail (cases[i].path);

      g_assert_cmpstr (tail, ==, cases[i].tail);
    }
}

static void
test_clean (void)
{
  g_autofree char *clean = mh_cli_clean ("a\033[31mb\nc\xff ü😀");

  g_test_summary ("a file name cannot speak to the terminal");
  g_assert_cmpstr (clean, ==, "a�[31mb�c� ü😀");
}

static void
test_rate (void)
{
  MhCliRate rate = { 0 };

  g_test_summary ("a steady speed is shown as it is, soon, and a change within seconds");
  g_assert_cmpint (mh_cli_rate_left_s (&rate, 100), ==, -1);
  mh_cli_rate_update (&rate, 0, 1000);
  for (guint i = 1; i <= 10; i++)
    mh_cli_rate_update (&rate, i * 200000, 1000 + i * 200);
  g_assert_cmpfloat_with_epsilon (rate.bytes_per_s, 1000000.0, 1.0);
  g_assert_cmpint (mh_cli_rate_left_s (&rate, 9500000), ==, 10);
  g_assert_cmpint (mh_cli_rate_left_s (&rate, 0), ==, 0);

  for (guint i = 1; i <= 100; i++)
    mh_cli_rate_update (&rate, 2000000 + i * 20000, 3000 + i * 200);
  g_assert_cmpfloat (rate.bytes_per_s, <, 130000.0);
  g_assert_cmpfloat (rate.bytes_per_s, >, 100000.0);
}

static void
test_line (void)
{
  MhCliRate rate = { 1, 2, 3, 0.0 };
  g_autofree char *half = mh_cli_rate_line (&rate, 50, 100, "ab", 80);
  g_autofree char *cut = mh_cli_rate_line (&rate, 50, 100, "äöü-a-very-long-name-at-the-end", 64);
  g_autofree char *narrow = mh_cli_rate_line (&rate, 50, 100, "name", 10);
  g_autofree char *unknown = mh_cli_rate_line (&rate, 50, 0, "name", 60);

  g_assert_true (g_str_has_prefix (half, "[##########..........]  50%"));
  g_assert_nonnull (strstr (half, "--:--"));
  g_assert_true (g_str_has_suffix (half, "  ab"));
  g_assert_cmpint (g_utf8_strlen (cut, -1), <=, 64);
  g_assert_true (g_str_has_suffix (cut, "end"));
  g_assert_cmpint (g_utf8_strlen (narrow, -1), ==, 10);
  g_assert_null (strchr (unknown, '%'));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_add_func ("/cli/place", test_place);
  g_test_add_func ("/cli/tail", test_tail);
  g_test_add_func ("/cli/clean", test_clean);
  g_test_add_func ("/cli/rate", test_rate);
  g_test_add_func ("/cli/line", test_line);

  return g_test_run ();
}
