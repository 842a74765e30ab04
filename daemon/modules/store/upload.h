/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Files on their way in. Part of store.h. */

/**
 * MhUploadNew:
 * @vault_id: a vault
 * @path: where the file goes
 * @mtime_ms: its time of last change, or -1 for the time of the upload
 * @if_match: (nullable): a content hash that the file must have now, or "*" for any
 * @if_none_match: (nullable): a content hash that it must not have, or "*": there must be no file
 * @unchecked: leave what depends on other files to the end, which decides anyway
 * @size: bytes that are announced, 0 when unknown: what exceeds the quota is refused early
 * @mode: permission bits, 0 when they are not known
 * @beside: the path may be that of a folder, or lie in that of a file: then a file is shown
 * elsewhere
 */
typedef struct
{
  const char *vault_id;
  const char *path;
  gint64 mtime_ms;
  const char *if_match;
  const char *if_none_match;
  gboolean unchecked;
  gint64 size;
  guint mode;
  gboolean beside;
} MhUploadNew;

/**
 * MhUpload:
 *
 * A file on its way in. Used by one thread at a time.
 */
typedef struct _MhUpload MhUpload;

/**
 * mh_upload_new:
 * @store: the store
 * @request: what and where
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_INVALID for a bad path; %MH_ERROR_NOT_FOUND without such a vault;
 *   %MH_ERROR_CONFLICT where a folder is a file or a file a folder; %MH_ERROR_PRECONDITION;
 *   %MH_ERROR_NO_SPACE when the quota, or the disk, is exhausted
 * Returns: (transfer full): an upload, or %NULL with @error set
 */
MhUpload *mh_upload_new (MhStore *store, const MhUploadNew *request,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_upload_write:
 * @self: an upload
 * @data: @size bytes, in pieces of any size
 * @size: number of bytes
 * @cancellable: (nullable): gives up
 * @error: return location
 *
 * Thread: the one that uses @self. Blocks while the disk is slower than the caller.
 * Errors: %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED, %G_IO_ERROR_CANCELLED
 * Returns: %FALSE with @error set; the upload can then only be freed
 */
gboolean mh_upload_write (MhUpload *self, const guint8 *data, gsize size, GCancellable *cancellable,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads up to @size bytes into @out. Returns: how many, 0 at the end, or -1 with @error set */
typedef gssize (*MhUploadRead) (guint8 *out, gsize size, gpointer data, GError **error);

/**
 * mh_upload_read:
 * @self: an upload
 * @most: bytes that are read, unless @read gives fewer
 * @read: gives what comes next
 * @data: for @read
 * @cancellable: (nullable): gives up
 * @error: return location
 *
 * As mh_upload_write() with what @read gives, which is not copied once more.
 *
 * Thread: the one that uses @self. Blocks while the disk is slower than @read.
 * Errors: as mh_upload_write(), and those of @read
 * Returns: %FALSE with @error set; the upload can then only be freed
 */
gboolean mh_upload_read (MhUpload *self, gint64 most, MhUploadRead read, gpointer data,
                         GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_upload_finish:
 * @self: an upload
 * @cancellable: (nullable): gives up, until the commit has begun
 * @error: return location
 *
 * Makes the file appear. When this returns, its bytes and its entry are on disk.
 *
 * Thread: the one that uses @self. Blocks on disk.
 * Errors: as mh_upload_new() and mh_upload_write()
 * Returns: (transfer full): the file, or %NULL with @error set and nothing changed
 */
MhFile *mh_upload_finish (MhUpload *self, GCancellable *cancellable,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_upload_prepare:
 * @self: an upload
 * @cancellable: (nullable): gives up
 * @error: return location
 *
 * Does all of mh_upload_finish() but the commit: afterwards only that or mh_uploads_finish() may
 * follow. Several threads prepare side by side what one commit then makes durable.
 *
 * Thread: the one that uses @self. Blocks on disk.
 * Errors: as mh_upload_write()
 * Returns: %FALSE with @error set; the upload can then only be freed
 */
gboolean mh_upload_prepare (MhUpload *self, GCancellable *cancellable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_uploads_prepare:
 * @uploads: (array length=count): uploads of one store
 * @count: number of uploads
 * @cancellable: (nullable): gives up
 * @errors: (array length=count) (out): %NULL for those that are prepared
 *
 * As mh_upload_prepare() for many, which costs less when they are small: their hashes are made side
 * by side.
 *
 * Thread: the one that uses all of @uploads. Blocks on disk.
 */
void
mh_uploads_prepare (MhUpload **uploads, guint count, GCancellable *cancellable, GError **errors);

/**
 * mh_uploads_finish:
 * @uploads: (array length=count): prepared uploads of one store
 * @count: number of uploads, at least 1
 * @files: (array length=count) (out): the files, %NULL where there is an error
 * @errors: (array length=count) (out): what became of each, %NULL where it is a file now
 *
 * As mh_upload_finish() for many, which mostly share one transaction and one sync. Each succeeds or
 * fails by itself.
 *
 * Thread: the one that uses all of @uploads. Blocks on disk.
 */
void mh_uploads_finish (MhUpload **uploads, guint count, MhFile **files, GError **errors);

/**
 * mh_upload_free:
 * @self: (nullable) (transfer full): an upload
 *
 * Gives the space back unless the upload was finished: an upload that begins later can have it.
 *
 * Thread: any worker. Waits for blocks that are being sealed.
 */
void mh_upload_free (MhUpload *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhUpload, mh_upload_free)
