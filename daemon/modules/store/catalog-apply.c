/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalog.h"
#include "catalog-clash.h"

#include <string.h>

#include "base/error.h"

/* Its successors may be there already, as when a segment could not be read for a while. */
static const char sql_add_version[] =
    "INSERT INTO versions (hash, vault, file_id, parents, author, lamport, ts_ms, op, segment,"
    " position, size, is_head) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
    " NOT EXISTS (SELECT 1 FROM versions WHERE vault = ?2 AND file_id = ?3 AND lamport > ?6"
    " AND instr (parents, ?1) > 0)) ON CONFLICT (hash) DO NOTHING";

static const char sql_add_first[] =
    "INSERT INTO versions (hash, vault, file_id, parents, author, lamport, ts_ms, op, segment,"
    " position, size, path, file_size, mtime_ms, mime, content_hash)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

static const char sql_first_file[] =
    "INSERT INTO files (vault, file_id, folder, name, path, live, head, heads, versions, size,"
    " mtime_ms, mime, content_hash, changed_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, 1, 1, ?7, ?8, ?9, ?10, ?11)";

static const char sql_not_head[] =
    "UPDATE versions SET is_head = 0 WHERE hash = ?1 AND vault = ?2 AND file_id = ?3";

static const char sql_set_lamport[] =
    "UPDATE vaults SET lamport = max (lamport, ?2) WHERE ref = ?1";

static const char sql_set_meta[] =
    "UPDATE versions SET path = ?2, file_size = ?3, mtime_ms = ?4, mime = ?5, content_hash = ?6"
    " WHERE ref = ?1";

/* More than one head: a deletion is not shown before what it did not know of, then the highest
 * lamport, then hash. Every machine chooses the same. */
static const char sql_shown_head[] =
    "SELECT ref, op, ts_ms, path, file_size, mtime_ms, mime, content_hash,"
    " count (*) OVER () FROM versions"
    " WHERE vault = ?1 AND file_id = ?2 AND is_head = 1 AND path IS NOT NULL"
    " ORDER BY op = 3, lamport DESC, hash DESC LIMIT 1";

static const char sql_old_file[] =
    "SELECT f.ref, f.folder, f.live, f.size, v.path FROM files f LEFT JOIN versions v"
    " ON v.ref = f.head WHERE f.vault = ?1 AND f.file_id = ?2";

static const char sql_put_file[] =
    "INSERT INTO files (vault, file_id, folder, name, path, live, head, heads, versions, size,"
    " mtime_ms, mime, content_hash, changed_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT count (*) FROM versions WHERE vault = ?1"
    " AND file_id = ?2 AND path IS NOT NULL), ?9, ?10, ?11, ?12, ?13)"
    " ON CONFLICT (vault, file_id) DO UPDATE SET folder = excluded.folder, name = excluded.name,"
    " path = excluded.path, live = excluded.live, head = excluded.head, heads = excluded.heads,"
    " versions = versions + ?14, size = excluded.size, mtime_ms = excluded.mtime_ms,"
    " mime = excluded.mime, content_hash = excluded.content_hash,"
    " changed_ms = excluded.changed_ms";

static const char sql_one_more[] =
    "UPDATE files SET versions = versions + 1 WHERE vault = ?1 AND file_id = ?2";

static const char sql_add_folder[] =
    "INSERT INTO folders (vault, parent, name) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (parent, name) DO UPDATE SET name = excluded.name RETURNING ref";

static const char sql_parent[] = "SELECT parent FROM folders WHERE ref = ?1";

/* Not RETURNING parent: SQLite makes a table of its own for that, each time. */
static const char sql_count[] = "UPDATE folders SET files = files + ?2, bytes = bytes + ?3,"
                                " changed_ms = max (changed_ms, ?4) WHERE ref = ?1";

/* What a file adds to the sums of the folders above it. */
typedef struct
{
  gint64 folder;
  gint64 files;
  gint64 bytes;
  gint64 versions; /* that it has more than before */
} Weight;

/* Binds the columns of a version that are not sealed: 1 to 11. */
static void
bind_version (MhStmt *stmt, const MhVaultRow *vault, const MhVersion *version,
              const MhLocation *location)
{
  mh_stmt_bind_blob (stmt, 1, version->hash, sizeof version->hash);
  mh_stmt_bind_int64 (stmt, 2, vault->ref);
  mh_stmt_bind_blob (stmt, 3, version->file_id, sizeof version->file_id);
  mh_stmt_bind_blob (stmt, 4, g_bytes_get_data (version->parents, NULL),
                     g_bytes_get_size (version->parents));
  mh_stmt_bind_blob (stmt, 5, version->author, sizeof version->author);
  mh_stmt_bind_int64 (stmt, 6, version->lamport);
  mh_stmt_bind_int64 (stmt, 7, version->ts_ms);
  mh_stmt_bind_int64 (stmt, 8, version->op);
  mh_stmt_bind_int64 (stmt, 9, (gint64) location->segment);
  mh_stmt_bind_int64 (stmt, 10, (gint64) location->position);
  mh_stmt_bind_int64 (stmt, 11, location->size);
}

static gboolean
add_row (MhDb *db, const MhVaultRow *vault, const MhVersion *version, const MhLocation *location,
         GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_version, error);

  if (stmt == NULL)
    return FALSE;

  bind_version (stmt, vault, version, location);

  return mh_stmt_run (stmt, error);
}

static gboolean
unmark_parents (MhDb *db, const MhVaultRow *vault, const MhVersion *version, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_not_head, error);
  gsize size;
  const guint8 *parents = g_bytes_get_data (version->parents, &size);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 2, vault->ref);
  mh_stmt_bind_blob (stmt, 3, version->file_id, sizeof version->file_id);
  for (gsize i = 0; i < size; i += MH_VERSION_HASH_SIZE)
    {
      mh_stmt_bind_blob (stmt, 1, parents + i, MH_VERSION_HASH_SIZE);
      if (!mh_stmt_run (stmt, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
raise_lamport (MhDb *db, const MhVaultRow *vault, gint64 lamport, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_lamport, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_int64 (stmt, 2, lamport);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_add_version (MhDb *db, const MhVaultRow *vault, const MhVersion *version,
                        const MhLocation *location, gint64 *ref, GError **error)
{
  *ref = 0;
  if (!add_row (db, vault, version, location, error))
    return FALSE;

  if (mh_db_changes (db) == 0)
    return TRUE;

  *ref = mh_db_last_rowid (db);

  return unmark_parents (db, vault, version, error)
         && raise_lamport (db, vault, version->lamport, error);
}

static gboolean
set_meta (MhDb *db, gint64 ref, const MhMeta *meta, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_meta, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);
  mh_stmt_bind_text (stmt, 2, meta->path);
  mh_stmt_bind_int64 (stmt, 3, meta->size);
  mh_stmt_bind_int64 (stmt, 4, meta->mtime_ms);
  mh_stmt_bind_text (stmt, 5, meta->mime);
  mh_stmt_bind_blob (stmt, 6, meta->content_hash, sizeof meta->content_hash);

  return mh_stmt_run (stmt, error);
}

/* Also tells what path the file claims, unless it is deleted: (transfer full) (nullable) */
static gboolean
get_old_weight (MhDb *db, const MhVaultRow *vault, const guint8 *file_id, Weight *weight,
                char **path, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_old_file, error);
  GError *local = NULL;

  memset (weight, 0, sizeof *weight);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, file_id, MH_FILE_ID_SIZE);
  if (mh_stmt_step (stmt, &local) && mh_stmt_int64 (stmt, 2) != 0)
    {
      weight->folder = mh_stmt_int64 (stmt, 1);
      weight->files = 1;
      weight->bytes = mh_stmt_int64 (stmt, 3);
      *path = mh_stmt_dup_text (stmt, 4);
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
ensure_child (MhDb *db, const MhVaultRow *vault, const char *name, gint64 *ref, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_folder, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_int64 (stmt, 2, *ref);
  mh_stmt_bind_text (stmt, 3, name);
  if (!mh_stmt_one (stmt, "folder", name, error))
    return FALSE;

  *ref = mh_stmt_int64 (stmt, 0);

  /* to the end, so that it can be used for the next one */
  return mh_stmt_run (stmt, error);
}

/* Finds the folder of the file @path, making what is missing. */
static gboolean
ensure_folder (MhDb *db, const MhVaultRow *vault, const char *path, gint64 *ref, GError **error)
{
  g_autofree char *folder = mh_path_folder (path);
  g_auto (GStrv) segments = NULL;

  if (!mh_catalog_find_folder (db, vault, folder, ref, error))
    return FALSE;

  if (*ref != 0)
    return TRUE;

  *ref = vault->root;
  segments = g_strsplit (folder + 1, "/", -1);
  for (gsize i = 0; segments[i] != NULL; i++)
    {
      if (!ensure_child (db, vault, segments[i], ref, error))
        return FALSE;
    }

  return TRUE;
}

/* Adds to the sums of a folder and all above it. */
static gboolean
add_weight (MhDb *db, const Weight *weight, gint64 sign, gint64 changed_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_count, error);
  g_autoptr (MhStmt) parent = mh_db_prepare (db, sql_parent, error);
  gint64 folder = weight->folder;

  if (stmt == NULL || parent == NULL)
    return FALSE;

  while (folder != 0)
    {
      mh_stmt_bind_int64 (stmt, 1, folder);
      mh_stmt_bind_int64 (stmt, 2, sign * weight->files);
      mh_stmt_bind_int64 (stmt, 3, sign * weight->bytes);
      mh_stmt_bind_int64 (stmt, 4, changed_ms);
      mh_stmt_bind_int64 (parent, 1, folder);
      if (!mh_stmt_run (stmt, error) || !mh_stmt_one (parent, "folder", NULL, error))
        return FALSE;
      folder = mh_stmt_int64 (parent, 0);
      /* to the end, so that it can be used for the next one */
      if (!mh_stmt_run (parent, error))
        return FALSE;
    }

  return TRUE;
}

/* Writes the file as @head, a row of sql_shown_head, has it, with @more versions than before;
 * @weight is what it now adds. */
static gboolean
put_file (MhDb *db, const MhVaultRow *vault, const guint8 *file_id, MhStmt *head, Weight *weight,
          GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_put_file, error);
  const char *path = mh_stmt_text (head, 3);
  gboolean live = mh_stmt_int64 (head, 1) != MH_FILE_OP_DELETE;
  gsize size;
  const guint8 *content_hash = mh_stmt_blob (head, 7, &size);

  if (stmt == NULL || !ensure_folder (db, vault, path, &weight->folder, error))
    return FALSE;

  weight->files = live ? 1 : 0;
  weight->bytes = live ? mh_stmt_int64 (head, 4) : 0;
  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, file_id, MH_FILE_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 3, weight->folder);
  mh_stmt_bind_text (stmt, 4, mh_path_name (path));
  mh_stmt_bind_text (stmt, 5, path);
  mh_stmt_bind_int64 (stmt, 6, live);
  mh_stmt_bind_int64 (stmt, 7, mh_stmt_int64 (head, 0));
  mh_stmt_bind_int64 (stmt, 8, mh_stmt_int64 (head, 8));
  mh_stmt_bind_int64 (stmt, 9, mh_stmt_int64 (head, 4));
  mh_stmt_bind_int64 (stmt, 10, mh_stmt_int64 (head, 5));
  mh_stmt_bind_text (stmt, 11, mh_stmt_text (head, 6));
  mh_stmt_bind_blob (stmt, 12, content_hash, size);
  mh_stmt_bind_int64 (stmt, 13, mh_stmt_int64 (head, 2));
  mh_stmt_bind_int64 (stmt, 14, weight->versions);

  return mh_stmt_run (stmt, error);
}

/* Counts a version whose successors are not applied yet: nothing else is to be seen of it. */
static gboolean
count_version (MhDb *db, const MhVaultRow *vault, const guint8 *file_id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_one_more, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, file_id, MH_FILE_ID_SIZE);

  return mh_stmt_run (stmt, error);
}

/* The file came to one path, and maybe left another: others that claim them may be shown elsewhere.
 */
static gboolean
settle (MhDb *db, const MhVaultRow *vault, const guint8 *file_id, const char *old_path,
        const char *path, GError **error)
{
  gboolean shared = FALSE;

  if (g_strcmp0 (old_path, path) != 0
      && ((old_path != NULL && !mh_catalog_settle_above (db, vault, old_path, error))
          || (path != NULL && !mh_catalog_settle_above (db, vault, path, error))))
    return FALSE;
  if (path != NULL && !mh_catalog_is_shared (db, vault, path, file_id, &shared, error))
    return FALSE;
  if (shared && !mh_catalog_settle_path (db, vault, path, error))
    return FALSE;

  return old_path == NULL || g_strcmp0 (old_path, path) == 0
         || mh_catalog_settle_path (db, vault, old_path, error);
}

/* Has the file show what its heads are now. @ts_ms: when they became so. */
static gboolean
show (MhDb *db, const MhVaultRow *vault, const guint8 *file_id, gint64 more, gint64 ts_ms,
      GError **error)
{
  g_autoptr (MhStmt) head = NULL;
  GError *local = NULL;
  Weight before;
  Weight after = { .versions = more };
  g_autofree char *old_path = NULL;
  g_autofree char *path = NULL;

  if (!get_old_weight (db, vault, file_id, &before, &old_path, error))
    return FALSE;

  head = mh_db_prepare (db, sql_shown_head, error);
  if (head == NULL)
    return FALSE;

  mh_stmt_bind_int64 (head, 1, vault->ref);
  mh_stmt_bind_blob (head, 2, file_id, MH_FILE_ID_SIZE);
  if (!mh_stmt_step (head, &local))
    {
      if (local == NULL)
        return more == 0 || count_version (db, vault, file_id, error);
      g_propagate_error (error, local);
      return FALSE;
    }

  if (mh_stmt_int64 (head, 1) != MH_FILE_OP_DELETE)
    path = mh_stmt_dup_text (head, 3);

  return put_file (db, vault, file_id, head, &after, error)
         && add_weight (db, &before, -1, ts_ms, error) && add_weight (db, &after, 1, ts_ms, error)
         && settle (db, vault, file_id, old_path, path, error);
}

gboolean
mh_catalog_apply (MhDb *db, const MhVaultRow *vault, const MhVersion *version, gint64 ref,
                  const MhMeta *meta, GError **error)
{
  return set_meta (db, ref, meta, error)
         && show (db, vault, version->file_id, 1, version->ts_ms, error);
}

gboolean
mh_catalog_show_again (MhDb *db, const MhVaultRow *vault, const guint8 *file_id, GError **error)
{
  return show (db, vault, file_id, 0, 0, error);
}

static gboolean
add_first_version (MhDb *db, const MhVaultRow *vault, const MhFirst *first, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_first, error);
  const MhMeta *meta = first->meta;

  if (stmt == NULL)
    return FALSE;

  bind_version (stmt, vault, first->version, &first->location);
  mh_stmt_bind_text (stmt, 12, meta->path);
  mh_stmt_bind_int64 (stmt, 13, meta->size);
  mh_stmt_bind_int64 (stmt, 14, meta->mtime_ms);
  mh_stmt_bind_text (stmt, 15, meta->mime);
  mh_stmt_bind_blob (stmt, 16, meta->content_hash, sizeof meta->content_hash);

  return mh_stmt_run (stmt, error);
}

/* Adds the file of the version that was added last. */
static gboolean
add_first_file (MhDb *db, const MhVaultRow *vault, const MhFirst *first, gint64 folder,
                GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_first_file, error);
  const MhMeta *meta = first->meta;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_blob (stmt, 2, first->version->file_id, MH_FILE_ID_SIZE);
  mh_stmt_bind_int64 (stmt, 3, folder);
  mh_stmt_bind_text (stmt, 4, mh_path_name (meta->path));
  mh_stmt_bind_text (stmt, 5, meta->path);
  mh_stmt_bind_int64 (stmt, 6, mh_db_last_rowid (db));
  mh_stmt_bind_int64 (stmt, 7, meta->size);
  mh_stmt_bind_int64 (stmt, 8, meta->mtime_ms);
  mh_stmt_bind_text (stmt, 9, meta->mime);
  mh_stmt_bind_blob (stmt, 10, meta->content_hash, sizeof meta->content_hash);
  mh_stmt_bind_int64 (stmt, 11, first->version->ts_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_catalog_add_first (MhDb *db, const MhVaultRow *vault, const MhFirst *first, GError **error)
{
  Weight weight = { first->folder, 1, first->meta->size };

  return (weight.folder != 0 || ensure_folder (db, vault, first->meta->path, &weight.folder, error))
         && add_first_version (db, vault, first, error)
         && add_first_file (db, vault, first, weight.folder, error)
         && add_weight (db, &weight, 1, first->version->ts_ms, error)
         && (first->version->lamport <= vault->lamport
             || raise_lamport (db, vault, first->version->lamport, error));
}
