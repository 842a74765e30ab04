/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "bench.h"
#include "modules/store/seal.h"
#include "modules/store/version.h"
#include "pair.h"

static void
test_there (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) nothing = NULL;
  MhSyncMark mark = { 0 };

  g_test_summary ("another machine gets the files first and their content later, each once");
  bench_put_random (one, "/a/small", 1, 1000);
  bench_put_random (one, "/large", 2, 5000000);
  bench_put_random (one, "/a/small", 3, 2000);
  bench_put_random (one, "/gone", 4, 100);
  g_assert_true (mh_store_delete (one->store, "vault", "/gone", &error));
  g_assert_cmpint (mh_store_move (one->store, "vault", "/a", "/b", &error), ==, 1);

  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 6);
  pair_assert_same_heads (one, two);
  bench_assert_no_file (two, "/gone");
  bench_assert_no_file (two, "/a/small");
  nothing = bench_read (two, "/b/small", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE);
  g_assert_null (mh_store_fault (two->store)); /* it is no damage */
  g_clear_error (&error);

  g_assert_cmpuint (pair_pull_blocks (two, one), >, 3);
  g_assert_cmpuint (pair_pull_blocks (two, one), ==, 0);
  bench_assert_random (two, "/b/small", 3, 2000);
  bench_assert_random (two, "/large", 2, 5000000);
  g_assert_cmpint (bench_stored (two), ==, bench_stored (one));
  bench_assert_recount (two);

  /* and what is here survives a new index */
  bench_close (two);
  bench_remove_index (two);
  g_assert_true (bench_open (two, &error));
  bench_assert_random (two, "/large", 2, 5000000);
  pair_assert_same_heads (one, two);
  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 0);
}

/* What the last change of a machine was is not taken for torn because its blocks are elsewhere. */
static void
test_without_blocks (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) nothing = NULL;
  MhSyncMark mark = { 0 };

  g_test_summary ("versions whose blocks are elsewhere survive a new index");
  bench_put_random (one, "/a", 1, 1000);
  bench_put_random (one, "/b", 2, 1000);
  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 2);
  bench_close (two);
  bench_remove_index (two);
  g_assert_true (bench_open (two, &error));
  pair_assert_same_heads (one, two);
  nothing = bench_read (two, "/a", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE); /* and are no damage */
  g_clear_error (&error);

  /* nor a change that was made here */
  g_assert_cmpint (mh_store_move (two->store, "vault", "/a", "/c", &error), ==, 1);
  bench_close (two);
  bench_remove_index (two);
  g_assert_true (bench_open (two, &error));
  bench_assert_no_file (two, "/a");
  g_assert_cmpuint (pair_pull_blocks (two, one), ==, 2);
  bench_assert_random (two, "/c", 1, 1000);
  bench_assert_recount (two);
}

/* Tells @to what @from has removed. Returns: how many */
static guint
tell_gone (Bench *to, Bench *from, MhSyncMark *mark)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (MhSyncGone) gone = mh_store_gone_since (from->store, "vault", mark, 1000, &error);
  gboolean left;

  g_assert_no_error (error);
  g_assert_true (mh_store_take_gone (to->store, "vault", gone, paths, &left, &error));
  g_assert_no_error (error);
  g_assert_false (left);

  return (guint) (g_bytes_get_size (gone->hashes) / MH_SYNC_HASH_SIZE);
}

/* Changes /f of @self so often that the rule removes what @self began with. */
static void
outdate (Bench *self)
{
  bench_limit (self, 2, 1, 0);
  for (guint i = 0; i < 5; i++)
    {
      mh_clock_set_ms (self->clock,
                       mh_clock_now_ms (self->clock) + 31 * G_GINT64_CONSTANT (86400000));
      bench_put_random (self, "/f", 100 + i, 1000);
    }
  bench_maintain (self);
}

static gboolean
has_conflict (Bench *self)
{
  g_autoptr (MhFile) file = mh_store_get (self->store, "vault", "/f", FALSE, NULL);

  return file->conflict;
}

static void
test_away (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  MhSyncMark of_one = { 0 };
  MhSyncMark of_two = { 0 };
  MhSyncMark gone = { 0 };

  g_test_summary ("a machine that was away while all it knew was removed has no conflict");
  bench_put_random (one, "/f", 1, 1000);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 1);
  outdate (one);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 2);
  g_assert_true (has_conflict (two)); /* who replaced what is not there any more */
  g_assert_cmpuint (tell_gone (two, one, &gone), ==, 4);
  g_assert_false (has_conflict (two));
  g_assert_cmpuint (pair_pull (one, two, &of_two), ==, 0); /* nor does it come back */
  g_assert_false (has_conflict (one));
  pair_assert_same_heads (one, two);
  g_assert_cmpuint (tell_gone (two, one, &gone), ==, 0);
  bench_assert_recount (two);
  g_assert_false (has_conflict (two));
}

static void
purge (Bench *self, guint seed)
{
  g_autoptr (GBytes) content = bench_random (seed, 1000);
  g_autofree char *hash = bench_content_hash (content);
  g_autoptr (GError) error = NULL;
  MhPurged purged;

  g_assert_true (mh_store_purge_version (self->store, "vault", "/f", hash, &purged, &error));
  g_assert_no_error (error);
  g_assert_cmpint (purged.versions, ==, 1);
}

static guint
count_history (Bench *self)
{
  g_autoptr (GPtrArray) history = mh_store_history (self->store, "vault", "/f", NULL);

  return history->len;
}

/* Nothing that the other one gets names the version before the purged one as its parent. */
static void
test_purged_between (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  MhSyncMark of_one = { 0 };
  MhSyncMark gone = { 0 };

  g_test_summary ("a purge between two versions that another machine gets is no conflict there");
  bench_put_random (one, "/f", 1, 1000);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 1);
  for (guint i = 2; i <= 4; i++)
    bench_put_random (one, "/f", i, 1000);
  purge (one, 3);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 2);
  g_assert_cmpuint (tell_gone (two, one, &gone), ==, 2);
  g_assert_false (has_conflict (two));
  pair_assert_same_heads (one, two);
  g_assert_cmpuint (count_history (two), ==, 3);

  /* what is kept so may be purged yet, and that is told, too */
  purge (one, 2);
  g_assert_cmpuint (tell_gone (two, one, &gone), ==, 2);
  g_assert_cmpuint (count_history (two), ==, 2);
  pair_assert_same_heads (one, two);
  bench_maintain (two);
  bench_assert_recount (two);
}

/* The note that a version is no head is written; what the index says of it is lost in a crash. */
static void
test_gone_unindexed (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autofree char *index = bench_path (two, "metadata/index.db");
  g_autofree char *data = NULL;
  MhSyncMark of_one = { 0 };
  MhSyncMark gone = { 0 };
  gsize size;

  g_test_summary ("a crash after it was told what is gone makes no conflict");
  bench_put_random (one, "/f", 1, 1000);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 1);
  for (guint i = 2; i <= 3; i++)
    bench_put_random (one, "/f", i, 1000);
  purge (one, 2);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 1);
  g_assert_true (has_conflict (two));
  bench_close (two);
  g_assert_true (g_file_get_contents (index, &data, &size, NULL));
  g_assert_true (bench_open (two, NULL));
  g_assert_cmpuint (tell_gone (two, one, &gone), ==, 2);
  g_assert_false (has_conflict (two));
  bench_close (two);
  bench_remove_index (two);
  g_assert_true (g_file_set_contents (index, data, (gssize) size, NULL));
  g_assert_true (bench_open (two, NULL));
  g_assert_false (has_conflict (two));
  pair_assert_same_heads (one, two);
  bench_assert_recount (two);
}

/* What was purged on one machine goes on the others, and a true conflict stays one. */
static void
test_purged (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GPtrArray) after = NULL;
  g_autofree char *hash = NULL;
  g_autoptr (GBytes) content = bench_random (2, 1000);
  MhPurged purged;
  MhSyncMark of_one = { 0 };
  MhSyncMark gone = { 0 };

  g_test_summary ("what is purged on one machine goes everywhere, and conflicts stay");
  bench_put_random (one, "/f", 1, 1000);
  bench_put_random (one, "/f", 2, 1000);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 2);
  bench_put_random (one, "/f", 3, 1000);
  bench_put_random (two, "/f", 4, 1000);
  g_assert_cmpuint (pair_pull (two, one, &of_one), ==, 1);
  g_assert_true (has_conflict (two));
  before = mh_store_history (two->store, "vault", "/f", NULL);
  hash = bench_content_hash (content);
  g_assert_true (mh_store_purge_version (one->store, "vault", "/f", hash, &purged, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (tell_gone (two, one, &gone), ==, 2); /* and that the first is replaced */
  after = mh_store_history (two->store, "vault", "/f", NULL);
  g_assert_cmpuint (after->len, ==, before->len - 1);
  g_assert_true (has_conflict (two));
  bench_maintain (two);
  bench_assert_recount (two);
}

/* Takes versions in an order of its own. */
static void
take (Bench *bench, GPtrArray *records, guint first, guint step)
{
  for (guint i = 0; i < records->len; i++)
    {
      g_autoptr (GPtrArray) one = g_ptr_array_new ();
      g_autoptr (MhSyncTaken) taken = NULL;

      g_ptr_array_add (one, records->pdata[(first + i * step) % records->len]);
      taken = mh_store_take_versions (bench->store, "vault", one, NULL);
      g_assert_cmpuint (taken->refused, ==, 0);
    }
}

static void
test_any_order (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (GBytes) hashes = NULL;
  g_autoptr (GPtrArray) records = NULL;
  MhSyncMark mark = { 0 };

  g_test_summary ("in whatever order versions come, the same ones lead to the same files");
  for (guint i = 0; i < 17; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u", i % 3);

      bench_put_random (one, path, i, 100);
      if (i % 5 == 4)
        g_assert_true (mh_store_delete (one->store, "vault", path, NULL));
    }
  g_assert_cmpint (mh_store_move (one->store, "vault", "/1", "/moved", NULL), ==, 1);
  hashes = mh_store_versions_since (one->store, "vault", &mark, 1000, NULL);
  records = mh_store_version_records (one->store, "vault", hashes, G_MAXSIZE, NULL);
  g_assert_cmpuint (records->len, ==, 21);

  for (guint step = 1; step < 21; step++)
    {
      g_autoptr (Bench) two = NULL;
      g_autoptr (MhFile) file = NULL;

      if (step % 3 == 0 || step % 7 == 0)
        continue; /* would not come by all */
      two = pair_other (one);
      take (two, records, step, step);
      pair_assert_same_heads (one, two);
      bench_assert_no_file (two, "/1");
      file = mh_store_get (two->store, "vault", "/moved", FALSE, NULL);
      g_assert_nonnull (file);
      g_assert_false (file->conflict);
      (void) pair_pull_blocks (two, one);
      g_assert_cmpint (bench_stored (two), ==, bench_stored (one));
      bench_assert_recount (two);
    }
}

/* Returns: (transfer full): a record that is of "vault", but sealed with another key */
static GBytes *
forged (Bench *stranger)
{
  MhSyncMark mark = { 0 };
  g_autoptr (GBytes) hashes = mh_store_versions_since (stranger->store, "vault", &mark, 1, NULL);
  g_autoptr (GPtrArray) records =
      mh_store_version_records (stranger->store, "vault", hashes, 1 << 20, NULL);

  return g_bytes_ref (records->pdata[0]);
}

static void
test_refused (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autofree char *home = g_dir_make_tmp ("mh-sync-XXXXXX", NULL);
  g_autoptr (Bench) stranger = NULL;
  g_autoptr (GBytes) good = NULL;
  g_autoptr (GBytes) bad = NULL;
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;
  g_autoptr (Bench) two = pair_other (one);
  gsize size;
  const guint8 *data;

  g_test_summary ("who has not the key makes nothing that is taken, nor does damage on the way");
  bench_put_random (one, "/f", 1, 1000);
  stranger = bench_new_at (home, 0);
  g_assert_true (mh_store_forget_vault (stranger->store, "vault", NULL));
  {
    g_autoptr (MhSecret) key = mh_secret_new_random (32);

    g_assert_true (mh_store_add_vault (stranger->store, "vault", key, NULL));
  }
  bench_put_random (stranger, "/evil", 1, 1000);
  good = forged (one);
  bad = forged (stranger);
  before = mh_store_heads (two->store, "vault", NULL);
  data = g_bytes_get_data (good, &size);
  for (gsize bit = 0; bit < size * 8 + 1; bit += bit < size * 8 - 13 ? 13 : 1)
    {
      g_autoptr (GPtrArray) records =
          g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      g_autoptr (MhSyncTaken) taken = NULL;
      guint8 *copy = g_memdup2 (data, size);

      if (bit == size * 8)
        {
          g_free (copy);
          g_ptr_array_add (records, g_bytes_ref (bad));
        }
      else
        {
          copy[bit / 8] ^= (guint8) (1 << bit % 8);
          g_ptr_array_add (records, g_bytes_new_take (copy, size));
        }
      taken = mh_store_take_versions (two->store, "vault", records, NULL);
      g_assert_cmpuint (taken->refused, ==, 1);
      g_assert_cmpuint (taken->taken, ==, 0);
    }
  after = mh_store_heads (two->store, "vault", NULL);
  g_assert_true (g_bytes_equal (before, after));
}

static void
test_blocks_nobody_wants (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (GPtrArray) sealed = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;
  MhSyncMark mark = { 0 };
  guint taken = 1;

  g_test_summary (
      "a block that no version names is passed over, a quota holds, and nothing is half");
  g_ptr_array_add (sealed, bench_random (99, 5000));
  g_assert_true (mh_store_take_blocks (two->store, "vault", sealed, NULL, &taken, &error));
  g_assert_cmpuint (taken, ==, 0);
  g_assert_cmpint (bench_stored (two), ==, 0);

  bench_put_random (one, "/f", 1, 100000);
  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 1);
  bench_limit (two, 30, 90, 50000);
  g_ptr_array_set_size (sealed, 0);
  {
    g_autoptr (GArray) missing = mh_store_missing_blocks (two->store, "vault", NULL, 10, NULL);

    g_assert_cmpuint (missing->len, ==, 1);
    g_ptr_array_add (sealed,
                     mh_store_read_sealed (one->store, "vault",
                                           g_array_index (missing, MhSyncBlock, 0).id, NULL));
  }
  g_assert_false (mh_store_take_blocks (two->store, "vault", sealed, NULL, &taken, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_assert_cmpint (bench_stored (two), ==, 0);
  bench_limit (two, 30, 90, 0);
  g_clear_error (&error);
  {
    static const guint8 others[MH_SYNC_HASH_SIZE] = { 1 };

    g_assert_false (mh_store_take_blocks (two->store, "vault", sealed, others, &taken, &error));
    g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
    g_assert_cmpint (bench_stored (two), ==, 0);
  }
  g_assert_cmpuint (pair_pull_blocks (two, one), ==, 1);
  bench_assert_random (two, "/f", 1, 100000);
}

/* The content comes by an upload of the same, before anybody gives it. */
static void
test_upload_fills (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  MhSyncMark mark = { 0 };

  g_test_summary ("an upload of the same content fills what is missing");
  bench_put_random (one, "/f", 1, 3000000);
  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 1);
  bench_put_random (two, "/copy", 1, 3000000);
  g_assert_cmpuint (pair_pull_blocks (two, one), ==, 0);
  bench_assert_random (two, "/f", 1, 3000000);
  g_assert_cmpint (bench_stored (two), ==, bench_stored (one));
  bench_assert_recount (two);
}

/* Gives blocks from another store. */
static GBytes *
on_fetch (const char *vault_id, const guint8 *id, gpointer data, GError **error)
{
  return mh_store_read_sealed (((Bench *) data)->store, vault_id, id, error);
}

static GBytes *
on_fetch_wrong (const char *vault_id, const guint8 *id, gpointer data, GError **error)
{
  return bench_random (5, 1000);
}

static void
test_fetch (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  g_autoptr (GBytes) nothing = NULL;
  g_autoptr (GError) error = NULL;
  MhSyncMark mark = { 0 };

  g_test_summary ("a file whose blocks are elsewhere is read while they are fetched");
  bench_put_random (one, "/f", 1, 9000000);
  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 1);
  mh_store_set_fetch (two->store, on_fetch_wrong, one);
  nothing = bench_read (two, "/f", NULL, &error);
  g_assert_null (nothing);
  g_assert_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE);
  g_assert_null (mh_store_fault (two->store));
  mh_store_set_fetch (two->store, on_fetch, one);
  bench_assert_random (two, "/f", 1, 9000000);
  mh_store_set_fetch (two->store, NULL, NULL);
}

/* After the newest versions are gone, their numbers are given again: others have to begin anew. */
static void
test_epoch (void)
{
  g_autoptr (Bench) one = bench_new (0);
  g_autoptr (Bench) two = pair_other (one);
  MhPurged purged;
  MhSyncMark mark = { 0 };
  gint64 epoch;

  g_test_summary ("a purge of the newest versions is no reason to miss what comes after it");
  bench_put_random (one, "/f", 1, 1000);
  bench_put_random (one, "/g", 2, 1000);
  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 2);
  epoch = mark.epoch;
  g_assert_true (mh_store_delete (one->store, "vault", "/g", NULL));
  g_assert_cmpuint (pair_pull (two, one, &mark), ==, 1);
  g_assert_cmpint (mark.epoch, ==, epoch);
  g_assert_true (mh_store_purge_trash (one->store, "vault", NULL, &purged, NULL));
  (void) bench_maintain (one);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *path = g_strdup_printf ("/new %u", i);

      bench_put_random (one, path, i, 10);
    }
  (void) pair_pull (two, one, &mark);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *path = g_strdup_printf ("/new %u", i);
      g_autoptr (MhFile) file = mh_store_get (two->store, "vault", path, FALSE, NULL);

      g_assert_nonnull (file);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/store/sync/there", test_there);
  g_test_add_func ("/store/sync/without-blocks", test_without_blocks);
  g_test_add_func ("/store/sync/away", test_away);
  g_test_add_func ("/store/sync/purged", test_purged);
  g_test_add_func ("/store/sync/purged-between", test_purged_between);
  g_test_add_func ("/store/sync/gone-unindexed", test_gone_unindexed);
  g_test_add_func ("/store/sync/any-order", test_any_order);
  g_test_add_func ("/store/sync/refused", test_refused);
  g_test_add_func ("/store/sync/blocks-nobody-wants", test_blocks_nobody_wants);
  g_test_add_func ("/store/sync/upload-fills", test_upload_fills);
  g_test_add_func ("/store/sync/fetch", test_fetch);
  g_test_add_func ("/store/sync/epoch", test_epoch);

  return g_test_run ();
}
