/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host.h"

#define WATCHER "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH "/StatusNotifierWatcher"

struct _MhTrayHost
{
  GDBusConnection *bus; /* (owned) (nullable) */
  void (*changed) (gboolean present, gpointer user_data);
  gpointer user_data;
  GCancellable *cancel; /* (owned) */
  guint name_watch;     /* 0 without a bus */
  guint signals;        /* 0 without a bus */
  guint first;          /* idle source of the first report without a bus */
};

static void
on_property (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayHost *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;
  gboolean present = FALSE;

  reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  /* A watcher that cannot say whether somebody shows icons has nobody who does. */
  if (reply != NULL)
    {
      g_variant_get (reply, "(v)", &value);
      present =
          g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean (value);
    }
  self->changed (present, self->user_data);
}

static void
ask (MhTrayHost *self)
{
  g_dbus_connection_call (self->bus, WATCHER, WATCHER_PATH, "org.freedesktop.DBus.Properties",
                          "Get", g_variant_new ("(ss)", WATCHER, "IsStatusNotifierHostRegistered"),
                          G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NONE, -1, self->cancel,
                          on_property, self);
}

static void
on_signal (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
           const char *name, GVariant *values, gpointer user_data)
{
  if (g_str_has_prefix (name, "StatusNotifierHost"))
    ask (user_data);
}

static void
on_appeared (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  ask (user_data);
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  MhTrayHost *self = user_data;

  self->changed (FALSE, self->user_data);
}

static gboolean
on_first (gpointer user_data)
{
  MhTrayHost *self = user_data;

  self->first = 0;
  self->changed (FALSE, self->user_data);

  return G_SOURCE_REMOVE;
}

MhTrayHost *
mh_tray_host_new (GDBusConnection *bus, void (*changed) (gboolean present, gpointer user_data),
                  gpointer user_data)
{
  MhTrayHost *self = g_new0 (MhTrayHost, 1);

  self->changed = changed;
  self->user_data = user_data;
  self->cancel = g_cancellable_new ();
  if (bus == NULL)
    {
      self->first = g_idle_add (on_first, self);
      return self;
    }

  self->bus = g_object_ref (bus);
  self->signals =
      g_dbus_connection_signal_subscribe (bus, WATCHER, WATCHER, NULL, WATCHER_PATH, NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  self->name_watch = g_bus_watch_name_on_connection (bus, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                     on_appeared, on_vanished, self, NULL);

  return self;
}

void
mh_tray_host_free (MhTrayHost *self)
{
  if (self == NULL)
    return;

  g_clear_handle_id (&self->first, g_source_remove);
  if (self->bus != NULL)
    {
      g_bus_unwatch_name (self->name_watch);
      g_dbus_connection_signal_unsubscribe (self->bus, self->signals);
    }
  g_cancellable_cancel (self->cancel);
  g_object_unref (self->cancel);
  g_clear_object (&self->bus);
  g_free (self);
}
