/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "cli/place.h"

/* Returns: (transfer full): a size, or that there is no limit */
static char *
limit_text (gint64 bytes)
{
  return bytes > 0 ? g_format_size_full ((guint64) bytes, G_FORMAT_SIZE_IEC_UNITS)
                   : g_strdup (_ ("no limit"));
}

/* Returns: (transfer full): the roles, in one line */
static char *
roles_text (JsonObject *vault)
{
  JsonArray *roles = json_object_get_array_member (vault, "roles");
  GString *out = g_string_new (NULL);

  for (guint i = 0; roles != NULL && i < json_array_get_length (roles); i++)
    g_string_append_printf (out, "%s%s", i > 0 ? ", " : "",
                            json_array_get_string_element (roles, i));

  return g_string_free (out, FALSE);
}

static void
print_vault (JsonObject *vault)
{
  g_autofree char *name = mh_cli_clean (mh_cli_str (vault, "name"));
  g_autofree char *bytes = g_format_size ((guint64) mh_cli_int (vault, "bytes"));
  g_autofree char *stored = g_format_size ((guint64) mh_cli_int (vault, "stored_bytes"));
  g_autofree char *quota = limit_text (mh_cli_int (vault, "hard_quota"));
  g_autofree char *roles = roles_text (vault);

  mh_cli_print (_ ("Name: %s\n"), name);
  mh_cli_print (_ ("Id: %s\n"), mh_cli_str (vault, "id"));
  if (mh_cli_bool (vault, "locked"))
    mh_cli_print (_ ("It is locked.\n"));
  mh_cli_print (_ ("Files: %d, %s\n"), (int) MIN (mh_cli_int (vault, "files"), G_MAXINT), bytes);
  mh_cli_print (_ ("Other machines that have it: %d\n"), (int) mh_cli_int (vault, "peers"));
  mh_cli_print (_ ("Wanted copies, on all machines: %d\n"),
                (int) mh_cli_int (vault, "replication_factor"));
  mh_cli_print (_ ("Takes here: %s; quota: %s\n"), stored, quota);
  mh_cli_print (_ ("Kept here: %d versions of a file, and everything for %d days\n"),
                (int) mh_cli_int (vault, "history_keep_versions"),
                (int) mh_cli_int (vault, "history_keep_days"));
  mh_cli_print (_ ("What this machine does with it: %s\n"), roles);
}

/* Prints the other machines that are known to have the vault, and when its copies were counted. The
 * route of the vault does not tell either. */
static void
print_sync (MhCli *cli, const char *id)
{
  g_autoptr (JsonNode) answer = mh_cli_api_call (cli->api, "GET", "/api/v1/sync", NULL, NULL);
  JsonArray *vaults = answer != NULL ? mh_cli_array (answer, "vaults") : NULL;

  for (guint i = 0; vaults != NULL && i < json_array_get_length (vaults); i++)
    {
      JsonObject *vault = json_array_get_object_element (vaults, i);
      JsonArray *peers = json_object_get_array_member (vault, "peers");
      gint64 checked_ms =
          mh_cli_int (json_object_get_object_member (vault, "health"), "checked_ms");
      g_autofree char *time = checked_ms > 0 ? mh_cli_time (checked_ms) : g_strdup (_ ("not yet"));

      if (!g_str_equal (mh_cli_str (vault, "vault_id"), id))
        continue;
      for (guint j = 0; peers != NULL && j < json_array_get_length (peers); j++)
        mh_cli_print (_ ("Machine that has it: %s\n"), json_array_get_string_element (peers, j));
      mh_cli_print (_ ("Copies counted last: %s\n"), time);
    }
}

static void
print_health (JsonObject *health)
{
  mh_cli_print (_ ("Blocks with as many copies as wanted: %d\n"), (int) mh_cli_int (health, "ok"));
  mh_cli_print (_ ("  with more: %d\n"), (int) mh_cli_int (health, "over"));
  mh_cli_print (_ ("  with fewer: %d\n"), (int) mh_cli_int (health, "under"));
  mh_cli_print (_ ("  lost: %d\n"), (int) mh_cli_int (health, "lost"));
}

gboolean
mh_cli_vault_info (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autofree char *id = NULL;
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *info;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;
  id = mh_cli_place_find_vault (cli, **args, error);
  if (id == NULL)
    return FALSE;
  answer = mh_cli_call (cli, "GET", g_strdup_printf ("/api/v1/vaults/%s/info", id), NULL, error);
  if (answer == NULL)
    return FALSE;
  if (cli->json || !JSON_NODE_HOLDS_OBJECT (answer))
    return TRUE;
  info = json_node_get_object (answer);
  print_vault (json_object_get_object_member (info, "vault"));
  print_sync (cli, id);
  print_health (json_object_get_object_member (info, "replica_health"));

  return TRUE;
}
