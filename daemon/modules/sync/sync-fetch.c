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
  const MhSyncFetch *fetch;
  GArray *near; /* (element-type MhSyncNear): result */
} Nearest;

static void
add_near (Nearest *self, MhHost *host, const MhPeerId *peer, gboolean has_key)
{
  MhSyncNear near = { *peer, 0, has_key };

  if (!mh_host_is_connected (host, peer))
    return;
  near.rtt_us = mh_host_rtt_us (host, peer);
  if (near.rtt_us == 0)
    near.rtt_us = G_MAXINT64;
  g_array_append_val (self->near, near);
}

static void
find_nearest_here (MhHost *host, gpointer data)
{
  Nearest *self = data;
  GPtrArray *ids = self->fetch->peer_ids;
  MhPeerId peer;

  for (guint i = 0; i < ids->len; i++)
    if (mh_peer_id_from_text (g_ptr_array_index (ids, i), &peer))
      add_near (self, host, &peer, TRUE);
  for (guint i = 0; i < self->fetch->holders->len; i++)
    add_near (self, host, &g_array_index (self->fetch->holders, MhPeerId, i), FALSE);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const MhSyncNear *one = a;
  const MhSyncNear *two = b;

  if (one->has_key != two->has_key)
    return one->has_key ? -1 : 1;

  return one->rtt_us < two->rtt_us ? -1 : one->rtt_us > two->rtt_us;
}

GArray *
mh_sync_fetch_near (const MhSyncFetch *self)
{
  GArray *near = g_array_new (FALSE, FALSE, sizeof (MhSyncNear));
  Nearest nearest = { self, near };

  mh_host_run (self->host, find_nearest_here, &nearest);
  g_array_sort (near, compare);

  return near;
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

MhSyncSession *
mh_sync_fetch_open (const MhSyncFetch *self, const MhSyncNear *near)
{
  if (mh_sync_blame_is_out (self->blame, &near->peer, now_ms ()))
    return NULL;

  return near->has_key ? mh_sync_session_open (self->host, self->store, &near->peer, self->vault_id,
                                               self->cancellable, NULL)
                       : mh_sync_session_open_hold (self->host, &near->peer, self->vault_id,
                                                    self->cancellable, NULL);
}

static void
blame (const MhSyncFetch *self, const MhSyncNear *near)
{
  (void) mh_sync_blame_add (self->blame, &near->peer, "it gave other bytes than those of the block",
                            now_ms ());
}

/* -- one block -- */

typedef struct
{
  GBytes *block;     /* (owned) (nullable) */
  gboolean is_wrong; /* what came was something else */
} Came;

static gboolean
on_block (const guint8 *id, GBytes *block, gpointer data, GError **error)
{
  Came *came = data;
  guint8 hash[MH_SHA256_SIZE];
  gsize size;
  const guint8 *bytes = g_bytes_get_data (block, &size);

  mh_sha256 (bytes, size, hash);
  came->is_wrong = memcmp (hash, id, sizeof hash) != 0;
  if (!came->is_wrong)
    came->block = g_bytes_ref (block); /* otherwise the next is asked */

  return TRUE;
}

GBytes *
mh_sync_fetch (const MhSyncFetch *self, const guint8 *id)
{
  g_autoptr (GArray) near = mh_sync_fetch_near (self);
  g_autoptr (GBytes) wanted = g_bytes_new (id, MH_SYNC_HASH_SIZE);
  Came came = { 0 };

  for (guint i = 0; i < near->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      const MhSyncNear *one = &g_array_index (near, MhSyncNear, i);
      g_autoptr (MhSyncSession) session = mh_sync_fetch_open (self, one);

      if (session != NULL)
        mh_sync_session_hurry (session); /* a reader waits */
      if (session != NULL && mh_sync_session_each_block (session, wanted, on_block, &came, NULL)
          && came.block != NULL)
        break;
      if (came.is_wrong)
        blame (self, one);
      came.is_wrong = FALSE;
    }

  return came.block;
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
      const MhSyncNear *one = &g_array_index (near, MhSyncNear, i);
      g_autoptr (MhSyncSession) session = mh_sync_fetch_open (self, one);
      g_autoptr (GError) local = NULL;
      MhSyncPull pull = { .store = self->store,
                          .vault_id = self->vault_id,
                          .rate = self->rate,
                          .cancellable = self->cancellable };

      if (session != NULL && !mh_sync_pull_these (&pull, session, missing, &local)
          && (g_error_matches (local, MH_ERROR, MH_ERROR_NO_SPACE)
              || g_error_matches (local, MH_ERROR, MH_ERROR_FAILED)
              || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND)))
        { /* it is this machine that cannot */
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (g_error_matches (local, MH_ERROR, MH_ERROR_CORRUPT))
        blame (self, one);
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
