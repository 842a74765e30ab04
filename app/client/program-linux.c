/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "program.h"

char *
mh_client_program (void)
{
  return g_file_read_link ("/proc/self/exe", NULL);
}
