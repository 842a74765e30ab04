/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-service.h"

#include <sys/utsname.h>

#include "modules/store/store.h"

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

static void
set_text (char **slot, const char *text)
{
  g_free (*slot);
  *slot = g_strdup (text);
}

static void
put_space (MhMesh *self, MhHello *hello)
{
  g_autoptr (GFile) folder = g_file_new_for_path (mh_core_blocks_dir (self->core));
  g_autoptr (GFileInfo) info =
      g_file_query_filesystem_info (folder, G_FILE_ATTRIBUTE_FILESYSTEM_SIZE, NULL, NULL);

  hello->free_bytes = (guint64) mh_store_room (mh_core_service (self->core, "store"));
  if (info != NULL) /* otherwise it is said as nothing */
    hello->total_bytes = g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_SIZE);
}

static void
put_vaults (MhMesh *self, MhHello *hello)
{
  g_autoptr (GPtrArray) vaults = mh_vaults_list (self->vaults, NULL); /* else it has none to tell */

  for (guint i = 0; vaults != NULL && i < vaults->len; i++)
    {
      const MhVault *vault = g_ptr_array_index (vaults, i);
      MhHelloVault said = { .bytes = (guint64) vault->stored_bytes,
                            .is_viewed = (vault->roles & MH_VAULT_STORE) == 0 };

      g_strlcpy (said.id, vault->id, sizeof said.id);
      g_array_append_val (hello->vaults, said);
    }
}

/* What it does for vaults whose keys it does not have. */
static void
add_hold_caps (MhMesh *self, GStrvBuilder *caps)
{
  MhStore *store = mh_core_service (self->core, "store");
  gint64 hold = mh_core_config (self->core)->hold;
  gint64 bytes = 0;

  (void) !mh_store_held_bytes (store, &bytes, NULL); /* unknown: none, until the next time */
  if (hold > 0)
    g_strv_builder_add (caps, MH_HELLO_CAP_HOLD);
  else if (bytes > 0)
    g_strv_builder_add (caps, MH_HELLO_CAP_HELD);
  if (hold > 0 && hold - bytes < MH_HOLD_LITTLE)
    g_strv_builder_add (caps, MH_HELLO_CAP_FULL);
}

MhHello *
mh_mesh_profile (MhMesh *self)
{
  const MhConfig *config = mh_core_config (self->core);
  MhHello *hello = mh_hello_new ();
  struct utsname system;
  g_autoptr (GStrvBuilder) caps = g_strv_builder_new ();

  set_text (&hello->name, config->display_name != NULL ? config->display_name : g_get_host_name ());
  set_text (&hello->country, config->country != NULL ? config->country : "");
  set_text (&hello->version, MH_VERSION);
  if (uname (&system) == 0)
    {
      g_free (hello->system);
      hello->system = g_strdup_printf ("%s/%s", system.sysname, system.machine);
    }
  add_hold_caps (self, caps);
  if (config->relay_service)
    g_strv_builder_add (caps, "relay");
  g_strv_builder_add (caps, "store");
  g_strfreev (hello->caps);
  hello->caps = g_strv_builder_end (caps);
  hello->flags = (config->reliable ? MH_HELLO_RELIABLE : 0)
                 | (config->metered ? MH_HELLO_METERED : 0)
                 | (config->relay_service ? MH_HELLO_RELAY : 0);
  put_space (self, hello);
  put_vaults (self, hello);

  return hello;
}

void
mh_mesh_tell_profile (MhMesh *self, gboolean is_urgent)
{
  g_autoptr (MhHello) hello = mh_mesh_profile (self);

  mh_swarm_set_profile (self->swarm, hello, is_urgent);
}

/* -- nodes that are remembered -- */

static gboolean
write_node (MhMesh *self, const char *peer_id, GBytes *record, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  MhNodeRow row = { (char *) peer_id, record, mh_clock_now_ms (mh_core_clock (self->core)) };

  return lease != NULL
         && mh_mesh_store_put_node (mh_db_lease_db (lease), self->active->id, &row, error);
}

void
mh_mesh_save_nodes (MhMesh *self)
{
  g_autoptr (GHashTable) learned = NULL;
  g_autoptr (GError) error = NULL;
  GHashTableIter iter;
  gpointer peer_id;
  gpointer record;

  g_mutex_lock (&self->lock);
  if (self->active != NULL && g_hash_table_size (self->learned) > 0)
    {
      learned = self->learned;
      self->learned =
          g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
    }
  g_mutex_unlock (&self->lock);
  if (learned == NULL)
    return;

  g_hash_table_iter_init (&iter, learned);
  while (error == NULL && g_hash_table_iter_next (&iter, &peer_id, &record))
    (void) write_node (self, peer_id, record, &error);
  if (error != NULL)
    g_warning ("remembering the nodes of the network: %s", error->message);
}

static GPtrArray *
read_nodes (MhMesh *self, gint64 wall_ms, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  const char *id = self->active->id;

  if (lease == NULL
      || !mh_mesh_store_forget_nodes (mh_db_lease_db (lease), id, wall_ms - MH_DIRECTORY_FORGET_MS,
                                      error))
    return NULL;

  return mh_mesh_store_nodes (mh_db_lease_db (lease), id, error);
}

void
mh_mesh_load_nodes (MhMesh *self, MhSwarm *swarm)
{
  gint64 wall_ms = mh_clock_now_ms (mh_core_clock (self->core));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) nodes = read_nodes (self, wall_ms, &error);

  if (nodes == NULL)
    {
      g_warning ("reading who was in the network: %s", error->message);
      return;
    }
  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNodeRow *row = g_ptr_array_index (nodes, i);
      gint64 age_ms = MAX (wall_ms - row->heard_ms, MH_DIRECTORY_FRESH_MS);

      (void) mh_directory_put (mh_swarm_directory (swarm), row->record, age_ms, now_ms (), NULL);
    }
}

/* -- bytes -- */

void
mh_mesh_note_traffic (MhMesh *self)
{
  guint64 bytes_in = 0;
  guint64 bytes_out = 0;
  MhTraffic *slot;

  if (self->swarm != NULL)
    mh_host_traffic (mh_swarm_host (self->swarm), &bytes_in, &bytes_out);
  g_mutex_lock (&self->lock);
  slot = &self->traffic[self->at];
  slot->ts_ms = mh_clock_now_ms (mh_core_clock (self->core));
  slot->bytes_in = bytes_in - MIN (self->last_in, bytes_in);
  slot->bytes_out = bytes_out - MIN (self->last_out, bytes_out);
  self->last_in = bytes_in;
  self->last_out = bytes_out;
  self->at = (self->at + 1) % MH_TRAFFIC_SLOTS;
  g_mutex_unlock (&self->lock);
}
