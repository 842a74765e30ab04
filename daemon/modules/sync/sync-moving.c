/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-moving.h"

struct _MhSyncMoving
{
  GMutex lock;
  GPtrArray *cancellables; /* (owned) (element-type GCancellable) (locked-by lock) */
};

MhSyncMoving *
mh_sync_moving_new (void)
{
  MhSyncMoving *self = g_new0 (MhSyncMoving, 1);

  g_mutex_init (&self->lock);
  self->cancellables = g_ptr_array_new_with_free_func (g_object_unref);

  return self;
}

void
mh_sync_moving_free (MhSyncMoving *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->cancellables);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
cancel_other (GCancellable *cancellable, gpointer other)
{
  g_cancellable_cancel (other);
}

void
mh_sync_moving_begin (MhSyncMoving *self, GCancellable *network, MhSyncMove *out)
{
  out->network = g_object_ref (network);
  out->cancellable = g_cancellable_new ();
  out->id = g_cancellable_connect (network, G_CALLBACK (cancel_other),
                                   g_object_ref (out->cancellable), g_object_unref);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->cancellables, g_object_ref (out->cancellable));
  g_mutex_unlock (&self->lock);
}

void
mh_sync_moving_end (MhSyncMoving *self, MhSyncMove *move)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_remove_fast (self->cancellables, move->cancellable);
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (move->network, move->id);
  g_clear_object (&move->network);
  g_clear_object (&move->cancellable);
}

void
mh_sync_moving_cancel (MhSyncMoving *self)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->cancellables->len; i++)
    g_ptr_array_add (all, g_object_ref (g_ptr_array_index (self->cancellables, i)));
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < all->len; i++)
    g_cancellable_cancel (g_ptr_array_index (all, i));
}
