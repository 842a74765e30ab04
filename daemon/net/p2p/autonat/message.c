/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "message.h"

#include <string.h>

#include "net/p2p/wire/pb.h"

/* autonat-v1, "RPC messages" */
#define FIELD_TYPE 1
#define FIELD_DIAL 2
#define FIELD_RESPONSE 3

#define DIAL_PEER 1
#define PEER_ID 1
#define PEER_ADDRESS 2

#define RESPONSE_STATUS 1
#define RESPONSE_TEXT 2
#define RESPONSE_ADDRESS 3

MhAutonatMessage *
mh_autonat_message_new (MhAutonatType type)
{
  MhAutonatMessage *self = g_new0 (MhAutonatMessage, 1);

  self->type = type;
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  return self;
}

void
mh_autonat_message_free (MhAutonatMessage *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->addresses);
  g_free (self->text);
  g_clear_pointer (&self->address, mh_multiaddr_unref);
  g_free (self);
}

static void
put_address (GByteArray *out, guint32 number, const MhMultiaddr *address)
{
  gsize size;
  const guint8 *bytes = mh_multiaddr_bytes (address, &size);

  mh_pb_put_bytes (out, number, bytes, size);
}

static void
put_dial (GByteArray *out, const MhAutonatMessage *self)
{
  g_autoptr (GByteArray) peer = g_byte_array_new ();
  g_autoptr (GByteArray) dial = g_byte_array_new ();

  if (self->has_peer)
    mh_pb_put_bytes (peer, PEER_ID, self->peer.bytes, self->peer.size);
  for (guint i = 0; i < MIN (self->addresses->len, MH_AUTONAT_MAX_ADDRESSES); i++)
    put_address (peer, PEER_ADDRESS, self->addresses->pdata[i]);
  mh_pb_put_message (dial, DIAL_PEER, peer);
  mh_pb_put_message (out, FIELD_DIAL, dial);
}

static void
put_response (GByteArray *out, const MhAutonatMessage *self)
{
  g_autoptr (GByteArray) response = g_byte_array_new ();

  mh_pb_put_uint (response, RESPONSE_STATUS, self->status);
  if (self->text != NULL)
    mh_pb_put_text (response, RESPONSE_TEXT, self->text);
  if (self->address != NULL)
    put_address (response, RESPONSE_ADDRESS, self->address);
  mh_pb_put_message (out, FIELD_RESPONSE, response);
}

GBytes *
mh_autonat_message_encode (const MhAutonatMessage *self)
{
  GByteArray *out = g_byte_array_new ();

  mh_pb_put_uint (out, FIELD_TYPE, self->type);
  if (self->type == MH_AUTONAT_DIAL)
    put_dial (out, self);
  else
    put_response (out, self);

  return g_byte_array_free_to_bytes (out);
}

/* -- reading -- */

/* Returns: (transfer full) (nullable): an address that is not over a relay, without its peer */
static MhMultiaddr *
read_address (const MhPbField *field)
{
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new_from_bytes (field->bytes, field->size);
  g_autoptr (MhMultiaddr) bare = NULL;
  gsize size;

  if (address == NULL || mh_multiaddr_has (address, MH_MULTIADDR_CIRCUIT))
    return NULL;
  bare = mh_multiaddr_without_peer (address);
  mh_multiaddr_bytes (bare, &size);

  return size > 0 && !mh_multiaddr_has (bare, MH_MULTIADDR_P2P) ? g_steal_pointer (&bare) : NULL;
}

static void
add_address (MhAutonatMessage *self, const MhPbField *field)
{
  MhMultiaddr *address =
      self->addresses->len < MH_AUTONAT_MAX_ADDRESSES ? read_address (field) : NULL;

  if (address != NULL)
    g_ptr_array_add (self->addresses, address);
}

static gboolean
read_peer (MhAutonatMessage *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, PEER_ID, MH_PB_BYTES))
        {
          self->has_peer = mh_peer_id_from_bytes (field.bytes, field.size, &self->peer);
          if (!self->has_peer)
            return FALSE;
        }
      else if (mh_pb_is (&field, PEER_ADDRESS, MH_PB_BYTES))
        {
          add_address (self, &field);
        }
    }

  return !reader.is_bad;
}

static gboolean
read_dial (MhAutonatMessage *self, const MhPbField *outer, gboolean *has_dial)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (mh_pb_is (&field, DIAL_PEER, MH_PB_BYTES))
      {
        *has_dial = read_peer (self, &field);
        if (!*has_dial)
          return FALSE;
      }

  return !reader.is_bad;
}

static void
read_text (MhAutonatMessage *self, const MhPbField *field)
{
  g_free (self->text);
  self->text = g_utf8_make_valid ((const char *) field->bytes,
                                  (gssize) MIN (field->size, MH_AUTONAT_MAX_TEXT));
}

static gboolean
read_response (MhAutonatMessage *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, RESPONSE_STATUS, MH_PB_VARINT))
        self->status = field.value;
      else if (mh_pb_is (&field, RESPONSE_TEXT, MH_PB_BYTES))
        read_text (self, &field);
      else if (mh_pb_is (&field, RESPONSE_ADDRESS, MH_PB_BYTES))
        {
          g_clear_pointer (&self->address, mh_multiaddr_unref);
          self->address = read_address (&field);
        }
    }

  return !reader.is_bad;
}

MhAutonatMessage *
mh_autonat_message_decode (const guint8 *data, gsize size)
{
  g_autoptr (MhAutonatMessage) self = mh_autonat_message_new (MH_AUTONAT_DIAL);
  MhPbReader reader = mh_pb_reader (data, size);
  gboolean has_dial = FALSE;
  gboolean has_response = FALSE;
  gboolean good = size <= MH_AUTONAT_MAX_MESSAGE;
  guint64 type = G_MAXUINT64;
  MhPbField field;

  while (good && mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_TYPE, MH_PB_VARINT))
        type = field.value;
      else if (mh_pb_is (&field, FIELD_DIAL, MH_PB_BYTES))
        good = read_dial (self, &field, &has_dial);
      else if (mh_pb_is (&field, FIELD_RESPONSE, MH_PB_BYTES))
        good = has_response = read_response (self, &field);
    }
  if (!good || reader.is_bad || (type == MH_AUTONAT_DIAL && !has_dial)
      || (type == MH_AUTONAT_RESPONSE && !has_response) || type > MH_AUTONAT_RESPONSE)
    return NULL;
  self->type = (MhAutonatType) type;

  return g_steal_pointer (&self);
}
