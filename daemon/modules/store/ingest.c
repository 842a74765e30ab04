/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ingest.h"

#include "base/error.h"
#include "change-private.h"
#include "usage.h"

/* A version on its way in. */
typedef struct
{
  MhKeys *keys;             /* (unowned) */
  GBytes *record;           /* (unowned) */
  const MhVersion *version; /* (unowned): what is in it */
  const MhMeta *meta;       /* (unowned): what was sealed in it */
} Ingest;

/* Ingest: makes it part of the index, unless it is already. */
static gboolean
ingest (MhWriter *writer, gpointer data, GError **error)
{
  const Ingest *self = data;
  MhDb *db = mh_writer_db (writer);
  MhLocation location;
  MhVersionRow row;
  MhVaultRow vault;
  gint64 ref;

  if (!mh_change_find_vault (writer, self->keys, &vault, error)
      || !mh_catalog_find_version (db, self->version->hash, &ref, &row, error))
    return FALSE;

  if (ref != 0)
    return TRUE;

  return mh_writer_put_version (writer, self->keys->vault_id, self->record, &location, error)
         && mh_usage_add_version (writer, &vault, self->version->blocks, MH_BLOCK_BAD, error)
         && mh_catalog_add_version (db, &vault, self->version, &location, &ref, error)
         && mh_catalog_apply (db, &vault, self->version, ref, self->meta, error);
}

gboolean
mh_ingest_version (MhStore *store, const char *vault_id, GBytes *record, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (store, vault_id, error);
  g_autoptr (MhVersion) version = keys == NULL ? NULL : mh_version_decode (record, error);
  g_autoptr (MhMeta) meta = NULL;
  Ingest change = { keys, record, version };
  gboolean done;

  if (version == NULL)
    return FALSE;

  if (!mh_version_verify (version, record) || !g_str_equal (version->vault_id, vault_id))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT,
                   "a version is not signed by its author, or is of another vault");
      return FALSE;
    }

  meta = mh_meta_open (version, keys, error);
  if (meta == NULL)
    return FALSE;

  change.meta = meta;
  done = mh_writer_commit (store->writer, ingest, &change, error);
  mh_store_lift (store, error);

  return done;
}
