/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The versions that a machine knows of, as a tree. Part of store.h.
 *
 * An entry is the hash of a version that is here, or that was removed, with what is known of it.
 * What a machine has learned of another one it says itself from then on, so that entries become the
 * same everywhere, however much of the history each keeps.
 */

/**
 * MhVersionTree:
 *
 * The tree of one vault up to some rows of the index. Nothing is kept but a bit for each row: what
 * comes later is not in it, what is removed later is missing. For one thread at a time.
 */
typedef struct _MhVersionTree MhVersionTree;

/**
 * mh_version_tree_new:
 * @store: the store, which outlives it
 * @vault_id: a vault
 * @mark: (inout): the rows up to which it goes; set to all that there are now when it is of another
 *   epoch
 * @error: return location
 *
 * Reads one entry of an index for each version of the vault: a third of a second for a million.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND without such a vault, %MH_ERROR_FAILED
 * Returns: (transfer full): the tree, or %NULL with @error set
 */
MhVersionTree *mh_version_tree_new (MhStore *store, const char *vault_id, MhSyncMark *mark,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

void mh_version_tree_free (MhVersionTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhVersionTree, mh_version_tree_free)

/**
 * mh_version_tree_sums:
 * @self: a tree
 * @part: a part of it
 * @sums: (out caller-allocates): of its children
 * @error: return location
 *
 * Reads one entry of an index for each version of any vault in that part.
 *
 * Thread: that of the tree. Blocks on disk, for less than a second with a million.
 * Errors: %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_version_tree_sums (MhVersionTree *self, const MhTreePart *part,
                               MhTreeSum sums[MH_VERSION_TREE_CHILDREN],
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_version_tree_list:
 * @self: a tree
 * @part: a part of it
 * @after: (nullable): only what comes after this hash
 * @most: until @out has so many entries
 * @out: gets entries of the part
 * @error: return location
 *
 * As mh_version_tree_sums().
 */
gboolean mh_version_tree_list (MhVersionTree *self, const MhTreePart *part, const guint8 *after,
                               guint most, MhTreeEntries *out,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
