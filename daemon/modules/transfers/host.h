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

/* Makes a new file, mode 0666 less the umask. Returns: a descriptor, or -1 with errno set */
int mh_host_create (const char *path);

/* Writes all of @size bytes. Returns: %FALSE with errno set. Thread: any. */
gboolean mh_host_write (int fd, const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/* Sets the time of change of an open file. Returns: %FALSE with errno set. Thread: any. */
gboolean mh_host_set_time (int fd, gint64 mtime_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Closes @fd. Returns: %FALSE with errno set, when what was written may be lost. Thread: any. */
gboolean mh_host_close (int fd);

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
