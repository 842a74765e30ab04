/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-private.h"

G_BEGIN_DECLS

/**
 * mh_ingest_version:
 * @store: the store
 * @vault_id: a vault that was added
 * @record: a version of another machine
 * @error: return location
 *
 * Takes over a version that was made elsewhere. It may follow what is known here, or be one more
 * end of the file's history: then the file has a conflict. Its blocks need not be there.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_CORRUPT for a record that is malformed, not signed by its author, not of this
 *   vault or not sealed with its key; %MH_ERROR_NOT_FOUND, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set and nothing changed
 */
gboolean mh_ingest_version (MhStore *store, const char *vault_id, GBytes *record,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
