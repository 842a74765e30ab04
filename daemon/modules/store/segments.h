/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "buffers.h"

G_BEGIN_DECLS

/**
 * MhSegments:
 *
 * The folder of segment files, for reading. Keeps the files used last open.
 */
typedef struct _MhSegments MhSegments;

/* Where a record lies. */
typedef struct
{
  guint64 segment;
  guint64 position; /* of the record's header */
  guint32 size;     /* of the payload, bytes */
} MhLocation;

/* Returns: (transfer full): nothing is opened yet. Thread: any. */
MhSegments *mh_segments_new (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* Closes all files. Thread: any. */
void mh_segments_free (MhSegments *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSegments, mh_segments_free)

/* Returns: (transfer full): the path of segment @id */
char *mh_segments_path (MhSegments *self, guint64 id) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_segments_list:
 * @self: the folder
 * @error: return location
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_FAILED
 * Returns: (transfer full) (element-type guint64): ids in order, or %NULL with @error set
 */
GArray *mh_segments_list (MhSegments *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_segments_read:
 * @self: the folder
 * @location: a record
 * @out: (out caller-allocates): room for its payload
 * @error: return location
 *
 * Does not verify what it reads.
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_CORRUPT when the segment or the bytes are missing; %MH_ERROR_FAILED when the
 *   disk cannot read them, at least now
 * Returns: %FALSE with @error set
 */
gboolean mh_segments_read (MhSegments *self, const MhLocation *location, guint8 *out,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: bytes that a segment takes on the disk, 0 when that is unknown. Thread: any. */
gint64 mh_segments_allocated (MhSegments *self, guint64 segment);

/* Reads any @size bytes of a segment. Returns: %FALSE unless all are there. Thread: any. */
gboolean mh_segments_read_raw (MhSegments *self, guint64 segment, guint64 position, guint8 *out,
                               gsize size) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_segments_read_verified(), into one of @buffers, and without looking at what the disk gives.
 */
GBytes *mh_segments_read_unchecked (MhSegments *self, MhBuffers *buffers,
                                    const MhLocation *location,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_segments_read_verified:
 * @self: the folder
 * @location: a record
 * @id: its id, the SHA-256 of the payload
 * @error: return location
 *
 * Thread: any. Blocks on disk.
 * Errors: as mh_segments_read(), %MH_ERROR_CORRUPT also when the payload is not the one of @id
 * Returns: (transfer full): the payload, or %NULL with @error set
 */
GBytes *mh_segments_read_verified (MhSegments *self, const MhLocation *location, const guint8 *id,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Closes a segment whose file is about to be removed, once nobody reads it. Thread: any. */
void mh_segments_forget (MhSegments *self, guint64 id);

G_END_DECLS
