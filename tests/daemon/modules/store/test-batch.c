/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "bench.h"

#define MIB (1024 * 1024)

static MhCopied *
try_copy (Bench *bench, const char *from, const char *to, MhExisting existing, GError **error)
{
  MhCopyNew request = { "vault", from, to, existing };

  return mh_store_copy (bench->store, &request, error);
}

/* Copies; fails the test on an error, and unless so many files were copied. */
static void
copy (Bench *bench, const char *from, const char *to, MhExisting existing, gint64 files)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhCopied) copied = try_copy (bench, from, to, existing, &error);

  g_assert_no_error (error);
  g_assert_cmpint (copied->copied, ==, files);
}

static void
refuse (Bench *bench, const char *from, const char *to, MhError code, const char *word)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_copy (bench, from, to, MH_EXISTING_REFUSE, &error));
  g_assert_error (error, MH_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, word));
}

static MhStoreTotals
totals (Bench *bench)
{
  MhStoreTotals sums;
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_totals (bench->store, "vault", &sums, &error));
  g_assert_no_error (error);

  return sums;
}

static MhBatch *
delete_many (Bench *bench, const char *const *paths)
{
  g_autoptr (GError) error = NULL;
  MhBatch *batch = mh_store_delete_many (bench->store, "vault", paths, &error);

  g_assert_no_error (error);

  return batch;
}

static MhBatch *
undelete (Bench *bench, const char *const *paths, gint64 since_ms)
{
  g_autoptr (GError) error = NULL;
  MhBatch *batch = mh_store_undelete (bench->store, "vault", paths, since_ms, &error);

  g_assert_no_error (error);

  return batch;
}

static void
assert_failure (const MhBatch *batch, guint index, const char *path, const char *word)
{
  const MhPathFailure *failure;

  g_assert_cmpuint (index, <, batch->failures->len);
  failure = g_ptr_array_index (batch->failures, index);
  g_assert_cmpstr (failure->path, ==, path);
  g_assert_nonnull (strstr (failure->message, word));
}

static void
test_copy (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) from = NULL;
  g_autoptr (MhFile) to = NULL;
  guint64 before;

  g_test_summary ("a copy is a file of its own with the same content; no block is written");
  bench_put_random (bench, "/a/big.bin", 1, 9 * MIB);
  bench_put_random (bench, "/a/b/small.txt", 2, 1000);
  bench_put_random (bench, "/a/empty", 3, 0);
  before = bench_segment_bytes (bench);
  copy (bench, "/a", "/copies/a", MH_EXISTING_REFUSE, 3);
  copy (bench, "/a/b/small.txt", "/small.png", MH_EXISTING_REFUSE, 1);
  g_assert_cmpuint (bench_segment_bytes (bench) - before, <, 16 * 1024);
  g_assert_cmpint (bench_stored (bench), ==, totals (bench).stored_bytes);
  g_assert_cmpint (totals (bench).files, ==, 7);
  g_assert_cmpint (totals (bench).bytes, ==, 2 * (9 * MIB + 1000) + 1000);

  from = mh_store_get (bench->store, "vault", "/a/b/small.txt", FALSE, &error);
  to = mh_store_get (bench->store, "vault", "/small.png", FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (from->file_id, !=, to->file_id);
  g_assert_cmpstr (from->content_hash, ==, to->content_hash);
  g_assert_cmpint (from->mtime_ms, ==, to->mtime_ms);
  g_assert_cmpstr (to->mime, ==, "image/png");
  g_assert_cmpint (to->version_count, ==, 1);

  bench_assert_recount (bench);
  bench_assert_random (bench, "/copies/a/big.bin", 1, 9 * MIB);
  bench_assert_random (bench, "/copies/a/b/small.txt", 2, 1000);
  bench_assert_random (bench, "/copies/a/empty", 3, 0);
  bench_assert_random (bench, "/small.png", 2, 1000);
}

static void
purge_all (Bench *bench)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
  g_assert_no_error (error);
  bench_maintain (bench);
}

static void
test_copy_outlives (void)
{
  static const char *const original[] = { "/a", NULL };
  static const char *const second[] = { "/b", NULL };
  g_autoptr (Bench) bench = bench_new (0);
  gint64 stored;

  g_test_summary ("the copy reads when the original is purged; the space comes back with the last");
  bench_put_random (bench, "/a/f", 1, 9 * MIB);
  stored = bench_stored (bench);
  copy (bench, "/a", "/b", MH_EXISTING_REFUSE, 1);
  g_assert_cmpint (bench_stored (bench), ==, stored);
  mh_batch_free (delete_many (bench, original));
  purge_all (bench);
  g_assert_cmpint (bench_stored (bench), ==, stored);
  bench_assert_random (bench, "/b/f", 1, 9 * MIB);
  bench_assert_recount (bench);
  bench_assert_random (bench, "/b/f", 1, 9 * MIB);
  mh_batch_free (delete_many (bench, second));
  purge_all (bench);
  g_assert_cmpint (bench_stored (bench), ==, 0);
  g_assert_cmpuint (bench_disk_bytes (bench), <, 64 * 1024);
}

static void
test_copy_existing (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhCopied) renamed = NULL;
  g_autoptr (MhCopied) again = NULL;
  g_autoptr (MhCopied) folder = NULL;
  g_autoptr (MhFile) file = NULL;

  g_test_summary ("existing files make the copy fail, stay, get a version, or the copy a number");
  bench_put_random (bench, "/a/x.tar.gz", 1, 1000);
  bench_put_random (bench, "/a/y", 2, 2000);
  bench_put_random (bench, "/b/y", 3, 3000);
  refuse (bench, "/a", "/b", MH_ERROR_CONFLICT, "/b/y exists");
  bench_assert_no_file (bench, "/b/x.tar.gz"); /* all or nothing */
  copy (bench, "/a", "/b", MH_EXISTING_SKIP, 1);
  bench_assert_random (bench, "/b/x.tar.gz", 1, 1000);
  bench_assert_random (bench, "/b/y", 3, 3000);
  copy (bench, "/a", "/b", MH_EXISTING_REPLACE, 2);
  bench_assert_random (bench, "/b/y", 2, 2000);
  file = mh_store_get (bench->store, "vault", "/b/y", FALSE, &error);
  g_assert_cmpint (file->version_count, ==, 2);

  renamed = try_copy (bench, "/a/x.tar.gz", "/a/x.tar.gz", MH_EXISTING_RENAME, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (renamed->to, ==, "/a/x.tar (2).gz");
  again = try_copy (bench, "/a/x.tar.gz", "/a/x.tar.gz", MH_EXISTING_RENAME, &error);
  g_assert_cmpstr (again->to, ==, "/a/x.tar (3).gz");
  folder = try_copy (bench, "/b", "/b", MH_EXISTING_RENAME, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (folder->to, ==, "/b (2)");
  bench_assert_random (bench, "/b (2)/y", 2, 2000);
  bench_assert_recount (bench);
}

static void
test_copy_refused (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autofree char *deep = g_strnfill (250, 'd');
  g_autofree char *to = NULL;

  g_test_summary ("what cannot be copied is refused by name, and nothing is changed");
  bench_put_random (bench, "/a/f", 1, 1000);
  bench_put_random (bench, "/b", 2, 1000);
  refuse (bench, "/nothing", "/c", MH_ERROR_NOT_FOUND, "/nothing");
  refuse (bench, "/a", "/a/inside", MH_ERROR_CONFLICT, "/a/inside lies in /a");
  refuse (bench, "/a/f", "/a/f", MH_ERROR_CONFLICT, "the same");
  refuse (bench, "/b", "/a", MH_ERROR_CONFLICT, "/a is a folder");
  refuse (bench, "/a", "/b", MH_ERROR_CONFLICT, "/b is a file");
  refuse (bench, "/a/f", "/b/below", MH_ERROR_CONFLICT, "/b is a file");
  refuse (bench, "/a", "relative", MH_ERROR_INVALID, "relative");
  refuse (bench, "/", "/c", MH_ERROR_INVALID, "empty segment");
  to = g_strdup_printf ("/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s/%s", deep, deep, deep,
                        deep, deep, deep, deep, deep, deep, deep, deep, deep, deep, deep, deep,
                        deep, deep);
  refuse (bench, "/a", to, MH_ERROR_INVALID, "4096");
  g_assert_cmpint (totals (bench).files, ==, 2);
}

static void
test_copy_quota (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) more = bench_random (2, 10);

  g_test_summary ("a copy fits where nothing more fits");
  bench_put_random (bench, "/a", 1, 100000);
  bench_limit (bench, 30, 90, bench_stored (bench));
  copy (bench, "/a", "/b", MH_EXISTING_REFUSE, 1);
  g_assert_null (bench_try_put (bench, "vault", "/c", more, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  bench_assert_recount (bench);
}

static void
test_delete_many (void)
{
  static const char *const paths[] = { "/a", "/nothing", "/a/1", "/b", "bad", "/a", NULL };
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhBatch) batch = NULL;

  g_test_summary ("files and folders go together, each file once; what is neither is named");
  bench_put_random (bench, "/a/1", 1, 1000);
  bench_put_random (bench, "/a/2", 2, 2000);
  bench_put_random (bench, "/a/c/3", 3, 3000);
  bench_put_random (bench, "/b", 4, 4000);
  bench_put_random (bench, "/kept", 5, 5000);
  batch = delete_many (bench, paths);
  g_assert_cmpint (batch->files, ==, 4);
  g_assert_cmpint (batch->bytes, ==, 10000);
  g_assert_cmpuint (batch->failures->len, ==, 2);
  assert_failure (batch, 0, "/nothing", "no file or folder /nothing");
  assert_failure (batch, 1, "bad", "does not begin with /");
  g_assert_cmpint (totals (bench).files, ==, 1);
  bench_assert_random (bench, "/kept", 5, 5000);
  bench_assert_recount (bench);
}

static void
test_undo (void)
{
  static const char *const first[] = { "/a/old", NULL };
  static const char *const paths[] = { "/a", "/b", NULL };
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhBatch) deleted = NULL;
  g_autoptr (MhBatch) back = NULL;
  g_autoptr (MhBatch) rest = NULL;

  g_test_summary ("a deletion can be undone, and only that one");
  bench_put_random (bench, "/a/old", 1, 1000);
  bench_put_random (bench, "/a/1", 2, 2000);
  bench_put_random (bench, "/a/c/2", 3, 3000);
  bench_put_random (bench, "/b", 4, 4000);
  mh_batch_free (delete_many (bench, first));
  mh_clock_set_ms (bench->clock, 1900000000000);
  deleted = delete_many (bench, paths);
  g_assert_cmpint (deleted->at_ms, ==, 1900000000000);
  back = undelete (bench, paths, deleted->at_ms);
  g_assert_cmpint (back->files, ==, 3);
  g_assert_cmpuint (back->failures->len, ==, 0);
  bench_assert_random (bench, "/a/1", 2, 2000);
  bench_assert_random (bench, "/a/c/2", 3, 3000);
  bench_assert_random (bench, "/b", 4, 4000);
  bench_assert_no_file (bench, "/a/old");
  rest = undelete (bench, paths, 0);
  g_assert_cmpint (rest->files, ==, 1);
  assert_failure (rest, 0, "/b", "no deleted file or folder /b");
  bench_assert_random (bench, "/a/old", 1, 1000);
  bench_assert_recount (bench);
}

static void
test_undelete_taken (void)
{
  static const char *const paths[] = { "/f", "/g", "/a/x", "/purged", "/a", NULL };
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhBatch) back = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary (
      "what was replaced meanwhile, or purged, is named; of several the last comes back");
  bench_put_random (bench, "/f", 1, 1000);
  bench_put_random (bench, "/g", 2, 1000);
  bench_put_random (bench, "/a/x", 3, 1000);
  bench_put_random (bench, "/purged", 4, 1000);
  mh_batch_free (delete_many (bench, paths));
  g_assert_true (mh_store_purge_trash (bench->store, "vault", "/purged", NULL, &error));
  bench_put_random (bench, "/new", 5, 1000);
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/new", "/f", &error), ==, 1);
  bench_put_random (bench, "/new", 6, 1000);
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/new", "/a/x", &error), ==, 1);
  g_assert_true (mh_store_delete (bench->store, "vault", "/a/x", &error));
  g_assert_no_error (error);
  back = undelete (bench, paths, 0);
  g_assert_cmpint (back->files, ==, 2);
  g_assert_cmpuint (back->failures->len, ==, 2);
  assert_failure (back, 0, "/f", "/f exists");
  assert_failure (back, 1, "/purged", "no version of /purged");
  bench_assert_random (bench, "/f", 5, 1000);
  bench_assert_random (bench, "/g", 2, 1000);
  bench_assert_random (bench, "/a/x", 6, 1000);
}

static void
test_many (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (MhBatch) deleted = NULL;
  g_autoptr (MhBatch) back = NULL;
  g_autoptr (GBytes) content = bench_random (1, 10);

  g_test_summary ("a thousand paths are one commit each way");
  for (guint i = 0; i < 1000; i++)
    {
      g_ptr_array_add (paths, g_strdup_printf ("/d%u/f%u", i % 7, i));
      mh_file_free (bench_put (bench, g_ptr_array_index (paths, i), content));
    }
  g_ptr_array_add (paths, NULL);
  deleted = delete_many (bench, (const char *const *) paths->pdata);
  g_assert_cmpint (deleted->files, ==, 1000);
  g_assert_cmpint (totals (bench).files, ==, 0);
  back = undelete (bench, (const char *const *) paths->pdata, deleted->at_ms);
  g_assert_cmpint (back->files, ==, 1000);
  g_assert_cmpint (totals (bench).bytes, ==, 10000);
  bench_assert_recount (bench);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/batch/copy", test_copy);
  g_test_add_func ("/store/batch/copy-outlives", test_copy_outlives);
  g_test_add_func ("/store/batch/copy-existing", test_copy_existing);
  g_test_add_func ("/store/batch/copy-refused", test_copy_refused);
  g_test_add_func ("/store/batch/copy-quota", test_copy_quota);
  g_test_add_func ("/store/batch/delete", test_delete_many);
  g_test_add_func ("/store/batch/undo", test_undo);
  g_test_add_func ("/store/batch/undelete-taken", test_undelete_taken);
  g_test_add_func ("/store/batch/many", test_many);

  return g_test_run ();
}
