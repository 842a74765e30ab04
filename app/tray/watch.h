/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MhTrayWatch:
 *
 * Asks the daemon's REST API now and then how many machines are there, and whether the vaults are
 * the same on them. Never blocks, and has no clock of its own: whoever owns it says when it may
 * ask.
 */
typedef struct _MhTrayWatch MhTrayWatch;

/**
 * MhTrayWatchFunc:
 * @text: (nullable): what is known now, in words; %NULL for nothing
 * @user_data: the owner's
 *
 * Called when it is another text than before.
 */
typedef void (*MhTrayWatchFunc) (const char *text, gpointer user_data);

/**
 * mh_tray_watch_new:
 * @func: hears what is known
 * @user_data: for @func
 *
 * Thread: the loop, as for everything here.
 * Returns: (transfer full): the watch
 */
MhTrayWatch *mh_tray_watch_new (MhTrayWatchFunc func, gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void mh_tray_watch_free (MhTrayWatch *self);

/**
 * mh_tray_watch_look:
 * @self: the watch
 * @url: (nullable): where the daemon is
 *
 * Asks, when the last answer is old enough. To be called whenever the daemon has shown that it is
 * up.
 *
 * Returns: whether a token is needed first: get one for mh_tray_watch_set_token()
 */
gboolean mh_tray_watch_look (MhTrayWatch *self, const char *url);

/* Gives it the bearer to ask with, and asks. */
void mh_tray_watch_set_token (MhTrayWatch *self, const char *token);

/* Forgets the daemon, which is gone, and all it said. */
void mh_tray_watch_forget (MhTrayWatch *self);

G_END_DECLS
