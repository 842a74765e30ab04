/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "crypto/hash.h"

/* -- parts -- */

MhTreePart
mh_tree_part_child (const MhTreePart *self, guint index)
{
  MhTreePart child = *self;
  guint at = self->depth / 2;

  g_return_val_if_fail (self->depth < MH_VERSION_TREE_DEEPEST, child);
  child.start[at] |= (guint8) (self->depth % 2 == 0 ? index << 4 : index);
  child.depth++;

  return child;
}

void
mh_tree_part_ends (const MhTreePart *self, guint8 first[MH_SYNC_HASH_SIZE],
                   guint8 last[MH_SYNC_HASH_SIZE])
{
  guint whole = self->depth / 2;

  memset (first, 0, MH_SYNC_HASH_SIZE);
  memset (last, 0xff, MH_SYNC_HASH_SIZE);
  memcpy (first, self->start, sizeof self->start);
  memcpy (last, self->start, whole);
  if (self->depth % 2 != 0)
    last[whole] = self->start[whole] | 0x0f;
}

guint
mh_tree_child_of (const guint8 *hash, guint depth)
{
  return depth % 2 == 0 ? hash[depth / 2] >> 4 : hash[depth / 2] & 0x0f;
}

/* -- entries and sums -- */

void
mh_tree_entries_init (MhTreeEntries *self)
{
  self->hashes = g_byte_array_new ();
  self->states = g_byte_array_new ();
}

void
mh_tree_entries_add (MhTreeEntries *self, const guint8 *hash, guint8 state)
{
  g_byte_array_append (self->hashes, hash, MH_SYNC_HASH_SIZE);
  g_byte_array_append (self->states, &state, 1);
}

void
mh_tree_entries_clear (MhTreeEntries *self)
{
  g_clear_pointer (&self->hashes, g_byte_array_unref);
  g_clear_pointer (&self->states, g_byte_array_unref);
}

#define ENTRY_SIZE (MH_SYNC_HASH_SIZE + 1)
#define ENTRIES_AT_ONCE 128

struct _MhTreeSummer
{
  MhSha256 *sha; /* (owned) */
  guint64 count;
  guint waiting; /* entries in @buffer */
  guint8 buffer[ENTRIES_AT_ONCE * ENTRY_SIZE];
};

MhTreeSummer *
mh_tree_summer_new (void)
{
  MhTreeSummer *self = g_new0 (MhTreeSummer, 1);

  self->sha = mh_sha256_new ();

  return self;
}

static void
flush (MhTreeSummer *self)
{
  mh_sha256_update (self->sha, self->buffer, (gsize) self->waiting * ENTRY_SIZE);
  self->waiting = 0;
}

void
mh_tree_summer_add (MhTreeSummer *self, const guint8 *hash, guint8 state)
{
  guint8 *at = self->buffer + (gsize) self->waiting * ENTRY_SIZE;

  memcpy (at, hash, MH_SYNC_HASH_SIZE);
  at[MH_SYNC_HASH_SIZE] = state;
  self->count++;
  self->waiting++;
  if (self->waiting == ENTRIES_AT_ONCE)
    flush (self);
}

void
mh_tree_summer_finish (MhTreeSummer *self, MhTreeSum *sum)
{
  *sum = (MhTreeSum){ .count = self->count };
  if (self->count == 0)
    return;
  flush (self);
  mh_sha256_finish (self->sha, sum->digest);
  self->count = 0;
}

void
mh_tree_summer_free (MhTreeSummer *self)
{
  if (self == NULL)
    return;

  mh_sha256_free (self->sha);
  g_free (self);
}
