/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "view.h"

#include <glib/gi18n.h>
#include <libayatana-appindicator/app-indicator.h>

struct _MhTrayIndicator
{
  AppIndicator *icon; /* (owned) */
  GtkWidget *menu;    /* (owned) */
  GtkWidget *state;   /* (unowned) in menu */
  GtkWidget *mesh;    /* (unowned) in menu */
  GtkWidget *start;   /* (unowned) in menu */
  gulong toggled;
  MhTrayCommandFunc func;
  gpointer user_data;
};

static void
on_open (GtkMenuItem *item, gpointer user_data)
{
  MhTrayIndicator *self = user_data;

  self->func (MH_TRAY_COMMAND_OPEN, self->user_data);
}

static void
on_copy (GtkMenuItem *item, gpointer user_data)
{
  MhTrayIndicator *self = user_data;

  self->func (MH_TRAY_COMMAND_COPY_LINK, self->user_data);
}

static void
on_toggled (GtkCheckMenuItem *item, gpointer user_data)
{
  MhTrayIndicator *self = user_data;

  self->func (gtk_check_menu_item_get_active (item) ? MH_TRAY_COMMAND_AUTOSTART_ON
                                                    : MH_TRAY_COMMAND_AUTOSTART_OFF,
              self->user_data);
}

static void
on_quit (GtkMenuItem *item, gpointer user_data)
{
  MhTrayIndicator *self = user_data;

  self->func (MH_TRAY_COMMAND_QUIT, self->user_data);
}

static GtkWidget *
append (MhTrayIndicator *self, GtkWidget *item, const char *signal, GCallback callback)
{
  gtk_menu_shell_append (GTK_MENU_SHELL (self->menu), item);
  if (callback != NULL)
    g_signal_connect (item, signal, callback, self);
  gtk_widget_show (item);

  return item;
}

static void
build_menu (MhTrayIndicator *self)
{
  GtkWidget *open;

  self->menu = g_object_ref_sink (gtk_menu_new ());
  self->state = append (self, gtk_menu_item_new_with_label (""), NULL, NULL);
  gtk_widget_set_sensitive (self->state, FALSE);
  self->mesh = append (self, gtk_menu_item_new_with_label (""), NULL, NULL);
  gtk_widget_set_sensitive (self->mesh, FALSE);
  gtk_widget_hide (self->mesh);
  append (self, gtk_separator_menu_item_new (), NULL, NULL);
  open = append (self, gtk_menu_item_new_with_mnemonic (_ ("_Open")), "activate",
                 G_CALLBACK (on_open));
  append (self, gtk_menu_item_new_with_mnemonic (_ ("_Copy login link")), "activate",
          G_CALLBACK (on_copy));
  self->start =
      append (self, gtk_check_menu_item_new_with_mnemonic (_ ("_Start at login")), NULL, NULL);
  self->toggled = g_signal_connect (self->start, "toggled", G_CALLBACK (on_toggled), self);
  append (self, gtk_separator_menu_item_new (), NULL, NULL);
  append (self, gtk_menu_item_new_with_mnemonic (_ ("_Quit")), "activate", G_CALLBACK (on_quit));

  app_indicator_set_menu (self->icon, GTK_MENU (self->menu));
  /* A middle click opens the page. */
  app_indicator_set_secondary_activate_target (self->icon, open);
}

MhTrayIndicator *
mh_tray_indicator_new (const char *icons, MhTrayCommandFunc func, gpointer user_data)
{
  MhTrayIndicator *self = g_new0 (MhTrayIndicator, 1);
  g_autofree char *name = mh_tray_icon_name (MH_TRAY_STARTING);

  self->func = func;
  self->user_data = user_data;
  self->icon = app_indicator_new ("meshhold", name, APP_INDICATOR_CATEGORY_APPLICATION_STATUS);
  if (icons != NULL)
    app_indicator_set_icon_theme_path (self->icon, icons);
  app_indicator_set_title (self->icon, "MeshHold");
  build_menu (self);
  app_indicator_set_status (self->icon, APP_INDICATOR_STATUS_ACTIVE);

  return self;
}

void
mh_tray_indicator_free (MhTrayIndicator *self)
{
  if (self == NULL)
    return;

  g_object_unref (self->icon);
  g_object_unref (self->menu);
  g_free (self);
}

void
mh_tray_indicator_show (MhTrayIndicator *self, MhTrayState state, const char *text)
{
  g_autofree char *name = NULL;

  if (self == NULL)
    return;

  name = mh_tray_icon_name (state);
  app_indicator_set_icon_full (self->icon, name, text);
  if (g_strcmp0 (gtk_menu_item_get_label (GTK_MENU_ITEM (self->state)), text) != 0)
    gtk_menu_item_set_label (GTK_MENU_ITEM (self->state), text);
}

void
mh_tray_indicator_show_mesh (MhTrayIndicator *self, const char *text)
{
  g_autofree char *title = NULL;

  if (self == NULL)
    return;

  /* Where there are tooltips, they show the title. */
  title = text != NULL ? g_strdup_printf ("MeshHold: %s", text) : g_strdup ("MeshHold");
  app_indicator_set_title (self->icon, title);
  gtk_menu_item_set_label (GTK_MENU_ITEM (self->mesh), text != NULL ? text : "");
  gtk_widget_set_visible (self->mesh, text != NULL);
}

void
mh_tray_indicator_set_autostart (MhTrayIndicator *self, gboolean on)
{
  if (self == NULL)
    return;

  g_signal_handler_block (self->start, self->toggled);
  gtk_check_menu_item_set_active (GTK_CHECK_MENU_ITEM (self->start), on);
  g_signal_handler_unblock (self->start, self->toggled);
}
