/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chunker.h"
#include "crypto/hash.h"

G_BEGIN_DECLS

/*
 * The content hash of a file is a SHA-256 over the hashes of its blocks, which are made side by
 * side, instead of one over the file from its beginning to its end. Where the blocks end follows
 * from the content, so that equal contents have equal hashes in every vault and on every machine.
 */

/**
 * mh_content_hash_block:
 * @data: one free byte, which is overwritten, followed by @size bytes
 * @size: bytes of the block
 * @out: (out caller-allocates): SHA-256 of a zero and the bytes
 *
 * Thread: any worker.
 */
void mh_content_hash_block (guint8 *data, gsize size, guint8 out[MH_SHA256_SIZE]);

/* Returns: what mh_sha256_many() has to do for the same, @data being ready for it. */
MhSha256Job mh_content_hash_job (guint8 *data, gsize size, guint8 *out);

/* Returns: (transfer full): the hash of no block yet; mh_sha256_finish() gives it */
MhSha256 *mh_content_begin (void) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the next block of the file: what mh_content_hash_block() gave, and its @size in bytes. */
void mh_content_add (MhSha256 *self, const guint8 block[MH_SHA256_SIZE], guint32 size);

/* Adds the next block of the file, @size bytes at @data. */
void mh_content_add_data (MhSha256 *self, const guint8 *data, gsize size);

/**
 * mh_content_hash:
 * @gear: from mh_gear_init()
 * @data: a file, @size bytes
 * @size: number of bytes
 * @out: (out caller-allocates): its content hash
 *
 * Thread: any worker.
 */
void
mh_content_hash (const MhGear *gear, const guint8 *data, gsize size, guint8 out[MH_SHA256_SIZE]);

G_END_DECLS
