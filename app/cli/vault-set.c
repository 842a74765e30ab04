/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/measure.h"
#include "cli/place.h"
#include "cli/tty.h"

/* Asks for a secret, or reads a line of standard input. */
static char *
read_secret (const char *prompt, GError **error)
{
  char *secret = mh_cli_tty_input () ? mh_cli_tty_ask_secret (prompt) : mh_cli_tty_read_line ();

  if (secret == NULL)
    g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                         _ ("no password was given"));

  return secret;
}

static char *
password_body (const char *password, const char *current)
{
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "password", password);
  if (current != NULL)
    mh_json_string (json, "current", current);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

gboolean
mh_cli_vault_lock (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autofree char *id = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "POST", g_strdup_printf ("/api/v1/vaults/%s/lock", id), NULL, error);

  return answer != NULL;
}

gboolean
mh_cli_vault_unlock (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *unlocked;
  char *password;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  password = read_secret (_ ("Password of the vault: "), error);
  if (password == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "POST", g_strdup ("/api/v1/vaults/unlock"),
                        password_body (password, NULL), error);
  mh_cli_tty_free_secret (password);
  if (answer == NULL)
    return FALSE;

  unlocked = mh_cli_array (answer, "unlocked");
  for (guint i = 0; !cli->json && unlocked != NULL && i < json_array_get_length (unlocked); i++)
    mh_cli_print ("%s\n", json_array_get_string_element (unlocked, i));

  return TRUE;
}

/* Reads the passwords. Returns: (transfer full): the body, or %NULL */
static char *
read_passwords (gboolean is_protected, gboolean remove, GError **error)
{
  char *current = NULL;
  char *password = NULL;
  char *body = NULL;

  if (is_protected)
    current = read_secret (_ ("Password that the vault has now: "), error);
  if (remove)
    password = g_strdup ("");
  else if (!is_protected || current != NULL)
    password = read_secret (_ ("New password: "), error);
  if (password != NULL && (!is_protected || current != NULL))
    body = password_body (password, current);
  mh_cli_tty_free_secret (current);
  mh_cli_tty_free_secret (password);

  return body;
}

gboolean
mh_cli_vault_passwd (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean remove = FALSE;
  const GOptionEntry entries[] = {
    { "remove", 0, 0, G_OPTION_ARG_NONE, &remove, N_ ("Take the password away"), NULL },
    { NULL },
  };
  g_autofree char *id = NULL;
  g_autofree char *route = NULL;
  g_autoptr (JsonNode) vault = NULL;
  g_autoptr (JsonNode) answer = NULL;
  char *body;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;
  route = g_strdup_printf ("/api/v1/vaults/%s", id);
  vault = mh_cli_api_call (cli->api, "GET", route, NULL, error);
  if (vault == NULL || !JSON_NODE_HOLDS_OBJECT (vault))
    return FALSE;

  body = read_passwords (mh_cli_bool (json_node_get_object (vault), "protected"), remove, error);
  if (body == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "PUT", g_strdup_printf ("%s/password", route), body, error);

  return answer != NULL;
}

/* The options of "vault set"; -1 and %NULL where they were not given. */
typedef struct
{
  char *quota; /* (owned) (nullable) */
  int copies;
  int versions;
  int days;
} Settings;

static char *
settings_body (const Settings *settings, GError **error)
{
  g_autoptr (MhJson) json = mh_json_new ();
  gint64 quota;

  mh_json_begin_object (json, NULL);
  if (settings->quota != NULL)
    {
      if (!mh_cli_parse_size (settings->quota, &quota, error))
        {
          g_prefix_error (error, "--quota: ");
          return NULL;
        }
      mh_json_int (json, "hard_quota", quota);
    }
  if (settings->copies >= 0)
    mh_json_int (json, "replication_factor", settings->copies);
  if (settings->versions >= 0)
    mh_json_int (json, "history_keep_versions", settings->versions);
  if (settings->days >= 0)
    mh_json_int (json, "history_keep_days", settings->days);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

gboolean
mh_cli_vault_set (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  Settings settings = { NULL, -1, -1, -1 };
  const GOptionEntry entries[] = {
    { "quota", 0, 0, G_OPTION_ARG_STRING, &settings.quota,
      N_ ("Most space on the disk, such as 500GiB, or none"), N_ ("SIZE") },
    { "copies", 0, 0, G_OPTION_ARG_INT, &settings.copies,
      N_ ("Wanted copies, on all machines that have it"), N_ ("NUMBER") },
    { "keep-versions", 0, 0, G_OPTION_ARG_INT, &settings.versions,
      N_ ("Versions of a file that are kept however old they are"), N_ ("NUMBER") },
    { "keep-days", 0, 0, G_OPTION_ARG_INT, &settings.days,
      N_ ("Days that every version and every deleted file is kept"), N_ ("NUMBER") },
    { NULL },
  };
  g_autofree char *id = NULL;
  g_autofree char *quota = NULL;
  g_autofree char *body = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  quota = settings.quota;
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;
  body = settings_body (&settings, error);
  if (body == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "PATCH", g_strdup_printf ("/api/v1/vaults/%s", id),
                        g_steal_pointer (&body), error);

  return answer != NULL;
}
