/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-private.h"

G_BEGIN_DECLS

/* An upload seen from the inside, for one that is kept piece by piece. */

/* Waits until every whole block is sealed and written. Returns: %FALSE with @error set */
gboolean mh_upload_settle (MhUpload *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none) (element-type MhChunk): whole blocks so far, of a settled upload */
GArray *mh_upload_chunks (MhUpload *self);

/* Returns: (transfer none) (element-type MhPending): what holds them; of the writer's thread */
GPtrArray *mh_upload_held (MhUpload *self);

/* Returns: (transfer none) (element-type MhKnown): content that was new, of a settled upload */
GArray *mh_upload_known (MhUpload *self);

/* Returns: (transfer none) (nullable): one free byte, and @size bytes that make no whole block */
guint8 *mh_upload_rest (MhUpload *self, gsize *size);

/* Returns: bytes that came in */
gint64 mh_upload_size (MhUpload *self);

/* Gives the content hash of all that came in, of a settled upload. */
void mh_upload_hash (MhUpload *self, guint8 *hash);

G_END_DECLS
