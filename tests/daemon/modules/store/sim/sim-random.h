/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A stream of numbers that depends on its seed alone (splitmix64). Plain data. */
typedef struct
{
  guint64 state;
} SimRandom;

static inline guint64
sim_random_next (SimRandom *self)
{
  guint64 z = (self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return z ^ (z >> 31);
}

/* Returns: a number from 0 to @limit - 1 */
static inline guint
sim_random_below (SimRandom *self, guint limit)
{
  return (guint) (sim_random_next (self) % limit);
}

static inline gboolean
sim_random_percent (SimRandom *self, guint percent)
{
  return sim_random_below (self, 100) < percent;
}

G_END_DECLS
