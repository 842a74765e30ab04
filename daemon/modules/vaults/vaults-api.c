/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-contract.h"

#include <string.h>

#include "base/error.h"
#include "modules/audit/audit.h"
#include "vaults-json.h"
#include "vaults-service.h"

/* What a vault may be used for, as bits from the lowest on. */
static const char *const role_names[] = { "store", "scan", "pin", "read_only" };

static void
roles_to_json (MhJson *out, MhVaultRoles roles)
{
  mh_json_begin_array (out, "roles");
  for (guint i = 0; i < G_N_ELEMENTS (role_names); i++)
    {
      if ((roles & (1u << i)) != 0)
        mh_json_string (out, NULL, role_names[i]);
    }
  mh_json_end_array (out);
}

/* Returns: %FALSE with @error set when a name is unknown; @roles is -1 without a list */
static gboolean
parse_roles (char **names, gint64 *roles, GError **error)
{
  *roles = names == NULL ? -1 : 0;
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      guint bit = 0;

      while (bit < G_N_ELEMENTS (role_names) && strcmp (role_names[bit], names[i]) != 0)
        bit++;
      if (bit == G_N_ELEMENTS (role_names))
        {
          g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                       "roles: %s is not one of store, scan, pin, read_only", names[i]);
          return FALSE;
        }
      *roles |= 1 << bit;
    }

  return TRUE;
}

static void
vault_to_json (MhJson *out, const char *name, const MhVault *vault, gboolean is_trusted)
{
  const char *missing = vault->is_protected ? "locked" : "none";

  mh_json_begin_object (out, name);
  mh_json_string (out, "id", vault->id);
  mh_json_string (out, "name", vault->name);
  mh_json_bool (out, "trusted", is_trusted);
  mh_json_bool (out, "locked", is_trusted && !vault->has_key);
  mh_json_string (out, "key_state", vault->has_key ? "held" : missing);
  mh_json_int (out, "replication_factor", vault->copies);
  mh_json_int (out, "hard_quota", vault->hard_quota);
  mh_json_int (out, "history_keep_versions", vault->keep_versions);
  mh_json_int (out, "history_keep_days", vault->keep_days);
  mh_json_bool (out, "protected", vault->is_protected);
  roles_to_json (out, vault->roles);
  mh_json_string (out, "s3_alias", vault->s3_alias);
  mh_json_int (out, "files", vault->files);
  mh_json_int (out, "bytes", vault->bytes);
  mh_json_int (out, "stored_bytes", vault->stored_bytes);
  mh_json_int (out, "peers", vault->peers);
  mh_json_int (out, "created_ms", vault->created_ms);
  mh_json_end_object (out);
}

void
mh_vault_to_json (MhJson *out, const char *name, const MhVault *vault)
{
  vault_to_json (out, name, vault, TRUE);
}

static gboolean
is_among (GPtrArray *vaults, const char *id)
{
  for (guint i = 0; i < vaults->len; i++)
    if (g_str_equal (((const MhVault *) g_ptr_array_index (vaults, i))->id, id))
      return TRUE;

  return FALSE;
}

/* Those whose keys others have: what is known of them is that they are there. */
static void
seen_to_json (MhJson *out, MhVaults *vaults, GPtrArray *ours)
{
  g_autoptr (GArray) seen = mh_vaults_seen (vaults);

  for (guint i = 0; i < seen->len; i++)
    {
      MhVaultSeen *one = &g_array_index (seen, MhVaultSeen, i);
      char nothing[] = "";
      MhVault vault = { .id = one->id, .name = nothing, .bytes = one->bytes, .peers = one->peers };

      if (!is_among (ours, one->id))
        vault_to_json (out, NULL, &vault, FALSE);
    }
}

void
mh_vault_tell (MhRequest *request, const char *op, const char *id, const char *name)
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
  MhVaults *service = mh_request_service (request, "vaults");
  g_autoptr (GPtrArray) vaults = mh_vaults_list (service, error);

  if (vaults == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "vaults");
  for (guint i = 0; i < vaults->len; i++)
    mh_vault_to_json (out, NULL, g_ptr_array_index (vaults, i));
  seen_to_json (out, service, vaults);
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
vaults_create (MhRequest *request, const MhVaultNew *body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  g_autoptr (MhVault) vault =
      mh_vaults_create (vaults, body->name, body->replication_factor, body->password, error);

  if (vault == NULL)
    return FALSE;

  mh_vault_tell (request, "create", vault->id, vault->name);
  mh_vault_to_json (out, NULL, vault);

  return TRUE;
}

gboolean
vaults_get (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  g_autoptr (MhVault) vault = mh_vaults_get (vaults, mh_request_param (request, "vault_id"), error);

  if (vault == NULL)
    return FALSE;

  mh_vault_to_json (out, NULL, vault);

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
  g_autoptr (MhVault) vault = NULL;

  if (!parse_roles (body->roles, &update.roles, error))
    return FALSE;

  vault = mh_vaults_update (vaults, id, &update, error);
  if (vault == NULL)
    return FALSE;

  mh_vault_tell (request, body->name != NULL ? "rename" : "change", vault->id, vault->name);
  mh_vault_to_json (out, NULL, vault);

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

  mh_vault_tell (request, "delete", id, vault->name);

  return TRUE;
}

static const char *const requires[] = { "audit", "auth", "store", NULL };

extern const MhMigration mh_vaults_migrations[];

const MhModule mh_vaults_module = {
  .name = "vaults",
  .requires = requires,
  .migrations = mh_vaults_migrations,
  .start = mh_vaults_start,
  .stop = mh_vaults_stop,
};
