/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "compare.h"

G_BEGIN_DECLS

/*
 * A folder of this machine as the system has it. Paths are below the folder, without a slash before
 * them; "" is the folder itself. No link is ever followed, so that nothing leads out of it. Errors
 * are %MH_ERROR_NOT_FOUND, %MH_ERROR_FORBIDDEN, %MH_ERROR_NO_SPACE and %MH_ERROR_FAILED, and
 * %MH_ERROR_PRECONDITION when a file is not as it was said to be: then it is left alone.
 */

/* Names that are ours, in any folder: of what is not complete, and what rollbacks put away. */
#define MH_DISK_OWN ".meshhold-"
#define MH_DISK_MARKER ".meshhold-folder"
#define MH_DISK_HELD ".meshhold-held"

/* An open folder. For one thread at a time. */
typedef struct _MhDisk MhDisk;

typedef enum
{
  MH_DISK_FILE,
  MH_DISK_FOLDER,
  MH_DISK_OTHER, /* a link, device, socket or pipe */
} MhDiskKind;

typedef struct
{
  char *name; /* (owned): bytes, perhaps no UTF-8 */
  MhDiskKind kind;
  MhHostState state;
  guint64 device;
  guint64 mount; /* id, 0 where the system tells none */
} MhDiskEntry;

/* Frees it. */
void mh_disk_entry_free (MhDiskEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDiskEntry, mh_disk_entry_free)

/* Returns: (transfer full): the path of a folder that can be read and written, without links, or
 * %NULL with @error set: %MH_ERROR_INVALID when it is none. Thread: a worker. */
char *mh_disk_resolve (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the folder at @root, or %NULL with @error set. Thread: a worker. */
MhDisk *mh_disk_open (const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_disk_free (MhDisk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDisk, mh_disk_free)

/* Returns: (transfer none): where it is */
const char *mh_disk_root (MhDisk *self);

/* Returns: the number of the file system that it is on */
guint64 mh_disk_device (MhDisk *self);

/* Returns: whether something else is mounted there: another file system, or a part of the same */
gboolean mh_disk_is_foreign (MhDisk *self, const MhDiskEntry *entry);

/* Returns: whether its path still leads to it: not when it was renamed or a disk came or went. */
gboolean mh_disk_is_in_place (MhDisk *self);

/* Returns: (transfer full) (element-type MhDiskEntry): what is in a folder, in no order; what
 * vanished meanwhile is left out. %NULL with @error set */
GPtrArray *
mh_disk_list (MhDisk *self, const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Looks at one path. Returns: (transfer full): what is there, or %NULL with @error set */
MhDiskEntry *
mh_disk_look (MhDisk *self, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_disk_open_file:
 * @self: the folder
 * @path: a file of it
 * @state: (out): how it is
 * @error: return location
 *
 * Returns: a file descriptor for reading, or -1 with @error set
 */
int mh_disk_open_file (MhDisk *self, const char *path, MhHostState *state, GError **error);

/* Returns: bytes read, 0 at the end, -1 with @error set */
gssize mh_disk_read (int fd, guint8 *out, gsize size, GError **error);

/* Closes @fd. Returns: whether the file is as it was when it was opened: @state */
gboolean mh_disk_close_file (int fd, const MhHostState *state);

/* Returns: (transfer full): a small file of the folder, %NULL with @error set; at most 1 MiB */
char *mh_disk_read_text (MhDisk *self, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file that is being written under another name. */
typedef struct _MhDiskOut MhDiskOut;

/* Makes it, and the folders above it where they are missing. Returns: (transfer full): the file, or
 * %NULL with @error set */
MhDiskOut *
mh_disk_out_new (MhDisk *self, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds bytes. Returns: %FALSE with @error set */
gboolean mh_disk_out_write (MhDiskOut *self, const guint8 *data, gsize size,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_disk_out_finish:
 * @self: a file that is complete
 * @mtime_ms: its time of change
 * @mode: its permission bits, or 0 for those of the file that it replaces
 * @error: return location
 *
 * Sets both. It is durable after the next mh_disk_settle().
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_disk_out_finish (MhDiskOut *self, gint64 mtime_ms, guint mode,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_disk_out_place:
 * @self: a finished file
 * @expected: what is at its path
 * @state: (out): how it was finished; who changes it in the moment that it has its name is found
 * later
 * @error: return location
 *
 * Gives it its name. A file that is not as expected is not replaced: not even when it changes at
 * the last moment, as the two are exchanged first and then looked at.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_disk_out_place (MhDiskOut *self, const MhHostState *expected, MhHostState *state,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes it unless it was placed. */
void mh_disk_out_free (MhDiskOut *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDiskOut, mh_disk_out_free)

/* Writes a small file of ours, durably. Returns: %FALSE with @error set */
gboolean mh_disk_write_text (MhDisk *self, const char *path, const char *text,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a file that is as @expected, %NULL for any, and folders above it that are empty then.
 * Returns: %FALSE with @error set */
gboolean mh_disk_remove (MhDisk *self, const char *path, const MhHostState *expected,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives a file that is as @expected another name, which has to be free; folders are made and
 * removed as they are needed. Returns: %FALSE with @error set */
gboolean mh_disk_rename (MhDisk *self, const char *from, const char *to,
                         const MhHostState *expected, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_disk_adjust:
 * @self: the folder
 * @path: a file
 * @state: (inout): how it is
 * @mtime_ms: its new time
 * @mode: its new permission bits, or 0
 * @error: return location
 *
 * A time that is the same but for parts of milliseconds stays.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_disk_adjust (MhDisk *self, const char *path, MhHostState *state, gint64 mtime_ms,
                         guint mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes everything durable that was done. Returns: %FALSE with @error set */
gboolean mh_disk_settle (MhDisk *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
