/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/encoding.h"
#include "base/error.h"
#include "chunker.h"
#include "manifest.h"

/* Blocks that are looked up for the files of one call, and files whose records are read. */
#define MOST_BLOCKS 20000
#define MOST_RECORDS 1000

static const char sql_misses[] =
    "SELECT EXISTS (SELECT 1 FROM blocks WHERE vault = ?1 AND bad <> 0 AND refs > 0)";

static const char sql_head[] = "SELECT head FROM files WHERE vault = ?1 AND file_id = ?2";

/* A look at several files. */
typedef struct
{
  MhStore *store; /* (unowned) */
  MhDb *db;       /* (unowned) */
  MhVaultRow vault;
  gint64 blocks; /* that may still be looked up */
  guint records; /* that may still be read */
} Look;

static gboolean
misses_any (Look *self, gboolean *misses, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->db, sql_misses, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, self->vault.ref);
  if (!mh_stmt_one (stmt, "vault", NULL, error))
    return FALSE;
  *misses = mh_stmt_int64 (stmt, 0) != 0;

  return TRUE;
}

/* Finds the version that is shown of a file; @head is 0 when the file has gone. */
static gboolean
find_head (Look *self, const MhFile *file, gint64 *head, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->db, sql_head, error);
  guint8 id[MH_FILE_ID_SIZE];
  gboolean found;

  *head = 0;
  if (stmt == NULL)
    return FALSE;
  if (!mh_hex_decode (file->file_id, id, sizeof id))
    return TRUE;
  mh_stmt_bind_int64 (stmt, 1, self->vault.ref);
  mh_stmt_bind_blob (stmt, 2, id, sizeof id);
  if (!mh_catalog_first (stmt, &found, error))
    return FALSE;
  if (found)
    *head = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

/* Looks blocks up until some are found and some are not. */
static gboolean
look_up (Look *self, GBytes *blocks, MhLocal *out, GError **error)
{
  gsize size;
  const guint8 *ids = g_bytes_get_data (blocks, &size);
  gboolean some_here = FALSE;
  gboolean some_missing = FALSE;

  for (gsize i = 0; i + MH_BLOCK_ID_SIZE <= size && !(some_here && some_missing);
       i += MH_BLOCK_ID_SIZE)
    {
      MhBlockRow row;
      gboolean found;

      if (self->blocks-- <= 0)
        return TRUE;
      if (!mh_catalog_find_block (self->db, ids + i, &row, &found, error))
        return FALSE;
      if (!found || row.bad || row.location.segment == 0)
        some_missing = TRUE;
      else
        some_here = TRUE;
    }
  *out = !some_missing ? MH_LOCAL_FULL : some_here ? MH_LOCAL_PARTIAL : MH_LOCAL_NONE;

  return TRUE;
}

static gboolean
look_at (Look *self, MhFile *file, GError **error)
{
  g_autoptr (MhVersion) version = NULL;
  g_autoptr (GError) local = NULL;
  gint64 head;

  if (self->records == 0 || file->size / MH_CHUNK_AVERAGE > self->blocks)
    return TRUE;
  self->records--;
  if (!find_head (self, file, &head, error))
    return FALSE;
  if (head == 0)
    return TRUE;

  version = mh_manifest_read (self->store, self->db, head, &local);
  if (version != NULL)
    return look_up (self, version->blocks, &file->local, error);
  /* A list does not fail for one damaged record, which whoever reads the file hears of. */
  if (g_error_matches (local, MH_ERROR, MH_ERROR_CORRUPT)
      || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

static gboolean
find_local (Look *self, const char *vault_id, GPtrArray *files, GError **error)
{
  gboolean misses;

  if (!mh_catalog_get_vault (self->db, vault_id, &self->vault, error)
      || !misses_any (self, &misses, error))
    return FALSE;

  for (guint i = 0; i < files->len; i++)
    {
      MhFile *file = g_ptr_array_index (files, i);

      if (!misses)
        file->local = MH_LOCAL_FULL;
      else if (!look_at (self, file, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_store_find_local (MhStore *self, const char *vault_id, GPtrArray *files, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  Look look = { .store = self, .blocks = MOST_BLOCKS, .records = MOST_RECORDS };
  gboolean done = FALSE;

  if (lease != NULL)
    {
      look.db = mh_db_lease_db (lease);
      done = find_local (&look, vault_id, files, error);
    }
  mh_store_lift (self, error);

  return done;
}
