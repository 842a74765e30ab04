/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalog.h"
#include "store.h"

G_BEGIN_DECLS

/**
 * mh_query_file:
 * @db: a connection
 * @vault: a vault
 * @path: a file
 * @include_deleted: whether the one deleted last will do when there is no live one
 * @error: return location
 *
 * Errors: %MH_ERROR_NOT_FOUND, as mh_stmt_step()
 * Returns: (transfer full): the file, or %NULL with @error set
 */
MhFile *mh_query_file (MhDb *db, const MhVaultRow *vault, const char *path,
                       gboolean include_deleted, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the file of a row; %MH_ERROR_NOT_FOUND without it */
MhFile *mh_query_file_of_ref (MhDb *db, gint64 ref, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
