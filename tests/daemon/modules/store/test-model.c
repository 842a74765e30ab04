/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "bench.h"
#include "modules/store/content.h"

/*
 * Random histories of one vault beside a model that is too simple to be wrong. A failure prints its
 * seed; test-store-model SEED repeats it.
 */

#define HISTORIES 12
#define STEPS 90
#define PATHS 8
#define CONTENTS 12
#define BIG (1500 * 1000) /* several blocks */
#define DAY_MS (G_GINT64_CONSTANT (24) * 60 * 60 * 1000)
#define KEEP_VERSIONS 4
#define KEEP_DAYS 10

typedef struct
{
  guint content;
  gint64 ts_ms;
  gboolean tombstone;
} Version;

typedef struct
{
  guint path;
  guint order;      /* of creation */
  GArray *versions; /* (owned) (element-type Version): newest first */
} File;

typedef struct
{
  Bench *bench;     /* (owned) */
  GRand *random;    /* (owned) */
  GPtrArray *files; /* (owned) (element-type File) */
  GBytes *contents[CONTENTS];
  char *hashes[CONTENTS];
  gint64 stored[CONTENTS];
  gint64 now_ms;
} Model;

static void
file_free (gpointer data)
{
  File *file = data;

  g_array_unref (file->versions);
  g_free (file);
}

static Version *
head (const File *file)
{
  return &g_array_index (file->versions, Version, 0);
}

/* The file that the store shows at a path: the live one, or else the one deleted last. */
static File *
find (Model *self, guint path)
{
  File *found = NULL;

  for (guint i = 0; i < self->files->len; i++)
    {
      File *file = g_ptr_array_index (self->files, i);

      if (file->path != path)
        continue;
      if (!head (file)->tombstone)
        return file;
      if (found == NULL || head (file)->ts_ms > head (found)->ts_ms
          || (head (file)->ts_ms == head (found)->ts_ms && file->order > found->order))
        found = file;
    }

  return found;
}

static void
prepend (Model *self, File *file, guint content, gboolean tombstone)
{
  Version version = { content, self->now_ms, tombstone };

  g_array_prepend_val (file->versions, version);
}

static char *
path_of (guint path)
{
  return g_strdup_printf ("/d/%u", path);
}

static guint
choose (Model *self, guint count)
{
  return (guint) g_rand_int_range (self->random, 0, (gint32) count);
}

static void
put (Model *self)
{
  guint number = choose (self, PATHS);
  guint content = choose (self, CONTENTS);
  g_autofree char *path = path_of (number);
  File *file = find (self, number);

  mh_file_free (bench_put (self->bench, path, self->contents[content]));
  if (file == NULL)
    {
      file = g_new0 (File, 1);
      file->path = number;
      file->order = self->files->len;
      file->versions = g_array_new (FALSE, FALSE, sizeof (Version));
      g_ptr_array_add (self->files, file);
    }
  prepend (self, file, content, FALSE);
}

static void delete (Model *self)
{
  guint number = choose (self, PATHS);
  g_autofree char *path = path_of (number);
  File *file = find (self, number);
  g_autoptr (GError) error = NULL;
  gboolean done = mh_store_delete (self->bench->store, "vault", path, &error);

  g_assert_cmpint (done, ==, file != NULL && !head (file)->tombstone);
  if (done)
    prepend (self, file, head (file)->content, TRUE);
}

static void
restore (Model *self)
{
  guint number = choose (self, PATHS);
  guint content = choose (self, CONTENTS);
  g_autofree char *path = path_of (number);
  File *file = find (self, number);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) restored = NULL;
  gboolean possible = FALSE;

  for (guint i = 0; file != NULL && i < file->versions->len; i++)
    {
      const Version *version = &g_array_index (file->versions, Version, i);

      possible = possible || (!version->tombstone && version->content == content);
    }
  restored = mh_store_restore (self->bench->store, "vault", path, self->hashes[content], &error);
  g_assert_cmpint (restored != NULL, ==, possible);
  if (possible)
    prepend (self, file, content, FALSE);
}

static void
move (Model *self)
{
  guint from = choose (self, PATHS);
  guint to = choose (self, PATHS);
  g_autofree char *from_path = path_of (from);
  g_autofree char *to_path = path_of (to);
  File *file = find (self, from);
  File *taken = find (self, to);
  g_autoptr (GError) error = NULL;
  gboolean possible =
      file != NULL && !head (file)->tombstone && (taken == NULL || head (taken)->tombstone);
  gint64 moved = mh_store_move (self->bench->store, "vault", from_path, to_path, &error);

  g_assert_cmpint (moved, ==, possible ? 1 : -1);
  if (!possible)
    return;

  prepend (self, file, head (file)->content, FALSE);
  file->path = to;
}

/* Removes all versions of a deleted file but its tombstone. */
static void
empty (File *file)
{
  if (head (file)->tombstone)
    g_array_set_size (file->versions, 1);
}

static void
purge_path (Model *self)
{
  guint number = choose (self, PATHS);
  g_autofree char *path = path_of (number);
  g_autoptr (GError) error = NULL;
  gboolean any = FALSE;

  for (guint i = 0; i < self->files->len; i++)
    {
      File *file = g_ptr_array_index (self->files, i);

      if (file->path != number || !head (file)->tombstone)
        continue;
      any = any || file->versions->len > 1;
      empty (file);
    }
  g_assert_cmpint (mh_store_purge_trash (self->bench->store, "vault", path, NULL, &error), ==, any);
}

static void
purge_all (Model *self)
{
  g_assert_true (mh_store_purge_trash (self->bench->store, "vault", NULL, NULL, NULL));
  g_ptr_array_foreach (self->files, (GFunc) empty, NULL);
}

static void
purge_version (Model *self)
{
  guint number = choose (self, PATHS);
  guint content = choose (self, CONTENTS);
  g_autofree char *path = path_of (number);
  File *file = find (self, number);
  g_autoptr (GError) error = NULL;
  guint removed = 0;

  for (guint i = file == NULL ? 0 : file->versions->len - 1; i > 0; i--)
    {
      const Version *version = &g_array_index (file->versions, Version, i);

      if (version->tombstone || version->content != content)
        continue;
      g_array_remove_index (file->versions, i);
      removed++;
    }
  g_assert_cmpint (mh_store_purge_version (self->bench->store, "vault", path, self->hashes[content],
                                           NULL, &error),
                   ==, removed > 0);
}

static gboolean
is_old (Model *self, gint64 ts_ms)
{
  return self->now_ms - ts_ms >= KEEP_DAYS * DAY_MS;
}

static void
maintain (Model *self)
{
  bench_maintain (self->bench);
  for (guint i = 0; i < self->files->len; i++)
    {
      File *file = g_ptr_array_index (self->files, i);

      if (head (file)->tombstone)
        {
          if (is_old (self, head (file)->ts_ms))
            empty (file);
          continue;
        }
      for (guint j = file->versions->len - 1; j >= KEEP_VERSIONS && j < G_MAXUINT; j--)
        {
          if (is_old (self, g_array_index (file->versions, Version, j).ts_ms))
            g_array_remove_index (file->versions, j);
        }
    }
}

static void
reopen (Model *self)
{
  bench_reopen (self->bench);
  bench_limit (self->bench, KEEP_VERSIONS, KEEP_DAYS, 0);
}

static void
recount (Model *self)
{
  bench_assert_recount (self->bench);
  bench_limit (self->bench, KEEP_VERSIONS, KEEP_DAYS, 0);
}

static void
pass_time (Model *self)
{
  self->now_ms += choose (self, 6) * DAY_MS;
}

/* Every version of the file that is shown at a path reads as the model has it. */
static void
check_path (Model *self, guint number)
{
  g_autofree char *path = path_of (number);
  File *file = find (self, number);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) history = NULL;

  if (file == NULL)
    {
      bench_assert_no_file (self->bench, path);
      return;
    }

  history = mh_store_history (self->bench->store, "vault", path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (history->len, ==, file->versions->len);
  for (guint i = 0; i < history->len; i++)
    {
      const MhFileVersion *got = g_ptr_array_index (history, i);
      const Version *version = &g_array_index (file->versions, Version, i);
      g_autoptr (GBytes) content = NULL;

      g_assert_cmpint (got->ts_ms, ==, version->ts_ms);
      g_assert_cmpint (got->op == MH_FILE_OP_DELETE, ==, version->tombstone);
      if (version->tombstone)
        continue;
      g_assert_cmpstr (got->content_hash, ==, self->hashes[version->content]);
      content = bench_read (self->bench, path, got->content_hash, &error);
      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (content, self->contents[version->content]));
    }
}

static void
check (Model *self)
{
  gboolean needed[CONTENTS] = { FALSE };
  g_autofree char *fault = mh_store_fault (self->bench->store);
  gint64 stored = 0;

  for (guint i = 0; i < PATHS; i++)
    check_path (self, i);
  for (guint i = 0; i < self->files->len; i++)
    {
      const File *file = g_ptr_array_index (self->files, i);

      for (guint j = 0; j < file->versions->len; j++)
        {
          const Version *version = &g_array_index (file->versions, Version, j);

          needed[version->content] = needed[version->content] || !version->tombstone;
        }
    }
  for (guint i = 0; i < CONTENTS; i++)
    stored += needed[i] ? self->stored[i] : 0;
  g_assert_cmpint (bench_stored (self->bench), ==, stored);
  g_assert_cmpstr (fault, ==, NULL);
}

static void (*const steps[]) (Model *self) = {
  put,        put,       put,           put,           put,       delete,   delete,
  restore,    restore,   move,          pass_time,     pass_time, maintain, maintain,
  purge_path, purge_all, purge_version, purge_version, reopen,    recount,
};

static void
prepare_contents (Model *self)
{
  static const gsize sizes[] = { 1, 100, 3000, 40000, 100000 };
  MhGear gear;

  mh_gear_init (&gear);
  for (guint i = 0; i < CONTENTS; i++)
    {
      gsize size = i == 0 ? BIG : sizes[i % G_N_ELEMENTS (sizes)];
      g_autoptr (Bench) scratch = bench_new (0);
      guint8 digest[MH_SHA256_SIZE];

      self->contents[i] = bench_random (1000 + i, size);
      mh_content_hash (&gear, g_bytes_get_data (self->contents[i], NULL), size, digest);
      self->hashes[i] = mh_hex_encode (digest, sizeof digest);
      mh_file_free (bench_put (scratch, "/f", self->contents[i]));
      self->stored[i] = bench_stored (scratch);
    }
}

static void
run_history (Model *self, guint32 seed)
{
  g_test_message ("seed %u", seed);
  self->random = g_rand_new_with_seed (seed);
  self->files = g_ptr_array_new_with_free_func (file_free);
  self->bench = bench_new (64 * 1024);
  self->now_ms = G_GINT64_CONSTANT (1700000000000);
  bench_limit (self->bench, KEEP_VERSIONS, KEEP_DAYS, 0);
  for (guint i = 0; i < STEPS; i++)
    {
      self->now_ms++;
      mh_clock_set_ms (self->bench->clock, self->now_ms);
      steps[choose (self, G_N_ELEMENTS (steps))](self);
      if (i % 10 == 9)
        check (self);
    }
  recount (self);
  check (self);
  bench_free (self->bench);
  g_ptr_array_unref (self->files);
  g_rand_free (self->random);
}

static void
test_histories (gconstpointer data)
{
  Model model = { 0 };
  const char *only = data;

  g_test_summary ("random histories: every version that is kept reads, the sums are right, what "
                  "was pruned stays gone");
  prepare_contents (&model);
  if (only != NULL)
    run_history (&model, (guint32) g_ascii_strtoull (only, NULL, 10));
  for (guint32 seed = 1; only == NULL && seed <= HISTORIES; seed++)
    run_history (&model, seed);
  for (guint i = 0; i < CONTENTS; i++)
    {
      g_bytes_unref (model.contents[i]);
      g_free (model.hashes[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/store/model/histories", argc > 1 ? argv[1] : NULL, test_histories);

  return g_test_run ();
}
