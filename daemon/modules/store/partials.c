/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "partial-private.h"

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/random.h"

/* Writers that rest: each has a buffer of up to 4 MiB. */
#define MOST_RESTING 4

typedef struct
{
  char *id;                 /* (owned) */
  MhPartialWriter *resting; /* (owned) (nullable): %NULL while somebody has it */
  gint64 since_us;
} Slot;

struct _MhPartials
{
  GMutex lock;
  GHashTable *slots; /* (owned) (element-type utf8 Slot) (locked-by lock) */
};

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  mh_partial_writer_free (slot->resting);
  g_free (slot->id);
  g_free (slot);
}

MhPartials *
mh_partials_new (void)
{
  MhPartials *self = g_new0 (MhPartials, 1);

  g_mutex_init (&self->lock);
  self->slots = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, slot_free);

  return self;
}

void
mh_partials_free (MhPartials *self)
{
  g_hash_table_unref (self->slots);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
mh_partials_take (MhPartials *self, const char *id, MhPartialWriter **resting, GError **error)
{
  gboolean taken = TRUE;
  Slot *slot;

  *resting = NULL;
  g_mutex_lock (&self->lock);
  slot = g_hash_table_lookup (self->slots, id);
  if (slot == NULL)
    {
      slot = g_new0 (Slot, 1);
      slot->id = g_strdup (id);
      g_hash_table_insert (self->slots, slot->id, slot);
    }
  else
    {
      taken = slot->resting != NULL;
      *resting = g_steal_pointer (&slot->resting);
    }
  g_mutex_unlock (&self->lock);
  if (!taken)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
                 "somebody else is writing to upload session %s", id);

  return taken;
}

/* Returns: (nullable): the slot that has rested longest when too many do. Call with the lock held.
 */
static Slot *
find_surplus (MhPartials *self)
{
  GHashTableIter iter;
  gpointer value;
  Slot *oldest = NULL;
  guint resting = 0;

  g_hash_table_iter_init (&iter, self->slots);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Slot *slot = value;

      if (slot->resting == NULL)
        continue;
      resting++;
      if (oldest == NULL || slot->since_us < oldest->since_us)
        oldest = slot;
    }

  return resting > MOST_RESTING ? oldest : NULL;
}

/* Returns: whether somebody writes to a session */
static gboolean
is_busy (MhPartials *self, const char *id)
{
  Slot *slot;
  gboolean busy;

  g_mutex_lock (&self->lock);
  slot = g_hash_table_lookup (self->slots, id);
  busy = slot != NULL && slot->resting == NULL;
  g_mutex_unlock (&self->lock);

  return busy;
}

void
mh_partials_give (MhPartials *self, const char *id, MhPartialWriter *resting)
{
  Slot *surplus = NULL;
  Slot *slot;

  g_mutex_lock (&self->lock);
  slot = g_hash_table_lookup (self->slots, id);
  slot->resting = resting;
  slot->since_us = g_get_monotonic_time ();
  if (resting == NULL)
    surplus = slot;
  else
    surplus = find_surplus (self);
  if (surplus != NULL)
    g_hash_table_steal (self->slots, surplus->id);
  g_mutex_unlock (&self->lock);
  if (surplus != NULL)
    slot_free (surplus);
}

void
mh_partial_free (MhPartial *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->path);
  g_free (self);
}

MhPartial *
mh_partial_of_row (const MhPartialRow *row)
{
  MhPartial *session = g_new0 (MhPartial, 1);

  session->id = mh_hex_encode (row->id, sizeof row->id);
  session->path = g_strdup (row->path);
  session->size = row->size;
  session->offset = row->offset;
  session->mtime_ms = row->mtime_ms;
  session->created_ms = row->created_ms;
  session->expires_ms = row->used_ms + MH_PARTIAL_UNUSED_MS;

  return session;
}

MhPartialRow *
mh_partial_find (MhStore *store, MhKeys *keys, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = NULL;
  guint8 raw[MH_PARTIAL_ID_SIZE];
  MhVaultRow vault;

  if (!mh_hex_decode (id, raw, sizeof raw))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no upload session %s", id);
      return NULL;
    }

  lease = mh_db_pool_take (store->readers, error);
  if (lease == NULL
      || !mh_catalog_get_vault (mh_db_lease_db (lease), keys->vault_id, &vault, error))
    return NULL;

  return mh_partial_rows_get (mh_db_lease_db (lease), &vault, raw, error);
}

/* Refuses what would be refused at the end, as far as it can be known now. */
static gboolean
check_early (MhStore *store, const MhUploadNew *request, GError **error)
{
  g_autoptr (MhUpload) upload = mh_upload_new (store, request, error);

  return upload != NULL;
}

MhPartial *
mh_partial_begin (MhStore *store, const MhUploadNew *request, GError **error)
{
  g_autoptr (MhKeys) keys = NULL;
  g_autoptr (MhPartialRow) row = g_new0 (MhPartialRow, 1);
  MhPartialBegin begin = { NULL };

  if (!check_early (store, request, error))
    return NULL;

  keys = mh_store_keys (store, request->vault_id, error);
  if (keys == NULL)
    return NULL;

  mh_random_bytes (row->id, sizeof row->id);
  row->path = g_strdup (request->path);
  row->size = request->size;
  row->created_ms = mh_store_now_ms (store);
  row->used_ms = row->created_ms;
  row->mtime_ms = request->mtime_ms >= 0 ? request->mtime_ms : row->created_ms;
  row->if_match = g_strdup (request->if_match);
  row->if_none_match = g_strdup (request->if_none_match);
  begin.keys = keys;
  begin.row = row;
  if (mh_writer_commit_durable (store->writer, mh_partial_commit_begin, &begin, error))
    return mh_partial_of_row (row);

  mh_store_lift (store, error);

  return NULL;
}

MhPartial *
mh_partial_get (MhStore *store, const char *vault_id, const char *id, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (store, vault_id, error);
  g_autoptr (MhPartialRow) row = keys == NULL ? NULL : mh_partial_find (store, keys, id, error);
  MhPartial *session;

  mh_store_lift (store, error);
  if (row == NULL)
    return NULL;

  session = mh_partial_of_row (row);
  session->busy = is_busy (store->partials, session->id);

  return session;
}

static GPtrArray *
list_rows (MhStore *store, MhKeys *keys, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);
  MhVaultRow vault;

  if (lease == NULL
      || !mh_catalog_get_vault (mh_db_lease_db (lease), keys->vault_id, &vault, error))
    return NULL;

  return mh_partial_rows_list (mh_db_lease_db (lease), &vault, error);
}

GPtrArray *
mh_partial_list (MhStore *store, const char *vault_id, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (store, vault_id, error);
  g_autoptr (GPtrArray) rows = keys == NULL ? NULL : list_rows (store, keys, error);
  GPtrArray *sessions;

  mh_store_lift (store, error);
  if (rows == NULL)
    return NULL;

  sessions = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_partial_free);
  for (guint i = 0; i < rows->len; i++)
    {
      MhPartial *session = mh_partial_of_row (g_ptr_array_index (rows, i));

      session->busy = is_busy (store->partials, session->id);
      g_ptr_array_add (sessions, session);
    }

  return sessions;
}

/* Releases the blocks of sessions that have ended. */
static gboolean
release (MhStore *store, GCancellable *cancellable, GError **error)
{
  gboolean more = TRUE;

  while (more)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !mh_writer_commit (store->writer, mh_partial_commit_release, &more, error))
        return FALSE;
    }

  return TRUE;
}

/* Ends a session that nobody writes to. */
static gboolean
end (MhStore *store, MhPartialRow *row, GError **error)
{
  g_autofree char *id = mh_hex_encode (row->id, sizeof row->id);
  MhPartialWriter *resting;
  gboolean done;

  if (!mh_partials_take (store->partials, id, &resting, error))
    return FALSE;

  done = mh_writer_commit (store->writer, mh_partial_commit_mark_gone, &row->ref, error);
  mh_partial_writer_free (resting);
  mh_partials_give (store->partials, id, NULL);

  return done;
}

gboolean
mh_partial_give_up (MhStore *store, const char *vault_id, const char *id, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (store, vault_id, error);
  g_autoptr (MhPartialRow) row = keys == NULL ? NULL : mh_partial_find (store, keys, id, error);
  gboolean done = row != NULL && end (store, row, error) && release (store, NULL, error);

  mh_store_lift (store, error);
  if (done)
    mh_store_want_upkeep (store);

  return done;
}

static GPtrArray *
find_unused (MhStore *store, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);

  return lease == NULL
             ? NULL
             : mh_partial_rows_unused (mh_db_lease_db (lease),
                                       mh_store_now_ms (store) - MH_PARTIAL_UNUSED_MS, error);
}

gboolean
mh_partials_expire (MhStore *store, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) rows = find_unused (store, error);

  if (rows == NULL)
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      g_autoptr (GError) local = NULL;

      if (end (store, g_ptr_array_index (rows, i), &local))
        continue;
      if (g_error_matches (local, MH_ERROR, MH_ERROR_CONFLICT))
        continue; /* somebody came back to it just now */
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  return release (store, cancellable, error);
}
