/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pubsub.h"

#include "net/p2p/host/host-private.h"

#define OPEN_TIMEOUT_MS 10000

/* How often the machine is asked what is due; its heartbeat is a second. */
#define TICK_MS 100

static const char *const protocols[] = { MH_GOSSIPSUB_PROTOCOL_12, MH_GOSSIPSUB_PROTOCOL_11,
                                         MH_GOSSIPSUB_PROTOCOL_10, NULL };

/* A peer that speaks gossipsub. */
typedef struct
{
  MhPubsub *pubsub; /* (unowned) */
  MhPeerId id;
  MhStream *out;      /* (owned) (nullable): what we send on */
  GPtrArray *pending; /* (owned) (element-type GBytes): for @out, until it is there */
  gsize pending_size; /* bytes of them */
  gboolean is_opening;
  gboolean is_added; /* whether the machine knows it by the stream that is there or comes */
  gboolean is_full;  /* more waits than may: it is about to begin anew */
} Member;

/* A stream that a peer sends on. */
typedef struct
{
  MhPubsub *pubsub; /* (unowned) */
  MhStream *stream; /* (owned) */
} Incoming;

struct _MhPubsub
{
  MhHost *host;                 /* (unowned) */
  MhGossipsub *machine;         /* (owned) */
  const MhPubsubEvents *events; /* (unowned) (nullable) */
  gpointer data;
  MhGossipsubEvents own;
  GHashTable *members; /* (owned) (element-type MhPeerId Member) */
  GSource *tick;       /* (owned) */
  guint64 dropped;
};

gint64
mh_pubsub_now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

/* -- what we send -- */

static void
clear_pending (Member *self)
{
  g_ptr_array_set_size (self->pending, 0);
  self->pending_size = 0;
}

static void
drop_out (Member *self)
{
  MhStream *out = g_steal_pointer (&self->out);

  if (out == NULL)
    return;
  mh_stream_set_funcs (out, NULL, NULL);
  mh_stream_reset (out);
  mh_stream_unref (out);
}

static void
member_free (gpointer data)
{
  Member *self = data;

  drop_out (self);
  g_ptr_array_unref (self->pending);
  g_free (self);
}

static gboolean
may_wait (MhGossipsubLane lane, gsize waiting)
{
  switch (lane)
    {
    case MH_GOSSIPSUB_CONTROL:
      return waiting <= MH_PUBSUB_MOST_WAITING;
    case MH_GOSSIPSUB_MESSAGE:
      return waiting <= MH_PUBSUB_MOST_MESSAGES;
    case MH_GOSSIPSUB_HINT:
    case MH_GOSSIPSUB_GOSSIP:
      break;
    }

  return waiting <= MH_PUBSUB_MOST_GOSSIP;
}

static void
on_send (const MhPeerId *peer, GBytes *rpc, MhGossipsubLane lane, gpointer data)
{
  MhPubsub *self = data;
  Member *member = g_hash_table_lookup (self->members, peer);

  if (member == NULL)
    return;
  if (!may_wait (lane,
                 member->pending_size + (member->out != NULL ? mh_stream_unsent (member->out) : 0)))
    {
      self->dropped++;
      member->is_full = member->is_full || lane == MH_GOSSIPSUB_CONTROL;
      return;
    }
  if (member->out != NULL)
    {
      mh_stream_put_message (member->out, g_bytes_get_data (rpc, NULL), g_bytes_get_size (rpc));
      return;
    }
  g_ptr_array_add (member->pending, g_bytes_ref (rpc));
  member->pending_size += g_bytes_get_size (rpc);
}

static void
send_pending (Member *self)
{
  for (guint i = 0; i < self->pending->len; i++)
    {
      gsize size;
      const guint8 *rpc = g_bytes_get_data (self->pending->pdata[i], &size);

      mh_stream_put_message (self->out, rpc, size);
    }
  clear_pending (self);
}

/* -- what we are told -- */

static gboolean
feed_next (Incoming *self, gboolean *has_more, GError **error)
{
  MhGossipsub *machine = self->pubsub->machine;
  guint64 invalid = mh_gossipsub_counters (machine).invalid;
  g_autoptr (GBytes) rpc = NULL;
  gboolean good;

  *has_more = FALSE;
  if (!mh_stream_take_message (self->stream, MH_GOSSIPSUB_MAX_RPC, &rpc, error))
    return FALSE;
  if (rpc == NULL)
    return TRUE;
  *has_more = TRUE;

  good = mh_gossipsub_feed (machine, mh_stream_peer (self->stream), g_bytes_get_data (rpc, NULL),
                            g_bytes_get_size (rpc), mh_pubsub_now_ms (), error);
  self->pubsub->host->refusals.protocol += mh_gossipsub_counters (machine).invalid - invalid;

  return good;
}

static void
incoming_end (Incoming *self)
{
  mh_stream_set_funcs (self->stream, NULL, NULL);
  mh_stream_unref (self->stream);
  g_free (self);
}

static void
on_readable (MhStream *stream, gpointer data)
{
  Incoming *self = data;
  g_autoptr (GError) error = NULL;
  gboolean has_more = TRUE;

  while (has_more && !mh_stream_is_broken (stream))
    if (!feed_next (self, &has_more, &error))
      {
        self->pubsub->host->refusals.protocol++;
        mh_stream_reset (stream);
        break;
      }
  if (!mh_stream_is_broken (stream) && !mh_stream_is_ended (stream))
    return;
  mh_stream_close_write (stream);
  incoming_end (self);
}

static void
on_incoming_broken (MhStream *stream, gpointer data)
{
  incoming_end (data);
}

/* -- peers -- */

/* Nothing is expected on a stream of ours but its end. */
static void
on_out_readable (MhStream *stream, gpointer data)
{
  mh_stream_consume (stream, mh_buf_size (mh_stream_received (stream)));
}

/* Ends our stream: what the peer was told is told anew on the next one. */
static void
begin_anew (Member *self)
{
  drop_out (self);
  clear_pending (self);
  self->is_added = FALSE;
  self->is_full = FALSE;
  mh_gossipsub_remove_peer (self->pubsub->machine, &self->id, mh_pubsub_now_ms ());
}

static void
on_out_broken (MhStream *stream, gpointer data)
{
  begin_anew (data);
}

/* Returns: (transfer full) (nullable): what tells peers of one place from others */
static char *
place_of (MhHost *host, const MhPeerId *peer)
{
  MhLink *link = mh_link_best (host, peer);
  g_auto (MhMultiaddrTarget) target = { 0 };

  /* on one machine, or behind one relay, a place says nothing */
  if (link == NULL || mh_link_is_relayed (link) || mh_multiaddr_is_loopback (mh_link_remote (link))
      || !mh_multiaddr_target (mh_link_remote (link), &target))
    return NULL;

  return g_steal_pointer (&target.host);
}

/* Tells the machine of a peer, and it the peer of our topics. */
static void
add_to_machine (Member *self, const char *protocol)
{
  MhLink *link = mh_link_best (self->pubsub->host, &self->id);
  g_autofree char *place = place_of (self->pubsub->host, &self->id);
  MhGossipsubPeer peer = { .id = self->id, .address = place };

  (void) !mh_gossipsub_version (protocol, &peer.version);
  peer.is_outbound = link != NULL && mh_link_is_dialled (link);
  clear_pending (self);
  mh_gossipsub_add_peer (self->pubsub->machine, &peer, mh_pubsub_now_ms ());
}

/* Returns: (transfer none): the member, new if it was none */
static Member *
get_member (MhPubsub *self, const MhPeerId *peer)
{
  Member *member = g_hash_table_lookup (self->members, peer);

  if (member != NULL)
    return member;

  member = g_new0 (Member, 1);
  member->pubsub = self;
  member->id = *peer;
  member->pending = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_hash_table_insert (self->members, &member->id, member);

  return member;
}

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { on_out_readable, NULL, on_out_broken };
  MhPubsub *self = ((gpointer *) data)[0];
  MhPeerId *id = ((gpointer *) data)[1];
  Member *member = g_hash_table_lookup (self->members, id);

  g_free (id);
  g_free (data);
  if (member == NULL)
    return;
  member->is_opening = FALSE;
  if (stream == NULL || member->out != NULL)
    return;

  member->out = mh_stream_ref (stream);
  mh_stream_set_funcs (stream, &funcs, member);
  if (member->is_added)
    send_pending (member);
  else
    add_to_machine (member, mh_stream_protocol (stream));
  member->is_added = TRUE;
}

static void
open_out (Member *self)
{
  gpointer *both;

  if (self->out != NULL || self->is_opening)
    return;
  self->is_opening = TRUE;
  both = g_new0 (gpointer, 2);
  both[0] = self->pubsub;
  both[1] = mh_peer_id_copy (&self->id);
  mh_host_open (self->pubsub->host, &self->id, protocols, OPEN_TIMEOUT_MS, on_opened, both);
}

static void
on_identified (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhPubsub *self = data;
  gboolean speaks = FALSE;

  for (guint i = 0; protocols[i] != NULL; i++)
    speaks = speaks || mh_host_speaks (host, peer, protocols[i]);
  if (speaks && mh_host_is_connected (host, peer))
    open_out (get_member (self, peer));
}

static void
on_disconnected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhPubsub *self = data;

  g_hash_table_remove (self->members, peer);
  mh_gossipsub_remove_peer (self->machine, peer, mh_pubsub_now_ms ());
}

/* A peer sends on a stream of its own; what it says first comes at once. */
static void
on_incoming (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_readable, NULL, on_incoming_broken };
  Incoming *self = g_new0 (Incoming, 1);
  Member *member = get_member (data, mh_stream_peer (stream));

  self->pubsub = data;
  self->stream = stream;
  if (!member->is_added)
    add_to_machine (member, mh_stream_protocol (stream));
  member->is_added = TRUE;
  open_out (member);
  mh_stream_set_funcs (stream, &funcs, self);
}

/* A stream that a connected peer reset is opened again; one that it does not read is ended.
 * Returns: whether there was anything to do, which may have changed the table */
static gboolean
tend (Member *self)
{
  if (self->is_full)
    {
      self->pubsub->host->refusals.limits++;
      begin_anew (self);
      return TRUE;
    }
  if (self->out != NULL || self->is_opening)
    return FALSE;
  open_out (self);

  return TRUE;
}

static gboolean
on_tick (gpointer data)
{
  MhPubsub *self = data;
  GHashTableIter iter;
  gpointer value;
  gboolean is_done = self->host->is_closing;

  g_hash_table_iter_init (&iter, self->members);
  while (!is_done && g_hash_table_iter_next (&iter, NULL, &value))
    is_done = tend (value); /* the others have their turn */
  mh_gossipsub_tick (self->machine, mh_pubsub_now_ms ());

  return G_SOURCE_CONTINUE;
}

/* -- hooks of the machine -- */

static MhGossipsubVerdict
on_validate (const MhGossipsubMessage *message, gpointer data)
{
  MhPubsub *self = data;

  return self->events->validate (message, self->data);
}

static void
on_message (const MhGossipsubMessage *message, gpointer data)
{
  MhPubsub *self = data;

  if (self->events != NULL && self->events->message != NULL)
    self->events->message (message, self->data);
}

static void
on_member (const MhPeerId *peer, const char *topic, gboolean is_in, gpointer data)
{
  MhPubsub *self = data;

  if (self->events != NULL && self->events->member != NULL)
    self->events->member (peer, topic, is_in, self->data);
}

/* A peer that a mesh could do with: dialled when the record says where. */
static void
on_exchange (const MhPeerId *peer, const MhPeerRecord *record, gpointer data)
{
  MhPubsub *self = data;

  for (guint i = 0; record != NULL && i < record->addresses->len; i++)
    mh_host_add_address (self->host, peer, record->addresses->pdata[i]);
  mh_host_connect (self->host, peer, OPEN_TIMEOUT_MS, NULL, NULL);
}

static void
on_connect (const MhPeerId *peer, gpointer data)
{
  mh_host_connect (((MhPubsub *) data)->host, peer, OPEN_TIMEOUT_MS, NULL, NULL);
}

MhPubsub *
mh_pubsub_new (MhHost *host, const MhGossipsubConfig *config, const MhPubsubEvents *events,
               gpointer data)
{
  static const MhHostEvents host_events = { .identified = on_identified,
                                            .disconnected = on_disconnected };
  MhPubsub *self = g_new0 (MhPubsub, 1);
  MhGossipsubConfig own_config;

  self->host = host;
  self->events = events;
  self->data = data;
  self->own = (MhGossipsubEvents){ .send = on_send,
                                   .message = on_message,
                                   .member = on_member,
                                   .exchange = on_exchange,
                                   .connect = on_connect };
  if (events != NULL && events->validate != NULL)
    self->own.validate = on_validate;
  self->members = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, NULL, member_free);
  if (config != NULL)
    own_config = *config;
  else
    mh_gossipsub_config_init (&own_config);
  /* larger than any that was used before a restart */
  if (own_config.first_seqno == 0)
    own_config.first_seqno = (guint64) g_get_real_time () * 1000;
  self->machine = mh_gossipsub_new (mh_host_signer (host), &own_config, &self->own, self);
  self->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, mh_host_context (host));
  mh_host_watch (host, &host_events, self);
  for (guint i = 0; protocols[i] != NULL; i++)
    mh_host_handle (host, protocols[i], on_incoming, self);

  return self;
}

void
mh_pubsub_free (MhPubsub *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->tick);
  g_source_unref (self->tick);
  g_hash_table_unref (self->members);
  mh_gossipsub_free (self->machine);
  g_free (self);
}

MhGossipsub *
mh_pubsub_machine (MhPubsub *self)
{
  return self->machine;
}

gboolean
mh_pubsub_subscribe (MhPubsub *self, const char *topic, GError **error)
{
  return mh_gossipsub_subscribe (self->machine, topic, mh_pubsub_now_ms (), error);
}

void
mh_pubsub_unsubscribe (MhPubsub *self, const char *topic)
{
  mh_gossipsub_unsubscribe (self->machine, topic, mh_pubsub_now_ms ());
}

gboolean
mh_pubsub_publish (MhPubsub *self, const char *topic, GBytes *message, GError **error)
{
  return mh_gossipsub_publish (self->machine, topic, message, mh_pubsub_now_ms (), NULL, error);
}

guint64
mh_pubsub_dropped (const MhPubsub *self)
{
  return self->dropped;
}
