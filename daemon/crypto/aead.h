/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "secret.h"

G_BEGIN_DECLS

#define MH_GCM_KEY_SIZE 32
#define MH_GCM_NONCE_SIZE 12
#define MH_GCM_TAG_SIZE 16

/* What mh_box_seal() adds: a 24-byte nonce and a 16-byte tag. */
#define MH_BOX_OVERHEAD 40
#define MH_BOX_KEY_SIZE 32

/**
 * mh_gcm_seal:
 * @key: 32 bytes
 * @nonce: 12 bytes, never used before with @key
 * @plain: @size bytes
 * @size: number of bytes
 * @out: (out caller-allocates): room for @size + %MH_GCM_TAG_SIZE bytes, not overlapping @plain
 *
 * AES-256-GCM without associated data; the tag comes last.
 *
 * Thread: any.
 */
void mh_gcm_seal (const guint8 key[MH_GCM_KEY_SIZE], const guint8 nonce[MH_GCM_NONCE_SIZE],
                  const guint8 *plain, gsize size, guint8 *out);

/**
 * mh_gcm_open:
 * @key: 32 bytes
 * @nonce: 12 bytes
 * @sealed: @size bytes with the tag last
 * @size: number of bytes, tag included
 * @out: (out caller-allocates): room for @size - %MH_GCM_TAG_SIZE bytes, not overlapping @sealed
 *
 * Thread: any.
 * Returns: %FALSE when key, nonce or bytes are not the ones that were sealed; @out is then void
 */
gboolean mh_gcm_open (const guint8 key[MH_GCM_KEY_SIZE], const guint8 nonce[MH_GCM_NONCE_SIZE],
                      const guint8 *sealed, gsize size, guint8 *out) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_box_seal:
 * @key: 32 bytes
 * @aad: (nullable): what the box is bound to, not stored in it
 * @plain: what to seal
 *
 * XChaCha20-Poly1305 under a random nonce, which the box begins with. One key can seal any number
 * of boxes.
 *
 * Thread: any.
 * Returns: (transfer full): %MH_BOX_OVERHEAD bytes more than @plain
 */
GBytes *mh_box_seal (const MhSecret *key, GBytes *aad, GBytes *plain) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_box_open:
 * @key: 32 bytes
 * @aad: (nullable): what the box was bound to
 * @sealed: a box
 * @error: return location
 *
 * Thread: any.
 * Errors: %MH_ERROR_CORRUPT when key, @aad or bytes are not the ones that were sealed
 * Returns: (transfer full): the plain bytes, which are not in locked memory, or %NULL
 */
GBytes *mh_box_open (const MhSecret *key, GBytes *aad, GBytes *sealed,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
