/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-contract.h"

#include "base/error.h"
#include "mesh-service.h"
#include "net/p2p/pnet/swarm-key.h"

static const char *
state_of (MhMesh *mesh, const MhNetwork *network)
{
  static const char *const names[] = { "saved", "offline", "starting", "online", "failed" };
  g_auto (MhNetworkStatus) status = { 0 };

  mh_core_get_network (mesh->core, &status);

  return g_strcmp0 (status.id, network->id) == 0 ? names[status.state] : names[0];
}

static void
strings_to_json (MhJson *out, const char *name, char **values)
{
  mh_json_begin_array (out, name);
  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    mh_json_string (out, NULL, values[i]);
  mh_json_end_array (out);
}

static void
network_to_json (MhJson *out, MhMesh *mesh, const MhNetwork *network)
{
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "id", network->id);
  mh_json_string (out, "name", network->name);
  mh_json_bool (out, "active", network->use != MH_USE_SAVED);
  mh_json_string (out, "state", state_of (mesh, network));
  strings_to_json (out, "bootstrap", network->bootstrap);
  mh_json_int (out, "created_ms", network->created_ms);
  if (network->rotated_ms > 0)
    {
      mh_json_begin_object (out, "rotated");
      mh_json_int (out, "ts_ms", network->rotated_ms);
      mh_json_string (out, "by", network->rotated_by);
      strings_to_json (out, "absent", network->absent);
      mh_json_end_object (out);
    }
  else
    {
      mh_json_null (out, "rotated");
    }
  mh_json_end_object (out);
}

/* Writes the network @id as it is now. */
static gboolean
answer_network (MhMesh *mesh, const char *id, MhJson *out, GError **error)
{
  g_autoptr (MhNetwork) network = mh_mesh_network (mesh, id, error);

  if (network == NULL)
    return FALSE;
  network_to_json (out, mesh, network);

  return TRUE;
}

static void
record (MhRequest *request, const char *type, const char *id, const char *detail)
{
  mh_audit_record (mh_request_service (request, "audit"), request, type, id, detail);
}

gboolean
mesh_networks_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  g_autoptr (GPtrArray) networks = mh_mesh_networks (mesh, error);

  if (networks == NULL)
    return FALSE;
  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "networks");
  for (guint i = 0; i < networks->len; i++)
    network_to_json (out, mesh, g_ptr_array_index (networks, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
mesh_networks_add (MhRequest *request, const MhNetworkJoin *body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  g_autoptr (MhInvite) invite = mh_invite_parse (body->url, error);
  g_autoptr (MhNetwork) network = NULL;
  const char *name = body->name != NULL && body->name[0] != '\0' ? body->name : NULL;

  if (invite == NULL)
    return FALSE;
  if (invite->key == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "url: it names a machine, and no network to join");
      return FALSE;
    }

  network = mh_mesh_add_network (mesh, name != NULL ? name : invite->name, invite->key,
                                 (const char *const *) invite->bootstrap, error);
  if (network == NULL)
    return FALSE;
  record (request, "network.join", network->id, network->name);
  network_to_json (out, mesh, network);

  return TRUE;
}

gboolean
mesh_networks_create (MhRequest *request, const MhNetworkNew *body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhNetwork) network = mh_mesh_add_network (mesh, body->name, key, NULL, error);

  if (network == NULL)
    return FALSE;
  record (request, "network.create", network->id, network->name);
  network_to_json (out, mesh, network);

  return TRUE;
}

gboolean
mesh_networks_forget (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *id = mh_request_param (request, "id");

  if (!mh_mesh_forget_network (mh_request_service (request, "mesh"), id, error))
    return FALSE;
  record (request, "network.forget", id, NULL);

  return TRUE;
}

gboolean
mesh_networks_connect (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *id = mh_request_param (request, "id");

  if (!mh_mesh_connect_network (mh_request_service (request, "mesh"), id, error))
    return FALSE;
  record (request, "network.connect", id, NULL);

  return TRUE;
}

gboolean
mesh_networks_disconnect (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  if (!mh_mesh_disconnect_network (mh_request_service (request, "mesh"), error))
    return FALSE;
  record (request, "network.disconnect", NULL, NULL);

  return TRUE;
}

/* Returns: (transfer full): what others need for @network: first where we are now, then what we
 * dialled ourselves */
static MhInvite *
invite_to (MhMesh *mesh, const MhNetwork *network, GError **error)
{
  g_autoptr (MhInvite) invite = g_new0 (MhInvite, 1);
  g_auto (MhNetworkStatus) status = { 0 };
  g_autoptr (GStrvBuilder) peers = g_strv_builder_new ();

  invite->name = g_strdup (network->name);
  invite->key = mh_mesh_network_key (mesh, network, error);
  if (invite->key == NULL)
    return NULL;

  mh_core_get_network (mesh->core, &status);
  if (g_strcmp0 (status.id, network->id) == 0 && status.addresses != NULL)
    g_strv_builder_addv (peers, (const char **) status.addresses);
  g_strv_builder_addv (peers, (const char **) network->bootstrap);
  invite->bootstrap = g_strv_builder_end (peers);

  return g_steal_pointer (&invite);
}

gboolean
mesh_networks_invite (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  const char *id = mh_request_param (request, "id");
  g_autoptr (MhNetwork) network = mh_mesh_network (mesh, id, error);
  g_autoptr (MhInvite) invite = network != NULL ? invite_to (mesh, network, error) : NULL;
  g_autofree char *url = NULL;

  if (invite == NULL)
    return FALSE;
  url = mh_invite_to_url (invite);
  record (request, "network.invite", id, NULL);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "url", url);
  mh_json_end_object (out);

  return TRUE;
}

/* Returns: (transfer full): the text of the file */
static char *
key_text (MhMesh *mesh, const MhNetwork *network, GError **error)
{
  g_autoptr (MhSecret) key = mh_mesh_network_key (mesh, network, error);
  g_autoptr (MhSecret) text = key != NULL ? mh_swarm_key_to_text (key) : NULL;

  if (text == NULL)
    return NULL;

  return g_strndup ((const char *) mh_secret_peek (text), mh_secret_size (text));
}

gboolean
mesh_networks_key (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  const char *id = mh_request_param (request, "id");
  g_autoptr (MhNetwork) network = mh_mesh_network (mesh, id, error);
  g_autofree char *text = network != NULL ? key_text (mesh, network, error) : NULL;

  if (text == NULL)
    return FALSE;
  record (request, "network.key_read", id, NULL);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "swarm_key", text);
  mh_json_end_object (out);

  return TRUE;
}

static gboolean
set_peers (MhRequest *request, char **addrs, gboolean adds, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  const char *id = mh_request_param (request, "id");
  const char *const *peers = (const char *const *) addrs;

  if (!mh_invite_check_peers (peers, "addrs", error)
      || !mh_mesh_set_bootstrap (mesh, id, peers, adds, error))
    return FALSE;
  record (request, "network.bootstrap", id, NULL);

  return answer_network (mesh, id, out, error);
}

gboolean
mesh_networks_add_peers (MhRequest *request, const MhNetworkPeers *body, MhJson *out,
                         GError **error)
{
  return set_peers (request, body->addrs, TRUE, out, error);
}

gboolean
mesh_networks_set_bootstrap (MhRequest *request, const MhNetworkPeers *body, MhJson *out,
                             GError **error)
{
  return set_peers (request, body->addrs, FALSE, out, error);
}

gboolean
mesh_networks_set_bootstrap_url (MhRequest *request, const MhNetworkUrl *body, MhJson *out,
                                 GError **error)
{
  g_autoptr (MhInvite) invite = mh_invite_parse (body->url, error);

  return invite != NULL && set_peers (request, invite->bootstrap, FALSE, out, error);
}

gboolean
mesh_networks_rotate_key (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *id = mh_request_param (request, "id");
  g_autoptr (MhRotation) rotation =
      mh_mesh_rotate_key (mh_request_service (request, "mesh"), id, error);

  if (rotation == NULL)
    return FALSE;
  record (request, "network.key", rotation->id, id);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "id", rotation->id);
  for (int has_it = TRUE; has_it >= FALSE; has_it--)
    {
      mh_json_begin_array (out, has_it ? "pushed" : "failed");
      for (guint i = 0; i < rotation->results->len; i++)
        {
          const MhKeypushResult *result = g_ptr_array_index (rotation->results, i);
          g_autofree char *peer = mh_peer_id_to_text (&result->peer);

          if (result->has_it != has_it)
            continue;
          if (has_it)
            {
              mh_json_string (out, NULL, peer);
              continue;
            }
          mh_json_begin_object (out, NULL);
          mh_json_string (out, "node_id", peer);
          mh_json_string (out, "error", result->error);
          mh_json_end_object (out);
        }
      mh_json_end_array (out);
    }
  strings_to_json (out, "absent", rotation->absent);
  mh_json_end_object (out);

  return TRUE;
}

/* Returns: (transfer full): the network that we are in, or %NULL with @error set */
static MhNetwork *
active_network (MhMesh *mesh, GError **error)
{
  g_auto (MhNetworkStatus) status = { 0 };

  mh_core_get_network (mesh->core, &status);
  if (status.id != NULL)
    return mh_mesh_network (mesh, status.id, error);

  g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
                       "this machine is in no network: create one, or join one by its URL");

  return NULL;
}

gboolean
mesh_system_share (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  g_autoptr (MhNetwork) network = active_network (mesh, error);
  g_autoptr (MhInvite) invite = network != NULL ? invite_to (mesh, network, error) : NULL;
  g_autofree char *text = invite != NULL ? key_text (mesh, network, error) : NULL;
  g_autofree char *url = NULL;

  if (text == NULL)
    return FALSE;
  url = mh_invite_to_url (invite);
  record (request, "network.invite", network->id, NULL);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "swarm_key", text);
  strings_to_json (out, "bootstrap", invite->bootstrap);
  mh_json_string (out, "connect_url", url);
  mh_json_end_object (out);

  return TRUE;
}
