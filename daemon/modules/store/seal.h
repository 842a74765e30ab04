/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "buffers.h"
#include "keys.h"

G_BEGIN_DECLS

#define MH_BLOCK_ID_SIZE 32

/* Bytes that sealing adds to a block at most: the codec and the tag. */
#define MH_SEAL_OVERHEAD 17

/**
 * MhChunk:
 *
 * What a manifest says about one block.
 */
typedef struct
{
  guint8 id[MH_BLOCK_ID_SIZE]; /* SHA-256 of the sealed bytes */
  guint8 h[32];       /* SHA-256 of codec and payload: with the vault's key it opens them */
  guint32 plain_size; /* bytes of the file */
  guint8 content[32]; /* of mh_content_hash_block(); no manifest has it, only what comes in */
} MhChunk;

/* Content of a block. */
typedef struct
{
  guint8 *data; /* (unowned): one free byte, which is overwritten, followed by @size bytes */
  gsize size;   /* bytes of the file */
} MhPlain;

/* A block to be sealed. */
typedef struct
{
  MhKeys *keys; /* (unowned): the vault */
  MhPlain plain;
  MhChunk *chunk;    /* (unowned): what the manifest has to say; its @content is set already */
  MhBuffer *sealed;  /* (owned): result, to be given back to the buffers */
  gsize sealed_size; /* bytes of it */
} MhSealing;

/* Most blocks that mh_seal_blocks() takes at one time. */
#define MH_SEAL_MOST 8

/**
 * mh_seal_blocks:
 * @buffers: scratch space
 * @sealings: what to seal
 * @count: how many, at most %MH_SEAL_MOST; their hashes are made side by side
 *
 * Compresses where that pays, then seals.
 *
 * Thread: any worker.
 */
void mh_seal_blocks (MhBuffers *buffers, MhSealing *sealings, guint count);

/**
 * mh_seal_block:
 * @buffers: scratch space
 * @keys: the vault
 * @plain: the content
 * @chunk: (inout): what the manifest has to say; its @content is set already
 * @sealed_size: (out): bytes of the result
 *
 * As mh_seal_blocks(), for one.
 *
 * Thread: any worker.
 * Returns: (transfer full): the sealed bytes, to be given back to @buffers
 */
MhBuffer *mh_seal_block (MhBuffers *buffers, MhKeys *keys, const MhPlain *plain, MhChunk *chunk,
                         gsize *sealed_size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_open_block:
 * @buffers: scratch space
 * @keys: the vault
 * @chunk: what the manifest says
 * @sealed: @sealed_size bytes
 * @sealed_size: number of bytes
 *
 * Thread: any worker.
 * Returns: (transfer full) (nullable): the bytes of the file, or %NULL when they are not what was
 *   sealed
 */
GBytes *mh_open_block (MhBuffers *buffers, MhKeys *keys, const MhChunk *chunk, const guint8 *sealed,
                       gsize sealed_size) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
