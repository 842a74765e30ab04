/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a person sees of the daemon. */
typedef enum
{
  MH_TRAY_STARTING,
  MH_TRAY_READY,
  MH_TRAY_OFFLINE,
  MH_TRAY_ATTENTION,
} MhTrayState;

typedef enum
{
  MH_TRAY_EVENT_UP,       /* the daemon told its state */
  MH_TRAY_EVENT_DOWN,     /* no daemon answers; comes again and again while none does */
  MH_TRAY_EVENT_LAUNCHED, /* a child of ours runs; a service manager's daemon is no child */
  MH_TRAY_EVENT_FAILED,   /* nothing could be launched */
  MH_TRAY_EVENT_CRASHED,  /* our child ended with an error */
  MH_TRAY_EVENT_ENDED,    /* our child ended as it was told to */
  MH_TRAY_EVENT_WANTED,   /* a person wants the page */
  MH_TRAY_EVENT_QUIT,     /* a person wants an end */
} MhTrayEvent;

/* What is to be done because of an event; a set. */
typedef enum
{
  MH_TRAY_DO_NOTHING = 0,
  MH_TRAY_DO_LAUNCH = 1 << 0,
  MH_TRAY_DO_TELL_LOST = 1 << 1, /* say that the daemon is gone and will be restarted */
  MH_TRAY_DO_TELL_BACK = 1 << 2, /* say that it is there again */
} MhTrayAction;

typedef enum
{
  MH_TRAY_PHASE_SEARCHING, /* is there a daemon? */
  MH_TRAY_PHASE_LAUNCHING, /* one was launched and does not answer yet */
  MH_TRAY_PHASE_UP,
  MH_TRAY_PHASE_ENDING,  /* our child answers no more, but it has not ended yet */
  MH_TRAY_PHASE_WAITING, /* lost; the next launch is at until_ms */
  MH_TRAY_PHASE_STOPPED, /* somebody ended it on purpose */
  MH_TRAY_PHASE_QUITTING,
} MhTrayPhase;

/**
 * MhTrayMachine:
 *
 * Decides when the daemon is launched and what is said about it. Plain data: it knows no clock, no
 * process and no window. Starts as zeros.
 */
typedef struct
{
  MhTrayPhase phase;
  gint64 since_ms;    /* when the phase began */
  gint64 until_ms;    /* when a wait is over */
  guint failures;     /* in a row */
  gboolean has_child; /* our child runs */
  gboolean lost;      /* it was said that the daemon is gone */
  MhTrayState told;   /* what the daemon said last */
} MhTrayMachine;

/**
 * mh_tray_machine_feed:
 * @self: the machine
 * @event: what happened
 * @told: what the daemon says about itself, for %MH_TRAY_EVENT_UP
 * @now_ms: a clock that never goes back, in milliseconds
 *
 * Returns: what is to be done now
 */
MhTrayAction mh_tray_machine_feed (MhTrayMachine *self, MhTrayEvent event, MhTrayState told,
                                   gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_tray_machine_state:
 * @self: the machine
 * @now_ms: as above
 *
 * Returns: what to show
 */
MhTrayState mh_tray_machine_state (const MhTrayMachine *self, gint64 now_ms);

/**
 * mh_tray_machine_text:
 * @self: the machine
 * @detail: (nullable): a sentence of the daemon, or why it ended
 * @now_ms: as above
 *
 * Returns: (transfer full): the state in words, translated
 */
char *mh_tray_machine_text (const MhTrayMachine *self, const char *detail,
                            gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_tray_state_parse:
 * @name: (nullable): `starting`, `ready`, `offline` or `attention`
 *
 * Returns: the state of that name; %MH_TRAY_ATTENTION for any other
 */
MhTrayState mh_tray_state_parse (const char *name);

/* Returns: (transfer none): name of the state, as it is part of the icon's name */
const char *mh_tray_state_name (MhTrayState state);

G_END_DECLS
