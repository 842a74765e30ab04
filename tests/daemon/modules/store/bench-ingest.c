/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"

#define MIB (1024 * 1024)
#define BATCH 1000

/* Prints how fast the store takes and gives one file of so many MiB, and many small ones. */

static double
seconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND;
}

/* Processor time of the whole program. */
static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
report (const char *what, double amount, gint64 start, double cpu)
{
  printf ("%s: %.0f/s, %.2f s of CPU\n", what, amount / seconds_since (start),
          cpu_seconds () - cpu);
}

static void
large (Bench *bench, guint mib)
{
  g_autoptr (GBytes) piece = bench_random (1, 8 * MIB);
  g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (piece, NULL), 8 * MIB);
  MhUploadNew request = { "vault", "/large", -1, NULL, NULL };
  g_autoptr (MhUpload) upload = NULL;
  g_autoptr (MhReader) reader = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  double cpu = cpu_seconds ();
  guint64 offset = 0;

  upload = mh_upload_new (bench->store, &request, &error);
  for (guint i = 0; i < mib / 8; i++)
    {
      /* other content each time, or deduplication would do the work */
      for (gsize at = 0; at < 8 * MIB; at += 4096)
        memcpy (data + at, &i, sizeof i);
      for (gsize at = 0; at < 8 * MIB; at += MIB)
        g_assert_true (mh_upload_write (upload, data + at, MIB, NULL, &error));
    }
  file = mh_upload_finish (upload, NULL, &error);
  g_assert_no_error (error);
  report ("put MB", (double) file->size / 1e6, start, cpu);

  start = g_get_monotonic_time ();
  cpu = cpu_seconds ();
  reader = mh_reader_new (bench->store, "vault", "/large", NULL, &error);
  while (offset < (guint64) file->size)
    {
      g_autoptr (GBytes) bytes = mh_reader_read (reader, offset, MIB, NULL, &error);

      g_assert_no_error (error);
      offset += g_bytes_get_size (bytes);
    }
  report ("get MB", (double) file->size / 1e6, start, cpu);
}

/* What a thread of small() does. */
typedef struct
{
  Bench *bench;
  guint number;
  guint count;
} Actor;

static gpointer
put_small (gpointer data)
{
  Actor *actor = data;

  for (guint i = 0; i < actor->count; i++)
    {
      g_autofree char *path = g_strdup_printf ("/small-%u/%u", actor->number, i);
      g_autoptr (GBytes) content = bench_random (actor->number * 1000000 + i, 2000);

      mh_file_free (bench_put (actor->bench, path, content));
    }

  return NULL;
}

static gpointer
put_batches (gpointer data)
{
  Actor *actor = data;
  MhUpload *uploads[BATCH];
  MhFile *files[BATCH];
  GError *errors[BATCH];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < actor->count; i += BATCH)
    {
      for (guint j = 0; j < BATCH; j++)
        {
          guint64 seed = actor->number * 1000000 + i + j;
          g_autofree char *path =
              g_strdup_printf ("/batch-%u/%02u/%u", actor->number, j % 20, i + j);
          MhUploadNew request = { "vault", path, 1, NULL, NULL, TRUE };
          guint8 content[2000];

          for (gsize at = 0; at < sizeof content; at += sizeof seed)
            {
              seed = seed * 6364136223846793005 + 1442695040888963407;
              memcpy (content + at, &seed, sizeof seed);
            }
          uploads[j] = mh_upload_new (actor->bench->store, &request, &error);
          g_assert_true (mh_upload_write (uploads[j], content, sizeof content, NULL, &error));
          g_assert_true (mh_upload_prepare (uploads[j], NULL, &error));
        }
      mh_uploads_finish (uploads, BATCH, files, errors);
      for (guint j = 0; j < BATCH; j++)
        {
          g_assert_no_error (errors[j]);
          mh_file_free (files[j]);
          mh_upload_free (uploads[j]);
        }
    }

  return NULL;
}

static void
small (Bench *bench, GThreadFunc put, guint threads, guint count)
{
  Actor actors[16];
  GThread *running[16];
  gint64 start = g_get_monotonic_time ();
  double cpu = cpu_seconds ();
  g_autofree char *what = g_strdup_printf ("put files of 2 kB, %u at a time", threads);

  for (guint i = 0; i < threads; i++)
    {
      actors[i] = (Actor){ bench, i + threads * 100, count / threads };
      running[i] = g_thread_new ("actor", put, &actors[i]);
    }
  for (guint i = 0; i < threads; i++)
    g_thread_join (running[i]);
  report (what, count, start, cpu);
}

/* Whole folders at once: what it costs, and so how long the writer has no time for others. */
static void
change (Bench *bench)
{
  static const char *const folder[] = { "/copy", NULL };
  MhCopyNew request = { "vault", "/batch-200", "/copy", MH_EXISTING_REFUSE };
  g_autoptr (MhCopied) copied = NULL;
  g_autoptr (MhBatch) deleted = NULL;
  g_autoptr (MhBatch) back = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  double cpu = cpu_seconds ();

  copied = mh_store_copy (bench->store, &request, &error);
  g_assert_no_error (error);
  report ("copy files", (double) copied->copied, start, cpu);

  start = g_get_monotonic_time ();
  cpu = cpu_seconds ();
  deleted = mh_store_delete_many (bench->store, "vault", folder, &error);
  g_assert_no_error (error);
  report ("delete files", (double) deleted->files, start, cpu);

  start = g_get_monotonic_time ();
  cpu = cpu_seconds ();
  back = mh_store_undelete (bench->store, "vault", folder, 0, &error);
  g_assert_no_error (error);
  report ("undelete files", (double) back->files, start, cpu);
}

/* Whether the second argument is @name, or missing. */
static gboolean
wants (int argc, char **argv, const char *name)
{
  return argc < 3 || strcmp (argv[2], name) == 0;
}

int
main (int argc, char **argv)
{
  guint mib = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 1024;
  g_autoptr (Bench) bench = bench_new (0);
  struct rusage usage;

  if (wants (argc, argv, "large"))
    large (bench, mib);
  if (wants (argc, argv, "single"))
    small (bench, put_small, 1, 1000);
  if (wants (argc, argv, "many"))
    small (bench, put_small, 16, 8000);
  if (wants (argc, argv, "batch"))
    small (bench, put_batches, 2, 20 * BATCH);
  if (wants (argc, argv, "names"))
    {
      /* as the daemon does: names become searchable behind the uploads */
      mh_store_start_upkeep (bench->store);
      small (bench, put_batches, 2, 20 * BATCH);
    }
  if (wants (argc, argv, "batch"))
    change (bench);
  getrusage (RUSAGE_SELF, &usage);
  printf ("peak memory: %ld MiB\n", usage.ru_maxrss / 1024);

  return 0;
}
