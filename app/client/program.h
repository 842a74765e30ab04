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
 * mh_client_set_locale:
 *
 * Makes gettext speak the language of the user, from the build tree or from the system.
 *
 * Thread: the main thread, before any other runs.
 */
void mh_client_set_locale (void);

G_END_DECLS
