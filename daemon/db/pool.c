/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pool.h"

#include "base/error.h"

#define PATIENCE (10 * G_TIME_SPAN_SECOND)

struct _MhDbPool
{
  char *path; /* (owned) */
  MhDbFlags flags;
  guint max;
  GMutex lock;
  GCond given;
  GQueue idle; /* (owned) (element-type MhDb) (locked-by lock): last used first */
  guint open;  /* (locked-by lock): idle, taken, or being opened */
};

struct _MhDbLease
{
  MhDbPool *pool; /* (unowned) */
  MhDb *db;       /* (owned) */
};

MhDbPool *
mh_db_pool_new (const char *path, MhDbFlags flags, guint max)
{
  MhDbPool *self = g_new0 (MhDbPool, 1);

  g_assert (max > 0);
  self->path = g_strdup (path);
  self->flags = flags;
  self->max = max;
  g_mutex_init (&self->lock);
  g_cond_init (&self->given);
  g_queue_init (&self->idle);

  return self;
}

/* Gives an idle connection, or %NULL with the right to open one, or fails after a while. */
static gboolean
take_idle (MhDbPool *self, MhDb **db)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;
  gboolean timely = TRUE;

  g_mutex_lock (&self->lock);
  *db = g_queue_pop_head (&self->idle);
  while (*db == NULL && self->open >= self->max && timely)
    {
      timely = g_cond_wait_until (&self->given, &self->lock, deadline);
      *db = g_queue_pop_head (&self->idle);
    }

  if (*db == NULL && self->open < self->max)
    {
      self->open++;
      timely = TRUE;
    }
  g_mutex_unlock (&self->lock);

  return *db != NULL || timely;
}

MhDbLease *
mh_db_pool_take (MhDbPool *self, GError **error)
{
  MhDbLease *lease;
  MhDb *db;

  if (!take_idle (self, &db))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "all %u database connections are in use",
                   self->max);
      return NULL;
    }

  if (db == NULL)
    db = mh_db_open (self->path, self->flags, error);

  if (db == NULL)
    {
      g_mutex_lock (&self->lock);
      self->open--;
      g_cond_signal (&self->given);
      g_mutex_unlock (&self->lock);
      return NULL;
    }

  lease = g_new0 (MhDbLease, 1);
  lease->pool = self;
  lease->db = db;

  return lease;
}

void
mh_db_pool_give (MhDbLease *lease)
{
  MhDbPool *self;

  if (lease == NULL)
    return;

  self = lease->pool;
  g_mutex_lock (&self->lock);
  g_queue_push_head (&self->idle, lease->db);
  g_cond_signal (&self->given);
  g_mutex_unlock (&self->lock);
  g_free (lease);
}

MhDb *
mh_db_lease_db (MhDbLease *lease)
{
  return lease->db;
}

void
mh_db_pool_free (MhDbPool *self)
{
  if (self == NULL)
    return;

  g_warn_if_fail (g_queue_get_length (&self->idle) == self->open);
  g_queue_clear_full (&self->idle, (GDestroyNotify) mh_db_close);
  g_cond_clear (&self->given);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}
