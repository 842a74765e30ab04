/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"
#include "modules/store/segment.h"

#define FILES 8

/* A home with some files, and where the segment ended after each. */
typedef struct
{
  Bench *bench;
  GBytes *contents[FILES];
  guint64 ends[FILES];
} History;

static char *
file_path (guint number)
{
  return g_strdup_printf ("/dir%u/file-%u", number % 3, number);
}

static char *
segment_path (Bench *bench, guint number)
{
  g_autofree char *name = g_strdup_printf ("blocks/%016x.seg", number);

  return bench_path (bench, name);
}

static void
copy_file (const char *from, const char *to)
{
  g_autofree char *data = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (from, &data, &size, NULL));
  g_assert_true (g_file_set_contents (to, data, (gssize) size, NULL));
}

static void
history_put (History *self, guint number)
{
  g_autofree char *path = file_path (number);

  self->contents[number] = bench_random (number, 3000 + number * 5000);
  mh_file_free (bench_put (self->bench, path, self->contents[number]));
  self->ends[number] = bench_segment_bytes (self->bench);
}

static void
history_clear (History *self)
{
  for (guint i = 0; i < FILES; i++)
    g_clear_pointer (&self->contents[i], g_bytes_unref);
  bench_free (self->bench);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (History, history_clear)

/* Files that ended before @end are there, all others are not. */
static void
assert_files (History *self, guint64 end)
{
  for (guint i = 0; i < FILES && self->contents[i] != NULL; i++)
    {
      g_autofree char *path = file_path (i);

      if (self->ends[i] <= end)
        bench_assert_file (self->bench, path, self->contents[i]);
      else
        bench_assert_no_file (self->bench, path);
    }
}

static void
overwrite (const char *path, guint64 offset, gsize size, int value)
{
  g_autofree guint8 *data = g_malloc (size);
  int fd = g_open (path, O_RDWR | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pread (fd, data, size, (off_t) offset), ==, (gssize) size);
  for (gsize i = 0; i < size; i++)
    data[i] = value < 0 ? data[i] ^ 1 : (guint8) value;
  g_assert_cmpint (pwrite (fd, data, size, (off_t) offset), ==, (gssize) size);
  close (fd);
}

static void
test_rebuild (void)
{
  g_auto (History) self = { bench_new (16 * 1024) };
  g_autoptr (GError) error = NULL;
  MhStoreTotals before;
  MhStoreTotals after;

  g_test_summary ("without its index a store makes a new one from its segments");
  for (guint i = 0; i < FILES; i++)
    history_put (&self, i);
  g_assert_true (mh_store_totals (self.bench->store, "vault", &before, &error));
  bench_close (self.bench);
  bench_remove_index (self.bench);
  g_assert_true (bench_open (self.bench, &error));
  g_assert_no_error (error);
  assert_files (&self, G_MAXUINT64);
  g_assert_true (mh_store_totals (self.bench->store, "vault", &after, &error));
  g_assert_cmpint (before.files, ==, after.files);
  g_assert_cmpint (before.bytes, ==, after.bytes);
  g_assert_cmpint (before.stored_bytes, ==, after.stored_bytes);
}

static void
test_damaged_index (void)
{
  g_auto (History) self = { bench_new (0) };
  g_autofree char *index = bench_path (self.bench, "metadata/index.db");
  g_autofree char *aside = bench_path (self.bench, "metadata/index.db.damaged");
  g_autofree char *fault = NULL;

  g_test_summary ("a damaged index is put aside and made anew");
  for (guint i = 0; i < FILES; i++)
    history_put (&self, i);
  bench_close (self.bench);
  overwrite (index, 0, 4096, 'x');
  g_assert_true (bench_open (self.bench, NULL));
  assert_files (&self, G_MAXUINT64);
  g_assert_true (g_file_test (aside, G_FILE_TEST_EXISTS));
  fault = mh_store_fault (self.bench->store);
  g_assert_nonnull (strstr (fault, "index"));
}

/* Cuts the segment at many places; the index is missing, or as old as @index. */
static void
cut_everywhere (History *self, const char *index)
{
  g_autofree char *segment = segment_path (self->bench, 1);
  g_autofree char *saved = g_strconcat (segment, ".saved", NULL);
  g_autofree char *live_index = bench_path (self->bench, "metadata/index.db");
  guint64 size = self->ends[FILES - 1];
  guint64 first = index == NULL ? 0 : self->ends[2];

  bench_close (self->bench);
  copy_file (segment, saved);
  for (guint64 cut = first; cut <= size; cut += 1 + (cut * 31) % 1999)
    {
      g_autoptr (GError) error = NULL;

      bench_remove_index (self->bench);
      copy_file (saved, segment);
      if (index != NULL)
        copy_file (index, live_index);
      g_assert_cmpint (truncate (segment, (off_t) cut), ==, 0);
      bench_open (self->bench, &error);
      g_assert_no_error (error);
      assert_files (self, cut);

      /* and the store goes on */
      mh_file_free (bench_put (self->bench, "/later", self->contents[0]));
      bench_reopen (self->bench);
      bench_assert_file (self->bench, "/later", self->contents[0]);
      assert_files (self, cut);
      bench_close (self->bench);
    }
  g_assert_true (bench_open (self->bench, NULL));
}

static void
test_torn_tail (void)
{
  g_auto (History) self = { bench_new (0) };
  g_autofree char *index = bench_path (self.bench, "metadata/index.db");
  g_autofree char *old_index = bench_path (self.bench, "metadata/index.old");

  g_test_summary ("wherever the last segment is cut, every file acknowledged before it is back");
  for (guint i = 0; i < 3; i++)
    history_put (&self, i);
  bench_close (self.bench);
  copy_file (index, old_index);
  g_assert_true (bench_open (self.bench, NULL));
  for (guint i = 3; i < FILES; i++)
    history_put (&self, i);
  g_assert_cmpuint (self.ends[FILES - 1], >, 150000);
  cut_everywhere (&self, NULL);
  cut_everywhere (&self, old_index);
}

/* Takes the index back to before file 3, as after a power loss. */
static void
go_back (History *self, guint last)
{
  g_autofree char *index = bench_path (self->bench, "metadata/index.db");
  g_autofree char *old_index = bench_path (self->bench, "metadata/index.old");

  for (guint i = 0; i < 3; i++)
    history_put (self, i);
  bench_close (self->bench);
  copy_file (index, old_index);
  g_assert_true (bench_open (self->bench, NULL));
  for (guint i = 3; i <= last; i++)
    history_put (self, i);
  bench_close (self->bench);
  bench_remove_index (self->bench);
  copy_file (old_index, index);
}

static void
test_lost_page (void)
{
  g_auto (History) self = { bench_new (0) };
  g_autofree char *segment = segment_path (self.bench, 1);

  g_test_summary ("a power loss that kept a version but not its block leaves no half file");
  go_back (&self, 3);
  overwrite (segment, self.ends[2] + MH_RECORD_HEADER_SIZE + 4096, 4096, 0);
  g_assert_true (bench_open (self.bench, NULL));
  bench_assert_no_file (self.bench, "/dir0/file-3");
  self.ends[3] = G_MAXUINT64;
  assert_files (&self, G_MAXUINT64 - 1);

  /* also not when everything is read once more */
  bench_close (self.bench);
  bench_remove_index (self.bench);
  g_assert_true (bench_open (self.bench, NULL));
  assert_files (&self, G_MAXUINT64 - 1);
}

static void
test_lost_acknowledged_page (void)
{
  g_auto (History) self = { bench_new (0) };
  g_autofree char *segment = segment_path (self.bench, 1);
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("damage to what was durable is reported by name, not passed over");
  go_back (&self, 5);
  overwrite (segment, self.ends[2] + MH_RECORD_HEADER_SIZE + 4096, 4096, 0);
  g_assert_true (bench_open (self.bench, NULL));
  none = bench_read (self.bench, "/dir0/file-3", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "/dir0/file-3"));
  bench_assert_file (self.bench, "/dir1/file-4", self.contents[4]);
  bench_assert_file (self.bench, "/dir2/file-5", self.contents[5]);
}

static void
test_flipped_byte (void)
{
  g_auto (History) self = { bench_new (0) };
  g_autofree char *segment = segment_path (self.bench, 1);

  g_test_summary ("a flipped bit: its file fails by name, the others read, an upload heals it");
  for (guint i = 0; i < FILES; i++)
    history_put (&self, i);
  bench_close (self.bench);
  overwrite (segment, self.ends[3] + MH_RECORD_HEADER_SIZE + 1234, 1, -1);

  for (guint round = 0; round < 2; round++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) none = NULL;
      g_autofree char *fault = NULL;

      if (round == 1)
        bench_remove_index (self.bench);
      g_assert_true (bench_open (self.bench, NULL));
      none = bench_read (self.bench, "/dir1/file-4", NULL, &error);
      g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
      g_assert_nonnull (strstr (error->message, "/dir1/file-4"));
      fault = mh_store_fault (self.bench->store);
      g_assert_nonnull (strstr (fault, "/dir1/file-4"));
      for (guint i = 0; i < FILES; i++)
        {
          g_autofree char *path = file_path (i);

          if (i != 4)
            bench_assert_file (self.bench, path, self.contents[i]);
        }
      if (round == 0)
        bench_close (self.bench);
    }

  mh_file_free (bench_put (self.bench, "/healed", self.contents[4]));
  assert_files (&self, G_MAXUINT64);
  bench_assert_file (self.bench, "/healed", self.contents[4]);
  bench_close (self.bench);
  bench_remove_index (self.bench);
  g_assert_true (bench_open (self.bench, NULL));
  assert_files (&self, G_MAXUINT64);
}

static void
test_damaged_header (void)
{
  g_auto (History) self = { bench_new (0) };
  g_autofree char *segment = segment_path (self.bench, 1);
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a rebuild finds its way again after a damaged record header");
  for (guint i = 0; i < FILES; i++)
    history_put (&self, i);
  bench_close (self.bench);
  overwrite (segment, self.ends[3] + 10, 1, -1);
  bench_remove_index (self.bench);
  g_assert_true (bench_open (self.bench, NULL));
  for (guint i = 0; i < FILES; i++)
    {
      g_autofree char *path = file_path (i);

      if (i != 4)
        bench_assert_file (self.bench, path, self.contents[i]);
    }
  none = bench_read (self.bench, "/dir1/file-4", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
}

static void
test_lock (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autofree char *blocks = bench_path (bench, "blocks");
  g_autofree char *index = bench_path (bench, "metadata/index.db");
  MhStoreConfig config = { blocks, index, bench->signer, NULL, 0 };
  g_autoptr (MhStore) second = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("two stores never share a folder");
  second = mh_store_open (&config, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_assert_nonnull (strstr (error->message, "locked"));
}

/* Disk blocks, of 512 bytes, that the segments occupy. */
static guint64
occupied (Bench *bench)
{
  g_autofree char *segment = segment_path (bench, 1);
  struct stat info;

  g_assert_cmpint (stat (segment, &info), ==, 0);

  return (guint64) info.st_blocks;
}

static void
test_aborted_upload (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 24 * 1024 * 1024);
  MhUploadNew request = { "vault", "/f", 1, NULL, NULL };
  MhUpload *upload;
  g_autoptr (GError) error = NULL;

  g_test_summary ("an aborted upload leaves no file and gives its space back");
  upload = mh_upload_new (bench->store, &request, &error);
  g_assert_true (mh_upload_write (upload, g_bytes_get_data (content, NULL),
                                  g_bytes_get_size (content), NULL, &error));
  mh_upload_free (upload);
  bench_close (bench);
  g_assert_cmpuint (occupied (bench), <, 2048);
  g_assert_true (bench_open (bench, NULL));
  bench_assert_no_file (bench, "/f");
  mh_file_free (bench_put (bench, "/f", content));
  bench_assert_file (bench, "/f", content);
}

static void
test_unreferenced_blocks (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 24 * 1024 * 1024);
  g_autoptr (GBytes) small = bench_random (2, 1000);
  g_autofree char *segment = segment_path (bench, 1);
  g_autofree char *index = bench_path (bench, "metadata/index.db");
  g_autofree char *old_index = bench_path (bench, "metadata/index.old");
  guint64 before;

  g_test_summary ("blocks of an upload that a crash ended are freed at the next start");
  mh_file_free (bench_put (bench, "/small", small));
  bench_close (bench);
  copy_file (index, old_index);
  before = bench_segment_bytes (bench);
  g_assert_true (bench_open (bench, NULL));
  mh_file_free (bench_put (bench, "/f", content));
  bench_close (bench);
  bench_remove_index (bench);
  copy_file (old_index, index);
  /* the version, which comes last, is not there yet */
  g_assert_cmpint (truncate (segment, (off_t) (before + 20 * 1024 * 1024)), ==, 0);
  g_assert_true (bench_open (bench, NULL));
  bench_assert_no_file (bench, "/f");
  bench_assert_file (bench, "/small", small);
  bench_close (bench);
  g_assert_cmpuint (occupied (bench), <, 4096);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/recover/rebuild", test_rebuild);
  g_test_add_func ("/store/recover/damaged-index", test_damaged_index);
  g_test_add_func ("/store/recover/torn-tail", test_torn_tail);
  g_test_add_func ("/store/recover/lost-page", test_lost_page);
  g_test_add_func ("/store/recover/lost-acknowledged-page", test_lost_acknowledged_page);
  g_test_add_func ("/store/recover/flipped-byte", test_flipped_byte);
  g_test_add_func ("/store/recover/damaged-header", test_damaged_header);
  g_test_add_func ("/store/recover/lock", test_lock);
  g_test_add_func ("/store/recover/aborted-upload", test_aborted_upload);
  g_test_add_func ("/store/recover/unreferenced-blocks", test_unreferenced_blocks);

  return g_test_run ();
}
