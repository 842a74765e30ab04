/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage-contract.h"

#include <string.h>

#include "modules/audit/audit.h"
#include "storage-service.h"

gboolean
storage_get (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return mh_storage_to_json (mh_request_service (request, "storage"), out, error);
}

gboolean
storage_scrub (MhRequest *request, const MhStorageScrub *body, MhJson *out, GError **error)
{
  MhStorage *storage = mh_request_service (request, "storage");

  mh_audit_record (mh_request_service (request, "audit"), request, "storage.scrub", body->action,
                   NULL);
  if (strcmp (body->action, "start") == 0)
    mh_storage_begin (storage);
  else
    mh_storage_end (storage);

  return mh_storage_to_json (storage, out, error);
}

gboolean
storage_backup (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  gint64 bytes = 0;
  g_autoptr (MhBackups) backups =
      mh_storage_make_backup (mh_request_service (request, "storage"), &bytes, error);

  if (backups == NULL)
    return FALSE;

  mh_audit_record (mh_request_service (request, "audit"), request, "storage.backup", backups->last,
                   NULL);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "path", backups->last);
  mh_json_int (out, "made_ms", backups->last_ms);
  mh_json_int (out, "bytes", bytes);
  mh_json_end_object (out);

  return TRUE;
}

static const char *const requires[] = { "audit", "store", NULL };

extern const MhMigration mh_storage_migrations[];

const MhModule mh_storage_module = {
  .name = "storage",
  .requires = requires,
  .migrations = mh_storage_migrations,
  .start = mh_storage_start,
  .stop = mh_storage_stop,
};
