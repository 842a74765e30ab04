/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What mDNS needs of the operating system. */

typedef struct
{
  char *name; /* (owned) */
  guint index;
  gboolean is_loopback;
  gboolean has_ipv4;
  gboolean has_ipv6;
} MhMdnsInterface;

/* Frees it. */
void mh_mdns_interface_free (MhMdnsInterface *self);

/* Returns: (transfer full) (element-type MhMdnsInterface): interfaces that are up and carry
 *   multicast, and the loopback. Thread: any. */
GPtrArray *mh_mdns_interfaces (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_mdns_socket_use:
 * @socket: a socket of UDP
 * @index: an interface
 * @error: return location
 *
 * Has the socket send multicast there, and receive only what the groups bring that it joined.
 *
 * Thread: any.
 * Errors: those of sockets
 * Returns: %FALSE with @error set
 */
gboolean
mh_mdns_socket_use (GSocket *socket, guint index, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
