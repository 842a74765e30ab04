/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "splice.h"

typedef struct
{
  MhStream *streams[2];  /* (owned) */
  gboolean has_ended[2]; /* whether the other was told of the end of this one */
  MhSpliceDone done;
  gpointer data;
} Splice;

static void
finish (Splice *self)
{
  for (guint i = 0; i < 2; i++)
    {
      mh_stream_set_funcs (self->streams[i], NULL, NULL);
      mh_stream_unref (self->streams[i]);
    }
  self->done (self->data);
  g_free (self);
}

/* Moves what came from one stream. */
static void
move (Splice *self, guint from)
{
  MhStream *source = self->streams[from];
  MhStream *target = self->streams[1 - from];
  const MhBuf *received = mh_stream_received (source);

  if (mh_buf_size (received) > 0)
    mh_stream_consume (source,
                       mh_stream_write (target, mh_buf_peek (received), mh_buf_size (received)));
  if (self->has_ended[from] || !mh_stream_is_ended (source)
      || mh_buf_size (mh_stream_received (source)) > 0)
    return;
  self->has_ended[from] = TRUE;
  mh_stream_close_write (target);
}

static void
on_event (MhStream *stream, gpointer data)
{
  Splice *self = data;

  move (self, 0);
  move (self, 1);
  if (self->has_ended[0] && self->has_ended[1])
    finish (self);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  Splice *self = data;

  mh_stream_reset (self->streams[0]);
  mh_stream_reset (self->streams[1]);
  finish (self);
}

void
mh_splice (MhStream *one, MhStream *two, MhSpliceDone done, gpointer data)
{
  static const MhStreamFuncs funcs = { on_event, on_event, on_broken };
  Splice *self = g_new0 (Splice, 1);

  self->streams[0] = one;
  self->streams[1] = two;
  self->done = done;
  self->data = data;
  mh_stream_set_funcs (one, &funcs, self);
  mh_stream_set_funcs (two, &funcs, self);
}
