/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "../../net/p2p/host-kit.h"
#include "modules/mesh/keypush.h"

/* Networks that are played, each with its own nodes, links and keys. */
#define NETWORKS 12
#define MOST_NODES 6
#define WAIT_US (30 * G_TIME_SPAN_SECOND)

typedef struct
{
  MhtNode *node;
  MhKeypush *keypush;
  MhSecret *made; /* (owned) (nullable): a key of its own */
  GMutex *lock;   /* of the test */
  GCond *changed;
  GPtrArray *results; /* (nullable) (locked-by lock): of its own key, when all have it */
  MhSecret *final;    /* (owned) (nullable) (locked-by lock): what it changes over to */
  guint refused;      /* (locked-by lock) */
  guint finals;       /* (locked-by lock) */
} Member;

static void
set_final (Member *self, const MhSecret *key)
{
  g_clear_pointer (&self->final, mh_secret_free);
  self->final = mh_secret_new_copy (mh_secret_peek (key), mh_secret_size (key));
  self->finals++;
  g_cond_signal (self->changed);
}

static void
on_arrived (const MhSecret *key, const MhPeerId *by, gpointer data)
{
  Member *self = data;

  g_mutex_lock (self->lock);
  set_final (self, key);
  g_mutex_unlock (self->lock);
}

static void
on_sent (GPtrArray *results, gpointer data)
{
  Member *self = data;

  g_mutex_lock (self->lock);
  if (results != NULL)
    {
      self->results = g_ptr_array_ref (results);
      set_final (self, self->made);
    }
  else
    self->refused++;
  g_cond_signal (self->changed);
  g_mutex_unlock (self->lock);
}

static void
start_here (MhHost *host, gpointer data)
{
  Member *self = data;
  MhKeypushNew request = { host, "0123456789abcdef", on_arrived, self };

  self->keypush = mh_keypush_new (&request);
}

static void
send_here (MhHost *host, gpointer data)
{
  Member *self = data;

  self->made = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  mh_keypush_send (self->keypush, self->made, on_sent, self);
}

static void
member_clear (Member *self)
{
  mht_node_free (self->node);
  mh_keypush_free (self->keypush);
  g_clear_pointer (&self->made, mh_secret_free);
  g_clear_pointer (&self->final, mh_secret_free);
  g_clear_pointer (&self->results, g_ptr_array_unref);
}

static void
wait_for_all (Member *members, guint count)
{
  gint64 end_us = g_get_monotonic_time () + WAIT_US;

  g_mutex_lock (members[0].lock);
  for (guint i = 0; i < count; i++)
    while (members[i].final == NULL)
      g_assert_true (g_cond_wait_until (members[0].changed, members[0].lock, end_us));
  g_mutex_unlock (members[0].lock);
}

/* All have one key, which is that of one maker; the others heard that it was not theirs. */
static void
check (Member *members, guint count, guint makers)
{
  const guint8 *key = mh_secret_peek (members[0].final);
  guint winners = 0;
  guint refused = 0;

  g_mutex_lock (members[0].lock);
  for (guint i = 0; i < count; i++)
    {
      g_assert_cmpmem (mh_secret_peek (members[i].final), MH_SWARM_KEY_SIZE, key,
                       MH_SWARM_KEY_SIZE);
      g_assert_cmpuint (members[i].finals, ==, 1);
      winners += members[i].results != NULL ? 1 : 0;
      refused += members[i].refused;
    }
  g_mutex_unlock (members[0].lock);
  g_assert_cmpuint (winners, ==, 1);
  g_assert_cmpuint (refused, ==, makers - 1);
}

static void
link_two (Member *one, Member *other)
{
  mht_node_connect (one->node, other->node);
  mht_wait_until (other->node, mht_is_connected, &one->node->id);
}

/* A network of @count nodes, of which @makers make a key in the same moment. */
static void
play (guint count, guint makers)
{
  g_autoptr (MhSecret) swarm_key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  Member members[MOST_NODES] = { 0 };
  GMutex lock;
  GCond changed;

  g_mutex_init (&lock);
  g_cond_init (&changed);
  for (guint i = 0; i < count; i++)
    {
      members[i].lock = &lock;
      members[i].changed = &changed;
      members[i].node = mht_node_new (swarm_key, MH_SECURITY_TLS, "/ip4/127.0.0.1/tcp/0");
      mh_host_run (members[i].node->host, start_here, &members[i]);
      if (i > 0)
        link_two (&members[i], &members[g_test_rand_int_range (0, (gint) i)]);
    }
  if (g_test_rand_bit () && count > 2)
    link_two (&members[0], &members[count - 1]);

  for (guint i = 0; i < makers; i++)
    {
      Member *maker = &members[makers == 1 ? 0 : i * (count - 1) / (makers - 1)];

      mh_host_run (maker->node->host, send_here, maker);
    }
  wait_for_all (members, count);
  check (members, count, makers);

  for (guint i = 0; i < count; i++)
    member_clear (&members[i]);
  g_mutex_clear (&lock);
  g_cond_clear (&changed);
}

static void
test_one (void)
{
  g_test_summary ("a new key reaches all, also over others");
  for (guint count = 2; count <= MOST_NODES; count++)
    play (count, 1);
}

static void
test_same_moment (void)
{
  g_test_summary ("of keys that are made in the same moment all take one");
  for (guint i = 0; i < NETWORKS; i++)
    {
      guint count = (guint) g_test_rand_int_range (2, MOST_NODES + 1);

      play (count, (guint) g_test_rand_int_range (2, MIN ((gint) count, 3) + 1));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/mesh/keypush/one", test_one);
  g_test_add_func ("/mesh/keypush/same-moment", test_same_moment);

  return g_test_run ();
}
