/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-service.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/random.h"
#include "modules/store/store.h"
#include "vaults-diary.h"
#include "vaults-key.h"

#define ID_BYTES 16
#define NAME_MAX_BYTES 128
#define COPIES_MAX 16

struct _MhVaults
{
  MhCore *core;         /* (unowned) outlives us */
  MhStore *store;       /* (unowned) outlives us */
  MhVaultsDiary *diary; /* (owned) */
  GMutex lock;
  const MhVaultsMesh *mesh; /* (unowned) (nullable) (locked-by lock) */
  gpointer mesh_data;       /* (locked-by lock) */
  GHashTable
      *open; /* (owned) (element-type utf8): vaults whose key the store has (locked-by lock) */
};

MhCore *
mh_vaults_core (MhVaults *self)
{
  return self->core;
}

MhStore *
mh_vaults_blocks (MhVaults *self)
{
  return self->store;
}

/* Turns a set @error of the database into the public domain. */
void
mh_vaults_lift (GError **error)
{
  if (error == NULL || *error == NULL || (*error)->domain != MH_DB_ERROR)
    return;

  mh_error_move (error,
                 (*error)->code == MH_DB_ERROR_BUSY ? MH_ERROR_UNAVAILABLE : MH_ERROR_FAILED);
}

/* As mh_vaults_lift(), where the only constraint that can fail is that names are unique. */
static void
lift_name (const char *name, GError **error)
{
  if (error != NULL && g_error_matches (*error, MH_DB_ERROR, MH_DB_ERROR_CONSTRAINT))
    {
      g_clear_error (error);
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "a vault is called %s already", name);
    }
  mh_vaults_lift (error);
}

static gboolean
is_open (MhVaults *self, const char *id)
{
  gboolean open;

  g_mutex_lock (&self->lock);
  open = g_hash_table_contains (self->open, id);
  g_mutex_unlock (&self->lock);

  return open;
}

static void
note_open (MhVaults *self, const char *id, gboolean open)
{
  g_mutex_lock (&self->lock);
  if (open)
    g_hash_table_add (self->open, g_strdup (id));
  else
    g_hash_table_remove (self->open, id);
  g_mutex_unlock (&self->lock);
}

/* Tells the store what a vault may use and what is kept of it. */
gboolean
mh_vaults_set_limits (MhVaults *self, const MhVault *vault, GError **error)
{
  MhVaultLimits limits = { vault->hard_quota,
                           { vault->keep_versions, vault->keep_days },
                           (vault->roles & MH_VAULT_READ_ONLY) != 0 };

  return mh_store_set_limits (self->store, vault->id, &limits, error);
}

gboolean
mh_vaults_open_vault (MhVaults *self, const MhVaultRecord *record, const MhSecret *key,
                      GError **error)
{
  if (!mh_store_add_vault (self->store, record->vault.id, key, error)
      || !mh_vaults_set_limits (self, &record->vault, error))
    return FALSE;

  note_open (self, record->vault.id, TRUE);

  return TRUE;
}

void
mh_vaults_close_vault (MhVaults *self, const char *id)
{
  note_open (self, id, FALSE);
  mh_store_lock_vault (self->store, id);
}

gboolean
mh_vaults_is_open (MhVaults *self, const char *id)
{
  return is_open (self, id);
}

/* A vault that cannot be opened must not keep the others from being used. */
static void
open_vault (MhVaults *self, const MhVaultRecord *record)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhSecret) key = NULL;

  if (record->vault.is_protected)
    {
      mh_vaults_close_vault (self, record->vault.id); /* until somebody knows the password */
      return;
    }

  key = mh_vault_key_open (record, mh_core_master_key (self->core), NULL, &error);
  if (key != NULL && mh_vaults_open_vault (self, record, key, &error))
    return;

  g_prefix_error (&error, "opening vault %s: ", record->vault.name);
  g_warning ("%s", error->message);
  mh_core_set_fault (self->core, error->message);
}

/*
 * Has the store forget what was deleted: the daemon may have been stopped in between, or the store
 * have made its index anew since.
 */
static gboolean
forget_deleted (MhVaults *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_auto (GStrv) ids =
      lease == NULL ? NULL : mh_vaults_store_deleted (mh_db_lease_db (lease), error);

  if (ids == NULL)
    return FALSE;

  for (guint i = 0; ids[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;

      if (!mh_store_forget_vault (self->store, ids[i], &local)
          && !g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
        g_warning ("forgetting vault %s: %s", ids[i], local->message);
    }

  return TRUE;
}

static gboolean
open_all (MhVaults *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (GPtrArray) records = NULL;

  if (lease != NULL)
    records = mh_vaults_store_records (mh_db_lease_db (lease), error);
  if (records == NULL)
    return FALSE;

  for (guint i = 0; i < records->len; i++)
    open_vault (self, g_ptr_array_index (records, i));

  return TRUE;
}

gpointer
mh_vaults_start (MhCore *core, GError **error)
{
  MhVaults *self = g_new0 (MhVaults, 1);

  self->core = core;
  self->store = mh_core_service (core, "store");
  g_mutex_init (&self->lock);
  self->open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (open_all (self, error) && forget_deleted (self, error))
    {
      self->diary = mh_vaults_diary_new (self);
      return self;
    }

  mh_vaults_stop (self);

  return NULL;
}

void
mh_vaults_stop (gpointer service)
{
  MhVaults *self = service;

  mh_vaults_diary_free (self->diary);
  g_hash_table_unref (self->open);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_vaults_set_mesh (MhVaults *self, const MhVaultsMesh *mesh, gpointer data)
{
  g_mutex_lock (&self->lock);
  self->mesh = mesh;
  self->mesh_data = data;
  g_mutex_unlock (&self->lock);
}

gboolean
mh_vaults_copies (MhVaults *self, const char *id, MhVaultCopies *out)
{
  gboolean known;

  g_mutex_lock (&self->lock);
  known = self->mesh != NULL && self->mesh->copies (id, out, self->mesh_data);
  g_mutex_unlock (&self->lock);

  return known;
}

GArray *
mh_vaults_seen (MhVaults *self)
{
  GArray *seen = NULL;

  g_mutex_lock (&self->lock);
  if (self->mesh != NULL)
    seen = self->mesh->seen (self->mesh_data);
  g_mutex_unlock (&self->lock);

  return seen != NULL ? seen : g_array_new (FALSE, FALSE, sizeof (MhVaultSeen));
}

static guint
count_peers (MhVaults *self, const char *id)
{
  guint count = 0;

  g_mutex_lock (&self->lock);
  if (self->mesh != NULL)
    count = self->mesh->count_peers (id, self->mesh_data);
  g_mutex_unlock (&self->lock);

  return count;
}

/* Adds what the store knows. */
static gboolean
fill (MhVaults *self, MhVault *vault, GError **error)
{
  MhStoreTotals totals = { 0 };

  vault->has_key = is_open (self, vault->id);
  if (vault->has_key && !mh_store_totals (self->store, vault->id, &totals, error))
    return FALSE;

  vault->files = totals.files;
  vault->bytes = totals.bytes;
  vault->stored_bytes = totals.stored_bytes;
  vault->peers = count_peers (self, vault->id);

  return TRUE;
}

static GPtrArray *
list_rows (MhVaults *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease == NULL ? NULL : mh_vaults_store_list (mh_db_lease_db (lease), error);
}

GPtrArray *
mh_vaults_list (MhVaults *self, GError **error)
{
  g_autoptr (GPtrArray) vaults = list_rows (self, error);

  mh_vaults_lift (error);
  if (vaults == NULL)
    return NULL;

  for (guint i = 0; i < vaults->len; i++)
    {
      if (!fill (self, g_ptr_array_index (vaults, i), error))
        return NULL;
    }

  return g_steal_pointer (&vaults);
}

static MhVault *
get_row (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease == NULL ? NULL : mh_vaults_store_get (mh_db_lease_db (lease), id, error);
}

MhVault *
mh_vaults_get (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhVault) vault = get_row (self, id, error);

  mh_vaults_lift (error);
  if (vault == NULL || !fill (self, vault, error))
    return NULL;

  return g_steal_pointer (&vault);
}

gboolean
mh_vaults_require (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhVault) vault = NULL;

  if (is_open (self, id))
    return TRUE;

  vault = get_row (self, id, error);
  mh_vaults_lift (error);
  if (vault != NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                 vault->is_protected ? "vault %s is locked"
                                     : "vault %s is locked: its key is not here",
                 vault->name);

  return FALSE;
}

static gboolean
check_name (const char *name, GError **error)
{
  gsize size = strlen (name);
  gboolean good = size > 0 && size <= NAME_MAX_BYTES && g_utf8_validate (name, -1, NULL);

  for (const char *p = name; good && *p != '\0'; p = g_utf8_next_char (p))
    good = !g_unichar_iscntrl (g_utf8_get_char (p));
  good = good && !g_unichar_isspace (g_utf8_get_char (name))
         && !g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (name + size)));
  if (good)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
               "name: 1 to 128 bytes without control characters, no space at either end");

  return FALSE;
}

static gboolean
add_row (MhVaults *self, const MhVaultRecord *record, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease != NULL && mh_vaults_store_add (mh_db_lease_db (lease), record, error);
}

static gboolean
remove_row (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (MhDbTxn) txn = lease == NULL ? NULL : mh_db_txn_begin (mh_db_lease_db (lease), error);

  return txn != NULL && mh_vaults_store_remove (mh_db_lease_db (lease), id, error)
         && mh_db_txn_commit (txn, error);
}

MhVault *
mh_vaults_create (MhVaults *self, const char *name, gint64 copies, const char *password,
                  GError **error)
{
  g_autoptr (MhVaultRecord) record = g_new0 (MhVaultRecord, 1);
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_VAULT_KEY_SIZE);
  g_autoptr (MhVault) vault = NULL;
  g_autoptr (GError) undo_error = NULL;
  guint8 id[ID_BYTES];

  if (!check_name (name, error))
    return NULL;

  mh_random_bytes (id, sizeof id);
  record->vault.id = mh_base32_encode (id, sizeof id);
  record->vault.name = g_strdup (name);
  record->vault.copies = copies;
  record->vault.created_ms = mh_clock_now_ms (mh_core_clock (self->core));
  record->vault.copies_set_ms = record->vault.created_ms;
  if (!mh_vault_key_seal (record, mh_core_master_key (self->core), key, password, error))
    return NULL;

  if (!add_row (self, record, error))
    {
      lift_name (name, error);
      return NULL;
    }

  if (!mh_store_add_vault (self->store, record->vault.id, key, error))
    {
      if (!remove_row (self, record->vault.id, &undo_error))
        g_warning ("undoing a new vault: %s", undo_error->message);
      return NULL;
    }

  note_open (self, record->vault.id, TRUE);
  vault = mh_vaults_get (self, record->vault.id, error);
  if (vault == NULL || !mh_vaults_set_limits (self, vault, error))
    return NULL;

  return g_steal_pointer (&vault);
}

static gboolean
is_here (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhVault) known = get_row (self, id, NULL); /* said below */

  if (known != NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "this vault is here already: %s", known->name);

  return known != NULL;
}

/* A row of a vault that was deleted here once comes with its end to being forgotten. */
static gboolean
add_adopted (MhVaults *self, const MhVaultRecord *record, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (MhDbTxn) txn = lease == NULL ? NULL : mh_db_txn_begin (mh_db_lease_db (lease), error);

  return txn != NULL && mh_vaults_store_undelete (mh_db_lease_db (lease), record->vault.id, error)
         && mh_vaults_store_add (mh_db_lease_db (lease), record, error)
         && mh_db_txn_commit (txn, error);
}

/* Returns: (transfer full): the row with all that has a default, or %NULL with @error set */
static MhVaultRecord *
read_back (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease == NULL ? NULL : mh_vaults_store_record (mh_db_lease_db (lease), id, error);
}

MhVault *
mh_vaults_adopt (MhVaults *self, MhVaultRecord *record, GBytes *content, GError **error)
{
  g_autoptr (MhVaultRecord) whole = NULL;

  if (!check_name (record->vault.name, error) || is_here (self, record->vault.id, error))
    return NULL;

  record->vault.created_ms = mh_clock_now_ms (mh_core_clock (self->core));
  mh_vault_key_seal_content (record, mh_core_master_key (self->core), content);
  if (!add_adopted (self, record, error))
    {
      lift_name (record->vault.name, error);
      return NULL;
    }
  whole = read_back (self, record->vault.id, error);
  if (whole == NULL)
    {
      mh_vaults_lift (error);
      return NULL;
    }
  open_vault (self, whole);

  return mh_vaults_get (self, record->vault.id, error);
}

static gboolean
update_row (MhVaults *self, const char *id, const MhVaultUpdate *update, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease != NULL
         && mh_vaults_store_update (mh_db_lease_db (lease), id, update,
                                    mh_clock_now_ms (mh_core_clock (self->core)), error);
}

MhVault *
mh_vaults_update (MhVaults *self, const char *id, const MhVaultUpdate *update, GError **error)
{
  g_autoptr (MhVault) vault = NULL;

  if (update->name != NULL && !check_name (update->name, error))
    return NULL;

  if (!update_row (self, id, update, error))
    {
      lift_name (update->name, error);
      return NULL;
    }

  vault = mh_vaults_get (self, id, error);
  if (vault == NULL || (vault->has_key && !mh_vaults_set_limits (self, vault, error)))
    return NULL;

  return g_steal_pointer (&vault);
}

gboolean
mh_vaults_agree (MhVaults *self, const char *id, gint64 copies, gint64 set_ms, GError **error)
{
  gint64 now_ms = mh_clock_now_ms (mh_core_clock (self->core));
  g_autoptr (MhDbLease) lease = NULL;
  gboolean changed;

  if (copies < 1 || copies > COPIES_MAX || set_ms < 0)
    return FALSE;

  lease = mh_db_pool_take (mh_core_db (self->core), error);
  changed = lease != NULL
            && mh_vaults_store_agree (mh_db_lease_db (lease), id, copies, set_ms, now_ms, error);
  mh_vaults_lift (error);

  return changed;
}

gboolean
mh_vaults_delete (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean open = is_open (self, id);

  /* The key goes first: what fails afterwards leaves nothing that could be read. */
  if (!remove_row (self, id, error))
    {
      mh_vaults_lift (error);
      return FALSE;
    }

  note_open (self, id, FALSE);
  if (open && !mh_store_forget_vault (self->store, id, &local))
    g_warning ("clearing the index of vault %s: %s", id, local->message);

  return TRUE;
}
