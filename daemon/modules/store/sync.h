/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What machines that have the key of one vault give each other. Part of store.h. */

#define MH_SYNC_HASH_SIZE 32

/* How far the versions of another machine are known: of its index @epoch, up to row @after. */
typedef struct
{
  gint64 epoch;
  gint64 after;
  gint64 gone; /* row of the versions that were removed there, as mh_store_gone_since() has them */
} MhSyncMark;

/**
 * mh_store_versions_since:
 * @self: the store
 * @vault_id: a vault
 * @mark: (inout): how far they are known; set to the last that is named, and to row 0 before that
 *   when it is of another epoch
 * @limit: how many
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND without such a vault, %MH_ERROR_FAILED
 * Returns: (transfer full): hashes of versions, 32 bytes each, in the order in which they came
 * here; fewer than @limit when these are all; or %NULL with @error set
 */
GBytes *mh_store_versions_since (MhStore *self, const char *vault_id, MhSyncMark *mark, guint limit,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Says how far the versions of this machine go now. Returns: %FALSE with @error set. Thread: any
 * worker. Blocks on disk. */
gboolean mh_store_sync_top (MhStore *self, const char *vault_id, MhSyncMark *mark,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_heads:
 * @self: the store
 * @vault_id: a vault
 * @error: return location
 *
 * Machines whose heads are the same show the same files, however much of the history each keeps.
 *
 * Thread: any worker. Blocks on disk, for a second with a million files.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full): hashes of all versions without a successor, 32 bytes each, sorted; or
 *   %NULL with @error set
 */
GBytes *
mh_store_heads (MhStore *self, const char *vault_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): those of @hashes, 32 bytes each, that are not here; or %NULL with
 * @error set. Thread: any worker. Blocks on disk. */
GBytes *mh_store_unknown_versions (MhStore *self, const char *vault_id, GBytes *hashes,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_version_records:
 * @self: the store
 * @vault_id: a vault
 * @hashes: 32 bytes each
 * @most_bytes: at least one record is given, however large
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND without such a vault, %MH_ERROR_FAILED
 * Returns: (transfer full) (element-type GBytes): records of versions, as they were signed, for as
 *   many of @hashes from the first on as @most_bytes allow; one that is not here, or is damaged, is
 *   left out; or %NULL with @error set
 */
GPtrArray *mh_store_version_records (MhStore *self, const char *vault_id, GBytes *hashes,
                                     gsize most_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What became of versions that another machine gave. */
typedef struct
{
  guint taken;   /* that were not here */
  guint refused; /* that are damaged, of another vault, or not made by who has the key */
  GBytes
      *parents; /* (owned): of those that were taken: 32 bytes each, without those that are here */
  GPtrArray *paths; /* (owned) (element-type utf8): of the files that changed, as they are now */
} MhSyncTaken;

/* Frees it. */
void mh_sync_taken_free (MhSyncTaken *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncTaken, mh_sync_taken_free)

/**
 * mh_store_take_versions:
 * @self: the store
 * @vault_id: a vault whose key is here
 * @records: (element-type GBytes): from anybody
 * @error: return location
 *
 * Takes what is well formed, of this vault, signed by its author and sealed with the key of the
 * vault. In whatever order versions come, the same ones lead to the same files. Their blocks are
 * noted as missing unless they are here.
 *
 * Thread: any worker. Blocks on disk; durable when it returns.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FORBIDDEN without the key, %MH_ERROR_NO_SPACE,
 *   %MH_ERROR_FAILED
 * Returns: (transfer full): what became of them, or %NULL with @error set and nothing taken
 */
MhSyncTaken *mh_store_take_versions (MhStore *self, const char *vault_id, GPtrArray *records,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Versions that were removed after others had replaced them. */
typedef struct
{
  GBytes *hashes; /* (owned): 32 bytes each */
  GBytes *purged; /* (owned): a byte each, 1 when it is to be gone everywhere */
} MhSyncGone;

/* Frees it. */
void mh_sync_gone_free (MhSyncGone *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncGone, mh_sync_gone_free)

/* As mh_store_versions_since(), for those that were removed here; sets @mark->gone. Returns:
 * (transfer full): none at the end, or %NULL with @error set */
MhSyncGone *mh_store_gone_since (MhStore *self, const char *vault_id, MhSyncMark *mark, guint limit,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): those of @gone that are not noted here, or only that they are to be
 * gone everywhere is not; or %NULL with @error set. Thread: any worker. Blocks on disk. */
MhSyncGone *mh_store_unknown_gone (MhStore *self, const MhSyncGone *gone,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_take_gone:
 * @self: the store
 * @vault_id: a vault whose key is here
 * @gone: what another machine has removed; all that it has was taken before
 * @paths: (element-type utf8): gets the files that look otherwise now
 * @left: (out): whether something has to be said again later, as what replaced it is not here
 * @error: return location
 *
 * What is here of them is no head any more, and what was purged goes here, too. They are not taken
 * again from anybody.
 *
 * Thread: any worker. Blocks on disk; durable when it returns.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_CORRUPT, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_take_gone (MhStore *self, const char *vault_id, const MhSyncGone *gone,
                             GPtrArray *paths, gboolean *left,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A block that versions name, and that is not here. */
typedef struct
{
  guint8 id[MH_SYNC_HASH_SIZE];
} MhSyncBlock;

/**
 * mh_store_missing_blocks:
 * @self: the store
 * @vault_id: a vault
 * @after: (nullable): the last id of the answer before
 * @limit: how many
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full) (element-type MhSyncBlock): by id, or %NULL with @error set
 */
GArray *mh_store_missing_blocks (MhStore *self, const char *vault_id, const guint8 *after,
                                 guint limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Counts the blocks that versions name and that are not here. Returns: %FALSE with @error set.
 * Thread: any worker. Blocks on disk. */
gboolean mh_store_count_elsewhere (MhStore *self, const char *vault_id, gint64 *blocks,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): those of @ids, 32 bytes each, that are here and not known to be
 * damaged; or %NULL with @error set. Thread: any worker. Blocks on disk. */
GBytes *mh_store_known_blocks (MhStore *self, const char *vault_id, GBytes *ids,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_read_sealed:
 * @self: the store
 * @vault_id: a vault
 * @id: a block of it
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND when it is not here or of another vault; %MH_ERROR_CORRUPT,
 *   %MH_ERROR_FAILED
 * Returns: (transfer full): the block as it is stored, of which @id is the hash; or %NULL with
 *   @error set
 */
GBytes *mh_store_read_sealed (MhStore *self, const char *vault_id, const guint8 *id,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_has_room:
 * @self: the store
 * @vault_id: a vault
 * @error: return location
 *
 * Nobody has to send blocks to find out again that the quota or the disk is full.
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: as mh_store_take_blocks() had it last, as long as the vault has not shrunk, its quota is
 *   the same, the disk has no more room, and no hour has passed
 * Returns: %FALSE with @error set
 */
gboolean
mh_store_has_room (MhStore *self, const char *vault_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_store_read_sealed(), but the bytes are what the disk has there: the caller, or whom it
 * gives them to, has to compare them with @id, which is half of the work. */
GBytes *mh_store_read_unchecked (MhStore *self, const char *vault_id, const guint8 *id,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_take_blocks:
 * @self: the store
 * @vault_id: a vault
 * @sealed: (element-type GBytes): from anybody
 * @wanted: (nullable): 32 bytes for each, which its hash must be
 * @taken: (out) (nullable): how many were missing, and are not any more; also on %FALSE
 * @error: return location
 *
 * A block that no version names is passed over, as is one that is here. Of a quota, those are taken
 * that it has room for.
 *
 * Thread: any worker. Blocks on disk; durable when it returns.
 * Errors: %MH_ERROR_CORRUPT when one is not what was wanted; %MH_ERROR_NOT_FOUND,
 *   %MH_ERROR_NO_SPACE when the disk or the quota is full, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set and nothing taken
 */
gboolean mh_store_take_blocks (MhStore *self, const char *vault_id, GPtrArray *sealed,
                               const guint8 *wanted, guint *taken,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Versions were added to some vault. On the thread of the writer, with a lock of the store held: to
 * be noted only. */
typedef void (*MhStoreChanged) (gpointer data);

/* Sets who is told, or %NULL for nobody; it is not told any more when this returns. Thread: any. */
void mh_store_set_changed (MhStore *self, MhStoreChanged changed, gpointer data);

/**
 * MhStoreFetch:
 * @vault_id: a vault
 * @id: a block of it that is not here
 * @cancellable: (nullable): who waits may leave
 * @data: as set
 * @error: return location
 *
 * Fetches a block from somewhere else. Called by whoever reads a file, on its thread.
 *
 * Errors: %MH_ERROR_UNAVAILABLE, with a sentence about why nobody gives it
 * Returns: (transfer full): bytes of which @id is the hash, or %NULL with @error set
 */
typedef GBytes *(*MhStoreFetch) (const char *vault_id, const guint8 *id, gpointer data,
                                 GError **error);

/* Sets what fetches blocks that are not here, or %NULL for nobody. Waits for those that are under
 * way. Thread: any but a reader's. */
void mh_store_set_fetch (MhStore *self, MhStoreFetch fetch, gpointer data);

/* Computes a proof that this machine has the key of a vault, for @message. Returns: %FALSE without
 * the key. Thread: any. */
gboolean mh_store_prove (MhStore *self, const char *vault_id, const guint8 *message, gsize size,
                         guint8 proof[MH_SYNC_HASH_SIZE]) G_GNUC_WARN_UNUSED_RESULT;
