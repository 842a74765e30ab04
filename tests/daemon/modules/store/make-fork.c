/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "core/module.h"
#include "crypto/crypto.h"
#include "fork.h"
#include "modules/modules.h"

/*
 * Gives a file of a home, whose daemon does not run, a second newest version, as if another machine
 * had made it.
 *
 * usage: make-fork HOME VAULT PATH LIKE [LOST]
 */
int
main (int argc, char **argv)
{
  Fork fork = { argv[2], argv[3], argv[4] };
  MhCoreOptions options = { argv[1], NULL };
  g_autoptr (MhCore) core = NULL;
  g_autoptr (GError) error = NULL;
  MhConfig *config;

  if (argc < 5)
    return 2;

  if (argc > 5)
    fork.lost = (guint) g_ascii_strtoull (argv[5], NULL, 10);
  g_assert_true (mh_crypto_init (&error));
  config = mh_config_load ("/nonexistent", &error);
  g_assert_no_error (error);
  core = mh_core_new (&options, config, &error);
  g_assert_no_error (error);
  g_assert_true (mh_core_start_modules (core, mh_modules, &error));
  g_assert_no_error (error);
  fork_version (mh_core_service (core, "store"), &fork);
  mh_core_stop_modules (core);

  return 0;
}
