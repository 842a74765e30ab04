/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "envelope.h"

#include <string.h>

#include "pb.h"
#include "public-key.h"
#include "varint.h"

/* RFC 0002, "Wire Format" */
#define FIELD_KEY 1
#define FIELD_TYPE 2
#define FIELD_PAYLOAD 3
#define FIELD_SIGNATURE 5

const MhEnvelopeKind mh_envelope_peer_record = { "libp2p-peer-record", { 0x03, 0x01 } };
const MhEnvelopeKind mh_envelope_relay_voucher = { "libp2p-relay-rsvp", { 0x03, 0x02 } };

typedef struct
{
  MhPbField key;
  MhPbField type;
  MhPbField payload;
  MhPbField signature;
} Fields;

static void
append_sized (GByteArray *out, gconstpointer data, gsize size)
{
  mh_varint_append (out, size);
  if (size > 0)
    g_byte_array_append (out, data, (guint) size);
}

/* Returns: (transfer full): what the signature is over */
static GByteArray *
signed_bytes (const MhEnvelopeKind *kind, const guint8 *payload, gsize size)
{
  GByteArray *out = g_byte_array_new ();

  append_sized (out, kind->domain, strlen (kind->domain));
  append_sized (out, kind->type, sizeof kind->type);
  append_sized (out, payload, size);

  return out;
}

GBytes *
mh_envelope_seal (const MhSigner *signer, const MhEnvelopeKind *kind, const GByteArray *payload)
{
  g_autoptr (GByteArray) whole = signed_bytes (kind, payload->data, payload->len);
  g_autoptr (GBytes) key = mh_public_key_message (mh_signer_public_key (signer));
  GByteArray *out = g_byte_array_new ();
  guint8 signature[MH_SIGNATURE_SIZE];

  mh_signer_sign (signer, whole->data, whole->len, signature);
  mh_pb_put_bytes (out, FIELD_KEY, g_bytes_get_data (key, NULL), g_bytes_get_size (key));
  mh_pb_put_bytes (out, FIELD_TYPE, kind->type, sizeof kind->type);
  mh_pb_put_message (out, FIELD_PAYLOAD, payload);
  mh_pb_put_bytes (out, FIELD_SIGNATURE, signature, sizeof signature);

  return g_byte_array_free_to_bytes (out);
}

static gboolean
read_fields (const guint8 *data, gsize size, Fields *fields)
{
  MhPbReader reader = mh_pb_reader (data, size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_KEY, MH_PB_BYTES))
        fields->key = field;
      else if (mh_pb_is (&field, FIELD_TYPE, MH_PB_BYTES))
        fields->type = field;
      else if (mh_pb_is (&field, FIELD_PAYLOAD, MH_PB_BYTES))
        fields->payload = field;
      else if (mh_pb_is (&field, FIELD_SIGNATURE, MH_PB_BYTES))
        fields->signature = field;
    }

  return !reader.is_bad;
}

GBytes *
mh_envelope_open (const MhEnvelopeKind *kind, const guint8 *data, gsize size, MhPeerId *signer)
{
  g_autoptr (GByteArray) whole = NULL;
  Fields fields = { 0 };
  MhPeerId owner;
  MhSigned what;

  if (!read_fields (data, size, &fields) || fields.type.size != sizeof kind->type
      || memcmp (fields.type.bytes, kind->type, sizeof kind->type) != 0
      || !mh_public_key_id (fields.key.bytes, fields.key.size, &owner))
    return NULL;

  whole = signed_bytes (kind, fields.payload.bytes, fields.payload.size);
  what = (MhSigned){ whole->data, whole->len, fields.signature.bytes, fields.signature.size };
  if (!mh_public_key_verify (fields.key.bytes, fields.key.size, &what))
    return NULL;

  *signer = owner;

  return g_bytes_new (fields.payload.bytes, fields.payload.size);
}
