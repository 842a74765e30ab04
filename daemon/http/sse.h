/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "request.h"

G_BEGIN_DECLS

/* One open stream of server-sent events. Everything happens on the loop. */
typedef struct _MhSse MhSse;

/**
 * mh_sse_open:
 * @request: a request of an sse route
 * @closed: called once when the stream has ended; @sse is invalid afterwards
 * @user_data: for @closed
 * @error: return location
 *
 * Sends ": connected" at once and ": keepalive" every 20 seconds. The stream ends when the client
 * leaves, when its session ends, or when the client is more than 1 MiB behind.
 *
 * Errors: %MH_ERROR_UNAVAILABLE when too many streams are open
 * Returns: (transfer none): the stream; it belongs to the request
 */
MhSse *mh_sse_open (MhRequest *request, void (*closed) (MhSse *sse, gpointer user_data),
                    gpointer user_data, GError **error);

/**
 * mh_sse_send:
 * @self: the stream
 * @id: (nullable): for Last-Event-ID
 * @event: event name
 * @data: one line of text
 */
void mh_sse_send (MhSse *self, const char *id, const char *event, const char *data);

G_END_DECLS
