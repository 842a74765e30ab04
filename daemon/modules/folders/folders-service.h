/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "folders.h"
#include "mirror.h"

G_BEGIN_DECLS

/* Starts the service, and every mirror. See MhModule. */
gpointer mh_folders_start (MhCore *core, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends them. See MhModule. */
void mh_folders_stop (gpointer service);

/**
 * mh_folders_set:
 * @self: the service
 * @vault_id: a vault that is there
 * @path: a folder of this machine
 * @limits: what is too much
 * @error: return location
 *
 * Has the folder mirror the vault, or changes the limits of one that does.
 *
 * Thread: a worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID; %MH_ERROR_CONFLICT when the folder or the vault is mirrored already,
 *   or the folder lies in or around another one or what the daemon keeps; %MH_ERROR_NO_SPACE,
 *   %MH_ERROR_FAILED
 * Returns: (transfer full): the mirror, or %NULL with @error set
 */
MhMirror *mh_folders_set (MhFolders *self, const char *vault_id, const char *path,
                          const MhGuardLimits *limits, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhMirror): all of them. Thread: any. */
GPtrArray *mh_folders_list (MhFolders *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the mirror of a vault, or %NULL with %MH_ERROR_NOT_FOUND. Thread: any
 */
MhMirror *
mh_folders_get (MhFolders *self, const char *vault_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the mirror of a vault; the files stay on both sides. Thread: a worker. Waits for it.
 * Returns: %FALSE with @error set */
gboolean
mh_folders_remove (MhFolders *self, const char *vault_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
