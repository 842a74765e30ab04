/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli.h"

#include <stdio.h>

#include <glib/gi18n.h>

#include "base/json.h"

GOptionEntry *
mh_cli_options (MhCli *cli)
{
  const GOptionEntry entries[] = {
    { "home", 0, 0, G_OPTION_ARG_FILENAME, &cli->home,
      N_ ("Folder of the daemon (default: the one of this session)"), N_ ("DIR") },
    { "api", 0, 0, G_OPTION_ARG_STRING, &cli->url,
      N_ ("Address of the daemon's API (default: ask the daemon)"), N_ ("URL") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &cli->json, N_ ("Print what the API answers, as JSON"),
      NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &cli->version, N_ ("Print the version"), NULL },
    { NULL },
  };

  return g_memdup2 (entries, sizeof entries);
}

char *
mh_cli_usage (const MhCliCommand *command)
{
  /* The translation of nothing is the head of the catalogue. */
  if (*command->arguments == '\0')
    return g_strdup (command->name);

  return g_strdup_printf ("%s %s", command->name, _ (command->arguments));
}

static gboolean
count_is_right (const MhCliCommand *command, char **args, GError **error)
{
  guint count = g_strv_length (args);
  g_autofree char *usage = NULL;

  if (count >= command->args_min && count <= command->args_max)
    return TRUE;

  usage = mh_cli_usage (command);
  g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE, _ ("use: meshhold %s"), usage);

  return FALSE;
}

/* The parser leaves a "--" when something behind it begins with a dash. */
static void
drop_dashes (char **args)
{
  gsize at = 0;

  while (args[at] != NULL && !g_str_equal (args[at], "--"))
    at++;
  if (args[at] == NULL)
    return;

  g_free (args[at]);
  for (; args[at + 1] != NULL; at++)
    args[at] = args[at + 1];
  args[at] = NULL;
}

gboolean
mh_cli_parse (MhCli *cli, const MhCliCommand *command, const GOptionEntry *entries, char ***args,
              GError **error)
{
  g_autofree char *parameters =
      g_strdup_printf ("%s %s", command->name, *command->arguments ? _ (command->arguments) : "");
  g_autoptr (GOptionContext) context = g_option_context_new (parameters);
  g_autofree GOptionEntry *global = mh_cli_options (cli);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  g_option_context_set_summary (context, _ (command->summary));
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, global, GETTEXT_PACKAGE);

  /* The parser expects the name of the program first. */
  g_strv_builder_add (builder, "meshhold");
  g_strv_builder_addv (builder, (const char **) *args);
  words = g_strv_builder_end (builder);
  if (!g_option_context_parse_strv (context, &words, &local_error))
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE, local_error->message);
      return FALSE;
    }

  g_strfreev (*args);
  *args = g_strdupv (words + 1);
  drop_dashes (*args);

  return count_is_right (command, *args, error);
}

MhCliApi *
mh_cli_api (MhCli *cli, GError **error)
{
  if (cli->api == NULL)
    cli->api = mh_cli_api_new (cli->home, cli->url, error);

  return cli->api;
}

void
mh_cli_print (const char *format, ...)
{
  va_list values;

  va_start (values, format);
  vprintf (format, values);
  va_end (values);
}

void
mh_cli_print_json (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  mh_cli_print ("%s\n", text);
}

JsonNode *
mh_cli_call (MhCli *cli, const char *method, char *path, char *body, GError **error)
{
  g_autofree char *own_path = path;
  g_autofree char *own_body = body;
  MhCliApi *api = mh_cli_api (cli, error);
  g_autoptr (JsonNode) answer = NULL;

  if (api == NULL)
    return NULL;

  answer = mh_cli_api_call (api, method, own_path, own_body, error);
  if (answer != NULL && cli->json && !JSON_NODE_HOLDS_NULL (answer))
    mh_cli_print_json (answer);

  return g_steal_pointer (&answer);
}

char *
mh_cli_clean (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (clean, g_unichar_iscntrl (c) ? 0xFFFD : c);
    }

  return g_string_free (clean, FALSE);
}

char *
mh_cli_time (gint64 ms)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (ms / 1000);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : g_strdup ("-");
}

const char *
mh_cli_str (JsonObject *object, const char *name)
{
  const char *text = mh_json_member (object, name);

  return text != NULL ? text : "";
}

gint64
mh_cli_int (JsonObject *object, const char *name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

gboolean
mh_cli_bool (JsonObject *object, const char *name)
{
  return json_object_get_boolean_member_with_default (object, name, FALSE);
}

JsonArray *
mh_cli_array (JsonNode *node, const char *name)
{
  JsonNode *member;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  member = json_object_get_member (json_node_get_object (node), name);

  return member != NULL && JSON_NODE_HOLDS_ARRAY (member) ? json_node_get_array (member) : NULL;
}
