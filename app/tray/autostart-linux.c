/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "autostart.h"

#include <errno.h>

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "client/program.h"

#define GROUP G_KEY_FILE_DESKTOP_GROUP
#define GNOME_ENABLED "X-GNOME-Autostart-enabled"

static char *
file_name (void)
{
  return g_build_filename (g_get_user_config_dir (), "autostart", "com.meshhold.MeshHold.desktop",
                           NULL);
}

gboolean
mh_tray_autostart_get (void)
{
  g_autofree char *name = file_name ();
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!g_key_file_load_from_file (file, name, G_KEY_FILE_NONE, NULL))
    return FALSE;
  if (g_key_file_get_boolean (file, GROUP, G_KEY_FILE_DESKTOP_KEY_HIDDEN, NULL))
    return FALSE;

  /* A missing key reads as FALSE, so look first. */
  return !g_key_file_has_key (file, GROUP, GNOME_ENABLED, NULL)
         || g_key_file_get_boolean (file, GROUP, GNOME_ENABLED, NULL);
}

/* One argument of an Exec key, by the quoting rules of the Desktop Entry Specification. */
static void
append_argument (GString *exec, const char *argument)
{
  if (exec->len > 0)
    g_string_append_c (exec, ' ');
  g_string_append_c (exec, '"');
  for (const char *at = argument; *at != '\0'; at++)
    {
      if (*at == '"' || *at == '`' || *at == '$' || *at == '\\')
        g_string_append_c (exec, '\\');
      if (*at == '%')
        g_string_append_c (exec, '%');
      g_string_append_c (exec, *at);
    }
  g_string_append_c (exec, '"');
}

static char *
exec_line (const char *home)
{
  g_autofree char *own = mh_client_program ();
  g_autofree char *found = g_find_program_in_path ("meshhold-tray");
  g_autoptr (GString) exec = g_string_new (NULL);

  /* An installed program is named without its folder, so that an update may move it. */
  if (own == NULL || g_strcmp0 (own, found) == 0)
    g_string_append (exec, "meshhold-tray");
  else
    append_argument (exec, own);
  if (home != NULL)
    {
      g_string_append (exec, " --home");
      append_argument (exec, home);
    }

  return g_string_free (g_steal_pointer (&exec), FALSE);
}

static gboolean
write_entry (const char *name, const char *home, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *folder = g_path_get_dirname (name);
  g_autofree char *exec = exec_line (home);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", folder,
                   g_strerror (errno));
      return FALSE;
    }

  g_key_file_set_string (file, GROUP, G_KEY_FILE_DESKTOP_KEY_TYPE, "Application");
  g_key_file_set_string (file, GROUP, G_KEY_FILE_DESKTOP_KEY_NAME, "MeshHold");
  g_key_file_set_string (file, GROUP, G_KEY_FILE_DESKTOP_KEY_ICON, "com.meshhold.MeshHold");
  g_key_file_set_string (file, GROUP, G_KEY_FILE_DESKTOP_KEY_EXEC, exec);
  g_key_file_set_boolean (file, GROUP, G_KEY_FILE_DESKTOP_KEY_TERMINAL, FALSE);
  g_key_file_set_boolean (file, GROUP, GNOME_ENABLED, TRUE);

  return g_key_file_save_to_file (file, name, error);
}

gboolean
mh_tray_autostart_set (gboolean wanted, const char *home, GError **error)
{
  g_autofree char *name = file_name ();

  if (wanted)
    return write_entry (name, home, error);
  if (g_unlink (name) == 0 || errno == ENOENT)
    return TRUE;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", name,
               g_strerror (errno));

  return FALSE;
}
