/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "message.h"

#include "net/p2p/wire/pb.h"

/* DCUtR, "Protobuf" */
#define FIELD_TYPE 1
#define FIELD_ADDRESS 2

GBytes *
mh_dcutr_message_encode (MhDcutrType type, const GPtrArray *addresses)
{
  GByteArray *out = g_byte_array_new ();

  mh_pb_put_uint (out, FIELD_TYPE, type);
  for (guint i = 0; addresses != NULL && i < MIN (addresses->len, MH_DCUTR_MAX_ADDRESSES); i++)
    {
      gsize size;
      const guint8 *bytes = mh_multiaddr_bytes (addresses->pdata[i], &size);

      mh_pb_put_bytes (out, FIELD_ADDRESS, bytes, size);
    }

  return g_byte_array_free_to_bytes (out);
}

/* An address over a relay would lead to where we are, one that is nothing but a peer nowhere. */
static void
add_address (GPtrArray *out, const MhPbField *field)
{
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new_from_bytes (field->bytes, field->size);
  g_autoptr (MhMultiaddr) bare = NULL;
  gsize size;

  if (address == NULL || out->len >= MH_DCUTR_MAX_ADDRESSES
      || mh_multiaddr_has (address, MH_MULTIADDR_CIRCUIT))
    return;
  bare = mh_multiaddr_without_peer (address);
  mh_multiaddr_bytes (bare, &size);
  if (size > 0 && !mh_multiaddr_has (bare, MH_MULTIADDR_P2P))
    g_ptr_array_add (out, g_steal_pointer (&bare));
}

GPtrArray *
mh_dcutr_message_decode (const guint8 *data, gsize size, MhDcutrType *type)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  MhPbReader reader = mh_pb_reader (data, size);
  MhPbField field;
  guint64 number = 0;

  if (size > MH_DCUTR_MAX_MESSAGE)
    return NULL;
  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_TYPE, MH_PB_VARINT))
        number = field.value;
      else if (mh_pb_is (&field, FIELD_ADDRESS, MH_PB_BYTES))
        add_address (out, &field);
    }
  if (reader.is_bad || (number != MH_DCUTR_CONNECT && number != MH_DCUTR_SYNC))
    return NULL;
  *type = (MhDcutrType) number;

  return g_steal_pointer (&out);
}
