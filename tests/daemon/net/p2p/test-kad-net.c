/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/kad/kad-answer.h"
#include "net/p2p/kad/kad-lookup.h"

/*
 * Networks of routing machines in one process: a question is a call, and everybody is either there
 * or not. Whoever is asked notes who asks, as a host does once identify says that it is a server.
 */

#define PEERS 1000
#define LOOKUPS 1000
#define SEED 20240607

typedef enum
{
  HONEST,
  GONE, /* does not answer */
  NAMES_ITSELF,
  NAMES_NOBODY,
  NAMES_LOOPS, /* the same peers again and again, each other and who asks among them */
  INVENTS,     /* as many as it can, near what is looked for, who do not exist */
} Kind;

typedef struct
{
  MhPeerId id;
  MhKadTable *table;
  Kind kind;
} Machine;

typedef struct
{
  GPtrArray *machines; /* (element-type Machine) */
  GHashTable *by_id;
  GRand *random;
  GPtrArray *addresses; /* what every peer is reached by */
  Machine *answering;   /* (unowned) (nullable) */
  gint64 now_ms;
  guint64 questions;
} Net;

static MhPeerId
random_id (GRand *random)
{
  guint8 key[MH_PEER_ID_ED25519_SIZE];

  for (guint i = 0; i < sizeof key; i++)
    key[i] = (guint8) g_rand_int (random);

  return mh_peer_id_from_ed25519 (key);
}

static void
machine_free (gpointer data)
{
  mh_kad_table_free (((Machine *) data)->table);
  g_free (data);
}

static Net *
net_new (guint size)
{
  Net *self = g_new0 (Net, 1);

  self->machines = g_ptr_array_new_with_free_func (machine_free);
  self->by_id = g_hash_table_new (mh_peer_id_hash, mh_peer_id_equal);
  self->random = g_rand_new_with_seed (SEED);
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_ptr_array_add (self->addresses, mh_multiaddr_new ("/ip4/10.0.0.1/tcp/4001", NULL));
  for (guint i = 0; i < size; i++)
    {
      Machine *machine = g_new0 (Machine, 1);

      machine->id = random_id (self->random);
      machine->table = mh_kad_table_new (&machine->id);
      g_ptr_array_add (self->machines, machine);
      g_hash_table_insert (self->by_id, &machine->id, machine);
    }

  return self;
}

static void
net_free (Net *self)
{
  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->machines);
  g_ptr_array_unref (self->addresses);
  g_rand_free (self->random);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Net, net_free)

static Machine *
any_machine (Net *self, Kind kind)
{
  for (;;)
    {
      guint at = (guint) g_rand_int_range (self->random, 0, (gint32) self->machines->len);
      Machine *machine = self->machines->pdata[at];

      if (machine->kind == kind)
        return machine;
    }
}

/* -- answers -- */

/* Nobody knows where peers are that are not in its table. */
static GPtrArray *
addresses_of (const MhPeerId *id, gpointer data)
{
  Net *self = data;

  return mh_kad_table_has (self->answering->table, id)
                 || mh_peer_id_equal (id, &self->answering->id)
             ? g_ptr_array_ref (self->addresses)
             : NULL;
}

static void
name (Net *self, MhKadMessage *answer, const MhPeerId *id)
{
  MhKadPeer *peer = mh_kad_peer_new (id);

  g_ptr_array_add (peer->addresses, mh_multiaddr_ref (self->addresses->pdata[0]));
  g_ptr_array_add (answer->closer, peer);
}

static MhKadMessage *
lie (Net *self, const Machine *liar, const MhPeerId *from)
{
  MhKadMessage *answer = mh_kad_message_new (MH_KAD_FIND_NODE);

  for (guint i = 0; i < 2 * MH_KAD_MOST_PEERS; i++)
    {
      MhPeerId invented = random_id (self->random);

      if (liar->kind == NAMES_ITSELF)
        name (self, answer, &liar->id);
      else if (liar->kind == NAMES_LOOPS)
        name (self, answer, i % 3 == 0 ? from : &any_machine (self, NAMES_LOOPS)->id);
      else if (liar->kind == INVENTS)
        name (self, answer, &invented);
    }

  return answer;
}

/* Asks over the wire. Returns: (transfer full) (nullable): what came back */
static MhKadMessage *
ask (Net *self, const MhPeerId *from, const MhPeerId *to, const MhPeerId *about)
{
  Machine *machine = g_hash_table_lookup (self->by_id, to);
  g_autoptr (MhKadMessage) request = mh_kad_message_new_find (about);
  g_autoptr (MhKadMessage) answer = NULL;
  g_autoptr (GBytes) bytes = NULL;
  MhPeerId oldest;

  self->questions++;
  self->answering = machine;
  if (machine == NULL || machine->kind == GONE)
    return NULL;
  if (machine->kind != HONEST)
    answer = lie (self, machine, from);
  else
    g_assert_true (mh_kad_answer (machine->table, request, from, addresses_of, self, &answer));
  if (mh_kad_table_add (machine->table, from, self->now_ms, &oldest) == MH_KAD_FULL)
    g_assert_true (mh_kad_table_has (machine->table, &oldest));
  bytes = mh_kad_message_encode (answer);

  return mh_kad_message_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* -- lookups -- */

static void
step (Net *self, Machine *from, MhKadLookup *lookup, const MhPeerId *to)
{
  g_autoptr (MhKadMessage) answer = ask (self, &from->id, to, mh_kad_lookup_target (lookup));
  MhPeerId oldest;

  if (answer == NULL)
    {
      mh_kad_table_failed (from->table, to);
      mh_kad_lookup_failed (lookup, to);
      return;
    }
  mh_kad_table_add (from->table, to, self->now_ms, &oldest);
  mh_kad_lookup_answered (lookup, to, answer->closer);
}

/* Answers come in any order. Returns: (transfer full): the lookup at its end */
static MhKadLookup *
look_up (Net *self, Machine *from, const MhPeerId *target)
{
  MhKadLookup *lookup = mh_kad_lookup_new (target, &from->id, MH_KAD_ALPHA);
  MhKadKey key = mh_kad_key_of_peer (target);
  g_autoptr (GArray) first = mh_kad_table_closest (from->table, &key, MH_KAD_K, NULL);
  g_autoptr (GArray) waiting = g_array_new (FALSE, FALSE, sizeof (MhPeerId));
  MhPeerId next;

  for (guint i = 0; i < first->len; i++)
    mh_kad_lookup_add (lookup, &g_array_index (first, MhPeerId, i));
  while (mh_kad_lookup_state (lookup) == MH_KAD_MORE)
    {
      guint at;

      while (mh_kad_lookup_next (lookup, &next))
        g_array_append_val (waiting, next);
      g_assert_cmpuint (waiting->len, >, 0);
      g_assert_cmpuint (waiting->len, <=, MH_KAD_ALPHA);
      at = (guint) g_rand_int_range (self->random, 0, (gint32) waiting->len);
      next = g_array_index (waiting, MhPeerId, at);
      g_array_remove_index_fast (waiting, at);
      step (self, from, lookup, &next);
    }
  g_assert_cmpuint (mh_kad_lookup_candidates (lookup), <=, MH_KAD_MOST_CANDIDATES);
  g_assert_cmpuint (mh_kad_lookup_asked (lookup), <=, MH_KAD_MOST_ASKED);

  return lookup;
}

/* Everybody joins by one that is there already, looks for itself, then into the first buckets. */
static void
join_all (Net *self)
{
  for (guint i = 1; i < self->machines->len; i++)
    {
      Machine *machine = self->machines->pdata[i];
      Machine *known = self->machines->pdata[g_rand_int_range (self->random, 0, (gint32) i)];
      guint8 random[MH_SHA256_SIZE];
      MhPeerId target;

      mh_kad_table_add (machine->table, &known->id, self->now_ms, &target);
      for (guint k = 0; k < sizeof random; k++)
        random[k] = (guint8) g_rand_int (self->random);
      for (guint k = 0;
           k < 4 && mh_kad_table_refresh (machine->table, self->now_ms, 60000, random, &target);
           k++)
        mh_kad_lookup_free (look_up (self, machine, &target));
      self->now_ms += 100;
    }
}

/* What became of lookups between honest peers. */
typedef struct
{
  guint found;
  guint most_hops;
  guint hops;
  guint asked;
  guint most_asked;
} Figures;

static Figures
look_for_each_other (Net *self, guint count)
{
  Figures out = { 0 };

  for (guint i = 0; i < count; i++)
    {
      Machine *from = any_machine (self, HONEST);
      Machine *to = any_machine (self, HONEST);
      g_autoptr (MhKadLookup) lookup = NULL;

      while (to == from)
        to = any_machine (self, HONEST);
      lookup = look_up (self, from, &to->id);
      if (mh_kad_lookup_state (lookup) != MH_KAD_FOUND)
        continue;
      out.found++;
      out.hops += mh_kad_lookup_hops (lookup);
      out.most_hops = MAX (out.most_hops, mh_kad_lookup_hops (lookup));
      out.asked += mh_kad_lookup_asked (lookup);
      out.most_asked = MAX (out.most_asked, mh_kad_lookup_asked (lookup));
    }

  return out;
}

static void
say (const char *what, const Figures *figures, guint lookups)
{
  g_test_message ("%s: %u of %u found, hops %.2f on average and %u at most, peers asked %.1f on "
                  "average and %u at most",
                  what, figures->found, lookups, (double) figures->hops / MAX (figures->found, 1),
                  figures->most_hops, (double) figures->asked / MAX (figures->found, 1),
                  figures->most_asked);
}

static void
test_thousand (void)
{
  g_autoptr (Net) net = net_new (PEERS);
  Figures figures;
  guint known = 0;

  g_test_summary ("in a network of 1,000 a lookup finds everybody within log2 (n) hops");
  join_all (net);
  for (guint i = 0; i < net->machines->len; i++)
    known += mh_kad_table_size (((Machine *) net->machines->pdata[i])->table);
  g_test_message ("%u peers joined with %.0f questions each and know %.0f others on average", PEERS,
                  (double) net->questions / PEERS, (double) known / PEERS);
  figures = look_for_each_other (net, LOOKUPS);
  say ("all honest", &figures, LOOKUPS);
  g_assert_cmpuint (figures.found, ==, LOOKUPS);
  g_assert_cmpuint (figures.most_hops, <=, g_bit_storage (PEERS));
  g_assert_cmpuint (figures.most_asked, <=, MH_KAD_ALPHA * g_bit_storage (PEERS));
}

static int
compare_to (gconstpointer a, gconstpointer b, gpointer to)
{
  MhKadKey left = mh_kad_key_of_peer (&(*(Machine *const *) a)->id);
  MhKadKey right = mh_kad_key_of_peer (&(*(Machine *const *) b)->id);

  return mh_kad_key_compare (to, &left, &right);
}

static void
test_closest (void)
{
  g_autoptr (Net) net = net_new (300);
  guint missing = 0;

  g_test_summary ("a lookup for nobody ends with the k closest of the whole network");
  join_all (net);
  for (guint i = 0; i < 50; i++)
    {
      MhPeerId nobody = random_id (net->random);
      MhKadKey key = mh_kad_key_of_peer (&nobody);
      Machine *from = any_machine (net, HONEST);
      g_autoptr (MhKadLookup) lookup = look_up (net, from, &nobody);
      g_autoptr (GArray) closest = mh_kad_lookup_closest (lookup);
      g_autoptr (GPtrArray) all = g_ptr_array_copy (net->machines, NULL, NULL);

      g_ptr_array_set_free_func (all, NULL);
      g_ptr_array_remove (all, from);
      g_ptr_array_sort_with_data (all, compare_to, &key);
      g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_DONE);
      g_assert_false (mh_kad_lookup_is_named (lookup));
      g_assert_cmpuint (closest->len, ==, MH_KAD_K);
      for (guint k = 0; k < MH_KAD_K; k++)
        missing += !mh_peer_id_equal (&((Machine *) all->pdata[k])->id,
                                      &g_array_index (closest, MhPeerId, k));
    }
  g_test_message ("%u of %u places differ", missing, 50 * MH_KAD_K);
  g_assert_cmpuint (missing, <=, 50 * MH_KAD_K / 100);
}

static void
test_liars (void)
{
  static const struct
  {
    const char *what;
    Kind kind;
  } rows[] = {
    { "gone", GONE },
    { "name themselves", NAMES_ITSELF },
    { "name nobody", NAMES_NOBODY },
    { "name loops", NAMES_LOOPS },
    { "invent", INVENTS },
  };
  g_autoptr (Net) net = net_new (PEERS / 2);

  g_test_summary ("peers that lie or are gone, a fifth of all, neither hide the others nor make "
                  "lookups grow");
  join_all (net);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Figures figures;

      for (guint k = 0; k < net->machines->len; k++)
        ((Machine *) net->machines->pdata[k])->kind = HONEST;
      for (guint k = 0; k < net->machines->len / 5; k++)
        any_machine (net, HONEST)->kind = rows[i].kind;
      figures = look_for_each_other (net, 300);
      say (rows[i].what, &figures, 300);
      g_assert_cmpuint (figures.found, >=, 298);
      g_assert_cmpuint (figures.most_hops, <=, g_bit_storage (PEERS));
      g_assert_cmpuint (figures.most_asked, <, MH_KAD_MOST_ASKED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/kad/net/thousand", test_thousand);
  g_test_add_func ("/p2p/kad/net/closest", test_closest);
  g_test_add_func ("/p2p/kad/net/liars", test_liars);

  return g_test_run ();
}
