/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"

#define SIZE 100000
#define SEALED (SIZE + 17)

/* Returns: whether the file fits; otherwise it was the quota that said no */
static gboolean
try_put (Bench *bench, const char *path, guint64 seed, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = bench_random (seed, size);
  g_autoptr (MhFile) file = bench_try_put (bench, "vault", path, content, &error);

  if (file != NULL)
    return TRUE;

  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, "quota"));

  return FALSE;
}

static void
test_exact (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) restored = NULL;

  g_test_summary ("a quota is exact to the byte; what is stored already costs nothing");
  bench_limit (bench, 30, 90, 2 * SEALED);
  g_assert_true (try_put (bench, "/1", 1, SIZE));
  g_assert_false (try_put (bench, "/2", 2, SIZE + 1));
  bench_assert_no_file (bench, "/2");
  g_assert_true (try_put (bench, "/2", 2, SIZE));
  g_assert_cmpint (bench_stored (bench), ==, 2 * SEALED);
  g_assert_false (try_put (bench, "/3", 3, 1));
  g_assert_true (try_put (bench, "/3", 1, SIZE));
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/3", "/4", &error), ==, 1);
  g_assert_true (mh_store_delete (bench->store, "vault", "/2", &error));
  g_assert_false (try_put (bench, "/3", 3, 1)); /* the trash counts */
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
  g_assert_cmpint (bench_stored (bench), ==, SEALED);
  g_assert_true (try_put (bench, "/3", 3, SIZE));
  bench_limit (bench, 30, 90, 1); /* less than there is: nothing more, but all else works */
  g_assert_false (try_put (bench, "/5", 5, 1));
  g_assert_true (mh_store_delete (bench->store, "vault", "/3", &error));
  bench_limit (bench, 30, 90, 0);
  g_assert_true (try_put (bench, "/5", 5, 1));
  bench_assert_recount (bench);
}

static gint64
detail (const GError *error, const char *name)
{
  gint64 value = -1;

  g_assert_true (g_variant_lookup (mh_error_details (error), name, "x", &value));

  return value;
}

static void
test_details (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  MhUploadNew request = { "vault", "/2", -1, NULL, NULL };
  g_autoptr (MhUpload) upload = NULL;
  g_autoptr (MhUpload) fits = NULL;
  g_autoptr (GError) error = NULL;
  const char *vault_id = NULL;

  g_test_summary ("what is announced too large is refused before a byte is sent, with the figures");
  bench_limit (bench, 30, 90, 250000);
  g_assert_true (try_put (bench, "/1", 1, SIZE));
  request.size = 150000;
  upload = mh_upload_new (bench->store, &request, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_assert_cmpint (detail (error, "hard_quota"), ==, 250000);
  g_assert_cmpint (detail (error, "would_be_size"), ==, SEALED + 150000);
  g_assert_true (g_variant_lookup (mh_error_details (error), "vault_id", "&s", &vault_id));
  g_assert_cmpstr (vault_id, ==, "vault");
  g_clear_error (&error);
  request.size = 149983;
  fits = mh_upload_new (bench->store, &request, &error);
  g_assert_no_error (error);
}

typedef struct
{
  Bench *bench;
  guint number;
  guint stored; /* files that got in */
} Actor;

static gpointer
act (gpointer data)
{
  Actor *actor = data;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u/%u", actor->number, i);
      guint64 seed = 1000 + actor->number * 100 + i;

      /* small ones go with their commit, large ones are written before */
      actor->stored += try_put (actor->bench, path, seed, i % 2 == 0 ? SIZE : 2000000) ? 1 : 0;
    }

  return NULL;
}

static void
test_concurrent (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  gint64 quota = 10 * G_GINT64_CONSTANT (1000000);
  Actor actors[8];
  GThread *threads[8];
  guint stored = 0;

  g_test_summary ("of eight that upload at a time none gets past the quota");
  bench_limit (bench, 30, 90, quota);
  for (guint i = 0; i < 8; i++)
    {
      actors[i] = (Actor){ bench, i, 0 };
      threads[i] = g_thread_new ("actor", act, &actors[i]);
    }
  for (guint i = 0; i < 8; i++)
    {
      g_thread_join (threads[i]);
      stored += actors[i].stored;
    }
  g_assert_cmpint (bench_stored (bench), <=, quota);
  g_assert_cmpint (bench_stored (bench), >, quota - SEALED); /* and it was made use of */
  g_assert_cmpuint (stored, >, 5);
  bench_assert_recount (bench);
}

/* The victim: fills up its quota again and again, and says so each time. */
static int
fill_for_ever (const char *home)
{
  Bench *bench = bench_new_at (home, 4 * 1024 * 1024);
  g_autoptr (GError) error = NULL;

  bench_limit (bench, 1, 0, 3000000);
  for (guint64 i = 0;; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u", (guint) (i % 40));

      if (!try_put (bench, path, g_random_int (), 50000 + i % 7 * 20000))
        bench_maintain (bench);
      if (write (STDOUT_FILENO, "!", 1) != 1)
        return 1;
    }
}

static void
test_kill (gconstpointer program)
{
  g_autoptr (Bench) bench = bench_new (4 * 1024 * 1024);

  g_test_summary ("killed while it stores and prunes at its quota: the sums are exact");
  for (guint round = 0; round < 10; round++)
    {
      const char *argv[] = { program, "--victim", bench->home, NULL };
      g_autoptr (GError) error = NULL;
      GPid pid;
      int status;
      int out;
      guint wanted = 30 + round * 11; /* where it is killed is chance; that it is whole is not */
      char byte;

      bench_close (bench);
      g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                &pid, NULL, &out, NULL, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < wanted; i++)
        g_assert_cmpint (read (out, &byte, 1), ==, 1);
      g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      close (out);
      g_assert_true (bench_open (bench, &error));
      g_assert_cmpint (bench_stored (bench), <=, 3000000);
      if (round % 2 == 0)
        bench_maintain (bench);
      bench_assert_recount (bench);
      g_assert_cmpint (bench_stored (bench), <=, 3000000);
    }
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--victim") == 0)
    return fill_for_ever (argv[2]);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/quota/exact", test_exact);
  g_test_add_func ("/store/quota/details", test_details);
  g_test_add_func ("/store/quota/concurrent", test_concurrent);
  g_test_add_data_func ("/store/quota/kill", argv[0], test_kill);

  return g_test_run ();
}
