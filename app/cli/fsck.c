/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "cli/cli.h"
#include "client/program.h"

/* The checks are the daemon's, on a home that no daemon uses. */
gboolean
mh_cli_fsck (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean rebuild = FALSE;
  gboolean quick = FALSE;
  const GOptionEntry entries[] = {
    { "rebuild", 0, 0, G_OPTION_ARG_NONE, &rebuild, N_ ("Make the index anew from the segments"),
      NULL },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &quick, N_ ("Check the index only"), NULL },
    { NULL },
  };
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  char *program;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  program = mh_client_daemon ();
  if (program == NULL)
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED,
                           _ ("the program meshholdd is not installed"));
      return FALSE;
    }

  g_ptr_array_add (argv, program);
  g_ptr_array_add (argv, g_strdup ("--fsck"));
  if (cli->home != NULL)
    {
      g_ptr_array_add (argv, g_strdup ("--home"));
      g_ptr_array_add (argv, g_strdup (cli->home));
    }
  if (rebuild)
    g_ptr_array_add (argv, g_strdup ("--rebuild"));
  if (quick)
    g_ptr_array_add (argv, g_strdup ("--quick"));
  if (cli->json)
    g_ptr_array_add (argv, g_strdup ("--json"));
  g_ptr_array_add (argv, NULL);
  mh_client_become ((char **) argv->pdata, error);

  return FALSE;
}
