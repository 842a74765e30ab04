/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/pause.h"

#include <glib-unix.h>

struct _MhCliPause
{
  GMainContext *context; /* (owned) */
  GSource *interrupt;    /* (owned) */
  gboolean interrupted;
};

static gboolean
on_interrupt (gpointer data)
{
  MhCliPause *self = data;

  self->interrupted = TRUE;

  return G_SOURCE_CONTINUE;
}

static gboolean
on_time (gpointer data)
{
  gboolean *over = data;

  *over = TRUE;

  return G_SOURCE_REMOVE;
}

MhCliPause *
mh_cli_pause_new (void)
{
  MhCliPause *self = g_new0 (MhCliPause, 1);

  self->context = g_main_context_new ();
  self->interrupt = g_unix_signal_source_new (SIGINT);
  g_source_set_callback (self->interrupt, on_interrupt, self, NULL);
  g_source_attach (self->interrupt, self->context);

  return self;
}

void
mh_cli_pause_free (MhCliPause *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->interrupt);
  g_source_unref (self->interrupt);
  g_main_context_unref (self->context);
  g_free (self);
}

gboolean
mh_cli_pause_wait (MhCliPause *self, guint ms)
{
  g_autoptr (GSource) timer = g_timeout_source_new (ms);
  gboolean over = FALSE;
  gboolean interrupted;

  g_source_set_callback (timer, on_time, &over, NULL);
  g_source_attach (timer, self->context);
  while (!over && !self->interrupted)
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (timer);
  interrupted = self->interrupted;
  self->interrupted = FALSE;

  return interrupted;
}
