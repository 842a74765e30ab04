/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kad-lookup.h"

typedef enum
{
  STATE_NEW,
  STATE_ASKED,
  STATE_ANSWERED,
  STATE_FAILED,
  STATE_DROPPED, /* only a liar named it */
} State;

typedef struct _Candidate Candidate;

struct _Candidate
{
  MhPeerId id;
  MhKadKey key;
  State state;
  guint hops;        /* peers that lead to it, itself among them */
  Candidate *source; /* (unowned) (nullable): the only one that named it; has answered, so stays */
  guint good;        /* that only it named, and that answered */
  guint bad;         /* and that did not */
};

struct _MhKadLookup
{
  MhPeerId target;
  MhPeerId own;
  MhKadKey key; /* of @target */
  guint alpha;
  GPtrArray *rows;   /* (owned) (element-type Candidate): the closest first */
  GHashTable *by_id; /* (owned) (element-type MhPeerId Candidate): unowned */
  guint in_flight;
  guint asked;
  guint tries;       /* of the target */
  gboolean is_named; /* the target */
  gboolean is_again; /* more of the target was told while it was asked */
  gboolean is_found;
};

MhKadLookup *
mh_kad_lookup_new (const MhPeerId *target, const MhPeerId *own, guint alpha)
{
  MhKadLookup *self = g_new0 (MhKadLookup, 1);

  self->target = *target;
  self->own = *own;
  self->key = mh_kad_key_of_peer (target);
  self->alpha = MAX (alpha, 1);
  self->rows = g_ptr_array_new_with_free_func (g_free);
  self->by_id = g_hash_table_new (mh_peer_id_hash, mh_peer_id_equal);

  return self;
}

void
mh_kad_lookup_free (MhKadLookup *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->rows);
  g_free (self);
}

/* -- candidates -- */

/* Makes room by dropping the farthest, if that is farther than @key and never was asked. */
static gboolean
make_room (MhKadLookup *self, const MhKadKey *key)
{
  guint last = self->rows->len - 1;
  Candidate *farthest = g_ptr_array_index (self->rows, last);

  if (farthest->state != STATE_NEW || mh_kad_key_compare (&self->key, &farthest->key, key) <= 0)
    return FALSE;

  g_hash_table_remove (self->by_id, &farthest->id);
  g_ptr_array_remove_index (self->rows, last);

  return TRUE;
}

/* Returns: where @key has its place */
static guint
place_of (const MhKadLookup *self, const MhKadKey *key)
{
  guint low = 0;
  guint high = self->rows->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;
      const Candidate *row = g_ptr_array_index (self->rows, middle);

      if (mh_kad_key_compare (&self->key, &row->key, key) < 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

static void
add (MhKadLookup *self, const MhPeerId *id, Candidate *source)
{
  MhKadKey key = mh_kad_key_of_peer (id);
  Candidate *row;

  if (self->rows->len >= MH_KAD_MOST_CANDIDATES && !make_room (self, &key))
    return;

  row = g_new0 (Candidate, 1);
  row->id = *id;
  row->key = key;
  row->hops = source != NULL ? source->hops + 1 : 1;
  row->source = source;
  g_ptr_array_insert (self->rows, (gint) place_of (self, &key), row);
  g_hash_table_insert (self->by_id, &row->id, row);
}

void
mh_kad_lookup_add (MhKadLookup *self, const MhPeerId *id)
{
  if (!mh_peer_id_equal (id, &self->own) && g_hash_table_lookup (self->by_id, id) == NULL)
    add (self, id, NULL);
}

/* -- asking -- */

/* Returns: (transfer none) (nullable): the closest in @state among the k that may yet answer */
static Candidate *
closest_in (const MhKadLookup *self, State state)
{
  guint count = 0;

  for (guint i = 0; i < self->rows->len && count < MH_KAD_K; i++)
    {
      Candidate *row = g_ptr_array_index (self->rows, i);

      if (row->state == state)
        return row;
      count += row->state != STATE_FAILED && row->state != STATE_DROPPED;
    }

  return NULL;
}

MhKadState
mh_kad_lookup_state (const MhKadLookup *self)
{
  if (self->is_found)
    return MH_KAD_FOUND;
  if (closest_in (self, STATE_ASKED) != NULL
      || (self->asked < MH_KAD_MOST_ASKED && closest_in (self, STATE_NEW) != NULL))
    return MH_KAD_MORE;

  return MH_KAD_DONE;
}

gboolean
mh_kad_lookup_next (MhKadLookup *self, MhPeerId *id)
{
  Candidate *row;

  if (self->is_found || self->in_flight >= self->alpha || self->asked >= MH_KAD_MOST_ASKED)
    return FALSE;
  row = closest_in (self, STATE_NEW);
  if (row == NULL)
    return FALSE;

  row->state = STATE_ASKED;
  self->in_flight++;
  self->asked++;
  if (mh_peer_id_equal (&row->id, &self->target))
    self->tries++;
  *id = row->id;

  return TRUE;
}

/* -- answers -- */

/* Returns: (transfer none) (nullable): who was asked, and is not any more */
static Candidate *
take_asked (MhKadLookup *self, const MhPeerId *from)
{
  Candidate *row = g_hash_table_lookup (self->by_id, from);

  if (row == NULL || row->state != STATE_ASKED)
    return NULL;
  self->in_flight--;

  return row;
}

/* More was told of the target: it may be worth another try. */
static void
name_target (MhKadLookup *self, Candidate *row, gboolean has_addresses)
{
  if (!has_addresses || self->tries >= MH_KAD_MOST_TRIES)
    return;
  if (row->state == STATE_FAILED)
    row->state = STATE_NEW;
  else if (row->state == STATE_ASKED)
    self->is_again = TRUE;
}

static void
name (MhKadLookup *self, Candidate *source, const MhKadPeer *peer)
{
  Candidate *row = g_hash_table_lookup (self->by_id, &peer->id);
  gboolean is_target = mh_peer_id_equal (&peer->id, &self->target);

  if (mh_peer_id_equal (&peer->id, &self->own) || row == source)
    return;

  self->is_named = self->is_named || is_target;
  if (row == NULL && source->bad >= MH_KAD_MOST_LIES && source->good == 0)
    return;
  if (row == NULL)
    {
      add (self, &peer->id, is_target ? NULL : source);
      row = is_target ? g_hash_table_lookup (self->by_id, &peer->id) : NULL;
      if (row != NULL)
        row->hops = source->hops + 1;
      return;
    }

  if (is_target)
    name_target (self, row, peer->addresses->len > 0);
  if (row->state == STATE_DROPPED)
    {
      row->state = STATE_NEW;
      row->source = source;
    }
  else if (row->source != source)
    {
      row->source = NULL; /* two say so */
    }
}

void
mh_kad_lookup_answered (MhKadLookup *self, const MhPeerId *from, GPtrArray *closer)
{
  Candidate *row = take_asked (self, from);

  if (row == NULL)
    return;

  row->state = STATE_ANSWERED;
  if (row->source != NULL)
    row->source->good++;
  if (mh_peer_id_equal (from, &self->target))
    self->is_found = TRUE;
  for (guint i = 0; closer != NULL && i < closer->len && i < MH_KAD_MOST_PEERS; i++)
    name (self, row, closer->pdata[i]);
}

/* Gives up those that only @source named. */
static void
drop_named (MhKadLookup *self, const Candidate *source)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      Candidate *row = g_ptr_array_index (self->rows, i);

      if (row->source == source && row->state == STATE_NEW)
        row->state = STATE_DROPPED;
    }
}

void
mh_kad_lookup_failed (MhKadLookup *self, const MhPeerId *from)
{
  Candidate *row = take_asked (self, from);

  if (row == NULL)
    return;

  row->state = STATE_FAILED;
  if (mh_peer_id_equal (from, &self->target) && self->is_again)
    {
      self->is_again = FALSE;
      row->state = STATE_NEW;
    }
  if (row->source == NULL)
    return;
  row->source->bad++;
  if (row->source->bad >= MH_KAD_MOST_LIES && row->source->good == 0)
    drop_named (self, row->source);
}

/* -- what came of it -- */

GArray *
mh_kad_lookup_closest (const MhKadLookup *self)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (MhPeerId));

  for (guint i = 0; i < self->rows->len && out->len < MH_KAD_K; i++)
    {
      const Candidate *row = g_ptr_array_index (self->rows, i);

      if (row->state == STATE_ANSWERED)
        g_array_append_val (out, row->id);
    }

  return out;
}

guint
mh_kad_lookup_asked (const MhKadLookup *self)
{
  return self->asked;
}

guint
mh_kad_lookup_hops (const MhKadLookup *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      const Candidate *row = g_ptr_array_index (self->rows, i);

      if (row->state == STATE_ANSWERED)
        return row->hops;
    }

  return 0;
}

guint
mh_kad_lookup_candidates (const MhKadLookup *self)
{
  return self->rows->len;
}

gboolean
mh_kad_lookup_is_named (const MhKadLookup *self)
{
  return self->is_named;
}

const MhPeerId *
mh_kad_lookup_target (const MhKadLookup *self)
{
  return &self->target;
}
