/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "seal.h"

#include <string.h>

#include "crypto/aead.h"
#include "crypto/hash.h"

#define CODEC_RAW 0
#define CODEC_ZSTD 1

#define SAMPLE (16 * 1024)
#define WORTH_TRYING 64 /* bytes: nothing smaller shrinks enough */

G_STATIC_ASSERT (MH_SEAL_OVERHEAD == 1 + MH_GCM_TAG_SIZE);

/* A key seals one message only, see derive_key(), so its nonce may be constant. */
static const guint8 nonce[MH_GCM_NONCE_SIZE] = { 0 };

static void
derive_key (MhKeys *keys, const guint8 *h, guint8 *key)
{
  mh_hmac_sha256 (mh_secret_peek (keys->blocks), mh_secret_size (keys->blocks), h, MH_SHA256_SIZE,
                  key);
}

/* Whether the beginning and the middle shrink by a tenth. Most media and archives stop here. */
static gboolean
sample_shrinks (MhBuffers *buffers, const guint8 *plain, gsize size)
{
  guint8 scratch[SAMPLE];
  gsize shrunk;

  if (size <= 2 * SAMPLE)
    return size >= WORTH_TRYING;

  shrunk = mh_buffers_compress (buffers, scratch, SAMPLE * 9 / 10, plain, SAMPLE);
  if (shrunk > 0)
    return TRUE;

  return mh_buffers_compress (buffers, scratch, SAMPLE * 9 / 10, plain + size / 2, SAMPLE) > 0;
}

/* Returns: (nullable): codec byte and payload, or %NULL when compression does not pay */
static MhBuffer *
compress (MhBuffers *buffers, const guint8 *plain, gsize size, gsize *payload_size)
{
  MhBuffer *packed;
  gsize packed_size;

  if (!sample_shrinks (buffers, plain, size))
    return NULL;

  packed = mh_buffers_take (buffers, 1 + size);
  packed_size = mh_buffers_compress (buffers, packed->data + 1, size - size / 10, plain, size);
  if (packed_size == 0)
    {
      mh_buffers_give (buffers, packed);
      return NULL;
    }

  packed->data[0] = CODEC_ZSTD;
  *payload_size = 1 + packed_size;

  return packed;
}

/* What is sealed of a block. */
typedef struct
{
  MhBuffer *packed; /* (owned) (nullable): %NULL for the content as it is */
  const guint8 *data;
  gsize size;
} Payload;

/* Compresses where that pays; what was made by it is hashed, of anything else the hash is known. */
static void
make_payloads (MhBuffers *buffers, MhSealing *sealings, Payload *payloads, guint count)
{
  MhSha256Job jobs[MH_SEAL_MOST] = { 0 };
  gsize hashes = 0;

  for (guint i = 0; i < count; i++)
    {
      const MhPlain *plain = &sealings[i].plain;
      MhChunk *chunk = sealings[i].chunk;
      Payload *payload = &payloads[i];

      plain->data[0] = CODEC_RAW;
      payload->size = 1 + plain->size;
      payload->packed = compress (buffers, plain->data + 1, plain->size, &payload->size);
      payload->data = payload->packed != NULL ? payload->packed->data : plain->data;
      if (payload->packed != NULL)
        jobs[hashes++] = (MhSha256Job){ payload->data, payload->size, chunk->h };
      else
        memcpy (chunk->h, chunk->content, sizeof chunk->h); /* of CODEC_RAW and the bytes */
      chunk->plain_size = (guint32) plain->size;
    }
  mh_sha256_many (jobs, hashes);
}

/* Takes what is packed. */
static void
seal_payload (MhBuffers *buffers, MhSealing *sealing, const Payload *payload)
{
  guint8 key[MH_GCM_KEY_SIZE];

  sealing->sealed_size = payload->size + MH_GCM_TAG_SIZE;
  sealing->sealed = mh_buffers_take (buffers, sealing->sealed_size);
  derive_key (sealing->keys, sealing->chunk->h, key);
  mh_gcm_seal (key, nonce, payload->data, payload->size, sealing->sealed->data);
  mh_wipe (key, sizeof key);
  mh_buffers_give (buffers, payload->packed);
}

void
mh_seal_blocks (MhBuffers *buffers, MhSealing *sealings, guint count)
{
  Payload payloads[MH_SEAL_MOST];
  MhSha256Job jobs[MH_SEAL_MOST] = { 0 };

  g_return_if_fail (count <= MH_SEAL_MOST);

  make_payloads (buffers, sealings, payloads, count);
  for (guint i = 0; i < count; i++)
    {
      MhSealing *sealing = &sealings[i];

      seal_payload (buffers, sealing, &payloads[i]);
      jobs[i] = (MhSha256Job){ sealing->sealed->data, sealing->sealed_size, sealing->chunk->id };
    }
  mh_sha256_many (jobs, count);
}

MhBuffer *
mh_seal_block (MhBuffers *buffers, MhKeys *keys, const MhPlain *plain, MhChunk *chunk,
               gsize *sealed_size)
{
  MhSealing sealing = { keys, *plain, chunk };

  mh_seal_blocks (buffers, &sealing, 1);
  *sealed_size = sealing.sealed_size;

  return sealing.sealed;
}

/* Takes @opened. Returns: (nullable): the bytes after the codec, expanded */
static GBytes *
unpack (MhBuffers *buffers, MhBuffer *opened, gsize size, gsize plain_size)
{
  MhBuffer *plain;
  gboolean good;

  if (opened->data[0] == CODEC_RAW && size == 1 + plain_size)
    return mh_buffers_to_bytes (buffers, opened, 1, plain_size);

  if (opened->data[0] != CODEC_ZSTD)
    {
      mh_buffers_give (buffers, opened);
      return NULL;
    }

  plain = mh_buffers_take (buffers, plain_size);
  good = mh_buffers_decompress (buffers, plain->data, plain_size, opened->data + 1, size - 1);
  mh_buffers_give (buffers, opened);
  if (good)
    return mh_buffers_to_bytes (buffers, plain, 0, plain_size);

  mh_buffers_give (buffers, plain);

  return NULL;
}

GBytes *
mh_open_block (MhBuffers *buffers, MhKeys *keys, const MhChunk *chunk, const guint8 *sealed,
               gsize sealed_size)
{
  MhBuffer *opened;
  guint8 key[MH_GCM_KEY_SIZE];
  gboolean good;

  if (sealed_size < MH_SEAL_OVERHEAD)
    return NULL;

  opened = mh_buffers_take (buffers, sealed_size - MH_GCM_TAG_SIZE);
  derive_key (keys, chunk->h, key);
  good = mh_gcm_open (key, nonce, sealed, sealed_size, opened->data);
  mh_wipe (key, sizeof key);
  if (good)
    return unpack (buffers, opened, sealed_size - MH_GCM_TAG_SIZE, chunk->plain_size);

  mh_buffers_give (buffers, opened);

  return NULL;
}
