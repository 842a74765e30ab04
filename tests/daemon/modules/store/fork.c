/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fork.h"

#include <string.h>

#include "crypto/random.h"
#include "modules/store/ingest.h"
#include "modules/store/manifest.h"

/* What is known about a file. */
static MhManifest *
load (MhStore *store, MhKeys *keys, const char *path, MhFileRow **file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, &error);
  MhManifest *manifest;
  MhVaultRow vault;

  g_assert_no_error (error);
  g_assert_true (mh_catalog_get_vault (mh_db_lease_db (lease), keys->vault_id, &vault, &error));
  *file = mh_catalog_find_file (mh_db_lease_db (lease), &vault, path, TRUE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (*file);
  manifest = mh_manifest_load (store, mh_db_lease_db (lease), keys, (*file)->head, &error);
  g_assert_no_error (error);

  return manifest;
}

/* Another machine, the same one each time. */
static MhSigner *
other_machine (void)
{
  g_autoptr (MhSecret) seed = mh_secret_new (32);

  memset (mh_secret_bytes (seed), 99, 32);

  return mh_signer_new (seed);
}

GBytes *
fork_record (MhStore *store, const Fork *fork)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhKeys) keys = mh_store_keys (store, fork->vault, &error);
  g_autoptr (MhFileRow) file = NULL;
  g_autoptr (MhFileRow) like = NULL;
  g_autoptr (MhManifest) shown = NULL;
  g_autoptr (MhManifest) content = NULL;
  g_autoptr (MhVersion) version = g_new0 (MhVersion, 1);
  g_autoptr (MhSigner) signer = other_machine ();

  g_assert_no_error (error);
  shown = load (store, keys, fork->path, &file);
  content = load (store, keys, fork->like != NULL ? fork->like : fork->path, &like);
  if (fork->like == NULL)
    g_array_set_size (content->chunks, 0);
  for (guint i = 0; i < fork->lost; i++)
    mh_random_bytes (g_array_index (content->chunks, MhChunk, i).id, MH_BLOCK_ID_SIZE);
  g_free (content->meta->path);
  content->meta->path = g_strdup (fork->to != NULL ? fork->to : fork->path);

  version->vault_id = g_strdup (fork->vault);
  memcpy (version->file_id, file->file_id, sizeof version->file_id);
  version->parents = fork->on_top ? g_bytes_new (shown->version->hash, MH_VERSION_HASH_SIZE)
                                  : g_bytes_ref (shown->version->parents);
  version->lamport = shown->version->lamport + 1;
  version->ts_ms = shown->version->ts_ms + 1;
  version->op = fork->like != NULL ? MH_FILE_OP_PUT : MH_FILE_OP_DELETE;
  version->blocks = mh_chunks_ids (content->chunks);
  version->meta = mh_meta_seal (content->meta, keys, version->file_id);
  version->chunks = mh_chunks_seal (content->chunks, keys, version->file_id);

  return mh_version_encode (version, signer);
}

void
fork_version (MhStore *store, const Fork *fork)
{
  g_autoptr (GBytes) record = fork_record (store, fork);
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_ingest_version (store, fork->vault, record, &error));
  g_assert_no_error (error);
  g_assert_true (mh_ingest_version (store, fork->vault, record, &error)); /* again is no more */
  g_assert_no_error (error);
}
