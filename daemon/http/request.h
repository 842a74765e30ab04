/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "content.h"
#include "route.h"

G_BEGIN_DECLS

/* One request on its way. The getters may be called on the thread that runs the handler. */

/* Returns: (transfer none): the service of a module; never %NULL for a module that has started */
gpointer mh_request_service (MhRequest *self, const char *module);

/* Returns: (transfer none): a decoded path parameter */
const char *mh_request_param (MhRequest *self, const char *name);

/* Returns: (transfer none) (nullable): the checked query, a struct of the contract */
gconstpointer mh_request_query (MhRequest *self);

/* Returns: (transfer none) (nullable): a request header */
const char *mh_request_header (MhRequest *self, const char *name);

/* Returns: (transfer none) (nullable): who asks; never %NULL on a route that is not open */
MhPrincipal *mh_request_principal (MhRequest *self);

/* Returns: (transfer none): the address of the client, without port */
const char *mh_request_address (MhRequest *self);

/* Returns: (transfer none): cancelled when the client has left or the deadline has passed */
GCancellable *mh_request_cancellable (MhRequest *self);

/* Adds a header to the answer. A second Set-Cookie joins the first, any other takes its place. */
void mh_request_set_header (MhRequest *self, const char *name, const char *value);

/* The answer is held back for @delay_ms milliseconds, at most 1,000, without holding a worker. */
void mh_request_set_delay (MhRequest *self, guint delay_ms);

/**
 * mh_request_read:
 * @self: a request of an upload route
 * @bytes: (out) (transfer full) (nullable): the next piece, %NULL at the end
 * @error: return location
 *
 * Thread: the worker of the handler. Waits for the client.
 * Errors: %MH_ERROR_INVALID when the client left early, %MH_ERROR_TOO_LARGE
 */
gboolean
mh_request_read (MhRequest *self, GBytes **bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_request_take_content:
 * @self: a request of a file route
 * @content: (transfer full): what is sent, with ranges and validators
 */
void mh_request_take_content (MhRequest *self, MhContent *content);

G_END_DECLS
