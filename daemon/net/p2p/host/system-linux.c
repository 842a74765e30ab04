/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "system.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/* Bytes that the system may hold before they are sent. */
#define MOST_UNSENT (128 * 1024)

static void
append (const struct ifaddrs *row, GSocketFamily family, GPtrArray *out)
{
  const struct sockaddr_in *four = (const void *) row->ifa_addr;
  const struct sockaddr_in6 *six = (const void *) row->ifa_addr;
  g_autoptr (GInetAddress) address = NULL;

  if (family == G_SOCKET_FAMILY_IPV4)
    address = g_inet_address_new_from_bytes ((const guint8 *) &four->sin_addr, family);
  else
    address = g_inet_address_new_from_bytes ((const guint8 *) &six->sin6_addr, family);
  if (!g_inet_address_get_is_link_local (address))
    g_ptr_array_add (out, g_inet_address_to_string (address));
}

GPtrArray *
mh_system_addresses (GSocketFamily family)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  struct ifaddrs *all = NULL;

  if (getifaddrs (&all) != 0)
    return out;

  for (guint loopback = 0; loopback < 2; loopback++)
    for (const struct ifaddrs *row = all; row != NULL; row = row->ifa_next)
      if (row->ifa_addr != NULL && row->ifa_addr->sa_family == (int) family
          && (row->ifa_flags & IFF_UP) != 0 && ((row->ifa_flags & IFF_LOOPBACK) != 0) == loopback)
        append (row, family, out);
  freeifaddrs (all);

  return out;
}

void
mh_system_no_delay (GSocket *socket)
{
  /* only slower without */
  (void) !g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  (void) !g_socket_set_option (socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, MOST_UNSENT, NULL);
}

void
mh_system_only_ipv6 (GSocket *socket)
{
  (void) !g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL); /* then binding tells */
}

gboolean
mh_system_bind_shared (GSocket *socket, GSocketAddress *address, GError **error)
{
  struct sockaddr_storage native;
  gssize size = g_socket_address_get_native_size (address);
  int errnum;

  (void) !g_socket_set_option (socket, SOL_SOCKET, SO_REUSEADDR, 1, NULL); /* binding tells */
  (void) !g_socket_set_option (socket, SOL_SOCKET, SO_REUSEPORT, 1, NULL);
  if (!g_socket_address_to_native (address, &native, sizeof native, error))
    return FALSE;
  if (bind (g_socket_get_fd (socket), (struct sockaddr *) &native, (socklen_t) size) == 0)
    return TRUE;

  errnum = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errnum), "binding to a port: %s",
               g_strerror (errnum));

  return FALSE;
}
