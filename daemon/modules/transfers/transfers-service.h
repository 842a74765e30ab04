/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transfer.h"
#include "transfers.h"

G_BEGIN_DECLS

/* Every import and export of this machine. */
typedef struct _MhTransfers MhTransfers;

/* Starts the service; what the last run of the daemon left unfinished goes on. See MhModule. */
gpointer mh_transfers_start (MhCore *core, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stops everything that is under way; the next start goes on with it. See MhModule. */
void mh_transfers_stop (gpointer service);

/**
 * mh_transfers_add:
 * @self: the service
 * @task: what to do; copied
 * @error: return location
 *
 * Begins a transfer as soon as there is room for one more.
 *
 * Thread: a worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND for its paths; %MH_ERROR_CONFLICT when the same is
 *   under way; %MH_ERROR_FORBIDDEN for a folder of the daemon itself; %MH_ERROR_UNAVAILABLE
 * Returns: (transfer full): the transfer, or %NULL with @error set
 */
MhTransfer *mh_transfers_add (MhTransfers *self, const MhTransferTask *task,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhTransfer): under way first, then the newest */
GPtrArray *mh_transfers_list (MhTransfers *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): one transfer, or %NULL with %MH_ERROR_NOT_FOUND */
MhTransfer *
mh_transfers_get (MhTransfers *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_transfers_remove:
 * @self: the service
 * @id: a transfer
 * @error: return location
 *
 * Stops a transfer that is under way, forgets one that has ended.
 *
 * Thread: a worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean
mh_transfers_remove (MhTransfers *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): the newest import into a vault. Thread: any. */
MhTransfer *
mh_transfers_last_import (MhTransfers *self, const char *vault_id) G_GNUC_WARN_UNUSED_RESULT;

/* Writes how far an import is, which may be %NULL, as the progress of a scan. Thread: any. */
void mh_transfers_scan_to_json (MhJson *out, MhTransfer *transfer);

/* Writes all that is known of a transfer as an object. Thread: any. */
void mh_transfers_to_json (MhJson *out, MhTransfer *transfer);

G_END_DECLS
