/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalog-clash.h"

#include <string.h>

#include "base/encoding.h"

/* Files that are shown under the path, or under one that is made of it. The upper end of the range
 * is its beginning with another last byte: "(" and what follows a blank. */
static const char sql_group[] =
    "SELECT f.ref, f.file_id, f.path FROM files f JOIN versions v ON v.ref = f.head"
    " WHERE f.vault = ?1 AND f.live = 1 AND f.path = ?2 AND v.path = ?2"
    " UNION ALL"
    " SELECT f.ref, f.file_id, f.path FROM files f JOIN versions v ON v.ref = f.head"
    " WHERE f.vault = ?1 AND f.live = 1 AND f.path > ?3 AND f.path < ?4 AND v.path = ?2"
    " ORDER BY 2";

static const char sql_other[] =
    "SELECT 1 FROM files WHERE vault = ?1 AND live = 1 AND path = ?2 AND file_id <> ?3 LIMIT 1";

static const char sql_show[] = "UPDATE files SET path = ?2, name = ?3 WHERE ref = ?1";

/* Bytes of an id that tell files of one name apart: its end, as its beginning is a time. */
#define TELLING 4

/* Where the ending of a name begins. */
static const char *
ending_of (const char *path)
{
  const char *name = mh_path_name (path);
  const char *dot = strrchr (name, '.');

  return dot != NULL && dot != name ? dot : path + strlen (path);
}

/* Returns: (transfer full): the beginning of all paths that are made of @path */
static char *
beginning_of (const char *path)
{
  g_autofree char *stem = g_strndup (path, (gsize) (ending_of (path) - path));

  return g_strconcat (stem, " (conflict ", NULL);
}

static char *
shown_path (const char *path, const guint8 *file_id)
{
  g_autofree char *beginning = beginning_of (path);
  g_autofree char *id = mh_hex_encode (file_id + MH_FILE_ID_SIZE - TELLING, TELLING);

  return g_strconcat (beginning, id, ")", ending_of (path), NULL);
}

static gboolean
show (MhDb *db, gint64 ref, const char *path, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_show, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);
  mh_stmt_bind_text (stmt, 2, path);
  mh_stmt_bind_text (stmt, 3, mh_path_name (path));

  return mh_stmt_run (stmt, error);
}

typedef struct
{
  gint64 ref;
  guint8 file_id[MH_FILE_ID_SIZE];
  char *path; /* (owned) */
} Member;

static void
member_clear (gpointer data)
{
  g_free (((Member *) data)->path);
}

/* Returns: (transfer full) (element-type Member): by file id, or %NULL with @error set */
static GArray *
find_group (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  g_autoptr (GArray) group = g_array_new (FALSE, TRUE, sizeof (Member));
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_group, error);
  g_autofree char *from = beginning_of (path);
  g_autofree char *to = g_strdup (from);
  GError *local = NULL;

  g_array_set_clear_func (group, member_clear);
  if (stmt == NULL)
    return NULL;

  to[strlen (to) - 1]++; /* from the blank to the next sign */
  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 2, path);
  mh_stmt_bind_text (stmt, 3, from);
  mh_stmt_bind_text (stmt, 4, to);
  while (mh_stmt_step (stmt, &local))
    {
      Member member = { .ref = mh_stmt_int64 (stmt, 0) };

      if (!mh_stmt_copy_blob (stmt, 1, member.file_id, sizeof member.file_id))
        continue;
      member.path = mh_stmt_dup_text (stmt, 2);
      g_array_append_val (group, member);
    }
  if (local == NULL)
    return g_steal_pointer (&group);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_catalog_settle_path (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  g_autoptr (GArray) group = find_group (db, vault, path, error);

  if (group == NULL)
    return FALSE;

  for (guint i = 0; i < group->len; i++)
    {
      const Member *member = &g_array_index (group, Member, i);
      g_autofree char *wanted = i == 0 ? g_strdup (path) : shown_path (path, member->file_id);

      if (strcmp (wanted, member->path) != 0 && !show (db, member->ref, wanted, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_catalog_is_shared (MhDb *db, const MhVaultRow *vault, const char *path, const guint8 *file_id,
                      gboolean *shared, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_other, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 2, path);
  mh_stmt_bind_blob (stmt, 3, file_id, MH_FILE_ID_SIZE);

  return mh_catalog_first (stmt, shared, error);
}
