/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-rate.h"

/* What may go in the time that has passed, and what went, are counted in bytes, so that another
 * rate changes how fast a debt is paid and not how large it is. */
struct _MhSyncRate
{
  GMutex lock;
  GCond changed;      /* the rate, or that somebody may not wait any more */
  gint64 bytes_per_s; /* 0 for no limit (locked-by lock) */
  gint64 at_us;       /* up to when @allowed was counted, on the monotonic clock (locked-by lock) */
  double allowed;     /* (locked-by lock) */
  double taken;       /* (locked-by lock) */
};

MhSyncRate *
mh_sync_rate_new (gint64 bytes_per_s)
{
  MhSyncRate *self = g_new0 (MhSyncRate, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->bytes_per_s = bytes_per_s;
  self->at_us = g_get_monotonic_time () - G_TIME_SPAN_SECOND; /* a second is saved up */

  return self;
}

void
mh_sync_rate_free (MhSyncRate *self)
{
  if (self == NULL)
    return;

  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Counts what the time up to now allows. The caller has the lock. */
static gint64
pass (MhSyncRate *self)
{
  gint64 now_us = g_get_monotonic_time ();

  self->allowed +=
      (double) self->bytes_per_s * (double) (now_us - self->at_us) / (double) G_TIME_SPAN_SECOND;
  self->at_us = now_us;

  return now_us;
}

void
mh_sync_rate_set (MhSyncRate *self, gint64 bytes_per_s)
{
  g_mutex_lock (&self->lock);
  (void) pass (self);
  if (self->bytes_per_s == 0 || bytes_per_s == 0)
    self->taken = self->allowed; /* nobody owes what went without a limit */
  self->bytes_per_s = bytes_per_s;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  MhSyncRate *self = data;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* Waits until @due bytes are allowed. Returns: %FALSE when it was cancelled */
static gboolean
rest (MhSyncRate *self, double due, GCancellable *cancellable)
{
  /* what is cancelled already calls back here and now, so without the lock */
  gulong id = cancellable != NULL
                  ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL)
                  : 0;
  gboolean is_cancelled = FALSE;

  g_mutex_lock (&self->lock);
  while (!is_cancelled && self->bytes_per_s > 0)
    {
      gint64 now_us = pass (self);
      double left = due - self->allowed;

      is_cancelled = cancellable != NULL && g_cancellable_is_cancelled (cancellable);
      if (left <= 0)
        break;
      if (!is_cancelled)
        g_cond_wait_until (
            &self->changed, &self->lock,
            now_us + 1
                + (gint64) MIN (left / (double) self->bytes_per_s * (double) G_TIME_SPAN_SECOND,
                                (double) G_TIME_SPAN_HOUR));
    }
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, id);

  return cancellable == NULL || !g_cancellable_is_cancelled (cancellable);
}

gboolean
mh_sync_rate_take (MhSyncRate *self, gsize bytes, gboolean is_urgent, GCancellable *cancellable)
{
  gboolean waits;
  double due;

  if (self == NULL)
    return TRUE;

  g_mutex_lock (&self->lock);
  if (self->bytes_per_s > 0)
    {
      (void) pass (self);
      /* a second of rest is saved up */
      self->taken = MAX (self->taken, self->allowed - (double) self->bytes_per_s) + (double) bytes;
    }
  due = self->taken;
  waits = !is_urgent && self->bytes_per_s > 0 && due > self->allowed;
  g_mutex_unlock (&self->lock);

  return !waits || rest (self, due, cancellable);
}
