/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-peers.h"

#include "sync-store.h"

struct _MhSyncPeers
{
  MhCore *core; /* (unowned) outlives us */
  GMutex lock;
  GHashTable *peers; /* (owned) (element-type utf8 MhSyncPeer): by key (locked-by lock) */
};

char *
mh_sync_peers_key (const char *vault_id, const char *peer_id)
{
  return g_strconcat (vault_id, " ", peer_id, NULL);
}

static gboolean
load (MhSyncPeers *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (GPtrArray) peers =
      lease != NULL ? mh_sync_store_peers (mh_db_lease_db (lease), error) : NULL;

  if (peers == NULL)
    return FALSE;
  while (peers->len > 0)
    {
      MhSyncPeer *peer = g_ptr_array_steal_index_fast (peers, peers->len - 1);

      g_hash_table_insert (self->peers, mh_sync_peers_key (peer->vault_id, peer->peer_id), peer);
    }

  return TRUE;
}

MhSyncPeers *
mh_sync_peers_new (MhCore *core, GError **error)
{
  MhSyncPeers *self = g_new0 (MhSyncPeers, 1);

  self->core = core;
  g_mutex_init (&self->lock);
  self->peers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) mh_sync_peer_free);
  if (load (self, error))
    return self;

  mh_sync_peers_free (self);

  return NULL;
}

void
mh_sync_peers_free (MhSyncPeers *self)
{
  g_hash_table_unref (self->peers);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
save (MhSyncPeers *self, const MhSyncPeer *peer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), &error);

  if (lease == NULL || !mh_sync_store_put_peer (mh_db_lease_db (lease), peer, &error))
    g_warning ("noting who has the key of a vault: %s", error->message);
}

/* Returns: (transfer none): the one of @key, which is (transfer full), made when there is none.
 * Under the lock. */
static MhSyncPeer *
get (MhSyncPeers *self, char *key, const char *vault_id, const char *peer_id, gboolean *is_new)
{
  MhSyncPeer *peer = g_hash_table_lookup (self->peers, key);

  *is_new = peer == NULL;
  if (peer != NULL)
    {
      g_free (key);
      return peer;
    }

  peer = g_new0 (MhSyncPeer, 1);
  peer->vault_id = g_strdup (vault_id);
  peer->peer_id = g_strdup (peer_id);
  g_hash_table_insert (self->peers, key, peer);

  return peer;
}

void
mh_sync_peers_note (MhSyncPeers *self, const char *vault_id, const char *peer_id,
                    const MhSyncMark *mark, gint64 own_epoch)
{
  MhSyncPeer copy;
  gboolean changed;
  MhSyncPeer *peer;

  g_mutex_lock (&self->lock);
  peer = get (self, mh_sync_peers_key (vault_id, peer_id), vault_id, peer_id, &changed);
  peer->proved_ms = mh_clock_now_ms (mh_core_clock (self->core));
  if (mark != NULL
      && (mark->epoch != peer->mark.epoch || mark->after != peer->mark.after
          || mark->gone != peer->mark.gone || own_epoch != peer->own_epoch))
    {
      peer->mark = *mark;
      peer->own_epoch = own_epoch;
      changed = TRUE;
    }
  copy = *peer;
  copy.vault_id = (char *) vault_id;
  copy.peer_id = (char *) peer_id;
  g_mutex_unlock (&self->lock);
  if (changed)
    save (self, &copy);
}

MhSyncMark
mh_sync_peers_mark (MhSyncPeers *self, const char *vault_id, const char *peer_id, gint64 own_epoch)
{
  g_autofree char *key = mh_sync_peers_key (vault_id, peer_id);
  const MhSyncPeer *peer;
  MhSyncMark mark = { 0 };

  g_mutex_lock (&self->lock);
  peer = g_hash_table_lookup (self->peers, key);
  if (peer != NULL && peer->own_epoch == own_epoch)
    mark = peer->mark;
  g_mutex_unlock (&self->lock);

  return mark;
}

GPtrArray *
mh_sync_peers_list (MhSyncPeers *self, const char *vault_id)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const MhSyncPeer *peer = value;

      if (g_str_equal (peer->vault_id, vault_id))
        g_ptr_array_add (out, g_strdup (peer->peer_id));
    }
  g_mutex_unlock (&self->lock);

  return out;
}

guint
mh_sync_peers_count (MhSyncPeers *self, const char *vault_id)
{
  g_autoptr (GPtrArray) peers = mh_sync_peers_list (self, vault_id);

  return peers->len;
}

void
mh_sync_peers_forget_vault (MhSyncPeers *self, const char *vault_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), &error);
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (g_str_equal (((MhSyncPeer *) value)->vault_id, vault_id))
      g_hash_table_iter_remove (&iter);
  g_mutex_unlock (&self->lock);
  if (lease == NULL || !mh_sync_store_forget_vault (mh_db_lease_db (lease), vault_id, &error))
    g_warning ("forgetting who had the key of a vault: %s", error->message);
}
