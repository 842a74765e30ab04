/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "bench.h"

static GBytes *
word (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static void
put (Bench *bench, const char *path, const char *text)
{
  g_autoptr (GBytes) content = word (text);

  mh_file_free (bench_put (bench, path, content));
}

static void
assert_text (Bench *bench, const char *path, const char *text)
{
  g_autoptr (GBytes) content = word (text);

  bench_assert_file (bench, path, content);
}

/* The paths of a listing in one line: folders with their number of files, then files. */
static char *
list (Bench *bench, const char *path, gboolean shallow, gboolean deleted, guint limit)
{
  GString *line = g_string_new (NULL);
  g_autofree char *cursor = NULL;
  guint pages = 0;

  do
    {
      MhListQuery query = { "vault", path, deleted, shallow, limit, cursor };
      g_autoptr (GError) error = NULL;
      g_autoptr (MhFileList) page = mh_store_list (bench->store, &query, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (page->files->len + page->folders->len, <=, limit);
      for (guint i = 0; i < page->folders->len; i++)
        {
          const MhFileFolder *folder = g_ptr_array_index (page->folders, i);

          g_string_append_printf (line, "%s/(%d,%d) ", folder->path, (int) folder->files,
                                  (int) folder->bytes);
        }
      for (guint i = 0; i < page->files->len; i++)
        {
          const MhFile *file = g_ptr_array_index (page->files, i);

          g_string_append_printf (line, "%s%s ", file->path, file->deleted ? "-" : "");
        }
      g_free (cursor);
      cursor = g_steal_pointer (&page->cursor);
      g_assert_cmpuint (pages++, <, 1000);
    }
  while (cursor != NULL);

  return g_string_free (line, FALSE);
}

static void
assert_list (Bench *bench, const char *path, gboolean shallow, const char *expected)
{
  for (guint limit = 1; limit < 6; limit++)
    {
      g_autofree char *line = list (bench, path, shallow, FALSE, limit);

      g_assert_cmpstr (line, ==, expected);
    }
}

static void
assert_totals (Bench *bench, gint64 files, gint64 bytes)
{
  g_autoptr (GError) error = NULL;
  MhStoreTotals totals;

  g_assert_true (mh_store_totals (bench->store, "vault", &totals, &error));
  g_assert_cmpint (totals.files, ==, files);
  g_assert_cmpint (totals.bytes, ==, bytes);
}

static void
test_listing (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  MhListQuery missing = { "vault", "/nothing", FALSE, TRUE, 10, NULL };
  MhListQuery bad_cursor = { "vault", "/", FALSE, TRUE, 10, "!!" };
  g_autoptr (MhFileList) none = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("listings are in order, page by page, with the sums of folders");
  assert_list (bench, "/", TRUE, "");
  put (bench, "/b", "1");
  put (bench, "/a/x", "22");
  put (bench, "/a/y/z", "333");
  put (bench, "/a.txt", "4");
  put (bench, "/a/y/\xf0\x9f\x98\x80 a%2Fb", "55555");
  assert_list (bench, "/", TRUE, "/a/(3,10) /a.txt /b ");
  assert_list (bench, NULL, TRUE, "/a/(3,10) /a.txt /b ");
  assert_list (bench, "/a", TRUE, "/a/y/(2,8) /a/x ");
  assert_list (bench, "/a/", TRUE, "/a/y/(2,8) /a/x ");
  assert_list (bench, "/a/y", TRUE, "/a/y/z /a/y/\xf0\x9f\x98\x80 a%2Fb ");
  assert_list (bench, "/", FALSE, "/a.txt /a/x /a/y/z /a/y/\xf0\x9f\x98\x80 a%2Fb /b ");
  assert_list (bench, "/a", FALSE, "/a/x /a/y/z /a/y/\xf0\x9f\x98\x80 a%2Fb ");
  assert_totals (bench, 5, 12);

  none = mh_store_list (bench->store, &missing, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  none = mh_store_list (bench->store, &bad_cursor, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
}

static void
test_delete (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autofree char *live = NULL;
  g_autofree char *all = NULL;
  g_autofree char *deep = NULL;

  g_test_summary ("a deleted file leaves a tombstone and the sums");
  put (bench, "/a/one", "1");
  put (bench, "/a/two", "22");
  g_assert_true (mh_store_delete (bench->store, "vault", "/a/one", &error));
  g_assert_no_error (error);
  bench_assert_no_file (bench, "/a/one");
  assert_list (bench, "/a", TRUE, "/a/two ");
  all = list (bench, "/a", TRUE, TRUE, 1);
  g_assert_cmpstr (all, ==, "/a/one- /a/two ");
  deep = list (bench, "/", FALSE, TRUE, 1);
  g_assert_cmpstr (deep, ==, "/a/one- /a/two ");
  assert_totals (bench, 1, 2);
  file = mh_store_get (bench->store, "vault", "/a/one", TRUE, &error);
  g_assert_true (file->deleted);

  g_assert_false (mh_store_delete (bench->store, "vault", "/a/one", &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (mh_store_delete (bench->store, "vault", "/a/two", &error));
  assert_list (bench, "/", TRUE, "");
  assert_totals (bench, 0, 0);
  put (bench, "/a", "now a file");
  assert_text (bench, "/a", "now a file");
}

static void
test_history (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GPtrArray) versions = NULL;
  g_autoptr (MhFile) restored = NULL;
  g_autoptr (MhFile) unknown = NULL;
  g_autoptr (GBytes) old = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *nonsense = g_strnfill (64, '0');
  const MhFileVersion *first;
  const MhFileVersion *second;
  const MhFileVersion *last;

  g_test_summary ("versions follow each other; an old one reads back and can be restored");
  put (bench, "/f", "one");
  put (bench, "/f", "two!");
  g_assert_true (mh_store_delete (bench->store, "vault", "/f", &error));
  versions = mh_store_history (bench->store, "vault", "/f", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (versions->len, ==, 3);
  last = g_ptr_array_index (versions, 0);
  second = g_ptr_array_index (versions, 1);
  first = g_ptr_array_index (versions, 2);
  g_assert_cmpint (last->op, ==, MH_FILE_OP_DELETE);
  g_assert_null (last->content_hash);
  g_assert_true (last->current);
  g_assert_cmpstr (last->parents[0], ==, second->version_hash);
  g_assert_cmpstr (second->parents[0], ==, first->version_hash);
  g_assert_null (first->parents[0]);
  g_assert_cmpint (first->size, ==, 3);
  g_assert_true (g_str_has_prefix (first->author, "12D3KooW"));

  old = bench_read (bench, "/f", first->content_hash, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (old, NULL), g_bytes_get_size (old), "one", 3);
  restored = mh_store_restore (bench->store, "vault", "/f", first->content_hash, &error);
  g_assert_no_error (error);
  g_assert_cmpint (restored->version_count, ==, 4);
  g_assert_false (restored->deleted);
  assert_text (bench, "/f", "one");
  assert_totals (bench, 1, 3);

  unknown = mh_store_restore (bench->store, "vault", "/f", nonsense, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  unknown = mh_store_restore (bench->store, "vault", "/f", "xyz", &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
  g_clear_error (&error);
  bench_reopen (bench);
  assert_text (bench, "/f", "one");
}

static void
test_put_after_delete (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = word ("x");
  g_autoptr (MhFile) before = bench_put (bench, "/f", content);
  g_autoptr (MhFile) after = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a file put where one was deleted goes on with its history");
  g_assert_true (mh_store_delete (bench->store, "vault", "/f", &error));
  after = bench_put (bench, "/f", content);
  g_assert_cmpstr (before->file_id, ==, after->file_id);
  g_assert_cmpint (after->version_count, ==, 3);
}

static void
assert_move_fails (Bench *bench, const char *from, const char *to, MhError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mh_store_move (bench->store, "vault", from, to, &error), ==, -1);
  g_assert_error (error, MH_ERROR, (gint) code);
}

static void
test_move (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) before = NULL;
  g_autoptr (MhFile) after = NULL;
  g_autoptr (GPtrArray) versions = NULL;
  guint64 size;

  g_test_summary ("files and folders move in one step, keeping id, history and bytes");
  put (bench, "/a/one.txt", "1");
  put (bench, "/a/b/two", "22");
  put (bench, "/a-not", "4444");
  put (bench, "/c/taken", "x");
  before = mh_store_get (bench->store, "vault", "/a/one.txt", FALSE, &error);
  size = bench_segment_bytes (bench);
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/a/one.txt", "/c/one.png", &error), ==,
                   1);
  g_assert_no_error (error);
  after = mh_store_get (bench->store, "vault", "/c/one.png", FALSE, &error);
  g_assert_cmpstr (before->file_id, ==, after->file_id);
  g_assert_cmpstr (after->mime, ==, "image/png");
  g_assert_cmpuint (bench_segment_bytes (bench) - size, <, 1500);
  bench_assert_no_file (bench, "/a/one.txt");
  assert_text (bench, "/c/one.png", "1");
  versions = mh_store_history (bench->store, "vault", "/c/one.png", &error);
  g_assert_cmpuint (versions->len, ==, 2);

  g_assert_cmpint (mh_store_move (bench->store, "vault", "/c", "/a/b/c", &error), ==, 2);
  assert_list (bench, "/", FALSE, "/a-not /a/b/c/one.png /a/b/c/taken /a/b/two ");
  assert_list (bench, "/", TRUE, "/a/(3,4) /a-not ");
  assert_move_fails (bench, "/a", "/a/b/x", MH_ERROR_CONFLICT);
  assert_move_fails (bench, "/a", "/a-not", MH_ERROR_CONFLICT);
  assert_move_fails (bench, "/a-not", "/a/b", MH_ERROR_CONFLICT);
  assert_move_fails (bench, "/a-not", "/a/b/two/x", MH_ERROR_CONFLICT);
  assert_move_fails (bench, "/nothing", "/x", MH_ERROR_NOT_FOUND);
  assert_move_fails (bench, "/a", "/x/", MH_ERROR_INVALID);
  assert_list (bench, "/", FALSE, "/a-not /a/b/c/one.png /a/b/c/taken /a/b/two ");

  g_assert_cmpint (mh_store_move (bench->store, "vault", "/a", "/d", &error), ==, 3);
  bench_close (bench);
  bench_remove_index (bench);
  bench_open (bench, &error);
  g_assert_no_error (error);
  assert_list (bench, "/", FALSE, "/a-not /d/b/c/one.png /d/b/c/taken /d/b/two ");
  assert_list (bench, "/d", TRUE, "/d/b/(3,4) ");
  assert_text (bench, "/d/b/two", "22");
  assert_totals (bench, 4, 8);
}

static void
test_move_too_long (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autofree char *name = g_strnfill (250, 'n');
  g_autoptr (GString) deep = g_string_new (NULL);

  g_test_summary ("a move that would make one path too long moves nothing at all");
  for (guint i = 0; i < 16; i++)
    g_string_append_printf (deep, "/%s", name);
  put (bench, "/f/short", "1");
  {
    g_autofree char *path = g_strconcat ("/f", deep->str, NULL);
    g_autofree char *to = g_strconcat ("/", name, NULL);

    put (bench, path, "2");
    assert_move_fails (bench, "/f", to, MH_ERROR_INVALID);
  }
  assert_text (bench, "/f/short", "1");
  assert_totals (bench, 2, 2);
}

static void
assert_put_fails (Bench *bench, const char *path, MhError code, const char *part)
{
  g_autoptr (GBytes) content = word ("x");
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = bench_try_put (bench, "vault", path, content, &error);

  g_assert_null (file);
  g_assert_error (error, MH_ERROR, (gint) code);
  if (strstr (error->message, part) == NULL)
    g_error ("no \"%s\" in \"%s\"", part, error->message);
}

static void
test_paths (void)
{
  static const char *const bad[] = { "",   "a",   "/",       "//",   "/a/",   "/a//b",
                                     "/.", "/..", "/a/../b", "/a/.", "/\xff", "/a\xc3" };
  g_autoptr (Bench) bench = bench_new (0);
  g_autofree char *long_name = g_strnfill (256, 'x');
  g_autofree char *long_segment = g_strconcat ("/", long_name, NULL);
  g_autofree char *most = g_strndup (long_segment, 256);
  g_autoptr (GString) deep = g_string_new (NULL);

  g_test_summary ("paths that could be misread are refused by name, all others taken as they are");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_put_fails (bench, bad[i], MH_ERROR_INVALID, "path ");
  assert_put_fails (bench, "/a/../b", MH_ERROR_INVALID, "/a/../b");
  assert_put_fails (bench, long_segment, MH_ERROR_INVALID, "255 bytes");
  while (deep->len <= 4096)
    g_string_append (deep, "/directory");
  assert_put_fails (bench, deep->str, MH_ERROR_INVALID, "4096 bytes");
  g_string_truncate (deep, 4096);
  put (bench, deep->str, "deep");
  assert_text (bench, deep->str, "deep");
  put (bench, most, "most");
  assert_text (bench, most, "most");
  put (bench, "/a%2Fb", "escaped");
  put (bench, "/a/b", "slash");
  put (bench, "/...", "dots");
  put (bench, "/ \n\t'\"\\%00", "odd");
  put (bench, "/\xc3\xa4", "composed");
  put (bench, "/a\xcc\x88", "decomposed");
  assert_text (bench, "/a%2Fb", "escaped");
  assert_text (bench, "/a/b", "slash");
  assert_text (bench, "/ \n\t'\"\\%00", "odd");
  assert_text (bench, "/\xc3\xa4", "composed");
  assert_text (bench, "/a\xcc\x88", "decomposed");
}

static void
test_clashes (void)
{
  g_autoptr (Bench) bench = bench_new (0);

  g_test_summary ("a path is a file or a folder, never both");
  put (bench, "/a/b", "1");
  put (bench, "/f", "1");
  assert_put_fails (bench, "/a", MH_ERROR_CONFLICT, "/a is a folder");
  assert_put_fails (bench, "/f/x", MH_ERROR_CONFLICT, "/f is a file");
  assert_put_fails (bench, "/a/b/c/d", MH_ERROR_CONFLICT, "/a/b is a file");
  assert_totals (bench, 2, 2);
}

static MhFile *
put_if (Bench *bench, const char *match, const char *none_match, GError **error)
{
  MhUploadNew request = { "vault", "/f", 1, match, none_match };
  g_autoptr (MhUpload) upload = mh_upload_new (bench->store, &request, error);

  if (upload == NULL || !mh_upload_write (upload, (const guint8 *) "x", 1, NULL, error))
    return NULL;

  return mh_upload_finish (upload, NULL, error);
}

static void
test_conditions (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  MhUploadNew once = { "vault", "/once", 1, NULL, "*" };
  g_autoptr (MhUpload) one = NULL;
  g_autoptr (MhUpload) other = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autoptr (MhFile) again = NULL;
  g_autoptr (MhFile) none = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("If-Match and If-None-Match hold when the file is committed, not only before");
  none = put_if (bench, "*", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_PRECONDITION);
  g_clear_error (&error);
  file = put_if (bench, NULL, "*", &error);
  g_assert_no_error (error);
  none = put_if (bench, NULL, "*", &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_PRECONDITION);
  g_clear_error (&error);
  again = put_if (bench, file->content_hash, NULL, &error);
  g_assert_no_error (error);
  none = put_if (bench, NULL, file->content_hash, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_PRECONDITION);
  g_clear_error (&error);

  one = mh_upload_new (bench->store, &once, &error);
  other = mh_upload_new (bench->store, &once, &error);
  g_assert_no_error (error);
  mh_file_free (mh_upload_finish (one, NULL, &error));
  g_assert_no_error (error);
  none = mh_upload_finish (other, NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_PRECONDITION);
}

static void
test_forget (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) none = NULL;
  g_autoptr (MhSecret) key = mh_secret_new_random (32);

  g_test_summary ("a forgotten vault is gone at once, and another one is not touched");
  g_assert_true (mh_store_add_vault (bench->store, "other", key, &error));
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *path = g_strdup_printf ("/d/%u", i);
      g_autoptr (GBytes) content = word (path);

      mh_file_free (bench_try_put (bench, "other", path, content, &error));
      g_assert_no_error (error);
    }
  put (bench, "/mine", "x");
  g_assert_true (mh_store_forget_vault (bench->store, "other", &error));
  none = mh_store_get (bench->store, "other", "/d/1", FALSE, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);

  bench_reopen (bench);
  g_assert_true (mh_store_add_vault (bench->store, "other", key, &error));
  none = mh_store_get (bench->store, "other", "/d/1", TRUE, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  assert_text (bench, "/mine", "x");
}

/* What one thread of test_concurrent() does. */
typedef struct
{
  Bench *bench;
  guint number;
} Actor;

static gpointer
act (gpointer data)
{
  Actor *actor = data;

  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u/%u", actor->number, i);
      g_autoptr (GBytes) content = bench_random (actor->number * 1000 + i, i * i * 700);
      g_autoptr (GBytes) shared = bench_random (i, 300000);

      mh_file_free (bench_put (actor->bench, path, content));
      mh_file_free (bench_put (actor->bench, "/same", shared));
      bench_assert_file (actor->bench, path, content);
    }

  return NULL;
}

static void
test_concurrent (void)
{
  g_autoptr (Bench) bench = bench_new (4 * 1024 * 1024);
  Actor actors[8];
  GThread *threads[8];
  g_autoptr (GBytes) same = bench_random (29, 300000);
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("eight threads upload at a time, also to one path: nothing is lost or mixed up");
  for (guint i = 0; i < 8; i++)
    {
      actors[i] = (Actor){ bench, i };
      threads[i] = g_thread_new ("actor", act, &actors[i]);
    }
  for (guint i = 0; i < 8; i++)
    g_thread_join (threads[i]);

  file = mh_store_get (bench->store, "vault", "/same", FALSE, &error);
  g_assert_cmpint (file->version_count, ==, 240);
  g_assert_false (file->conflict);
  bench_close (bench);
  bench_remove_index (bench);
  g_assert_true (bench_open (bench, &error));
  bench_assert_file (bench, "/same", same);
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u/29", i);
      g_autoptr (GBytes) content = bench_random (i * 1000 + 29, 29 * 29 * 700);

      bench_assert_file (bench, path, content);
    }
}

static void
test_many_files (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = word ("x");
  g_autofree char *paged = NULL;
  g_auto (GStrv) names = NULL;

  g_test_summary ("a folder of 1,500 files comes back whole and in order, page by page");
  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *path = g_strdup_printf ("/many/%05u", (i * 7919) % 1500);

      mh_file_free (bench_put (bench, path, content));
    }
  paged = list (bench, "/many", TRUE, FALSE, 200);
  names = g_strsplit (g_strchomp (paged), " ", -1);
  g_assert_cmpuint (g_strv_length (names), ==, 1500);
  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *path = g_strdup_printf ("/many/%05u", i);

      g_assert_cmpstr (names[i], ==, path);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/catalog/listing", test_listing);
  g_test_add_func ("/store/catalog/delete", test_delete);
  g_test_add_func ("/store/catalog/history", test_history);
  g_test_add_func ("/store/catalog/put-after-delete", test_put_after_delete);
  g_test_add_func ("/store/catalog/move", test_move);
  g_test_add_func ("/store/catalog/move-too-long", test_move_too_long);
  g_test_add_func ("/store/catalog/paths", test_paths);
  g_test_add_func ("/store/catalog/clashes", test_clashes);
  g_test_add_func ("/store/catalog/conditions", test_conditions);
  g_test_add_func ("/store/catalog/forget", test_forget);
  g_test_add_func ("/store/catalog/concurrent", test_concurrent);
  g_test_add_func ("/store/catalog/many-files", test_many_files);

  return g_test_run ();
}
