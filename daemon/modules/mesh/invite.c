/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "invite.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "net/p2p/pnet/swarm-key.h"
#include "net/p2p/wire/multiaddr.h"

#define NODE_PREFIX "meshhold://node/"
#define VERSION 1
#define MAX_NAME 128

void
mh_invite_free (MhInvite *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_clear_pointer (&self->key, mh_secret_free);
  g_strfreev (self->bootstrap);
  g_free (self);
}

static char *
url_of (const MhInvite *self, guint n_peers)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *key = mh_hex_encode (mh_secret_peek (self->key), mh_secret_size (self->key));
  g_autofree char *text = NULL;
  g_autofree char *encoded = NULL;

  /* sorted, so that equal networks have equal URLs */
  mh_json_begin_object (json, NULL);
  mh_json_begin_array (json, "b");
  for (guint i = 0; i < n_peers; i++)
    mh_json_string (json, NULL, self->bootstrap[i]);
  mh_json_end_array (json);
  mh_json_string (json, "k", key);
  mh_json_string (json, "n", self->name);
  mh_json_int (json, "v", VERSION);
  mh_json_end_object (json);
  text = mh_json_steal (json);
  encoded = mh_base64url_encode ((const guint8 *) text, strlen (text));
  mh_wipe (text, strlen (text));
  mh_wipe (key, strlen (key));

  return g_strconcat (MH_INVITE_PREFIX, encoded, NULL);
}

char *
mh_invite_to_url (const MhInvite *self)
{
  guint n_peers = MIN (g_strv_length (self->bootstrap), MH_INVITE_MOST_PEERS);
  char *url = url_of (self, n_peers);

  while (n_peers > 1 && strlen (url) > MH_INVITE_QR_BYTES)
    {
      g_free (url);
      url = url_of (self, --n_peers);
    }

  return url;
}

char *
mh_invite_node_url (const char *peer_id, const char *const *addresses)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *text = NULL;
  g_autofree char *encoded = NULL;

  mh_json_begin_object (json, NULL);
  mh_json_begin_array (json, "a");
  for (guint i = 0; addresses[i] != NULL && i < MH_INVITE_MOST_PEERS; i++)
    mh_json_string (json, NULL, addresses[i]);
  mh_json_end_array (json);
  mh_json_string (json, "node", peer_id);
  mh_json_int (json, "v", VERSION);
  mh_json_end_object (json);
  text = mh_json_steal (json);
  encoded = mh_base64url_encode ((const guint8 *) text, strlen (text));

  return g_strconcat (NODE_PREFIX, encoded, NULL);
}

gboolean
mh_invite_check_peers (const char *const *addresses, const char *field, GError **error)
{
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;
      g_autoptr (MhMultiaddr) address = mh_multiaddr_new (addresses[i], &local);
      MhPeerId peer;

      if (address == NULL)
        g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s: %s", field, local->message);
      else if (!mh_multiaddr_peer (address, &peer))
        g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                     "%s: %s does not end on /p2p/ and a peer id", field, addresses[i]);
      else
        continue;
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_key (MhInvite *self, JsonObject *object, GError **error)
{
  const char *text = mh_json_member (object, "k");

  self->key = mh_secret_new (MH_SWARM_KEY_SIZE);
  if (text != NULL && mh_hex_decode (text, mh_secret_bytes (self->key), MH_SWARM_KEY_SIZE))
    return TRUE;

  g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "url: there is no key in it");

  return FALSE;
}

static gboolean
read_peers (MhInvite *self, JsonObject *object, const char *member, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array;

  if (node != NULL && !JSON_NODE_HOLDS_ARRAY (node))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "url: %s is no list", member);
      return FALSE;
    }

  array = node != NULL ? json_node_get_array (node) : NULL;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (item) && json_node_get_value_type (item) == G_TYPE_STRING)
        g_strv_builder_add (builder, json_node_get_string (item));
    }
  self->bootstrap = g_strv_builder_end (builder);

  return mh_invite_check_peers ((const char *const *) self->bootstrap, "url", error);
}

static gboolean
read_members (MhInvite *self, JsonObject *object, gboolean is_join, GError **error)
{
  JsonNode *version = json_object_get_member (object, "v");
  const char *name = mh_json_member (object, "n");

  if (version == NULL || !JSON_NODE_HOLDS_VALUE (version)
      || json_node_get_value_type (version) != G_TYPE_INT64
      || json_node_get_int (version) != VERSION)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "url: it is of another version of MeshHold");
      return FALSE;
    }
  if (name != NULL && strlen (name) > MAX_NAME)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "url: its name is longer than %d bytes",
                   MAX_NAME);
      return FALSE;
    }
  self->name = g_strdup (name);

  return (!is_join || read_key (self, object, error))
         && read_peers (self, object, is_join ? "b" : "a", error);
}

MhInvite *
mh_invite_parse (const char *url, GError **error)
{
  g_autoptr (MhInvite) self = g_new0 (MhInvite, 1);
  g_autofree char *trimmed = g_strstrip (g_strdup (url));
  gboolean is_join = g_str_has_prefix (trimmed, MH_INVITE_PREFIX);
  g_autofree guint8 *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  gsize size = 0;

  if (!is_join && !g_str_has_prefix (trimmed, NODE_PREFIX))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "url: it does not begin with " MH_INVITE_PREFIX);
      return NULL;
    }
  if (strlen (trimmed) > MH_INVITE_MAX)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "url: it is longer than %d bytes",
                   MH_INVITE_MAX);
      return NULL;
    }

  text = mh_base64url_decode (strchr (trimmed + strlen ("meshhold://"), '/') + 1, &size);
  if (text != NULL)
    node = mh_json_parse ((const char *) text, (gssize) size, NULL); /* said below */
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "url: it is damaged, maybe it was not copied as a whole");
      return NULL;
    }

  if (!read_members (self, json_node_get_object (node), is_join, error))
    return NULL;

  return g_steal_pointer (&self);
}
