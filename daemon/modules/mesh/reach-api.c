/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-contract.h"

#include <string.h>

#include "base/error.h"
#include "mesh-service.h"

gboolean
mesh_system_share_node (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  g_autoptr (MhHello) profile = mh_mesh_profile (mesh);
  g_auto (MhNetworkStatus) status = { 0 };
  static char *nowhere[] = { NULL };
  char **hosts;
  g_autofree char *url = NULL;

  mh_core_get_network (mesh->core, &status);
  hosts = status.addresses != NULL ? status.addresses : nowhere;
  url = mh_invite_node_url (mh_core_peer_id (mesh->core), (const char *const *) hosts);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "node_id", mh_core_peer_id (mesh->core));
  mh_json_string (out, "display_name", profile->name);
  mh_json_begin_array (out, "hosts");
  for (guint i = 0; hosts[i] != NULL; i++)
    mh_json_string (out, NULL, hosts[i]);
  mh_json_end_array (out);
  mh_json_string (out, "url", url);
  mh_json_end_object (out);

  return TRUE;
}

/* -- router and NAT -- */

static void
portmap_to_json (MhJson *out, const MhSwarmNat *nat)
{
  g_autofree char *external =
      nat->portmap.external != NULL ? mh_multiaddr_to_text (nat->portmap.external) : NULL;

  mh_json_begin_object (out, "upnp");
  mh_json_bool (out, "enabled", nat->portmap_wanted);
  mh_json_bool (out, "found", nat->portmap.available);
  mh_json_string (out, "external_addr", external);
  mh_json_int (out, "port", nat->portmap.port);
  mh_json_int (out, "lease_s", nat->portmap.lease_s);
  mh_json_string (out, "error", nat->portmap.error);
  mh_json_end_object (out);
}

/* Returns: (transfer full) (nullable): the first public IP address of @addresses */
static char *
public_ip (char **addresses)
{
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      g_autoptr (MhMultiaddr) address = mh_multiaddr_new (addresses[i], NULL);
      g_auto (MhMultiaddrTarget) target = { 0 };

      if (address != NULL && mh_multiaddr_is_public (address)
          && !mh_multiaddr_has (address, MH_MULTIADDR_CIRCUIT)
          && mh_multiaddr_target (address, &target))
        return g_steal_pointer (&target.host);
    }

  return NULL;
}

gboolean
mesh_system_nat (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  static const char *const names[] = { "unknown", "public", "private" };
  MhMesh *mesh = mh_request_service (request, "mesh");
  MhSwarm *swarm = mh_mesh_take (mesh, error);
  g_auto (MhSwarmNat) nat = { 0 };
  g_autofree char *ip = NULL;

  if (swarm == NULL)
    return FALSE;
  mh_swarm_nat (swarm, &nat);
  mh_mesh_give (mesh, swarm);

  ip = public_ip (nat.addresses);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "reachability", names[nat.reach]);
  mh_json_int (out, "confidence", nat.confidence);
  mh_json_begin_array (out, "addrs");
  for (guint i = 0; nat.addresses[i] != NULL; i++)
    mh_json_string (out, NULL, nat.addresses[i]);
  mh_json_end_array (out);
  mh_json_int (out, "relays", nat.relays);
  portmap_to_json (out, &nat);
  mh_json_begin_object (out, "ipinfo");
  mh_json_string (out, "ip", ip);
  mh_json_string (out, "country", mh_core_config (mesh->core)->country);
  mh_json_end_object (out);
  mh_json_end_object (out);

  return TRUE;
}

/* -- who may be here -- */

static const char *const modes[] = { "open", "allow", "deny" };

static void
acl_to_json (MhJson *out, MhMesh *mesh)
{
  g_mutex_lock (&mesh->lock);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "mode", modes[mesh->acl->mode]);
  mh_json_begin_array (out, "peers");
  for (guint i = 0; mesh->acl->peers[i] != NULL; i++)
    mh_json_string (out, NULL, mesh->acl->peers[i]);
  mh_json_end_array (out);
  mh_json_end_object (out);
  g_mutex_unlock (&mesh->lock);
}

gboolean
mesh_network_acl (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  acl_to_json (out, mh_request_service (request, "mesh"));

  return TRUE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Returns: (transfer full): checked, in one spelling, each once; or %NULL with @error set */
static char **
read_peers (char **texts, GError **error)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      MhPeerId peer;
      char *text;

      if (!mh_peer_id_from_text (texts[i], &peer))
        {
          g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "peers: %s is no peer id", texts[i]);
          return NULL;
        }
      text = mh_peer_id_to_text (&peer);
      if (g_ptr_array_find_with_equal_func (peers, text, g_str_equal, NULL))
        g_free (text);
      else
        g_ptr_array_add (peers, text);
    }
  g_ptr_array_sort (peers, compare);
  g_ptr_array_add (peers, NULL);

  return (char **) g_ptr_array_steal (peers, NULL);
}

static gboolean
write_acl (MhMesh *mesh, const MhAcl *acl, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mesh->core), error);
  g_autoptr (MhDbTxn) txn = lease == NULL ? NULL : mh_db_txn_begin (mh_db_lease_db (lease), error);

  return txn != NULL && mh_mesh_store_set_acl (mh_db_lease_db (lease), acl, error)
         && mh_db_txn_commit (txn, error);
}

/* On the thread that alone changes things. */
static gboolean
do_set_acl (MhMesh *mesh, gpointer data, GError **error)
{
  MhAcl *acl = data;
  MhAcl *copy;

  if (!write_acl (mesh, acl, error))
    return FALSE;

  copy = g_new0 (MhAcl, 1);
  copy->mode = acl->mode;
  copy->peers = g_strdupv (acl->peers);
  g_mutex_lock (&mesh->lock);
  g_clear_pointer (&mesh->acl, mh_acl_free);
  mesh->acl = copy;
  g_mutex_unlock (&mesh->lock);
  if (mesh->swarm != NULL)
    mh_swarm_check_peers (mesh->swarm);

  return TRUE;
}

gboolean
mesh_network_set_acl (MhRequest *request, const MhPeerAclChange *body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  g_autoptr (MhAcl) acl = g_new0 (MhAcl, 1);

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (g_str_equal (body->mode, modes[i]))
      acl->mode = (MhAclMode) i;
  acl->peers = read_peers (body->peers, error);
  if (acl->peers == NULL || !mh_mesh_call (mesh, do_set_acl, acl, error))
    return FALSE;

  mh_audit_record (mesh->audit, request, "peer.acl", body->mode, NULL);
  acl_to_json (out, mesh);

  return TRUE;
}
