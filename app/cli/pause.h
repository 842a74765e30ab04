/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Waits that Ctrl-C ends, without ending the program. */
typedef struct _MhCliPause MhCliPause;

/* Returns: (transfer full): from now on Ctrl-C only ends waits. Thread: the main thread. */
MhCliPause *mh_cli_pause_new (void) G_GNUC_WARN_UNUSED_RESULT;
void mh_cli_pause_free (MhCliPause *self);

/* Waits @ms milliseconds. Returns: whether Ctrl-C was pressed, now or since the last wait */
gboolean mh_cli_pause_wait (MhCliPause *self, guint ms);

G_END_DECLS
