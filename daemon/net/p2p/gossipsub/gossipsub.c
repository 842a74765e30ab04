/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub.h"

#include <string.h>

#include "crypto/random.h"
#include "gossipsub-private.h"

/* Longest that time is made up for at once, in intervals of decay. */
#define MOST_DECAYS 600

/* Like js-libp2p, so that members that start together do not all wait a whole interval. */
#define FIRST_HEARTBEAT_MS 100

static int
compare_names (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

static guint64
random_number (void)
{
  guint64 number;

  mh_random_bytes ((guint8 *) &number, sizeof number);

  return number;
}

static GRand *
rand_new (guint64 seed)
{
  guint64 wide = seed != 0 ? seed : random_number ();
  guint32 words[] = { (guint32) wide, (guint32) (wide >> 32) };

  return g_rand_new_with_seed_array (words, G_N_ELEMENTS (words));
}

/* Numbers that would be at odds with each other. */
static void
tame (MhGossipsubConfig *config)
{
  config->d_lo = MIN (config->d_lo, config->d);
  config->d_hi = MAX (config->d_hi, config->d);
  config->d_score = MIN (config->d_score, config->d);
  config->exchange_peers = MIN (config->exchange_peers, MH_GOSSIPSUB_MAX_EXCHANGED);
  config->history_length = CLAMP (config->history_length, 1, MH_GOSSIPSUB_MAX_HISTORY);
  config->max_rpc_bytes = MAX (config->max_rpc_bytes, MH_GOSSIPSUB_LEAST_RPC);
}

MhGossipsub *
mh_gossipsub_new (const MhSigner *signer, const MhGossipsubConfig *config,
                  const MhGossipsubEvents *events, gpointer data)
{
  MhGossipsub *self = g_new0 (MhGossipsub, 1);

  self->signer = signer;
  self->events = events;
  self->data = data;
  if (config != NULL)
    self->config = *config;
  else
    mh_gossipsub_config_init (&self->config);
  tame (&self->config);
  self->self_id = mh_peer_id_from_ed25519 (mh_signer_public_key (signer));
  self->rand = rand_new (self->config.seed);
  self->seqno = self->config.first_seqno != 0 ? self->config.first_seqno - 1 : random_number () / 2;
  self->is_idle = TRUE;
  self->peers =
      g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, NULL, mh_gossipsub_member_unref);
  self->by_number = g_hash_table_new (NULL, NULL);
  self->in_order = g_ptr_array_new ();
  self->direct = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, NULL);
  self->keys = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free,
                                      (GDestroyNotify) g_bytes_unref);
  self->topics = g_tree_new_full (compare_names, NULL, NULL, mh_gossipsub_topic_free);
  self->scores = mh_gossipsub_scores_new (&self->config.scoring);
  self->cache = mh_gossipsub_cache_new (&self->config);
  mh_gossipsub_rpc_init (&self->rpc);
  self->dirty = g_ptr_array_new_with_free_func (mh_gossipsub_member_unref);

  return self;
}

void
mh_gossipsub_free (MhGossipsub *self)
{
  if (self == NULL)
    return;

  mh_gossipsub_queue_clear (self);
  g_ptr_array_unref (self->dirty);
  g_hash_table_unref (self->peers);
  g_hash_table_unref (self->by_number);
  g_ptr_array_unref (self->in_order);
  g_hash_table_unref (self->direct);
  g_hash_table_unref (self->keys);
  g_tree_unref (self->topics);
  mh_gossipsub_scores_free (self->scores);
  mh_gossipsub_cache_free (self->cache);
  mh_gossipsub_rpc_clear (&self->rpc);
  g_rand_free (self->rand);
  g_free (self);
}

gboolean
mh_gossipsub_version (const char *protocol, MhGossipsubVersion *version)
{
  static const char *const names[] = {
    [MH_GOSSIPSUB_VERSION_10] = MH_GOSSIPSUB_PROTOCOL_10,
    [MH_GOSSIPSUB_VERSION_11] = MH_GOSSIPSUB_PROTOCOL_11,
    [MH_GOSSIPSUB_VERSION_12] = MH_GOSSIPSUB_PROTOCOL_12,
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (protocol, names[i]))
      {
        *version = (MhGossipsubVersion) i;
        return TRUE;
      }

  return FALSE;
}

/* Direct peers are always listened to. */
static gboolean
is_graylisted (const MhGossipsub *self, const MhGossipsubMember *peer)
{
  return !peer->is_direct
         && mh_gossipsub_member_score (self, peer) < self->config.scoring.graylist_threshold;
}

static void
hear (MhGossipsub *self, MhGossipsubMember *peer)
{
  const MhGossipsubRpc *rpc = &self->rpc;

  /* who is in what has to be known when the peer is better again */
  for (guint i = 0; i < rpc->subscriptions->len; i++)
    mh_gossipsub_on_subscription (self, peer,
                                  &g_array_index (rpc->subscriptions, MhGossipsubSubscription, i));
  if (is_graylisted (self, peer))
    {
      self->counters.graylisted++;
      return;
    }

  for (guint i = 0; i < rpc->messages->len; i++)
    if (!mh_gossipsub_on_message (self, peer,
                                  &g_array_index (rpc->messages, MhGossipsubRawMessage, i))
        && is_graylisted (self, peer))
      return;
  mh_gossipsub_on_controls (self, peer, rpc->controls);
}

gboolean
mh_gossipsub_feed (MhGossipsub *self, const MhPeerId *id, const guint8 *data, gsize size,
                   gint64 now_ms, GError **error)
{
  MhGossipsubMember *peer = g_hash_table_lookup (self->peers, id);

  if (peer == NULL)
    return TRUE;
  if (size > self->config.max_rpc_bytes || !mh_gossipsub_rpc_parse (&self->rpc, data, size))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "gossipsub RPC of %" G_GSIZE_FORMAT " bytes is malformed or over the limits",
                   size);
      return FALSE;
    }

  mh_gossipsub_enter (self, now_ms);
  hear (self, peer);
  mh_gossipsub_leave (self);

  return TRUE;
}

static void
catch_up_decay (MhGossipsub *self)
{
  gint64 interval = MAX (self->config.scoring.decay_ms, 1);

  for (guint i = 0; i < MOST_DECAYS && self->decay_ms <= self->now_ms; i++)
    {
      mh_gossipsub_scores_decay (self->scores, self->now_ms);
      self->decay_ms += interval;
    }
  if (self->decay_ms <= self->now_ms)
    self->decay_ms = self->now_ms + interval;
}

gint64
mh_gossipsub_tick (MhGossipsub *self, gint64 now_ms)
{
  gint64 interval = MAX (self->config.heartbeat_ms, 1);

  mh_gossipsub_enter (self, now_ms);
  if (self->is_idle)
    {
      self->heartbeat_ms = self->now_ms + MIN (FIRST_HEARTBEAT_MS, interval);
      self->decay_ms = self->now_ms + self->config.scoring.decay_ms;
      self->is_idle = FALSE;
    }
  catch_up_decay (self);
  if (self->heartbeat_ms <= self->now_ms)
    {
      mh_gossipsub_heartbeat (self);
      self->heartbeat_ms += interval;
      if (self->heartbeat_ms <= self->now_ms)
        self->heartbeat_ms = self->now_ms + interval;
    }
  mh_gossipsub_leave (self);

  return MIN (self->heartbeat_ms, self->decay_ms);
}

static void
announce (MhGossipsub *self, const MhGossipsubTopic *topic)
{
  for (guint i = 0; i < self->in_order->len; i++)
    mh_gossipsub_queue_subscription (self, g_ptr_array_index (self->in_order, i), topic->name,
                                     topic->is_joined);
}

gboolean
mh_gossipsub_subscribe (MhGossipsub *self, const char *name, gint64 now_ms, GError **error)
{
  MhGossipsubTopic *topic = NULL;

  if (!mh_gossipsub_topic_check (name, error))
    return FALSE;
  if (mh_gossipsub_is_in (self, name))
    return TRUE;
  if (self->n_joined == MH_GOSSIPSUB_MAX_TOPICS)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no more than %d topics",
                   MH_GOSSIPSUB_MAX_TOPICS);
      return FALSE;
    }

  mh_gossipsub_enter (self, now_ms);
  topic = mh_gossipsub_topic_add (self, name);
  topic->is_joined = TRUE;
  topic->scored = mh_gossipsub_scores_topic (self->scores, name, &self->config.topic_score);
  self->n_joined++;
  announce (self, topic);
  mh_gossipsub_mesh_join (self, topic);
  mh_gossipsub_leave (self);

  return TRUE;
}

void
mh_gossipsub_unsubscribe (MhGossipsub *self, const char *name, gint64 now_ms)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_get (self, name);

  if (topic == NULL || !topic->is_joined)
    return;

  mh_gossipsub_enter (self, now_ms);
  topic->is_joined = FALSE;
  self->n_joined--;
  announce (self, topic);
  mh_gossipsub_mesh_leave (self, topic);
  mh_gossipsub_topic_release (self, topic);
  mh_gossipsub_leave (self);
}

void
mh_gossipsub_set_validate (MhGossipsub *self, const char *name, MhGossipsubValidate validate,
                           gpointer data)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_add (self, name);

  topic->validate = validate;
  topic->validate_data = data;
  mh_gossipsub_topic_release (self, topic);
}

void
mh_gossipsub_set_topic_score (MhGossipsub *self, const char *topic,
                              const MhGossipsubTopicScore *score)
{
  mh_gossipsub_scores_set_topic (self->scores, topic, score);
}

void
mh_gossipsub_set_app_score (MhGossipsub *self, const MhPeerId *id, double value)
{
  MhGossipsubMember *peer = g_hash_table_lookup (self->peers, id);

  if (peer != NULL)
    mh_gossipsub_score_app (peer->score, value);
}

double
mh_gossipsub_score (MhGossipsub *self, const MhPeerId *peer)
{
  return mh_gossipsub_scores_find (self->scores, peer);
}

gboolean
mh_gossipsub_is_in (const MhGossipsub *self, const char *name)
{
  const MhGossipsubTopic *topic = mh_gossipsub_topic_get (self, name);

  return topic != NULL && topic->is_joined;
}

static gboolean
list_topic (gpointer name, gpointer topic, gpointer list)
{
  if (((MhGossipsubTopic *) topic)->is_joined)
    g_ptr_array_add (list, g_strdup (name));

  return FALSE;
}

GPtrArray *
mh_gossipsub_topics (const MhGossipsub *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  g_tree_foreach (self->topics, list_topic, list);

  return list;
}

static GPtrArray *
list_peers (const GPtrArray *peers)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; peers != NULL && i < peers->len; i++)
    g_ptr_array_add (list,
                     mh_peer_id_copy (&((MhGossipsubMember *) g_ptr_array_index (peers, i))->id));

  return list;
}

GPtrArray *
mh_gossipsub_members (const MhGossipsub *self, const char *name)
{
  const MhGossipsubTopic *topic = mh_gossipsub_topic_get (self, name);

  return list_peers (topic != NULL ? topic->members : NULL);
}

GPtrArray *
mh_gossipsub_mesh (const MhGossipsub *self, const char *name)
{
  const MhGossipsubTopic *topic = mh_gossipsub_topic_get (self, name);

  return list_peers (topic != NULL ? topic->mesh : NULL);
}

MhGossipsubCounters
mh_gossipsub_counters (const MhGossipsub *self)
{
  return self->counters;
}

gsize
mh_gossipsub_seen_bytes (const MhGossipsub *self)
{
  return mh_gossipsub_cache_seen_size (self->cache);
}

gsize
mh_gossipsub_cache_bytes (const MhGossipsub *self)
{
  return mh_gossipsub_cache_kept_size (self->cache);
}

gsize
mh_gossipsub_pending_bytes (const MhGossipsub *self)
{
  return mh_gossipsub_cache_held_size (self->cache);
}
