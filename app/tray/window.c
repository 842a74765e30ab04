/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "view.h"

#include <glib/gi18n.h>

#define SPACE 12
#define ICON_PIXELS 48

struct _MhTrayWindow
{
  GtkWidget *window; /* (owned by GTK until destroyed in free) */
  GtkWidget *image;  /* (unowned) in window, as those below */
  GtkWidget *state;
  GtkWidget *mesh;
  GtkWidget *start;
  gulong toggled;
  MhTrayCommandFunc func;
  gpointer user_data;
};

char *
mh_tray_icon_name (MhTrayState state)
{
  return g_strdup_printf ("meshhold-%s-symbolic", mh_tray_state_name (state));
}

static void
on_open (GtkButton *button, gpointer user_data)
{
  MhTrayWindow *self = user_data;

  self->func (MH_TRAY_COMMAND_OPEN, self->user_data);
}

static void
on_copy (GtkButton *button, gpointer user_data)
{
  MhTrayWindow *self = user_data;

  self->func (MH_TRAY_COMMAND_COPY_LINK, self->user_data);
}

static void
on_toggled (GtkToggleButton *button, gpointer user_data)
{
  MhTrayWindow *self = user_data;

  self->func (gtk_toggle_button_get_active (button) ? MH_TRAY_COMMAND_AUTOSTART_ON
                                                    : MH_TRAY_COMMAND_AUTOSTART_OFF,
              self->user_data);
}

static void
on_quit (GtkButton *button, gpointer user_data)
{
  MhTrayWindow *self = user_data;

  self->func (MH_TRAY_COMMAND_QUIT, self->user_data);
}

/* Without a tray, a hidden program could not be reached any more: closing is quitting. */
static gboolean
on_close (GtkWidget *window, GdkEvent *event, gpointer user_data)
{
  MhTrayWindow *self = user_data;

  self->func (MH_TRAY_COMMAND_QUIT, self->user_data);

  return GDK_EVENT_STOP;
}

static GtkWidget *
add_button (GtkWidget *box, const char *label, GCallback callback, MhTrayWindow *self)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  g_signal_connect (button, "clicked", callback, self);
  gtk_container_add (GTK_CONTAINER (box), button);

  return button;
}

static GtkWidget *
add_text (GtkWidget *box)
{
  GtkWidget *label = gtk_label_new ("");

  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 40);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_container_add (GTK_CONTAINER (box), label);

  return label;
}

static void
build (MhTrayWindow *self)
{
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, SPACE);
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, SPACE);
  GtkWidget *open;

  gtk_container_set_border_width (GTK_CONTAINER (box), SPACE);
  self->image = gtk_image_new ();
  gtk_image_set_pixel_size (GTK_IMAGE (self->image), ICON_PIXELS);
  gtk_widget_set_valign (texts, GTK_ALIGN_CENTER);
  self->state = add_text (texts);
  self->mesh = add_text (texts);
  gtk_container_add (GTK_CONTAINER (head), self->image);
  gtk_container_add (GTK_CONTAINER (head), texts);
  gtk_container_add (GTK_CONTAINER (box), head);

  open = add_button (box, _ ("_Open"), G_CALLBACK (on_open), self);
  gtk_style_context_add_class (gtk_widget_get_style_context (open), "suggested-action");
  add_button (box, _ ("_Copy login link"), G_CALLBACK (on_copy), self);
  self->start = gtk_check_button_new_with_mnemonic (_ ("_Start at login"));
  self->toggled = g_signal_connect (self->start, "toggled", G_CALLBACK (on_toggled), self);
  gtk_container_add (GTK_CONTAINER (box), self->start);
  add_button (box, _ ("_Quit"), G_CALLBACK (on_quit), self);
  gtk_container_add (GTK_CONTAINER (self->window), box);
  gtk_widget_show_all (box);
  gtk_widget_hide (self->mesh);
  gtk_widget_grab_focus (open);
}

MhTrayWindow *
mh_tray_window_new (GtkApplication *app, MhTrayCommandFunc func, gpointer user_data)
{
  MhTrayWindow *self = g_new0 (MhTrayWindow, 1);

  self->func = func;
  self->user_data = user_data;
  self->window = gtk_application_window_new (app);
  gtk_window_set_title (GTK_WINDOW (self->window), "MeshHold");
  gtk_window_set_icon_name (GTK_WINDOW (self->window), "com.meshhold.MeshHold");
  gtk_window_set_resizable (GTK_WINDOW (self->window), FALSE);
  gtk_window_set_default_size (GTK_WINDOW (self->window), 320, -1);
  g_signal_connect (self->window, "delete-event", G_CALLBACK (on_close), self);
  build (self);

  return self;
}

void
mh_tray_window_free (MhTrayWindow *self)
{
  if (self == NULL)
    return;

  gtk_widget_destroy (self->window);
  g_free (self);
}

void
mh_tray_window_show (MhTrayWindow *self, MhTrayState state, const char *text)
{
  g_autofree char *name = mh_tray_icon_name (state);

  gtk_image_set_from_icon_name (GTK_IMAGE (self->image), name, GTK_ICON_SIZE_DIALOG);
  gtk_label_set_text (GTK_LABEL (self->state), text);
}

void
mh_tray_window_show_mesh (MhTrayWindow *self, const char *text)
{
  gtk_label_set_text (GTK_LABEL (self->mesh), text != NULL ? text : "");
  gtk_widget_set_visible (self->mesh, text != NULL);
}

void
mh_tray_window_set_autostart (MhTrayWindow *self, gboolean on)
{
  g_signal_handler_block (self->start, self->toggled);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->start), on);
  g_signal_handler_unblock (self->start, self->toggled);
}

void
mh_tray_window_set_visible (MhTrayWindow *self, gboolean visible)
{
  if (visible)
    gtk_window_present (GTK_WINDOW (self->window));
  else
    gtk_widget_hide (self->window);
}

static void
on_response (GtkDialog *dialog, int response, gpointer user_data)
{
  gtk_widget_destroy (GTK_WIDGET (dialog));
}

void
mh_tray_window_offer_link (MhTrayWindow *self, const char *text, const char *url)
{
  GtkWidget *dialog = gtk_message_dialog_new (
      gtk_widget_get_visible (self->window) ? GTK_WINDOW (self->window) : NULL, 0, GTK_MESSAGE_INFO,
      GTK_BUTTONS_CLOSE, "%s", text);
  GtkWidget *entry = gtk_entry_new ();
  GtkWidget *area = gtk_message_dialog_get_message_area (GTK_MESSAGE_DIALOG (dialog));

  gtk_window_set_title (GTK_WINDOW (dialog), "MeshHold");
  gtk_entry_set_text (GTK_ENTRY (entry), url);
  gtk_editable_set_editable (GTK_EDITABLE (entry), FALSE);
  gtk_entry_set_width_chars (GTK_ENTRY (entry), 40);
  gtk_container_add (GTK_CONTAINER (area), entry);
  gtk_widget_show (entry);
  gtk_widget_grab_focus (entry);
  g_signal_connect (dialog, "response", G_CALLBACK (on_response), NULL);
  gtk_widget_show (dialog);
}
