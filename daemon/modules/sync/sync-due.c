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
