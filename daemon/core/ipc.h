/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "base/ipc-path.h"

G_BEGIN_DECLS

/**
 * MhIpc:
 *
 * The local socket through which the owner's tray and command line reach the daemon without a
 * password: JSON lines, one request and one reply, any number per connection. Only processes of the
 * same user are served.
 */
typedef struct _MhIpc MhIpc;

/**
 * MhIpcHandler:
 * @request: one request; always an object
 * @user_data: as given to mh_ipc_new()
 *
 * Answers one request. Called on the loop, so it must neither block nor free the #MhIpc.
 *
 * Returns: (transfer full): one JSON object without a line feed
 */
typedef char *(*MhIpcHandler) (JsonObject *request, gpointer user_data);

/**
 * mh_ipc_new:
 * @path: where to listen, from mh_ipc_default_path()
 * @handler: answers the requests
 * @user_data: for @handler
 * @error: return location
 *
 * Listens in the thread-default main context. The folder of @path is created for the owner alone.
 * The socket of a daemon that is gone is replaced. A request may have 64 KiB and 64 connections may
 * be open; a longer request ends its connection, a malformed one only gets an error as its reply.
 *
 * Thread: the loop.
 * Errors: %MH_ERROR_CONFLICT "another daemon is running"; %MH_ERROR_FORBIDDEN for a folder that
 * others may write in; %MH_ERROR_FAILED. Returns: (transfer full): the listener, or %NULL with
 * @error set
 */
MhIpc *mh_ipc_new (const char *path, MhIpcHandler handler, gpointer user_data,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_ipc_free:
 * @self: (transfer full) (nullable): the listener
 *
 * Stops listening, ends every connection and removes the socket. Replies already given are
 * delivered.
 *
 * Thread: the loop.
 */
void mh_ipc_free (MhIpc *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhIpc, mh_ipc_free)

G_END_DECLS
