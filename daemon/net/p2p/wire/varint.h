/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of the longest: protobuf's take ten for 64 bits, multiformats' at most nine for 63. */
#define MH_VARINT_MAX 10

typedef enum
{
  MH_VARINT_OK,
  MH_VARINT_SHORT, /* the bytes end before it does */
  MH_VARINT_BAD,   /* more than 64 bits, or longer than it has to be */
} MhVarintResult;

/**
 * mh_varint_put:
 * @value: a number
 * @out: (out caller-allocates): room for %MH_VARINT_MAX bytes
 *
 * LEB128, as multiformats' unsigned-varint and protobuf write numbers.
 *
 * Returns: bytes written
 */
gsize mh_varint_put (guint64 value, guint8 *out);

/* Appends @value to @out. */
void mh_varint_append (GByteArray *out, guint64 value);

/**
 * mh_varint_get:
 * @data: @size bytes
 * @size: number of bytes
 * @value: (out): the number
 * @used: (out): bytes it takes
 *
 * Takes only the shortest form of a number, so that nothing has two encodings.
 */
MhVarintResult mh_varint_get (const guint8 *data, gsize size, guint64 *value,
                              gsize *used) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
