/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/p2p/host/loop.h"

static void
append (gpointer data)
{
  GArray *out = ((gpointer *) data)[0];
  guint number = GPOINTER_TO_UINT (((gpointer *) data)[1]);

  g_array_append_val (out, number);
}

static void
do_nothing (gpointer data)
{
}

static void
test_order (void)
{
  g_autoptr (MhLoop) loop = mh_loop_new ("test");
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (guint));

  g_test_summary ("tasks run in the order in which they were posted");
  for (guint i = 0; i < 1000; i++)
    {
      gpointer *both = g_new0 (gpointer, 2);

      both[0] = out;
      both[1] = GUINT_TO_POINTER (i);
      g_assert_true (mh_loop_post (loop, append, both, g_free));
    }
  mh_loop_run (loop, do_nothing, NULL);
  g_assert_cmpuint (out->len, ==, 1000);
  for (guint i = 0; i < out->len; i++)
    g_assert_cmpuint (g_array_index (out, guint, i), ==, i);
  mh_loop_stop (loop);
}

static void
count (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static void
test_after_stop (void)
{
  g_autoptr (MhLoop) loop = mh_loop_new ("test");
  gint ran = 0;
  gint freed = 0;

  g_test_summary ("what was posted before the end runs; later nothing is taken, and it is freed");
  g_assert_false (mh_loop_is_own (loop));
  for (guint i = 0; i < 100; i++)
    g_assert_true (mh_loop_post (loop, count, &ran, NULL));
  mh_loop_stop (loop);
  g_assert_cmpint (ran, ==, 100);
  g_assert_false (mh_loop_post (loop, do_nothing, &freed, count));
  g_assert_cmpint (freed, ==, 1);
  mh_loop_run (loop, count, &ran);
  g_assert_cmpint (ran, ==, 101);
  g_assert_true (mh_loop_is_own (loop));
}

/* Threads that go on running tasks while the loop ends. */
typedef struct
{
  MhLoop *loop;
  gint ran;     /* (atomic) */
  gint is_over; /* (atomic) */
} Race;

static gpointer
run_on (gpointer data)
{
  Race *self = data;
  gint runs = 0;

  while (g_atomic_int_get (&self->is_over) == 0)
    {
      mh_loop_run (self->loop, count, &self->ran);
      runs++;
    }

  return GINT_TO_POINTER (runs);
}

static void
test_race (void)
{
  g_test_summary ("a task is run, by the loop or by who waits for it, whenever the loop ends");
  for (guint round = 0; round < 60; round++)
    {
      Race race = { mh_loop_new ("test"), 0, 0 };
      GThread *threads[4];
      gint runs = 0;

      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("run", run_on, &race);
      while (g_atomic_int_get (&race.ran) < 20)
        g_thread_yield ();
      mh_loop_stop (race.loop);
      g_atomic_int_set (&race.is_over, 1);
      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        runs += GPOINTER_TO_INT (g_thread_join (threads[i]));
      g_assert_cmpint (runs, ==, race.ran);
      mh_loop_unref (race.loop);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/p2p/loop/order", test_order);
  g_test_add_func ("/p2p/loop/after-stop", test_after_stop);
  g_test_add_func ("/p2p/loop/race", test_race);

  return g_test_run ();
}
