/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-fetch.h"

/* Connected machines that have the key, the nearest first. */
typedef struct
{
  GPtrArray *ids; /* (element-type utf8) */
  GArray *near;   /* (element-type MhPeerId): result */
} Nearest;

static gint64
rtt_of (MhHost *host, const MhPeerId *peer)
{
  gint64 rtt_us = mh_host_rtt_us (host, peer);

  return rtt_us > 0 ? rtt_us : G_MAXINT64;
}

static int
compare_rtt (gconstpointer a, gconstpointer b, gpointer host)
{
  gint64 one = rtt_of (host, a);
  gint64 two = rtt_of (host, b);

  return one < two ? -1 : one > two;
}

static void
find_nearest_here (MhHost *host, gpointer data)
{
  Nearest *self = data;

  for (guint i = 0; i < self->ids->len; i++)
    {
      MhPeerId peer;

      if (mh_peer_id_from_text (g_ptr_array_index (self->ids, i), &peer)
          && mh_host_is_connected (host, &peer))
        g_array_append_val (self->near, peer);
    }
  g_array_sort_with_data (self->near, compare_rtt, host);
}

static gboolean
on_block (GBytes *block, gpointer data, GError **error)
{
  *(GBytes **) data = g_bytes_ref (block);

  return TRUE;
}

GBytes *
mh_sync_fetch (const MhSyncFetch *self, const guint8 *id)
{
  g_autoptr (GArray) near = g_array_new (FALSE, FALSE, sizeof (MhPeerId));
  g_autoptr (GBytes) wanted = g_bytes_new (id, MH_SYNC_HASH_SIZE);
  Nearest nearest = { self->peer_ids, near };
  GBytes *block = NULL;

  mh_host_run (self->host, find_nearest_here, &nearest);
  for (guint i = 0; i < near->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      g_autoptr (MhSyncSession) session =
          mh_sync_session_open (self->host, self->store, &g_array_index (near, MhPeerId, i),
                                self->vault_id, self->cancellable, NULL);

      if (session != NULL && mh_sync_session_each_block (session, wanted, on_block, &block, NULL)
          && block != NULL)
        break;
    }

  return block;
}
