/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-store.h"

#include "base/error.h"
#include "db/stmt.h"

#define COLUMNS                                                                                    \
  "id, name, copies, created_ms, sealed_key, hard_quota, keep_versions, keep_days, key_salt,"      \
  " roles, s3_alias, copies_set_ms"

#define DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

static const char sql_list[] = "SELECT " COLUMNS " FROM vaults ORDER BY name";

static const char sql_get[] = "SELECT " COLUMNS " FROM vaults WHERE id = ?1";

static const char sql_add[] =
    "INSERT INTO vaults (id, name, copies, created_ms, sealed_key, key_salt, copies_set_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

static const char sql_set_key[] = "UPDATE vaults SET sealed_key = ?2, key_salt = ?3 WHERE id = ?1";

static const char sql_set_alias[] = "UPDATE vaults SET s3_alias = ?2 WHERE id = ?1";

static const char sql_note_day[] =
    "INSERT OR REPLACE INTO vaults_history (vault_id, day, ts_ms, files, bytes, stored_bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static const char sql_days[] =
    "SELECT ts_ms, files, bytes, stored_bytes FROM (SELECT * FROM vaults_history"
    " WHERE vault_id = ?1 ORDER BY day DESC LIMIT ?2) ORDER BY day";

static const char sql_forget_days[] = "DELETE FROM vaults_history WHERE vault_id = ?1";

static const char sql_update[] =
    "UPDATE vaults SET name = coalesce (?2, name), copies = coalesce (nullif (?3, -1), copies),"
    " copies_set_ms = CASE WHEN ?3 = -1 THEN copies_set_ms WHEN copies_set_ms > ?8 + ?9 THEN ?8"
    " ELSE max (?8, copies_set_ms + 1) END,"
    " hard_quota = coalesce (nullif (?4, -1), hard_quota),"
    " keep_versions = coalesce (nullif (?5, -1), keep_versions),"
    " keep_days = coalesce (nullif (?6, -1), keep_days),"
    " roles = coalesce (nullif (?7, -1), roles) WHERE id = ?1";

static const char sql_agree[] =
    "UPDATE vaults SET copies = ?2, copies_set_ms = ?3 WHERE id = ?1 AND ?3 <= ?4 + ?5"
    " AND (copies_set_ms < ?3 OR copies_set_ms = ?3 AND copies < ?2 OR copies_set_ms > ?4 + ?5)";

static const char sql_remove[] = "DELETE FROM vaults WHERE id = ?1";

static const char sql_remember[] =
    "INSERT INTO vaults_deleted (id) VALUES (?1) ON CONFLICT DO NOTHING";

static const char sql_undelete[] = "DELETE FROM vaults_deleted WHERE id = ?1";

static const char sql_deleted[] = "SELECT id FROM vaults_deleted";

static void
clear (MhVault *vault)
{
  g_free (vault->id);
  g_free (vault->name);
  g_free (vault->s3_alias);
}

void
mh_vault_free (MhVault *self)
{
  if (self == NULL)
    return;

  clear (self);
  g_free (self);
}

void
mh_vault_record_free (MhVaultRecord *self)
{
  if (self == NULL)
    return;

  clear (&self->vault);
  g_clear_pointer (&self->sealed_key, g_bytes_unref);
  g_clear_pointer (&self->key_salt, g_bytes_unref);
  g_free (self);
}

static void
read_row (MhStmt *stmt, MhVault *vault)
{
  vault->id = mh_stmt_dup_text (stmt, 0);
  vault->name = mh_stmt_dup_text (stmt, 1);
  vault->copies = mh_stmt_int64 (stmt, 2);
  vault->created_ms = mh_stmt_int64 (stmt, 3);
  vault->hard_quota = mh_stmt_int64 (stmt, 5);
  vault->keep_versions = mh_stmt_int64 (stmt, 6);
  vault->keep_days = mh_stmt_int64 (stmt, 7);
  vault->is_protected = !mh_stmt_is_null (stmt, 8);
  vault->roles = (MhVaultRoles) mh_stmt_int64 (stmt, 9);
  vault->s3_alias = mh_stmt_dup_text (stmt, 10);
  vault->copies_set_ms = mh_stmt_int64 (stmt, 11);
}

static void
read_record (MhStmt *stmt, MhVaultRecord *record)
{
  read_row (stmt, &record->vault);
  record->sealed_key = mh_stmt_dup_bytes (stmt, 4);
  if (record->vault.is_protected)
    record->key_salt = mh_stmt_dup_bytes (stmt, 8);
}

GPtrArray *
mh_vaults_store_list (MhDb *db, GError **error)
{
  g_autoptr (GPtrArray) vaults = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_vault_free);
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_list, error);
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhVault *vault = g_new0 (MhVault, 1);

      read_row (stmt, vault);
      g_ptr_array_add (vaults, vault);
    }

  if (local == NULL)
    return g_steal_pointer (&vaults);

  g_propagate_error (error, local);

  return NULL;
}

GPtrArray *
mh_vaults_store_records (MhDb *db, GError **error)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_list, error);
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  records = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_vault_record_free);
  while (mh_stmt_step (stmt, &local))
    {
      MhVaultRecord *record = g_new0 (MhVaultRecord, 1);

      read_record (stmt, record);
      g_ptr_array_add (records, record);
    }

  if (local == NULL)
    return g_steal_pointer (&records);

  g_propagate_error (error, local);

  return NULL;
}

MhVault *
mh_vaults_store_get (MhDb *db, const char *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get, error);
  MhVault *vault;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_text (stmt, 1, id);
  if (!mh_stmt_one (stmt, "vault", id, error))
    return NULL;

  vault = g_new0 (MhVault, 1);
  read_row (stmt, vault);

  return vault;
}

static void
bind_salt (MhStmt *stmt, int index, const MhVaultRecord *record)
{
  gsize size;
  const guint8 *salt;

  if (record->key_salt == NULL)
    return;

  salt = g_bytes_get_data (record->key_salt, &size);
  mh_stmt_bind_blob (stmt, index, salt, size);
}

gboolean
mh_vaults_store_add (MhDb *db, const MhVaultRecord *record, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);
  gsize size;
  const guint8 *key = g_bytes_get_data (record->sealed_key, &size);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, record->vault.id);
  mh_stmt_bind_text (stmt, 2, record->vault.name);
  mh_stmt_bind_int64 (stmt, 3, record->vault.copies);
  mh_stmt_bind_int64 (stmt, 4, record->vault.created_ms);
  mh_stmt_bind_blob (stmt, 5, key, size);
  bind_salt (stmt, 6, record);
  mh_stmt_bind_int64 (stmt, 7, record->vault.copies_set_ms);

  return mh_stmt_run (stmt, error);
}

static gboolean
require_change (MhDb *db, const char *id, GError **error)
{
  if (mh_db_changes (db) > 0)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no vault %s", id);

  return FALSE;
}

gboolean
mh_vaults_store_update (MhDb *db, const char *id, const MhVaultUpdate *update, gint64 now_ms,
                        GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_update, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);
  mh_stmt_bind_text (stmt, 2, update->name);
  mh_stmt_bind_int64 (stmt, 3, update->copies);
  mh_stmt_bind_int64 (stmt, 4, update->hard_quota);
  mh_stmt_bind_int64 (stmt, 5, update->keep_versions);
  mh_stmt_bind_int64 (stmt, 6, update->keep_days);
  mh_stmt_bind_int64 (stmt, 7, update->roles);
  mh_stmt_bind_int64 (stmt, 8, now_ms);
  mh_stmt_bind_int64 (stmt, 9, DAY_MS);

  return mh_stmt_run (stmt, error) && require_change (db, id, error);
}

gboolean
mh_vaults_store_agree (MhDb *db, const char *id, gint64 copies, gint64 set_ms, gint64 now_ms,
                       GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_agree, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);
  mh_stmt_bind_int64 (stmt, 2, copies);
  mh_stmt_bind_int64 (stmt, 3, set_ms);
  mh_stmt_bind_int64 (stmt, 4, now_ms);
  mh_stmt_bind_int64 (stmt, 5, DAY_MS);

  return mh_stmt_run (stmt, error) && mh_db_changes (db) > 0;
}

char **
mh_vaults_store_deleted (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_deleted, error);
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  while (mh_stmt_step (stmt, &local))
    g_strv_builder_add (ids, mh_stmt_text (stmt, 0));

  if (local == NULL)
    return g_strv_builder_end (ids);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_vaults_store_remove (MhDb *db, const char *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_remove, error);
  g_autoptr (MhStmt) remember = stmt == NULL ? NULL : mh_db_prepare (db, sql_remember, error);
  g_autoptr (MhStmt) days = remember == NULL ? NULL : mh_db_prepare (db, sql_forget_days, error);

  if (days == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);
  mh_stmt_bind_text (remember, 1, id);
  mh_stmt_bind_text (days, 1, id);

  return mh_stmt_run (stmt, error) && require_change (db, id, error)
         && mh_stmt_run (remember, error) && mh_stmt_run (days, error);
}

MhVaultRecord *
mh_vaults_store_record (MhDb *db, const char *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get, error);
  MhVaultRecord *record;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_text (stmt, 1, id);
  if (!mh_stmt_one (stmt, "vault", id, error))
    return NULL;

  record = g_new0 (MhVaultRecord, 1);
  read_record (stmt, record);

  return record;
}

gboolean
mh_vaults_store_set_key (MhDb *db, const MhVaultRecord *record, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_key, error);
  gsize size;
  const guint8 *key = g_bytes_get_data (record->sealed_key, &size);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, record->vault.id);
  mh_stmt_bind_blob (stmt, 2, key, size);
  bind_salt (stmt, 3, record);

  return mh_stmt_run (stmt, error) && require_change (db, record->vault.id, error);
}

gboolean
mh_vaults_store_set_alias (MhDb *db, const char *id, const char *alias, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_alias, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);
  mh_stmt_bind_text (stmt, 2, alias);

  return mh_stmt_run (stmt, error) && require_change (db, id, error);
}

gboolean
mh_vaults_store_note_day (MhDb *db, const char *id, const MhVaultDay *day, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_note_day, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);
  mh_stmt_bind_int64 (stmt, 2, day->ts_ms / DAY_MS);
  mh_stmt_bind_int64 (stmt, 3, day->ts_ms);
  mh_stmt_bind_int64 (stmt, 4, day->files);
  mh_stmt_bind_int64 (stmt, 5, day->bytes);
  mh_stmt_bind_int64 (stmt, 6, day->stored_bytes);

  return mh_stmt_run (stmt, error);
}

GArray *
mh_vaults_store_days (MhDb *db, const char *id, guint limit, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_days, error);
  g_autoptr (GArray) days = g_array_new (FALSE, FALSE, sizeof (MhVaultDay));
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_text (stmt, 1, id);
  mh_stmt_bind_int64 (stmt, 2, limit);
  while (mh_stmt_step (stmt, &local))
    {
      MhVaultDay day;

      day.ts_ms = mh_stmt_int64 (stmt, 0);
      day.files = mh_stmt_int64 (stmt, 1);
      day.bytes = mh_stmt_int64 (stmt, 2);
      day.stored_bytes = mh_stmt_int64 (stmt, 3);
      g_array_append_val (days, day);
    }

  if (local == NULL)
    return g_steal_pointer (&days);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_vaults_store_undelete (MhDb *db, const char *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_undelete, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);

  return mh_stmt_run (stmt, error);
}
