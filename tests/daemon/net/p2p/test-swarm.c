/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include "host-kit.h"

/*
 * A whole network of real hosts in this process, over loopback, in one topic. MESHHOLD_TEST_HOSTS
 * and MESHHOLD_TEST_MESSAGES say how large; the soak suite has it larger.
 */

#define TOPIC "town"
#define DIALS 8

/* Messages on their way at a time. */
#define IN_FLIGHT 8

typedef struct
{
  guint32 number;
  gint64 sent_us;
} Note;

typedef struct _Swarm Swarm;

typedef struct
{
  MhtNode *node; /* (nullable): %NULL once it was freed */
  Swarm *swarm;
  guint8 *seen; /* of each message, how often; of its loop */
  GArray *took; /* (element-type gint64): microseconds that each took; of its loop */
  gint count;   /* (atomic): messages that were new */
  gint again;   /* (atomic): messages that came to us a second time, which must not be */
} Member;

struct _Swarm
{
  MhSecret *key;
  Member *members;
  guint size;
  guint messages; /* that there may be in all */
  guint next;
  GRand *rand;
  MhGossipsubCounters counters; /* of all members that are there */
};

static guint
number_of (const char *name, guint otherwise)
{
  const char *text = g_getenv (name);

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : otherwise;
}

/* Two descriptors for each connection, all in this process. */
static void
raise_limit (void)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = limit.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
}

static void
on_message (const MhGossipsubMessage *message, gpointer data)
{
  Member *self = data;
  gint64 took;
  Note note;
  gsize size;
  gconstpointer bytes = g_bytes_get_data (message->data, &size);

  g_assert_cmpuint (size, ==, sizeof note);
  memcpy (&note, bytes, sizeof note);
  took = g_get_monotonic_time () - note.sent_us;
  g_array_append_val (self->took, took);
  g_assert_cmpuint (note.number, <, self->swarm->messages);
  if (self->seen[note.number]++ == 0)
    g_atomic_int_inc (&self->count);
  else
    g_atomic_int_inc (&self->again);
}

static void
join_here (MhHost *host, gpointer data)
{
  static const MhPubsubEvents events = { .message = on_message };
  Member *self = data;

  self->node->pubsub = mh_pubsub_new (host, NULL, &events, self);
  g_assert_true (mh_pubsub_subscribe (self->node->pubsub, TOPIC, NULL));
}

static void
swarm_init (Swarm *self, guint size, guint messages)
{
  self->key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  self->rand = g_rand_new_with_seed (3);
  self->size = size;
  self->messages = messages;
  self->members = g_new0 (Member, size);
  for (guint i = 0; i < size; i++)
    {
      Member *member = &self->members[i];

      member->swarm = self;
      member->seen = g_malloc0 (messages);
      member->took = g_array_new (FALSE, FALSE, sizeof (gint64));
      member->node = mht_node_new (self->key, 0, "/ip4/127.0.0.1/tcp/0");
      mh_host_run (member->node->host, join_here, member);
    }
}

static void
swarm_clear (Swarm *self)
{
  for (guint i = 0; i < self->size; i++)
    {
      g_clear_pointer (&self->members[i].node, mht_node_free);
      g_free (self->members[i].seen);
      g_array_unref (self->members[i].took);
    }
  g_free (self->members);
  g_rand_free (self->rand);
  mh_secret_free (self->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Swarm, swarm_clear)

/* Returns: one that is there, any */
static Member *
pick (Swarm *self)
{
  Member *member;

  do
    member = &self->members[g_rand_int_range (self->rand, 0, (gint) self->size)];
  while (member->node == NULL);

  return member;
}

static void
dial_all (Swarm *self)
{
  for (guint i = 0; i < self->size; i++)
    for (guint k = 0; k < DIALS; k++)
      {
        Member *to = pick (self);

        if (to != &self->members[i])
          mht_assert_connects (self->members[i].node, to->node);
      }
}

static gboolean
is_in_mesh (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) mesh =
      mh_gossipsub_mesh (mh_pubsub_machine (((MhtNode *) data)->pubsub), TOPIC);

  return mesh->len >= 3;
}

static void
wait_for_mesh (Swarm *self)
{
  for (guint i = 0; i < self->size; i++)
    if (self->members[i].node != NULL)
      mht_wait_until (self->members[i].node, is_in_mesh, self->members[i].node);
}

static gint64
delivered (Swarm *self)
{
  gint64 sum = 0;

  for (guint i = 0; i < self->size; i++)
    if (self->members[i].node != NULL)
      sum += g_atomic_int_get (&self->members[i].count);

  return sum;
}

static void
wait_for_delivered (Swarm *self, gint64 wanted)
{
  gint64 end_us = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  while (delivered (self) < wanted)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_usleep (500); /* leaves the cores to those who are waited for */
    }
}

static void
publish_here (MhHost *host, gpointer data)
{
  Member *self = data;
  Note note = { self->swarm->next, g_get_monotonic_time () };
  g_autoptr (GBytes) bytes = g_bytes_new (&note, sizeof note);

  g_assert_true (mh_pubsub_publish (self->node->pubsub, TOPIC, bytes, NULL));
}

static guint
count_members (Swarm *self)
{
  guint count = 0;

  for (guint i = 0; i < self->size; i++)
    count += self->members[i].node != NULL;

  return count;
}

static void
publish (Swarm *self, guint count)
{
  gint64 others = count_members (self) - 1;
  gint64 before = delivered (self);

  for (guint i = 0; i < count; i++, self->next++)
    {
      Member *member = pick (self);

      mh_host_run (member->node->host, publish_here, member);
      wait_for_delivered (self, before + MAX ((gint64) i + 1 - IN_FLIGHT, 0) * others);
    }
  wait_for_delivered (self, before + count * others);
  g_assert_cmpint (delivered (self), ==, before + count * others);
}

/* -- figures -- */

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a;
  gint64 right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

static void
take_figures (MhHost *host, gpointer data)
{
  Member *self = ((gpointer *) data)[0];
  GArray *all = ((gpointer *) data)[1];
  MhGossipsubCounters own = mh_gossipsub_counters (mh_pubsub_machine (self->node->pubsub));

  if (self->took->len > 0)
    g_array_append_vals (all, self->took->data, self->took->len);
  g_array_set_size (self->took, 0);
  self->swarm->counters.received += own.received;
  self->swarm->counters.duplicates += own.duplicates;
  self->swarm->counters.invalid += own.invalid;
}

/* Prints what was measured since the last time. */
static void
tell (Swarm *self, const char *what)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (gint64));

  memset (&self->counters, 0, sizeof self->counters);
  for (guint i = 0; i < self->size; i++)
    {
      gpointer both[] = { &self->members[i], all };

      if (self->members[i].node != NULL)
        mh_host_run (self->members[i].node->host, take_figures, both);
      g_assert_cmpint (g_atomic_int_get (&self->members[i].again), ==, 0);
    }
  g_array_sort (all, compare_times);
  g_assert_cmpuint (all->len, >, 0);
  g_test_message ("%s: %u hosts, %u deliveries, median %.1f ms, 99 %% %.1f ms, %.2f duplicates a "
                  "message",
                  what, count_members (self), all->len,
                  (double) g_array_index (all, gint64, all->len / 2) / 1000,
                  (double) g_array_index (all, gint64, all->len * 99 / 100) / 1000,
                  (double) self->counters.duplicates / (double) self->counters.received);
  g_assert_cmpuint (self->counters.invalid, ==, 0);
}

static void
test_swarm (void)
{
  g_auto (Swarm) swarm = { NULL };
  guint descriptors;
  guint size = number_of ("MESHHOLD_TEST_HOSTS", 40);
  guint messages = number_of ("MESHHOLD_TEST_MESSAGES", 100);

  g_test_summary ("every message reaches every host, also when three in ten are gone");
  mht_node_free (mht_node_new (NULL, 0, NULL)); /* what the libraries open is there from now on */
  descriptors = mht_count_descriptors ();
  swarm_init (&swarm, size, 2 * messages);
  dial_all (&swarm);
  wait_for_mesh (&swarm);
  publish (&swarm, messages);
  tell (&swarm, "all");
  for (guint gone = 0; gone < size * 3 / 10; gone++)
    g_clear_pointer (&pick (&swarm)->node, mht_node_free);
  publish (&swarm, messages);
  tell (&swarm, "seven in ten");
  for (guint i = 0; i < size; i++)
    g_clear_pointer (&swarm.members[i].node, mht_node_free);
  g_assert_cmpuint (mht_count_descriptors (), <=, descriptors);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;
  raise_limit ();

  g_test_add_func ("/p2p/swarm", test_swarm);

  return g_test_run ();
}
