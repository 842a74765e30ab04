/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "machine.h"

#include <glib/gi18n.h>

/* How long a daemon may take until it answers, and until it is gone after its last answer. */
#define LAUNCH_MS 30000
#define END_MS 10000
/* A daemon that ran this long is not the kind that crashes at its start. */
#define STABLE_MS 60000
#define DELAY_MAX_MS 60000

static const char *const names[] = {
  [MH_TRAY_STARTING] = "starting",
  [MH_TRAY_READY] = "ready",
  [MH_TRAY_OFFLINE] = "offline",
  [MH_TRAY_ATTENTION] = "attention",
};

static void
enter (MhTrayMachine *self, MhTrayPhase phase, gint64 now_ms)
{
  self->phase = phase;
  self->since_ms = now_ms;
}

static MhTrayAction
launch (MhTrayMachine *self, gint64 now_ms)
{
  enter (self, MH_TRAY_PHASE_LAUNCHING, now_ms);

  return MH_TRAY_DO_LAUNCH;
}

static MhTrayAction
lose (MhTrayMachine *self, gint64 now_ms)
{
  gint64 delay_ms = MIN (1000 << MIN (self->failures, 6), DELAY_MAX_MS);
  gboolean said = self->lost;

  self->failures++;
  self->lost = TRUE;
  self->until_ms = now_ms + delay_ms;
  enter (self, MH_TRAY_PHASE_WAITING, now_ms);

  return said ? MH_TRAY_DO_NOTHING : MH_TRAY_DO_TELL_LOST;
}

static MhTrayAction
on_up (MhTrayMachine *self, MhTrayState told, gint64 now_ms)
{
  gboolean was_lost = self->lost;

  self->told = told;
  self->lost = FALSE;
  if (self->phase != MH_TRAY_PHASE_UP)
    enter (self, MH_TRAY_PHASE_UP, now_ms);

  return was_lost ? MH_TRAY_DO_TELL_BACK : MH_TRAY_DO_NOTHING;
}

static MhTrayAction
on_down (MhTrayMachine *self, gint64 now_ms)
{
  gint64 age_ms = now_ms - self->since_ms;

  switch (self->phase)
    {
    case MH_TRAY_PHASE_SEARCHING:
      return launch (self, now_ms);
    case MH_TRAY_PHASE_LAUNCHING:
      /* A child that runs but does not answer is shown as such; a second one would not help. */
      return age_ms < LAUNCH_MS || self->has_child ? MH_TRAY_DO_NOTHING : lose (self, now_ms);
    case MH_TRAY_PHASE_UP:
      if (age_ms >= STABLE_MS)
        self->failures = 0;
      if (!self->has_child)
        return lose (self, now_ms);
      /* How the child ends tells whether somebody wanted it. */
      enter (self, MH_TRAY_PHASE_ENDING, now_ms);
      return MH_TRAY_DO_NOTHING;
    case MH_TRAY_PHASE_ENDING:
      return age_ms < END_MS ? MH_TRAY_DO_NOTHING : lose (self, now_ms);
    case MH_TRAY_PHASE_WAITING:
      return now_ms < self->until_ms ? MH_TRAY_DO_NOTHING : launch (self, now_ms);
    case MH_TRAY_PHASE_STOPPED:
    case MH_TRAY_PHASE_QUITTING:
    default:
      return MH_TRAY_DO_NOTHING;
    }
}

/* The end of a child while another daemon answers changes nothing. */
static MhTrayAction
on_child_end (MhTrayMachine *self, MhTrayEvent event, gint64 now_ms)
{
  self->has_child = FALSE;
  if (self->phase == MH_TRAY_PHASE_ENDING && event == MH_TRAY_EVENT_ENDED)
    {
      self->failures = 0;
      self->lost = FALSE;
      enter (self, MH_TRAY_PHASE_STOPPED, now_ms);
      return MH_TRAY_DO_NOTHING;
    }
  if (self->phase == MH_TRAY_PHASE_ENDING || self->phase == MH_TRAY_PHASE_LAUNCHING)
    return lose (self, now_ms);

  return MH_TRAY_DO_NOTHING;
}

MhTrayAction
mh_tray_machine_feed (MhTrayMachine *self, MhTrayEvent event, MhTrayState told, gint64 now_ms)
{
  g_return_val_if_fail (self != NULL, MH_TRAY_DO_NOTHING);

  if (self->phase == MH_TRAY_PHASE_QUITTING)
    return MH_TRAY_DO_NOTHING;

  switch (event)
    {
    case MH_TRAY_EVENT_UP:
      return on_up (self, told, now_ms);
    case MH_TRAY_EVENT_DOWN:
      return on_down (self, now_ms);
    case MH_TRAY_EVENT_LAUNCHED:
      self->has_child = TRUE;
      return MH_TRAY_DO_NOTHING;
    case MH_TRAY_EVENT_FAILED:
      return self->phase == MH_TRAY_PHASE_LAUNCHING ? lose (self, now_ms) : MH_TRAY_DO_NOTHING;
    case MH_TRAY_EVENT_CRASHED:
    case MH_TRAY_EVENT_ENDED:
      return on_child_end (self, event, now_ms);
    case MH_TRAY_EVENT_WANTED:
      /* Who waits for the page does not wait for the back-off. */
      return self->phase == MH_TRAY_PHASE_STOPPED || self->phase == MH_TRAY_PHASE_WAITING
                 ? launch (self, now_ms)
                 : MH_TRAY_DO_NOTHING;
    case MH_TRAY_EVENT_QUIT:
      enter (self, MH_TRAY_PHASE_QUITTING, now_ms);
      return MH_TRAY_DO_NOTHING;
    default:
      g_return_val_if_reached (MH_TRAY_DO_NOTHING);
    }
}

static gboolean
is_stuck (const MhTrayMachine *self, gint64 now_ms)
{
  return self->phase == MH_TRAY_PHASE_LAUNCHING && now_ms - self->since_ms >= LAUNCH_MS;
}

MhTrayState
mh_tray_machine_state (const MhTrayMachine *self, gint64 now_ms)
{
  switch (self->phase)
    {
    case MH_TRAY_PHASE_SEARCHING:
      return MH_TRAY_STARTING;
    case MH_TRAY_PHASE_LAUNCHING:
      return is_stuck (self, now_ms) ? MH_TRAY_ATTENTION : MH_TRAY_STARTING;
    case MH_TRAY_PHASE_UP:
      return self->told;
    case MH_TRAY_PHASE_ENDING:
    case MH_TRAY_PHASE_STOPPED:
    case MH_TRAY_PHASE_QUITTING:
      return MH_TRAY_OFFLINE;
    case MH_TRAY_PHASE_WAITING:
    default:
      return MH_TRAY_ATTENTION;
    }
}

static const char *
told_text (MhTrayState told)
{
  switch (told)
    {
    case MH_TRAY_STARTING:
      return _ ("Starting…");
    case MH_TRAY_READY:
      return _ ("Ready");
    case MH_TRAY_OFFLINE:
      return _ ("Offline: ready on this machine only");
    case MH_TRAY_ATTENTION:
    default:
      return _ ("Needs attention");
    }
}

static char *
waiting_text (const MhTrayMachine *self, const char *reason, gint64 now_ms)
{
  guint left_s = (guint) (MAX (self->until_ms - now_ms, 0) + 999) / 1000;

  if (reason != NULL && *reason != '\0')
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Next start in %u second: %s",
                                         "Next start in %u seconds: %s", left_s),
                            left_s, reason);

  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                       "The daemon stopped; next start in %u second",
                                       "The daemon stopped; next start in %u seconds", left_s),
                          left_s);
}

char *
mh_tray_machine_text (const MhTrayMachine *self, const char *detail, gint64 now_ms)
{
  switch (self->phase)
    {
    case MH_TRAY_PHASE_SEARCHING:
      return g_strdup (_ ("Starting…"));
    case MH_TRAY_PHASE_LAUNCHING:
      if (is_stuck (self, now_ms))
        return g_strdup (_ ("The daemon does not answer"));
      return g_strdup (self->lost ? _ ("Restarting…") : _ ("Starting…"));
    case MH_TRAY_PHASE_UP:
      if (self->told == MH_TRAY_ATTENTION && detail != NULL && *detail != '\0')
        return g_strdup_printf (_ ("Needs attention: %s"), detail);
      return g_strdup (told_text (self->told));
    case MH_TRAY_PHASE_ENDING:
    case MH_TRAY_PHASE_QUITTING:
      return g_strdup (_ ("Stopping…"));
    case MH_TRAY_PHASE_STOPPED:
      return g_strdup (_ ("Stopped; Open starts it again"));
    case MH_TRAY_PHASE_WAITING:
    default:
      return waiting_text (self, detail, now_ms);
    }
}

MhTrayState
mh_tray_state_parse (const char *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (names); i++)
    {
      if (g_str_equal (name, names[i]))
        return (MhTrayState) i;
    }

  return MH_TRAY_ATTENTION;
}

const char *
mh_tray_state_name (MhTrayState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (names), names[MH_TRAY_ATTENTION]);

  return names[state];
}
