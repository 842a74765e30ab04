/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "bench.h"
#include "modules/store/segment.h"

/* A segment with a few small files of several kinds, opened for damage. */
typedef struct
{
  Bench *bench;
  GBytes *contents[3];
  int fd;
  guint8 *data; /* what should be in it */
  gsize size;
} Sample;

static const char *const paths[] = { "/empty", "/one", "/text" };

static void
sample_init (Sample *self)
{
  g_autofree char *path = NULL;

  self->bench = bench_new (0);
  self->contents[0] = g_bytes_new (NULL, 0);
  self->contents[1] = bench_random (1, 90);
  self->contents[2] = bench_text (2, 400);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    mh_file_free (bench_put (self->bench, paths[i], self->contents[i]));
  path = bench_path (self->bench, "blocks/0000000000000001.seg");
  g_assert_true (g_file_get_contents (path, (char **) &self->data, &self->size, NULL));
  self->fd = open (path, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (self->fd, >=, 0);
}

static void
sample_clear (Sample *self)
{
  close (self->fd);
  g_free (self->data);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_bytes_unref (self->contents[i]);
  bench_free (self->bench);
}

static MhScrubReport
scrub (Sample *self)
{
  MhScrubOptions options = { 0 };
  MhScrubReport report = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_scrub (self->bench->store, &options, &report, NULL, &error));
  g_assert_no_error (error);

  return report;
}

/* Reads every file: each gives its own bytes or an error. Returns: how many errors */
static guint
read_all (Sample *self)
{
  guint failed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = bench_read (self->bench, paths[i], NULL, &error);

      if (bytes == NULL)
        {
          g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
          failed++;
        }
      else
        g_assert_true (g_bytes_equal (bytes, self->contents[i]));
    }

  return failed;
}

static void
write_byte (Sample *self, gsize position, guint8 byte)
{
  g_assert_cmpint (pwrite (self->fd, &byte, 1, (off_t) position), ==, 1);
}

/* Whether a byte belongs to the payload of a record. */
static gboolean
is_payload (const Sample *self, gsize position)
{
  gsize at = MH_SEGMENT_HEADER_SIZE;
  MhRecord record;

  while (at + MH_RECORD_HEADER_SIZE <= self->size && mh_record_decode (&record, self->data + at))
    {
      gsize start = at + MH_RECORD_HEADER_SIZE;

      if (position >= start && position < start + record.payload_size)
        return TRUE;
      at += mh_record_span (record.payload_size);
    }

  return FALSE;
}

static void
test_every_bit (void)
{
  Sample sample;

  g_test_summary ("the scrub finds every flipped bit of a segment, and no read gives a wrong byte");
  sample_init (&sample);
  g_assert_cmpint (scrub (&sample).damaged_records, ==, 0);
  for (gsize i = 0; i < sample.size; i++)
    {
      for (guint bit = 0; bit < 8; bit++)
        {
          write_byte (&sample, i, sample.data[i] ^ (guint8) (1 << bit));
          if (scrub (&sample).damaged_records == 0)
            g_error ("bit %u of byte %" G_GSIZE_FORMAT " is not found", bit, i);
          if (read_all (&sample) == 0 && is_payload (&sample, i))
            g_error ("byte %" G_GSIZE_FORMAT " does not matter to anybody", i);
          write_byte (&sample, i, sample.data[i]);
        }
    }
  g_assert_cmpint (scrub (&sample).damaged_records, ==, 0);
  g_assert_cmpuint (read_all (&sample), ==, 0);
  sample_clear (&sample);
}

static void
test_every_truncation (void)
{
  Sample sample;

  g_test_summary ("the scrub finds every truncation of the last segment");
  sample_init (&sample);
  for (gsize i = 0; i < sample.size; i++)
    {
      g_assert_cmpint (ftruncate (sample.fd, (off_t) i), ==, 0);
      if (scrub (&sample).damaged_records == 0)
        g_error ("a length of %" G_GSIZE_FORMAT " is not found", i);
      g_assert_cmpint (pwrite (sample.fd, sample.data + i, sample.size - i, (off_t) i), ==,
                       (gssize) (sample.size - i));
    }
  g_assert_cmpint (scrub (&sample).damaged_records, ==, 0);
  g_assert_cmpuint (read_all (&sample), ==, 0);
  sample_clear (&sample);
}

static void
note_damage (const MhDamage *damage, gpointer data)
{
  g_ptr_array_add (data, g_strdup (damage->path));
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
test_names (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) large = bench_random (3, 5 * 1000 * 1000);
  g_autoptr (GBytes) small = bench_random (4, 1000);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *path = bench_path (bench, "blocks/0000000000000001.seg");
  g_autoptr (GError) error = NULL;
  MhScrubOptions options = { 0 };
  MhScrubReport report = { 0 };
  int fd;

  g_test_summary ("every file, and every version, that needs a damaged block is named");
  mh_file_free (bench_put (bench, "/large", large));
  mh_file_free (bench_put (bench, "/twin", large));
  mh_file_free (bench_put (bench, "/other", small));
  mh_file_free (bench_put (bench, "/large", small));
  fd = open (path, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (pwrite (fd, "damage", 6, 1000 * 1000), ==, 6);
  close (fd);
  options.on_damage = note_damage;
  options.data = names;
  g_assert_true (mh_store_scrub (bench->store, &options, &report, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (report.damaged_records, ==, 1);
  g_ptr_array_sort (names, compare_names);
  g_assert_cmpuint (names->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (names, 0), ==, "/large");
  g_assert_cmpstr (g_ptr_array_index (names, 1), ==, "/twin");
}

static void
test_cancel (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (5, 1000);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  MhScrubOptions options = { 1 };
  MhScrubReport report = { 0 };

  g_test_summary ("a scrub that rests ends at once when it is cancelled");
  mh_file_free (bench_put (bench, "/one", content));
  g_cancellable_cancel (cancellable);
  g_assert_false (mh_store_scrub (bench->store, &options, &report, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/scrub/every-bit", test_every_bit);
  g_test_add_func ("/store/scrub/every-truncation", test_every_truncation);
  g_test_add_func ("/store/scrub/names", test_names);
  g_test_add_func ("/store/scrub/cancel", test_cancel);

  return g_test_run ();
}
