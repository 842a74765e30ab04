/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "bench.h"
#include "fork.h"
#include "modules/store/ingest.h"

static void
put (Bench *bench, const char *path, guint64 seed)
{
  g_autoptr (GBytes) content = bench_random (seed, 1000);

  mh_file_free (bench_put (bench, path, content));
}

static void
assert_content (Bench *bench, const char *path, guint64 seed)
{
  g_autoptr (GBytes) content = bench_random (seed, 1000);

  bench_assert_file (bench, path, content);
}

static MhFileDetail *
detail_of (Bench *bench, const char *path)
{
  g_autoptr (GError) error = NULL;
  MhFileDetail *detail = mh_store_get_detail (bench->store, "vault", path, &error);

  g_assert_no_error (error);

  return detail;
}

static GPtrArray *
history_of (Bench *bench, const char *path)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *versions = mh_store_history (bench->store, "vault", path, &error);

  g_assert_no_error (error);

  return versions;
}

static guint
count_heads (const GPtrArray *versions)
{
  guint heads = 0;

  for (guint i = 0; i < versions->len; i++)
    heads += ((MhFileVersion *) g_ptr_array_index (versions, i))->head ? 1 : 0;

  return heads;
}

/* A file "/f" with a common beginning and two ends: ours has the content 2, theirs 3. */
static Bench *
forked (void)
{
  Bench *bench = bench_new (0);
  Fork fork = { "vault", "/f", "/theirs" };

  put (bench, "/f", 1);
  put (bench, "/f", 2);
  put (bench, "/theirs", 3);
  fork_version (bench->store, &fork);

  return bench;
}

static MhFile *
resolve (Bench *bench, const char *version_hash, const char *content_hash, GError **error)
{
  MhLeaf leaf = { version_hash, content_hash };

  return mh_store_resolve (bench->store, "vault", "/f", &leaf, error);
}

static void
test_fork (void)
{
  g_autoptr (Bench) bench = forked ();
  g_autoptr (GError) error = NULL;

  g_test_summary ("two ends of a history are shown as a conflict, also by a new index");
  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (MhFileDetail) detail = detail_of (bench, "/f");
      g_autoptr (GPtrArray) versions = history_of (bench, "/f");
      const MhFileVersion *first = g_ptr_array_index (versions, 0);
      const MhFileVersion *second = g_ptr_array_index (versions, 1);
      const MhFileVersion *third = g_ptr_array_index (versions, 2);

      g_assert_cmpuint (versions->len, ==, 3);
      g_assert_cmpuint (count_heads (versions), ==, 2);
      g_assert_false (third->head);
      g_assert_true (first->current);
      g_assert_false (second->current);
      g_assert_cmpstr (first->author, !=, second->author);
      g_assert_cmpstr (first->parents[0], ==, third->version_hash);
      g_assert_cmpstr (second->parents[0], ==, third->version_hash);
      g_assert_true (detail->file->conflict);
      g_assert_cmpint (detail->file->version_count, ==, 3);
      g_assert_cmpstr (detail->conflicts[0], ==, second->version_hash);
      g_assert_null (detail->conflicts[1]);
      assert_content (bench, "/f", 3); /* the later one */
      if (round == 0)
        bench_reopen (bench);
      if (round == 1)
        bench_assert_recount (bench);
    }
}

static void
test_resolve (void)
{
  static const guint64 seeds[] = { 2, 3 };

  g_test_summary ("either end can be chosen, and the other stays in the history");
  for (gsize i = 0; i < G_N_ELEMENTS (seeds); i++)
    {
      g_autoptr (Bench) bench = forked ();
      g_autoptr (GPtrArray) before = history_of (bench, "/f");
      const MhFileVersion *leaf = g_ptr_array_index (before, seeds[i] == 3 ? 0 : 1);
      g_autoptr (GError) error = NULL;
      g_autoptr (MhFile) file =
          resolve (bench, i == 0 ? leaf->version_hash : NULL, leaf->content_hash, &error);
      g_autoptr (GPtrArray) after = NULL;
      const MhFileVersion *merge;

      g_assert_no_error (error);
      g_assert_false (file->conflict);
      g_assert_cmpstr (file->content_hash, ==, leaf->content_hash);
      assert_content (bench, "/f", seeds[i]);
      after = history_of (bench, "/f");
      merge = g_ptr_array_index (after, 0);
      g_assert_cmpuint (after->len, ==, 4);
      g_assert_cmpuint (count_heads (after), ==, 1);
      g_assert_cmpuint (g_strv_length (merge->parents), ==, 2);
      g_assert_true (g_strv_contains ((const char *const *) merge->parents, leaf->version_hash));
      bench_assert_recount (bench);
      assert_content (bench, "/f", seeds[i]);
      g_assert_null (resolve (bench, NULL, leaf->content_hash, &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
    }
}

static void
test_resolve_deletion (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  Fork fork = { "vault", "/f", NULL };
  g_autoptr (GPtrArray) versions = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a deletion can be what survives");
  put (bench, "/f", 1);
  put (bench, "/f", 2);
  fork_version (bench->store, &fork);
  versions = history_of (bench, "/f");
  for (guint i = 0; i < versions->len; i++)
    {
      const MhFileVersion *version = g_ptr_array_index (versions, i);

      if (version->op == MH_FILE_OP_DELETE)
        file = resolve (bench, version->version_hash, NULL, &error);
    }
  g_assert_no_error (error);
  g_assert_true (file->deleted);
  bench_assert_no_file (bench, "/f");
  bench_assert_recount (bench);
}

static void
test_resolve_moved (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  Fork fork = { "vault", "/f", "/theirs", "/taken" };
  g_autoptr (MhFile) ours = NULL;
  g_autoptr (MhFile) theirs = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) error = NULL;
  MhLeaf leaf = { NULL };

  g_test_summary ("the chosen version brings its path along, unless another file has it");
  put (bench, "/f", 1);
  put (bench, "/f", 2);
  put (bench, "/theirs", 3);
  ours = mh_store_get (bench->store, "vault", "/f", FALSE, &error);
  theirs = mh_store_get (bench->store, "vault", "/theirs", FALSE, &error);
  fork_version (bench->store, &fork);
  assert_content (bench, "/taken", 3); /* theirs is shown */
  leaf.content_hash = ours->content_hash;
  put (bench, "/f", 4);
  g_assert_null (mh_store_resolve (bench->store, "vault", "/taken", &leaf, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_assert_nonnull (strstr (error->message, "/f exists"));
  g_clear_error (&error);
  g_assert_true (mh_store_delete (bench->store, "vault", "/f", &error));
  file = mh_store_resolve (bench->store, "vault", "/taken", &leaf, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (file->path, ==, "/f");
  assert_content (bench, "/f", 2);
  bench_assert_no_file (bench, "/taken");
}

static void
test_refused (void)
{
  g_autoptr (Bench) bench = forked ();
  g_autofree char *zeros = g_strnfill (64, '0');
  g_autoptr (GPtrArray) versions = history_of (bench, "/f");
  const MhFileVersion *old = g_ptr_array_index (versions, 2);
  MhLeaf leaf = { zeros };
  g_autoptr (GError) error = NULL;

  g_test_summary ("only an end can be chosen, and only of a conflict");
  g_assert_null (resolve (bench, zeros, NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (resolve (bench, old->version_hash, NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (resolve (bench, "nonsense", NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "version_hash"));
  g_clear_error (&error);
  g_assert_null (resolve (bench, NULL, "nonsense", &error));
  g_assert_nonnull (strstr (error->message, "content_hash"));
  g_clear_error (&error);
  g_assert_null (mh_store_resolve (bench->store, "vault", "/theirs", &leaf, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_assert_nonnull (strstr (error->message, "/theirs has no conflict"));
}

static void
test_ingest_refused (void)
{
  g_autoptr (Bench) bench = forked ();
  Fork fork = { "vault", "/f", "/theirs" };
  g_autoptr (GBytes) record = fork_record (bench->store, &fork);
  g_autoptr (GPtrArray) versions = NULL;
  g_autoptr (GError) error = NULL;
  gsize size = g_bytes_get_size (record);

  g_test_summary ("a record of which any byte is another one is not taken over");
  for (gsize i = 0; i < size; i++)
    {
      g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (record, NULL), size);
      g_autoptr (GBytes) damaged = NULL;

      data[i] ^= 1;
      damaged = g_bytes_new (data, size);
      g_assert_false (mh_ingest_version (bench->store, "vault", damaged, &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
      g_clear_error (&error);
    }
  g_assert_true (mh_store_add_vault (bench->store, "other", bench->key, &error));
  g_assert_false (mh_ingest_version (bench->store, "other", record, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_clear_error (&error);
  g_assert_false (mh_ingest_version (bench->store, "none", record, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  versions = history_of (bench, "/f");
  g_assert_cmpuint (versions->len, ==, 3);
}

static void
assert_missing (Bench *bench, const char *path, guint blocks, guint missing)
{
  g_autoptr (MhFileDetail) detail = detail_of (bench, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ids = NULL;
  guint lost;

  g_assert_true (mh_store_locate (bench->store, "vault", path, &ids, &lost, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (ids), ==, blocks * 32);
  g_assert_cmpuint (lost, ==, missing);
  g_assert_cmpuint (detail->different, ==, blocks);
  g_assert_cmpuint (detail->missing, ==, missing);
}

static void
test_missing (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) large = bench_random (1, 20 * 1024 * 1024);
  Fork fork = { "vault", "/f", "/large", NULL, 1, TRUE };
  g_autoptr (MhFileDetail) detail = NULL;
  guint blocks;

  g_test_summary ("blocks that are not here are counted, each once");
  mh_file_free (bench_put (bench, "/large", large));
  put (bench, "/f", 1);
  detail = detail_of (bench, "/large");
  blocks = detail->different;
  g_assert_cmpuint (blocks, >, 4);
  assert_missing (bench, "/large", blocks, 0);
  fork_version (bench->store, &fork);
  assert_missing (bench, "/f", blocks, 1);
  fork.lost = blocks;
  fork_version (bench->store, &fork);
  assert_missing (bench, "/f", blocks, blocks);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/versions/fork", test_fork);
  g_test_add_func ("/store/versions/resolve", test_resolve);
  g_test_add_func ("/store/versions/resolve-deletion", test_resolve_deletion);
  g_test_add_func ("/store/versions/resolve-moved", test_resolve_moved);
  g_test_add_func ("/store/versions/refused", test_refused);
  g_test_add_func ("/store/versions/ingest-refused", test_ingest_refused);
  g_test_add_func ("/store/versions/missing", test_missing);

  return g_test_run ();
}
