/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"

/*
 * The linker puts these in place of the system's (-Wl,--wrap). They count down to a failure: 1 is
 * the next call, 0 none.
 */
static int sync_fails_in;
static int write_fails_in;
static int write_errno;

int __real_fdatasync (int fd);
int __wrap_fdatasync (int fd);
ssize_t __real_pwritev64 (int fd, const struct iovec *vectors, int count, off_t offset);
ssize_t __wrap_pwritev64 (int fd, const struct iovec *vectors, int count, off_t offset);

static gboolean
counted_down (int *counter)
{
  return g_atomic_int_get (counter) > 0 && g_atomic_int_dec_and_test (counter);
}

int
__wrap_fdatasync (int fd)
{
  if (!counted_down (&sync_fails_in))
    return __real_fdatasync (fd);

  errno = EIO;

  return -1;
}

ssize_t
__wrap_pwritev64 (int fd, const struct iovec *vectors, int count, off_t offset)
{
  struct iovec half = vectors[0];

  if (!counted_down (&write_fails_in))
    return __real_pwritev64 (fd, vectors, count, offset);

  /* Some of it gets to the disk all the same. */
  half.iov_len /= 2;
  g_assert_cmpint (__real_pwritev64 (fd, &half, 1, offset), >=, 0);
  errno = g_atomic_int_get (&write_errno);

  return -1;
}

static void
assert_put_fails (Bench *bench, const char *path, GBytes *content, MhError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = bench_try_put (bench, "vault", path, content, &error);

  g_assert_null (file);
  g_assert_error (error, MH_ERROR, (gint) code);
  bench_assert_no_file (bench, path);
}

static void
assert_survives (Bench *bench, GBytes *content)
{
  g_autoptr (GError) error = NULL;

  for (guint round = 0; round < 3; round++)
    {
      bench_assert_file (bench, "/before", content);
      bench_assert_no_file (bench, "/failed");
      if (round > 0)
        bench_assert_file (bench, "/after", content);
      else
        mh_file_free (bench_put (bench, "/after", content));
      bench_close (bench);
      if (round == 1)
        bench_remove_index (bench);
      bench_open (bench, &error);
      g_assert_no_error (error);
    }
}

static void
test_sync (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 3000000);
  g_autoptr (GBytes) other = bench_random (2, 3000000);
  g_autofree char *fault = NULL;

  g_test_summary ("a failed sync fails its uploads for good, and the store goes on elsewhere");
  mh_file_free (bench_put (bench, "/before", content));
  g_atomic_int_set (&sync_fails_in, 1);
  assert_put_fails (bench, "/failed", other, MH_ERROR_FAILED);
  g_assert_cmpint (g_atomic_int_get (&sync_fails_in), ==, 0);
  fault = mh_store_fault (bench->store);
  g_assert_nonnull (strstr (fault, "durable"));
  assert_survives (bench, content);
}

static void
test_write (gconstpointer data)
{
  int call = GPOINTER_TO_INT (data);
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 3000000);
  g_autoptr (GBytes) other = bench_random (2, 3000000);

  g_test_summary ("a write that fails half way leaves no trace, whichever it is");
  mh_file_free (bench_put (bench, "/before", content));
  g_atomic_int_set (&write_errno, ENOSPC);
  g_atomic_int_set (&write_fails_in, call);
  assert_put_fails (bench, "/failed", other, MH_ERROR_NO_SPACE);
  g_assert_cmpint (g_atomic_int_get (&write_fails_in), ==, 0);
  g_atomic_int_set (&write_errno, EIO);
  g_atomic_int_set (&write_fails_in, call);
  assert_put_fails (bench, "/failed", other, MH_ERROR_FAILED);
  g_assert_cmpint (g_atomic_int_get (&write_fails_in), ==, 0);
  assert_survives (bench, content);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/faults/sync", test_sync);
  g_test_add_data_func ("/store/faults/write-first-block", GINT_TO_POINTER (1), test_write);
  g_test_add_data_func ("/store/faults/write-second-block", GINT_TO_POINTER (2), test_write);
  g_test_add_data_func ("/store/faults/write-version", GINT_TO_POINTER (4), test_write);

  return g_test_run ();
}
