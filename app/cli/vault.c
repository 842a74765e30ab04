/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/place.h"

static char *
name_body (const char *name)
{
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "name", name);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

static void
print_vault (JsonObject *vault)
{
  g_autofree char *name = mh_cli_clean (mh_cli_str (vault, "name"));
  g_autofree char *size = g_format_size ((guint64) mh_cli_int (vault, "bytes"));
  gboolean is_ours = mh_cli_bool (vault, "trusted");

  mh_cli_print ("%s  %8" G_GINT64_FORMAT "  %10s  %s\n", mh_cli_str (vault, "id"),
                mh_cli_int (vault, "files"), size, is_ours ? name : _ ("(of others)"));
}

gboolean
mh_cli_vault_list (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *vaults;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup ("/api/v1/vaults"), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (cli->json)
    return TRUE;

  vaults = mh_cli_array (answer, "vaults");
  for (guint i = 0; vaults != NULL && i < json_array_get_length (vaults); i++)
    print_vault (json_array_get_object_element (vaults, i));

  return TRUE;
}

gboolean
mh_cli_vault_create (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "POST", g_strdup ("/api/v1/vaults"), name_body (**args), error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    mh_cli_print ("%s\n", mh_cli_str (json_node_get_object (answer), "id"));

  return TRUE;
}

gboolean
mh_cli_vault_rename (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autofree char *id = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, (*args)[0], error);
  if (id == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "PATCH", g_strdup_printf ("/api/v1/vaults/%s", id),
                        name_body ((*args)[1]), error);

  return answer != NULL;
}

gboolean
mh_cli_vault_rm (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_ ("Confirm that the vault is to be forgotten"),
      NULL },
    { NULL },
  };
  g_autofree char *id = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  if (!yes)
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                           _ ("without its key nobody can read a vault again; add --yes if that is "
                              "what you want"));
      return FALSE;
    }
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "DELETE", g_strdup_printf ("/api/v1/vaults/%s", id), NULL, error);

  return answer != NULL;
}
