/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "store-private.h"
#include "usage.h"
#include "writer.h"

/* Blocks that come from other machines. */

typedef struct
{
  MhStore *store;
  const char *vault_id;
  GPtrArray *sealed; /* (element-type GBytes) */
  GArray *ids;       /* (element-type MhSyncBlock): their hashes */
  guint taken;
  GError *refusal; /* (owned) (nullable): why one was not taken, others apart */
} TakeBlocks;

/* Whether the quota has room for one more block. */
static gboolean
has_quota (TakeBlocks *self, gint64 stored, gsize size)
{
  gint64 sum = stored + (gint64) size;
  MhVaultLimits limits;

  if (!mh_store_get_limits (self->store, self->vault_id, &limits) || limits.hard_quota == 0
      || sum <= limits.hard_quota)
    return TRUE;
  if (self->refusal == NULL)
    mh_store_set_quota_error (self->vault_id, &limits, sum, &self->refusal);

  return FALSE;
}

static gboolean
take_blocks_commit (MhWriter *writer, gpointer data, GError **error)
{
  TakeBlocks *take = data;
  MhVaultRow vault;

  take->taken = 0;
  g_clear_error (&take->refusal);
  if (!mh_catalog_get_vault (mh_writer_db (writer), take->vault_id, &vault, error))
    return FALSE;
  for (guint i = 0; i < take->sealed->len; i++)
    {
      const MhSyncBlock *block = &g_array_index (take->ids, MhSyncBlock, i);
      GBytes *sealed = g_ptr_array_index (take->sealed, i);
      gboolean filled;

      if (!has_quota (take, mh_usage_stored (writer, &vault), g_bytes_get_size (sealed)))
        continue;
      if (!mh_writer_fill_block (writer, take->vault_id, block->id, sealed, &filled, error))
        return FALSE;
      take->taken += filled ? 1 : 0;
    }

  return TRUE;
}

GArray *
mh_store_hash_sealed (GPtrArray *sealed, const guint8 *wanted, GError **error)
{
  g_autoptr (GArray) ids = g_array_sized_new (FALSE, FALSE, sizeof (MhSyncBlock), sealed->len);
  g_autofree MhSha256Job *jobs = g_new (MhSha256Job, sealed->len);

  g_array_set_size (ids, sealed->len);
  for (guint i = 0; i < sealed->len; i++)
    {
      jobs[i].data = g_bytes_get_data (g_ptr_array_index (sealed, i), &jobs[i].size);
      jobs[i].out = g_array_index (ids, MhSyncBlock, i).id;
    }
  mh_sha256_many (jobs, sealed->len);
  if (wanted == NULL || sealed->len == 0
      || memcmp (wanted, ids->data, sealed->len * sizeof (MhSyncBlock)) == 0)
    return g_steal_pointer (&ids);

  g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                       "the other machine gave other bytes than those of the block");

  return NULL;
}

gboolean
mh_store_take_blocks (MhStore *self, const char *vault_id, GPtrArray *sealed, const guint8 *wanted,
                      guint *taken, GError **error)
{
  g_autoptr (GArray) ids = mh_store_hash_sealed (sealed, wanted, error);
  TakeBlocks take = { self, vault_id, sealed, ids };
  GError *local = NULL;
  gboolean done;

  if (taken != NULL)
    *taken = 0;
  if (ids == NULL)
    return FALSE;

  done = mh_writer_commit (self->writer, take_blocks_commit, &take, &local);
  if (done && taken != NULL)
    *taken = take.taken;
  if (done && take.refusal != NULL)
    local = g_steal_pointer (&take.refusal);
  g_clear_error (&take.refusal);
  mh_store_lift (self, &local);
  if (local == NULL)
    return TRUE;

  if (g_error_matches (local, MH_ERROR, MH_ERROR_NO_SPACE))
    mh_store_note_refusal (self, vault_id, local);
  g_propagate_error (error, local);

  return FALSE;
}
