/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_log_setup:
 * @level: debug, info, warn or error
 * @format: console or json
 *
 * From now on every message of GLib's logging goes to stderr, one line each. Call once.
 */
void mh_log_setup (const char *level, const char *format);

/**
 * mh_log_auth_failure:
 * @address: of the client
 * @path: of the request
 * @left: attempts left
 *
 * The line that fail2ban looks for: message `auth login failed`, level warn, the address as `ip`.
 */
void mh_log_auth_failure (const char *address, const char *path, guint left);

G_END_DECLS
