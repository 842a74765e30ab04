/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalog.h"

G_BEGIN_DECLS

/*
 * Two machines may make a file of the same name before they know of each other's. Both stay: the
 * one with the lower file id, which is the older one, has the name, and the others are shown under
 * `name (conflict ID).ext`. What a version says is its path does not change by that, so that all
 * machines show the same, in whatever order they learn of it. Whoever moves or changes such a file
 * gives it the name that is shown. When another file has that name for its own, the whole id is in
 * it; of a name that would be too long by that, the end is left out. A file that has the name of a
 * folder with files is shown so, too.
 */

/**
 * mh_catalog_settle_path:
 * @db: the index
 * @vault: a vault
 * @path: the path that versions of files claim
 * @error: return location
 *
 * Gives each live file whose current version claims @path the path under which it is shown. To be
 * called when a file came to it or left it.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_catalog_settle_path (MhDb *db, const MhVaultRow *vault, const char *path,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for the folders above @path, to which a file came, or that it left, if that may have
 * made them folders with files, or without. */
gboolean mh_catalog_settle_above (MhDb *db, const MhVaultRow *vault, const char *path,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds out whether @file_id shares @path with other files, or a folder with files; @path is what
 * its version claims. */
gboolean mh_catalog_is_shared (MhDb *db, const MhVaultRow *vault, const char *path,
                               const guint8 *file_id, gboolean *shared,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
