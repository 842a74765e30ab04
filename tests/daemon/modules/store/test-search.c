/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bench.h"
#include "modules/store/fold.h"

#define BATCH 2000

static void
put_in (Bench *bench, const char *vault, const char *path)
{
  g_autoptr (GBytes) content = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;

  mh_file_free (bench_try_put (bench, vault, path, content, &error));
  g_assert_no_error (error);
}

static void
put (Bench *bench, const char *path)
{
  put_in (bench, "vault", path);
}

static MhFound *
search_page (Bench *bench, const char *vault, const char *words, guint limit, const char *cursor)
{
  MhSearchQuery query = { vault, words, limit, cursor };
  g_autoptr (GError) error = NULL;
  MhFound *found = mh_store_search (bench->store, &query, &error);

  g_assert_no_error (error);

  return found;
}

/* Returns: the paths, one a line */
static char *
paths_of (const MhFound *found)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < found->files->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "",
                            ((MhFile *) g_ptr_array_index (found->files, i))->path);

  return g_string_free (text, FALSE);
}

static void
assert_found (Bench *bench, const char *words, const char *paths)
{
  g_autoptr (MhFound) found = search_page (bench, "vault", words, 100, NULL);
  g_autofree char *text = paths_of (found);

  g_assert_cmpstr (text, ==, paths);
  g_assert_true (found->complete);
  g_assert_null (found->cursor);
}

/* The same is found before the names are in the table and after. */
static void
assert_found_twice (Bench *bench, const char *words, const char *paths)
{
  assert_found (bench, words, paths);
  bench_maintain (bench);
  assert_found (bench, words, paths);
}

static void
test_fold (void)
{
  static const char *const pairs[][2] = {
    { "IMG_2024.JPG", "img_2024.jpg" },
    { "Übergrößenträger", "ubergrossentrager" },
    { "e\u0301te\u0301 ÉTÉ", "ete ete" },
    { "ÅNGSTRÖM", "angstrom" },
    { "ΆΛΦΑ", "αλφα" },
    { "ﬁne", "fine" },
    { "が", "か\u3099" },
    { "İstanbul", "istanbul" },
    { "", "" },
  };
  static const char *const terms[][2] = {
    { "img_12.jpg", " img 12 jpg " },
    { "東京 tower", " 東 京 tower " },
    { "a🦊b", " a 🦊 b " },
    { "--", " " },
    { "", " " },
    { "x", " x " },
  };

  g_test_summary ("case and accents make no difference, other marks do");
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *folded = mh_fold (pairs[i][0]);

      g_assert_cmpstr (folded, ==, pairs[i][1]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (terms); i++)
    {
      g_autofree char *got = mh_fold_terms (terms[i][0]);

      g_assert_cmpstr (got, ==, terms[i][1]);
    }
}

static void
test_words (void)
{
  static const char *const queries[][2] = {
    { "report", "/a/report.pdf\n/b/Report 2024.pdf\n/c/annual-report.txt\n/d/xreportx" },
    { "REPORT.PDF", "/a/report.pdf" },
    { "report 2024", "/b/Report 2024.pdf" },
    { "2024 report", "/b/Report 2024.pdf" },
    { "report ext:pdf", "/a/report.pdf\n/b/Report 2024.pdf" },
    { "ext:.PDF", "/a/report.pdf\n/b/Report 2024.pdf" },
    { "epor", "/a/report.pdf\n/b/Report 2024.pdf\n/c/annual-report.txt\n/d/xreportx" },
    { "re", "/a/report.pdf\n/b/Report 2024.pdf\n/c/annual-report.txt" },
    { "ann rep", "/c/annual-report.txt" },
    { "l-r", "/c/annual-report.txt" },
    { "l r", "" },
    { "grosse", "/e/Größe.txt" },
    { "größe", "/e/Größe.txt" },
    { "日本", "/f/東京日本語.txt" },
    { "京", "/f/東京日本語.txt" },
    { "🦊", "/g/fox 🦊.png" },
    { "nothing", "" },
    { "report nothing", "" },
    { "a%b", "/h/a%b_c\"d'e.txt" },
    { "c\"d'e", "/h/a%b_c\"d'e.txt" },
  };
  g_autoptr (Bench) bench = bench_new (0);

  g_test_summary ("words are found anywhere in names, the best first, also in the newest files");
  put (bench, "/d/xreportx");
  put (bench, "/c/annual-report.txt");
  put (bench, "/b/Report 2024.pdf");
  put (bench, "/a/report.pdf");
  put (bench, "/e/Größe.txt");
  put (bench, "/f/東京日本語.txt");
  put (bench, "/g/fox 🦊.png");
  put (bench, "/h/a%b_c\"d'e.txt");
  put (bench, "/report/folder-is-no-name");
  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    assert_found (bench, queries[i][0], queries[i][1]);
  bench_maintain (bench);
  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    assert_found (bench, queries[i][0], queries[i][1]);
}

static void
test_changes (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autofree char *hash = NULL;

  g_test_summary ("what is renamed, deleted, given back and copied is found as it is now");
  put (bench, "/a/first.txt");
  put (bench, "/a/other.txt");
  assert_found_twice (bench, "first", "/a/first.txt");
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/a/first.txt", "/a/second.txt", &error),
                   ==, 1);
  assert_found_twice (bench, "first", "");
  assert_found_twice (bench, "second", "/a/second.txt");
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/a", "/b", &error), ==, 2);
  assert_found_twice (bench, "second", "/b/second.txt");
  file = mh_store_get (bench->store, "vault", "/b/second.txt", FALSE, &error);
  hash = g_strdup (file->content_hash);
  g_assert_true (mh_store_delete (bench->store, "vault", "/b/second.txt", &error));
  assert_found_twice (bench, "second", "");
  mh_file_free (mh_store_restore (bench->store, "vault", "/b/second.txt", hash, &error));
  g_assert_no_error (error);
  assert_found_twice (bench, "second", "/b/second.txt");
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/b/second.txt", "/b/third.txt", &error),
                   ==, 1);
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/b/third.txt", "/b/first.txt", &error),
                   ==, 1);
  assert_found_twice (bench, "first", "/b/first.txt");
  bench_close (bench);
  bench_remove_index (bench);
  g_assert_true (bench_open (bench, &error));
  assert_found_twice (bench, "first", "/b/first.txt");
  assert_found_twice (bench, "second", "");
}

static void
test_vaults (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhFound) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_test_summary (
      "a vault sees its own files, also those that got the numbers of a removed vault's");
  g_assert_true (mh_store_add_vault (bench->store, "other", bench->key, &error));
  put (bench, "/mine.txt");
  put_in (bench, "other", "/theirs.txt");
  put_in (bench, "other", "/theirs-too.txt");
  bench_maintain (bench);
  assert_found (bench, "mine", "/mine.txt");
  assert_found (bench, "theirs", "");
  found = search_page (bench, "other", "theirs", 100, NULL);
  text = paths_of (found);
  g_assert_cmpstr (text, ==, "/theirs-too.txt\n/theirs.txt");
  g_assert_true (mh_store_forget_vault (bench->store, "other", &error));
  bench_maintain (bench);
  put (bench, "/again.txt");
  put (bench, "/and-again.txt");
  put (bench, "/and-more.txt");
  assert_found_twice (bench, "again", "/again.txt\n/and-again.txt");
  assert_found_twice (bench, "more", "/and-more.txt");
}

static void
test_refused (void)
{
  static const char *const wrong[] = { "", " ", "-", "..." };
  g_autoptr (Bench) bench = bench_new (0);
  MhSearchQuery query = { "vault", "x", 10, "nonsense" };
  g_autoptr (GError) error = NULL;

  g_test_summary ("nothing to search for is refused, so are cursors that were made up");
  g_assert_null (mh_store_search (bench->store, &query, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "cursor"));
  query.cursor = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_clear_error (&error);
      query.words = wrong[i];
      g_assert_null (mh_store_search (bench->store, &query, &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "q:"));
    }
}

static void
test_pages (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *cursor = NULL;
  g_autoptr (MhFound) whole = NULL;
  guint seen = 0;

  g_test_summary ("pages are the whole in pieces");
  for (guint i = 0; i < 97; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%c/%s%u", 'a' + (int) (i * 7 % 26),
                                               i % 3 == 0 ? "find me " : "me find ", i);

      put (bench, path);
      if (i == 60)
        bench_maintain (bench);
    }
  whole = search_page (bench, "vault", "find", 1000, NULL);
  g_assert_cmpuint (whole->files->len, ==, 97);
  do
    {
      g_autoptr (MhFound) page = search_page (bench, "vault", "find", 10, cursor);

      for (guint i = 0; i < page->files->len; i++)
        g_assert_cmpstr (((MhFile *) g_ptr_array_index (page->files, i))->path, ==,
                         ((MhFile *) g_ptr_array_index (whole->files, seen++))->path);
      g_free (cursor);
      cursor = g_steal_pointer (&page->cursor);
    }
  while (cursor != NULL);
  g_assert_cmpuint (seen, ==, 97);
}

/* Path of one of many files; a tenth has the word that is asked for in its name. */
static char *
path_of (guint number)
{
  return g_strdup_printf ("/%02u/%s %u/%s %06u.%s", number % 50, number % 3 == 0 ? "ä" : "b",
                          number % 700, number % 10 == 0 ? "invoice" : "IMG", number,
                          number % 2 == 0 ? "pdf" : "jpg");
}

/* Adds @count small files, many in one commit. */
static void
fill (Bench *bench, guint count)
{
  MhUpload *uploads[BATCH];
  MhFile *files[BATCH];
  GError *errors[BATCH];

  for (guint from = 0; from < count; from += BATCH)
    {
      for (guint i = 0; i < BATCH; i++)
        {
          g_autofree char *path = path_of (from + i);
          MhUploadNew request = { "vault", path, 1700000000000, NULL, NULL, TRUE };
          g_autoptr (GError) error = NULL;

          uploads[i] = mh_upload_new (bench->store, &request, &error);
          g_assert_no_error (error);
          g_assert_true (mh_upload_write (uploads[i], (const guint8 *) "x", 1, NULL, &error));
          g_assert_true (mh_upload_prepare (uploads[i], NULL, &error));
        }
      mh_uploads_finish (uploads, BATCH, files, errors);
      for (guint i = 0; i < BATCH; i++)
        {
          g_assert_no_error (errors[i]);
          mh_file_free (files[i]);
          mh_upload_free (uploads[i]);
        }
    }
}

static int
compare_text (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Lists everything below @folder page by page and compares it with what is there. */
static void
assert_listed (Bench *bench, const char *folder, guint limit, guint count)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *prefix = g_strconcat (g_str_equal (folder, "/") ? "" : folder, "/", NULL);
  g_autofree char *cursor = NULL;
  guint seen = 0;

  for (guint i = 0; i < count; i++)
    {
      char *path = path_of (i);

      if (g_str_has_prefix (path, prefix))
        g_ptr_array_add (wanted, path);
      else
        g_free (path);
    }
  qsort (wanted->pdata, wanted->len, sizeof (gpointer), compare_text);
  do
    {
      MhListQuery query = { "vault", folder, FALSE, FALSE, limit, cursor };
      g_autoptr (GError) error = NULL;
      g_autoptr (MhFileList) list = mh_store_list (bench->store, &query, &error);

      g_assert_no_error (error);
      for (guint i = 0; i < list->files->len; i++, seen++)
        {
          g_assert_cmpuint (seen, <, wanted->len);
          g_assert_cmpstr (((MhFile *) g_ptr_array_index (list->files, i))->path, ==,
                           g_ptr_array_index (wanted, seen));
        }
      g_free (cursor);
      cursor = g_steal_pointer (&list->cursor);
    }
  while (cursor != NULL);
  g_assert_cmpuint (seen, ==, wanted->len);
}

/* Searches; fails unless it is so many files and whether those are all. */
static void
assert_count (Bench *bench, const char *words, guint count, gboolean complete)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (MhFound) found = search_page (bench, "vault", words, 1000, NULL);

  g_test_message ("%s: %u files in %.1f ms", words, found->files->len,
                  (double) (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpuint (found->files->len, ==, count);
  g_assert_cmpint (found->complete, ==, complete);
}

static void
test_many (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  const char *asked = g_getenv ("MESHHOLD_TEST_FILES");
  guint count = asked != NULL ? (guint) g_ascii_strtoull (asked, NULL, 10) : 200000;
  gint64 start = g_get_monotonic_time ();

  g_test_summary ("hundreds of thousands of files are listed right and searched without a scan");
  fill (bench, count);
  g_test_message ("%u files in %.1f s", count,
                  (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND);
  assert_listed (bench, "/", 1000, count);
  assert_listed (bench, "/07", 333, count);
  assert_listed (bench, "/10/ä 510", 7, count);
  assert_count (bench, "099990", 0, FALSE); /* far from the end, and not in the table yet */
  start = g_get_monotonic_time ();
  bench_maintain (bench);
  g_test_message ("upkeep %.1f s", (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND);
  assert_count (bench, "invoice 099990", 1, TRUE);
  assert_count (bench, "099990", 1, TRUE);
  assert_count (bench, "09999", 10 + count / 100000, TRUE); /* 09999x and x09999 */
  assert_count (bench, "img 09999", 9 + count / 100000, TRUE);
  assert_count (bench, "img 099990", 0, TRUE);
  assert_count (bench, "invoice", 1000, FALSE);
  assert_count (bench, "img ext:pdf", 1000, FALSE);
  assert_count (bench, "img invoice", 0, TRUE);
  assert_count (bench, "invoice ext:jpg", 0, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/search/fold", test_fold);
  g_test_add_func ("/store/search/words", test_words);
  g_test_add_func ("/store/search/changes", test_changes);
  g_test_add_func ("/store/search/vaults", test_vaults);
  g_test_add_func ("/store/search/refused", test_refused);
  g_test_add_func ("/store/search/pages", test_pages);
  g_test_add_func ("/store/search/many", test_many);

  return g_test_run ();
}
