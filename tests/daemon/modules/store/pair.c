/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pair.h"

Bench *
pair_other (Bench *bench)
{
  g_autofree char *home = g_dir_make_tmp ("mh-sync-XXXXXX", NULL);
  Bench *other = bench_new_at (home, 0);
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_forget_vault (other->store, "vault", &error));
  g_assert_true (mh_store_add_vault (other->store, "vault", bench->key, &error));
  g_assert_no_error (error);

  return other;
}

guint
pair_pull (Bench *to, Bench *from, MhSyncMark *mark)
{
  g_autoptr (GError) error = NULL;
  guint taken_sum = 0;

  while (TRUE)
    {
      g_autoptr (GBytes) hashes = mh_store_versions_since (from->store, "vault", mark, 10, &error);
      g_autoptr (GBytes) unknown = NULL;
      g_autoptr (GPtrArray) records = NULL;
      g_autoptr (MhSyncTaken) taken = NULL;

      g_assert_no_error (error);
      if (g_bytes_get_size (hashes) == 0)
        return taken_sum;
      unknown = mh_store_unknown_versions (to->store, "vault", hashes, &error);
      g_assert_no_error (error);
      records = mh_store_version_records (from->store, "vault", unknown, 1 << 20, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (records->len, ==, g_bytes_get_size (unknown) / MH_SYNC_HASH_SIZE);
      taken = mh_store_take_versions (to->store, "vault", records, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (taken->taken, ==, records->len);
      taken_sum += taken->taken;
    }
}

guint
pair_pull_blocks (Bench *to, Bench *from)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) missing = mh_store_missing_blocks (to->store, "vault", NULL, 10000, &error);
  g_autoptr (GPtrArray) sealed = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint taken = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < missing->len; i++)
    {
      const MhSyncBlock *block = &g_array_index (missing, MhSyncBlock, i);
      GBytes *bytes = mh_store_read_sealed (from->store, "vault", block->id, &error);

      g_assert_no_error (error);
      g_ptr_array_add (sealed, bytes);
    }
  g_assert_true (mh_store_take_blocks (to->store, "vault", sealed, NULL, &taken, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (taken, ==, missing->len);

  return taken;
}

void
pair_assert_same_heads (Bench *one, Bench *two)
{
  g_autoptr (GBytes) left = mh_store_heads (one->store, "vault", NULL);
  g_autoptr (GBytes) right = mh_store_heads (two->store, "vault", NULL);

  g_assert_true (g_bytes_equal (left, right));
}
