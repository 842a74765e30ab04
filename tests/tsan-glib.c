/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Only in builds with ThreadSanitizer. GLib's own locks are futexes that the sanitizer cannot see,
 * because the library was built without it. These take their place with locks that it can see, and
 * mark where GLib hands something from one thread to another. */

#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <stdlib.h>

static void *
real (const char *name)
{
  void *symbol = dlsym (RTLD_NEXT, name);

  if (symbol == NULL)
    exit (99);

  return symbol;
}

static void *
lazily (gpointer *slot, void *(*make) (void), void (*drop) (void *))
{
  void *value = __atomic_load_n (slot, __ATOMIC_ACQUIRE);
  void *expected = NULL;
  void *fresh = NULL;

  if (value != NULL)
    return value;

  fresh = make ();
  if (__atomic_compare_exchange_n (slot, &expected, fresh, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return fresh;

  drop (fresh);

  return expected;
}

static void *
make_mutex (void)
{
  pthread_mutex_t *mutex = calloc (1, sizeof *mutex);

  pthread_mutex_init (mutex, NULL);

  return mutex;
}

static void
drop_mutex (void *mutex)
{
  pthread_mutex_destroy (mutex);
  free (mutex);
}

static void *
make_cond (void)
{
  pthread_cond_t *cond = calloc (1, sizeof *cond);
  pthread_condattr_t attributes;

  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (cond, &attributes);
  pthread_condattr_destroy (&attributes);

  return cond;
}

static void
drop_cond (void *cond)
{
  pthread_cond_destroy (cond);
  free (cond);
}

static pthread_mutex_t *
mutex_of (GMutex *mutex)
{
  return lazily (&mutex->p, make_mutex, drop_mutex);
}

static pthread_cond_t *
cond_of (GCond *cond)
{
  return lazily (&cond->p, make_cond, drop_cond);
}

/* Who drops the last reference has seen what the others did before they dropped theirs. */

void (g_atomic_ref_count_init) (gatomicrefcount *count)
{
  __atomic_store_n (count, 1, __ATOMIC_RELEASE);
}

void (g_atomic_ref_count_inc) (gatomicrefcount *count)
{
  __atomic_add_fetch (count, 1, __ATOMIC_ACQ_REL);
}

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  return __atomic_sub_fetch (count, 1, __ATOMIC_ACQ_REL) == 0;
}

void
g_mutex_init (GMutex *mutex)
{
  __atomic_store_n (&mutex->p, make_mutex (), __ATOMIC_RELEASE);
}

void
g_mutex_clear (GMutex *mutex)
{
  if (mutex->p != NULL)
    drop_mutex (mutex->p);
  mutex->p = NULL;
}

void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (mutex_of (mutex));
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (mutex_of (mutex)) == 0;
}

void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (mutex_of (mutex));
}

void
g_cond_init (GCond *cond)
{
  __atomic_store_n (&cond->p, make_cond (), __ATOMIC_RELEASE);
}

void
g_cond_clear (GCond *cond)
{
  if (cond->p != NULL)
    drop_cond (cond->p);
  cond->p = NULL;
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pthread_cond_wait (cond_of (cond), mutex_of (mutex));
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  struct timespec until = { end_time / G_USEC_PER_SEC, end_time % G_USEC_PER_SEC * 1000 };

  return pthread_cond_timedwait (cond_of (cond), mutex_of (mutex), &until) != ETIMEDOUT;
}

void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (cond_of (cond));
}

void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (cond_of (cond));
}

/* A job of a thread pool: what was written before the push is seen by the worker. */
typedef struct
{
  GFunc func;
  gpointer user_data;
} PoolFunc;

static void
pool_cb (gpointer data, gpointer user_data)
{
  PoolFunc *wrapped = user_data;

  __tsan_acquire (data);
  wrapped->func (data, wrapped->user_data);
  __tsan_release (wrapped);
}

GThreadPool *
g_thread_pool_new (GFunc func, gpointer user_data, gint max_threads, gboolean exclusive,
                   GError **error)
{
  GThreadPool *(*next) (GFunc, gpointer, gint, gboolean, GError **) = real ("g_thread_pool_new");
  static GMutex lock;
  static GPtrArray *kept; /* reachable for the leak checker */
  PoolFunc *wrapped = g_new (PoolFunc, 1);

  wrapped->func = func;
  wrapped->user_data = user_data;
  g_mutex_lock (&lock);
  if (kept == NULL)
    kept = g_ptr_array_new ();
  g_ptr_array_add (kept, wrapped);
  g_mutex_unlock (&lock);

  return next (pool_cb, wrapped, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  gboolean (*next) (GThreadPool *, gpointer, GError **) = real ("g_thread_pool_push");

  __tsan_release (data);

  return next (pool, data, error);
}

/* g_thread_pool_free() waits for the workers, so what they did is seen afterwards. */
void
g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait)
{
  void (*next) (GThreadPool *, gboolean, gboolean) = real ("g_thread_pool_free");

  PoolFunc *wrapped = pool->user_data;

  next (pool, immediate, wait);
  if (wait)
    __tsan_acquire (wrapped);
}

/* A queue: what was written before something was pushed is seen by who takes it. */

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  void (*next) (GAsyncQueue *, gpointer) = real ("g_async_queue_push");

  __tsan_release (data);
  next (queue, data);
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout_us)
{
  gpointer (*next) (GAsyncQueue *, guint64) = real ("g_async_queue_timeout_pop");
  gpointer data = next (queue, timeout_us);

  if (data != NULL)
    __tsan_acquire (data);

  return data;
}

/* A source: what was written before it was attached is seen by the loop that runs it. */
typedef struct
{
  GSource *source; /* (unowned) */
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} SourceFunc;

static gboolean
source_cb (gpointer user_data)
{
  SourceFunc *wrapped = user_data;

  __tsan_acquire (wrapped);
  __tsan_acquire (wrapped->source);

  return wrapped->func (wrapped->data);
}

static void
source_free (gpointer user_data)
{
  SourceFunc *wrapped = user_data;

  __tsan_acquire (wrapped);
  if (wrapped->notify != NULL)
    wrapped->notify (wrapped->data);
  free (wrapped);
}

/* Plain idle and timeout sources only: others have callbacks with more arguments. */
void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  void (*next) (GSource *, GSourceFunc, gpointer, GDestroyNotify) = real ("g_source_set_callback");
  SourceFunc *wrapped = NULL;

  if (source->source_funcs != &g_idle_funcs && source->source_funcs != &g_timeout_funcs)
    {
      next (source, func, data, notify);
      return;
    }

  wrapped = calloc (1, sizeof *wrapped);
  wrapped->source = source;
  wrapped->func = func;
  wrapped->data = data;
  wrapped->notify = notify;
  __tsan_release (wrapped);
  next (source, source_cb, wrapped, source_free);
}

guint
g_source_attach (GSource *source, GMainContext *context)
{
  guint (*next) (GSource *, GMainContext *) = real ("g_source_attach");

  __tsan_release (source);

  return next (source, context);
}
