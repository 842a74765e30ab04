/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  MH_HOST_FILE,
  MH_HOST_FOLDER,
  MH_HOST_OTHER, /* a link, device, socket or pipe */
} MhHostKind;

/* What the system says about a file of this machine. */
typedef struct
{
  MhHostKind kind;
  gint64 size;     /* bytes */
  gint64 mtime_ms; /* Unix milliseconds */
  guint64 device;
  guint64 inode; /* with @device: tells one file from another */
} MhHostInfo;

/* Looks at @path without following a link. Returns: %FALSE with errno set. Thread: any. */
gboolean mh_host_look (const char *path, MhHostInfo *info) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_host_open:
 * @path: a regular file
 * @info: (out): what it is now
 *
 * Opens for reading; never follows a link in the last place, never waits for a pipe.
 *
 * Thread: any.
 * Returns: a file descriptor, or -1 with errno set; ELOOP or EINVAL when it is no regular file
 */
int mh_host_open (const char *path, MhHostInfo *info);

/* Returns: bytes read, 0 at the end, -1 with errno set. Thread: any. */
gssize mh_host_read (int fd, guint8 *out, gsize size);

/* Looks at an open file. Returns: %FALSE with errno set. Thread: any. */
gboolean mh_host_look_again (int fd, MhHostInfo *info) G_GNUC_WARN_UNUSED_RESULT;

/* Closes @fd. Thread: any. */
void mh_host_close (int fd);

/**
 * MhHostOut:
 *
 * A file that is being written. Not for two threads at once.
 */
typedef struct _MhHostOut MhHostOut;

/**
 * mh_host_out_new:
 * @path: a name that is free
 * @size: bytes that the file will have
 *
 * Makes a file, mode 0666 less the umask. A large one is written past the page cache, where the
 * file system lets us, so that everything else that is cached stays there.
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): the file, or %NULL with errno set
 */
MhHostOut *mh_host_out_new (const char *path, gint64 size) G_GNUC_WARN_UNUSED_RESULT;

/* Adds @size bytes. Returns: %FALSE with errno set */
gboolean
mh_host_out_write (MhHostOut *self, const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_host_out_finish:
 * @self: a file
 * @mtime_ms: its time of change, Unix milliseconds
 *
 * Writes what is left and sets the time.
 *
 * Returns: %FALSE with errno set, when what was written may be lost
 */
gboolean mh_host_out_finish (MhHostOut *self, gint64 mtime_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Closes it, whole or not. */
void mh_host_out_free (MhHostOut *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhHostOut, mh_host_out_free)

/**
 * mh_host_place:
 * @from: a file
 * @to: its name
 * @replace: whether a file of that name may be replaced
 *
 * Thread: any.
 * Returns: %FALSE with errno set; EEXIST when there is one and @replace is %FALSE
 */
gboolean
mh_host_place (const char *from, const char *to, gboolean replace) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
