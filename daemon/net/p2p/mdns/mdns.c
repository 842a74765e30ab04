/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mdns.h"

#include "crypto/random.h"
#include "mdns-schedule.h"
/* host.h does not tell that a host is being freed, while its loop still has packets and times */
#include "net/p2p/host/host-private.h"
#include "system.h"

#define DIAL_TIMEOUT_MS 10000

/* RFC 6762 §11: what came from afar has less. */
#define TTL 255

/* Packets that are read before others have their turn. */
#define BATCH 16

/* A socket on one interface. */
typedef struct
{
  MhMdns *mdns; /* (unowned) */
  guint index;  /* of the interface */
  gboolean is_loopback;
  gboolean is_there;   /* the interface was seen in the last look at them */
  gboolean has_failed; /* sending, which is told once */
  GSocketFamily family;
  GSocket *socket;    /* (owned) */
  GSource *source;    /* (owned) */
  GSocketAddress *to; /* (owned): the group */
  MhMdnsSchedule schedule;
} Link;

struct _MhMdns
{
  MhHost *host; /* (unowned) */
  guint interval_ms;
  gboolean dials;
  MhMdnsFound found;
  gpointer data;
  char *instance;   /* (owned) */
  GPtrArray *links; /* (owned) (element-type Link) */
  GSource *timer;   /* (owned) (nullable) */
  gint64 rescan_ms;
  guint dialling;
  gboolean has_told; /* that there is no interface */
};

static void arm (MhMdns *self);

static gint64
get_now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

static void
link_free (gpointer data)
{
  Link *self = data;

  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  g_clear_object (&self->socket);
  g_clear_object (&self->to);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Link, link_free)

/* -- peers -- */

static void
on_dialled (MhHost *host, const GError *error, gpointer data)
{
  /* who fails is left alone for longer each time by the host, and may be of another network */
  ((MhMdns *) data)->dialling--;
}

static void
take_peer (MhMdns *self, const MhMdnsPeer *peer)
{
  if (mh_peer_id_equal (&peer->id, mh_host_id (self->host)))
    return;

  for (guint i = 0; i < peer->addresses->len; i++)
    mh_host_add_address (self->host, &peer->id, peer->addresses->pdata[i]);
  if (mh_host_is_connected (self->host, &peer->id))
    return;

  if (self->found != NULL)
    self->found (self->host, &peer->id, self->data);
  if (!self->dials || self->dialling >= MH_MDNS_MOST_DIALS)
    return;
  self->dialling++;
  mh_host_connect (self->host, &peer->id, DIAL_TIMEOUT_MS, on_dialled, self);
}

static void
take_packet (Link *self, const guint8 *data, gsize size, gint64 now_ms)
{
  g_autoptr (MhMdnsPacket) packet = mh_mdns_packet_parse (data, size, self->mdns->instance);
  guint8 random;

  if (packet == NULL)
    return;

  mh_random_bytes (&random, sizeof random);
  mh_mdns_schedule_asked (&self->schedule, packet->asks, random, now_ms);
  for (guint i = 0; i < packet->peers->len; i++)
    take_peer (self->mdns, packet->peers->pdata[i]);
}

static gboolean
on_packet (GSocket *socket, GIOCondition condition, gpointer data)
{
  Link *self = data;
  gint64 now_ms = get_now_ms ();
  guint8 bytes[MH_MDNS_MAX_PACKET + 1];

  if (self->mdns->host->is_closing)
    return G_SOURCE_REMOVE;
  for (guint i = 0; i < BATCH; i++)
    {
      gssize size = g_socket_receive (socket, (char *) bytes, sizeof bytes, NULL, NULL);

      if (size < 0)
        break;
      if (mh_mdns_schedule_admit (&self->schedule, now_ms))
        take_packet (self, bytes, (gsize) size, now_ms);
    }
  arm (self->mdns);

  return G_SOURCE_CONTINUE;
}

/* -- sending -- */

static void
send_packet (Link *self, GBytes *packet)
{
  g_autoptr (GError) error = NULL;
  gssize sent = g_socket_send_to (self->socket, self->to, g_bytes_get_data (packet, NULL),
                                  g_bytes_get_size (packet), NULL, &error);

  if (sent < 0 && !self->has_failed)
    g_debug ("mdns on interface %u: %s", self->index, error->message);
  self->has_failed = sent < 0;
}

/* Addresses of this machine alone mean somebody else elsewhere. */
static gboolean
is_for (const Link *self, const MhMultiaddr *address)
{
  return self->is_loopback || !mh_multiaddr_is_loopback (address);
}

static void
send_answer (Link *self, MhMdnsAsks asks)
{
  MhHost *host = self->mdns->host;
  g_autoptr (GPtrArray) all = mh_host_addresses (host);
  g_autoptr (GBytes) packet = NULL;

  for (guint i = all->len; i > 0; i--)
    if (!is_for (self, all->pdata[i - 1]))
      g_ptr_array_remove_index (all, i - 1);
  packet = mh_mdns_answer (asks, self->mdns->instance, mh_host_id (host), all);
  if (packet != NULL)
    send_packet (self, packet);
}

static void
link_tick (Link *self, gint64 now_ms)
{
  MhMdnsAsks asks = mh_mdns_schedule_answer (&self->schedule, now_ms);

  if (asks != MH_MDNS_ASKS_NOTHING)
    send_answer (self, asks);
  if (mh_mdns_schedule_query (&self->schedule, now_ms))
    {
      g_autoptr (GBytes) query = mh_mdns_query ();

      send_packet (self, query);
    }
}

/* -- interfaces -- */

static GSocketAddress *
group_on (GSocketFamily family, guint index)
{
  gboolean is_ipv4 = family == G_SOCKET_FAMILY_IPV4;
  g_autoptr (GInetAddress) group =
      g_inet_address_new_from_string (is_ipv4 ? MH_MDNS_GROUP_IPV4 : MH_MDNS_GROUP_IPV6);

  return g_object_new (G_TYPE_INET_SOCKET_ADDRESS, "address", group, "port", MH_MDNS_PORT,
                       "scope-id", is_ipv4 ? 0 : index, NULL);
}

/* Bound to the group, the socket receives what was sent to it and nothing from afar. */
static gboolean
link_open (Link *self, const char *name, GError **error)
{
  self->socket = g_socket_new (self->family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);
  if (self->socket == NULL)
    return FALSE;

  g_socket_set_blocking (self->socket, FALSE);
  g_socket_set_multicast_loopback (self->socket, TRUE);
  g_socket_set_multicast_ttl (self->socket, TTL);

  return g_socket_bind (self->socket, self->to, TRUE, error)
         && mh_mdns_socket_use (self->socket, self->index, error)
         && g_socket_join_multicast_group (
             self->socket, g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (self->to)),
             FALSE, name, error);
}

static void
add_link (MhMdns *self, const MhMdnsInterface *interface, GSocketFamily family)
{
  g_autoptr (Link) link = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->links->len; i++)
    {
      Link *other = g_ptr_array_index (self->links, i);

      if (other->index != interface->index || other->family != family)
        continue;
      other->is_there = TRUE;
      return;
    }
  if (self->links->len >= MH_MDNS_MOST_LINKS)
    return;

  link = g_new0 (Link, 1);
  link->mdns = self;
  link->index = interface->index;
  link->is_loopback = interface->is_loopback;
  link->is_there = TRUE;
  link->family = family;
  link->to = group_on (family, interface->index);
  link->schedule.interval_ms = self->interval_ms;
  if (!link_open (link, interface->name, &error))
    {
      g_debug ("mdns on %s: %s", interface->name, error->message);
      return;
    }
  link->source = g_socket_create_source (link->socket, G_IO_IN, NULL);
  g_source_set_callback (link->source, G_SOURCE_FUNC (on_packet), link, NULL);
  g_source_attach (link->source, mh_host_context (self->host));
  g_ptr_array_add (self->links, g_steal_pointer (&link));
}

static void
rescan (MhMdns *self, gint64 now_ms)
{
  g_autoptr (GPtrArray) interfaces = mh_mdns_interfaces ();

  self->rescan_ms = now_ms + MH_MDNS_RESCAN_MS;
  for (guint i = 0; i < self->links->len; i++)
    ((Link *) self->links->pdata[i])->is_there = FALSE;
  for (guint i = 0; i < interfaces->len; i++)
    {
      const MhMdnsInterface *interface = g_ptr_array_index (interfaces, i);

      if (interface->has_ipv4)
        add_link (self, interface, G_SOCKET_FAMILY_IPV4);
      if (interface->has_ipv6)
        add_link (self, interface, G_SOCKET_FAMILY_IPV6);
    }
  for (guint i = self->links->len; i > 0; i--)
    if (!((Link *) self->links->pdata[i - 1])->is_there)
      g_ptr_array_remove_index (self->links, i - 1);

  if (self->links->len == 0 && !self->has_told)
    g_info ("no interface takes multicast: peers on the local network are not found by mDNS");
  self->has_told = self->links->len == 0;
}

/* -- time -- */

static gboolean
on_timer (gpointer data)
{
  MhMdns *self = data;
  gint64 now_ms = get_now_ms ();

  if (self->host->is_closing)
    return G_SOURCE_REMOVE;
  if (self->rescan_ms <= now_ms)
    rescan (self, now_ms);
  for (guint i = 0; i < self->links->len; i++)
    link_tick (self->links->pdata[i], now_ms);
  arm (self);

  return G_SOURCE_REMOVE;
}

/* Sets the timer to what is due next. */
static void
arm (MhMdns *self)
{
  gint64 now_ms = get_now_ms ();
  gint64 wait_ms = MAX (self->rescan_ms - now_ms, 0);

  for (guint i = 0; i < self->links->len; i++)
    {
      const Link *link = g_ptr_array_index (self->links, i);

      wait_ms = MIN (wait_ms, mh_mdns_schedule_wait (&link->schedule, now_ms));
    }
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  self->timer = g_timeout_source_new ((guint) wait_ms);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->host));
}

MhMdns *
mh_mdns_new (MhHost *host, guint interval_ms, gboolean dials, MhMdnsFound found, gpointer data)
{
  guint8 random[MH_MDNS_INSTANCE_SIZE];
  MhMdns *self = g_new0 (MhMdns, 1);

  self->host = host;
  self->interval_ms = MAX (interval_ms, 1);
  self->dials = dials;
  self->found = found;
  self->data = data;
  mh_random_bytes (random, sizeof random);
  self->instance = mh_mdns_instance (random);
  self->links = g_ptr_array_new_with_free_func (link_free);
  rescan (self, get_now_ms ());
  arm (self);

  return self;
}

void
mh_mdns_free (MhMdns *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_ptr_array_unref (self->links);
  g_free (self->instance);
  g_free (self);
}

guint
mh_mdns_links (const MhMdns *self)
{
  return self->links->len;
}
