/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "sim/sim-history.h"

/* So many histories, unless MESHHOLD_TEST_HISTORIES says another number. */
#define HISTORIES 1000
#define FIRST_SEED 1

/* Seeds within which a planted bug has to be found. */
#define PLANTED 50

static void
fail (guint64 seed, const SimResult *result)
{
  g_auto (GStrv) lines = g_strsplit (result->log, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    g_test_message ("%s", lines[i]);
  g_test_message ("again: ./dev test --simulate %" G_GUINT64_FORMAT, seed);
  g_test_fail ();
}

/* Of so many histories, at least one has to have had each event. */
#define RAREST 300

static void
count_events (const SimResult *result, guint *counts)
{
  for (guint i = 0; i < SIM_EVENTS; i++)
    counts[i] += result->events >> i & 1;
}

/* A promise that was never put to the test was not kept either. */
static void
check_events (const guint *counts, guint64 histories)
{
  for (guint i = 0; i < SIM_EVENTS; i++)
    {
      g_test_message ("%s: in %u histories", sim_event_names[i], counts[i]);
      if (counts[i] < histories / RAREST)
        g_test_fail_printf ("%s: in too few histories", sim_event_names[i]);
    }
}

static void
test_histories (void)
{
  const char *wanted = g_getenv ("MESHHOLD_TEST_HISTORIES");
  guint64 count = wanted != NULL ? g_ascii_strtoull (wanted, NULL, 10) : HISTORIES;
  guint64 operations = 0;
  guint crashes = 0;
  guint steps = 0;
  guint counts[SIM_EVENTS] = { 0 };
  gint64 start = g_get_monotonic_time ();

  g_test_summary ("whatever the disk does: what was acknowledged is there, nothing half is");
  for (guint64 seed = FIRST_SEED; seed < FIRST_SEED + count; seed++)
    {
      g_autoptr (SimResult) result = sim_history_run (seed, 0);

      operations += result->operations;
      crashes += result->crashes;
      steps += result->steps;
      count_events (result, counts);
      if (result->violation != NULL)
        {
          fail (seed, result);
          return;
        }
    }
  g_test_message ("%" G_GUINT64_FORMAT " histories, %u steps, %u crashes, %" G_GUINT64_FORMAT
                  " operations of the disk; %.1f histories/s",
                  count, steps, crashes, operations,
                  (double) count * G_USEC_PER_SEC / (double) (g_get_monotonic_time () - start));
  check_events (counts, count);
}

static void
test_repeatable (void)
{
  g_test_summary ("a history depends on its seed alone");
  for (guint64 seed = 1; seed <= 20; seed++)
    {
      g_autoptr (SimResult) first = sim_history_run (seed, 0);
      g_autoptr (SimResult) between = sim_history_run (seed + 1000, 0);
      g_autoptr (SimResult) second = sim_history_run (seed, 0);

      g_assert_cmpstr (first->log, ==, second->log);
      g_assert_cmpuint (first->hash, ==, second->hash);
      g_assert_cmpuint (first->hash, !=, between->hash);
    }
}

static void
test_planted (void)
{
  g_test_summary ("a disk that only says that it syncs is found out");
  for (guint64 seed = 1; seed <= PLANTED; seed++)
    {
      g_autoptr (SimResult) result = sim_history_run (seed, SIM_LYING);

      if (result->violation != NULL)
        {
          g_test_message ("found with seed %" G_GUINT64_FORMAT, seed);
          return;
        }
    }
  g_test_fail ();
}

static int
simulate (const char *seed)
{
  g_autoptr (SimResult) result = sim_history_run (g_ascii_strtoull (seed, NULL, 10), SIM_VERBOSE);

  g_print ("# %u steps, %u crashes, %" G_GUINT64_FORMAT " operations of the disk: %s\n",
           result->steps, result->crashes, result->operations,
           result->violation != NULL ? "a promise was broken" : "every promise was kept");

  return result->violation != NULL ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Plays many and names those that broke a promise. */
static int
survey (const char *first, const char *count)
{
  guint64 from = g_ascii_strtoull (first, NULL, 10);
  guint64 to = from + g_ascii_strtoull (count, NULL, 10);
  guint broken = 0;

  for (guint64 seed = from; seed < to; seed++)
    {
      g_autoptr (SimResult) result = sim_history_run (seed, 0);

      if (result->violation == NULL)
        continue;
      broken++;
      g_print ("%" G_GUINT64_FORMAT ": %.300s\n", seed, result->violation);
    }
  g_print ("%u of %" G_GUINT64_FORMAT " histories broke a promise\n", broken, to - from);

  return broken > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--seed") == 0)
    {
      sim_history_init ();
      return simulate (argv[2]);
    }

  if (argc == 4 && strcmp (argv[1], "--survey") == 0)
    {
      sim_history_init ();
      return survey (argv[2], argv[3]);
    }

  g_test_init (&argc, &argv, NULL);
  sim_history_init ();
  g_test_add_func ("/store/simulate/repeatable", test_repeatable);
  g_test_add_func ("/store/simulate/planted", test_planted);
  g_test_add_func ("/store/simulate/histories", test_histories);

  return g_test_run ();
}
