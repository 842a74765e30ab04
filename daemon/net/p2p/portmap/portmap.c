/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap-private.h"

#include "net/p2p/host/host-private.h"

/* The system is asked from where it would send to this address; nothing is sent (RFC 5737). */
#define FAR_ADDRESS "192.0.2.1"
#define FAR_PORT 9

/* Services that are kept, to be tried one after another. */
#define MOST_SERVICES 16

void
mh_portmap_state_clear (MhPortmapState *state)
{
  g_clear_pointer (&state->external, mh_multiaddr_unref);
  g_clear_pointer (&state->error, g_free);
}

void
mh_portmap_tell (MhPortmap *self)
{
  if (self->changed != NULL)
    self->changed (self, self->data);
}

void
mh_portmap_set_error (MhPortmap *self, const char *text)
{
  g_autofree char *cut = text != NULL ? g_strndup (text, MH_PORTMAP_MAX_ERROR) : NULL;

  g_free (self->error);
  self->error = cut != NULL ? g_utf8_make_valid (cut, -1) : NULL;
}

/* Returns: (transfer full) (nullable): our address on the way out */
static char *
find_local (void)
{
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) far = g_inet_socket_address_new_from_string (FAR_ADDRESS, FAR_PORT);
  g_autoptr (GSocketAddress) local = NULL;

  if (socket == NULL || !g_socket_connect (socket, far, NULL, NULL))
    return NULL;
  local = g_socket_get_local_address (socket, NULL);
  if (local == NULL)
    return NULL;

  return g_inet_address_to_string (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local)));
}

/* -- time -- */

static gboolean on_look (gpointer data);

/* Looks after our own address meanwhile: a way out may come after the network that it leads over.
 */
static void
schedule_look (MhPortmap *self)
{
  gint64 left_ms = MAX (self->due_us - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND + 1;

  mh_source_drop (&self->timer);
  self->timer = g_timeout_source_new ((guint) MIN (left_ms, MH_PORTMAP_LOOK_MS));
  g_source_set_callback (self->timer, on_look, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->host));
}

void
mh_portmap_schedule (MhPortmap *self, guint least_ms)
{
  gint64 part_us = self->lease_s * G_TIME_SPAN_SECOND / MH_PORTMAP_PERIOD_PART;

  self->due_us =
      g_get_monotonic_time () + MAX (part_us, least_ms * (gint64) G_TIME_SPAN_MILLISECOND);
  schedule_look (self);
}

/* -- finding a router -- */

static void
on_found (MhIgdService *service, const GError *error, gpointer data)
{
  MhPortmap *self = data;

  if (service == NULL)
    {
      if (self->service != NULL)
        return;
      mh_portmap_set_error (self, error->message);
      mh_portmap_tell (self);
      return;
    }

  if (self->services->len >= MOST_SERVICES
      || g_ptr_array_find_with_equal_func (self->services, service,
                                           (GEqualFunc) mh_igd_service_equal, NULL))
    return;

  g_ptr_array_add (self->services, mh_igd_service_ref (service));
  if (self->service == NULL)
    {
      mh_source_drop (&self->timer);
      mh_portmap_use (self, service);
    }
}

void
mh_portmap_search (MhPortmap *self)
{
  g_autoptr (GInetAddress) local = NULL;
  g_autoptr (GError) error = NULL;

  self->is_known = FALSE;
  g_ptr_array_set_size (self->services, 0);
  g_clear_pointer (&self->finder, mh_igd_finder_free);
  mh_portmap_schedule (self, MH_IGD_FINDER_MS);
  if (self->port == 0 || self->local == NULL)
    return;

  local = g_inet_address_new_from_string (self->local);
  self->finder = mh_igd_finder_new (self->session, local, on_found, self, &error);
  if (self->finder == NULL)
    mh_portmap_set_error (self, error->message);
}

/* -- life -- */

/* Asks for what fits the addresses that we have now. */
static void
start (MhPortmap *self)
{
  g_free (self->local);
  self->local = find_local ();
  self->port = mh_listen_port (self->host, G_SOCKET_FAMILY_IPV4);
  self->router_port = self->port;
  self->tries = 0;
  mh_portmap_set_error (self, self->port == 0 ? "no TCP port is listened on on every interface"
                              : self->local == NULL ? "there is no way out over IPv4"
                                                    : NULL);
  mh_portmap_search (self);
  mh_portmap_tell (self);
}

void
mh_portmap_left (MhPortmap *self)
{
  self->is_leaving = FALSE;
  mh_portmap_set_service (&self->mapped_at, NULL);
  if (!self->is_stopping)
    {
      start (self);
      return;
    }

  g_mutex_lock (&self->lock);
  self->is_gone = TRUE;
  g_cond_signal (&self->gone);
  g_mutex_unlock (&self->lock);
}

/* Has the router take back what it maps, and starts anew after that, if there is no end. */
static void
leave (MhPortmap *self)
{
  mh_source_drop (&self->timer);
  mh_portmap_drop_external (self);
  g_clear_pointer (&self->finder, mh_igd_finder_free);
  g_ptr_array_set_size (self->services, 0);
  mh_portmap_set_service (&self->service, NULL);
  if (self->is_leaving)
    return;

  self->is_leaving = TRUE;
  mh_portmap_forget_call (self);
  if (self->mapped_at == NULL)
    mh_portmap_left (self);
  else
    mh_portmap_take_back (self);
}

/* What works is asked for again too: a router that was started anew has forgotten it. What a router
 * may still map, though it does not answer, is asked for again, and not taken back before. */
static gboolean
on_look (gpointer data)
{
  MhPortmap *self = data;
  g_autofree char *local = find_local ();

  mh_source_drop (&self->timer);
  if (g_strcmp0 (local, self->local) != 0
      || mh_listen_port (self->host, G_SOCKET_FAMILY_IPV4) != self->port)
    {
      leave (self);
    }
  else if (g_get_monotonic_time () < self->due_us)
    {
      schedule_look (self);
    }
  else if (self->service != NULL)
    {
      self->is_known = TRUE;
      mh_portmap_use (self, self->service);
    }
  else
    {
      mh_portmap_search (self);
    }

  return G_SOURCE_REMOVE;
}

static void
start_here (MhHost *host, gpointer data)
{
  MhPortmap *self = data;

  self->session = mh_igd_session_new ();
  start (self);
}

MhPortmap *
mh_portmap_new (MhHost *host, guint lease_s, MhPortmapChanged changed, gpointer data)
{
  MhPortmap *self = g_new0 (MhPortmap, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->gone);
  self->host = host;
  self->lease_s = lease_s != 0 ? lease_s : MH_PORTMAP_LEASE_S;
  self->changed = changed;
  self->data = data;
  self->services = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_igd_service_unref);
  mh_host_run (host, start_here, self);

  return self;
}

static void
stop_here (MhHost *host, gpointer data)
{
  MhPortmap *self = data;

  self->is_stopping = TRUE;
  leave (self);
}

/* Whether the router has answered or not. */
static void
close_here (MhHost *host, gpointer data)
{
  MhPortmap *self = data;

  mh_portmap_forget_call (self);
  mh_portmap_set_service (&self->mapped_at, NULL);
  soup_session_abort (self->session);
  g_clear_object (&self->session);
}

static void
wait_gone (MhPortmap *self)
{
  gint64 end_us = g_get_monotonic_time () + MH_PORTMAP_REMOVE_MS * (gint64) G_TIME_SPAN_MILLISECOND;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (!self->is_gone && in_time)
    in_time = g_cond_wait_until (&self->gone, &self->lock, end_us);
  g_mutex_unlock (&self->lock);
}

void
mh_portmap_free (MhPortmap *self)
{
  if (self == NULL)
    return;

  mh_host_run (self->host, stop_here, self);
  wait_gone (self);
  mh_host_run (self->host, close_here, self);
  g_ptr_array_unref (self->services);
  g_free (self->router_address);
  g_free (self->local);
  g_free (self->error);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->gone);
  g_free (self);
}

void
mh_portmap_state (const MhPortmap *self, MhPortmapState *out)
{
  *out = (MhPortmapState){ .available = self->external != NULL,
                           .port = self->port,
                           .lease_s = self->lease_s };
  out->external = self->external != NULL ? mh_multiaddr_ref (self->external) : NULL;
  out->error = g_strdup (self->error);
}
