/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-placement.h"

#include <string.h>

#include "crypto/hash.h"
#include "modules/store/store.h"

/* A machine that says that it has less room gets no blocks in place of others. */
#define LITTLE_ROOM (64 * 1024 * 1024)

/* Vaults of others that are told of: whoever makes some up fills no list with them. */
#define MOST_SEEN 1000

void
mh_sync_placement_clear (MhSyncPlacement *self)
{
  g_clear_pointer (&self->keepers, g_array_unref);
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

static const MhSyncKeeper *
keeper_at (const MhSyncPlacement *self, guint at)
{
  return &g_array_index (self->keepers, MhSyncKeeper, at);
}

/* How many other keepers, with or without the key, come before one of @weight. */
static gint64
count_before (const MhSyncPlacement *self, gboolean has_key, gboolean no_full, const guint8 *id,
              guint64 weight)
{
  gint64 before = 0;

  for (guint i = 0; i < self->keepers->len; i++)
    {
      const MhSyncKeeper *keeper = keeper_at (self, i);

      if (keeper->has_key == has_key && !(no_full && keeper->is_full))
        before += weight_of (&keeper->peer, id) > weight ? 1 : 0;
    }

  return before;
}

static gboolean
all_have_all (const MhSyncPlacement *self)
{
  return self->trusted <= self->copies;
}

gboolean
mh_sync_placement_wants (const guint8 *id, gpointer data)
{
  const MhSyncPlacement *self = data;

  if (self->is_pinned)
    return TRUE;
  if (!self->is_reliable)
    return FALSE;

  return all_have_all (self)
         || count_before (self, TRUE, FALSE, id, weight_of (&self->self, id)) < self->copies;
}

gboolean
mh_sync_placement_wants_instead (const MhSyncPlacement *self, const guint8 *id)
{
  return self->is_reliable
         && count_before (self, TRUE, TRUE, id, weight_of (&self->self, id)) < self->copies;
}

gboolean
mh_sync_placement_is_for (const MhSyncPlacement *self, guint at, const guint8 *id)
{
  const MhSyncKeeper *keeper = keeper_at (self, at);
  guint64 weight;
  gint64 before;

  if (keeper->has_key && all_have_all (self))
    return TRUE;

  weight = weight_of (&keeper->peer, id);
  before = count_before (self, keeper->has_key, FALSE, id, weight);
  if (!keeper->has_key)
    return before < self->copies - (gint64) self->trusted;
  if (self->is_reliable && weight_of (&self->self, id) > weight)
    before++;

  return before < self->copies;
}

gboolean
mh_sync_placement_is_for_instead (const MhSyncPlacement *self, guint at, const guint8 *id)
{
  const MhSyncKeeper *keeper = keeper_at (self, at);

  return !keeper->has_key && !keeper->is_full
         && count_before (self, FALSE, TRUE, id, weight_of (&keeper->peer, id))
                < self->copies - (gint64) self->trusted;
}

int
mh_sync_placement_find (const MhSyncPlacement *self, const MhPeerId *peer)
{
  for (guint i = 0; i < self->keepers->len; i++)
    if (mh_peer_id_equal (&keeper_at (self, i)->peer, peer))
      return (int) i;

  return -1;
}

/* Returns: (nullable): what a node says of a vault */
static const MhHelloVault *
find_vault (const MhHello *hello, const char *vault_id)
{
  for (guint i = 0; hello != NULL && i < hello->vaults->len; i++)
    if (g_str_equal (g_array_index (hello->vaults, MhHelloVault, i).id, vault_id))
      return &g_array_index (hello->vaults, MhHelloVault, i);

  return NULL;
}

gboolean
mh_sync_says_vault (const MhHello *hello, const char *vault_id)
{
  return find_vault (hello, vault_id) != NULL;
}

static int
compare_seen (gconstpointer a, gconstpointer b)
{
  return strcmp (((const MhVaultSeen *) a)->id, ((const MhVaultSeen *) b)->id);
}

/* Adds what one machine says of one vault. */
static void
note_seen (GHashTable *at, GArray *out, const MhHelloVault *said)
{
  gpointer index;
  MhVaultSeen *seen;

  if (!g_hash_table_lookup_extended (at, said->id, NULL, &index))
    {
      MhVaultSeen new = { { 0 } };

      if (out->len >= MOST_SEEN)
        return;
      g_strlcpy (new.id, said->id, sizeof new.id);
      index = GUINT_TO_POINTER (out->len);
      g_array_append_val (out, new);
      g_hash_table_insert (at, g_strdup (said->id), index);
    }
  seen = &g_array_index (out, MhVaultSeen, GPOINTER_TO_UINT (index));
  seen->peers++;
  seen->bytes = MAX (seen->bytes, (gint64) MIN (said->bytes, G_MAXINT64));
}

GArray *
mh_sync_placement_seen (MhSwarm *swarm)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (swarm));
  g_autoptr (GHashTable) at = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GArray *out = g_array_new (FALSE, FALSE, sizeof (MhVaultSeen));

  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);

      for (guint j = 0; node->is_here && node->hello != NULL && j < node->hello->vaults->len; j++)
        note_seen (at, out, &g_array_index (node->hello->vaults, MhHelloVault, j));
    }
  g_array_sort (out, compare_seen);

  return out;
}

static gboolean
has_key (GPtrArray *peer_ids, const MhPeerId *peer)
{
  g_autofree char *text = mh_peer_id_to_text (peer);

  return g_ptr_array_find_with_equal_func (peer_ids, text, g_str_equal, NULL);
}

/* Whether a machine counts for the placement of blocks: one that hung up does for a while. */
static gboolean
counts (MhCore *core, const MhNode *node)
{
  gint64 now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;

  return node->hello != NULL && (node->hello->flags & MH_HELLO_RELIABLE) != 0
         && (node->is_here || now_ms - node->heard_ms < mh_core_config (core)->absent_ms);
}

static void
add_keeper (MhSyncPlacement *self, const MhNode *node, gboolean is_trusted)
{
  MhSyncKeeper keeper = { .peer = node->peer, .has_key = is_trusted };

  if (!is_trusted && !mh_hello_has_cap (node->hello, MH_HELLO_CAP_HOLD))
    return;

  keeper.is_here = node->is_connected;
  keeper.is_full = node->hello->free_bytes < LITTLE_ROOM
                   || (!is_trusted && mh_hello_has_cap (node->hello, MH_HELLO_CAP_FULL));
  g_array_append_val (self->keepers, keeper);
  self->trusted += is_trusted ? 1 : 0;
}

/* Whether a machine is one that keeps what it should. */
static gboolean
is_honest (const MhSyncCandidates *from, const MhPeerId *peer)
{
  gint64 now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;

  return from->blame == NULL || !mh_sync_blame_is_out (from->blame, peer, now_ms);
}

GArray *
mh_sync_placement_offering (MhSwarm *swarm, GPtrArray *peer_ids)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (swarm));
  GArray *out = g_array_new (FALSE, FALSE, sizeof (MhPeerId));

  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);

      if (node->is_connected && node->hello != NULL
          && (mh_hello_has_cap (node->hello, MH_HELLO_CAP_HOLD)
              || mh_hello_has_cap (node->hello, MH_HELLO_CAP_HELD))
          && !has_key (peer_ids, &node->peer))
        g_array_append_val (out, node->peer);
    }

  return out;
}

void
mh_sync_placement_fill (MhSyncPlacement *self, const MhSyncCandidates *from)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (from->swarm));
  const MhVault *vault = from->vault;

  self->keepers = g_array_new (FALSE, FALSE, sizeof (MhSyncKeeper));
  self->self = *mh_host_id (mh_swarm_host (from->swarm));
  self->is_reliable = mh_core_config (from->core)->reliable && (vault->roles & MH_VAULT_STORE) != 0;
  self->is_pinned = (vault->roles & MH_VAULT_PIN) != 0;
  self->copies = vault->copies;
  self->trusted = self->is_reliable ? 1 : 0;
  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);

      const MhHelloVault *said = find_vault (node->hello, vault->id);

      /* one that has deleted the vault does not speak of it any more */
      if (counts (from->core, node) && is_honest (from, &node->peer)
          && (said == NULL || !said->is_viewed))
        add_keeper (self, node, said != NULL && has_key (from->peer_ids, &node->peer));
    }
}
