/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/encoding.h"
#include "sim-model.h"

/* Parts that contents are made of, and how long they are at most. */
#define PARTS 24
#define MOST_PART 6000

SimContents *
sim_contents_new (void)
{
  SimContents *self = g_new0 (SimContents, 1);
  g_autoptr (MhSecret) secret = mh_secret_new (32);

  memset (mh_secret_bytes (secret), 5, mh_secret_size (secret));
  mh_gear_init (&self->gear);
  self->buffers = mh_buffers_new ();
  self->keys = mh_keys_new ("any", secret);
  self->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  self->bytes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->hashes = g_ptr_array_new_with_free_func (g_free);
  self->by_hash = g_hash_table_new (g_str_hash, g_str_equal);

  return self;
}

void
sim_contents_free (SimContents *self)
{
  g_hash_table_unref (self->by_hash);
  g_ptr_array_unref (self->blocks);
  mh_keys_unref (self->keys);
  mh_buffers_unref (self->buffers);
  g_ptr_array_unref (self->bytes);
  g_ptr_array_unref (self->hashes);
  g_free (self);
}

/* Appends part @number: random bytes, or text that shrinks. */
static void
append_part (GByteArray *all, guint number, gsize size)
{
  SimRandom random = { number };
  guint start = all->len;

  g_byte_array_set_size (all, start + (guint) size);
  for (gsize i = 0; i < size; i++)
    {
      guint8 byte = (guint8) sim_random_next (&random);

      all->data[start + i] = number % 3 == 0 ? 'a' + byte % 4 : byte;
    }
}

/* Seals a block, as the store does. */
static SimBlock
seal (SimContents *self, const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_malloc (1 + size);
  MhPlain plain = { copy, size };
  MhChunk chunk = { 0 };
  SimBlock block;
  gsize sealed_size;

  memcpy (copy + 1, data, size);
  mh_content_hash_block (copy, size, chunk.content);
  mh_buffers_give (self->buffers,
                   mh_seal_block (self->buffers, self->keys, &plain, &chunk, &sealed_size));
  memcpy (block.id, chunk.id, sizeof block.id);
  block.size = (gint64) sealed_size;

  return block;
}

/* Cuts a content, as the store does. */
static GArray *
cut_blocks (SimContents *self, const guint8 *data, gsize size)
{
  GArray *blocks = g_array_new (FALSE, FALSE, sizeof (SimBlock));
  MhChunker chunker = { 0 };
  gboolean cut;

  while (size > 0)
    {
      gsize taken = mh_chunker_scan (&chunker, &self->gear, data, size, &cut);
      SimBlock block = seal (self, data, taken);

      g_array_append_val (blocks, block);
      data += taken;
      size -= taken;
    }

  return blocks;
}

guint
sim_contents_add (SimContents *self, SimRandom *random, gsize size)
{
  GByteArray *all = g_byte_array_new ();
  guint8 digest[MH_SHA256_SIZE];
  char *hash;
  guint number = self->bytes->len;
  guint known;

  while (all->len < size)
    {
      gsize left = size - all->len;

      append_part (all, sim_random_below (random, PARTS),
                   MIN (left, 1 + sim_random_below (random, MOST_PART)));
    }
  /* Most are new, some are what there was. */
  if (size >= sizeof (guint64) && sim_random_percent (random, 80))
    {
      guint64 word = sim_random_next (random);

      memcpy (all->data + sim_random_below (random, (guint) (size - sizeof word + 1)), &word,
              sizeof word);
    }
  mh_content_hash (&self->gear, all->data, all->len, digest);
  hash = mh_hex_encode (digest, sizeof digest);
  known = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_hash, hash));
  if (known > 0)
    {
      g_byte_array_unref (all);
      g_free (hash);
      return known - 1;
    }

  g_ptr_array_add (self->blocks, cut_blocks (self, all->data, all->len));
  g_ptr_array_add (self->bytes, g_byte_array_free_to_bytes (all));
  g_ptr_array_add (self->hashes, hash);
  g_hash_table_insert (self->by_hash, hash, GUINT_TO_POINTER (number + 1));

  return number;
}

GBytes *
sim_contents_get (SimContents *self, guint content)
{
  return g_ptr_array_index (self->bytes, content);
}

GArray *
sim_contents_blocks (SimContents *self, guint content)
{
  return g_ptr_array_index (self->blocks, content);
}

const char *
sim_contents_hash (SimContents *self, guint content)
{
  return g_ptr_array_index (self->hashes, content);
}

GBytes *
sim_contents_find (SimContents *self, const char *hash)
{
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_hash, hash));

  return number == 0 ? NULL : sim_contents_get (self, number - 1);
}
