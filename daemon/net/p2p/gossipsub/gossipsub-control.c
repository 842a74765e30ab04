/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gossipsub-private.h"

/* A message that a peer does not want. */
typedef struct
{
  MhGossipsubIdKey key;
  guint tick;
} Unwanted;

static const MhGossipsubControlItem *
item_at (const GArray *controls, guint i)
{
  return &g_array_index (controls, MhGossipsubControlItem, i);
}

static gboolean
has_kind (const GArray *controls, MhGossipsubControlKind kind)
{
  for (guint i = 0; i < controls->len; i++)
    if (item_at (controls, i)->kind == kind)
      return TRUE;

  return FALSE;
}

static gboolean
hears_gossip (const MhGossipsub *self, const MhGossipsubMember *peer)
{
  return mh_gossipsub_member_score (self, peer) >= self->config.scoring.gossip_threshold;
}

/* Adds those ids of one IHAVE to @wanted that we do not have. */
static void
read_ihave (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubControlItem *item,
            GHashTable *wanted)
{
  MhPbReader reader = mh_pb_reader (item->body.bytes, item->body.size);
  MhGossipsubSlice wire;

  while (peer->told < MH_GOSSIPSUB_MAX_IHAVE_IDS
         && mh_gossipsub_rpc_next_id (&reader, MH_GOSSIPSUB_IHAVE, &wire))
    {
      MhGossipsubIdKey key;
      MhGossipsubId id;

      peer->told++;
      if (!mh_gossipsub_rpc_id (wire, &id, &peer->form)
          || mh_peer_id_equal (&id.author, &self->self_id))
        continue;
      if (peer->form == MH_GOSSIPSUB_FORM_KEY)
        mh_gossipsub_note_key (self, &id.author,
                               (MhGossipsubSlice){ wire.bytes, wire.size - sizeof id.seqno });
      key = mh_gossipsub_cache_key (self->cache, &id);
      if (mh_gossipsub_cache_seen (self->cache, &key) == NULL)
        g_hash_table_add (wanted, g_memdup2 (&key, sizeof key));
    }
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return memcmp (&(*(MhGossipsubIdKey *const *) a)->id, &(*(MhGossipsubIdKey *const *) b)->id,
                 sizeof (MhGossipsubId));
}

/* In random order, so that peers who are asked for too much each send another part. */
static void
send_iwant (MhGossipsub *self, MhGossipsubMember *peer, GHashTable *wanted)
{
  g_autoptr (GPtrArray) keys = mh_gossipsub_keys (wanted);
  g_autoptr (GByteArray) body = g_byte_array_new ();
  const MhGossipsubIdKey *promised;

  if (keys->len == 0)
    return;

  g_ptr_array_sort (keys, compare_keys);
  mh_gossipsub_shuffle (self, keys, 0);
  if (keys->len > self->config.max_rpc_bytes / MH_GOSSIPSUB_ID_COST)
    g_ptr_array_set_size (keys, (int) (self->config.max_rpc_bytes / MH_GOSSIPSUB_ID_COST));
  for (guint i = 0; i < keys->len; i++)
    mh_gossipsub_put_id (self, body, 1, &((MhGossipsubIdKey *) g_ptr_array_index (keys, i))->id,
                         peer->form);
  mh_gossipsub_queue_control (self, peer, MH_GOSSIPSUB_IWANT, body);

  promised = g_ptr_array_index (keys, 0);
  mh_gossipsub_cache_promise (self->cache, promised, peer->number,
                              self->now_ms + self->config.iwant_followup_ms);
}

static void
on_ihaves (MhGossipsub *self, MhGossipsubMember *peer, const GArray *controls)
{
  g_autoptr (GHashTable) wanted = NULL;

  if (!has_kind (controls, MH_GOSSIPSUB_IHAVE) || !hears_gossip (self, peer)
      || ++peer->ihaves > MH_GOSSIPSUB_MAX_IHAVES)
    return;

  wanted =
      g_hash_table_new_full (mh_gossipsub_id_key_hash, mh_gossipsub_id_key_equal, g_free, NULL);
  for (guint i = 0; i < controls->len; i++)
    {
      const MhGossipsubControlItem *item = item_at (controls, i);
      const MhGossipsubTopic *topic = NULL;

      if (item->kind == MH_GOSSIPSUB_IHAVE)
        topic = mh_gossipsub_topic_find (self, item->topic);
      if (topic != NULL && topic->is_joined)
        read_ihave (self, peer, item, wanted);
    }
  send_iwant (self, peer, wanted);
}

static void
read_iwant (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubControlItem *item)
{
  MhPbReader reader = mh_pb_reader (item->body.bytes, item->body.size);
  MhGossipsubSlice wire;

  while (peer->wanted < MH_GOSSIPSUB_MAX_IWANT_IDS
         && mh_gossipsub_rpc_next_id (&reader, MH_GOSSIPSUB_IWANT, &wire))
    {
      const MhGossipsubItem *found = NULL;
      MhGossipsubForm form;
      MhGossipsubIdKey key;
      MhGossipsubId id;

      peer->wanted++;
      if (!mh_gossipsub_rpc_id (wire, &id, &form))
        continue;
      key = mh_gossipsub_cache_key (self->cache, &id);
      if (!mh_gossipsub_is_unwanted (peer, &key))
        found = mh_gossipsub_cache_get (self->cache, &key, peer->number);
      if (found == NULL)
        continue;
      mh_gossipsub_queue_rpc (self, peer, found->rpc, MH_GOSSIPSUB_MESSAGE);
      self->counters.sent++;
    }
}

static void
on_iwants (MhGossipsub *self, MhGossipsubMember *peer, const GArray *controls)
{
  if (!has_kind (controls, MH_GOSSIPSUB_IWANT) || !hears_gossip (self, peer)
      || ++peer->iwants > MH_GOSSIPSUB_MAX_IWANTS)
    return;

  for (guint i = 0; i < controls->len; i++)
    if (item_at (controls, i)->kind == MH_GOSSIPSUB_IWANT)
      read_iwant (self, peer, item_at (controls, i));
}

/* A GRAFT in the time that it was told to stay away; twice as bad right at its beginning. */
static void
punish_graft (MhGossipsub *self, MhGossipsubMember *peer, gint64 backoff_ms)
{
  gint64 began_ms = backoff_ms - self->config.prune_backoff_ms;

  mh_gossipsub_score_penalty (peer->score,
                              self->now_ms < began_ms + self->config.graft_flood_ms ? 2 : 1);
}

/* A mesh that is full only takes those that we chose ourselves, so that nobody can fill it. */
static gboolean
is_full (const MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubMember *peer)
{
  return topic->mesh->len >= self->config.d_hi && (!peer->is_outbound || self->config.d_hi == 0);
}

static void
on_graft (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubControlItem *item)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_find (self, item->topic);
  gint64 backoff_ms;

  /* for topics that we are not in there is no answer, which could be used to flood others */
  if (topic == NULL || !topic->is_joined || mh_gossipsub_has (topic->mesh, peer))
    return;

  backoff_ms = mh_gossipsub_backoff_get (topic, &peer->id);
  if (self->now_ms < backoff_ms)
    punish_graft (self, peer, backoff_ms);
  if (peer->is_direct || self->now_ms < backoff_ms || mh_gossipsub_member_score (self, peer) < 0)
    mh_gossipsub_mesh_prune (self, topic, peer, self->config.prune_backoff_ms, FALSE);
  else if (is_full (self, topic, peer) || !mh_gossipsub_topic_add_member (self, topic, peer))
    mh_gossipsub_mesh_prune (self, topic, peer, self->config.prune_backoff_ms, TRUE);
  else
    mh_gossipsub_mesh_add (self, topic, peer);
}

/* Records that are not signed by the peer they are about are passed over. */
static void
read_exchange (MhGossipsub *self, MhGossipsubSlice wire, MhGossipsubSlice bytes)
{
  g_autoptr (MhPeerRecord) record = NULL;
  MhPeerId peer;

  if (wire.bytes == NULL || !mh_peer_id_from_bytes (wire.bytes, wire.size, &peer)
      || mh_peer_id_equal (&peer, &self->self_id) || g_hash_table_contains (self->peers, &peer))
    return;
  if (bytes.size > 0)
    {
      record = mh_peer_record_open (bytes.bytes, bytes.size);
      if (record == NULL || !mh_peer_id_equal (&record->peer, &peer))
        return;
    }

  mh_gossipsub_queue_exchange (self, &peer, g_steal_pointer (&record));
}

static void
read_exchanges (MhGossipsub *self, const MhGossipsubMember *peer,
                const MhGossipsubControlItem *item)
{
  MhPbReader reader = mh_pb_reader (item->body.bytes, item->body.size);
  MhGossipsubSlice id;
  MhGossipsubSlice record;

  if (self->events->exchange == NULL
      || mh_gossipsub_member_score (self, peer) < self->config.scoring.exchange_threshold)
    return;

  for (guint i = 0;
       i < MH_GOSSIPSUB_MAX_EXCHANGED && mh_gossipsub_rpc_next_peer (&reader, &id, &record); i++)
    read_exchange (self, id, record);
}

static void
on_prune (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubControlItem *item)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_find (self, item->topic);
  gint64 backoff_ms = self->config.prune_backoff_ms;

  if (topic == NULL || !topic->is_joined)
    return;

  if (item->backoff_s > 0)
    backoff_ms = (gint64) MIN (item->backoff_s, MH_GOSSIPSUB_MAX_BACKOFF_MS / 1000) * 1000;
  mh_gossipsub_backoff_add (self, topic, &peer->id, self->now_ms + backoff_ms);
  /* others are taken from those only that were in the mesh, as signatures cost time */
  if (mh_gossipsub_mesh_remove (self, topic, peer))
    read_exchanges (self, peer, item);
}

static void
on_idontwant (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubControlItem *item)
{
  MhPbReader reader = mh_pb_reader (item->body.bytes, item->body.size);
  MhGossipsubSlice wire;

  while (peer->unwanted < MH_GOSSIPSUB_MAX_IDONTWANT_IDS
         && mh_gossipsub_rpc_next_id (&reader, MH_GOSSIPSUB_IDONTWANT, &wire))
    {
      Unwanted unwanted = { .tick = self->ticks };
      MhGossipsubId id;

      peer->unwanted++;
      if (!mh_gossipsub_rpc_id (wire, &id, &peer->form))
        continue;
      unwanted.key = mh_gossipsub_cache_key (self->cache, &id);
      if (peer->dont_send == NULL)
        peer->dont_send = g_hash_table_new_full (mh_gossipsub_id_key_hash,
                                                 mh_gossipsub_id_key_equal, g_free, NULL);
      g_hash_table_replace (peer->dont_send, g_memdup2 (&unwanted, sizeof unwanted), NULL);
    }
}

gboolean
mh_gossipsub_is_unwanted (const MhGossipsubMember *peer, const MhGossipsubIdKey *key)
{
  return peer->dont_send != NULL && g_hash_table_contains (peer->dont_send, key);
}

static gboolean
is_old (gpointer key, gpointer value, gpointer data)
{
  const MhGossipsub *self = data;

  return self->ticks - ((Unwanted *) key)->tick >= self->config.history_length;
}

void
mh_gossipsub_forget_unwanted (MhGossipsub *self, MhGossipsubMember *peer)
{
  if (peer->dont_send == NULL)
    return;

  g_hash_table_foreach_remove (peer->dont_send, is_old, self);
  if (g_hash_table_size (peer->dont_send) == 0)
    g_clear_pointer (&peer->dont_send, g_hash_table_unref);
}

void
mh_gossipsub_on_controls (MhGossipsub *self, MhGossipsubMember *peer, const GArray *controls)
{
  on_ihaves (self, peer, controls);
  on_iwants (self, peer, controls);
  for (guint i = 0; i < controls->len; i++)
    {
      const MhGossipsubControlItem *item = item_at (controls, i);

      if (item->kind == MH_GOSSIPSUB_GRAFT)
        on_graft (self, peer, item);
      else if (item->kind == MH_GOSSIPSUB_PRUNE)
        on_prune (self, peer, item);
      else if (item->kind == MH_GOSSIPSUB_IDONTWANT)
        on_idontwant (self, peer, item);
    }
}
