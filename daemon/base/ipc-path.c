/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ipc-path.h"

#include <string.h>

#include "owner.h"

/* sun_path has 104 bytes on the BSDs and 108 on Linux, with the final NUL. */
#define PATH_BYTES_MAX 100

static const char *
named_home (const char *home)
{
  if (home == NULL)
    home = g_getenv ("MESHHOLD_HOME");

  return home != NULL && *home != '\0' ? home : NULL;
}

char *
mh_ipc_default_home (void)
{
  const char *home = named_home (NULL);

  if (home != NULL)
    return g_canonicalize_filename (home, NULL);

  return g_build_filename (g_get_home_dir (), ".meshhold", NULL);
}

static char *
socket_dir (const char *home)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");

  if (home != NULL)
    return g_canonicalize_filename (home, NULL);
  if (runtime != NULL && g_path_is_absolute (runtime))
    return g_build_filename (runtime, "meshhold", NULL);

  return mh_ipc_default_home ();
}

char *
mh_ipc_default_path (const char *home)
{
  g_autofree char *dir = socket_dir (named_home (home));
  g_autofree char *path = g_build_filename (dir, "ipc.sock", NULL);
  g_autofree char *hash = NULL;
  g_autofree char *tag = NULL;

  if (strlen (path) <= PATH_BYTES_MAX)
    return g_steal_pointer (&path);

  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, dir, -1);
  tag = mh_owner_tag ();

  return g_strdup_printf ("/tmp/meshhold-%s-%.16s/ipc.sock", tag, hash);
}
