/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "identify.h"
#include "net/p2p/wire/peer-record.h"
#include "net/p2p/wire/pb.h"

/* specs/identify, "The Identify Message" */
#define FIELD_PUBLIC_KEY 1
#define FIELD_LISTEN 2
#define FIELD_PROTOCOL 3
#define FIELD_OBSERVED 4
#define FIELD_PROTOCOL_VERSION 5
#define FIELD_AGENT 6
#define FIELD_RECORD 8

MhIdentifyMessage *
mh_identify_message_new (void)
{
  MhIdentifyMessage *self = g_new0 (MhIdentifyMessage, 1);

  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  self->protocols = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
mh_identify_message_free (MhIdentifyMessage *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->public_key, g_bytes_unref);
  g_ptr_array_unref (self->addresses);
  g_clear_pointer (&self->observed, mh_multiaddr_unref);
  g_ptr_array_unref (self->protocols);
  g_free (self->agent);
  g_free (self->protocol_version);
  g_clear_pointer (&self->record, g_bytes_unref);
  g_free (self);
}

static void
put_bytes (GByteArray *out, guint32 number, GBytes *bytes)
{
  if (bytes != NULL)
    mh_pb_put_bytes (out, number, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
put_address (GByteArray *out, guint32 number, const MhMultiaddr *address)
{
  gsize size;
  const guint8 *bytes;

  if (address == NULL)
    return;
  bytes = mh_multiaddr_bytes (address, &size);
  mh_pb_put_bytes (out, number, bytes, size);
}

GBytes *
mh_identify_message_encode (const MhIdentifyMessage *self)
{
  GByteArray *out = g_byte_array_new ();

  put_bytes (out, FIELD_PUBLIC_KEY, self->public_key);
  for (guint i = 0; i < self->addresses->len; i++)
    put_address (out, FIELD_LISTEN, self->addresses->pdata[i]);
  for (guint i = 0; i < self->protocols->len; i++)
    mh_pb_put_text (out, FIELD_PROTOCOL, self->protocols->pdata[i]);
  put_address (out, FIELD_OBSERVED, self->observed);
  if (self->protocol_version != NULL)
    mh_pb_put_text (out, FIELD_PROTOCOL_VERSION, self->protocol_version);
  if (self->agent != NULL)
    mh_pb_put_text (out, FIELD_AGENT, self->agent);
  put_bytes (out, FIELD_RECORD, self->record);

  return g_byte_array_free_to_bytes (out);
}

static gboolean
set_text (char **slot, const MhPbField *field)
{
  if (field->size > MH_IDENTIFY_MAX_NAME
      || !g_utf8_validate ((const char *) field->bytes, (gssize) field->size, NULL))
    return FALSE;
  g_free (*slot);
  *slot = g_strndup ((const char *) field->bytes, field->size);

  return TRUE;
}

static gboolean
add_protocol (MhIdentifyMessage *self, const MhPbField *field)
{
  char *name = NULL;

  if (self->protocols->len >= MH_IDENTIFY_MAX_PROTOCOLS || !set_text (&name, field))
    return FALSE;
  g_ptr_array_add (self->protocols, name);

  return TRUE;
}

/* Addresses of transports that we do not know are passed over. */
static void
add_address (MhIdentifyMessage *self, const MhPbField *field)
{
  MhMultiaddr *address = mh_multiaddr_new_from_bytes (field->bytes, field->size);

  if (address == NULL)
    return;
  if (self->addresses->len < MH_PEER_RECORD_MOST_ADDRESSES)
    g_ptr_array_add (self->addresses, address);
  else
    mh_multiaddr_unref (address);
}

static void
set_bytes (GBytes **slot, const MhPbField *field)
{
  g_clear_pointer (slot, g_bytes_unref);
  *slot = g_bytes_new (field->bytes, field->size);
}

static gboolean
merge_field (MhIdentifyMessage *self, const MhPbField *field)
{
  if (field->type != MH_PB_BYTES)
    return TRUE;

  switch (field->number)
    {
    case FIELD_PUBLIC_KEY:
      set_bytes (&self->public_key, field);
      return TRUE;
    case FIELD_LISTEN:
      add_address (self, field);
      return TRUE;
    case FIELD_PROTOCOL:
      return add_protocol (self, field);
    case FIELD_OBSERVED:
      g_clear_pointer (&self->observed, mh_multiaddr_unref);
      self->observed = mh_multiaddr_new_from_bytes (field->bytes, field->size);
      return TRUE;
    case FIELD_PROTOCOL_VERSION:
      return set_text (&self->protocol_version, field);
    case FIELD_AGENT:
      return set_text (&self->agent, field);
    case FIELD_RECORD:
      set_bytes (&self->record, field);
      return TRUE;
    default:
      return TRUE;
    }
}

gboolean
mh_identify_message_merge (MhIdentifyMessage *self, const guint8 *data, gsize size)
{
  MhPbReader reader = mh_pb_reader (data, size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (!merge_field (self, &field))
      return FALSE;

  return !reader.is_bad;
}
