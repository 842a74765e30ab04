/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-contract.h"

#include "base/error.h"
#include "mesh-service.h"
#include "speedtest.h"

/* What of a node only the host knows. */
typedef struct
{
  gint64 rtt_us;
  gboolean is_connected;
  gboolean is_relayed;
} Line;

/* The lines of all peers, looked at once on the loop. */
typedef struct
{
  GHashTable *lines; /* (owned) (element-type MhPeerId Line) */
  gint64 now_ms;     /* monotonic */
  gint64 wall_ms;
} View;

static void
view_clear (View *self)
{
  g_clear_pointer (&self->lines, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (View, view_clear)

static void
look_here (MhHost *host, gpointer data)
{
  View *self = data;
  g_autoptr (GPtrArray) all = mh_host_connections (host);

  for (guint i = 0; i < all->len; i++)
    {
      const MhHostConnection *row = g_ptr_array_index (all, i);
      Line *line = g_hash_table_lookup (self->lines, &row->peer);

      if (line == NULL)
        {
          line = g_new0 (Line, 1);
          line->is_relayed = TRUE;
          g_hash_table_insert (self->lines, mh_peer_id_copy (&row->peer), line);
        }
      line->is_connected = TRUE;
      line->is_relayed = line->is_relayed && row->is_relayed;
      line->rtt_us = mh_host_rtt_us (host, &row->peer);
    }
}

static void
look (MhMesh *mesh, MhSwarm *swarm, View *view)
{
  view->lines = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, g_free);
  view->now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
  view->wall_ms = mh_clock_now_ms (mh_core_clock (mesh->core));
  if (swarm != NULL)
    mh_host_run (mh_swarm_host (swarm), look_here, view);
}

static void
rtt_to_json (MhJson *out, gint64 rtt_us)
{
  if (rtt_us > 0)
    mh_json_double (out, "rtt_ms", (double) rtt_us / 1000.0);
  else
    mh_json_null (out, "rtt_ms");
}

static void
hello_to_json (MhJson *out, const MhHello *hello)
{
  mh_json_string (out, "display_name", hello->name);
  mh_json_string (out, "country", hello->country);
  mh_json_string (out, "version", hello->version);
  mh_json_string (out, "os", hello->system);
  mh_json_begin_array (out, "caps");
  for (guint i = 0; hello->caps[i] != NULL; i++)
    mh_json_string (out, NULL, hello->caps[i]);
  mh_json_end_array (out);
  mh_json_bool (out, "reliable", (hello->flags & MH_HELLO_RELIABLE) != 0);
  mh_json_bool (out, "metered", (hello->flags & MH_HELLO_METERED) != 0);
  mh_json_bool (out, "relay", (hello->flags & MH_HELLO_RELAY) != 0);
  mh_json_begin_array (out, "addrs");
  for (guint i = 0; i < hello->addresses->len; i++)
    {
      g_autofree char *text = mh_multiaddr_to_text (hello->addresses->pdata[i]);

      mh_json_string (out, NULL, text);
    }
  mh_json_end_array (out);
  mh_json_int (out, "free_bytes", (gint64) MIN (hello->free_bytes, G_MAXINT64));
  mh_json_int (out, "total_bytes", (gint64) MIN (hello->total_bytes, G_MAXINT64));
  mh_json_begin_array (out, "vaults");
  for (guint i = 0; i < hello->vaults->len; i++)
    {
      const MhHelloVault *vault = &g_array_index (hello->vaults, MhHelloVault, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "id", vault->id);
      mh_json_int (out, "bytes", (gint64) MIN (vault->bytes, G_MAXINT64));
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
  mh_json_int (out, "uptime_s", (gint64) MIN (hello->uptime_s, G_MAXINT64));
}

static void
node_to_json (MhJson *out, const MhNode *node, const View *view, gboolean is_self)
{
  g_autofree char *id = mh_peer_id_to_text (&node->peer);
  g_autoptr (MhHello) nothing = mh_hello_new ();
  const Line *line = g_hash_table_lookup (view->lines, &node->peer);

  mh_json_begin_object (out, NULL);
  mh_json_string (out, "node_id", id);
  mh_json_bool (out, "self", is_self);
  mh_json_bool (out, "online", node->is_here);
  mh_json_bool (out, "connected", line != NULL);
  if (node->is_connected)
    mh_json_int (out, "last_seen_ms", view->wall_ms);
  else if (node->seen_ms != G_MININT64)
    mh_json_int (out, "last_seen_ms", view->wall_ms - (view->now_ms - node->seen_ms));
  else
    mh_json_null (out, "last_seen_ms");
  rtt_to_json (out, line != NULL ? line->rtt_us : 0);
  if (line != NULL)
    mh_json_string (out, "carrier", line->is_relayed ? "relay" : "direct");
  else
    mh_json_null (out, "carrier");
  hello_to_json (out, node->hello != NULL ? node->hello : nothing);
  mh_json_end_object (out);
}

/* Returns: (transfer full): this machine as a node */
static MhNode *
own_node (MhMesh *mesh, MhSwarm *swarm, const View *view)
{
  MhNode *node = g_new0 (MhNode, 1);

  node->peer = mh_peer_id_from_ed25519 (mh_signer_public_key (mh_core_signer (mesh->core)));
  node->hello = swarm != NULL ? mh_swarm_own (swarm) : NULL;
  if (node->hello == NULL)
    node->hello = mh_mesh_profile (mesh);
  node->heard_ms = view->now_ms;
  node->is_here = TRUE;
  node->is_connected = TRUE;

  return node;
}

gboolean
mesh_nodes_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  MhSwarm *swarm = mh_mesh_take (mesh, error);
  g_auto (View) view = { 0 };
  g_autoptr (MhNode) own = NULL;
  g_autoptr (GPtrArray) nodes = NULL;

  if (swarm == NULL)
    return FALSE;
  look (mesh, swarm, &view);
  own = own_node (mesh, swarm, &view);
  nodes = mh_directory_list (mh_swarm_directory (swarm));
  mh_mesh_give (mesh, swarm);

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "nodes");
  node_to_json (out, own, &view, TRUE);
  for (guint i = 0; i < nodes->len; i++)
    node_to_json (out, g_ptr_array_index (nodes, i), &view, FALSE);
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
mesh_nodes_self (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  MhSwarm *swarm = mh_mesh_take (mesh, NULL); /* it knows itself without a network, too */
  g_auto (View) view = { 0 };
  g_autoptr (MhNode) own = NULL;

  look (mesh, swarm, &view);
  own = own_node (mesh, swarm, &view);
  if (swarm != NULL)
    mh_mesh_give (mesh, swarm);
  node_to_json (out, own, &view, TRUE);

  return TRUE;
}

/* Returns: (transfer full): a node by the text of its id, or %NULL with @error set */
static MhNode *
find_node (MhSwarm *swarm, const char *text, GError **error)
{
  MhPeerId peer;
  MhNode *node = NULL;

  if (mh_peer_id_from_text (text, &peer))
    node = mh_directory_get (mh_swarm_directory (swarm), &peer);
  if (node == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no node %s", text);

  return node;
}

gboolean
mesh_nodes_get (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  const char *id = mh_request_param (request, "node_id");
  MhSwarm *swarm;
  g_auto (View) view = { 0 };
  g_autoptr (MhNode) node = NULL;

  if (g_str_equal (id, mh_core_peer_id (mesh->core)))
    return mesh_nodes_self (request, body, out, error);

  swarm = mh_mesh_take (mesh, error);
  if (swarm == NULL)
    return FALSE;
  look (mesh, swarm, &view);
  node = find_node (swarm, id, error);
  mh_mesh_give (mesh, swarm);
  if (node == NULL)
    return FALSE;
  node_to_json (out, node, &view, FALSE);

  return TRUE;
}

/* -- who is connected to whom -- */

static void
point_to_json (MhJson *out, const MhNode *node, gboolean is_self)
{
  g_autofree char *id = mh_peer_id_to_text (&node->peer);

  mh_json_begin_object (out, NULL);
  mh_json_string (out, "node_id", id);
  mh_json_string (out, "display_name", node->hello != NULL ? node->hello->name : "");
  mh_json_bool (out, "online", node->is_here);
  mh_json_bool (out, "self", is_self);
  mh_json_end_object (out);
}

typedef struct
{
  gint64 rtt_us;
  gboolean is_relayed;
} Edge;

/* Both ends tell of an edge; the shorter time and the better way count. */
static void
add_edges (GHashTable *edges, const MhNode *node)
{
  g_autofree char *one = mh_peer_id_to_text (&node->peer);

  for (guint i = 0; node->hello != NULL && node->is_here && i < node->hello->links->len; i++)
    {
      const MhHelloLink *link = &g_array_index (node->hello->links, MhHelloLink, i);
      g_autofree char *two = mh_peer_id_to_text (&link->peer);
      gboolean in_order = g_strcmp0 (one, two) < 0;
      char *key = g_strconcat (in_order ? one : two, " ", in_order ? two : one, NULL);
      Edge *edge = g_hash_table_lookup (edges, key);

      if (edge == NULL)
        {
          edge = g_new0 (Edge, 1);
          edge->is_relayed = TRUE;
          g_hash_table_insert (edges, key, edge);
        }
      else
        {
          g_free (key);
        }
      edge->is_relayed = edge->is_relayed && link->is_relayed;
      if (link->rtt_us > 0 && (edge->rtt_us == 0 || link->rtt_us < edge->rtt_us))
        edge->rtt_us = link->rtt_us;
    }
}

static void
edges_to_json (MhJson *out, GHashTable *edges)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (edges), (GCompareFunc) g_strcmp0);

  mh_json_begin_array (out, "edges");
  for (const GList *at = keys; at != NULL; at = at->next)
    {
      g_auto (GStrv) ends = g_strsplit (at->data, " ", 2);
      const Edge *edge = g_hash_table_lookup (edges, at->data);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "a", ends[0]);
      mh_json_string (out, "b", ends[1]);
      rtt_to_json (out, edge->rtt_us);
      mh_json_string (out, "carrier", edge->is_relayed ? "relay" : "direct");
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
}

gboolean
mesh_network_topology (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  MhSwarm *swarm = mh_mesh_take (mesh, error);
  g_auto (View) view = { 0 };
  g_autoptr (MhNode) own = NULL;
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (GHashTable) edges = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (swarm == NULL)
    return FALSE;
  look (mesh, swarm, &view);
  own = own_node (mesh, swarm, &view);
  nodes = mh_directory_list (mh_swarm_directory (swarm));
  mh_mesh_give (mesh, swarm);

  mh_json_begin_object (out, NULL);
  mh_json_int (out, "uptime_s", MAX (view.wall_ms - mh_core_started_ms (mesh->core), 0) / 1000);
  mh_json_begin_array (out, "nodes");
  point_to_json (out, own, TRUE);
  add_edges (edges, own);
  for (guint i = 0; i < nodes->len; i++)
    {
      point_to_json (out, g_ptr_array_index (nodes, i), FALSE);
      add_edges (edges, g_ptr_array_index (nodes, i));
    }
  mh_json_end_array (out);
  edges_to_json (out, edges);
  mh_json_end_object (out);

  return TRUE;
}

/* -- speed tests -- */

static void
speedtest_to_json (MhJson *out, const MhSpeedtest *result)
{
  mh_json_begin_object (out, NULL);
  mh_json_int (out, "ts_ms", result->ts_ms);
  mh_json_double (out, "rtt_ms", (double) result->rtt_us / 1000.0);
  mh_json_double (out, "jitter_ms", (double) result->jitter_us / 1000.0);
  mh_json_int (out, "up_bps", result->up);
  mh_json_int (out, "down_bps", result->down);
  mh_json_string (out, "carrier", result->is_relayed ? "relay" : "direct");
  mh_json_end_object (out);
}

static gboolean
save_speedtest (MhMesh *mesh, const char *peer_id, const MhSpeedtest *result, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mesh->core), error);

  return lease != NULL
         && mh_mesh_store_add_speedtest (mh_db_lease_db (lease), peer_id, result, error);
}

static gboolean
run_speedtest (MhMesh *mesh, const char *id, MhSpeedtest *result, GError **error)
{
  MhSwarm *swarm = mh_mesh_take (mesh, error);
  g_autoptr (MhNode) node = NULL;
  gboolean done = FALSE;

  if (swarm == NULL)
    return FALSE;
  node = find_node (swarm, id, error);
  if (node != NULL)
    done = mh_speedtest_run (swarm, &node->peer, result, error);
  mh_mesh_give (mesh, swarm);

  return done;
}

gboolean
mesh_network_speedtest (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  const char *id = mh_request_param (request, "peer_id");
  MhSpeedtest result = { 0 };
  gboolean done;

  if (!g_mutex_trylock (&mesh->testing))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_CONFLICT, "another speed test is under way");
      return FALSE;
    }
  done = run_speedtest (mesh, id, &result, error);
  g_mutex_unlock (&mesh->testing);
  if (!done)
    return FALSE;

  result.ts_ms = mh_clock_now_ms (mh_core_clock (mesh->core));
  if (!save_speedtest (mesh, id, &result, error))
    {
      mh_mesh_lift (error);
      return FALSE;
    }
  speedtest_to_json (out, &result);

  return TRUE;
}

static GArray *
read_speedtests (MhMesh *mesh, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mesh->core), error);
  GArray *results =
      lease != NULL ? mh_mesh_store_speedtests (mh_db_lease_db (lease), id, error) : NULL;

  mh_mesh_lift (error);

  return results;
}

gboolean
mesh_network_speedtests (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  const char *id = mh_request_param (request, "peer_id");
  g_autoptr (GArray) results = read_speedtests (mesh, id, error);
  MhSwarm *swarm;
  g_autoptr (MhNode) node = NULL;

  if (results == NULL)
    return FALSE;
  if (results->len == 0)
    {
      swarm = mh_mesh_take (mesh, error);
      if (swarm == NULL)
        return FALSE;
      node = find_node (swarm, id, error);
      mh_mesh_give (mesh, swarm);
      if (node == NULL)
        return FALSE;
    }

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "results");
  for (guint i = 0; i < results->len; i++)
    speedtest_to_json (out, &g_array_index (results, MhSpeedtest, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
mesh_stats_throughput (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhMesh *mesh = mh_request_service (request, "mesh");
  MhTraffic traffic[MH_TRAFFIC_SLOTS];
  guint at;

  g_mutex_lock (&mesh->lock);
  for (guint i = 0; i < MH_TRAFFIC_SLOTS; i++)
    traffic[i] = mesh->traffic[i];
  at = mesh->at;
  g_mutex_unlock (&mesh->lock);

  mh_json_begin_object (out, NULL);
  mh_json_int (out, "interval_ms", MH_TRAFFIC_STEP_S * 1000);
  mh_json_begin_array (out, "samples");
  for (guint i = 0; i < MH_TRAFFIC_SLOTS; i++)
    {
      const MhTraffic *slot = &traffic[(at + i) % MH_TRAFFIC_SLOTS];

      if (slot->ts_ms == 0)
        continue;
      mh_json_begin_object (out, NULL);
      mh_json_int (out, "ts_ms", slot->ts_ms);
      mh_json_int (out, "in_bps", (gint64) (slot->bytes_in / MH_TRAFFIC_STEP_S));
      mh_json_int (out, "out_bps", (gint64) (slot->bytes_out / MH_TRAFFIC_STEP_S));
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}
