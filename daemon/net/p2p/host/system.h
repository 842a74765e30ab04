/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * mh_system_addresses:
 * @family: IPv4 or IPv6
 *
 * Thread: any.
 * Returns: (transfer full) (element-type utf8): addresses of the interfaces that are up, as text,
 *   those of the loopback last, without those that need a zone
 */
GPtrArray *mh_system_addresses (GSocketFamily family) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Sends small pieces at once, and takes no more than what is about to leave: what waits, waits
 * where urgent streams can go before it. Where that can be had. Thread: any.
 */
void mh_system_no_delay (GSocket *socket);

/**
 * mh_system_bind_shared:
 * @socket: a TCP socket
 * @address: where to bind it
 * @error: return location
 *
 * Lets several sockets of this program have one port: one listens, the others dial. (GSocket
 * forbids it for TCP.)
 *
 * Thread: any.
 * Returns: %FALSE with @error set
 */
gboolean mh_system_bind_shared (GSocket *socket, GSocketAddress *address,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Has a socket of IPv6 listen for IPv6 alone, where that can be had. Thread: any. */
void mh_system_only_ipv6 (GSocket *socket);

G_END_DECLS
