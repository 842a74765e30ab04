/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "votes.h"

typedef struct
{
  MhPeerId peer;
  gboolean is_reached;
  gint64 since_us;
} Vote;

struct _MhAutonatVotes
{
  GArray *rows; /* (owned) (element-type Vote): the oldest first */
  MhAutonatReach reach;
};

MhAutonatVotes *
mh_autonat_votes_new (void)
{
  MhAutonatVotes *self = g_new0 (MhAutonatVotes, 1);

  self->rows = g_array_new (FALSE, FALSE, sizeof (Vote));

  return self;
}

void
mh_autonat_votes_free (MhAutonatVotes *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->rows);
  g_free (self);
}

void
mh_autonat_votes_add (MhAutonatVotes *self, const MhPeerId *peer, gboolean is_reached,
                      gint64 now_us)
{
  Vote vote = { *peer, is_reached, now_us };

  for (guint i = 0; i < self->rows->len; i++)
    if (mh_peer_id_equal (&g_array_index (self->rows, Vote, i).peer, peer))
      {
        g_array_remove_index (self->rows, i);
        break;
      }
  if (self->rows->len >= MH_AUTONAT_MOST_VOTES)
    g_array_remove_index (self->rows, 0);
  g_array_append_val (self->rows, vote);
}

void
mh_autonat_votes_renew (MhAutonatVotes *self)
{
  g_array_set_size (self->rows, 0);
}

MhAutonatReach
mh_autonat_votes_count (MhAutonatVotes *self, gint64 now_us, guint *confidence)
{
  guint reached = 0;
  guint more;

  while (self->rows->len > 0
         && now_us - g_array_index (self->rows, Vote, 0).since_us >= MH_AUTONAT_VOTE_LIFE_US)
    g_array_remove_index (self->rows, 0);
  for (guint i = 0; i < self->rows->len; i++)
    reached += g_array_index (self->rows, Vote, i).is_reached ? 1 : 0;

  if (2 * reached > self->rows->len)
    self->reach = MH_AUTONAT_PUBLIC;
  else if (2 * reached < self->rows->len)
    self->reach = MH_AUTONAT_PRIVATE;
  more =
      2 * reached > self->rows->len ? 2 * reached - self->rows->len : self->rows->len - 2 * reached;
  *confidence = MIN (more, MH_AUTONAT_ENOUGH);

  return self->reach;
}
