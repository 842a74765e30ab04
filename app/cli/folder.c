/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/place.h"

/* What is said of the state of a folder. */
static const char *
state_text (const char *state)
{
  static const char *const texts[][2] = {
    { "idle", N_ ("up to date") }, { "running", N_ ("working") },       { "paused", N_ ("paused") },
    { "held", N_ ("held back") },  { "unavailable", N_ ("not there") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      if (g_str_equal (texts[i][0], state))
        return _ (texts[i][1]);
    }

  return state;
}

/* Returns: (transfer full): the name of a vault, or its id when it has none */
static char *
vault_name (JsonNode *vaults, const char *id)
{
  JsonArray *list = mh_cli_array (vaults, "vaults");

  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      JsonObject *vault = json_array_get_object_element (list, i);

      if (g_str_equal (mh_cli_str (vault, "id"), id))
        return mh_cli_clean (mh_cli_str (vault, "name"));
    }

  return g_strdup (id);
}

gboolean
mh_cli_folder_list (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (JsonNode) vaults = NULL;
  JsonArray *folders;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup ("/api/v1/folders"), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (cli->json)
    return TRUE;

  vaults = mh_cli_api_call (cli->api, "GET", "/api/v1/vaults", NULL, error);
  if (vaults == NULL)
    return FALSE;

  folders = mh_cli_array (answer, "folders");
  for (guint i = 0; folders != NULL && i < json_array_get_length (folders); i++)
    {
      JsonObject *folder = json_array_get_object_element (folders, i);
      g_autofree char *path = mh_cli_clean (mh_cli_str (folder, "path"));
      g_autofree char *name = vault_name (vaults, mh_cli_str (folder, "vault_id"));

      mh_cli_print ("%s  %s  %s\n", path, name, state_text (mh_cli_str (folder, "state")));
    }

  return TRUE;
}

static void
print_paths (JsonObject *folder, const char *member, const char *title)
{
  JsonArray *list = json_object_has_member (folder, member)
                        ? json_object_get_array_member (folder, member)
                        : NULL;

  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      JsonObject *entry = json_array_get_object_element (list, i);
      g_autofree char *path = mh_cli_clean (mh_cli_str (entry, "path"));
      g_autofree char *why = mh_cli_clean (mh_cli_str (entry, "error"));

      if (i == 0)
        mh_cli_print ("%s\n", title);
      mh_cli_print ("  %s: %s\n", path, why);
    }
}

static void
print_held (JsonObject *folder)
{
  JsonNode *node = json_object_get_member (folder, "held");
  JsonObject *held;
  JsonArray *samples;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;

  held = json_node_get_object (node);
  mh_cli_print (_ ("Held back: %d files changed, %d deleted, %d new, %d renamed.\n"),
                (int) mh_cli_int (held, "changed"), (int) mh_cli_int (held, "deleted"),
                (int) mh_cli_int (held, "created"), (int) mh_cli_int (held, "moved"));
  samples = mh_cli_array (node, "samples");
  for (guint i = 0; samples != NULL && i < json_array_get_length (samples); i++)
    {
      g_autofree char *path = mh_cli_clean (json_array_get_string_element (samples, i));

      mh_cli_print ("  %s\n", path);
    }
  mh_cli_print (_ ("“meshhold folder release” lets them in, “meshhold folder rollback” puts the "
                   "folder back.\n"));
}

static void
print_folder (JsonObject *folder)
{
  g_autofree char *path = mh_cli_clean (mh_cli_str (folder, "path"));
  g_autofree char *why = mh_cli_clean (mh_cli_str (folder, "error"));
  g_autofree char *watch = mh_cli_clean (mh_cli_str (folder, "watch_error"));

  mh_cli_print (_ ("%s: %s, %d files\n"), path, state_text (mh_cli_str (folder, "state")),
                (int) mh_cli_int (folder, "files"));
  if (*why != '\0')
    mh_cli_print ("%s\n", why);
  if (*watch != '\0')
    mh_cli_print (_ ("Changes are found every ten minutes only: %s\n"), watch);
  print_held (folder);
  print_paths (folder, "skipped_paths", _ ("Left out:"));
  print_paths (folder, "failures", _ ("Failed:"));
}

gboolean
mh_cli_folder_status (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autofree char *id = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup_printf ("/api/v1/vaults/%s/folder", id), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    print_folder (json_node_get_object (answer));

  return TRUE;
}

gboolean
mh_cli_folder_add (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  int percent = 0;
  int files = 0;
  const GOptionEntry entries[] = {
    { "guard-percent", 0, 0, G_OPTION_ARG_INT, &percent,
      N_ ("Hold changes back when more of a hundred files are changed or deleted at once"),
      N_ ("NUMBER") },
    { "guard-files", 0, 0, G_OPTION_ARG_INT, &files,
      N_ ("Hold changes back when more files than this are, in any case"), N_ ("NUMBER") },
    { NULL },
  };
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *id = NULL;
  g_autofree char *path = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, (*args)[1], error);
  if (id == NULL)
    return FALSE;

  path = g_canonicalize_filename ((*args)[0], NULL);
  mh_json_begin_object (json, NULL);
  mh_json_string (json, "path", path);
  if (percent != 0)
    mh_json_int (json, "guard_percent", percent);
  if (files != 0)
    mh_json_int (json, "guard_files", files);
  mh_json_end_object (json);
  answer = mh_cli_call (cli, "PUT", g_strdup_printf ("/api/v1/vaults/%s/folder", id),
                        mh_json_steal (json), error);

  return answer != NULL;
}

/* The second word of the command is that of the route. */
gboolean
mh_cli_folder_act (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  const char *verb = strchr (command->name, ' ') + 1;
  g_autofree char *id = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;

  if (g_str_equal (verb, "remove"))
    answer =
        mh_cli_call (cli, "DELETE", g_strdup_printf ("/api/v1/vaults/%s/folder", id), NULL, error);
  else
    answer = mh_cli_call (cli, "POST", g_strdup_printf ("/api/v1/vaults/%s/folder/%s", id, verb),
                          NULL, error);

  return answer != NULL;
}
