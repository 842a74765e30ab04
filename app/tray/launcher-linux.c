/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "client/program.h"

#define UNIT "meshhold.service"
#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE MANAGER ".Manager"
#define STOP_S 10
/* How much of what the daemon said last is kept. */
#define TAIL_BYTES 2048

struct _MhTrayLauncher
{
  const MhTrayOptions *options; /* (unowned) */
  GDBusConnection *bus;         /* (owned) (nullable) */
  MhTrayLauncherFunc func;
  gpointer user_data;
  GCancellable *cancel;         /* (owned) */
  GSubprocess *child;           /* (owned) (nullable): while it runs */
  int words;                    /* what the child says; -1 for none */
  guint words_watch;            /* of words; 0 for none */
  GString *tail;                /* (owned): the end of it */
  gboolean unit_started;        /* the service manager runs it because of us */
  void (*stopped) (gpointer);   /* (nullable): while it is being stopped */
  guint deadline;               /* of the stop; 0 for none */
  void (*terminate) (gpointer); /* (nullable) */
  guint signals[2];             /* watches of SIGTERM and SIGINT; 0 for none */
};

static void
close_words (MhTrayLauncher *self)
{
  g_clear_handle_id (&self->words_watch, g_source_remove);
  if (self->words >= 0)
    g_close (self->words, NULL);
  self->words = -1;
}

static void
finish_stop (MhTrayLauncher *self)
{
  void (*stopped) (gpointer) = self->stopped;

  g_clear_handle_id (&self->deadline, g_source_remove);
  self->stopped = NULL;
  if (stopped != NULL)
    stopped (self->user_data);
}

/* Passes on what the child said, and keeps the end of it. */
static void
take_words (MhTrayLauncher *self)
{
  char piece[1024];
  gssize got;

  while (self->words >= 0)
    {
      got = read (self->words, piece, sizeof piece);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0 && errno == EAGAIN)
        return;
      if (got <= 0)
        {
          close_words (self);
          return;
        }
      fwrite (piece, 1, (gsize) got, stderr);
      g_string_append_len (self->tail, piece, got);
      if (self->tail->len > TAIL_BYTES)
        g_string_erase (self->tail, 0, (gssize) (self->tail->len - TAIL_BYTES));
    }
}

static gboolean
on_words (int fd, GIOCondition condition, gpointer user_data)
{
  take_words (user_data);

  return G_SOURCE_CONTINUE;
}

/* Why the child ended, in its own words; NULL when it said nothing about it. */
static char *
last_words (MhTrayLauncher *self)
{
  static const char prefix[] = "meshholdd: ";
  g_autofree char *text = g_utf8_make_valid (self->tail->str, (gssize) self->tail->len);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  guint count = g_strv_length (lines);

  if (count == 0 || !g_str_has_prefix (lines[count - 1], prefix))
    return NULL;

  return g_strdup (lines[count - 1] + strlen (prefix));
}

/* A pipe that never makes the daemon wait: what does not fit is lost, as it is when we are gone. */
static gboolean
open_words (MhTrayLauncher *self, GSubprocessLauncher *launcher, GError **error)
{
  int ends[2];

  if (!g_unix_open_pipe (ends, FD_CLOEXEC, error))
    return FALSE;
  if (!g_unix_set_fd_nonblocking (ends[0], TRUE, error)
      || !g_unix_set_fd_nonblocking (ends[1], TRUE, error))
    {
      g_close (ends[0], NULL);
      g_close (ends[1], NULL);
      return FALSE;
    }

  g_subprocess_launcher_take_stderr_fd (launcher, ends[1]);
  g_string_truncate (self->tail, 0);
  self->words = ends[0];
  self->words_watch = g_unix_fd_add (ends[0], G_IO_IN | G_IO_HUP, on_words, self);

  return TRUE;
}

static void
on_child_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayLauncher *self = user_data;
  GSubprocess *child = G_SUBPROCESS (source);
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;
  gboolean good;

  if (!g_subprocess_wait_finish (child, result, &error))
    return; /* only when the launcher is gone */

  good = g_subprocess_get_if_exited (child) && g_subprocess_get_exit_status (child) == 0;
  g_clear_object (&self->child);
  take_words (self);
  close_words (self);
  reason = good ? NULL : last_words (self);
  self->func (good ? MH_TRAY_EVENT_ENDED : MH_TRAY_EVENT_CRASHED, reason, self->user_data);
  finish_stop (self);
}

static void
spawn (MhTrayLauncher *self)
{
  g_autofree char *program = mh_client_daemon ();
  g_autoptr (GPtrArray) args = g_ptr_array_new ();
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GError) error = NULL;

  if (self->child != NULL)
    return;
  if (program == NULL)
    {
      self->func (MH_TRAY_EVENT_FAILED, _ ("the program meshholdd is not installed"),
                  self->user_data);
      return;
    }

  g_ptr_array_add (args, program);
  if (self->options->home != NULL)
    {
      g_ptr_array_add (args, (char *) "--home");
      g_ptr_array_add (args, self->options->home);
    }
  if (self->options->listen != NULL)
    {
      g_ptr_array_add (args, (char *) "--listen");
      g_ptr_array_add (args, self->options->listen);
    }
  g_ptr_array_add (args, NULL);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  if (open_words (self, launcher, &error))
    self->child =
        g_subprocess_launcher_spawnv (launcher, (const char *const *) args->pdata, &error);
  /* The launcher holds the child's end of the pipe, and so would hide its end. */
  g_clear_object (&launcher);
  if (self->child == NULL)
    {
      close_words (self);
      self->func (MH_TRAY_EVENT_FAILED, error->message, self->user_data);
      return;
    }
  g_subprocess_wait_async (self->child, self->cancel, on_child_done, self);
  self->func (MH_TRAY_EVENT_LAUNCHED, NULL, self->user_data);
}

static gboolean
was_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
on_unit_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayLauncher *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) job = NULL;

  job = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (was_cancelled (error))
    return;
  if (job == NULL)
    self->func (MH_TRAY_EVENT_FAILED, error->message, self->user_data);
  else
    self->unit_started = TRUE;
}

static void
call_manager (MhTrayLauncher *self, const char *method, GVariant *values, const char *type,
              GAsyncReadyCallback done)
{
  g_dbus_connection_call (self->bus, MANAGER, MANAGER_PATH, MANAGER_INTERFACE, method, values,
                          G_VARIANT_TYPE (type), G_DBUS_CALL_FLAGS_NO_AUTO_START, STOP_S * 1000,
                          self->cancel, done, self);
}

static void
on_unit_state (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayLauncher *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  const char *state = NULL;

  reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (was_cancelled (error))
    return;
  if (reply != NULL)
    g_variant_get (reply, "(&s)", &state);
  if (state == NULL || g_str_has_prefix (state, "masked") || g_str_equal (state, "bad"))
    {
      spawn (self);
      return;
    }

  call_manager (self, "StartUnit", g_variant_new ("(ss)", UNIT, "replace"), "(o)", on_unit_started);
}

void
mh_tray_launcher_start (MhTrayLauncher *self)
{
  /* The unit is for the user's own daemon, not for one in a folder somebody named. */
  if (self->bus == NULL || self->options->home != NULL || self->options->listen != NULL)
    {
      spawn (self);
      return;
    }

  call_manager (self, "GetUnitFileState", g_variant_new ("(s)", UNIT), "(s)", on_unit_state);
}

static void
on_unit_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayLauncher *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) job = NULL;

  job = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (was_cancelled (error))
    return;
  if (job == NULL)
    g_warning ("stopping %s: %s", UNIT, error->message);
  finish_stop (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  MhTrayLauncher *self = user_data;

  self->deadline = 0;
  g_warning ("the daemon takes long to end; leaving it to itself");
  finish_stop (self);

  return G_SOURCE_REMOVE;
}

void
mh_tray_launcher_stop (MhTrayLauncher *self, void (*stopped) (gpointer user_data))
{
  self->stopped = stopped;
  self->deadline = g_timeout_add_seconds (STOP_S, on_deadline, self);
  if (self->child != NULL)
    g_subprocess_send_signal (self->child, SIGTERM);
  else if (self->unit_started)
    call_manager (self, "StopUnit", g_variant_new ("(ss)", UNIT, "replace"), "(o)",
                  on_unit_stopped);
  else
    finish_stop (self);
}

static gboolean
on_signal (gpointer user_data)
{
  MhTrayLauncher *self = user_data;

  self->terminate (self->user_data);

  return G_SOURCE_CONTINUE;
}

void
mh_tray_launcher_on_terminate (MhTrayLauncher *self, void (*terminate) (gpointer user_data))
{
  g_return_if_fail (self->terminate == NULL);

  self->terminate = terminate;
  self->signals[0] = g_unix_signal_add (SIGTERM, on_signal, self);
  self->signals[1] = g_unix_signal_add (SIGINT, on_signal, self);
}

MhTrayLauncher *
mh_tray_launcher_new (const MhTrayOptions *options, GDBusConnection *bus, MhTrayLauncherFunc func,
                      gpointer user_data)
{
  MhTrayLauncher *self = g_new0 (MhTrayLauncher, 1);

  self->options = options;
  self->bus = bus != NULL ? g_object_ref (bus) : NULL;
  self->func = func;
  self->user_data = user_data;
  self->cancel = g_cancellable_new ();
  self->words = -1;
  self->tail = g_string_new (NULL);

  return self;
}

void
mh_tray_launcher_free (MhTrayLauncher *self)
{
  if (self == NULL)
    return;

  g_clear_handle_id (&self->deadline, g_source_remove);
  g_clear_handle_id (&self->signals[0], g_source_remove);
  g_clear_handle_id (&self->signals[1], g_source_remove);
  g_cancellable_cancel (self->cancel);
  g_object_unref (self->cancel);
  close_words (self);
  g_string_free (self->tail, TRUE);
  g_clear_object (&self->child);
  g_clear_object (&self->bus);
  g_free (self);
}
