/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "modules/folders/dirty.h"

#define S G_TIME_SPAN_SECOND

/* Returns: (transfer full): what may be looked at at @now_us, one after the other, then "|" and how
 * much is busy */
static char *
take (MhDirty *dirty, gint64 now_us, gboolean everything)
{
  g_autoptr (GHashTable) busy = NULL;
  g_autoptr (GPtrArray) paths = mh_dirty_take (dirty, now_us, everything, &busy);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < paths->len; i++)
    g_string_append_printf (text, "%s ", (char *) g_ptr_array_index (paths, i));
  g_string_append_printf (text, "| %u", g_hash_table_size (busy));

  return g_string_free (text, FALSE);
}

static void
assert_taken (MhDirty *dirty, gint64 now_us, const char *wanted)
{
  g_autofree char *text = take (dirty, now_us, FALSE);

  g_assert_cmpstr (text, ==, wanted);
}

static void
test_settle (void)
{
  g_autoptr (MhDirty) dirty = mh_dirty_new ();

  g_test_summary ("each file waits two seconds after its last change, whatever others do");
  g_assert_cmpint (mh_dirty_wait (dirty, 0), ==, -1);
  mh_dirty_add (dirty, "a", 10 * S);
  mh_dirty_add (dirty, "b", 11 * S);
  g_assert_cmpint (mh_dirty_wait (dirty, 11 * S), ==, 1 * S);
  assert_taken (dirty, 11 * S, "| 2");
  g_assert_cmpint (mh_dirty_wait (dirty, 12 * S), ==, 0);
  assert_taken (dirty, 12 * S, "a | 1");
  mh_dirty_add (dirty, "b", 12 * S);
  assert_taken (dirty, 13 * S, "| 1");
  assert_taken (dirty, 14 * S, "b | 0");
  g_assert_cmpint (mh_dirty_wait (dirty, 14 * S), ==, -1);
}

static void
test_always (void)
{
  g_autoptr (MhDirty) dirty = mh_dirty_new ();

  g_test_summary ("a file that is written all the time is looked at after a minute");
  for (gint64 now_us = 0; now_us < 60 * S; now_us += S)
    {
      mh_dirty_add (dirty, "log", now_us);
      assert_taken (dirty, now_us, "| 1");
    }
  assert_taken (dirty, 60 * S, "log | 0");
}

static void
test_burst (void)
{
  g_autoptr (MhDirty) dirty = mh_dirty_new ();

  g_test_summary ("very many changes are looked at when they are over, or after half a minute");
  for (guint i = 0; i < 400; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);

      mh_dirty_add (dirty, path, i * S / 10);
    }
  g_assert_true (mh_dirty_is_burst (dirty));
  g_assert_cmpint (mh_dirty_wait (dirty, 25 * S), ==, 5 * S);
  g_assert_cmpint (mh_dirty_wait (dirty, 42 * S), ==, 0);
}

static void
test_group (void)
{
  g_autoptr (MhDirty) dirty = mh_dirty_new ();

  g_test_summary ("what is done at one go is looked at together");
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);

      mh_dirty_add (dirty, path, 10 * S + i * 10000);
    }
  mh_dirty_add (dirty, "later", 11 * S);
  g_assert_cmpint (mh_dirty_wait (dirty, 12 * S), ==, 290000);
  g_assert_cmpint (mh_dirty_wait (dirty, 12 * S + 290000), ==, 0);
  g_assert_cmpint (mh_dirty_wait (dirty, 13 * S), ==, 0);
}

static void
test_within (void)
{
  g_autoptr (MhDirty) dirty = mh_dirty_new ();
  g_autofree char *all = NULL;

  g_test_summary ("what is in another is looked at with it; what is due need not wait");
  mh_dirty_add_due (dirty, "a/b/c", 10 * S);
  mh_dirty_add_due (dirty, "a", 10 * S);
  mh_dirty_add_due (dirty, "ab", 10 * S);
  assert_taken (dirty, 10 * S, "a ab | 0");
  mh_dirty_add (dirty, "x", 10 * S);
  mh_dirty_add_due (dirty, "x", 11 * S);
  mh_dirty_add_due (dirty, "y", 11 * S);
  all = take (dirty, 11 * S, TRUE);
  g_assert_cmpstr (all, ==, " | 1");
}

static void
test_many (void)
{
  g_autoptr (MhDirty) dirty = mh_dirty_new ();

  g_test_summary ("of too many paths everything is looked at");
  for (guint i = 0; i <= MH_DIRTY_PATHS; i++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);

      mh_dirty_add_due (dirty, path, 10 * S);
    }
  assert_taken (dirty, 10 * S, " | 0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/folders/dirty/settle", test_settle);
  g_test_add_func ("/folders/dirty/always", test_always);
  g_test_add_func ("/folders/dirty/burst", test_burst);
  g_test_add_func ("/folders/dirty/group", test_group);
  g_test_add_func ("/folders/dirty/within", test_within);
  g_test_add_func ("/folders/dirty/many", test_many);

  return g_test_run ();
}
