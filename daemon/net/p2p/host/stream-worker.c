/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/wire/varint.h"
#include "stream-private.h"

/* Bytes that wait between a worker and the loop, in each direction. */
#define MOST_WAITING (1024 * 1024)

struct _MhStreamWorker
{
  GMutex lock;
  GCond changed;
  MhBuf in;            /* (locked-by lock) */
  guint8 *target;      /* (unowned) (nullable): where a reader has what comes (locked-by lock) */
  gsize target_left;   /* bytes that it waits for (locked-by lock) */
  GQueue out;          /* (element-type GBytes) (locked-by lock) */
  gsize out_used;      /* of the first of @out (locked-by lock) */
  gsize out_size;      /* bytes of @out that are left (locked-by lock) */
  gboolean is_ended;   /* nothing comes after @in (locked-by lock) */
  gboolean is_broken;  /* (locked-by lock) */
  gboolean is_closing; /* nothing comes after @out (locked-by lock) */
  gboolean is_pump_posted;    /* (locked-by lock) */
  gboolean is_writer_waiting; /* (locked-by lock) */
};

/* Takes what came in, as far as there is room. Call with the lock held. */
static void
move_in (MhStream *self, MhStreamWorker *worker)
{
  const MhBuf *received = mh_stream_received (self);
  gsize direct = worker->target != NULL ? MIN (mh_buf_size (received), worker->target_left) : 0;
  gsize size;

  if (direct > 0)
    {
      memcpy (worker->target, mh_buf_peek (received), direct);
      worker->target += direct;
      worker->target_left -= direct;
      mh_stream_consume (self, direct);
    }
  size = MIN (mh_buf_size (received), MOST_WAITING - mh_buf_size (&worker->in));
  mh_buf_append (&worker->in, mh_buf_peek (received), size);
  mh_stream_consume (self, size);
  worker->is_ended = mh_stream_is_ended (self) && mh_buf_size (mh_stream_received (self)) == 0;
}

/* Hands on what was written. Call with the lock held. */
static void
move_out (MhStream *self, MhStreamWorker *worker)
{
  GBytes *first;

  while ((first = g_queue_peek_head (&worker->out)) != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (first, &size);
      gsize taken = size - worker->out_used;

      if (worker->is_closing)
        mh_stream_write_all (self, data + worker->out_used, taken);
      else
        taken = mh_stream_write (self, data + worker->out_used, taken);
      worker->out_used += taken;
      worker->out_size -= taken;
      if (worker->out_used < size)
        return; /* goes on when there is room again */
      g_bytes_unref (g_queue_pop_head (&worker->out));
      worker->out_used = 0;
    }
  if (worker->is_closing)
    mh_stream_close_write_here (self);
}

/* Whether somebody who waits can go on. Call with the lock held. */
static gboolean
is_worth_waking (const MhStreamWorker *worker)
{
  return worker->target == NULL || worker->target_left == 0 || worker->is_ended || worker->is_broken
         || worker->is_writer_waiting;
}

static void
pump (gpointer data)
{
  MhStream *self = data;
  MhStreamWorker *worker = g_atomic_pointer_get (&self->worker);

  g_mutex_lock (&worker->lock);
  worker->is_pump_posted = FALSE;
  if (self->link == NULL)
    {
      worker->is_broken = TRUE;
    }
  else
    {
      move_in (self, worker);
      move_out (self, worker);
    }
  if (is_worth_waking (worker))
    g_cond_broadcast (&worker->changed);
  g_mutex_unlock (&worker->lock);
}

void
mh_stream_worker_broken (MhStream *self)
{
  pump (self);
}

static void
on_event (MhStream *self, gpointer data)
{
  pump (self);
}

static const MhStreamFuncs worker_funcs = { on_event, on_event, on_event };

static void
start (gpointer data)
{
  MhStream *self = data;

  mh_stream_set_funcs (self, &worker_funcs, NULL);
  pump (self);
}

/* Call with the lock held. */
static void
post_pump (MhStream *self)
{
  MhStreamWorker *worker = g_atomic_pointer_get (&self->worker);

  if (worker->is_pump_posted)
    return;
  worker->is_pump_posted = TRUE;
  mh_loop_post (self->loop, pump, mh_stream_ref (self), (GDestroyNotify) mh_stream_unref);
}

/* Returns: (transfer none): what this stream and its workers share */
static MhStreamWorker *
get_worker (MhStream *self)
{
  MhStreamWorker *worker = g_atomic_pointer_get (&self->worker);

  if (worker != NULL)
    return worker;

  worker = g_new0 (MhStreamWorker, 1);
  g_mutex_init (&worker->lock);
  g_cond_init (&worker->changed);
  /* one may read while another writes: both may be the first */
  if (!g_atomic_pointer_compare_and_exchange (&self->worker, NULL, worker))
    {
      mh_stream_worker_free (worker);
      return g_atomic_pointer_get (&self->worker);
    }
  if (!mh_loop_post (self->loop, start, mh_stream_ref (self), (GDestroyNotify) mh_stream_unref))
    {
      g_mutex_lock (&worker->lock);
      worker->is_broken = TRUE;
      g_mutex_unlock (&worker->lock);
    }

  return worker;
}

void
mh_stream_worker_free (MhStreamWorker *self)
{
  if (self == NULL)
    return;

  mh_buf_clear (&self->in);
  g_queue_clear_full (&self->out, (GDestroyNotify) g_bytes_unref);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_stream_worker_close (MhStream *self)
{
  MhStreamWorker *worker = g_atomic_pointer_get (&self->worker);

  g_mutex_lock (&worker->lock);
  worker->is_closing = TRUE;
  post_pump (self);
  g_mutex_unlock (&worker->lock);
}

static gboolean
set_broken (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                       "the peer reset the stream, or is gone");

  return FALSE;
}

/* Waits for a change. Call with the lock held. Returns: %FALSE with @error set */
static gboolean
wait_until (MhStreamWorker *worker, gint64 end_us, GError **error)
{
  if (g_cond_wait_until (&worker->changed, &worker->lock, end_us))
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the peer takes too long");

  return FALSE;
}

/* Call with the lock held. Returns: %FALSE with @error set, else something is there or the end is
 */
static gboolean
wait_for_bytes (MhStreamWorker *worker, gsize wanted, gint64 end_us, GError **error)
{
  while (mh_buf_size (&worker->in) < wanted && !worker->is_ended)
    {
      if (worker->is_broken)
        return set_broken (error);
      if (!wait_until (worker, end_us, error))
        return FALSE;
    }

  return TRUE;
}

/* Takes bytes that are there. Call with the lock held. */
static void
take (MhStream *self, MhStreamWorker *worker, gsize size)
{
  mh_buf_consume (&worker->in, size);
  if (mh_buf_size (&worker->in) < MOST_WAITING / 2 && !worker->is_ended && !worker->is_broken)
    post_pump (self);
}

static gint64
end_of (guint timeout_ms)
{
  return g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;
}

/* Reads into @out what is there already. Call with the lock held. Returns: bytes */
static gsize
read_some (MhStream *self, MhStreamWorker *worker, guint8 *out, gsize size)
{
  gsize some = MIN (size, mh_buf_size (&worker->in));

  if (some > 0)
    {
      memcpy (out, mh_buf_peek (&worker->in), some);
      take (self, worker, some);
    }

  return some;
}

gssize
mh_stream_read_wait (MhStream *self, guint8 *out, gsize size, guint timeout_ms, GError **error)
{
  MhStreamWorker *worker = get_worker (self);
  gssize got = -1;

  g_mutex_lock (&worker->lock);
  if (wait_for_bytes (worker, 1, end_of (timeout_ms), error))
    got = (gssize) read_some (self, worker, out, size);
  g_mutex_unlock (&worker->lock);

  return got;
}

/* Waits until less waits to be sent than may. Call with the lock held. Returns: %FALSE with @error
 * set */
static gboolean
wait_for_room (MhStreamWorker *worker, guint timeout_ms, GError **error)
{
  gint64 end_us = end_of (timeout_ms);
  gboolean good = TRUE;

  while (good && !worker->is_broken && worker->out_size >= MOST_WAITING)
    {
      worker->is_writer_waiting = TRUE;
      good = wait_until (worker, end_us, error);
    }
  worker->is_writer_waiting = FALSE;

  return good && (!worker->is_broken || set_broken (error));
}

/* Takes @bytes. Call with the lock held. */
static void
put (MhStream *self, MhStreamWorker *worker, GBytes *bytes)
{
  worker->out_size += g_bytes_get_size (bytes);
  g_queue_push_tail (&worker->out, bytes);
  post_pump (self);
}

gboolean
mh_stream_write_wait (MhStream *self, const guint8 *data, gsize size, guint timeout_ms,
                      GError **error)
{
  MhStreamWorker *worker = get_worker (self);
  gboolean good = TRUE;

  g_mutex_lock (&worker->lock);
  while (good && size > 0)
    {
      gsize some;

      good = wait_for_room (worker, timeout_ms, error);
      if (!good)
        break;
      some = MIN (size, MOST_WAITING - worker->out_size);
      put (self, worker, g_bytes_new (data, some));
      data += some;
      size -= some;
    }
  g_mutex_unlock (&worker->lock);

  return good;
}

/* Reads the length of a message. Call with the lock held. Returns: %FALSE with @error set */
static gboolean
read_length (MhStream *self, MhStreamWorker *worker, gint64 end_us, guint64 *size, GError **error)
{
  MhVarintResult result = MH_VARINT_SHORT;
  gsize used = 0;

  for (gsize wanted = 1; result == MH_VARINT_SHORT; wanted++)
    {
      if (!wait_for_bytes (worker, wanted, end_us, error))
        return FALSE;
      if (mh_buf_size (&worker->in) < wanted)
        return set_broken (error);
      result = mh_varint_get (mh_buf_peek (&worker->in), wanted, size, &used);
    }
  take (self, worker, used);
  if (result == MH_VARINT_OK)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: a message has a bad length",
               self->protocol);

  return FALSE;
}

/* Reads @size bytes, which the loop puts where they belong. Call with the lock held. Returns:
 * (nullable): %NULL with @error set */
static GBytes *
read_exactly (MhStream *self, MhStreamWorker *worker, gsize size, gint64 end_us, GError **error)
{
  g_autofree guint8 *message = g_malloc (MAX (size, 1));
  gsize done = read_some (self, worker, message, size);
  gboolean good = TRUE;

  worker->target = message + done;
  worker->target_left = size - done;
  while (good && worker->target_left > 0)
    {
      if (worker->is_ended || worker->is_broken)
        good = set_broken (error);
      else
        good = wait_until (worker, end_us, error);
    }
  worker->target = NULL;
  worker->target_left = 0;

  return good ? g_bytes_new_take (g_steal_pointer (&message), size) : NULL;
}

GBytes *
mh_stream_read_message_wait (MhStream *self, gsize most, guint timeout_ms, GError **error)
{
  MhStreamWorker *worker = get_worker (self);
  gint64 end_us = end_of (timeout_ms);
  GBytes *message = NULL;
  guint64 size = 0;

  g_mutex_lock (&worker->lock);
  if (!read_length (self, worker, end_us, &size, error))
    ;
  else if (size > most)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: a message is too long",
                 self->protocol);
  else
    message = read_exactly (self, worker, (gsize) size, end_us, error);
  g_mutex_unlock (&worker->lock);

  return message;
}

gboolean
mh_stream_write_message_wait (MhStream *self, gconstpointer data, gsize size, guint timeout_ms,
                              GError **error)
{
  guint8 length[MH_VARINT_MAX];

  return mh_stream_write_wait (self, length, mh_varint_put (size, length), timeout_ms, error)
         && mh_stream_write_wait (self, data, size, timeout_ms, error);
}

gboolean
mh_stream_write_parts_wait (MhStream *self, GBytes *head, GBytes *body, guint timeout_ms,
                            GError **error)
{
  MhStreamWorker *worker = get_worker (self);
  gsize size = g_bytes_get_size (head) + (body != NULL ? g_bytes_get_size (body) : 0);
  guint8 length[MH_VARINT_MAX];
  gboolean good;

  g_mutex_lock (&worker->lock);
  good = wait_for_room (worker, timeout_ms, error);
  if (good)
    {
      put (self, worker, g_bytes_new (length, mh_varint_put (size, length)));
      put (self, worker, g_bytes_ref (head));
      if (body != NULL)
        put (self, worker, g_bytes_ref (body));
    }
  g_mutex_unlock (&worker->lock);

  return good;
}
