/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "sync-fetch.h"
#include "sync-service.h"

void
mh_sync_replica_free (MhSyncReplica *self)
{
  if (self == NULL)
    return;

  g_free (self->peer_id);
  g_free (self->display_name);
  g_free (self);
}

/* Asks how many of @ids a machine has. Returns: %FALSE when it does not answer */
static gboolean
count_blocks (MhSyncSession *session, GBytes *ids, guint *blocks)
{
  gsize most = (gsize) MH_SYNC_MOST_HASHES * MH_SYNC_HASH_SIZE;
  gsize size = g_bytes_get_size (ids);

  *blocks = 0;
  for (gsize at = 0; at < size; at += most)
    {
      g_auto (MhSyncMessage) question = { .op = MH_SYNC_HAVE };
      g_auto (MhSyncMessage) answer = { 0 };

      question.hashes = g_bytes_new_from_bytes (ids, at, MIN (most, size - at));
      if (!mh_sync_session_ask (session, &question, &answer, NULL))
        return FALSE;
      if (answer.hashes != NULL)
        *blocks += (guint) (g_bytes_get_size (answer.hashes) / MH_SYNC_HASH_SIZE);
    }

  return TRUE;
}

static MhSyncReplica *
replica_new (MhSwarm *swarm, const MhPeerId *peer, guint blocks)
{
  MhSyncReplica *replica = g_new0 (MhSyncReplica, 1);
  g_autoptr (MhNode) node = mh_directory_get (mh_swarm_directory (swarm), peer);

  replica->peer_id = mh_peer_id_to_text (peer);
  replica->display_name = g_strdup (node != NULL && node->hello != NULL ? node->hello->name : "");
  replica->blocks = blocks;

  return replica;
}

GPtrArray *
mh_sync_replicas (MhSync *self, const char *vault_id, GBytes *ids)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_sync_replica_free);
  g_autoptr (GPtrArray) peers = mh_sync_peers_of (self, vault_id);
  g_autoptr (GArray) near = NULL;
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);
  g_autoptr (GArray) holders = NULL;
  MhSyncFetch fetch = { .vault_id = vault_id, .peer_ids = peers };

  if (swarm == NULL)
    return out;
  holders = mh_sync_placement_offering (swarm, peers);
  mh_sync_fill_fetch (self, swarm, holders, cancellable, &fetch);
  near = mh_sync_fetch_near (&fetch);
  for (guint i = 0; i < near->len; i++)
    {
      const MhSyncNear *one = &g_array_index (near, MhSyncNear, i);
      g_autoptr (MhSyncSession) session = mh_sync_fetch_open (&fetch, one);
      guint blocks;

      if (session != NULL && count_blocks (session, ids, &blocks) && (one->has_key || blocks > 0))
        g_ptr_array_add (out, replica_new (swarm, &one->peer, blocks));
    }
  mh_sync_give (self, cancellable);

  return out;
}

gboolean
mh_sync_cache (MhSync *self, const char *vault_id, GBytes *ids, GError **error)
{
  g_autoptr (GPtrArray) peers = mh_sync_peers_of (self, vault_id);
  g_autoptr (GArray) holders = NULL;
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);
  MhSyncFetch fetch = { .vault_id = vault_id, .peer_ids = peers };
  gboolean done;

  if (swarm == NULL)
    {
      swarm = mh_mesh_take (mh_sync_mesh (self), error); /* for the sentence that says why not */
      if (swarm == NULL)
        return FALSE;
      mh_mesh_give (mh_sync_mesh (self), swarm);
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "the network is being left");
      return FALSE;
    }

  holders = mh_sync_placement_offering (swarm, peers);
  mh_sync_fill_fetch (self, swarm, holders, cancellable, &fetch);
  done = mh_sync_fetch_all (&fetch, ids, error);
  mh_sync_give (self, cancellable);

  return done;
}
