/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "modules/folders/guard.h"

#define HOUR_MS (60 * 60 * 1000LL)
#define DAY_MS (24 * HOUR_MS)

static const MhGuardLimits limits = { MH_GUARD_PERCENT, MH_GUARD_FILES };

/* Returns: (transfer full): @count paths from @first on */
static GPtrArray *
paths_of (guint first, guint count)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (paths, g_strdup_printf ("folder/%u", first + i));

  return paths;
}

/* Lets a batch in unless it is too much. Returns: whether it was let in */
static gboolean
offer (MhGuard *guard, guint first, guint count, guint files, gint64 now_ms)
{
  g_autoptr (GPtrArray) paths = paths_of (first, count);

  if (mh_guard_is_too_much (guard, &limits, paths, files, now_ms))
    return FALSE;

  mh_guard_note (guard, paths, now_ms);

  return TRUE;
}

static void
test_limits (void)
{
  static const struct
  {
    guint changed;
    guint files;
    gboolean let_in;
  } rows[] = {
    { 1, 1, TRUE },        { 199, 199, TRUE },     { 200, 200, FALSE },   { 200, 999, FALSE },
    { 200, 1000, TRUE },   { 201, 1000, FALSE },   { 1000, 5000, TRUE },  { 1001, 5000, FALSE },
    { 1001, 9999, FALSE }, { 1000, 100000, TRUE }, { 2000, 2000, FALSE }, { 2000, 100000, FALSE },
  };

  g_test_summary ("what is too much depends on the part of the folder and on the number");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MhGuard) guard = mh_guard_new ();

      g_test_message ("%u of %u", rows[i].changed, rows[i].files);
      g_assert_cmpint (offer (guard, 0, rows[i].changed, rows[i].files, 1), ==, rows[i].let_in);
    }
}

static void
test_own_limits (void)
{
  g_autoptr (MhGuard) guard = mh_guard_new ();
  g_autoptr (GPtrArray) paths = paths_of (0, 5000);
  MhGuardLimits wide = { 100, 5000 };
  MhGuardLimits narrow = { 100, 4999 };

  g_test_summary ("a folder may have limits of its own");
  g_assert_false (mh_guard_is_too_much (guard, &wide, paths, 5000, 1));
  g_assert_true (mh_guard_is_too_much (guard, &narrow, paths, 5000, 1));
}

static void
test_slowly (void)
{
  g_autoptr (MhGuard) guard = mh_guard_new ();
  guint let_in = 0;

  g_test_summary ("many small batches within an hour are too much together");
  for (guint i = 0; i < 100; i++)
    let_in += offer (guard, i * 20, 20, 2000, i * 20000) ? 20 : 0;
  g_assert_cmpuint (let_in, ==, 400);
  g_assert_true (offer (guard, 0, 20, 2000, 2000000)); /* these count already */
  g_assert_false (offer (guard, 1900, 20, 2000, 2000000));
  mh_guard_clear (guard);
  g_assert_true (offer (guard, 1900, 20, 2000, 2000000));
}

static void
test_window (void)
{
  g_autoptr (MhGuard) guard = mh_guard_new ();

  g_test_summary ("changes count for an hour, and not for ever when the clock is set back");
  g_assert_true (offer (guard, 0, 400, 2000, 10 * HOUR_MS));
  g_assert_false (offer (guard, 400, 1, 2000, 11 * HOUR_MS - 1));
  g_assert_true (offer (guard, 400, 300, 2000, 11 * HOUR_MS));
  g_assert_true (offer (guard, 800, 300, 2000, HOUR_MS));
}

/* What somebody does to a folder on one day, minute by minute. Files from @new_files on are new. */
static void
live_through_day (MhGuard *guard, GRand *random, guint *files, gint64 day_ms, guint day)
{
  gint64 now_ms = day_ms + 8 * HOUR_MS;

  for (int edit = g_rand_int_range (random, 24, 60); edit > 0; edit--)
    {
      now_ms += g_rand_int_range (random, 20000, 900000);
      g_assert_true (
          offer (guard, (guint) g_rand_int_range (random, 0, (int) *files), 1, *files, now_ms));
    }
  for (guint save = 0; save < 300; save++) /* one text, saved every 30 s by writing it anew */
    g_assert_true (offer (guard, day, 1, *files, now_ms += 30000));
  /* some folder that is not needed any more */
  g_assert_true (offer (guard, (guint) g_rand_int_range (random, 0, (int) *files),
                        (guint) g_rand_int_range (random, 1, 40), *files, now_ms));
  if (day % 7 == 3)
    *files += 500;  /* photos are imported: nothing that exists is changed */
  if (day % 7 == 5) /* a folder of 400 files is renamed: moves harm nothing */
    g_assert_true (offer (guard, 0, 0, *files, now_ms));
}

static void
test_month (void)
{
  g_autoptr (MhGuard) guard = mh_guard_new ();
  GRand *random = g_rand_new_with_seed (1);
  guint files = 600;

  g_test_summary ("a month of ordinary work is never too much, and a rewrite at its end is");
  for (guint day = 0; day < 31; day++)
    live_through_day (guard, random, &files, day * DAY_MS, day);
  g_assert_cmpuint (files, >, 2000);
  g_assert_false (offer (guard, 0, files, files, 31 * DAY_MS));
  g_rand_free (random);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/folders/guard/limits", test_limits);
  g_test_add_func ("/folders/guard/own-limits", test_own_limits);
  g_test_add_func ("/folders/guard/slowly", test_slowly);
  g_test_add_func ("/folders/guard/window", test_window);
  g_test_add_func ("/folders/guard/month", test_month);

  return g_test_run ();
}
