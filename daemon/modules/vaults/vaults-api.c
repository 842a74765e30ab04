/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-contract.h"

#include "modules/audit/audit.h"
#include "vaults-service.h"

static void
vault_to_json (MhJson *out, const MhVault *vault)
{
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "id", vault->id);
  mh_json_string (out, "name", vault->name);
  mh_json_bool (out, "trusted", TRUE);
  mh_json_bool (out, "locked", !vault->has_key);
  mh_json_string (out, "key_state", vault->has_key ? "held" : "none");
  mh_json_int (out, "replication_factor", vault->copies);
  mh_json_int (out, "hard_quota", vault->hard_quota);
  mh_json_int (out, "history_keep_versions", vault->keep_versions);
  mh_json_int (out, "history_keep_days", vault->keep_days);
  mh_json_int (out, "files", vault->files);
  mh_json_int (out, "bytes", vault->bytes);
  mh_json_int (out, "stored_bytes", vault->stored_bytes);
  mh_json_int (out, "peers", 0); /* no mesh yet, so nobody else holds it */
  mh_json_int (out, "created_ms", vault->created_ms);
  mh_json_end_object (out);
}

/* Tells the log and everybody who listens. */
static void
tell (MhRequest *request, const char *op, const char *id, const char *name)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  g_autofree char *type = g_strconcat ("vault.", op, NULL);
  MhJson *members = mh_json_new ();

  mh_audit_record (mh_request_service (request, "audit"), request, type, id, name);
  mh_json_string (members, "vault_id", id);
  mh_json_string (members, "op", op);
  mh_bus_publish (mh_core_bus (mh_vaults_core (vaults)), "vault_changed", members);
}

gboolean
vaults_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  g_autoptr (GPtrArray) vaults = mh_vaults_list (mh_request_service (request, "vaults"), error);

  if (vaults == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "vaults");
  for (guint i = 0; i < vaults->len; i++)
    vault_to_json (out, g_ptr_array_index (vaults, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
vaults_create (MhRequest *request, const MhVaultNew *body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  g_autoptr (MhVault) vault =
      mh_vaults_create (vaults, body->name, body->replication_factor, error);

  if (vault == NULL)
    return FALSE;

  tell (request, "create", vault->id, vault->name);
  vault_to_json (out, vault);

  return TRUE;
}

gboolean
vaults_get (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  g_autoptr (MhVault) vault = mh_vaults_get (vaults, mh_request_param (request, "vault_id"), error);

  if (vault == NULL)
    return FALSE;

  vault_to_json (out, vault);

  return TRUE;
}

gboolean
vaults_update (MhRequest *request, const MhVaultChange *body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  const char *id = mh_request_param (request, "vault_id");
  MhVaultUpdate update = {
    .name = body->name,
    .copies = body->has_replication_factor ? body->replication_factor : -1,
    .hard_quota = body->has_hard_quota ? body->hard_quota : -1,
    .keep_versions = body->has_history_keep_versions ? body->history_keep_versions : -1,
    .keep_days = body->has_history_keep_days ? body->history_keep_days : -1,
  };
  g_autoptr (MhVault) vault = mh_vaults_update (vaults, id, &update, error);

  if (vault == NULL)
    return FALSE;

  tell (request, body->name != NULL ? "rename" : "change", vault->id, vault->name);
  vault_to_json (out, vault);

  return TRUE;
}

gboolean
vaults_delete (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  const char *id = mh_request_param (request, "vault_id");
  g_autoptr (MhVault) vault = mh_vaults_get (vaults, id, error);

  if (vault == NULL || !mh_vaults_delete (vaults, id, error))
    return FALSE;

  tell (request, "delete", id, vault->name);

  return TRUE;
}

static const char *const requires[] = { "audit", "store", NULL };

extern const MhMigration mh_vaults_migrations[];

const MhModule mh_vaults_module = {
  .name = "vaults",
  .requires = requires,
  .migrations = mh_vaults_migrations,
  .start = mh_vaults_start,
  .stop = mh_vaults_stop,
};
