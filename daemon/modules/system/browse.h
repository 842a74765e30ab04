/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *name;
  char *path;
  gboolean writable;
} MhHostEntry;

/* The folders within a folder of this machine. */
typedef struct
{
  char *path;
  char *parent;    /* (nullable) */
  GPtrArray *dirs; /* (element-type MhHostEntry) by name; hidden ones are left out */
} MhHostFolder;

/**
 * mh_host_folder_read:
 * @path: (nullable): an absolute path, %NULL for the home of the user
 * @error: return location
 *
 * Thread: a worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_FORBIDDEN
 * Returns: (transfer full): the folder
 */
MhHostFolder *mh_host_folder_read (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_host_folder_free (MhHostFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhHostFolder, mh_host_folder_free)

G_END_DECLS
