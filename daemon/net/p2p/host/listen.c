/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "host-private.h"
#include "system.h"

/* Connections that the system holds for us while we are busy. */
#define BACKLOG 128

/* How long nothing is accepted when the system gives no more descriptors. */
#define PAUSE_MS 100

typedef struct
{
  MhHost *host;    /* (unowned) */
  GSocket *socket; /* (owned) */
  GSource *source; /* (owned): what wakes it: the socket, or the end of a pause */
  gboolean is_any; /* listens on every interface of its family */
  gboolean is_websocket;
  GSocketFamily family;
  guint16 port;
  MhMultiaddr *address; /* (owned): with the port that it has */
} Listener;

static void listen_again (Listener *self);

static void
listener_free (gpointer data)
{
  Listener *self = data;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  (void) g_socket_close (self->socket, NULL); /* nothing was written to it */
  g_object_unref (self->socket);
  mh_multiaddr_unref (self->address);
  g_free (self);
}

void
mh_listen_init (MhHost *host)
{
  host->listeners = g_ptr_array_new_with_free_func (listener_free);
}

void
mh_listen_clear (MhHost *host)
{
  g_ptr_array_set_size (host->listeners, 0);
}

/* Returns: (transfer full): host and port as an address, with `/ws` or without */
static MhMultiaddr *
address_of (const char *host, guint16 port, gboolean is_websocket)
{
  g_autofree char *text =
      g_strdup_printf ("/%s/%s/tcp/%u%s", strchr (host, ':') != NULL ? "ip6" : "ip4", host, port,
                       is_websocket ? "/ws" : "");

  return mh_multiaddr_new (text, NULL);
}

/* Returns: (transfer full) (nullable): the address of the other end, without its zone */
static MhMultiaddr *
remote_of (GSocket *socket, gboolean is_websocket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_remote_address (socket, NULL);
  g_autofree char *host = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;
  host = g_inet_address_to_string (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));

  return address_of (host, g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)),
                     is_websocket);
}

static gboolean
on_pause_over (gpointer data)
{
  Listener *self = data;

  g_clear_pointer (&self->source, g_source_unref);
  listen_again (self);

  return G_SOURCE_REMOVE;
}

/* A connection that cannot be taken stays where it is, and would wake us at once. */
static void
pause_listening (Listener *self)
{
  self->host->refusals.limits++;
  g_source_destroy (self->source);
  g_source_unref (self->source);
  self->source = g_timeout_source_new (PAUSE_MS);
  g_source_set_callback (self->source, on_pause_over, self, NULL);
  g_source_attach (self->source, mh_loop_context (self->host->loop));
}

static gboolean
on_incoming (GSocket *socket, GIOCondition condition, gpointer data)
{
  Listener *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) taken = g_socket_accept (socket, NULL, &error);
  MhLinkNew request = { .is_websocket = self->is_websocket };

  if (taken == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (taken == NULL)
    {
      pause_listening (self);
      return G_SOURCE_REMOVE;
    }
  request.remote = remote_of (taken, self->is_websocket);
  if (request.remote == NULL)
    return G_SOURCE_CONTINUE;
  if (!mh_manage_may_accept (self->host))
    {
      self->host->refusals.limits++;
      mh_multiaddr_unref (request.remote);
      return G_SOURCE_CONTINUE;
    }

  mh_system_no_delay (taken);
  request.socket = g_steal_pointer (&taken);
  mh_link_new (self->host, &request);

  return G_SOURCE_CONTINUE;
}

static void
listen_again (Listener *self)
{
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_incoming), self, NULL);
  g_source_attach (self->source, mh_loop_context (self->host->loop));
}

/* Returns: (transfer full) (nullable): a socket that listens, or %NULL with @error set */
static GSocket *
bind_socket (const MhMultiaddrTarget *target, GError **error)
{
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (target->host, target->port);
  g_autoptr (GSocket) socket = NULL;

  if (address == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s is no IP address",
                   target->host);
      return NULL;
    }
  socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;
  if (target->family == MH_MULTIADDR_IP6)
    mh_system_only_ipv6 (socket); /* IPv4 has listeners of its own */
  g_socket_set_listen_backlog (socket, BACKLOG);
  g_socket_set_blocking (socket, FALSE);
  if (!mh_system_bind_shared (socket, address, error) || !g_socket_listen (socket, error))
    return NULL;

  return g_steal_pointer (&socket);
}

/* Whether another program listens there: a port that is shared would not tell. */
static gboolean
check_free (const MhMultiaddrTarget *target, GError **error)
{
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (target->host, target->port);
  g_autoptr (GSocket) probe = NULL;

  if (address == NULL || target->port == 0)
    return TRUE;
  probe = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                        G_SOCKET_PROTOCOL_TCP, error);
  if (probe == NULL)
    return FALSE;
  if (target->family == MH_MULTIADDR_IP6)
    mh_system_only_ipv6 (probe);

  return g_socket_bind (probe, address, TRUE, error) && g_socket_listen (probe, error);
}

static Listener *
listener_new (MhHost *host, GSocket *socket, const MhMultiaddrTarget *target)
{
  Listener *self = g_new0 (Listener, 1);
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  GInetAddress *address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local));

  self->host = host;
  self->socket = g_object_ref (socket);
  self->is_websocket = target->transport == MH_TRANSPORT_WS;
  self->is_any = g_inet_address_get_is_any (address);
  self->family = g_inet_address_get_family (address);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
  self->address = address_of (target->host, self->port, self->is_websocket);
  listen_again (self);

  return self;
}

typedef struct
{
  MhHost *host;
  MhMultiaddr *address;
  GError *error;
} Listen;

static void
listen_here (gpointer data)
{
  Listen *listen = data;
  g_auto (MhMultiaddrTarget) target = { 0 };
  g_autoptr (GSocket) socket = NULL;

  if (!mh_multiaddr_target (listen->address, &target)
      || (target.transport != MH_TRANSPORT_TCP && target.transport != MH_TRANSPORT_WS))
    {
      g_autofree char *text = mh_multiaddr_to_text (listen->address);

      g_set_error (&listen->error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "%s: only TCP and WebSocket can be listened on", text);
      return;
    }
  if (!check_free (&target, &listen->error))
    return;
  socket = bind_socket (&target, &listen->error);
  if (socket == NULL)
    return;
  g_ptr_array_add (listen->host->listeners, listener_new (listen->host, socket, &target));
  listen->host->listened_port =
      ((Listener *) g_ptr_array_index (listen->host->listeners, listen->host->listeners->len - 1))
          ->port;
}

guint16
mh_host_listened_port (MhHost *self)
{
  return self->listened_port;
}

gboolean
mh_host_listen (MhHost *self, MhMultiaddr *address, GError **error)
{
  Listen listen = { self, address };

  mh_loop_run (self->loop, listen_here, &listen);
  if (listen.error == NULL)
    return TRUE;
  g_propagate_error (error, listen.error);

  return FALSE;
}

static void
append_interfaces (const Listener *self, GPtrArray *out)
{
  g_autoptr (GPtrArray) addresses = mh_system_addresses (self->family);

  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (out,
                     address_of (g_ptr_array_index (addresses, i), self->port, self->is_websocket));
}

guint16
mh_listen_port (MhHost *host, GSocketFamily family)
{
  for (guint i = 0; i < host->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (host->listeners, i);

      if (listener->family == family && listener->is_any && !listener->is_websocket)
        return listener->port;
    }

  return 0;
}

void
mh_listen_addresses (MhHost *host, GPtrArray *out)
{
  for (guint i = 0; i < host->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (host->listeners, i);

      if (listener->is_any)
        append_interfaces (listener, out);
      else
        g_ptr_array_add (out, mh_multiaddr_ref (listener->address));
    }
}
