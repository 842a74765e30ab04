/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "api.h"

#include <string.h>

#include <glib/gi18n.h>

#include "base/json.h"

#define ERROR_BODY_BYTES_MAX (64 * 1024)
#define ANSWER_BYTES_MAX (64 * 1024 * 1024)
/* An upload is answered after it is durable, and a busy disk takes its time. */
#define IDLE_S 300

struct _MhCliApi
{
  char *base;           /* (owned): without a slash at the end */
  char *token;          /* (owned) (nullable) */
  SoupSession *session; /* (owned) */
};

static MhCliApi *
api_new (const char *base, const char *token)
{
  MhCliApi *self = g_new0 (MhCliApi, 1);

  self->base = g_strdup (base);
  while (g_str_has_suffix (self->base, "/"))
    self->base[strlen (self->base) - 1] = '\0';
  self->token = g_strdup (token);
  self->session =
      soup_session_new_with_options ("timeout", IDLE_S, "user-agent", "meshhold/" MH_VERSION, NULL);
  /* The daemon is on this machine, and its token is for no proxy. */
  soup_session_set_proxy_resolver (self->session, NULL);

  return self;
}

static char *
find_base (const char *home, const char *url, GError **error)
{
  g_autoptr (JsonObject) hello = NULL;
  const char *found = url;

  if (url == NULL)
    {
      hello = mh_client_call (home, "hello", error);
      if (hello == NULL)
        return NULL;
      found = mh_json_member (hello, "url");
    }
  if (found == NULL || !mh_client_is_local_url (found))
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                   _ ("“%s” is not the address of a daemon on this machine"),
                   found != NULL ? found : "");
      return NULL;
    }

  return g_strdup (found);
}

MhCliApi *
mh_cli_api_new_open (const char *home, const char *url, GError **error)
{
  g_autofree char *base = find_base (home, url, error);

  return base != NULL ? api_new (base, NULL) : NULL;
}

MhCliApi *
mh_cli_api_new (const char *home, const char *url, GError **error)
{
  g_autofree char *base = find_base (home, url, error);
  const char *given = g_getenv ("MESHHOLD_TOKEN");
  g_autoptr (JsonObject) reply = NULL;

  if (base == NULL)
    return NULL;
  if (given != NULL && *given != '\0')
    return api_new (base, given);

  reply = mh_client_call (home, "token", error);
  if (reply == NULL)
    return NULL;

  return api_new (base, mh_json_member (reply, "token"));
}

MhCliApi *
mh_cli_api_copy (MhCliApi *self)
{
  return api_new (self->base, self->token);
}

void
mh_cli_api_free (MhCliApi *self)
{
  if (self == NULL)
    return;

  soup_session_abort (self->session);
  g_object_unref (self->session);
  g_free (self->base);
  g_free (self->token);
  g_free (self);
}

SoupMessage *
mh_cli_api_message (MhCliApi *self, const char *method, const char *path, GError **error)
{
  g_autofree char *url = g_strconcat (self->base, path, NULL);
  g_autoptr (SoupMessage) message = NULL;

  if (*path == '/')
    message = soup_message_new (method, url);
  if (message == NULL)
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE, _ ("“%s” is not a path"), path);
      return NULL;
    }

  if (self->token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", self->token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization",
                                    value);
    }

  return g_steal_pointer (&message);
}

GInputStream *
mh_cli_api_send (MhCliApi *self, SoupMessage *message, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  GInputStream *body;

  body = soup_session_send (self->session, message, NULL, &local_error);
  if (body != NULL)
    return body;

  g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE, "%s: %s", self->base,
               local_error->message);

  return NULL;
}

/* Reads at most @bytes_max bytes; the rest is left unread. */
static char *
read_text (GInputStream *body, gsize bytes_max, GError **error)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  guint8 piece[4096];
  gssize got;

  while (text->len < bytes_max
         && (got = g_input_stream_read (body, piece, sizeof piece, NULL, error)) != 0)
    {
      if (got < 0)
        return NULL;
      g_byte_array_append (text, piece, (guint) got);
    }
  g_byte_array_append (text, (const guint8 *) "", 1);

  return (char *) g_byte_array_free (g_steal_pointer (&text), FALSE);
}

static MhClientError
code_of_status (guint status)
{
  if (status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN)
    return MH_CLIENT_ERROR_AUTH;
  if (status == SOUP_STATUS_NOT_FOUND)
    return MH_CLIENT_ERROR_NOT_FOUND;

  return MH_CLIENT_ERROR_FAILED;
}

gboolean
mh_cli_api_check (SoupMessage *message, GInputStream *body, GError **error)
{
  guint status = soup_message_get_status (message);
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) root = NULL;
  const char *reason = NULL;

  if (SOUP_STATUS_IS_SUCCESSFUL (status))
    return TRUE;

  text = read_text (body, ERROR_BODY_BYTES_MAX, NULL);
  root = text != NULL ? mh_json_parse (text, -1, NULL) : NULL;
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    reason = mh_json_member (json_node_get_object (root), "error");
  if (reason == NULL)
    reason = soup_message_get_reason_phrase (message);
  g_set_error (error, MH_CLIENT_ERROR, code_of_status (status), _ ("%s (HTTP %u)"), reason, status);

  return FALSE;
}

JsonNode *
mh_cli_api_call (MhCliApi *self, const char *method, const char *path, const char *body,
                 GError **error)
{
  g_autoptr (SoupMessage) message = mh_cli_api_message (self, method, path, error);
  g_autoptr (GInputStream) answer = NULL;
  g_autofree char *text = NULL;

  if (message == NULL)
    return NULL;
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
    }

  answer = mh_cli_api_send (self, message, error);
  if (answer == NULL || !mh_cli_api_check (message, answer, error))
    return NULL;
  text = read_text (answer, ANSWER_BYTES_MAX, error);
  if (text == NULL)
    return NULL;
  if (*text == '\0')
    return json_node_new (JSON_NODE_NULL);

  return mh_json_parse (text, -1, error);
}

void
mh_cli_api_set_admin_token (SoupMessage *message, const char *token)
{
  soup_message_headers_replace (soup_message_get_request_headers (message),
                                "X-MeshHold-Admin-Token", token);
}

char *
mh_cli_api_tail (const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);

  for (gsize i = 0; segments[i] != NULL; i++)
    {
      char *plain = segments[i];

      segments[i] = g_uri_escape_string (plain, NULL, FALSE);
      g_free (plain);
    }

  return g_strjoinv ("/", segments);
}
