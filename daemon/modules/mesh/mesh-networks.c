/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "crypto/aead.h"
#include "mesh-service.h"
#include "net/p2p/pnet/swarm-key.h"

#define MAX_NAME 128
#define MOST_NETWORKS 64
#define MOST_BOOTSTRAP 64

/* A network that was given no name is called by two words that follow from its id, so that all its
 * members call it the same. */
static const char *const first_words[16] = { "amber",  "blue",   "bright", "calm",
                                             "clear",  "copper", "deep",   "early",
                                             "gentle", "green",  "high",   "quiet",
                                             "red",    "silver", "swift",  "warm" };
static const char *const second_words[16] = { "bay",    "bridge", "brook",  "cedar",
                                              "cliff",  "field",  "forest", "garden",
                                              "grove",  "hill",   "island", "lake",
                                              "meadow", "river",  "stone",  "valley" };

static char *
name_of (const char *id)
{
  return g_strdup_printf ("%s %s", first_words[g_ascii_xdigit_value (id[0])],
                          second_words[g_ascii_xdigit_value (id[1])]);
}

/* -- keys -- */

/* A sealed key opens for its own network only. */
static GBytes *
bound_to (const char *id)
{
  g_autofree char *text = g_strconcat ("swarm-key/", id, NULL);
  gsize size = strlen (text);

  return g_bytes_new_take (g_steal_pointer (&text), size);
}

static GBytes *
seal_key (MhMesh *self, const char *id, const MhSecret *key)
{
  g_autoptr (GBytes) aad = bound_to (id);
  g_autoptr (GBytes) plain = g_bytes_new_static (mh_secret_peek (key), mh_secret_size (key));

  return mh_box_seal (mh_core_master_key (self->core), aad, plain);
}

MhSecret *
mh_mesh_network_key (MhMesh *self, const MhNetwork *network, GError **error)
{
  g_autoptr (GBytes) aad = bound_to (network->id);
  GBytes *plain = mh_box_open (mh_core_master_key (self->core), aad, network->sealed_key, error);
  MhSecret *key = NULL;
  guint8 *data;
  gsize size;

  if (plain == NULL)
    {
      g_prefix_error (error, "the key of network %s: ", network->name);
      return NULL;
    }
  data = g_bytes_unref_to_data (plain, &size);
  if (size == MH_SWARM_KEY_SIZE)
    key = mh_secret_new_copy (data, size);
  else
    g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the key of network %s has another size",
                 network->name);
  mh_wipe (data, size);
  g_free (data);

  return key;
}

/* -- rows -- */

static MhNetwork *
new_network (MhMesh *self, const char *name, const MhSecret *key, const char *const *bootstrap)
{
  static const char *const nobody[] = { NULL };
  MhNetwork *network = g_new0 (MhNetwork, 1);

  network->id = mh_swarm_key_fingerprint (key);
  network->name = name != NULL && name[0] != '\0' ? g_strdup (name) : name_of (network->id);
  network->sealed_key = seal_key (self, network->id, key);
  network->bootstrap = g_strdupv ((char **) (bootstrap != NULL ? bootstrap : nobody));
  network->absent = g_new0 (char *, 1);
  network->created_ms = mh_clock_now_ms (mh_core_clock (self->core));

  return network;
}

static gboolean
put (MhMesh *self, const MhNetwork *network, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease != NULL && mh_mesh_store_put_network (mh_db_lease_db (lease), network, error);
}

static gboolean
use (MhMesh *self, const char *id, MhNetworkUse how, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (MhDbTxn) txn = lease == NULL ? NULL : mh_db_txn_begin (mh_db_lease_db (lease), error);

  return txn != NULL && mh_mesh_store_use_network (mh_db_lease_db (lease), id, how, error)
         && mh_db_txn_commit (txn, error);
}

static MhNetwork *
get (MhMesh *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease == NULL ? NULL : mh_mesh_store_network (mh_db_lease_db (lease), id, error);
}

static GPtrArray *
list (MhMesh *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease == NULL ? NULL : mh_mesh_store_networks (mh_db_lease_db (lease), error);
}

MhNetwork *
mh_mesh_network (MhMesh *self, const char *id, GError **error)
{
  MhNetwork *network = get (self, id, error);

  mh_mesh_lift (error);

  return network;
}

GPtrArray *
mh_mesh_networks (MhMesh *self, GError **error)
{
  GPtrArray *networks = list (self, error);

  mh_mesh_lift (error);

  return networks;
}

static void
publish (MhMesh *self, const char *id, const char *op)
{
  MhJson *members = mh_json_new ();

  mh_json_string (members, "network_id", id);
  mh_json_string (members, "op", op);
  mh_bus_publish (mh_core_bus (self->core), "network_changed", members);
}

/* config.yaml names the network that we are in, so that it can be read and set without the
 * database. */
static gboolean
write_config (MhMesh *self, const MhNetwork *network, GError **error)
{
  g_autoptr (MhSecret) key = NULL;
  g_autoptr (MhSecret) text = NULL;
  g_autofree char *copy = NULL;
  gboolean written;

  if (network == NULL)
    return mh_core_write_network (self->core, NULL, NULL, error);

  key = mh_mesh_network_key (self, network, error);
  if (key == NULL)
    return FALSE;
  text = mh_swarm_key_to_text (key);
  copy = g_strndup ((const char *) mh_secret_peek (text), mh_secret_size (text));
  written =
      mh_core_write_network (self->core, copy, (const char *const *) network->bootstrap, error);
  mh_wipe (copy, strlen (copy));

  return written;
}

/* -- at the start -- */

static MhNetwork *
find (GPtrArray *networks, const char *id)
{
  for (guint i = 0; i < networks->len; i++)
    if (g_str_equal (((MhNetwork *) g_ptr_array_index (networks, i))->id, id))
      return g_ptr_array_index (networks, i);

  return NULL;
}

/* The file says which network we are in: somebody may have changed it by hand. */
gboolean
mh_mesh_load_networks (MhMesh *self, GError **error)
{
  const MhConfig *config = mh_core_config (self->core);
  const char *const *bootstrap = (const char *const *) config->bootstrap_peers;
  g_autoptr (GPtrArray) networks = list (self, error);
  g_autoptr (MhSecret) key = NULL;
  g_autoptr (MhNetwork) network = NULL;
  const MhNetwork *known;

  if (networks == NULL)
    return FALSE;
  if (config->swarm_key == NULL)
    {
      for (guint i = 0; i < networks->len; i++)
        if (((MhNetwork *) g_ptr_array_index (networks, i))->use != MH_USE_SAVED
            && !use (self, ((MhNetwork *) g_ptr_array_index (networks, i))->id, MH_USE_SAVED,
                     error))
          return FALSE;
      return TRUE;
    }

  key = mh_swarm_key_parse (config->swarm_key, strlen (config->swarm_key), error);
  if (key == NULL || !mh_invite_check_peers (bootstrap, "bootstrap_peers", error))
    return FALSE;
  network = new_network (self, NULL, key, bootstrap);
  known = find (networks, network->id);
  network->use = MH_USE_ACTIVE;
  if (known != NULL)
    {
      g_free (network->name);
      network->name = g_strdup (known->name);
      network->created_ms = known->created_ms;
      network->use = known->use == MH_USE_OFFLINE ? MH_USE_OFFLINE : MH_USE_ACTIVE;
      network->rotated_ms = known->rotated_ms;
      network->rotated_by = g_strdup (known->rotated_by);
      g_strfreev (network->absent);
      network->absent = g_strdupv (known->absent);
    }
  if (known == NULL)
    {
      MhNetworkUse how = network->use;

      network->use = MH_USE_SAVED; /* two must not be in use at once */
      if (!put (self, network, error))
        return FALSE;
      network->use = how;
    }
  if (!use (self, network->id, network->use, error) || !put (self, network, error))
    return FALSE;
  mh_mesh_set_active (self, g_steal_pointer (&network));

  return TRUE;
}

/* -- changes, on the thread of @work -- */

static gboolean
check_name (const char *name, GError **error)
{
  gsize size = name != NULL ? strlen (name) : 0;
  gboolean good = size <= MAX_NAME && (name == NULL || g_utf8_validate (name, -1, NULL));

  for (const char *p = name; p != NULL && good && *p != '\0'; p = g_utf8_next_char (p))
    good = !g_unichar_iscntrl (g_utf8_get_char (p));
  if (good)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
               "name: at most %d bytes, without control characters", MAX_NAME);

  return FALSE;
}

/* Leaves the network that is connected, and enters @network: (transfer full). */
static gboolean
enter (MhMesh *self, MhNetwork *network, GError **error)
{
  g_autoptr (MhNetwork) owned = network;

  if (!write_config (self, network, error) || !use (self, network->id, MH_USE_ACTIVE, error))
    return FALSE;

  mh_mesh_stop_swarm (self);
  network->use = MH_USE_ACTIVE;
  mh_mesh_set_active (self, g_steal_pointer (&owned));
  mh_mesh_tell (self);

  return mh_mesh_start_swarm (self, error);
}

typedef struct
{
  const char *id;
  const char *name;
  const MhSecret *key;
  const char *const *bootstrap;
  gboolean only_first; /* refused when this machine is in one already */
  gboolean adds;
  gpointer result;
} Args;

static gboolean
is_known (MhMesh *self, const char *id, GError **error)
{
  g_autoptr (GPtrArray) networks = list (self, error);
  const MhNetwork *known = networks != NULL ? find (networks, id) : NULL;

  if (networks == NULL)
    return TRUE;
  if (known != NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "this network is saved already: %s (%s)",
                 known->name, known->id);
  else if (networks->len >= MOST_NETWORKS)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "no more than %d networks can be saved",
                 MOST_NETWORKS);
  else
    return FALSE;

  return TRUE;
}

static gboolean
do_add (MhMesh *self, gpointer data, GError **error)
{
  Args *args = data;
  g_autoptr (MhNetwork) network = new_network (self, args->name, args->key, args->bootstrap);
  g_autofree char *id = g_strdup (network->id);
  gboolean enters = self->active == NULL;

  if (args->only_first && !enters)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "a swarm key is already set");
      return FALSE;
    }
  if (g_strv_length (network->bootstrap) > MOST_BOOTSTRAP)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "no more than %d addresses", MOST_BOOTSTRAP);
      return FALSE;
    }
  if (is_known (self, id, error) || !put (self, network, error))
    return FALSE;
  if (enters && !enter (self, g_steal_pointer (&network), error))
    return FALSE;
  publish (self, id, "add");
  mh_mesh_tell (self);
  args->result = get (self, id, error);

  return args->result != NULL;
}

static gboolean
do_forget (MhMesh *self, gpointer data, GError **error)
{
  Args *args = data;
  g_autoptr (MhNetwork) network = get (self, args->id, error);
  g_autoptr (MhDbLease) lease = NULL;
  g_autoptr (MhDbTxn) txn = NULL;
  gboolean is_active = self->active != NULL && g_str_equal (self->active->id, args->id);

  if (network == NULL)
    return FALSE;
  if (is_active && self->active->use == MH_USE_ACTIVE)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
                   "network %s is connected: disconnect it first", network->name);
      return FALSE;
    }
  if (is_active && !write_config (self, NULL, error))
    return FALSE;

  lease = mh_db_pool_take (mh_core_db (self->core), error);
  txn = lease == NULL ? NULL : mh_db_txn_begin (mh_db_lease_db (lease), error);
  if (txn == NULL || !mh_mesh_store_remove_network (mh_db_lease_db (lease), args->id, error)
      || !mh_db_txn_commit (txn, error))
    return FALSE;
  if (is_active)
    mh_mesh_set_active (self, NULL);
  publish (self, args->id, "forget");
  mh_mesh_tell (self);

  return TRUE;
}

static gboolean
do_connect (MhMesh *self, gpointer data, GError **error)
{
  Args *args = data;
  g_autoptr (MhNetwork) network = get (self, args->id, error);
  gboolean entered;

  if (network == NULL)
    return FALSE;
  if (self->swarm != NULL && g_str_equal (self->active->id, args->id))
    return TRUE;

  entered = enter (self, g_steal_pointer (&network), error);
  publish (self, args->id, "connect");
  mh_mesh_tell (self);

  return entered;
}

static gboolean
do_disconnect (MhMesh *self, gpointer data, GError **error)
{
  if (self->active == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_CONFLICT, "this machine is in no network");
      return FALSE;
    }
  if (!use (self, self->active->id, MH_USE_OFFLINE, error))
    return FALSE;

  mh_mesh_stop_swarm (self);
  g_mutex_lock (&self->lock);
  self->active->use = MH_USE_OFFLINE;
  g_clear_pointer (&self->failure, g_free);
  g_mutex_unlock (&self->lock);
  publish (self, self->active->id, "disconnect");
  mh_mesh_tell (self);

  return TRUE;
}

/* Returns: (transfer full): those of both, each once */
static char **
join_lists (char **one, const char *const *two)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; one[i] != NULL; i++)
    g_ptr_array_add (all, g_strdup (one[i]));
  for (guint i = 0; two[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) one, two[i]))
      g_ptr_array_add (all, g_strdup (two[i]));
  g_ptr_array_add (all, NULL);

  return (char **) g_ptr_array_steal (all, NULL);
}

static gboolean
do_set_bootstrap (MhMesh *self, gpointer data, GError **error)
{
  static const char *const nobody[] = { NULL };
  Args *args = data;
  g_autoptr (MhNetwork) network = get (self, args->id, error);
  const char *const *bootstrap = args->bootstrap != NULL ? args->bootstrap : nobody;
  char **old;

  if (network == NULL)
    return FALSE;
  old = network->bootstrap;
  network->bootstrap = args->adds ? join_lists (old, bootstrap) : g_strdupv ((char **) bootstrap);
  g_strfreev (old);
  if (g_strv_length (network->bootstrap) > MOST_BOOTSTRAP)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "no more than %d addresses", MOST_BOOTSTRAP);
      return FALSE;
    }
  if (!put (self, network, error))
    return FALSE;

  if (self->active != NULL && g_str_equal (self->active->id, args->id))
    {
      if (!write_config (self, network, error))
        return FALSE;
      g_mutex_lock (&self->lock);
      g_strfreev (self->active->bootstrap);
      self->active->bootstrap = g_strdupv (network->bootstrap);
      g_mutex_unlock (&self->lock);
      if (self->swarm != NULL)
        mh_swarm_set_bootstrap (self->swarm, (const char *const *) network->bootstrap);
    }
  publish (self, args->id, "bootstrap");

  return TRUE;
}

/* -- for all -- */

MhNetwork *
mh_mesh_add_network (MhMesh *self, const char *name, const MhSecret *key,
                     const char *const *bootstrap, GError **error)
{
  Args args = { .name = name, .key = key, .bootstrap = bootstrap };

  if (!check_name (name, error) || !mh_mesh_call (self, do_add, &args, error))
    return NULL;

  return args.result;
}

gboolean
mh_mesh_set_up (MhMesh *self, const char *swarm_key, const char *const *bootstrap, GError **error)
{
  g_autoptr (MhSecret) key = mh_swarm_key_parse (swarm_key, strlen (swarm_key), error);
  Args args = { .key = key, .bootstrap = bootstrap, .only_first = TRUE };

  if (key == NULL)
    {
      mh_error_move (error, MH_ERROR_INVALID);
      return FALSE;
    }
  if (!mh_invite_check_peers (bootstrap, "bootstrap_peers", error)
      || !mh_mesh_call (self, do_add, &args, error))
    return FALSE;
  mh_network_free (args.result);

  return TRUE;
}

gboolean
mh_mesh_forget_network (MhMesh *self, const char *id, GError **error)
{
  Args args = { .id = id };

  return mh_mesh_call (self, do_forget, &args, error);
}

gboolean
mh_mesh_connect_network (MhMesh *self, const char *id, GError **error)
{
  Args args = { .id = id };

  return mh_mesh_call (self, do_connect, &args, error);
}

gboolean
mh_mesh_disconnect_network (MhMesh *self, GError **error)
{
  return mh_mesh_call (self, do_disconnect, NULL, error);
}

gboolean
mh_mesh_set_bootstrap (MhMesh *self, const char *id, const char *const *bootstrap, gboolean adds,
                       GError **error)
{
  Args args = { .id = id, .bootstrap = bootstrap, .adds = adds };

  return mh_mesh_call (self, do_set_bootstrap, &args, error);
}

/* -- another key -- */

void
mh_rotation_free (MhRotation *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_clear_pointer (&self->results, g_ptr_array_unref);
  g_strfreev (self->absent);
  g_free (self);
}

/* Puts the same network under @key in the place of @old. */
static gboolean
change_key (MhMesh *self, const MhNetwork *old, const MhSecret *key, const char *by, char **absent,
            GError **error)
{
  g_autoptr (MhNetwork) network =
      new_network (self, old->name, key, (const char *const *) old->bootstrap);
  g_autoptr (MhDbLease) lease = NULL;
  g_autoptr (MhDbTxn) txn = NULL;
  gboolean is_active = self->active != NULL && g_str_equal (self->active->id, old->id);

  network->created_ms = old->created_ms;
  network->use = old->use;
  network->rotated_ms = mh_clock_now_ms (mh_core_clock (self->core));
  network->rotated_by = g_strdup (by);
  g_strfreev (network->absent);
  network->absent = g_strdupv (absent);

  lease = mh_db_pool_take (mh_core_db (self->core), error);
  txn = lease == NULL ? NULL : mh_db_txn_begin (mh_db_lease_db (lease), error);
  if (txn == NULL
      || !mh_mesh_store_replace_network (mh_db_lease_db (lease), old->id, network, error)
      || (is_active && !write_config (self, network, error)) || !mh_db_txn_commit (txn, error))
    return FALSE;
  g_clear_pointer (&txn, mh_db_txn_free);
  g_clear_pointer (&lease, mh_db_pool_give);

  if (!is_active)
    return TRUE;
  mh_mesh_stop_swarm (self);
  mh_mesh_set_active (self, g_steal_pointer (&network));
  publish (self, self->active->id, "key");

  return self->active->use != MH_USE_ACTIVE || mh_mesh_start_swarm (self, error);
}

static gboolean
has_it (GPtrArray *results, const MhPeerId *peer)
{
  for (guint i = 0; i < results->len; i++)
    {
      const MhKeypushResult *result = g_ptr_array_index (results, i);

      if (result->has_it && mh_peer_id_equal (&result->peer, peer))
        return TRUE;
    }

  return FALSE;
}

/* Returns: (transfer full): nodes that are known and did not say that they have the key */
static char **
find_absent (MhSwarm *swarm, GPtrArray *results)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (swarm));
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);
      g_autofree char *text = mh_peer_id_to_text (&node->peer);

      if (!has_it (results, &node->peer))
        g_strv_builder_add (builder, text);
    }

  return g_strv_builder_end (builder);
}

/* Returns: (transfer full): nodes of a network that is not connected: nobody gets the key, or %NULL
 * with @error set */
static char **
find_known (MhMesh *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (GPtrArray) rows =
      lease != NULL ? mh_mesh_store_nodes (mh_db_lease_db (lease), id, error) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (rows == NULL)
    return NULL;
  for (guint i = 0; i < rows->len; i++)
    {
      const MhNodeRow *row = g_ptr_array_index (rows, i);

      if (!g_str_equal (row->peer_id, mh_core_peer_id (self->core)))
        g_strv_builder_add (builder, row->peer_id);
    }

  return g_strv_builder_end (builder);
}

static gboolean
do_rotate (MhMesh *self, gpointer data, GError **error)
{
  Args *args = data;
  g_autoptr (MhNetwork) network = get (self, args->id, error);
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhRotation) rotation = g_new0 (MhRotation, 1);

  if (network == NULL)
    return FALSE;
  rotation->id = mh_swarm_key_fingerprint (key);
  if (self->swarm != NULL && g_str_equal (self->active->id, args->id))
    {
      rotation->results = mh_swarm_push_key (self->swarm, key);
      if (rotation->results == NULL)
        {
          g_set_error_literal (error, MH_ERROR, MH_ERROR_CONFLICT,
                               "another machine has changed the key in the same moment; its key is "
                               "taken, and there is no need for one more");
          return FALSE;
        }
      rotation->absent = find_absent (self->swarm, rotation->results);
    }
  else
    {
      rotation->results = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_keypush_result_free);
      rotation->absent = find_known (self, args->id, error);
      if (rotation->absent == NULL)
        return FALSE;
    }
  if (!change_key (self, network, key, mh_core_peer_id (self->core), rotation->absent, error))
    return FALSE;
  mh_mesh_tell (self);
  args->result = g_steal_pointer (&rotation);

  return TRUE;
}

MhRotation *
mh_mesh_rotate_key (MhMesh *self, const char *id, GError **error)
{
  Args args = { .id = id };

  return mh_mesh_call (self, do_rotate, &args, error) ? args.result : NULL;
}

void
mh_mesh_welcome (MhMesh *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (MhNetwork) network = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) absent = NULL;

  if (self->swarm == NULL || self->active->absent[0] == NULL)
    return;
  for (guint i = 0; self->active->absent[i] != NULL; i++)
    {
      MhPeerId peer;

      if (!mh_peer_id_from_text (self->active->absent[i], &peer)
          || !mh_directory_is_here (mh_swarm_directory (self->swarm), &peer))
        g_strv_builder_add (builder, self->active->absent[i]);
    }
  absent = g_strv_builder_end (builder);
  if (g_strv_length (absent) == g_strv_length (self->active->absent))
    return;

  network = get (self, self->active->id, &error);
  if (network != NULL)
    {
      g_strfreev (network->absent);
      network->absent = g_strdupv (absent);
    }
  if (network == NULL || !put (self, network, &error))
    {
      g_warning ("noting who has the new key: %s", error->message);
      return;
    }
  g_mutex_lock (&self->lock);
  g_strfreev (self->active->absent);
  self->active->absent = g_steal_pointer (&absent);
  g_mutex_unlock (&self->lock);
  publish (self, self->active->id, "absent");
}

void
mh_mesh_take_key (MhMesh *self, const MhSecret *key, const char *by)
{
  static char *nobody[] = { NULL };
  g_autoptr (MhNetwork) network = NULL;
  g_autoptr (GError) error = NULL;

  if (self->swarm == NULL)
    return;
  network = get (self, self->active->id, &error);
  if (network == NULL || !change_key (self, network, key, by, nobody, &error))
    g_warning ("changing to the new key of the network: %s", error->message);
  else
    mh_audit_record (self->audit, NULL, "network.key", self->active->id, by);
  mh_mesh_tell (self);
}
