/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap-private.h"

#include "net/p2p/host/host-private.h"

/* The system is asked from where it would send to this address; nothing is sent (RFC 5737). */
#define FAR_ADDRESS "192.0.2.1"
#define FAR_PORT 9

/* The pause after the program broke is doubled as often as this, and begins anew after a mapping
 * that lasted for so many periods. */
#define MOST_DOUBLINGS 6
#define STEADY_PERIODS 2

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

/* @text: (nullable): what people are told */
static void
set_error (MhPortmap *self, const char *text)
{
  g_free (self->error);
  self->error = g_strdup (text);
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

/* -- time -- */

static void start (MhPortmap *self);

/* A way out may come after the network that it leads over, and go: the program that asks is started
 * when it is time, and has to end when what it asks for is none of ours any more. */
static gboolean
on_look (gpointer data)
{
  MhPortmap *self = data;
  g_autofree char *local = find_local ();
  gboolean is_other = g_strcmp0 (local, self->local) != 0
                      || mh_listen_port (self->host, G_SOCKET_FAMILY_IPV4) != self->port;

  if (self->child != NULL && is_other)
    {
      drop_external (self);
      mh_portmap_child_leave (self->child);
    }
  else if (self->child == NULL && (is_other || g_get_monotonic_time () >= self->due_us))
    {
      start (self);
    }

  return G_SOURCE_CONTINUE;
}

static void
look_after (MhPortmap *self)
{
  self->timer = g_timeout_source_new (MIN (MH_PORTMAP_LOOK_MS, self->pause_ms));
  g_source_set_callback (self->timer, on_look, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->host));
}

/* -- life -- */

static void
on_mapped (MhPortmap *self, const char *address, guint16 port)
{
  g_autoptr (MhMultiaddr) external = mh_multiaddr_new_tcp (address, port);

  if (self->external != NULL && mh_multiaddr_equal (self->external, external))
    return;

  drop_external (self);
  set_error (self, NULL);
  self->external = g_steal_pointer (&external);
  if (self->mapped_us == 0)
    self->mapped_us = g_get_monotonic_time ();
  mh_host_add_own_address (self->host, self->external);
  tell (self);
}

static void
on_failed (MhPortmap *self, const char *text)
{
  if (text == NULL && self->external != NULL)
    text = "the router does not answer any more";
  drop_external (self);
  set_error (self, text);
  tell (self);
}

/* That the program broke is told when it does so again: once, it costs nothing. */
static void
note_broken (MhPortmap *self)
{
  if (self->mapped_us != 0
      && g_get_monotonic_time () - self->mapped_us
             >= STEADY_PERIODS * self->period_s * G_TIME_SPAN_SECOND)
    self->broken = 0;
  drop_external (self);
  if (self->broken > 0)
    set_error (self, "the program that asks routers ends by itself again and again");
  tell (self);
}

/* A router is looked for again after a while: soon where only the program broke, unless it does so
 * again and again. */
static void
schedule (MhPortmap *self, gboolean is_broken)
{
  guint ms = self->pause_ms;

  self->mapped_us = 0;
  if (is_broken)
    ms = MIN (ms, (guint) MH_PORTMAP_PAUSE_MS << MIN (self->broken, (guint) MOST_DOUBLINGS));
  self->broken = is_broken ? self->broken + 1 : 0;
  self->due_us = g_get_monotonic_time () + ms * (gint64) G_TIME_SPAN_MILLISECOND;
}

static void
on_ended (MhPortmap *self, MhPortmapEnd how)
{
  g_clear_pointer (&self->child, mh_portmap_child_unref);
  if (how == MH_PORTMAP_BROKE)
    note_broken (self);
  schedule (self, how == MH_PORTMAP_BROKE);
  if (self->is_stopping)
    {
      g_mutex_lock (&self->lock);
      self->is_gone = TRUE;
      g_cond_signal (&self->gone);
      g_mutex_unlock (&self->lock);
    }
  else if (how == MH_PORTMAP_LEFT)
    {
      start (self);
    }
}

static const MhPortmapChildEvents events = { on_mapped, on_failed, on_ended };

/* Asks for what fits the addresses that we have now. */
static void
start (MhPortmap *self)
{
  g_autofree char *before = g_steal_pointer (&self->error);
  guint16 port = mh_listen_port (self->host, G_SOCKET_FAMILY_IPV4);
  g_autofree char *local = find_local ();
  gboolean is_other = g_strcmp0 (local, self->local) != 0 || port != self->port;
  g_autoptr (GError) error = NULL;

  g_free (self->local);
  self->local = g_steal_pointer (&local);
  self->port = port;
  if (self->port == 0)
    set_error (self, "no TCP port is listened on on every interface");
  else if (self->local == NULL)
    set_error (self, "there is no way out over IPv4");
  else
    self->child = mh_portmap_child_new (self, &events, &error);

  if (error != NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s cannot be started", self->program);

      g_warning ("portmap: %s", error->message);
      set_error (self, text);
    }
  else if (self->error == NULL && !is_other)
    self->error = g_steal_pointer (&before); /* until more is known */
  if (self->child == NULL)
    schedule (self, FALSE);
  tell (self);
}

static void
start_here (MhHost *host, gpointer data)
{
  MhPortmap *self = data;

  look_after (self);
  start (self);
}

MhPortmap *
mh_portmap_new (MhHost *host, const MhPortmapNew *new, MhPortmapChanged changed, gpointer data)
{
  MhPortmap *self = g_new0 (MhPortmap, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->gone);
  self->host = host;
  self->program = g_strdup (new->program);
  self->lease_s = new->lease_s != 0 ? new->lease_s : MH_PORTMAP_LEASE_S;
  self->period_s = MAX (self->lease_s / MH_PORTMAP_PERIOD_PART, 1);
  self->pause_ms = MAX (self->period_s * 1000, MH_PORTMAP_PAUSE_MS);
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
  self->changed = NULL;
  mh_source_drop (&self->timer);
  drop_external (self);
  if (self->child != NULL)
    mh_portmap_child_leave (self->child);
  else
    self->is_gone = TRUE;
}

void
mh_portmap_free (MhPortmap *self)
{
  if (self == NULL)
    return;

  mh_host_run (self->host, stop_here, self);
  g_mutex_lock (&self->lock);
  while (!self->is_gone) /* its child is killed after MH_PORTMAP_REMOVE_MS */
    g_cond_wait (&self->gone, &self->lock);
  g_mutex_unlock (&self->lock);
  g_free (self->program);
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
