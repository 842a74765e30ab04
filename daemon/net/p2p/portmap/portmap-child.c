/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap-private.h"

#include "portmap-line.h"

/* Bytes that are read at a time. */
#define PIECE 512

/* How long what it said last is read after its end: something else may have its output. */
#define REST_MS 500

struct _MhPortmapChild
{
  int references;
  MhPortmap *portmap; /* (unowned): lives until the end is told */
  const MhPortmapChildEvents *events;
  GSubprocess *process;  /* (owned) */
  GString *said;         /* (owned): what is read of it and has no end yet */
  GSource *killer;       /* (owned) (nullable) */
  GCancellable *reading; /* (owned) */
  GSource *rest;         /* (owned) (nullable) */
  gint64 period_us;      /* when the period of @lines began, by the monotonic clock */
  guint lines;
  guint left; /* of two: that it ends, and that its output does */
  gboolean is_leaving;
  gboolean is_broken;  /* it crashed, or is not what we take it for */
  gboolean has_failed; /* it has told why */
};

static MhPortmapChild *
child_ref (MhPortmapChild *self)
{
  self->references++;

  return self;
}

void
mh_portmap_child_unref (MhPortmapChild *self)
{
  if (--self->references > 0)
    return;

  mh_source_drop (&self->killer);
  mh_source_drop (&self->rest);
  g_object_unref (self->reading);
  g_object_unref (self->process);
  g_string_free (self->said, TRUE);
  g_free (self);
}

/* -- what it says -- */

/* Whether it does not say more than it has to. */
static gboolean
may_say (MhPortmapChild *self)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->period_us >= self->portmap->period_s * G_TIME_SPAN_SECOND)
    {
      self->period_us = now;
      self->lines = 0;
    }

  return ++self->lines <= MH_PORTMAP_MAX_LINES;
}

/* Returns: %FALSE if it says what nobody understands, or too much */
static gboolean
take (MhPortmapChild *self, GBytes *bytes)
{
  g_string_append_len (self->said, g_bytes_get_data (bytes, NULL),
                       (gssize) g_bytes_get_size (bytes));
  for (;;)
    {
      g_auto (MhPortmapLine) line = { NULL };
      MhPortmapSaid said = mh_portmap_line_take (self->said, &line);

      if (said == MH_PORTMAP_MORE)
        return TRUE;
      if (said == MH_PORTMAP_NONSENSE || !may_say (self))
        return FALSE;
      if (self->is_leaving)
        continue;

      if (said == MH_PORTMAP_MAPPED)
        {
          self->events->mapped (self->portmap, line.words, line.port);
        }
      else
        {
          self->has_failed = TRUE;
          self->events->failed (self->portmap, line.words);
        }
    }
}

/* -- its life -- */

/* One of both that are waited for has come. */
static void
went (MhPortmapChild *self)
{
  if (--self->left == 0)
    {
      if (!self->has_failed && !self->is_leaving && !self->is_broken)
        self->events->failed (self->portmap, NULL); /* without a word: there is no router */
      mh_source_drop (&self->killer);
      mh_source_drop (&self->rest);
      self->events->ended (self->portmap, self->is_leaving  ? MH_PORTMAP_LEFT
                                          : self->is_broken ? MH_PORTMAP_BROKE
                                                            : MH_PORTMAP_GAVE_UP);
    }
  mh_portmap_child_unref (self);
}

static gboolean
on_rest (gpointer data)
{
  g_cancellable_cancel (((MhPortmapChild *) data)->reading);

  return G_SOURCE_REMOVE;
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  MhPortmapChild *self = data;

  (void) g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  if (!g_subprocess_get_successful (self->process))
    self->is_broken = TRUE;
  self->rest = g_timeout_source_new (REST_MS);
  g_source_set_callback (self->rest, on_rest, self, NULL);
  g_source_attach (self->rest, mh_host_context (self->portmap->host));
  went (self);
}

static void listen_to (MhPortmapChild *self);

static void
on_said (GObject *source, GAsyncResult *result, gpointer data)
{
  MhPortmapChild *self = data;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);

  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    {
      went (self);
      return;
    }

  /* once it is broken, what it says is only read until its end */
  if (!self->is_broken && !take (self, bytes))
    {
      self->is_broken = TRUE;
      g_subprocess_force_exit (self->process);
    }
  listen_to (self);
  mh_portmap_child_unref (self);
}

static void
listen_to (MhPortmapChild *self)
{
  g_input_stream_read_bytes_async (g_subprocess_get_stdout_pipe (self->process), PIECE,
                                   G_PRIORITY_DEFAULT, self->reading, on_said, child_ref (self));
}

MhPortmapChild *
mh_portmap_child_new (MhPortmap *portmap, const MhPortmapChildEvents *events, GError **error)
{
  g_autofree char *port = g_strdup_printf ("%u", portmap->port);
  g_autofree char *lease = g_strdup_printf ("%u", portmap->lease_s);
  g_autofree char *period = g_strdup_printf ("%u", portmap->period_s);
  const char *argv[] = { portmap->program, portmap->local, port, lease, period, NULL };
  MhPortmapChild *self;
  GSubprocess *process;

  process = g_subprocess_newv (argv,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                               error);
  if (process == NULL)
    return NULL;

  self = g_new0 (MhPortmapChild, 1);
  self->references = 1;
  self->portmap = portmap;
  self->events = events;
  self->process = process;
  self->said = g_string_new (NULL);
  self->reading = g_cancellable_new ();
  self->left = 2;
  g_subprocess_wait_async (process, NULL, on_ended, child_ref (self));
  listen_to (self);

  return self;
}

static gboolean
on_late (gpointer data)
{
  MhPortmapChild *self = data;

  g_subprocess_force_exit (self->process);

  return G_SOURCE_REMOVE;
}

void
mh_portmap_child_leave (MhPortmapChild *self)
{
  if (self->is_leaving)
    return;

  self->is_leaving = TRUE;
  (void) g_output_stream_close (g_subprocess_get_stdin_pipe (self->process), NULL, NULL);
  self->killer = g_timeout_source_new (MH_PORTMAP_REMOVE_MS);
  g_source_set_callback (self->killer, on_late, self, NULL);
  g_source_attach (self->killer, mh_host_context (self->portmap->host));
}
