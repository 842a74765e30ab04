/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"
#include "modules/store/chunker.h"

#define MIB (1024 * 1024)
#define LARGE (20 * MIB)

static char *
begin (Bench *bench, const char *path, gint64 size)
{
  MhUploadNew request = { "vault", path, 1700000000000, NULL, NULL, FALSE, size };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhPartial) partial = mh_partial_begin (bench->store, &request, &error);

  g_assert_no_error (error);
  g_assert_cmpint (partial->offset, ==, 0);
  g_assert_cmpint (partial->size, ==, size);

  return g_strdup (partial->id);
}

static MhPartialWriter *
go_on (Bench *bench, const char *id, gint64 offset)
{
  g_autoptr (GError) error = NULL;
  MhPartialWriter *writer = mh_partial_open (bench->store, "vault", id, offset, &error);

  g_assert_no_error (error);

  return writer;
}

/* Appends bytes of @content and keeps them. */
static void
append (Bench *bench, const char *id, GBytes *content, gsize from, gsize to)
{
  g_autoptr (MhPartialWriter) writer = go_on (bench, id, (gint64) from);
  const guint8 *data = g_bytes_get_data (content, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_partial_write (writer, data + from, to - from, NULL, &error));
  g_assert_true (mh_partial_save (writer, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mh_partial_writer_state (writer)->offset, ==, (gint64) to);
}

static void
finish (Bench *bench, const char *id, GBytes *content)
{
  g_autoptr (MhPartialWriter) writer = go_on (bench, id, -1);
  g_autofree char *hash = bench_content_hash (content);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = mh_partial_finish (writer, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (file->content_hash, ==, hash);
  g_assert_cmpint (file->size, ==, (gint64) g_bytes_get_size (content));
  g_assert_cmpint (file->mtime_ms, ==, 1700000000000);
}

/* Fails unless there is no such session. */
static void
assert_gone (Bench *bench, const char *id)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mh_partial_get (bench->store, "vault", id, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

static gint64
detail_offset (const GError *error)
{
  gint64 value = -1;

  g_assert_nonnull (mh_error_details (error));
  g_assert_true (g_variant_lookup (mh_error_details (error), "offset", "x", &value));

  return value;
}

/* Sends @content in pieces of changing size; @restart opens the store anew before each. */
static void
send_pieces (Bench *bench, const char *path, GBytes *content, gsize piece, gboolean restart)
{
  gsize size = g_bytes_get_size (content);
  g_autofree char *id = begin (bench, path, (gint64) size);
  guint count = 0;

  for (gsize at = 0; at < size;)
    {
      gsize next = MIN (size, at + piece / 2 + (count++ * 7919) % piece);

      append (bench, id, content, at, next);
      if (restart)
        bench_reopen (bench);
      at = next;
    }
  finish (bench, id, content);
  assert_gone (bench, id);
  bench_assert_file (bench, path, content);
}

static void
test_pieces (void)
{
  static const gsize sizes[] = { 0, 1, 1000, MH_CHUNK_MIN + 1, 9 * MIB };
  static const gsize pieces[] = { 100 * 1000, MIB, 20 * MIB };
  g_autoptr (Bench) bench = bench_new (0);

  g_test_summary (
      "a file that comes in pieces is the file, with and without restarts between them");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (pieces); j++)
        {
          g_autofree char *path = g_strdup_printf ("/%u/%u", i, j);
          g_autofree char *again = g_strdup_printf ("/again/%u/%u", i, j);
          g_autoptr (GBytes) content = bench_random (i * 10 + j, sizes[i]);

          send_pieces (bench, path, content, pieces[j], FALSE);
          send_pieces (bench, again, content, pieces[j], TRUE);
        }
    }
  bench_maintain (bench);
  bench_assert_recount (bench);
}

static void
test_same_blocks (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 20 * MIB);
  gint64 stored;

  g_test_summary ("the pieces make no difference to the blocks: the same file is stored once");
  mh_file_free (bench_put (bench, "/whole", content));
  stored = bench_stored (bench);
  send_pieces (bench, "/pieces", content, 3 * MIB, TRUE);
  g_assert_cmpint (bench_stored (bench), ==, stored);
  bench_maintain (bench);
  g_assert_cmpint (bench_stored (bench), ==, stored);
}

static void
test_repeats (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) once = bench_random (1, 5 * MIB);
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autoptr (GBytes) content = NULL;
  gint64 stored;

  g_test_summary ("blocks that repeat, also as the tail, are counted once and released once");
  for (guint i = 0; i < 4; i++)
    g_byte_array_append (data, g_bytes_get_data (once, NULL), 5 * MIB);
  g_byte_array_set_size (data, 20 * MIB - 100);
  content = g_byte_array_free_to_bytes (g_steal_pointer (&data));
  send_pieces (bench, "/f", content, 700 * 1000, FALSE);
  stored = bench_stored (bench);
  bench_assert_recount (bench);
  g_assert_cmpint (bench_stored (bench), ==, stored);
  bench_assert_file (bench, "/f", content);
}

static void
test_maintained (void)
{
  g_autoptr (Bench) bench = bench_new (4 * MIB);
  g_autoptr (GBytes) content = bench_random (1, 12 * MIB);
  g_autofree char *id = begin (bench, "/f", 12 * MIB);

  g_test_summary ("what came in is not freed, and moves with its segments");
  for (gsize at = 0; at < 12 * MIB; at += 300 * 1024)
    {
      g_autofree char *other = g_strdup_printf ("/other/%" G_GSIZE_FORMAT, at);
      g_autoptr (GBytes) filler = bench_random (at + 7, 200 * 1000);
      g_autoptr (GError) error = NULL;

      append (bench, id, content, at, MIN (at + 300 * 1024, 12 * MIB));
      mh_file_free (bench_put (bench, other, filler));
      g_assert_true (mh_store_delete (bench->store, "vault", other, &error));
      g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
      bench_maintain (bench);
    }
  bench_reopen (bench);
  finish (bench, id, content);
  bench_assert_file (bench, "/f", content);
  bench_maintain (bench);
  bench_assert_recount (bench);
  bench_assert_file (bench, "/f", content);
}

static void
test_given_up (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 12 * MIB);
  g_autofree char *id = begin (bench, "/f", 12 * MIB);
  g_autoptr (GError) error = NULL;

  g_test_summary ("a session that is given up gives its space back");
  append (bench, id, content, 0, 10 * MIB);
  g_assert_cmpint (bench_stored (bench), >, 10 * MIB);
  g_assert_true (mh_partial_give_up (bench->store, "vault", id, &error));
  g_assert_no_error (error);
  assert_gone (bench, id);
  g_assert_false (mh_partial_give_up (bench->store, "vault", id, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_assert_cmpint (bench_stored (bench), ==, 0);
  bench_maintain (bench);
  g_assert_cmpuint (bench_disk_bytes (bench), <, 64 * 1024);
  bench_assert_recount (bench);
}

static void
test_expires (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 9 * MIB);
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *old = NULL;
  g_autofree char *young = NULL;
  gint64 start = 1800000000000;

  g_test_summary ("a session ends after seven days without use, not a moment earlier");
  mh_clock_set_ms (bench->clock, start);
  old = begin (bench, "/old", 9 * MIB);
  young = begin (bench, "/young", 9 * MIB);
  append (bench, old, content, 0, 5 * MIB);
  append (bench, young, content, 0, 1000);
  mh_clock_set_ms (bench->clock, start + MH_PARTIAL_UNUSED_MS);
  bench_maintain (bench);
  append (bench, young, content, 1000, 2000);
  mh_clock_set_ms (bench->clock, start + MH_PARTIAL_UNUSED_MS + 1);
  bench_maintain (bench);
  assert_gone (bench, old);
  left = mh_partial_list (bench->store, "vault", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_cmpstr (((MhPartial *) g_ptr_array_index (left, 0))->id, ==, young);
  g_assert_cmpint (((MhPartial *) g_ptr_array_index (left, 0))->expires_ms, ==,
                   start + 2 * MH_PARTIAL_UNUSED_MS);
  g_assert_cmpint (bench_stored (bench), <, 3000);
  bench_maintain (bench);
  g_assert_cmpuint (bench_disk_bytes (bench), <, 64 * 1024);
}

static void
test_offset (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 2000);
  g_autofree char *id = begin (bench, "/f", 2000);
  g_autoptr (MhPartialWriter) writer = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a wrong offset is told the right one, and changes nothing");
  append (bench, id, content, 0, 700);
  g_assert_null (mh_partial_open (bench->store, "vault", id, 600, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_assert_cmpint (detail_offset (error), ==, 700);
  g_clear_error (&error);
  g_assert_null (mh_partial_open (bench->store, "vault", "nonsense", 0, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);

  writer = go_on (bench, id, -1);
  g_assert_null (mh_partial_finish (writer, NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_assert_cmpint (detail_offset (error), ==, 700);
  g_clear_error (&error);
  g_assert_false (mh_partial_write (writer, g_bytes_get_data (content, NULL), 1301, NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "size"));
  g_clear_pointer (&writer, mh_partial_close);
  append (bench, id, content, 700, 2000);
  finish (bench, id, content);
  bench_assert_file (bench, "/f", content);
}

static void
test_two_writers (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 2000);
  g_autofree char *id = begin (bench, "/f", 2000);
  g_autoptr (MhPartialWriter) writer = go_on (bench, id, 0);
  g_autoptr (GError) error = NULL;

  g_test_summary ("only one may write to a session at a time");
  g_assert_null (mh_partial_open (bench->store, "vault", id, 0, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_clear_error (&error);
  g_assert_false (mh_partial_give_up (bench->store, "vault", id, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_clear_pointer (&writer, mh_partial_close);
  append (bench, id, content, 0, 2000);
  finish (bench, id, content);
}

static void
test_unsaved (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 9 * MIB);
  g_autofree char *id = begin (bench, "/f", 9 * MIB);
  g_autoptr (MhPartialWriter) writer = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("what was written and not kept is not there");
  append (bench, id, content, 0, 2 * MIB);
  writer = go_on (bench, id, 2 * MIB);
  g_assert_true (
      mh_partial_write (writer, g_bytes_get_data (content, NULL), 5 * MIB, NULL, &error));
  g_clear_pointer (&writer, mh_partial_close);
  append (bench, id, content, 2 * MIB, 9 * MIB);
  finish (bench, id, content);
  bench_assert_file (bench, "/f", content);
}

static void
test_quota (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 9 * MIB);
  MhUploadNew large = { "vault", "/g", -1, NULL, NULL, FALSE, 20 * MIB };
  g_autofree char *id = begin (bench, "/f", 9 * MIB);
  g_autoptr (MhPartialWriter) writer = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("what came in counts in the quota; what does not fit is not kept");
  bench_limit (bench, 30, 90, 6 * MIB);
  g_assert_null (mh_partial_begin (bench->store, &large, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_clear_error (&error);
  append (bench, id, content, 0, 5 * MIB);
  writer = go_on (bench, id, 5 * MIB);
  g_assert_true (
      mh_partial_write (writer, g_bytes_get_data (content, NULL), 4 * MIB, NULL, &error));
  g_assert_false (mh_partial_save (writer, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, "quota"));
  g_clear_pointer (&writer, mh_partial_close);
  bench_limit (bench, 30, 90, 0);
  append (bench, id, content, 5 * MIB, 9 * MIB);
  finish (bench, id, content);
  bench_maintain (bench);
  bench_assert_recount (bench);
}

static void
test_conditions (void)
{
  MhUploadNew request = { "vault", "/f", -1, NULL, "*", FALSE, 1000 };
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 1000);
  g_autoptr (MhPartial) partial = NULL;
  g_autoptr (MhPartialWriter) writer = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary (
      "conditions hold at the beginning and at the end; the session stays for another try");
  partial = mh_partial_begin (bench->store, &request, &error);
  g_assert_no_error (error);
  append (bench, partial->id, content, 0, 1000);
  mh_file_free (bench_put (bench, "/f", content));
  writer = go_on (bench, partial->id, -1);
  g_assert_null (mh_partial_finish (writer, NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_PRECONDITION);
  g_clear_error (&error);
  g_assert_null (mh_partial_begin (bench->store, &request, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_PRECONDITION);
  g_clear_error (&error);
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/f", "/g", &error), ==, 1);
  g_clear_pointer (&writer, mh_partial_close);
  writer = go_on (bench, partial->id, -1);
  mh_file_free (mh_partial_finish (writer, NULL, &error));
  g_assert_no_error (error);
  bench_assert_file (bench, "/f", content);
}

static void
test_damaged (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 1000);
  g_autofree char *id = begin (bench, "/f", 2000);
  g_autofree char *path = bench_path (bench, "blocks/0000000000000001.seg");
  g_autoptr (GError) error = NULL;
  g_autofree char *fault = NULL;
  int fd;

  g_test_summary ("a damaged block is reported by the name of the file, not handed on");
  append (bench, id, content, 0, 1000);
  bench_close (bench);
  fd = open (path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (pwrite (fd, "damage", 6, 300), ==, 6);
  close (fd);
  g_assert_true (bench_open (bench, &error));
  g_assert_null (mh_partial_open (bench->store, "vault", id, 1000, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "/f"));
}

static void
test_forgotten (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 9 * MIB);
  g_autofree char *id = begin (bench, "/f", 9 * MIB);
  g_autoptr (GError) error = NULL;

  g_test_summary ("with its vault a session goes, too");
  append (bench, id, content, 0, 8 * MIB);
  g_assert_true (mh_store_forget_vault (bench->store, "vault", &error));
  bench_maintain (bench);
  g_assert_cmpuint (bench_disk_bytes (bench), <, 64 * 1024);
  g_assert_true (mh_store_add_vault (bench->store, "vault", bench->key, &error));
  g_assert_no_error (error);
  assert_gone (bench, id);
  g_assert_cmpint (bench_stored (bench), ==, 0);
}

/* The victim: goes on with a session, and says what is kept after each acknowledgement. */
static int
append_for_ever (const char *home, const char *id)
{
  Bench *bench = bench_new_at (home, 0);
  GBytes *content = bench_random (1, LARGE);
  const guint8 *data = g_bytes_get_data (content, NULL);
  MhPartialWriter *writer = go_on (bench, id, -1);
  gint64 at = mh_partial_writer_state (writer)->offset;

  while (at < LARGE)
    {
      gsize size = MIN (333333, LARGE - (gsize) at);

      if (!mh_partial_write (writer, data + at, size, NULL, NULL)
          || !mh_partial_save (writer, NULL))
        return 1;
      at = mh_partial_writer_state (writer)->offset;
      if (write (STDOUT_FILENO, &at, sizeof at) != sizeof at)
        return 1;
    }
  while (TRUE)
    pause ();
}

/* Lets the victim acknowledge @count times and kills it. Returns: what it has acknowledged */
static gint64
run_and_kill (const char *program, const char *home, const char *id, guint count)
{
  const char *argv[] = { program, "--victim", home, id, NULL };
  g_autoptr (GError) error = NULL;
  gint64 known = 0;
  gint64 more;
  GPid pid;
  int status;
  int out;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                            NULL, &out, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < count && known < LARGE; i++)
    g_assert_cmpint (read (out, &known, sizeof known), ==, sizeof known);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));
  while (read (out, &more, sizeof more) == sizeof more)
    known = more;
  close (out);

  return known;
}

static void
test_killed (gconstpointer program)
{
  g_autoptr (GBytes) content = bench_random (1, LARGE);
  g_autofree char *home = g_dir_make_tmp ("mh-partial-XXXXXX", NULL);
  g_autoptr (Bench) bench = bench_new_at (home, 0);
  g_autofree char *id = begin (bench, "/f", LARGE);
  gint64 known = 0;

  g_test_summary ("kill -9 loses nothing that was acknowledged");
  for (guint round = 1; known < LARGE; round++)
    {
      g_autoptr (MhPartial) partial = NULL;
      g_autoptr (GError) error = NULL;

      bench_close (bench);
      known = run_and_kill (program, home, id, 1 + round % 7);
      g_assert_true (bench_open (bench, &error));
      partial = mh_partial_get (bench->store, "vault", id, &error);
      g_assert_no_error (error);
      g_assert_cmpint (partial->offset, >=, known);
      known = partial->offset;
    }
  finish (bench, id, content);
  bench_assert_file (bench, "/f", content);
  bench_maintain (bench);
  bench_assert_recount (bench);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && g_str_equal (argv[1], "--victim"))
    return append_for_ever (argv[2], argv[3]);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/partial/pieces", test_pieces);
  g_test_add_func ("/store/partial/same-blocks", test_same_blocks);
  g_test_add_func ("/store/partial/repeats", test_repeats);
  g_test_add_func ("/store/partial/maintained", test_maintained);
  g_test_add_func ("/store/partial/given-up", test_given_up);
  g_test_add_func ("/store/partial/expires", test_expires);
  g_test_add_func ("/store/partial/offset", test_offset);
  g_test_add_func ("/store/partial/two-writers", test_two_writers);
  g_test_add_func ("/store/partial/unsaved", test_unsaved);
  g_test_add_func ("/store/partial/quota", test_quota);
  g_test_add_func ("/store/partial/conditions", test_conditions);
  g_test_add_func ("/store/partial/damaged", test_damaged);
  g_test_add_func ("/store/partial/forgotten", test_forgotten);
  g_test_add_data_func ("/store/partial/killed", argv[0], test_killed);

  return g_test_run ();
}
