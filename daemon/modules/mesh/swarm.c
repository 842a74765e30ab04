/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "swarm.h"

#include <string.h>

#include "base/error.h"
#include "net/p2p/dcutr/dcutr.h"
#include "net/p2p/identify/identify.h"
#include "net/p2p/kad/kad.h"
#include "net/p2p/mdns/mdns.h"
#include "net/p2p/perf/perf.h"
#include "net/p2p/ping/ping.h"
#include "net/p2p/relay/relay.h"
#include "seek.h"

/* RFC 6762 has no word on this; between the 10 s of go-libp2p and a minute. */
#define MDNS_INTERVAL_MS 20000

/* Relays at which we have a place, while we cannot be reached otherwise. */
#define MOST_RELAYS 2

#define HOP_PROTOCOL "/libp2p/circuit/relay/0.2.0/hop"

struct _MhSwarm
{
  MhSwarmNew request; /* with what is copied left out */
  char *network_id;   /* (owned) */
  char **bootstrap;   /* (owned) (nullable): until it has started */
  char **announce;    /* (owned) (nullable) */
  MhHost *host;       /* (owned) */
  MhDirectory *directory;
  MhIdentify *identify;
  MhPubsub *pubsub;
  MhRelay *relay; /* (nullable) */
  MhRelayClient *client;
  MhDcutr *dcutr;
  MhKad *kad;
  MhMdns *mdns;       /* (nullable) */
  MhPortmap *portmap; /* (nullable) */
  MhAutonat *autonat;
  MhGreet *greet;
  MhSeek *seek;
  MhKeypush *keypush;
  GHashTable *topics; /* (owned) (element-type utf8 Topic): of the loop */
};

typedef struct
{
  MhSwarmMessage func;
  gpointer data;
} Topic;

/* -- events, on the loop -- */

static void
on_presence (const MhPeerId *peer, gboolean is_here, gpointer data)
{
  MhSwarm *self = data;

  if (is_here)
    mh_seek_wake (self->seek, peer);
  self->request.events->presence (peer, is_here, self->request.data);
}

static void
on_node (const MhPeerId *peer, gpointer data)
{
  MhSwarm *self = data;

  self->request.events->changed (peer, self->request.data);
}

static void
on_message (const MhGossipsubMessage *message, gpointer data)
{
  MhSwarm *self = data;

  const Topic *topic = g_hash_table_lookup (self->topics, message->topic);

  mh_greet_take_gossip (self->greet, message);
  if (topic != NULL)
    topic->func (&message->from, message->data, topic->data);
}

static const MhPubsubEvents pubsub_events = { NULL, on_message, NULL };

static gboolean
may (const MhPeerId *peer, gpointer data)
{
  MhSwarm *self = data;

  return self->request.events->may (peer, self->request.data);
}

static const MhDirectoryEvents directory_events = { may, on_presence, on_node };

static void
on_connected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhSwarm *self = data;

  self->request.events->changed (peer, self->request.data);
}

static void
on_disconnected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhSwarm *self = data;

  self->request.events->changed (peer, self->request.data);
}

/* Where nobody can dial us, relays keep a place for us. */
static void
use_relays (MhSwarm *self)
{
  g_autoptr (GPtrArray) peers = mh_host_peers (self->host);
  guint used = 0;

  if (mh_autonat_state (self->autonat).reach == MH_AUTONAT_PUBLIC)
    return;
  for (guint i = 0; i < peers->len && used < MOST_RELAYS; i++)
    if (mh_host_speaks (self->host, g_ptr_array_index (peers, i), HOP_PROTOCOL))
      {
        used++;
        if (!mh_relay_client_has (self->client, g_ptr_array_index (peers, i)))
          mh_relay_client_use (self->client, g_ptr_array_index (peers, i));
      }
}

static void
on_identified (MhHost *host, const MhPeerId *peer, gpointer data)
{
  use_relays (data);
}

static void
on_own_changed (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhSwarm *self = data;

  self->request.events->reach (self->request.data);
}

static void
on_reach (MhAutonat *autonat, gpointer data)
{
  MhSwarm *self = data;

  if (self->autonat != NULL)
    use_relays (self);
  self->request.events->reach (self->request.data);
}

static void
on_portmap (MhPortmap *portmap, gpointer data)
{
  MhSwarm *self = data;

  self->request.events->reach (self->request.data);
}

static void
on_learned (const MhPeerId *peer, GBytes *record, gpointer data)
{
  MhSwarm *self = data;

  self->request.events->learned (peer, record, self->request.data);
}

static void
on_key (const MhSecret *key, const MhPeerId *by, gpointer data)
{
  MhSwarm *self = data;

  self->request.events->key_arrived (key, by, self->request.data);
}

/* -- start -- */

/* Returns: (transfer full): @target with another port */
static MhMultiaddr *
with_port (const MhMultiaddrTarget *target, guint16 port)
{
  g_autofree char *text =
      g_strdup_printf ("/%s/%s/tcp/%u%s", target->family == MH_MULTIADDR_IP6 ? "ip6" : "ip4",
                       target->host, port, target->transport == MH_TRANSPORT_WS ? "/ws" : "");

  return mh_multiaddr_new (text, NULL);
}

static gboolean
try_port (MhSwarm *self, const MhMultiaddrTarget *target, guint16 port, GError **error)
{
  g_autoptr (MhMultiaddr) address = with_port (target, port);

  return address != NULL && mh_host_listen (self->host, address, error);
}

/* Listens on the port that is wanted, else on the one of before, else on any. */
static gboolean
listen_on (MhSwarm *self, const char *text, guint16 *port, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (text, &local);
  g_auto (MhMultiaddrTarget) target = { 0 };

  if (address == NULL || !mh_multiaddr_target (address, &target)
      || target.transport == MH_TRANSPORT_CIRCUIT
      || (target.family != MH_MULTIADDR_IP4 && target.family != MH_MULTIADDR_IP6))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                   "node.listen_addrs: %s is no TCP or WebSocket address with an IP address", text);
      return FALSE;
    }
  if ((target.port != 0 && try_port (self, &target, target.port, NULL))
      || (*port != 0 && try_port (self, &target, *port, NULL))
      || try_port (self, &target, 0, &local))
    {
      *port = mh_host_listened_port (self->host);
      if (target.port != 0 && *port != target.port)
        g_info ("%s is taken: port %u is listened on in its place", text, *port);
      return TRUE;
    }

  g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "listening on %s: %s", text,
               local != NULL ? local->message : "it is no address");

  return FALSE;
}

/* A machine without IPv6 is in a network all the same, as long as it listens somewhere. */
static gboolean
listen_on_all (MhSwarm *self, GError **error)
{
  guint listens = 0;
  g_autoptr (GError) last = NULL;

  for (guint i = 0; self->request.listen[i] != NULL && i < MH_SWARM_MOST_LISTEN; i++)
    {
      g_autoptr (GError) local = NULL;

      if (listen_on (self, self->request.listen[i], &self->request.ports[i], &local))
        {
          listens++;
          continue;
        }
      if (g_error_matches (local, MH_ERROR, MH_ERROR_INVALID))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      g_info ("%s", local->message);
      g_clear_error (&last);
      last = g_steal_pointer (&local);
    }
  if (listens > 0 || last == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&last));

  return FALSE;
}

static void
announce (MhSwarm *self)
{
  for (guint i = 0; self->announce != NULL && self->announce[i] != NULL; i++)
    {
      g_autoptr (MhMultiaddr) address = mh_multiaddr_new (self->announce[i], NULL);
      g_autoptr (MhMultiaddr) bare = address != NULL ? mh_multiaddr_without_peer (address) : NULL;

      if (bare != NULL)
        mh_host_add_own_address (self->host, bare);
    }
}

static void
start_ours_here (MhSwarm *self)
{
  MhGreetNew greet = {
    self->host, self->pubsub, self->directory, self->network_id, self->request.clock,
    on_learned, self
  };
  MhSeekNew seek = { self->host,
                     self->directory,
                     (const char *const *) self->bootstrap,
                     self->request.most_peers,
                     may,
                     self };
  MhKeypushNew keypush = { self->host, self->network_id, on_key, self };

  self->greet = mh_greet_new (&greet);
  self->seek = mh_seek_new (&seek);
  self->keypush = mh_keypush_new (&keypush);
}

static void
start_here (MhHost *host, gpointer data)
{
  static const MhHostEvents events = { .connected = on_connected,
                                       .disconnected = on_disconnected,
                                       .identified = on_identified,
                                       .changed = on_own_changed };
  MhSwarm *self = data;

  mh_host_set_gate (host, may, self);
  mh_host_watch (host, &events, self);
  self->identify = mh_identify_new (host);
  self->pubsub = mh_pubsub_new (host, NULL, &pubsub_events, self);
  self->client = mh_relay_client_new (host);
  if (self->request.relay)
    self->relay = mh_relay_new (host);
  self->dcutr = mh_dcutr_new (host);
  self->kad = mh_kad_new (host, NULL);
  self->autonat = mh_autonat_new (host, NULL, on_reach, self);
  mh_ping_serve (host);
  mh_perf_serve (host);
  start_ours_here (self);
  announce (self);
  if (self->request.mdns)
    self->mdns = mh_mdns_new (host, MDNS_INTERVAL_MS, TRUE, NULL, NULL);
}

MhSwarm *
mh_swarm_new (const MhSwarmNew *request, GError **error)
{
  g_autoptr (MhSwarm) self = g_new0 (MhSwarm, 1);
  MhHostNew host = { .signer = request->signer,
                     .swarm_key = request->key,
                     .agent = "meshhold/" MH_VERSION,
                     .low_water = request->most_peers * 5 / 8,
                     .high_water = request->most_peers };
  g_autoptr (GError) local = NULL;

  self->request = *request;
  self->request.key = NULL;
  self->network_id = g_strdup (request->network_id);
  self->bootstrap = g_strdupv ((char **) request->bootstrap);
  self->announce = g_strdupv ((char **) request->announce);
  self->host = mh_host_new (&host, &local);
  if (self->host == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "starting the network: %s", local->message);
      return NULL;
    }

  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->directory = mh_directory_new (mh_host_id (self->host), &directory_events, self);
  if (!listen_on_all (self, error))
    return NULL;

  mh_host_run (self->host, start_here, self);
  if (request->portmap != NULL)
    {
      MhPortmapNew portmap = { .program = request->portmap };

      self->portmap = mh_portmap_new (self->host, &portmap, on_portmap, self);
      self->request.portmap = NULL;
    }
  self->request.listen = NULL;
  self->request.ports = NULL;
  self->request.announce = NULL;
  self->request.bootstrap = NULL;

  return g_steal_pointer (&self);
}

void
mh_swarm_free (MhSwarm *self)
{
  if (self == NULL)
    return;

  mh_portmap_free (self->portmap); /* needs the host, as all others need to outlive it */
  mh_host_free (self->host);
  mh_greet_free (self->greet);
  mh_seek_free (self->seek);
  mh_keypush_free (self->keypush);
  mh_mdns_free (self->mdns);
  mh_autonat_free (self->autonat);
  mh_kad_free (self->kad);
  mh_dcutr_free (self->dcutr);
  mh_relay_free (self->relay);
  mh_relay_client_free (self->client);
  mh_pubsub_free (self->pubsub);
  mh_identify_free (self->identify);
  mh_directory_free (self->directory);
  g_clear_pointer (&self->topics, g_hash_table_unref);
  g_strfreev (self->bootstrap);
  g_strfreev (self->announce);
  g_free (self->network_id);
  g_free (self);
}

/* -- use -- */

MhHost *
mh_swarm_host (MhSwarm *self)
{
  return self->host;
}

MhDirectory *
mh_swarm_directory (MhSwarm *self)
{
  return self->directory;
}

const char *
mh_swarm_network_id (MhSwarm *self)
{
  return self->network_id;
}

/* A call that is made on the loop, with what it needs. */
typedef struct
{
  MhSwarm *swarm;
  gconstpointer in;
  gpointer out;
} Call;

static char *
full_topic (MhSwarm *self, const char *topic)
{
  return g_strdup_printf ("mh1/%s/%s", self->network_id, topic);
}

typedef struct
{
  MhSwarm *swarm;
  char *topic; /* (owned) */
  Topic row;
  GBytes *message; /* (unowned) */
} TopicCall;

static void
subscribe_here (MhHost *host, gpointer data)
{
  TopicCall *call = data;

  if (call->row.func == NULL)
    {
      g_hash_table_remove (call->swarm->topics, call->topic);
      mh_pubsub_unsubscribe (call->swarm->pubsub, call->topic);
      return;
    }
  g_hash_table_replace (call->swarm->topics, g_strdup (call->topic),
                        g_memdup2 (&call->row, sizeof call->row));
  (void) !mh_pubsub_subscribe (call->swarm->pubsub, call->topic, NULL); /* a good name, and few */
}

void
mh_swarm_subscribe (MhSwarm *self, const char *topic, MhSwarmMessage func, gpointer data)
{
  TopicCall call = { self, full_topic (self, topic), { func, data }, NULL };

  mh_host_run (self->host, subscribe_here, &call);
  g_free (call.topic);
}

static void
publish_here (MhHost *host, gpointer data)
{
  TopicCall *call = data;
  g_autoptr (GError) error = NULL;

  if (!mh_pubsub_publish (call->swarm->pubsub, call->topic, call->message, &error))
    g_debug ("publishing in %s: %s", call->topic, error->message);
}

void
mh_swarm_publish (MhSwarm *self, const char *topic, GBytes *message)
{
  TopicCall call = { self, full_topic (self, topic), { NULL, NULL }, message };

  mh_host_run (self->host, publish_here, &call);
  g_free (call.topic);
}

static void
set_profile_here (MhHost *host, gpointer data)
{
  Call *call = data;

  mh_greet_set_profile (call->swarm->greet, (MhHello *) call->in);
  if (call->out != NULL)
    mh_greet_touch (call->swarm->greet);
}

void
mh_swarm_set_profile (MhSwarm *self, MhHello *profile, gboolean is_urgent)
{
  Call call = { self, profile, GINT_TO_POINTER (is_urgent) };

  mh_host_run (self->host, set_profile_here, &call);
}

static void
own_here (MhHost *host, gpointer data)
{
  Call *call = data;

  call->out = mh_greet_own (call->swarm->greet);
}

MhHello *
mh_swarm_own (MhSwarm *self)
{
  Call call = { self, NULL, NULL };

  mh_host_run (self->host, own_here, &call);

  return call.out;
}

static void
set_bootstrap_here (MhHost *host, gpointer data)
{
  Call *call = data;

  mh_seek_set_bootstrap (call->swarm->seek, call->in);
}

void
mh_swarm_set_bootstrap (MhSwarm *self, const char *const *bootstrap)
{
  Call call = { self, bootstrap, NULL };

  mh_host_run (self->host, set_bootstrap_here, &call);
}

/* Public ones first, those of this machine alone last. */
static int
compare_addresses (gconstpointer a, gconstpointer b)
{
  const MhMultiaddr *one = *(MhMultiaddr *const *) a;
  const MhMultiaddr *two = *(MhMultiaddr *const *) b;
  int first = mh_multiaddr_is_public (one) ? 0 : mh_multiaddr_is_loopback (one) ? 2 : 1;
  int second = mh_multiaddr_is_public (two) ? 0 : mh_multiaddr_is_loopback (two) ? 2 : 1;

  return first - second;
}

static void
addresses_here (MhHost *host, gpointer data)
{
  Call *call = data;
  g_autoptr (GPtrArray) addresses = mh_host_addresses (host);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_ptr_array_sort (addresses, compare_addresses);
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (MhMultiaddr) whole =
          mh_multiaddr_with_peer (addresses->pdata[i], mh_host_id (host));
      g_autofree char *text = mh_multiaddr_to_text (whole);

      g_strv_builder_add (builder, text);
    }
  call->out = g_strv_builder_end (builder);
}

char **
mh_swarm_addresses (MhSwarm *self)
{
  Call call = { self, NULL, NULL };

  mh_host_run (self->host, addresses_here, &call);

  return call.out;
}

static void
check_peers_here (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) peers = mh_host_peers (host);

  for (guint i = 0; i < peers->len; i++)
    if (!may (g_ptr_array_index (peers, i), data))
      mh_host_disconnect (host, g_ptr_array_index (peers, i));
}

void
mh_swarm_check_peers (MhSwarm *self)
{
  mh_host_run (self->host, check_peers_here, self);
}

/* -- a new key -- */

typedef struct
{
  MhSwarm *swarm;
  const MhSecret *key;
  GMutex lock;
  GCond done;
  gboolean is_done;   /* (locked-by lock) */
  GPtrArray *results; /* (nullable) (locked-by lock) */
} KeyCall;

static void
on_pushed (GPtrArray *results, gpointer data)
{
  KeyCall *call = data;

  g_mutex_lock (&call->lock);
  call->results = results != NULL ? g_ptr_array_ref (results) : NULL;
  call->is_done = TRUE;
  g_cond_signal (&call->done);
  g_mutex_unlock (&call->lock);
}

static void
push_key_here (MhHost *host, gpointer data)
{
  KeyCall *call = data;

  mh_keypush_send (call->swarm->keypush, call->key, on_pushed, call);
}

GPtrArray *
mh_swarm_push_key (MhSwarm *self, const MhSecret *key)
{
  KeyCall call = { .swarm = self, .key = key };

  g_mutex_init (&call.lock);
  g_cond_init (&call.done);
  mh_host_run (self->host, push_key_here, &call);
  g_mutex_lock (&call.lock);
  while (!call.is_done)
    g_cond_wait (&call.done, &call.lock);
  g_mutex_unlock (&call.lock);
  g_mutex_clear (&call.lock);
  g_cond_clear (&call.done);

  return call.results;
}

/* -- how we can be reached -- */

void
mh_swarm_nat_clear (MhSwarmNat *self)
{
  mh_portmap_state_clear (&self->portmap);
  g_clear_pointer (&self->addresses, g_strfreev);
}

static void
nat_here (MhHost *host, gpointer data)
{
  Call *call = data;
  MhSwarm *self = call->swarm;
  MhSwarmNat *out = call->out;
  MhAutonatState state = mh_autonat_state (self->autonat);
  g_autoptr (GPtrArray) peers = mh_host_peers (host);

  out->reach = state.reach;
  out->confidence = state.confidence;
  out->portmap_wanted = self->portmap != NULL;
  if (self->portmap != NULL)
    mh_portmap_state (self->portmap, &out->portmap);
  for (guint i = 0; i < peers->len; i++)
    out->relays += mh_relay_client_has (self->client, g_ptr_array_index (peers, i)) ? 1 : 0;
}

void
mh_swarm_nat (MhSwarm *self, MhSwarmNat *out)
{
  Call call = { self, NULL, out };

  *out = (MhSwarmNat){ 0 };
  mh_host_run (self->host, nat_here, &call);
  out->addresses = mh_swarm_addresses (self);
}
