/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MhBuffers:
 *
 * Keeps a few large buffers and zstd contexts for the next block, so that a long transfer neither
 * faults in fresh pages for each block nor grows the heap.
 */
typedef struct _MhBuffers MhBuffers;

/* A buffer of at least the size that was asked for. */
typedef struct
{
  guint8 *data;
  gsize capacity;
} MhBuffer;

/* Returns: (transfer full): no buffers yet. Thread: any. */
MhBuffers *mh_buffers_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): another reference. Thread: any. */
MhBuffers *mh_buffers_ref (MhBuffers *self);

/* Gives a reference back. Thread: any. */
void mh_buffers_unref (MhBuffers *self);

/* Returns: (transfer full): room for at least @size bytes of any content. Thread: any. */
MhBuffer *mh_buffers_take (MhBuffers *self, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/* Takes @buffer back, which may be %NULL. Thread: any. */
void mh_buffers_give (MhBuffers *self, MhBuffer *buffer);

/* Returns: (transfer full): @size bytes from @offset of @buffer, given back when unreferenced */
GBytes *mh_buffers_to_bytes (MhBuffers *self, MhBuffer *buffer, gsize offset,
                             gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_buffers_compress:
 * @self: the buffers, whose contexts are used
 * @out: room for @out_size bytes
 * @out_size: bytes that the result must fit into
 * @data: @size bytes
 * @size: number of bytes
 *
 * zstd at its fastest ordinary level.
 *
 * Thread: any.
 * Returns: bytes of the result, or 0 when it does not fit
 */
gsize
mh_buffers_compress (MhBuffers *self, guint8 *out, gsize out_size, const guint8 *data, gsize size);

/**
 * mh_buffers_decompress:
 * @self: the buffers, whose contexts are used
 * @out: room for @out_size bytes
 * @out_size: exact number of bytes expected
 * @data: @size bytes
 * @size: number of bytes
 *
 * Thread: any.
 * Returns: %FALSE when @data is not zstd of @out_size bytes
 */
gboolean mh_buffers_decompress (MhBuffers *self, guint8 *out, gsize out_size, const guint8 *data,
                                gsize size) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhBuffers, mh_buffers_unref)

G_END_DECLS
