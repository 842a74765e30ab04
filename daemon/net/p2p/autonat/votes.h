/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/* What peers say of whether we can be reached, and what follows. It knows no clock. */

/* Peers whose last word is kept, and for how long it counts. */
#define MH_AUTONAT_MOST_VOTES 16
#define MH_AUTONAT_VOTE_LIFE_US (3600 * (gint64) G_USEC_PER_SEC)

/* So many more peers on one side than on the other are enough (autonat-v1 has more than 3 peers,
 * more than a small network has; go-libp2p counts to 3). */
#define MH_AUTONAT_ENOUGH 3

typedef enum
{
  MH_AUTONAT_UNKNOWN,
  MH_AUTONAT_PUBLIC,  /* others can dial us */
  MH_AUTONAT_PRIVATE, /* they cannot */
} MhAutonatReach;

typedef struct _MhAutonatVotes MhAutonatVotes;

/* Returns: (transfer full): none yet */
MhAutonatVotes *mh_autonat_votes_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Frees them. */
void mh_autonat_votes_free (MhAutonatVotes *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhAutonatVotes, mh_autonat_votes_free)

/* Notes the word of a peer in place of its last one, and drops the oldest when there are too many.
 * @now_us does not go back. */
void mh_autonat_votes_add (MhAutonatVotes *self, const MhPeerId *peer, gboolean is_reached,
                           gint64 now_us);

/* What was said is about addresses that we no longer have: the outcome stays, of no confidence,
 * until there are new words. */
void mh_autonat_votes_renew (MhAutonatVotes *self);

/**
 * mh_autonat_votes_count:
 * @self: votes
 * @now_us: the time
 * @confidence: (out): how many more peers say so than say the opposite, %MH_AUTONAT_ENOUGH at most
 *
 * As many on both sides leave it at what it was.
 *
 * Returns: the outcome
 */
MhAutonatReach mh_autonat_votes_count (MhAutonatVotes *self, gint64 now_us, guint *confidence);

G_END_DECLS
