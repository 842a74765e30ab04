/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "tray/machine.h"

G_BEGIN_DECLS

/* What a person can ask of the tray, in its menu or in its window. */
typedef enum
{
  MH_TRAY_COMMAND_OPEN,
  MH_TRAY_COMMAND_COPY_LINK,
  MH_TRAY_COMMAND_AUTOSTART_ON,
  MH_TRAY_COMMAND_AUTOSTART_OFF,
  MH_TRAY_COMMAND_QUIT,
} MhTrayCommand;

typedef void (*MhTrayCommandFunc) (MhTrayCommand command, gpointer user_data);

/* The icon in the tray, with its menu. */
typedef struct _MhTrayIndicator MhTrayIndicator;

/**
 * mh_tray_indicator_new:
 * @icons: (nullable): folder of the icons when they are not installed
 * @func: hears what is asked
 * @user_data: for @func
 *
 * Thread: the loop, as for everything here.
 * Returns: (transfer full) (nullable): the icon; %NULL where the system has none
 */
MhTrayIndicator *mh_tray_indicator_new (const char *icons, MhTrayCommandFunc func,
                                        gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void mh_tray_indicator_free (MhTrayIndicator *self);
void mh_tray_indicator_show (MhTrayIndicator *self, MhTrayState state, const char *text);

/* Shows what is known of the other machines, in the menu and as the tooltip; %NULL for nothing. */
void mh_tray_indicator_show_mesh (MhTrayIndicator *self, const char *text);
void mh_tray_indicator_set_autostart (MhTrayIndicator *self, gboolean on);

/* The same in a window, for desktops that show no icons. */
typedef struct _MhTrayWindow MhTrayWindow;

/**
 * mh_tray_window_new:
 * @app: the application
 * @func: hears what is asked
 * @user_data: for @func
 *
 * Returns: (transfer full): the window, not shown yet
 */
MhTrayWindow *mh_tray_window_new (GtkApplication *app, MhTrayCommandFunc func,
                                  gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void mh_tray_window_free (MhTrayWindow *self);
void mh_tray_window_show (MhTrayWindow *self, MhTrayState state, const char *text);

/* Shows what is known of the other machines; %NULL for nothing. */
void mh_tray_window_show_mesh (MhTrayWindow *self, const char *text);
void mh_tray_window_set_autostart (MhTrayWindow *self, gboolean on);
void mh_tray_window_set_visible (MhTrayWindow *self, gboolean visible);

/**
 * mh_tray_window_offer_link:
 * @self: the window; it need not be visible
 * @text: why the link is shown
 * @url: the link
 *
 * Shows a login link, to be copied by hand.
 */
void mh_tray_window_offer_link (MhTrayWindow *self, const char *text, const char *url);

/**
 * mh_tray_icon_name:
 * @state: a state
 *
 * Returns: (transfer full): name of its icon
 */
char *mh_tray_icon_name (MhTrayState state) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
