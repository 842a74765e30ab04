/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "version.h"

#include <string.h>

#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "segment.h"

#define FORMAT 1
#define VERSION_TYPE "(ysayayayxxyayayay)"
#define META_TYPE "(sxxsay)"
#define CHUNK_SIZE 36
#define CONTENT_SIZE 32
#define MODE_SIZE 2

void
mh_version_free (MhVersion *self)
{
  if (self == NULL)
    return;

  g_free (self->vault_id);
  g_clear_pointer (&self->parents, g_bytes_unref);
  g_clear_pointer (&self->blocks, g_bytes_unref);
  g_clear_pointer (&self->meta, g_bytes_unref);
  g_clear_pointer (&self->chunks, g_bytes_unref);
  g_free (self);
}

void
mh_meta_free (MhMeta *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->mime);
  g_free (self);
}

/* Takes a floating @value. Returns: (transfer full): its little-endian serialisation */
static GBytes *
serialise (GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autoptr (GVariant) swapped = NULL;

  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    return g_variant_get_data_as_bytes (owned);

  swapped = g_variant_byteswap (owned);

  return g_variant_get_data_as_bytes (swapped);
}

/* Returns: (transfer full) (nullable): %NULL unless @data is in normal form */
static GVariant *
deserialise (const char *type, GBytes *data)
{
  g_autoptr (GVariant) value = NULL;

  value = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (type), data, FALSE));
  if (!g_variant_is_normal_form (value))
    return NULL;

  if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
    return g_steal_pointer (&value);

  return g_variant_byteswap (value);
}

static GVariant *
variant_of_bytes (GBytes *bytes)
{
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

static GVariant *
variant_of_data (const guint8 *data, gsize size)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, size, 1);
}

static GBytes *
child_bytes (GVariant *tuple, gsize index)
{
  g_autoptr (GVariant) child = g_variant_get_child_value (tuple, index);

  return g_variant_get_data_as_bytes (child);
}

/* Returns: %FALSE unless the child has exactly @size bytes */
static gboolean
child_data (GVariant *tuple, gsize index, guint8 *out, gsize size)
{
  g_autoptr (GBytes) bytes = child_bytes (tuple, index);

  if (g_bytes_get_size (bytes) != size)
    return FALSE;

  memcpy (out, g_bytes_get_data (bytes, NULL), size);

  return TRUE;
}

static void
signed_digest (GBytes *body, guint8 out[MH_SHA256_SIZE])
{
  static const char label[] = "mh1/version";
  g_autoptr (MhSha256) sha = mh_sha256_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);

  mh_sha256_update (sha, (const guint8 *) label, sizeof label - 1);
  mh_sha256_update (sha, data, size);
  mh_sha256_finish (sha, out);
}

GBytes *
mh_version_encode (MhVersion *self, const MhSigner *signer)
{
  g_autoptr (GBytes) body = NULL;
  guint8 digest[MH_SHA256_SIZE];
  guint8 signature[MH_SIGNATURE_SIZE];
  GByteArray *record = g_byte_array_new ();

  memcpy (self->author, mh_signer_public_key (signer), sizeof self->author);
  body = serialise (g_variant_new (
      "(ys@ay@ay@ayxxy@ay@ay@ay)", FORMAT, self->vault_id,
      variant_of_data (self->file_id, sizeof self->file_id), variant_of_bytes (self->parents),
      variant_of_data (self->author, sizeof self->author), self->lamport, self->ts_ms,
      (guint8) self->op, variant_of_bytes (self->blocks), variant_of_bytes (self->meta),
      variant_of_bytes (self->chunks)));
  signed_digest (body, digest);
  mh_signer_sign (signer, digest, sizeof digest, signature);

  g_byte_array_append (record, g_bytes_get_data (body, NULL), (guint) g_bytes_get_size (body));
  g_byte_array_append (record, signature, sizeof signature);
  mh_sha256 (record->data, record->len, self->hash);

  return g_byte_array_free_to_bytes (record);
}

static gboolean
read_fields (MhVersion *self, GVariant *body)
{
  guint8 format;
  guint8 op;

  g_variant_get_child (body, 0, "y", &format);
  g_variant_get_child (body, 1, "s", &self->vault_id);
  self->parents = child_bytes (body, 3);
  g_variant_get_child (body, 5, "x", &self->lamport);
  g_variant_get_child (body, 6, "x", &self->ts_ms);
  g_variant_get_child (body, 7, "y", &op);
  self->op = (MhFileOp) op;
  self->blocks = child_bytes (body, 8);
  self->meta = child_bytes (body, 9);
  self->chunks = child_bytes (body, 10);

  return format == FORMAT && child_data (body, 2, self->file_id, sizeof self->file_id)
         && child_data (body, 4, self->author, sizeof self->author)
         && strlen (self->vault_id) < MH_VAULT_ID_SIZE && op >= MH_FILE_OP_PUT
         && op <= MH_FILE_OP_DELETE && self->lamport >= 0
         && g_bytes_get_size (self->parents) % MH_VERSION_HASH_SIZE == 0
         && g_bytes_get_size (self->blocks) % MH_BLOCK_ID_SIZE == 0;
}

MhVersion *
mh_version_decode (GBytes *record, GError **error)
{
  g_autoptr (MhVersion) self = g_new0 (MhVersion, 1);
  g_autoptr (GBytes) body_data = NULL;
  g_autoptr (GVariant) body = NULL;
  gsize size = g_bytes_get_size (record);

  if (size > MH_SIGNATURE_SIZE)
    {
      body_data = g_bytes_new_from_bytes (record, 0, size - MH_SIGNATURE_SIZE);
      body = deserialise (VERSION_TYPE, body_data);
    }

  if (body == NULL || !read_fields (self, body))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "a version record is malformed");
      return NULL;
    }

  mh_sha256 (g_bytes_get_data (record, NULL), size, self->hash);

  return g_steal_pointer (&self);
}

gboolean
mh_version_verify (const MhVersion *self, GBytes *record)
{
  gsize size = g_bytes_get_size (record) - MH_SIGNATURE_SIZE;
  g_autoptr (GBytes) body = g_bytes_new_from_bytes (record, 0, size);
  const guint8 *data = g_bytes_get_data (record, NULL);
  guint8 digest[MH_SHA256_SIZE];

  signed_digest (body, digest);

  return mh_sign_verify (self->author, digest, sizeof digest, data + size);
}

/* Binds a box to its purpose, vault and file: none can be passed off as another. */
static GBytes *
binding (const char *label, const char *vault_id, const guint8 *file_id)
{
  GByteArray *aad = g_byte_array_new ();

  g_byte_array_append (aad, (const guint8 *) label, (guint) strlen (label) + 1);
  g_byte_array_append (aad, (const guint8 *) vault_id, (guint) strlen (vault_id) + 1);
  g_byte_array_append (aad, file_id, MH_FILE_ID_SIZE);

  return g_byte_array_free_to_bytes (aad);
}

GBytes *
mh_meta_seal (const MhMeta *self, MhKeys *keys, const guint8 *file_id)
{
  g_autoptr (GBytes) aad = binding ("meta", keys->vault_id, file_id);
  g_autoptr (GBytes) plain = NULL;
  guint8 last[CONTENT_SIZE + MODE_SIZE];

  memcpy (last, self->content_hash, CONTENT_SIZE);
  last[CONTENT_SIZE] = (guint8) (self->mode & 0xff);
  last[CONTENT_SIZE + 1] = (guint8) (self->mode >> 8 & 0xff);
  plain = serialise (
      g_variant_new ("(sxxs@ay)", self->path, self->size, self->mtime_ms, self->mime,
                     variant_of_data (last, self->mode != 0 ? sizeof last : CONTENT_SIZE)));

  return mh_box_seal (keys->records, aad, plain);
}

/* Reads the last member of what mh_meta_seal() sealed. */
static gboolean
read_content (GVariant *value, MhMeta *self)
{
  guint8 last[CONTENT_SIZE + MODE_SIZE] = { 0 };

  if (!child_data (value, 4, last, CONTENT_SIZE) && !child_data (value, 4, last, sizeof last))
    return FALSE;

  memcpy (self->content_hash, last, CONTENT_SIZE);
  self->mode = last[CONTENT_SIZE] | (guint) last[CONTENT_SIZE + 1] << 8;

  return TRUE;
}

MhMeta *
mh_meta_open (const MhVersion *version, MhKeys *keys, GError **error)
{
  g_autoptr (GBytes) aad = binding ("meta", keys->vault_id, version->file_id);
  g_autoptr (GBytes) plain = mh_box_open (keys->records, aad, version->meta, error);
  g_autoptr (GVariant) value = NULL;
  g_autoptr (MhMeta) self = NULL;

  if (plain == NULL)
    return NULL;

  self = g_new0 (MhMeta, 1);
  value = deserialise (META_TYPE, plain);
  if (value != NULL)
    g_variant_get (value, "(sxxs@ay)", &self->path, &self->size, &self->mtime_ms, &self->mime,
                   NULL);

  if (value == NULL || self->size < 0 || !mh_store_check_path (self->path, NULL)
      || !read_content (value, self))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "a sealed manifest is malformed");
      return NULL;
    }

  return g_steal_pointer (&self);
}

GBytes *
mh_chunks_seal (GArray *chunks, MhKeys *keys, const guint8 *file_id)
{
  g_autoptr (GBytes) aad = binding ("chunks", keys->vault_id, file_id);
  g_autoptr (GBytes) plain = NULL;
  guint8 *data = g_malloc (MAX (chunks->len, 1) * CHUNK_SIZE);

  for (guint i = 0; i < chunks->len; i++)
    {
      const MhChunk *chunk = &g_array_index (chunks, MhChunk, i);
      guint32 size = GUINT32_TO_LE (chunk->plain_size);

      memcpy (data + (gsize) i * CHUNK_SIZE, chunk->h, sizeof chunk->h);
      memcpy (data + (gsize) i * CHUNK_SIZE + sizeof chunk->h, &size, sizeof size);
    }
  plain = g_bytes_new_take (data, (gsize) chunks->len * CHUNK_SIZE);

  return mh_box_seal (keys->records, aad, plain);
}

GArray *
mh_chunks_open (const MhVersion *version, MhKeys *keys, GError **error)
{
  g_autoptr (GBytes) aad = binding ("chunks", keys->vault_id, version->file_id);
  g_autoptr (GBytes) plain = mh_box_open (keys->records, aad, version->chunks, error);
  gsize count = g_bytes_get_size (version->blocks) / MH_BLOCK_ID_SIZE;
  const guint8 *ids = g_bytes_get_data (version->blocks, NULL);
  const guint8 *data;
  GArray *chunks;

  if (plain == NULL)
    return NULL;

  if (g_bytes_get_size (plain) != count * CHUNK_SIZE)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "a sealed manifest is malformed");
      return NULL;
    }

  data = g_bytes_get_data (plain, NULL);
  chunks = g_array_sized_new (FALSE, FALSE, sizeof (MhChunk), (guint) count);
  for (gsize i = 0; i < count; i++)
    {
      MhChunk chunk;

      memcpy (chunk.id, ids + i * MH_BLOCK_ID_SIZE, sizeof chunk.id);
      memcpy (chunk.h, data + i * CHUNK_SIZE, sizeof chunk.h);
      memcpy (&chunk.plain_size, data + i * CHUNK_SIZE + sizeof chunk.h, sizeof chunk.plain_size);
      chunk.plain_size = GUINT32_FROM_LE (chunk.plain_size);
      g_array_append_val (chunks, chunk);
    }

  return chunks;
}

GBytes *
mh_chunks_ids (GArray *chunks)
{
  GByteArray *ids = g_byte_array_sized_new (chunks->len * MH_BLOCK_ID_SIZE);

  for (guint i = 0; i < chunks->len; i++)
    g_byte_array_append (ids, g_array_index (chunks, MhChunk, i).id, MH_BLOCK_ID_SIZE);

  return g_byte_array_free_to_bytes (ids);
}
