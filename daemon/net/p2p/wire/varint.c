/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "varint.h"

gsize
mh_varint_put (guint64 value, guint8 *out)
{
  gsize size = 0;

  while (value >= 0x80)
    {
      out[size++] = (guint8) (value | 0x80);
      value >>= 7;
    }
  out[size++] = (guint8) value;

  return size;
}

void
mh_varint_append (GByteArray *out, guint64 value)
{
  guint8 bytes[MH_VARINT_MAX];

  g_byte_array_append (out, bytes, (guint) mh_varint_put (value, bytes));
}

MhVarintResult
mh_varint_get (const guint8 *data, gsize size, guint64 *value, gsize *used)
{
  guint64 sum = 0;

  for (gsize i = 0; i < MH_VARINT_MAX; i++)
    {
      if (i == size)
        return MH_VARINT_SHORT;
      /* the tenth byte has room for one bit */
      if (i == MH_VARINT_MAX - 1 && data[i] > 1)
        return MH_VARINT_BAD;
      sum |= (guint64) (data[i] & 0x7f) << (7 * i);
      if ((data[i] & 0x80) == 0)
        {
          if (data[i] == 0 && i > 0)
            return MH_VARINT_BAD;
          *value = sum;
          *used = i + 1;

          return MH_VARINT_OK;
        }
    }

  return MH_VARINT_BAD;
}
