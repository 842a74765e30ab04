/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-due.h"

#include <string.h>

/* Blocks that one question is about at most; the other machine looks at fewer at a time. */
#define MOST_DUE (4 * MH_SYNC_MOST_HASHES)

/* Adds what is due of @blocks. Returns: whether the end of the range is reached */
static gboolean
add_due (const MhSyncPlacement *placement, GArray *blocks, const guint8 *last, GByteArray *out)
{
  for (guint i = 0; i < blocks->len; i++)
    {
      const MhNamedBlock *block = &g_array_index (blocks, MhNamedBlock, i);

      if (memcmp (block->id, last, sizeof block->id) > 0)
        return TRUE;
      if (block->is_here && mh_sync_placement_wants (block->id, (gpointer) placement))
        g_byte_array_append (out, block->id, sizeof block->id);
    }

  return blocks->len == 0;
}

GBytes *
mh_sync_due (MhSync *sync, MhSyncKeep *keep, const char *vault_id, const guint8 *after,
             const guint8 *last)
{
  g_autoptr (MhVault) vault = mh_vaults_get (mh_sync_vaults (sync), vault_id, NULL);
  g_auto (MhSyncPlacement) placement = { 0 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 at[MH_SYNC_HASH_SIZE];

  if (vault == NULL || !mh_sync_keep_place (keep, vault, &placement))
    return NULL;
  memcpy (at, after, sizeof at);
  for (guint seen = 0; seen < MOST_DUE;)
    {
      g_autoptr (GArray) blocks =
          mh_store_named_blocks (mh_sync_blocks (sync), vault_id, at, MH_SYNC_MOST_HASHES, NULL);

      if (blocks == NULL)
        return NULL;
      if (add_due (&placement, blocks, last, out))
        return g_byte_array_free_to_bytes (g_steal_pointer (&out));
      seen += blocks->len;
      memcpy (at, g_array_index (blocks, MhNamedBlock, blocks->len - 1).id, sizeof at);
    }

  return NULL;
}

GBytes *
mh_sync_due_held (MhStore *store, const char *vault_id, const guint8 *after, const guint8 *last)
{
  g_autoptr (GBytes) held = mh_store_list_held (store, vault_id, after, MH_SYNC_MOST_HASHES, NULL);
  gsize size;
  gsize end = 0;
  const guint8 *data;

  if (held == NULL)
    return NULL;
  data = g_bytes_get_data (held, &size);
  while (end < size && memcmp (data + end, last, MH_SYNC_HASH_SIZE) <= 0)
    end += MH_SYNC_HASH_SIZE;

  return g_bytes_new_from_bytes (held, 0, end);
}

/* -- what others should have -- */

/* How another machine, which has not the key, takes part. To be cleared. */
typedef struct
{
  MhSyncPlacement placement;
  int at;          /* -1: in no way */
  GBytes *spilled; /* (owned) (nullable): what others like it have no room for */
} Other;

static void
other_clear (Other *self)
{
  mh_sync_placement_clear (&self->placement);
  g_clear_pointer (&self->spilled, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Other, other_clear)

/* Returns: %FALSE when this machine cannot tell */
static gboolean
find_other (MhSync *sync, MhSyncKeep *keep, const char *vault_id, const MhPeerId *peer, Other *out)
{
  g_autoptr (MhVault) vault = mh_vaults_get (mh_sync_vaults (sync), vault_id, NULL);

  if (vault == NULL || !vault->has_key || !mh_sync_keep_place (keep, vault, &out->placement))
    return FALSE;
  out->at = mh_sync_placement_find (&out->placement, peer);
  out->spilled = mh_sync_keep_spilled (keep, vault_id);

  return TRUE;
}

/* Whether it is to keep a block in place of one that is full. */
static gboolean
is_spilled_to (const Other *self, const guint8 *id)
{
  gsize size = 0;
  const guint8 *ids = self->spilled != NULL ? g_bytes_get_data (self->spilled, &size) : NULL;

  return mh_sync_find_id (ids, size, id)
         && mh_sync_placement_is_for_instead (&self->placement, (guint) self->at, id);
}

static gboolean
is_for (const Other *self, const guint8 *id)
{
  return self->at >= 0
         && (mh_sync_placement_is_for (&self->placement, (guint) self->at, id)
             || is_spilled_to (self, id));
}

GBytes *
mh_sync_due_elsewhere (MhSync *sync, MhSyncKeep *keep, const char *vault_id, const MhPeerId *peer,
                       const guint8 *after)
{
  g_auto (Other) other = { .at = -1 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 last[MH_SYNC_HASH_SIZE] = { 0 };

  if (!find_other (sync, keep, vault_id, peer, &other) || other.at < 0
      || g_array_index (other.placement.keepers, MhSyncKeeper, other.at).has_key)
    return NULL;

  if (after != NULL)
    memcpy (last, after, sizeof last);
  while (out->len == 0)
    {
      g_autoptr (GArray) blocks =
          mh_store_named_blocks (mh_sync_blocks (sync), vault_id, last, MH_SYNC_MOST_HASHES, NULL);

      if (blocks == NULL)
        return NULL;
      if (blocks->len == 0)
        break;
      for (guint i = 0; i < blocks->len; i++)
        {
          const MhNamedBlock *block = &g_array_index (blocks, MhNamedBlock, i);

          memcpy (last, block->id, sizeof last);
          if (is_for (&other, block->id))
            g_byte_array_append (out, block->id, sizeof block->id);
        }
    }

  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
mh_sync_due_no_more (MhSync *sync, MhSyncKeep *keep, const char *vault_id, const MhPeerId *peer,
                     GBytes *ids)
{
  g_auto (Other) other = { .at = -1 };
  GByteArray *out;
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  if (!find_other (sync, keep, vault_id, peer, &other))
    return NULL;
  out = g_byte_array_new ();
  if (!mh_sync_keep_is_sure (keep, vault_id))
    return g_byte_array_free_to_bytes (out); /* nothing can be spared */

  for (gsize i = 0; i < size; i += MH_SYNC_HASH_SIZE)
    if (!is_for (&other, data + i))
      g_byte_array_append (out, data + i, MH_SYNC_HASH_SIZE);

  return g_byte_array_free_to_bytes (out);
}
