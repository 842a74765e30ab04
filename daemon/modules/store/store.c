/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/os.h"
#include "change.h"
#include "names.h"
#include "prune.h"
#include "punch.h"
#include "partial-private.h"

#define SEGMENT_BYTES (G_GUINT64_CONSTANT (256) * 1024 * 1024)
#define MOST_READERS 16
#define MOST_WORKERS 4
#define SEALER_QUEUE 32
#define OPENER_QUEUE 16

gint64
mh_store_now_ms (MhStore *self)
{
  return self->clock != NULL ? mh_clock_now_ms (self->clock) : g_get_real_time () / 1000;
}

void
mh_store_set_fault (MhStore *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_mutex_lock (&self->lock);
  g_free (self->fault);
  self->fault = g_strdup (text);
  g_mutex_unlock (&self->lock);
  if (self->on_fault != NULL)
    self->on_fault (text, self->on_fault_data);
}

char *
mh_store_fault (MhStore *self)
{
  char *fault;

  g_mutex_lock (&self->lock);
  fault = g_strdup (self->fault);
  g_mutex_unlock (&self->lock);

  return fault;
}

void
mh_store_lift (MhStore *self, GError **error)
{
  if (error == NULL || *error == NULL || (*error)->domain != MH_DB_ERROR)
    return;

  if (g_error_matches (*error, MH_DB_ERROR, MH_DB_ERROR_CORRUPT)
      || g_error_matches (*error, MH_DB_ERROR, MH_DB_ERROR_IO))
    mh_store_set_fault (self, "%s", (*error)->message);
  mh_error_move (error,
                 (*error)->code == MH_DB_ERROR_BUSY ? MH_ERROR_UNAVAILABLE : MH_ERROR_FAILED);
}

MhKeys *
mh_store_keys (MhStore *self, const char *vault_id, GError **error)
{
  MhKeys *keys;
  gboolean locked;

  g_mutex_lock (&self->lock);
  keys = g_hash_table_lookup (self->vaults, vault_id);
  if (keys != NULL)
    mh_keys_ref (keys);
  locked = g_hash_table_contains (self->locked, vault_id);
  g_mutex_unlock (&self->lock);
  if (keys == NULL && locked)
    g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "the vault is locked");
  else if (keys == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no vault %s", vault_id);

  return keys;
}

/* Makes the folders, durably; the lock in one of them tells that this was done. */
static gboolean
prepare_folders (const MhStoreConfig *config, const char *lock_path, GError **error)
{
  g_autofree char *index_folder = g_path_get_dirname (config->index_path);
  int fd = mh_os_open (lock_path, FALSE, FALSE, NULL); /* whatever is wrong shows below */

  mh_os_close (fd);

  return fd >= 0
         || (mh_os_make_folder (config->blocks_path, error)
             && mh_os_make_folder (index_folder, error));
}

MhStore *
mh_store_open (const MhStoreConfig *config, GError **error)
{
  g_autoptr (MhStore) self = g_new0 (MhStore, 1);
  g_autofree char *lock_path = g_build_filename (config->blocks_path, "lock", NULL);
  guint workers = config->serial ? 0 : MIN (g_get_num_processors (), MOST_WORKERS);

  self->lock_fd = -1;
  g_mutex_init (&self->lock);
  g_cond_init (&self->fetched);
  g_mutex_init (&self->sealing_lock);
  g_queue_init (&self->sealing);
  if (!prepare_folders (config, lock_path, error))
    return NULL;

  self->lock_fd = mh_os_lock (lock_path, error);
  if (self->lock_fd < 0)
    return NULL;

  self->signer = config->signer;
  self->on_fault = config->on_fault;
  self->on_fault_data = config->on_fault_data;
  self->clock = config->clock;
  self->serial = config->serial;
  self->segment_bytes = config->segment_bytes > 0 ? config->segment_bytes : SEGMENT_BYTES;
  mh_gear_init (&self->gear);
  self->min_free = mh_store_resolve_min_free (config->min_free, self->lock_fd);
  self->on_space = config->on_space;
  self->on_space_data = config->on_space_data;
  self->generations = mh_generations_new ();
  self->limits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->refusals =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) mh_refusal_free);
  self->locked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->vaults =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) mh_keys_unref);
  self->buffers = mh_buffers_new ();
  self->segments = mh_segments_new (config->blocks_path);
  self->names = mh_names_new (self);
  self->writer = mh_writer_new (self, config->index_path, error);
  if (self->writer == NULL)
    {
      mh_store_lift (self, error);
      return NULL;
    }

  self->partials = mh_partials_new ();
  self->readers = mh_db_pool_new (config->index_path, MH_DB_READ_ONLY, MOST_READERS);
  self->sealers = mh_pool_new ("seal", workers, SEALER_QUEUE);
  self->openers = mh_pool_new ("read-ahead", workers, OPENER_QUEUE);

  return g_steal_pointer (&self);
}

void
mh_store_close (MhStore *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->schedule, mh_schedule_free);
  if (self->names != NULL)
    mh_names_stop (self->names);
  g_clear_pointer (&self->partials, mh_partials_free);
  /* Each would use the store after its end. */
  if (g_atomic_int_get (&self->users) != 0)
    g_critical ("store: closed under %d uploads and readers", g_atomic_int_get (&self->users));
  g_clear_pointer (&self->sealers, mh_pool_free);
  g_clear_pointer (&self->openers, mh_pool_free);
  g_clear_pointer (&self->readers, mh_db_pool_free);
  /* Its last tasks look for it here. Its connection, the last, folds up SQLite's log. */
  mh_writer_free (self->writer);
  self->writer = NULL;
  g_clear_pointer (&self->names, mh_names_free);
  g_clear_pointer (&self->segments, mh_segments_free);
  g_clear_pointer (&self->buffers, mh_buffers_unref);
  g_clear_pointer (&self->generations, mh_generations_free);
  g_clear_pointer (&self->vaults, g_hash_table_unref);
  g_clear_pointer (&self->locked, g_hash_table_unref);
  g_clear_pointer (&self->limits, g_hash_table_unref);
  g_clear_pointer (&self->refusals, g_hash_table_unref);
  mh_os_close (self->lock_fd);
  g_free (self->fault);
  g_mutex_clear (&self->sealing_lock);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->fetched);
  g_free (self);
}

static gboolean
check_vault_id (const char *vault_id, GError **error)
{
  gsize length = strlen (vault_id);

  if (length > 0 && length < MH_VAULT_ID_SIZE
      && strspn (vault_id, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS) == length)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "vault id: not 1 to 31 letters and digits");

  return FALSE;
}

static gboolean
is_known (MhStore *self, const char *vault_id, gboolean *known, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  GError *local = NULL;
  MhVaultRow vault;

  if (lease == NULL)
    return FALSE;

  *known = mh_catalog_get_vault (mh_db_lease_db (lease), vault_id, &vault, &local);
  if (*known || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_clear_error (&local);
      return TRUE;
    }

  g_propagate_error (error, local);

  return FALSE;
}

/*
 * Removes what is left of a forgotten vault. Records of versions that are still on the disk would
 * come back into a new one of the same id when the index is made anew.
 */
static gboolean
clear_forgotten (MhStore *self, const char *vault_id, GError **error)
{
  MhPurged purged = { 0 };
  gint64 freed = 0;
  gboolean known;

  return mh_prune_run_forgotten (self, vault_id, &purged, NULL, error)
         && is_known (self, vault_id, &known, error)
         && (known || mh_punch_holes (self, TRUE, &freed, NULL, error));
}

gboolean
mh_store_add_vault (MhStore *self, const char *vault_id, const MhSecret *key, GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  MhChangeVault change = { 0 };

  if (!check_vault_id (vault_id, error))
    return FALSE;

  keys = mh_keys_new (vault_id, key);
  change.keys = keys;
  if (!clear_forgotten (self, vault_id, error))
    {
      mh_store_lift (self, error);
      return FALSE;
    }

  while (!change.done)
    {
      if (!mh_writer_commit (self->writer, mh_change_add_vault, &change, error))
        {
          mh_store_lift (self, error);
          return FALSE;
        }
    }

  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->vaults, keys->vault_id, keys);
  g_hash_table_remove (self->locked, keys->vault_id);
  g_mutex_unlock (&self->lock);
  keys = NULL;

  return TRUE;
}

void
mh_store_lock_vault (MhStore *self, const char *vault_id)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->vaults, vault_id);
  g_hash_table_add (self->locked, g_strdup (vault_id));
  g_mutex_unlock (&self->lock);
}

gboolean
mh_store_forget_vault (MhStore *self, const char *vault_id, GError **error)
{
  gboolean done;

  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->vaults, vault_id);
  g_hash_table_remove (self->limits, vault_id);
  g_hash_table_remove (self->refusals, vault_id);
  g_mutex_unlock (&self->lock);

  done = mh_writer_commit (self->writer, mh_change_forget_vault, (gpointer) vault_id, error);
  mh_store_lift (self, error);
  if (done)
    mh_store_want_upkeep (self);

  return done;
}

MhFile *
mh_store_restore (MhStore *self, const char *vault_id, const char *path, const char *content_hash,
                  GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  MhChangeFile change = { 0 };

  if (!mh_store_check_path (path, error))
    return NULL;

  if (!mh_hex_decode (content_hash, change.content_hash, sizeof change.content_hash))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "content_hash: not 64 hexadecimal digits");
      return NULL;
    }

  keys = mh_store_keys (self, vault_id, error);
  if (keys == NULL)
    return NULL;

  change.keys = keys;
  change.path = path;
  if (!mh_writer_commit (self->writer, mh_change_restore, &change, error))
    {
      mh_store_lift (self, error);
      g_clear_pointer (&change.result, mh_file_free);
    }

  return change.result;
}

gboolean
mh_store_delete (MhStore *self, const char *vault_id, const char *path, GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  MhChangeFile change = { 0 };
  gboolean done;

  if (!mh_store_check_path (path, error))
    return FALSE;

  keys = mh_store_keys (self, vault_id, error);
  if (keys == NULL)
    return FALSE;

  change.keys = keys;
  change.path = path;
  done = mh_writer_commit (self->writer, mh_change_delete, &change, error);
  mh_store_lift (self, error);

  return done;
}

gint64
mh_store_move (MhStore *self, const char *vault_id, const char *from, const char *to,
               GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  MhChangeMove change = { 0 };

  if (!mh_store_check_path (from, error) || !mh_store_check_path (to, error))
    return -1;

  keys = mh_store_keys (self, vault_id, error);
  if (keys == NULL)
    return -1;

  change.keys = keys;
  change.from = from;
  change.to = to;
  if (mh_writer_commit (self->writer, mh_change_move, &change, error))
    return change.moved;

  mh_store_lift (self, error);

  return -1;
}
