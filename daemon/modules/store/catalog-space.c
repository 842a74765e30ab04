/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalog-space.h"

#include "base/error.h"
#include "segment.h"

#define DAY_MS (G_GINT64_CONSTANT (24) * 60 * 60 * 1000)

#define VERSION                                                                                    \
  "ref, hash, segment, position, size, ts_ms, op, is_head, content_hash,"                          \
  " note_segment, note_position"

static const char sql_versions[] = "SELECT " VERSION " FROM versions WHERE vault = ?1"
                                   " AND file_id = ?2 ORDER BY lamport DESC, hash DESC";

static const char sql_any_versions[] = "SELECT " VERSION " FROM versions WHERE vault = ?1 LIMIT ?2";

static const char sql_every_version[] =
    "SELECT " VERSION " FROM versions WHERE ref > ?1 ORDER BY ref LIMIT 1000";

static const char sql_file[] = "SELECT ref, vault, file_id, live FROM files WHERE ref = ?1";

static const char sql_fewer_versions[] = "UPDATE files SET versions = versions - ?2 WHERE ref = ?1";

/* The version of the lowest lamport is the oldest; only when it is old there can be anything. */
static const char sql_outdated[] =
    "SELECT ref FROM files NOT INDEXED WHERE ref > ?5 AND vault = ?1 AND versions > heads AND"
    " CASE live WHEN 0 THEN changed_ms <= ?3 ELSE versions > ?2 AND (SELECT ts_ms FROM versions"
    " WHERE vault = ?1 AND file_id = files.file_id ORDER BY lamport LIMIT 1) <= ?3 END"
    " ORDER BY ref LIMIT ?4";

static const char sql_trash[] =
    "SELECT ref FROM files NOT INDEXED WHERE vault = ?1 AND live = 0 AND versions > heads"
    " AND ref > ?2 ORDER BY ref LIMIT 500";

static const char sql_trash_at[] =
    "SELECT ref FROM files WHERE vault = ?1 AND live = 0 AND versions > heads AND ref > ?2"
    " AND path = ?3 ORDER BY ref LIMIT 500";

static const char sql_add_hole[] = "INSERT INTO holes (segment, position, size, version)"
                                   " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

static const char sql_remove_hole[] = "DELETE FROM holes WHERE segment = ?1 AND position = ?2";

static const char sql_is_hole[] = "SELECT 1 FROM holes WHERE segment = ?1 AND position = ?2";

static const char sql_holes[] =
    "SELECT segment, position, size, version FROM holes"
    " WHERE version = ?1 AND (?1 < 2 OR NOT EXISTS (SELECT 1 FROM holes WHERE"
    " version = 1)) ORDER BY segment, position LIMIT 2000";

static const char sql_unused[] = "SELECT id, segment, position, size FROM blocks"
                                 " WHERE refs = 0 AND id > ?1 ORDER BY id LIMIT 500";

static const char sql_add_live[] = "UPDATE segments SET live = live + ?2 WHERE id = ?1";

static const char sql_segments[] = "SELECT id, live FROM segments ORDER BY id";

static const char sql_is_used[] = "SELECT EXISTS (SELECT 1 FROM blocks WHERE segment = ?1)"
                                  " OR EXISTS (SELECT 1 FROM versions WHERE segment = ?1)";

static const char sql_remove_segment[] = "DELETE FROM segments WHERE id = ?1";

static const char sql_remove_holes[] = "DELETE FROM holes WHERE segment = ?1";

static const char sql_clear_counts[] = "UPDATE blocks SET refs = 0; UPDATE segments SET live = 0;"
                                       " UPDATE vaults SET stored_bytes = 0";

static gboolean
read_version (MhStmt *stmt, MhPrunable *version, GError **error)
{
  version->ref = mh_stmt_int64 (stmt, 0);
  version->row.location.segment = (guint64) mh_stmt_int64 (stmt, 2);
  version->row.location.position = (guint64) mh_stmt_int64 (stmt, 3);
  version->row.location.size = (guint32) mh_stmt_int64 (stmt, 4);
  version->retained.ts_ms = mh_stmt_int64 (stmt, 5);
  version->retained.op = (MhFileOp) mh_stmt_int64 (stmt, 6);
  version->retained.is_head = mh_stmt_int64 (stmt, 7) != 0;
  version->row.note.segment = (guint64) mh_stmt_int64 (stmt, 9);
  version->row.note.position = (guint64) mh_stmt_int64 (stmt, 10);
  version->row.note.size = MH_SUPERSEDED_SIZE;
  version->has_content =
      mh_stmt_copy_blob (stmt, 8, version->content_hash, sizeof version->content_hash);
  if (mh_stmt_copy_blob (stmt, 1, version->row.hash, sizeof version->row.hash))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the index entry of a version is damaged");

  return FALSE;
}

/* Returns: (transfer full): the rows of @stmt, or %NULL with @error set */
static GArray *
collect_versions (MhStmt *stmt, GError **error)
{
  g_autoptr (GArray) versions = g_array_new (FALSE, FALSE, sizeof (MhPrunable));
  GError *local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhPrunable version = { 0 };

      if (!read_version (stmt, &version, error))
        return NULL;
      g_array_append_val (versions, version);
    }

  if (local == NULL)
    return g_steal_pointer (&versions);

  g_propagate_error (error, local);

  return NULL;
}

GArray *
mh_catalog_versions (MhDb *db, const MhFileRef *file, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_versions, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, file->vault);
  mh_stmt_bind_blob (stmt, 2, file->file_id, sizeof file->file_id);

  return collect_versions (stmt, error);
}

GArray *
mh_catalog_any_versions (MhDb *db, gint64 vault, guint limit, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_any_versions, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, vault);
  mh_stmt_bind_int64 (stmt, 2, limit);

  return collect_versions (stmt, error);
}

GArray *
mh_catalog_every_version (MhDb *db, gint64 ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_every_version, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, ref);

  return collect_versions (stmt, error);
}

gboolean
mh_catalog_get_file_ref (MhDb *db, gint64 ref, MhFileRef *file, gboolean *found, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_file, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);
  if (!mh_catalog_first (stmt, found, error))
    return FALSE;

  if (!*found)
    return TRUE;

  file->ref = mh_stmt_int64 (stmt, 0);
  file->vault = mh_stmt_int64 (stmt, 1);
  file->live = mh_stmt_int64 (stmt, 3) != 0;
  if (mh_stmt_copy_blob (stmt, 2, file->file_id, sizeof file->file_id))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the index entry of a file is damaged");

  return FALSE;
}

gboolean
mh_catalog_fewer_versions (MhDb *db, gint64 file, gint64 count, GError **error)
{
  return mh_catalog_run (db, sql_fewer_versions, file, count, error);
}

/* Returns: (transfer full): the numbers in the first column, or %NULL with @error set */
static GArray *
collect_refs (MhStmt *stmt, GError **error)
{
  g_autoptr (GArray) refs = g_array_new (FALSE, FALSE, sizeof (gint64));
  GError *local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      gint64 ref = mh_stmt_int64 (stmt, 0);

      g_array_append_val (refs, ref);
    }

  if (local == NULL)
    return g_steal_pointer (&refs);

  g_propagate_error (error, local);

  return NULL;
}

GArray *
mh_catalog_find_outdated (MhDb *db, gint64 vault, const MhKeep *keep, gint64 now_ms, gint64 after,
                          GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_outdated, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, vault);
  mh_stmt_bind_int64 (stmt, 2, keep->versions);
  mh_stmt_bind_int64 (stmt, 3, now_ms - keep->days * DAY_MS);
  mh_stmt_bind_int64 (stmt, 4, 500);
  mh_stmt_bind_int64 (stmt, 5, after);

  return collect_refs (stmt, error);
}

GArray *
mh_catalog_find_trash (MhDb *db, gint64 vault, const char *path, gint64 after, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, path != NULL ? sql_trash_at : sql_trash, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, vault);
  mh_stmt_bind_int64 (stmt, 2, after);
  if (path != NULL)
    mh_stmt_bind_text (stmt, 3, path);

  return collect_refs (stmt, error);
}

gboolean
mh_catalog_add_hole (MhDb *db, const MhHole *hole, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_hole, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, (gint64) hole->segment);
  mh_stmt_bind_int64 (stmt, 2, (gint64) hole->position);
  mh_stmt_bind_int64 (stmt, 3, (gint64) hole->size);
  mh_stmt_bind_int64 (stmt, 4, hole->kind);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_remove_hole (MhDb *db, const MhHole *hole, GError **error)
{
  return mh_catalog_run (db, sql_remove_hole, (gint64) hole->segment, (gint64) hole->position,
                         error);
}

gboolean
mh_catalog_is_hole (MhDb *db, const MhLocation *location, gboolean *is_hole, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_is_hole, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, (gint64) location->segment);
  mh_stmt_bind_int64 (stmt, 2, (gint64) location->position);

  return mh_catalog_first (stmt, is_hole, error);
}

GArray *
mh_catalog_find_holes (MhDb *db, MhHoleKind kind, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_holes, error);
  g_autoptr (GArray) holes = g_array_new (FALSE, FALSE, sizeof (MhHole));
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, kind);
  while (mh_stmt_step (stmt, &local))
    {
      MhHole hole = { (guint64) mh_stmt_int64 (stmt, 0), (guint64) mh_stmt_int64 (stmt, 1),
                      (guint64) mh_stmt_int64 (stmt, 2), kind };

      g_array_append_val (holes, hole);
    }

  if (local == NULL)
    return g_steal_pointer (&holes);

  g_propagate_error (error, local);

  return NULL;
}

GArray *
mh_catalog_find_unused (MhDb *db, const guint8 *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_unused, error);
  g_autoptr (GArray) blocks = g_array_new (FALSE, FALSE, sizeof (MhUnused));
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);
  while (mh_stmt_step (stmt, &local))
    {
      MhUnused block = { 0 };

      block.location.segment = (guint64) mh_stmt_int64 (stmt, 1);
      block.location.position = (guint64) mh_stmt_int64 (stmt, 2);
      block.location.size = (guint32) mh_stmt_int64 (stmt, 3);
      if (mh_stmt_copy_blob (stmt, 0, block.id, sizeof block.id))
        g_array_append_val (blocks, block);
    }

  if (local == NULL)
    return g_steal_pointer (&blocks);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_catalog_add_live (MhDb *db, guint64 segment, gint64 bytes, GError **error)
{
  return mh_catalog_run (db, sql_add_live, (gint64) segment, bytes, error);
}

GArray *
mh_catalog_segments (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_segments, error);
  g_autoptr (GArray) segments = g_array_new (FALSE, FALSE, sizeof (MhSegmentRow));
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhSegmentRow segment = { (guint64) mh_stmt_int64 (stmt, 0),
                               (guint64) MAX (0, mh_stmt_int64 (stmt, 1)) };

      g_array_append_val (segments, segment);
    }

  if (local == NULL)
    return g_steal_pointer (&segments);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_catalog_is_segment_used (MhDb *db, guint64 segment, gboolean *used, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_is_used, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, (gint64) segment);
  if (!mh_stmt_one (stmt, "segment", NULL, error))
    return FALSE;

  *used = mh_stmt_int64 (stmt, 0) != 0;

  return TRUE;
}

gboolean
mh_catalog_remove_segment (MhDb *db, guint64 segment, GError **error)
{
  const char *const steps[] = { sql_remove_segment, sql_remove_holes };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (MhStmt) stmt = mh_db_prepare (db, steps[i], error);

      if (stmt == NULL)
        return FALSE;
      mh_stmt_bind_int64 (stmt, 1, (gint64) segment);
      if (!mh_stmt_run (stmt, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_catalog_clear_counts (MhDb *db, GError **error)
{
  return mh_db_exec (db, sql_clear_counts, error);
}
