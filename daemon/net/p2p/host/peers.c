/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host-private.h"

/* An address that failed is tried again after so long, twice as long each time. */
#define RETRY_FIRST_US (2 * G_USEC_PER_SEC)
#define RETRY_LAST_US (300 * (gint64) G_USEC_PER_SEC)

/* Routers remember a packet that was not answered for so long (Linux two minutes). */
#define REMEMBERED_US (150 * (gint64) G_USEC_PER_SEC)

static void
address_free (gpointer data)
{
  MhPeerAddress *self = data;

  mh_multiaddr_unref (self->address);
  g_free (self);
}

static void
peer_free (gpointer data)
{
  MhPeer *self = data;

  g_ptr_array_unref (self->addresses);
  g_ptr_array_unref (self->links);
  g_strfreev (self->protocols);
  g_free (self);
}

void
mh_peers_init (MhHost *host)
{
  host->peers = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, NULL, peer_free);
}

void
mh_peers_clear (MhHost *host)
{
  /* timers of services still ask who is there until the loop has ended */
  g_hash_table_remove_all (host->peers);
}

MhPeer *
mh_peers_find (MhHost *host, const MhPeerId *id)
{
  return g_hash_table_lookup (host->peers, id);
}

static gboolean
is_idle (const MhPeer *self)
{
  return self->links->len == 0 && self->dial == NULL && !self->is_protected;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a;
  gint64 right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

/* Forgets those that were not used for the longest time: a quarter, so that this is rare. */
static void
make_room (MhHost *host)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  GHashTableIter iter;
  gpointer value;
  gint64 limit;

  if (g_hash_table_size (host->peers) < MH_HOST_MOST_PEERS)
    return;

  g_hash_table_iter_init (&iter, host->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_array_append_val (times, ((MhPeer *) value)->used_us);
  g_array_sort (times, compare_times);
  limit = g_array_index (times, gint64, times->len / 4);
  g_hash_table_iter_init (&iter, host->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (is_idle (value) && ((MhPeer *) value)->used_us <= limit)
      g_hash_table_iter_remove (&iter);
}

MhPeer *
mh_peers_get (MhHost *host, const MhPeerId *id)
{
  MhPeer *self = mh_peers_find (host, id);

  if (self == NULL)
    {
      make_room (host);
      self = g_new0 (MhPeer, 1);
      self->id = *id;
      self->addresses = g_ptr_array_new_with_free_func (address_free);
      self->links = g_ptr_array_new ();
      g_hash_table_insert (host->peers, &self->id, self);
    }
  self->used_us = g_get_monotonic_time ();

  return self;
}

static MhPeerAddress *
find_address (const MhPeer *self, const MhMultiaddr *address)
{
  for (guint i = 0; i < self->addresses->len; i++)
    {
      MhPeerAddress *row = g_ptr_array_index (self->addresses, i);

      if (mh_multiaddr_equal (row->address, address))
        return row;
    }

  return NULL;
}

/* The better first: those that were good, then those that did not fail, then the newest. */
static int
compare_addresses (gconstpointer a, gconstpointer b)
{
  const MhPeerAddress *left = *(MhPeerAddress *const *) a;
  const MhPeerAddress *right = *(MhPeerAddress *const *) b;

  if (left->failures != right->failures)
    return left->failures < right->failures ? -1 : 1;
  if (left->good_us != right->good_us)
    return left->good_us > right->good_us ? -1 : 1;

  return (left->seen_us < right->seen_us) - (left->seen_us > right->seen_us);
}

/* Returns: (transfer none): the row of @address, new if it was not known */
static MhPeerAddress *
add_address (MhPeer *self, MhMultiaddr *address, gboolean *is_new)
{
  MhPeerAddress *row = find_address (self, address);

  *is_new = row == NULL;
  if (row != NULL)
    return row;

  if (self->addresses->len >= MH_HOST_MOST_ADDRESSES)
    {
      g_ptr_array_sort (self->addresses, compare_addresses);
      g_ptr_array_set_size (self->addresses, MH_HOST_MOST_ADDRESSES - 1);
    }
  row = g_new0 (MhPeerAddress, 1);
  row->address = mh_multiaddr_ref (address);
  g_ptr_array_add (self->addresses, row);

  return row;
}

void
mh_host_add_address (MhHost *self, const MhPeerId *peer, MhMultiaddr *address)
{
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (address);
  g_auto (MhMultiaddrTarget) target = { 0 };
  gboolean is_new;
  MhPeerId named;

  if (mh_peer_id_equal (peer, &self->id)
      || (mh_multiaddr_peer (address, &named) && !mh_peer_id_equal (peer, &named))
      || !mh_multiaddr_target (bare, &target))
    return;

  add_address (mh_peers_get (self, peer), bare, &is_new)->seen_us = g_get_monotonic_time ();
  if (is_new)
    mh_host_emit_addresses (self, peer);
}

void
mh_peers_note (MhHost *host, const MhPeerId *id, MhMultiaddr *address, gboolean is_good)
{
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (address);
  MhPeer *self = mh_peers_get (host, id);
  MhPeerAddress *row = find_address (self, bare);
  gint64 now_us = g_get_monotonic_time ();
  gboolean is_new = FALSE;
  gint64 wait_us;

  if (row == NULL && is_good)
    row = add_address (self, bare, &is_new);
  if (row == NULL)
    return;
  if (is_good)
    {
      row->good_us = row->seen_us = now_us;
      row->failures = 0;
      row->retry_us = 0;
    }
  else
    {
      wait_us = RETRY_FIRST_US << MIN (row->failures, 8);
      row->failures++;
      row->retry_us = now_us + MIN (wait_us, RETRY_LAST_US);
    }
  if (is_new)
    mh_host_emit_addresses (host, id);
}

void
mh_peers_note_known (MhHost *host, const MhPeerId *id, MhMultiaddr *address)
{
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (address);
  MhPeerAddress *row = find_address (mh_peers_get (host, id), bare);

  if (row != NULL)
    row->known_us = g_get_monotonic_time ();
}

GPtrArray *
mh_peers_remembered (MhHost *host, const MhPeerId *id)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  MhPeer *self = mh_peers_find (host, id);
  gint64 now_us = g_get_monotonic_time ();

  for (guint i = 0; self != NULL && i < self->addresses->len; i++)
    {
      MhPeerAddress *row = g_ptr_array_index (self->addresses, i);

      if (row->known_us > row->good_us && now_us - row->known_us < REMEMBERED_US)
        g_ptr_array_add (out, mh_multiaddr_ref (row->address));
    }

  return out;
}

static GPtrArray *
list_addresses (MhPeer *self, gint64 not_after_us)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  if (self == NULL)
    return out;
  g_ptr_array_sort (self->addresses, compare_addresses);
  for (guint i = 0; i < self->addresses->len; i++)
    {
      MhPeerAddress *row = g_ptr_array_index (self->addresses, i);

      if (row->retry_us <= not_after_us)
        g_ptr_array_add (out, mh_multiaddr_ref (row->address));
    }

  return out;
}

GPtrArray *
mh_peers_to_dial (MhHost *host, const MhPeerId *id)
{
  return list_addresses (mh_peers_find (host, id), g_get_monotonic_time ());
}

GPtrArray *
mh_host_known_addresses (MhHost *self, const MhPeerId *peer)
{
  return list_addresses (mh_peers_find (self, peer), G_MAXINT64);
}

void
mh_peers_set_protocols (MhHost *host, const MhPeerId *id, char **protocols)
{
  MhPeer *self = mh_peers_get (host, id);

  g_strfreev (self->protocols);
  self->protocols = protocols;
}

const char *const *
mh_host_protocols (MhHost *self, const MhPeerId *peer)
{
  MhPeer *row = mh_peers_find (self, peer);

  return row != NULL ? (const char *const *) row->protocols : NULL;
}

gboolean
mh_host_speaks (MhHost *self, const MhPeerId *peer, const char *protocol)
{
  const char *const *protocols = mh_host_protocols (self, peer);

  return protocols != NULL && g_strv_contains (protocols, protocol);
}

void
mh_host_protect (MhHost *self, const MhPeerId *peer, gboolean is_protected)
{
  mh_peers_get (self, peer)->is_protected = is_protected;
}

gboolean
mh_host_is_connected (MhHost *self, const MhPeerId *peer)
{
  return mh_link_best (self, peer) != NULL;
}

GPtrArray *
mh_host_peers (MhHost *self)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((MhPeer *) value)->links->len > 0)
      g_ptr_array_add (out, mh_peer_id_copy (&((MhPeer *) value)->id));

  return out;
}
