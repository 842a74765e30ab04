/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/crypto.h"
#include "db/stmt.h"
#include "modules/store/content.h"

#define PIECE (100 * 1000)

Bench *
bench_new_at (const char *home, guint64 segment_bytes)
{
  Bench *self = g_new0 (Bench, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhSecret) seed = NULL;

  g_assert_true (mh_crypto_init (&error));
  seed = mh_secret_new (32);
  memset (mh_secret_bytes (seed), 7, 32);
  self->home = g_strdup (home);
  self->segment_bytes = segment_bytes;
  self->signer = mh_signer_new (seed);
  self->key = mh_secret_new_copy (mh_secret_peek (seed), 32);
  self->clock = mh_clock_new ();
  bench_open (self, &error);
  g_assert_no_error (error);

  return self;
}

Bench *
bench_new (guint64 segment_bytes)
{
  g_autofree char *home = g_dir_make_tmp ("mh-store-XXXXXX", NULL);

  return bench_new_at (home, segment_bytes);
}

gboolean
bench_open (Bench *self, GError **error)
{
  g_autofree char *blocks = bench_path (self, "blocks");
  g_autofree char *index = bench_path (self, "metadata/index.db");
  MhStoreConfig config = { blocks, index, self->signer, self->clock, self->segment_bytes };

  config.min_free = self->min_free;
  self->store = mh_store_open (&config, error);

  return self->store != NULL && mh_store_add_vault (self->store, "vault", self->key, error);
}

void
bench_close (Bench *self)
{
  g_clear_pointer (&self->store, mh_store_close);
}

void
bench_reopen (Bench *self)
{
  g_autoptr (GError) error = NULL;

  bench_close (self);
  bench_open (self, &error);
  g_assert_no_error (error);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

void
bench_free (Bench *self)
{
  bench_close (self);
  remove_tree (self->home);
  mh_signer_free (self->signer);
  mh_secret_free (self->key);
  mh_clock_free (self->clock);
  g_free (self->home);
  g_free (self);
}

char *
bench_path (Bench *self, const char *name)
{
  return g_build_filename (self->home, name, NULL);
}

void
bench_remove_index (Bench *self)
{
  static const char *const names[] = { "index.db", "index.db-wal", "index.db-shm" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->home, "metadata", names[i], NULL);

      g_unlink (path);
    }
}

guint64
bench_segment_bytes (Bench *self)
{
  g_autofree char *blocks = bench_path (self, "blocks");
  g_autoptr (GDir) dir = g_dir_open (blocks, 0, NULL);
  const char *name;
  guint64 sum = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (blocks, name, NULL);
      GStatBuf info;

      if (g_str_has_suffix (name, ".seg") && g_stat (path, &info) == 0)
        sum += (guint64) info.st_size;
    }

  return sum;
}

/* splitmix64 */
static guint64
next (guint64 *state)
{
  guint64 z = (*state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return z ^ (z >> 31);
}

GBytes *
bench_random (guint64 seed, gsize size)
{
  guint64 state = seed;
  guint8 *data = g_malloc (size + sizeof state);

  for (gsize i = 0; i < size; i += sizeof state)
    {
      guint64 word = next (&state);

      memcpy (data + i, &word, sizeof word);
    }

  return g_bytes_new_take (data, size);
}

GBytes *
bench_text (guint64 seed, gsize size)
{
  static const char letters[] = "aaabcd e\n";
  guint64 state = seed;
  guint8 *data = g_malloc (MAX (size, 1));

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) letters[next (&state) % (sizeof letters - 1)];

  return g_bytes_new_take (data, size);
}

MhFile *
bench_try_put (Bench *self, const char *vault, const char *path, GBytes *content, GError **error)
{
  MhUploadNew request = { vault, path, 1700000000000, NULL, NULL };
  g_autoptr (MhUpload) upload = mh_upload_new (self->store, &request, error);
  gsize size;
  const guint8 *data = g_bytes_get_data (content, &size);

  if (upload == NULL)
    return NULL;

  for (gsize i = 0; i < size; i += PIECE)
    {
      if (!mh_upload_write (upload, data + i, MIN (PIECE, size - i), NULL, error))
        return NULL;
    }

  return mh_upload_finish (upload, NULL, error);
}

MhFile *
bench_put (Bench *self, const char *path, GBytes *content)
{
  g_autoptr (GError) error = NULL;
  MhFile *file = bench_try_put (self, "vault", path, content, &error);

  g_assert_no_error (error);
  g_assert_nonnull (file);

  return file;
}

GBytes *
bench_read (Bench *self, const char *path, const char *content_hash, GError **error)
{
  g_autoptr (MhReader) reader = mh_reader_new (self->store, "vault", path, content_hash, error);
  GByteArray *all;

  if (reader == NULL)
    return NULL;

  all = g_byte_array_new ();
  while (TRUE)
    {
      g_autoptr (GBytes) piece = mh_reader_read (reader, all->len, 1000 * 1000, NULL, error);

      if (piece == NULL)
        {
          g_byte_array_unref (all);
          return NULL;
        }
      if (g_bytes_get_size (piece) == 0)
        return g_byte_array_free_to_bytes (all);
      g_byte_array_append (all, g_bytes_get_data (piece, NULL), (guint) g_bytes_get_size (piece));
    }
}

char *
bench_content_hash (GBytes *content)
{
  guint8 digest[MH_SHA256_SIZE];
  MhGear gear;

  mh_gear_init (&gear);
  mh_content_hash (&gear, g_bytes_get_data (content, NULL), g_bytes_get_size (content), digest);

  return mh_hex_encode (digest, sizeof digest);
}

void
bench_assert_file (Bench *self, const char *path, GBytes *content)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = bench_read (self, path, NULL, &error);
  g_autoptr (MhFile) file = NULL;
  g_autofree char *hash = NULL;

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (got, content));
  file = mh_store_get (self->store, "vault", path, FALSE, &error);
  g_assert_no_error (error);
  hash = bench_content_hash (content);
  g_assert_cmpstr (file->content_hash, ==, hash);
  g_assert_cmpint (file->size, ==, (gint64) g_bytes_get_size (content));
}

void
bench_put_random (Bench *self, const char *path, guint64 seed, gsize size)
{
  g_autoptr (GBytes) content = bench_random (seed, size);

  mh_file_free (bench_put (self, path, content));
}

void
bench_assert_random (Bench *self, const char *path, guint64 seed, gsize size)
{
  g_autoptr (GBytes) content = bench_random (seed, size);

  bench_assert_file (self, path, content);
}

void
bench_assert_no_file (Bench *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = mh_store_get (self->store, "vault", path, FALSE, &error);

  g_assert_null (file);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

guint64
bench_disk_bytes (Bench *self)
{
  g_autofree char *blocks = bench_path (self, "blocks");
  g_autoptr (GDir) dir = g_dir_open (blocks, 0, NULL);
  const char *name;
  guint64 sum = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (blocks, name, NULL);
      struct stat info;

      if (g_str_has_suffix (name, ".seg") && stat (path, &info) == 0)
        sum += (guint64) info.st_blocks * 512;
    }

  return sum;
}

void
bench_limit (Bench *self, gint64 versions, gint64 days, gint64 quota)
{
  MhVaultLimits limits = { quota, { versions, days } };
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_set_limits (self->store, "vault", &limits, &error));
  g_assert_no_error (error);
}

MhUpkeep
bench_maintain (Bench *self)
{
  g_autoptr (GError) error = NULL;
  MhUpkeep upkeep;
  gboolean done = mh_store_maintain (self->store, 0, &upkeep, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (done);

  return upkeep;
}

gint64
bench_stored (Bench *self)
{
  g_autoptr (GError) error = NULL;
  MhStoreTotals totals;

  g_assert_true (mh_store_totals (self->store, "vault", &totals, &error));

  return totals.stored_bytes;
}

char *
bench_usage (Bench *self)
{
  static const char sql[] =
      "SELECT 'block ' || hex (id) || ' ' || refs || ' ' || size FROM blocks WHERE refs <> 0"
      " UNION ALL SELECT 'version ' || hex (hash) || ' ' || is_head FROM versions"
      " UNION ALL SELECT 'segment ' || id || ' ' || live FROM segments WHERE live <> 0"
      " UNION ALL SELECT 'vault ' || id || ' ' || stored_bytes FROM vaults"
      " UNION ALL SELECT 'wrong sum of ' || id FROM vaults WHERE stored_bytes <> (SELECT"
      " coalesce (sum (size), 0) FROM blocks WHERE vault = vaults.ref AND refs > 0)"
      " UNION ALL SELECT 'file ' || path || ' ' || live || ' ' || versions || ' ' || heads FROM "
      "files"
      " ORDER BY 1";
  g_autofree char *path = bench_path (self, "metadata/index.db");
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDb) db = mh_db_open (path, MH_DB_READ_ONLY, &error);
  g_autoptr (MhStmt) stmt = NULL;
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  stmt = mh_db_prepare (db, sql, &error);
  g_assert_no_error (error);
  while (mh_stmt_step (stmt, &error))
    g_string_append_printf (text, "%s\n", mh_stmt_text (stmt, 0));
  g_assert_no_error (error);

  return g_string_free (text, FALSE);
}

/* As g_assert_cmpstr() for long texts, of which only a line matters. */
static void
assert_same_lines (const char *a, const char *b)
{
  g_auto (GStrv) left = g_strsplit (a, "\n", -1);
  g_auto (GStrv) right = g_strsplit (b, "\n", -1);
  guint i = 0;

  while (left[i] != NULL && g_strcmp0 (left[i], right[i]) == 0)
    i++;
  g_assert_cmpstr (left[i], ==, right[i]);
}

void
bench_assert_recount (Bench *self)
{
  g_autofree char *before = bench_usage (self);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  bench_close (self);
  bench_remove_index (self);
  bench_open (self, &error);
  g_assert_no_error (error);
  after = bench_usage (self);
  assert_same_lines (before, after);
  g_assert_null (strstr (after, "wrong sum"));
}
