/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/limiter.h"
#include "base/pool.h"

static void
test_locks_and_opens (void)
{
  g_autoptr (MhClock) clock = mh_clock_new ();
  g_autoptr (MhLimiter) limiter = mh_limiter_new (clock, 3, 1000, 5000);

  mh_clock_set_ms (clock, 100000);
  g_assert_cmpuint (mh_limiter_fail (limiter, "a"), ==, 2);
  g_assert_cmpuint (mh_limiter_fail (limiter, "a"), ==, 1);
  g_assert_cmpint (mh_limiter_wait_ms (limiter, "a"), ==, 0);
  g_assert_cmpuint (mh_limiter_fail (limiter, "a"), ==, 0);
  g_assert_cmpint (mh_limiter_wait_ms (limiter, "a"), ==, 5000);
  g_assert_cmpint (mh_limiter_wait_ms (limiter, "b"), ==, 0);

  mh_clock_set_ms (clock, 104999);
  g_assert_cmpint (mh_limiter_wait_ms (limiter, "a"), ==, 1);
  mh_clock_set_ms (clock, 105000);
  g_assert_cmpint (mh_limiter_wait_ms (limiter, "a"), ==, 0);
  g_assert_cmpuint (mh_limiter_fail (limiter, "a"), ==, 2);
}

static void
test_window_slides (void)
{
  g_autoptr (MhClock) clock = mh_clock_new ();
  g_autoptr (MhLimiter) limiter = mh_limiter_new (clock, 2, 1000, 5000);

  mh_clock_set_ms (clock, 100000);
  g_assert_cmpuint (mh_limiter_fail (limiter, "a"), ==, 1);
  mh_clock_set_ms (clock, 101000);
  g_assert_cmpuint (mh_limiter_fail (limiter, "a"), ==, 1);
  mh_limiter_succeed (limiter, "a");
  g_assert_cmpuint (mh_limiter_fail (limiter, "a"), ==, 1);
}

static void
test_zero_never_locks (void)
{
  g_autoptr (MhClock) clock = mh_clock_new ();
  g_autoptr (MhLimiter) limiter = mh_limiter_new (clock, 0, 1000, 5000);

  for (guint i = 0; i < 100; i++)
    mh_limiter_fail (limiter, "a");
  g_assert_cmpint (mh_limiter_wait_ms (limiter, "a"), ==, 0);
}

static void
test_many_addresses_are_bounded (void)
{
  g_autoptr (MhClock) clock = mh_clock_new ();
  g_autoptr (MhLimiter) limiter = mh_limiter_new (clock, 3, 1000, 5000);

  for (guint i = 0; i < 25000; i++)
    {
      g_autofree char *address = g_strdup_printf ("10.0.%u.%u", i / 256, i % 256);

      g_assert_cmpuint (mh_limiter_fail (limiter, address), ==, 2);
    }
}

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean open;
  int done;
} Gate;

static void
wait_cb (gpointer data)
{
  Gate *gate = data;

  g_mutex_lock (&gate->lock);
  while (!gate->open)
    g_cond_wait (&gate->changed, &gate->lock);
  gate->done++;
  g_mutex_unlock (&gate->lock);
}

static void
test_pool_is_bounded (void)
{
  Gate gate = { 0 };
  MhPool *pool = mh_pool_new ("test", 2, 3);

  g_mutex_init (&gate.lock);
  g_cond_init (&gate.changed);
  for (guint i = 0; i < 5; i++)
    g_assert_true (mh_pool_push (pool, wait_cb, &gate));
  g_assert_false (mh_pool_push (pool, wait_cb, &gate));
  g_assert_cmpuint (mh_pool_load (pool), ==, 5);

  g_mutex_lock (&gate.lock);
  gate.open = TRUE;
  g_cond_broadcast (&gate.changed);
  g_mutex_unlock (&gate.lock);
  mh_pool_free (pool); /* waits for all */
  g_assert_cmpint (gate.done, ==, 5);
  g_cond_clear (&gate.changed);
  g_mutex_clear (&gate.lock);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/limiter/locks-and-opens", test_locks_and_opens);
  g_test_add_func ("/base/limiter/window-slides", test_window_slides);
  g_test_add_func ("/base/limiter/zero-never-locks", test_zero_never_locks);
  g_test_add_func ("/base/limiter/many-addresses", test_many_addresses_are_bounded);
  g_test_add_func ("/base/pool/is-bounded", test_pool_is_bounded);

  return g_test_run ();
}
