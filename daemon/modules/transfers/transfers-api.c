/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transfers-contract.h"

#include <string.h>

#include "base/error.h"
#include "modules/audit/audit.h"
#include "modules/folders/folders.h"
#include "modules/vaults/vaults.h"
#include "transfers-service.h"

/* Begins a transfer of which @task has all but the vault. */
static gboolean
add (MhRequest *request, MhTransferTask *task, MhJson *out, GError **error)
{
  g_autoptr (MhTransfer) transfer = NULL;

  task->vault_id = (char *) mh_request_param (request, "vault_id"); /* only read */
  if (!mh_vaults_require (mh_request_service (request, "vaults"), task->vault_id, error))
    return FALSE;

  transfer = mh_transfers_add (mh_request_service (request, "transfers"), task, error);
  if (transfer == NULL)
    return FALSE;

  mh_audit_record (mh_request_service (request, "audit"), request,
                   task->is_import ? "vault.import" : "vault.export", task->vault_id,
                   task->host_path);
  mh_transfers_to_json (out, transfer);

  return TRUE;
}

gboolean
transfers_import (MhRequest *request, const MhImportNew *body, MhJson *out, GError **error)
{
  MhTransferTask task = { TRUE, strcmp (body->existing, "replace") == 0 };

  task.host_path = body->host_path;
  task.vault_path = body->vault_path;

  return add (request, &task, out, error);
}

gboolean
transfers_export (MhRequest *request, const MhExportNew *body, MhJson *out, GError **error)
{
  MhTransferTask task = { FALSE, strcmp (body->existing, "replace") == 0 };

  task.host_path = body->host_path;
  task.vault_path = body->vault_path;

  return add (request, &task, out, error);
}

static void
folder_scan_to_json (MhJson *out, const MhFoldersScan *scan)
{
  mh_json_begin_object (out, NULL);
  mh_json_bool (out, "active", scan->active);
  mh_json_int (out, "walked", scan->walked);
  mh_json_int (out, "ingested", scan->ingested);
  mh_json_int (out, "errors", scan->errors);
  if (scan->started_ms > 0)
    mh_json_int (out, "started_ms", scan->started_ms);
  else
    mh_json_null (out, "started_ms");
  mh_json_string (out, "current", scan->current);
  mh_json_end_object (out);
}

gboolean
transfers_scan_status (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *vault_id = mh_request_param (request, "vault_id");
  g_auto (MhFoldersScan) scan = { 0 };
  g_autoptr (MhVault) vault = NULL;
  g_autoptr (MhTransfer) transfer = NULL;

  vault = mh_vaults_get (mh_request_service (request, "vaults"), vault_id, error);
  if (vault == NULL)
    return FALSE;

  transfer = mh_transfers_last_import (mh_request_service (request, "transfers"), vault_id);
  if ((transfer == NULL || !mh_transfer_is_under_way (transfer))
      && mh_folders_scan (mh_request_service (request, "folders"), vault_id, &scan))
    folder_scan_to_json (out, &scan);
  else
    mh_transfers_scan_to_json (out, transfer);

  return TRUE;
}

gboolean
transfers_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  g_autoptr (GPtrArray) list = mh_transfers_list (mh_request_service (request, "transfers"));

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "transfers");
  for (guint i = 0; i < list->len; i++)
    mh_transfers_to_json (out, g_ptr_array_index (list, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
transfers_get (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  g_autoptr (MhTransfer) transfer = NULL;

  transfer = mh_transfers_get (mh_request_service (request, "transfers"),
                               mh_request_param (request, "transfer_id"), error);
  if (transfer == NULL)
    return FALSE;

  mh_transfers_to_json (out, transfer);

  return TRUE;
}

gboolean
transfers_delete (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return mh_transfers_remove (mh_request_service (request, "transfers"),
                              mh_request_param (request, "transfer_id"), error);
}

gboolean
transfers_resume (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhTransfers *transfers = mh_request_service (request, "transfers");
  const char *id = mh_request_param (request, "transfer_id");
  g_autoptr (MhTransfer) old = mh_transfers_get (transfers, id, error);
  g_autoptr (MhTransfer) transfer = NULL;

  if (old == NULL
      || !mh_vaults_require (mh_request_service (request, "vaults"), old->task.vault_id, error))
    return FALSE;

  /* A new one in its place: what is done already is found to be there. */
  transfer = mh_transfers_add (transfers, &old->task, error);
  if (transfer == NULL || !mh_transfers_remove (transfers, id, error))
    return FALSE;

  mh_transfers_to_json (out, transfer);

  return TRUE;
}

static const char *const requires[] = { "audit", "folders", "store", "vaults", NULL };

extern const MhMigration mh_transfers_migrations[];

const MhModule mh_transfers_module = {
  .name = "transfers",
  .requires = requires,
  .migrations = mh_transfers_migrations,
  .start = mh_transfers_start,
  .stop = mh_transfers_stop,
};
