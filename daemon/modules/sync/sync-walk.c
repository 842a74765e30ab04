/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-walk.h"

#include <string.h>

#include "base/error.h"

/* A part, and what the other machine said of it. */
typedef struct
{
  MhTreePart part;
  MhTreeSum sum;
} Node;

typedef struct
{
  const MhSyncWalkFuncs *funcs; /* (unowned) */
  MhSyncWalked *walked;         /* (unowned) */
  gboolean changed;             /* the other index is not what it was at the first answer */
  guint left;                   /* versions that it has named since it gave one */
  GArray *open; /* (owned) (element-type Node): to be looked into, the first one last; each apart */
  GArray *lists; /* (owned) (element-type Node): to be listed, in order */
} Walk;

static gboolean
refuse (const char *why, GError **error)
{
  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the other machine %s", why);

  return FALSE;
}

/* An answer does not fit to those before it. Of an index that has changed that is no fault: then
 * @error is not set, and the rest is found the next time. Returns: %FALSE */
static gboolean
contradict (Walk *self, const char *why, GError **error)
{
  if (!self->changed)
    return refuse (why, error);
  self->walked->whole = FALSE;

  return FALSE;
}

/* Returns: %FALSE with @error set, or when the other index is another one now */
static gboolean
ask (Walk *self, MhSyncMessage *question, MhSyncMessage *answer, GError **error)
{
  MhSyncMark *mark = &self->walked->mark;
  gboolean is_first = self->walked->questions == 0;

  question->mark = *mark;
  self->walked->questions++;
  if (!self->funcs->ask (question, answer, self->funcs->data, error))
    return FALSE;
  if (answer->mark.epoch == 0)
    return refuse ("does not say which index it has", error);
  if (is_first)
    *mark = answer->mark;
  if (answer->mark.epoch != mark->epoch || answer->mark.gone != mark->gone)
    self->changed = TRUE;
  if (answer->mark.epoch == mark->epoch)
    return TRUE;
  self->walked->whole = FALSE;

  return FALSE;
}

/* -- looking into parts -- */

/* Whether a part is listed and not looked into: it is small, or so much of it is not here that
 * looking for what is would not pay. */
static gboolean
is_listed (const MhTreePart *part, guint64 theirs, guint64 ours)
{
  return theirs <= MH_SYNC_WALK_LISTED || ours < theirs - theirs / 4
         || part->depth >= MH_VERSION_TREE_DEEPEST;
}

/* Reads the sums of the children of @node. Returns: %FALSE when that is not what an answer is */
static gboolean
read_sums (const MhSyncMessage *answer, guint number, gsize *at,
           MhTreeSum sums[MH_VERSION_TREE_CHILDREN])
{
  gsize size = 0;
  const guint8 *digests = answer->hashes != NULL ? g_bytes_get_data (answer->hashes, &size) : NULL;

  for (guint i = 0; i < MH_VERSION_TREE_CHILDREN; i++)
    {
      sums[i] = (MhTreeSum){ 0 };
      sums[i].count =
          g_array_index (answer->counts, guint64, number * MH_VERSION_TREE_CHILDREN + i);
      if (sums[i].count == 0)
        continue;
      if (*at + MH_SYNC_HASH_SIZE > size || sums[i].count > MH_SYNC_WALK_MOST_ENTRIES)
        return FALSE;
      memcpy (sums[i].digest, digests + *at, MH_SYNC_HASH_SIZE);
      *at += MH_SYNC_HASH_SIZE;
    }

  return TRUE;
}

/* Whether the children have together what was said of @node. Nothing was said of the root. */
static gboolean
is_sum_of (const Node *node, const MhTreeSum sums[MH_VERSION_TREE_CHILDREN])
{
  guint64 count = 0;

  for (guint i = 0; i < MH_VERSION_TREE_CHILDREN; i++)
    count += sums[i].count; /* each is far from what would overflow */

  return node->part.depth == 0 ? count <= MH_SYNC_WALK_MOST_ENTRIES : count == node->sum.count;
}

static gboolean
is_same (const MhTreeSum *one, const MhTreeSum *two)
{
  return one->count == two->count && memcmp (one->digest, two->digest, sizeof one->digest) == 0;
}

/* Sorts the children of a part that differ into those to be listed and (in order) @deeper ones. */
static gboolean
compare (Walk *self, const Node *node, const MhTreeSum theirs[MH_VERSION_TREE_CHILDREN],
         GArray *deeper, GError **error)
{
  MhTreeSum ours[MH_VERSION_TREE_CHILDREN] = { 0 };
  gboolean differs = node->part.depth == 0;

  if (!self->funcs->sums (&node->part, ours, self->funcs->data, error))
    return FALSE;
  for (guint i = 0; i < MH_VERSION_TREE_CHILDREN; i++)
    {
      Node child = { mh_tree_part_child (&node->part, i), theirs[i] };

      if (is_same (&theirs[i], &ours[i]))
        continue;
      differs = TRUE;
      if (theirs[i].count == 0)
        continue;
      if (is_listed (&child.part, theirs[i].count, ours[i].count))
        g_array_append_val (self->lists, child);
      else
        g_array_append_val (deeper, child);
    }
  if (differs)
    return TRUE;

  /* the sum of the part was another one than ours */
  self->changed = self->changed || self->funcs->has_moved (self->funcs->data);

  return contradict (self, "says that versions differ which do not", error);
}

/* Takes the first of what is open. Returns: (transfer full) (element-type Node): in order */
static GArray *
take_open (Walk *self)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (Node));

  while (self->open->len > 0 && out->len < MH_SYNC_MOST_PARTS)
    {
      g_array_append_val (out, g_array_index (self->open, Node, self->open->len - 1));
      g_array_set_size (self->open, self->open->len - 1);
    }

  return out;
}

static GArray *
parts_of (const GArray *nodes, guint first, guint end)
{
  GArray *parts = g_array_new (FALSE, FALSE, sizeof (MhTreePart));

  for (guint i = first; i < end; i++)
    g_array_append_val (parts, g_array_index (nodes, Node, i).part);

  return parts;
}

/* Looks into as many parts as a question may have. */
static gboolean
look (Walk *self, GError **error)
{
  g_autoptr (GArray) nodes = take_open (self);
  g_autoptr (GArray) deeper = g_array_new (FALSE, FALSE, sizeof (Node));
  g_auto (MhSyncMessage)
      question = { .op = MH_SYNC_SUMS, .parts = parts_of (nodes, 0, nodes->len) };
  g_auto (MhSyncMessage) answer = { 0 };
  gsize at = 0;

  if (!ask (self, &question, &answer, error))
    return FALSE;
  if (answer.counts == NULL || answer.counts->len != nodes->len * MH_VERSION_TREE_CHILDREN)
    return refuse ("gives other sums than it was asked for", error);
  for (guint i = 0; i < nodes->len; i++)
    {
      const Node *node = &g_array_index (nodes, Node, i);
      MhTreeSum sums[MH_VERSION_TREE_CHILDREN];

      if (!read_sums (&answer, i, &at, sums))
        return refuse ("gives sums that are none", error);
      if (!is_sum_of (node, sums))
        return contradict (self, "counts versions in two ways", error);
      if (!compare (self, node, sums, deeper, error))
        return FALSE;
    }
  if (answer.hashes != NULL && at != g_bytes_get_size (answer.hashes))
    return refuse ("gives sums that are none", error);
  for (guint i = deeper->len; i > 0; i--)
    g_array_append_val (self->open, g_array_index (deeper, Node, i - 1));

  return TRUE;
}

/* -- listing parts -- */

/* Parts that are listed together, and how far that is. */
typedef struct
{
  Walk *walk;           /* (unowned) */
  guint at;             /* of @walk->lists: the part that is being filled */
  MhTreeSummer *summer; /* (owned): of what is in it */
  guint64 in_part;      /* entries in it until now */
  guint8 last[MH_SYNC_HASH_SIZE];
  gboolean has_last;
} Listing;

/* Whether the entry is the next one of what was said to be there. */
static gboolean
list_entry (Listing *self, const guint8 *hash, guint8 state, GError **error)
{
  const Node *node = &g_array_index (self->walk->lists, Node, self->at);
  guint8 first[MH_SYNC_HASH_SIZE];
  guint8 last[MH_SYNC_HASH_SIZE];
  MhTreeSum sum;

  mh_tree_part_ends (&node->part, first, last);
  if (state > MH_ENTRY_PURGED || (self->has_last && memcmp (hash, self->last, sizeof last) <= 0))
    return refuse ("lists versions in no order", error);
  if (memcmp (hash, first, sizeof first) < 0 || memcmp (hash, last, sizeof last) > 0)
    return contradict (self->walk, "lists versions that are not where it counted them", error);

  memcpy (self->last, hash, sizeof self->last);
  self->has_last = TRUE;
  mh_tree_summer_add (self->summer, hash, state);
  self->in_part++;
  if (self->in_part < node->sum.count)
    return TRUE;

  mh_tree_summer_finish (self->summer, &sum);
  self->in_part = 0;
  self->at++;

  return memcmp (sum.digest, node->sum.digest, sizeof sum.digest) == 0
         || contradict (self->walk, "lists other versions than its sums are of", error);
}

static gboolean
take_entries (Walk *self, GBytes *hashes, GBytes *states, GError **error)
{
  MhSyncWalkTaken taken = { 0 };

  if (!self->funcs->take (hashes, states, &taken, self->funcs->data, error))
    return FALSE;
  self->walked->left += taken.left;
  self->left = taken.gained > 0 ? taken.left : self->left + taken.left;

  return self->left <= MH_SYNC_WALK_MOST_LEFT
         || refuse ("names versions and gives none of them", error);
}

/* Takes one answer, which has to have @expected entries. */
static gboolean
list_page (Listing *self, const MhSyncMessage *answer, guint64 expected, GError **error)
{
  GBytes *states = answer->records != NULL && answer->records->len == 1
                       ? g_ptr_array_index (answer->records, 0)
                       : NULL;
  gsize size = 0;
  const guint8 *hashes = answer->hashes != NULL ? g_bytes_get_data (answer->hashes, &size) : NULL;
  const guint8 *each = states != NULL ? g_bytes_get_data (states, NULL) : NULL;

  if (states == NULL || g_bytes_get_size (states) * MH_SYNC_HASH_SIZE != size)
    return refuse ("lists versions without what is known of them", error);
  if (size / MH_SYNC_HASH_SIZE != expected)
    return contradict (self->walk, "lists more or fewer versions than it counted", error);
  for (gsize i = 0; i < expected; i++)
    if (!list_entry (self, hashes + i * MH_SYNC_HASH_SIZE, each[i], error))
      return FALSE;

  return take_entries (self->walk, answer->hashes, states, error);
}

/* Lists the parts from @first on, up to @end, which have @left entries. */
static gboolean
list_some (Walk *self, guint first, guint end, guint64 left, GError **error)
{
  g_autoptr (MhTreeSummer) summer = mh_tree_summer_new ();
  Listing listing = { .walk = self, .at = first, .summer = summer };

  while (left > 0)
    {
      g_auto (MhSyncMessage)
          question = { .op = MH_SYNC_ENTRIES, .parts = parts_of (self->lists, listing.at, end) };
      g_auto (MhSyncMessage) answer = { 0 };
      guint64 expected = MIN (left, MH_SYNC_MOST_HASHES);

      if (listing.has_last)
        question.hashes = g_bytes_new (listing.last, sizeof listing.last);
      if (!ask (self, &question, &answer, error) || !list_page (&listing, &answer, expected, error))
        return FALSE;
      left -= expected;
    }

  return TRUE;
}

static gboolean
list_all (Walk *self, GError **error)
{
  guint first = 0;

  while (first < self->lists->len)
    {
      guint end = first;
      guint64 count = 0;

      for (; end < self->lists->len && end < first + MH_SYNC_MOST_PARTS; end++)
        count += g_array_index (self->lists, Node, end).sum.count;
      if (!list_some (self, first, end, count, error))
        return FALSE;
      first = end;
    }
  g_array_set_size (self->lists, 0);

  return TRUE;
}

gboolean
mh_sync_walk (const MhSyncWalkFuncs *funcs, MhSyncWalked *walked, GError **error)
{
  g_autoptr (GArray) open = g_array_new (FALSE, FALSE, sizeof (Node));
  g_autoptr (GArray) lists = g_array_new (FALSE, FALSE, sizeof (Node));
  Walk self = { .funcs = funcs, .walked = walked, .open = open, .lists = lists };
  GError *local = NULL;
  Node root = { 0 };

  *walked = (MhSyncWalked){ .whole = TRUE };
  g_array_append_val (open, root);
  while (open->len > 0 && local == NULL && walked->whole)
    if (look (&self, &local))
      (void) list_all (&self, &local);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}
