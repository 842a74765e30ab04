/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "watch.h"

#include <string.h>

#include <libsoup/soup.h>

#include "base/json.h"
#include "client/client.h"
#include "tray/mesh.h"

#define TIMEOUT_S 10
/* The owner calls every three seconds: each time while blocks come, else every third time. */
#define REST_MS 8000

struct _MhTrayWatch
{
  MhTrayWatchFunc func;
  gpointer user_data;
  SoupSession *session; /* (owned) */
  GCancellable *cancel; /* (owned): of the question under way */
  char *url;            /* (owned) (nullable): of the daemon that is asked */
  char *token;          /* (owned) (nullable) */
  gboolean asking;
  gint64 asked_ms; /* when the last answers came, on the clock of g_get_monotonic_time() */
  MhTrayMesh mesh;
  char *text; /* (owned) (nullable): what was told last */
};

static void ask (MhTrayWatch *self, const char *path, GAsyncReadyCallback callback);

static void
tell (MhTrayWatch *self)
{
  g_autofree char *text = mh_tray_mesh_text (&self->mesh);

  if (g_strcmp0 (text, self->text) == 0)
    return;

  g_free (self->text);
  self->text = g_steal_pointer (&text);
  self->func (self->text, self->user_data);
}

/* An answer that is none is no news: the icon tells what is wrong with the daemon. */
static void
end (MhTrayWatch *self, guint status)
{
  self->asking = FALSE;
  self->asked_ms = g_get_monotonic_time () / 1000;
  if (status == SOUP_STATUS_UNAUTHORIZED)
    g_clear_pointer (&self->token, g_free); /* the next look wants another one */
}

/* Returns: (transfer full) (nullable): the node of the answer; %NULL when there is none to use.
 * @self must not be touched after a cancelled question: it may be gone. */
static JsonNode *
answer_of (GObject *session, GAsyncResult *result, guint *status, gboolean *cancelled)
{
  SoupMessage *message = soup_session_get_async_result_message (SOUP_SESSION (session), result);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body =
      soup_session_send_and_read_finish (SOUP_SESSION (session), result, &error);
  JsonNode *root;

  *cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *status = body != NULL ? soup_message_get_status (message) : SOUP_STATUS_NONE;
  if (*status != SOUP_STATUS_OK)
    return NULL;

  root = mh_json_parse (g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), NULL);
  if (root != NULL && !JSON_NODE_HOLDS_OBJECT (root))
    g_clear_pointer (&root, json_node_unref);

  return root;
}

static void
on_sync (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayWatch *self = user_data;
  gboolean cancelled;
  guint status;
  g_autoptr (JsonNode) root = answer_of (source, result, &status, &cancelled);

  if (cancelled)
    return;

  end (self, status);
  if (root == NULL)
    return;

  mh_tray_mesh_take_sync (&self->mesh, json_node_get_object (root));
  tell (self);
}

static void
on_status (GObject *source, GAsyncResult *result, gpointer user_data)
{
  MhTrayWatch *self = user_data;
  gboolean cancelled;
  guint status;
  g_autoptr (JsonNode) root = answer_of (source, result, &status, &cancelled);

  if (cancelled)
    return;
  if (root == NULL)
    {
      end (self, status);
      return;
    }

  mh_tray_mesh_take_status (&self->mesh, json_node_get_object (root));
  if (self->mesh.state == MH_TRAY_MESH_CONNECTED)
    {
      ask (self, "api/v1/sync", on_sync);
      return;
    }
  end (self, status);
  tell (self);
}

static void
ask (MhTrayWatch *self, const char *path, GAsyncReadyCallback callback)
{
  gboolean slash = g_str_has_suffix (self->url, "/");
  g_autofree char *address = g_strconcat (self->url, slash ? "" : "/", path, NULL);
  g_autofree char *bearer = g_strconcat ("Bearer ", self->token, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", address);

  if (message == NULL)
    {
      end (self, SOUP_STATUS_NONE);
      return;
    }

  soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization",
                                bearer);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_LOW, self->cancel, callback,
                                    self);
}

static void
begin (MhTrayWatch *self)
{
  self->asking = TRUE;
  ask (self, "api/v1/system/status", on_status);
}

MhTrayWatch *
mh_tray_watch_new (MhTrayWatchFunc func, gpointer user_data)
{
  MhTrayWatch *self = g_new0 (MhTrayWatch, 1);

  self->func = func;
  self->user_data = user_data;
  self->cancel = g_cancellable_new ();
  self->session = soup_session_new_with_options ("timeout", TIMEOUT_S, "user-agent",
                                                 "meshhold/" MH_VERSION, NULL);
  /* The daemon is on this machine, and its token is for no proxy. */
  soup_session_set_proxy_resolver (self->session, NULL);

  return self;
}

static void
drop (MhTrayWatch *self)
{
  g_cancellable_cancel (self->cancel);
  g_clear_pointer (&self->url, g_free);
  g_clear_pointer (&self->token, g_free);
  self->asking = FALSE;
  self->asked_ms = 0;
  memset (&self->mesh, 0, sizeof self->mesh);
}

void
mh_tray_watch_free (MhTrayWatch *self)
{
  if (self == NULL)
    return;

  drop (self);
  g_object_unref (self->cancel);
  g_object_unref (self->session);
  g_free (self->text);
  g_free (self);
}

void
mh_tray_watch_forget (MhTrayWatch *self)
{
  drop (self);
  g_object_unref (self->cancel);
  self->cancel = g_cancellable_new ();
  tell (self);
}

gboolean
mh_tray_watch_look (MhTrayWatch *self, const char *url)
{
  gint64 now_ms = g_get_monotonic_time () / 1000;

  if (url == NULL || !mh_client_is_local_url (url))
    return FALSE;
  if (g_strcmp0 (url, self->url) != 0)
    {
      mh_tray_watch_forget (self); /* it is another daemon */
      self->url = g_strdup (url);
    }
  if (self->asking || (self->asked_ms > 0 && !self->mesh.busy && now_ms - self->asked_ms < REST_MS))
    return FALSE;
  if (self->token == NULL)
    return TRUE;

  begin (self);

  return FALSE;
}

void
mh_tray_watch_set_token (MhTrayWatch *self, const char *token)
{
  if (self->url == NULL || self->asking)
    return;

  g_free (self->token);
  self->token = g_strdup (token);
  begin (self);
}
