/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clock.h"

struct _MhClock
{
  GMutex lock;
  gint64 held_ms; /* (locked-by lock) 0 while the clock runs */
};

MhClock *
mh_clock_new (void)
{
  MhClock *self = g_new0 (MhClock, 1);

  g_mutex_init (&self->lock);

  return self;
}

void
mh_clock_free (MhClock *self)
{
  if (self == NULL)
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

gint64
mh_clock_now_ms (MhClock *self)
{
  gint64 held_ms = 0;

  g_mutex_lock (&self->lock);
  held_ms = self->held_ms;
  g_mutex_unlock (&self->lock);

  return held_ms != 0 ? held_ms : g_get_real_time () / 1000;
}

void
mh_clock_set_ms (MhClock *self, gint64 now_ms)
{
  g_mutex_lock (&self->lock);
  self->held_ms = now_ms;
  g_mutex_unlock (&self->lock);
}
