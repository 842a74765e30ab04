/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Hears from the system what changes in a folder. */
typedef struct _MhWatch MhWatch;

/**
 * MhWatchFunc:
 * @path: (nullable): what has changed, below the folder: a file, or a folder with all that is in
 *   it; "" for the folder itself, %NULL when something was missed
 * @data: as given to mh_watch_new()
 *
 * Called on the loop.
 */
typedef void (*MhWatchFunc) (const char *path, gpointer data);

/**
 * mh_watch_new:
 * @root: absolute path of the folder
 * @func: is told what changes
 * @data: its argument
 * @error: return location
 *
 * Thread: the loop.
 * Errors: %MH_ERROR_NO_SPACE when the system has no more of these, %MH_ERROR_FAILED
 * Returns: (transfer full): nothing is watched yet; %NULL with @error set
 */
MhWatch *mh_watch_new (const char *root, MhWatchFunc func, gpointer data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends it. Thread: the loop. */
void mh_watch_free (MhWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhWatch, mh_watch_free)

/**
 * mh_watch_add:
 * @self: the watch
 * @folder: a folder below the root, "" for the root
 * @error: return location
 *
 * From now on what happens directly in @folder is told. To be called before it is read, so that
 * nothing falls between; it does no harm to call it again, or for one that was renamed.
 *
 * Thread: any.
 * Errors: %MH_ERROR_NO_SPACE when there are too many, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set; a folder that is gone is no error
 */
gboolean mh_watch_add (MhWatch *self, const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
