/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/error.h"
#include "change-private.h"
#include "crypto/hash.h"
#include "gone.h"
#include "usage.h"
#include "writer.h"

/* A version of anybody may not move the clock of a vault so far that it has nowhere to go. */
#define MOST_LAMPORT (G_MAXINT64 / 2)

static const char sql_since[] =
    "SELECT ref, hash FROM versions WHERE ref > ?2 AND vault = ?1 ORDER BY ref LIMIT ?3";

static const char sql_top[] =
    "SELECT coalesce ((SELECT ref FROM versions WHERE vault = ?1 ORDER BY ref DESC LIMIT 1), 0)";

static const char sql_top_gone[] =
    "SELECT coalesce ((SELECT ref FROM gone WHERE vault = ?1 ORDER BY ref DESC LIMIT 1), 0)";

static const char sql_heads[] =
    "SELECT hash FROM versions WHERE vault = ?1 AND is_head = 1 ORDER BY hash";

static const char sql_missing[] =
    "SELECT id FROM blocks WHERE vault = ?1 AND bad <> 0 AND id > ?2 AND refs > 0"
    " ORDER BY id LIMIT ?3";

static const char sql_count[] =
    "SELECT count (*) FROM blocks WHERE vault = ?1 AND bad <> 0 AND refs > 0";

static const char sql_path[] = "SELECT path FROM files WHERE vault = ?1 AND file_id = ?2";

void
mh_sync_taken_free (MhSyncTaken *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->parents, g_bytes_unref);
  g_clear_pointer (&self->paths, g_ptr_array_unref);
  g_free (self);
}

/* -- what others ask -- */

/* A reading connection with the row of a vault. */
typedef struct
{
  MhDbLease *lease; /* (owned) */
  MhDb *db;
  MhVaultRow vault;
} View;

static void
view_clear (View *self)
{
  g_clear_pointer (&self->lease, mh_db_pool_give);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (View, view_clear)

static gboolean
open_view (MhStore *store, const char *vault_id, View *view, GError **error)
{
  view->lease = mh_db_pool_take (store->readers, error);
  if (view->lease == NULL)
    return FALSE;
  view->db = mh_db_lease_db (view->lease);

  return mh_catalog_get_vault (view->db, vault_id, &view->vault, error);
}

static void
append_hash (GByteArray *out, MhStmt *stmt, int column)
{
  gsize size;
  const guint8 *hash = mh_stmt_blob (stmt, column, &size);

  if (size == MH_SYNC_HASH_SIZE)
    g_byte_array_append (out, hash, MH_SYNC_HASH_SIZE);
}

static GBytes *
since (MhStore *store, const char *vault_id, MhSyncMark *mark, guint limit, GError **error)
{
  g_auto (View) view = { 0 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (MhStmt) stmt = NULL;
  GError *local = NULL;
  gint64 epoch = 0;

  if (!open_view (store, vault_id, &view, error)
      || !mh_catalog_get_state (view.db, "sync_epoch", &epoch, error))
    return NULL;
  if (mark->epoch != epoch)
    *mark = (MhSyncMark){ .epoch = epoch };

  stmt = mh_db_prepare (view.db, sql_since, error);
  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 1, view.vault.ref);
  mh_stmt_bind_int64 (stmt, 2, mark->after);
  mh_stmt_bind_int64 (stmt, 3, limit);
  while (mh_stmt_step (stmt, &local))
    {
      mark->after = mh_stmt_int64 (stmt, 0);
      append_hash (out, stmt, 1);
    }
  if (local == NULL)
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));

  g_propagate_error (error, local);

  return NULL;
}

GBytes *
mh_store_versions_since (MhStore *self, const char *vault_id, MhSyncMark *mark, guint limit,
                         GError **error)
{
  GBytes *hashes = since (self, vault_id, mark, limit, error);

  mh_store_lift (self, error);

  return hashes;
}

static gboolean
read_top (MhDb *db, const char *sql, gint64 vault, gint64 *top, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, vault);
  if (!mh_stmt_one (stmt, "vault", NULL, error))
    return FALSE;
  *top = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

static gboolean
find_top (MhStore *store, const char *vault_id, MhSyncMark *mark, GError **error)
{
  g_auto (View) view = { 0 };

  return open_view (store, vault_id, &view, error)
         && mh_catalog_get_state (view.db, "sync_epoch", &mark->epoch, error)
         && read_top (view.db, sql_top, view.vault.ref, &mark->after, error)
         && read_top (view.db, sql_top_gone, view.vault.ref, &mark->gone, error);
}

gboolean
mh_store_sync_top (MhStore *self, const char *vault_id, MhSyncMark *mark, GError **error)
{
  gboolean done = find_top (self, vault_id, mark, error);

  mh_store_lift (self, error);

  return done;
}

static GBytes *
heads (MhStore *store, const char *vault_id, GError **error)
{
  g_auto (View) view = { 0 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (MhStmt) stmt = NULL;
  GError *local = NULL;

  if (!open_view (store, vault_id, &view, error))
    return NULL;
  stmt = mh_db_prepare (view.db, sql_heads, error);
  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 1, view.vault.ref);
  while (mh_stmt_step (stmt, &local))
    append_hash (out, stmt, 0);
  if (local == NULL)
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));

  g_propagate_error (error, local);

  return NULL;
}

GBytes *
mh_store_heads (MhStore *self, const char *vault_id, GError **error)
{
  GBytes *hashes = heads (self, vault_id, error);

  mh_store_lift (self, error);

  return hashes;
}

static GBytes *
unknown (MhStore *store, const char *vault_id, GBytes *hashes, GError **error)
{
  g_auto (View) view = { 0 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (hashes, &size);

  if (!open_view (store, vault_id, &view, error))
    return NULL;
  for (gsize i = 0; i + MH_SYNC_HASH_SIZE <= size; i += MH_SYNC_HASH_SIZE)
    {
      MhVersionRow row;
      gboolean is_gone = FALSE;
      gint64 ref;

      if (!mh_catalog_find_version (view.db, data + i, &ref, &row, error)
          || (ref == 0 && !mh_gone_find (view.db, data + i, &is_gone, NULL, error)))
        return NULL;
      if (ref == 0 && !is_gone)
        g_byte_array_append (out, data + i, MH_SYNC_HASH_SIZE);
    }

  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
mh_store_unknown_versions (MhStore *self, const char *vault_id, GBytes *hashes, GError **error)
{
  GBytes *out = unknown (self, vault_id, hashes, error);

  mh_store_lift (self, error);

  return out;
}

/* A record that cannot be read now may be given by another machine. */
static GBytes *
read_record (MhStore *store, View *view, const guint8 *hash, gboolean *failed, GError **error)
{
  MhVersionRow row;
  gint64 ref;

  *failed = !mh_catalog_find_version (view->db, hash, &ref, &row, error);
  if (*failed || ref == 0)
    return NULL;

  return mh_segments_read_verified (store->segments, &row.location, row.hash, NULL);
}

/* Somebody with another vault's id must not get records of this one. */
static gboolean
is_of_vault (GBytes *record, const char *vault_id)
{
  g_autoptr (MhVersion) version = mh_version_decode (record, NULL);

  return version != NULL && strcmp (version->vault_id, vault_id) == 0;
}

static GPtrArray *
records (MhStore *store, const char *vault_id, GBytes *hashes, gsize most_bytes, GError **error)
{
  g_auto (View) view = { 0 };
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gsize size;
  const guint8 *data = g_bytes_get_data (hashes, &size);
  gsize sum = 0;

  if (!open_view (store, vault_id, &view, error))
    return NULL;
  for (gsize i = 0; i + MH_SYNC_HASH_SIZE <= size; i += MH_SYNC_HASH_SIZE)
    {
      gboolean failed;
      g_autoptr (GBytes) record = read_record (store, &view, data + i, &failed, error);

      if (failed)
        return NULL;
      if (record == NULL || !is_of_vault (record, vault_id))
        continue;
      sum += g_bytes_get_size (record);
      if (out->len > 0 && sum > most_bytes)
        break;
      g_ptr_array_add (out, g_steal_pointer (&record));
    }

  return g_steal_pointer (&out);
}

GPtrArray *
mh_store_version_records (MhStore *self, const char *vault_id, GBytes *hashes, gsize most_bytes,
                          GError **error)
{
  GPtrArray *out = records (self, vault_id, hashes, most_bytes, error);

  mh_store_lift (self, error);

  return out;
}

/* -- versions that come -- */

typedef struct
{
  MhVersion *version; /* (owned) */
  MhMeta *meta;       /* (owned) */
  GBytes *record;     /* (owned) */
} Arrival;

static void
arrival_free (gpointer data)
{
  Arrival *self = data;

  mh_version_free (self->version);
  mh_meta_free (self->meta);
  g_bytes_unref (self->record);
  g_free (self);
}

/* Returns: (transfer full) (nullable): what was made by somebody who has the key, or %NULL */
static Arrival *
check_record (MhKeys *keys, GBytes *record)
{
  g_autoptr (MhVersion) version = mh_version_decode (record, NULL);
  g_autoptr (MhMeta) meta = NULL;
  g_autoptr (GArray) chunks = NULL;
  Arrival *arrival;

  if (version == NULL || strcmp (version->vault_id, keys->vault_id) != 0
      || version->lamport > MOST_LAMPORT || !mh_version_verify (version, record))
    return NULL;
  meta = mh_meta_open (version, keys, NULL);
  chunks = mh_chunks_open (version, keys, NULL);
  if (meta == NULL || chunks == NULL || !mh_store_check_path (meta->path, NULL))
    return NULL;

  arrival = g_new0 (Arrival, 1);
  arrival->version = g_steal_pointer (&version);
  arrival->meta = g_steal_pointer (&meta);
  arrival->record = g_bytes_ref (record);

  return arrival;
}

typedef struct
{
  MhKeys *keys;        /* (unowned) */
  GPtrArray *arrivals; /* (unowned) (element-type Arrival) */
  MhSyncTaken *taken;  /* (owned): result */
} Take;

static gboolean
take_one (MhWriter *writer, Take *take, MhVaultRow *vault, const Arrival *arrival, GError **error)
{
  MhDb *db = mh_writer_db (writer);
  MhLocation location;
  MhVersionRow row;
  gboolean is_gone = FALSE;
  gint64 ref;

  if (!mh_catalog_find_version (db, arrival->version->hash, &ref, &row, error)
      || !mh_gone_find (db, arrival->version->hash, &is_gone, NULL, error))
    return FALSE;
  if (ref != 0 || is_gone)
    return TRUE;

  take->taken->taken++;

  return mh_writer_put_version (writer, take->keys->vault_id, arrival->record, &location, error)
         && mh_usage_add_version (writer, vault, arrival->version->blocks, MH_BLOCK_ELSEWHERE,
                                  error)
         && mh_catalog_add_version (db, vault, arrival->version, &location, &ref, error)
         && mh_catalog_apply (db, vault, arrival->version, ref, arrival->meta, error);
}

/* Notes what is still to be asked for, and what changed for people. */
static gboolean
note_result (MhWriter *writer, Take *take, const MhVaultRow *vault, GError **error)
{
  MhDb *db = mh_writer_db (writer);
  g_autoptr (GByteArray) parents = g_byte_array_new ();
  g_autoptr (GHashTable) paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_path, error);

  if (stmt == NULL)
    return FALSE;
  for (guint i = 0; i < take->arrivals->len; i++)
    {
      const Arrival *arrival = g_ptr_array_index (take->arrivals, i);
      gsize size;
      const guint8 *data = g_bytes_get_data (arrival->version->parents, &size);
      GError *local = NULL;

      for (gsize at = 0; at < size; at += MH_VERSION_HASH_SIZE)
        {
          MhVersionRow row;
          gint64 ref;

          if (!mh_catalog_find_version (db, data + at, &ref, &row, error))
            return FALSE;
          if (ref == 0)
            g_byte_array_append (parents, data + at, MH_VERSION_HASH_SIZE);
        }
      mh_stmt_bind_int64 (stmt, 1, vault->ref);
      mh_stmt_bind_blob (stmt, 2, arrival->version->file_id, MH_FILE_ID_SIZE);
      if (mh_stmt_step (stmt, &local))
        g_hash_table_add (paths, mh_stmt_dup_text (stmt, 0));
      mh_stmt_reset (stmt);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
    }

  g_clear_pointer (&take->taken->parents, g_bytes_unref);
  take->taken->parents = g_byte_array_free_to_bytes (g_steal_pointer (&parents));
  g_ptr_array_set_size (take->taken->paths, 0);
  for (GList *all = g_hash_table_get_keys (paths); all != NULL; all = g_list_delete_link (all, all))
    g_ptr_array_add (take->taken->paths, g_strdup (all->data));

  return TRUE;
}

static gboolean
take_commit (MhWriter *writer, gpointer data, GError **error)
{
  Take *take = data;
  MhVaultRow vault;

  take->taken->taken = 0;
  if (!mh_change_find_vault (writer, take->keys, &vault, error))
    return FALSE;
  for (guint i = 0; i < take->arrivals->len; i++)
    if (!take_one (writer, take, &vault, g_ptr_array_index (take->arrivals, i), error))
      return FALSE;

  return note_result (writer, take, &vault, error);
}

MhSyncTaken *
mh_store_take_versions (MhStore *self, const char *vault_id, GPtrArray *records_in, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, error);
  g_autoptr (GPtrArray) arrivals = g_ptr_array_new_with_free_func (arrival_free);
  g_autoptr (MhSyncTaken) taken = g_new0 (MhSyncTaken, 1);
  Take take = { keys, arrivals, taken };

  if (keys == NULL)
    return NULL;
  taken->paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < records_in->len; i++)
    {
      Arrival *arrival = check_record (keys, g_ptr_array_index (records_in, i));

      if (arrival != NULL)
        g_ptr_array_add (arrivals, arrival);
      else
        taken->refused++;
    }
  if (!mh_writer_commit (self->writer, take_commit, &take, error))
    {
      mh_store_lift (self, error);
      return NULL;
    }

  return g_steal_pointer (&taken);
}

/* -- blocks -- */

static GArray *
list_blocks (MhStore *store, const char *sql, const char *vault_id, const guint8 *after,
             guint limit, GError **error)
{
  static const guint8 first[MH_SYNC_HASH_SIZE];
  g_auto (View) view = { 0 };
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (MhSyncBlock));
  g_autoptr (MhStmt) stmt = NULL;
  GError *local = NULL;

  if (!open_view (store, vault_id, &view, error))
    return NULL;
  stmt = mh_db_prepare (view.db, sql, error);
  if (stmt == NULL)
    return NULL;
  mh_stmt_bind_int64 (stmt, 1, view.vault.ref);
  mh_stmt_bind_blob (stmt, 2, after != NULL ? after : first, MH_SYNC_HASH_SIZE);
  mh_stmt_bind_int64 (stmt, 3, limit);
  while (mh_stmt_step (stmt, &local))
    {
      MhSyncBlock block = { 0 };

      if (mh_stmt_copy_blob (stmt, 0, block.id, sizeof block.id))
        g_array_append_val (out, block);
    }
  if (local == NULL)
    return g_steal_pointer (&out);

  g_propagate_error (error, local);

  return NULL;
}

GArray *
mh_store_missing_blocks (MhStore *self, const char *vault_id, const guint8 *after, guint limit,
                         GError **error)
{
  GArray *out = list_blocks (self, sql_missing, vault_id, after, limit, error);

  mh_store_lift (self, error);

  return out;
}

static gboolean
count_elsewhere (MhStore *store, const char *vault_id, gint64 *blocks, GError **error)
{
  g_auto (View) view = { 0 };
  g_autoptr (MhStmt) stmt = NULL;

  if (!open_view (store, vault_id, &view, error))
    return FALSE;
  stmt = mh_db_prepare (view.db, sql_count, error);
  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, view.vault.ref);
  if (!mh_stmt_one (stmt, "vault", vault_id, error))
    return FALSE;
  *blocks = mh_stmt_int64 (stmt, 0);

  return TRUE;
}

gboolean
mh_store_count_elsewhere (MhStore *self, const char *vault_id, gint64 *blocks, GError **error)
{
  gboolean done = count_elsewhere (self, vault_id, blocks, error);

  mh_store_lift (self, error);

  return done;
}

static GBytes *
known (MhStore *store, const char *vault_id, GBytes *ids, GError **error)
{
  g_auto (View) view = { 0 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  if (!open_view (store, vault_id, &view, error))
    return NULL;
  for (gsize i = 0; i + MH_SYNC_HASH_SIZE <= size; i += MH_SYNC_HASH_SIZE)
    {
      MhBlockRow row;
      gboolean found;

      if (!mh_catalog_find_block (view.db, data + i, &row, &found, error))
        return NULL;
      if (found && !row.bad && row.refs > 0 && row.vault == view.vault.ref)
        g_byte_array_append (out, data + i, MH_SYNC_HASH_SIZE);
    }

  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
mh_store_known_blocks (MhStore *self, const char *vault_id, GBytes *ids, GError **error)
{
  GBytes *out = known (self, vault_id, ids, error);

  mh_store_lift (self, error);

  return out;
}

/* Looks a block up. Returns: %FALSE with @error set when it is not here */
static gboolean
find_block (MhStore *store, const char *vault_id, const guint8 *id, MhBlockRow *row, GError **error)
{
  g_auto (View) view = { 0 };
  gboolean found;

  if (!open_view (store, vault_id, &view, error)
      || !mh_catalog_find_block (view.db, id, row, &found, error))
    return FALSE;
  if (found && row->location.segment != 0 && row->vault == view.vault.ref)
    return TRUE;

  g_set_error_literal (error, MH_ERROR, MH_ERROR_NOT_FOUND, "the block is not here");

  return FALSE;
}

GBytes *
mh_store_read_sealed (MhStore *self, const char *vault_id, const guint8 *id, GError **error)
{
  MhBlockRow row;
  GBytes *sealed = NULL;

  if (find_block (self, vault_id, id, &row, error))
    sealed = mh_segments_read_verified (self->segments, &row.location, id, error);
  mh_store_lift (self, error);

  return sealed;
}

GBytes *
mh_store_read_unchecked (MhStore *self, const char *vault_id, const guint8 *id, GError **error)
{
  MhBlockRow row;
  GBytes *sealed = NULL;

  if (find_block (self, vault_id, id, &row, error))
    sealed = mh_segments_read_unchecked (self->segments, self->buffers, &row.location, error);
  mh_store_lift (self, error);

  return sealed;
}

/* -- other -- */

void
mh_store_set_changed (MhStore *self, MhStoreChanged changed, gpointer data)
{
  g_mutex_lock (&self->lock);
  self->changed = changed;
  self->changed_data = data;
  g_mutex_unlock (&self->lock);
}

void
mh_store_tell_changed (MhStore *self)
{
  g_mutex_lock (&self->lock);
  if (self->changed != NULL)
    self->changed (self->changed_data);
  g_mutex_unlock (&self->lock);
}

void
mh_store_set_fetch (MhStore *self, MhStoreFetch fetch, gpointer data)
{
  g_mutex_lock (&self->lock);
  self->fetch = NULL;
  while (self->fetching > 0)
    g_cond_wait (&self->fetched, &self->lock);
  self->fetch = fetch;
  self->fetch_data = data;
  g_mutex_unlock (&self->lock);
}

GBytes *
mh_store_fetch_block (MhStore *self, const char *vault_id, const guint8 *id, GError **error)
{
  MhStoreFetch fetch;
  gpointer data;
  GBytes *sealed;

  g_mutex_lock (&self->lock);
  fetch = self->fetch;
  data = self->fetch_data;
  self->fetching += fetch != NULL ? 1 : 0;
  g_mutex_unlock (&self->lock);
  if (fetch == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
                           "it is on other machines, and no network is connected");
      return NULL;
    }

  sealed = fetch (vault_id, id, data, error);
  g_mutex_lock (&self->lock);
  self->fetching--;
  g_cond_broadcast (&self->fetched);
  g_mutex_unlock (&self->lock);

  return sealed;
}

gboolean
mh_store_prove (MhStore *self, const char *vault_id, const guint8 *message, gsize size,
                guint8 proof[MH_SYNC_HASH_SIZE])
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, NULL);

  if (keys == NULL)
    return FALSE;
  mh_hmac_sha256 (mh_secret_peek (keys->proof), mh_secret_size (keys->proof), message, size, proof);

  return TRUE;
}
