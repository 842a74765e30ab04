/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tray/launcher.h"

G_BEGIN_DECLS

/**
 * mh_tray_app_run:
 * @options: where the daemon is
 * @open: whether the page is to be opened as soon as there is one
 *
 * Runs the tray until somebody quits it; a second one only makes the first open the page.
 *
 * Thread: the main thread.
 * Returns: the exit code
 */
int mh_tray_app_run (const MhTrayOptions *options, gboolean open);

G_END_DECLS
