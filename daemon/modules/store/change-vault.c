/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "change.h"

#include "base/error.h"
#include "partial-rows.h"

#define VERSIONS_AT_ONCE 500

/* Applies the version @ref, whose key is known now. */
static gboolean
apply (MhWriter *writer, MhKeys *keys, const MhVaultRow *vault, gint64 ref, MhVersionRow *row,
       GError **error)
{
  MhStore *store = mh_writer_store (writer);
  g_autoptr (GBytes) record = NULL;
  g_autoptr (MhVersion) version = NULL;
  g_autoptr (MhMeta) meta = NULL;
  g_autoptr (GError) local = NULL;

  record = mh_segments_read_verified (store->segments, &row->location, row->hash, &local);
  if (record != NULL)
    version = mh_version_decode (record, &local);
  if (version == NULL)
    {
      mh_store_set_fault (store, "the record of a file's version: %s", local->message);
      /* What the disk does not give now, it may give at the next start. */
      return g_error_matches (local, MH_ERROR, MH_ERROR_FAILED)
             || mh_catalog_drop_version (mh_writer_db (writer), ref, error);
    }

  meta = mh_meta_open (version, keys, NULL); /* said better below */
  if (meta == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                   "the key of vault %s does not open what is stored", keys->vault_id);
      return FALSE;
    }

  return mh_catalog_apply (mh_writer_db (writer), vault, version, ref, meta, error);
}

gboolean
mh_change_add_vault (MhWriter *writer, gpointer data, GError **error)
{
  MhChangeVault *change = data;
  MhDb *db = mh_writer_db (writer);
  MhVaultRow vault;

  change->done = FALSE;
  if (!mh_catalog_ensure_vault (db, change->keys->vault_id, &vault, error))
    return FALSE;

  /* mh_store_add_vault() has waited for the removal, but somebody may have begun another one. */
  if (vault.forgotten)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "vault %s is being removed",
                   change->keys->vault_id);
      return FALSE;
    }

  for (guint i = 0; i < VERSIONS_AT_ONCE; i++)
    {
      MhVersionRow row;
      gint64 ref = change->after;

      if (!mh_catalog_next_sealed (db, &vault, &ref, &row, error))
        return FALSE;
      if (ref == 0)
        {
          change->done = TRUE;
          return TRUE;
        }
      if (!apply (writer, change->keys, &vault, ref, &row, error))
        return FALSE;
      change->after = ref;
    }

  return TRUE;
}

gboolean
mh_change_forget_vault (MhWriter *writer, gpointer data, GError **error)
{
  MhVaultRow vault;

  return mh_catalog_get_vault (mh_writer_db (writer), data, &vault, error)
         && mh_catalog_mark_forgotten (mh_writer_db (writer), vault.ref, TRUE, error)
         && mh_partial_rows_mark_vault (mh_writer_db (writer), vault.ref, error);
}
