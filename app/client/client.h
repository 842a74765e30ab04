/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define MH_CLIENT_ERROR (mh_client_error_quark ())

/**
 * MhClientError:
 *
 * Why a client of the daemon failed. The values are the exit codes of the command line.
 */
typedef enum
{
  MH_CLIENT_ERROR_FAILED = 1,
  MH_CLIENT_ERROR_USAGE = 2,
  MH_CLIENT_ERROR_UNREACHABLE = 3,
  MH_CLIENT_ERROR_AUTH = 4,
  MH_CLIENT_ERROR_NOT_FOUND = 5,
} MhClientError;

GQuark mh_client_error_quark (void);

/**
 * mh_client_request:
 * @op: what to ask for, for example `status`
 *
 * Returns: (transfer full): one line of the daemon's local protocol, with its line feed
 */
char *mh_client_request (const char *op) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_parse_reply:
 * @line: what the daemon answered
 * @error: return location
 *
 * Errors: %MH_CLIENT_ERROR_FAILED for text that is no reply, and for a refusal of the daemon
 * Returns: (transfer full): the reply
 */
JsonObject *mh_client_parse_reply (const char *line, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_is_local_url:
 * @url: an address
 *
 * Returns: whether @url leads to a web server of this machine: only such a one gets a token or is
 *   opened
 */
gboolean mh_client_is_local_url (const char *url) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_connect:
 * @home: (nullable): as given with `--home`
 * @error: return location
 *
 * Connects to the daemon's local socket and makes sure that it belongs to our user.
 *
 * Thread: any. Blocks, but only for a daemon that hangs.
 * Errors: %MH_CLIENT_ERROR_UNREACHABLE
 * Returns: (transfer full): the connection
 */
GSocketConnection *mh_client_connect (const char *home, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_call:
 * @home: (nullable): as given with `--home`
 * @op: what to ask for
 * @error: return location
 *
 * One request, one reply, with a deadline of 10 seconds.
 *
 * Thread: any. Blocks.
 * Errors: %MH_CLIENT_ERROR_UNREACHABLE, %MH_CLIENT_ERROR_FAILED
 * Returns: (transfer full): the reply
 */
JsonObject *
mh_client_call (const char *home, const char *op, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_client_quit:
 * @home: (nullable): as given with `--home`
 * @error: return location
 *
 * Asks the daemon to end and waits until it has let go of its socket, at most 10 seconds.
 *
 * Thread: any. Blocks.
 * Errors: %MH_CLIENT_ERROR_UNREACHABLE, %MH_CLIENT_ERROR_FAILED
 */
gboolean mh_client_quit (const char *home, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
