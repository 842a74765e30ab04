/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-rate.h"

struct _MhSyncRate
{
  gint64 bytes_per_s;
  GMutex lock;
  gint64 free_us; /* when what was taken up to now is paid for, on the monotonic clock (locked-by
                     lock) */
};

MhSyncRate *
mh_sync_rate_new (gint64 bytes_per_s)
{
  MhSyncRate *self = g_new0 (MhSyncRate, 1);

  self->bytes_per_s = bytes_per_s;
  g_mutex_init (&self->lock);

  return self;
}

void
mh_sync_rate_free (MhSyncRate *self)
{
  if (self == NULL)
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Waits so long. Returns: %FALSE when it was cancelled */
static gboolean
rest (gint64 us, GCancellable *cancellable)
{
  GPollFD fd;
  gboolean has_fd = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &fd);

  g_poll (&fd, has_fd ? 1 : 0, (gint) (us / 1000 + 1));
  if (has_fd)
    g_cancellable_release_fd (cancellable);

  return cancellable == NULL || !g_cancellable_is_cancelled (cancellable);
}

gboolean
mh_sync_rate_take (MhSyncRate *self, gsize bytes, gboolean is_urgent, GCancellable *cancellable)
{
  gint64 now_us = g_get_monotonic_time ();
  gint64 wait_us;

  if (self == NULL || self->bytes_per_s == 0)
    return TRUE;

  g_mutex_lock (&self->lock);
  /* a second of rest is saved up */
  self->free_us = MAX (self->free_us, now_us - G_TIME_SPAN_SECOND);
  self->free_us += (gint64) ((double) bytes * G_TIME_SPAN_SECOND / (double) self->bytes_per_s);
  wait_us = self->free_us - now_us;
  g_mutex_unlock (&self->lock);

  return is_urgent || wait_us <= 0 || rest (wait_us, cancellable);
}
