/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How people write sizes and times: "500GB" and "1.5 TB" in powers of 1000, "500GiB" and "500G" of
 * 1024, "500", and "none", which is 0; "30d", "12h", "10m" and "90s". Case makes no difference, but
 * "Gb", which would be bits, is refused. Errors: %MH_CLIENT_ERROR_USAGE. */
gboolean
mh_cli_parse_size (const char *text, gint64 *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mh_cli_parse_time (const char *text, gint64 *ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the same in the other direction, in the largest unit that has no rest
 */
char *mh_cli_format_time (gint64 ms) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
