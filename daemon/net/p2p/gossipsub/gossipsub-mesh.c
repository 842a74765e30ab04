/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gossipsub-private.h"

/* That a peer is to be left alone. */
typedef struct
{
  MhPeerId peer;
  gint64 until_ms;
} Backoff;

static Backoff *
find_backoff (const MhGossipsubTopic *topic, const MhPeerId *peer)
{
  return topic->backoff != NULL ? g_hash_table_lookup (topic->backoff, peer) : NULL;
}

gint64
mh_gossipsub_backoff_get (const MhGossipsubTopic *topic, const MhPeerId *peer)
{
  const Backoff *backoff = find_backoff (topic, peer);

  return backoff != NULL ? backoff->until_ms : 0;
}

/* The other side may count from a little later, and looks at its next heartbeat only. */
static gboolean
is_over (gpointer key, gpointer value, gpointer data)
{
  const MhGossipsub *self = data;

  return ((Backoff *) key)->until_ms + self->config.heartbeat_ms <= self->now_ms;
}

static void
forget_backoffs (MhGossipsub *self, MhGossipsubTopic *topic)
{
  if (topic->backoff == NULL)
    return;
  g_hash_table_foreach_remove (topic->backoff, is_over, self);
  if (g_hash_table_size (topic->backoff) == 0)
    g_clear_pointer (&topic->backoff, g_hash_table_unref);
}

void
mh_gossipsub_backoff_add (MhGossipsub *self, MhGossipsubTopic *topic, const MhPeerId *peer,
                          gint64 until_ms)
{
  Backoff *backoff = find_backoff (topic, peer);

  if (backoff != NULL)
    {
      backoff->until_ms = MAX (backoff->until_ms, until_ms);
      return;
    }
  if (topic->backoff == NULL)
    topic->backoff = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, NULL);
  if (g_hash_table_size (topic->backoff) == MH_GOSSIPSUB_MAX_BACKOFFS)
    return;
  backoff = g_new (Backoff, 1);
  *backoff = (Backoff){ *peer, until_ms };
  g_hash_table_add (topic->backoff, backoff);
}

gboolean
mh_gossipsub_mesh_may_have (const MhGossipsub *self, const MhGossipsubTopic *topic,
                            const MhGossipsubMember *peer)
{
  return !peer->is_direct && mh_gossipsub_member_score (self, peer) >= 0
         && find_backoff (topic, &peer->id) == NULL && !mh_gossipsub_has (topic->mesh, peer);
}

static gboolean
may_have_outbound (const MhGossipsub *self, const MhGossipsubTopic *topic,
                   const MhGossipsubMember *peer)
{
  return peer->is_outbound && mh_gossipsub_mesh_may_have (self, topic, peer);
}

void
mh_gossipsub_mesh_add (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer)
{
  g_ptr_array_add (topic->mesh, peer);
  mh_gossipsub_score_graft (peer->score, topic->scored, self->now_ms);
}

void
mh_gossipsub_mesh_graft (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer)
{
  mh_gossipsub_mesh_add (self, topic, peer);
  mh_gossipsub_mesh_tell (self, topic, peer);
}

void
mh_gossipsub_mesh_tell (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  mh_pb_put_text (body, 1, topic->name);
  mh_gossipsub_queue_control (self, peer, MH_GOSSIPSUB_GRAFT, body);
}

static void
graft_all (MhGossipsub *self, MhGossipsubTopic *topic, const GPtrArray *peers)
{
  for (guint i = 0; i < peers->len; i++)
    mh_gossipsub_mesh_graft (self, topic, g_ptr_array_index (peers, i));
}

gboolean
mh_gossipsub_mesh_remove (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer)
{
  if (!g_ptr_array_remove (topic->mesh, peer))
    return FALSE;
  mh_gossipsub_score_prune (peer->score, topic->scored);

  return TRUE;
}

static gboolean
fits_exchange (const MhGossipsub *self, const MhGossipsubTopic *topic,
               const MhGossipsubMember *peer)
{
  return mh_gossipsub_member_score (self, peer) >= 0;
}

static void
put_exchange (const MhGossipsub *self, const MhGossipsubMember *peer, GByteArray *out)
{
  g_autoptr (GBytes) record = self->events->record (&peer->id, self->data);
  g_autoptr (GByteArray) info = g_byte_array_new ();

  mh_pb_put_bytes (info, 1, peer->id.bytes, peer->id.size);
  if (record != NULL)
    mh_pb_put_bytes (info, 2, g_bytes_get_data (record, NULL), g_bytes_get_size (record));
  /* there is room for all of a usual size */
  if (out->len + info->len < self->config.max_rpc_bytes / 2)
    mh_pb_put_message (out, 2, info);
}

static void
put_exchanges (MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubMember *to,
               GByteArray *out)
{
  g_autoptr (GPtrArray) peers = NULL;

  if (self->events->record == NULL || self->config.exchange_peers == 0
      || mh_gossipsub_member_score (self, to) < 0)
    return;

  peers = mh_gossipsub_pick (self, topic, self->config.exchange_peers + 1, fits_exchange);
  g_ptr_array_remove (peers, (gpointer) to);
  for (guint i = 0; i < peers->len && i < self->config.exchange_peers; i++)
    put_exchange (self, g_ptr_array_index (peers, i), out);
}

void
mh_gossipsub_mesh_prune (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer,
                         guint backoff_ms, gboolean with_peers)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  mh_gossipsub_mesh_remove (self, topic, peer);
  mh_gossipsub_backoff_add (self, topic, &peer->id, self->now_ms + backoff_ms);
  mh_pb_put_text (body, 1, topic->name);
  if (peer->version > MH_GOSSIPSUB_VERSION_10)
    {
      if (with_peers)
        put_exchanges (self, topic, peer, body);
      mh_pb_put_uint (body, 3, backoff_ms / 1000);
    }
  mh_gossipsub_queue_control (self, peer, MH_GOSSIPSUB_PRUNE, body);
}

void
mh_gossipsub_mesh_join (MhGossipsub *self, MhGossipsubTopic *topic)
{
  g_autoptr (GPtrArray) more = NULL;

  for (guint i = 0; i < topic->fanout->len && topic->mesh->len < self->config.d; i++)
    {
      MhGossipsubMember *peer = g_ptr_array_index (topic->fanout, i);

      if (mh_gossipsub_mesh_may_have (self, topic, peer))
        mh_gossipsub_mesh_graft (self, topic, peer);
    }
  g_ptr_array_set_size (topic->fanout, 0);
  more = mh_gossipsub_pick (self, topic, self->config.d - topic->mesh->len,
                            mh_gossipsub_mesh_may_have);
  graft_all (self, topic, more);
}

void
mh_gossipsub_mesh_leave (MhGossipsub *self, MhGossipsubTopic *topic)
{
  while (topic->mesh->len > 0)
    mh_gossipsub_mesh_prune (self, topic, g_ptr_array_index (topic->mesh, 0),
                             self->config.unsubscribe_backoff_ms, TRUE);
}

static gboolean
fits_fanout (const MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubMember *peer)
{
  return !peer->is_direct && !mh_gossipsub_has (topic->fanout, peer)
         && mh_gossipsub_member_score (self, peer) >= self->config.scoring.publish_threshold;
}

static void
fill_fanout (MhGossipsub *self, MhGossipsubTopic *topic)
{
  g_autoptr (GPtrArray) more = NULL;

  if (topic->fanout->len >= self->config.d)
    return;
  more = mh_gossipsub_pick (self, topic, self->config.d - topic->fanout->len, fits_fanout);
  g_ptr_array_extend (topic->fanout, more, NULL, NULL);
}

GPtrArray *
mh_gossipsub_fanout (MhGossipsub *self, MhGossipsubTopic *topic)
{
  if (topic->fanout->len == 0)
    fill_fanout (self, topic);
  topic->published_ms = self->now_ms;

  return topic->fanout;
}

static void
keep_fanout (MhGossipsub *self, MhGossipsubTopic *topic)
{
  double threshold = self->config.scoring.publish_threshold;

  if (topic->fanout->len == 0)
    return;
  if (topic->published_ms + self->config.fanout_ttl_ms < self->now_ms)
    {
      g_ptr_array_set_size (topic->fanout, 0);
      return;
    }
  for (guint i = topic->fanout->len; i-- > 0;)
    if (mh_gossipsub_member_score (self, g_ptr_array_index (topic->fanout, i)) < threshold)
      g_ptr_array_remove_index (topic->fanout, i);
  fill_fanout (self, topic);
}

static void
prune_bad (MhGossipsub *self, MhGossipsubTopic *topic)
{
  for (guint i = topic->mesh->len; i-- > 0;)
    {
      MhGossipsubMember *peer = g_ptr_array_index (topic->mesh, i);

      if (mh_gossipsub_member_score (self, peer) < 0)
        mh_gossipsub_mesh_prune (self, topic, peer, self->config.prune_backoff_ms, FALSE);
    }
}

static int
compare_scores (gconstpointer a, gconstpointer b, gpointer data)
{
  double one = mh_gossipsub_member_score (data, *(MhGossipsubMember *const *) a);
  double other = mh_gossipsub_member_score (data, *(MhGossipsubMember *const *) b);

  return one < other ? 1 : one > other ? -1 : 0;
}

static guint
count_outbound (const GPtrArray *peers, guint most)
{
  guint count = 0;

  for (guint i = 0; i < peers->len && i < most; i++)
    count += ((MhGossipsubMember *) g_ptr_array_index (peers, i))->is_outbound ? 1 : 0;

  return count;
}

/* Outbound peers from behind go in the place of the last inbound ones that would be kept, until
 * there are enough of them. */
static void
keep_outbound (MhGossipsub *self, GPtrArray *peers)
{
  guint outbound = count_outbound (peers, self->config.d);
  guint place = self->config.d;
  guint from = self->config.d;

  for (; place > 0 && outbound < self->config.d_out; place--)
    {
      MhGossipsubMember *peer = peers->pdata[place - 1];

      if (peer->is_outbound)
        continue;
      while (from < peers->len && !((MhGossipsubMember *) peers->pdata[from])->is_outbound)
        from++;
      if (from == peers->len)
        return;
      peers->pdata[place - 1] = peers->pdata[from];
      peers->pdata[from] = peer;
      outbound++;
    }
}

static void
prune_excess (MhGossipsub *self, MhGossipsubTopic *topic)
{
  g_autoptr (GPtrArray) peers = NULL;

  if (topic->mesh->len <= self->config.d_hi)
    return;

  peers = g_ptr_array_copy (topic->mesh, NULL, NULL);
  mh_gossipsub_shuffle (self, peers, 0);
  g_ptr_array_sort_with_data (peers, compare_scores, self);
  mh_gossipsub_shuffle (self, peers, self->config.d_score);
  keep_outbound (self, peers);
  for (guint i = self->config.d; i < peers->len; i++)
    mh_gossipsub_mesh_prune (self, topic, g_ptr_array_index (peers, i),
                             self->config.prune_backoff_ms, TRUE);
}

static void
graft_missing (MhGossipsub *self, MhGossipsubTopic *topic)
{
  g_autoptr (GPtrArray) more = NULL;
  guint outbound;

  if (topic->mesh->len < self->config.d_lo)
    {
      more = mh_gossipsub_pick (self, topic, self->config.d - topic->mesh->len,
                                mh_gossipsub_mesh_may_have);
      graft_all (self, topic, more);
      return;
    }
  outbound = count_outbound (topic->mesh, G_MAXUINT);
  if (outbound < self->config.d_out)
    {
      more = mh_gossipsub_pick (self, topic, self->config.d_out - outbound, may_have_outbound);
      graft_all (self, topic, more);
    }
}

static double
median_score (MhGossipsub *self, const MhGossipsubTopic *topic)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_copy (topic->mesh, NULL, NULL);

  g_ptr_array_sort_with_data (peers, compare_scores, self);

  return mh_gossipsub_member_score (self, g_ptr_array_index (peers, (peers->len - 1) / 2));
}

static void
graft_better (MhGossipsub *self, MhGossipsubTopic *topic)
{
  guint ticks = self->config.opportunistic_ticks;
  g_autoptr (GPtrArray) peers = NULL;
  guint taken = 0;
  double median;

  if (ticks == 0 || self->ticks % ticks != 0 || topic->mesh->len < 2)
    return;
  median = median_score (self, topic);
  if (median >= self->config.scoring.opportunistic_threshold)
    return;

  peers = mh_gossipsub_pick (self, topic, G_MAXUINT, mh_gossipsub_mesh_may_have);
  for (guint i = 0; i < peers->len && taken < self->config.opportunistic_peers; i++)
    if (mh_gossipsub_member_score (self, g_ptr_array_index (peers, i)) > median)
      {
        mh_gossipsub_mesh_graft (self, topic, g_ptr_array_index (peers, i));
        taken++;
      }
}

static gboolean
list (gpointer name, gpointer topic, gpointer topics)
{
  g_ptr_array_add (topics, topic);

  return FALSE;
}

static void
keep_topic (MhGossipsub *self, MhGossipsubTopic *topic)
{
  forget_backoffs (self, topic);
  if (topic->is_joined)
    {
      prune_bad (self, topic);
      graft_missing (self, topic);
      prune_excess (self, topic);
      graft_better (self, topic);
    }
  else
    keep_fanout (self, topic);
  mh_gossipsub_topic_release (self, topic);
}

static void
begin_interval (MhGossipsub *self)
{
  for (guint i = 0; i < self->in_order->len; i++)
    {
      MhGossipsubMember *peer = g_ptr_array_index (self->in_order, i);

      peer->ihaves = 0;
      peer->told = 0;
      peer->iwants = 0;
      peer->wanted = 0;
      peer->unwanted = 0;
      mh_gossipsub_forget_unwanted (self, peer);
    }
}

static void
on_broken_promise (guint32 number, gpointer data)
{
  MhGossipsub *self = data;
  MhGossipsubMember *peer = mh_gossipsub_member_by_number (self, number);

  if (peer == NULL)
    return;
  self->counters.broken_promises++;
  mh_gossipsub_score_penalty (peer->score, 1);
}

static void
look_for_direct (MhGossipsub *self)
{
  GHashTableIter iter;
  gpointer peer;

  if (self->config.direct_ticks == 0 || (self->ticks - 1) % self->config.direct_ticks != 0)
    return;

  g_hash_table_iter_init (&iter, self->direct);
  while (g_hash_table_iter_next (&iter, &peer, NULL))
    if (!g_hash_table_contains (self->peers, peer))
      mh_gossipsub_queue_connect (self, peer);
}

void
mh_gossipsub_heartbeat (MhGossipsub *self)
{
  g_autoptr (GPtrArray) topics = g_ptr_array_new ();

  self->ticks++;
  begin_interval (self);
  mh_gossipsub_cache_break_promises (self->cache, self->now_ms, on_broken_promise, self);
  look_for_direct (self);
  g_tree_foreach (self->topics, list, topics);
  for (guint i = 0; i < topics->len; i++)
    keep_topic (self, g_ptr_array_index (topics, i));
  mh_gossipsub_emit_gossip (self);
  mh_gossipsub_cache_shift (self->cache, self->now_ms);
}
