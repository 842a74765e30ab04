/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_tray_autostart_get:
 *
 * Thread: the loop. Reads one small file.
 * Returns: whether the tray starts when this user logs in
 */
gboolean mh_tray_autostart_get (void);

/**
 * mh_tray_autostart_set:
 * @wanted: whether it should
 * @home: (nullable): as given with `--home`, to be given again
 * @error: return location
 *
 * Thread: the loop. Writes or removes one small file.
 * Errors: those of the file system
 */
gboolean
mh_tray_autostart_set (gboolean wanted, const char *home, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
