/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "refusals-kit.h"

static void
join_here (MhHost *host, gpointer data)
{
  MhtNode *node = data;

  node->dcutr = mh_dcutr_new (host);
  node->pubsub = mh_pubsub_new (host, NULL, NULL, NULL);
  g_assert_true (mh_pubsub_subscribe (node->pubsub, TOPIC, NULL));
}

static gpointer
keep_on (gpointer data)
{
  Place *self = data;

  for (guint64 seed = 0; g_atomic_int_get (&self->is_over) == 0; seed++)
    {
      mht_echo_through (self->friend, &self->one->id, 20000, seed);
      g_atomic_int_inc (&self->rounds);
    }

  return NULL;
}

/* Waits until the echo has gone there and back again. */
static void
wait_for_echo (Place *self)
{
  gint rounds = g_atomic_int_get (&self->rounds);
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  while (g_atomic_int_get (&self->rounds) < rounds + 2)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_thread_yield ();
    }
}

void
place_init_hasty (Place *self, guint handshake_ms)
{
  MhHostNew request = { .most_streams = MOST_STREAMS,
                        .most_half_open = MOST_HALF_OPEN,
                        .most_of_peer = MOST_OF_PEER,
                        .handshake_ms = handshake_ms };

  self->key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  request.swarm_key = self->key;
  self->one = mht_node_new_with (&request, "/ip4/127.0.0.1/tcp/0");
  mh_host_run (self->one->host, join_here, self->one);
  self->friend = mht_node_new (self->key, 0, NULL);
  mht_assert_connects (self->friend, self->one);
  mht_wait_until (self->one, mht_speaks_echo, &self->friend->id);
  self->thread = g_thread_new ("echo", keep_on, self);
  wait_for_echo (self);
  self->descriptors = mht_count_descriptors ();
  self->before = mht_refusals (self->one);
}

void
place_init (Place *self)
{
  place_init_hasty (self, 0);
}

void
place_assert_nothing_left (Place *self)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  while (mht_count_descriptors () > self->descriptors)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_thread_yield ();
    }
}

void
place_clear (Place *self)
{
  wait_for_echo (self);
  g_assert_true (mht_is_so (self->one, mht_is_connected, &self->friend->id));
  place_assert_nothing_left (self);
  g_atomic_int_set (&self->is_over, 1);
  g_thread_join (self->thread);
  mht_node_free (self->friend);
  mht_node_free (self->one);
  mh_secret_free (self->key);
}

gboolean
place_has_counted (MhHost *host, gpointer data)
{
  const MhHostRefusals *wanted = data;
  MhHostRefusals now = mh_host_refusals (host);

  return now.handshakes >= wanted->handshakes && now.wrong_peers >= wanted->wrong_peers
         && now.protocol >= wanted->protocol && now.limits >= wanted->limits;
}

void
place_assert_counted (Place *self, MhHostRefusals more)
{
  MhHostRefusals wanted = { self->before.handshakes + more.handshakes,
                            self->before.wrong_peers + more.wrong_peers,
                            self->before.protocol + more.protocol,
                            self->before.limits + more.limits };
  MhHostRefusals now;

  mht_wait_until (self->one, place_has_counted, &wanted);
  now = mht_refusals (self->one);
  g_assert_cmpuint (now.handshakes, ==, wanted.handshakes);
  g_assert_cmpuint (now.wrong_peers, ==, wanted.wrong_peers);
  g_assert_cmpuint (now.protocol, ==, wanted.protocol);
  g_assert_cmpuint (now.limits, ==, wanted.limits);
}
