/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "chunker.h"

#include <string.h>

#include "crypto/hash.h"

/*
 * The highest bits of the hash depend on the most bytes, the last 64. An average of 2^20 with
 * normalisation level 2: 22 bits have to be zero before the average, 18 after it.
 */
#define MASK_BEFORE (~(G_GUINT64_CONSTANT (0)) << (64 - 22))
#define MASK_AFTER (~(G_GUINT64_CONSTANT (0)) << (64 - 18))

void
mh_gear_init (MhGear *gear)
{
  static const char label[] = "mh1/gear";
  guint8 input[sizeof label]; /* the byte takes the place of the final NUL */
  guint8 digest[MH_SHA256_SIZE];

  memcpy (input, label, sizeof label);
  for (guint i = 0; i < G_N_ELEMENTS (gear->table); i++)
    {
      guint64 entry;

      input[sizeof label - 1] = (guint8) i;
      mh_sha256 (input, sizeof input, digest);
      memcpy (&entry, digest, sizeof entry);
      gear->table[i] = GUINT64_FROM_LE (entry);
    }
}

/* One step of the rolling hash waits for the one before, so two stretches are hashed side by side.
 */
#define STRETCH 4096

/* Older bytes have been shifted out of the hash. */
#define WINDOW 64

static inline guint64
step (const MhGear *gear, guint64 hash, guint8 byte)
{
  return (hash << 1) + gear->table[byte];
}

/* Looks for a cut in two stretches; returns the number of bytes before it, or 0. */
static gsize
roll_stretches (const MhGear *gear, const guint8 *data, guint64 mask, guint64 *hash)
{
  const guint8 *ahead = data + STRETCH;
  guint64 first = *hash;
  guint64 second = 0;
  gsize found = 0;

  for (gsize i = STRETCH - WINDOW; i < STRETCH; i++)
    second = step (gear, second, data[i]);
  for (gsize i = 0; i < STRETCH; i++)
    {
      first = step (gear, first, data[i]);
      second = step (gear, second, ahead[i]);
      if ((first & mask) == 0)
        return i + 1;
      if ((second & mask) == 0 && found == 0)
        found = STRETCH + i + 1;
    }
  *hash = second;

  return found;
}

/* Looks for a cut in @size bytes; returns the number before it, or @size when there is none. */
static gsize
roll (MhChunker *self, const MhGear *gear, const guint8 *data, gsize size, guint64 mask,
      gboolean *cut)
{
  guint64 hash = self->hash;
  gsize i = 0;

  for (; size - i >= 2 * STRETCH; i += 2 * STRETCH)
    {
      gsize found = roll_stretches (gear, data + i, mask, &hash);

      *cut = found > 0;
      if (*cut)
        return i + found;
    }
  for (; i < size; i++)
    {
      hash = step (gear, hash, data[i]);
      if ((hash & mask) == 0)
        {
          *cut = TRUE;
          return i + 1;
        }
    }
  self->hash = hash;

  return size;
}

gsize
mh_chunker_scan (MhChunker *self, const MhGear *gear, const guint8 *data, gsize size, gboolean *cut)
{
  gsize start = self->size;
  gsize end = MIN (size, MH_CHUNK_MAX - start);
  gsize position = 0;

  *cut = FALSE;
  if (start < MH_CHUNK_MIN)
    position = MIN (end, MH_CHUNK_MIN - start);
  if (start + position < MH_CHUNK_AVERAGE)
    {
      gsize size_before = MIN (end, MH_CHUNK_AVERAGE - start) - position;

      position += roll (self, gear, data + position, size_before, MASK_BEFORE, cut);
    }
  if (!*cut)
    position += roll (self, gear, data + position, end - position, MASK_AFTER, cut);

  self->size = start + position;
  if (self->size == MH_CHUNK_MAX)
    *cut = TRUE;
  if (*cut)
    memset (self, 0, sizeof *self);

  return position;
}
