/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalog.h"

#define ROW "segment, position, size, bad, refs, vault"

static const char sql_find[] = "SELECT " ROW " FROM blocks WHERE id = ?1";

static const char sql_add[] =
    "INSERT INTO blocks (id, vault, segment, position, size, refs) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (id) DO NOTHING";

static const char sql_add_missing[] = "INSERT INTO blocks (id, vault, segment, position, size, "
                                      "bad, refs) VALUES (?1, ?2, 0, 0, 0, ?3,"
                                      " 1)";

static const char sql_place[] =
    "UPDATE blocks SET segment = ?2, position = ?3, size = ?4, bad = 0 WHERE id = ?1";

/* 2: MH_BLOCK_ELSEWHERE */
static const char sql_lose[] =
    "UPDATE blocks SET segment = 0, position = 0, size = 0, bad = 2 WHERE id = ?1";

static const char sql_ref[] = "UPDATE blocks SET refs = refs + ?2 WHERE id = ?1 RETURNING " ROW;

static const char sql_give[] = "UPDATE blocks SET vault = ?2 WHERE id = ?1";

static const char sql_mark_bad[] = "UPDATE blocks SET bad = 1 WHERE id = ?1";

static const char sql_remove[] = "DELETE FROM blocks WHERE id = ?1 AND refs = 0";

static const char sql_add_stored[] =
    "UPDATE vaults SET stored_bytes = stored_bytes + ?2 WHERE ref = ?1";

static void
read_row (MhStmt *stmt, MhBlockRow *row)
{
  row->location.segment = (guint64) mh_stmt_int64 (stmt, 0);
  row->location.position = (guint64) mh_stmt_int64 (stmt, 1);
  row->location.size = (guint32) mh_stmt_int64 (stmt, 2);
  row->bad = mh_stmt_int64 (stmt, 3) != MH_BLOCK_GOOD;
  row->elsewhere = mh_stmt_int64 (stmt, 3) == MH_BLOCK_ELSEWHERE;
  row->refs = mh_stmt_int64 (stmt, 4);
  row->vault = mh_stmt_int64 (stmt, 5);
}

gboolean
mh_catalog_find_block (MhDb *db, const guint8 *id, MhBlockRow *row, gboolean *found, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_find, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);
  if (!mh_catalog_first (stmt, found, error))
    return FALSE;

  if (*found)
    read_row (stmt, row);

  return TRUE;
}

/* Executes a statement about one block that has no other parameters. */
static gboolean
run_with_id (MhDb *db, const char *sql, const guint8 *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_mark_bad (MhDb *db, const guint8 *id, GError **error)
{
  return run_with_id (db, sql_mark_bad, id, error);
}

gboolean
mh_catalog_add_block (MhDb *db, const guint8 *id, const MhBlockRow *row, gboolean *added,
                      GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 2, row->vault);
  mh_stmt_bind_int64 (stmt, 3, (gint64) row->location.segment);
  mh_stmt_bind_int64 (stmt, 4, (gint64) row->location.position);
  mh_stmt_bind_int64 (stmt, 5, row->location.size);
  mh_stmt_bind_int64 (stmt, 6, row->refs);
  if (!mh_stmt_run (stmt, error))
    return FALSE;

  *added = mh_db_changes (db) > 0;

  return TRUE;
}

gboolean
mh_catalog_add_missing (MhDb *db, gint64 vault, const guint8 *id, MhBlockState state,
                        GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_missing, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 2, vault);
  mh_stmt_bind_int64 (stmt, 3, state);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_place_block (MhDb *db, const guint8 *id, const MhLocation *location, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_place, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 2, (gint64) location->segment);
  mh_stmt_bind_int64 (stmt, 3, (gint64) location->position);
  mh_stmt_bind_int64 (stmt, 4, location->size);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_lose_block (MhDb *db, const guint8 *id, GError **error)
{
  return run_with_id (db, sql_lose, id, error);
}

gboolean
mh_catalog_give_block (MhDb *db, const guint8 *id, gint64 vault, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_give, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 2, vault);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_ref_block (MhDb *db, const guint8 *id, gint64 by, MhBlockRow *row, gboolean *found,
                      GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_ref, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, id, MH_BLOCK_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 2, by);
  if (!mh_catalog_first (stmt, found, error))
    return FALSE;

  if (*found)
    read_row (stmt, row);

  /* The change is whole only at the end of the statement. */
  return !*found || mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_remove_block (MhDb *db, const guint8 *id, GError **error)
{
  return run_with_id (db, sql_remove, id, error);
}

gboolean
mh_catalog_add_stored (MhDb *db, gint64 vault, gint64 bytes, GError **error)
{
  return mh_catalog_run (db, sql_add_stored, vault, bytes, error);
}
