/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/error.h"
#include "change.h"
#include "chunker.h"
#include "content.h"
#include "known.h"
#include "upload-blocks.h"
#include "upload-private.h"

/* The first buffer of an upload: most files fit. */
#define FIRST_BUFFER (64 * 1024)

/* A file that is one block of at most this size is written by its commit, not before. */
#define INLINE_MAX FIRST_BUFFER

/* Bytes that mh_upload_read() asks for at one time: a processor's cache keeps them until they are
 * cut. */
#define READ_PIECE (256 * 1024)

/* Refuses what would not fit if none of it were stored already. */
static gboolean
check_announced (MhUpload *self, const MhVaultRow *vault, gint64 announced, GError **error)
{
  MhVaultLimits limits;

  if (announced <= 0 || !mh_store_get_limits (self->store, self->keys->vault_id, &limits)
      || limits.hard_quota == 0 || vault->stored_bytes + announced <= limits.hard_quota)
    return TRUE;

  mh_store_set_quota_error (self->keys->vault_id, &limits, vault->stored_bytes + announced, error);

  return FALSE;
}

/* Fails early what would fail at the end; the end decides. */
static gboolean
check_early (MhUpload *self, gint64 announced, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, error);
  g_autoptr (MhFileRow) file = NULL;
  GError *local = NULL;
  MhVaultRow vault;

  if (lease == NULL
      || !mh_catalog_get_vault (mh_db_lease_db (lease), self->keys->vault_id, &vault, error)
      || !mh_store_check_writable (self->store, self->keys->vault_id, error)
      || !check_announced (self, &vault, announced, error)
      || (!self->beside
          && !mh_change_check_target (mh_db_lease_db (lease), &vault, self->path, NULL, error)))
    return FALSE;

  file = mh_catalog_find_file (mh_db_lease_db (lease), &vault, self->path, FALSE, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }

  return mh_change_check_match (file, self->if_match, self->if_none_match, error);
}

MhUpload *
mh_upload_new (MhStore *store, const MhUploadNew *request, GError **error)
{
  g_autoptr (MhUpload) self = NULL;
  MhKeys *keys;

  if (!mh_store_check_path (request->path, error))
    return NULL;

  keys = mh_store_keys (store, request->vault_id, error);
  if (keys == NULL)
    return NULL;

  self = g_new0 (MhUpload, 1);
  self->references = 1;
  self->store = store;
  g_atomic_int_inc (&store->users);
  self->keys = keys;
  self->path = g_strdup (request->path);
  self->if_match = g_strdup (request->if_match);
  self->if_none_match = g_strdup (request->if_none_match);
  self->beside = request->beside;
  self->mode = request->mode & 0777;
  self->mtime_ms = request->mtime_ms >= 0 ? request->mtime_ms : mh_store_now_ms (store);
  g_mutex_init (&self->lock);
  g_cond_init (&self->settled);
  self->chunks = g_array_new (FALSE, FALSE, sizeof (MhChunk));
  self->known = g_array_new (FALSE, FALSE, sizeof (MhKnown));
  self->held = g_ptr_array_new ();
  if (!request->unchecked && !check_early (self, request->size, error))
    {
      mh_store_lift (store, error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/* Makes room for the rest of a block after its first bytes. */
static void
grow_buffer (MhUpload *self, gsize more)
{
  MhBuffers *buffers = self->store->buffers;
  MhBuffer *larger;

  if (self->buffer == NULL)
    {
      gsize expected = more > FIRST_BUFFER ? MH_CHUNK_MAX : FIRST_BUFFER;

      self->buffer = mh_buffers_take (buffers, 1 + expected);
    }

  if (self->buffer->capacity >= 1 + self->filled + more)
    return;

  larger = mh_buffers_take (buffers, 1 + MH_CHUNK_MAX);
  memcpy (larger->data, self->buffer->data, 1 + self->filled);
  mh_buffers_give (buffers, self->buffer);
  self->buffer = larger;
}

/* Returns: whether the upload can go on */
static gboolean
check_state (MhUpload *self, GCancellable *cancellable, GError **error)
{
  gboolean good;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  good = self->error == NULL;
  if (!good && error != NULL)
    *error = g_error_copy (self->error);
  g_mutex_unlock (&self->lock);

  return good;
}

gboolean
mh_upload_write (MhUpload *self, const guint8 *data, gsize size, GCancellable *cancellable,
                 GError **error)
{
  self->size += (gint64) size;
  while (size > 0)
    {
      gboolean cut;
      gsize taken = mh_chunker_scan (&self->chunker, &self->store->gear, data, size, &cut);

      if (!check_state (self, cancellable, error))
        {
          mh_store_lift (self->store, error);
          return FALSE;
        }

      grow_buffer (self, taken);
      memcpy (self->buffer->data + 1 + self->filled, data, taken);
      self->filled += taken;
      data += taken;
      size -= taken;
      if (cut)
        mh_upload_submit (self);
    }

  return TRUE;
}

/* Sends the block on its way; the @rest bytes after it in its buffer begin the next one. */
static void
submit_before (MhUpload *self, gsize rest)
{
  MhBuffer *next = NULL;

  if (rest > 0)
    {
      next = mh_buffers_take (self->store->buffers, 1 + MH_CHUNK_MAX);
      memcpy (next->data + 1, self->buffer->data + 1 + self->filled, rest);
    }
  mh_upload_submit (self);
  self->buffer = next;
}

/* @size bytes came into the buffer, after the block. */
static void
take_read (MhUpload *self, gsize size)
{
  self->size += (gint64) size;
  while (size > 0)
    {
      gboolean cut;
      gsize taken = mh_chunker_scan (&self->chunker, &self->store->gear,
                                     self->buffer->data + 1 + self->filled, size, &cut);

      self->filled += taken;
      size -= taken;
      if (cut)
        submit_before (self, size);
    }
}

gboolean
mh_upload_read (MhUpload *self, gint64 most, MhUploadRead read, gpointer data,
                GCancellable *cancellable, GError **error)
{
  gssize got;

  for (gint64 left = most; left > 0; left -= got)
    {
      gsize size = (gsize) MIN (left, MIN (READ_PIECE, MH_CHUNK_MAX - (gint64) self->filled));

      if (!check_state (self, cancellable, error))
        {
          mh_store_lift (self->store, error);
          return FALSE;
        }

      grow_buffer (self, size);
      got = read (self->buffer->data + 1 + self->filled, size, data, error);
      if (got <= 0)
        return got == 0;
      take_read (self, (gsize) got);
    }

  return TRUE;
}

/* On the writer's thread: takes the user's reference, and gives back what is not used. */
static void
let_go_task (MhWriter *writer, gpointer data)
{
  MhUpload *self = data;

  mh_writer_drop_blocks (writer, self->held);
  if (g_atomic_int_dec_and_test (&self->references))
    mh_upload_release (writer, self);
}

void
mh_upload_free (MhUpload *self)
{
  if (self == NULL)
    return;

  /* Blocks that still wait need not be written any more. */
  g_mutex_lock (&self->lock);
  if (self->error == NULL)
    self->error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the upload has ended");
  g_mutex_unlock (&self->lock);
  /* What comes after us on the writer's thread finds the space that we give back. */
  mh_upload_wait (self);
  g_atomic_int_add (&self->store->users, -1);
  mh_writer_post (self->store->writer, let_go_task, self);
}

/* Whether the content is one small block, which goes with the commit. */
static gboolean
is_inline (MhUpload *self)
{
  return self->filled > 0 && self->filled <= INLINE_MAX && self->chunks->len == 0;
}

/* Seals the contents of uploads that are one small block each, at most MH_SEAL_MOST of them. */
static void
seal_inline (MhUpload *const *uploads, guint count)
{
  MhBuffers *buffers;
  MhSealing sealings[MH_SEAL_MOST];
  MhSha256Job jobs[MH_SEAL_MOST] = { 0 };
  MhChunk chunks[MH_SEAL_MOST] = { 0 };

  if (count == 0)
    return;

  buffers = uploads[0]->store->buffers;
  for (guint i = 0; i < count; i++)
    {
      MhUpload *self = uploads[i];

      jobs[i] = mh_content_hash_job (self->buffer->data, self->filled, chunks[i].content);
      sealings[i] = (MhSealing){ self->keys, { self->buffer->data, self->filled }, &chunks[i] };
    }
  mh_sha256_many (jobs, count);
  mh_seal_blocks (buffers, sealings, count);
  for (guint i = 0; i < count; i++)
    {
      MhUpload *self = uploads[i];

      self->change.sealed = sealings[i].sealed;
      self->change.sealed_size = sealings[i].sealed_size;
      g_array_append_val (self->chunks, chunks[i]);
      self->filled = 0;
      mh_buffers_give (buffers, g_steal_pointer (&self->buffer));
    }
}

/* Gives the hash of the whole blocks, and of those that make none. */
static void
hash_content (MhUpload *self, guint8 *hash)
{
  g_autoptr (MhSha256) sha = mh_content_begin ();

  for (guint i = 0; i < self->chunks->len; i++)
    {
      const MhChunk *chunk = &g_array_index (self->chunks, MhChunk, i);

      mh_content_add (sha, chunk->content, chunk->plain_size);
    }
  if (self->filled > 0)
    mh_content_add_data (sha, self->buffer->data + 1, self->filled);
  mh_sha256_finish (sha, hash);
}

/* Once everything is sealed: makes what the commit gets. */
static gboolean
prepare_change (MhUpload *self, GCancellable *cancellable, GError **error)
{
  MhChangePut *change = &self->change;

  mh_upload_wait (self);
  if (!check_state (self, cancellable, error))
    {
      mh_store_lift (self->store, error);
      return FALSE;
    }

  change->keys = self->keys;
  change->path = self->path;
  change->if_match = self->if_match;
  change->if_none_match = self->if_none_match;
  change->beside = self->beside;
  change->mtime_ms = self->mtime_ms;
  change->mode = self->mode;
  change->size = self->size;
  change->chunks = self->chunks;
  change->held = self->held;
  change->known = self->known;
  hash_content (self, change->content_hash);
  mh_change_prepare (change, self->store);
  self->prepared = TRUE;

  return TRUE;
}

/* Has the last block of each upload sealed. */
static void
seal_rests (MhUpload *const *uploads, guint count)
{
  MhUpload *small[MH_SEAL_MOST] = { NULL };
  guint smalls = 0;

  for (guint i = 0; i < count; i++)
    {
      MhUpload *self = uploads[i];

      if (is_inline (self))
        small[smalls++] = self;
      else if (self->filled > 0)
        mh_upload_submit (self);
      if (smalls == MH_SEAL_MOST)
        {
          seal_inline (small, smalls);
          smalls = 0;
        }
    }
  seal_inline (small, smalls);
}

void
mh_uploads_prepare (MhUpload **uploads, guint count, GCancellable *cancellable, GError **errors)
{
  seal_rests (uploads, count);
  for (guint i = 0; i < count; i++)
    {
      errors[i] = NULL;
      if (!uploads[i]->prepared)
        (void) prepare_change (uploads[i], cancellable, &errors[i]);
    }
}

gboolean
mh_upload_prepare (MhUpload *self, GCancellable *cancellable, GError **error)
{
  GError *local = NULL;

  mh_uploads_prepare (&self, 1, cancellable, &local);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

void
mh_uploads_finish (MhUpload **uploads, guint count, MhFile **files, GError **errors)
{
  MhStore *store = uploads[0]->store;
  g_autofree gpointer *changes = g_new (gpointer, count);

  for (guint i = 0; i < count; i++)
    {
      g_return_if_fail (uploads[i]->prepared);
      changes[i] = &uploads[i]->change;
    }

  mh_writer_commit_all (store->writer, mh_change_put, changes, count, errors);
  for (guint i = 0; i < count; i++)
    {
      files[i] = g_steal_pointer (&uploads[i]->change.result);
      if (errors[i] == NULL)
        continue;
      mh_store_lift (store, &errors[i]);
      g_clear_pointer (&files[i], mh_file_free);
    }
}

MhFile *
mh_upload_finish (MhUpload *self, GCancellable *cancellable, GError **error)
{
  GError *local = NULL;
  MhFile *file;

  if (!mh_upload_prepare (self, cancellable, error))
    return NULL;

  mh_uploads_finish (&self, 1, &file, &local);
  if (local != NULL)
    g_propagate_error (error, local);

  return file;
}

gboolean
mh_upload_settle (MhUpload *self, GError **error)
{
  mh_upload_wait (self);

  return check_state (self, NULL, error);
}

GArray *
mh_upload_chunks (MhUpload *self)
{
  return self->chunks;
}

GPtrArray *
mh_upload_held (MhUpload *self)
{
  return self->held;
}

GArray *
mh_upload_known (MhUpload *self)
{
  return self->known;
}

guint8 *
mh_upload_rest (MhUpload *self, gsize *size)
{
  *size = self->filled;

  return self->filled > 0 ? self->buffer->data : NULL;
}

gint64
mh_upload_size (MhUpload *self)
{
  return self->size;
}

void
mh_upload_hash (MhUpload *self, guint8 *hash)
{
  hash_content (self, hash);
}
