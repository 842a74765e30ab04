/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pb.h"

#include <string.h>

#include "varint.h"

MhPbReader
mh_pb_reader (const guint8 *data, gsize size)
{
  return (MhPbReader){ .data = data, .size = size };
}

/* Protobuf, unlike multiformats, allows numbers that are longer than they have to be. */
static gboolean
take_varint (MhPbReader *self, guint64 *value)
{
  *value = 0;
  for (guint shift = 0; shift < 7 * MH_VARINT_MAX && self->at < self->size; shift += 7)
    {
      guint8 byte = self->data[self->at++];

      *value |= shift < 64 ? (guint64) (byte & 0x7f) << shift : 0;
      if ((byte & 0x80) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
take_fixed (MhPbReader *self, gsize size, guint64 *value)
{
  if (self->size - self->at < size)
    return FALSE;
  *value = 0;
  for (gsize i = 0; i < size; i++)
    *value |= (guint64) self->data[self->at + i] << (8 * i);
  self->at += size;

  return TRUE;
}

static gboolean
take_bytes (MhPbReader *self, MhPbField *field)
{
  guint64 size;

  if (!take_varint (self, &size) || size > self->size - self->at)
    return FALSE;
  field->bytes = self->data + self->at;
  field->size = (gsize) size;
  self->at += (gsize) size;

  return TRUE;
}

static gboolean
take_field (MhPbReader *self, MhPbField *field)
{
  guint64 key;

  if (!take_varint (self, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
    return FALSE;
  *field = (MhPbField){ .number = (guint32) (key >> 3), .type = (MhPbType) (key & 7) };

  switch (field->type)
    {
    case MH_PB_VARINT:
      return take_varint (self, &field->value);
    case MH_PB_FIXED64:
      return take_fixed (self, 8, &field->value);
    case MH_PB_FIXED32:
      return take_fixed (self, 4, &field->value);
    case MH_PB_BYTES:
      return take_bytes (self, field);
    default:
      return FALSE;
    }
}

gboolean
mh_pb_next (MhPbReader *self, MhPbField *field)
{
  if (self->is_bad || self->at == self->size)
    return FALSE;
  self->is_bad = !take_field (self, field);

  return !self->is_bad;
}

gboolean
mh_pb_is (const MhPbField *field, guint32 number, MhPbType type)
{
  return field->number == number && field->type == type;
}

void
mh_pb_put_uint (GByteArray *out, guint32 number, guint64 value)
{
  mh_varint_append (out, (guint64) number << 3 | MH_PB_VARINT);
  mh_varint_append (out, value);
}

void
mh_pb_put_bytes (GByteArray *out, guint32 number, gconstpointer data, gsize size)
{
  mh_pb_begin_bytes (out, number, size);
  if (size > 0)
    g_byte_array_append (out, data, (guint) size);
}

void
mh_pb_begin_bytes (GByteArray *out, guint32 number, gsize size)
{
  mh_varint_append (out, (guint64) number << 3 | MH_PB_BYTES);
  mh_varint_append (out, size);
}

void
mh_pb_put_text (GByteArray *out, guint32 number, const char *text)
{
  mh_pb_put_bytes (out, number, text, strlen (text));
}

void
mh_pb_put_message (GByteArray *out, guint32 number, const GByteArray *message)
{
  mh_pb_put_bytes (out, number, message->data, message->len);
}
