/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Many files at once. Part of store.h. */

typedef struct
{
  char *path;    /* (owned): as it was given */
  char *message; /* (owned) */
} MhPathFailure;

/**
 * MhBatch:
 *
 * What became of many paths.
 */
typedef struct
{
  gint64 files;        /* that were changed */
  gint64 bytes;        /* of them */
  gint64 at_ms;        /* no change of the batch is older */
  GPtrArray *failures; /* (owned) (element-type MhPathFailure): in the order given */
} MhBatch;

void mh_path_failure_free (MhPathFailure *self);
void mh_batch_free (MhBatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhBatch, mh_batch_free)

/**
 * mh_store_delete_many:
 * @self: the store
 * @vault_id: a vault
 * @paths: (array zero-terminated=1): files and folders
 * @error: return location
 *
 * Leaves tombstones for all of them, durable together. A path that is no file and no folder is a
 * failure of its own; what lies in two of them is deleted once. Of a conflict all versions are
 * deleted that are known here; one that another machine makes meanwhile stays.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND without such a vault, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: (transfer full): what was done, or %NULL with @error set and nothing changed
 */
MhBatch *mh_store_delete_many (MhStore *self, const char *vault_id, const char *const *paths,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_delete_shown:
 *
 * As mh_store_delete_many(), for somebody who has seen one version of each file: another one of a
 * conflict is shown from then on.
 *
 * Returns: (transfer full): what was done, or %NULL with @error set and nothing changed
 */
MhBatch *mh_store_delete_shown (MhStore *self, const char *vault_id, const char *const *paths,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_undelete:
 * @self: the store
 * @vault_id: a vault
 * @paths: (array zero-terminated=1): deleted files, and folders with such
 * @since_ms: what was deleted before stays so; 0 for everything
 * @error: return location
 *
 * Gives deleted files back what they had, all of them durable together. Where another file has come
 * to be meanwhile, or all older versions were removed, that is a failure of its own.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: as mh_store_delete_many()
 * Returns: (transfer full): what was done, or %NULL with @error set and nothing changed
 */
MhBatch *mh_store_undelete (MhStore *self, const char *vault_id, const char *const *paths,
                            gint64 since_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  MH_EXISTING_REFUSE,  /* the whole copy fails */
  MH_EXISTING_REPLACE, /* the file gets a new version */
  MH_EXISTING_SKIP,    /* the file stays as it is */
  MH_EXISTING_RENAME,  /* the copy gets another name */
} MhExisting;

/**
 * MhCopyNew:
 * @vault_id: a vault
 * @from: a file or folder
 * @to: path of the copy
 * @existing: what to do where there is a file already
 */
typedef struct
{
  const char *vault_id;
  const char *from;
  const char *to;
  MhExisting existing;
} MhCopyNew;

typedef struct
{
  gint64 copied;  /* files */
  gint64 skipped; /* files */
  char *to;       /* (owned): path of the copy */
} MhCopied;

void mh_copied_free (MhCopied *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhCopied, mh_copied_free)

/**
 * mh_store_copy:
 * @self: the store
 * @request: what and where
 * @error: return location
 *
 * Copies a file, or a folder with all that is in it; all or nothing. No bytes are copied: the new
 * files name the same blocks.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND; %MH_ERROR_CONFLICT when a path is taken;
 *   %MH_ERROR_NO_SPACE, %MH_ERROR_CORRUPT, %MH_ERROR_FAILED
 * Returns: (transfer full): what was done, or %NULL with @error set and nothing changed
 */
MhCopied *
mh_store_copy (MhStore *self, const MhCopyNew *request, GError **error) G_GNUC_WARN_UNUSED_RESULT;
