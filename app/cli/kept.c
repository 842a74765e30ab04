/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "cli/cli.h"

/* What this machine keeps for vaults whose keys it does not have. */

static void
print_kept (JsonObject *kept)
{
  g_autofree char *size =
      g_format_size_full ((guint64) mh_cli_int (kept, "bytes"), G_FORMAT_SIZE_IEC_UNITS);

  mh_cli_print (_ ("%s  %s, blocks: %d, of which nobody asks for: %d\n"),
                mh_cli_str (kept, "vault_id"), size,
                (int) MIN (mh_cli_int (kept, "blocks"), G_MAXINT),
                (int) MIN (mh_cli_int (kept, "unwanted_blocks"), G_MAXINT));
}

gboolean
mh_cli_kept_list (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *kept;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup ("/api/v1/sync"), NULL, error);
  if (answer == NULL)
    return FALSE;

  kept = cli->json ? NULL : mh_cli_array (answer, "held");
  for (guint i = 0; kept != NULL && i < json_array_get_length (kept); i++)
    print_kept (json_array_get_object_element (kept, i));

  return TRUE;
}

gboolean
mh_cli_kept_rm (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_ ("Confirm that it may be the only copy"), NULL },
    { NULL },
  };
  g_autoptr (JsonNode) answer = NULL;
  g_autofree char *id = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  if (!yes)
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                           _ ("there may be no other copy of what is kept; add --yes to give it "
                              "up"));
      return FALSE;
    }
  id = g_uri_escape_string (**args, NULL, FALSE);
  answer = mh_cli_call (cli, "DELETE", g_strdup_printf ("/api/v1/sync/held/%s", id), NULL, error);

  return answer != NULL;
}
