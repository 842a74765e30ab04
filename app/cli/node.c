/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/cli.h"

/* Returns: (transfer full): the id of the machine that @word, a name or an id, means; or %NULL with
 * @error set */
static char *
find_node (MhCli *cli, const char *word, GError **error)
{
  MhCliApi *api = mh_cli_api (cli, error);
  g_autoptr (JsonNode) answer =
      api != NULL ? mh_cli_api_call (api, "GET", "/api/v1/nodes", NULL, error) : NULL;
  JsonArray *nodes = answer != NULL ? mh_cli_array (answer, "nodes") : NULL;
  const char *found = NULL;

  if (answer == NULL)
    return NULL;
  for (guint i = 0; nodes != NULL && i < json_array_get_length (nodes); i++)
    {
      JsonObject *node = json_array_get_object_element (nodes, i);

      if (g_str_equal (mh_cli_str (node, "node_id"), word))
        return g_strdup (word);
      if (!g_str_equal (mh_cli_str (node, "display_name"), word))
        continue;
      if (found != NULL)
        {
          g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                       _ ("several machines are called “%s”: use the id of one"), word);
          return NULL;
        }
      found = mh_cli_str (node, "node_id");
    }

  /* the daemon says what is wrong with an id that nobody has */
  return g_strdup (found != NULL ? found : word);
}

static void
print_node (JsonObject *node)
{
  g_autofree char *name = mh_cli_clean (mh_cli_str (node, "display_name"));
  g_autofree char *room = g_format_size ((guint64) mh_cli_int (node, "free_bytes"));
  const char *state = mh_cli_bool (node, "self")     ? _ ("this one")
                      : mh_cli_bool (node, "online") ? _ ("online")
                                                     : _ ("offline");

  mh_cli_print ("%s  %-8s  %10s  %s\n", mh_cli_str (node, "node_id"), state, room, name);
}

gboolean
mh_cli_node_list (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *nodes;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup ("/api/v1/nodes"), NULL, error);
  if (answer == NULL)
    return FALSE;

  nodes = cli->json ? NULL : mh_cli_array (answer, "nodes");
  for (guint i = 0; nodes != NULL && i < json_array_get_length (nodes); i++)
    print_node (json_array_get_object_element (nodes, i));

  return TRUE;
}

gboolean
mh_cli_node_speedtest (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  g_autofree char *id = NULL;
  g_autofree char *escaped = NULL;
  g_autofree char *up = NULL;
  g_autofree char *down = NULL;
  JsonObject *result;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = find_node (cli, **args, error);
  if (id == NULL)
    return FALSE;
  escaped = g_uri_escape_string (id, NULL, FALSE);
  answer = mh_cli_call (cli, "POST", g_strdup_printf ("/api/v1/network/speedtest/%s", escaped),
                        NULL, error);
  if (answer == NULL)
    return FALSE;
  if (cli->json || !JSON_NODE_HOLDS_OBJECT (answer))
    return TRUE;

  result = json_node_get_object (answer);
  up = g_format_size ((guint64) mh_cli_int (result, "up_bps"));
  down = g_format_size ((guint64) mh_cli_int (result, "down_bps"));
  mh_cli_print (_ ("%.1f ms there and back, %s a second to it, %s a second from it\n"),
                json_object_get_double_member_with_default (result, "rtt_ms", 0), up, down);

  return TRUE;
}

static void
print_one (JsonObject *node)
{
  static const struct
  {
    const char *member;
    const char *label;
  } texts[] = { { "display_name", N_ ("Name") }, { "node_id", N_ ("Id") },
                { "country", N_ ("Country") },   { "version", N_ ("Version") },
                { "os", N_ ("System") },         { "carrier", N_ ("Connection") } };
  g_autofree char *room = g_format_size ((guint64) mh_cli_int (node, "free_bytes"));
  g_autofree char *size = g_format_size ((guint64) mh_cli_int (node, "total_bytes"));
  JsonArray *addrs =
      json_object_has_member (node, "addrs") ? json_object_get_array_member (node, "addrs") : NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = mh_cli_clean (mh_cli_str (node, texts[i].member));

      if (*text != '\0')
        mh_cli_print ("%s: %s\n", _ (texts[i].label), text);
    }
  mh_cli_print (_ ("Free: %s of %s\n"), room, size);
  if (mh_cli_int (node, "last_seen_ms") > 0)
    {
      g_autofree char *seen = mh_cli_time (mh_cli_int (node, "last_seen_ms"));

      mh_cli_print (_ ("Last seen: %s\n"), seen);
    }
  for (guint i = 0; addrs != NULL && i < json_array_get_length (addrs); i++)
    {
      g_autofree char *addr = mh_cli_clean (json_array_get_string_element (addrs, i));

      mh_cli_print (_ ("Address: %s\n"), addr);
    }
}

gboolean
mh_cli_node_show (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autofree char *id = NULL;
  g_autofree char *escaped = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = find_node (cli, **args, error);
  if (id == NULL)
    return FALSE;
  escaped = g_uri_escape_string (id, NULL, FALSE);
  answer = mh_cli_call (cli, "GET", g_strdup_printf ("/api/v1/nodes/%s", escaped), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    print_one (json_node_get_object (answer));

  return TRUE;
}

/* -- who may connect -- */

static void
print_access (JsonNode *answer)
{
  const char *mode = mh_cli_str (json_node_get_object (answer), "mode");
  JsonArray *peers = mh_cli_array (answer, "peers");

  mh_cli_print ("%s\n", g_str_equal (mode, "allow") ? _ ("Only these machines may connect:")
                        : g_str_equal (mode, "deny")
                            ? _ ("All but these machines may connect:")
                            : _ ("All machines of the network may connect."));
  for (guint i = 0;
       !g_str_equal (mode, "open") && peers != NULL && i < json_array_get_length (peers); i++)
    mh_cli_print ("%s\n", json_array_get_string_element (peers, i));
}

/* Has @mode hold for the machines of @peers, with @add, and without @remove. */
static gboolean
set_access (MhCli *cli, const char *mode, JsonArray *peers, const char *add, const char *remove,
            GError **error)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autoptr (JsonNode) answer = NULL;

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "mode", mode);
  mh_json_begin_array (json, "peers");
  for (guint i = 0; peers != NULL && i < json_array_get_length (peers); i++)
    {
      const char *peer = json_array_get_string_element (peers, i);

      if (g_strcmp0 (peer, add) != 0 && g_strcmp0 (peer, remove) != 0)
        mh_json_string (json, NULL, peer);
    }
  if (add != NULL)
    mh_json_string (json, NULL, add);
  mh_json_end_array (json);
  mh_json_end_object (json);
  answer = mh_cli_call (cli, "PUT", g_strdup ("/api/v1/network/acl"), mh_json_steal (json), error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    print_access (answer);

  return TRUE;
}

/* Returns: (transfer full): who may connect, or %NULL with @error set */
static JsonNode *
get_access (MhCli *cli, GError **error)
{
  MhCliApi *api = mh_cli_api (cli, error);

  return api != NULL ? mh_cli_api_call (api, "GET", "/api/v1/network/acl", NULL, error) : NULL;
}

gboolean
mh_cli_node_access (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_ ("Confirm that no machine at all may connect"),
      NULL },
    { NULL },
  };
  g_autoptr (JsonNode) now = NULL;
  JsonArray *peers;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  now = get_access (cli, error);
  if (now == NULL)
    return FALSE;
  peers = mh_cli_array (now, "peers");
  if (g_strcmp0 (**args, "allow") == 0 && !yes
      && (peers == NULL || json_array_get_length (peers) == 0))
    {
      g_set_error_literal (
          error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
          _ ("the list is empty, so no machine could connect: use “node allow” for "
             "those that may, or add --yes"));
      return FALSE;
    }
  if (**args != NULL)
    return set_access (cli, **args, peers, NULL, NULL, error);
  if (cli->json)
    mh_cli_print_json (now);
  else if (JSON_NODE_HOLDS_OBJECT (now))
    print_access (now);

  return TRUE;
}

/* Lets one machine in, or keeps it out, whatever the list is of. */
static gboolean
decide (MhCli *cli, const char *word, gboolean may_connect, GError **error)
{
  g_autofree char *id = find_node (cli, word, error);
  g_autoptr (JsonNode) now = id != NULL ? get_access (cli, error) : NULL;
  const char *mode;
  gboolean is_listed;

  if (now == NULL || !JSON_NODE_HOLDS_OBJECT (now))
    return FALSE;
  mode = mh_cli_str (json_node_get_object (now), "mode");
  if (!may_connect && g_str_equal (mode, "open"))
    return set_access (cli, "deny", NULL, id, NULL, error);
  is_listed = g_str_equal (mode, "allow") == may_connect && !g_str_equal (mode, "open");

  return set_access (cli, mode, mh_cli_array (now, "peers"), is_listed ? id : NULL,
                     is_listed ? NULL : id, error);
}

gboolean
mh_cli_node_block (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error) && decide (cli, **args, FALSE, error);
}

gboolean
mh_cli_node_allow (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error) && decide (cli, **args, TRUE, error);
}

/* -- the way to the internet -- */

static void
print_nat (JsonNode *answer)
{
  JsonObject *nat = json_node_get_object (answer);
  JsonObject *upnp =
      json_object_has_member (nat, "upnp") ? json_object_get_object_member (nat, "upnp") : NULL;
  JsonArray *addrs = mh_cli_array (answer, "addrs");
  const char *reach = mh_cli_str (nat, "reachability");

  mh_cli_print ("%s\n", g_str_equal (reach, "public") ? _ ("Others reach this machine.")
                        : g_str_equal (reach, "private")
                            ? _ ("Others reach this machine only by way of a third one.")
                            : _ ("It is not known yet whether others reach this machine."));
  if (upnp != NULL && mh_cli_bool (upnp, "found"))
    mh_cli_print (_ ("The router forwards port %d.\n"), (int) mh_cli_int (upnp, "port"));
  else if (upnp != NULL && mh_cli_str (upnp, "error")[0] != '\0')
    mh_cli_print (_ ("The router does not forward a port: %s\n"), mh_cli_str (upnp, "error"));
  for (guint i = 0; addrs != NULL && i < json_array_get_length (addrs); i++)
    mh_cli_print (_ ("Address: %s\n"), json_array_get_string_element (addrs, i));
}

gboolean
mh_cli_nat (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup ("/api/v1/system/nat"), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    print_nat (answer);

  return TRUE;
}
