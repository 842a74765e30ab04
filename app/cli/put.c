/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/place.h"
#include "cli/transfer.h"
#include "cli/tty.h"

#define ATTRIBUTES                                                                                 \
  G_FILE_ATTRIBUTE_STANDARD_NAME                                                                   \
  "," G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE                            \
  "," G_FILE_ATTRIBUTE_TIME_MODIFIED "," G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC

/* What is to be stored, as it is being put together. */
typedef struct
{
  const MhCliPlace *target; /* (unowned) */
  gboolean deep;
  GPtrArray *items; /* (owned) (element-type MhCliItem) */
} Plan;

static void
plan_add (Plan *self, const char *local, const char *path, GFileInfo *info)
{
  MhCliPlace place = { self->target->vault_id, (char *) path };
  g_autofree char *route = mh_cli_place_route (&place, "upload");
  MhCliItem *item = g_new0 (MhCliItem, 1);

  item->local = g_strdup (local);
  item->bytes = info != NULL ? g_file_info_get_size (info) : -1;
  if (info != NULL)
    {
      g_autoptr (GDateTime) time = g_file_info_get_modification_date_time (info);

      item->mtime_ms = time != NULL ? g_date_time_to_unix (time) * 1000
                                          + g_date_time_get_microsecond (time) / 1000
                                    : 0;
    }
  item->route = item->mtime_ms > 0
                    ? g_strdup_printf ("%s?mtime_ms=%" G_GINT64_FORMAT, route, item->mtime_ms)
                    : g_steal_pointer (&route);
  g_ptr_array_add (self->items, item);
}

static gboolean plan_folder (Plan *self, GFile *folder, const char *path, GError **error);

static gboolean
plan_child (Plan *self, GFile *file, GFileInfo *info, const char *folder_path, GError **error)
{
  const char *name = g_file_info_get_name (info);
  g_autofree char *local = g_file_get_path (file);
  g_autofree char *path = NULL;

  if (!g_utf8_validate (name, -1, NULL))
    {
      g_autofree char *display = g_filename_display_name (local);

      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED,
                   _ ("%s: the name is not valid UTF-8; rename it first"), display);
      return FALSE;
    }

  path = g_strconcat (folder_path, name, NULL);
  switch (g_file_info_get_file_type (info))
    {
    case G_FILE_TYPE_REGULAR:
      plan_add (self, local, path, info);
      return TRUE;
    case G_FILE_TYPE_DIRECTORY:
      return plan_folder (self, file, path, error);
    case G_FILE_TYPE_UNKNOWN:
    case G_FILE_TYPE_SYMBOLIC_LINK:
    case G_FILE_TYPE_SPECIAL:
    case G_FILE_TYPE_SHORTCUT:
    case G_FILE_TYPE_MOUNTABLE:
    default:
      g_printerr (_ ("meshhold: %s: left out, it is neither a file nor a folder\n"), local);
      return TRUE;
    }
}

static gboolean
plan_folder (Plan *self, GFile *folder, const char *path, GError **error)
{
  g_autofree char *folder_path = g_strconcat (path, g_str_has_suffix (path, "/") ? "" : "/", NULL);
  g_autoptr (GFileEnumerator) entries = NULL;
  GFileInfo *info;
  GFile *file;

  entries = g_file_enumerate_children (folder, ATTRIBUTES, G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS,
                                       NULL, error);
  if (entries == NULL)
    return FALSE;

  while (g_file_enumerator_iterate (entries, &info, &file, NULL, error))
    {
      if (info == NULL)
        return TRUE;
      if (!plan_child (self, file, info, folder_path, error))
        return FALSE;
    }

  return FALSE;
}

/* @into: the folder that gets @local, or %NULL when the target is the file itself. */
static gboolean
plan_argument (Plan *self, const char *local, const char *into, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (local);
  g_autofree char *name = g_file_get_basename (file);
  g_autoptr (GFileInfo) info = NULL;
  g_autofree char *path = NULL;

  if (g_str_equal (local, "-") && into == NULL)
    {
      plan_add (self, local, self->target->path, NULL);
      return TRUE;
    }
  if (g_str_equal (local, "-"))
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                           _ ("standard input needs the name of a file to be stored as"));
      return FALSE;
    }

  info = g_file_query_info (file, ATTRIBUTES, G_FILE_QUERY_INFO_NONE, NULL, error);
  if (info == NULL)
    return FALSE;
  path = into != NULL ? g_strconcat (into, name, NULL) : g_strdup (self->target->path);
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_DIRECTORY)
    {
      plan_add (self, local, path, info);
      return TRUE;
    }
  if (!self->deep)
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                   _ ("%s is a folder; add --recursive"), local);
      return FALSE;
    }

  return plan_folder (self, file, path, error);
}

static void
on_wrote (SoupMessage *message, guint bytes, gpointer user_data)
{
  mh_cli_transfer_progress (user_data, bytes);
}

static GInputStream *
open_local (const MhCliItem *item, GError **error)
{
  g_autoptr (GFile) file = NULL;

  if (g_str_equal (item->local, "-"))
    return mh_cli_tty_stdin ();
  file = g_file_new_for_commandline_arg (item->local);

  return G_INPUT_STREAM (g_file_read (file, NULL, error));
}

static gboolean
upload (MhCliTransfer *transfer, MhCliApi *api, const MhCliItem *item, gboolean keep,
        GError **error)
{
  g_autoptr (GInputStream) local = open_local (item, error);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) answer = NULL;
  SoupMessageHeaders *headers;

  if (local == NULL)
    return FALSE;
  message = mh_cli_api_message (api, "POST", item->route, error);
  if (message == NULL)
    return FALSE;

  headers = soup_message_get_request_headers (message);
  if (keep)
    soup_message_headers_replace (headers, "If-None-Match", "*");
  /* A refusal then comes before the bytes are on their way. */
  soup_message_headers_set_expectations (headers, SOUP_EXPECTATION_CONTINUE);
  soup_message_set_request_body (message, "application/octet-stream", local, item->bytes);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (on_wrote), transfer);
  answer = mh_cli_api_send (api, message, error);
  if (answer == NULL)
    return FALSE;
  if (keep && soup_message_get_status (message) == SOUP_STATUS_PRECONDITION_FAILED)
    return TRUE; /* it is there, and that was the question */
  if (!mh_cli_api_check (message, answer, error))
    return FALSE;
  mh_cli_transfer_answer (transfer, answer);

  return TRUE;
}

static gboolean
upload_replacing (MhCliTransfer *transfer, MhCliApi *api, const MhCliItem *item, GError **error)
{
  return upload (transfer, api, item, FALSE, error);
}

static gboolean
upload_keeping (MhCliTransfer *transfer, MhCliApi *api, const MhCliItem *item, GError **error)
{
  return upload (transfer, api, item, TRUE, error);
}

/* The folder that gets the files, with a slash at its end; NULL when the target is a file. */
static gboolean
find_folder (MhCli *cli, const MhCliPlace *target, guint sources, char **folder, GError **error)
{
  gboolean is_folder = sources > 1 || g_str_has_suffix (target->path, "/");

  if (!is_folder && !mh_cli_place_is_folder (target, cli, &is_folder, error))
    return FALSE;

  if (is_folder)
    *folder = g_strconcat (target->path, g_str_has_suffix (target->path, "/") ? "" : "/", NULL);

  return TRUE;
}

gboolean
mh_cli_put (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean deep = FALSE;
  gboolean keep = FALSE;
  int parallel = 4;
  const GOptionEntry entries[] = {
    { "recursive", 'r', 0, G_OPTION_ARG_NONE, &deep, N_ ("Store folders with all that is in them"),
      NULL },
    { "no-clobber", 'n', 0, G_OPTION_ARG_NONE, &keep, N_ ("Do not touch files that are there"),
      NULL },
    { "parallel", 'j', 0, G_OPTION_ARG_INT, &parallel, N_ ("Files at a time (default: 4)"),
      N_ ("NUMBER") },
    { NULL },
  };
  g_autoptr (MhCliPlace) target = NULL;
  g_autoptr (GPtrArray) items = NULL;
  g_autofree char *folder = NULL;
  Plan plan = { NULL };
  guint sources;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  sources = g_strv_length (*args) - 1;
  target = mh_cli_place_new (cli, (*args)[sources], error);
  if (target == NULL || !find_folder (cli, target, sources, &folder, error))
    return FALSE;

  items = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_cli_item_free);
  plan.target = target;
  plan.deep = deep;
  plan.items = items;
  for (guint i = 0; i < sources; i++)
    {
      if (!plan_argument (&plan, (*args)[i], folder, error))
        return FALSE;
    }

  return mh_cli_transfer_run (cli, items, (guint) MAX (parallel, 1),
                              keep ? upload_keeping : upload_replacing, error);
}
