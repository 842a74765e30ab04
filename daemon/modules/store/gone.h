/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "writer.h"

G_BEGIN_DECLS

/* Rows of versions that were removed. For commits, but for mh_gone_find(). */

/* Notes one, once. Returns: %FALSE with @error set */
gboolean mh_gone_add (MhDb *db, gint64 vault, const guint8 *hash, gboolean is_purged,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Looks one up; @is_purged: (out) (nullable). Returns: %FALSE with @error set */
gboolean mh_gone_find (MhDb *db, const guint8 *hash, gboolean *found, gboolean *is_purged,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets those of a vault; @left tells whether there were any. Returns: %FALSE with @error set */
gboolean
mh_gone_forget (MhDb *db, gint64 vault, gboolean *left, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
