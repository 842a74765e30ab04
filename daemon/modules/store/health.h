/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What takes the space of a store, and whether all of it is whole. Part of store.h. */

/* A kind of file, by the end of the names. */
typedef struct
{
  char *ext;    /* lower case, without the dot; "" for names without one */
  gint64 count; /* files */
  gint64 bytes; /* before compression */
} MhUsageType;

/* What takes the space of a vault. */
typedef struct
{
  GPtrArray *types;   /* (element-type MhUsageType): most bytes first */
  GPtrArray *files;   /* (element-type MhFileFolder): the largest files, each as one */
  GPtrArray *folders; /* (element-type MhFileFolder): of the top folder, most bytes first */
} MhVaultUsage;

void mh_vault_usage_free (MhVaultUsage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhVaultUsage, mh_vault_usage_free)

/**
 * mh_store_usage:
 * @self: the store
 * @vault_id: a vault
 * @limit: most entries of each list
 * @error: return location
 *
 * Looks at every file of the vault: about a second for a million.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FORBIDDEN, %MH_ERROR_FAILED
 * Returns: (transfer full): what takes the space, or %NULL with @error set
 */
MhVaultUsage *mh_store_usage (MhStore *self, const char *vault_id, guint limit,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: bytes that the disk has for uploads, beyond what they have to leave free. Thread: any.
 */
gint64 mh_store_room (MhStore *self);

/* What everything takes, in bytes. */
typedef struct
{
  gint64 segments;         /* files */
  gint64 segment_bytes;    /* that they take on the disk, holes apart */
  gint64 live_bytes;       /* of records in use, headers included */
  gint64 stored_bytes;     /* of sealed blocks, each counted once */
  gint64 referenced_bytes; /* of the content of all versions */
  gint64 file_bytes;       /* of the content of the files as they are now */
  gint64 free_bytes;       /* of the disk */
  gint64 disk_bytes;
  gint64 min_free_bytes; /* that uploads leave */
} MhStoreSpace;

/**
 * mh_store_space:
 * @self: the store
 * @space: (out caller-allocates): sums over all vaults
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, for a second with millions of versions.
 * Errors: %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean
mh_store_space (MhStore *self, MhStoreSpace *space, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file of which a part is damaged. Strings are borrowed. */
typedef struct
{
  const char *vault_id;
  const char *path; /* (nullable): %NULL while the key of the vault was never there */
  const char *why;
} MhDamage;

/* What a scrub has found so far. */
typedef struct
{
  gint64 records;         /* checked */
  gint64 bytes;           /* of them */
  gint64 damaged_records; /* heads of segments included */
  gint64 damaged_files;   /* versions that need one of them */
  guint64 segment;        /* that is being checked */
} MhScrubReport;

/**
 * MhScrubOptions:
 * @bytes_per_s: most bytes read in a second, 0 for no limit
 * @first_segment: where to begin: what lies before it is left out
 * @on_damage: (nullable): told each file that has damage, in the thread of the scrub
 * @on_progress: (nullable): told now and then how far it is
 * @data: argument of both
 */
typedef struct
{
  guint64 bytes_per_s;
  guint64 first_segment;
  void (*on_damage) (const MhDamage *damage, gpointer data);
  void (*on_progress) (const MhScrubReport *report, gpointer data);
  gpointer data;
} MhScrubOptions;

/**
 * mh_store_scrub:
 * @self: the store
 * @options: how
 * @report: (inout): counts go on from what it holds
 * @cancellable: (nullable): stops it
 * @error: return location
 *
 * Reads every record in use and compares it with its hashes. Damaged blocks are marked, so that
 * the next upload of the same content replaces them; nothing is removed.
 *
 * Thread: any worker. Blocks on disk, for long.
 * Errors: %MH_ERROR_FAILED, %G_IO_ERROR_CANCELLED
 * Returns: %FALSE with @error set when it did not come to its end; damage is no error
 */
gboolean mh_store_scrub (MhStore *self, const MhScrubOptions *options, MhScrubReport *report,
                         GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Checks the form of the index. Returns: %FALSE with %MH_ERROR_CORRUPT. Thread: any worker. */
gboolean mh_store_check_index (MhStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_backup_index:
 * @self: the store
 * @path: a file that does not exist
 * @cancellable: (nullable): gives up
 * @error: return location
 *
 * Copies the index as it is at one moment, while it is in use.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED, %G_IO_ERROR_CANCELLED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_backup_index (MhStore *self, const char *path, GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sizes of blocks, in bytes of the files. */
typedef struct
{
  guint least; /* a smaller file is one block */
  guint average;
  guint most;
} MhBlockSizes;

/* Returns: how files are cut. Thread: any. */
MhBlockSizes mh_store_block_sizes (void);

/* How the blocks of a vault are. */
typedef struct
{
  gint64 blocks;
  gint64 bytes;   /* of them, sealed */
  gint64 damaged; /* blocks that were found damaged or missing */
} MhBlockHealth;

/**
 * mh_store_block_health:
 * @self: the store
 * @vault_id: a vault
 * @health: (out caller-allocates): sums over all its blocks
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_block_health (MhStore *self, const char *vault_id, MhBlockHealth *health,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
