/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/place.h"

typedef struct
{
  gboolean is_deep;
  gboolean is_conflicts; /* only files with one */
} Listing;

static void
print_entry (JsonObject *file, gboolean is_folder, gpointer user_data)
{
  const Listing *listing = user_data;
  gboolean is_conflict = !is_folder && mh_cli_bool (file, "conflict");
  g_autofree char *name = mh_cli_clean (mh_cli_str (file, listing->is_deep ? "path" : "name"));
  g_autofree char *size = g_format_size ((guint64) mh_cli_int (file, is_folder ? "bytes" : "size"));
  g_autofree char *time = mh_cli_time (mh_cli_int (file, is_folder ? "changed_ms" : "mtime_ms"));

  if (listing->is_conflicts && !is_conflict)
    return;
  mh_cli_print ("%10s  %s  %s%s%s%s\n", size, time, name, is_folder ? "/" : "",
                mh_cli_bool (file, "deleted") ? _ (" (deleted)") : "",
                is_conflict ? _ (" (conflict: see “meshhold file resolve”)") : "");
}

static void
collect_conflict (JsonObject *file, gboolean is_folder, gpointer user_data)
{
  if (!is_folder && mh_cli_bool (file, "conflict"))
    json_array_add_object_element (user_data, json_object_ref (file));
}

/* Prints the files below @place that have a conflict, as one object like that of a list. */
static gboolean
print_conflicts_json (MhCli *cli, const MhCliPlace *place, MhCliListFlags flags, GError **error)
{
  g_autoptr (JsonArray) found = json_array_new ();
  g_autoptr (JsonObject) out = json_object_new ();
  g_autoptr (JsonNode) node = NULL;
  MhCli quiet = { cli->home, cli->url, FALSE, FALSE, mh_cli_api (cli, error) };

  if (quiet.api == NULL
      || !mh_cli_place_list (place, &quiet, flags, collect_conflict, found, error))
    return FALSE;
  json_object_set_array_member (out, "files", g_steal_pointer (&found));
  node = json_node_init_object (json_node_alloc (), out);
  mh_cli_print_json (node);

  return TRUE;
}

static void
ignore_entry (JsonObject *file, gboolean is_folder, gpointer user_data)
{
}

gboolean
mh_cli_file_ls (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  Listing listing = { FALSE };
  gboolean deleted = FALSE;
  const GOptionEntry entries[] = {
    { "recursive", 'r', 0, G_OPTION_ARG_NONE, &listing.is_deep, N_ ("List the folders below, too"),
      NULL },
    { "conflicts", 0, 0, G_OPTION_ARG_NONE, &listing.is_conflicts,
      N_ ("List only files, here and below, that were changed in two places"), NULL },
    { "deleted", 0, 0, G_OPTION_ARG_NONE, &deleted, N_ ("List deleted files, too"), NULL },
    { NULL },
  };
  g_autoptr (MhCliPlace) place = NULL;
  MhCliListFlags flags = MH_CLI_LIST_DEEP;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  place = mh_cli_place_new (cli, **args, error);
  if (place == NULL)
    return FALSE;
  listing.is_deep = listing.is_deep || listing.is_conflicts;
  if (!listing.is_deep)
    flags |= MH_CLI_LIST_SHALLOW;
  if (deleted)
    flags |= MH_CLI_LIST_DELETED;

  if (cli->json && listing.is_conflicts)
    return print_conflicts_json (cli, place, flags, error);

  return mh_cli_place_list (place, cli, flags, cli->json ? ignore_entry : print_entry, &listing,
                            error);
}

static void
collect_path (JsonObject *file, gboolean is_folder, gpointer user_data)
{
  g_ptr_array_add (user_data, g_strdup (mh_cli_str (file, "path")));
}

static gboolean
remove_place (MhCli *cli, const MhCliPlace *place, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  answer = mh_cli_call (cli, "DELETE", mh_cli_place_route (place, "files"), NULL, error);

  return answer != NULL;
}

static gboolean
remove_tree (MhCli *cli, const MhCliPlace *place, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  MhCli quiet = { cli->home, cli->url, FALSE, FALSE, cli->api };

  if (!mh_cli_place_list (place, &quiet, MH_CLI_LIST_DEEP, collect_path, paths, error))
    return FALSE;
  if (paths->len == 0)
    return remove_place (cli, place, error);

  for (guint i = 0; i < paths->len; i++)
    {
      MhCliPlace file = { place->vault_id, g_ptr_array_index (paths, i) };

      if (!remove_place (cli, &file, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_cli_file_rm (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean deep = FALSE;
  const GOptionEntry entries[] = {
    { "recursive", 'r', 0, G_OPTION_ARG_NONE, &deep, N_ ("Delete folders with all that is in them"),
      NULL },
    { NULL },
  };

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;

  for (char **arg = *args; *arg != NULL; arg++)
    {
      g_autoptr (MhCliPlace) place = mh_cli_place_new (cli, *arg, error);

      if (place == NULL)
        return FALSE;
      if (!(deep ? remove_tree (cli, place, error) : remove_place (cli, place, error)))
        return FALSE;
    }

  return TRUE;
}

/* The path in @text, which may name the vault of @from again, or no vault at all. */
static char *
named_path (MhCli *cli, const MhCliPlace *from, const char *text, GError **error)
{
  g_autoptr (MhCliPlace) to = NULL;

  if (*text == '/')
    return g_strdup (text);

  to = mh_cli_place_new (cli, text, error);
  if (to == NULL)
    return NULL;
  if (!g_str_equal (to->vault_id, from->vault_id))
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                           _ ("a file cannot go to another vault; get it and put it there"));
      return NULL;
    }

  return g_steal_pointer (&to->path);
}

/* As named_path(); what ends with a slash is a folder that the file goes into. */
static char *
target_path (MhCli *cli, const MhCliPlace *from, const char *text, GError **error)
{
  g_autofree char *to = named_path (cli, from, text, error);
  g_autofree char *name = NULL;

  if (to == NULL || !g_str_has_suffix (to, "/"))
    return g_steal_pointer (&to);

  name = g_path_get_basename (from->path);

  return g_strconcat (to, name, NULL);
}

/* Has @verb done from one place to another; @existing is for copies. */
static gboolean
call_with_target (MhCli *cli, const char *verb, char **args, const char *existing, GError **error)
{
  g_autoptr (MhCliPlace) from = mh_cli_place_new (cli, args[0], error);
  g_autofree char *to = from != NULL ? target_path (cli, from, args[1], error) : NULL;
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (MhJson) body = mh_json_new ();

  if (to == NULL)
    return FALSE;

  mh_json_begin_object (body, NULL);
  mh_json_string (body, "from", from->path);
  mh_json_string (body, "to", to);
  if (existing != NULL)
    mh_json_string (body, "existing", existing);
  mh_json_end_object (body);
  answer = mh_cli_call (cli, "POST", g_strdup_printf ("/api/v1/vaults/%s/%s", from->vault_id, verb),
                        mh_json_steal (body), error);

  return answer != NULL;
}

gboolean
mh_cli_file_mv (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  return mh_cli_parse (cli, command, NULL, args, error)
         && call_with_target (cli, "move", *args, NULL, error);
}

gboolean
mh_cli_file_cp (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean keep = FALSE;
  gboolean replace = FALSE;
  const GOptionEntry entries[] = {
    { "no-clobber", 'n', 0, G_OPTION_ARG_NONE, &keep, N_ ("Leave files alone that are there"),
      NULL },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &replace, N_ ("Give files that are there a new version"),
      NULL },
    { NULL },
  };

  return mh_cli_parse (cli, command, entries, args, error)
         && call_with_target (cli, "copy", *args,
                              keep      ? "skip"
                              : replace ? "replace"
                                        : "refuse",
                              error);
}

static JsonNode *
get_history (MhCli *cli, const MhCliPlace *place, GError **error)
{
  MhCliApi *api = mh_cli_api (cli, error);
  g_autofree char *route = mh_cli_place_route (place, "history");

  return api != NULL ? mh_cli_api_call (api, "GET", route, NULL, error) : NULL;
}

gboolean
mh_cli_file_history (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (MhCliPlace) place = NULL;
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *versions;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  place = mh_cli_place_new (cli, **args, error);
  answer = place != NULL ? get_history (cli, place, error) : NULL;
  if (answer == NULL)
    return FALSE;
  if (cli->json)
    {
      mh_cli_print_json (answer);
      return TRUE;
    }

  versions = mh_cli_array (answer, "versions");
  for (guint i = 0; versions != NULL && i < json_array_get_length (versions); i++)
    {
      JsonObject *version = json_array_get_object_element (versions, i);
      g_autofree char *time = mh_cli_time (mh_cli_int (version, "ts_ms"));
      g_autofree char *size = g_format_size ((guint64) mh_cli_int (version, "size"));
      const char *hash = mh_cli_str (version, "content_hash");

      mh_cli_print ("%c %.12s  %s  %10s  %s\n", mh_cli_bool (version, "current") ? '*' : ' ',
                    *hash ? hash : "-           ", time, size, mh_cli_str (version, "op"));
    }

  return TRUE;
}

/* The hash, @member, of the one version that @digits begin. */
static char *
complete_hash (JsonNode *history, const char *member, const char *digits, GError **error)
{
  JsonArray *versions = mh_cli_array (history, "versions");
  const char *found = NULL;

  for (guint i = 0; versions != NULL && i < json_array_get_length (versions); i++)
    {
      const char *hash = mh_cli_str (json_array_get_object_element (versions, i), member);

      if (*hash == '\0' || !g_str_has_prefix (hash, digits))
        continue;
      if (found != NULL && !g_str_equal (found, hash))
        {
          g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                       _ ("several versions begin with “%s”"), digits);
          return NULL;
        }
      found = hash;
    }
  if (found == NULL)
    g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_NOT_FOUND,
                 _ ("no version begins with “%s”"), digits);

  return g_strdup (found);
}

gboolean
mh_cli_file_restore (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (MhCliPlace) place = NULL;
  g_autoptr (JsonNode) history = NULL;
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (MhJson) body = mh_json_new ();
  g_autofree char *hash = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  place = mh_cli_place_new (cli, (*args)[0], error);
  history = place != NULL ? get_history (cli, place, error) : NULL;
  hash = history != NULL ? complete_hash (history, "content_hash", (*args)[1], error) : NULL;
  if (hash == NULL)
    return FALSE;

  mh_json_begin_object (body, NULL);
  mh_json_string (body, "content_hash", hash);
  mh_json_end_object (body);
  answer =
      mh_cli_call (cli, "POST", mh_cli_place_route (place, "restore"), mh_json_steal (body), error);

  return answer != NULL;
}

/* -- on other machines -- */

/* Returns: (transfer full): what a route of the place in the first argument answers, printed with
 * `--json`; or %NULL with @error set */
static JsonNode *
call_at (MhCli *cli, const MhCliCommand *command, const char *method, const char *verb,
         char ***args, GError **error)
{
  g_autoptr (MhCliPlace) place = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return NULL;
  place = mh_cli_place_new (cli, **args, error);

  return place != NULL ? mh_cli_call (cli, method, mh_cli_place_route (place, verb), NULL, error)
                       : NULL;
}

/* Prints the machine with @id, and what it is called when @nodes has it. */
static void
print_holder (const char *id, JsonArray *nodes)
{
  g_autofree char *name = NULL;

  for (guint i = 0; nodes != NULL && i < json_array_get_length (nodes); i++)
    {
      JsonObject *node = json_array_get_object_element (nodes, i);

      if (g_str_equal (mh_cli_str (node, "node_id"), id))
        name = mh_cli_clean (mh_cli_bool (node, "self") ? _ ("this one")
                                                        : mh_cli_str (node, "display_name"));
      if (name != NULL)
        break;
    }
  mh_cli_print ("%s  %s\n", id, name != NULL ? name : "");
}

gboolean
mh_cli_file_where (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = call_at (cli, command, "GET", "locality", args, error);
  g_autoptr (JsonNode) nodes = NULL;
  JsonArray *holders;

  if (answer == NULL)
    return FALSE;
  if (cli->json)
    return TRUE;

  nodes =
      mh_cli_api_call (cli->api, "GET", "/api/v1/nodes", NULL, NULL); /* none without a network */
  holders = mh_cli_array (answer, "holders");
  for (guint i = 0; holders != NULL && i < json_array_get_length (holders); i++)
    print_holder (json_array_get_string_element (holders, i),
                  nodes != NULL ? mh_cli_array (nodes, "nodes") : NULL);

  return TRUE;
}

gboolean
mh_cli_file_fetch (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (JsonNode) answer = call_at (cli, command, "POST", "cache", args, error);

  return answer != NULL;
}

/* Prints the versions between which a person has to choose. */
static void
print_heads (JsonArray *versions)
{
  for (guint i = 0; versions != NULL && i < json_array_get_length (versions); i++)
    {
      JsonObject *version = json_array_get_object_element (versions, i);
      g_autofree char *time = mh_cli_time (mh_cli_int (version, "ts_ms"));
      g_autofree char *size = g_format_size ((guint64) mh_cli_int (version, "size"));
      g_autofree char *path = mh_cli_clean (mh_cli_str (version, "path"));

      if (mh_cli_bool (version, "head"))
        mh_cli_print ("%c %.12s  %s  %10s  %-6s  %s  %s\n",
                      mh_cli_bool (version, "current") ? '*' : ' ',
                      mh_cli_str (version, "version_hash"), time, size, mh_cli_str (version, "op"),
                      mh_cli_str (version, "author"), path);
    }
}

gboolean
mh_cli_file_resolve (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autoptr (MhCliPlace) place = NULL;
  g_autoptr (JsonNode) history = NULL;
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (MhJson) body = mh_json_new ();
  g_autofree char *hash = NULL;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  place = mh_cli_place_new (cli, (*args)[0], error);
  history = place != NULL ? get_history (cli, place, error) : NULL;
  if (history == NULL)
    return FALSE;
  if ((*args)[1] == NULL)
    {
      if (cli->json)
        mh_cli_print_json (history);
      else
        print_heads (mh_cli_array (history, "versions"));
      return TRUE;
    }
  hash = complete_hash (history, "version_hash", (*args)[1], error);
  if (hash == NULL)
    return FALSE;

  mh_json_begin_object (body, NULL);
  mh_json_string (body, "version_hash", hash);
  mh_json_end_object (body);
  answer = mh_cli_call (cli, "POST", mh_cli_place_route (place, "resolve-conflict"),
                        mh_json_steal (body), error);

  return answer != NULL;
}
