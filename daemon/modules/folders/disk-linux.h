/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/stat.h>

#include "disk.h"

G_BEGIN_DECLS

/* What reading and writing a folder share. */

struct _MhDisk
{
  char *root; /* (owned) */
  int fd;
  guint64 device;
  guint64 mount; /* id, 0 where the system tells none */
  guint64 inode;
};

/* Says why something could not be done with @path. */
void mh_disk_set_error (GError **error, int errnum, const char *path);

/* Says that @path is not as it was expected. */
void mh_disk_set_changed (GError **error, const char *path);

/* Returns: (transfer none): the last part of @path */
const char *mh_disk_name_of (const char *path);

/* Sets all of @state to what the system says of a file. */
void mh_disk_fill_state (MhHostState *state, const struct stat *status);

/* Returns: whether nothing that is looked at differs; two that do not exist are the same */
gboolean mh_disk_is_same (const MhHostState *one, const MhHostState *other);

/* Opens the folder that @path is in; no link on the way is followed. @make: it is made if it is
 * missing. Returns: a descriptor, to be closed, or -1 with errno set */
int mh_disk_open_above (MhDisk *self, const char *path, gboolean make) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): what is in @folder under @name, or %NULL with errno set */
MhDiskEntry *mh_disk_look_at (int folder, const char *name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
