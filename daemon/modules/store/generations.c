/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "generations.h"

struct _MhGenerations
{
  GMutex lock;
  guint64 current; /* (locked-by lock) */
  guint readers;   /* (locked-by lock): of the current generation */
  guint older;     /* (locked-by lock): readers of all before it */
  guint removals;  /* (locked-by lock): under way */
};

MhGenerations *
mh_generations_new (void)
{
  MhGenerations *self = g_new0 (MhGenerations, 1);

  g_mutex_init (&self->lock);

  return self;
}

void
mh_generations_free (MhGenerations *self)
{
  if (self == NULL)
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

guint64
mh_generations_enter (MhGenerations *self)
{
  guint64 generation;

  g_mutex_lock (&self->lock);
  self->readers++;
  generation = self->current;
  g_mutex_unlock (&self->lock);

  return generation;
}

void
mh_generations_leave (MhGenerations *self, guint64 generation)
{
  g_mutex_lock (&self->lock);
  if (generation == self->current)
    self->readers--;
  else
    self->older--;
  g_mutex_unlock (&self->lock);
}

void
mh_generations_begin_removal (MhGenerations *self)
{
  g_mutex_lock (&self->lock);
  self->removals++;
  g_mutex_unlock (&self->lock);
}

void
mh_generations_end_removal (MhGenerations *self)
{
  g_mutex_lock (&self->lock);
  self->removals--;
  self->current++;
  self->older += self->readers;
  self->readers = 0;
  g_mutex_unlock (&self->lock);
}

gboolean
mh_generations_quiet (MhGenerations *self)
{
  gboolean quiet;

  g_mutex_lock (&self->lock);
  quiet = self->older == 0 && self->removals == 0;
  g_mutex_unlock (&self->lock);

  return quiet;
}
