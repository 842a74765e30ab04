/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-image.h"

#include <string.h>

typedef enum
{
  LOST,
  TORN,
  KEPT,
} Fate;

SimChange *
sim_change_new (SimChangeKind kind, guint64 offset, const guint8 *data, gsize size)
{
  SimChange *self = g_new0 (SimChange, 1);

  self->kind = kind;
  self->offset = offset;
  self->size = size;
  self->data = g_memdup2 (data, size);

  return self;
}

void
sim_change_free (SimChange *self)
{
  g_free (self->data);
  g_free (self);
}

void
sim_image_clear (SimImage *self)
{
  g_free (self->data);
  memset (self, 0, sizeof *self);
}

void
sim_image_copy (SimImage *self, const SimImage *from)
{
  sim_image_resize (self, 0);
  sim_image_resize (self, from->size);
  if (from->size > 0)
    memcpy (self->data, from->data, from->size);
}

void
sim_image_resize (SimImage *self, gsize size)
{
  if (size > self->capacity)
    {
      self->capacity = MAX (size, self->capacity + self->capacity / 2);
      self->data = g_realloc (self->data, self->capacity);
    }
  if (size > self->size)
    memset (self->data + self->size, 0, size - self->size);
  self->size = size;
}

/* Applies what lies in a range; a part beyond the end makes the image longer. */
static void
apply_range (SimImage *self, const SimChange *change, guint64 from, guint64 to)
{
  if (change->kind == SIM_PUNCH)
    to = MIN (to, self->size);
  if (from >= to)
    return;

  if (to > self->size)
    sim_image_resize (self, to);
  if (change->kind == SIM_WRITE)
    memcpy (self->data + from, change->data + (from - change->offset), to - from);
  else
    memset (self->data + from, 0, to - from);
}

void
sim_image_apply (SimImage *self, const SimChange *change)
{
  if (change->kind == SIM_TRUNCATE)
    sim_image_resize (self, change->offset);
  else
    apply_range (self, change, change->offset, change->offset + change->size);
}

/* Applies some of its sectors; the size of the file may get there without them. */
static void
tear (SimImage *self, const SimChange *change, guint64 limit, SimRandom *random)
{
  guint64 end = MIN (change->offset + change->size, limit);
  guint64 from = change->offset;

  if (change->kind == SIM_WRITE && end > self->size && sim_random_percent (random, 50))
    sim_image_resize (self, end);
  while (from < end)
    {
      guint64 to = MIN (end, (from / SIM_SECTOR + 1) * SIM_SECTOR);

      if (sim_random_percent (random, 50))
        apply_range (self, change, from, to);
      from = to;
    }
}

void
sim_image_settle (SimImage *self, GPtrArray *changes, SimRandom *random)
{
  guint mood = sim_random_below (random, 5);
  guint64 limit = G_MAXUINT64;

  for (guint i = 0; i < changes->len; i++)
    {
      const SimChange *change = g_ptr_array_index (changes, i);
      Fate fate = mood == 0 ? LOST : mood == 1 ? KEPT : (Fate) sim_random_below (random, 3);

      if (change->kind == SIM_TRUNCATE)
        {
          if (fate == LOST || change->offset > limit)
            limit = MIN (limit, change->offset);
          else
            sim_image_resize (self, change->offset);
        }
      else if (fate == TORN)
        tear (self, change, limit, random);
      else if (fate == KEPT && change->offset < limit)
        apply_range (self, change, change->offset, MIN (change->offset + change->size, limit));
    }
}
