/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/mdns/mdns-message.h"

/* Peers that are read can be told of, and are then read as the same. */
static void
check (const MhMdnsPeer *peer)
{
  g_autoptr (GBytes) bytes =
      mh_mdns_answer (MH_MDNS_ASKS_PEERS, "ours", &peer->id, peer->addresses);
  g_autoptr (MhMdnsPacket) again = NULL;
  const MhMdnsPeer *other;

  if (bytes == NULL) /* nothing fits */
    return;

  g_assert (g_bytes_get_size (bytes) <= MH_MDNS_MAX_SENT);
  again = mh_mdns_packet_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "x");
  g_assert (again != NULL && again->peers->len == 1);
  other = g_ptr_array_index (again->peers, 0);
  g_assert (mh_peer_id_equal (&peer->id, &other->id));
  g_assert (other->addresses->len > 0 && other->addresses->len <= peer->addresses->len);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (MhMdnsPacket) packet = mh_mdns_packet_parse (data, size, "ours");

  if (packet == NULL)
    return 0;

  g_assert (packet->peers->len <= MH_MDNS_MOST_PEERS);
  for (guint i = 0; i < packet->peers->len; i++)
    {
      const MhMdnsPeer *peer = g_ptr_array_index (packet->peers, i);

      g_assert (peer->addresses->len > 0 && peer->addresses->len <= MH_MDNS_MOST_ADDRESSES);
      check (peer);
    }

  return 0;
}
