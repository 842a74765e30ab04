/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pool.h"

typedef struct
{
  MhPoolFunc func;
  gpointer data; /* (unowned) the func's */
} Job;

struct _MhPool
{
  GThreadPool *threads; /* (owned) (nullable): %NULL when jobs run at once */
  guint limit;          /* most jobs, running and waiting */
  int load;             /* atomic: jobs accepted and not finished */
};

static void
run (gpointer data, gpointer user_data)
{
  MhPool *self = user_data;
  Job job = *(Job *) data;

  g_free (data);
  job.func (job.data);
  g_atomic_int_add (&self->load, -1);
}

MhPool *
mh_pool_new (const char *name, guint threads, guint queue)
{
  MhPool *self = g_new0 (MhPool, 1);

  if (threads == 0)
    return self;

  self->limit = threads + queue;
  /* Not exclusive: idle threads go after a while, so a quiet daemon is small. Cannot fail then. */
  self->threads = g_thread_pool_new (run, self, (int) threads, FALSE, NULL);

  return self;
}

void
mh_pool_free (MhPool *self)
{
  if (self == NULL)
    return;

  if (self->threads != NULL)
    g_thread_pool_free (self->threads, FALSE, TRUE);
  g_free (self);
}

gboolean
mh_pool_push (MhPool *self, MhPoolFunc func, gpointer data)
{
  Job *job = NULL;

  if (self->threads == NULL)
    {
      func (data);
      return TRUE;
    }

  if ((guint) g_atomic_int_add (&self->load, 1) >= self->limit)
    {
      g_atomic_int_add (&self->load, -1);
      return FALSE;
    }

  job = g_new (Job, 1);
  job->func = func;
  job->data = data;
  /* An error means only that no further thread could start; the job stays queued. */
  g_thread_pool_push (self->threads, job, NULL);

  return TRUE;
}

guint
mh_pool_load (MhPool *self)
{
  return (guint) g_atomic_int_get (&self->load);
}
