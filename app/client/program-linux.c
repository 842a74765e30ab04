/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "program.h"

#include <errno.h>
#include <gio/gio.h>
#include <unistd.h>

char *
mh_client_program (void)
{
  return g_file_read_link ("/proc/self/exe", NULL);
}

void
mh_client_become (char **argv, GError **error)
{
  execv (argv[0], argv);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", argv[0],
               g_strerror (errno));
}
