/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-placement.h"

#include <string.h>

#include "crypto/hash.h"
#include "modules/store/store.h"

void
mh_sync_placement_clear (MhSyncPlacement *self)
{
  g_clear_pointer (&self->peers, g_array_unref);
}

/* The one with the larger hash of itself and the block comes first: all agree, and whoever comes or
 * goes moves only its own share (rendezvous hashing, Thaler and Ravishankar 1998). */
static guint64
weight_of (const MhPeerId *peer, const guint8 *id)
{
  guint8 both[MH_PEER_ID_MAX + MH_SYNC_HASH_SIZE];
  guint8 hash[MH_SHA256_SIZE];
  guint64 weight = 0;

  memcpy (both, peer->bytes, peer->size);
  memcpy (both + peer->size, id, MH_SYNC_HASH_SIZE);
  mh_sha256 (both, peer->size + MH_SYNC_HASH_SIZE, hash);
  for (guint i = 0; i < 8; i++)
    weight = weight << 8 | hash[i];

  return weight;
}

gboolean
mh_sync_placement_wants (const guint8 *id, gpointer data)
{
  const MhSyncPlacement *self = data;
  guint64 ours;
  gint64 before = 0;

  if (self->takes_all)
    return TRUE;
  if (!self->is_reliable)
    return FALSE;

  ours = weight_of (&self->self, id);
  for (guint i = 0; i < self->peers->len; i++)
    before += weight_of (&g_array_index (self->peers, MhPeerId, i), id) > ours ? 1 : 0;

  return before < self->copies;
}

static gboolean
counts (MhSwarm *swarm, const char *peer_id, MhPeerId *peer)
{
  g_autoptr (MhNode) node = NULL;
  gint64 now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;

  if (!mh_peer_id_from_text (peer_id, peer))
    return FALSE;
  node = mh_directory_get (mh_swarm_directory (swarm), peer);

  return node != NULL && node->hello != NULL && (node->hello->flags & MH_HELLO_RELIABLE) != 0
         && (node->is_here || now_ms - node->heard_ms < MH_SYNC_ABSENT_MS);
}

void
mh_sync_placement_fill (MhSyncPlacement *self, MhCore *core, MhSwarm *swarm, const MhVault *vault,
                        GPtrArray *peer_ids)
{
  self->peers = g_array_new (FALSE, FALSE, sizeof (MhPeerId));
  self->self = *mh_host_id (mh_swarm_host (swarm));
  self->is_reliable = mh_core_config (core)->reliable && (vault->roles & MH_VAULT_STORE) != 0;
  self->copies = vault->copies;
  for (guint i = 0; i < peer_ids->len; i++)
    {
      MhPeerId peer;

      if (counts (swarm, g_ptr_array_index (peer_ids, i), &peer))
        g_array_append_val (self->peers, peer);
    }
  self->takes_all = (vault->roles & MH_VAULT_PIN) != 0
                    || (self->is_reliable && (gint64) self->peers->len < vault->copies);
}
