/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "core/config-file.h"

#include <unistd.h>

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *path = g_strdup_printf ("%s/mh-fuzz-%d.yaml", g_get_tmp_dir (), getpid ());
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (MhConfig) config = NULL;

  if (mh_config_check_swarm_key (text, NULL) && g_utf8_strlen (text, -1) < 95)
    __builtin_trap ();
  if (g_file_set_contents (path, (const char *) data, (gssize) size, NULL))
    config = mh_config_load (path, NULL);
  unlink (path);

  return 0;
}
