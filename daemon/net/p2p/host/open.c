/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host-private.h"

/* A stream that somebody waits for: first a connection, then the agreement on a protocol. */
typedef struct
{
  gatomicrefcount references;
  MhHost *host; /* (unowned) */
  MhPeerId peer;
  char **protocols; /* (owned) */
  gint64 deadline_us;
  MhHostOpened opened; /* %NULL once told */
  gpointer data;
  MhStream *stream; /* (owned) (nullable): that agrees */
} Opening;

static Opening *
opening_ref (Opening *self)
{
  g_atomic_ref_count_inc (&self->references);

  return self;
}

static void
opening_unref (gpointer data)
{
  Opening *self = data;

  if (!g_atomic_ref_count_dec (&self->references))
    return;

  g_strfreev (self->protocols);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_unref)

void
mh_open_init (MhHost *host)
{
  host->opening = g_ptr_array_new_with_free_func (opening_unref);
}

/* Tells who waits, once. */
static void
finish (Opening *self, const GError *error)
{
  g_autoptr (Opening) hold = opening_ref (self);
  g_autoptr (MhStream) stream = g_steal_pointer (&self->stream);
  MhHostOpened opened = self->opened;

  self->opened = NULL;
  g_ptr_array_remove_fast (self->host->opening, self);
  if (opened != NULL)
    opened (error == NULL ? stream : NULL, error, self->data);
}

static void
on_agreed (MhStream *stream, const GError *error, gpointer data)
{
  g_autoptr (Opening) self = data;

  if (self->opened != NULL)
    finish (self, error);
}

static void
on_connected (MhHost *host, const GError *error, gpointer data)
{
  g_autoptr (Opening) self = data;
  g_autoptr (GError) local = NULL;
  MhLink *link;

  if (self->opened == NULL)
    return;
  if (error != NULL)
    {
      finish (self, error);
      return;
    }

  link = mh_link_best (host, &self->peer);
  if (link != NULL)
    self->stream =
        mh_stream_open (link, (const char *const *) self->protocols, on_agreed, opening_ref (self));
  if (self->stream != NULL)
    return;

  opening_unref (self); /* of the stream that was not made */
  local = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                               "the connection takes no more streams");
  finish (self, local);
}

void
mh_host_open (MhHost *self, const MhPeerId *peer, const char *const *protocols, guint timeout_ms,
              MhHostOpened opened, gpointer data)
{
  Opening *opening = g_new0 (Opening, 1);

  g_atomic_ref_count_init (&opening->references);
  opening->host = self;
  opening->peer = *peer;
  opening->protocols = g_strdupv ((char **) protocols);
  opening->deadline_us = g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;
  opening->opened = opened;
  opening->data = data;
  g_ptr_array_add (self->opening, opening);
  mh_host_connect (self, peer, timeout_ms, on_connected, opening_ref (opening));
}

/* Gives up: the stream, if any, is told nothing any more. */
static void
abandon (Opening *self, GIOErrorEnum code, const char *why)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, code, why);

  if (self->stream != NULL)
    {
      mh_stream_forget (self->stream);
      mh_stream_reset (self->stream);
      opening_unref (self); /* the stream's */
    }
  finish (self, error);
}

void
mh_open_tick (MhHost *host, gint64 now_us)
{
  for (guint i = host->opening->len; i > 0; i--)
    {
      Opening *self = i <= host->opening->len ? g_ptr_array_index (host->opening, i - 1) : NULL;

      if (self != NULL && self->deadline_us <= now_us)
        abandon (self, G_IO_ERROR_TIMED_OUT, "the peer takes too long to open a stream");
    }
}

void
mh_open_cancel_all (MhHost *host)
{
  while (host->opening->len > 0)
    abandon (g_ptr_array_index (host->opening, 0), G_IO_ERROR_CANCELLED,
             "the network is being left");
}

/* -- for workers -- */

typedef struct
{
  MhHost *host;
  const MhPeerId *peer;
  const char *const *protocols;
  guint timeout_ms;
  MhStream *stream;
  GError *error;
  gboolean is_done; /* (locked-by lock) */
  GMutex lock;
  GCond done;
} Waiting;

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  Waiting *self = data;

  if (stream != NULL)
    self->stream = mh_stream_ref (stream);
  else
    self->error = g_error_copy (error);
  g_mutex_lock (&self->lock);
  self->is_done = TRUE;
  g_cond_signal (&self->done);
  g_mutex_unlock (&self->lock);
}

static void
open_here (gpointer data)
{
  Waiting *self = data;

  mh_host_open (self->host, self->peer, self->protocols, self->timeout_ms, on_opened, self);
}

MhStream *
mh_host_open_wait (MhHost *self, const MhPeerId *peer, const char *const *protocols,
                   guint timeout_ms, GError **error)
{
  Waiting waiting = { self, peer, protocols, timeout_ms };

  g_mutex_init (&waiting.lock);
  g_cond_init (&waiting.done);
  if (mh_loop_post (self->loop, open_here, &waiting, NULL))
    {
      g_mutex_lock (&waiting.lock);
      while (!waiting.is_done)
        g_cond_wait (&waiting.done, &waiting.lock);
      g_mutex_unlock (&waiting.lock);
    }
  else
    {
      waiting.error =
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the network was left");
    }
  g_cond_clear (&waiting.done);
  g_mutex_clear (&waiting.lock);
  if (waiting.error != NULL)
    g_propagate_error (error, waiting.error);

  return waiting.stream;
}
