/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "upload-blocks.h"

#include <string.h>

#include "content.h"
#include "known.h"
#include "writer.h"

/* Blocks that one sealer takes at one time: as many as are hashed together. */
#define SIDE_BY_SIDE 2

/* A block on its way through a sealer and the writer. */
typedef struct
{
  MhUpload *upload; /* (owned) */
  guint index;
  gsize reserved;
  MhBuffer *plain; /* (owned) (nullable) */
  gsize plain_size;
  MhBuffer *sealed; /* (owned) (nullable): %NULL for content that should be in the store */
  gsize sealed_size;
  MhChunk chunk;
  guint8 tag[MH_KNOWN_TAG_SIZE]; /* of its content */
  gboolean tagged;               /* whether it is set */
} Block;

void
mh_upload_release (MhWriter *writer, gpointer data)
{
  MhUpload *self = data;

  mh_writer_drop_blocks (writer, self->held);
  mh_keys_unref (self->keys);
  g_free (self->path);
  g_free (self->if_match);
  g_free (self->if_none_match);
  mh_buffers_give (self->store->buffers, self->buffer);
  mh_buffers_give (self->store->buffers, self->change.sealed);
  mh_change_put_clear (&self->change);
  g_array_unref (self->chunks);
  g_array_unref (self->known);
  g_clear_error (&self->error);
  g_ptr_array_unref (self->held);
  g_cond_clear (&self->settled);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_upload_unref (MhUpload *self)
{
  if (g_atomic_int_dec_and_test (&self->references))
    mh_writer_post (self->store->writer, mh_upload_release, self);
}

/* Call with the lock held. */
static void
note_known (MhUpload *self, const Block *block)
{
  MhKnown known;

  memcpy (known.tag, block->tag, sizeof known.tag);
  known.chunk = block->chunk;
  g_array_append_val (self->known, known);
}

/* The end of a block's way; takes @block and @error. */
static void
block_done (Block *block, GError *error)
{
  MhUpload *self = block->upload;

  mh_writer_unreserve (self->store->writer, block->reserved);
  g_mutex_lock (&self->lock);
  g_array_index (self->chunks, MhChunk, block->index) = block->chunk;
  if (error == NULL && block->sealed != NULL)
    note_known (self, block);
  if (error != NULL && self->error == NULL)
    self->error = g_steal_pointer (&error);
  self->under_way--;
  g_cond_signal (&self->settled);
  g_mutex_unlock (&self->lock);
  g_clear_error (&error);
  mh_buffers_give (self->store->buffers, block->plain);
  mh_buffers_give (self->store->buffers, block->sealed);
  mh_upload_unref (self);
  g_free (block);
}

static gboolean
has_failed (MhUpload *self)
{
  gboolean failed;

  g_mutex_lock (&self->lock);
  failed = self->error != NULL;
  g_mutex_unlock (&self->lock);

  return failed;
}

static void send_to_sealer (Block *block, gboolean is_last);

static void
write_task (MhWriter *writer, gpointer data)
{
  Block *block = data;
  MhUpload *self = block->upload;
  MhPending *held;
  GError *error = NULL;

  if (has_failed (self))
    {
      block_done (block, NULL);
      return;
    }

  if (block->sealed != NULL)
    held = mh_writer_put_block (writer, self->keys->vault_id, &block->chunk, block->sealed->data,
                                block->sealed_size, &error);
  else
    held = mh_writer_hold_block (writer, block->chunk.id, &error);
  if (held == NULL && error == NULL)
    {
      /* What was known is there no more. */
      send_to_sealer (block, TRUE);
      return;
    }

  if (held != NULL)
    g_ptr_array_add (self->held, held);
  block_done (block, error);
}

/* Hashes the contents of blocks, side by side; not of those that were said to be known. */
static void
hash_blocks (Block *const *blocks, guint count)
{
  MhSha256Job jobs[SIDE_BY_SIDE] = { 0 };
  gsize hashes = 0;

  for (guint i = 0; i < count; i++)
    {
      Block *block = blocks[i];

      if (!block->tagged)
        jobs[hashes++] =
            mh_content_hash_job (block->plain->data, block->plain_size, block->chunk.content);
    }
  mh_sha256_many (jobs, hashes);
}

/* Whether the store should have the content already; fills in what is said about it then. */
static gboolean
is_known (Block *block)
{
  MhUpload *self = block->upload;

  if (block->tagged)
    return FALSE; /* it was said to be, and was not */

  mh_known_tag (self->keys, block->chunk.content, block->tag);
  block->tagged = TRUE;
  block->chunk.plain_size = (guint32) block->plain_size;

  return mh_known_find (self->store, block->tag, &block->chunk);
}

/* Seals the blocks whose content is not in the store. */
static void
seal_new (MhStore *store, Block *const *blocks, guint count)
{
  MhSealing sealings[SIDE_BY_SIDE];
  Block *sealed[SIDE_BY_SIDE];
  guint fresh = 0;

  for (guint i = 0; i < count; i++)
    {
      Block *block = blocks[i];

      if (is_known (block))
        continue;
      sealings[fresh] = (MhSealing){ block->upload->keys,
                                     { block->plain->data, block->plain_size },
                                     &block->chunk };
      sealed[fresh++] = block;
    }
  mh_seal_blocks (store->buffers, sealings, fresh);
  for (guint i = 0; i < fresh; i++)
    {
      sealed[i]->sealed = sealings[i].sealed;
      sealed[i]->sealed_size = sealings[i].sealed_size;
      mh_buffers_give (store->buffers, g_steal_pointer (&sealed[i]->plain));
    }
}

/* Takes some of the blocks that wait, two when there are. Returns: how many */
static guint
take_blocks (MhStore *store, Block **blocks)
{
  guint count = 0;

  g_mutex_lock (&store->sealing_lock);
  while (count < SIDE_BY_SIDE && !g_queue_is_empty (&store->sealing))
    blocks[count++] = g_queue_pop_head (&store->sealing);
  g_mutex_unlock (&store->sealing_lock);

  return count;
}

/* On a sealer: seals blocks that wait. Another one may have taken all of them. */
static void
seal_some (gpointer data)
{
  MhStore *store = data;
  Block *blocks[SIDE_BY_SIDE];
  guint taken = take_blocks (store, blocks);
  guint count = 0;

  for (guint i = 0; i < taken; i++)
    {
      if (has_failed (blocks[i]->upload))
        block_done (blocks[i], NULL);
      else
        blocks[count++] = blocks[i];
    }
  hash_blocks (blocks, count);
  seal_new (store, blocks, count);
  for (guint i = 0; i < count; i++)
    mh_writer_post (store->writer, write_task, blocks[i]);
}

static void
call_sealer (MhStore *store)
{
  /* With the sealers all busy this thread is one more. */
  if (!mh_pool_push (store->sealers, seal_some, store))
    seal_some (store);
}

/* Two blocks are hashed in little more time than one, so the first of two waits for the second,
 * which may be another upload's. @is_last: none may follow. */
static void
send_to_sealer (Block *block, gboolean is_last)
{
  MhStore *store = block->upload->store;
  gboolean is_due;

  g_mutex_lock (&store->sealing_lock);
  g_queue_push_tail (&store->sealing, block);
  is_due = is_last || store->is_one_over;
  store->is_one_over = !is_due;
  g_mutex_unlock (&store->sealing_lock);
  if (is_due)
    call_sealer (store);
}

/* Has a block sealed that waits for a second one. */
static void
seal_one_over (MhStore *store)
{
  gboolean is_due;

  g_mutex_lock (&store->sealing_lock);
  is_due = store->is_one_over;
  store->is_one_over = FALSE;
  g_mutex_unlock (&store->sealing_lock);
  if (is_due)
    call_sealer (store);
}

void
mh_upload_submit (MhUpload *self)
{
  Block *block = g_new0 (Block, 1);
  MhChunk none = { 0 };

  block->upload = self;
  block->reserved = self->filled;
  block->plain = g_steal_pointer (&self->buffer);
  block->plain_size = self->filled;
  self->filled = 0;
  mh_writer_reserve (self->store->writer, block->reserved);
  g_atomic_int_inc (&self->references);
  g_mutex_lock (&self->lock);
  block->index = self->chunks->len;
  g_array_append_val (self->chunks, none);
  self->under_way++;
  g_mutex_unlock (&self->lock);

  send_to_sealer (block, FALSE);
}

void
mh_upload_wait (MhUpload *self)
{
  seal_one_over (self->store);
  g_mutex_lock (&self->lock);
  while (self->under_way > 0)
    g_cond_wait (&self->settled, &self->lock);
  g_mutex_unlock (&self->lock);
}
