/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "bench.h"
#include "crypto/crypto.h"
#include "modules/store/buffers.h"
#include "modules/store/chunker.h"
#include "modules/store/content.h"
#include "modules/store/seal.h"

#define MIB (1024 * 1024)

static void
test_round_trips (void)
{
  static const gsize sizes[] = {
    0,   1,       63,          64,      32768, MH_CHUNK_MIN - 1, MH_CHUNK_MIN, MH_CHUNK_MIN + 1,
    MIB, 4 * MIB, 4 * MIB + 1, 64 * MIB
  };
  g_autoptr (Bench) bench = bench_new (32 * MIB);

  g_test_summary ("files of every size come back as they went in, also after a restart");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *dense = g_strdup_printf ("/dense/%" G_GSIZE_FORMAT, sizes[i]);
      g_autofree char *loose = g_strdup_printf ("/loose/%" G_GSIZE_FORMAT, sizes[i]);
      g_autoptr (GBytes) random = bench_random (i, sizes[i]);
      g_autoptr (GBytes) text = bench_text (i, sizes[i]);
      g_autoptr (MhFile) one = bench_put (bench, dense, random);
      g_autoptr (MhFile) two = bench_put (bench, loose, text);

      bench_assert_file (bench, dense, random);
      bench_assert_file (bench, loose, text);
    }

  bench_reopen (bench);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *dense = g_strdup_printf ("/dense/%" G_GSIZE_FORMAT, sizes[i]);
      g_autofree char *loose = g_strdup_printf ("/loose/%" G_GSIZE_FORMAT, sizes[i]);
      g_autoptr (GBytes) random = bench_random (i, sizes[i]);
      g_autoptr (GBytes) text = bench_text (i, sizes[i]);

      bench_assert_file (bench, dense, random);
      bench_assert_file (bench, loose, text);
    }
}

static void
test_description (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 10);
  g_autoptr (MhFile) file = NULL;
  g_autoptr (MhFileDetail) detail = NULL;
  g_autoptr (GError) error = NULL;
  const MhFileBlock *block;

  g_test_summary ("a file is described as the contract says");
  mh_clock_set_ms (bench->clock, 1800000000000);
  file = bench_put (bench, "/a/picture.png", content);
  g_assert_cmpuint (strlen (file->file_id), ==, 32);
  g_assert_cmpstr (file->path, ==, "/a/picture.png");
  g_assert_cmpstr (file->mime, ==, "image/png");
  g_assert_cmpint (file->size, ==, 10);
  g_assert_cmpint (file->mtime_ms, ==, 1700000000000);
  g_assert_cmpint (file->changed_ms, ==, 1800000000000);
  g_assert_cmpint (file->version_count, ==, 1);
  g_assert_false (file->deleted);
  g_assert_false (file->conflict);

  detail = mh_store_get_detail (bench->store, "vault", "/a/picture.png", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (detail->blocks->len, ==, 1);
  block = g_ptr_array_index (detail->blocks, 0);
  g_assert_cmpint (block->size, ==, 10);
  g_assert_cmpint (block->offset, ==, 0);
  g_assert_cmpuint (strlen (block->id), ==, 64);
  g_assert_null (detail->parent_hash);
  g_assert_null (detail->conflicts[0]);
}

static void
test_dedup (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 16 * MIB);
  g_autoptr (GByteArray) shifted_data = g_byte_array_new ();
  g_autoptr (GBytes) shifted = NULL;
  guint64 once;
  guint64 twice;
  guint64 thrice;

  g_test_summary ("the same content again adds less than 1 %, shifted by a byte less than a fifth");
  mh_file_free (bench_put (bench, "/one", content));
  once = bench_segment_bytes (bench);
  mh_file_free (bench_put (bench, "/two", content));
  twice = bench_segment_bytes (bench);
  g_assert_cmpuint (once, >=, 16 * MIB);
  g_assert_cmpuint (twice - once, <, once / 100);

  g_byte_array_append (shifted_data, (const guint8 *) "x", 1);
  g_byte_array_append (shifted_data, g_bytes_get_data (content, NULL), 16 * MIB);
  shifted = g_byte_array_free_to_bytes (g_steal_pointer (&shifted_data));
  mh_file_free (bench_put (bench, "/three", shifted));
  thrice = bench_segment_bytes (bench);
  g_assert_cmpuint (thrice - twice, <, once / 5);
  bench_assert_file (bench, "/three", shifted);
}

static void
test_compression (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) text = bench_text (1, 8 * MIB);
  MhStoreTotals totals;
  g_autoptr (GError) error = NULL;

  g_test_summary ("text is stored in half its size or less");
  mh_file_free (bench_put (bench, "/text", text));
  g_assert_cmpuint (bench_segment_bytes (bench), <, 4 * MIB);
  g_assert_true (mh_store_totals (bench->store, "vault", &totals, &error));
  g_assert_cmpint (totals.bytes, ==, 8 * MIB);
  g_assert_cmpint (totals.files, ==, 1);
  g_assert_cmpint (totals.stored_bytes, >, 0);
  g_assert_cmpint (totals.stored_bytes, <, 4 * MIB);
}

static void
test_ranges (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (3, 9 * MIB + 17);
  g_autoptr (MhReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) at_end = NULL;
  const guint8 *data = g_bytes_get_data (content, NULL);
  GRand *random = g_rand_new_with_seed (99);

  g_test_summary ("any range equals that slice of the file");
  mh_file_free (bench_put (bench, "/f", content));
  reader = mh_reader_new (bench->store, "vault", "/f", NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 300; i++)
    {
      guint64 offset = (guint64) g_rand_int_range (random, 0, 9 * MIB + 17);
      gsize max = (gsize) g_rand_int_range (random, 1, 3 * MIB);
      g_autoptr (GBytes) piece = mh_reader_read (reader, offset, max, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (piece), >, 0);
      g_assert_cmpuint (g_bytes_get_size (piece), <=, max);
      g_assert_cmpint (
          memcmp (g_bytes_get_data (piece, NULL), data + offset, g_bytes_get_size (piece)), ==, 0);
    }
  g_rand_free (random);
  at_end = mh_reader_read (reader, 9 * MIB + 17, 10, NULL, &error);
  g_assert_cmpuint (g_bytes_get_size (at_end), ==, 0);
}

static void
test_pieces (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (4, 3 * MIB);
  const guint8 *data = g_bytes_get_data (content, NULL);
  MhUploadNew request = { "vault", "/pieces", -1, NULL, NULL };
  g_autoptr (MhUpload) upload = NULL;
  g_autoptr (MhFile) whole = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autoptr (MhFileDetail) one = NULL;
  g_autoptr (MhFileDetail) other = NULL;
  g_autoptr (GError) error = NULL;
  gsize step = 1;

  g_test_summary ("how a body is cut into pieces does not change the blocks");
  upload = mh_upload_new (bench->store, &request, &error);
  for (gsize i = 0; i < 3 * MIB; i += step)
    {
      step = 1 + (step * 7919) % 60000;
      g_assert_true (mh_upload_write (upload, data + i, MIN (step, 3 * MIB - i), NULL, &error));
    }
  file = mh_upload_finish (upload, NULL, &error);
  g_assert_no_error (error);
  bench_assert_file (bench, "/pieces", content);

  whole = bench_put (bench, "/whole", content);
  one = mh_store_get_detail (bench->store, "vault", "/pieces", &error);
  other = mh_store_get_detail (bench->store, "vault", "/whole", &error);
  g_assert_cmpuint (one->blocks->len, ==, other->blocks->len);
  for (guint i = 0; i < one->blocks->len; i++)
    {
      const MhFileBlock *left = g_ptr_array_index (one->blocks, i);
      const MhFileBlock *right = g_ptr_array_index (other->blocks, i);

      g_assert_cmpstr (left->id, ==, right->id);
    }
}

/* A file that is read: in pieces of at most @most bytes, with an error at byte @broken. */
typedef struct
{
  GBytes *content;
  gsize at;
  gsize most;
  gsize broken;
} Source;

static gssize
read_some (guint8 *out, gsize size, gpointer data, GError **error)
{
  Source *self = data;
  gsize left = g_bytes_get_size (self->content) - self->at;
  gsize got = MIN (MIN (size, left), self->most);

  g_assert_cmpuint (size, >, 0);
  if (self->at >= self->broken)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "broken");
      return -1;
    }
  if (got > 0)
    memcpy (out, (const guint8 *) g_bytes_get_data (self->content, NULL) + self->at, got);
  self->at += got;

  return (gssize) got;
}

static MhUpload *
upload_of (Bench *bench, const char *path)
{
  const MhUploadNew request = { .vault_id = "vault", .path = path };
  g_autoptr (GError) error = NULL;
  MhUpload *upload = mh_upload_new (bench->store, &request, &error);

  g_assert_no_error (error);

  return upload;
}

static void
test_read (void)
{
  static const gsize sizes[] = { 0, 1, 65536, 65537, MH_CHUNK_MAX, 20 * MIB + 1 };
  static const gsize pieces[] = { G_MAXSIZE, 4 * MIB, 100003 };
  static const gsize more[] = { 0, 1, MIB }; /* than there is */
  g_autoptr (Bench) bench = bench_new (0);

  g_test_summary ("a file that is read is what it would be when written, also when it is shorter");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *written = g_strdup_printf ("/written-%zu", i);
      g_autoptr (GBytes) content = bench_random (i, sizes[i]);
      g_autoptr (MhFile) file = bench_put (bench, written, content);
      guint64 before = bench_segment_bytes (bench);

      for (gsize j = 0; j < G_N_ELEMENTS (pieces) * G_N_ELEMENTS (more); j++)
        {
          g_autofree char *path = g_strdup_printf ("/read-%zu-%zu", i, j);
          g_autoptr (MhUpload) upload = upload_of (bench, path);
          Source source = { content, 0, pieces[j % G_N_ELEMENTS (pieces)], G_MAXSIZE };
          g_autoptr (GError) error = NULL;
          g_autoptr (MhFile) read = NULL;

          g_assert_true (mh_upload_read (upload,
                                         (gint64) (sizes[i] + more[j / G_N_ELEMENTS (pieces)]),
                                         read_some, &source, NULL, &error));
          read = mh_upload_finish (upload, NULL, &error);
          g_assert_no_error (error);
          g_assert_cmpstr (read->content_hash, ==, file->content_hash);
          bench_assert_file (bench, path, content);
        }
      /* large ones have the blocks that were there already */
      if (sizes[i] >= MIB)
        g_assert_cmpuint (bench_segment_bytes (bench) - before, <, sizes[i] / 20);
    }
}

static void
test_read_some (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 8 * MIB);
  g_autoptr (GBytes) beginning = g_bytes_new_from_bytes (content, 0, 5 * MIB + 1);
  g_autoptr (MhUpload) upload = upload_of (bench, "/file");
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) error = NULL;
  Source source = { content, 0, G_MAXSIZE, G_MAXSIZE };

  g_test_summary ("no more is read than was asked for, and what is written after it follows");
  g_assert_true (mh_upload_read (upload, 5 * MIB, read_some, &source, NULL, &error));
  g_assert_cmpuint (source.at, ==, 5 * MIB);
  g_assert_true (mh_upload_write (
      upload, (const guint8 *) g_bytes_get_data (content, NULL) + source.at, 1, NULL, &error));
  file = mh_upload_finish (upload, NULL, &error);
  g_assert_no_error (error);
  bench_assert_file (bench, "/file", beginning);
}

static void
test_read_fails (void)
{
  static const gsize broken[] = { 0, 100000, 5 * MIB };
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 8 * MIB);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  g_test_summary ("what cannot be read to its end, or is given up, is told and leaves nothing");
  g_cancellable_cancel (cancelled);
  for (gsize i = 0; i <= G_N_ELEMENTS (broken); i++)
    {
      gboolean is_cancel = i == G_N_ELEMENTS (broken);
      g_autoptr (MhUpload) upload = upload_of (bench, "/file");
      Source source = { content, 0, 100000, is_cancel ? G_MAXSIZE : broken[i] };
      g_autoptr (MhFile) file = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_false (mh_upload_read (upload, 8 * MIB, read_some, &source,
                                      is_cancel ? cancelled : NULL, &error));
      if (is_cancel)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_clear_pointer (&upload, mh_upload_free);
      file = mh_store_get (bench->store, "vault", "/file", FALSE, NULL);
      g_assert_null (file);
    }
  mh_file_free (bench_put (bench, "/file", content));
  bench_assert_file (bench, "/file", content);
}

static void
test_fingerprint (void)
{
  static const gsize sizes[] = { 0, 1, 256 * 1024, 256 * 1024 + 1, 5 * MIB + 3 };
  g_autoptr (Bench) bench = bench_new (0);

  g_test_summary ("the content hash of bytes is the one that the store gives a file of them");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) content = bench_random (i, sizes[i]);
      const guint8 *data = g_bytes_get_data (content, NULL);
      g_autoptr (MhFile) file = bench_put (bench, "/f", content);
      g_autoptr (MhFingerprint) print = mh_fingerprint_new ();
      g_autofree char *hash = NULL;

      for (gsize at = 0; at < sizes[i]; at += 77777)
        mh_fingerprint_add (print, data + at, MIN (77777, sizes[i] - at));
      hash = mh_fingerprint_finish (print);
      g_assert_cmpstr (hash, ==, file->content_hash);
    }
}

/* Returns: the permission bits of the version of a file that has @content_hash, or of the newest */
static guint
mode_of (Bench *bench, const char *path, const char *content_hash)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhReader) reader = mh_reader_new (bench->store, "vault", path, content_hash, &error);

  g_assert_no_error (error);

  return mh_reader_file (reader)->mode;
}

static void
test_mode (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  MhUploadNew request = { "vault", "/f", 1, .mode = 0100755 };
  g_autoptr (MhUpload) upload = NULL;
  g_autoptr (MhFile) first = NULL;
  g_autoptr (MhFile) second = NULL;
  g_autoptr (MhFile) back = NULL;
  g_autoptr (MhCopied) copied = NULL;
  g_autoptr (GBytes) other = bench_random (1, 1000);
  MhCopyNew copy = { "vault", "/moved", "/copy", MH_EXISTING_REFUSE };
  g_autoptr (GError) error = NULL;

  g_test_summary ("permission bits stay with the content when it is moved, copied and restored");
  upload = mh_upload_new (bench->store, &request, &error);
  g_assert_true (mh_upload_write (upload, (const guint8 *) "x", 1, NULL, &error));
  first = mh_upload_finish (upload, NULL, &error);
  g_assert_no_error (error);
  g_clear_pointer (&upload, mh_upload_free);
  g_assert_cmpint (mh_store_move (bench->store, "vault", "/f", "/moved", &error), ==, 1);
  copied = mh_store_copy (bench->store, &copy, &error);
  g_assert_no_error (error);
  second = bench_put (bench, "/moved", other);
  g_assert_cmpuint (mode_of (bench, "/moved", NULL), ==, 0);
  g_assert_cmpuint (mode_of (bench, "/moved", first->content_hash), ==, 0755);
  g_assert_cmpuint (mode_of (bench, "/copy", NULL), ==, 0755);
  bench_reopen (bench);
  back = mh_store_restore (bench->store, "vault", "/moved", first->content_hash, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (mode_of (bench, "/moved", NULL), ==, 0755);
}

static void
test_chunker (void)
{
  g_autoptr (GBytes) content = bench_random (5, 64 * MIB);
  const guint8 *data = g_bytes_get_data (content, NULL);
  MhGear *gear = g_new0 (MhGear, 1);
  MhChunker chunker = { 0 };
  gsize left = 64 * MIB;
  guint count = 0;

  g_test_summary ("chunks of random data have the sizes that were asked for");
  mh_gear_init (gear);
  while (left > 0)
    {
      gboolean cut;
      gsize size = mh_chunker_scan (&chunker, gear, data, left, &cut);

      g_assert_cmpuint (size, <=, MH_CHUNK_MAX);
      g_assert_true (cut || size == left);
      g_assert_true (!cut || size >= MH_CHUNK_MIN);
      data += size;
      left -= size;
      count++;
    }
  g_assert_cmpuint (count, >, 40);
  g_assert_cmpuint (count, <, 90);
  g_free (gear);
}

static void
test_cut_points (void)
{
  static const gsize expected[] = { 1233670, 1079059, 1061561, 1226122, 518187,
                                    1342357, 1455514, 452960,  19178 };
  g_autoptr (GBytes) content = bench_random (6, 8 * MIB);
  const guint8 *data = g_bytes_get_data (content, NULL);
  MhGear *gear = g_new0 (MhGear, 1);
  MhChunker chunker = { 0 };
  gsize left = 8 * MIB;

  g_test_summary ("cut points never change: other versions of the program have to share blocks");
  mh_gear_init (gear);
  for (gsize i = 0; left > 0; i++)
    {
      gboolean cut;
      gsize size = mh_chunker_scan (&chunker, gear, data, left, &cut);

      g_assert_cmpuint (i, <, G_N_ELEMENTS (expected));
      g_assert_cmpuint (size, ==, expected[i]);
      data += size;
      left -= size;
    }
  g_free (gear);
}

static void
test_seal (void)
{
  g_autoptr (MhBuffers) buffers = mh_buffers_new ();
  g_autoptr (MhSecret) one = mh_secret_new (32);
  g_autoptr (MhSecret) two = mh_secret_new_random (32);
  g_autoptr (MhKeys) keys = mh_keys_new ("one", one);
  g_autoptr (MhKeys) others = mh_keys_new ("two", two);
  g_autoptr (GBytes) opened = NULL;
  guint8 block[1 + 5000];
  MhPlain plain = { block, 5000 };
  MhChunk chunk = { 0 };
  MhChunk again = { 0 };
  MhBuffer *sealed;
  MhBuffer *resealed;
  gsize size;
  gsize resize;

  g_test_summary ("a sealed block opens with its key only and shows every changed bit");
  memset (block, 'a', sizeof block);
  sealed = mh_seal_block (buffers, keys, &plain, &chunk, &size);
  g_assert_cmpuint (size, <, 200);
  resealed = mh_seal_block (buffers, keys, &plain, &again, &resize);
  g_assert_cmpmem (sealed->data, size, resealed->data, resize);
  g_assert_cmpmem (chunk.id, 32, again.id, 32);
  mh_buffers_give (buffers, resealed);

  opened = mh_open_block (buffers, keys, &chunk, sealed->data, size);
  g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), block + 1, 5000);
  g_assert_null (mh_open_block (buffers, others, &chunk, sealed->data, size));
  for (gsize i = 0; i < size; i++)
    {
      sealed->data[i] ^= 1;
      g_assert_null (mh_open_block (buffers, keys, &chunk, sealed->data, size));
      sealed->data[i] ^= 1;
    }
  g_assert_null (mh_open_block (buffers, keys, &chunk, sealed->data, 3));
  chunk.plain_size++;
  g_assert_null (mh_open_block (buffers, keys, &chunk, sealed->data, size));
  resealed = mh_seal_block (buffers, others, &plain, &again, &resize);
  g_assert_cmpint (memcmp (chunk.id, again.id, 32), !=, 0);
  mh_buffers_give (buffers, resealed);
  mh_buffers_give (buffers, sealed);
}

static void
test_file_ids (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = bench_random (1, 100);
  g_autoptr (MhFile) first = bench_put (bench, "/b", content);
  g_autoptr (MhFile) beside = bench_put (bench, "/c", content);
  g_autoptr (MhFile) later = NULL;

  g_test_summary ("ids of files made later sort behind, and none is another's");
  mh_clock_set_ms (bench->clock, 4102444800000); /* 2100-01-01 */
  later = bench_put (bench, "/a", content);
  g_assert_cmpstr (first->file_id, !=, beside->file_id);
  g_assert_cmpstr (later->file_id, >, first->file_id);
  g_assert_cmpstr (later->file_id, >, beside->file_id);
}

/* Fills a block that zstd makes smaller, or one that it does not. */
static void
fill_block (guint8 *data, gsize size, gboolean shrinks, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < size; i++)
    data[i] = shrinks ? (guint8) (i % 7 + seed) : (guint8) g_rand_int (rand);
}

static void
test_seal_many (void)
{
  static const gsize sizes[] = { 70000, 10, 5000, 40000, 1 };
  g_autoptr (MhBuffers) buffers = mh_buffers_new ();
  g_autoptr (MhSecret) secret = mh_secret_new_random (32);
  g_autoptr (MhKeys) keys = mh_keys_new ("one", secret);
  guint8 *data[G_N_ELEMENTS (sizes)];
  MhSealing sealings[G_N_ELEMENTS (sizes)];
  MhChunk chunks[G_N_ELEMENTS (sizes)] = { 0 };

  g_test_summary ("blocks that are sealed together are the same as those sealed by themselves");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      data[i] = g_malloc (1 + sizes[i]);
      fill_block (data[i] + 1, sizes[i], i % 2 == 0, i);
      mh_content_hash_block (data[i], sizes[i], chunks[i].content);
      sealings[i] = (MhSealing){ keys, { data[i], sizes[i] }, &chunks[i] };
    }
  mh_seal_blocks (buffers, sealings, G_N_ELEMENTS (sizes));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      MhChunk chunk = { 0 };
      MhBuffer *sealed;
      gsize size;

      memcpy (chunk.content, chunks[i].content, sizeof chunk.content);
      sealed = mh_seal_block (buffers, keys, &sealings[i].plain, &chunk, &size);
      g_assert_cmpmem (sealed->data, size, sealings[i].sealed->data, sealings[i].sealed_size);
      g_assert_cmpmem (&chunk, sizeof chunk, &chunks[i], sizeof chunks[i]);
      mh_buffers_give (buffers, sealed);
      mh_buffers_give (buffers, sealings[i].sealed);
      g_free (data[i]);
    }
}

static gboolean
contains (const char *folder, const char *needle)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *data = NULL;
      gsize size;

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          if (contains (path, needle))
            return TRUE;
          continue;
        }
      g_assert_true (g_file_get_contents (path, &data, &size, NULL));
      if (memmem (data, size, needle, strlen (needle)) != NULL)
        return TRUE;
    }

  return FALSE;
}

static void
test_no_plaintext (void)
{
  static const char marker[] = "MARKER-5f1c9e-PLAINTEXT";
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (GBytes) content = g_bytes_new_static (marker, sizeof marker);
  g_autoptr (MhFile) file = bench_put (bench, "/name-to-be-found", content);

  g_test_summary ("nothing below the home has a file's content in the clear");
  g_assert_false (contains (bench->home, marker));
  g_assert_true (contains (bench->home, "name-to-be-found")); /* the search works */
}

static void
test_second_vault (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhSecret) key = mh_secret_new_random (32);
  g_autoptr (GBytes) content = bench_random (1, MIB);
  g_autoptr (MhFile) file = bench_put (bench, "/f", content);
  g_autoptr (MhFile) stolen = NULL;
  g_autoptr (MhReader) reader = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a vault's key opens nothing of another vault");
  g_assert_true (mh_store_add_vault (bench->store, "other", key, &error));
  stolen = mh_store_get (bench->store, "other", "/f", TRUE, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);

  bench_close (bench);
  bench_remove_index (bench);
  mh_secret_free (bench->key);
  bench->key = mh_secret_new_random (32);
  g_assert_false (bench_open (bench, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_FORBIDDEN);
  g_clear_error (&error);
  reader = mh_reader_new (bench->store, "vault", "/f", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_true (mh_crypto_init (NULL));
  g_test_add_func ("/store/content/round-trips", test_round_trips);
  g_test_add_func ("/store/content/description", test_description);
  g_test_add_func ("/store/content/dedup", test_dedup);
  g_test_add_func ("/store/content/compression", test_compression);
  g_test_add_func ("/store/content/ranges", test_ranges);
  g_test_add_func ("/store/content/pieces", test_pieces);
  g_test_add_func ("/store/content/read", test_read);
  g_test_add_func ("/store/content/read-some", test_read_some);
  g_test_add_func ("/store/content/read-fails", test_read_fails);
  g_test_add_func ("/store/content/fingerprint", test_fingerprint);
  g_test_add_func ("/store/content/mode", test_mode);
  g_test_add_func ("/store/content/chunker", test_chunker);
  g_test_add_func ("/store/content/cut-points", test_cut_points);
  g_test_add_func ("/store/content/file-ids", test_file_ids);
  g_test_add_func ("/store/content/seal", test_seal);
  g_test_add_func ("/store/content/seal-many", test_seal_many);
  g_test_add_func ("/store/content/no-plaintext", test_no_plaintext);
  g_test_add_func ("/store/content/second-vault", test_second_vault);

  return g_test_run ();
}
