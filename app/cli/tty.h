/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Returns: whether a person types what standard input gives */
gboolean mh_cli_tty_input (void);

/* Returns: columns of the terminal that shows standard error, or 0 when that is none */
guint mh_cli_tty_columns (void);

/**
 * mh_cli_tty_ask_secret:
 * @prompt: shown before the answer
 *
 * Asks at the terminal without showing the answer.
 *
 * Returns: (transfer full) (nullable): the answer; free it with mh_cli_tty_free_secret()
 */
char *mh_cli_tty_ask_secret (const char *prompt) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_tty_read_line:
 *
 * Returns: (transfer full) (nullable): a line of standard input without its end, at most 4096
 * bytes; free it with mh_cli_tty_free_secret()
 */
char *mh_cli_tty_read_line (void) G_GNUC_WARN_UNUSED_RESULT;

/* Overwrites @secret before it is freed. */
void mh_cli_tty_free_secret (char *secret);

/* Returns: (transfer full): standard input */
GInputStream *mh_cli_tty_stdin (void) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): standard output */
GOutputStream *mh_cli_tty_stdout (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
