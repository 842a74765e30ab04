/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap-private.h"

/* Ports that are tried, ours first, where others have them. */
#define MAX_TRIES 5

/* Ports that a router need not have for itself begin here (RFC 6335, 6). */
#define FIRST_USER_PORT 1024

/* Nothing is asked for more often, however short the lease. */
#define MIN_PERIOD_MS 1000

#define DESCRIPTION "MeshHold"

void
mh_portmap_set_service (MhIgdService **at, MhIgdService *service)
{
  if (service != NULL)
    mh_igd_service_ref (service);
  g_clear_pointer (at, mh_igd_service_unref);
  *at = service;
}

void
mh_portmap_drop_external (MhPortmap *self)
{
  if (self->external == NULL)
    return;

  mh_host_remove_own_address (self->host, self->external);
  g_clear_pointer (&self->external, mh_multiaddr_unref);
}

/* -- asking -- */

static void
on_answer (GBytes *body, const GError *error, gpointer data)
{
  MhPortmap *self = data;
  g_autofree char *address = NULL;
  g_autoptr (GError) why = error != NULL ? g_error_copy (error) : NULL;
  gboolean is_good;

  self->call = NULL;
  is_good = body != NULL
            && mh_igd_answer (g_bytes_get_data (body, NULL), g_bytes_get_size (body), self->asked,
                              &address, &why);
  self->done (self, is_good ? address : NULL, why);
}

/* Asks @service. @request: (transfer full). One call at a time. */
static void
ask (MhPortmap *self, MhIgdService *service, MhIgdRequest *request, MhPortmapDone done)
{
  self->asked = request->name;
  self->done = done;
  self->call = mh_igd_fetch (self->session, service->control, request, on_answer, self);
  mh_igd_request_free (request);
}

void
mh_portmap_forget_call (MhPortmap *self)
{
  if (self->call != NULL)
    mh_igd_fetch_forget (g_steal_pointer (&self->call));
}

/* -- the mapping -- */

/* The router in use does not do it. The next one is asked, and later all of them again. */
static void
fail (MhPortmap *self, const char *why)
{
  guint at = 0;
  guint next = g_ptr_array_find (self->services, self->service, &at) ? at + 1 : 0;

  self->is_permanent = FALSE;
  mh_portmap_drop_external (self);
  mh_portmap_set_error (self, why);
  if (next < self->services->len)
    {
      mh_portmap_use (self, self->services->pdata[next]);
      return;
    }

  mh_portmap_set_service (&self->service, NULL);
  if (self->is_known)
    mh_portmap_search (self);
  else
    mh_portmap_schedule (self, MH_IGD_FINDER_MS);
  mh_portmap_tell (self);
}

static void
on_mapped (MhPortmap *self, const char *nothing, const GError *error)
{
  g_autoptr (MhMultiaddr) address = NULL;

  if (error != NULL)
    {
      /* what is refused is not ours, and not ours to take back */
      if (error->domain == MH_IGD_FAULT)
        mh_portmap_set_service (&self->mapped_at, NULL);
      if (g_error_matches (error, MH_IGD_FAULT, MH_IGD_CONFLICT) && ++self->tries < MAX_TRIES)
        {
          self->router_port = (guint16) g_random_int_range (FIRST_USER_PORT, G_MAXUINT16 + 1);
          mh_portmap_use (self, self->service);
          return;
        }
      if (g_error_matches (error, MH_IGD_FAULT, MH_IGD_ONLY_PERMANENT) && !self->is_permanent)
        {
          self->is_permanent = TRUE;
          mh_portmap_use (self, self->service);
          return;
        }
      fail (self, error->message);
      return;
    }

  self->tries = 0;
  mh_portmap_schedule (self, MIN_PERIOD_MS);
  address = mh_multiaddr_new_tcp (self->router_address, self->router_port);
  if (self->external != NULL && mh_multiaddr_equal (self->external, address))
    return;

  mh_portmap_drop_external (self);
  mh_portmap_set_error (self, NULL);
  self->external = g_steal_pointer (&address);
  mh_host_add_own_address (self->host, self->external);
  mh_portmap_tell (self);
}

static void
on_address (MhPortmap *self, const char *text, const GError *error)
{
  g_autoptr (GInetAddress) address = NULL;
  MhIgdMapping mapping = { self->router_port, self->local, self->port, DESCRIPTION,
                           self->is_permanent ? 0 : self->lease_s };

  if (error != NULL)
    {
      fail (self, error->message);
      return;
    }

  if (text != NULL)
    address = g_inet_address_new_from_string (text);
  if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV4
      || g_inet_address_get_is_any (address) || g_inet_address_get_is_loopback (address))
    {
      fail (self, "the router does not know its own address");
      return;
    }

  g_free (self->router_address);
  self->router_address = g_strdup (text);
  mh_portmap_set_service (&self->mapped_at, self->service);
  ask (self, self->service, mh_igd_request_map (self->service, &mapping), on_mapped);
}

void
mh_portmap_use (MhPortmap *self, MhIgdService *service)
{
  mh_portmap_set_service (&self->service, service);
  ask (self, service, mh_igd_request_address (service), on_address);
}

static void
on_unmapped (MhPortmap *self, const char *nothing, const GError *error)
{
  if (error != NULL)
    g_debug ("portmap: the router did not take the port back: %s", error->message);
  mh_portmap_left (self);
}

void
mh_portmap_take_back (MhPortmap *self)
{
  ask (self, self->mapped_at, mh_igd_request_unmap (self->mapped_at, self->router_port),
       on_unmapped);
}
