/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kad-answer.h"

/* Who answers, and to whom. */
typedef struct
{
  const MhPeerId *from;
  MhKadAddresses addresses;
  gpointer data;
  MhKadMessage *answer; /* (unowned) */
} Answering;

/* Names @id, when it can be reached somewhere. */
static void
name (Answering *self, const MhPeerId *id)
{
  g_autoptr (GPtrArray) addresses = self->addresses (id, self->data);
  MhKadPeer *peer;

  if (addresses == NULL || addresses->len == 0 || mh_peer_id_equal (id, self->from))
    return;

  peer = mh_kad_peer_new (id);
  for (guint i = 0; i < addresses->len && i < MH_KAD_MOST_ADDRESSES; i++)
    g_ptr_array_add (peer->addresses, mh_multiaddr_ref (addresses->pdata[i]));
  g_ptr_array_add (self->answer->closer, peer);
}

static void
name_closest (Answering *self, const MhKadTable *table)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (self->answer->key, &size);
  MhKadKey key = mh_kad_key (bytes, size);
  g_autoptr (GArray) closest = mh_kad_table_closest (table, &key, MH_KAD_K, self->from);
  MhPeerId looked_for;
  gboolean is_peer = mh_kad_message_peer (self->answer, &looked_for);

  /* somebody who is no server, or we */
  if (is_peer)
    name (self, &looked_for);
  for (guint i = 0; i < closest->len && self->answer->closer->len < MH_KAD_K; i++)
    {
      const MhPeerId *id = &g_array_index (closest, MhPeerId, i);

      if (!is_peer || !mh_peer_id_equal (id, &looked_for))
        name (self, id);
    }
}

gboolean
mh_kad_answer (const MhKadTable *table, const MhKadMessage *request, const MhPeerId *from,
               MhKadAddresses addresses, gpointer data, MhKadMessage **answer)
{
  Answering answering = { from, addresses, data, NULL };

  *answer = NULL;
  switch (request->type)
    {
    case MH_KAD_ADD_PROVIDER: /* nobody waits for an answer */
      return TRUE;
    case MH_KAD_PING:
      *answer = mh_kad_message_new (MH_KAD_PING);
      return TRUE;
    case MH_KAD_FIND_NODE:
    case MH_KAD_GET_VALUE:
    case MH_KAD_GET_PROVIDERS:
      break;
    case MH_KAD_PUT_VALUE:
    default:
      return FALSE;
    }
  if (request->key == NULL)
    return FALSE;

  answering.answer = *answer = mh_kad_message_new (request->type);
  answering.answer->key = g_bytes_ref (request->key);
  name_closest (&answering, table);
  /* an answer does not say what was asked: js-libp2p and go-libp2p leave it out */
  g_clear_pointer (&answering.answer->key, g_bytes_unref);

  return TRUE;
}
