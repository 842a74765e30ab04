/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Protocol buffers at the level of the wire (protobuf.dev, "Encoding"): fields are read one by one
 * and picked by their number, which is what the few small messages of libp2p need.
 */

typedef enum
{
  MH_PB_VARINT = 0,
  MH_PB_FIXED64 = 1,
  MH_PB_BYTES = 2, /* bytes, text, nested messages */
  MH_PB_FIXED32 = 5,
} MhPbType;

/* Plain data. Begin with mh_pb_reader(). */
typedef struct
{
  const guint8 *data; /* (unowned) */
  gsize size;
  gsize at;
  gboolean is_bad; /* what was there is not protobuf */
} MhPbReader;

typedef struct
{
  guint32 number;
  MhPbType type;
  guint64 value;       /* of the three numeric types */
  const guint8 *bytes; /* (unowned): of %MH_PB_BYTES, inside what is read */
  gsize size;
} MhPbField;

/* Returns: a reader of @size bytes, which have to outlive it */
MhPbReader mh_pb_reader (const guint8 *data, gsize size);

/**
 * mh_pb_next:
 * @self: a reader
 * @field: (out): the next field
 *
 * Fields of numbers that the caller does not know are to be passed over.
 *
 * Returns: %FALSE at the end, and when the rest is not protobuf, which @self->is_bad tells
 */
gboolean mh_pb_next (MhPbReader *self, MhPbField *field) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether @field is number @number and of type @type */
gboolean mh_pb_is (const MhPbField *field, guint32 number, MhPbType type);

/* Appends a numeric field. */
void mh_pb_put_uint (GByteArray *out, guint32 number, guint64 value);

/* Appends a field of bytes. */
void mh_pb_put_bytes (GByteArray *out, guint32 number, gconstpointer data, gsize size);

/* Appends what stands before a field of @size bytes, which the caller has follow. */
void mh_pb_begin_bytes (GByteArray *out, guint32 number, gsize size);

/* Appends a field of text. */
void mh_pb_put_text (GByteArray *out, guint32 number, const char *text);

/* Appends a field that is a message itself. */
void mh_pb_put_message (GByteArray *out, guint32 number, const GByteArray *message);

G_END_DECLS
