/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"

#define ROUNDS 50
#define SEED 20240229
#define SEGMENT (8 * 1024 * 1024)
#define LONGEST_MS 400
#define MOST_BYTES (2 * 1024 * 1024)

/* A path says what is in the file, so that any file that is there can be checked. */
static char *
path_of (guint round, guint64 seed, gsize size)
{
  return g_strdup_printf ("/round-%u/%" G_GUINT64_FORMAT "-%" G_GSIZE_FORMAT, round, seed, size);
}

static GBytes *
content_of (const char *path)
{
  guint64 seed = 0;
  gsize size = 0;

  g_assert_cmpint (
      sscanf (strrchr (path, '/') + 1, "%" G_GUINT64_FORMAT "-%" G_GSIZE_FORMAT, &seed, &size), ==,
      2);

  return bench_random (seed, size);
}

/* The victim: uploads for ever and says so, line by line, after each acknowledgement. */
static int
upload_for_ever (const char *home, guint round)
{
  Bench *bench = bench_new_at (home, SEGMENT);
  GRand *random = g_rand_new_with_seed (SEED + round);

  for (guint64 i = 0;; i++)
    {
      gsize most = g_rand_int_range (random, 0, 4) == 0 ? MOST_BYTES : 20000;
      gsize size = (gsize) g_rand_int_range (random, 0, (gint32) most);
      g_autofree char *path = path_of (round, round * 1000000 + i, size);
      g_autofree char *line = g_strconcat (path, "\n", NULL);
      g_autoptr (GBytes) content = content_of (path);

      mh_file_free (bench_put (bench, path, content));
      if (write (STDOUT_FILENO, line, strlen (line)) != (gssize) strlen (line))
        return 1;
    }
}

/* Reads what the victim says until @deadline, counted from its first line. */
static GString *
listen_until (int fd, gint64 lifetime_us)
{
  GString *said = g_string_new (NULL);
  gint64 deadline = 0;

  while (TRUE)
    {
      struct pollfd waiting = { fd, POLLIN, 0 };
      gint64 left = deadline == 0 ? 20 * G_TIME_SPAN_SECOND : deadline - g_get_monotonic_time ();
      char buffer[4096];
      gssize got;

      if (left <= 0)
        return said;
      if (poll (&waiting, 1, (int) (left / 1000) + 1) <= 0)
        {
          g_assert_cmpint (deadline, !=, 0); /* otherwise it never began */
          return said;
        }
      got = read (fd, buffer, sizeof buffer);
      g_assert_cmpint (got, >, 0);
      g_string_append_len (said, buffer, got);
      if (deadline == 0)
        deadline = g_get_monotonic_time () + lifetime_us;
    }
}

static void
read_rest (int fd, GString *said)
{
  char buffer[4096];
  gssize got;

  while ((got = read (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (said, buffer, got);
}

static char **
run_and_kill (const char *program, const char *home, guint round, gint64 lifetime_us)
{
  g_autofree char *number = g_strdup_printf ("%u", round);
  const char *argv[] = { program, "--victim", home, number, NULL };
  g_autoptr (GError) error = NULL;
  GPid pid;
  GString *said;
  g_autofree char *text = NULL;
  char **lines;
  int out;
  int status;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                            NULL, &out, NULL, &error);
  g_assert_no_error (error);
  said = listen_until (out, lifetime_us);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));
  read_rest (out, said);
  close (out);
  text = g_string_free (said, FALSE);
  lines = g_strsplit (text, "\n", -1);

  return lines;
}

/* Everything that is listed can be read and is what it should be. Returns: number of files */
static guint
check_listed (Bench *bench, const char *folder)
{
  g_autofree char *cursor = NULL;
  guint count = 0;

  do
    {
      MhListQuery query = { "vault", folder, TRUE, FALSE, 100, cursor };
      g_autoptr (GError) error = NULL;
      g_autoptr (MhFileList) list = mh_store_list (bench->store, &query, &error);

      g_assert_no_error (error);
      for (guint i = 0; i < list->files->len; i++)
        {
          const MhFile *file = g_ptr_array_index (list->files, i);
          g_autoptr (GBytes) content = content_of (file->path);

          g_assert_false (file->deleted);
          bench_assert_file (bench, file->path, content);
          count++;
        }
      g_free (cursor);
      cursor = g_steal_pointer (&list->cursor);
    }
  while (cursor != NULL);

  return count;
}

static void
test_kill (gconstpointer program)
{
  g_autoptr (Bench) bench = bench_new (SEGMENT);
  GRand *random = g_rand_new_with_seed (SEED);
  guint acknowledged = 0;

  g_test_summary (
      "killed at 50 random moments: what was acknowledged is there, nothing is half there");
  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autofree char *folder = g_strdup_printf ("/round-%u", round);
      g_auto (GStrv) lines = NULL;
      g_autoptr (GError) error = NULL;
      guint said;

      bench_close (bench);
      lines = run_and_kill (program, bench->home, round,
                            g_rand_int_range (random, 0, LONGEST_MS) * G_TIME_SPAN_MILLISECOND);
      said = g_strv_length (lines) - 1; /* after the last line comes nothing */
      bench_open (bench, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < said; i++)
        {
          g_autoptr (GBytes) content = content_of (lines[i]);

          bench_assert_file (bench, lines[i], content);
        }
      g_assert_cmpuint (check_listed (bench, folder), >=, said);
      acknowledged += said;
    }
  g_rand_free (random);

  g_test_message ("%u files were acknowledged", acknowledged);
  g_assert_cmpuint (check_listed (bench, "/"), >=, acknowledged);
  bench_close (bench);
  bench_remove_index (bench);
  g_assert_true (bench_open (bench, NULL));
  g_assert_cmpuint (check_listed (bench, "/"), >=, acknowledged);
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--victim") == 0)
    return upload_for_ever (argv[2], (guint) g_ascii_strtoull (argv[3], NULL, 10));

  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/store/crash/kill", argv[0], test_kill);

  return g_test_run ();
}
