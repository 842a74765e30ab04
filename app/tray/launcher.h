/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tray/machine.h"

G_BEGIN_DECLS

/* How this system runs the daemon. */
typedef struct _MhTrayLauncher MhTrayLauncher;

typedef struct
{
  char *home;   /* (owned) (nullable): --home */
  char *listen; /* (owned) (nullable): --listen, passed on to a daemon that is a child */
} MhTrayOptions;

/**
 * MhTrayLauncherFunc:
 * @event: %MH_TRAY_EVENT_LAUNCHED, %MH_TRAY_EVENT_FAILED, %MH_TRAY_EVENT_CRASHED or
 *   %MH_TRAY_EVENT_ENDED
 * @message: (nullable): why, for a failure
 * @user_data: the owner's
 *
 * Called from the loop.
 */
typedef void (*MhTrayLauncherFunc) (MhTrayEvent event, const char *message, gpointer user_data);

/**
 * mh_tray_launcher_new:
 * @options: (unowned): outlives the launcher
 * @bus: (nullable): the session bus
 * @func: hears what becomes of the daemon
 * @user_data: for @func
 *
 * Thread: the loop, as for all functions here.
 * Returns: (transfer full): the launcher; it has launched nothing yet
 */
MhTrayLauncher *mh_tray_launcher_new (const MhTrayOptions *options, GDBusConnection *bus,
                                      MhTrayLauncherFunc func,
                                      gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves a daemon that runs alone. */
void mh_tray_launcher_free (MhTrayLauncher *self);

/**
 * mh_tray_launcher_start:
 * @self: the launcher
 *
 * Launches the daemon: by the service manager when the user's own daemon is installed there, else
 * as a child. Does not wait.
 */
void mh_tray_launcher_start (MhTrayLauncher *self);

/**
 * mh_tray_launcher_stop:
 * @self: the launcher
 * @stopped: called from the loop when the daemon is gone, at the latest after ten seconds; also
 * when none was launched from here, which then goes on running
 *
 * Ends the daemon if it was launched from here.
 */
void mh_tray_launcher_stop (MhTrayLauncher *self, void (*stopped) (gpointer user_data));

/**
 * mh_tray_launcher_on_terminate:
 * @self: the launcher
 * @terminate: called from the loop when the system asks this program to end
 */
void mh_tray_launcher_on_terminate (MhTrayLauncher *self, void (*terminate) (gpointer user_data));

G_END_DECLS
