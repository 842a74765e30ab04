/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-promises.h"

#include <string.h>

#include "modules/store/store.h"

/* Promises at a time; each takes about 100 bytes. Of more, the other machine keeps its copies. */
#define MOST 200000

/* Longer than an audit takes to collect the promises of others. */
#define LEAVING_MS (10 * 60 * 1000)

struct _MhSyncPromises
{
  GMutex lock;
  GHashTable *until;   /* (owned) (element-type GBytes gint64): by id (locked-by lock) */
  GHashTable *leaving; /* (owned) (element-type GBytes gint64): the same, not to be promised */
};

MhSyncPromises *
mh_sync_promises_new (void)
{
  MhSyncPromises *self = g_new0 (MhSyncPromises, 1);

  g_mutex_init (&self->lock);
  self->until =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
  self->leaving =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);

  return self;
}

void
mh_sync_promises_free (MhSyncPromises *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->until);
  g_hash_table_unref (self->leaving);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
is_over (gpointer key, gpointer value, gpointer data)
{
  return *(const gint64 *) value <= *(const gint64 *) data;
}

static gboolean
is_in (GHashTable *table, GBytes *id, gint64 now_ms)
{
  const gint64 *until = g_hash_table_lookup (table, id);

  return until != NULL && *until > now_ms;
}

void
mh_sync_promises_leave (MhSyncPromises *self, GBytes *ids, gint64 now_ms)
{
  gint64 until = now_ms + LEAVING_MS;
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  g_mutex_lock (&self->lock);
  g_hash_table_foreach_remove (self->leaving, is_over, &now_ms);
  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    g_hash_table_replace (self->leaving, g_bytes_new (data + at, MH_SYNC_HASH_SIZE),
                          g_memdup2 (&until, sizeof until));
  g_mutex_unlock (&self->lock);
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
      g_autoptr (GBytes) id = g_bytes_new (data + at, MH_SYNC_HASH_SIZE);

      if (is_in (self->leaving, id, now_ms))
        continue;
      g_hash_table_replace (self->until, g_steal_pointer (&id), g_memdup2 (&until, sizeof until));
      g_byte_array_append (out, data + at, MH_SYNC_HASH_SIZE);
    }
  g_mutex_unlock (&self->lock);

  return g_byte_array_free_to_bytes (out);
}

gboolean
mh_sync_promises_has (MhSyncPromises *self, const guint8 *id, gint64 now_ms)
{
  g_autoptr (GBytes) key = g_bytes_new_static (id, MH_SYNC_HASH_SIZE);
  gboolean has;

  g_mutex_lock (&self->lock);
  has = is_in (self->until, key, now_ms);
  g_mutex_unlock (&self->lock);

  return has;
}
