/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "held-rows.h"
#include "store-private.h"
#include "usage.h"
#include "writer-private.h"

/* What one commit may cost, so that those of uploads come in between. */
#define MOST_AT_ONCE 500

static const char sql_add[] = "INSERT INTO held (vault, id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

static const char sql_find[] = "SELECT 1 FROM held WHERE vault = ?1 AND id = ?2";

static const char sql_list[] =
    "SELECT id FROM held WHERE vault = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

static const char sql_want[] =
    "UPDATE held SET unwanted_ms = 0 WHERE vault = ?1 AND id = ?2 AND unwanted_ms <> 0";

static const char sql_unwant[] =
    "UPDATE held SET unwanted_ms = ?3 WHERE vault = ?1 AND id = ?2 AND unwanted_ms = 0";

static const char sql_some[] = "SELECT id FROM held WHERE vault = ?1 LIMIT ?2";

static const char sql_unwanted[] =
    "SELECT id FROM held WHERE vault = ?1 AND unwanted_ms <> 0 AND unwanted_ms < ?3 LIMIT ?2";

static const char sql_list_unwanted[] =
    "SELECT id FROM held WHERE vault = ?1 AND id > ?2 AND unwanted_ms <> 0 AND unwanted_ms < ?4"
    " ORDER BY id LIMIT ?3";

static const char sql_named_too[] = "SELECT held.id FROM held JOIN blocks USING (id)"
                                    " WHERE held.vault = ?1 AND blocks.refs > 1 LIMIT ?2";

static const char sql_unwant_all[] =
    "UPDATE held SET unwanted_ms = ?2 WHERE vault = ?1 AND unwanted_ms = 0";

static const char sql_remove[] = "DELETE FROM held WHERE vault = ?1 AND id = ?2";

static const char sql_vaults[] =
    "SELECT id, ref, stored_bytes FROM vaults"
    " WHERE EXISTS (SELECT 1 FROM held WHERE vault = vaults.ref) ORDER BY id";

static const char sql_count[] =
    "SELECT count (*), total (unwanted_ms <> 0) FROM held WHERE vault = ?1";

static const char sql_named[] =
    "SELECT id, bad FROM blocks WHERE vault = ?1 AND refs > 0 AND id > ?2 ORDER BY id LIMIT ?3";

void
mh_held_vault_free (MhHeldVault *self)
{
  if (self == NULL)
    return;

  g_free (self->vault_id);
  g_free (self);
}

/* -- rows -- */

static MhStmt *
prepare (MhDb *db, const char *sql, gint64 vault, const guint8 *id, GError **error)
{
  MhStmt *stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 1, vault);
  if (id != NULL)
    mh_stmt_bind_blob (stmt, 2, id, MH_BLOCK_ID_SIZE);

  return stmt;
}

gboolean
mh_held_rows_add (MhDb *db, gint64 vault, const guint8 *id, gboolean *added, GError **error)
{
  g_autoptr (MhStmt) stmt = prepare (db, sql_add, vault, id, error);

  if (stmt == NULL || !mh_stmt_run (stmt, error))
    return FALSE;
  *added = mh_db_changes (db) > 0;

  return TRUE;
}

static gboolean
remove_row (MhDb *db, gint64 vault, const guint8 *id, GError **error)
{
  g_autoptr (MhStmt) stmt = prepare (db, sql_remove, vault, id, error);

  return stmt != NULL && mh_stmt_run (stmt, error);
}

/* Returns: (transfer full): the ids that a statement gives, or %NULL with @error set */
static GBytes *
read_ids (MhStmt *stmt, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  GError *local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      guint8 id[MH_BLOCK_ID_SIZE];

      if (mh_stmt_copy_blob (stmt, 0, id, sizeof id))
        g_byte_array_append (out, id, sizeof id);
    }
  if (local == NULL)
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));

  g_propagate_error (error, local);

  return NULL;
}

/* Which of what is kept is to go. */
typedef enum
{
  GO_ALL,
  GO_UNWANTED, /* since before a time */
  GO_NAMED,    /* as versions name it, too */
} Go;

/* Returns: (transfer full): some that are to go, or %NULL with @error set */
static GBytes *
choose (MhDb *db, gint64 vault, Go go, gint64 before_ms, GError **error)
{
  const char *const sql[] = { sql_some, sql_unwanted, sql_named_too };
  g_autoptr (MhStmt) stmt = prepare (db, sql[go], vault, NULL, error);

  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 2, MOST_AT_ONCE);
  if (go == GO_UNWANTED)
    mh_stmt_bind_int64 (stmt, 3, before_ms);

  return read_ids (stmt, error);
}

static gboolean
release (MhWriter *writer, gint64 vault, GBytes *ids, GError **error)
{
  gint64 unused = 0;
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  for (gsize at = 0; at < size; at += MH_BLOCK_ID_SIZE)
    if (!remove_row (writer->db, vault, data + at, error))
      return FALSE;

  return mh_usage_remove_version (writer, ids, &unused, error);
}

gboolean
mh_held_release_some (MhWriter *writer, gint64 vault, gboolean *left, GError **error)
{
  g_autoptr (GBytes) ids = choose (writer->db, vault, GO_ALL, 0, error);

  if (ids == NULL)
    return FALSE;
  *left = g_bytes_get_size (ids) > 0;

  return release (writer, vault, ids, error);
}

/* -- what there is -- */

/* Returns: (transfer full): a reading connection, with the row of a vault; @found: whether it is
 * known; %NULL with @error set */
static MhDbLease *
open_vault (MhStore *store, const char *vault_id, MhVaultRow *vault, gboolean *found,
            GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);
  g_autoptr (GError) local = NULL;

  if (lease == NULL)
    return NULL;
  *found = mh_catalog_get_vault (mh_db_lease_db (lease), vault_id, vault, &local);
  if (*found || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    return g_steal_pointer (&lease);

  g_propagate_error (error, g_steal_pointer (&local));

  return NULL;
}

/* What is kept for all vaults; @writer: (nullable): with what its open transaction has added. */
static gboolean
sum_rows (MhDb *db, MhWriter *writer, gint64 *bytes, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_vaults, error);
  GError *local = NULL;

  *bytes = 0;
  if (stmt == NULL)
    return FALSE;
  while (mh_stmt_step (stmt, &local))
    {
      MhVaultRow vault = { .ref = mh_stmt_int64 (stmt, 1),
                           .stored_bytes = mh_stmt_int64 (stmt, 2) };

      *bytes += writer != NULL ? mh_usage_stored (writer, &vault) : vault.stored_bytes;
    }
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
count_held (MhDb *db, gint64 vault, MhHeldVault *held, GError **error)
{
  g_autoptr (MhStmt) stmt = prepare (db, sql_count, vault, NULL, error);

  if (stmt == NULL || !mh_stmt_one (stmt, "vault", held->vault_id, error))
    return FALSE;
  held->blocks = mh_stmt_int64 (stmt, 0);
  held->unwanted = (gint64) mh_stmt_double (stmt, 1);

  return TRUE;
}

static GPtrArray *
list_vaults (MhStore *store, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_held_vault_free);
  g_autoptr (MhStmt) stmt = NULL;
  GError *local = NULL;

  if (lease == NULL)
    return NULL;
  stmt = mh_db_prepare (mh_db_lease_db (lease), sql_vaults, error);
  if (stmt == NULL)
    return NULL;
  while (mh_stmt_step (stmt, &local))
    {
      MhHeldVault *held = g_new0 (MhHeldVault, 1);

      g_ptr_array_add (out, held);
      held->vault_id = mh_stmt_dup_text (stmt, 0);
      held->bytes = mh_stmt_int64 (stmt, 2);
      if (!count_held (mh_db_lease_db (lease), mh_stmt_int64 (stmt, 1), held, error))
        return NULL;
    }
  if (local == NULL)
    return g_steal_pointer (&out);

  g_propagate_error (error, local);

  return NULL;
}

GPtrArray *
mh_store_held (MhStore *self, GError **error)
{
  GPtrArray *out = list_vaults (self, error);

  mh_store_lift (self, error);

  return out;
}

gboolean
mh_store_held_bytes (MhStore *self, gint64 *bytes, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  gboolean done = lease != NULL && sum_rows (mh_db_lease_db (lease), NULL, bytes, error);

  g_clear_pointer (&lease, mh_db_pool_give);
  mh_store_lift (self, error);

  return done;
}

/* With @before_ms, only what nobody wanted since before then. */
static GBytes *
list_held (MhStore *store, const char *vault_id, gint64 before_ms, const guint8 *after, guint limit,
           GError **error)
{
  static const guint8 first[MH_BLOCK_ID_SIZE];
  MhVaultRow vault;
  gboolean found;
  g_autoptr (MhDbLease) lease = open_vault (store, vault_id, &vault, &found, error);
  g_autoptr (MhStmt) stmt = NULL;

  if (lease == NULL)
    return NULL;
  if (!found)
    return g_bytes_new (NULL, 0);
  stmt = prepare (mh_db_lease_db (lease), before_ms != 0 ? sql_list_unwanted : sql_list, vault.ref,
                  after != NULL ? after : first, error);
  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 3, limit);
  if (before_ms != 0)
    mh_stmt_bind_int64 (stmt, 4, before_ms);

  return read_ids (stmt, error);
}

GBytes *
mh_store_list_held (MhStore *self, const char *vault_id, const guint8 *after, guint limit,
                    GError **error)
{
  GBytes *out = list_held (self, vault_id, 0, after, limit, error);

  mh_store_lift (self, error);

  return out;
}

GBytes *
mh_store_list_unwanted (MhStore *self, const char *vault_id, gint64 before_ms, const guint8 *after,
                        guint limit, GError **error)
{
  GBytes *out = list_held (self, vault_id, MAX (before_ms, 1), after, limit, error);

  mh_store_lift (self, error);

  return out;
}

static GArray *
named_blocks (MhStore *store, const char *vault_id, const guint8 *after, guint limit,
              GError **error)
{
  static const guint8 first[MH_BLOCK_ID_SIZE];
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (MhNamedBlock));
  g_autoptr (MhStmt) stmt = NULL;
  MhVaultRow vault;
  GError *local = NULL;

  if (lease == NULL || !mh_catalog_get_vault (mh_db_lease_db (lease), vault_id, &vault, error))
    return NULL;
  stmt =
      prepare (mh_db_lease_db (lease), sql_named, vault.ref, after != NULL ? after : first, error);
  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 3, limit);
  while (mh_stmt_step (stmt, &local))
    {
      MhNamedBlock block = { .is_here = mh_stmt_int64 (stmt, 1) == MH_BLOCK_GOOD };

      if (mh_stmt_copy_blob (stmt, 0, block.id, sizeof block.id))
        g_array_append_val (out, block);
    }
  if (local == NULL)
    return g_steal_pointer (&out);

  g_propagate_error (error, local);

  return NULL;
}

GArray *
mh_store_named_blocks (MhStore *self, const char *vault_id, const guint8 *after, guint limit,
                       GError **error)
{
  GArray *out = named_blocks (self, vault_id, after, limit, error);

  mh_store_lift (self, error);

  return out;
}

/* -- blocks come -- */

typedef struct
{
  const char *vault_id;
  GPtrArray *sealed; /* (element-type GBytes) */
  GArray *ids;       /* (element-type MhSyncBlock): their hashes */
  gint64 most_bytes;
  guint taken;      /* result */
  gboolean is_full; /* result: some were left out */
} Hold;

/* Whether a block is kept already; one that was found damaged is to be written again. */
static gboolean
is_kept (MhWriter *writer, gint64 vault, const guint8 *id, gboolean *kept, GError **error)
{
  g_autoptr (MhStmt) stmt = prepare (writer->db, sql_find, vault, id, error);

  return stmt != NULL && mh_catalog_first (stmt, kept, error);
}

static gboolean
hold_one (MhWriter *writer, Hold *hold, const MhVaultRow *vault, guint i, GError **error)
{
  const guint8 *id = g_array_index (hold->ids, MhSyncBlock, i).id;
  GBytes *sealed = g_ptr_array_index (hold->sealed, i);
  gboolean kept;
  gboolean added = FALSE;
  gint64 bytes;

  if (!is_kept (writer, vault->ref, id, &kept, error))
    return FALSE;
  if (!kept)
    {
      if (!sum_rows (writer->db, writer, &bytes, error))
        return FALSE;
      hold->is_full = bytes + (gint64) g_bytes_get_size (sealed) > hold->most_bytes;
      if (hold->is_full)
        return TRUE;
    }
  if (kept && !mh_writer_fill_block (writer, hold->vault_id, id, sealed, &added, error))
    return FALSE;
  if (!kept
      && (!mh_held_rows_add (writer->db, vault->ref, id, &added, error)
          || !mh_writer_add_held (writer, vault, hold->vault_id, id, sealed, error)))
    return FALSE;
  hold->taken += added ? 1 : 0;

  return TRUE;
}

static gboolean
hold_commit (MhWriter *writer, gpointer data, GError **error)
{
  Hold *hold = data;
  MhVaultRow vault;

  hold->taken = 0;
  hold->is_full = FALSE;
  if (!mh_catalog_ensure_vault (writer->db, hold->vault_id, &vault, error))
    return FALSE;
  for (guint i = 0; i < hold->sealed->len && !hold->is_full; i++)
    if (!hold_one (writer, hold, &vault, i, error))
      return FALSE;

  return TRUE;
}

void
mh_store_set_hold_limit (MhStore *self, gint64 bytes)
{
  g_mutex_lock (&self->lock);
  self->hold_bytes = bytes;
  g_mutex_unlock (&self->lock);
}

gboolean
mh_store_hold_blocks (MhStore *self, const char *vault_id, GPtrArray *sealed, const guint8 *wanted,
                      guint *taken, GError **error)
{
  g_autoptr (GArray) ids = mh_store_hash_sealed (sealed, wanted, error);
  Hold hold = { vault_id, sealed, ids };
  gboolean done;

  if (ids == NULL)
    return FALSE;

  g_mutex_lock (&self->lock);
  hold.most_bytes = self->hold_bytes;
  g_mutex_unlock (&self->lock);
  done = mh_writer_commit (self->writer, hold_commit, &hold, error);
  *taken = done ? hold.taken : 0;
  mh_store_lift (self, error);
  if (done && hold.is_full)
    g_set_error_literal (error, MH_ERROR, MH_ERROR_NO_SPACE,
                         "what this machine keeps for others may not grow any more");

  return done && !hold.is_full;
}

/* -- and go -- */

typedef struct
{
  const char *vault_id;
  GBytes *ids;
  gint64 unwanted_ms; /* 0: wanted */
} Mark;

static gboolean
mark_commit (MhWriter *writer, gpointer data, GError **error)
{
  const Mark *mark = data;
  g_autoptr (MhStmt) stmt = NULL;
  MhVaultRow vault;
  gsize size;
  const guint8 *ids = g_bytes_get_data (mark->ids, &size);

  if (!mh_catalog_get_vault (writer->db, mark->vault_id, &vault, error))
    return FALSE;
  stmt = mh_db_prepare (writer->db, mark->unwanted_ms != 0 ? sql_unwant : sql_want, error);
  if (stmt == NULL)
    return FALSE;
  for (gsize at = 0; at < size; at += MH_BLOCK_ID_SIZE)
    {
      mh_stmt_bind_int64 (stmt, 1, vault.ref);
      mh_stmt_bind_blob (stmt, 2, ids + at, MH_BLOCK_ID_SIZE);
      if (mark->unwanted_ms != 0)
        mh_stmt_bind_int64 (stmt, 3, mark->unwanted_ms);
      if (!mh_stmt_run (stmt, error))
        return FALSE;
      mh_stmt_reset (stmt);
    }

  return TRUE;
}

gboolean
mh_store_mark_held (MhStore *self, const char *vault_id, GBytes *ids, gboolean is_wanted,
                    GError **error)
{
  Mark mark = { vault_id, ids, is_wanted ? 0 : MAX (mh_store_now_ms (self), 1) };
  gboolean done = mh_writer_commit (self->writer, mark_commit, &mark, error);

  mh_store_lift (self, error);

  return done;
}

typedef struct
{
  const char *vault_id;
  Go go;
  gint64 before_ms;
  guint dropped; /* result */
} Drop;

static gboolean
drop_commit (MhWriter *writer, gpointer data, GError **error)
{
  Drop *drop = data;
  g_autoptr (GBytes) ids = NULL;
  MhVaultRow vault;

  drop->dropped = 0;
  if (!mh_catalog_get_vault (writer->db, drop->vault_id, &vault, error))
    return FALSE;
  ids = choose (writer->db, vault.ref, drop->go, drop->before_ms, error);
  if (ids == NULL)
    return FALSE;
  drop->dropped = (guint) (g_bytes_get_size (ids) / MH_BLOCK_ID_SIZE);

  return release (writer, vault.ref, ids, error);
}

/* Repeats a drop until nothing is left to go. */
static gboolean
drop_some (MhStore *self, Drop *drop, guint *dropped, GError **error)
{
  do
    {
      if (!mh_writer_commit (self->writer, drop_commit, drop, error))
        return FALSE;
      *dropped += drop->dropped;
    }
  while (drop->dropped > 0);

  return TRUE;
}

gboolean
mh_store_drop_held (MhStore *self, const char *vault_id, gint64 unwanted_before_ms, guint *dropped,
                    GError **error)
{
  gboolean all = unwanted_before_ms == G_MAXINT64;
  g_autoptr (GPtrArray) vaults = mh_store_held (self, error);
  gboolean done = vaults != NULL;

  *dropped = 0;
  for (guint i = 0; done && i < vaults->len; i++)
    {
      const MhHeldVault *held = g_ptr_array_index (vaults, i);
      Drop drop = { held->vault_id, all ? GO_ALL : GO_UNWANTED, unwanted_before_ms };

      if ((vault_id == NULL || strcmp (vault_id, held->vault_id) == 0)
          && (held->unwanted > 0 || all))
        done = drop_some (self, &drop, dropped, error);
    }
  if (*dropped > 0)
    mh_store_want_upkeep (self);
  mh_store_lift (self, error);

  return done;
}

static gboolean
drop_these_commit (MhWriter *writer, gpointer data, GError **error)
{
  const Mark *drop = data;
  g_autoptr (GByteArray) kept = g_byte_array_new ();
  g_autoptr (GBytes) ids = NULL;
  MhVaultRow vault;
  gsize size;
  const guint8 *all = g_bytes_get_data (drop->ids, &size);

  if (!mh_catalog_get_vault (writer->db, drop->vault_id, &vault, error))
    return FALSE;
  for (gsize at = 0; at < size; at += MH_BLOCK_ID_SIZE)
    {
      gboolean is_there;

      if (!is_kept (writer, vault.ref, all + at, &is_there, error))
        return FALSE;
      if (is_there)
        g_byte_array_append (kept, all + at, MH_BLOCK_ID_SIZE);
    }
  ids = g_byte_array_free_to_bytes (g_steal_pointer (&kept));

  return release (writer, vault.ref, ids, error);
}

gboolean
mh_store_drop_these (MhStore *self, const char *vault_id, GBytes *ids, GError **error)
{
  Mark drop = { vault_id, ids, 0 };
  gboolean done = mh_writer_commit (self->writer, drop_these_commit, &drop, error);

  if (done)
    mh_store_want_upkeep (self);
  mh_store_lift (self, error);

  return done;
}

static gboolean
unwant_commit (MhWriter *writer, gpointer data, GError **error)
{
  const Mark *mark = data;
  g_autoptr (MhStmt) stmt = NULL;
  MhVaultRow vault;

  if (!mh_catalog_get_vault (writer->db, mark->vault_id, &vault, error))
    return FALSE;
  stmt = prepare (writer->db, sql_unwant_all, vault.ref, NULL, error);
  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 2, mark->unwanted_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_store_adopt_held (MhStore *self, const char *vault_id, guint *adopted, GError **error)
{
  Drop drop = { vault_id, GO_NAMED };
  Mark mark = { vault_id, NULL, MAX (mh_store_now_ms (self), 1) };
  gboolean done;

  *adopted = 0;
  done = drop_some (self, &drop, adopted, error)
         && mh_writer_commit (self->writer, unwant_commit, &mark, error);
  mh_store_lift (self, error);

  return done;
}

/* -- what others have -- */

typedef struct
{
  const char *vault_id;
  GBytes *ids;
  guint evicted; /* result */
} Evict;

static gboolean
evict_commit (MhWriter *writer, gpointer data, GError **error)
{
  Evict *evict = data;
  MhVaultRow vault;
  gsize size;
  const guint8 *ids = g_bytes_get_data (evict->ids, &size);

  evict->evicted = 0;
  if (!mh_catalog_get_vault (writer->db, evict->vault_id, &vault, error))
    return FALSE;
  for (gsize at = 0; at < size; at += MH_BLOCK_ID_SIZE)
    {
      MhBlockRow row;
      gboolean found;

      if (!mh_catalog_find_block (writer->db, ids + at, &row, &found, error))
        return FALSE;
      if (!found || row.bad || row.refs == 0 || row.vault != vault.ref
          || mh_writer_holds_block (writer, ids + at))
        continue;
      if (!mh_usage_evict_block (writer, ids + at, &row, error))
        return FALSE;
      evict->evicted++;
    }

  return TRUE;
}

gboolean
mh_store_evict_blocks (MhStore *self, const char *vault_id, GBytes *ids, guint *evicted,
                       GError **error)
{
  Evict evict = { vault_id, ids };
  gboolean done = mh_writer_commit (self->writer, evict_commit, &evict, error);

  *evicted = done ? evict.evicted : 0;
  if (*evicted > 0)
    mh_store_want_upkeep (self);
  mh_store_lift (self, error);

  return done;
}
