/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The disk, as far as the store and the databases use it: a narrow interface, so that a simulated
 * disk can be linked in its place. SQLite has one of its own, its VFS.
 */

/* One part of a gathered write. */
typedef struct
{
  const guint8 *data;
  gsize size;
} MhPiece;

/**
 * mh_os_lock:
 * @path: a lock file; made when missing
 * @error: return location
 *
 * Thread: any.
 * Errors: %MH_ERROR_CONFLICT when another process, or this one, has the lock; %MH_ERROR_FAILED
 * Returns: a file descriptor that holds the lock until it is closed, or -1 with @error set
 */
int mh_os_lock (const char *path, GError **error);

/**
 * mh_os_open:
 * @path: a file
 * @writable: whether to open for writing
 * @create: whether to make it, with mode 0600. Its name is durable when this returns.
 * @error: return location
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND; %MH_ERROR_CONFLICT when it is to be made and exists;
 *   %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: a file descriptor that only this process has, or -1 with @error set
 */
int mh_os_open (const char *path, gboolean writable, gboolean create, GError **error);

/**
 * mh_os_make_folder:
 * @path: a folder
 * @error: return location
 *
 * Makes a folder and those above it, for the owner alone, where they are missing. Its name is
 * durable when this returns.
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_os_make_folder (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_os_list:
 * @path: a folder
 * @error: return location
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full): the names in it, in no order, or %NULL with @error set
 */
char **mh_os_list (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the name of a file durable. Returns: %FALSE with errno set. Thread: any. Blocks on disk. */
gboolean mh_os_sync_name (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_os_rename:
 * @from: a file
 * @to: its new path in the same folder; a file that has it is replaced
 *
 * The change is durable when this returns.
 *
 * Thread: any. Blocks on disk.
 * Returns: %FALSE with errno set; @from may have its new name all the same
 */
gboolean mh_os_rename (const char *from, const char *to) G_GNUC_WARN_UNUSED_RESULT;

/* Closes @fd; a negative one is ignored. Thread: any. */
void mh_os_close (int fd);

/* Returns: bytes in the file, or -1 with errno set. Thread: any. */
gint64 mh_os_size (int fd);

/**
 * mh_os_read:
 * @fd: a file
 * @offset: where to begin
 * @out: (out caller-allocates): room for @size bytes
 * @size: bytes wanted
 *
 * Thread: any.
 * Returns: bytes read, less than @size only at the end of the file, or -1 with errno set
 */
gssize mh_os_read (int fd, guint64 offset, guint8 *out, gsize size);

/**
 * mh_os_write:
 * @fd: a file
 * @offset: where to begin
 * @pieces: up to eight pieces, written one after the other
 * @count: number of pieces
 *
 * Thread: any. Blocks on disk.
 * Returns: %FALSE with errno set; part may have been written
 */
gboolean
mh_os_write (int fd, guint64 offset, const MhPiece *pieces, guint count) G_GNUC_WARN_UNUSED_RESULT;

/* Makes what was written durable. Returns: %FALSE with errno set. Thread: any. Blocks on disk. */
gboolean mh_os_sync (int fd) G_GNUC_WARN_UNUSED_RESULT;

/* Asks for a range to be written soon, without waiting. Thread: any. */
void mh_os_write_soon (int fd, guint64 offset, guint64 size);

/* Says that a range, which is durable, will not be read soon: memory is better used for other
 * things. Only a hint. Thread: any. */
void mh_os_uncache (int fd, guint64 offset, guint64 size);

/* Sets the size of the file. Returns: %FALSE with errno set. Thread: any. */
gboolean mh_os_truncate (int fd, guint64 size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_os_punch:
 * @fd: a file
 * @offset: where to begin
 * @size: number of bytes
 *
 * Makes a range read as zeros and gives its disk space back where the file system can.
 *
 * Thread: any.
 * Returns: %FALSE with errno set
 */
gboolean mh_os_punch (int fd, guint64 offset, guint64 size) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: the first offset from @offset on that is not in a hole, as far as the system knows */
guint64 mh_os_skip_hole (int fd, guint64 offset);

/* Returns: bytes that can still be written where @fd lies, G_MAXUINT64 when unknown */
guint64 mh_os_free_space (int fd);

/* Returns: bytes that the file system of @fd has in all, G_MAXUINT64 when unknown */
guint64 mh_os_total_space (int fd);

/* Returns: bytes of the disk that a file takes, holes apart; 0 when unknown */
guint64 mh_os_allocated (int fd);

/**
 * mh_os_remove:
 * @path: a file
 * @error: return location
 *
 * Removes a file for good: its name is gone also after a power loss. One that is not there will do.
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_os_remove (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
