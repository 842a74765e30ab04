/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "cli/place.h"

static void
print_found (JsonNode *answer)
{
  JsonArray *files = mh_cli_array (answer, "files");

  for (guint i = 0; files != NULL && i < json_array_get_length (files); i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);
      g_autofree char *path = mh_cli_clean (mh_cli_str (file, "path"));
      g_autofree char *size = g_format_size ((guint64) mh_cli_int (file, "size"));
      g_autofree char *time = mh_cli_time (mh_cli_int (file, "mtime_ms"));

      mh_cli_print ("%10s  %s  %s\n", size, time, path);
    }
}

gboolean
mh_cli_search (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autofree char *vault = NULL;
  g_autofree char *words = NULL;
  g_autofree char *escaped = NULL;
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *object;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;

  vault = mh_cli_place_find_vault (cli, **args, error);
  if (vault == NULL)
    return FALSE;

  words = g_strjoinv (" ", *args + 1);
  escaped = g_uri_escape_string (words, NULL, FALSE);
  answer = mh_cli_call (
      cli, "GET", g_strdup_printf ("/api/v1/vaults/%s/search?limit=1000&q=%s", vault, escaped),
      NULL, error);
  if (answer == NULL)
    return FALSE;

  if (cli->json)
    return TRUE;

  print_found (answer);
  object = json_node_get_object (answer);
  if (!mh_cli_bool (object, "complete") || *mh_cli_str (object, "cursor") != '\0')
    g_printerr ("%s\n", _ ("There may be more; name more of the words."));

  return TRUE;
}
