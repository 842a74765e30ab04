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
  GBytes *sealed_key; /* (owned) */
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
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): ids of vaults that were removed */
char **mh_vaults_store_deleted (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a row, and remembers that it was removed. In a transaction. */
gboolean
mh_vaults_store_remove (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
