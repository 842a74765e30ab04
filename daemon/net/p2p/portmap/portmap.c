/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap.h"

#include <libgssdp/gssdp.h>
#include <libgupnp-igd/gupnp-simple-igd.h>

#include "net/p2p/host/host-private.h"

/* The system is asked from where it would send to this address; nothing is sent (RFC 5737). */
#define FAR_ADDRESS "192.0.2.1"
#define FAR_PORT 9

#define DESCRIPTION "MeshHold"

struct _MhPortmap
{
  MhHost *host; /* (unowned) */
  guint lease_s;
  MhPortmapChanged changed; /* (nullable) */
  gpointer data;

  /* of the loop */
  GUPnPSimpleIgd *igd;   /* (owned) (nullable): holds itself while @is_leaving */
  gboolean is_leaving;   /* @igd takes back what it has mapped, and is heard no more */
  char *local;           /* (owned) (nullable): our address that is forwarded to */
  guint16 port;          /* of ours; 0 while none is forwarded */
  MhMultiaddr *external; /* (owned) (nullable) */
  char *error;           /* (owned) (nullable) */
  GSource *timer;        /* (owned) (nullable): until the next start */
  gboolean is_stopping;

  GMutex lock;
  GCond gone;
  gboolean is_gone; /* (locked-by lock): nothing is under way at the router any more */
};

void
mh_portmap_state_clear (MhPortmapState *state)
{
  g_clear_pointer (&state->external, mh_multiaddr_unref);
  g_clear_pointer (&state->error, g_free);
}

static void
tell (MhPortmap *self)
{
  if (self->changed != NULL)
    self->changed (self, self->data);
}

static void
set_error (MhPortmap *self, const char *text)
{
  g_autofree char *cut = text != NULL ? g_strndup (text, MH_PORTMAP_MAX_ERROR) : NULL;

  g_free (self->error);
  self->error = cut != NULL ? g_utf8_make_valid (cut, -1) : NULL;
}

static void
drop_external (MhPortmap *self)
{
  if (self->external == NULL)
    return;

  mh_host_remove_own_address (self->host, self->external);
  g_clear_pointer (&self->external, mh_multiaddr_unref);
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

/* -- the mapping -- */

/*
 * The library sends what it is asked all at once, and a router may take back the mapping after it
 * has made it anew. It also says nothing when a renewal works again, and nothing more once the
 * router did not know its own address. So a change is a start from the beginning, with an object
 * that is made when the last one is gone.
 */

static void start (MhPortmap *self);

static void
drop_timer (MhPortmap *self)
{
  if (self->timer == NULL)
    return;

  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
schedule (MhPortmap *self, guint after_ms, GSourceFunc func)
{
  if (self->timer != NULL)
    return;

  self->timer = g_timeout_source_new (after_ms);
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->host));
}

static gboolean
on_start (gpointer data)
{
  MhPortmap *self = data;

  drop_timer (self);
  start (self);

  return G_SOURCE_REMOVE;
}

/* The router has answered, or did not in time. Also called where the object is freed at once. */
static void
on_gone (gpointer data, GObject *igd)
{
  MhPortmap *self = data;

  self->igd = NULL;
  self->is_leaving = FALSE;
  if (!self->is_stopping)
    {
      schedule (self, 0, on_start);
      return;
    }

  g_mutex_lock (&self->lock);
  self->is_gone = TRUE;
  g_cond_signal (&self->gone);
  g_mutex_unlock (&self->lock);
}

/* Takes back what is mapped. The library holds the object itself until the router has answered. */
static void
leave (MhPortmap *self)
{
  drop_timer (self);
  drop_external (self);
  if (self->igd == NULL || self->is_leaving)
    return;

  self->is_leaving = TRUE;
  g_signal_handlers_disconnect_by_data (self->igd, self);
  if (self->port != 0 && self->local != NULL)
    gupnp_simple_igd_remove_port_local (self->igd, "TCP", self->local, self->port);
  self->port = 0;
  g_object_weak_ref (G_OBJECT (self->igd), on_gone, self);
  g_object_unref (self->igd);
}

static gboolean
on_leave (gpointer data)
{
  leave (data);

  return G_SOURCE_REMOVE;
}

/* A network is there. Returns: whether routers in it are none of ours */
static gboolean
on_context (GUPnPSimpleIgd *igd, GObject *context, MhPortmap *self)
{
  g_autofree char *local = find_local ();

  if (g_strcmp0 (local, self->local) != 0
      || mh_listen_port (self->host, G_SOCKET_FAMILY_IPV4) != self->port)
    schedule (self, 0, on_leave); /* not within a call of what would be freed */

  return g_strcmp0 (gssdp_client_get_host_ip (GSSDP_CLIENT (context)), self->local) != 0;
}

/* What the signal has behind these is of no interest. */
static void
on_mapped (MhPortmap *self, const char *protocol, const char *external_ip, const char *replaces_ip,
           guint external_port, const char *local_ip)
{
  g_autoptr (MhMultiaddr) address = NULL;

  if (self->port == 0 || g_strcmp0 (local_ip, self->local) != 0 || external_port == 0
      || external_port > G_MAXUINT16)
    return;
  if (external_ip != NULL)
    address = mh_multiaddr_new_tcp (external_ip, (guint16) external_port);
  if (self->external != NULL && address != NULL && mh_multiaddr_equal (self->external, address))
    return;

  drop_external (self);
  if (address == NULL || mh_multiaddr_is_loopback (address) || g_str_equal (external_ip, "0.0.0.0"))
    {
      set_error (self, "the router does not know its own address");
    }
  else
    {
      self->external = g_steal_pointer (&address);
      set_error (self, NULL);
      mh_host_add_own_address (self->host, self->external);
    }
  tell (self);
}

static void
on_error (MhPortmap *self, const GError *error)
{
  drop_external (self);
  set_error (self, error->message);
  schedule (self, MAX (self->lease_s * 1000 / MH_PORTMAP_RETRY_PART, 1000), on_leave);
  tell (self);
}

/* -- life -- */

/* Asks for what fits the addresses that we have now. */
static void
start (MhPortmap *self)
{
  guint16 port = mh_listen_port (self->host, G_SOCKET_FAMILY_IPV4);

  /* it takes the context of the thread that makes it */
  self->igd = gupnp_simple_igd_new ();
  g_signal_connect (self->igd, "context-available", G_CALLBACK (on_context), self);
  g_signal_connect_swapped (self->igd, "mapped-external-port", G_CALLBACK (on_mapped), self);
  g_signal_connect_swapped (self->igd, "error-mapping-port", G_CALLBACK (on_error), self);

  g_free (self->local);
  self->local = find_local ();
  self->port = port;
  if (port == 0)
    set_error (self, "no TCP port is listened on on every interface");
  else if (self->local == NULL)
    set_error (self, "there is no way out over IPv4");
  else
    gupnp_simple_igd_add_port (self->igd, "TCP", 0, self->local, port, self->lease_s, DESCRIPTION);
  tell (self);
}

static void
start_here (MhHost *host, gpointer data)
{
  start (data);
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
  mh_host_run (host, start_here, self);

  return self;
}

static void
stop_here (MhHost *host, gpointer data)
{
  MhPortmap *self = data;

  self->is_stopping = TRUE;
  leave (self);
  self->is_gone = self->igd == NULL;
}

/* The router takes too long. */
static void
give_up_here (MhHost *host, gpointer data)
{
  MhPortmap *self = data;

  if (self->igd != NULL)
    g_object_weak_unref (G_OBJECT (self->igd), on_gone, self);
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
  mh_host_run (self->host, give_up_here, self);
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
