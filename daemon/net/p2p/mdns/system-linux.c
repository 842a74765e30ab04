/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "system.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

void
mh_mdns_interface_free (MhMdnsInterface *self)
{
  g_free (self->name);
  g_free (self);
}

/* Returns: (transfer none): the interface of that name, new if it was not there */
static MhMdnsInterface *
find (GPtrArray *all, const char *name)
{
  MhMdnsInterface *row;

  for (guint i = 0; i < all->len; i++)
    {
      row = g_ptr_array_index (all, i);
      if (g_str_equal (row->name, name))
        return row;
    }

  row = g_new0 (MhMdnsInterface, 1);
  row->name = g_strdup (name);
  row->index = if_nametoindex (name);
  g_ptr_array_add (all, row);

  return row;
}

GPtrArray *
mh_mdns_interfaces (void)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_mdns_interface_free);
  struct ifaddrs *all = NULL;

  if (getifaddrs (&all) != 0)
    return out;

  for (const struct ifaddrs *row = all; row != NULL; row = row->ifa_next)
    {
      gboolean is_ipv4 = row->ifa_addr != NULL && row->ifa_addr->sa_family == AF_INET;
      gboolean is_ipv6 = row->ifa_addr != NULL && row->ifa_addr->sa_family == AF_INET6;
      MhMdnsInterface *found;

      if ((!is_ipv4 && !is_ipv6) || (row->ifa_flags & IFF_UP) == 0
          || (row->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK)) == 0)
        continue;
      found = find (out, row->ifa_name);
      found->is_loopback = (row->ifa_flags & IFF_LOOPBACK) != 0;
      found->has_ipv4 = found->has_ipv4 || is_ipv4;
      found->has_ipv6 = found->has_ipv6 || is_ipv6;
    }
  freeifaddrs (all);

  return out;
}

static gboolean
set_option (GSocket *socket, int level, int option, gconstpointer value, socklen_t size)
{
  return setsockopt (g_socket_get_fd (socket), level, option, value, size) == 0;
}

gboolean
mh_mdns_socket_use (GSocket *socket, guint index, GError **error)
{
  struct ip_mreqn by_index = { .imr_ifindex = (int) index };
  int number = (int) index;
  int no = 0;
  gboolean is_good;

  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV4)
    is_good = set_option (socket, IPPROTO_IP, IP_MULTICAST_IF, &by_index, sizeof by_index)
              && set_option (socket, IPPROTO_IP, IP_MULTICAST_ALL, &no, sizeof no);
  else
    is_good = set_option (socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, &number, sizeof number);
  if (!is_good)
    g_set_error (error, G_IO_ERROR, (gint) g_io_error_from_errno (errno),
                 "interface %u takes no multicast: %s", index, g_strerror (errno));

  return is_good;
}
