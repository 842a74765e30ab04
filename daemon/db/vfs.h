/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_db_vfs:
 *
 * SQLite tries a sync that failed again at its next checkpoint. By then the kernel counts the lost
 * pages as written and reports success, and the database is filled with what is not in the log.
 * This VFS, on top of the default one, lets every read and write of a database fail once a sync of
 * it has, until all its connections are closed. What the log really has is good for a new start.
 *
 * Thread: any.
 * Returns: (transfer none): the name of the VFS that connections are to use
 */
const char *mh_db_vfs (void);

G_END_DECLS
