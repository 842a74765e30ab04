/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/error.h"
#include "catalog.h"
#include "store-private.h"

/* Which rows are of the vault: the index of the hashes alone has all, and its rows are not read. */
static const char sql_rows[] =
    "SELECT ref, 0 FROM versions INDEXED BY versions_by_file WHERE vault = ?1 AND ref <= ?2";

static const char sql_gone_rows[] = "SELECT ref, purged FROM gone WHERE vault = ?1 AND ref <= ?2";

static const char sql_versions[] =
    "SELECT hash, ref FROM versions WHERE hash >= ?1 AND hash <= ?2 ORDER BY hash";

static const char sql_gone[] =
    "SELECT hash, ref FROM gone WHERE hash >= ?1 AND hash <= ?2 ORDER BY hash";

static const char sql_top[] = "SELECT coalesce ((SELECT ref FROM versions WHERE vault = ?1 ORDER BY"
                              " ref DESC LIMIT 1), 0), coalesce ((SELECT ref FROM gone WHERE"
                              " vault = ?1 ORDER BY ref DESC LIMIT 1), 0)";

/* -- the rows of a vault -- */

/* A bit for each row of a table up to some row. */
typedef struct
{
  guint8 *bits; /* (owned) */
  gint64 last;
} RowSet;

static gboolean
row_set_init (RowSet *self, gint64 last, GError **error)
{
  self->last = last;
  self->bits = g_try_malloc0 ((gsize) last / 8 + 1);
  if (self->bits != NULL)
    return TRUE;

  g_set_error_literal (error, MH_ERROR, MH_ERROR_FAILED, "too many versions to be compared");

  return FALSE;
}

static void
row_set_add (RowSet *self, gint64 row)
{
  if (row >= 0 && row <= self->last)
    self->bits[row / 8] |= (guint8) (1U << (row % 8));
}

static gboolean
row_set_has (const RowSet *self, gint64 row)
{
  return row >= 0 && row <= self->last && (self->bits[row / 8] >> (row % 8) & 1) != 0;
}

struct _MhVersionTree
{
  MhStore *store;  /* (unowned) */
  RowSet versions; /* of the vault; rows that are removed are in no query any more */
  RowSet gone;
  RowSet purged;
};

static gboolean
read_rows (MhDb *db, const char *sql, gint64 vault, RowSet *rows, RowSet *marked, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault);
  mh_stmt_bind_int64 (stmt, 2, rows->last);
  while (mh_stmt_step (stmt, &local))
    {
      row_set_add (rows, mh_stmt_int64 (stmt, 0));
      if (mh_stmt_int64 (stmt, 1) != 0)
        row_set_add (marked, mh_stmt_int64 (stmt, 0));
    }
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

/* Sets a mark of another epoch to where the index is now, or one that goes beyond that. */
static gboolean
fit_mark (MhDb *db, gint64 vault, MhSyncMark *mark, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_top, error);
  MhSyncMark top = { 0 };

  if (stmt == NULL || !mh_catalog_get_state (db, "sync_epoch", &top.epoch, error))
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault);
  if (!mh_stmt_one (stmt, "vault", NULL, error))
    return FALSE;
  top.after = mh_stmt_int64 (stmt, 0);
  top.gone = mh_stmt_int64 (stmt, 1);
  if (mark->epoch != top.epoch)
    *mark = top;
  mark->after = MIN (mark->after, top.after);
  mark->gone = MIN (mark->gone, top.gone);

  return TRUE;
}

static gboolean
tree_open (MhVersionTree *self, const char *vault_id, MhSyncMark *mark, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, error);
  MhDb *db = lease != NULL ? mh_db_lease_db (lease) : NULL;
  MhVaultRow vault;

  return db != NULL && mh_catalog_get_vault (db, vault_id, &vault, error)
         && fit_mark (db, vault.ref, mark, error)
         && row_set_init (&self->versions, mark->after, error)
         && row_set_init (&self->gone, mark->gone, error)
         && row_set_init (&self->purged, mark->gone, error)
         && read_rows (db, sql_rows, vault.ref, &self->versions, &self->versions, error)
         && read_rows (db, sql_gone_rows, vault.ref, &self->gone, &self->purged, error);
}

MhVersionTree *
mh_version_tree_new (MhStore *store, const char *vault_id, MhSyncMark *mark, GError **error)
{
  g_autoptr (MhVersionTree) self = g_new0 (MhVersionTree, 1);

  self->store = store;
  if (tree_open (self, vault_id, mark, error))
    return g_steal_pointer (&self);

  mh_store_lift (store, error);

  return NULL;
}

void
mh_version_tree_free (MhVersionTree *self)
{
  if (self == NULL)
    return;

  g_free (self->versions.bits);
  g_free (self->gone.bits);
  g_free (self->purged.bits);
  g_free (self);
}

/* -- entries in order -- */

/* The rows of one table that are in a set, in the order of their hashes. */
typedef struct
{
  MhStmt *stmt;       /* (owned) */
  const RowSet *rows; /* (unowned) */
  gboolean is_at_end;
  gint64 row;
  guint8 hash[MH_SYNC_HASH_SIZE];
} Cursor;

/* Entries of a part, one after the other. */
typedef struct
{
  const MhVersionTree *tree; /* (unowned) */
  MhDbLease *lease;          /* (owned) */
  Cursor versions;
  Cursor gone;
  guint8 hash[MH_SYNC_HASH_SIZE]; /* the entry */
  guint8 state;
} Entries;

static void
entries_clear (Entries *self)
{
  g_clear_pointer (&self->versions.stmt, mh_stmt_free);
  g_clear_pointer (&self->gone.stmt, mh_stmt_free);
  g_clear_pointer (&self->lease, mh_db_pool_give);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Entries, entries_clear)

static gboolean
cursor_next (Cursor *self, GError **error)
{
  GError *local = NULL;

  while (mh_stmt_step (self->stmt, &local))
    {
      self->row = mh_stmt_int64 (self->stmt, 1);
      if (row_set_has (self->rows, self->row)
          && mh_stmt_copy_blob (self->stmt, 0, self->hash, sizeof self->hash))
        return TRUE;
    }
  self->is_at_end = TRUE;
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
cursor_open (Cursor *self, MhDb *db, const char *sql, const guint8 *first, const guint8 *last,
             GError **error)
{
  self->stmt = mh_db_prepare (db, sql, error);
  if (self->stmt == NULL)
    return FALSE;
  mh_stmt_bind_blob (self->stmt, 1, first, MH_SYNC_HASH_SIZE);
  mh_stmt_bind_blob (self->stmt, 2, last, MH_SYNC_HASH_SIZE);

  return cursor_next (self, error);
}

static gboolean
entries_open (Entries *self, const MhVersionTree *tree, const MhTreePart *part, const guint8 *from,
              GError **error)
{
  guint8 first[MH_SYNC_HASH_SIZE];
  guint8 last[MH_SYNC_HASH_SIZE];
  MhDb *db;

  mh_tree_part_ends (part, first, last);
  if (from != NULL && memcmp (from, first, sizeof first) > 0)
    memcpy (first, from, sizeof first);
  self->tree = tree;
  self->versions.rows = &tree->versions;
  self->gone.rows = &tree->gone;
  self->lease = mh_db_pool_take (tree->store->readers, error);
  if (self->lease == NULL)
    return FALSE;
  db = mh_db_lease_db (self->lease);

  return cursor_open (&self->versions, db, sql_versions, first, last, error)
         && cursor_open (&self->gone, db, sql_gone, first, last, error);
}

/* Goes to the next entry: the first of both tables. Returns: %FALSE at the end, and with @error
 * set, which is not %NULL */
static gboolean
entries_next (Entries *self, GError **error)
{
  Cursor *versions = &self->versions;
  Cursor *gone = &self->gone;
  int order;

  if (versions->is_at_end && gone->is_at_end)
    return FALSE;
  if (versions->is_at_end || gone->is_at_end)
    order = versions->is_at_end ? 1 : -1;
  else
    order = memcmp (versions->hash, gone->hash, sizeof gone->hash);

  memcpy (self->hash, order <= 0 ? versions->hash : gone->hash, sizeof self->hash);
  self->state = MH_ENTRY_THERE;
  if (order >= 0)
    self->state = row_set_has (&self->tree->purged, gone->row) ? MH_ENTRY_PURGED : MH_ENTRY_GONE;

  return (order > 0 || cursor_next (versions, error)) && (order < 0 || cursor_next (gone, error));
}

static gboolean
sum_part (const MhVersionTree *self, const MhTreePart *part, MhTreeSum *sums, GError **error)
{
  g_auto (Entries) entries = { 0 };
  g_autoptr (MhTreeSummer) summer = mh_tree_summer_new ();
  GError *local = NULL;
  guint child = 0;

  if (!entries_open (&entries, self, part, NULL, error))
    return FALSE;
  while (entries_next (&entries, &local))
    {
      for (; child < mh_tree_child_of (entries.hash, part->depth); child++)
        mh_tree_summer_finish (summer, &sums[child]);
      mh_tree_summer_add (summer, entries.hash, entries.state);
    }
  for (; child < MH_VERSION_TREE_CHILDREN; child++)
    mh_tree_summer_finish (summer, &sums[child]);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

gboolean
mh_version_tree_sums (MhVersionTree *self, const MhTreePart *part,
                      MhTreeSum sums[MH_VERSION_TREE_CHILDREN], GError **error)
{
  gboolean done = sum_part (self, part, sums, error);

  mh_store_lift (self->store, error);

  return done;
}

static gboolean
list_part (const MhVersionTree *self, const MhTreePart *part, const guint8 *after, guint most,
           MhTreeEntries *out, GError **error)
{
  g_auto (Entries) entries = { 0 };
  GError *local = NULL;

  if (!entries_open (&entries, self, part, after, error))
    return FALSE;
  while (out->states->len < most && entries_next (&entries, &local))
    if (after == NULL || memcmp (entries.hash, after, sizeof entries.hash) > 0)
      mh_tree_entries_add (out, entries.hash, entries.state);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

gboolean
mh_version_tree_list (MhVersionTree *self, const MhTreePart *part, const guint8 *after, guint most,
                      MhTreeEntries *out, GError **error)
{
  gboolean done = list_part (self, part, after, most, out, error);

  mh_store_lift (self->store, error);

  return done;
}
