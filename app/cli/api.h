/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "client/client.h"

G_BEGIN_DECLS

/**
 * MhCliApi:
 *
 * The REST API of the daemon as one user of it sees it. One thread uses it at a time.
 */
typedef struct _MhCliApi MhCliApi;

/**
 * mh_cli_api_new:
 * @home: (nullable): as given with `--home`
 * @url: (nullable): as given with `--api`
 * @error: return location
 *
 * Asks the daemon for its address and a token, unless `$MESHHOLD_TOKEN` and @url say both.
 *
 * Thread: any. Blocks.
 * Errors: %MH_CLIENT_ERROR_UNREACHABLE; %MH_CLIENT_ERROR_USAGE for a @url of another machine
 * Returns: (transfer full): the API
 */
MhCliApi *
mh_cli_api_new (const char *home, const char *url, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_api_new_open:
 * @home: (nullable): as given with `--home`
 * @url: (nullable): as given with `--api`
 * @error: return location
 *
 * As mh_cli_api_new(), for the routes that need no token.
 *
 * Thread: any. Blocks.
 * Returns: (transfer full): the API
 */
MhCliApi *
mh_cli_api_new_open (const char *home, const char *url, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_api_copy:
 * @self: the API
 *
 * Returns: (transfer full): the same access, for another thread
 */
MhCliApi *mh_cli_api_copy (MhCliApi *self) G_GNUC_WARN_UNUSED_RESULT;

void mh_cli_api_free (MhCliApi *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhCliApi, mh_cli_api_free)

/**
 * mh_cli_api_message:
 * @self: the API
 * @method: for example `GET`
 * @path: path and query, percent-encoded
 * @error: return location
 *
 * Errors: %MH_CLIENT_ERROR_USAGE for a @path that is none
 * Returns: (transfer full): a request with the credential in it
 */
SoupMessage *mh_cli_api_message (MhCliApi *self, const char *method, const char *path,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_api_send:
 * @self: the API
 * @message: the request
 * @error: return location
 *
 * Thread: any. Blocks until the head of the answer is there, whatever its status is.
 * Errors: %MH_CLIENT_ERROR_UNREACHABLE
 * Returns: (transfer full): the body
 */
GInputStream *
mh_cli_api_send (MhCliApi *self, SoupMessage *message, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_api_check:
 * @message: an answered request
 * @body: its body
 * @error: return location
 *
 * Errors: what the daemon says, for every status but 2xx: %MH_CLIENT_ERROR_AUTH for 401 and 403,
 *   %MH_CLIENT_ERROR_NOT_FOUND for 404, else %MH_CLIENT_ERROR_FAILED
 */
gboolean mh_cli_api_check (SoupMessage *message, GInputStream *body,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_api_call:
 * @self: the API
 * @method: for example `POST`
 * @path: path and query, percent-encoded
 * @body: (nullable): JSON text
 * @error: return location
 *
 * Thread: any. Blocks.
 * Errors: as mh_cli_api_send() and mh_cli_api_check()
 * Returns: (transfer full): the answer; a null node for an empty one
 */
JsonNode *mh_cli_api_call (MhCliApi *self, const char *method, const char *path, const char *body,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_api_set_admin_token:
 * @message: a request
 * @token: content of the admin token file
 */
void mh_cli_api_set_admin_token (SoupMessage *message, const char *token);

/**
 * mh_cli_api_tail:
 * @path: a path in a vault, beginning with a slash
 *
 * Returns: (transfer full): @path with each of its segments percent-encoded
 */
char *mh_cli_api_tail (const char *path) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
