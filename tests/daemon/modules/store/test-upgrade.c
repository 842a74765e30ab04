/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "bench.h"
#include "db/migrate.h"
#include "pair.h"

extern const MhMigration mh_store_migrations[];

/*
 * tests/data/store-1 is a home of schema 1, made by the program of then: eight files in /files,
 * one of them moved to /moved/1; /versions with four versions, and a file with the content of the
 * second; /trash, deleted; and a second vault of four files, forgotten again.
 */

static void
copy_folder (const char *from, const char *to)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (from, 0, &error);
  const char *name;

  g_assert_no_error (error);
  g_assert_cmpint (g_mkdir_with_parents (to, 0700), ==, 0);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL);
      g_autofree char *target = g_build_filename (to, name, NULL);
      g_autofree char *data = NULL;
      gsize size;

      g_assert_true (g_file_get_contents (source, &data, &size, &error));
      g_assert_true (g_file_set_contents (target, data, (gssize) size, &error));
    }
}

/* Brings an index up to schema @version and no further. */
static void
upgrade_to (const char *metadata, guint version)
{
  g_autofree char *path = g_build_filename (metadata, "index.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDb) db = mh_db_open (path, 0, &error);
  g_autofree MhMigration *list = g_new0 (MhMigration, version + 1);

  g_assert_no_error (error);
  memcpy (list, mh_store_migrations, version * sizeof *list);
  g_assert_true (mh_db_migrate (db, "store", list, &error));
  g_assert_no_error (error);
}

static Bench *
open_old (guint version)
{
  g_autofree char *home = g_dir_make_tmp ("mh-store-XXXXXX", NULL);
  g_autofree char *blocks = g_build_filename (home, "blocks", NULL);
  g_autofree char *metadata = g_build_filename (home, "metadata", NULL);
  g_autofree char *old =
      g_build_filename (g_getenv ("MESHHOLD_SOURCE"), "tests/data/store-1", NULL);
  g_autofree char *old_blocks = g_build_filename (old, "blocks", NULL);
  g_autofree char *old_metadata = g_build_filename (old, "metadata", NULL);

  copy_folder (old_blocks, blocks);
  copy_folder (old_metadata, metadata);
  upgrade_to (metadata, version);

  return bench_new_at (home, 24 * 1024);
}

static void
assert_content (Bench *bench, const char *path, guint64 seed, gsize size)
{
  g_autoptr (GBytes) content = bench_random (seed, size);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = bench_read (bench, path, NULL, &error);
  g_autoptr (MhFile) file = mh_store_get (bench->store, "vault", path, FALSE, &error);

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (got, content));
  /* what is the hash of a content was another thing then; it stays what its version says */
  g_assert_cmpstr (file->content_hash, ==, hash);
}

static void
assert_all (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) versions = NULL;

  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *path = g_strdup_printf (i == 1 ? "/moved/%u" : "/files/%u", i);

      assert_content (bench, path, i, 500 + i * 700);
    }
  assert_content (bench, "/versions", 23, 3000);
  assert_content (bench, "/same-as-versions", 21, 3000);
  versions = mh_store_history (bench->store, "vault", "/versions", &error);
  g_assert_cmpuint (versions->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    {
      const MhFileVersion *version = g_ptr_array_index (versions, i);
      g_autoptr (GBytes) expected = bench_random (23 - i, 3000);
      g_autoptr (GBytes) got = NULL;

      got = bench_read (bench, "/versions", version->content_hash, &error);
      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (got, expected));
    }
}

static void
test_schema (gconstpointer data)
{
  g_autoptr (Bench) bench = open_old (GPOINTER_TO_UINT (data));
  g_autoptr (MhTrashList) trash = NULL;
  g_autoptr (GError) error = NULL;
  gint64 stored = 5000 + 17;

  g_test_summary (
      "a store of an earlier schema reads and counts right, and what was forgotten stays gone");
  for (guint i = 0; i < 8; i++)
    stored += 500 + i * 700 + 17;
  stored += 4 * (3000 + 17);
  assert_all (bench);
  g_assert_cmpint (bench_stored (bench), ==, stored);
  trash = mh_store_list_trash (bench->store, "vault", 10, NULL, &error);
  g_assert_cmpuint (trash->entries->len, ==, 1);
  g_assert_cmpint (bench_maintain (bench).freed_bytes, >, 8000); /* of the forgotten vault */
  assert_all (bench);
  bench_assert_recount (bench);
  assert_all (bench);
  g_assert_cmpint (bench_stored (bench), ==, stored);
}

static void
test_schema_1_without_index (void)
{
  g_autoptr (Bench) bench = open_old (1);

  g_test_summary ("the segments of then make the same index as one that was upgraded");
  bench_assert_recount (bench);
  assert_all (bench);
}

/* As the program of schema 9 left a file of which a deletion was shown, though it did not know of
 * an edit. */
static const char hide[] =
    "UPDATE folders SET files = files - 1, bytes = bytes - 2000 WHERE ref = (SELECT folder FROM"
    " files WHERE path = '/f');"
    "UPDATE files SET live = 0, head = (SELECT ref FROM versions WHERE op = 3) WHERE path = '/f';"
    "ALTER TABLE vaults DROP COLUMN renames;"
    "UPDATE schema_versions SET version = 9 WHERE module = 'store'";

static void
test_hidden (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autofree char *index = bench_path (one, "metadata/index.db");
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDb) db = NULL;
  MhSyncMark of_one = { 0 };
  MhSyncMark of_two = { 0 };

  g_test_summary ("an edit that schema 9 hid behind a deletion is shown");
  bench_put_random (one, "/f", 1, 1000);
  (void) pair_pull (two, one, &of_one);
  g_assert_true (mh_store_delete (two->store, "vault", "/f", NULL));
  bench_put_random (one, "/f", 2, 2000);
  (void) pair_pull (one, two, &of_two);
  bench_assert_random (one, "/f", 2, 2000);

  bench_close (one);
  db = mh_db_open (index, 0, &error);
  g_assert_no_error (error);
  g_assert_true (mh_db_exec (db, hide, &error));
  g_assert_no_error (error);
  g_clear_pointer (&db, mh_db_close);
  g_assert_true (bench_open (one, &error));
  g_assert_no_error (error);
  bench_assert_random (one, "/f", 2, 2000);
  bench_assert_recount (one);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint version = 1; mh_store_migrations[version].sql != NULL; version++)
    {
      g_autofree char *path = g_strdup_printf ("/store/upgrade/schema-%u", version);

      g_test_add_data_func (path, GUINT_TO_POINTER (version), test_schema);
    }
  g_test_add_func ("/store/upgrade/schema-1-without-index", test_schema_1_without_index);
  g_test_add_func ("/store/upgrade/hidden", test_hidden);

  return g_test_run ();
}
