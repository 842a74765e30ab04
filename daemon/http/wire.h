/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * mh_wire_new:
 * @connection: an accepted connection
 * @is_idle: asked when the client has closed: whether no request is on its way
 * @user_data: for @is_idle; outlives the stream
 *
 * A stream around @connection that fails where a body in chunks is malformed or cut off, see
 * MhFraming, and that gives one byte of nonsense before the end of an idle connection.
 * libsoup 3.2.3 forgets, with file descriptor and memory, a connection that is closed between two
 * requests; a request that breaks off it tidies up. (Upstream mended that after 3.2.)
 *
 * Returns: (transfer full): the stream for soup_server_accept_iostream()
 */
GIOStream *mh_wire_new (GSocketConnection *connection, gboolean (*is_idle) (gpointer user_data),
                        gpointer user_data);

G_END_DECLS
