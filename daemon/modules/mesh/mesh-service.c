/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-service.h"

#include "base/error.h"
#include "base/helper.h"

#define MOST_WAITING 256
#define TICK_S 1
#define PROFILE_EVERY 60 /* ticks */

void
mh_mesh_lift (GError **error)
{
  if (error == NULL || *error == NULL || (*error)->domain != MH_DB_ERROR)
    return;

  mh_error_move (error,
                 (*error)->code == MH_DB_ERROR_BUSY ? MH_ERROR_UNAVAILABLE : MH_ERROR_FAILED);
}

/* -- the thread that alone changes things -- */

typedef struct
{
  MhMesh *mesh;
  MhMeshFunc func;
  gpointer data;
  GError *error;
  gboolean result;
  gboolean is_done; /* (locked-by lock) */
  GMutex lock;
  GCond done;
} Call;

static void
run_call (gpointer data)
{
  Call *call = data;

  call->result = call->func (call->mesh, call->data, &call->error);
  g_mutex_lock (&call->lock);
  call->is_done = TRUE;
  g_cond_signal (&call->done);
  g_mutex_unlock (&call->lock);
}

gboolean
mh_mesh_call (MhMesh *self, MhMeshFunc func, gpointer data, GError **error)
{
  Call call = { .mesh = self, .func = func, .data = data };

  g_mutex_init (&call.lock);
  g_cond_init (&call.done);
  if (!mh_pool_push (self->work, run_call, &call))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
                           "too much waits for the network already");
      return FALSE;
    }

  g_mutex_lock (&call.lock);
  while (!call.is_done)
    g_cond_wait (&call.done, &call.lock);
  g_mutex_unlock (&call.lock);
  g_mutex_clear (&call.lock);
  g_cond_clear (&call.done);
  mh_mesh_lift (&call.error);
  if (!call.result)
    g_propagate_error (error, call.error);

  return call.result;
}

/* -- the swarm, which is lent -- */

MhSwarm *
mh_mesh_take (MhMesh *self, GError **error)
{
  g_autofree char *why = NULL;
  MhSwarm *swarm;

  g_mutex_lock (&self->lock);
  swarm = self->swarm;
  if (swarm != NULL)
    self->users++;
  else if (self->failure != NULL)
    why = g_strdup_printf ("the network is not connected: %s", self->failure);
  else if (self->active == NULL)
    why = g_strdup ("this machine is in no network: create one, or join one by its URL");
  else
    why = g_strdup_printf ("network %s is not connected", self->active->name);
  g_mutex_unlock (&self->lock);
  if (swarm == NULL)
    g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE, why);

  return swarm;
}

void
mh_mesh_give (MhMesh *self, MhSwarm *swarm)
{
  g_mutex_lock (&self->lock);
  self->users--;
  g_cond_broadcast (&self->given);
  g_mutex_unlock (&self->lock);
}

/* -- events of the swarm, on the loop of its host -- */

static gboolean
on_may (const MhPeerId *peer, gpointer data)
{
  MhMesh *self = data;
  gboolean named;
  gboolean allowed;
  g_autofree char *text = mh_peer_id_to_text (peer);

  g_mutex_lock (&self->lock);
  named = g_strv_contains ((const char *const *) self->acl->peers, text);
  allowed = self->acl->mode == MH_ACL_OPEN || named == (self->acl->mode == MH_ACL_ALLOW);
  g_mutex_unlock (&self->lock);

  return allowed;
}

static void
publish_node (MhMesh *self, const char *type, const MhPeerId *peer)
{
  g_autofree char *text = mh_peer_id_to_text (peer);
  MhJson *members = mh_json_new ();

  mh_json_string (members, "node_id", text);
  mh_bus_publish (mh_core_bus (self->core), type, members);
}

static void
note_reach (MhMesh *self)
{
  g_mutex_lock (&self->lock);
  self->reach_changed = TRUE;
  g_mutex_unlock (&self->lock);
}

static void
on_presence (const MhPeerId *peer, gboolean is_here, gpointer data)
{
  publish_node (data, is_here ? "node_online" : "node_offline", peer);
  note_reach (data);
}

static void
on_changed (const MhPeerId *peer, gpointer data)
{
  publish_node (data, "node_changed", peer);
}

static void
on_learned (const MhPeerId *peer, GBytes *record, gpointer data)
{
  MhMesh *self = data;

  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->learned, mh_peer_id_to_text (peer), g_bytes_ref (record));
  g_mutex_unlock (&self->lock);
}

static void
on_reach (gpointer data)
{
  note_reach (data);
}

typedef struct
{
  MhMesh *mesh;
  MhSecret *key; /* (owned) */
  char *by;      /* (owned) */
} Arrival;

static void
take_key (gpointer data)
{
  Arrival *arrival = data;

  mh_mesh_take_key (arrival->mesh, arrival->key, arrival->by);
  mh_secret_free (arrival->key);
  g_free (arrival->by);
  g_free (arrival);
}

/* Changing over ends this loop, so that it cannot be done here. */
static void
on_key (const MhSecret *key, const MhPeerId *by, gpointer data)
{
  MhMesh *self = data;
  Arrival *arrival = g_new0 (Arrival, 1);

  arrival->mesh = self;
  arrival->key = mh_secret_new_copy (mh_secret_peek (key), mh_secret_size (key));
  arrival->by = mh_peer_id_to_text (by);
  if (mh_pool_push (self->work, take_key, arrival))
    return;

  g_warning ("a new key came while too much waited for the network");
  mh_secret_free (arrival->key);
  g_free (arrival->by);
  g_free (arrival);
}

static const MhSwarmEvents swarm_events = { on_may,     on_presence, on_changed,
                                            on_learned, on_key,      on_reach };

/* -- status -- */

void
mh_mesh_tell (MhMesh *self)
{
  MhNetworkStatus status = { .state = MH_NETWORK_NONE };
  MhSwarm *swarm = mh_mesh_take (self, NULL);
  g_autoptr (GPtrArray) nodes = NULL;

  if (swarm != NULL)
    {
      nodes = mh_directory_list (mh_swarm_directory (swarm));
      for (guint i = 0; i < nodes->len; i++)
        status.peers += ((MhNode *) g_ptr_array_index (nodes, i))->is_here ? 1 : 0;
      status.addresses = mh_swarm_addresses (swarm);
    }

  g_mutex_lock (&self->lock);
  self->reach_changed = FALSE;
  if (self->active != NULL)
    {
      status.id = g_strdup (self->active->id);
      status.name = g_strdup (self->active->name);
      status.error = g_strdup (self->failure);
      if (swarm != NULL)
        status.state = MH_NETWORK_ONLINE;
      else if (self->active->use == MH_USE_OFFLINE)
        status.state = MH_NETWORK_OFFLINE;
      else
        status.state = self->failure != NULL ? MH_NETWORK_FAILED : MH_NETWORK_STARTING;
    }
  g_mutex_unlock (&self->lock);

  if (swarm != NULL)
    mh_mesh_give (self, swarm);
  mh_core_set_network (self->core, &status);
  mh_network_status_clear (&status);
}

/* -- start and stop, on the thread of @work -- */

void
mh_mesh_set_active (MhMesh *self, MhNetwork *network)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->active, mh_network_free);
  self->active = network;
  g_clear_pointer (&self->failure, g_free);
  g_mutex_unlock (&self->lock);
}

void
mh_mesh_stop_swarm (MhMesh *self)
{
  MhSwarm *swarm;

  mh_mesh_save_nodes (self);
  for (guint i = self->services->len; self->swarm != NULL && i > 0; i--)
    {
      const MhMeshServiceRow *row = &g_array_index (self->services, MhMeshServiceRow, i - 1);

      row->service->stopping (self->swarm, row->data);
    }
  g_mutex_lock (&self->lock);
  swarm = g_steal_pointer (&self->swarm);
  while (self->users > 0)
    g_cond_wait (&self->given, &self->lock);
  g_hash_table_remove_all (self->learned);
  g_mutex_unlock (&self->lock);
  mh_swarm_free (swarm);
}

static MhSwarm *
make_swarm (MhMesh *self, GError **error)
{
  const MhConfig *config = mh_core_config (self->core);
  MhSwarmNew request = { .signer = mh_core_signer (self->core),
                         .network_id = self->active->id, /* only this thread changes it */
                         .clock = mh_core_clock (self->core),
                         .listen = (const char *const *) config->mesh_listen,
                         .ports = self->ports,
                         .announce = (const char *const *) config->mesh_announce,
                         .bootstrap = (const char *const *) self->active->bootstrap,
                         .most_peers = (guint) config->max_peers,
                         .mdns = config->mdns,
                         .relay = config->relay_service,
                         .events = &swarm_events,
                         .data = self };
  g_autoptr (MhSecret) key = mh_mesh_network_key (self, self->active, error);
  g_autofree char *portmap = config->upnp ? mh_helper_path ("portmap", "meshhold-portmap") : NULL;

  if (key == NULL)
    return NULL;
  request.key = key;
  request.portmap = portmap;

  return mh_swarm_new (&request, error);
}

gboolean
mh_mesh_start_swarm (MhMesh *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  MhSwarm *swarm;

  if (self->swarm != NULL || self->active == NULL)
    return TRUE;

  swarm = make_swarm (self, &local);
  if (swarm != NULL)
    mh_mesh_load_nodes (self, swarm);
  g_mutex_lock (&self->lock);
  self->swarm = swarm;
  self->last_in = 0;
  self->last_out = 0;
  g_clear_pointer (&self->failure, g_free);
  self->failure = local != NULL ? g_strdup (local->message) : NULL;
  g_mutex_unlock (&self->lock);
  if (swarm != NULL)
    {
      mh_mesh_tell_profile (self, TRUE);
      for (guint i = 0; i < self->services->len; i++)
        {
          const MhMeshServiceRow *row = &g_array_index (self->services, MhMeshServiceRow, i);

          row->service->started (swarm, row->data);
        }
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

static void
start_first (gpointer data)
{
  MhMesh *self = data;
  g_autoptr (GError) error = NULL;

  if (!mh_mesh_start_swarm (self, &error))
    g_warning ("connecting to network %s: %s", self->active->name, error->message);
  mh_mesh_tell (self);
}

/* -- who is told -- */

typedef struct
{
  MhMesh *mesh;
  MhMeshServiceRow row;
} ServiceCall;

static void
add_service (gpointer data)
{
  ServiceCall *call = data;
  MhMesh *self = call->mesh;

  g_array_append_val (self->services, call->row);
  if (self->swarm != NULL)
    call->row.service->started (self->swarm, call->row.data);
  g_free (call);
}

void
mh_mesh_add_service (MhMesh *self, const MhMeshService *service, gpointer data)
{
  ServiceCall *call = g_new0 (ServiceCall, 1);

  call->mesh = self;
  call->row = (MhMeshServiceRow){ service, data };
  if (!mh_pool_push (self->work, add_service, call)) /* not while the daemon starts */
    g_free (call);
}

static gboolean
do_remove_service (MhMesh *self, gpointer data, GError **error)
{
  const MhMeshServiceRow *wanted = data;

  for (guint i = 0; i < self->services->len; i++)
    {
      const MhMeshServiceRow *row = &g_array_index (self->services, MhMeshServiceRow, i);

      if (row->service != wanted->service || row->data != wanted->data)
        continue;
      if (self->swarm != NULL)
        row->service->stopping (self->swarm, row->data);
      g_array_remove_index (self->services, i);
      break;
    }

  return TRUE;
}

void
mh_mesh_remove_service (MhMesh *self, const MhMeshService *service, gpointer data)
{
  MhMeshServiceRow row = { service, data };

  while (!mh_mesh_call (self, do_remove_service, &row, NULL))
    g_thread_yield (); /* too much waits; it ends */
}

/* -- what is due, on the thread of @work -- */

static void
do_due (gpointer data)
{
  MhMesh *self = data;
  gboolean reach_changed;

  g_mutex_lock (&self->lock);
  reach_changed = self->reach_changed;
  g_mutex_unlock (&self->lock);
  mh_mesh_save_nodes (self);
  if (self->ticks % MH_TRAFFIC_STEP_S == 0)
    mh_mesh_note_traffic (self);
  if (self->ticks % PROFILE_EVERY == 0 && self->swarm != NULL)
    mh_mesh_tell_profile (self, FALSE);
  if (reach_changed)
    {
      mh_mesh_welcome (self);
      mh_mesh_tell (self);
    }
  g_mutex_lock (&self->lock);
  self->is_busy = FALSE;
  g_mutex_unlock (&self->lock);
}

static gboolean
on_timer (gpointer data)
{
  MhMesh *self = data;
  gboolean is_busy;

  g_mutex_lock (&self->lock);
  is_busy = self->is_busy;
  self->is_busy = TRUE;
  if (!is_busy)
    self->ticks++;
  g_mutex_unlock (&self->lock);
  if (!is_busy && !mh_pool_push (self->work, do_due, self))
    {
      g_mutex_lock (&self->lock);
      self->is_busy = FALSE;
      g_mutex_unlock (&self->lock);
    }

  return G_SOURCE_CONTINUE;
}

static void
tell_profile (gpointer data)
{
  MhMesh *self = data;

  if (self->swarm != NULL)
    mh_mesh_tell_profile (self, TRUE);
}

void
mh_mesh_update_profile (MhMesh *self)
{
  (void) !mh_pool_push (self->work, tell_profile, self); /* the timer does it as well */
}

/* Vaults are part of what this machine says of itself. */
static void
on_event (const MhEvent *event, gpointer data)
{
  if (g_str_equal (event->type, "vault_changed"))
    mh_mesh_update_profile (data);
}

/* -- life -- */

static gboolean
load (MhMesh *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  if (lease == NULL)
    return FALSE;
  self->acl = mh_mesh_store_acl (mh_db_lease_db (lease), error);
  g_clear_pointer (&lease, mh_db_pool_give);

  return self->acl != NULL && mh_mesh_load_networks (self, error);
}

static void
stop (gpointer service)
{
  MhMesh *self = service;

  if (self->timer != 0)
    g_source_remove (self->timer);
  if (self->watch != 0)
    mh_bus_unsubscribe (mh_core_bus (self->core), self->watch);
  mh_pool_free (self->work);
  mh_mesh_stop_swarm (self);
  g_clear_pointer (&self->active, mh_network_free);
  g_clear_pointer (&self->acl, mh_acl_free);
  g_hash_table_unref (self->learned);
  g_array_unref (self->services);
  g_free (self->failure);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->testing);
  g_cond_clear (&self->given);
  g_free (self);
}

static gpointer
start (MhCore *core, GError **error)
{
  MhMesh *self = g_new0 (MhMesh, 1);

  self->core = core;
  self->audit = mh_core_service (core, "audit");
  self->vaults = mh_core_service (core, "vaults");
  g_mutex_init (&self->lock);
  g_mutex_init (&self->testing);
  g_cond_init (&self->given);
  self->learned =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self->services = g_array_new (FALSE, FALSE, sizeof (MhMeshServiceRow));
  self->work = mh_pool_new ("mesh", 1, MOST_WAITING);
  if (!load (self, error))
    {
      stop (self);
      return NULL;
    }

  self->timer = g_timeout_add_seconds (TICK_S, on_timer, self);
  self->watch = mh_bus_subscribe (mh_core_bus (core), on_event, self);
  mh_mesh_tell (self);
  if (self->active != NULL && self->active->use == MH_USE_ACTIVE)
    (void) !mh_pool_push (self->work, start_first, self); /* there is room: it is the first */

  return self;
}

extern const MhMigration mh_mesh_migrations[];

static const char *const requires[] = { "audit", "store", "vaults", NULL };

const MhModule mh_mesh_module = {
  .name = "mesh",
  .requires = requires,
  .migrations = mh_mesh_migrations,
  .start = start,
  .stop = stop,
};
