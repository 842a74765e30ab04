/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "place.h"

#include <string.h>

#include <glib/gi18n.h>

#define PAGE 1000

void
mh_cli_place_free (MhCliPlace *self)
{
  if (self == NULL)
    return;

  g_free (self->vault_id);
  g_free (self->path);
  g_free (self);
}

void
mh_cli_place_split (const char *text, char **vault, char **path)
{
  const char *colon = strchr (text, ':');

  for (const char *at = colon; at != NULL; at = strchr (at + 1, ':'))
    {
      if (at[1] == '/' || at[1] == '\0')
        {
          colon = at;
          break;
        }
    }

  *vault = colon != NULL ? g_strndup (text, (gsize) (colon - text)) : g_strdup (text);
  if (colon == NULL || colon[1] == '\0')
    *path = g_strdup ("/");
  else
    *path = g_strconcat (colon[1] == '/' ? "" : "/", colon + 1, NULL);
}

char *
mh_cli_place_find_vault (MhCli *cli, const char *name, GError **error)
{
  MhCliApi *api = mh_cli_api (cli, error);
  g_autoptr (JsonNode) answer = NULL;
  JsonArray *vaults;

  if (api == NULL)
    return NULL;
  answer = mh_cli_api_call (api, "GET", "/api/v1/vaults", NULL, error);
  if (answer == NULL)
    return NULL;

  vaults = mh_cli_array (answer, "vaults");
  for (guint i = 0; vaults != NULL && i < json_array_get_length (vaults); i++)
    {
      JsonObject *vault = json_array_get_object_element (vaults, i);
      const char *id = mh_cli_str (vault, "id");

      if (mh_cli_bool (vault, "trusted")
          && (g_str_equal (id, name) || g_str_equal (mh_cli_str (vault, "name"), name)))
        return g_strdup (id);
    }

  g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_NOT_FOUND, _ ("there is no vault “%s”"),
               name);

  return NULL;
}

MhCliPlace *
mh_cli_place_new (MhCli *cli, const char *text, GError **error)
{
  g_autofree char *vault = NULL;
  g_autofree char *path = NULL;
  g_autofree char *id = NULL;
  MhCliPlace *self;

  mh_cli_place_split (text, &vault, &path);
  id = mh_cli_place_find_vault (cli, vault, error);
  if (id == NULL)
    return NULL;

  self = g_new0 (MhCliPlace, 1);
  self->vault_id = g_steal_pointer (&id);
  self->path = g_steal_pointer (&path);

  return self;
}

char *
mh_cli_place_route (const MhCliPlace *self, const char *verb)
{
  g_autofree char *tail = mh_cli_api_tail (self->path);

  return g_strdup_printf ("/api/v1/vaults/%s/%s%s", self->vault_id, verb, tail);
}

static char *
page_route (const MhCliPlace *self, MhCliListFlags flags, const char *cursor)
{
  g_autoptr (GString) route = g_string_new (NULL);
  g_autofree char *folder = g_strdup (self->path);
  gsize length = strlen (folder);

  if (length > 1 && folder[length - 1] == '/')
    folder[length - 1] = '\0';
  g_string_append_printf (route, "/api/v1/vaults/%s/files?limit=%d", self->vault_id, PAGE);
  if (!g_str_equal (folder, "/"))
    {
      g_string_append (route, "&path=");
      g_string_append_uri_escaped (route, folder, "/", FALSE);
    }
  if (flags & MH_CLI_LIST_SHALLOW)
    g_string_append (route, "&shallow=true");
  if (flags & MH_CLI_LIST_DELETED)
    g_string_append (route, "&include_deleted=true");
  if (cursor != NULL)
    {
      g_string_append (route, "&cursor=");
      g_string_append_uri_escaped (route, cursor, NULL, FALSE);
    }

  return g_string_free (g_steal_pointer (&route), FALSE);
}

static void
visit (JsonNode *page, const char *member, gboolean is_folder, MhCliPlaceFunc func,
       gpointer user_data)
{
  JsonArray *entries = mh_cli_array (page, member);

  for (guint i = 0; entries != NULL && i < json_array_get_length (entries); i++)
    func (json_array_get_object_element (entries, i), is_folder, user_data);
}

gboolean
mh_cli_place_list (const MhCliPlace *self, MhCli *cli, MhCliListFlags flags, MhCliPlaceFunc func,
                   gpointer user_data, GError **error)
{
  g_autofree char *cursor = NULL;

  do
    {
      g_autofree char *route = page_route (self, flags, cursor);
      g_autoptr (JsonNode) page = NULL;

      page = mh_cli_call (cli, "GET", g_steal_pointer (&route), NULL, error);
      if (page == NULL)
        return FALSE;
      visit (page, "folders", TRUE, func, user_data);
      visit (page, "files", FALSE, func, user_data);

      g_free (cursor);
      cursor = g_strdup (mh_cli_str (json_node_get_object (page), "cursor"));
    }
  while (*cursor != '\0');

  return TRUE;
}

gboolean
mh_cli_place_is_folder (const MhCliPlace *self, MhCli *cli, gboolean *is_folder, GError **error)
{
  MhCliApi *api = mh_cli_api (cli, error);
  g_autofree char *route = page_route (self, MH_CLI_LIST_SHALLOW, NULL);
  g_autoptr (JsonNode) page = NULL;
  g_autoptr (GError) local_error = NULL;
  JsonArray *files;
  JsonArray *folders;

  if (api == NULL)
    return FALSE;

  *is_folder = g_str_equal (self->path, "/");
  page = mh_cli_api_call (api, "GET", route, NULL, &local_error);
  if (g_error_matches (local_error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_NOT_FOUND))
    return TRUE;
  if (page == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  files = mh_cli_array (page, "files");
  folders = mh_cli_array (page, "folders");
  if ((files != NULL && json_array_get_length (files) > 0)
      || (folders != NULL && json_array_get_length (folders) > 0))
    *is_folder = TRUE;

  return TRUE;
}
