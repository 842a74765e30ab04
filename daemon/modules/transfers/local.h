/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  MH_LOCAL_FILE,
  MH_LOCAL_FOLDER,
  MH_LOCAL_OTHER, /* a link, device, socket or pipe */
} MhLocalKind;

/* What the system says about a file of this machine. */
typedef struct
{
  MhLocalKind kind;
  gint64 size;     /* bytes */
  gint64 mtime_ms; /* Unix milliseconds */
  guint64 device;
  guint64 inode; /* with @device: tells one file from another */
} MhLocalInfo;

/* Looks at @path without following a link. Returns: %FALSE with errno set. Thread: any. */
gboolean mh_local_look (const char *path, MhLocalInfo *info) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_local_open:
 * @path: a regular file
 * @info: (out): what it is now
 *
 * Opens for reading; never follows a link in the last place, never waits for a pipe.
 *
 * Thread: any.
 * Returns: a file descriptor, or -1 with errno set; ELOOP or EINVAL when it is no regular file
 */
int mh_local_open (const char *path, MhLocalInfo *info);

/* Returns: bytes read, 0 at the end, -1 with errno set. Thread: any. */
gssize mh_local_read (int fd, guint8 *out, gsize size);

/* Looks at an open file. Returns: %FALSE with errno set. Thread: any. */
gboolean mh_local_look_again (int fd, MhLocalInfo *info) G_GNUC_WARN_UNUSED_RESULT;

/* Closes @fd. Thread: any. */
void mh_local_close (int fd);

/**
 * MhLocalOut:
 *
 * A file that is being written. Not for two threads at once.
 */
typedef struct _MhLocalOut MhLocalOut;

/**
 * mh_local_out_new:
 * @path: a name that is free
 * @size: bytes that the file will have
 *
 * Makes a file, mode 0666 less the umask. A large one is written past the page cache, where the
 * file system lets us, so that everything else that is cached stays there.
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): the file, or %NULL with errno set
 */
MhLocalOut *mh_local_out_new (const char *path, gint64 size) G_GNUC_WARN_UNUSED_RESULT;

/* Adds @size bytes. Returns: %FALSE with errno set */
gboolean
mh_local_out_write (MhLocalOut *self, const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_local_out_finish:
 * @self: a file
 * @mtime_ms: its time of change, Unix milliseconds
 *
 * Writes what is left and sets the time.
 *
 * Returns: %FALSE with errno set, when what was written may be lost
 */
gboolean mh_local_out_finish (MhLocalOut *self, gint64 mtime_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Closes it, whole or not. */
void mh_local_out_free (MhLocalOut *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhLocalOut, mh_local_out_free)

/**
 * mh_local_place:
 * @from: a file
 * @to: its name
 * @replace: whether a file of that name may be replaced
 *
 * Thread: any.
 * Returns: %FALSE with errno set; EEXIST when there is one and @replace is %FALSE
 */
gboolean
mh_local_place (const char *from, const char *to, gboolean replace) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
