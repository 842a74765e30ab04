/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "chunker.h"
#include "load.h"
#include "manifest.h"
#include "query.h"
#include "writer.h"

/* The block in use and two that follow. */
#define SLOTS 3

typedef enum
{
  SLOT_EMPTY,
  SLOT_LOADING,
  SLOT_READY,
} SlotState;

typedef struct
{
  SlotState state;
  guint index;
  GBytes *plain; /* (owned) (nullable): %NULL when the block could not be had */
  GError *error; /* (owned) (nullable) */
} Slot;

struct _MhReader
{
  int references;      /* the user's and one of each load under way */
  MhStore *store;      /* (unowned) */
  guint64 generation;  /* when it began */
  MhKeys *keys;        /* (owned) */
  MhFile *file;        /* (owned) */
  MhManifest *content; /* (owned) */
  guint64 *offsets;    /* (owned): where each block begins, and the end */
  guint next;          /* block that a reader in order would want next */
  GMutex lock;
  GCond loaded;
  Slot slots[SLOTS]; /* (locked-by lock) */
};

/* A block to be read ahead. */
typedef struct
{
  MhReader *reader; /* (owned) */
  Slot *slot;
  guint index;
} Load;

static void
reader_unref (MhReader *self)
{
  if (!g_atomic_int_dec_and_test (&self->references))
    return;

  for (guint i = 0; i < SLOTS; i++)
    {
      g_clear_pointer (&self->slots[i].plain, g_bytes_unref);
      g_clear_error (&self->slots[i].error);
    }
  mh_generations_leave (self->store->generations, self->generation);
  mh_keys_unref (self->keys);
  mh_file_free (self->file);
  mh_manifest_free (self->content);
  g_free (self->offsets);
  g_cond_clear (&self->loaded);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_reader_free (MhReader *self)
{
  if (self == NULL)
    return;

  g_atomic_int_add (&self->store->users, -1);
  reader_unref (self);
}

/* Finds the row of the version to be read. */
static gboolean
find_version (MhDb *db, const MhVaultRow *vault, const char *path, const char *content_hash,
              gint64 *ref, GError **error)
{
  g_autoptr (MhFileRow) file = NULL;
  GError *local = NULL;
  guint8 hash[32];

  file = mh_catalog_find_file (db, vault, path, content_hash != NULL, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }

  if (file == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file %s", path);
      return FALSE;
    }

  *ref = file->head;
  if (content_hash == NULL)
    return TRUE;

  if (!mh_hex_decode (content_hash, hash, sizeof hash))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "content_hash: not 64 hexadecimal digits");
      return FALSE;
    }

  if (!mh_catalog_find_content (db, vault, file->file_id, hash, ref, error))
    return FALSE;

  if (*ref != 0)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no version of %s with that content", path);

  return FALSE;
}

static gboolean
load_content (MhReader *self, const char *path, const char *content_hash, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, error);
  MhVaultRow vault;
  gint64 ref;

  if (lease == NULL
      || !mh_catalog_get_vault (mh_db_lease_db (lease), self->keys->vault_id, &vault, error)
      || !find_version (mh_db_lease_db (lease), &vault, path, content_hash, &ref, error))
    return FALSE;

  self->file = mh_query_file (mh_db_lease_db (lease), &vault, path, content_hash != NULL, error);
  if (self->file == NULL)
    return FALSE;

  self->content = mh_manifest_load (self->store, mh_db_lease_db (lease), self->keys, ref, error);
  if (self->content != NULL)
    return TRUE;

  g_prefix_error (error, "%s cannot be read: ", path);
  if (error != NULL && g_error_matches (*error, MH_ERROR, MH_ERROR_CORRUPT))
    mh_store_set_fault (self->store, "%s", (*error)->message);

  return FALSE;
}

/* Makes the file that is shown the one of the version that is read. */
static void
describe (MhReader *self)
{
  const MhMeta *meta = self->content->meta;
  GArray *chunks = self->content->chunks;

  self->file->size = meta->size;
  self->file->mtime_ms = meta->mtime_ms;
  self->file->mode = meta->mode;
  self->file->changed_ms = self->content->version->ts_ms;
  g_free (self->file->mime);
  self->file->mime = g_strdup (meta->mime);
  g_free (self->file->content_hash);
  self->file->content_hash = mh_hex_encode (meta->content_hash, sizeof meta->content_hash);

  self->offsets = g_new0 (guint64, (gsize) chunks->len + 1);
  for (guint i = 0; i < chunks->len; i++)
    self->offsets[i + 1] = self->offsets[i] + g_array_index (chunks, MhChunk, i).plain_size;
}

MhReader *
mh_reader_new (MhStore *store, const char *vault_id, const char *path, const char *content_hash,
               GError **error)
{
  g_autoptr (MhReader) self = NULL;
  MhKeys *keys;

  if (!mh_store_check_path (path, error))
    return NULL;

  keys = mh_store_keys (store, vault_id, error);
  if (keys == NULL)
    return NULL;

  self = g_new0 (MhReader, 1);
  self->references = 1;
  self->store = store;
  g_atomic_int_inc (&store->users);
  self->generation = mh_generations_enter (store->generations);
  self->keys = keys;
  g_mutex_init (&self->lock);
  g_cond_init (&self->loaded);
  if (!load_content (self, path, content_hash, error))
    {
      mh_store_lift (store, error);
      return NULL;
    }

  describe (self);

  return g_steal_pointer (&self);
}

const MhFile *
mh_reader_file (MhReader *self)
{
  return self->file;
}

static GBytes *
report_damage (MhReader *self, guint index, const char *why, GError **error)
{
  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "%s cannot be read: block %u of %u: %s",
               self->file->path, index + 1, self->content->chunks->len, why);
  mh_store_set_fault (self->store, "%s cannot be read: block %u of %u: %s", self->file->path,
                      index + 1, self->content->chunks->len, why);

  return NULL;
}

/* Reads and opens a block. Runs on the user's thread or on a worker. */
static GBytes *
load_block (MhReader *self, guint index, GError **error)
{
  const MhChunk *chunk = &g_array_index (self->content->chunks, MhChunk, index);
  g_autoptr (GError) local = NULL;
  GBytes *plain = mh_load_block (self->store, self->keys, chunk, &local);

  if (plain != NULL)
    return plain;

  if (g_error_matches (local, MH_ERROR, MH_ERROR_CORRUPT))
    return report_damage (self, index, local->message, error);

  g_propagate_error (error, g_steal_pointer (&local));

  return NULL;
}

static void
load_ahead (gpointer data)
{
  Load *load = data;
  MhReader *self = load->reader;
  GError *error = NULL;
  GBytes *plain = load_block (self, load->index, &error);

  g_mutex_lock (&self->lock);
  load->slot->plain = plain;
  load->slot->error = error;
  load->slot->state = SLOT_READY;
  g_cond_broadcast (&self->loaded);
  g_mutex_unlock (&self->lock);
  reader_unref (self);
  g_free (load);
}

/* Returns: (nullable): the slot that has or awaits a block. Call with the lock held. */
static Slot *
find_slot (MhReader *self, guint index)
{
  for (guint i = 0; i < SLOTS; i++)
    {
      if (self->slots[i].state != SLOT_EMPTY && self->slots[i].index == index)
        return &self->slots[i];
    }

  return NULL;
}

static void
slot_clear (Slot *slot)
{
  g_clear_pointer (&slot->plain, g_bytes_unref);
  g_clear_error (&slot->error);
  slot->state = SLOT_EMPTY;
}

/* Empties the slots that a reader now at @index has no use for, and gives one of them. */
static Slot *
free_slot (MhReader *self, guint index)
{
  Slot *found = NULL;

  for (guint i = 0; i < SLOTS; i++)
    {
      Slot *slot = &self->slots[i];

      if (slot->state == SLOT_READY && (slot->index < index || slot->index >= index + SLOTS))
        slot_clear (slot);
      if (slot->state == SLOT_EMPTY)
        found = slot;
    }

  return found;
}

/* Has the blocks after @index read by the workers, as far as they have time. */
static void
read_ahead (MhReader *self, guint index)
{
  for (guint i = index + 1; i < MIN (index + SLOTS, self->content->chunks->len); i++)
    {
      Load *load = NULL;
      Slot *slot;

      g_mutex_lock (&self->lock);
      slot = find_slot (self, i) != NULL ? NULL : free_slot (self, index);
      if (slot != NULL)
        {
          slot->state = SLOT_LOADING;
          slot->index = i;
        }
      g_mutex_unlock (&self->lock);
      if (slot == NULL)
        continue;

      load = g_new0 (Load, 1);
      load->reader = self;
      load->slot = slot;
      load->index = i;
      g_atomic_int_inc (&self->references);
      if (mh_pool_push (self->store->openers, load_ahead, load))
        continue;

      /* Everybody is busy: the block is read when it is wanted. */
      g_free (load);
      reader_unref (self);
      g_mutex_lock (&self->lock);
      slot_clear (slot);
      g_mutex_unlock (&self->lock);
      return;
    }
}

/* Waits for a block that is being read ahead. Returns: whether it was, with @plain or @error set */
static gboolean
take_loaded (MhReader *self, guint index, GBytes **plain, GError **error)
{
  Slot *slot;

  g_mutex_lock (&self->lock);
  slot = find_slot (self, index);
  while (slot != NULL && slot->state == SLOT_LOADING)
    g_cond_wait (&self->loaded, &self->lock);
  if (slot != NULL && slot->plain != NULL)
    *plain = g_bytes_ref (slot->plain);
  if (slot != NULL && slot->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&slot->error));
      slot_clear (slot);
    }
  g_mutex_unlock (&self->lock);

  return slot != NULL;
}

/* Keeps a block that was read at once, for the next piece of it. */
static void
keep_loaded (MhReader *self, guint index, GBytes *plain)
{
  Slot *slot;

  g_mutex_lock (&self->lock);
  slot = free_slot (self, index);
  if (slot != NULL)
    {
      slot->state = SLOT_READY;
      slot->index = index;
      slot->plain = g_bytes_ref (plain);
    }
  g_mutex_unlock (&self->lock);
}

static GBytes *
get_block (MhReader *self, guint index, GError **error)
{
  GBytes *plain = NULL;

  if (take_loaded (self, index, &plain, error))
    return plain;

  plain = load_block (self, index, error);
  if (plain != NULL)
    keep_loaded (self, index, plain);

  return plain;
}

/* Finds the block that holds the byte at @offset, which is before the end. */
static guint
find_block (MhReader *self, guint64 offset)
{
  guint low = 0;
  guint high = self->content->chunks->len;

  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;

      if (self->offsets[middle] <= offset)
        low = middle;
      else
        high = middle;
    }

  return low;
}

GBytes *
mh_reader_read (MhReader *self, guint64 offset, gsize max, GCancellable *cancellable,
                GError **error)
{
  g_autoptr (GBytes) plain = NULL;
  gsize start;
  guint index;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  if (offset >= (guint64) self->file->size)
    return g_bytes_new (NULL, 0);

  index = find_block (self, offset);
  if (index == self->next || index + 1 == self->next)
    read_ahead (self, index);
  plain = get_block (self, index, error);
  if (plain == NULL)
    {
      mh_store_lift (self->store, error);
      return NULL;
    }

  self->next = index + 1;
  start = (gsize) (offset - self->offsets[index]);

  return g_bytes_new_from_bytes (plain, start, MIN (max, g_bytes_get_size (plain) - start));
}
