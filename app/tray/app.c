/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "client/program.h"
#include "tray/autostart.h"
#include "tray/host.h"
#include "tray/link.h"
#include "tray/view.h"
#include "tray/watch.h"

#define APP_ID "com.meshhold.MeshHold"
/* Panels come up while we do, and come back when they crash: no window for that long. */
#define HOST_GRACE_MS 3000

typedef struct
{
  const MhTrayOptions *options; /* (unowned) */
  GtkApplication *gtk;          /* (unowned) outlives us */
  GDBusConnection *bus;         /* (owned) (nullable): kept so that the indicator finds it ready */
  MhTrayMachine machine;
  MhTrayLink *link;
  MhTrayWatch *watch;
  MhTrayLauncher *launcher;
  MhTrayIndicator *indicator; /* (nullable) */
  MhTrayWindow *window;
  MhTrayHost *host;
  char *detail;         /* (owned) (nullable): the daemon's sentence, or why it ended */
  gboolean open_wanted; /* the page is opened as soon as there is one */
  guint grace;          /* timer until the window; 0 for none */
  gboolean started;     /* the first activation, which is our own start, was seen */
} App;

static void feed (App *self, MhTrayEvent event, MhTrayState told);

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

static void
show (App *self)
{
  g_autofree char *text = mh_tray_machine_text (&self->machine, self->detail, now_ms ());
  MhTrayState state = mh_tray_machine_state (&self->machine, now_ms ());

  mh_tray_indicator_show (self->indicator, state, text);
  mh_tray_window_show (self->window, state, text);
}

static void
tell (App *self, const char *title, const char *body)
{
  g_autoptr (GNotification) note = g_notification_new (title);
  g_autoptr (GIcon) icon = g_themed_icon_new (APP_ID);

  if (body != NULL)
    g_notification_set_body (note, body);
  g_notification_set_icon (note, icon);
  g_application_send_notification (G_APPLICATION (self->gtk), "state", note);
}

static void
on_page (JsonObject *reply, const GError *error, gpointer user_data)
{
  App *self = user_data;
  const char *url = reply != NULL ? mh_json_member (reply, "url") : NULL;
  g_autoptr (GError) failure = NULL;

  if (g_error_matches (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE))
    {
      self->open_wanted = TRUE;
      feed (self, MH_TRAY_EVENT_WANTED, MH_TRAY_STARTING);
      return;
    }
  if (url == NULL || !mh_client_is_local_url (url))
    {
      tell (self, _ ("The page cannot be opened"), error != NULL ? error->message : NULL);
      return;
    }

  if (!gtk_show_uri_on_window (NULL, url, gtk_get_current_event_time (), &failure))
    mh_tray_window_offer_link (
        self->window,
        _ ("No browser could be opened. This link opens the page; it works once, for 60 seconds."),
        url);
}

static void
open_page (App *self)
{
  self->open_wanted = FALSE;
  mh_tray_link_request (self->link, "ticket", on_page);
}

/* A program without a focused window may not set the clipboard under Wayland. */
static gboolean
clipboard_is_ours (void)
{
  return !g_str_has_prefix (G_OBJECT_TYPE_NAME (gdk_display_get_default ()), "GdkWayland");
}

static void
on_link (JsonObject *reply, const GError *error, gpointer user_data)
{
  App *self = user_data;
  const char *url = reply != NULL ? mh_json_member (reply, "url") : NULL;
  GtkClipboard *clipboard = gtk_clipboard_get (GDK_SELECTION_CLIPBOARD);

  if (url == NULL)
    {
      tell (self, _ ("There is no login link"), error != NULL ? error->message : NULL);
      return;
    }
  if (!clipboard_is_ours ())
    {
      mh_tray_window_offer_link (
          self->window, _ ("This link opens the page; it works once, for 60 seconds."), url);
      return;
    }

  gtk_clipboard_set_text (clipboard, url, -1);
  tell (self, _ ("The login link is copied"), _ ("It works once, for 60 seconds."));
}

static void
set_autostart (App *self, gboolean wanted)
{
  g_autoptr (GError) error = NULL;
  gboolean on;

  if (!mh_tray_autostart_set (wanted, self->options->home, &error))
    tell (self, _ ("Starting at login could not be changed"), error->message);

  on = mh_tray_autostart_get ();
  mh_tray_indicator_set_autostart (self->indicator, on);
  mh_tray_window_set_autostart (self->window, on);
}

static void
on_stopped (gpointer user_data)
{
  App *self = user_data;

  g_application_quit (G_APPLICATION (self->gtk));
}

static void
quit (App *self)
{
  if (self->machine.phase == MH_TRAY_PHASE_QUITTING)
    return;

  feed (self, MH_TRAY_EVENT_QUIT, MH_TRAY_OFFLINE);
  mh_tray_launcher_stop (self->launcher, on_stopped);
}

static void
on_command (MhTrayCommand command, gpointer user_data)
{
  App *self = user_data;

  switch (command)
    {
    case MH_TRAY_COMMAND_OPEN:
      open_page (self);
      break;
    case MH_TRAY_COMMAND_COPY_LINK:
      mh_tray_link_request (self->link, "ticket", on_link);
      break;
    case MH_TRAY_COMMAND_AUTOSTART_ON:
    case MH_TRAY_COMMAND_AUTOSTART_OFF:
      set_autostart (self, command == MH_TRAY_COMMAND_AUTOSTART_ON);
      break;
    case MH_TRAY_COMMAND_QUIT:
    default:
      quit (self);
      break;
    }
}

static void
feed (App *self, MhTrayEvent event, MhTrayState told)
{
  MhTrayAction action = mh_tray_machine_feed (&self->machine, event, told, now_ms ());

  if (action & MH_TRAY_DO_TELL_LOST)
    tell (self, _ ("The daemon stopped"),
          self->detail != NULL && *self->detail != '\0' ? self->detail
                                                        : _ ("It will be started again."));
  if (action & MH_TRAY_DO_TELL_BACK)
    tell (self, _ ("The daemon is running again"), NULL);
  if (action & MH_TRAY_DO_LAUNCH)
    mh_tray_launcher_start (self->launcher);
  show (self);
}

static void
on_mesh (const char *text, gpointer user_data)
{
  App *self = user_data;

  mh_tray_indicator_show_mesh (self->indicator, text);
  mh_tray_window_show_mesh (self->window, text);
}

static void
on_token (JsonObject *reply, const GError *error, gpointer user_data)
{
  App *self = user_data;
  const char *token = reply != NULL ? mh_json_member (reply, "token") : NULL;

  /* Without one the next answer of the daemon brings the next try. */
  if (token != NULL)
    mh_tray_watch_set_token (self->watch, token);
}

static void
on_status (JsonObject *status, gpointer user_data)
{
  App *self = user_data;
  MhTrayState told;

  if (status == NULL)
    {
      /* What a daemon said while it was up does not tell why it is gone. */
      if (self->machine.phase == MH_TRAY_PHASE_UP)
        g_clear_pointer (&self->detail, g_free);
      mh_tray_watch_forget (self->watch);
      feed (self, MH_TRAY_EVENT_DOWN, MH_TRAY_STARTING);
      return;
    }

  g_free (self->detail);
  self->detail = g_strdup (mh_json_member (status, "detail"));
  told = mh_tray_state_parse (mh_json_member (status, "state"));
  feed (self, MH_TRAY_EVENT_UP, told);
  if (self->open_wanted && told != MH_TRAY_STARTING)
    open_page (self);
  if (told != MH_TRAY_STARTING && mh_tray_watch_look (self->watch, mh_json_member (status, "url")))
    mh_tray_link_request (self->link, "token", on_token);
}

static void
on_launcher (MhTrayEvent event, const char *message, gpointer user_data)
{
  App *self = user_data;

  /* Shown until the daemon itself has something to say. */
  g_free (self->detail);
  self->detail = g_strdup (message);
  feed (self, event, MH_TRAY_STARTING);
}

static gboolean
on_grace (gpointer user_data)
{
  App *self = user_data;

  self->grace = 0;
  mh_tray_window_set_visible (self->window, TRUE);

  return G_SOURCE_REMOVE;
}

static void
on_host (gboolean present, gpointer user_data)
{
  App *self = user_data;

  g_clear_handle_id (&self->grace, g_source_remove);
  if (present)
    mh_tray_window_set_visible (self->window, FALSE);
  else
    self->grace = g_timeout_add (HOST_GRACE_MS, on_grace, self);
}

static void
on_terminate (gpointer user_data)
{
  quit (user_data);
}

static void
on_startup (GApplication *application, gpointer user_data)
{
  App *self = user_data;
  g_autofree char *icons = mh_client_built ("data/icons");

  /* The indicator races the session bus against its own start unless the bus is there already. */
  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (icons != NULL)
    gtk_icon_theme_append_search_path (gtk_icon_theme_get_default (), icons);

  self->window = mh_tray_window_new (self->gtk, on_command, self);
  if (self->bus != NULL)
    self->indicator = mh_tray_indicator_new (icons, on_command, self);
  mh_tray_indicator_set_autostart (self->indicator, mh_tray_autostart_get ());
  mh_tray_window_set_autostart (self->window, mh_tray_autostart_get ());
  self->launcher = mh_tray_launcher_new (self->options, self->bus, on_launcher, self);
  self->watch = mh_tray_watch_new (on_mesh, self);
  self->link = mh_tray_link_new (self->options->home, on_status, self);
  self->host = mh_tray_host_new (self->bus, on_host, self);
  mh_tray_launcher_on_terminate (self->launcher, on_terminate);
  show (self);
  g_application_hold (application);
}

static void
on_activate (GApplication *application, gpointer user_data)
{
  App *self = user_data;

  if (self->started)
    open_page (self);
  self->started = TRUE;
}

static void
app_clear (App *self)
{
  g_clear_handle_id (&self->grace, g_source_remove);
  g_clear_pointer (&self->host, mh_tray_host_free);
  g_clear_pointer (&self->link, mh_tray_link_free);
  g_clear_pointer (&self->watch, mh_tray_watch_free);
  g_clear_pointer (&self->launcher, mh_tray_launcher_free);
  g_clear_pointer (&self->indicator, mh_tray_indicator_free);
  g_clear_pointer (&self->window, mh_tray_window_free);
  g_clear_pointer (&self->detail, g_free);
  g_clear_object (&self->bus);
}

static char *
application_id (const char *home)
{
  g_autofree char *full = NULL;
  g_autofree char *hash = NULL;

  if (home == NULL)
    return g_strdup (APP_ID);

  /* Each folder has a daemon, and so a tray, of its own. */
  full = g_canonicalize_filename (home, NULL);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, full, -1);

  return g_strdup_printf (APP_ID ".at%.16s", hash);
}

int
mh_tray_app_run (const MhTrayOptions *options, gboolean open)
{
  g_autofree char *id = application_id (options->home);
  g_autoptr (GtkApplication) gtk = gtk_application_new (id, G_APPLICATION_DEFAULT_FLAGS);
  App self = { options, gtk };
  int code;

  /* Carried out by the first answer of the daemon. */
  self.open_wanted = open;
  g_signal_connect (gtk, "startup", G_CALLBACK (on_startup), &self);
  g_signal_connect (gtk, "activate", G_CALLBACK (on_activate), &self);
  code = g_application_run (G_APPLICATION (gtk), 0, NULL);
  app_clear (&self);

  return code;
}
