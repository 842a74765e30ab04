/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * mh_owner_tag:
 *
 * Thread: any.
 * Returns: (transfer full): a short text that differs between the users of a machine and is safe in
 * a file name
 */
char *mh_owner_tag (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_owner_make_dir:
 * @path: an absolute folder name
 * @error: return location
 *
 * Creates @path and its missing parents for the owner alone (mode 0700). A folder that is there
 * must belong to us, must not be a symbolic link, and nobody else may write in it: who can replace
 * a socket can pretend to be the daemon.
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_FORBIDDEN for a folder that others control; %MH_ERROR_FAILED.
 */
gboolean mh_owner_make_dir (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_owner_lock_file:
 * @path: a file that is created (mode 0600) when missing and never removed
 * @error: return location
 *
 * Takes an exclusive lock that ends with the process, however it ends.
 *
 * Thread: any. Does not wait.
 * Errors: %MH_ERROR_CONFLICT while another process holds the lock; %MH_ERROR_FAILED.
 * Returns: a descriptor that holds the lock until it is closed, or -1
 */
int mh_owner_lock_file (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_owner_peer_is_us:
 * @socket: a connected local socket
 *
 * Thread: any.
 * Returns: whether the process at the other end runs as our user
 */
gboolean mh_owner_peer_is_us (GSocket *socket) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
