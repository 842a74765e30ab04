/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "crypto/random.h"
#include "modules/sync/sync-walk.h"

/* Two machines that compare what they know: sets of made-up entries, and every message as bytes. */

#define EPOCH 77
#define MOST_IDS 20000

/* -- sets -- */

typedef struct
{
  guint8 hash[MH_SYNC_HASH_SIZE];
  guint8 state;
} Entry;

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return memcmp (((const Entry *) a)->hash, ((const Entry *) b)->hash, MH_SYNC_HASH_SIZE);
}

static GArray *
set_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (Entry));
}

static void
set_add (GArray *self, const Entry *entry)
{
  g_array_append_vals (self, entry, 1);
}

static Entry
random_entry (GRand *random)
{
  Entry entry = { .state = g_rand_int_range (random, 0, 8) == 0 ? MH_ENTRY_GONE : MH_ENTRY_THERE };

  for (guint i = 0; i < MH_SYNC_HASH_SIZE; i++)
    entry.hash[i] = (guint8) g_rand_int (random);

  return entry;
}

/* Returns: the first entry that is not before @hash */
static guint
lower_bound (const GArray *set, const guint8 *hash)
{
  guint from = 0;
  guint to = set->len;

  while (from < to)
    {
      guint middle = from + (to - from) / 2;

      if (memcmp (g_array_index (set, Entry, middle).hash, hash, MH_SYNC_HASH_SIZE) < 0)
        from = middle + 1;
      else
        to = middle;
    }

  return from;
}

static void
sum_children (const GArray *set, const MhTreePart *part, MhTreeSum sums[MH_VERSION_TREE_CHILDREN])
{
  g_autoptr (MhTreeSummer) summer = mh_tree_summer_new ();

  for (guint i = 0; i < MH_VERSION_TREE_CHILDREN; i++)
    {
      MhTreePart child = mh_tree_part_child (part, i);
      guint8 first[MH_SYNC_HASH_SIZE];
      guint8 last[MH_SYNC_HASH_SIZE];

      mh_tree_part_ends (&child, first, last);
      for (guint at = lower_bound (set, first);
           at < set->len && memcmp (g_array_index (set, Entry, at).hash, last, sizeof last) <= 0;
           at++)
        mh_tree_summer_add (summer, g_array_index (set, Entry, at).hash,
                            g_array_index (set, Entry, at).state);
      mh_tree_summer_finish (summer, &sums[i]);
    }
}

static void
list_part (const GArray *set, const MhTreePart *part, const guint8 *after, MhTreeEntries *out)
{
  guint8 first[MH_SYNC_HASH_SIZE];
  guint8 last[MH_SYNC_HASH_SIZE];

  mh_tree_part_ends (part, first, last);
  for (guint at = lower_bound (set, first);
       at < set->len && memcmp (g_array_index (set, Entry, at).hash, last, sizeof last) <= 0
       && out->states->len < MH_SYNC_MOST_HASHES;
       at++)
    if (after == NULL || memcmp (g_array_index (set, Entry, at).hash, after, sizeof last) > 0)
      mh_tree_entries_add (out, g_array_index (set, Entry, at).hash,
                           g_array_index (set, Entry, at).state);
}

/* -- two machines -- */

typedef struct _World World;

/* Makes something else of an honest answer. */
typedef void (*Lie) (World *self, const MhSyncMessage *question, MhSyncMessage *answer);

struct _World
{
  GArray *ours;   /* (owned) (element-type Entry): in order */
  GArray *theirs; /* (owned) (element-type Entry): in order */
  Lie lie;        /* (nullable) */
  guint lie_at;   /* the question from which on it lies */
  gint64 gone;    /* of the other machine */
  gboolean gives; /* what it names */
  gboolean has_moved;
  guint questions;
  guint64 bytes;
  guint sums; /* questions for sums */
  guint deepest;
  GHashTable *taken; /* (owned) (element-type GBytes Entry.state): what was named and is not here */
  guint named;
};

static World *
world_new (void)
{
  World *self = g_new0 (World, 1);

  self->ours = set_new ();
  self->theirs = set_new ();
  self->gives = TRUE;
  self->taken =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  return self;
}

static void
world_free (World *self)
{
  g_array_unref (self->ours);
  g_array_unref (self->theirs);
  g_hash_table_unref (self->taken);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

static void
answer_sums (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  GByteArray *digests = g_byte_array_new ();

  self->sums++;
  answer->counts = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < question->parts->len; i++)
    {
      const MhTreePart *part = &g_array_index (question->parts, MhTreePart, i);
      MhTreeSum sums[MH_VERSION_TREE_CHILDREN];

      self->deepest = MAX (self->deepest, part->depth);
      sum_children (self->theirs, part, sums);
      for (guint child = 0; child < MH_VERSION_TREE_CHILDREN; child++)
        {
          g_array_append_val (answer->counts, sums[child].count);
          if (sums[child].count > 0)
            g_byte_array_append (digests, sums[child].digest, MH_SYNC_HASH_SIZE);
        }
    }
  answer->hashes = g_byte_array_free_to_bytes (digests);
}

static void
set_entries (MhSyncMessage *answer, MhTreeEntries *entries)
{
  g_clear_pointer (&answer->hashes, g_bytes_unref);
  g_clear_pointer (&answer->records, g_ptr_array_unref);
  answer->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&entries->hashes));
  answer->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (answer->records,
                   g_byte_array_free_to_bytes (g_steal_pointer (&entries->states)));
}

static void
answer_entries (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  const guint8 *after = question->hashes != NULL ? g_bytes_get_data (question->hashes, NULL) : NULL;
  g_auto (MhTreeEntries) entries = { 0 };

  mh_tree_entries_init (&entries);
  for (guint i = 0; i < question->parts->len; i++)
    list_part (self->theirs, &g_array_index (question->parts, MhTreePart, i), after, &entries);
  set_entries (answer, &entries);
}

/* Sends a message. Returns: its bytes */
static gsize
send (const MhSyncMessage *message, gsize most, MhSyncMessage *out)
{
  g_autoptr (GBytes) bytes = mh_sync_message_encode (message);

  g_assert_cmpuint (g_bytes_get_size (bytes), <=, most);
  g_assert_true (mh_sync_message_decode (bytes, out));

  return g_bytes_get_size (bytes);
}

static gboolean
on_ask (const MhSyncMessage *question, MhSyncMessage *answer, gpointer data, GError **error)
{
  World *self = data;
  g_auto (MhSyncMessage) theirs = { 0 };
  g_auto (MhSyncMessage) said = { 0 };

  self->questions++;
  self->bytes += send (question, MH_SYNC_MAX_QUESTION, &theirs);
  said.mark = (MhSyncMark){ EPOCH, 1000, self->gone };
  if (theirs.op == MH_SYNC_SUMS)
    answer_sums (self, &theirs, &said);
  else
    answer_entries (self, &theirs, &said);
  if (self->lie != NULL && self->questions >= self->lie_at)
    self->lie (self, &theirs, &said);
  self->bytes += send (&said, MH_SYNC_MAX_ANSWER, answer);

  return TRUE;
}

static gboolean
on_sums (const MhTreePart *part, MhTreeSum sums[MH_VERSION_TREE_CHILDREN], gpointer data,
         GError **error)
{
  const World *self = data;

  sum_children (self->ours, part, sums);

  return TRUE;
}

static gboolean
on_take (GBytes *hashes, GBytes *states, MhSyncWalkTaken *taken, gpointer data, GError **error)
{
  World *self = data;
  const guint8 *state = g_bytes_get_data (states, NULL);
  gsize count = g_bytes_get_size (hashes) / MH_SYNC_HASH_SIZE;

  self->named += (guint) count;
  for (gsize i = 0; i < count; i++)
    {
      g_autoptr (GBytes) hash =
          g_bytes_new_from_bytes (hashes, i * MH_SYNC_HASH_SIZE, MH_SYNC_HASH_SIZE);
      const guint8 *data_of = g_bytes_get_data (hash, NULL);
      guint at = lower_bound (self->ours, data_of);

      if (at < self->ours->len
          && memcmp (g_array_index (self->ours, Entry, at).hash, data_of, MH_SYNC_HASH_SIZE) == 0
          && g_array_index (self->ours, Entry, at).state >= state[i])
        continue;
      if (self->gives)
        taken->gained++;
      else
        taken->left++;
      g_hash_table_insert (self->taken, g_bytes_ref (hash), GUINT_TO_POINTER (state[i]));
    }

  return TRUE;
}

static gboolean
on_has_moved (gpointer data)
{
  const World *self = data;

  return self->has_moved;
}

static gboolean
walk (World *self, MhSyncWalked *walked, GError **error)
{
  MhSyncWalkFuncs funcs = { on_ask, on_sums, on_take, on_has_moved, self };

  g_array_sort (self->ours, compare_entries);
  g_array_sort (self->theirs, compare_entries);

  return mh_sync_walk (&funcs, walked, error);
}

/* Checks that exactly what is to be taken was. Returns: in how many entries they differ */
static guint
check_taken (const World *self)
{
  guint both = 0;
  guint same = 0;
  guint wanted = 0;

  for (guint i = 0; i < self->theirs->len; i++)
    {
      const Entry *entry = &g_array_index (self->theirs, Entry, i);
      g_autoptr (GBytes) hash = g_bytes_new_static (entry->hash, sizeof entry->hash);
      guint at = lower_bound (self->ours, entry->hash);
      const Entry *ours = at < self->ours->len ? &g_array_index (self->ours, Entry, at) : NULL;
      gboolean is_here = ours != NULL && compare_entries (ours, entry) == 0;
      gpointer state;

      both += is_here ? 1 : 0;
      same += is_here && ours->state == entry->state ? 1 : 0;
      if (is_here && ours->state >= entry->state)
        continue;
      wanted++;
      g_assert_true (g_hash_table_lookup_extended (self->taken, hash, NULL, &state));
      g_assert_cmpuint (GPOINTER_TO_UINT (state), ==, entry->state);
    }
  g_assert_cmpuint (wanted, ==, g_hash_table_size (self->taken));

  return self->ours->len + self->theirs->len - both - same;
}

/* -- what a walk costs -- */

/* Returns: how often parts of a set of @count are looked into, one in another, below the root */
static guint
levels_of (guint count)
{
  guint levels = 0;

  for (; count > MH_SYNC_WALK_LISTED; count /= MH_VERSION_TREE_CHILDREN)
    levels++;

  return levels;
}

static guint64
fair_bytes (guint count, guint different)
{
  guint64 each = 600 * (levels_of (count) + 1) + 1200;

  return 800 + MIN (different * each, (guint64) count * 48);
}

static guint
fair_questions (guint count, guint different)
{
  return 2 + 2 * levels_of (count) + different / 40 + count / 1000;
}

/* Fills both: @same that both know, and what one of them knows or knows better. */
static void
fill (World *self, GRand *random, guint same, guint different)
{
  for (guint i = 0; i < same; i++)
    {
      Entry entry = random_entry (random);

      set_add (self->ours, &entry);
      set_add (self->theirs, &entry);
    }
  for (guint i = 0; i < different; i++)
    {
      Entry entry = random_entry (random);
      guint kind = (guint) g_rand_int_range (random, 0, 4);

      if (kind == 0) /* of which we have not heard that it was removed */
        {
          entry.state = MH_ENTRY_THERE;
          set_add (self->ours, &entry);
          entry.state = MH_ENTRY_PURGED;
          set_add (self->theirs, &entry);
        }
      else
        set_add (kind == 1 ? self->ours : self->theirs, &entry);
    }
}

static void
check_walk (GRand *random, guint same, guint different)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GError) error = NULL;
  MhSyncWalked walked;
  guint count = same + different;

  fill (world, random, same, different);
  g_assert_true (walk (world, &walked, &error));
  g_assert_no_error (error);
  g_assert_true (walked.whole);
  g_assert_cmpint (walked.mark.epoch, ==, EPOCH);
  g_assert_cmpuint (walked.questions, ==, world->questions);
  g_assert_cmpuint (check_taken (world), ==, different);
  g_assert_cmpuint (world->bytes, <=, fair_bytes (count, different));
  g_assert_cmpuint (world->questions, <=, fair_questions (count, different));
  if (different == 0)
    g_assert_cmpuint (world->questions, ==, 1);
}

static void
test_random (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  g_test_summary ("whatever two sets are, what is missing is found, at the cost of the difference");
  for (guint i = 0; i < 300; i++)
    {
      guint count = (guint) g_rand_int_range (random, 0, i < 200 ? 400 : MOST_IDS + 1);
      guint different = (guint) g_rand_int_range (random, 0, (gint) count + 1);

      if (i % 3 == 0) /* few of them */
        different = MIN (different, (guint) g_rand_int_range (random, 0, 10));
      check_walk (random, count - different, different);
    }
}

static void
test_cost (void)
{
  static const guint differences[] = { 0, 1, 10, 100, 1000, MOST_IDS };
  g_autoptr (GRand) random = g_rand_new_with_seed (2);

  g_test_summary ("the same number of differences costs about the same in a small and a large set");
  for (guint i = 0; i < G_N_ELEMENTS (differences); i++)
    {
      g_autoptr (World) world = world_new ();
      MhSyncWalked walked;

      fill (world, random, MOST_IDS - differences[i], differences[i]);
      g_assert_true (walk (world, &walked, NULL));
      g_assert_cmpuint (check_taken (world), ==, differences[i]);
      g_test_message ("%u of %u differ: %u questions, %" G_GUINT64_FORMAT
                      " bytes (a list of all: %u)",
                      differences[i], MOST_IDS, world->questions, world->bytes,
                      MOST_IDS * (MH_SYNC_HASH_SIZE + 1));
    }
}

static void
test_first_contact (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  MhSyncWalked walked;

  g_test_summary ("who has nothing gets a list, and no sums but those of the root");
  for (guint i = 0; i < MOST_IDS; i++)
    {
      Entry entry = random_entry (random);

      set_add (world->theirs, &entry);
    }
  g_assert_true (walk (world, &walked, NULL));
  g_assert_cmpuint (check_taken (world), ==, MOST_IDS);
  g_assert_cmpuint (world->sums, ==, 1);
  g_assert_cmpuint (world->questions, ==, 1 + MOST_IDS / MH_SYNC_MOST_HASHES);
  g_assert_cmpuint (world->bytes, <, MOST_IDS * 34);
}

/* -- who lies -- */

static void
replace_hash (MhSyncMessage *answer, gsize at, guint8 change)
{
  gsize size;
  guint8 *data = g_bytes_unref_to_data (g_steal_pointer (&answer->hashes), &size);

  if (at < size)
    data[at] ^= change;
  answer->hashes = g_bytes_new_take (data, size);
}

static void
lie_digest (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (question->op == MH_SYNC_SUMS)
    replace_hash (answer, 3, 1);
}

static void
lie_counts (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (answer->counts != NULL)
    g_array_index (answer->counts, guint64, 0) += 7;
}

static void
lie_huge (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (answer->counts != NULL)
    g_array_index (answer->counts, guint64, 0) = G_MAXUINT64 - 5;
}

static void
lie_missing_sums (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (answer->counts != NULL)
    g_array_set_size (answer->counts, 3);
}

static void
lie_missing_digests (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (question->op == MH_SYNC_SUMS)
    g_clear_pointer (&answer->hashes, g_bytes_unref);
}

static void
lie_unsorted (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  gsize size;
  guint8 *data;
  guint8 first[MH_SYNC_HASH_SIZE];

  if (question->op != MH_SYNC_ENTRIES)
    return;
  data = g_bytes_unref_to_data (g_steal_pointer (&answer->hashes), &size);
  g_assert_cmpuint (size, >=, 2 * sizeof first);
  memcpy (first, data, sizeof first);
  memmove (data, data + sizeof first, sizeof first);
  memcpy (data + sizeof first, first, sizeof first);
  answer->hashes = g_bytes_new_take (data, size);
}

static void
lie_elsewhere (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  const guint8 *hashes = g_bytes_get_data (answer->hashes, NULL);
  gsize at = g_bytes_get_size (answer->hashes) - MH_SYNC_HASH_SIZE;

  if (question->op == MH_SYNC_ENTRIES)
    replace_hash (answer, at, hashes[at] ^ 0xff); /* behind all others */
}

static void
lie_other (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (question->op == MH_SYNC_ENTRIES)
    replace_hash (answer, g_bytes_get_size (answer->hashes) - 1, 0xff);
}

static void
lie_state (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  gsize size;
  g_autofree guint8 *data = NULL;
  const guint8 *states;

  if (question->op != MH_SYNC_ENTRIES)
    return;
  states = g_bytes_get_data (g_ptr_array_index (answer->records, 0), &size);
  data = g_memdup2 (states, size);
  data[0] = MH_ENTRY_PURGED + 1;
  g_ptr_array_set_size (answer->records, 0);
  g_ptr_array_add (answer->records, g_bytes_new (data, size));
}

static void
lie_stateless (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  g_clear_pointer (&answer->records, g_ptr_array_unref);
}

static void
lie_fewer (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  g_auto (MhTreeEntries) entries = { 0 };

  if (question->op != MH_SYNC_ENTRIES)
    return;
  mh_tree_entries_init (&entries);
  set_entries (answer, &entries);
}

static void
lie_epoch (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  answer->mark.epoch = 0;
}

/* As many as we have in the same parts, and all of them other ones. */
static void
lie_endless (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  gsize size;
  guint8 *data;

  if (question->op != MH_SYNC_SUMS)
    return;
  data = g_bytes_unref_to_data (g_steal_pointer (&answer->hashes), &size);
  mh_random_bytes (data, size);
  answer->hashes = g_bytes_new_take (data, size);
}

typedef struct
{
  const char *what;
  Lie lie;
  guint lie_at;
  const char *why;
} Case;

static const Case cases[] = {
  { "a wrong digest", lie_digest, 1, "*lists other versions than its sums are of*" },
  { "a wrong digest, deeper", lie_digest, 2, "*lists other versions than its sums are of*" },
  { "a count that is not that of the parts", lie_counts, 2, "*counts versions in two ways*" },
  { "a count that nobody has", lie_huge, 1, "*gives sums that are none*" },
  { "sums of three children", lie_missing_sums, 1, "*other sums than it was asked for*" },
  { "no digests", lie_missing_digests, 1, "*gives sums that are none*" },
  { "entries in another order", lie_unsorted, 1, "*lists versions in no order*" },
  { "an entry of another part", lie_elsewhere, 1, "*that are not where it counted them*" },
  { "another entry", lie_other, 1, "*lists other versions than its sums are of*" },
  { "a state that there is not", lie_state, 1, "*lists versions in no order*" },
  { "no states", lie_stateless, 1, "*without what is known of them*" },
  { "fewer entries", lie_fewer, 1, "*more or fewer versions than it counted*" },
  { "no index", lie_epoch, 1, "*does not say which index*" },
  { "everything is different", lie_endless, 1, "*lists other versions than its sums are of*" },
};

static void
test_lies (void)
{
  g_test_summary ("an answer that is wrong in any way ends the walk, and says why");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (World) world = world_new ();
      g_autoptr (GRand) random = g_rand_new_with_seed (4);
      g_autoptr (GError) error = NULL;
      MhSyncWalked walked;

      g_test_message ("%s", cases[i].what);
      fill (world, random, MOST_IDS, 50);
      world->lie = cases[i].lie;
      world->lie_at = cases[i].lie_at;
      g_assert_false (walk (world, &walked, &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
      g_assert_true (g_pattern_match_simple (cases[i].why, error->message));
      g_assert_cmpuint (world->questions, <=, 10);
    }
}

/* Follows the walk down: all that there is lies in the first child, and in the first one of that.
 */
static void
lie_deep (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  guint8 digest[MH_SYNC_HASH_SIZE];
  guint64 all = self->ours->len;

  if (question->op != MH_SYNC_SUMS)
    return;
  mh_random_bytes (digest, sizeof digest);
  for (guint i = 0; i < answer->counts->len; i++)
    g_array_index (answer->counts, guint64, i) = i == 0 ? all : 0;
  g_clear_pointer (&answer->hashes, g_bytes_unref);
  answer->hashes = g_bytes_new (digest, sizeof digest);
}

static void
test_endless (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  g_autoptr (GError) error = NULL;
  MhSyncWalked walked;

  g_test_summary ("parts in parts without an end are not looked into where nothing is here");
  fill (world, random, MOST_IDS, 0);
  world->lie = lie_deep;
  g_assert_false (walk (world, &walked, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_assert_cmpuint (world->questions, <=, 3);
}

/* Parts differ, and what is in them does not. */
static void
lie_inside (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (question->op == MH_SYNC_SUMS && g_array_index (question->parts, MhTreePart, 0).depth < 2)
    lie_endless (self, question, answer);
}

static void
test_inside (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (8);
  g_autoptr (GError) error = NULL;
  MhSyncWalked walked;

  g_test_summary ("whoever says that parts differ has to show in what, unless we have changed");
  fill (world, random, MOST_IDS, 0);
  world->lie = lie_inside;
  g_assert_false (walk (world, &walked, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_assert_true (g_pattern_match_simple ("*differ which do not", error->message));
  g_assert_cmpuint (world->questions, <=, 3);
  g_clear_error (&error);

  world->has_moved = TRUE;
  world->questions = 0;
  g_assert_true (walk (world, &walked, &error));
  g_assert_no_error (error);
  g_assert_false (walked.whole);
}

static void
test_names_in_vain (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (World) honest = world_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (6);
  g_autoptr (GError) error = NULL;
  MhSyncWalked walked;

  g_test_summary (
      "whoever names versions without an end and gives none is not listened to for long");
  for (guint i = 0; i < 2 * MH_SYNC_WALK_MOST_LEFT; i++)
    {
      Entry entry = random_entry (random);

      set_add (world->theirs, &entry);
    }
  world->gives = FALSE;
  g_assert_false (walk (world, &walked, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CORRUPT);
  g_assert_true (g_pattern_match_simple ("*gives none of them", error->message));
  g_assert_cmpuint (world->named, <=, MH_SYNC_WALK_MOST_LEFT + MH_SYNC_MOST_HASHES);
  g_clear_error (&error);

  /* a disk that does not give some of them is no fault */
  fill (honest, random, MOST_IDS, 100);
  honest->gives = FALSE;
  g_assert_true (walk (honest, &walked, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (walked.left, ==, g_hash_table_size (honest->taken));
}

/* -- what changes meanwhile -- */

/* Something that we have not is removed there. */
static void
remove_some (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  if (question->op == MH_SYNC_ENTRIES)
    lie_fewer (self, question, answer);
  answer->mark.gone = self->lie_at > 1 ? 5 : 0;
}

static void
other_index (World *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  answer->mark.epoch = EPOCH + 1;
}

static void
test_changed (void)
{
  static const Lie lies[] = { remove_some, other_index };
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  g_test_summary ("what is removed in the middle of a walk ends it, and is no fault");
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autoptr (World) world = world_new ();
      g_autoptr (GError) error = NULL;
      MhSyncWalked walked;

      fill (world, random, 5000, 20);
      world->lie = lies[i];
      world->lie_at = 2;
      g_assert_true (walk (world, &walked, &error));
      g_assert_no_error (error);
      g_assert_false (walked.whole);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/walk/random", test_random);
  g_test_add_func ("/sync/walk/cost", test_cost);
  g_test_add_func ("/sync/walk/first-contact", test_first_contact);
  g_test_add_func ("/sync/walk/lies", test_lies);
  g_test_add_func ("/sync/walk/endless", test_endless);
  g_test_add_func ("/sync/walk/inside", test_inside);
  g_test_add_func ("/sync/walk/names-in-vain", test_names_in_vain);
  g_test_add_func ("/sync/walk/changed", test_changed);

  return g_test_run ();
}
