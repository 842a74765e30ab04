/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/cli.h"

#define AUDIT_ROUTE "/api/v1/audit?limit=1000"

static const char *
state_text (const char *state)
{
  if (g_str_equal (state, "ready"))
    return _ ("ready");
  if (g_str_equal (state, "starting"))
    return _ ("starting");
  if (g_str_equal (state, "offline"))
    return _ ("ready, without a connection to other machines");
  if (g_str_equal (state, "attention"))
    return _ ("needs attention");

  return state;
}

gboolean
mh_cli_daemon_status (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonObject) status = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *pid = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  status = mh_client_call (cli->home, "status", error);
  if (status == NULL)
    return FALSE;
  if (cli->json)
    {
      node = json_node_init_object (json_node_alloc (), status);
      mh_cli_print_json (node);
      return TRUE;
    }

  pid = g_strdup_printf ("%" G_GINT64_FORMAT, mh_cli_int (status, "pid"));
  mh_cli_print (_ ("State:    %s\n"), state_text (mh_cli_str (status, "state")));
  if (*mh_cli_str (status, "detail") != '\0')
    mh_cli_print (_ ("Detail:   %s\n"), mh_cli_str (status, "detail"));
  mh_cli_print (_ ("Page:     %s\n"), mh_cli_str (status, "url"));
  mh_cli_print (_ ("Version:  %s\n"), mh_cli_str (status, "version"));
  mh_cli_print (_ ("Process:  %s\n"), pid);

  return TRUE;
}

gboolean
mh_cli_daemon_quit (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error) && mh_client_quit (cli->home, error);
}

static void
print_event (MhCli *cli, JsonObject *event)
{
  g_autofree char *time = NULL;
  g_autofree char *target = NULL;
  g_autofree char *detail = NULL;

  if (cli->json)
    {
      g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), event);

      mh_cli_print_json (node);
      return;
    }
  time = mh_cli_time (mh_cli_int (event, "ts_ms"));
  target = mh_cli_clean (mh_cli_str (event, "target"));
  detail = mh_cli_clean (mh_cli_str (event, "detail"));
  mh_cli_print ("%s  %-20s  %-12s  %-15s  %s%s%s\n", time, mh_cli_str (event, "type"),
                mh_cli_str (event, "actor"), mh_cli_str (event, "ip"), target,
                *target && *detail ? "  " : "", detail);
}

/* Prints what is newer than *@seen, oldest first. */
static gboolean
print_new (MhCli *cli, const char *route, gint64 *seen, GError **error)
{
  MhCliApi *api = mh_cli_api (cli, error);
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *events;

  if (api == NULL)
    return FALSE;
  answer = mh_cli_api_call (api, "GET", route, NULL, error);
  if (answer == NULL)
    return FALSE;

  events = mh_cli_array (answer, "events");
  for (guint i = events != NULL ? json_array_get_length (events) : 0; i > 0; i--)
    {
      JsonObject *event = json_array_get_object_element (events, i - 1);

      if (mh_cli_int (event, "seq") <= *seen)
        continue;
      *seen = mh_cli_int (event, "seq");
      print_event (cli, event);
    }
  fflush (stdout);

  return TRUE;
}

/* Opens the daemon's event stream; a connection of its own, since it stays busy. */
static GDataInputStream *
open_events (MhCliApi *api, GError **error)
{
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = NULL;

  message = mh_cli_api_message (api, "GET", "/api/v1/events/stream", error);
  if (message == NULL)
    return NULL;
  body = mh_cli_api_send (api, message, error);
  if (body == NULL || !mh_cli_api_check (message, body, error))
    return NULL;

  return g_data_input_stream_new (body);
}

/* Prints what comes, until the daemon ends. */
static gboolean
follow_events (MhCli *cli, gint64 *seen, GError **error)
{
  g_autoptr (MhCliApi) api = mh_cli_api_copy (cli->api);
  g_autoptr (GDataInputStream) events = open_events (api, error);
  gboolean good = events != NULL;

  /* What happened before the stream was open. */
  good = good && print_new (cli, AUDIT_ROUTE, seen, error);
  while (good)
    {
      g_autofree char *line = g_data_input_stream_read_line (events, NULL, NULL, NULL);

      if (line == NULL)
        {
          g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE,
                               _ ("the daemon ended the connection"));
          return FALSE;
        }
      if (g_str_equal (line, "event: audit") || g_str_equal (line, "event: reset"))
        good = print_new (cli, AUDIT_ROUTE, seen, error);
    }

  return FALSE;
}

gboolean
mh_cli_daemon_audit (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean follow = FALSE;
  int limit = 50;
  const GOptionEntry entries[] = {
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &follow, N_ ("Go on printing what happens"), NULL },
    { "lines", 'n', 0, G_OPTION_ARG_INT, &limit, N_ ("How many of the newest events (default: 50)"),
      N_ ("NUMBER") },
    { NULL },
  };
  g_autofree char *route = NULL;
  gint64 seen = 0;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;

  route = g_strdup_printf ("/api/v1/audit?limit=%d", CLAMP (limit, 1, 1000));
  if (!print_new (cli, route, &seen, error))
    return FALSE;

  return !follow || follow_events (cli, &seen, error);
}
