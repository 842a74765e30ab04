/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/place.h"
#include "cli/transfer.h"
#include "cli/tty.h"

#define PIECE_BYTES (256 * 1024)

/* What is to be fetched, as it is being put together. */
typedef struct
{
  const char *vault_id; /* (unowned) */
  const char *into;     /* (unowned): local folder or file */
  const char *below;    /* (unowned): the part of the paths in the vault that is left out */
  GPtrArray *items;     /* (unowned) (element-type MhCliItem) */
} Plan;

/* A vault holds no such names, but what writes on this disk makes sure of it. */
static gboolean
is_safe (const char *relative)
{
  g_auto (GStrv) segments = g_strsplit (relative, "/", -1);

  for (gsize i = 0; segments[i] != NULL; i++)
    {
      if (g_str_equal (segments[i], "..") || g_str_equal (segments[i], ".") || *segments[i] == '\0')
        return FALSE;
    }

  return TRUE;
}

static void
plan_file (JsonObject *file, gboolean is_folder, gpointer user_data)
{
  Plan *self = user_data;
  const char *path = mh_cli_str (file, "path");
  const char *relative;
  MhCliPlace place = { (char *) self->vault_id, (char *) path };
  MhCliItem *item;

  if (is_folder || !g_str_has_prefix (path, self->below))
    return;
  relative = path + strlen (self->below);
  if (!is_safe (relative))
    {
      g_autofree char *clean = mh_cli_clean (path);

      g_printerr (_ ("meshhold: %s: left out, this name is not safe here\n"), clean);
      return;
    }

  item = g_new0 (MhCliItem, 1);
  item->local = g_build_filename (self->into, relative, NULL);
  item->route = mh_cli_place_route (&place, "download");
  item->bytes = mh_cli_int (file, "size");
  item->mtime_ms = mh_cli_int (file, "mtime_ms");
  g_ptr_array_add (self->items, item);
}

/* Adds one file, which may go to a file name, into a folder or to standard output. */
static gboolean
plan_single (MhCli *cli, const MhCliPlace *place, const char *into, GPtrArray *items,
             GError **error)
{
  g_autofree char *route = mh_cli_place_route (place, "files");
  g_autofree char *name = g_path_get_basename (place->path);
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *file;
  MhCliItem *item;

  answer = mh_cli_api_call (mh_cli_api (cli, NULL), "GET", route, NULL, error);
  if (answer == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (answer) || !is_safe (name))
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED, _ ("%s is not a file"),
                   place->path);
      return FALSE;
    }

  file = json_node_get_object (answer);
  item = g_new0 (MhCliItem, 1);
  if (!g_str_equal (into, "-") && g_file_test (into, G_FILE_TEST_IS_DIR))
    item->local = g_build_filename (into, name, NULL);
  else
    item->local = g_strdup (into);
  item->route = mh_cli_place_route (place, "download");
  item->bytes = mh_cli_int (file, "size");
  item->mtime_ms = mh_cli_int (file, "mtime_ms");
  g_ptr_array_add (items, item);

  return TRUE;
}

static gboolean
plan_tree (MhCli *cli, const MhCliPlace *place, const char *into, GPtrArray *items, GError **error)
{
  g_autofree char *folder = g_strdup (place->path);
  g_autofree char *below = NULL;
  MhCli quiet = { cli->home, cli->url, FALSE, FALSE, cli->api };
  Plan plan = { place->vault_id, into, NULL, items };
  guint before = items->len;

  while (strlen (folder) > 1 && g_str_has_suffix (folder, "/"))
    folder[strlen (folder) - 1] = '\0';
  /* The last segment is kept: /photos/2026 arrives as 2026. */
  below = g_strndup (folder, (gsize) (strrchr (folder, '/') + 1 - folder));
  plan.below = below;
  if (!mh_cli_place_list (place, &quiet, MH_CLI_LIST_DEEP, plan_file, &plan, error))
    return FALSE;
  if (items->len == before)
    return plan_single (cli, place, into, items, error);

  return TRUE;
}

/* Copies until the end of @from. libsoup reports a body that ends too early. */
static gboolean
copy (MhCliTransfer *transfer, GInputStream *from, GOutputStream *to, GError **error)
{
  g_autofree guint8 *piece = g_malloc (PIECE_BYTES);
  gssize got;

  while ((got = g_input_stream_read (from, piece, PIECE_BYTES, NULL, error)) > 0)
    {
      if (!g_output_stream_write_all (to, piece, (gsize) got, NULL, NULL, error))
        return FALSE;
      mh_cli_transfer_progress (transfer, (gsize) got);
    }

  return got == 0;
}

/* The old file stays what it is until the new one is complete. */
static gboolean
save (MhCliTransfer *transfer, GInputStream *from, const MhCliItem *item, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (item->local);
  g_autoptr (GFile) folder = g_file_get_parent (file);
  g_autoptr (GCancellable) discard = g_cancellable_new ();
  g_autoptr (GFileOutputStream) to = NULL;
  g_autoptr (GError) local_error = NULL;

  if (folder != NULL && !g_file_make_directory_with_parents (folder, NULL, &local_error)
      && !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  to = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, error);
  if (to == NULL)
    return FALSE;

  if (!copy (transfer, from, G_OUTPUT_STREAM (to), error))
    {
      /* A close that is cancelled leaves the old file, which is what is wanted. */
      g_cancellable_cancel (discard);
      g_output_stream_close (G_OUTPUT_STREAM (to), discard, NULL);
      return FALSE;
    }
  if (!g_output_stream_close (G_OUTPUT_STREAM (to), NULL, error))
    return FALSE;
  if (item->mtime_ms > 0)
    /* A file system without times keeps the bytes all the same. */
    g_file_set_attribute_uint64 (file, G_FILE_ATTRIBUTE_TIME_MODIFIED,
                                 (guint64) (item->mtime_ms / 1000), G_FILE_QUERY_INFO_NONE, NULL,
                                 NULL);

  return TRUE;
}

static gboolean
download (MhCliTransfer *transfer, MhCliApi *api, const MhCliItem *item, GError **error)
{
  g_autoptr (SoupMessage) message = mh_cli_api_message (api, "GET", item->route, error);
  g_autoptr (GInputStream) answer = NULL;

  if (message == NULL)
    return FALSE;
  answer = mh_cli_api_send (api, message, error);
  if (answer == NULL || !mh_cli_api_check (message, answer, error))
    return FALSE;
  if (g_str_equal (item->local, "-"))
    {
      g_autoptr (GOutputStream) output = mh_cli_tty_stdout ();

      return copy (transfer, answer, output, error);
    }

  return save (transfer, answer, item, error);
}

static gboolean
target_is_right (const char *into, guint sources, GError **error)
{
  if (sources == 1 || g_file_test (into, G_FILE_TEST_IS_DIR))
    return TRUE;

  g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE, _ ("%s is not a folder"), into);

  return FALSE;
}

gboolean
mh_cli_get (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean deep = FALSE;
  int parallel = 4;
  const GOptionEntry entries[] = {
    { "recursive", 'r', 0, G_OPTION_ARG_NONE, &deep, N_ ("Fetch folders with all that is in them"),
      NULL },
    { "parallel", 'j', 0, G_OPTION_ARG_INT, &parallel, N_ ("Files at a time (default: 4)"),
      N_ ("NUMBER") },
    { NULL },
  };
  g_autoptr (GPtrArray) items = NULL;
  const char *into;
  guint sources;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  sources = g_strv_length (*args) - 1;
  into = (*args)[sources];
  if (!target_is_right (into, sources, error))
    return FALSE;

  items = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_cli_item_free);
  for (guint i = 0; i < sources; i++)
    {
      g_autoptr (MhCliPlace) place = mh_cli_place_new (cli, (*args)[i], error);

      if (place == NULL)
        return FALSE;
      if (!(deep ? plan_tree : plan_single) (cli, place, into, items, error))
        return FALSE;
    }

  return mh_cli_transfer_run (cli, items, (guint) MAX (parallel, 1), download, error);
}
