/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tray/machine.h"

/* A story: what happens when, what is done about it, and what is shown then. */
typedef struct
{
  gint64 at_ms;
  MhTrayEvent event;
  MhTrayState told;
  MhTrayAction action;
  MhTrayState state;
  const char *text;
} Step;

#define UP(at, told_state, action, text)                                                           \
  {                                                                                                \
    at, MH_TRAY_EVENT_UP, told_state, action, told_state, text                                     \
  }
#define ON(at, event, action, state, text)                                                         \
  {                                                                                                \
    at, MH_TRAY_EVENT_##event, MH_TRAY_STARTING, action, state, text                               \
  }
#define NOTHING MH_TRAY_DO_NOTHING
#define LAUNCH MH_TRAY_DO_LAUNCH
#define LOST MH_TRAY_DO_TELL_LOST
#define BACK MH_TRAY_DO_TELL_BACK
#define STARTING MH_TRAY_STARTING
#define READY MH_TRAY_READY
#define OFFLINE MH_TRAY_OFFLINE
#define ATTENTION MH_TRAY_ATTENTION

static const Step found[] = {
  UP (10, READY, NOTHING, "Ready"),
  UP (3000, OFFLINE, NOTHING, "Offline: ready on this machine only"),
  UP (6000, ATTENTION, NOTHING, "Needs attention: a disk is full"),
};

static const Step launched[] = {
  ON (0, DOWN, LAUNCH, STARTING, "Starting…"),
  ON (1, LAUNCHED, NOTHING, STARTING, "Starting…"),
  ON (500, DOWN, NOTHING, STARTING, "Starting…"),
  UP (900, STARTING, NOTHING, "Starting…"),
  UP (1200, READY, NOTHING, "Ready"),
};

/* A child that is killed: its end follows the end of the connection. */
static const Step killed[] = {
  ON (0, DOWN, LAUNCH, STARTING, "Starting…"),
  ON (1, LAUNCHED, NOTHING, STARTING, "Starting…"),
  UP (500, READY, NOTHING, "Ready"),
  ON (70000, DOWN, NOTHING, OFFLINE, "Stopping…"),
  ON (70001, CRASHED, LOST, ATTENTION, "The daemon stopped; next start in 1 second"),
  ON (70500, DOWN, NOTHING, ATTENTION, "The daemon stopped; next start in 1 second"),
  ON (71001, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (71002, LAUNCHED, NOTHING, STARTING, "Restarting…"),
  UP (71500, READY, BACK, "Ready"),
};

/* Nobody is told twice, and the delay grows up to a minute. */
static const Step crash_loop[] = {
  ON (0, DOWN, LAUNCH, STARTING, "Starting…"),
  ON (10, CRASHED, LOST, ATTENTION, "The daemon stopped; next start in 1 second"),
  ON (1010, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (1020, CRASHED, NOTHING, ATTENTION, "The daemon stopped; next start in 2 seconds"),
  ON (3019, DOWN, NOTHING, ATTENTION, "The daemon stopped; next start in 1 second"),
  ON (3020, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (3030, FAILED, NOTHING, ATTENTION, "The daemon stopped; next start in 4 seconds"),
  ON (7030, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (7040, CRASHED, NOTHING, ATTENTION, "The daemon stopped; next start in 8 seconds"),
  ON (15040, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (15050, CRASHED, NOTHING, ATTENTION, "The daemon stopped; next start in 16 seconds"),
  ON (31050, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (31060, CRASHED, NOTHING, ATTENTION, "The daemon stopped; next start in 32 seconds"),
  ON (63060, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (63070, CRASHED, NOTHING, ATTENTION, "The daemon stopped; next start in 60 seconds"),
  ON (123070, DOWN, LAUNCH, STARTING, "Restarting…"),
  ON (123080, CRASHED, NOTHING, ATTENTION, "The daemon stopped; next start in 60 seconds"),
};

/* A daemon that crashes soon after its start does not reset the delay; one that ran a minute does.
 */
static const Step unstable[] = {
  UP (0, READY, NOTHING, "Ready"),
  ON (1000, DOWN, LOST, ATTENTION, "The daemon stopped; next start in 1 second"),
  ON (2000, DOWN, LAUNCH, STARTING, "Restarting…"),
  UP (3000, READY, BACK, "Ready"),
  ON (4000, DOWN, LOST, ATTENTION, "The daemon stopped; next start in 2 seconds"),
  ON (6000, DOWN, LAUNCH, STARTING, "Restarting…"),
  UP (7000, READY, BACK, "Ready"),
  ON (67000, DOWN, LOST, ATTENTION, "The daemon stopped; next start in 1 second"),
};

/* Ended on purpose: it stays down until somebody wants the page. */
static const Step ended[] = {
  ON (0, DOWN, LAUNCH, STARTING, "Starting…"),
  ON (1, LAUNCHED, NOTHING, STARTING, "Starting…"),
  UP (500, READY, NOTHING, "Ready"),
  ON (900, DOWN, NOTHING, OFFLINE, "Stopping…"),
  ON (950, ENDED, NOTHING, OFFLINE, "Stopped; Open starts it again"),
  ON (90000, DOWN, NOTHING, OFFLINE, "Stopped; Open starts it again"),
  ON (90001, WANTED, LAUNCH, STARTING, "Starting…"),
};

/* A service manager's daemon is no child: only time tells that it does not come up. */
static const Step silent_unit[] = {
  ON (0, DOWN, LAUNCH, STARTING, "Starting…"),
  ON (29999, DOWN, NOTHING, STARTING, "Starting…"),
  ON (30000, DOWN, LOST, ATTENTION, "The daemon stopped; next start in 1 second"),
};

/* A child that runs and says nothing is not joined by a second one. */
static const Step silent_child[] = {
  ON (0, DOWN, LAUNCH, STARTING, "Starting…"),
  ON (1, LAUNCHED, NOTHING, STARTING, "Starting…"),
  ON (40000, DOWN, NOTHING, ATTENTION, "The daemon does not answer"),
  UP (50000, READY, NOTHING, "Ready"),
};

/* Our child lost the race against another daemon, which answers. */
static const Step second_daemon[] = {
  ON (0, DOWN, LAUNCH, STARTING, "Starting…"),
  ON (1, LAUNCHED, NOTHING, STARTING, "Starting…"),
  UP (100, READY, NOTHING, "Ready"),
  ON (150, CRASHED, NOTHING, READY, "Ready"),
};

static const Step impatient[] = {
  UP (0, READY, NOTHING, "Ready"),
  ON (1000, DOWN, LOST, ATTENTION, "The daemon stopped; next start in 1 second"),
  ON (1100, WANTED, LAUNCH, STARTING, "Restarting…"),
  ON (1200, WANTED, NOTHING, STARTING, "Restarting…"),
};

static const Step quitting[] = {
  UP (0, READY, NOTHING, "Ready"),
  ON (10, QUIT, NOTHING, OFFLINE, "Stopping…"),
  ON (20, DOWN, NOTHING, OFFLINE, "Stopping…"),
  ON (30, CRASHED, NOTHING, OFFLINE, "Stopping…"),
};

static const struct
{
  const char *name;
  const Step *steps;
  gsize count;
} stories[] = {
  { "/tray/machine/found", found, G_N_ELEMENTS (found) },
  { "/tray/machine/launched", launched, G_N_ELEMENTS (launched) },
  { "/tray/machine/killed", killed, G_N_ELEMENTS (killed) },
  { "/tray/machine/crash-loop", crash_loop, G_N_ELEMENTS (crash_loop) },
  { "/tray/machine/unstable", unstable, G_N_ELEMENTS (unstable) },
  { "/tray/machine/ended", ended, G_N_ELEMENTS (ended) },
  { "/tray/machine/silent-unit", silent_unit, G_N_ELEMENTS (silent_unit) },
  { "/tray/machine/silent-child", silent_child, G_N_ELEMENTS (silent_child) },
  { "/tray/machine/second-daemon", second_daemon, G_N_ELEMENTS (second_daemon) },
  { "/tray/machine/impatient", impatient, G_N_ELEMENTS (impatient) },
  { "/tray/machine/quitting", quitting, G_N_ELEMENTS (quitting) },
};

static void
test_story (gconstpointer data)
{
  gsize story = GPOINTER_TO_SIZE (data);
  MhTrayMachine machine = { MH_TRAY_PHASE_SEARCHING };

  for (gsize i = 0; i < stories[story].count; i++)
    {
      const Step *step = &stories[story].steps[i];
      MhTrayAction action = mh_tray_machine_feed (&machine, step->event, step->told, step->at_ms);
      g_autofree char *text = mh_tray_machine_text (
          &machine, machine.phase == MH_TRAY_PHASE_UP ? "a disk is full" : NULL, step->at_ms);

      g_test_message ("step %" G_GSIZE_FORMAT " at %" G_GINT64_FORMAT " ms: %s", i, step->at_ms,
                      text);
      g_assert_cmpuint (action, ==, step->action);
      g_assert_cmpstr (text, ==, step->text);
      g_assert_cmpuint (mh_tray_machine_state (&machine, step->at_ms), ==, step->state);
    }
}

static void
test_reason (void)
{
  MhTrayMachine machine = { MH_TRAY_PHASE_WAITING, 0, 4000 };
  g_autofree char *text = mh_tray_machine_text (&machine, "the port is taken", 0);
  g_autofree char *last = mh_tray_machine_text (&machine, "the port is taken", 3500);

  g_assert_cmpstr (text, ==, "Next start in 4 seconds: the port is taken");
  g_assert_cmpstr (last, ==, "Next start in 1 second: the port is taken");
}

static void
test_names (void)
{
  static const char *const names[] = { "starting", "ready", "offline", "attention" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_cmpuint (mh_tray_state_parse (names[i]), ==, i);
      g_assert_cmpstr (mh_tray_state_name ((MhTrayState) i), ==, names[i]);
    }
  g_assert_cmpuint (mh_tray_state_parse ("dancing"), ==, MH_TRAY_ATTENTION);
  g_assert_cmpuint (mh_tray_state_parse (NULL), ==, MH_TRAY_ATTENTION);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (stories); i++)
    g_test_add_data_func (stories[i].name, GSIZE_TO_POINTER (i), test_story);
  g_test_add_func ("/tray/machine/names", test_names);
  g_test_add_func ("/tray/machine/reason", test_reason);

  return g_test_run ();
}
