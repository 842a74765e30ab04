/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "notify.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>

/* The protocol of sd_notify(3): one datagram to the socket named in the environment. */
void
mh_notify (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL || (path[0] != '/' && path[0] != '@'))
    return;

  address = path[0] == '@' ? g_unix_socket_address_new_with_type (path + 1, (int) strlen (path + 1),
                                                                  G_UNIX_SOCKET_ADDRESS_ABSTRACT)
                           : g_unix_socket_address_new (path);
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT,
                         &error);
  if (socket == NULL || g_socket_send_to (socket, address, state, strlen (state), NULL, &error) < 0)
    g_message ("telling the service manager: %s", error->message);
}
