/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-service.h"

#include <string.h>

#include "base/error.h"
#include "vaults-key.h"

#define ALIAS_MIN 3
#define ALIAS_MAX 63

void
mh_vaults_unlocked_free (MhVaultsUnlocked *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->ids);
  g_free (self);
}

/* Turns a set @error of the database into the public domain. */
static void
lift (GError **error)
{
  if (error != NULL && *error != NULL && (*error)->domain == MH_DB_ERROR)
    mh_error_move (error,
                   (*error)->code == MH_DB_ERROR_BUSY ? MH_ERROR_UNAVAILABLE : MH_ERROR_FAILED);
}

static MhVaultRecord *
get_record (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mh_vaults_core (self)), error);
  MhVaultRecord *record =
      lease == NULL ? NULL : mh_vaults_store_record (mh_db_lease_db (lease), id, error);

  lift (error);

  return record;
}

static GPtrArray *
list_records (MhVaults *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mh_vaults_core (self)), error);
  GPtrArray *records =
      lease == NULL ? NULL : mh_vaults_store_records (mh_db_lease_db (lease), error);

  lift (error);

  return records;
}

gboolean
mh_vaults_lock (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhVaultRecord) record = get_record (self, id, error);

  if (record == NULL)
    return FALSE;

  if (!record->vault.is_protected)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                   "vault %s has no password: nothing could unlock it", record->vault.name);
      return FALSE;
    }

  mh_vaults_close_vault (self, id);

  return TRUE;
}

/* Tries a password. Returns: %FALSE with @error set when it cannot be tried; @opened tells more */
static gboolean
try_one (MhVaults *self, const MhVaultRecord *record, const char *password, gboolean *opened,
         GError **error)
{
  g_autoptr (MhSecret) key = NULL;
  GError *local = NULL;

  *opened = FALSE;
  key = mh_vault_key_open (record, mh_core_master_key (mh_vaults_core (self)), password, &local);
  if (key != NULL && mh_vaults_open_vault (self, record, key, &local))
    {
      *opened = TRUE;
      return TRUE;
    }

  if (key == NULL && g_error_matches (local, MH_ERROR, MH_ERROR_FORBIDDEN))
    {
      g_error_free (local);
      return TRUE;
    }

  g_propagate_prefixed_error (error, local, "unlocking vault %s: ", record->vault.name);

  return FALSE;
}

MhVaultsUnlocked *
mh_vaults_unlock (MhVaults *self, const char *password, GError **error)
{
  g_autoptr (MhVaultsUnlocked) unlocked = g_new0 (MhVaultsUnlocked, 1);
  g_autoptr (GPtrArray) records = list_records (self, error);

  unlocked->ids = g_ptr_array_new_with_free_func (g_free);
  if (records == NULL)
    return NULL;

  for (guint i = 0; i < records->len; i++)
    {
      const MhVaultRecord *record = g_ptr_array_index (records, i);
      gboolean opened;

      if (!record->vault.is_protected || mh_vaults_is_open (self, record->vault.id))
        continue;
      unlocked->tried++;
      if (!try_one (self, record, password, &opened, error))
        return NULL;
      if (opened)
        g_ptr_array_add (unlocked->ids, g_strdup (record->vault.id));
    }

  return g_steal_pointer (&unlocked);
}

static gboolean
write_key (MhVaults *self, const MhVaultRecord *record, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mh_vaults_core (self)), error);
  gboolean done = lease != NULL && mh_vaults_store_set_key (mh_db_lease_db (lease), record, error);

  lift (error);

  return done;
}

gboolean
mh_vaults_set_password (MhVaults *self, const char *id, const char *current, const char *password,
                        GError **error)
{
  const MhSecret *master = mh_core_master_key (mh_vaults_core (self));
  g_autoptr (MhVaultRecord) record = get_record (self, id, error);
  g_autoptr (MhSecret) key = NULL;

  if (record == NULL)
    return FALSE;

  key = mh_vault_key_open (record, master, current, error);
  if (key == NULL || !mh_vault_key_seal (record, master, key, password, error)
      || !write_key (self, record, error))
    return FALSE;

  /* Who knows the password may use the vault; without one it is open to the owner anyway. */
  return mh_vaults_is_open (self, id) || mh_vaults_open_vault (self, record, key, error);
}

/* The rules for names of buckets that every S3 client follows. */
static gboolean
check_alias (const char *alias, GError **error)
{
  gsize length = strlen (alias);

  if (length >= ALIAS_MIN && length <= ALIAS_MAX && g_ascii_isalnum (alias[0])
      && g_ascii_isalnum (alias[length - 1])
      && strspn (alias, G_CSET_a_2_z G_CSET_DIGITS ".-") == length && strstr (alias, "..") == NULL)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
               "alias must be 3 to 63 small letters, digits, dots and hyphens, with a letter or "
               "digit at both ends");

  return FALSE;
}

gboolean
mh_vaults_set_alias (MhVaults *self, const char *id, const char *alias, GError **error)
{
  g_autoptr (MhDbLease) lease = NULL;
  GError *local = NULL;

  if (alias != NULL && !check_alias (alias, error))
    return FALSE;

  lease = mh_db_pool_take (mh_core_db (mh_vaults_core (self)), &local);
  if (lease != NULL && mh_vaults_store_set_alias (mh_db_lease_db (lease), id, alias, &local))
    return TRUE;

  if (g_error_matches (local, MH_DB_ERROR, MH_DB_ERROR_CONSTRAINT))
    {
      g_error_free (local);
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "another vault has the alias %s", alias);
      return FALSE;
    }

  lift (&local);
  g_propagate_error (error, local);

  return FALSE;
}
