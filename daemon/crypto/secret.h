/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MhSecret:
 *
 * A fixed number of secret bytes between guard pages, locked into memory where the system lets us,
 * left out of core dumps, and zeroed when freed.
 */
typedef struct _MhSecret MhSecret;

/**
 * mh_secret_new:
 * @size: bytes, at least 1
 *
 * Thread: any.
 * Returns: (transfer full): a secret of zeros, to be filled through mh_secret_bytes()
 */
MhSecret *mh_secret_new (gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_secret_new_random:
 * @size: bytes, at least 1
 *
 * Thread: any.
 * Returns: (transfer full): @size random bytes
 */
MhSecret *mh_secret_new_random (gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_secret_new_copy:
 * @data: @size bytes, which the caller still has to wipe
 * @size: bytes, at least 1
 *
 * Thread: any.
 * Returns: (transfer full): a copy of @data
 */
MhSecret *mh_secret_new_copy (const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_secret_bytes:
 * @self: a secret
 *
 * Thread: any; writing needs the only reference.
 * Returns: (transfer none): the bytes
 */
guint8 *mh_secret_bytes (MhSecret *self);

/**
 * mh_secret_peek:
 * @self: a secret
 *
 * Thread: any.
 * Returns: (transfer none): the bytes, for reading
 */
const guint8 *mh_secret_peek (const MhSecret *self);

/**
 * mh_secret_size:
 * @self: a secret
 *
 * Thread: any.
 * Returns: the number of bytes
 */
gsize mh_secret_size (const MhSecret *self);

/**
 * mh_secret_free:
 * @self: (nullable) (transfer full): a secret
 *
 * Zeroes and frees.
 *
 * Thread: any.
 */
void mh_secret_free (MhSecret *self);

/**
 * mh_wipe:
 * @data: bytes on the stack or heap
 * @size: number of bytes
 *
 * Zeroes in a way that no compiler removes.
 *
 * Thread: any.
 */
void mh_wipe (gpointer data, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSecret, mh_secret_free)

G_END_DECLS
