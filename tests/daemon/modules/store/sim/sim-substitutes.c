/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/random.h"
#include "modules/store/chunker.h"
#include "sim-disk.h"

/* Linked in place of what would not repeat, and of what would make a history slow. */

#define CUT_MIN 400
#define CUT_MAX 6000
#define CUT_MASK G_GUINT64_CONSTANT (0x7ff)

static SimRandom random_bytes;

void
sim_seed_random_bytes (guint64 seed)
{
  random_bytes.state = seed;
}

void
mh_random_bytes (guint8 *out, gsize size)
{
  for (gsize i = 0; i < size; i++)
    out[i] = (guint8) sim_random_next (&random_bytes);
}

void
mh_gear_init (MhGear *gear)
{
  SimRandom random = { 1 };

  for (guint i = 0; i < G_N_ELEMENTS (gear->table); i++)
    gear->table[i] = sim_random_next (&random);
}

/* As the real one, with blocks so small that a file of a few kilobytes has several. */
gsize
mh_chunker_scan (MhChunker *self, const MhGear *gear, const guint8 *data, gsize size, gboolean *cut)
{
  *cut = FALSE;
  for (gsize i = 0; i < size; i++)
    {
      self->hash = (self->hash << 1) + gear->table[data[i]];
      self->size++;
      if (self->size == CUT_MAX || (self->size >= CUT_MIN && (self->hash >> 40 & CUT_MASK) == 0))
        {
          memset (self, 0, sizeof *self);
          *cut = TRUE;
          return i + 1;
        }
    }

  return size;
}
