/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_client_program:
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): absolute name of this program, %NULL where the system does
 * not tell
 */
char *mh_client_program (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_built:
 * @name: name of a folder or file in a build tree, for example `data/icons`
 *
 * Thread: any. Touches the disk.
 * Returns: (transfer full) (nullable): its absolute name if this program runs in a build tree that
 * has it, %NULL for an installed program
 */
char *mh_client_built (const char *name) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_daemon:
 *
 * Looks in the build tree, next to this program, and then wherever programs are.
 *
 * Thread: any. Touches the disk.
 * Returns: (transfer full) (nullable): absolute name of the daemon, %NULL when it is not installed
 */
char *mh_client_daemon (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_set_locale:
 *
 * Makes gettext speak the language of the user, from the build tree or from the system.
 *
 * Thread: the main thread, before any other runs.
 */
void mh_client_set_locale (void);

/**
 * mh_client_become:
 * @argv: the name of a program, its arguments and %NULL
 * @error: return location
 *
 * Goes on as another program. Returns only when that fails.
 *
 * Thread: the main thread, when no other runs.
 * Errors: %G_IO_ERROR
 */
void mh_client_become (char **argv, GError **error);

G_END_DECLS
