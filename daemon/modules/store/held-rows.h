/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "writer.h"

G_BEGIN_DECLS

/* Rows of blocks that are kept for vaults whose keys are not here. For commits. */

/* Adds a block; @added tells whether it was unknown. Returns: %FALSE with @error set */
gboolean mh_held_rows_add (MhDb *db, gint64 vault, const guint8 *id, gboolean *added,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Releases some of what is kept for a vault; @left tells whether there was any. Returns: %FALSE
 * with
 * @error set */
gboolean mh_held_release_some (MhWriter *writer, gint64 vault, gboolean *left,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
