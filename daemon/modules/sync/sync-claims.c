/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-claims.h"

#include "modules/store/store.h"

struct _MhSyncClaims
{
  GMutex lock;
  GHashTable *ids; /* (owned) (element-type GBytes) (locked-by lock) */
};

MhSyncClaims *
mh_sync_claims_new (void)
{
  MhSyncClaims *self = g_new0 (MhSyncClaims, 1);

  g_mutex_init (&self->lock);
  self->ids =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  return self;
}

void
mh_sync_claims_free (MhSyncClaims *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->ids);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GBytes *
mh_sync_claims_take (MhSyncClaims *self, GBytes *ids)
{
  GByteArray *out = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  g_mutex_lock (&self->lock);
  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    if (g_hash_table_add (self->ids, g_bytes_new (data + at, MH_SYNC_HASH_SIZE)))
      g_byte_array_append (out, data + at, MH_SYNC_HASH_SIZE);
  g_mutex_unlock (&self->lock);

  return g_byte_array_free_to_bytes (out);
}

void
mh_sync_claims_give (MhSyncClaims *self, GBytes *ids)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  g_mutex_lock (&self->lock);
  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    {
      g_autoptr (GBytes) id = g_bytes_new_static (data + at, MH_SYNC_HASH_SIZE);

      g_hash_table_remove (self->ids, id);
    }
  g_mutex_unlock (&self->lock);
}
