/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "usage.h"
#include "writer-private.h"

/* Blocks that were written and that no version names yet, and ones that must stay meanwhile. */

void
mh_pending_unref (MhPending *block)
{
  if (--block->references == 0)
    g_free (block);
}

/* Nobody asks for the block any more; another one with its id may have taken its place. */
void
mh_writer_forget_block (MhWriter *self, MhPending *block)
{
  if (g_hash_table_lookup (self->pending, block->id) == block)
    g_hash_table_remove (self->pending, block->id);
}

MhPending *
mh_pending_hold (MhPending *block)
{
  block->references++;
  block->holders++;

  return block;
}

gboolean
mh_writer_holds_block (MhWriter *self, const guint8 *id)
{
  return g_hash_table_contains (self->pending, id);
}

/* Makes a block of the index one that can be held, so that it is not freed meanwhile. */
static MhPending *
adopt (MhWriter *self, const guint8 *id, const MhLocation *location)
{
  MhPending *block = g_new0 (MhPending, 1);

  block->state = MH_PENDING_INDEXED;
  block->location = *location;
  memcpy (block->id, id, sizeof block->id);
  g_hash_table_insert (self->pending, block->id, block);

  return block;
}

MhPending *
mh_writer_hold_block (MhWriter *self, const guint8 *id, GError **error)
{
  MhPending *block = g_hash_table_lookup (self->pending, id);
  MhBlockRow row;
  gboolean found;

  if (block != NULL && block->state != MH_PENDING_INDEXED)
    return mh_pending_hold (block);

  if (!mh_catalog_find_block (self->db, id, &row, &found, error) || !found || row.bad)
    return NULL;

  return mh_pending_hold (block != NULL ? block : adopt (self, id, &row.location));
}

gboolean
mh_writer_keep_block (MhWriter *self, const MhVaultRow *vault, MhPending *block, GError **error)
{
  if (block->state == MH_PENDING_GONE)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "the disk lost a part of the file");
      return FALSE;
    }

  if (block->state != MH_PENDING_WRITTEN)
    return mh_usage_share_block (self, vault, block->id, error);

  if (!mh_usage_add_block (self, vault, block->id, &block->location, error))
    return FALSE;

  block->state = MH_PENDING_KEPT;
  g_ptr_array_add (self->kept, block);

  return TRUE;
}

gboolean
mh_writer_keep_blocks (MhWriter *self, const MhVaultRow *vault, GPtrArray *blocks, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (mh_id_hash, mh_id_equal);

  for (guint i = 0; i < blocks->len; i++)
    {
      MhPending *block = g_ptr_array_index (blocks, i);

      if (g_hash_table_add (seen, block->id) && !mh_writer_keep_block (self, vault, block, error))
        return FALSE;
    }

  return TRUE;
}

void
mh_writer_settle_kept (MhWriter *self, guint from, gboolean committed)
{
  for (guint i = from; i < self->kept->len; i++)
    {
      MhPending *block = g_ptr_array_index (self->kept, i);

      if (block->state != MH_PENDING_KEPT)
        continue;
      block->state = committed ? MH_PENDING_INDEXED : MH_PENDING_WRITTEN;
      if (committed && block->holders == 0)
        mh_writer_forget_block (self, block);
    }
  g_ptr_array_set_size (self->kept, (gint) from);
}

static gint
compare_locations (gconstpointer a, gconstpointer b)
{
  const MhLocation *left = a;
  const MhLocation *right = b;

  if (left->segment != right->segment)
    return left->segment < right->segment ? -1 : 1;

  return (left->position > right->position) - (left->position < right->position);
}

static void
punch (MhWriter *self, guint64 segment_id, guint64 from, guint64 to)
{
  MhSegmentOut *segment = g_hash_table_lookup (self->segments, &segment_id);

  /* Failing costs disk space only: a later scan finds that nothing refers to it. */
  if (segment != NULL && !mh_os_punch (segment->fd, from, to - from))
    g_debug ("freeing space of segment %016" G_GINT64_MODIFIER "x: %s", segment_id,
             g_strerror (errno));
}

/* Neighbours go at one time, so that no block of the file system is left. */
void
mh_writer_punch (MhWriter *self, GArray *locations)
{
  guint i = 0;

  g_array_sort (locations, compare_locations);
  while (i < locations->len)
    {
      MhLocation *start = &g_array_index (locations, MhLocation, i);
      guint64 end = start->position;

      while (i < locations->len)
        {
          MhLocation *next = &g_array_index (locations, MhLocation, i);

          if (next->segment != start->segment || next->position != end)
            break;
          end += mh_record_span (next->size);
          i++;
        }
      punch (self, start->segment, start->position, end);
    }
}

void
mh_writer_drop_blocks (MhWriter *self, GPtrArray *blocks)
{
  g_autoptr (GArray) unused = g_array_new (FALSE, FALSE, sizeof (MhLocation));

  for (guint i = 0; i < blocks->len; i++)
    {
      MhPending *block = g_ptr_array_index (blocks, i);

      block->holders--;
      if (block->holders == 0 && block->state == MH_PENDING_WRITTEN)
        {
          block->state = MH_PENDING_GONE;
          g_array_append_val (unused, block->location);
        }
      if (block->holders == 0)
        mh_writer_forget_block (self, block);
      mh_pending_unref (block);
    }
  g_ptr_array_set_size (blocks, 0);
  /* What a void version needs goes after the version. */
  if (self->voids->len > 0)
    g_array_append_vals (self->unused, unused->data, unused->len);
  else
    mh_writer_punch (self, unused);
  mh_writer_close_idle (self);
}
