/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/error.h"
#include "bench.h"

#define MIB (1024 * 1024)

/* A file system of 64 MiB; %NULL, with the test skipped, where it cannot be mounted. */
static char *
mount_small (void)
{
  g_autofree char *path = g_dir_make_tmp ("mh-small-XXXXXX", NULL);

  if (mount ("tmpfs", path, "tmpfs", 0, "size=64m") == 0)
    return g_steal_pointer (&path);

  g_test_skip ("mounting a small file system needs root");
  g_assert_cmpint (g_rmdir (path), ==, 0);

  return NULL;
}

static void
unmount (char *path)
{
  g_assert_cmpint (umount (path), ==, 0);
  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_free (path);
}

static gboolean
try_put (Bench *bench, const char *path, GBytes *content)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = bench_try_put (bench, "vault", path, content, &error);

  if (file != NULL)
    return TRUE;

  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, "disk is full"));

  return FALSE;
}

static void
test_large_upload (void)
{
  g_autoptr (Bench) bench = NULL;
  g_autoptr (GBytes) kept = bench_random (1, 5 * MIB);
  g_autoptr (GBytes) huge = bench_random (2, 100 * MIB);
  g_autoptr (GBytes) next = bench_random (3, 30 * MIB);
  g_autoptr (GError) error = NULL;
  char *home = mount_small ();
  g_autofree char *sub = NULL;

  g_test_summary ("an upload that does not fit fails alone and leaves its space to the next one");
  if (home == NULL)
    return;

  sub = g_build_filename (home, "home", NULL);
  bench = bench_new_at (sub, 16 * MIB);
  mh_file_free (bench_put (bench, "/kept", kept));
  for (guint i = 0; i < 3; i++)
    {
      g_assert_false (try_put (bench, "/huge", huge));
      bench_assert_no_file (bench, "/huge");
      bench_assert_file (bench, "/kept", kept);
    }
  mh_file_free (bench_put (bench, "/next", next));
  bench_assert_file (bench, "/next", next);
  bench_reopen (bench);
  bench_assert_file (bench, "/kept", kept);
  bench_assert_file (bench, "/next", next);
  bench_assert_no_file (bench, "/huge");
  g_clear_pointer (&bench, bench_free);
  unmount (home);
}

static void
test_fill (void)
{
  g_autoptr (Bench) bench = NULL;
  g_autoptr (GError) error = NULL;
  char *home = mount_small ();
  g_autofree char *sub = NULL;
  guint count = 0;

  g_test_summary ("a disk filled up with small files keeps all of them, and can still delete");
  if (home == NULL)
    return;

  sub = g_build_filename (home, "home", NULL);
  bench = bench_new_at (sub, 16 * MIB);
  while (TRUE)
    {
      g_autofree char *path = g_strdup_printf ("/f/%u", count);
      g_autoptr (GBytes) content = bench_random (count, 150000);

      if (!try_put (bench, path, content))
        break;
      count++;
      g_assert_cmpuint (count, <, 600);
    }
  g_assert_cmpuint (count, >, 100);
  bench_reopen (bench);
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *path = g_strdup_printf ("/f/%u", i);
      g_autoptr (GBytes) content = bench_random (i, 150000);

      bench_assert_file (bench, path, content);
    }
  g_assert_true (mh_store_delete (bench->store, "vault", "/f/0", &error));
  g_assert_no_error (error);
  bench_assert_no_file (bench, "/f/0");
  g_clear_pointer (&bench, bench_free);
  unmount (home);
}

static void
test_min_free (void)
{
  g_autoptr (Bench) bench = NULL;
  g_autoptr (GBytes) content = bench_random (1, 20 * MIB);
  g_autoptr (GBytes) small = bench_random (2, 1000);
  g_autoptr (GError) error = NULL;
  g_autofree char *sub = NULL;
  g_autofree char *low = NULL;
  char *home = mount_small ();

  g_test_summary (
      "below min_free nothing comes in, but purging works, and then there is room again");
  if (home == NULL)
    return;

  sub = g_build_filename (home, "home", NULL);
  bench = bench_new_at (sub, 16 * MIB);
  mh_file_free (bench_put (bench, "/f", content));
  g_assert_null (mh_store_check_space (bench->store));
  bench_close (bench);
  bench->min_free = 50 * MIB;
  g_assert_true (bench_open (bench, &error));
  low = mh_store_check_space (bench->store);
  g_assert_nonnull (strstr (low, "50.0"));
  g_assert_false (try_put (bench, "/small", small));
  bench_assert_file (bench, "/f", content);
  g_assert_true (mh_store_delete (bench->store, "vault", "/f", &error));
  g_assert_no_error (error);
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
  g_assert_no_error (error);
  bench_maintain (bench);
  g_assert_null (mh_store_check_space (bench->store));
  g_assert_true (try_put (bench, "/small", small));
  g_clear_pointer (&bench, bench_free);
  unmount (home);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/space/large-upload", test_large_upload);
  g_test_add_func ("/store/space/fill", test_fill);
  g_test_add_func ("/store/space/min-free", test_min_free);

  return g_test_run ();
}
