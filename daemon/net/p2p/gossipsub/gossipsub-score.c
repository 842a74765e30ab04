/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-score-private.h"

typedef struct
{
  gboolean in_mesh;
  gboolean is_active; /* long enough in the mesh for P3 */
  gint64 grafted_ms;
  gint64 mesh_ms;
  double first;
  double mesh;
  double failure;
  double invalid;
} TopicStats;

struct _MhGossipsubScore
{
  MhPeerId peer;
  GHashTable *topics; /* (owned) (element-type MhGossipsubScored TopicStats) */
  double behaviour;
  double app;
  char *address;     /* (owned) (nullable) */
  gint64 expires_ms; /* once it is not connected */
  GList link;        /* in retained, oldest first, with data set while it is */
  gboolean is_known; /* whether @value holds */
  double value;
};

struct _MhGossipsubScores
{
  const MhGossipsubScoring *scoring; /* (unowned) */
  GHashTable *topics;                /* (owned) (element-type utf8 MhGossipsubScored) */
  GHashTable *peers;                 /* (owned) (element-type MhPeerId MhGossipsubScore) */
  GHashTable *addresses;             /* (owned) (element-type utf8 guint): peers of each */
  GQueue retained;
};

static void
score_free (gpointer data)
{
  MhGossipsubScore *self = data;

  g_hash_table_unref (self->topics);
  g_free (self->address);
  g_free (self);
}

static void
scored_free (gpointer data)
{
  MhGossipsubScored *self = data;

  g_free (self->topic);
  g_free (self);
}

MhGossipsubScores *
mh_gossipsub_scores_new (const MhGossipsubScoring *scoring)
{
  MhGossipsubScores *self = g_new0 (MhGossipsubScores, 1);

  self->scoring = scoring;
  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, scored_free);
  self->peers = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, NULL, score_free);
  self->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->retained);

  return self;
}

void
mh_gossipsub_scores_free (MhGossipsubScores *self)
{
  g_hash_table_unref (self->peers);
  g_hash_table_unref (self->topics);
  g_hash_table_unref (self->addresses);
  g_free (self);
}

static void
forget_values (MhGossipsubScores *self)
{
  GHashTableIter iter;
  gpointer score;

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &score))
    ((MhGossipsubScore *) score)->is_known = FALSE;
}

static MhGossipsubScored *
add_topic (MhGossipsubScores *self, const char *topic, const MhGossipsubTopicScore *params)
{
  MhGossipsubScored *scored = g_new0 (MhGossipsubScored, 1);

  scored->number = g_hash_table_size (self->topics);
  scored->topic = g_strdup (topic);
  scored->params = *params;
  g_hash_table_insert (self->topics, scored->topic, scored);

  return scored;
}

const MhGossipsubScored *
mh_gossipsub_scores_topic (MhGossipsubScores *self, const char *topic,
                           const MhGossipsubTopicScore *otherwise)
{
  MhGossipsubScored *scored = g_hash_table_lookup (self->topics, topic);

  return scored != NULL ? scored : add_topic (self, topic, otherwise);
}

void
mh_gossipsub_scores_set_topic (MhGossipsubScores *self, const char *topic,
                               const MhGossipsubTopicScore *params)
{
  MhGossipsubScored *scored = g_hash_table_lookup (self->topics, topic);

  if (scored == NULL)
    add_topic (self, topic, params);
  else
    scored->params = *params;
  forget_values (self);
}

static guint
peers_of (MhGossipsubScores *self, const char *address)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, address));
}

/* Those that share the address are judged anew. */
static void
count_address (MhGossipsubScores *self, const char *address, int by)
{
  guint count;

  if (address == NULL)
    return;
  count = (guint) ((int) peers_of (self, address) + by);
  if (count == 0)
    g_hash_table_remove (self->addresses, address);
  else
    g_hash_table_replace (self->addresses, g_strdup (address), GUINT_TO_POINTER (count));
  if (count + 1 > self->scoring->colocation_most)
    forget_values (self);
}

static void
set_address (MhGossipsubScores *self, MhGossipsubScore *score, const char *address)
{
  count_address (self, score->address, -1);
  g_free (score->address);
  score->address = g_strdup (address);
  count_address (self, score->address, 1);
  score->is_known = FALSE;
}

static void
drop (MhGossipsubScores *self, MhGossipsubScore *score)
{
  if (score->link.data != NULL)
    g_queue_unlink (&self->retained, &score->link);
  count_address (self, score->address, -1);
  g_hash_table_remove (self->peers, &score->peer);
}

MhGossipsubScore *
mh_gossipsub_scores_add (MhGossipsubScores *self, const MhPeerId *peer, const char *address)
{
  MhGossipsubScore *score = g_hash_table_lookup (self->peers, peer);

  if (score == NULL)
    {
      score = g_new0 (MhGossipsubScore, 1);
      score->peer = *peer;
      score->topics = g_hash_table_new_full (g_int_hash, g_int_equal, NULL, g_free);
      g_hash_table_insert (self->peers, &score->peer, score);
    }
  else if (score->link.data != NULL)
    {
      g_queue_unlink (&self->retained, &score->link);
      score->link.data = NULL;
    }
  set_address (self, score, address);

  return score;
}

static TopicStats *
stats_of (MhGossipsubScore *self, const MhGossipsubScored *topic)
{
  TopicStats *stats = g_hash_table_lookup (self->topics, topic);

  if (stats == NULL)
    {
      stats = g_new0 (TopicStats, 1);
      g_hash_table_insert (self->topics, (gpointer) topic, stats);
    }
  self->is_known = FALSE;

  return stats;
}

static double
deficit (const TopicStats *stats, const MhGossipsubTopicScore *params)
{
  double missing = params->mesh_threshold - stats->mesh;

  return stats->is_active && missing > 0 ? missing * missing : 0;
}

static void
leave_mesh (TopicStats *stats, const MhGossipsubTopicScore *params)
{
  if (stats->in_mesh)
    stats->failure += deficit (stats, params);
  stats->in_mesh = FALSE;
  stats->is_active = FALSE;
  stats->mesh_ms = 0;
}

/* Only what is bad is kept, so that it cannot be got rid of by connecting again. */
void
mh_gossipsub_scores_remove (MhGossipsubScores *self, MhGossipsubScore *score, gint64 now_ms)
{
  gboolean is_bad = mh_gossipsub_scores_get (self, score) < 0;
  GHashTableIter iter;
  gpointer topic;
  gpointer stats;

  if (!is_bad)
    {
      drop (self, score);
      return;
    }

  g_hash_table_iter_init (&iter, score->topics);
  while (g_hash_table_iter_next (&iter, &topic, &stats))
    {
      ((TopicStats *) stats)->first = 0;
      leave_mesh (stats, &((MhGossipsubScored *) topic)->params);
    }
  score->is_known = FALSE;
  score->expires_ms = now_ms + self->scoring->retain_ms;
  score->link.data = score;
  g_queue_push_tail_link (&self->retained, &score->link);
  if (g_queue_get_length (&self->retained) > MH_GOSSIPSUB_MAX_RETAINED)
    drop (self, g_queue_peek_head (&self->retained));
}

static void
decay (double *counter, double factor, double to_zero)
{
  *counter *= factor;
  if (*counter < to_zero)
    *counter = 0;
}

/* Returns: whether nothing is left */
static gboolean
decay_topic (TopicStats *stats, const MhGossipsubTopicScore *params, double to_zero, gint64 now_ms)
{
  decay (&stats->first, params->first_decay, to_zero);
  decay (&stats->mesh, params->mesh_decay, to_zero);
  decay (&stats->failure, params->failure_decay, to_zero);
  decay (&stats->invalid, params->invalid_decay, to_zero);
  if (!stats->in_mesh)
    return stats->first + stats->mesh + stats->failure + stats->invalid <= 0;

  stats->mesh_ms = now_ms - stats->grafted_ms;
  stats->is_active = stats->mesh_ms > params->mesh_activation_ms;

  return FALSE;
}

static void
decay_peer (MhGossipsubScores *self, MhGossipsubScore *score, gint64 now_ms)
{
  double to_zero = self->scoring->decay_to_zero;
  GHashTableIter iter;
  gpointer topic;
  gpointer stats;

  decay (&score->behaviour, self->scoring->behaviour_decay, to_zero);
  g_hash_table_iter_init (&iter, score->topics);
  while (g_hash_table_iter_next (&iter, &topic, &stats))
    if (decay_topic (stats, &((MhGossipsubScored *) topic)->params, to_zero, now_ms))
      g_hash_table_iter_remove (&iter);
  score->is_known = FALSE;
}

void
mh_gossipsub_scores_decay (MhGossipsubScores *self, gint64 now_ms)
{
  MhGossipsubScore *oldest = g_queue_peek_head (&self->retained);
  GHashTableIter iter;
  gpointer score;

  for (; oldest != NULL && oldest->expires_ms <= now_ms;
       oldest = g_queue_peek_head (&self->retained))
    drop (self, oldest);

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &score))
    if (((MhGossipsubScore *) score)->link.data == NULL)
      decay_peer (self, score, now_ms);
}

static double
topic_part (const TopicStats *stats, const MhGossipsubTopicScore *params)
{
  double quanta = (double) stats->mesh_ms / MAX (params->time_quantum_ms, 1);
  double part = MIN (quanta, params->time_cap) * params->time_weight;

  part += MIN (stats->first, params->first_cap) * params->first_weight;
  part += deficit (stats, params) * params->mesh_weight;
  part += stats->failure * params->failure_weight;
  part += stats->invalid * stats->invalid * params->invalid_weight;

  return part * params->weight;
}

static double
colocation_part (MhGossipsubScores *self, const MhGossipsubScore *score)
{
  guint most = self->scoring->colocation_most;
  guint count = score->address != NULL ? peers_of (self, score->address) : 0;
  double surplus = count > most ? count - most : 0;

  return surplus * surplus * self->scoring->colocation_weight;
}

static double
compute (MhGossipsubScores *self, const MhGossipsubScore *score)
{
  const MhGossipsubScoring *scoring = self->scoring;
  double excess = MAX (score->behaviour - scoring->behaviour_most, 0);
  double sum = 0;
  GHashTableIter iter;
  gpointer topic;
  gpointer stats;

  g_hash_table_iter_init (&iter, score->topics);
  while (g_hash_table_iter_next (&iter, &topic, &stats))
    sum += topic_part (stats, &((MhGossipsubScored *) topic)->params);
  if (scoring->topic_cap > 0)
    sum = MIN (sum, scoring->topic_cap);

  sum += score->app * scoring->app_weight;
  sum += colocation_part (self, score);
  sum += excess * excess * scoring->behaviour_weight;

  return sum;
}

double
mh_gossipsub_scores_get (MhGossipsubScores *self, MhGossipsubScore *score)
{
  if (!score->is_known)
    score->value = compute (self, score);
  score->is_known = TRUE;

  return score->value;
}

double
mh_gossipsub_scores_find (MhGossipsubScores *self, const MhPeerId *peer)
{
  MhGossipsubScore *score = g_hash_table_lookup (self->peers, peer);

  return score != NULL ? mh_gossipsub_scores_get (self, score) : 0;
}

void
mh_gossipsub_score_app (MhGossipsubScore *self, double value)
{
  self->app = value;
  self->is_known = FALSE;
}

void
mh_gossipsub_score_penalty (MhGossipsubScore *self, guint count)
{
  self->behaviour += count;
  self->is_known = FALSE;
}

void
mh_gossipsub_score_graft (MhGossipsubScore *self, const MhGossipsubScored *topic, gint64 now_ms)
{
  TopicStats *stats = stats_of (self, topic);

  stats->in_mesh = TRUE;
  stats->is_active = FALSE;
  stats->grafted_ms = now_ms;
  stats->mesh_ms = 0;
}

void
mh_gossipsub_score_prune (MhGossipsubScore *self, const MhGossipsubScored *topic)
{
  leave_mesh (stats_of (self, topic), &topic->params);
}

void
mh_gossipsub_score_first (MhGossipsubScore *self, const MhGossipsubScored *topic)
{
  TopicStats *stats = stats_of (self, topic);

  stats->first = MIN (stats->first + 1, topic->params.first_cap);
  if (stats->in_mesh)
    stats->mesh = MIN (stats->mesh + 1, topic->params.mesh_cap);
}

void
mh_gossipsub_score_near_first (MhGossipsubScore *self, const MhGossipsubScored *topic)
{
  TopicStats *stats = stats_of (self, topic);

  if (stats->in_mesh)
    stats->mesh = MIN (stats->mesh + 1, topic->params.mesh_cap);
}

void
mh_gossipsub_score_invalid (MhGossipsubScore *self, const MhGossipsubScored *topic)
{
  stats_of (self, topic)->invalid += 1;
}
