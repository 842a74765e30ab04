/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "seek.h"

#define TICK_MS 500
#define DIAL_TIMEOUT_MS 15000

/* Somebody who could be dialled. */
typedef struct
{
  MhPeerId peer;
  guint failures;
  gint64 next_ms; /* monotonic: not to be tried before */
  gboolean is_dialled;
} Target;

struct _MhSeek
{
  MhSeekNew request;
  GPtrArray *bootstrap; /* (owned) (element-type MhMultiaddr) */
  GHashTable *targets;  /* (owned) (element-type MhPeerId Target) */
  guint dials;          /* that go on */
  GSource *tick;        /* (owned) */
};

typedef struct
{
  MhSeek *seek; /* (unowned) */
  MhPeerId peer;
} Dial;

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

static Target *
get_target (MhSeek *self, const MhPeerId *peer)
{
  Target *target = g_hash_table_lookup (self->targets, peer);

  if (target != NULL)
    return target;

  target = g_new0 (Target, 1);
  target->peer = *peer;
  g_hash_table_insert (self->targets, &target->peer, target);

  return target;
}

/* Twice as long after each failure, and a part by chance. */
static gint64
wait_ms (guint failures)
{
  gint64 most = (gint64) MH_SEEK_FIRST_MS << MIN (failures, 12);

  most = MIN (most, MH_SEEK_LAST_MS);

  return most / 2 + g_random_int_range (0, (gint32) (most / 2) + 1);
}

static void
on_dialled (MhHost *host, const GError *error, gpointer data)
{
  Dial *dial = data;
  MhSeek *self = dial->seek;
  Target *target = g_hash_table_lookup (self->targets, &dial->peer);

  self->dials--;
  if (target != NULL)
    {
      target->is_dialled = FALSE;
      target->failures = error == NULL ? 0 : target->failures + 1;
      target->next_ms = now_ms () + wait_ms (target->failures);
    }
  g_free (dial);
}

/* Dials @peer unless it is not its time. */
static void
try_peer (MhSeek *self, const MhPeerId *peer)
{
  Target *target;
  Dial *dial;

  if (self->dials >= MH_SEEK_AT_ONCE || mh_host_is_connected (self->request.host, peer)
      || mh_peer_id_equal (peer, mh_host_id (self->request.host))
      || !self->request.may (peer, self->request.data))
    return;
  target = get_target (self, peer);
  if (target->is_dialled || now_ms () < target->next_ms)
    return;

  target->is_dialled = TRUE;
  self->dials++;
  dial = g_new0 (Dial, 1);
  dial->seek = self;
  dial->peer = *peer;
  mh_host_connect (self->request.host, peer, DIAL_TIMEOUT_MS, on_dialled, dial);
}

static void
try_bootstrap (MhSeek *self)
{
  for (guint i = 0; i < self->bootstrap->len; i++)
    {
      MhMultiaddr *address = g_ptr_array_index (self->bootstrap, i);
      MhPeerId peer;

      if (!mh_multiaddr_peer (address, &peer)
          || mh_peer_id_equal (&peer, mh_host_id (self->request.host)))
        continue;
      mh_host_add_address (self->request.host, &peer, address);
      try_peer (self, &peer);
    }
}

/* First those that others say are there. */
static void
try_nodes (MhSeek *self, gboolean here)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (self->request.directory);

  for (guint i = 0; i < nodes->len && self->dials < MH_SEEK_AT_ONCE; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);

      if (node->hello == NULL || node->is_connected || node->is_here != here)
        continue;
      for (guint j = 0; j < node->hello->addresses->len; j++)
        mh_host_add_address (self->request.host, &node->peer, node->hello->addresses->pdata[j]);
      try_peer (self, &node->peer);
    }
}

static gboolean
on_tick (gpointer data)
{
  MhSeek *self = data;
  g_autoptr (GPtrArray) peers = mh_host_peers (self->request.host);

  try_bootstrap (self);
  if (peers->len < self->request.enough)
    {
      try_nodes (self, TRUE);
      try_nodes (self, FALSE);
    }

  return G_SOURCE_CONTINUE;
}

MhSeek *
mh_seek_new (const MhSeekNew *request)
{
  MhSeek *self = g_new0 (MhSeek, 1);

  self->request = *request;
  self->request.bootstrap = NULL;
  self->targets = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, NULL, g_free);
  self->bootstrap = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  mh_seek_set_bootstrap (self, request->bootstrap);
  self->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, mh_host_context (request->host));

  return self;
}

void
mh_seek_free (MhSeek *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->tick);
  g_source_unref (self->tick);
  g_hash_table_unref (self->targets);
  g_ptr_array_unref (self->bootstrap);
  g_free (self);
}

void
mh_seek_set_bootstrap (MhSeek *self, const char *const *bootstrap)
{
  g_ptr_array_set_size (self->bootstrap, 0);
  for (guint i = 0; bootstrap != NULL && bootstrap[i] != NULL; i++)
    {
      MhMultiaddr *address = mh_multiaddr_new (bootstrap[i], NULL); /* checked when it came */

      if (address != NULL)
        g_ptr_array_add (self->bootstrap, address);
    }
}

void
mh_seek_wake (MhSeek *self, const MhPeerId *peer)
{
  Target *target = g_hash_table_lookup (self->targets, peer);

  if (target == NULL || target->is_dialled)
    return;
  target->failures = 0;
  target->next_ms = 0;
}
