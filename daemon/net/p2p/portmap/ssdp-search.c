/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ssdp-search.h"

#include <gio/gnetworking.h>
#include <string.h>

#include "net/p2p/host/host.h"

/* UDA 1.2.2 wants more than one search, as datagrams get lost, and a TTL that is small. */
#define TTL 2

/* Milliseconds between what is done: three searches, and the end of it. */
static const guint waits_ms[] = { 1000, 2000, (MH_IGD_ANSWER_S + 1) * 1000 };

/* Datagrams that are read before others have their turn. */
#define BATCH 16

struct _MhSsdpSearch
{
  MhSsdpFound found;
  gpointer data;
  GSocket *socket;      /* (owned) (nullable) */
  GSource *source;      /* (owned) (nullable): of the socket */
  GSource *timer;       /* (owned) (nullable) */
  GSocketAddress *to;   /* (owned) */
  GPtrArray *locations; /* (owned) (element-type utf8): those that were told of */
  guint sent;           /* searches so far */
};

static void
close_socket (MhSsdpSearch *self)
{
  mh_source_drop (&self->source);
  g_clear_object (&self->socket);
}

static void
attach (GSource *source, GSourceFunc func, MhSsdpSearch *self)
{
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

/* -- what comes -- */

static gboolean
is_of (GUri *location, GSocketAddress *from)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (g_uri_get_host (location));

  return G_IS_INET_SOCKET_ADDRESS (from)
         && g_inet_address_equal (address,
                                  g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (from)));
}

static void
take_datagram (MhSsdpSearch *self, const guint8 *bytes, gsize size, GSocketAddress *from)
{
  g_autoptr (GUri) location = mh_igd_location (bytes, size);
  g_autofree char *text = NULL;

  if (location == NULL || !is_of (location, from) || self->locations->len >= MH_SSDP_MOST_LOCATIONS)
    return;

  text = g_uri_to_string (location);
  if (g_ptr_array_find_with_equal_func (self->locations, text, g_str_equal, NULL))
    return;

  g_ptr_array_add (self->locations, g_steal_pointer (&text));
  self->found (location, self->data);
}

static gboolean
on_datagram (GSocket *socket, GIOCondition condition, gpointer data)
{
  MhSsdpSearch *self = data;
  guint8 bytes[MH_IGD_MAX_DATAGRAM + 1];

  for (guint i = 0; i < BATCH; i++)
    {
      g_autoptr (GSocketAddress) from = NULL;
      gssize size = g_socket_receive_from (socket, &from, (char *) bytes, sizeof bytes, NULL, NULL);

      if (size < 0)
        break;
      take_datagram (self, bytes, (gsize) size, from);
    }

  return G_SOURCE_CONTINUE;
}

/* -- what goes -- */

/* The first target that cannot be sent to tells about all. */
static gboolean
send_all (MhSsdpSearch *self, GError **error)
{
  for (guint i = 0; i < MH_IGD_TARGETS; i++)
    {
      g_autoptr (GBytes) search = mh_igd_search (i);

      if (g_socket_send_to (self->socket, self->to, g_bytes_get_data (search, NULL),
                            g_bytes_get_size (search), NULL, error)
          < 0)
        return FALSE;
    }

  return TRUE;
}

static gboolean on_timer (gpointer data);

static void
step (MhSsdpSearch *self)
{
  mh_source_drop (&self->timer);
  self->timer = g_timeout_source_new (waits_ms[self->sent++]);
  attach (self->timer, on_timer, self);
}

static gboolean
on_timer (gpointer data)
{
  MhSsdpSearch *self = data;
  g_autoptr (GError) error = NULL;

  if (self->sent == G_N_ELEMENTS (waits_ms))
    {
      mh_source_drop (&self->timer);
      close_socket (self);
      return G_SOURCE_REMOVE;
    }

  if (!send_all (self, &error))
    g_debug ("portmap: searching for routers again: %s", error->message);
  step (self);

  return G_SOURCE_REMOVE;
}

/* -- life -- */

static gboolean
open_socket (MhSsdpSearch *self, GInetAddress *local, GError **error)
{
  g_autoptr (GSocketAddress) from = g_inet_socket_address_new (local, 0);
  gint interface; /* the address of it, as the option has it */

  self->socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);
  if (self->socket == NULL || !g_socket_bind (self->socket, from, FALSE, error))
    return FALSE;

  memcpy (&interface, g_inet_address_to_bytes (local), sizeof interface);
  g_socket_set_blocking (self->socket, FALSE);
  g_socket_set_multicast_ttl (self->socket, TTL);

  return g_socket_set_option (self->socket, IPPROTO_IP, IP_MULTICAST_IF, interface, error);
}

MhSsdpSearch *
mh_ssdp_search_new (GInetAddress *local, MhSsdpFound found, gpointer data, GError **error)
{
  g_autoptr (MhSsdpSearch) self = g_new0 (MhSsdpSearch, 1);

  g_return_val_if_fail (g_inet_address_get_family (local) == G_SOCKET_FAMILY_IPV4, NULL);

  self->found = found;
  self->data = data;
  self->locations = g_ptr_array_new_with_free_func (g_free);
  self->to = g_inet_socket_address_new_from_string (MH_IGD_GROUP, MH_IGD_GROUP_PORT);
  if (!open_socket (self, local, error) || !send_all (self, error))
    return NULL;

  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  attach (self->source, G_SOURCE_FUNC (on_datagram), self);
  step (self);

  return g_steal_pointer (&self);
}

void
mh_ssdp_search_free (MhSsdpSearch *self)
{
  if (self == NULL)
    return;

  mh_source_drop (&self->timer);
  close_socket (self);
  g_object_unref (self->to);
  g_ptr_array_unref (self->locations);
  g_free (self);
}
