/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "base/ipc-path.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"

/* Prints one member of the answer to @op, or all of it for programs. */
static gboolean
print_member (MhCli *cli, const char *op, const char *member, GError **error)
{
  g_autoptr (JsonObject) reply = mh_client_call (cli->home, op, error);
  g_autoptr (JsonNode) node = NULL;

  if (reply == NULL)
    return FALSE;

  if (cli->json)
    {
      node = json_node_init_object (json_node_alloc (), reply);
      mh_cli_print_json (node);
      return TRUE;
    }
  mh_cli_print ("%s\n", mh_cli_str (reply, member));

  return TRUE;
}

gboolean
mh_cli_access_login_url (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error)
         && print_member (cli, "ticket", "url", error);
}

gboolean
mh_cli_access_token (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error)
         && print_member (cli, "token", "token", error);
}

static char *
ask_password (GError **error)
{
  char *first;
  char *second;
  gboolean same;

  if (!mh_cli_tty_input ())
    first = mh_cli_tty_read_line ();
  else
    first = mh_cli_tty_ask_secret (_ ("New password: "));
  if (first == NULL || *first == '\0')
    {
      g_free (first);
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                           _ ("no password was given"));
      return NULL;
    }
  if (!mh_cli_tty_input ())
    return first;

  second = mh_cli_tty_ask_secret (_ ("The same again: "));
  same = second != NULL && g_str_equal (first, second);
  mh_cli_tty_free_secret (second);
  if (same)
    return first;

  mh_cli_tty_free_secret (first);
  g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                       _ ("the two passwords differ"));

  return NULL;
}

/* Only who may read the daemon's folder may replace the password. */
static char *
read_admin_token (MhCli *cli, GError **error)
{
  g_autoptr (JsonObject) hello = NULL;
  g_autofree char *home = NULL;
  g_autofree char *path = NULL;
  char *token = NULL;

  if (cli->home != NULL)
    home = g_strdup (cli->home);
  else
    {
      hello = mh_client_call (NULL, "hello", error);
      if (hello == NULL)
        return NULL;
      home = g_strdup (mh_json_member (hello, "home"));
    }
  if (home == NULL)
    home = mh_ipc_default_home ();

  path = g_build_filename (home, "metadata", "cli-admin.token", NULL);
  if (!g_file_get_contents (path, &token, NULL, error))
    {
      g_prefix_error (error, "%s: ", _ ("is the daemon running?"));
      return NULL;
    }

  return g_strstrip (token);
}

static gboolean
set_password (MhCli *cli, const char *token, const char *password, GError **error)
{
  g_autoptr (MhCliApi) api = mh_cli_api_new_open (cli->home, cli->url, error);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) answer = NULL;
  g_autoptr (MhJson) json = mh_json_new ();
  g_autoptr (GBytes) body = NULL;
  char *text;

  if (api == NULL)
    return FALSE;
  message = mh_cli_api_message (api, "POST", "/api/v1/auth/admin/set-password", error);
  if (message == NULL)
    return FALSE;

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "password", password);
  mh_json_end_object (json);
  text = mh_json_steal (json);
  body = g_bytes_new_with_free_func (text, strlen (text), (GDestroyNotify) mh_cli_tty_free_secret,
                                     text);
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  mh_cli_api_set_admin_token (message, token);
  answer = mh_cli_api_send (api, message, error);

  return answer != NULL && mh_cli_api_check (message, answer, error);
}

gboolean
mh_cli_access_passwd (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  char *token;
  char *password;
  gboolean set;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  token = read_admin_token (cli, error);
  password = token != NULL ? ask_password (error) : NULL;
  set = password != NULL && set_password (cli, token, password, error);
  mh_cli_tty_free_secret (password);
  mh_cli_tty_free_secret (token);
  if (set && !cli->json)
    g_printerr ("%s\n", _ ("The password is set. Whoever was logged in must log in again."));

  return set;
}
