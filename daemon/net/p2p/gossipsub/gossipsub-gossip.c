/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-private.h"

static void
sort_by_topic (MhGossipsubItem *item, gpointer data)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_get (data, item->topic);

  if (topic != NULL)
    g_ptr_array_add (topic->gossip, item);
}

static gboolean
fits_gossip (const MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubMember *peer)
{
  return !peer->is_direct
         && mh_gossipsub_member_score (self, peer) >= self->config.scoring.gossip_threshold
         && !mh_gossipsub_has (topic->mesh, peer) && !mh_gossipsub_has (topic->fanout, peer);
}

/* Returns: (transfer full): an IHAVE of the first of the messages that are gossiped */
static GByteArray *
write_ihave (const MhGossipsub *self, const MhGossipsubTopic *topic, MhGossipsubForm form)
{
  guint room = (guint) (self->config.max_rpc_bytes / MH_GOSSIPSUB_ID_COST);
  guint most = MIN (MH_GOSSIPSUB_MAX_IHAVE_IDS, room);
  GByteArray *body = g_byte_array_new ();

  mh_pb_put_text (body, 1, topic->name);
  for (guint i = 0; i < topic->gossip->len && i < most; i++)
    {
      const MhGossipsubItem *item = g_ptr_array_index (topic->gossip, i);

      mh_gossipsub_put_id (self, body, 2, &item->key.id, form);
    }

  return body;
}

static void
emit_topic (MhGossipsub *self, MhGossipsubTopic *topic)
{
  g_autoptr (GPtrArray) peers = mh_gossipsub_pick (self, topic, G_MAXUINT, fits_gossip);
  guint part = (guint) (self->config.gossip_factor * peers->len);
  guint most = MIN (peers->len, MAX (self->config.d_lazy, part));
  GByteArray *bodies[] = { NULL, NULL };

  mh_gossipsub_shuffle (self, topic->gossip, 0);
  for (guint i = 0; i < most; i++)
    {
      MhGossipsubMember *peer = g_ptr_array_index (peers, i);

      /* when not all fit, everybody gets others */
      if (topic->gossip->len > MH_GOSSIPSUB_MAX_IHAVE_IDS)
        {
          mh_gossipsub_shuffle (self, topic->gossip, 0);
          g_clear_pointer (&bodies[peer->form], g_byte_array_unref);
        }
      if (bodies[peer->form] == NULL)
        bodies[peer->form] = write_ihave (self, topic, peer->form);
      mh_gossipsub_queue_control (self, peer, MH_GOSSIPSUB_IHAVE, bodies[peer->form]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    g_clear_pointer (&bodies[i], g_byte_array_unref);
}

static gboolean
emit (gpointer name, gpointer value, gpointer data)
{
  MhGossipsubTopic *topic = value;

  if (topic->gossip->len > 0 && (topic->is_joined || topic->fanout->len > 0))
    emit_topic (data, topic);
  g_ptr_array_set_size (topic->gossip, 0);

  return FALSE;
}

void
mh_gossipsub_emit_gossip (MhGossipsub *self)
{
  mh_gossipsub_cache_gossip (self->cache, sort_by_topic, self);
  g_tree_foreach (self->topics, emit, self);
}
