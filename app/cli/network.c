/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/place.h"

/* So many first digits of its id name a network as well. */
#define ID_DIGITS 4

static char *
body_of (const char *member, const char *value)
{
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  mh_json_string (json, member, value);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

/* Whether another one of (nullable) @all is called as @network is: one whose key was changed, and
 * the one that was joined after that. */
static gboolean
is_namesake (JsonArray *all, JsonObject *network)
{
  for (guint i = 0; all != NULL && i < json_array_get_length (all); i++)
    {
      JsonObject *other = json_array_get_object_element (all, i);

      if (g_str_equal (mh_cli_str (other, "name"), mh_cli_str (network, "name"))
          && !g_str_equal (mh_cli_str (other, "id"), mh_cli_str (network, "id")))
        return TRUE;
    }

  return FALSE;
}

/* Returns: (transfer full): what @network is called, with the digits of its id that tell it from
 * others of (nullable) @all */
static char *
label_of (JsonArray *all, JsonObject *network)
{
  g_autofree char *name = mh_cli_clean (mh_cli_str (network, "name"));

  return is_namesake (all, network)
             ? g_strdup_printf ("%s (%.*s)", name, ID_DIGITS, mh_cli_str (network, "id"))
             : g_steal_pointer (&name);
}

static void
print_network (JsonArray *all, JsonObject *network)
{
  g_autofree char *label = label_of (all, network);

  mh_cli_print ("%s  %-8s  %s\n", mh_cli_str (network, "id"), mh_cli_str (network, "state"), label);
}

gboolean
mh_cli_network_list (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *networks;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup ("/api/v1/networks"), NULL, error);
  if (answer == NULL)
    return FALSE;

  networks = cli->json ? NULL : mh_cli_array (answer, "networks");
  for (guint i = 0; networks != NULL && i < json_array_get_length (networks); i++)
    print_network (networks, json_array_get_object_element (networks, i));

  return TRUE;
}

/* Returns: (transfer full) (nullable): the network with @id of a list */
static JsonObject *
pick_network (JsonNode *list, const char *id)
{
  JsonArray *networks = mh_cli_array (list, "networks");

  for (guint i = 0; networks != NULL && i < json_array_get_length (networks); i++)
    {
      JsonObject *network = json_array_get_object_element (networks, i);

      if (g_str_equal (mh_cli_str (network, "id"), id))
        return json_object_ref (network);
    }

  return NULL;
}

gboolean
mh_cli_network_create (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "POST", g_strdup ("/api/v1/networks/create"),
                        body_of ("name", **args != NULL ? **args : ""), error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    print_network (NULL, json_node_get_object (answer));

  return TRUE;
}

/* Says how to enter @network, when this machine stays in another one. */
static void
print_next_step (JsonArray *all, JsonObject *network)
{
  if (mh_cli_bool (network, "active"))
    return;

  for (guint i = 0; all != NULL && i < json_array_get_length (all); i++)
    {
      JsonObject *other = json_array_get_object_element (all, i);
      g_autofree char *label = label_of (all, other);

      if (mh_cli_bool (other, "active"))
        g_printerr (_ ("This machine stays in the network “%s”. To leave it and enter the one that "
                       "was joined: meshhold network connect %s\n"),
                    label, mh_cli_str (network, "id"));
    }
}

/* Prints the network @id as it is now. */
static gboolean
print_joined (MhCli *cli, const char *id, GError **error)
{
  g_autoptr (JsonNode) list = mh_cli_api_call (cli->api, "GET", "/api/v1/networks", NULL, error);
  g_autoptr (JsonObject) network = list != NULL ? pick_network (list, id) : NULL;
  g_autoptr (JsonNode) node = NULL;

  if (list == NULL)
    return FALSE;
  if (network == NULL)
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_NOT_FOUND,
                   _ ("there is no network “%s”"), id);
      return FALSE;
    }
  if (cli->json)
    {
      node = json_node_init_object (json_node_alloc (), network);
      mh_cli_print_json (node);
      return TRUE;
    }
  print_network (mh_cli_array (list, "networks"), network);
  print_next_step (mh_cli_array (list, "networks"), network);

  return TRUE;
}

gboolean
mh_cli_network_join (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean enters = FALSE;
  const GOptionEntry entries[] = {
    { "connect", 0, 0, G_OPTION_ARG_NONE, &enters, N_ ("Enter it at once, leaving any other"),
      NULL },
    { NULL },
  };
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (JsonNode) entered = NULL;
  g_autofree char *body = NULL;
  g_autofree char *route = NULL;
  MhCliApi *api;
  const char *id;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  body = body_of ("url", **args);
  api = mh_cli_api (cli, error);
  answer = api != NULL ? mh_cli_api_call (api, "POST", "/api/v1/networks", body, error) : NULL;
  if (answer == NULL)
    return FALSE;
  id = JSON_NODE_HOLDS_OBJECT (answer) ? mh_cli_str (json_node_get_object (answer), "id") : "";
  route = g_strdup_printf ("/api/v1/networks/%s/connect", id);
  if (enters)
    {
      entered = mh_cli_api_call (api, "POST", route, NULL, error);
      if (entered == NULL)
        return FALSE;
    }

  return print_joined (cli, id, error);
}

/* Returns: how well @word names @network: 0 not, 1 by the first digits of its id, 2 by its name, 3
 * by its id */
static guint
named_by (JsonObject *network, const char *word)
{
  const char *id = mh_cli_str (network, "id");

  if (g_str_equal (id, word))
    return 3;
  if (g_str_equal (mh_cli_str (network, "name"), word))
    return 2;

  return strlen (word) >= ID_DIGITS && g_str_has_prefix (id, word) ? 1 : 0;
}

/* Returns: (transfer full): the id of the network that @word names, or %NULL with @error set */
static char *
find_network (MhCli *cli, const char *word, GError **error)
{
  MhCliApi *api = mh_cli_api (cli, error);
  g_autoptr (JsonNode) answer =
      api != NULL ? mh_cli_api_call (api, "GET", "/api/v1/networks", NULL, error) : NULL;
  JsonArray *networks = answer != NULL ? mh_cli_array (answer, "networks") : NULL;
  g_autoptr (GString) found = g_string_new (NULL);
  guint best = 1;
  guint count = 0;

  if (answer == NULL)
    return NULL;
  for (guint i = 0; networks != NULL && i < json_array_get_length (networks); i++)
    {
      JsonObject *network = json_array_get_object_element (networks, i);
      guint fit = named_by (network, word);

      if (fit < best)
        continue;
      if (fit > best)
        {
          count = 0;
          g_string_truncate (found, 0);
        }
      best = fit;
      count++;
      g_string_append_printf (found, "%s%s", count > 1 ? ", " : "", mh_cli_str (network, "id"));
    }
  if (count == 1)
    return g_string_free (g_steal_pointer (&found), FALSE);

  if (count == 0)
    g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_NOT_FOUND, _ ("there is no network “%s”"),
                 word);
  else
    g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                 _ ("“%s” is several networks: use the id of one: %s"), word, found->str);

  return NULL;
}

/* Returns: (transfer full): what a route of the network that @word names answers, or %NULL with
 * @error set */
static JsonNode *
call (MhCli *cli, const char *method, const char *word, const char *rest, GError **error)
{
  g_autofree char *id = find_network (cli, word, error);

  return id != NULL ? mh_cli_call (cli, method, g_strdup_printf ("/api/v1/networks/%s%s", id, rest),
                                   NULL, error)
                    : NULL;
}

/* Does something with the network that the first argument names. */
static gboolean
act (MhCli *cli, const char *method, const char *word, const char *rest, GError **error)
{
  g_autoptr (JsonNode) answer = call (cli, method, word, rest, error);

  return answer != NULL;
}

gboolean
mh_cli_network_connect (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error)
         && act (cli, "POST", **args, "/connect", error);
}

gboolean
mh_cli_network_disconnect (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = mh_cli_call (cli, "POST", g_strdup ("/api/v1/networks/disconnect"), NULL, error);

  return answer != NULL;
}

gboolean
mh_cli_network_rm (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error) && act (cli, "DELETE", **args, "", error);
}

gboolean
mh_cli_network_invite (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  gboolean is_named;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  is_named = **args != NULL;
  answer = is_named ? call (cli, "GET", **args, "/invite", error)
                    : mh_cli_call (cli, "GET", g_strdup ("/api/v1/system/share"), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    mh_cli_print ("%s\n",
                  mh_cli_str (json_node_get_object (answer), is_named ? "url" : "connect_url"));

  return TRUE;
}

/* -- its key and its first addresses -- */

gboolean
mh_cli_network_key (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer = call (cli, "GET", **args, "/key", error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    mh_cli_print ("%s\n", mh_cli_str (json_node_get_object (answer), "swarm_key"));

  return TRUE;
}

static void
print_rotation (JsonNode *answer)
{
  JsonArray *pushed = mh_cli_array (answer, "pushed");
  JsonArray *absent = mh_cli_array (answer, "absent");
  guint count = pushed != NULL ? json_array_get_length (pushed) : 0;

  mh_cli_print (ngettext ("The network is %s now; %u machine has the key.\n",
                          "The network is %s now; %u machines have the key.\n", count),
                mh_cli_str (json_node_get_object (answer), "id"), count);
  for (guint i = 0; absent != NULL && i < json_array_get_length (absent); i++)
    mh_cli_print (_ ("%s does not have it: it has to be invited again.\n"),
                  json_array_get_string_element (absent, i));
}

/* Returns: (transfer full) (nullable): the machines that are known and would not get another key */
static char *
left_behind (JsonNode *nodes)
{
  JsonArray *all = mh_cli_array (nodes, "nodes");
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; all != NULL && i < json_array_get_length (all); i++)
    {
      JsonObject *node = json_array_get_object_element (all, i);
      g_autofree char *name = mh_cli_clean (mh_cli_str (node, "display_name"));

      if (!mh_cli_bool (node, "self") && !mh_cli_bool (node, "online"))
        g_string_append_printf (out, "%s%s (%s)", out->len > 0 ? ", " : "", name,
                                mh_cli_str (node, "node_id"));
    }

  return out->len > 0 ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}

/* Fails unless all machines of a network that are known would get another key. */
static gboolean
check_all_get_it (MhCli *cli, const char *word, GError **error)
{
  g_autofree char *id = find_network (cli, word, error);
  MhCliApi *api = id != NULL ? mh_cli_api (cli, error) : NULL;
  g_autoptr (JsonNode) list =
      api != NULL ? mh_cli_api_call (api, "GET", "/api/v1/networks", NULL, error) : NULL;
  g_autoptr (JsonObject) network = list != NULL ? pick_network (list, id) : NULL;
  g_autoptr (JsonNode) nodes = NULL;
  g_autofree char *absent = NULL;

  if (list == NULL)
    return FALSE;
  if (network == NULL || g_strcmp0 (mh_cli_str (network, "state"), "online") != 0)
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                           _ ("the network is not connected: no other machine would get the key, "
                              "and all would have to be invited again; add --yes if that is what "
                              "you want"));
      return FALSE;
    }
  nodes = mh_cli_api_call (api, "GET", "/api/v1/nodes", NULL, error);
  if (nodes == NULL)
    return FALSE;
  absent = left_behind (nodes);
  if (absent == NULL)
    return TRUE;
  g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
               _ ("not here, and to be invited again if the key changes now: %s; add --yes if that "
                  "is what you want"),
               absent);

  return FALSE;
}

gboolean
mh_cli_network_rotate (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes,
      N_ ("Confirm that machines which are not here are to be left behind"), NULL },
    { NULL },
  };
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error)
      || (!yes && !check_all_get_it (cli, **args, error)))
    return FALSE;
  answer = call (cli, "POST", **args, "/swarm-key", error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    print_rotation (answer);

  return TRUE;
}

/* Returns: (transfer full): a body with the addresses of @network and @added, without @removed */
static char *
bootstrap_body (JsonObject *network, char **added, char **removed)
{
  JsonArray *old = json_object_has_member (network, "bootstrap")
                       ? json_object_get_array_member (network, "bootstrap")
                       : NULL;
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  mh_json_begin_array (json, "addrs");
  for (guint i = 0; old != NULL && i < json_array_get_length (old); i++)
    {
      const char *addr = json_array_get_string_element (old, i);

      if (removed == NULL || !g_strv_contains ((const char *const *) removed, addr))
        mh_json_string (json, NULL, addr);
    }
  for (guint i = 0; added != NULL && added[i] != NULL; i++)
    mh_json_string (json, NULL, added[i]);
  mh_json_end_array (json);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

/* Whether each of (nullable) @addrs is one of the network. */
static gboolean
has_all (JsonObject *network, char **addrs, GError **error)
{
  JsonArray *known = json_object_get_array_member (network, "bootstrap");

  for (guint i = 0; addrs != NULL && addrs[i] != NULL; i++)
    {
      gboolean found = FALSE;

      for (guint j = 0; known != NULL && j < json_array_get_length (known); j++)
        found |= g_str_equal (json_array_get_string_element (known, j), addrs[i]);
      if (found)
        continue;
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_NOT_FOUND,
                   _ ("%s is none of its addresses"), addrs[i]);
      return FALSE;
    }

  return TRUE;
}

static void
print_bootstrap (JsonNode *answer)
{
  JsonArray *addrs = mh_cli_array (answer, "bootstrap");

  for (guint i = 0; addrs != NULL && i < json_array_get_length (addrs); i++)
    mh_cli_print ("%s\n", json_array_get_string_element (addrs, i));
}

gboolean
mh_cli_network_bootstrap (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_auto (GStrv) added = NULL;
  g_auto (GStrv) removed = NULL;
  const GOptionEntry entries[] = {
    { "add", 0, 0, G_OPTION_ARG_STRING_ARRAY, &added, N_ ("Ask this address, too"), N_ ("ADDR") },
    { "remove", 0, 0, G_OPTION_ARG_STRING_ARRAY, &removed, N_ ("Ask this address no more"),
      N_ ("ADDR") },
    { NULL },
  };
  g_autofree char *id = NULL;
  g_autoptr (JsonNode) list = NULL;
  g_autoptr (JsonObject) network = NULL;
  g_autoptr (JsonNode) answer = NULL;
  MhCliApi *api;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  id = find_network (cli, **args, error);
  api = id != NULL ? mh_cli_api (cli, error) : NULL;
  list = api != NULL ? mh_cli_api_call (api, "GET", "/api/v1/networks", NULL, error) : NULL;
  if (list == NULL)
    return FALSE;
  network = pick_network (list, id);
  if (network == NULL)
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_NOT_FOUND,
                   _ ("there is no network “%s”"), **args);
      return FALSE;
    }
  if (!has_all (network, removed, error))
    return FALSE;
  if (added != NULL || removed != NULL)
    {
      answer = mh_cli_call (cli, "PUT", g_strdup_printf ("/api/v1/networks/%s/bootstrap", id),
                            bootstrap_body (network, added, removed), error);
    }
  else
    {
      answer = json_node_new (JSON_NODE_OBJECT);
      json_node_set_object (answer, network);
      if (cli->json)
        mh_cli_print_json (answer);
    }
  if (answer == NULL)
    return FALSE;
  if (!cli->json)
    print_bootstrap (answer);

  return TRUE;
}

/* -- vaults on other machines -- */

gboolean
mh_cli_vault_share (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;
  g_autofree char *id = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;
  answer =
      mh_cli_call (cli, "GET", g_strdup_printf ("/api/v1/vaults/%s/share-url", id), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    mh_cli_print ("%s\n", mh_cli_str (json_node_get_object (answer), "url"));

  return TRUE;
}

gboolean
mh_cli_vault_join (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  answer =
      mh_cli_call (cli, "POST", g_strdup ("/api/v1/vaults/join"), body_of ("url", **args), error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    mh_cli_print ("%s\n", mh_cli_str (json_node_get_object (answer), "id"));

  return TRUE;
}

/* Returns: (transfer full): how a vault stands: "in sync" only if nothing is missing anywhere */
static char *
sync_text (JsonObject *vault)
{
  JsonObject *health = json_object_get_object_member (vault, "health");
  int lost = (int) MIN (mh_cli_int (health, "lost"), G_MAXINT);
  int under = (int) MIN (mh_cli_int (health, "under"), G_MAXINT);

  if (mh_cli_str (vault, "error")[0] != '\0')
    return mh_cli_clean (mh_cli_str (vault, "error"));
  if (lost > 0)
    return g_strdup_printf (_ ("blocks that are nowhere: %d"), lost);
  if (mh_cli_bool (vault, "running"))
    return g_strdup (_ ("at work"));
  if (under > 0)
    return g_strdup_printf (_ ("blocks with too few copies: %d"), under);
  if (json_object_get_null_member (health, "checked_ms"))
    return g_strdup (_ ("the copies are not counted yet"));

  return g_strdup (_ ("in sync"));
}

static void
print_sync (JsonObject *vault)
{
  g_autofree char *state = sync_text (vault);

  mh_cli_print (_ ("%s  machines online: %d, blocks elsewhere: %d, %s\n"),
                mh_cli_str (vault, "vault_id"), (int) mh_cli_int (vault, "peers_online"),
                (int) MIN (mh_cli_int (vault, "missing_blocks"), G_MAXINT), state);
}

gboolean
mh_cli_sync (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean now = FALSE;
  const GOptionEntry entries[] = {
    { "now", 0, 0, G_OPTION_ARG_NONE, &now, N_ ("Ask all machines first"), NULL },
    { NULL },
  };
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *vaults;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  if (now)
    {
      MhCliApi *api = mh_cli_api (cli, error);
      g_autoptr (JsonNode) asked =
          api != NULL ? mh_cli_api_call (api, "POST", "/api/v1/replicate-now", NULL, error) : NULL;

      if (asked == NULL)
        return FALSE;
    }
  answer = mh_cli_call (cli, "GET", g_strdup ("/api/v1/sync"), NULL, error);
  if (answer == NULL)
    return FALSE;

  vaults = cli->json ? NULL : mh_cli_array (answer, "vaults");
  for (guint i = 0; vaults != NULL && i < json_array_get_length (vaults); i++)
    print_sync (json_array_get_object_element (vaults, i));

  return TRUE;
}
