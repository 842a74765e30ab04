/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define MH_SHA256_SIZE 32

/**
 * MhSha256:
 *
 * A SHA-256 under way. Not for two threads at once.
 */
typedef struct _MhSha256 MhSha256;

/**
 * mh_sha256:
 * @data: (nullable): @size bytes
 * @size: number of bytes
 * @out: (out caller-allocates): the digest
 *
 * Thread: any.
 */
void mh_sha256 (const guint8 *data, gsize size, guint8 out[MH_SHA256_SIZE]);

/* A message to be hashed. */
typedef struct
{
  const guint8 *data; /* (unowned) (nullable) */
  gsize size;
  guint8 *out; /* (unowned): of MH_SHA256_SIZE bytes */
} MhSha256Job;

/**
 * mh_sha256_many:
 * @jobs: messages
 * @count: how many
 *
 * Where the processor has instructions for SHA-256, two large messages take little longer than one.
 *
 * Thread: any.
 */
void mh_sha256_many (const MhSha256Job *jobs, gsize count);

/**
 * mh_sha256_new:
 *
 * Thread: any.
 * Returns: (transfer full): a digest of nothing yet
 */
MhSha256 *mh_sha256_new (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_sha256_update:
 * @self: a digest under way
 * @data: @size bytes
 * @size: number of bytes
 *
 * Thread: the one that uses @self.
 */
void mh_sha256_update (MhSha256 *self, const guint8 *data, gsize size);

/**
 * mh_sha256_finish:
 * @self: a digest under way
 * @out: (out caller-allocates): the digest
 *
 * Gives the digest and starts @self afresh.
 *
 * Thread: the one that uses @self.
 */
void mh_sha256_finish (MhSha256 *self, guint8 out[MH_SHA256_SIZE]);

/**
 * mh_sha256_free:
 * @self: (nullable) (transfer full): a digest
 *
 * Thread: any.
 */
void mh_sha256_free (MhSha256 *self);

/**
 * mh_hmac_sha256:
 * @key: @key_size bytes
 * @key_size: number of bytes
 * @data: @size bytes
 * @size: number of bytes
 * @out: (out caller-allocates): the code
 *
 * Thread: any.
 */
void mh_hmac_sha256 (const guint8 *key, gsize key_size, const guint8 *data, gsize size,
                     guint8 out[MH_SHA256_SIZE]);

/**
 * mh_equal_constant_time:
 * @a: @size bytes
 * @b: @size bytes
 * @size: number of bytes
 *
 * Thread: any.
 * Returns: whether both are equal; the time does not depend on where they differ
 */
gboolean
mh_equal_constant_time (const guint8 *a, const guint8 *b, gsize size) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSha256, mh_sha256_free)

G_END_DECLS
