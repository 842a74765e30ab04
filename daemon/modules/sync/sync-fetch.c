/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-fetch.h"

#include <string.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "sync-pull.h"

/* -- who can be asked -- */

typedef struct
{
  GPtrArray *ids; /* (element-type utf8) */
  GArray *near;   /* (element-type MhSyncNear): result */
} Nearest;

static void
find_nearest_here (MhHost *host, gpointer data)
{
  Nearest *self = data;

  for (guint i = 0; i < self->ids->len; i++)
    {
      MhSyncNear near;

      if (!mh_peer_id_from_text (g_ptr_array_index (self->ids, i), &near.peer)
          || !mh_host_is_connected (host, &near.peer))
        continue;
      near.rtt_us = mh_host_rtt_us (host, &near.peer);
      if (near.rtt_us == 0)
        near.rtt_us = G_MAXINT64;
      g_array_append_val (self->near, near);
    }
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 one = ((const MhSyncNear *) a)->rtt_us;
  gint64 two = ((const MhSyncNear *) b)->rtt_us;

  return one < two ? -1 : one > two;
}

GArray *
mh_sync_fetch_near (const MhSyncFetch *self)
{
  GArray *near = g_array_new (FALSE, FALSE, sizeof (MhSyncNear));
  Nearest nearest = { self->peer_ids, near };

  mh_host_run (self->host, find_nearest_here, &nearest);
  g_array_sort (near, compare);

  return near;
}

static MhSyncSession *
open_session (const MhSyncFetch *self, GArray *near, guint at)
{
  const MhPeerId *peer = &g_array_index (near, MhSyncNear, at).peer;

  return mh_sync_session_open (self->host, self->store, peer, self->vault_id, self->cancellable,
                               NULL);
}

/* -- one block -- */

static gboolean
on_block (const guint8 *id, GBytes *block, gpointer data, GError **error)
{
  guint8 hash[MH_SHA256_SIZE];
  gsize size;
  const guint8 *bytes = g_bytes_get_data (block, &size);

  mh_sha256 (bytes, size, hash);
  if (memcmp (hash, id, sizeof hash) == 0)
    *(GBytes **) data = g_bytes_ref (block); /* otherwise the next is asked */

  return TRUE;
}

GBytes *
mh_sync_fetch (const MhSyncFetch *self, const guint8 *id)
{
  g_autoptr (GArray) near = mh_sync_fetch_near (self);
  g_autoptr (GBytes) wanted = g_bytes_new (id, MH_SYNC_HASH_SIZE);
  GBytes *block = NULL;

  for (guint i = 0; i < near->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      g_autoptr (MhSyncSession) session = open_session (self, near, i);

      if (session != NULL && mh_sync_session_each_block (session, wanted, on_block, &block, NULL)
          && block != NULL)
        break;
    }

  return block;
}

/* -- many -- */

/* Returns: (transfer full): those of @ids that are not here, or %NULL with @error set */
static GBytes *
missing_of (const MhSyncFetch *self, GBytes *ids, GError **error)
{
  g_autoptr (GBytes) here = mh_store_known_blocks (self->store, self->vault_id, ids, error);
  g_autoptr (GHashTable) known = g_hash_table_new (g_bytes_hash, g_bytes_equal);
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  GByteArray *out;

  if (here == NULL)
    return NULL;
  for (gsize at = 0; at < g_bytes_get_size (here); at += MH_SYNC_HASH_SIZE)
    {
      GBytes *key = g_bytes_new_from_bytes (here, at, MH_SYNC_HASH_SIZE);

      g_ptr_array_add (keys, key);
      g_hash_table_add (known, key);
    }
  out = g_byte_array_new ();
  for (gsize at = 0; at < g_bytes_get_size (ids); at += MH_SYNC_HASH_SIZE)
    {
      GBytes *key = g_bytes_new_from_bytes (ids, at, MH_SYNC_HASH_SIZE);

      g_ptr_array_add (keys, key);
      if (g_hash_table_add (known, key))
        g_byte_array_append (out, g_bytes_get_data (key, NULL), MH_SYNC_HASH_SIZE);
    }

  return g_byte_array_free_to_bytes (out);
}

gboolean
mh_sync_fetch_all (const MhSyncFetch *self, GBytes *ids, GError **error)
{
  g_autoptr (GArray) near = mh_sync_fetch_near (self);
  g_autoptr (GBytes) missing = missing_of (self, ids, error);

  for (guint i = 0; missing != NULL && g_bytes_get_size (missing) > 0 && i < near->len; i++)
    {
      g_autoptr (MhSyncSession) session = open_session (self, near, i);
      g_autoptr (GError) local = NULL;
      MhSyncPull pull = { .store = self->store, .vault_id = self->vault_id };

      if (session != NULL && !mh_sync_pull_these (&pull, session, missing, &local)
          && (g_error_matches (local, MH_ERROR, MH_ERROR_NO_SPACE)
              || g_error_matches (local, MH_ERROR, MH_ERROR_FAILED)
              || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND)))
        { /* it is this machine that cannot */
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      g_bytes_unref (missing);
      missing = missing_of (self, ids, error);
    }
  if (missing == NULL)
    return FALSE;
  if (g_bytes_get_size (missing) == 0)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
               "%" G_GSIZE_FORMAT " of its blocks are on machines that are not there now",
               g_bytes_get_size (missing) / MH_SYNC_HASH_SIZE);

  return FALSE;
}
