/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "bench.h"
#include "crypto/hash.h"

#define DAY_MS G_GINT64_CONSTANT (86400000)

/* A machine with the key of another one's vault. */
static Bench *
other_of (Bench *bench)
{
  g_autofree char *home = g_dir_make_tmp ("mh-tree-XXXXXX", NULL);
  Bench *other = bench_new_at (home, 0);

  g_assert_true (mh_store_forget_vault (other->store, "vault", NULL));
  g_assert_true (mh_store_add_vault (other->store, "vault", bench->key, NULL));

  return other;
}

/* Gives @to all that @from has, and tells it what @from has removed, as much as it takes. */
static void
pull (Bench *to, Bench *from)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  MhSyncMark mark = { 0 };
  MhSyncMark gone_mark = { 0 };
  g_autoptr (GBytes) hashes = mh_store_versions_since (from->store, "vault", &mark, 10000, &error);
  g_autoptr (GBytes) unknown = mh_store_unknown_versions (to->store, "vault", hashes, &error);
  g_autoptr (GPtrArray) records =
      mh_store_version_records (from->store, "vault", unknown, 1 << 24, &error);
  g_autoptr (MhSyncTaken) taken = mh_store_take_versions (to->store, "vault", records, &error);
  g_autoptr (MhSyncGone) gone =
      mh_store_gone_since (from->store, "vault", &gone_mark, 10000, &error);
  gboolean left;

  g_assert_no_error (error);
  g_assert_nonnull (taken);
  g_assert_true (mh_store_take_gone (to->store, "vault", gone, paths, &left, &error));
  g_assert_no_error (error);
}

static void
put_many (Bench *bench, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *path = g_strdup_printf ("/many/%u", i);

      bench_put_random (bench, path, 1000 + i, 100);
    }
}

/* Changes a file so often that the rule removes what it began with. */
static void
outdate (Bench *self)
{
  bench_limit (self, 2, 1, 0);
  for (guint i = 0; i < 5; i++)
    {
      mh_clock_set_ms (self->clock, mh_clock_now_ms (self->clock) + 31 * DAY_MS);
      bench_put_random (self, "/f", 100 + i, 1000);
    }
  bench_maintain (self);
}

static void
purge (Bench *self, const char *path, guint64 seed, gsize size)
{
  g_autoptr (GBytes) content = bench_random (seed, size);
  g_autofree char *hash = bench_content_hash (content);
  g_autoptr (GError) error = NULL;
  MhPurged purged;

  g_assert_true (mh_store_purge_version (self->store, "vault", path, hash, &purged, &error));
  g_assert_no_error (error);
}

static MhVersionTree *
tree_of (Bench *bench, MhSyncMark *mark)
{
  g_autoptr (GError) error = NULL;
  MhVersionTree *tree = mh_version_tree_new (bench->store, "vault", mark, &error);

  g_assert_no_error (error);

  return tree;
}

/* Returns: (element-type GBytes guint8): what the tree has to have, by the lists of rows */
static GHashTable *
expected_of (Bench *bench)
{
  GHashTable *out =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  MhSyncMark mark = { 0 };
  MhSyncMark gone_mark = { 0 };
  g_autoptr (GBytes) hashes = mh_store_versions_since (bench->store, "vault", &mark, 10000, NULL);
  g_autoptr (MhSyncGone) gone =
      mh_store_gone_since (bench->store, "vault", &gone_mark, 10000, NULL);
  const guint8 *purged = g_bytes_get_data (gone->purged, NULL);

  for (gsize at = 0; at < g_bytes_get_size (hashes); at += MH_SYNC_HASH_SIZE)
    g_hash_table_insert (out, g_bytes_new_from_bytes (hashes, at, MH_SYNC_HASH_SIZE),
                         GUINT_TO_POINTER (MH_ENTRY_THERE));
  for (gsize i = 0; i < g_bytes_get_size (gone->purged); i++)
    g_hash_table_insert (
        out, g_bytes_new_from_bytes (gone->hashes, i * MH_SYNC_HASH_SIZE, MH_SYNC_HASH_SIZE),
        GUINT_TO_POINTER (purged[i] != 0 ? MH_ENTRY_PURGED : MH_ENTRY_GONE));

  return out;
}

/* What the sums of a part stand for, made of the list of its entries in another way. */
static void
check_part (MhVersionTree *tree, const MhTreePart *part)
{
  MhTreeSum sums[MH_VERSION_TREE_CHILDREN];
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_version_tree_sums (tree, part, sums, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < MH_VERSION_TREE_CHILDREN; i++)
    {
      MhTreePart child = mh_tree_part_child (part, i);
      g_autoptr (GByteArray) text = g_byte_array_new ();
      g_auto (MhTreeEntries) entries = { 0 };
      guint8 digest[MH_SHA256_SIZE] = { 0 };

      mh_tree_entries_init (&entries);
      g_assert_true (mh_version_tree_list (tree, &child, NULL, 10000, &entries, &error));
      g_assert_cmpuint (entries.states->len, ==, sums[i].count);
      for (guint j = 0; j < entries.states->len; j++)
        {
          g_byte_array_append (text, entries.hashes->data + (gsize) j * MH_SYNC_HASH_SIZE,
                               MH_SYNC_HASH_SIZE);
          g_byte_array_append (text, entries.states->data + j, 1);
        }
      if (text->len > 0)
        mh_sha256 (text->data, text->len, digest);
      g_assert_cmpmem (digest, sizeof digest, sums[i].digest, sizeof sums[i].digest);
      if (sums[i].count > 1)
        check_part (tree, &child);
    }
}

/* @after may be in @entries. */
static void
list_all (MhVersionTree *tree, const guint8 *after, guint most, MhTreeEntries *entries)
{
  static const MhTreePart root = { .depth = 0 };
  g_autofree guint8 *copy = after != NULL ? g_memdup2 (after, MH_SYNC_HASH_SIZE) : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_version_tree_list (tree, &root, copy, most, entries, &error));
  g_assert_no_error (error);
}

static void
test_entries (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhSecret) key = mh_secret_new_random (32);
  g_autoptr (GBytes) content = bench_random (9, 50);
  g_autoptr (GHashTable) expected = NULL;
  g_autoptr (MhVersionTree) tree = NULL;
  g_auto (MhTreeEntries) entries = { 0 };
  g_auto (MhTreeEntries) paged = { 0 };
  static const MhTreePart root = { .depth = 0 };
  MhSyncMark mark = { 0 };
  guint states[3] = { 0 };

  g_test_summary ("a tree has all versions of its vault and those that were removed, in order");
  g_assert_true (mh_store_add_vault (bench->store, "other", key, NULL));
  put_many (bench, 150);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u", i);
      MhFile *file = bench_try_put (bench, "other", path, content, NULL);

      g_assert_nonnull (file);
      mh_file_free (file);
    }
  outdate (bench);
  bench_put_random (bench, "/p", 1, 100);
  bench_put_random (bench, "/p", 2, 100);
  purge (bench, "/p", 1, 100);

  expected = expected_of (bench);
  tree = tree_of (bench, &mark);
  mh_tree_entries_init (&entries);
  list_all (tree, NULL, 10000, &entries);
  g_assert_cmpuint (entries.states->len, ==, g_hash_table_size (expected));
  for (guint i = 0; i < entries.states->len; i++)
    {
      g_autoptr (GBytes) hash =
          g_bytes_new (entries.hashes->data + (gsize) i * MH_SYNC_HASH_SIZE, MH_SYNC_HASH_SIZE);
      gpointer state;

      g_assert_true (g_hash_table_lookup_extended (expected, hash, NULL, &state));
      g_assert_cmpuint (entries.states->data[i], ==, GPOINTER_TO_UINT (state));
      g_assert_true (i == 0
                     || memcmp (entries.hashes->data + (gsize) (i - 1) * MH_SYNC_HASH_SIZE,
                                g_bytes_get_data (hash, NULL), MH_SYNC_HASH_SIZE)
                            < 0);
      states[entries.states->data[i]]++;
    }
  g_assert_cmpuint (states[MH_ENTRY_THERE], ==, 150 + 2 + 1);
  g_assert_cmpuint (states[MH_ENTRY_GONE], ==, 3);
  g_assert_cmpuint (states[MH_ENTRY_PURGED], ==, 1);
  check_part (tree, &root);

  /* in pages it is the same */
  mh_tree_entries_init (&paged);
  while (paged.states->len < entries.states->len)
    list_all (tree,
              paged.states->len > 0 ? paged.hashes->data + paged.hashes->len - MH_SYNC_HASH_SIZE
                                    : NULL,
              paged.states->len + 7, &paged);
  g_assert_cmpmem (paged.hashes->data, paged.hashes->len, entries.hashes->data,
                   entries.hashes->len);
}

static void
get_sums (MhVersionTree *tree, MhTreeSum sums[MH_VERSION_TREE_CHILDREN])
{
  static const MhTreePart root = { .depth = 0 };

  g_assert_true (mh_version_tree_sums (tree, &root, sums, NULL));
}

static gboolean
are_same (const MhTreeSum *one, const MhTreeSum *two)
{
  return memcmp (one, two, MH_VERSION_TREE_CHILDREN * sizeof *one) == 0;
}

static void
test_mark (void)
{
  g_autoptr (Bench) bench = bench_new (0);
  g_autoptr (MhVersionTree) first = NULL;
  g_autoptr (MhVersionTree) again = NULL;
  g_autoptr (MhVersionTree) now = NULL;
  g_autoptr (MhVersionTree) other = NULL;
  MhTreeSum sums[MH_VERSION_TREE_CHILDREN];
  MhTreeSum after[MH_VERSION_TREE_CHILDREN];
  MhSyncMark mark = { 0 };
  MhSyncMark top = { 0 };
  MhSyncMark wrong;

  g_test_summary ("what comes after a mark is in no tree of it");
  put_many (bench, 40);
  first = tree_of (bench, &mark);
  g_assert_cmpint (mark.epoch, !=, 0);
  g_assert_cmpint (mark.after, ==, 40);
  get_sums (first, sums);
  bench_put_random (bench, "/later", 5, 100);
  get_sums (first, after);
  g_assert_true (are_same (sums, after));
  again = tree_of (bench, &mark);
  get_sums (again, after);
  g_assert_true (are_same (sums, after));
  now = tree_of (bench, &top);
  get_sums (now, after);
  g_assert_false (are_same (sums, after));
  g_assert_cmpint (top.after, ==, 41);

  /* a mark of another index says nothing, and one beyond this one nothing more */
  wrong = (MhSyncMark){ mark.epoch + 1, 3, 3 };
  other = tree_of (bench, &wrong);
  g_assert_cmpmem (&wrong, sizeof wrong, &top, sizeof top);
  g_clear_pointer (&other, mh_version_tree_free);
  wrong = (MhSyncMark){ mark.epoch, G_MAXINT64, G_MAXINT64 };
  other = tree_of (bench, &wrong);
  g_assert_cmpmem (&wrong, sizeof wrong, &top, sizeof top);
}

static void
test_keeps (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = other_of (one);
  g_autoptr (MhVersionTree) left = NULL;
  g_autoptr (MhVersionTree) right = NULL;
  g_autoptr (GPtrArray) short_history = NULL;
  g_autoptr (GPtrArray) long_history = NULL;
  MhTreeSum ours[MH_VERSION_TREE_CHILDREN];
  MhTreeSum theirs[MH_VERSION_TREE_CHILDREN];
  MhSyncMark of_one = { 0 };
  MhSyncMark of_two = { 0 };

  g_test_summary ("machines that keep other parts of the past have the same tree");
  put_many (one, 30);
  bench_put_random (one, "/f", 1, 1000);
  bench_put_random (one, "/f", 2, 1000);
  pull (two, one);
  outdate (one); /* two has what is removed here */
  pull (two, one);
  pull (one, two);
  short_history = mh_store_history (one->store, "vault", "/f", NULL);
  long_history = mh_store_history (two->store, "vault", "/f", NULL);
  g_assert_cmpuint (short_history->len, <, long_history->len);
  left = tree_of (one, &of_one);
  right = tree_of (two, &of_two);
  get_sums (left, ours);
  get_sums (right, theirs);
  g_assert_true (are_same (ours, theirs));
}

/* It was noted as removed, which others know already, and is purged where it still is. */
static void
test_purged_later (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = other_of (one);
  g_autoptr (MhVersionTree) before = NULL;
  g_autoptr (MhVersionTree) after = NULL;
  g_autoptr (MhSyncGone) gone = NULL;
  g_autoptr (MhSyncGone) known = NULL;
  MhTreeSum old[MH_VERSION_TREE_CHILDREN];
  MhTreeSum new[MH_VERSION_TREE_CHILDREN];
  MhSyncMark mark = { 0 };
  MhSyncMark top = { 0 };

  g_test_summary ("a purge of what others removed by a rule is told, and marks of before go on");
  bench_put_random (one, "/f", 1, 1000);
  pull (two, one);
  outdate (one);
  pull (two, one);
  before = tree_of (two, &mark);
  get_sums (before, old);
  purge (two, "/f", 1, 1000);
  gone = mh_store_gone_since (two->store, "vault", &mark, 100, NULL);
  g_assert_cmpuint (g_bytes_get_size (gone->hashes), ==, MH_SYNC_HASH_SIZE);
  g_assert_cmpuint (*(const guint8 *) g_bytes_get_data (gone->purged, NULL), ==, 1);
  known = mh_store_unknown_gone (one->store, gone, NULL);
  g_assert_cmpuint (g_bytes_get_size (known->purged), ==, 1); /* that it was purged is news */
  after = tree_of (two, &top);
  get_sums (after, new);
  g_assert_false (are_same (old, new));
  pull (one, two);
  g_clear_pointer (&known, mh_sync_gone_free);
  known = mh_store_unknown_gone (one->store, gone, NULL);
  g_assert_cmpuint (g_bytes_get_size (known->purged), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/version-tree/entries", test_entries);
  g_test_add_func ("/store/version-tree/mark", test_mark);
  g_test_add_func ("/store/version-tree/keeps", test_keeps);
  g_test_add_func ("/store/version-tree/purged-later", test_purged_later);

  return g_test_run ();
}
