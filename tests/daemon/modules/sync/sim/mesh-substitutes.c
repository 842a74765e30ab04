/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "base/pool.h"
#include "mesh-world.h"
#include "modules/sync/sync-askers.h"

/* Linked in place of what sync uses of the daemon around it. */

/* -- time: that of the world -- */

static gint64 monotonic_us;

void
mesh_set_monotonic_ms (gint64 now_ms)
{
  monotonic_us = now_ms * G_TIME_SPAN_MILLISECOND;
}

gint64 __wrap_g_get_monotonic_time (void);

gint64
__wrap_g_get_monotonic_time (void)
{
  return monotonic_us;
}

/* -- pools: a job runs at once -- */

struct _MhPool
{
  guint jobs;
};

MhPool *
mh_pool_new (const char *name, guint threads, guint queue)
{
  return g_new0 (MhPool, 1);
}

void
mh_pool_free (MhPool *self)
{
  g_free (self);
}

gboolean
mh_pool_push (MhPool *self, MhPoolFunc func, gpointer data)
{
  self->jobs++;
  func (data);

  return TRUE;
}

guint
mh_pool_load (MhPool *self)
{
  return 0;
}

/* -- core and mesh -- */

const MhConfig *
mh_core_config (MhCore *self)
{
  return &self->config;
}

MhClock *
mh_core_clock (MhCore *self)
{
  return self->clock;
}

MhHost *
mh_swarm_host (MhSwarm *self)
{
  return self->machine->host;
}

MhDirectory *
mh_swarm_directory (MhSwarm *self)
{
  return &self->machine->directory;
}

/* Returns: (transfer full): what the hello record of a machine says */
static MhHello *
hello_of (const MeshPeer *peer)
{
  MhHello *hello = g_new0 (MhHello, 1);
  MhHelloVault vault = { .id = MESH_VAULT };
  const char *const holds[] = { MH_HELLO_CAP_HOLD, peer->full ? MH_HELLO_CAP_FULL : NULL, NULL };
  const char *const held[] = { MH_HELLO_CAP_HELD, NULL };
  const char *const none[] = { NULL };

  hello->peer = peer->id;
  hello->flags = peer->reliable ? MH_HELLO_RELIABLE : 0;
  hello->caps = g_strdupv ((char **) (peer->holds ? holds : peer->held ? held : none));
  hello->free_bytes = G_MAXINT64;
  hello->vaults = g_array_new (FALSE, FALSE, sizeof (MhHelloVault));
  if (!peer->is_keeper)
    g_array_append_val (hello->vaults, vault);

  return hello;
}

static void
add_node (MeshMachine *machine, const MeshPeer *peer, GPtrArray *out)
{
  MeshMachine *other = mesh_world_find (machine->world, &peer->id);
  MhNode *node = g_new0 (MhNode, 1);

  node->peer = peer->id;
  node->hello = hello_of (peer);
  node->heard_ms = peer->heard_ms;
  node->is_here = other != NULL && mesh_are_linked (machine, other);
  node->is_connected = node->is_here;
  g_ptr_array_add (out, node);
}

GPtrArray *
mh_directory_list (MhDirectory *self)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_node_free);
  const GArray *peers = self->machine->known.peers;

  for (guint i = 0; i < peers->len; i++)
    if (g_array_index (peers, MeshPeer, i).heard_ms > 0)
      add_node (self->machine, &g_array_index (peers, MeshPeer, i), out);

  return out;
}

gboolean
mh_directory_is_here (MhDirectory *self, const MhPeerId *peer)
{
  MeshMachine *other = mesh_world_find (self->machine->world, peer);

  return other != NULL && mesh_are_linked (self->machine, other);
}

void
mh_node_free (MhNode *self)
{
  g_strfreev (self->hello->caps);
  g_array_unref (self->hello->vaults);
  g_free (self->hello);
  g_free (self);
}

/* -- machines that have blocks kept: none is new -- */

gboolean
mh_sync_askers_room (MhCore *core, const MhPeerId *peer, gint64 held, gint64 *room, GError **error)
{
  *room = G_MAXINT64;

  return TRUE;
}

gboolean
mh_sync_askers_add (MhCore *core, const MhPeerId *peer, gint64 bytes, GError **error)
{
  return TRUE;
}

/* -- marks -- */

static MeshPeer *
find_text (MhSyncPeers *self, const char *peer_id)
{
  MhPeerId id;

  g_assert_true (mh_peer_id_from_text (peer_id, &id));

  return mesh_peers_ensure (self, &id);
}

void
mh_sync_peers_note (MhSyncPeers *self, const char *vault_id, const char *peer_id,
                    const MhSyncMark *mark, gint64 own_epoch)
{
  MeshPeer *peer = find_text (self, peer_id);

  peer->has_key = TRUE;
  if (mark == NULL)
    return;
  peer->mark = *mark;
  peer->own_epoch = own_epoch;
}

MhSyncMark
mh_sync_peers_mark (MhSyncPeers *self, const char *vault_id, const char *peer_id, gint64 own_epoch)
{
  const MeshPeer *peer = find_text (self, peer_id);

  return self->stale || peer->own_epoch == own_epoch ? peer->mark : (MhSyncMark){ 0 };
}

GPtrArray *
mh_sync_peers_list (MhSyncPeers *self, const char *vault_id)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->peers->len; i++)
    {
      const MeshPeer *peer = &g_array_index (self->peers, MeshPeer, i);

      if (peer->has_key)
        g_ptr_array_add (out, mh_peer_id_to_text (&peer->id));
    }

  return out;
}

/* -- the vault: of who has its key -- */

MhVault *
mh_vaults_get (MhVaults *self, const char *id, GError **error)
{
  const MeshMachine *machine = self->machine;
  MhVault *vault;

  if (machine->is_keeper)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no such vault");
      return NULL;
    }

  vault = g_new0 (MhVault, 1);
  vault->id = g_strdup (MESH_VAULT);
  vault->copies = machine->world->copies;
  vault->roles = machine->roles;
  vault->has_key = TRUE;
  vault->keep_versions = machine->keep_rule.versions;
  vault->keep_days = machine->keep_rule.days;

  return vault;
}

GPtrArray *
mh_vaults_list (MhVaults *self, GError **error)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_vault_free);

  if (!self->machine->is_keeper)
    g_ptr_array_add (out, mh_vaults_get (self, MESH_VAULT, NULL));

  return out;
}

/* -- the service of sync -- */

MhCore *
mh_sync_core (MhSync *self)
{
  return &self->machine->core;
}

MhVaults *
mh_sync_vaults (MhSync *self)
{
  return &self->machine->vaults;
}

MhStore *
mh_sync_blocks (MhSync *self)
{
  return self->machine->store;
}

/* What it says of itself, others hear at once. */
MhMesh *
mh_sync_mesh (MhSync *self)
{
  return NULL;
}

void
mh_mesh_update_profile (MhMesh *self)
{
}

MhSyncClaims *
mh_sync_claims (MhSync *self)
{
  return NULL;
}

MhSyncRate *
mh_sync_rate_in (MhSync *self)
{
  return NULL;
}

gboolean
mh_sync_is_paused (MhSync *self, const MhPeerId *peer)
{
  return FALSE;
}

MhSwarm *
mh_sync_take (MhSync *self, GCancellable **cancellable)
{
  *cancellable = g_cancellable_new ();

  return &self->machine->swarm;
}

void
mh_sync_give (MhSync *self, GCancellable *cancellable)
{
  g_object_unref (cancellable);
}

GPtrArray *
mh_sync_peers_of (MhSync *self, const char *vault_id)
{
  return mh_sync_peers_list (&self->machine->known, vault_id);
}

/* Nothing is ever on its way when this is asked. */
MhSyncState *
mh_sync_state (MhSync *self, const char *vault_id)
{
  return g_new0 (MhSyncState, 1);
}

void
mh_sync_tell_state (MhSync *self, const char *vault_id)
{
}

void
mh_sync_tell_others (MhSync *self, const char *vault_id)
{
}
