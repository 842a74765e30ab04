/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "kad-table.h"

G_BEGIN_DECLS

/* kad-dht, "Alpha concurrency parameter": questions that are under way at the same time. */
#define MH_KAD_ALPHA 10

/* Peers that one lookup remembers, and that it asks before it gives up. */
#define MH_KAD_MOST_CANDIDATES 512
#define MH_KAD_MOST_ASKED 256

/* When so many that one peer named did not answer, and none did, no more that only it named are
 * asked. */
#define MH_KAD_MOST_LIES 4

/* How often the peer that is looked for is tried, as others tell more addresses of it. */
#define MH_KAD_MOST_TRIES 8

/**
 * MhKadLookup:
 *
 * The way from peer to peer towards the one that is looked for, or towards those closest to it. It
 * says whom to ask next and takes what came of it; the asking is up to its owner. What others name
 * is only a hint: the peer is found once it has answered itself, and the closest are those that
 * did. Not for two threads at once.
 */
typedef struct _MhKadLookup MhKadLookup;

typedef enum
{
  MH_KAD_MORE,  /* it goes on */
  MH_KAD_FOUND, /* the peer answered */
  MH_KAD_DONE,  /* it did not; the closest peers are known */
} MhKadState;

/**
 * mh_kad_lookup_new:
 * @target: who is looked for
 * @own: who we are, and never to be asked
 * @alpha: most questions at the same time
 *
 * Returns: (transfer full): a lookup that knows nobody yet
 */
MhKadLookup *mh_kad_lookup_new (const MhPeerId *target, const MhPeerId *own,
                                guint alpha) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_kad_lookup_free (MhKadLookup *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhKadLookup, mh_kad_lookup_free)

/* Adds somebody to begin with. */
void mh_kad_lookup_add (MhKadLookup *self, const MhPeerId *id);

/**
 * mh_kad_lookup_next:
 * @self: a lookup
 * @id: (out): whom to ask now
 *
 * The target itself may come, when somebody named it: it is found when it answers.
 *
 * Returns: %FALSE when an answer has to be waited for, or it is over
 */
gboolean mh_kad_lookup_next (MhKadLookup *self, MhPeerId *id) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_kad_lookup_answered:
 * @self: a lookup
 * @from: who was asked
 * @closer: (nullable) (element-type MhKadPeer): who it named
 *
 * Does nothing when @from was not asked, or was given up.
 */
void mh_kad_lookup_answered (MhKadLookup *self, const MhPeerId *from, GPtrArray *closer);

/* Says that who was asked did not answer. */
void mh_kad_lookup_failed (MhKadLookup *self, const MhPeerId *from);

/* Returns: how it stands */
MhKadState mh_kad_lookup_state (const MhKadLookup *self);

/* Returns: (transfer full) (element-type MhPeerId): the closest that answered, at most %MH_KAD_K,
 *   the closest first */
GArray *mh_kad_lookup_closest (const MhKadLookup *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: how many peers were asked so far */
guint mh_kad_lookup_asked (const MhKadLookup *self);

/* Returns: how many peers, one naming the next, led to the last that answered closest; 0 if none */
guint mh_kad_lookup_hops (const MhKadLookup *self);

/* Returns: how many peers it remembers, at most %MH_KAD_MOST_CANDIDATES */
guint mh_kad_lookup_candidates (const MhKadLookup *self);

/* Returns: whether anybody has named the target */
gboolean mh_kad_lookup_is_named (const MhKadLookup *self);

/* Returns: (transfer none): who is looked for */
const MhPeerId *mh_kad_lookup_target (const MhKadLookup *self);

G_END_DECLS
