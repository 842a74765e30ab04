/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/db.h"
#include "db/stmt.h"
#include "segments.h"
#include "version.h"

G_BEGIN_DECLS

/*
 * The SQL of the index. Functions that change something belong to the writer's connection and an
 * open transaction; the others to any connection. Errors are those of mh_stmt_step().
 */

typedef struct
{
  gint64 ref;
  gint64 root; /* its top folder */
  gint64 lamport;
  gint64 stored_bytes;
  gboolean forgotten;
} MhVaultRow;

/* A file with what the writer needs to go on from it. */
typedef struct
{
  gint64 ref;
  guint8 file_id[MH_FILE_ID_SIZE];
  char *path; /* (owned) */
  gboolean live;
  gint64 head;
  gint64 size;
  gint64 mtime_ms;
  char *mime; /* (owned) */
  guint8 content_hash[32];
} MhFileRow;

void mh_file_row_free (MhFileRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFileRow, mh_file_row_free)

/* The column `bad`. */
typedef enum
{
  MH_BLOCK_GOOD = 0,
  MH_BLOCK_BAD = 1,       /* found damaged, or lost */
  MH_BLOCK_ELSEWHERE = 2, /* of a version of another machine, and never here */
} MhBlockState;

typedef struct
{
  MhLocation location; /* segment 0: a block that is needed but is not there */
  gboolean bad;        /* not %MH_BLOCK_GOOD */
  gint64 refs;
  gint64 vault;
  gboolean elsewhere;
} MhBlockRow;

typedef struct
{
  MhLocation location;
  guint8 hash[MH_VERSION_HASH_SIZE];
  MhLocation note; /* of the record that it is superseded; segment 0 when there is none */
} MhVersionRow;

/* Goes to the first row of a query, if any. */
gboolean mh_catalog_first (MhStmt *stmt, gboolean *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Executes a statement with two numbers. */
gboolean mh_catalog_run (MhDb *db, const char *sql, gint64 one, gint64 two,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a number of the state table, 0 when it is not there. */
gboolean mh_catalog_get_state (MhDb *db, const char *key, gint64 *value,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets a number of the state table. */
gboolean mh_catalog_set_state (MhDb *db, const char *key, gint64 value,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads how far a segment is indexed, 0 when it is unknown. */
gboolean mh_catalog_get_indexed (MhDb *db, guint64 segment, guint64 *indexed_to,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes how far a segment is indexed. */
gboolean mh_catalog_set_indexed (MhDb *db, guint64 segment, guint64 indexed_to,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds a vault; %MH_ERROR_NOT_FOUND without one. */
gboolean mh_catalog_get_vault (MhDb *db, const char *vault_id, MhVaultRow *row,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds a vault, or makes it. */
gboolean mh_catalog_ensure_vault (MhDb *db, const char *vault_id, MhVaultRow *row,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Marks a vault for mh_catalog_forget_some(), or takes the mark away. */
gboolean mh_catalog_mark_forgotten (MhDb *db, gint64 vault, gboolean forgotten,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds any vault that is marked; @vault is 0 when there is none. */
gboolean
mh_catalog_next_forgotten (MhDb *db, gint64 *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes some thousand rows of a marked vault whose versions are gone; itself when none is left.
 */
gboolean mh_catalog_forget_some (MhDb *db, gint64 vault, gboolean *left,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Looks a block up; @found tells whether @row is set. */
gboolean mh_catalog_find_block (MhDb *db, const guint8 *id, MhBlockRow *row, gboolean *found,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that a block was found damaged, so that it is not taken for another upload's. */
gboolean mh_catalog_mark_bad (MhDb *db, const guint8 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a block that is not damaged; @added tells whether it was unknown. */
gboolean mh_catalog_add_block (MhDb *db, const guint8 *id, const MhBlockRow *row, gboolean *added,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a block that is missing but named by a version; @state says why. */
gboolean mh_catalog_add_missing (MhDb *db, gint64 vault, const guint8 *id, MhBlockState state,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives a block another place, where it is not damaged. */
gboolean mh_catalog_place_block (MhDb *db, const guint8 *id, const MhLocation *location,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that a block is elsewhere, and nowhere here. */
gboolean
mh_catalog_lose_block (MhDb *db, const guint8 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Counts a block for another vault. */
gboolean mh_catalog_give_block (MhDb *db, const guint8 *id, gint64 vault,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One version more (@by 1) or less (-1) names a block; @row is as it is then. */
gboolean mh_catalog_ref_block (MhDb *db, const guint8 *id, gint64 by, MhBlockRow *row,
                               gboolean *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a block that no version names. */
gboolean
mh_catalog_remove_block (MhDb *db, const guint8 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds to the sum of a vault's blocks. */
gboolean mh_catalog_add_stored (MhDb *db, gint64 vault, gint64 bytes,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds the folder @path ("/" or "/a/b") of a vault; @ref is 0 when there is none. */
gboolean mh_catalog_find_folder (MhDb *db, const MhVaultRow *vault, const char *path, gint64 *ref,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds the folder @name of the folder @parent; @ref is 0 when there is none. */
gboolean mh_catalog_find_child (MhDb *db, gint64 parent, const char *name, gint64 *ref,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads how many live files are anywhere below a folder. */
gboolean mh_catalog_folder_files (MhDb *db, gint64 ref, gint64 *files,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_catalog_find_file:
 * @db: a connection
 * @vault: a vault
 * @path: a path
 * @include_deleted: whether the file deleted last will do when there is no live one
 * @error: return location
 *
 * Errors: as mh_stmt_step(); no such file is not an error
 * Returns: (transfer full) (nullable): the file
 */
MhFileRow *mh_catalog_find_file (MhDb *db, const MhVaultRow *vault, const char *path,
                                 gboolean include_deleted,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhFileRow): live files below the folder @path, by path */
GPtrArray *mh_catalog_files_below (MhDb *db, const MhVaultRow *vault, const char *path,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhFileRow): files at the path @path, or below it, that
 * were deleted at @since_ms or later; by path, and of those with one path the one deleted last
 * first */
GPtrArray *mh_catalog_deleted_files (MhDb *db, const MhVaultRow *vault, const char *path,
                                     gboolean below, gint64 since_ms,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds a version by its hash; @ref is 0 when there is none. */
gboolean mh_catalog_find_version (MhDb *db, const guint8 *hash, gint64 *ref, MhVersionRow *row,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the number of the last row of a version, 0 when there is none. */
gboolean mh_catalog_last_version (MhDb *db, gint64 *ref, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Versions were found again whose rows a crash took: @rows at most, after row @last. Other machines
 * may have been told of more rows than there are now, so those get numbers behind all of these. */
gboolean
mh_catalog_renumber (MhDb *db, gint64 last, gint64 rows, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that a version is no head, and where a record says so. */
gboolean mh_catalog_set_note (MhDb *db, gint64 ref, const MhLocation *location,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the record of a version another place. */
gboolean mh_catalog_place_version (MhDb *db, gint64 ref, const MhLocation *location,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds a version by its ref; %MH_ERROR_NOT_FOUND without one. */
gboolean mh_catalog_get_version (MhDb *db, gint64 ref, MhVersionRow *row,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds the newest version with that content, deletions apart; @ref is 0 when there is none. */
gboolean mh_catalog_find_content (MhDb *db, const MhVaultRow *vault, const guint8 *file_id,
                                  const guint8 *content_hash, gint64 *ref,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_catalog_add_version:
 * @db: the writer's connection
 * @vault: its vault
 * @version: a version, decoded or just made
 * @location: where its record lies
 * @ref: (out): the row, 0 when the version is known already
 * @error: return location
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_catalog_add_version (MhDb *db, const MhVaultRow *vault, const MhVersion *version,
                                 const MhLocation *location, gint64 *ref,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Brings file, folders and sums up to date after one of its versions has become no head. */
gboolean mh_catalog_show_again (MhDb *db, const MhVaultRow *vault, const guint8 *file_id,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_catalog_apply:
 * @db: the writer's connection
 * @vault: its vault
 * @version: a version
 * @ref: its row
 * @meta: what was sealed in it
 * @error: return location
 *
 * Brings file, folders and sums up to date with a version whose meta data is now known.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_catalog_apply (MhDb *db, const MhVaultRow *vault, const MhVersion *version, gint64 ref,
                           const MhMeta *meta, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file that is new, with its only version. */
typedef struct
{
  const MhVersion *version; /* (unowned) */
  const MhMeta *meta;       /* (unowned): what was sealed in it */
  MhLocation location;      /* of the record */
  gint64 folder;            /* where the file goes, 0 when that is to be found out */
} MhFirst;

/**
 * mh_catalog_add_first:
 * @db: the writer's connection
 * @vault: its vault
 * @first: a new file
 * @error: return location
 *
 * As mh_catalog_add_version() and mh_catalog_apply() in one, for the case that there is nothing to
 * be compared with: most files of most uploads.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_catalog_add_first (MhDb *db, const MhVaultRow *vault, const MhFirst *first,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a version that was added but turned out to be unreadable, and never applied. */
gboolean mh_catalog_drop_version (MhDb *db, gint64 ref, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_catalog_next_sealed:
 * @db: a connection
 * @vault: a vault
 * @ref: (inout): a version; then the first after it that was not applied yet, 0 when there is none
 * @row: (out caller-allocates): where it lies
 * @error: return location
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_catalog_next_sealed (MhDb *db, const MhVaultRow *vault, gint64 *ref, MhVersionRow *row,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: the last segment of @path */
const char *mh_path_name (const char *path);

/* Returns: (transfer full): @path without its last segment; "/" for what is at the top */
char *mh_path_folder (const char *path) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
