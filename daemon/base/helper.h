/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_helper_path:
 * @folder: of the helper in a build tree, below the one of this program
 * @name: of the helper
 *
 * Where a program is that this one starts: that of the same build, or the one that is installed. It
 * need not be there.
 *
 * Thread: any.
 * Returns: (transfer full): its path
 */
char *mh_helper_path (const char *folder, const char *name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
