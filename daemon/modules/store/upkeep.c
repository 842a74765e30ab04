/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-private.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "names.h"
#include "prune.h"
#include "punch.h"
#include "rewrite.h"
#include "partial-private.h"

/* Removes the records of removed versions from the disk: then they do not come back. */
static gboolean
punch_versions (MhStore *self, GError **error)
{
  gint64 freed = 0;

  return mh_punch_holes (self, TRUE, &freed, NULL, error);
}

static gboolean
find_vault (MhStore *self, const char *vault_id, MhVaultRow *vault, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, error);
  g_autoptr (MhDbLease) lease = keys == NULL ? NULL : mh_db_pool_take (self->readers, error);

  return lease != NULL && mh_catalog_get_vault (mh_db_lease_db (lease), vault_id, vault, error);
}

static GArray *
find_trash (MhStore *self, gint64 vault, const char *path, gint64 after, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);

  return lease == NULL ? NULL
                       : mh_catalog_find_trash (mh_db_lease_db (lease), vault, path, after, error);
}

/* Purges deleted files, page by page. */
static gboolean
purge_trash (MhStore *self, const char *path, MhPrune *prune, GError **error)
{
  gint64 after = 0;
  gboolean any = FALSE;

  while (TRUE)
    {
      g_autoptr (GArray) files = find_trash (self, prune->vault, path, after, error);

      if (files == NULL)
        return FALSE;
      if (files->len == 0)
        break;

      any = TRUE;
      after = g_array_index (files, gint64, files->len - 1);
      prune->files = files;
      if (!mh_prune_run (self, prune, NULL, error))
        return FALSE;
    }

  if (any || path == NULL)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no deleted file %s", path);

  return FALSE;
}

/* What cannot be read stays: then not all is purged that was to be. */
static gboolean
check_left (MhPrune *prune, GError **error)
{
  if (prune->left == NULL)
    return TRUE;

  g_propagate_prefixed_error (error, g_steal_pointer (&prune->left), "a version stays: ");

  return FALSE;
}

gboolean
mh_store_purge_trash (MhStore *self, const char *vault_id, const char *path, MhPurged *purged,
                      GError **error)
{
  MhPrune prune = { MH_PRUNE_TRASH };
  MhVaultRow vault;
  gboolean done;

  if (path != NULL && !mh_store_check_path (path, error))
    return FALSE;

  done = find_vault (self, vault_id, &vault, error);
  if (done)
    {
      prune.vault = vault.ref;
      done = punch_versions (self, error) && purge_trash (self, path, &prune, error)
             && punch_versions (self, error) && check_left (&prune, error);
      g_clear_error (&prune.left);
    }
  mh_store_lift (self, error);
  if (purged != NULL)
    *purged = prune.purged;
  if (prune.purged.versions > 0)
    mh_store_want_upkeep (self);

  return done;
}

/* Finds the file at a path, live or deleted; fails without one. */
static GArray *
find_file (MhStore *self, const MhVaultRow *vault, const char *path, const guint8 *content_hash,
           GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  g_autoptr (MhFileRow) file = NULL;
  GError *local = NULL;
  GArray *files;
  gint64 ref = 0;

  if (lease == NULL)
    return NULL;

  file = mh_catalog_find_file (mh_db_lease_db (lease), vault, path, TRUE, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }

  if (file != NULL
      && !mh_catalog_find_content (mh_db_lease_db (lease), vault, file->file_id, content_hash, &ref,
                                   error))
    return NULL;

  if (ref == 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND,
                   file == NULL ? "no file %s" : "no version of %s with that content", path);
      return NULL;
    }

  files = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_array_append_val (files, file->ref);

  return files;
}

gboolean
mh_store_purge_version (MhStore *self, const char *vault_id, const char *path,
                        const char *content_hash, MhPurged *purged, GError **error)
{
  MhPrune prune = { MH_PRUNE_CONTENT };
  g_autoptr (GArray) files = NULL;
  MhVaultRow vault;
  gboolean done;

  if (!mh_store_check_path (path, error))
    return FALSE;

  if (!mh_hex_decode (content_hash, prune.content_hash, sizeof prune.content_hash))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "content_hash: not 64 hexadecimal digits");
      return FALSE;
    }

  if (find_vault (self, vault_id, &vault, error))
    files = find_file (self, &vault, path, prune.content_hash, error);
  if (files != NULL)
    {
      prune.vault = vault.ref;
      prune.files = files;
    }
  done = files != NULL && punch_versions (self, error) && mh_prune_run (self, &prune, NULL, error)
         && punch_versions (self, error) && check_left (&prune, error);
  g_clear_error (&prune.left);
  mh_store_lift (self, error);
  if (purged != NULL)
    *purged = prune.purged;
  if (!done)
    return FALSE;

  if (prune.purged.versions == 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "that version of %s is the current one",
                   path);
      return FALSE;
    }
  mh_store_want_upkeep (self);

  return TRUE;
}

static GArray *
find_outdated (MhStore *self, MhPrune *prune, gint64 after, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);

  return lease == NULL ? NULL
                       : mh_catalog_find_outdated (mh_db_lease_db (lease), prune->vault,
                                                   &prune->keep, prune->now_ms, after, error);
}

/* A vault may be forgotten or locked at any time. Takes @reason. */
static gboolean
may_be_away (GError *reason, GError **error)
{
  if (g_error_matches (reason, MH_ERROR, MH_ERROR_NOT_FOUND)
      || g_error_matches (reason, MH_ERROR, MH_ERROR_FORBIDDEN))
    {
      g_error_free (reason);
      return TRUE;
    }

  g_propagate_error (error, reason);

  return FALSE;
}

/* Removes what the rule of one vault does not keep. */
static gboolean
prune_vault (MhStore *self, const char *vault_id, MhPurged *purged, GCancellable *cancellable,
             GError **error)
{
  MhPrune prune = { MH_PRUNE_OUTDATED };
  GError *local = NULL;
  MhVaultLimits limits;
  MhVaultRow vault;
  gboolean done = TRUE;
  gint64 after = 0;

  if (!mh_store_get_limits (self, vault_id, &limits))
    return TRUE;

  if (!find_vault (self, vault_id, &vault, &local))
    return may_be_away (local, error);

  prune.vault = vault.ref;
  prune.keep = limits.keep;
  prune.now_ms = mh_store_now_ms (self);
  prune.purged = *purged;
  while (done)
    {
      g_autoptr (GArray) files = find_outdated (self, &prune, after, error);

      done = files != NULL;
      if (!done || files->len == 0)
        break;

      after = g_array_index (files, gint64, files->len - 1);
      prune.files = files;
      done = mh_prune_run (self, &prune, cancellable, error);
    }
  *purged = prune.purged;
  g_clear_error (&prune.left); /* was reported; it may be readable the next time */

  return done;
}

/* Returns: (transfer full): ids of the vaults that have limits */
static char **
list_vaults (MhStore *self)
{
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer key;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->limits);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_strv_builder_add (ids, key);
  g_mutex_unlock (&self->lock);

  return g_strv_builder_end (ids);
}

static gboolean
prune_all (MhStore *self, MhPurged *purged, GCancellable *cancellable, GError **error)
{
  g_auto (GStrv) ids = list_vaults (self);

  for (guint i = 0; ids[i] != NULL; i++)
    {
      if (!prune_vault (self, ids[i], purged, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

/* Removes the blocks that nothing needs. */
static gboolean
remove_blocks (MhStore *self, GCancellable *cancellable, GError **error)
{
  MhPruneBlocks blocks = { 0 };

  while (!blocks.done)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !mh_writer_commit_durable (self->writer, mh_prune_blocks, &blocks, error))
        return FALSE;
      memcpy (blocks.after, blocks.last, sizeof blocks.after);
    }

  return TRUE;
}

gboolean
mh_store_maintain (MhStore *self, guint64 bytes_per_s, MhUpkeep *upkeep, GCancellable *cancellable,
                   GError **error)
{
  MhUpkeep report = { 0 };
  gboolean done;

  /* Records of versions go before blocks, whatever a crash has left to be done. */
  done = mh_punch_holes (self, TRUE, &report.freed_bytes, cancellable, error)
         && mh_prune_run_forgotten (self, NULL, &report.pruned, cancellable, error)
         && mh_partials_expire (self, cancellable, error)
         && prune_all (self, &report.pruned, cancellable, error)
         && mh_punch_holes (self, TRUE, &report.freed_bytes, cancellable, error)
         && remove_blocks (self, cancellable, error)
         && mh_punch_holes (self, FALSE, &report.freed_bytes, cancellable, error)
         && mh_rewrite_segments (self, bytes_per_s, &report, cancellable, error)
         && mh_names_catch_up (self, cancellable, error);
  mh_store_lift (self, error);
  if (upkeep != NULL)
    *upkeep = report;

  return done;
}
