/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-wire.h"

#include <string.h>

#include "crypto/hash.h"
#include "net/p2p/wire/pb.h"

enum
{
  FIELD_OP = 1,
  FIELD_VAULT = 2,
  FIELD_NONCE = 3,
  FIELD_PROOF = 4,
  FIELD_EPOCH = 5,
  FIELD_AFTER = 6,
  FIELD_HASHES = 7,
  FIELD_RECORD = 8,
  FIELD_URGENT = 9,
  FIELD_GONE = 10,
  FIELD_UNCHECKED = 11,
  FIELD_PARTS = 12,
  FIELD_COUNT = 13,
  FIELD_FULL = 14,
};

#define MAX_VAULT_ID 31
#define MAX_RECORDS (MH_SYNC_MOST_HASHES)
#define MAX_COUNTS (MH_SYNC_MOST_PARTS * MH_VERSION_TREE_CHILDREN)

void
mh_sync_message_clear (MhSyncMessage *self)
{
  g_clear_pointer (&self->vault_id, g_free);
  g_clear_pointer (&self->nonce, g_bytes_unref);
  g_clear_pointer (&self->proof, g_bytes_unref);
  g_clear_pointer (&self->parts, g_array_unref);
  g_clear_pointer (&self->counts, g_array_unref);
  g_clear_pointer (&self->hashes, g_bytes_unref);
  g_clear_pointer (&self->records, g_ptr_array_unref);
}

static void
put_bytes (GByteArray *out, guint32 number, GBytes *bytes)
{
  if (bytes != NULL)
    mh_pb_put_bytes (out, number, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* All in one field: of each its depth, then the bytes that have it. */
static void
put_parts (GByteArray *out, const GArray *parts)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint i = 0; i < parts->len; i++)
    {
      const MhTreePart *part = &g_array_index (parts, MhTreePart, i);
      guint8 depth = (guint8) part->depth;

      g_byte_array_append (all, &depth, 1);
      g_byte_array_append (all, part->start, (part->depth + 1) / 2);
    }
  mh_pb_put_bytes (out, FIELD_PARTS, all->data, all->len);
}

/* Returns: about how long it is as bytes with the first @records of its records, so that large
 * ones are not copied while they grow */
static guint
size_of (const MhSyncMessage *self, guint records)
{
  gsize size = 256;

  if (self->hashes != NULL)
    size += g_bytes_get_size (self->hashes);
  if (self->counts != NULL)
    size += (gsize) self->counts->len * 4;
  for (guint i = 0; i < records; i++)
    size += g_bytes_get_size (g_ptr_array_index (self->records, i)) + 16;

  return (guint) size;
}

/* Returns: (transfer full): it as bytes with the first @records of its records */
static GByteArray *
encode (const MhSyncMessage *self, guint records)
{
  GByteArray *out = g_byte_array_sized_new (size_of (self, records));

  if (self->op != 0)
    mh_pb_put_uint (out, FIELD_OP, self->op);
  if (self->vault_id != NULL)
    mh_pb_put_text (out, FIELD_VAULT, self->vault_id);
  put_bytes (out, FIELD_NONCE, self->nonce);
  put_bytes (out, FIELD_PROOF, self->proof);
  if (self->mark.epoch != 0)
    mh_pb_put_uint (out, FIELD_EPOCH, (guint64) self->mark.epoch);
  if (self->mark.after != 0)
    mh_pb_put_uint (out, FIELD_AFTER, (guint64) self->mark.after);
  if (self->mark.gone != 0)
    mh_pb_put_uint (out, FIELD_GONE, (guint64) self->mark.gone);
  if (self->is_urgent)
    mh_pb_put_uint (out, FIELD_URGENT, 1);
  if (self->is_unchecked)
    mh_pb_put_uint (out, FIELD_UNCHECKED, 1);
  if (self->is_full)
    mh_pb_put_uint (out, FIELD_FULL, 1);
  if (self->parts != NULL)
    put_parts (out, self->parts);
  for (guint i = 0; self->counts != NULL && i < self->counts->len; i++)
    mh_pb_put_uint (out, FIELD_COUNT, g_array_index (self->counts, guint64, i));
  put_bytes (out, FIELD_HASHES, self->hashes);
  for (guint i = 0; i < records; i++)
    put_bytes (out, FIELD_RECORD, g_ptr_array_index (self->records, i));

  return out;
}

GBytes *
mh_sync_message_encode (const MhSyncMessage *self)
{
  return g_byte_array_free_to_bytes (encode (self, self->records != NULL ? self->records->len : 0));
}

GBytes *
mh_sync_message_encode_parts (const MhSyncMessage *self, GBytes **body)
{
  GByteArray *head;

  *body = NULL;
  if (self->records == NULL || self->records->len == 0)
    return mh_sync_message_encode (self);

  head = encode (self, self->records->len - 1);
  *body = g_bytes_ref (g_ptr_array_index (self->records, self->records->len - 1));
  mh_pb_begin_bytes (head, FIELD_RECORD, g_bytes_get_size (*body));

  return g_byte_array_free_to_bytes (head);
}

static gboolean
take_bytes (const MhPbField *field, gsize size, GBytes **out)
{
  if (field->type != MH_PB_BYTES || *out != NULL || (size > 0 && field->size != size))
    return FALSE;
  *out = g_bytes_new (field->bytes, field->size);

  return TRUE;
}

static gboolean
take_hashes (const MhPbField *field, GBytes **out)
{
  return field->size % MH_SYNC_HASH_SIZE == 0
         && field->size <= (gsize) MH_SYNC_MOST_HASHES * MH_SYNC_HASH_SIZE
         && take_bytes (field, 0, out);
}

/* Reads one part from @bytes. Returns: how many of them it was, 0 when it is none */
static gsize
read_part (const guint8 *bytes, gsize size, MhTreePart *part)
{
  gsize length;

  *part = (MhTreePart){ .depth = bytes[0] };
  length = (part->depth + 1) / 2;
  if (part->depth > MH_VERSION_TREE_DEEPEST || size < 1 + length)
    return 0;
  memcpy (part->start, bytes + 1, length);
  if (part->depth % 2 != 0 && (part->start[length - 1] & 0x0f) != 0)
    return 0;

  return 1 + length;
}

/* Whoever asks for parts that overlap would have them read more than once. */
static gboolean
is_before (const MhTreePart *one, const MhTreePart *two)
{
  guint8 ends[4][MH_SYNC_HASH_SIZE];

  mh_tree_part_ends (one, ends[0], ends[1]);
  mh_tree_part_ends (two, ends[2], ends[3]);

  return memcmp (ends[1], ends[2], MH_SYNC_HASH_SIZE) < 0;
}

static gboolean
take_parts (const MhPbField *field, GArray **out)
{
  gsize at = 0;

  if (field->type != MH_PB_BYTES || *out != NULL)
    return FALSE;
  *out = g_array_new (FALSE, FALSE, sizeof (MhTreePart));
  while (at < field->size)
    {
      MhTreePart part;
      gsize length = read_part (field->bytes + at, field->size - at, &part);

      if (length == 0 || (*out)->len >= MH_SYNC_MOST_PARTS
          || ((*out)->len > 0
              && !is_before (&g_array_index (*out, MhTreePart, (*out)->len - 1), &part)))
        return FALSE;
      g_array_append_val (*out, part);
      at += length;
    }

  return TRUE;
}

static gboolean
take_count (const MhPbField *field, GArray **out)
{
  if (field->type != MH_PB_VARINT)
    return FALSE;
  if (*out == NULL)
    *out = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_array_append_val (*out, field->value);

  return (*out)->len <= MAX_COUNTS;
}

static gboolean
take_record (GBytes *message, const MhPbField *field, MhSyncMessage *out)
{
  const guint8 *start;

  if (field->type != MH_PB_BYTES)
    return FALSE;
  if (out->records == NULL)
    out->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (out->records->len >= MAX_RECORDS)
    return FALSE;
  /* not a copy: it may be the most of the message */
  start = g_bytes_get_data (message, NULL);
  g_ptr_array_add (out->records,
                   g_bytes_new_from_bytes (message, (gsize) (field->bytes - start), field->size));

  return TRUE;
}

static gboolean
take_vault (const MhPbField *field, char **out)
{
  if (field->type != MH_PB_BYTES || *out != NULL || field->size == 0 || field->size > MAX_VAULT_ID)
    return FALSE;
  for (gsize i = 0; i < field->size; i++)
    if (!g_ascii_isalnum (field->bytes[i]))
      return FALSE;
  *out = g_strndup ((const char *) field->bytes, field->size);

  return TRUE;
}

static gboolean
take_number (const MhPbField *field, gint64 *out)
{
  *out = (gint64) field->value;

  return field->type == MH_PB_VARINT && field->value <= G_MAXINT64;
}

static gboolean
take_field (GBytes *message, const MhPbField *field, MhSyncMessage *out)
{
  switch (field->number)
    {
    case FIELD_OP:
      out->op = (MhSyncOp) MIN (field->value, G_MAXINT);
      return field->type == MH_PB_VARINT;
    case FIELD_VAULT:
      return take_vault (field, &out->vault_id);
    case FIELD_NONCE:
      return take_bytes (field, MH_SYNC_NONCE_SIZE, &out->nonce);
    case FIELD_PROOF:
      return take_bytes (field, MH_SYNC_HASH_SIZE, &out->proof);
    case FIELD_EPOCH:
      return take_number (field, &out->mark.epoch);
    case FIELD_AFTER:
      return take_number (field, &out->mark.after);
    case FIELD_GONE:
      return take_number (field, &out->mark.gone);
    case FIELD_URGENT:
      out->is_urgent = field->value != 0;
      return field->type == MH_PB_VARINT;
    case FIELD_UNCHECKED:
      out->is_unchecked = field->value != 0;
      return field->type == MH_PB_VARINT;
    case FIELD_FULL:
      out->is_full = field->value != 0;
      return field->type == MH_PB_VARINT;
    case FIELD_PARTS:
      return take_parts (field, &out->parts);
    case FIELD_COUNT:
      return take_count (field, &out->counts);
    case FIELD_HASHES:
      return take_hashes (field, &out->hashes);
    case FIELD_RECORD:
      return take_record (message, field, out);
    default:
      return TRUE; /* of a newer program */
    }
}

gboolean
mh_sync_message_decode (GBytes *message, MhSyncMessage *out)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);
  MhPbReader reader = mh_pb_reader (data, size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (!take_field (message, &field, out))
      return FALSE;

  return !reader.is_bad;
}

static void
append (GByteArray *out, gconstpointer data, gsize size)
{
  guint8 length = (guint8) size; /* ids, nonces and names are all shorter than 256 bytes */

  g_byte_array_append (out, &length, 1);
  g_byte_array_append (out, data, (guint) size);
}

GBytes *
mh_sync_proof_text (const MhSyncProof *self, gboolean is_client)
{
  GByteArray *out = g_byte_array_new ();

  append (out, is_client ? "client" : "server", 6);
  append (out, self->client->bytes, self->client->size);
  append (out, self->server->bytes, self->server->size);
  append (out, g_bytes_get_data (self->client_nonce, NULL), g_bytes_get_size (self->client_nonce));
  append (out, g_bytes_get_data (self->server_nonce, NULL), g_bytes_get_size (self->server_nonce));
  append (out, self->vault_id, strlen (self->vault_id));

  return g_byte_array_free_to_bytes (out);
}

void
mh_sync_answer_hash (const MhSyncChallenge *challenge, GBytes *block, guint8 out[MH_SYNC_HASH_SIZE])
{
  g_autoptr (MhSha256) sha = mh_sha256_new ();
  g_autoptr (GByteArray) head = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (block, &size);

  append (head, challenge->client->bytes, challenge->client->size);
  append (head, challenge->server->bytes, challenge->server->size);
  mh_sha256_update (sha, head->data, head->len);
  mh_sha256_update (sha, g_bytes_get_data (challenge->nonce, NULL),
                    g_bytes_get_size (challenge->nonce));
  mh_sha256_update (sha, data, size);
  mh_sha256_finish (sha, out);
}

void
mh_sync_digest (const guint8 *ids, gsize size, guint8 out[MH_SYNC_HASH_SIZE])
{
  mh_sha256 (ids, size, out);
}

static int
compare_ids (const void *a, const void *b)
{
  return memcmp (a, b, MH_SYNC_HASH_SIZE);
}

gboolean
mh_sync_find_id (const guint8 *ids, gsize size, const guint8 *id)
{
  gsize count = size / MH_SYNC_HASH_SIZE;

  return count > 0 && bsearch (id, ids, count, MH_SYNC_HASH_SIZE, compare_ids) != NULL;
}
