/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include "base/error.h"

/* The body of an upload on its way from the loop to a worker. The loop pauses the message when the
 * worker is behind, and once in a while anyway, so that other requests get their turn. */

#define HIGH_WATER (2 * 1024 * 1024)
#define LOW_WATER (1024 * 1024)
#define TURN_BYTES (128 * 1024)

struct _MhBody
{
  MhRequest *request; /* (unowned) owns us */
  GMutex lock;
  GCond changed;
  GQueue pieces;      /* (locked-by lock) (element-type GBytes) */
  gsize queued;       /* (locked-by lock) bytes in pieces */
  guint64 total;      /* loop only: bytes that came */
  gsize turn;         /* loop only: bytes since the last pause */
  gboolean ended;     /* (locked-by lock) the last byte has come */
  gboolean cancelled; /* (locked-by lock) the client has gone */
  gboolean too_large; /* (locked-by lock) */
  gboolean discard;   /* (locked-by lock) the handler is done: drop what comes */
  gboolean full;      /* (locked-by lock) paused until the worker has caught up */
};

MhBody *
mh_body_new (MhRequest *request)
{
  MhBody *self = g_new0 (MhBody, 1);

  self->request = request;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->pieces);

  return self;
}

void
mh_body_free (MhBody *self)
{
  g_queue_clear_full (&self->pieces, (GDestroyNotify) g_bytes_unref);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* The body may have ended meanwhile: then it is the answer that is waited for. */
static void
resume_cb (MhRequest *request)
{
  if (!request->read_done)
    mh_request_resume (request);
}

void
mh_body_push (MhBody *self, GBytes *bytes)
{
  MhRequest *request = self->request;
  gboolean full = FALSE;

  self->total += g_bytes_get_size (bytes);
  self->turn += g_bytes_get_size (bytes);

  g_mutex_lock (&self->lock);
  if (self->total > request->server->options.max_upload_bytes)
    self->too_large = TRUE;
  if (!self->discard && !self->too_large)
    {
      g_queue_push_tail (&self->pieces, g_bytes_ref (bytes));
      self->queued += g_bytes_get_size (bytes);
    }
  full = self->full = self->queued >= HIGH_WATER;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);

  if (!request->dispatched && self->total >= TURN_BYTES)
    mh_dispatch_upload (request);

  if (full)
    {
      mh_request_pause (request);
    }
  else if (self->turn >= TURN_BYTES)
    {
      self->turn = 0;
      mh_request_pause (request);
      mh_request_post (request, resume_cb);
    }
}

static void
set_flag (MhBody *self, gboolean *flag)
{
  g_mutex_lock (&self->lock);
  *flag = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
mh_body_end (MhBody *self)
{
  set_flag (self, &self->ended);
}

void
mh_body_cancel (MhBody *self)
{
  set_flag (self, &self->cancelled);
}

void
mh_body_discard (MhBody *self)
{
  g_mutex_lock (&self->lock);
  self->discard = TRUE;
  g_queue_clear_full (&self->pieces, (GDestroyNotify) g_bytes_unref);
  self->queued = 0;
  self->full = FALSE;
  g_mutex_unlock (&self->lock);
}

gboolean
mh_body_pull (MhBody *self, GBytes **bytes, GError **error)
{
  gboolean resume = FALSE;
  gboolean cancelled = FALSE;
  gboolean too_large = FALSE;

  g_mutex_lock (&self->lock);
  while (self->queued == 0 && !self->ended && !self->cancelled && !self->too_large)
    g_cond_wait (&self->changed, &self->lock);
  cancelled = self->cancelled;
  too_large = self->too_large;
  *bytes = g_queue_pop_head (&self->pieces);
  if (*bytes != NULL)
    self->queued -= g_bytes_get_size (*bytes);
  if (self->full && self->queued <= LOW_WATER)
    {
      self->full = FALSE;
      resume = TRUE;
    }
  g_mutex_unlock (&self->lock);

  if (resume)
    mh_request_post (self->request, resume_cb);

  if (!cancelled && !too_large)
    return TRUE;

  g_clear_pointer (bytes, g_bytes_unref);
  if (too_large)
    g_set_error (error, MH_ERROR, MH_ERROR_TOO_LARGE,
                 "the body is larger than %" G_GUINT64_FORMAT " bytes",
                 self->request->server->options.max_upload_bytes);
  else
    g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "the client left before the end");

  return FALSE;
}
