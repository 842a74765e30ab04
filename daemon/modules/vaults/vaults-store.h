/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/db.h"
#include "vaults.h"

G_BEGIN_DECLS

/* Errors of all: %MH_DB_ERROR, %MH_ERROR_NO_SPACE; %MH_ERROR_NOT_FOUND "no vault …". */

/* A row with its key. */
typedef struct
{
  MhVault vault;
  GBytes *sealed_key; /* (owned): see vaults-key.h */
  GBytes *key_salt;   /* (owned) (nullable): with a password */
} MhVaultRecord;

void mh_vault_record_free (MhVaultRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhVaultRecord, mh_vault_record_free)

/* Returns: (transfer full) (element-type MhVault): all, by name; sums are not filled in */
GPtrArray *mh_vaults_store_list (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhVaultRecord): all, with their keys */
GPtrArray *mh_vaults_store_records (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): one; sums are not filled in */
MhVault *mh_vaults_store_get (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a row. Errors: also %MH_DB_ERROR_CONSTRAINT when the name is taken */
gboolean mh_vaults_store_add (MhDb *db, const MhVaultRecord *record,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Changes a row. Errors: as mh_vaults_store_add() */
gboolean mh_vaults_store_update (MhDb *db, const char *id, const MhVaultUpdate *update,
                                 gint64 now_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes over what another machine has for the wanted copies, if it is later. What was set more than
 * a day from @now_ms, here or there, comes of a clock that was wrong, and is later than nothing.
 * Returns: whether it is; %FALSE with @error set */
gboolean mh_vaults_store_agree (MhDb *db, const char *id, gint64 copies, gint64 set_ms,
                                gint64 now_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): one, with its key */
MhVaultRecord *
mh_vaults_store_record (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the key and the salt of a vault. */
gboolean mh_vaults_store_set_key (MhDb *db, const MhVaultRecord *record,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets an alias, or none. Errors: also %MH_DB_ERROR_CONSTRAINT when it is taken */
gboolean mh_vaults_store_set_alias (MhDb *db, const char *id, const char *alias,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes how large a vault is today, in place of what was noted today before. */
gboolean mh_vaults_store_note_day (MhDb *db, const char *id, const MhVaultDay *day,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhVaultDay): the last @limit days, oldest first */
GArray *mh_vaults_store_days (MhDb *db, const char *id, guint limit,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): ids of vaults that were removed */
char **mh_vaults_store_deleted (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a row, and remembers that it was removed. In a transaction. */
gboolean
mh_vaults_store_remove (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A vault that was deleted is one again. Returns: %FALSE with @error set */
gboolean
mh_vaults_store_undelete (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
