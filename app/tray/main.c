/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <gtk/gtk.h>

#include "client/program.h"
#include "tray/app.h"

static gboolean
parse (int *argc, char ***argv, MhTrayOptions *options, gboolean *open, gboolean *version)
{
  const GOptionEntry entries[] = {
    { "home", 0, 0, G_OPTION_ARG_FILENAME, &options->home,
      N_ ("Folder of the daemon (default: the one of this session)"), N_ ("DIR") },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &options->listen,
      N_ ("Where a daemon that is started listens"), N_ ("HOST:PORT") },
    { "open", 0, 0, G_OPTION_ARG_NONE, open, N_ ("Open the page as soon as there is one"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, version, N_ ("Print the version"), NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, _ ("Shows MeshHold in the tray, starts it and opens its "
                                            "page."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_group (context, gtk_get_option_group (FALSE));
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;

  g_printerr ("meshhold-tray: %s\n", error->message);

  return FALSE;
}

int
main (int argc, char **argv)
{
  MhTrayOptions options = { NULL };
  gboolean open = FALSE;
  gboolean version = FALSE;
  int code = 2;

  mh_client_set_locale ();
  /* Desktops match windows and notifications with this name. */
  g_set_prgname ("com.meshhold.MeshHold");
  g_set_application_name ("MeshHold");

  if (!parse (&argc, &argv, &options, &open, &version))
    code = 2;
  else if (version)
    {
      g_print ("meshhold-tray %s\n", MH_VERSION);
      code = 0;
    }
  else if (!gtk_init_check (&argc, &argv))
    {
      g_printerr ("meshhold-tray: %s\n",
                  _ ("there is no display; “meshhold login-url” prints a link to the page"));
      code = 1;
    }
  else
    {
      if (options.home == NULL)
        options.home = g_strdup (g_getenv ("MESHHOLD_HOME"));
      if (options.home != NULL)
        {
          /* The name is used again at the next login, from another folder. */
          char *full = g_canonicalize_filename (options.home, NULL);

          g_free (options.home);
          options.home = full;
        }
      code = mh_tray_app_run (&options, open);
    }

  g_free (options.home);
  g_free (options.listen);

  return code;
}
