/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host-private.h"

/* So many peers have to see us at an address before we tell others of it (go-libp2p asks for 4). */
#define ENOUGH_PEERS 2

#define MOST_ADDRESSES 64
#define MOST_PEERS 16

/* Without being seen for so long, an address is no longer ours. */
#define LIFE_US (1800 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  MhMultiaddr *address; /* (owned) */
  GArray *peers;        /* (owned) (element-type MhPeerId): who saw us there */
  gint64 seen_us;
  gboolean is_told;
} Observed;

static void
observed_free (gpointer data)
{
  Observed *self = data;

  mh_multiaddr_unref (self->address);
  g_array_unref (self->peers);
  g_free (self);
}

void
mh_observed_init (MhHost *host)
{
  host->observed = g_ptr_array_new_with_free_func (observed_free);
}

void
mh_observed_tick (MhHost *host, gint64 now_us)
{
  for (guint i = host->observed->len; i > 0; i--)
    {
      Observed *row = g_ptr_array_index (host->observed, i - 1);

      if (now_us - row->seen_us < LIFE_US)
        continue;
      if (row->is_told)
        mh_host_remove_own_address (host, row->address);
      g_ptr_array_remove_index_fast (host->observed, i - 1);
    }
}

/* Returns: (transfer none) (nullable): the row of @address, new if there is room */
static Observed *
get_row (MhHost *host, MhMultiaddr *address)
{
  Observed *row;

  for (guint i = 0; i < host->observed->len; i++)
    {
      row = g_ptr_array_index (host->observed, i);
      if (mh_multiaddr_equal (row->address, address))
        return row;
    }
  if (host->observed->len >= MOST_ADDRESSES)
    return NULL;

  row = g_new0 (Observed, 1);
  row->address = mh_multiaddr_ref (address);
  row->peers = g_array_new (FALSE, FALSE, sizeof (MhPeerId));
  g_ptr_array_add (host->observed, row);

  return row;
}

/* Whether we listen on that port: a connection that we dialled may come from any other. */
static gboolean
is_listened_on (MhHost *host, const MhMultiaddr *address)
{
  g_autoptr (GPtrArray) own = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_auto (MhMultiaddrTarget) target = { 0 };
  gboolean found = FALSE;

  if (!mh_multiaddr_target (address, &target))
    return FALSE;
  mh_listen_addresses (host, own);
  for (guint i = 0; i < own->len && !found; i++)
    {
      g_auto (MhMultiaddrTarget) listened = { 0 };

      found = mh_multiaddr_target (own->pdata[i], &listened) && listened.port == target.port;
    }

  return found;
}

void
mh_host_note_observed (MhHost *self, const MhPeerId *peer, MhMultiaddr *address)
{
  Observed *row;

  if (!mh_multiaddr_is_public (address) || mh_multiaddr_has (address, MH_MULTIADDR_CIRCUIT)
      || !is_listened_on (self, address))
    return;
  row = get_row (self, address);
  if (row == NULL)
    return;

  row->seen_us = g_get_monotonic_time ();
  for (guint i = 0; i < row->peers->len; i++)
    if (mh_peer_id_equal (&g_array_index (row->peers, MhPeerId, i), peer))
      return;
  if (row->peers->len < MOST_PEERS)
    g_array_append_val (row->peers, *peer);
  if (row->is_told || row->peers->len < ENOUGH_PEERS)
    return;
  row->is_told = TRUE;
  mh_host_add_own_address (self, address);
}

void
mh_observed_addresses (MhHost *host, GPtrArray *out)
{
  for (guint i = 0; i < host->observed->len; i++)
    g_ptr_array_add (out, mh_multiaddr_ref (((Observed *) host->observed->pdata[i])->address));
}
