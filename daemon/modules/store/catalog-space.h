/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalog.h"
#include "retention.h"

G_BEGIN_DECLS

/* The SQL about versions to be removed and space to be freed. The rules are those of catalog.h. */

/* A version with what is needed to remove it. */
typedef struct
{
  gint64 ref;
  MhVersionRow row;
  MhRetained retained;
  gboolean has_content; /* whether @content_hash is known */
  guint8 content_hash[32];
} MhPrunable;

/* What was freed. Each kind is on the disk until nothing needs it any more. */
typedef enum
{
  MH_HOLE_BLOCK = 0,
  MH_HOLE_VERSION = 1,
  MH_HOLE_NOTE = 2, /* of a version that is removed, too: goes when no such version is left */
} MhHoleKind;

/* A freed part of a segment. */
typedef struct
{
  guint64 segment;
  guint64 position;
  guint64 size; /* bytes, header included */
  MhHoleKind kind;
} MhHole;

/* A block that no version names. */
typedef struct
{
  guint8 id[MH_BLOCK_ID_SIZE];
  MhLocation location;
} MhUnused;

typedef struct
{
  guint64 id;
  guint64 live; /* bytes of records in use, headers included */
} MhSegmentRow;

/* A file that may have versions to be removed. */
typedef struct
{
  gint64 ref;
  gint64 vault;
  guint8 file_id[MH_FILE_ID_SIZE];
  gboolean live;
} MhFileRef;

/* Returns: (transfer full) (element-type MhPrunable): all versions of a file, newest first */
GArray *
mh_catalog_versions (MhDb *db, const MhFileRef *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhPrunable): some versions of a vault, in any order */
GArray *mh_catalog_any_versions (MhDb *db, gint64 vault, guint limit,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds a file by its row; @found tells whether it is there. */
gboolean mh_catalog_get_file_ref (MhDb *db, gint64 ref, MhFileRef *file, gboolean *found,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that a file has @count versions less. */
gboolean mh_catalog_fewer_versions (MhDb *db, gint64 file, gint64 count,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_catalog_find_outdated:
 * @db: a connection
 * @vault: a vault
 * @keep: its rule
 * @now_ms: Unix milliseconds
 * @after: rows up to this one are left out
 * @error: return location
 *
 * Returns: (transfer full) (element-type gint64): some files that the rule may apply to, in the
 *   order of their rows, or %NULL with @error set
 */
GArray *mh_catalog_find_outdated (MhDb *db, gint64 vault, const MhKeep *keep, gint64 now_ms,
                                  gint64 after, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type gint64): some deleted files with versions; all or at @path
 */
GArray *mh_catalog_find_trash (MhDb *db, gint64 vault, const char *path, gint64 after,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a hole, unless there is one at its place. */
gboolean
mh_catalog_add_hole (MhDb *db, const MhHole *hole, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a hole that was made. */
gboolean
mh_catalog_remove_hole (MhDb *db, const MhHole *hole, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds out whether there is a hole at a place. */
gboolean mh_catalog_is_hole (MhDb *db, const MhLocation *location, gboolean *is_hole,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhHole): some of a kind that may be made now, by place */
GArray *mh_catalog_find_holes (MhDb *db, MhHoleKind kind, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhUnused): some blocks after @id, in the order of ids */
GArray *
mh_catalog_find_unused (MhDb *db, const guint8 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds to what is in use of a segment. */
gboolean mh_catalog_add_live (MhDb *db, guint64 segment, gint64 bytes,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhSegmentRow): all segments, by number */
GArray *mh_catalog_segments (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds out whether anything in the index lies in a segment. Looks at every block and version. */
gboolean mh_catalog_is_segment_used (MhDb *db, guint64 segment, gboolean *used,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a segment that nothing lies in, and its holes. */
gboolean
mh_catalog_remove_segment (MhDb *db, guint64 segment, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes refs, live bytes and the vaults' sums zero, to be counted anew. */
gboolean mh_catalog_clear_counts (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhPrunable): some versions of all vaults after @ref */
GArray *mh_catalog_every_version (MhDb *db, gint64 ref, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
