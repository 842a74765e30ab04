/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-private.h"

typedef enum
{
  EVENT_SEND,
  EVENT_MESSAGE,
  EVENT_MEMBER,
  EVENT_EXCHANGE,
  EVENT_CONNECT,
} EventKind;

typedef struct
{
  EventKind kind;
  MhGossipsubLane lane;
  gboolean is_in;
  MhGossipsubMember *peer; /* (owned) (nullable) */
  GBytes *rpc;             /* (owned) (nullable) */
  MhGossipsubItem *item;   /* (owned) (nullable) */
  char *topic;             /* (owned) (nullable) (ref-string) */
  MhPeerRecord *record;    /* (owned) (nullable) */
  MhPeerId id;
} Event;

static void
event_clear (gpointer data)
{
  Event *self = data;

  g_clear_pointer (&self->peer, mh_gossipsub_member_unref);
  g_clear_pointer (&self->rpc, g_bytes_unref);
  g_clear_pointer (&self->item, mh_gossipsub_item_unref);
  g_clear_pointer (&self->topic, g_ref_string_release);
  g_clear_pointer (&self->record, mh_peer_record_free);
}

static void
push (MhGossipsub *self, Event event)
{
  if (self->queue == NULL)
    {
      self->queue = g_array_new (FALSE, FALSE, sizeof event);
      g_array_set_clear_func (self->queue, event_clear);
    }
  g_array_append_val (self->queue, event);
}

void
mh_gossipsub_queue_rpc (MhGossipsub *self, MhGossipsubMember *peer, GBytes *rpc,
                        MhGossipsubLane lane)
{
  push (self, (Event){ .kind = EVENT_SEND,
                       .lane = lane,
                       .peer = mh_gossipsub_member_ref (peer),
                       .rpc = g_bytes_ref (rpc) });
}

void
mh_gossipsub_queue_message (MhGossipsub *self, MhGossipsubItem *item)
{
  if (self->events->message != NULL)
    push (self, (Event){ .kind = EVENT_MESSAGE, .item = mh_gossipsub_item_ref (item) });
}

void
mh_gossipsub_queue_member (MhGossipsub *self, const MhPeerId *peer, const char *topic,
                           gboolean is_in)
{
  if (self->events->member != NULL)
    push (self, (Event){ .kind = EVENT_MEMBER,
                         .is_in = is_in,
                         .id = *peer,
                         .topic = g_ref_string_new (topic) });
}

void
mh_gossipsub_queue_exchange (MhGossipsub *self, const MhPeerId *peer, MhPeerRecord *record)
{
  push (self, (Event){ .kind = EVENT_EXCHANGE, .id = *peer, .record = record });
}

void
mh_gossipsub_queue_connect (MhGossipsub *self, const MhPeerId *peer)
{
  if (self->events->connect != NULL)
    push (self, (Event){ .kind = EVENT_CONNECT, .id = *peer });
}

static void
mark_dirty (MhGossipsub *self, MhGossipsubMember *peer)
{
  if (peer->is_dirty)
    return;
  peer->is_dirty = TRUE;
  g_ptr_array_add (self->dirty, mh_gossipsub_member_ref (peer));
}

/* Makes an RPC of what was gathered. */
static void
seal (MhGossipsub *self, MhGossipsubMember *peer, GByteArray **control, MhGossipsubLane lane)
{
  g_autoptr (GByteArray) rpc = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (lane == MH_GOSSIPSUB_CONTROL)
    rpc = g_steal_pointer (&peer->subscriptions);
  if (rpc == NULL)
    rpc = g_byte_array_new ();
  if (*control != NULL)
    mh_pb_put_message (rpc, MH_GOSSIPSUB_RPC_CONTROL, *control);
  g_clear_pointer (control, g_byte_array_unref);
  if (rpc->len == 0)
    return;

  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&rpc));
  mh_gossipsub_queue_rpc (self, peer, bytes, lane);
}

/* Bytes that a field may have on top of what is in it, and the one around it. */
#define FIELD_HEAD 16

static gboolean
has_room (const MhGossipsub *self, const GByteArray *one, const GByteArray *other, gsize more)
{
  gsize size = (one != NULL ? one->len : 0) + (other != NULL ? other->len : 0);

  return size + more + 2 * FIELD_HEAD <= self->config.max_rpc_bytes;
}

void
mh_gossipsub_queue_subscription (MhGossipsub *self, MhGossipsubMember *peer, const char *topic,
                                 gboolean is_in)
{
  if (!has_room (self, peer->subscriptions, peer->control, MH_GOSSIPSUB_MAX_TOPIC + FIELD_HEAD))
    seal (self, peer, &peer->control, MH_GOSSIPSUB_CONTROL);
  if (peer->subscriptions == NULL)
    peer->subscriptions = g_byte_array_new ();
  mh_gossipsub_rpc_put_subscription (peer->subscriptions, topic, is_in);
  mark_dirty (self, peer);
}

void
mh_gossipsub_queue_control (MhGossipsub *self, MhGossipsubMember *peer, MhGossipsubControlKind kind,
                            const GByteArray *body)
{
  gboolean is_gossip = kind == MH_GOSSIPSUB_IHAVE;
  GByteArray **control = is_gossip ? &peer->gossip : &peer->control;
  const GByteArray *other = is_gossip ? NULL : peer->subscriptions;

  if (!has_room (self, *control, other, body->len))
    seal (self, peer, control, is_gossip ? MH_GOSSIPSUB_GOSSIP : MH_GOSSIPSUB_CONTROL);
  if (*control == NULL)
    *control = g_byte_array_new ();
  mh_pb_put_message (*control, kind, body);
  mark_dirty (self, peer);
}

static void
seal_all (MhGossipsub *self)
{
  for (guint i = 0; i < self->dirty->len; i++)
    {
      MhGossipsubMember *peer = g_ptr_array_index (self->dirty, i);

      peer->is_dirty = FALSE;
      seal (self, peer, &peer->control, MH_GOSSIPSUB_CONTROL);
      seal (self, peer, &peer->gossip, MH_GOSSIPSUB_GOSSIP);
    }
  g_ptr_array_set_size (self->dirty, 0);
}

static void
tell_message (MhGossipsub *self, const MhGossipsubItem *item)
{
  MhGossipsubMessage message = { .id = item->key.id, .topic = item->topic, .data = item->data };

  message.from = item->key.id.author;
  message.received_from = item->received_from;
  self->events->message (&message, self->data);
}

static void
tell (MhGossipsub *self, Event *event)
{
  switch (event->kind)
    {
    case EVENT_SEND:
      if (!event->peer->is_gone)
        self->events->send (&event->peer->id, event->rpc, event->lane, self->data);
      break;
    case EVENT_MESSAGE:
      tell_message (self, event->item);
      break;
    case EVENT_MEMBER:
      self->events->member (&event->id, event->topic, event->is_in, self->data);
      break;
    case EVENT_EXCHANGE:
      self->events->exchange (&event->id, event->record, self->data);
      break;
    case EVENT_CONNECT:
      self->events->connect (&event->id, self->data);
      break;
    }
}

void
mh_gossipsub_enter (MhGossipsub *self, gint64 now_ms)
{
  self->busy++;
  self->now_ms = MAX (self->now_ms, now_ms);
}

/* What is told may call in again and so make more to be told. */
void
mh_gossipsub_leave (MhGossipsub *self)
{
  while (self->busy == 1)
    {
      g_autoptr (GArray) queue = NULL;

      seal_all (self);
      queue = g_steal_pointer (&self->queue);
      if (queue == NULL)
        break;
      for (guint i = 0; i < queue->len; i++)
        tell (self, &g_array_index (queue, Event, i));
    }
  self->busy--;
}

void
mh_gossipsub_queue_clear (MhGossipsub *self)
{
  g_clear_pointer (&self->queue, g_array_unref);
}
