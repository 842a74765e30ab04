/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "sim/mesh-history.h"

/* Machines of one vault in one process, on disks and a network that do whatever those can do. */

/* So many histories, unless MESHHOLD_TEST_HISTORIES says another number. */
#define HISTORIES 320
#define FIRST_SEED 1

/* Seeds within which a planted bug has to be found. */
#define PLANTED 50

/* Of so many histories, at least one has to have had each event. */
#define RAREST 100

static void
fail (guint64 seed, const MeshResult *result)
{
  g_auto (GStrv) lines = g_strsplit (result->log, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    g_test_message ("%s", lines[i]);
  g_test_message ("again: ./dev test --simulate %" G_GUINT64_FORMAT, seed);
  g_test_fail ();
}

/* A promise that was never put to the test was not kept either. */
static void
check_events (const guint *counts, guint64 histories)
{
  for (guint i = 0; i < MESH_EVENTS; i++)
    {
      g_test_message ("%s: in %u histories", mesh_event_names[i], counts[i]);
      if (counts[i] < histories / RAREST)
        g_test_fail_printf ("%s: in too few histories", mesh_event_names[i]);
    }
}

static void
test_histories (void)
{
  const char *wanted = g_getenv ("MESHHOLD_TEST_HISTORIES");
  guint64 count = wanted != NULL ? g_ascii_strtoull (wanted, NULL, 10) : HISTORIES;
  guint64 messages = 0;
  guint steps = 0;
  guint rounds = 0;
  guint counts[MESH_EVENTS] = { 0 };
  gint64 start = g_get_real_time ();

  g_test_summary ("all machines end with the same files, and what was acknowledged is there");
  for (guint64 seed = FIRST_SEED; seed < FIRST_SEED + count; seed++)
    {
      g_autoptr (MeshResult) result = mesh_history_run (seed, 0);

      messages += result->messages;
      steps += result->steps;
      rounds += result->rounds;
      for (guint i = 0; i < MESH_EVENTS; i++)
        counts[i] += result->events >> i & 1;
      if (result->violation != NULL)
        {
          fail (seed, result);
          return;
        }
    }
  g_test_message ("%" G_GUINT64_FORMAT " histories, %u steps, %u conversations, %" G_GUINT64_FORMAT
                  " messages; %.1f histories/s",
                  count, steps, rounds, messages,
                  (double) count * G_USEC_PER_SEC / (double) (g_get_real_time () - start));
  check_events (counts, count);
}

static void
test_repeatable (void)
{
  g_test_summary ("a history depends on its seed alone");
  for (guint64 seed = 1; seed <= 10; seed++)
    {
      g_autoptr (MeshResult) first = mesh_history_run (seed, 0);
      g_autoptr (MeshResult) between = mesh_history_run (seed + 1000, 0);
      g_autoptr (MeshResult) second = mesh_history_run (seed, 0);

      g_assert_cmpstr (first->log, ==, second->log);
      g_assert_cmpstr (first->log, !=, between->log);
    }
}

static void
find_planted (MeshFlags flags)
{
  for (guint64 seed = 1; seed <= PLANTED; seed++)
    {
      g_autoptr (MeshResult) result = mesh_history_run (seed, flags);

      if (result->violation != NULL)
        {
          g_test_message ("found with seed %" G_GUINT64_FORMAT ": %.200s", seed, result->violation);
          return;
        }
    }
  g_test_fail ();
}

static void
test_planted_marks (void)
{
  g_test_summary ("a machine that believes marks which outlived its disk is found out");
  find_planted (MESH_STALE);
}

static void
test_planted_drops (void)
{
  g_test_summary ("a machine that gives up what it is to keep for others is found out");
  find_planted (MESH_DROPS);
}

static int
simulate (const char *seed)
{
  g_autoptr (MeshResult) result =
      mesh_history_run (g_ascii_strtoull (seed, NULL, 10), MESH_VERBOSE);

  g_print ("# %u steps, %u conversations, %" G_GUINT64_FORMAT " messages: %s\n", result->steps,
           result->rounds, result->messages,
           result->violation != NULL ? "a promise was broken" : "every promise was kept");

  return result->violation != NULL ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Plays many and names those that broke a promise. */
static int
survey (const char *first, const char *count, MeshFlags flags)
{
  guint64 from = g_ascii_strtoull (first, NULL, 10);
  guint64 to = from + g_ascii_strtoull (count, NULL, 10);
  guint broken = 0;

  for (guint64 seed = from; seed < to; seed++)
    {
      g_autoptr (MeshResult) result = mesh_history_run (seed, flags);

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
      mesh_history_init ();
      return simulate (argv[2]);
    }

  if (argc == 4 && strcmp (argv[1], "--survey") == 0)
    {
      mesh_history_init ();
      return survey (argv[2], argv[3], 0);
    }

  /* only what the machines have in the end is compared */
  if (argc == 4 && strcmp (argv[1], "--survey-end") == 0)
    {
      mesh_history_init ();
      return survey (argv[2], argv[3], MESH_END_ONLY);
    }

  g_test_init (&argc, &argv, NULL);
  mesh_history_init ();
  g_test_add_func ("/sync/simulate/repeatable", test_repeatable);
  g_test_add_func ("/sync/simulate/planted/marks", test_planted_marks);
  g_test_add_func ("/sync/simulate/planted/drops", test_planted_drops);
  g_test_add_func ("/sync/simulate/histories", test_histories);

  return g_test_run ();
}
