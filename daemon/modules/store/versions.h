/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where the bytes of a file are, and files with more than one newest version. Part of store.h. */

/**
 * mh_store_locate:
 * @self: the store
 * @vault_id: a vault
 * @path: a file
 * @blocks: (out) (transfer full): ids of the different blocks of its content, 32 bytes each
 * @missing: (out): how many of them are not in the store, or are damaged there
 * @error: return location
 *
 * Looks into the index only; damage that nobody has found yet is not counted.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: as mh_store_get_detail()
 * Returns: %FALSE with @error set
 */
gboolean mh_store_locate (MhStore *self, const char *vault_id, const char *path, GBytes **blocks,
                          guint *missing, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_find_local:
 * @self: the store
 * @vault_id: a vault
 * @files: (element-type MhFile): some of its files
 * @error: return location
 *
 * Sets @local of each, as mh_store_locate() counts. Where no block of the vault is missing that is
 * one look into the index. Else the records of the files are read, up to a bound for all of them:
 * what lies beyond it stays %MH_LOCAL_UNKNOWN, and so does a file that has gone, or whose record is
 * damaged.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND without such a vault, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_find_local (MhStore *self, const char *vault_id, GPtrArray *files,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_renames:
 * @self: the store
 * @vault_id: a vault
 * @renames: (out): how often a file came to be shown under another path without being changed, as
 *   another one came to that path, or left it; starts anew with the index
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_NOT_FOUND without such a vault, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_renames (MhStore *self, const char *vault_id, gint64 *renames,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * MhLeaf:
 * @version_hash: (nullable): hash of the version
 * @content_hash: (nullable): or that of its content; the newest of several
 *
 * One of the versions of a file that have no successor.
 */
typedef struct
{
  const char *version_hash;
  const char *content_hash;
} MhLeaf;

/**
 * mh_store_resolve:
 * @self: the store
 * @vault_id: a vault
 * @path: a file with a conflict
 * @leaf: which version is to survive
 * @error: return location
 *
 * Makes a version that follows all that have no successor and has the content, path and deletion of
 * the chosen one. The others stay in the history.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID; %MH_ERROR_NOT_FOUND without such a file or leaf; %MH_ERROR_CONFLICT
 *   when there is no conflict, or another file has the path; %MH_ERROR_NO_SPACE, %MH_ERROR_CORRUPT,
 *   %MH_ERROR_FAILED
 * Returns: (transfer full): the file, or %NULL with @error set and nothing changed
 */
MhFile *mh_store_resolve (MhStore *self, const char *vault_id, const char *path, const MhLeaf *leaf,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
