/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gossipsub.h"

G_BEGIN_DECLS

/* The scores of all peers (gossipsub-v1.1.md, "Peer Scoring"), also of some that are gone. */

typedef struct _MhGossipsubScores MhGossipsubScores;
typedef struct _MhGossipsubScore MhGossipsubScore;

/* Topics and peers name what they are judged by with this, which outlives them. */
typedef struct
{
  guint number; /* for hash tables whose order is the same in every run */
  char *topic;  /* (owned) */
  MhGossipsubTopicScore params;
} MhGossipsubScored;

/* Returns: (transfer full): nobody's scores; @scoring outlives them */
MhGossipsubScores *mh_gossipsub_scores_new (const MhGossipsubScoring *scoring);
void mh_gossipsub_scores_free (MhGossipsubScores *self);

/* Returns: (transfer none): how @topic is judged: as it was said last, or @otherwise at first */
const MhGossipsubScored *mh_gossipsub_scores_topic (MhGossipsubScores *self, const char *topic,
                                                    const MhGossipsubTopicScore *otherwise);
void mh_gossipsub_scores_set_topic (MhGossipsubScores *self, const char *topic,
                                    const MhGossipsubTopicScore *params);

/* Returns: (transfer none): the score of a peer that is connected now, there until it is removed */
MhGossipsubScore *
mh_gossipsub_scores_add (MhGossipsubScores *self, const MhPeerId *peer, const char *address);
void mh_gossipsub_scores_remove (MhGossipsubScores *self, MhGossipsubScore *score, gint64 now_ms);

/* Lets counters decay and time pass. */
void mh_gossipsub_scores_decay (MhGossipsubScores *self, gint64 now_ms);

/* Returns: the score of any peer, or of one that is connected */
double mh_gossipsub_scores_find (MhGossipsubScores *self, const MhPeerId *peer);
double mh_gossipsub_scores_get (MhGossipsubScores *self, MhGossipsubScore *score);

/* What a peer did. */
void mh_gossipsub_score_app (MhGossipsubScore *self, double value);
void mh_gossipsub_score_penalty (MhGossipsubScore *self, guint count);
void
mh_gossipsub_score_graft (MhGossipsubScore *self, const MhGossipsubScored *topic, gint64 now_ms);
void mh_gossipsub_score_prune (MhGossipsubScore *self, const MhGossipsubScored *topic);
void mh_gossipsub_score_first (MhGossipsubScore *self, const MhGossipsubScored *topic);
void mh_gossipsub_score_near_first (MhGossipsubScore *self, const MhGossipsubScored *topic);
void mh_gossipsub_score_invalid (MhGossipsubScore *self, const MhGossipsubScored *topic);

G_END_DECLS
