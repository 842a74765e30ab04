/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "segment.h"

#include <string.h>

#include "crypto/hash.h"

#define CHECK_SIZE 8

static const guint8 segment_magic[8] = { 'M', 'H', 'S', 'E', 'G', 0, 0, 1 };
static const guint8 record_magic[4] = { 'M', 'H', 'R', '1' };

static void
put16 (guint8 *out, guint16 value)
{
  value = GUINT16_TO_LE (value);
  memcpy (out, &value, sizeof value);
}

static void
put32 (guint8 *out, guint32 value)
{
  value = GUINT32_TO_LE (value);
  memcpy (out, &value, sizeof value);
}

static void
put64 (guint8 *out, guint64 value)
{
  value = GUINT64_TO_LE (value);
  memcpy (out, &value, sizeof value);
}

static guint16
get16 (const guint8 *in)
{
  guint16 value;

  memcpy (&value, in, sizeof value);

  return GUINT16_FROM_LE (value);
}

static guint32
get32 (const guint8 *in)
{
  guint32 value;

  memcpy (&value, in, sizeof value);

  return GUINT32_FROM_LE (value);
}

static guint64
get64 (const guint8 *in)
{
  guint64 value;

  memcpy (&value, in, sizeof value);

  return GUINT64_FROM_LE (value);
}

/* Puts the check behind the @size bytes of a header. */
static void
seal_header (guint8 *header, gsize size)
{
  guint8 digest[MH_SHA256_SIZE];

  mh_sha256 (header, size, digest);
  memcpy (header + size, digest, CHECK_SIZE);
}

static gboolean
check_header (const guint8 *header, gsize size)
{
  guint8 digest[MH_SHA256_SIZE];

  mh_sha256 (header, size, digest);

  return memcmp (header + size, digest, CHECK_SIZE) == 0;
}

void
mh_segment_header_encode (guint64 id, gint64 created_ms, guint8 out[MH_SEGMENT_HEADER_SIZE])
{
  memset (out, 0, MH_SEGMENT_HEADER_SIZE);
  memcpy (out, segment_magic, sizeof segment_magic);
  put64 (out + 8, id);
  put64 (out + 16, (guint64) created_ms);
  seal_header (out, MH_SEGMENT_HEADER_SIZE - CHECK_SIZE);
}

gboolean
mh_segment_header_check (const guint8 in[MH_SEGMENT_HEADER_SIZE], guint64 id)
{
  return memcmp (in, segment_magic, sizeof segment_magic) == 0 && get64 (in + 8) == id
         && check_header (in, MH_SEGMENT_HEADER_SIZE - CHECK_SIZE);
}

void
mh_record_encode (const MhRecord *record, guint8 out[MH_RECORD_HEADER_SIZE])
{
  gsize length = strnlen (record->vault_id, MH_VAULT_ID_SIZE - 1);

  memset (out, 0, MH_RECORD_HEADER_SIZE);
  memcpy (out, record_magic, sizeof record_magic);
  put16 (out + 4, (guint16) record->type);
  put16 (out + 6, MH_RECORD_HEADER_SIZE);
  put32 (out + 8, record->payload_size);
  put32 (out + 12, record->type == MH_RECORD_BLOCK ? record->plain_size : record->flags);
  put64 (out + 16, record->epoch);
  memcpy (out + 24, record->vault_id, length);
  memcpy (out + 56, record->id, MH_RECORD_ID_SIZE);
  seal_header (out, MH_RECORD_HEADER_SIZE - CHECK_SIZE);
}

/* One header has one meaning: a name is followed by nothing but zeros. */
static gboolean
is_padded (const guint8 *name, gsize size)
{
  gsize length = strnlen ((const char *) name, size);

  for (gsize i = length; i < size; i++)
    if (name[i] != 0)
      return FALSE;

  return length < size;
}

gboolean
mh_record_decode (MhRecord *record, const guint8 in[MH_RECORD_HEADER_SIZE])
{
  guint16 type;

  if (memcmp (in, record_magic, sizeof record_magic) != 0)
    return FALSE;

  type = get16 (in + 4);
  if (type < MH_RECORD_BLOCK || type > MH_RECORD_VOID || get16 (in + 6) != MH_RECORD_HEADER_SIZE
      || !is_padded (in + 24, MH_VAULT_ID_SIZE)
      || !check_header (in, MH_RECORD_HEADER_SIZE - CHECK_SIZE))
    return FALSE;

  record->type = (MhRecordType) type;
  record->payload_size = get32 (in + 8);
  record->plain_size = type == MH_RECORD_BLOCK ? get32 (in + 12) : 0;
  record->flags = type == MH_RECORD_VERSION ? get32 (in + 12) : 0;
  record->epoch = get64 (in + 16);
  memcpy (record->vault_id, in + 24, MH_VAULT_ID_SIZE);
  memcpy (record->id, in + 56, MH_RECORD_ID_SIZE);

  return TRUE;
}

guint64
mh_record_span (guint64 payload_size)
{
  guint64 size = MH_RECORD_HEADER_SIZE + payload_size;

  return (size + MH_RECORD_ALIGNMENT - 1) / MH_RECORD_ALIGNMENT * MH_RECORD_ALIGNMENT;
}

guint
mh_id_hash (gconstpointer id)
{
  guint hash;

  memcpy (&hash, id, sizeof hash);

  return hash;
}

gboolean
mh_id_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, MH_RECORD_ID_SIZE) == 0;
}
