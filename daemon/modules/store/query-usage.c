/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "query.h"

#include <string.h>

#include "store-private.h"

#define EXT_MAX 12 /* characters; what is longer is part of a name */

/* In the order of the rows, which is that of the disk. */
static const char sql_all[] =
    "SELECT path, size, changed_ms FROM files WHERE +vault = ?1 AND live = 1";

static const char sql_folders[] = "SELECT name, files, bytes, changed_ms FROM folders"
                                  " WHERE parent = ?1 AND files > 0 ORDER BY bytes DESC LIMIT ?2";

static const char sql_health[] =
    "SELECT count (*), coalesce (sum (size), 0), coalesce (sum (bad = 1), 0)"
    " FROM blocks WHERE vault = ?1 AND refs > 0 AND bad <> 2";

static const char sql_space[] =
    "SELECT (SELECT coalesce (sum (live), 0) FROM segments),"
    " (SELECT coalesce (sum (stored_bytes), 0) FROM vaults WHERE forgotten = 0),"
    " (SELECT coalesce (sum (file_size), 0) FROM versions WHERE op = 1),"
    " (SELECT coalesce (sum (f.bytes), 0) FROM vaults v JOIN folders f ON f.ref = v.root"
    " WHERE v.forgotten = 0)";

static void
type_free (gpointer data)
{
  MhUsageType *type = data;

  g_free (type->ext);
  g_free (type);
}

void
mh_vault_usage_free (MhVaultUsage *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->types, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->folders, g_ptr_array_unref);
  g_free (self);
}

/* Returns: (transfer full): the end of a name, in lower case */
static char *
ext_of (const char *path)
{
  const char *name = mh_path_name (path);
  const char *dot = strrchr (name, '.');

  if (dot == NULL || dot == name || dot[1] == '\0' || g_utf8_strlen (dot + 1, -1) > EXT_MAX)
    return g_strdup ("");

  return g_utf8_strdown (dot + 1, -1);
}

static void
count_type (GHashTable *types, const char *path, gint64 bytes)
{
  g_autofree char *ext = ext_of (path);
  MhUsageType *type = g_hash_table_lookup (types, ext);

  if (type == NULL)
    {
      type = g_new0 (MhUsageType, 1);
      type->ext = g_steal_pointer (&ext);
      g_hash_table_insert (types, type->ext, type);
    }
  type->count++;
  type->bytes += bytes;
}

static gint
compare_types (gconstpointer a, gconstpointer b)
{
  const MhUsageType *left = *(MhUsageType *const *) a;
  const MhUsageType *right = *(MhUsageType *const *) b;

  if (left->bytes != right->bytes)
    return left->bytes < right->bytes ? 1 : -1;

  return strcmp (left->ext, right->ext);
}

static gint
compare_sizes (gconstpointer a, gconstpointer b)
{
  const MhFileFolder *left = *(MhFileFolder *const *) a;
  const MhFileFolder *right = *(MhFileFolder *const *) b;

  if (left->bytes != right->bytes)
    return left->bytes < right->bytes ? 1 : -1;

  return strcmp (left->path, right->path);
}

static MhFileFolder *
entry_new (char *path, gint64 files, gint64 bytes, gint64 changed_ms)
{
  MhFileFolder *entry = g_new0 (MhFileFolder, 1);

  entry->path = path;
  entry->files = files;
  entry->bytes = bytes;
  entry->changed_ms = changed_ms;

  return entry;
}

/* Keeps the largest: twice the limit are gathered before the smaller half goes. */
static void
note_large (GPtrArray *files, guint limit, MhStmt *row)
{
  gint64 bytes = mh_stmt_int64 (row, 1);

  if (files->len >= limit
      && bytes <= ((MhFileFolder *) g_ptr_array_index (files, limit - 1))->bytes)
    return;

  g_ptr_array_add (files, entry_new (mh_stmt_dup_text (row, 0), 1, bytes, mh_stmt_int64 (row, 2)));
  if (files->len < 2 * limit && files->len != limit)
    return;

  g_ptr_array_sort (files, compare_sizes);
  if (files->len > limit)
    g_ptr_array_set_size (files, (gint) limit);
}

static gboolean
look_at_files (MhDb *db, const MhVaultRow *vault, guint limit, MhVaultUsage *usage, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_all, error);
  g_autoptr (GHashTable) types = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer type;
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->ref);
  while (mh_stmt_step (stmt, &local))
    {
      count_type (types, mh_stmt_text (stmt, 0), mh_stmt_int64 (stmt, 1));
      note_large (usage->files, limit, stmt);
    }

  g_hash_table_iter_init (&iter, types);
  while (g_hash_table_iter_next (&iter, NULL, &type))
    g_ptr_array_add (usage->types, type);
  g_ptr_array_sort (usage->types, compare_types);
  g_ptr_array_set_size (usage->types, (gint) MIN (usage->types->len, limit));
  g_ptr_array_sort (usage->files, compare_sizes);
  g_ptr_array_set_size (usage->files, (gint) MIN (usage->files->len, limit));
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
look_at_folders (MhDb *db, const MhVaultRow *vault, guint limit, GPtrArray *folders, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_folders, error);
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault->root);
  mh_stmt_bind_int64 (stmt, 2, limit);
  while (mh_stmt_step (stmt, &local))
    g_ptr_array_add (folders, entry_new (g_strconcat ("/", mh_stmt_text (stmt, 0), NULL),
                                         mh_stmt_int64 (stmt, 1), mh_stmt_int64 (stmt, 2),
                                         mh_stmt_int64 (stmt, 3)));

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

MhVaultUsage *
mh_store_usage (MhStore *self, const char *vault_id, guint limit, GError **error)
{
  g_autoptr (MhVaultUsage) usage = g_new0 (MhVaultUsage, 1);
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  MhVaultRow vault;

  usage->types = g_ptr_array_new_with_free_func (type_free);
  usage->files = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_folder_free);
  usage->folders = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_folder_free);
  if (lease != NULL && mh_catalog_get_vault (mh_db_lease_db (lease), vault_id, &vault, error)
      && look_at_files (mh_db_lease_db (lease), &vault, limit, usage, error)
      && look_at_folders (mh_db_lease_db (lease), &vault, limit, usage->folders, error))
    return g_steal_pointer (&usage);

  mh_store_lift (self, error);

  return NULL;
}

MhBlockSizes
mh_store_block_sizes (void)
{
  MhBlockSizes sizes = { MH_CHUNK_MIN, MH_CHUNK_AVERAGE, MH_CHUNK_MAX };

  return sizes;
}

static gboolean
read_health (MhDb *db, const char *vault_id, MhBlockHealth *health, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_health, error);
  MhVaultRow vault;

  if (stmt == NULL || !mh_catalog_get_vault (db, vault_id, &vault, error))
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, vault.ref);
  if (!mh_stmt_one (stmt, "vault", vault_id, error))
    return FALSE;

  health->blocks = mh_stmt_int64 (stmt, 0);
  health->bytes = mh_stmt_int64 (stmt, 1);
  health->damaged = mh_stmt_int64 (stmt, 2);

  return TRUE;
}

gboolean
mh_store_block_health (MhStore *self, const char *vault_id, MhBlockHealth *health, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  gboolean done = lease != NULL && read_health (mh_db_lease_db (lease), vault_id, health, error);

  mh_store_lift (self, error);

  return done;
}

static gboolean
read_sums (MhDb *db, MhStoreSpace *space, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_space, error);

  if (stmt == NULL || !mh_stmt_one (stmt, "sums", NULL, error))
    return FALSE;

  space->live_bytes = mh_stmt_int64 (stmt, 0);
  space->stored_bytes = mh_stmt_int64 (stmt, 1);
  space->referenced_bytes = mh_stmt_int64 (stmt, 2);
  space->file_bytes = mh_stmt_int64 (stmt, 3);

  return TRUE;
}

static gboolean
look_at_segments (MhStore *self, MhStoreSpace *space, GError **error)
{
  g_autoptr (GArray) ids = mh_segments_list (self->segments, error);

  if (ids == NULL)
    return FALSE;

  space->segments = ids->len;
  for (guint i = 0; i < ids->len; i++)
    space->segment_bytes += mh_segments_allocated (self->segments, g_array_index (ids, guint64, i));

  return TRUE;
}

gboolean
mh_store_space (MhStore *self, MhStoreSpace *space, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  gboolean done = lease != NULL && read_sums (mh_db_lease_db (lease), space, error)
                  && look_at_segments (self, space, error);

  mh_store_lift (self, error);
  mh_store_fill_space (self, space);

  return done;
}
