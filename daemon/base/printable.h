/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_printable:
 * @text: bytes that somebody else has chosen
 * @most_bytes: of what is wanted of it
 *
 * Thread: any.
 * Returns: (transfer full): the first characters of @text, as UTF-8, with spaces in place of what a
 *   terminal obeys, what turns the direction of others, and what else cannot be seen; no spaces at
 *   its ends
 */
char *mh_printable (const char *text, gsize most_bytes) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
