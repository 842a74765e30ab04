/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalog-clash.h"

#include <string.h>

#include "base/encoding.h"
#include "store.h"

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

/* Files whose current version claims the path, under which it is shown or one that is made of it.
 */
static const char sql_claimed[] =
    "SELECT 1 FROM files f JOIN versions v ON v.ref = f.head WHERE f.vault = ?1 AND f.live = 1"
    " AND (f.path = ?2 OR f.path > ?3 AND f.path < ?4) AND v.path = ?2 LIMIT 1";

/* Paths that files claim which are shown under one that is made of another one. */
static const char sql_claims[] =
    "SELECT DISTINCT v.path FROM files f JOIN versions v ON v.ref = f.head WHERE f.vault = ?1"
    " AND f.live = 1 AND f.path > ?2 AND f.path < ?3 AND v.path <> f.path";

static const char sql_show[] = "UPDATE files SET path = ?2, name = ?3 WHERE ref = ?1";

static const char sql_note[] = "UPDATE vaults SET renames = renames + 1 WHERE ref = ?1";

/* Bytes of an id that tell files of one name apart: its end, as its beginning is a time. */
#define TELLING 4

/* What stands before them. */
#define MARK " (conflict "

/* Bytes behind the part of a name that stays: the mark, the whole id as digits, and the bracket. */
#define MOST_ADDED (strlen (MARK) + 2 * MH_FILE_ID_SIZE + 1)

/* What is longer is no ending of a name. */
#define MOST_ENDING 100

/* Where the ending of a name begins. */
static const char *
ending_of (const char *path)
{
  const char *name = mh_path_name (path);
  const char *dot = strrchr (name, '.');

  return dot != NULL && dot != name && strlen (dot) <= MOST_ENDING ? dot : path + strlen (path);
}

/*
 * Returns: (transfer full): the beginning of all paths that are made of @path. A long name is cut
 * in it, so that what is shown is a path as any other; it is cut alike whatever follows.
 */
static char *
beginning_of (const char *path)
{
  const char *name = mh_path_name (path);
  const char *ending = ending_of (path);
  gsize added = MOST_ADDED + strlen (ending);
  gsize before = (gsize) (name - path);
  gsize most = MIN (MH_NAME_MOST, MH_PATH_MOST - MIN (before, MH_PATH_MOST));
  const char *cut = ending;

  if ((gsize) (ending - name) + added > most)
    {
      cut = name + (most > added ? most - added : 0);
      while (cut > name && ((guint8) *cut & 0xc0) == 0x80) /* amid a sign */
        cut--;
      if (cut == name)
        cut = g_utf8_next_char (name);
    }

  return g_strdup_printf ("%.*s" MARK, (int) (cut - path), path);
}

/* Returns: (transfer full): with the last @telling bytes of the id */
static char *
shown_path (const char *path, const guint8 *file_id, gsize telling)
{
  g_autofree char *beginning = beginning_of (path);
  g_autofree char *id = mh_hex_encode (file_id + MH_FILE_ID_SIZE - telling, telling);

  return g_strconcat (beginning, id, ")", ending_of (path), NULL);
}

/* Returns: (transfer full) (nullable): the beginning of paths of which @path could be one, %NULL
 * when it does not look like one that is made of another one */
static char *
looks_made (const char *path)
{
  const char *mark = g_strrstr (mh_path_name (path), MARK);
  const char *digits = mark != NULL ? mark + strlen (MARK) : NULL;
  gsize count = 0;

  while (digits != NULL && g_ascii_isxdigit (digits[count]))
    count++;

  return count == 2 * TELLING && digits[count] == ')' ? g_strndup (path, (gsize) (digits - path))
                                                      : NULL;
}

gboolean
mh_store_looks_shown_beside (const char *path)
{
  const char *mark = g_strrstr (mh_path_name (path), MARK);

  return mark != NULL && g_ascii_isxdigit (mark[strlen (MARK)]);
}

/* Binds the range of all paths with a beginning that ends on a blank. */
static void
bind_range (MhStmt *stmt, int first, const char *from)
{
  g_autofree char *to = g_strdup (from);

  to[strlen (to) - 1]++; /* from the blank to the next sign */
  mh_stmt_bind_text (stmt, first, from);
  mh_stmt_bind_text (stmt, first + 1, to);
}

/* Binds all paths that are made of @path. */
static void
bind_made (MhStmt *stmt, int first, const char *path)
{
  g_autofree char *from = beginning_of (path);

  bind_range (stmt, first, from);
}

static gboolean
show (MhDb *db, const MhVaultRow *vault, gint64 ref, const char *path, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_show, error);
  g_autoptr (MhStmt) note = mh_db_prepare (db, sql_note, error);

  if (stmt == NULL || note == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, ref);
  mh_stmt_bind_text (stmt, 2, path);
  mh_stmt_bind_text (stmt, 3, mh_path_name (path));
  mh_stmt_bind_int64 (note, 1, vault->ref);

  return mh_stmt_run (stmt, error) && mh_stmt_run (note, error);
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
  GError *local = NULL;

  g_array_set_clear_func (group, member_clear);
  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 2, path);
  bind_made (stmt, 3, path);
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

/* Finds out whether a file claims a path. */
static gboolean
is_claimed (MhDb *db, const MhVaultRow *vault, const char *path, gboolean *claimed, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_claimed, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  mh_stmt_bind_text (stmt, 2, path);
  bind_made (stmt, 3, path);

  return mh_catalog_first (stmt, claimed, error);
}

/* Finds the path under which a file is shown that has to leave @path to another one: another file
 * may have taken the usual one for its own, as somebody who did not see both could. */
static gboolean
find_shown (MhDb *db, const MhVaultRow *vault, const char *path, const guint8 *file_id,
            char **shown, GError **error)
{
  g_autofree char *usual = shown_path (path, file_id, TELLING);
  gboolean claimed;

  if (!is_claimed (db, vault, usual, &claimed, error))
    return FALSE;

  *shown = claimed ? shown_path (path, file_id, MH_FILE_ID_SIZE) : g_steal_pointer (&usual);

  return TRUE;
}

/* Whether there are files in a folder of that path. */
static gboolean
has_folder (MhDb *db, const MhVaultRow *vault, const char *path, gboolean *has, GError **error)
{
  gint64 ref;
  gint64 files = 0;

  if (!mh_catalog_find_folder (db, vault, path, &ref, error)
      || (ref != 0 && !mh_catalog_folder_files (db, ref, &files, error)))
    return FALSE;

  *has = files > 0;

  return TRUE;
}

static gboolean
settle (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  g_autoptr (GArray) group = find_group (db, vault, path, error);
  gboolean is_folder = FALSE;

  if (group == NULL || (group->len > 0 && !has_folder (db, vault, path, &is_folder, error)))
    return FALSE;

  for (guint i = 0; i < group->len; i++)
    {
      const Member *member = &g_array_index (group, Member, i);
      g_autofree char *wanted = i == 0 && !is_folder ? g_strdup (path) : NULL;

      if (wanted == NULL && !find_shown (db, vault, path, member->file_id, &wanted, error))
        return FALSE;
      if (strcmp (wanted, member->path) != 0 && !show (db, vault, member->ref, wanted, error))
        return FALSE;
    }

  return TRUE;
}

/* Settles the paths of files that are shown under paths with that beginning. */
static gboolean
settle_made (MhDb *db, const MhVaultRow *vault, const char *beginning, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_claims, error);
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  bind_range (stmt, 2, beginning);
  while (mh_stmt_step (stmt, &local))
    g_ptr_array_add (paths, mh_stmt_dup_text (stmt, 0));
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }

  for (guint i = 0; i < paths->len; i++)
    {
      if (!settle (db, vault, g_ptr_array_index (paths, i), error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_catalog_settle_path (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  g_autofree char *made = looks_made (path);

  /* who claims such a path takes it from one that is only shown there */
  return settle (db, vault, path, error) && (made == NULL || settle_made (db, vault, made, error));
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

  return mh_catalog_first (stmt, shared, error)
         && (*shared || has_folder (db, vault, path, shared, error));
}

gboolean
mh_catalog_settle_above (MhDb *db, const MhVaultRow *vault, const char *path, GError **error)
{
  g_autofree char *folder = mh_path_folder (path);

  while (folder[1] != '\0')
    {
      gint64 ref;
      gint64 files = 0;
      gboolean claimed;
      char *above;

      if (!mh_catalog_find_folder (db, vault, folder, &ref, error)
          || (ref != 0 && !mh_catalog_folder_files (db, ref, &files, error)))
        return FALSE;
      if (files > 1) /* it had files before and has some now, as have all above it */
        return TRUE;
      if (!is_claimed (db, vault, folder, &claimed, error)
          || (claimed && !mh_catalog_settle_path (db, vault, folder, error)))
        return FALSE;
      above = mh_path_folder (folder);
      g_free (folder);
      folder = above;
    }

  return TRUE;
}
