/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"
#include "db/db.h"
#include "modules/store/prune.h"
#include "modules/store/retention.h"
#include "modules/store/segment.h"
#include "modules/store/writer-private.h"

#define MIB (1024 * 1024)
#define DAY_MS (G_GINT64_CONSTANT (24) * 60 * 60 * 1000)
#define START_MS G_GINT64_CONSTANT (1700000000000)

/* A letter for each version, newest first, and its age in days: P put, D deletion; ! for a head. */
typedef struct
{
  const char *versions;
  gint64 keep_versions;
  gint64 keep_days;
  const char *kept; /* 1 for each that stays, 0 for each that goes */
} Rule;

static const Rule rules[] = {
  { "P!0", 30, 90, "1" },
  { "P!0 P10 P20", 2, 90, "111" },    /* beyond the newest, but young */
  { "P!0 P100 P200", 30, 90, "111" }, /* old, but among the newest */
  { "P!0 P100 P200", 2, 90, "110" },
  { "P!0 P89 P90 P91", 1, 90, "1100" }, /* to the day */
  { "P!0 P0 P0", 1, 0, "100" },         /* nothing but the head */
  { "P!400 P500", 1, 0, "10" },
  { "P!0 P100 P!200 P300", 1, 90, "1010" },  /* the other head of a conflict */
  { "D!10 P100 P200 P300", 1, 90, "1111" },  /* the trash keeps everything */
  { "D!90 P100 P200 P300", 30, 90, "1000" }, /* and then nothing but the tombstone */
  { "D!0 P0", 1, 0, "10" },
  { "D!100 P150 P!200 P300", 30, 90, "1111" }, /* deleted here, changed there: it is not deleted */
  { "D!100 P150 P!200 P300", 1, 90, "1010" },
  { "D!100 P150 D!200 P300", 30, 90, "1010" },
  { "P!10 D100 P200", 1, 90, "100" }, /* put again */
};

static guint
parse_versions (const char *text, MhRetained *versions)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  guint count = g_strv_length (words);

  for (guint i = 0; i < count; i++)
    {
      const char *word = words[i];

      versions[i].op = word[0] == 'D' ? MH_FILE_OP_DELETE : MH_FILE_OP_PUT;
      versions[i].is_head = word[1] == '!';
      versions[i].ts_ms =
          START_MS - DAY_MS * g_ascii_strtoll (word + 1 + versions[i].is_head, NULL, 10);
    }

  return count;
}

static void
test_rules (void)
{
  g_test_summary ("which versions go: beyond the newest and old; never a head; trash as a whole");
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      const Rule *rule = &rules[i];
      MhKeep keep = { rule->keep_versions, rule->keep_days };
      MhRetained versions[8] = { 0 };
      gboolean drop[8];
      char kept[9] = "";
      guint count = parse_versions (rule->versions, versions);
      guint dropped = mh_retention_select (&keep, START_MS, versions, count, drop);

      for (guint j = 0; j < count; j++)
        kept[j] = drop[j] ? '0' : '1';
      g_test_message ("%s", rule->versions);
      g_assert_cmpstr (kept, ==, rule->kept);
      for (guint j = 0; j < count; j++)
        dropped -= drop[j] ? 1 : 0;
      g_assert_cmpuint (dropped, ==, 0);
    }
}

static guint
count_versions (Bench *bench, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) versions = mh_store_history (bench->store, "vault", path, &error);
  g_autoptr (MhFile) file = mh_store_get (bench->store, "vault", path, TRUE, &error);

  g_assert_no_error (error);
  g_assert_cmpint (file->version_count, ==, versions->len);

  return versions->len;
}

static void
test_history (void)
{
  g_autoptr (Bench) bench = bench_new (MIB);
  gint64 before;

  g_test_summary ("versions past their keep go with their blocks, and stay gone without the index");
  mh_clock_set_ms (bench->clock, START_MS);
  bench_limit (bench, 3, 90, 0);
  for (guint i = 0; i < 10; i++)
    {
      mh_clock_set_ms (bench->clock, START_MS + i);
      bench_put_random (bench, "/f", i, 100000);
    }
  bench_put_random (bench, "/other", 3, 100000); /* shares the block of a version that goes */
  before = bench_stored (bench);
  g_assert_cmpint (bench_maintain (bench).pruned.versions, ==, 0);

  mh_clock_set_ms (bench->clock, START_MS + 90 * DAY_MS + 4);
  g_assert_cmpint (bench_maintain (bench).pruned.versions, ==, 5); /* 0 to 4 are old */
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 5);
  g_assert_cmpint (bench_stored (bench), ==, before - 4 * 100017);
  mh_clock_set_ms (bench->clock, START_MS + 200 * DAY_MS);
  g_assert_cmpint (bench_maintain (bench).pruned.versions, ==, 2);
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 3);
  g_assert_cmpint (bench_stored (bench), ==, before - 6 * 100017);
  bench_assert_random (bench, "/f", 9, 100000);
  bench_assert_random (bench, "/other", 3, 100000);

  bench_assert_recount (bench);
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 3);
  bench_assert_random (bench, "/f", 9, 100000);
  bench_assert_random (bench, "/other", 3, 100000);
  g_assert_cmpint (bench_maintain (bench).pruned.versions, ==, 0);
}

static void delete (Bench *bench, const char *path)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_delete (bench->store, "vault", path, &error));
  g_assert_no_error (error);
}

static void
test_trash_expires (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;

  g_test_summary (
      "a deleted file can be restored for as many days, then only its tombstone is left");
  bench_limit (bench, 1, 90, 0);
  mh_clock_set_ms (bench->clock, START_MS);
  bench_put_random (bench, "/kept", 1, 50000);
  bench_put_random (bench, "/gone", 2, 50000);
  bench_put_random (bench, "/gone", 3, 50000);
  mh_clock_set_ms (bench->clock, START_MS + 300 * DAY_MS);
  delete (bench, "/gone");
  mh_clock_set_ms (bench->clock, START_MS + 389 * DAY_MS);
  g_assert_cmpint (bench_maintain (bench).pruned.versions, ==, 0);
  g_assert_cmpuint (count_versions (bench, "/gone"), ==, 3);
  mh_clock_set_ms (bench->clock, START_MS + 390 * DAY_MS);
  g_assert_cmpint (bench_maintain (bench).pruned.versions, ==, 2);
  g_assert_cmpuint (count_versions (bench, "/gone"), ==, 1);
  g_assert_cmpint (bench_stored (bench), ==, 50017);
  bench_assert_recount (bench);
  g_assert_cmpuint (count_versions (bench, "/gone"), ==, 1);
  bench_put_random (bench, "/gone", 4, 1000); /* its history goes on */
  g_assert_cmpuint (count_versions (bench, "/gone"), ==, 2);
}

/* The trash in one line: path, versions, bytes to be freed. */
static char *
list_trash (Bench *bench, guint limit)
{
  GString *line = g_string_new (NULL);
  g_autofree char *cursor = NULL;

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MhTrashList) page =
          mh_store_list_trash (bench->store, "vault", limit, cursor, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (page->entries->len, <=, limit);
      for (guint i = 0; i < page->entries->len; i++)
        {
          const MhTrashEntry *entry = g_ptr_array_index (page->entries, i);

          g_string_append_printf (line, "%s,%d,%d ", entry->path, (int) entry->versions,
                                  (int) entry->freed_bytes);
        }
      g_free (cursor);
      cursor = g_steal_pointer (&page->cursor);
    }
  while (cursor != NULL);

  return g_string_free (line, FALSE);
}

static void
assert_trash (Bench *bench, const char *expected)
{
  for (guint limit = 1; limit < 5; limit++)
    {
      g_autofree char *line = list_trash (bench, limit);

      g_assert_cmpstr (line, ==, expected);
    }
}

static void
test_trash (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhFile) restored = NULL;
  g_autoptr (MhFile) none = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = NULL;
  MhPurged purged;

  g_test_summary ("the trash says what it would free, and is purged by file or as a whole");
  mh_clock_set_ms (bench->clock, START_MS);
  bench_put_random (bench, "/a", 1, 10000);
  bench_put_random (bench, "/a", 2, 10000);
  bench_put_random (bench, "/b", 3, 10000);
  bench_put_random (bench, "/c", 4, 10000);
  bench_put_random (bench, "/same-as-b", 3, 10000);
  assert_trash (bench, "");
  delete (bench, "/a");
  mh_clock_set_ms (bench->clock, START_MS + 1);
  delete (bench, "/b");
  delete (bench, "/c");
  assert_trash (bench, "/c,1,10017 /b,1,0 /a,2,20034 ");

  g_assert_true (mh_store_purge_trash (bench->store, "vault", "/a", &purged, &error));
  g_assert_no_error (error);
  g_assert_cmpint (purged.versions, ==, 2);
  g_assert_cmpint (purged.bytes, ==, 20034);
  g_assert_cmpint (bench_stored (bench), ==, 2 * 10017);
  assert_trash (bench, "/c,1,10017 /b,1,0 ");
  g_assert_false (mh_store_purge_trash (bench->store, "vault", "/a", NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (mh_store_purge_trash (bench->store, "vault", "/same-as-b", NULL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, &purged, &error));
  g_assert_cmpint (purged.files, ==, 2);
  assert_trash (bench, "");
  bench_assert_random (bench, "/same-as-b", 3, 10000);
  bench_maintain (bench);
  bench_assert_random (bench, "/same-as-b", 3, 10000);
  bench_assert_recount (bench);
  assert_trash (bench, "");
  hash = g_strdup ("8e4ba4c0d2a5d5c3b1f6f0d6f7e1c2b3a49586776655443322110ffeeddccbba");
  restored = mh_store_restore (bench->store, "vault", "/a", hash, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

static char *
hash_of (Bench *bench, const char *path, guint back)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) versions = mh_store_history (bench->store, "vault", path, &error);
  const MhFileVersion *version = g_ptr_array_index (versions, back);

  return g_strdup (version->content_hash);
}

static void
test_purge_version (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL;
  g_autofree char *current = NULL;
  g_autoptr (GBytes) none = NULL;
  g_autoptr (MhFile) restored = NULL;
  MhPurged purged;

  g_test_summary ("one old version goes at once and for good, the current one does not");
  bench_put_random (bench, "/f", 1, 10000);
  bench_put_random (bench, "/f", 2, 10000);
  bench_put_random (bench, "/f", 3, 10000);
  current = hash_of (bench, "/f", 0);
  first = hash_of (bench, "/f", 2);
  g_assert_false (mh_store_purge_version (bench->store, "vault", "/f", current, &purged, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_clear_error (&error);
  g_assert_true (mh_store_purge_version (bench->store, "vault", "/f", first, &purged, &error));
  g_assert_no_error (error);
  g_assert_cmpint (purged.versions, ==, 1);
  none = bench_read (bench, "/f", first, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (mh_store_purge_version (bench->store, "vault", "/f", first, &purged, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  /* also when the index is lost before anything was maintained */
  bench_assert_recount (bench);
  none = bench_read (bench, "/f", first, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 2);
  restored = mh_store_restore (bench->store, "vault", "/f", current, &error);
  g_assert_no_error (error);
}

static void
test_space_comes_back (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  guint64 full;
  MhUpkeep upkeep;

  g_test_summary ("purging gives the disk its space back, and the files between read on");
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%s/%u", i % 2 == 0 ? "gone" : "kept", i);

      bench_put_random (bench, path, i, 700000);
    }
  full = bench_disk_bytes (bench);
  for (guint i = 0; i < 40; i += 2)
    {
      g_autofree char *path = g_strdup_printf ("/gone/%u", i);

      delete (bench, path);
    }
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, NULL));
  upkeep = bench_maintain (bench);
  g_assert_cmpint (upkeep.freed_bytes, >, 13 * MIB);
  g_assert_cmpuint (bench_disk_bytes (bench), <, full - 13 * MIB);
  for (guint i = 1; i < 40; i += 2)
    {
      g_autofree char *path = g_strdup_printf ("/kept/%u", i);

      bench_assert_random (bench, path, i, 700000);
    }
  bench_assert_recount (bench);
  bench_assert_random (bench, "/kept/1", 1, 700000);
}

static void
test_small_neighbours (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  guint64 full;

  g_test_summary ("small files that go one by one free whole blocks of the disk in the end");
  bench_put_random (bench, "/first", 1000, 5000);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *path = g_strdup_printf ("/f/%u", i);

      bench_put_random (bench, path, i, 700);
    }
  bench_put_random (bench, "/last", 1001, 5000);
  full = bench_disk_bytes (bench);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *path = g_strdup_printf ("/f/%u", (i * 7) % 500);

      delete (bench, path);
      if (i % 50 != 49)
        continue;
      g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, NULL, NULL));
      bench_maintain (bench);
    }
  /* what stays: tombstones of some 500 bytes behind the files, and two files */
  g_assert_cmpuint (bench_disk_bytes (bench), <, full - 500 * 1200 + 500 * 700);
  bench_assert_random (bench, "/first", 1000, 5000);
  bench_assert_random (bench, "/last", 1001, 5000);
  bench_assert_recount (bench);
  bench_assert_random (bench, "/first", 1000, 5000);
}

static void
test_forgotten (void)
{
  g_autoptr (Bench) bench = bench_new (MIB);
  g_autoptr (MhSecret) key = mh_secret_new_random (32);
  g_autoptr (GError) error = NULL;
  guint64 before;

  g_test_summary ("a forgotten vault gives its space back, and does not come back");
  bench_put_random (bench, "/mine", 1, 300000);
  before = bench_disk_bytes (bench);
  g_assert_true (mh_store_add_vault (bench->store, "other", key, &error));
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *path = g_strdup_printf ("/f/%u", i);
      g_autoptr (GBytes) content = bench_random (100 + i, 100000);
      g_autoptr (MhFile) file = bench_try_put (bench, "other", path, content, &error);

      g_assert_no_error (error);
    }
  g_assert_true (mh_store_forget_vault (bench->store, "other", &error));
  bench_maintain (bench);
  g_assert_cmpuint (bench_disk_bytes (bench), <, before + 64 * 1024);
  bench_assert_random (bench, "/mine", 1, 300000);
  bench_assert_recount (bench);
  bench_assert_random (bench, "/mine", 1, 300000);
}

/* Forgets "vault", and begins it again under its id, with its key. */
static void
begin_again (Bench *bench)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_forget_vault (bench->store, "vault", &error));
  g_assert_true (mh_store_add_vault (bench->store, "vault", bench->key, &error));
  g_assert_no_error (error);
}

static void
test_begun_again (void)
{
  g_autoptr (Bench) bench = bench_new (MIB);
  g_autoptr (MhSecret) key = mh_secret_new_random (32);
  g_autoptr (GError) error = NULL;

  g_test_summary ("a vault that begins again counts what it finds of its blocks as its own");
  bench_put_random (bench, "/f", 1, 300000);
  g_assert_true (mh_store_add_vault (bench->store, "other", key, &error));
  begin_again (bench);
  g_assert_cmpint (bench_stored (bench), ==, 0);
  bench_put_random (bench, "/f", 1, 300000);
  g_assert_cmpint (bench_stored (bench), ==, 300017);
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 1);
  g_assert_true (mh_store_forget_vault (bench->store, "other", &error));
  bench_maintain (bench);
  bench_assert_recount (bench);
}

static void
test_stays_away (void)
{
  g_autoptr (Bench) bench = bench_new (MIB);
  g_autoptr (GError) error = NULL;

  g_test_summary ("what a vault had before it began again does not come back with a new index");
  bench_put_random (bench, "/old", 1, 10000);
  begin_again (bench);
  bench_put_random (bench, "/new", 2, 10000);
  bench_close (bench);
  bench_remove_index (bench);
  g_assert_true (bench_open (bench, &error));
  g_assert_no_error (error);
  bench_assert_no_file (bench, "/old");
  bench_assert_random (bench, "/new", 2, 10000);
}

static void
test_together (void)
{
  static const char *const vaults[] = { "other", "vault" };
  g_autoptr (Bench) bench = bench_new (MIB);
  g_autoptr (MhSecret) key = mh_secret_new_random (32);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = bench_random (1, 3000);
  MhUpload *uploads[2];
  MhFile *files[2];
  GError *errors[2];

  g_test_summary ("what was made durable with a version that is gone stays with a new index");
  g_assert_true (mh_store_add_vault (bench->store, "other", key, &error));
  for (guint i = 0; i < G_N_ELEMENTS (vaults); i++)
    {
      MhUploadNew request = { vaults[i], "/f", 0 };

      uploads[i] = mh_upload_new (bench->store, &request, &error);
      g_assert_true (
          mh_upload_write (uploads[i], g_bytes_get_data (content, NULL), 3000, NULL, &error));
      g_assert_true (mh_upload_prepare (uploads[i], NULL, &error));
    }
  mh_uploads_finish (uploads, G_N_ELEMENTS (uploads), files, errors);
  for (guint i = 0; i < G_N_ELEMENTS (vaults); i++)
    {
      g_assert_no_error (errors[i]);
      mh_file_free (files[i]);
      mh_upload_free (uploads[i]);
    }
  g_assert_true (mh_store_forget_vault (bench->store, "other", &error));
  bench_maintain (bench);
  bench_assert_recount (bench);
  bench_assert_file (bench, "/f", content);
}

/* Makes a hole in the first segment. */
static void
punch (Bench *bench, const MhHole *hole)
{
  g_autofree char *path = bench_path (bench, "blocks/0000000000000001.seg");
  g_autofree guint8 *zeros = g_malloc0 (hole->size);
  int fd = open (path, O_RDWR | O_CLOEXEC);

  g_assert_cmpint (pwrite (fd, zeros, hole->size, (off_t) hole->position), ==, hole->size);
  close (fd);
}

static void
test_half_punched (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) holes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = NULL;
  MhPrune prune = { MH_PRUNE_TRASH, 1 };
  gint64 only = 1;

  g_test_summary ("a version that a crash kept from being punched is no head in a new index");
  bench_put_random (bench, "/f", 1, 0);
  bench_put_random (bench, "/f", 2, 0);
  delete (bench, "/f");
  g_array_append_val (files, only);
  prune.files = files;
  g_assert_true (mh_prune_run (bench->store, &prune, NULL, &error));
  g_assert_cmpint (prune.purged.versions, ==, 2);
  holes = mh_catalog_find_holes (bench->store->writer->db, MH_HOLE_VERSION, &error);
  g_assert_cmpuint (holes->len, ==, 2);
  punch (bench, &g_array_index (holes, MhHole, 1));
  bench_close (bench);
  bench_remove_index (bench);
  g_assert_true (bench_open (bench, &error));
  file = mh_store_get (bench->store, "vault", "/f", TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (file->deleted);
  g_assert_false (file->conflict);
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 2);
}

/* Flips a bit of the first record's payload. */
static void
flip (Bench *bench)
{
  g_autofree char *path = bench_path (bench, "blocks/0000000000000001.seg");
  int fd = open (path, O_RDWR | O_CLOEXEC);
  const off_t position = MH_SEGMENT_HEADER_SIZE + MH_RECORD_HEADER_SIZE;
  guint8 byte;

  g_assert_cmpint (pread (fd, &byte, 1, position), ==, 1);
  byte ^= 1;
  g_assert_cmpint (pwrite (fd, &byte, 1, position), ==, 1);
  close (fd);
}

static void
test_unreadable (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = NULL;
  MhPurged purged;

  g_test_summary ("a version that cannot be read is not said to be purged");
  bench_put_random (bench, "/f", 1, 0);
  bench_put_random (bench, "/f", 2, 100);
  delete (bench, "/f");
  hash = hash_of (bench, "/f", 2);
  flip (bench);
  g_assert_false (mh_store_purge_version (bench->store, "vault", "/f", hash, &purged, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_clear_error (&error);
  g_assert_false (mh_store_purge_trash (bench->store, "vault", NULL, &purged, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_clear_error (&error);
  g_assert_cmpint (purged.versions, ==, 1);
  assert_trash (bench, "/f,1,0 ");
  flip (bench);
  g_assert_true (mh_store_purge_trash (bench->store, "vault", NULL, &purged, &error));
  g_assert_cmpint (purged.versions, ==, 1);
  assert_trash (bench, "");
}

static void
test_crash_before_punching (void)
{
  static const char crash[] =
      "INSERT INTO holes SELECT segment, position, size + 111 & ~15, 1 FROM versions"
      " WHERE is_head = 0;"
      "DELETE FROM versions WHERE is_head = 0;"
      "UPDATE files SET versions = 1;"
      "UPDATE blocks SET refs = 0 WHERE position < 2000;"
      "UPDATE segments SET indexed_to = 64, live = live - (SELECT sum (size + 111 & ~15) FROM "
      "blocks"
      " WHERE refs = 0) - (SELECT sum (size) FROM holes);"
      "UPDATE vaults SET stored_bytes = (SELECT sum (size) FROM blocks WHERE refs > 0);";
  g_autoptr (Bench) bench = bench_new (0);
  g_autofree char *path = bench_path (bench, "metadata/index.db");
  g_autoptr (GError) error = NULL;
  MhDb *db;

  g_test_summary ("what a crash kept from being punched stays removed, also when it is read again");
  bench_put_random (bench, "/f", 1, 1500);
  bench_put_random (bench, "/f", 2, 40000);
  bench_close (bench);
  db = mh_db_open (path, MH_DB_FULL, &error);
  g_assert_no_error (error);
  g_assert_true (mh_db_exec (db, crash, &error));
  g_assert_no_error (error);
  mh_db_close (db);
  g_assert_true (bench_open (bench, &error));
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 1);
  bench_maintain (bench);
  bench_assert_random (bench, "/f", 2, 40000);
  g_assert_cmpint (bench_stored (bench), ==, 40017);
  bench_assert_recount (bench);
  g_assert_cmpuint (count_versions (bench, "/f"), ==, 1);
  bench_assert_random (bench, "/f", 2, 40000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/prune/rules", test_rules);
  g_test_add_func ("/store/prune/history", test_history);
  g_test_add_func ("/store/prune/trash-expires", test_trash_expires);
  g_test_add_func ("/store/prune/trash", test_trash);
  g_test_add_func ("/store/prune/purge-version", test_purge_version);
  g_test_add_func ("/store/prune/space-comes-back", test_space_comes_back);
  g_test_add_func ("/store/prune/small-neighbours", test_small_neighbours);
  g_test_add_func ("/store/prune/forgotten", test_forgotten);
  g_test_add_func ("/store/prune/begun-again", test_begun_again);
  g_test_add_func ("/store/prune/stays-away", test_stays_away);
  g_test_add_func ("/store/prune/together", test_together);
  g_test_add_func ("/store/prune/unreadable", test_unreadable);
  g_test_add_func ("/store/prune/half-punched", test_half_punched);
  g_test_add_func ("/store/prune/crash-before-punching", test_crash_before_punching);

  return g_test_run ();
}
