/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-record.h"

#include "envelope.h"
#include "pb.h"

/* RFC 0003, "Address Record Format" */
#define FIELD_PEER 1
#define FIELD_SEQ 2
#define FIELD_ADDRESS 3
#define FIELD_MULTIADDR 1

void
mh_peer_record_free (MhPeerRecord *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->addresses);
  g_free (self);
}

GBytes *
mh_peer_record_seal (const MhSigner *signer, guint64 seq, const GPtrArray *addresses)
{
  MhPeerId peer = mh_peer_id_from_ed25519 (mh_signer_public_key (signer));
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  mh_pb_put_bytes (payload, FIELD_PEER, peer.bytes, peer.size);
  mh_pb_put_uint (payload, FIELD_SEQ, seq);
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (GByteArray) address = g_byte_array_new ();
      gsize size;
      const guint8 *bytes = mh_multiaddr_bytes (g_ptr_array_index (addresses, i), &size);

      mh_pb_put_bytes (address, FIELD_MULTIADDR, bytes, size);
      mh_pb_put_message (payload, FIELD_ADDRESS, address);
    }

  return mh_envelope_seal (signer, &mh_envelope_peer_record, payload);
}

static gboolean
read_address (MhPeerRecord *self, const MhPbField *message)
{
  MhPbReader reader = mh_pb_reader (message->bytes, message->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      MhMultiaddr *address = NULL;

      if (mh_pb_is (&field, FIELD_MULTIADDR, MH_PB_BYTES)
          && self->addresses->len < MH_PEER_RECORD_MOST_ADDRESSES)
        address = mh_multiaddr_new_from_bytes (field.bytes, field.size);
      if (address != NULL)
        g_ptr_array_add (self->addresses, address);
    }

  return !reader.is_bad;
}

static gboolean
read_payload (MhPeerRecord *self, GBytes *payload)
{
  MhPbReader reader = mh_pb_reader (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload));
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_PEER, MH_PB_BYTES)
          && !mh_peer_id_from_bytes (field.bytes, field.size, &self->peer))
        return FALSE;
      if (mh_pb_is (&field, FIELD_SEQ, MH_PB_VARINT))
        self->seq = field.value;
      if (mh_pb_is (&field, FIELD_ADDRESS, MH_PB_BYTES) && !read_address (self, &field))
        return FALSE;
    }

  return !reader.is_bad;
}

MhPeerRecord *
mh_peer_record_open (const guint8 *data, gsize size)
{
  g_autoptr (MhPeerRecord) self = g_new0 (MhPeerRecord, 1);
  g_autoptr (GBytes) payload = NULL;
  MhPeerId signer;

  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  payload = mh_envelope_open (&mh_envelope_peer_record, data, size, &signer);
  if (payload == NULL || !read_payload (self, payload) || !mh_peer_id_equal (&self->peer, &signer))
    return NULL;

  return g_steal_pointer (&self);
}
