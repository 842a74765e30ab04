/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "helper.h"

char *
mh_helper_path (const char *folder, const char *name)
{
  g_autofree char *own = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *dir = own != NULL ? g_path_get_dirname (own) : NULL;
  g_autofree char *built = dir != NULL ? g_build_filename (dir, folder, name, NULL) : NULL;

  if (built != NULL && g_file_test (built, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&built);

  return g_build_filename (MH_LIBEXECDIR, name, NULL);
}
