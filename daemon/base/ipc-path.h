/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_ipc_default_home:
 *
 * Thread: any.
 * Returns: (transfer full): the folder that holds everything when none is named: `$MESHHOLD_HOME`,
 * else
 *   `.meshhold` in the user's home; absolute
 */
char *mh_ipc_default_home (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_ipc_default_path:
 * @home: (nullable): the folder given with `--home`, or %NULL for the user's own daemon
 *
 * Where the daemon listens for its tray and its command line: `ipc.sock` in @home when one is named
 * (`$MESHHOLD_HOME` names one too), else in the runtime directory of the session, else in the
 * default home. A name too long for a socket address is replaced by a short one made from its hash.
 *
 * Thread: any. Touches no disk.
 * Returns: (transfer full): an absolute path of at most 100 bytes
 */
char *mh_ipc_default_path (const char *home) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
