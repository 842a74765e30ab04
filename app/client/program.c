/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "program.h"

#include <locale.h>

#include <glib/gi18n.h>

char *
mh_client_built (const char *name)
{
  g_autofree char *own = mh_client_program ();
  g_autofree char *dir = own != NULL ? g_path_get_dirname (own) : NULL;
  g_autofree char *folder = dir != NULL ? g_path_get_basename (dir) : NULL;
  g_autofree char *path = dir != NULL ? g_build_filename (dir, "..", name, NULL) : NULL;

  /* Programs of a build tree are in app/. */
  if (g_strcmp0 (folder, "app") != 0 || !g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;

  return g_canonicalize_filename (path, NULL);
}

char *
mh_client_daemon (void)
{
  g_autofree char *built = mh_client_built ("daemon/meshholdd");
  g_autofree char *own = mh_client_program ();
  g_autofree char *dir = own != NULL ? g_path_get_dirname (own) : g_strdup (MH_BINDIR);
  g_autofree char *beside = g_build_filename (dir, "meshholdd", NULL);

  if (built != NULL)
    return g_steal_pointer (&built);
  if (g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);

  return g_find_program_in_path ("meshholdd");
}

void
mh_client_set_locale (void)
{
  g_autofree char *built = mh_client_built ("po");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, built != NULL ? built : MH_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
