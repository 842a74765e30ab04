/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-contract.h"

#include <string.h>

#include "base/error.h"
#include "modules/audit/audit.h"
#include "modules/auth/auth.h"
#include "vaults-diary.h"
#include "vaults-json.h"
#include "vaults-share.h"

#define PASSWORD_MIN 8
#define WRONG_DELAY_MS 100

static void
health_to_json (MhJson *out, MhVaults *vaults, const MhVault *vault, const MhBlockHealth *health)
{
  MhVaultCopies copies = { 0 };
  gint64 held = health->blocks - health->damaged;

  if (!mh_vaults_copies (vaults, vault->id, &copies)) /* as far as is known, nobody else has any */
    {
      copies.ok = vault->copies == 1 ? held : 0;
      copies.under = held - copies.ok;
      copies.lost = health->damaged;
    }

  mh_json_begin_object (out, "replica_health");
  mh_json_int (out, "blocks", health->blocks);
  mh_json_int (out, "bytes", health->bytes);
  mh_json_int (out, "ok", copies.ok);
  mh_json_int (out, "under", copies.under);
  mh_json_int (out, "over", copies.over);
  mh_json_int (out, "lost", copies.lost);
  mh_json_end_object (out);
}

static void
config_to_json (MhJson *out)
{
  MhBlockSizes sizes = mh_store_block_sizes ();

  mh_json_begin_object (out, "config");
  mh_json_int (out, "chunk_min_bytes", sizes.least);
  mh_json_int (out, "chunk_average_bytes", sizes.average);
  mh_json_int (out, "chunk_max_bytes", sizes.most);
  mh_json_string (out, "compression", "zstd");
  mh_json_string (out, "cipher", "AES-256-GCM");
  mh_json_string (out, "key_derivation", "HMAC-SHA-256");
  mh_json_end_object (out);
}

gboolean
vaults_info (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  const char *id = mh_request_param (request, "vault_id");
  g_autoptr (MhVault) vault = mh_vaults_get (vaults, id, error);
  MhBlockHealth health = { 0 };

  if (vault == NULL || !mh_store_block_health (mh_vaults_blocks (vaults), id, &health, error))
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_vault_to_json (out, "vault", vault);
  config_to_json (out);
  health_to_json (out, vaults, vault, &health);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
vaults_lock (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *id = mh_request_param (request, "vault_id");

  if (!mh_vaults_lock (mh_request_service (request, "vaults"), id, error))
    return FALSE;

  mh_vault_tell (request, "lock", id, NULL);

  return TRUE;
}

/* Refuses before any hashing when the address has failed too often. */
static gboolean
check_budget (MhRequest *request, GError **error)
{
  MhLimiter *limiter = mh_auth_limiter (mh_request_service (request, "auth"));
  gint64 wait_ms = mh_limiter_wait_ms (limiter, mh_request_address (request));
  g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, (wait_ms + 999) / 1000);

  if (wait_ms == 0)
    return TRUE;

  mh_request_set_header (request, "Retry-After", seconds);
  g_set_error (error, MH_ERROR, MH_ERROR_RATE_LIMITED, "too many wrong passwords; wait %s s",
               seconds);

  return FALSE;
}

/* Counts a wrong password against the address. */
static void
count_failure (MhRequest *request)
{
  (void) mh_limiter_fail (mh_auth_limiter (mh_request_service (request, "auth")),
                          mh_request_address (request));
  mh_request_set_delay (request, WRONG_DELAY_MS);
}

static void
unlocked_to_json (MhRequest *request, MhJson *out, GPtrArray *ids)
{
  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "unlocked");
  for (guint i = 0; i < ids->len; i++)
    {
      mh_json_string (out, NULL, g_ptr_array_index (ids, i));
      mh_vault_tell (request, "unlock", g_ptr_array_index (ids, i), NULL);
    }
  mh_json_end_array (out);
  mh_json_end_object (out);
}

gboolean
vaults_unlock (MhRequest *request, const MhVaultPassword *body, MhJson *out, GError **error)
{
  g_autoptr (MhVaultsUnlocked) unlocked = NULL;

  if (!check_budget (request, error))
    return FALSE;

  unlocked = mh_vaults_unlock (mh_request_service (request, "vaults"), body->password, error);
  if (unlocked == NULL)
    return FALSE;

  if (unlocked->ids->len == 0 && unlocked->tried > 0)
    {
      count_failure (request);
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                           "password: it opens none of the locked vaults");
      return FALSE;
    }

  unlocked_to_json (request, out, unlocked->ids);

  return TRUE;
}

gboolean
vaults_set_password (MhRequest *request, const MhVaultPasswordChange *body, MhJson *out,
                     GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  const char *id = mh_request_param (request, "vault_id");
  const char *password = body->password[0] == '\0' ? NULL : body->password;
  g_autoptr (MhVault) vault = mh_vaults_get (vaults, id, error);
  GError *local = NULL;

  if (vault == NULL)
    return FALSE;

  if (password != NULL && g_utf8_strlen (password, -1) < PASSWORD_MIN)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "password must have at least %d characters",
                   PASSWORD_MIN);
      return FALSE;
    }

  if (!check_budget (request, error))
    return FALSE;

  if (!mh_vaults_set_password (vaults, id, body->current, password, &local))
    {
      if (g_error_matches (local, MH_ERROR, MH_ERROR_FORBIDDEN))
        count_failure (request);
      g_propagate_prefixed_error (error, local, "current: ");
      return FALSE;
    }

  mh_vault_free (vault);
  vault = mh_vaults_get (vaults, id, error);
  if (vault == NULL)
    return FALSE;

  mh_vault_tell (request, "password", id, vault->name);
  mh_vault_to_json (out, NULL, vault);

  return TRUE;
}

gboolean
vaults_set_s3_alias (MhRequest *request, const MhVaultAlias *body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  const char *id = mh_request_param (request, "vault_id");
  g_autoptr (MhVault) vault = mh_vaults_get (vaults, id, error);

  if (vault == NULL
      || !mh_vaults_set_alias (vaults, id, body->alias[0] == '\0' ? NULL : body->alias, error))
    return FALSE;

  mh_vault_free (vault);
  vault = mh_vaults_get (vaults, id, error);
  if (vault == NULL)
    return FALSE;

  mh_vault_tell (request, "change", id, vault->name);
  mh_vault_to_json (out, NULL, vault);

  return TRUE;
}

static void
consumers_to_json (MhJson *out, const char *name, GPtrArray *entries)
{
  mh_json_begin_array (out, name);
  for (guint i = 0; i < entries->len; i++)
    {
      const MhFileFolder *entry = g_ptr_array_index (entries, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "path", entry->path);
      mh_json_int (out, "files", entry->files);
      mh_json_int (out, "bytes", entry->bytes);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
}

static void
types_to_json (MhJson *out, GPtrArray *types)
{
  mh_json_begin_array (out, "types");
  for (guint i = 0; i < types->len; i++)
    {
      const MhUsageType *type = g_ptr_array_index (types, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "ext", type->ext);
      mh_json_int (out, "count", type->count);
      mh_json_int (out, "bytes", type->bytes);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
}

static void
days_to_json (MhJson *out, GArray *days)
{
  mh_json_begin_array (out, "history");
  for (guint i = 0; i < days->len; i++)
    {
      const MhVaultDay *day = &g_array_index (days, MhVaultDay, i);

      mh_json_begin_object (out, NULL);
      mh_json_int (out, "ts_ms", day->ts_ms);
      mh_json_int (out, "bytes", day->bytes);
      mh_json_int (out, "stored_bytes", day->stored_bytes);
      mh_json_int (out, "files", day->files);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
}

gboolean
vaults_analytics (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhVaults *vaults = mh_request_service (request, "vaults");
  const MhVaultsAnalyticsQuery *query = mh_request_query (request);
  const char *id = mh_request_param (request, "vault_id");
  g_autoptr (MhVault) vault = NULL;
  g_autoptr (MhVaultUsage) usage = NULL;
  g_autoptr (GArray) days = NULL;

  if (!mh_vaults_require (vaults, id, error))
    return FALSE;

  vault = mh_vaults_get (vaults, id, error);
  if (vault != NULL)
    usage = mh_store_usage (mh_vaults_blocks (vaults), id, (guint) query->limit, error);
  if (usage != NULL)
    days = mh_vaults_diary_read (vaults, vault, error);
  if (days == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  types_to_json (out, usage->types);
  consumers_to_json (out, "consumers", usage->files);
  consumers_to_json (out, "folders", usage->folders);
  days_to_json (out, days);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
vaults_join (MhRequest *request, const MhVaultJoin *body, MhJson *out, GError **error)
{
  g_autoptr (MhVault) vault =
      mh_vaults_join (mh_request_service (request, "vaults"), body->url, body->name, error);

  if (vault == NULL)
    return FALSE;

  mh_vault_tell (request, "join", vault->id, vault->name);
  mh_vault_to_json (out, NULL, vault);

  return TRUE;
}

gboolean
vaults_share_url (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *id = mh_request_param (request, "vault_id");
  g_autofree char *url = mh_vaults_share (mh_request_service (request, "vaults"), id, error);

  if (url == NULL)
    return FALSE;

  mh_audit_record (mh_request_service (request, "audit"), request, "vault.share", id, NULL);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "url", url);
  mh_json_end_object (out);

  return TRUE;
}
