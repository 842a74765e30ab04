/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "bench.h"

/* Blocks that are kept for others, and blocks that are given up as others have them. */

#define ROOM (G_GINT64_CONSTANT (1) << 30)

/* Returns: a store that does not have the vault of the other one */
static Bench *
stranger_new (void)
{
  g_autofree char *home = g_dir_make_tmp ("mh-held-XXXXXX", NULL);
  Bench *self = bench_new_at (home, 0);
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_store_forget_vault (self->store, "vault", &error));
  g_assert_no_error (error);
  bench_maintain (self);
  mh_store_set_hold_limit (self->store, ROOM);

  return self;
}

/* Ids of all blocks that are here. */
static GBytes *
ids_of (Bench *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) named = mh_store_named_blocks (self->store, "vault", NULL, 100000, &error);
  GByteArray *out = g_byte_array_new ();

  g_assert_no_error (error);
  for (guint i = 0; i < named->len; i++)
    if (g_array_index (named, MhNamedBlock, i).is_here)
      g_byte_array_append (out, g_array_index (named, MhNamedBlock, i).id, MH_SYNC_HASH_SIZE);

  return g_byte_array_free_to_bytes (out);
}

static GPtrArray *
sealed_of (Bench *self, GBytes *ids)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    {
      GBytes *block = mh_store_read_sealed (self->store, "vault", data + at, &error);

      g_assert_no_error (error);
      g_ptr_array_add (out, block);
    }

  return out;
}

/* Has @to keep all blocks of @from. Returns: how many it took */
static guint
hold_all (Bench *to, Bench *from)
{
  g_autoptr (GBytes) ids = ids_of (from);
  g_autoptr (GPtrArray) sealed = sealed_of (from, ids);
  g_autoptr (GError) error = NULL;
  guint taken = 0;

  g_assert_true (mh_store_hold_blocks (to->store, "vault", sealed, g_bytes_get_data (ids, NULL),
                                       &taken, &error));
  g_assert_no_error (error);

  return taken;
}

static void
assert_holds (Bench *self, gint64 blocks, gint64 unwanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) held = mh_store_held (self->store, &error);

  g_assert_no_error (error);
  if (blocks == 0)
    {
      g_assert_cmpuint (held->len, ==, 0);
      return;
    }
  g_assert_cmpuint (held->len, ==, 1);
  g_assert_cmpstr (((MhHeldVault *) g_ptr_array_index (held, 0))->vault_id, ==, "vault");
  g_assert_cmpint (((MhHeldVault *) g_ptr_array_index (held, 0))->blocks, ==, blocks);
  g_assert_cmpint (((MhHeldVault *) g_ptr_array_index (held, 0))->unwanted, ==, unwanted);
}

static void
assert_holds_at_most (Bench *self, gint64 blocks, gint64 bytes)
{
  g_autoptr (GPtrArray) held = mh_store_held (self->store, NULL);

  assert_holds (self, blocks, 0);
  if (blocks > 0)
    g_assert_cmpint (((MhHeldVault *) g_ptr_array_index (held, 0))->bytes, <=, bytes);
}

/* Fails unless @self gives every block of @from as it was. */
static void
assert_gives (Bench *self, Bench *from)
{
  g_autoptr (GBytes) ids = ids_of (from);
  g_autoptr (GPtrArray) theirs = sealed_of (from, ids);
  g_autoptr (GPtrArray) ours = sealed_of (self, ids);

  for (guint i = 0; i < theirs->len; i++)
    g_assert_true (g_bytes_equal (g_ptr_array_index (ours, i), g_ptr_array_index (theirs, i)));
}

static Bench *
owner_new (guint *blocks)
{
  Bench *self = bench_new (0);
  g_autoptr (GBytes) ids = NULL;

  bench_put_random (self, "/large", 1, 6000000);
  bench_put_random (self, "/small", 2, 1000);
  bench_put_random (self, "/other", 3, 2000);
  ids = ids_of (self);
  *blocks = (guint) (g_bytes_get_size (ids) / MH_SYNC_HASH_SIZE);
  g_assert_cmpuint (*blocks, >, 4);

  return self;
}

static void
test_keep (void)
{
  guint blocks;
  g_autoptr (Bench) owner = owner_new (&blocks);
  g_autoptr (Bench) other = stranger_new ();

  g_test_summary ("what is kept for others is there after a restart, and with a new index");
  g_assert_cmpuint (hold_all (other, owner), ==, blocks);
  g_assert_cmpuint (hold_all (other, owner), ==, 0);
  assert_holds (other, blocks, 0);
  assert_gives (other, owner);

  bench_reopen (other);
  bench_maintain (other);
  assert_holds (other, blocks, 0);
  assert_gives (other, owner);

  bench_close (other);
  bench_remove_index (other);
  g_assert_true (bench_open (other, NULL));
  bench_maintain (other);
  assert_holds (other, blocks, 0);
  assert_gives (other, owner);
  bench_assert_recount (other);
}

static void
test_limits (void)
{
  guint blocks;
  g_autoptr (Bench) owner = owner_new (&blocks);
  g_autoptr (Bench) other = stranger_new ();
  g_autoptr (GBytes) ids = ids_of (owner);
  g_autoptr (GPtrArray) sealed = sealed_of (owner, ids);
  g_autofree guint8 *wrong = g_memdup2 (g_bytes_get_data (ids, NULL), g_bytes_get_size (ids));
  g_autoptr (GError) error = NULL;
  guint taken = 1;

  g_test_summary ("no more is kept than may be, and nothing that is not what was wanted");
  mh_store_set_hold_limit (other->store, 1000000);
  g_assert_false (mh_store_hold_blocks (other->store, "vault", sealed, g_bytes_get_data (ids, NULL),
                                        &taken, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_clear_error (&error);
  assert_holds_at_most (other, taken, 1000000);

  g_assert_true (mh_store_drop_held (other->store, NULL, G_MAXINT64, &taken, NULL));
  mh_store_set_hold_limit (other->store, ROOM);
  wrong[0] ^= 1;
  g_assert_false (mh_store_hold_blocks (other->store, "vault", sealed, wrong, &taken, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  assert_holds (other, 0, 0);
}

static void
test_drop (void)
{
  guint blocks;
  g_autoptr (Bench) owner = owner_new (&blocks);
  g_autoptr (Bench) other = stranger_new ();
  g_autoptr (GBytes) ids = ids_of (owner);
  g_autoptr (GBytes) some = g_bytes_new_from_bytes (ids, 0, 2 * MH_SYNC_HASH_SIZE);
  g_autoptr (GBytes) one = g_bytes_new_from_bytes (ids, 0, MH_SYNC_HASH_SIZE);
  g_autoptr (GBytes) list = NULL;
  g_autoptr (GBytes) old = NULL;
  g_autoptr (GBytes) unwanted = NULL;
  g_autoptr (GError) error = NULL;
  guint64 full;
  guint dropped;

  g_test_summary ("what nobody wants goes after a while, and its space comes back");
  g_assert_cmpuint (hold_all (other, owner), ==, blocks);
  full = bench_disk_bytes (other);
  g_assert_true (mh_store_mark_held (other->store, "vault", some, FALSE, &error));
  assert_holds (other, blocks, 2);
  g_assert_true (mh_store_mark_held (other->store, "vault", one, TRUE, &error));
  assert_holds (other, blocks, 1);

  old = mh_store_list_unwanted (other->store, "vault", 1000, NULL, 100, &error);
  g_assert_cmpuint (g_bytes_get_size (old), ==, 0);
  unwanted = mh_store_list_unwanted (other->store, "vault", G_MAXINT64, NULL, 100, &error);
  g_assert_cmpuint (g_bytes_get_size (unwanted), ==, MH_SYNC_HASH_SIZE);
  g_assert_true (mh_store_drop_held (other->store, NULL, 1000, &dropped, &error));
  g_assert_cmpuint (dropped, ==, 0); /* not unwanted for so long */
  g_assert_true (mh_store_drop_held (other->store, NULL, G_MAXINT64 - 1, &dropped, &error));
  g_assert_cmpuint (dropped, ==, 1);
  assert_holds (other, blocks - 1, 0);
  list = mh_store_list_held (other->store, "vault", NULL, 100, &error);
  g_assert_cmpuint (g_bytes_get_size (list), ==, (blocks - 1) * MH_SYNC_HASH_SIZE);

  g_assert_true (
      mh_store_drop_these (other->store, "vault", some, &error)); /* one is gone already */
  g_assert_no_error (error);
  assert_holds (other, blocks - 2, 0);
  g_assert_true (mh_store_drop_held (other->store, "vault", G_MAXINT64, &dropped, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (dropped, ==, blocks - 2);
  bench_maintain (other);
  assert_holds (other, 0, 0);
  g_assert_cmpuint (bench_disk_bytes (other), <, full / 10);

  bench_close (other);
  bench_remove_index (other);
  g_assert_true (bench_open (other, NULL));
  assert_holds (other, 0, 0);
}

static void
test_joined (void)
{
  guint blocks;
  g_autoptr (Bench) owner = owner_new (&blocks);
  g_autoptr (Bench) other = stranger_new ();
  MhSyncMark mark = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) hashes = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (MhSyncTaken) taken = NULL;
  guint dropped;

  g_test_summary ("with the key, what was kept are the blocks of the vault");
  g_assert_cmpuint (hold_all (other, owner), ==, blocks);
  g_assert_true (mh_store_add_vault (other->store, "vault", owner->key, &error));
  g_assert_no_error (error);
  g_assert_true (mh_store_adopt_held (other->store, "vault", &dropped, &error));
  g_assert_cmpuint (dropped, ==, 0); /* what names them has not come yet */
  assert_holds (other, blocks, blocks);
  hashes = mh_store_versions_since (owner->store, "vault", &mark, 100, &error);
  records = mh_store_version_records (owner->store, "vault", hashes, 1 << 20, &error);
  taken = mh_store_take_versions (other->store, "vault", records, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (taken->taken, ==, 3);
  bench_assert_random (other, "/large", 1, 6000000);

  g_assert_true (mh_store_adopt_held (other->store, "vault", &dropped, &error));
  g_assert_cmpuint (dropped, ==, blocks);
  assert_holds (other, 0, 0);
  bench_maintain (other);
  bench_assert_random (other, "/large", 1, 6000000);
  bench_assert_random (other, "/small", 2, 1000);
  g_assert_cmpint (bench_stored (other), ==, bench_stored (owner));
}

static void
test_forget (void)
{
  guint blocks;
  g_autoptr (Bench) owner = owner_new (&blocks);
  g_autoptr (Bench) other = stranger_new ();
  g_autoptr (GError) error = NULL;

  g_test_summary ("a vault that is forgotten leaves nothing, not even what is kept for others");
  g_assert_cmpuint (hold_all (other, owner), ==, blocks);
  g_assert_true (mh_store_forget_vault (other->store, "vault", &error));
  g_assert_no_error (error);
  bench_maintain (other);
  assert_holds (other, 0, 0);
  g_assert_cmpuint (bench_disk_bytes (other), <, 1000000);
}

static void
test_evict (void)
{
  guint blocks;
  g_autoptr (Bench) owner = owner_new (&blocks);
  g_autoptr (GBytes) ids = ids_of (owner);
  g_autoptr (GPtrArray) sealed = sealed_of (owner, ids);
  g_autoptr (GArray) missing = NULL;
  g_autoptr (GArray) missing_again = NULL;
  g_autoptr (GBytes) nothing = NULL;
  g_autoptr (GError) error = NULL;
  guint64 full = bench_disk_bytes (owner);
  gint64 stored = bench_stored (owner);
  guint evicted;
  guint taken;

  g_test_summary ("blocks that are elsewhere take no space, and come back when they are given");
  g_assert_true (mh_store_evict_blocks (owner->store, "vault", ids, &evicted, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (evicted, ==, blocks);
  g_assert_true (mh_store_evict_blocks (owner->store, "vault", ids, &evicted, &error));
  g_assert_cmpuint (evicted, ==, 0);
  bench_maintain (owner);
  g_assert_cmpint (bench_stored (owner), ==, 0);
  g_assert_cmpuint (bench_disk_bytes (owner), <, full / 10);
  missing = mh_store_missing_blocks (owner->store, "vault", NULL, 1000, &error);
  g_assert_cmpuint (missing->len, ==, blocks);
  nothing = bench_read (owner, "/small", NULL, &error);
  g_assert_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  g_assert_null (mh_store_fault (owner->store));

  /* what came last is not taken for half a change when the index is lost as well */
  bench_close (owner);
  bench_remove_index (owner);
  g_assert_true (bench_open (owner, &error));
  missing_again = mh_store_missing_blocks (owner->store, "vault", NULL, 1000, &error);
  g_assert_cmpuint (missing_again->len, ==, blocks);

  g_assert_true (mh_store_take_blocks (owner->store, "vault", sealed, g_bytes_get_data (ids, NULL),
                                       &taken, &error));
  g_assert_cmpuint (taken, ==, blocks);
  g_assert_cmpint (bench_stored (owner), ==, stored);
  bench_assert_random (owner, "/large", 1, 6000000);
  bench_assert_recount (owner);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/held/keep", test_keep);
  g_test_add_func ("/store/held/limits", test_limits);
  g_test_add_func ("/store/held/drop", test_drop);
  g_test_add_func ("/store/held/joined", test_joined);
  g_test_add_func ("/store/held/forget", test_forget);
  g_test_add_func ("/store/held/evict", test_evict);

  return g_test_run ();
}
