/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "pair.h"

/* Machines that change one file, or take one name, without knowing of each other. */

static void
test_conflict (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (MhFile) left = NULL;
  g_autoptr (MhFile) right = NULL;
  MhSyncMark of_one = { 0 };
  MhSyncMark of_two = { 0 };

  g_test_summary ("two edits at the same time are a conflict that both see in the same way");
  bench_put_random (one, "/f", 1, 1000);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 1);
  g_assert_cmpuint (pair_pull_blocks (two, one), ==, 1);
  bench_put_random (one, "/f", 2, 1000);
  bench_put_random (two, "/f", 3, 1000);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 1);
  g_assert_cmpuint (pair_pull (one, two, &of_two), ==, 1); /* but not back what it gave */
  g_assert_cmpuint (pair_pull_blocks (two, one), ==, 1);
  g_assert_cmpuint (pair_pull_blocks (one, two), ==, 1);
  pair_assert_same_heads (one, two);
  left = mh_store_get (one->store, "vault", "/f", FALSE, NULL);
  right = mh_store_get (two->store, "vault", "/f", FALSE, NULL);
  g_assert_true (left->conflict && right->conflict);
  g_assert_cmpstr (left->content_hash, ==, right->content_hash);
  bench_assert_recount (one);
  bench_assert_recount (two);
}

/* Everybody gets what everybody has. */
static void
exchange (Bench *one, Bench *two)
{
  for (guint i = 0; i < 2; i++)
    {
      MhSyncMark of_one = { 0 };
      MhSyncMark of_two = { 0 };

      (void) pair_pull (two, one, &of_one);
      (void) pair_pull (one, two, &of_two);
      (void) pair_pull_blocks (two, one);
      (void) pair_pull_blocks (one, two);
    }
  pair_assert_same_heads (one, two);
}

static gboolean
has_conflict (Bench *bench, const char *path)
{
  g_autoptr (MhFile) file = mh_store_get (bench->store, "vault", path, FALSE, NULL);

  g_assert_nonnull (file);

  return file != NULL && file->conflict;
}

static guint
count_trash (Bench *bench)
{
  g_autoptr (MhTrashList) trash = mh_store_list_trash (bench->store, "vault", 100, NULL, NULL);

  g_assert_nonnull (trash);

  return trash != NULL ? trash->entries->len : 0;
}

static void
test_deletion (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  Bench *const both[] = { one, two };

  g_test_summary ("a deletion does not win over an edit that it did not know of");
  bench_put_random (one, "/d/f", 1, 1000);
  exchange (one, two);
  bench_put_random (two, "/d/f", 2, 2000);
  for (guint i = 0; i < 10; i++) /* so that the deletion counts higher than the edit */
    bench_put_random (one, "/d/other", 10 + i, 100);
  g_assert_true (mh_store_delete (one->store, "vault", "/d/f", NULL));
  g_assert_cmpuint (count_trash (one), ==, 1);
  exchange (one, two);
  for (guint i = 0; i < 2; i++)
    {
      bench_assert_random (both[i], "/d/f", 2, 2000);
      g_assert_true (has_conflict (both[i], "/d/f"));
      g_assert_cmpuint (count_trash (both[i]), ==, 0);
      bench_limit (both[i], 1, 0, 0);
      bench_maintain (both[i]);
      bench_assert_random (both[i], "/d/f", 2, 2000);
      bench_assert_recount (both[i]);
    }

  /* the next edit takes note of the deletion, so that there is no conflict any more */
  bench_put_random (one, "/d/f", 3, 3000);
  exchange (one, two);
  for (guint i = 0; i < 2; i++)
    {
      bench_assert_random (both[i], "/d/f", 3, 3000);
      g_assert_false (has_conflict (both[i], "/d/f"));
    }
  g_assert_true (mh_store_delete (two->store, "vault", "/d/f", NULL));
  exchange (one, two);
  for (guint i = 0; i < 2; i++)
    {
      bench_assert_no_file (both[i], "/d/f");
      bench_assert_recount (both[i]);
    }
}

static void
test_deletions (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (Bench) three = pair_other (one);
  Bench *const all[] = { one, two, three };

  g_test_summary ("nor do two of them, one of which did not know of it");
  bench_put_random (one, "/f", 1, 1000);
  exchange (one, two);
  exchange (one, three);
  bench_put_random (two, "/f", 2, 2000);
  g_assert_true (mh_store_delete (one->store, "vault", "/f", NULL));
  g_assert_true (mh_store_delete (three->store, "vault", "/f", NULL));
  exchange (one, three);
  bench_assert_no_file (one, "/f");
  exchange (three, two);
  exchange (one, two);
  exchange (one, three);
  for (guint i = 0; i < 3; i++)
    {
      bench_assert_random (all[i], "/f", 2, 2000);
      bench_assert_recount (all[i]);
    }

  /* who has seen all of it may delete it */
  g_assert_true (mh_store_delete (three->store, "vault", "/f", NULL));
  exchange (three, one);
  exchange (three, two);
  for (guint i = 0; i < 3; i++)
    bench_assert_no_file (all[i], "/f");
}

/* Two edits of /f on both machines; 3 is shown. */
static void
make_conflict (Bench *one, Bench *two)
{
  bench_put_random (one, "/f", 1, 1000);
  exchange (one, two);
  bench_put_random (one, "/f", 2, 2000);
  for (guint i = 0; i < 2; i++)
    bench_put_random (two, "/other", 9 + i, 10);
  bench_put_random (two, "/f", 3, 3000);
  exchange (one, two);
  bench_assert_random (one, "/f", 3, 3000);
  g_assert_true (has_conflict (one, "/f"));
}

/* Fails unless the content of @seed can be given back. */
static void
assert_restores (Bench *bench, const char *path, guint64 seed, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = bench_random (seed, size);
  g_autofree char *hash = bench_content_hash (content);
  g_autoptr (MhFile) file = mh_store_restore (bench->store, "vault", path, hash, &error);

  g_assert_no_error (error);
  bench_assert_random (bench, path, seed, size);
}

static void
test_delete_conflict (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  const char *const paths[] = { "/f", NULL };
  g_autoptr (MhBatch) batch = NULL;

  g_test_summary ("who deletes a conflict deletes all of it, and has all of it back");
  make_conflict (one, two);
  g_assert_true (mh_store_delete (one->store, "vault", "/f", NULL));
  bench_assert_no_file (one, "/f");
  exchange (one, two);
  bench_assert_no_file (two, "/f");
  g_assert_cmpuint (count_trash (two), ==, 1);
  batch = mh_store_undelete (two->store, "vault", paths, 0, NULL);
  g_assert_cmpint (batch->files, ==, 1);
  bench_assert_random (two, "/f", 3, 3000);
  g_assert_false (has_conflict (two, "/f"));
  assert_restores (two, "/f", 2, 2000);
  exchange (one, two);
  bench_assert_random (one, "/f", 2, 2000);
  bench_assert_recount (one);
  bench_assert_recount (two);
}

static void
test_delete_shown (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  const char *const paths[] = { "/f", NULL };

  g_test_summary ("who has seen one version of a conflict deletes that one alone");
  make_conflict (one, two);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (MhBatch) batch = mh_store_delete_shown (one->store, "vault", paths, NULL);

      g_assert_cmpint (batch->files, ==, 1);
      exchange (one, two);
      if (i == 0)
        {
          bench_assert_random (one, "/f", 2, 2000);
          bench_assert_random (two, "/f", 2, 2000);
        }
      bench_assert_recount (one);
    }
  bench_assert_no_file (one, "/f");
  bench_assert_no_file (two, "/f");
}

/* Returns: (transfer full): all paths, sorted, in one text */
static char *
paths_of (Bench *bench)
{
  MhListQuery query = { .vault_id = "vault", .path = "/", .limit = 1000 };
  g_autoptr (MhFileList) list = mh_store_list (bench->store, &query, NULL);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  for (guint i = 0; i < list->files->len; i++)
    g_ptr_array_add (paths, ((MhFile *) g_ptr_array_index (list->files, i))->path);
  g_ptr_array_add (paths, NULL);

  return g_strjoinv ("|", (char **) paths->pdata);
}

static void
test_one_name (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autofree char *left = NULL;
  g_autofree char *right = NULL;
  g_auto (GStrv) names = NULL;
  MhSyncMark of_one = { 0 };
  MhSyncMark of_two = { 0 };

  g_test_summary ("two files of one name stay both, and are shown alike everywhere");
  mh_clock_set_ms (two->clock, mh_clock_now_ms (one->clock) + 1000);
  bench_put_random (one, "/d/f.txt", 1, 100);
  bench_put_random (two, "/d/f.txt", 2, 100);
  bench_put_random (two, "/d/other", 3, 100);
  (void) pair_pull (two, one, &of_one);
  (void) pair_pull (one, two, &of_two);
  left = paths_of (one);
  right = paths_of (two);
  g_assert_cmpstr (left, ==, right);
  names = g_strsplit (left, "|", -1);
  g_assert_cmpuint (g_strv_length (names), ==, 3);
  g_assert_true (g_str_has_prefix (names[0], "/d/f (conflict "));
  g_assert_true (g_str_has_suffix (names[0], ").txt"));
  g_assert_cmpstr (names[1], ==, "/d/f.txt");
  (void) pair_pull_blocks (one, two);
  (void) pair_pull_blocks (two, one);
  bench_assert_random (one, "/d/f.txt", 1, 100); /* the older one has the name */
  bench_assert_random (two, names[0], 2, 100);

  /* an edit of the one that is shown elsewhere gives it that name for good */
  bench_put_random (one, names[0], 4, 100);
  (void) pair_pull (two, one, &of_one);
  (void) pair_pull_blocks (two, one);
  bench_assert_random (two, names[0], 4, 100);
  bench_assert_random (two, "/d/f.txt", 1, 100);
  bench_assert_recount (one);
  bench_assert_recount (two);
}

/* Names that are as long as they may be. */
static void
test_long_name (void)
{
  g_autofree char *letters = g_strnfill (251, 'x');
  g_autofree char *signs = g_strnfill (127 * 2, ' ');
  g_autofree char *folder = g_strnfill (255, 'd');
  g_autofree char *tail = g_strnfill (200, 't');
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  Bench *const both[] = { one, two };

  g_test_summary ("long names that two files have are shown so that they can be used");
  for (gsize i = 0; signs[i] != '\0'; i += 2)
    {
      signs[i] = (char) 0xc3;
      signs[i + 1] = (char) 0xa9;
    }
  g_ptr_array_add (paths, g_strconcat ("/", letters, ".txt", NULL));
  g_ptr_array_add (paths, g_strconcat ("/a/", signs, NULL));
  g_ptr_array_add (paths, g_strconcat ("/a/b.", tail, NULL));
  mh_clock_set_ms (two->clock, mh_clock_now_ms (one->clock) + 1000);
  for (guint i = 0; i < paths->len; i++)
    {
      bench_put_random (one, g_ptr_array_index (paths, i), 1, 100);
      bench_put_random (two, g_ptr_array_index (paths, i), 2, 100);
    }
  g_ptr_array_add (paths, g_strconcat ("/", folder, NULL));
  g_ptr_array_add (paths, g_strconcat ("/", folder, "/x", NULL));
  bench_put_random (one, g_ptr_array_index (paths, 3), 2, 100);
  bench_put_random (two, g_ptr_array_index (paths, 4), 1, 100);
  exchange (one, two);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *all = paths_of (both[i]);
      g_auto (GStrv) each = g_strsplit (all, "|", -1);

      g_assert_cmpuint (g_strv_length (each), ==, 8);
      for (guint j = 0; each[j] != NULL; j++)
        {
          gboolean has_name = g_ptr_array_find_with_equal_func (paths, each[j], g_str_equal, NULL);

          g_assert_true (mh_store_check_path (each[j], NULL));
          bench_assert_random (both[i], each[j], has_name ? 1 : 2, 100);
        }
      bench_assert_recount (both[i]);
    }

  /* when they go, the names are free again */
  for (guint i = 0; i < paths->len; i++)
    if (i != 3)
      g_assert_true (mh_store_delete (two->store, "vault", g_ptr_array_index (paths, i), NULL));
  exchange (one, two);
  for (guint i = 0; i < 8; i++)
    bench_assert_random (both[i % 2], g_ptr_array_index (paths, i / 2), 2, 100);
}

/* A third machine, which has seen one of two files of one name, gives another file the name under
 * which the second one is shown elsewhere. */
static void
test_name_is_taken (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (Bench) three = pair_other (one);
  Bench *const all[] = { one, two, three };
  g_auto (GStrv) names = NULL;
  g_autofree char *paths = NULL;
  g_autofree char *shown = NULL;
  MhSyncMark marks[3][3] = { 0 };

  g_test_summary ("no two files are shown under one path, whoever claims it");
  for (guint i = 1; i < 3; i++)
    mh_clock_set_ms (all[i]->clock, mh_clock_now_ms (one->clock) + 1000 * i);
  bench_put_random (all[0], "/f.txt", 1, 100);
  bench_put_random (all[1], "/f.txt", 2, 100);
  (void) pair_pull (all[1], all[0], &marks[1][0]);
  paths = paths_of (all[1]);
  names = g_strsplit (paths, "|", -1);
  shown = g_strdup (names[0]);
  g_assert_true (g_str_has_prefix (shown, "/f (conflict "));
  bench_put_random (all[2], shown, 3, 100);
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < 9; i++)
      if (i / 3 != i % 3)
        {
          (void) pair_pull (all[i / 3], all[i % 3], &marks[i / 3][i % 3]);
          (void) pair_pull_blocks (all[i / 3], all[i % 3]);
        }
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *now = paths_of (all[i]);
      g_auto (GStrv) each = g_strsplit (now, "|", -1);

      g_assert_cmpuint (g_strv_length (each), ==, 3);
      g_assert_cmpstr (each[2], ==, "/f.txt");
      g_assert_true (g_strv_contains ((const char *const *) each, shown));
      g_assert_cmpstr (each[0], !=, each[1]);
      bench_assert_random (all[i], "/f.txt", 1, 100);
      bench_assert_random (all[i], shown, 3, 100);
      bench_assert_random (all[i], each[g_str_equal (each[0], shown) ? 1 : 0], 2, 100);
      bench_assert_recount (all[i]);
    }

  /* when it goes, the usual name is free again */
  g_assert_true (mh_store_delete (all[2]->store, "vault", shown, NULL));
  for (guint i = 0; i < 2; i++)
    {
      (void) pair_pull (all[i], all[2], &marks[i][2]);
      bench_assert_random (all[i], shown, 2, 100);
    }
  bench_assert_random (all[2], shown, 2, 100);
}

/* The one with the name goes, or is moved: the other gets it. */
static void
test_name_is_free (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autofree char *left = NULL;
  g_autofree char *right = NULL;
  MhSyncMark of_one = { 0 };
  MhSyncMark of_two = { 0 };

  mh_clock_set_ms (two->clock, mh_clock_now_ms (one->clock) + 1000);
  for (guint i = 0; i < 2; i++)
    {
      const char *path = i == 0 ? "/f" : "/g";

      bench_put_random (one, path, 1, 100);
      bench_put_random (two, path, 2, 100);
    }
  (void) pair_pull (two, one, &of_one);
  (void) pair_pull (one, two, &of_two);
  (void) pair_pull_blocks (one, two);
  (void) pair_pull_blocks (two, one);
  g_assert_true (mh_store_delete (one->store, "vault", "/f", NULL));
  g_assert_cmpint (mh_store_move (two->store, "vault", "/g", "/away", NULL), ==, 1);
  (void) pair_pull (two, one, &of_one);
  (void) pair_pull (one, two, &of_two);
  left = paths_of (one);
  right = paths_of (two);
  g_assert_cmpstr (left, ==, right);
  g_assert_cmpstr (left, ==, "/away|/f|/g");
  bench_assert_random (one, "/f", 2, 100);
  bench_assert_random (one, "/g", 2, 100);
  bench_assert_random (one, "/away", 1, 100);
  bench_assert_recount (one);
  bench_assert_recount (two);
}

static void
test_file_and_folder (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (Bench) three = pair_other (one);
  Bench *const both[] = { one, two };
  g_auto (GStrv) names = NULL;

  g_test_summary ("a file that has the name of a folder is shown beside it, everywhere alike");
  bench_put_random (one, "/d/x.txt", 1, 100);
  bench_put_random (two, "/d/x.txt/deep/a", 2, 200);
  bench_put_random (two, "/d/x.txt/deep/b", 3, 300);
  exchange (one, two);
  exchange (three, one);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *paths = paths_of (both[i]);
      g_auto (GStrv) each = g_strsplit (paths, "|", -1);

      g_assert_cmpuint (g_strv_length (each), ==, 3);
      g_assert_true (g_str_has_prefix (each[0], "/d/x (conflict "));
      g_assert_true (g_str_has_suffix (each[0], ").txt"));
      bench_assert_random (both[i], each[0], 1, 100);
      bench_assert_random (both[i], "/d/x.txt/deep/a", 2, 200);
      bench_assert_recount (both[i]);
      if (i == 0)
        names = g_strdupv (each);
      else
        g_assert_cmpstr (each[0], ==, names[0]);
    }

  /* another folder and file of such names, of which the file comes last */
  bench_put_random (one, "/e/y/z", 4, 100);
  bench_put_random (two, "/e/y", 5, 100);
  exchange (two, one);
  bench_assert_random (one, "/e/y/z", 4, 100);
  bench_assert_no_file (one, "/e/y");
  bench_assert_no_file (two, "/e/y");
  g_assert_true (mh_store_delete (two->store, "vault", "/e/y/z", NULL));
  exchange (two, one);
  bench_assert_random (one, "/e/y", 5, 100);
  bench_assert_random (two, "/e/y", 5, 100);

  /* when the folder goes, the name is free again */
  g_assert_cmpint (mh_store_move (one->store, "vault", "/d/x.txt/deep/a", "/a", NULL), ==, 1);
  exchange (one, two);
  bench_assert_random (two, names[0], 1, 100);
  g_assert_true (mh_store_delete (two->store, "vault", "/d/x.txt/deep/b", NULL));
  exchange (one, two);
  exchange (one, three);
  for (guint i = 0; i < 2; i++)
    {
      bench_assert_random (both[i], "/d/x.txt", 1, 100);
      bench_assert_recount (both[i]);
    }
  bench_assert_random (three, "/d/x.txt", 1, 100);
}

/* Returns: whether there was no error */
static gboolean
put_beside (Bench *bench, const char *path, guint64 seed, gboolean beside)
{
  MhUploadNew request = { .vault_id = "vault", .path = path, .mtime_ms = -1, .beside = beside };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = bench_random (seed, 100);
  g_autoptr (MhFile) file = NULL;
  g_autoptr (MhUpload) upload = mh_upload_new (bench->store, &request, &error);
  gsize size;
  const guint8 *data = g_bytes_get_data (content, &size);

  if (upload != NULL && mh_upload_write (upload, data, size, NULL, &error))
    file = mh_upload_finish (upload, NULL, &error);
  if (!beside)
    g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  else
    g_assert_no_error (error);

  return file != NULL;
}

static void
test_beside (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autofree char *paths = NULL;
  g_auto (GStrv) each = NULL;
  gint64 before = -1;
  gint64 after = -1;

  g_test_summary (
      "what is a file and a folder on a disk is taken in, if that is said, and counted");
  bench_put_random (bench, "/a", 1, 100);
  bench_put_random (bench, "/b/c", 2, 100);
  g_assert_true (mh_store_renames (bench->store, "vault", &before, NULL));
  g_assert_false (put_beside (bench, "/a/x", 3, FALSE));
  g_assert_false (put_beside (bench, "/b", 4, FALSE));
  g_assert_true (put_beside (bench, "/a/x", 3, TRUE));
  g_assert_true (put_beside (bench, "/b", 4, TRUE));
  paths = paths_of (bench);
  each = g_strsplit (paths, "|", -1);
  g_assert_cmpuint (g_strv_length (each), ==, 4);
  g_assert_true (g_str_has_prefix (each[0], "/a (conflict "));
  g_assert_true (g_str_has_prefix (each[2], "/b (conflict "));
  bench_assert_random (bench, each[0], 1, 100);
  bench_assert_random (bench, each[2], 4, 100);
  bench_assert_random (bench, "/a/x", 3, 100);
  g_assert_true (mh_store_renames (bench->store, "vault", &after, NULL));
  g_assert_cmpint (after - before, ==, 2);
  bench_assert_recount (bench);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/store/conflicts/edits", test_conflict);
  g_test_add_func ("/store/conflicts/deletion", test_deletion);
  g_test_add_func ("/store/conflicts/deletions", test_deletions);
  g_test_add_func ("/store/conflicts/delete-conflict", test_delete_conflict);
  g_test_add_func ("/store/conflicts/delete-shown", test_delete_shown);
  g_test_add_func ("/store/conflicts/one-name", test_one_name);
  g_test_add_func ("/store/conflicts/long-name", test_long_name);
  g_test_add_func ("/store/conflicts/name-is-taken", test_name_is_taken);
  g_test_add_func ("/store/conflicts/name-is-free", test_name_is_free);
  g_test_add_func ("/store/conflicts/file-and-folder", test_file_and_folder);
  g_test_add_func ("/store/conflicts/beside", test_beside);

  return g_test_run ();
}
