/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "schedule.h"

#include "base/error.h"
#include "store-private.h"

#define FIRST_AFTER (60 * G_TIME_SPAN_SECOND)
#define EVERY G_TIME_SPAN_HOUR
#define LOOK_EVERY (10 * G_TIME_SPAN_SECOND) /* for space */

/* What rewriting may cost the disk while others use it. */
#define BYTES_PER_S (32 * 1024 * 1024)

struct _MhSchedule
{
  MhStore *store;            /* (unowned) */
  GThread *thread;           /* (owned) */
  GCancellable *cancellable; /* (owned) */
  GMutex lock;
  GCond woken;
  MhWake wanted;   /* (locked-by lock) */
  gboolean ending; /* (locked-by lock) */

  /* of the thread */
  gint64 next_us; /* monotonic: the next upkeep */
  gboolean low;   /* said so to on_space() */
};

/* Waits for something to do. Returns: %FALSE when there will be nothing any more */
static gboolean
wait_for_work (MhSchedule *self, MhWake *wanted)
{
  gint64 until = MIN (self->next_us, g_get_monotonic_time () + LOOK_EVERY);
  gboolean timely = TRUE;
  gboolean ending;

  g_mutex_lock (&self->lock);
  while (self->wanted == 0 && !self->ending && timely)
    timely = g_cond_wait_until (&self->woken, &self->lock, until);
  *wanted = self->wanted;
  self->wanted = 0;
  ending = self->ending;
  g_mutex_unlock (&self->lock);

  return !ending;
}

static void
look_at_space (MhSchedule *self)
{
  MhStore *store = self->store;
  g_autofree char *sentence = mh_store_check_space (store);

  if ((sentence != NULL) == self->low)
    return;

  self->low = sentence != NULL;
  if (store->on_space != NULL)
    store->on_space (sentence, store->on_space_data);
}

static void
maintain (MhSchedule *self)
{
  g_autoptr (GError) error = NULL;

  self->next_us = g_get_monotonic_time () + EVERY;
  if (!mh_store_maintain (self->store, BYTES_PER_S, NULL, self->cancellable, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    mh_store_set_fault (self->store, "maintaining the store: %s", error->message);
}

static gpointer
schedule_main (gpointer data)
{
  MhSchedule *self = data;
  MhWake wanted;

  while (wait_for_work (self, &wanted))
    {
      look_at_space (self);
      if ((wanted & MH_WAKE_UPKEEP) == 0 && g_get_monotonic_time () < self->next_us)
        continue;
      maintain (self);
      look_at_space (self);
    }

  return NULL;
}

MhSchedule *
mh_schedule_new (MhStore *store)
{
  MhSchedule *self = g_new0 (MhSchedule, 1);

  self->store = store;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->woken);
  self->next_us = g_get_monotonic_time () + FIRST_AFTER;
  self->wanted = MH_WAKE_SPACE;
  /* Works now and then, for long: joined by mh_schedule_free(). */
  self->thread = g_thread_new ("store-upkeep", schedule_main, self);

  return self;
}

void
mh_schedule_free (MhSchedule *self)
{
  g_mutex_lock (&self->lock);
  self->ending = TRUE;
  g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  g_object_unref (self->cancellable);
  g_cond_clear (&self->woken);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_schedule_wake (MhSchedule *self, MhWake what)
{
  g_mutex_lock (&self->lock);
  self->wanted |= what;
  g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
}
