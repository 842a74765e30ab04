/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "message.h"

#include "net/p2p/wire/pb.h"

/* circuit-v2, "Protobuf": the fields of a message, and where the two protocols differ */
#define FIELD_TYPE 1
#define FIELD_PEER 2
#define HOP_RESERVATION 3
#define HOP_LIMIT 4
#define HOP_STATUS 5
#define STOP_LIMIT 3
#define STOP_STATUS 4

#define PEER_ID 1
#define RESERVATION_EXPIRE 1
#define RESERVATION_ADDRESS 2
#define RESERVATION_VOUCHER 3
#define LIMIT_DURATION 1
#define LIMIT_DATA 2

MhRelayMessage *
mh_relay_message_new (MhRelayType type)
{
  MhRelayMessage *self = g_new0 (MhRelayMessage, 1);

  self->type = type;
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  return self;
}

void
mh_relay_message_free (MhRelayMessage *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->addresses);
  g_clear_pointer (&self->voucher, g_bytes_unref);
  g_free (self);
}

static void
put_peer (GByteArray *out, const MhPeerId *peer)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();

  mh_pb_put_bytes (message, PEER_ID, peer->bytes, peer->size);
  mh_pb_put_message (out, FIELD_PEER, message);
}

static void
put_reservation (GByteArray *out, const MhRelayMessage *self)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();

  mh_pb_put_uint (message, RESERVATION_EXPIRE, self->expire_s);
  for (guint i = 0; i < MIN (self->addresses->len, MH_RELAY_MAX_ADDRESSES); i++)
    {
      gsize size;
      const guint8 *bytes = mh_multiaddr_bytes (self->addresses->pdata[i], &size);

      mh_pb_put_bytes (message, RESERVATION_ADDRESS, bytes, size);
    }
  if (self->voucher != NULL)
    mh_pb_put_bytes (message, RESERVATION_VOUCHER, g_bytes_get_data (self->voucher, NULL),
                     g_bytes_get_size (self->voucher));
  mh_pb_put_message (out, HOP_RESERVATION, message);
}

static void
put_limit (GByteArray *out, const MhRelayMessage *self, guint32 number)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();

  if (self->limit_s > 0)
    mh_pb_put_uint (message, LIMIT_DURATION, self->limit_s);
  if (self->limit_bytes > 0)
    mh_pb_put_uint (message, LIMIT_DATA, self->limit_bytes);
  mh_pb_put_message (out, number, message);
}

GBytes *
mh_relay_message_encode (const MhRelayMessage *self, gboolean is_stop)
{
  GByteArray *out = g_byte_array_new ();

  /* the stop protocol has no reservations, and counts from there */
  mh_pb_put_uint (out, FIELD_TYPE, (guint64) self->type - (is_stop ? 1 : 0));
  if (self->has_peer)
    put_peer (out, &self->peer);
  if (self->expire_s > 0)
    put_reservation (out, self);
  if (self->limit_s > 0 || self->limit_bytes > 0)
    put_limit (out, self, is_stop ? STOP_LIMIT : HOP_LIMIT);
  if (self->status != MH_RELAY_UNUSED)
    mh_pb_put_uint (out, is_stop ? STOP_STATUS : HOP_STATUS, self->status);

  return g_byte_array_free_to_bytes (out);
}

static gboolean
read_peer (MhRelayMessage *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (mh_pb_is (&field, PEER_ID, MH_PB_BYTES))
      self->has_peer = mh_peer_id_from_bytes (field.bytes, field.size, &self->peer);

  return !reader.is_bad && self->has_peer;
}

static void
read_address (MhRelayMessage *self, const MhPbField *field)
{
  MhMultiaddr *address = mh_multiaddr_new_from_bytes (field->bytes, field->size);

  if (address == NULL)
    return;
  if (self->addresses->len < MH_RELAY_MAX_ADDRESSES)
    g_ptr_array_add (self->addresses, address);
  else
    mh_multiaddr_unref (address);
}

static gboolean
read_reservation (MhRelayMessage *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, RESERVATION_EXPIRE, MH_PB_VARINT))
        self->expire_s = field.value;
      else if (mh_pb_is (&field, RESERVATION_ADDRESS, MH_PB_BYTES))
        read_address (self, &field);
      else if (mh_pb_is (&field, RESERVATION_VOUCHER, MH_PB_BYTES))
        {
          g_clear_pointer (&self->voucher, g_bytes_unref);
          self->voucher = g_bytes_new (field.bytes, field.size);
        }
    }

  return !reader.is_bad;
}

static gboolean
read_limit (MhRelayMessage *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, LIMIT_DURATION, MH_PB_VARINT))
        self->limit_s = field.value;
      else if (mh_pb_is (&field, LIMIT_DATA, MH_PB_VARINT))
        self->limit_bytes = field.value;
    }

  return !reader.is_bad;
}

/* Returns: %FALSE when the field is not what its number says */
static gboolean
read_field (MhRelayMessage *self, const MhPbField *field, gboolean is_stop)
{
  if (mh_pb_is (field, FIELD_TYPE, MH_PB_VARINT))
    {
      guint64 type = field->value + (is_stop ? 1 : 0);

      self->type = (MhRelayType) type;
      return field->value <= MH_RELAY_STATUS && type <= MH_RELAY_STATUS;
    }
  if (mh_pb_is (field, FIELD_PEER, MH_PB_BYTES))
    return read_peer (self, field);
  if (!is_stop && mh_pb_is (field, HOP_RESERVATION, MH_PB_BYTES))
    return read_reservation (self, field);
  if (mh_pb_is (field, is_stop ? STOP_LIMIT : HOP_LIMIT, MH_PB_BYTES))
    return read_limit (self, field);
  if (mh_pb_is (field, is_stop ? STOP_STATUS : HOP_STATUS, MH_PB_VARINT))
    self->status = field->value;

  return TRUE;
}

MhRelayMessage *
mh_relay_message_decode (const guint8 *data, gsize size, gboolean is_stop)
{
  g_autoptr (MhRelayMessage) self =
      mh_relay_message_new (is_stop ? MH_RELAY_CONNECT : MH_RELAY_RESERVE);
  MhPbReader reader = mh_pb_reader (data, size);
  MhPbField field;

  if (size == 0 || size > MH_RELAY_MAX_MESSAGE)
    return NULL;
  while (mh_pb_next (&reader, &field))
    if (!read_field (self, &field, is_stop))
      return NULL;

  return reader.is_bad ? NULL : g_steal_pointer (&self);
}
