/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host-private.h"

/* A connection that is younger is not closed to make room. */
#define GRACE_US (20 * G_USEC_PER_SEC)

gboolean
mh_manage_may_accept (MhHost *host)
{
  /* twice the high water: peers that are closed to make room take a moment to go */
  return !host->is_closing && host->half_open < host->request.most_half_open
         && host->links->len < 2 * host->request.high_water;
}

static guint
links_of (MhHost *host, const MhPeerId *peer)
{
  MhPeer *row = mh_peers_find (host, peer);

  return row != NULL ? row->links->len : 0;
}

void
mh_host_set_gate (MhHost *self, MhHostGate gate, gpointer data)
{
  self->gate = gate;
  self->gate_data = data;
}

gboolean
mh_manage_admit (MhHost *host, MhLink *link, GError **error)
{
  const MhPeerId *peer = mh_link_peer (link);

  if (mh_peer_id_equal (peer, &host->id))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "the address is of this machine itself");
      return FALSE;
    }
  if (host->gate != NULL && !host->gate (peer, host->gate_data))
    {
      host->refusals.limits++;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                           "the peer is not wanted here");
      return FALSE;
    }
  if (links_of (host, peer) < host->request.most_of_peer)
    return TRUE;

  host->refusals.limits++;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES,
                       "the peer has too many connections");

  return FALSE;
}

/*
 * Both sides dial at the same time, or a relayed connection became a direct one: what is left over
 * goes once nothing uses it. Both sides choose the same of two, so that one is left.
 */
static gboolean
is_spare (MhHost *host, MhLink *link, gint64 now_us)
{
  MhLink *best = mh_link_best (host, mh_link_peer (link));
  gboolean we_are_less = mh_peer_id_compare (&host->id, mh_link_peer (link)) < 0;

  if (best == NULL || best == link || mh_link_streams (link) > 0
      || now_us - mh_link_since_us (link) < GRACE_US)
    return FALSE;

  /* the one with the smaller id closes what it dialled, the other what the peer dialled */
  return mh_link_is_relayed (link) || mh_link_is_dialled (link) == we_are_less;
}

/* Less is less useful: without streams first, then the older. */
static int
compare_use (gconstpointer a, gconstpointer b)
{
  const MhLink *left = *(MhLink *const *) a;
  const MhLink *right = *(MhLink *const *) b;
  gint64 left_since = mh_link_since_us (left);
  gint64 right_since = mh_link_since_us (right);

  if (mh_link_streams (left) != mh_link_streams (right))
    return mh_link_streams (left) < mh_link_streams (right) ? -1 : 1;

  return (left_since > right_since) - (left_since < right_since);
}

static gboolean
may_go (MhHost *host, MhLink *link, gint64 now_us)
{
  MhPeer *peer = mh_peers_find (host, mh_link_peer (link));

  return mh_link_is_open (link) && (peer == NULL || !peer->is_protected)
         && now_us - mh_link_since_us (link) >= GRACE_US;
}

static void
close_surplus (MhHost *host, gint64 now_us)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_link_unref);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES,
                                                  "there are too many connections");

  for (guint i = 0; i < host->links->len; i++)
    {
      MhLink *link = g_ptr_array_index (host->links, i);

      if (may_go (host, link, now_us))
        g_ptr_array_add (all, mh_link_ref (link));
    }
  g_ptr_array_sort (all, compare_use);
  for (guint i = 0; i < all->len && host->links->len > host->request.low_water; i++)
    mh_link_close (g_ptr_array_index (all, i), error);
}

static void
close_spare (MhHost *host, gint64 now_us)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                                                  "another connection took its place");

  for (guint i = host->links->len; i > 0; i--)
    {
      MhLink *link = i <= host->links->len ? g_ptr_array_index (host->links, i - 1) : NULL;

      if (link != NULL && mh_link_is_open (link) && is_spare (host, link, now_us))
        mh_link_close (link, error);
    }
}

void
mh_manage_tick (MhHost *host, gint64 now_us)
{
  close_spare (host, now_us);
  if (host->links->len > host->request.high_water)
    close_surplus (host, now_us);
}
