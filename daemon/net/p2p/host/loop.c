/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "loop.h"

struct _MhLoop
{
  gatomicrefcount references;
  GMainContext *context; /* (owned) */
  GThread *thread;       /* (owned): still compared once it was joined */
  GMutex lock;
  gboolean is_stopping; /* (locked-by lock) */
  gboolean has_ended;   /* (locked-by lock) */
};

typedef struct
{
  MhLoopTask task;
  gpointer data;
  GDestroyNotify destroy;
} Posted;

typedef struct
{
  MhLoopTask task;
  gpointer data;
  GMutex lock;
  GCond done;
  gboolean is_done; /* (locked-by lock) */
} Waited;

static gboolean
is_stopping (MhLoop *self)
{
  gboolean stopping;

  g_mutex_lock (&self->lock);
  stopping = self->is_stopping;
  g_mutex_unlock (&self->lock);

  return stopping;
}

/* Refuses tasks from now on, unless one is there: whoever posted it may wait for it. */
static gboolean
try_end (MhLoop *self)
{
  gboolean has_ended;

  g_mutex_lock (&self->lock);
  has_ended = self->has_ended = !g_main_context_pending (self->context);
  g_mutex_unlock (&self->lock);

  return has_ended;
}

static gpointer
run_thread (gpointer data)
{
  MhLoop *self = data;

  g_main_context_push_thread_default (self->context);
  while (!is_stopping (self))
    g_main_context_iteration (self->context, TRUE);
  while (!try_end (self))
    g_main_context_iteration (self->context, FALSE);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

MhLoop *
mh_loop_new (const char *name)
{
  MhLoop *self = g_new0 (MhLoop, 1);

  g_atomic_ref_count_init (&self->references);
  g_mutex_init (&self->lock);
  self->context = g_main_context_new ();
  self->thread = g_thread_new (name, run_thread, self);

  return self;
}

MhLoop *
mh_loop_ref (MhLoop *self)
{
  g_atomic_ref_count_inc (&self->references);

  return self;
}

void
mh_loop_unref (MhLoop *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;

  g_thread_unref (self->thread);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GMainContext *
mh_loop_context (const MhLoop *self)
{
  return self->context;
}

gboolean
mh_loop_is_own (MhLoop *self)
{
  gboolean own;

  g_mutex_lock (&self->lock);
  own = self->has_ended || self->thread == g_thread_self ();
  g_mutex_unlock (&self->lock);

  return own;
}

static gboolean
run_posted (gpointer data)
{
  Posted *posted = data;

  posted->task (posted->data);

  return G_SOURCE_REMOVE;
}

static void
free_posted (gpointer data)
{
  Posted *posted = data;

  if (posted->destroy != NULL)
    posted->destroy (posted->data);
  g_free (posted);
}

gboolean
mh_loop_post (MhLoop *self, MhLoopTask task, gpointer data, GDestroyNotify destroy)
{
  g_autoptr (GSource) source = NULL;
  Posted *posted = NULL;
  gboolean has_ended;

  g_mutex_lock (&self->lock);
  has_ended = self->has_ended;
  if (!has_ended)
    {
      posted = g_new0 (Posted, 1);
      posted->task = task;
      posted->data = data;
      posted->destroy = destroy;
      source = g_idle_source_new ();
      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, run_posted, posted, free_posted);
      g_source_attach (source, self->context);
    }
  g_mutex_unlock (&self->lock);
  if (has_ended && destroy != NULL)
    destroy (data);

  return !has_ended;
}

static void
run_waited (gpointer data)
{
  Waited *waited = data;

  waited->task (waited->data);
  g_mutex_lock (&waited->lock);
  waited->is_done = TRUE;
  g_cond_signal (&waited->done);
  g_mutex_unlock (&waited->lock);
}

void
mh_loop_run (MhLoop *self, MhLoopTask task, gpointer data)
{
  Waited waited = { task, data };

  g_return_if_fail (self->thread != g_thread_self ());

  g_mutex_init (&waited.lock);
  g_cond_init (&waited.done);
  if (mh_loop_post (self, run_waited, &waited, NULL))
    {
      g_mutex_lock (&waited.lock);
      while (!waited.is_done)
        g_cond_wait (&waited.done, &waited.lock);
      g_mutex_unlock (&waited.lock);
    }
  else
    {
      task (data);
    }
  g_cond_clear (&waited.done);
  g_mutex_clear (&waited.lock);
}

void
mh_loop_stop (MhLoop *self)
{
  g_mutex_lock (&self->lock);
  self->is_stopping = TRUE;
  g_mutex_unlock (&self->lock);
  g_main_context_wakeup (self->context);
  g_thread_join (g_thread_ref (self->thread)); /* others still compare it */
}
