/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-promises.h"

#include <string.h>

#include "modules/store/store.h"

/* Promises at a time; each takes about 100 bytes. Of more, the other machine keeps its copies. */
#define MOST 200000

struct _MhSyncPromises
{
  GMutex lock;
  GHashTable *until; /* (owned) (element-type GBytes gint64): by id (locked-by lock) */
};

MhSyncPromises *
mh_sync_promises_new (void)
{
  MhSyncPromises *self = g_new0 (MhSyncPromises, 1);

  g_mutex_init (&self->lock);
  self->until =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);

  return self;
}

void
mh_sync_promises_free (MhSyncPromises *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->until);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
is_over (gpointer key, gpointer value, gpointer data)
{
  return *(const gint64 *) value <= *(const gint64 *) data;
}

GBytes *
mh_sync_promises_make (MhSyncPromises *self, GBytes *ids, gint64 now_ms)
{
  GByteArray *out = g_byte_array_new ();
  gint64 until = now_ms + MH_SYNC_PROMISE_MS;
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->until) + size / MH_SYNC_HASH_SIZE > MOST)
    g_hash_table_foreach_remove (self->until, is_over, &now_ms);
  for (gsize at = 0; at < size && g_hash_table_size (self->until) < MOST; at += MH_SYNC_HASH_SIZE)
    {
      g_hash_table_replace (self->until, g_bytes_new (data + at, MH_SYNC_HASH_SIZE),
                            g_memdup2 (&until, sizeof until));
      g_byte_array_append (out, data + at, MH_SYNC_HASH_SIZE);
    }
  g_mutex_unlock (&self->lock);

  return g_byte_array_free_to_bytes (out);
}

gboolean
mh_sync_promises_has (MhSyncPromises *self, const guint8 *id, gint64 now_ms)
{
  g_autoptr (GBytes) key = g_bytes_new_static (id, MH_SYNC_HASH_SIZE);
  const gint64 *until;
  gboolean has;

  g_mutex_lock (&self->lock);
  until = g_hash_table_lookup (self->until, key);
  has = until != NULL && *until > now_ms;
  g_mutex_unlock (&self->lock);

  return has;
}
