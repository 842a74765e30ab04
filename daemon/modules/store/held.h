/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/sync.h"

/* What this machine keeps for vaults whose keys it does not have. Part of store.h. */

/* What is kept for one vault. */
typedef struct
{
  char *vault_id; /* (owned) */
  gint64 blocks;
  gint64 bytes;    /* sealed */
  gint64 unwanted; /* blocks that nobody asks for any more */
} MhHeldVault;

/* Frees it. */
void mh_held_vault_free (MhHeldVault *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhHeldVault, mh_held_vault_free)

/* Returns: (transfer full) (element-type MhHeldVault): by vault id, or %NULL with @error set.
 * Thread: any worker. Blocks on disk. */
GPtrArray *mh_store_held (MhStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets @bytes to what is kept for all such vaults together, sealed. Returns: %FALSE with @error
 * set. Thread: any worker. Blocks on disk, briefly. */
gboolean
mh_store_held_bytes (MhStore *self, gint64 *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* With less room than this for such vaults, in bytes, a machine is as good as full: four times the
 * largest block. */
#define MH_HOLD_LITTLE (G_GINT64_CONSTANT (16) << 20)

/* Sets what may be kept for all such vaults together, in bytes; nothing at first. Thread: any. */
void mh_store_set_hold_limit (MhStore *self, gint64 bytes);

/**
 * mh_store_hold_blocks:
 * @self: the store
 * @vault_id: a vault; it becomes known to the index, and to nobody else
 * @sealed: (element-type GBytes): from anybody
 * @wanted: 32 bytes for each, which its hash must be
 * @taken: (out): how many were not here
 * @error: return location
 *
 * Thread: any worker. Blocks on disk; durable when it returns.
 * Errors: %MH_ERROR_CORRUPT when one is not what was wanted; %MH_ERROR_NO_SPACE when there is no
 *   room for all of them, and the first are kept; %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_hold_blocks (MhStore *self, const char *vault_id, GPtrArray *sealed,
                               const guint8 *wanted, guint *taken,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_list_held:
 * @self: the store
 * @vault_id: a vault
 * @after: (nullable): the last id of the answer before
 * @limit: how many
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Returns: (transfer full): ids, 32 bytes each, in their order, none for a vault that is not known;
 *   or %NULL with @error set
 */
GBytes *mh_store_list_held (MhStore *self, const char *vault_id, const guint8 *after, guint limit,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes for each of @ids, 32 bytes each, whether somebody wants it to be kept: one that was wanted
 * until now is unwanted from now on. Returns: %FALSE with @error set. Thread: any worker. Blocks on
 * disk. */
gboolean mh_store_mark_held (MhStore *self, const char *vault_id, GBytes *ids, gboolean is_wanted,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): ids of what nobody wanted since before @before_ms, Unix milliseconds,
 * at most @limit after @after (nullable); or %NULL with @error set. Thread: any worker. Blocks on
 * disk. */
GBytes *mh_store_list_unwanted (MhStore *self, const char *vault_id, gint64 before_ms,
                                const guint8 *after, guint limit,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Keeps @ids, 32 bytes each, no longer. Returns: %FALSE with @error set. Thread: any worker. Blocks
 * on disk. */
gboolean mh_store_drop_these (MhStore *self, const char *vault_id, GBytes *ids,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_drop_held:
 * @self: the store
 * @vault_id: (nullable): a vault, %NULL for all
 * @unwanted_before_ms: those that nobody wanted since before, Unix milliseconds; %G_MAXINT64 for
 *   all, wanted or not
 * @dropped: (out): how many went
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Returns: %FALSE with @error set; what went before is gone
 */
gboolean mh_store_drop_held (MhStore *self, const char *vault_id, gint64 unwanted_before_ms,
                             guint *dropped, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For a vault whose key has come: what its versions name is not kept for others any more but is its
 * own, and the rest is unwanted, as versions may still come that name it. Returns: %FALSE with
 * @error set. Thread: any worker. Blocks on disk. */
gboolean mh_store_adopt_held (MhStore *self, const char *vault_id, guint *adopted,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_evict_blocks:
 * @self: the store
 * @vault_id: a vault
 * @ids: 32 bytes each
 * @evicted: (out): how many went
 * @error: return location
 *
 * Gives up the bytes of blocks that other machines have: from then on they are elsewhere. Those
 * that an upload relies on, or that are not here, are left out.
 *
 * Thread: any worker. Blocks on disk; durable when it returns.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set and nothing evicted
 */
gboolean mh_store_evict_blocks (MhStore *self, const char *vault_id, GBytes *ids, guint *evicted,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A block that versions of a vault name. */
typedef struct
{
  guint8 id[MH_SYNC_HASH_SIZE];
  gboolean is_here; /* and whole, as far as it is known */
} MhNamedBlock;

/* Returns: (transfer full) (element-type MhNamedBlock): blocks that versions name, by id, after
 * @after (nullable), at most @limit; or %NULL with @error set. Thread: any worker. Blocks on disk,
 * briefly. */
GArray *mh_store_named_blocks (MhStore *self, const char *vault_id, const guint8 *after,
                               guint limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
