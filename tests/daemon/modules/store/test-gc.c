/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"
#include "modules/store/content.h"
#include "modules/store/known.h"
#include "modules/store/segment.h"

#define MIB (1024 * 1024)

/* Of fill_scattered(): bytes of a file, and one of how many stays. */
#define SMALL 200
#define STEP 8

/* Deletes a file and empties the trash. */
static void
purge (Bench *bench, const char *path)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_delete (bench->store, "vault", path, &error));
  g_assert_no_error (error);
  g_assert_true (mh_store_purge_trash (bench->store, "vault", path, NULL, &error));
  g_assert_no_error (error);
}

static MhUpload *
begin_upload (Bench *bench, const char *path, GBytes *content)
{
  MhUploadNew request = { "vault", path, -1 };
  g_autoptr (GError) error = NULL;
  MhUpload *upload = mh_upload_new (bench->store, &request, &error);

  g_assert_no_error (error);
  g_assert_true (mh_upload_write (upload, g_bytes_get_data (content, NULL),
                                  g_bytes_get_size (content), NULL, &error));
  g_assert_no_error (error);

  return upload;
}

static void
test_hold (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 9 * MIB);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = NULL;
  MhUpload *upload;

  g_test_summary ("blocks that an upload found are not freed before it is done");
  mh_file_free (bench_put (bench, "/first", content));
  upload = begin_upload (bench, "/second", content);
  g_assert_true (mh_upload_prepare (upload, NULL, &error));
  purge (bench, "/first");
  g_assert_cmpint (bench_stored (bench), ==, 0);
  bench_maintain (bench);
  file = mh_upload_finish (upload, NULL, &error);
  g_assert_no_error (error);
  mh_upload_free (upload);
  bench_maintain (bench);
  bench_assert_file (bench, "/second", content);
  bench_assert_recount (bench);
  bench_assert_file (bench, "/second", content);
}

static void
test_hold_released (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 9 * MIB);
  g_autoptr (GError) error = NULL;
  MhUpload *upload;

  g_test_summary ("when the upload is given up instead, the blocks are freed");
  mh_file_free (bench_put (bench, "/first", content));
  upload = begin_upload (bench, "/second", content);
  g_assert_true (mh_upload_prepare (upload, NULL, &error));
  purge (bench, "/first");
  bench_maintain (bench);
  g_assert_cmpuint (bench_disk_bytes (bench), >, 9 * MIB);
  mh_upload_free (upload);
  bench_maintain (bench);
  g_assert_cmpuint (bench_disk_bytes (bench), <, 64 * 1024);
  mh_file_free (bench_put (bench, "/third", content));
  bench_assert_file (bench, "/third", content);
}

static void
test_reader (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 9 * MIB);
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) got = g_byte_array_new ();
  MhReader *reader;

  g_test_summary ("a reader reads on to the end of what is purged; then the space is freed");
  mh_file_free (bench_put (bench, "/f", content));
  reader = mh_reader_new (bench->store, "vault", "/f", NULL, &error);
  g_assert_no_error (error);
  purge (bench, "/f");
  bench_assert_no_file (bench, "/f");
  while (got->len < 9 * MIB)
    {
      g_autoptr (GBytes) piece = mh_reader_read (reader, got->len, MIB, NULL, &error);

      g_assert_no_error (error);
      g_byte_array_append (got, g_bytes_get_data (piece, NULL), (guint) g_bytes_get_size (piece));
      bench_maintain (bench);
    }
  g_assert_cmpmem (got->data, got->len, g_bytes_get_data (content, NULL),
                   g_bytes_get_size (content));
  g_assert_cmpuint (bench_disk_bytes (bench), >, 9 * MIB);
  mh_reader_free (reader);
  bench_maintain (bench);
  g_assert_cmpuint (bench_disk_bytes (bench), <, 64 * 1024);
}

/* Fills segments with small files of which most go, too scattered for holes to free much. */
static void
fill_scattered (Bench *bench, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%s/%u", i % STEP == 0 ? "kept" : "gone", i);

      bench_put_random (bench, path, i, SMALL);
    }
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *path = g_strdup_printf ("/gone/%u", i);

      if (i % STEP != 0)
        g_assert_true (mh_store_delete (bench->store, "vault", path, NULL));
    }
}

static void
assert_scattered (Bench *bench, guint count)
{
  for (guint i = 0; i < count; i += STEP)
    {
      g_autofree char *path = g_strdup_printf ("/kept/%u", i);

      bench_assert_random (bench, path, i, SMALL);
    }
}

typedef struct
{
  Bench *bench;
  guint count;
  gint running;
} Watch;

static guint
count_segments (Bench *bench)
{
  g_autofree char *blocks = bench_path (bench, "blocks");
  g_autoptr (GDir) dir = g_dir_open (blocks, 0, NULL);
  const char *name;
  guint count = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    count += g_str_has_suffix (name, ".seg") ? 1 : 0;

  return count;
}

static void
test_rewrite (void)
{
  g_autoptr (Bench) bench = bench_new (256 * 1024);
  g_autoptr (GBytes) first = bench_random (0, SMALL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) read = NULL;
  guint before;
  guint64 size;
  MhReader *reader;
  MhUpkeep upkeep;

  g_test_summary ("what is left of scattered segments moves together; a reader finds it there");
  fill_scattered (bench, 1000);
  reader = mh_reader_new (bench->store, "vault", "/kept/0", NULL, &error);
  g_assert_no_error (error);
  before = count_segments (bench);
  size = bench_disk_bytes (bench);
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
  upkeep = bench_maintain (bench);
  g_assert_cmpint (upkeep.moved_bytes, >, 50000);
  read = mh_reader_read (reader, 0, 4096, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (read, first));
  mh_reader_free (reader);
  g_assert_cmpint (upkeep.segments_gone, ==, 0); /* the reader may need what is purged */
  upkeep = bench_maintain (bench);
  g_assert_cmpint (upkeep.segments_gone, >, 2);
  g_assert_cmpuint (count_segments (bench), <, before);
  g_assert_cmpuint (bench_disk_bytes (bench), <, size * 2 / 3);
  assert_scattered (bench, 1000);
  bench_reopen (bench);
  assert_scattered (bench, 1000);
  bench_assert_recount (bench);
  assert_scattered (bench, 1000);
  g_assert_cmpint (bench_maintain (bench).moved_bytes, ==, 0);
}

/* Reads what stays, again and again, until told to stop. */
static gpointer
read_kept (gpointer data)
{
  Watch *watch = data;

  do
    assert_scattered (watch->bench, watch->count);
  while (g_atomic_int_get (&watch->running) != 0);

  return NULL;
}

static void
test_rewrite_while_reading (void)
{
  g_autoptr (Bench) bench = bench_new (64 * 1024);
  Watch watch = { bench, 600, 1 };
  GThread *threads[2];
  gint64 moved = 0;

  g_test_summary ("reading goes on without a fault while everything that is read moves");
  fill_scattered (bench, 600);
  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("reader", read_kept, &watch);
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, NULL));
  for (guint i = 0; i < 20; i++)
    moved += bench_maintain (bench).moved_bytes;
  g_atomic_int_set (&watch.running, 0);
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (moved, >, 20000);
  assert_scattered (bench, 600);
}

/* The whole of a segment file. */
static char *
load (Bench *bench, const char *name, gsize *size)
{
  g_autofree char *path = bench_path (bench, name);
  char *data;

  g_assert_true (g_file_get_contents (path, &data, size, NULL));

  return data;
}

static void
test_rewrite_damaged (void)
{
  g_autoptr (Bench) bench = bench_new (256 * 1024);
  g_autofree char *path = bench_path (bench, "blocks/0000000000000001.seg");
  g_autofree char *fault = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) none = NULL;
  int fd = open (path, O_RDWR | O_CLOEXEC);
  guint8 byte;

  g_test_summary ("a damaged record is left where it is, reported, and keeps its segment");
  fill_scattered (bench, 500);
  /* a byte in the first block */
  g_assert_cmpint (pread (fd, &byte, 1, MH_SEGMENT_HEADER_SIZE + MH_RECORD_HEADER_SIZE + 40), ==,
                   1);
  byte ^= 1;
  g_assert_cmpint (pwrite (fd, &byte, 1, MH_SEGMENT_HEADER_SIZE + MH_RECORD_HEADER_SIZE + 40), ==,
                   1);
  close (fd);
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
  g_assert_cmpint (bench_maintain (bench).moved_bytes, >, 0);
  fault = mh_store_fault (bench->store);
  g_assert_nonnull (strstr (fault, "damaged"));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  none = bench_read (bench, "/kept/0", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  bench_assert_random (bench, "/kept/8", 8, SMALL);
  bench_put_random (bench, "/healed", 0, SMALL);
  bench_assert_random (bench, "/kept/0", 0, SMALL);
  bench_maintain (bench);
  assert_scattered (bench, 500);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  bench_assert_recount (bench);
  assert_scattered (bench, 500);
}

static void
test_crash_while_rewriting (void)
{
  g_autoptr (Bench) bench = bench_new (256 * 1024);
  g_autofree char *path = bench_path (bench, "blocks/0000000000000001.seg");
  g_autofree char *old = NULL;
  g_autofree char *usage = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_test_summary ("a segment that a crash brings back is garbage: nothing of it is seen again");
  fill_scattered (bench, 500);
  old = load (bench, "blocks/0000000000000001.seg", &size);
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
  bench_maintain (bench);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  bench_close (bench);
  /* its removal was durable, but blocks and versions it still had may be read again */
  g_assert_true (g_file_set_contents (path, old, (gssize) size, NULL));
  g_assert_true (bench_open (bench, &error));
  assert_scattered (bench, 500);
  bench_maintain (bench);
  assert_scattered (bench, 500);
  g_assert_cmpint (bench_stored (bench), >, 0);
}

/* What a thread of test_concurrent() does. */
typedef struct
{
  Bench *bench;
  guint number;
  gint *running; /* threads that still write */
} Actor;

/* Puts, overwrites, deletes and purges files whose blocks all threads share. */
static gpointer
act (gpointer data)
{
  Actor *actor = data;
  Bench *bench = actor->bench;

  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u/%u", actor->number, i % 5);
      g_autoptr (GBytes) content = bench_random (i % 7, 150000 + (i % 7) * 30000);
      g_autoptr (GError) error = NULL;

      mh_file_free (bench_put (bench, path, content));
      bench_assert_file (bench, path, content);
      if (i % 3 != 0)
        continue;
      g_assert_true (mh_store_delete (bench->store, "vault", path, &error));
      g_assert_no_error (error);
      /* all of it: the file may be pruned already */
      g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, &error));
      g_assert_no_error (error);
    }
  (void) g_atomic_int_dec_and_test (actor->running);

  return NULL;
}

static void
test_concurrent (void)
{
  g_autoptr (Bench) bench = bench_new (2 * MIB);
  gint running = 4;
  Actor actors[4];
  GThread *threads[4];
  guint rounds = 0;

  g_test_summary ("collecting garbage while four threads put, read and purge shared content");
  bench_limit (bench, 1, 0, 0);
  for (guint i = 0; i < 4; i++)
    {
      actors[i] = (Actor){ bench, i, &running };
      threads[i] = g_thread_new ("actor", act, &actors[i]);
    }
  while (g_atomic_int_get (&running) > 0)
    {
      bench_maintain (bench);
      rounds++;
    }
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  bench_maintain (bench);
  g_test_message ("%u rounds", rounds);

  for (guint i = 0; i < 4; i++)
    {
      for (guint j = 55; j < 60; j++)
        {
          g_autofree char *path = g_strdup_printf ("/%u/%u", i, j % 5);
          g_autoptr (GBytes) content = bench_random (j % 7, 150000 + (j % 7) * 30000);

          if (j % 3 == 0)
            bench_assert_no_file (bench, path);
          else
            bench_assert_file (bench, path, content);
        }
    }
  bench_assert_recount (bench);
  /* four contents are left, however many files have them */
  g_assert_cmpint (bench_stored (bench), <, 4 * 350000);
}

static void
fill_known (const MhKeys *keys, GBytes *content, MhKnown *known)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (content, &size);
  g_autofree guint8 *plain = g_malloc (1 + size);

  memcpy (plain + 1, data, size);
  mh_content_hash_block (plain, size, known->chunk.content);
  mh_known_tag ((MhKeys *) keys, known->chunk.content, known->tag);
}

static void
test_known_content (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_text (5, 200 * 1000);
  g_autoptr (MhSecret) other_key = mh_secret_new_random (32);
  g_autoptr (MhKeys) keys = mh_keys_new ("vault", bench->key);
  g_autoptr (MhKeys) others = mh_keys_new ("other", other_key);
  gint64 stored;
  MhKnown known;
  MhKnown other;
  MhChunk found;

  g_test_summary (
      "content is found before it is sealed, by its own vault only, and only while it is"
      " there");
  fill_known (keys, content, &known);
  fill_known (others, content, &other);
  g_assert_false (mh_known_find (bench->store, known.tag, &found));
  mh_file_free (bench_put (bench, "/one", content));
  stored = bench_stored (bench);
  g_assert_true (mh_known_find (bench->store, known.tag, &found));
  g_assert_false (mh_known_find (bench->store, other.tag, &found));
  mh_file_free (bench_put (bench, "/two", content));
  g_assert_cmpint (bench_stored (bench), ==, stored);
  bench_assert_file (bench, "/two", content);

  /* the entry of what is gone leads nowhere, and does no harm */
  purge (bench, "/one");
  purge (bench, "/two");
  bench_maintain (bench);
  g_assert_cmpint (bench_stored (bench), ==, 0);
  g_assert_true (mh_known_find (bench->store, known.tag, &found));
  mh_file_free (bench_put (bench, "/three", content));
  bench_assert_file (bench, "/three", content);
  g_assert_cmpint (bench_stored (bench), ==, stored);
  bench_assert_recount (bench);

  /* without it, everything is found by its id as before */
  bench_close (bench);
  bench_remove_index (bench);
  bench_reopen (bench);
  g_assert_false (mh_known_find (bench->store, known.tag, &found));
  mh_file_free (bench_put (bench, "/four", content));
  g_assert_cmpint (bench_stored (bench), ==, stored);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/gc/hold", test_hold);
  g_test_add_func ("/store/gc/hold-released", test_hold_released);
  g_test_add_func ("/store/gc/reader", test_reader);
  g_test_add_func ("/store/gc/rewrite", test_rewrite);
  g_test_add_func ("/store/gc/rewrite-while-reading", test_rewrite_while_reading);
  g_test_add_func ("/store/gc/rewrite-damaged", test_rewrite_damaged);
  g_test_add_func ("/store/gc/crash-while-rewriting", test_crash_while_rewriting);
  g_test_add_func ("/store/gc/concurrent", test_concurrent);
  g_test_add_func ("/store/gc/known-content", test_known_content);

  return g_test_run ();
}
