/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/db.h"
#include "transfer.h"

G_BEGIN_DECLS

/* Errors of all are those of mh_stmt_step(). Thread: any worker. */

/* Returns: (transfer full) (element-type MhTransfer): every transfer, oldest first, or %NULL */
GPtrArray *mh_transfers_store_list (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a transfer as it is now; it is not shared, or its lock is held. */
gboolean mh_transfers_store_put (MhDb *db, const MhTransfer *transfer,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a transfer if it is there. */
gboolean
mh_transfers_store_remove (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
