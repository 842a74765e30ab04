/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Knows whether this desktop has a place that shows tray icons. */
typedef struct _MhTrayHost MhTrayHost;

/**
 * mh_tray_host_new:
 * @bus: (nullable): the session bus
 * @changed: called from the loop with every change, and once soon after the start
 * @user_data: for @changed
 *
 * Thread: the loop.
 * Returns: (transfer full): the watch
 */
MhTrayHost *mh_tray_host_new (GDBusConnection *bus,
                              void (*changed) (gboolean present, gpointer user_data),
                              gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

void mh_tray_host_free (MhTrayHost *self);

G_END_DECLS
