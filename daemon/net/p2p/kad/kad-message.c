/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kad-message.h"

#include "net/p2p/wire/pb.h"

/* kad-dht, "RPC messages": fields of Message, and of Peer. */
#define FIELD_TYPE 1
#define FIELD_KEY 2
#define FIELD_CLOSER 8
#define FIELD_PEER_ID 1
#define FIELD_PEER_ADDRESS 2
#define FIELD_PEER_CONNECTION 3

MhKadPeer *
mh_kad_peer_new (const MhPeerId *id)
{
  MhKadPeer *self = g_new0 (MhKadPeer, 1);

  self->id = *id;
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  return self;
}

void
mh_kad_peer_free (MhKadPeer *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->addresses);
  g_free (self);
}

MhKadMessage *
mh_kad_message_new (MhKadType type)
{
  MhKadMessage *self = g_new0 (MhKadMessage, 1);

  self->type = type;
  self->closer = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_kad_peer_free);

  return self;
}

MhKadMessage *
mh_kad_message_new_find (const MhPeerId *id)
{
  MhKadMessage *self = mh_kad_message_new (MH_KAD_FIND_NODE);

  self->key = g_bytes_new (id->bytes, id->size);

  return self;
}

void
mh_kad_message_free (MhKadMessage *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->key, g_bytes_unref);
  g_ptr_array_unref (self->closer);
  g_free (self);
}

/* -- writing -- */

static void
put_peer (GByteArray *out, const MhKadPeer *peer)
{
  g_autoptr (GByteArray) row = g_byte_array_new ();

  mh_pb_put_bytes (row, FIELD_PEER_ID, peer->id.bytes, peer->id.size);
  for (guint i = 0; i < peer->addresses->len && i < MH_KAD_MOST_ADDRESSES; i++)
    {
      gsize size;
      const guint8 *bytes = mh_multiaddr_bytes (peer->addresses->pdata[i], &size);

      mh_pb_put_bytes (row, FIELD_PEER_ADDRESS, bytes, size);
    }
  mh_pb_put_uint (row, FIELD_PEER_CONNECTION, peer->connection);
  mh_pb_put_message (out, FIELD_CLOSER, row);
}

GBytes *
mh_kad_message_encode (const MhKadMessage *self)
{
  GByteArray *out = g_byte_array_new ();

  mh_pb_put_uint (out, FIELD_TYPE, self->type);
  if (self->key != NULL)
    mh_pb_put_bytes (out, FIELD_KEY, g_bytes_get_data (self->key, NULL),
                     g_bytes_get_size (self->key));
  for (guint i = 0; i < self->closer->len; i++)
    put_peer (out, self->closer->pdata[i]);

  return g_byte_array_free_to_bytes (out);
}

/* -- reading -- */

static void
take_address (MhKadPeer *peer, const MhPbField *field)
{
  g_autoptr (MhMultiaddr) address = NULL;

  if (peer->addresses->len >= MH_KAD_MOST_ADDRESSES)
    return;
  address = mh_multiaddr_new_from_bytes (field->bytes, field->size);
  if (address != NULL)
    g_ptr_array_add (peer->addresses, g_steal_pointer (&address));
}

static gboolean
is_named (const MhKadMessage *self, const MhPeerId *id)
{
  for (guint i = 0; i < self->closer->len; i++)
    if (mh_peer_id_equal (&((const MhKadPeer *) self->closer->pdata[i])->id, id))
      return TRUE;

  return FALSE;
}

/* Returns: %FALSE when it is not protobuf */
static gboolean
take_peer (MhKadMessage *self, const guint8 *data, gsize size)
{
  MhPbReader reader = mh_pb_reader (data, size);
  MhPeerId none = { 0 };
  g_autoptr (MhKadPeer) peer = mh_kad_peer_new (&none);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_PEER_ID, MH_PB_BYTES)
          && !mh_peer_id_from_bytes (field.bytes, field.size, &peer->id))
        peer->id = none;
      else if (mh_pb_is (&field, FIELD_PEER_ADDRESS, MH_PB_BYTES))
        take_address (peer, &field);
      else if (mh_pb_is (&field, FIELD_PEER_CONNECTION, MH_PB_VARINT)
               && field.value <= MH_KAD_CANNOT_CONNECT)
        peer->connection = (MhKadConnection) field.value;
    }
  if (reader.is_bad)
    return FALSE;
  if (peer->id.size > 0 && !is_named (self, &peer->id))
    g_ptr_array_add (self->closer, g_steal_pointer (&peer));

  return TRUE;
}

/* Returns: %FALSE when the message is not to be taken */
static gboolean
take_field (MhKadMessage *self, const MhPbField *field)
{
  if (mh_pb_is (field, FIELD_TYPE, MH_PB_VARINT))
    {
      self->type = (MhKadType) MIN (field->value, MH_KAD_PING + 1);
    }
  else if (mh_pb_is (field, FIELD_KEY, MH_PB_BYTES))
    {
      if (field->size > MH_KAD_MAX_KEY)
        return FALSE;
      g_clear_pointer (&self->key, g_bytes_unref);
      self->key = g_bytes_new (field->bytes, field->size);
    }
  else if (mh_pb_is (field, FIELD_CLOSER, MH_PB_BYTES) && self->closer->len < MH_KAD_MOST_PEERS)
    {
      return take_peer (self, field->bytes, field->size);
    }

  return TRUE;
}

MhKadMessage *
mh_kad_message_parse (const guint8 *data, gsize size)
{
  MhPbReader reader = mh_pb_reader (data, size);
  g_autoptr (MhKadMessage) self = NULL;
  MhPbField field;

  if (size > MH_KAD_MAX_MESSAGE)
    return NULL;

  self = mh_kad_message_new (MH_KAD_PUT_VALUE); /* protobuf: what is not written is 0 */
  while (mh_pb_next (&reader, &field))
    if (!take_field (self, &field))
      return NULL;
  if (reader.is_bad || self->type > MH_KAD_PING)
    return NULL;

  return g_steal_pointer (&self);
}

gboolean
mh_kad_message_peer (const MhKadMessage *self, MhPeerId *id)
{
  return self->key != NULL
         && mh_peer_id_from_bytes (g_bytes_get_data (self->key, NULL), g_bytes_get_size (self->key),
                                   id);
}
