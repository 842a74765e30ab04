/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/random.h"
#include "modules/store/store.h"
#include "modules/sync/sync-blame.h"
#include "modules/sync/sync-claims.h"
#include "modules/sync/sync-placement.h"
#include "modules/sync/sync-promises.h"
#include "modules/sync/sync-rate.h"
#include "modules/sync/sync-wire.h"

#define DAY_MS (24 * G_GINT64_CONSTANT (3600000))

static GBytes *
random_ids (guint count)
{
  gsize size = (gsize) count * MH_SYNC_HASH_SIZE;
  guint8 *data = g_malloc (size);

  mh_random_bytes (data, size);

  return g_bytes_new_take (data, size);
}

static MhPeerId
random_peer (void)
{
  guint8 key[32];

  mh_random_bytes (key, sizeof key);

  return mh_peer_id_from_public_key (key, sizeof key);
}

static void
test_promises (void)
{
  g_autoptr (MhSyncPromises) promises = mh_sync_promises_new ();
  g_autoptr (GBytes) ids = random_ids (10);
  g_autoptr (GBytes) other = random_ids (1);
  g_autoptr (GBytes) made = mh_sync_promises_make (promises, ids, 1000);
  const guint8 *data = g_bytes_get_data (ids, NULL);

  g_test_summary ("what was promised stays so for an hour");
  g_assert_true (g_bytes_equal (made, ids));
  g_assert_true (mh_sync_promises_has (promises, data + 9 * MH_SYNC_HASH_SIZE, 1000));
  g_assert_true (mh_sync_promises_has (promises, data, 999 + MH_SYNC_PROMISE_MS));
  g_assert_false (mh_sync_promises_has (promises, data, 1000 + MH_SYNC_PROMISE_MS));
  g_assert_false (mh_sync_promises_has (promises, g_bytes_get_data (other, NULL), 1000));
}

static void
test_promises_end (void)
{
  g_autoptr (MhSyncPromises) promises = mh_sync_promises_new ();
  g_autoptr (GBytes) ids = random_ids (150000);
  g_autoptr (GBytes) more = random_ids (150000);
  g_autoptr (GBytes) one = mh_sync_promises_make (promises, ids, 0);
  g_autoptr (GBytes) two = mh_sync_promises_make (promises, more, 1);
  g_autoptr (GBytes) three = NULL;

  g_test_summary ("no more is promised than can be remembered, and old promises make room");
  g_assert_cmpuint (g_bytes_get_size (one), ==, g_bytes_get_size (ids));
  g_assert_cmpuint (g_bytes_get_size (two), <, g_bytes_get_size (more));
  three = mh_sync_promises_make (promises, more, 2 + MH_SYNC_PROMISE_MS);
  g_assert_cmpuint (g_bytes_get_size (three), ==, g_bytes_get_size (more));
}

static void
test_blame (void)
{
  g_autoptr (MhSyncBlame) blame = mh_sync_blame_new ();
  g_autoptr (GPtrArray) list = NULL;
  MhPeerId bad = random_peer ();
  MhPeerId good = random_peer ();
  gint64 minute = 60000;

  g_test_summary ("the third fault in a day leaves a machine out, each further one for longer");
  g_assert_false (mh_sync_blame_add (blame, &bad, "one", 0));
  g_assert_false (mh_sync_blame_add (blame, &bad, "two", 1));
  g_assert_false (mh_sync_blame_is_out (blame, &bad, 2));
  g_assert_true (mh_sync_blame_add (blame, &bad, "three", 2));
  g_assert_false (mh_sync_blame_add (blame, &bad, "four", 3)); /* it is out already */
  g_assert_true (mh_sync_blame_is_out (blame, &bad, 9 * minute));
  g_assert_false (mh_sync_blame_is_out (blame, &good, 9 * minute));
  g_assert_false (mh_sync_blame_is_out (blame, &bad, 11 * minute));
  g_assert_true (mh_sync_blame_add (blame, &bad, "five", 11 * minute));
  g_assert_true (mh_sync_blame_is_out (blame, &bad, 50 * minute));
  g_assert_false (mh_sync_blame_is_out (blame, &bad, 52 * minute));

  list = mh_sync_blame_list (blame, 12 * minute);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpuint (((MhSyncSuspect *) g_ptr_array_index (list, 0))->faults, ==, 5);
  g_assert_cmpstr (((MhSyncSuspect *) g_ptr_array_index (list, 0))->why, ==, "five");
  g_assert_cmpint (((MhSyncSuspect *) g_ptr_array_index (list, 0))->out_ms, ==, 39 * minute);
  g_ptr_array_unref (g_steal_pointer (&list));
  list = mh_sync_blame_list (blame, 11 * minute + 2 * DAY_MS);
  g_assert_cmpuint (list->len, ==, 0);
}

static void
test_doubt (void)
{
  g_autoptr (MhSyncBlame) blame = mh_sync_blame_new ();
  MhPeerId bad = random_peer ();
  MhPeerId good = random_peer ();
  g_autoptr (GPtrArray) list = NULL;

  g_test_summary (
      "whose bytes were wrong unseen is doubted, and not blamed; with too many, all are");
  mh_sync_blame_doubt (blame, &bad);
  g_assert_true (mh_sync_blame_is_doubted (blame, &bad));
  g_assert_false (mh_sync_blame_is_doubted (blame, &good));
  list = mh_sync_blame_list (blame, 0);
  g_assert_cmpuint (list->len, ==, 0);
  for (guint i = 0; i < 5000; i++)
    {
      MhPeerId other = random_peer ();

      mh_sync_blame_doubt (blame, &other);
    }
  g_assert_true (mh_sync_blame_is_doubted (blame, &good));
}

static void
test_message_parts (void)
{
  g_auto (MhSyncMessage) message = { .op = MH_SYNC_BLOCK, .is_unchecked = TRUE, .is_full = TRUE };

  g_test_summary ("the parts of a message are the message, and the last record is not copied");
  for (guint records = 0; records < 3; records++)
    {
      g_autoptr (GBytes) body = NULL;
      g_autoptr (GBytes) head = mh_sync_message_encode_parts (&message, &body);
      g_autoptr (GBytes) whole = mh_sync_message_encode (&message);
      g_autoptr (GByteArray) both = g_byte_array_new ();
      g_auto (MhSyncMessage) again = { 0 };

      g_assert_true (records == 0 ? body == NULL
                                  : body == g_ptr_array_index (message.records, records - 1));
      g_byte_array_append (both, g_bytes_get_data (head, NULL), (guint) g_bytes_get_size (head));
      if (body != NULL)
        g_byte_array_append (both, g_bytes_get_data (body, NULL), (guint) g_bytes_get_size (body));
      g_assert_cmpmem (both->data, both->len, g_bytes_get_data (whole, NULL),
                       g_bytes_get_size (whole));
      g_assert_true (mh_sync_message_decode (whole, &again));
      g_assert_true (again.is_unchecked && again.is_full && !again.is_urgent);

      if (message.records == NULL)
        message.records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      g_ptr_array_add (message.records, random_ids (100 * records + 1));
    }
}

static void
test_claims (void)
{
  g_autoptr (MhSyncClaims) claims = mh_sync_claims_new ();
  g_autoptr (GBytes) ids = random_ids (4);
  g_autoptr (GBytes) half = g_bytes_new_from_bytes (ids, 0, 2 * MH_SYNC_HASH_SIZE);
  g_autoptr (GBytes) rest =
      g_bytes_new_from_bytes (ids, 2 * MH_SYNC_HASH_SIZE, 2 * MH_SYNC_HASH_SIZE);
  g_autoptr (GBytes) one = mh_sync_claims_take (claims, half);
  g_autoptr (GBytes) two = mh_sync_claims_take (claims, ids);
  g_autoptr (GBytes) three = NULL;

  g_test_summary ("a block is brought by one conversation at a time");
  g_assert_true (g_bytes_equal (one, half));
  g_assert_true (g_bytes_equal (two, rest));
  mh_sync_claims_give (claims, one);
  three = mh_sync_claims_take (claims, ids);
  g_assert_true (g_bytes_equal (three, half));
}

static void
test_rate (void)
{
  g_autoptr (MhSyncRate) rate = mh_sync_rate_new (1000000);
  g_autoptr (MhSyncRate) none = mh_sync_rate_new (0);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gint64 begin_us = g_get_monotonic_time ();

  g_test_summary ("what goes is spread over time, unless somebody waits for it");
  for (guint i = 0; i < 3; i++)
    g_assert_true (mh_sync_rate_take (rate, 500000, FALSE, cancellable));
  g_assert_cmpint (g_get_monotonic_time () - begin_us, >=, 450000); /* a second was saved up */
  g_assert_true (mh_sync_rate_take (rate, 1000000000, TRUE, cancellable));
  g_assert_true (mh_sync_rate_take (none, G_MAXSIZE / 2, FALSE, cancellable));
  g_assert_true (mh_sync_rate_take (NULL, G_MAXSIZE / 2, FALSE, cancellable));
  g_cancellable_cancel (cancellable);
  g_assert_false (
      mh_sync_rate_take (rate, 1, FALSE, cancellable)); /* and not in a thousand seconds */
}

typedef struct
{
  MhSyncRate *rate;
  gint gone; /* (atomic) */
} Waiting;

static gpointer
take_much (gpointer data)
{
  Waiting *waiting = data;

  if (mh_sync_rate_take (waiting->rate, 1000000, FALSE, NULL))
    g_atomic_int_set (&waiting->gone, 1);

  return NULL;
}

/* Has somebody wait for a thousand seconds. Returns: (transfer full): the thread */
static GThread *
have_waiting (Waiting *waiting)
{
  g_assert_true (mh_sync_rate_take (waiting->rate, 1000, FALSE, NULL)); /* saved up */

  return g_thread_new ("waiting", take_much, waiting);
}

static void
test_rate_is_set (gconstpointer data)
{
  g_autoptr (MhSyncRate) rate = mh_sync_rate_new (1000);
  Waiting waiting = { rate, 0 };
  GThread *thread = have_waiting (&waiting);
  gint64 begin_us;

  g_test_summary ("who waits goes on at another rate, and none is owed without one");
  g_assert_cmpint (g_atomic_int_get (&waiting.gone), ==, 0);
  mh_sync_rate_set (rate, GPOINTER_TO_INT (data));
  g_thread_join (thread);
  g_assert_cmpint (g_atomic_int_get (&waiting.gone), ==, 1);

  mh_sync_rate_set (rate, 0);
  g_assert_true (mh_sync_rate_take (rate, G_MAXSIZE / 2, FALSE, NULL));
  mh_sync_rate_set (rate, 1000000);
  begin_us = g_get_monotonic_time ();
  g_assert_true (mh_sync_rate_take (rate, 300000, FALSE, NULL));
  g_assert_cmpint (g_get_monotonic_time () - begin_us, >=, 290000); /* nothing was saved up */
}

/* The placement as the machine @self of @all sees it. */
static void
place (MhSyncPlacement *out, const MhPeerId *all, guint count, guint self, gint64 copies)
{
  out->keepers = g_array_new (FALSE, FALSE, sizeof (MhSyncKeeper));
  out->self = all[self];
  out->is_reliable = TRUE;
  out->copies = copies;
  out->trusted = count;
  for (guint i = 0; i < count; i++)
    {
      MhSyncKeeper keeper = { all[i], TRUE, TRUE, FALSE };

      if (i != self)
        g_array_append_val (out->keepers, keeper);
    }
}

/* Returns: bits of the machines that want a block */
static guint
wanted_by (const MhPeerId *all, guint count, gint64 copies, const guint8 *id)
{
  guint bits = 0;

  for (guint i = 0; i < count; i++)
    {
      g_auto (MhSyncPlacement) placement = { 0 };
      gboolean wants;

      place (&placement, all, count, i, copies);
      wants = mh_sync_placement_wants (id, &placement);
      bits |= wants ? 1U << i : 0;
      for (guint j = 0; j < count; j++) /* what others think of it is the same */
        if (j != i)
          {
            g_auto (MhSyncPlacement) theirs = { 0 };

            place (&theirs, all, count, j, copies);
            g_assert_cmpint (mh_sync_placement_is_for (
                                 &theirs, (guint) mh_sync_placement_find (&theirs, &all[i]), id),
                             ==, wants);
          }
    }

  return bits;
}

static guint
count_bits (guint bits)
{
  guint count = 0;

  for (; bits != 0; bits &= bits - 1)
    count++;

  return count;
}

static void
test_placement (void)
{
  MhPeerId all[6];
  g_autoptr (GBytes) ids = random_ids (200);
  const guint8 *data = g_bytes_get_data (ids, NULL);
  guint moved = 0;

  g_test_summary (
      "all agree who has a block, as many as wanted; who comes takes over a fair share");
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i] = random_peer ();
  for (guint i = 0; i < 200; i++)
    {
      guint five = wanted_by (all, 5, 2, data + i * MH_SYNC_HASH_SIZE);
      guint six = wanted_by (all, 6, 2, data + i * MH_SYNC_HASH_SIZE);

      g_assert_cmpuint (count_bits (five), ==, 2);
      g_assert_cmpuint (count_bits (six), ==, 2);
      g_assert_cmpuint (six & ~(five | 1U << 5), ==, 0); /* only to the new one */
      moved += (six & 1U << 5) != 0 ? 1 : 0;
      g_assert_cmpuint (count_bits (wanted_by (all, 2, 3, data + i * MH_SYNC_HASH_SIZE)), ==, 2);
    }
  g_assert_cmpuint (moved, >, 30); /* of 200, a third should */
  g_assert_cmpuint (moved, <, 110);
}

static void
test_without_key (void)
{
  MhPeerId all[5];
  g_autoptr (GBytes) ids = random_ids (100);
  const guint8 *data = g_bytes_get_data (ids, NULL);
  g_auto (MhSyncPlacement) placement = { 0 };

  g_test_summary ("machines without the key make up the number, and no more");
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i] = random_peer ();
  place (&placement, all, 5, 0, 3);
  placement.trusted = 2; /* this one and the first of the others */
  for (guint i = 1; i < 4; i++)
    g_array_index (placement.keepers, MhSyncKeeper, i).has_key = FALSE;
  for (guint i = 0; i < 100; i++)
    {
      const guint8 *id = data + i * MH_SYNC_HASH_SIZE;
      guint holders = 0;

      g_assert_true (mh_sync_placement_wants (id, &placement));
      g_assert_true (mh_sync_placement_is_for (&placement, 0, id));
      for (guint j = 1; j < 4; j++)
        holders += mh_sync_placement_is_for (&placement, j, id) ? 1 : 0;
      g_assert_cmpuint (holders, ==, 1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/parts/promises", test_promises);
  g_test_add_func ("/sync/parts/promises-end", test_promises_end);
  g_test_add_func ("/sync/parts/blame", test_blame);
  g_test_add_func ("/sync/parts/doubt", test_doubt);
  g_test_add_func ("/sync/parts/message", test_message_parts);
  g_test_add_func ("/sync/parts/claims", test_claims);
  g_test_add_func ("/sync/parts/rate", test_rate);
  g_test_add_data_func ("/sync/parts/rate-is-raised", GINT_TO_POINTER (1000000000),
                        test_rate_is_set);
  g_test_add_data_func ("/sync/parts/rate-is-lifted", GINT_TO_POINTER (0), test_rate_is_set);
  g_test_add_func ("/sync/parts/placement", test_placement);
  g_test_add_func ("/sync/parts/without-key", test_without_key);

  return g_test_run ();
}
