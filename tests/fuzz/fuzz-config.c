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
  static const MhConfigValue values[] = { { "node.hold", 7 }, { "sync.upload_rate", 4096 } };
  g_autoptr (MhConfig) config = NULL;
  g_autoptr (MhConfig) changed = NULL;
  g_autoptr (MhConfig) again = NULL;

  if (mh_config_check_swarm_key (text, NULL) && g_utf8_strlen (text, -1) < 95)
    __builtin_trap ();
  if (g_file_set_contents (path, (const char *) data, (gssize) size, NULL))
    config = mh_config_load (path, NULL);
  if (config != NULL)
    changed = mh_config_change (path, config, values, G_N_ELEMENTS (values), NULL);
  if (changed != NULL)
    again = mh_config_load (path, NULL);
  if (changed != NULL && (again == NULL || !mh_config_equal (again, changed)))
    __builtin_trap ();
  unlink (path);

  return 0;
}
