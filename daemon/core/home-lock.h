/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Keeps two daemons from one home. The system drops it when the process ends, however it ends. */
typedef struct _MhHomeLock MhHomeLock;

/**
 * mh_home_lock_take:
 * @path: the lock file, made when missing
 * @error: return location
 *
 * Errors: %MH_ERROR_CONFLICT when another process has it
 * Returns: (transfer full): the lock
 */
MhHomeLock *mh_home_lock_take (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_home_lock_release (MhHomeLock *self);

G_END_DECLS
