/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/cli.h"
#include "cli/tty.h"

/* What a body is when nobody says: every route takes JSON but those that store a file. */
static const char *
guess_type (const char *path)
{
  return strstr (path, "/upload/") != NULL ? "application/octet-stream" : "application/json";
}

static gboolean
attach_body (SoupMessage *message, const char *body, const char *type, GError **error)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFileInputStream) stream = NULL;
  g_autoptr (GFileInfo) info = NULL;

  if (*body != '@')
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

      soup_message_set_request_body_from_bytes (message, type, bytes);
      return TRUE;
    }
  if (g_str_equal (body, "@-"))
    {
      g_autoptr (GInputStream) input = mh_cli_tty_stdin ();

      soup_message_set_request_body (message, type, input, -1);
      return TRUE;
    }

  file = g_file_new_for_commandline_arg (body + 1);
  stream = g_file_read (file, NULL, error);
  if (stream == NULL)
    return FALSE;
  info = g_file_input_stream_query_info (stream, G_FILE_ATTRIBUTE_STANDARD_SIZE, NULL, error);
  if (info == NULL)
    return FALSE;
  soup_message_set_request_body (message, type, G_INPUT_STREAM (stream),
                                 g_file_info_get_size (info));

  return TRUE;
}

static gboolean
copy_out (GInputStream *answer, GError **error)
{
  g_autoptr (GOutputStream) output = mh_cli_tty_stdout ();

  return g_output_stream_splice (output, answer, G_OUTPUT_STREAM_SPLICE_NONE, NULL, error) >= 0;
}

gboolean
mh_cli_raw_api (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_autofree char *type = NULL;
  g_autofree char *method = NULL;
  const GOptionEntry entries[] = {
    { "type", 't', 0, G_OPTION_ARG_STRING, &type,
      N_ ("Content type of the body (default: JSON, or bytes for an upload)"), N_ ("TYPE") },
    { NULL },
  };
  MhCliApi *api;
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) answer = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  api = mh_cli_api (cli, error);
  if (api == NULL)
    return FALSE;

  method = g_ascii_strup ((*args)[0], -1);
  message = mh_cli_api_message (api, method, (*args)[1], error);
  if (message == NULL)
    return FALSE;
  if ((*args)[2] != NULL
      && !attach_body (message, (*args)[2], type != NULL ? type : guess_type ((*args)[1]), error))
    return FALSE;

  answer = mh_cli_api_send (api, message, error);

  return answer != NULL && mh_cli_api_check (message, answer, error) && copy_out (answer, error);
}
