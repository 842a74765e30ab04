/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-service.h"

#include "base/error.h"
#include "net/p2p/wire/pb.h"
#include "sync-jobs.h"
#include "sync-listen.h"
#include "sync-state.h"

#define MOST_WAITING 1024

/* Others are told of a change so long after it, in milliseconds; when it does not stay alone,
 * later, of all together: many small conversations cost more than a large one. */
#define ALONE_MS 100
#define SETTLE_MS 200

/* Everybody is asked so often even when nobody told of anything, in seconds. */
#define SWEEP_S 60

/* It is looked so often whether copies are to be counted, in seconds. */
#define CHECK_S 2

/* Vaults of others that one message may have this machine offer itself for. */
#define MOST_OFFERED 16

/* After somebody said that all is to be asked now, nothing is paused for so long. */
#define FORCED_US (60 * G_TIME_SPAN_SECOND)

#define TOPIC "vaults"

struct _MhSync
{
  MhCore *core;         /* (unowned) outlives us */
  MhMesh *mesh;         /* (unowned) outlives us */
  MhStore *store;       /* (unowned) outlives us */
  MhVaults *vaults;     /* (unowned) outlives us */
  MhSyncPeers *peers;   /* (owned) */
  MhSyncStates *states; /* (owned) */
  MhSyncKeep *keep;     /* (owned) */
  MhSyncListen *listen; /* (owned) */
  MhSyncClaims *claims; /* (owned) */
  MhSyncMoving *moving; /* (owned) */
  MhSyncRate *rate_in;  /* (owned) */
  MhSyncRate *rate_out; /* (owned) */
  MhSyncJobs *jobs;     /* (owned) */
  MhPool *teller;       /* (owned): of one thread */
  guint watch;          /* of the bus */
  guint sweep;          /* timer of the main loop */
  guint check;          /* timer of the main loop */

  /* (owned) (element-type utf8 MhSyncMark): vaults, and how far others were told of them. Of the
   * thread of @teller. */
  GHashTable *told;

  GMutex lock;
  GCond idle;
  GHashTable *ours; /* (owned) (element-type utf8): ids of vaults (locked-by lock) */
  GSource
      *settle; /* (owned) (nullable): of the main loop; %NULL: nothing to tell (locked-by lock) */
  gint64 changed_us; /* the first of what is to be told, on the monotonic clock (locked-by lock) */
  MhSwarm *swarm;    /* (unowned) (nullable) (locked-by lock) */
  GCancellable *cancellable; /* (owned) (nullable): of @swarm (locked-by lock) */
  gint64 forced_until_us;    /* nothing is paused before, on the monotonic clock (locked-by lock) */
  guint users;               /* of @swarm (locked-by lock) */
};

MhCore *
mh_sync_core (MhSync *self)
{
  return self->core;
}

MhVaults *
mh_sync_vaults (MhSync *self)
{
  return self->vaults;
}

MhMesh *
mh_sync_mesh (MhSync *self)
{
  return self->mesh;
}

MhStore *
mh_sync_blocks (MhSync *self)
{
  return self->store;
}

MhSyncClaims *
mh_sync_claims (MhSync *self)
{
  return self->claims;
}

MhSyncRate *
mh_sync_rate_in (MhSync *self)
{
  return self->rate_in;
}

MhSyncRate *
mh_sync_rate_out (MhSync *self)
{
  return self->rate_out;
}

static gboolean
is_metered (MhSync *self, const MhPeerId *peer)
{
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);
  g_autoptr (MhNode) node = NULL;

  if (swarm == NULL)
    return FALSE;
  node = mh_directory_get (mh_swarm_directory (swarm), peer);
  mh_sync_give (self, cancellable);

  return node != NULL && node->hello != NULL && (node->hello->flags & MH_HELLO_METERED) != 0;
}

gboolean
mh_sync_is_paused (MhSync *self, const MhPeerId *peer)
{
  gboolean is_forced;

  g_mutex_lock (&self->lock);
  is_forced = g_get_monotonic_time () < self->forced_until_us;
  g_mutex_unlock (&self->lock);

  return !is_forced
         && (mh_core_config (self->core)->metered || (peer != NULL && is_metered (self, peer)));
}

MhSyncMoving *
mh_sync_moving (MhSync *self)
{
  return self->moving;
}

MhSyncKeep *
mh_sync_keep (MhSync *self)
{
  return self->keep;
}

void
mh_sync_holders_clear (MhSyncHolders *self)
{
  g_clear_pointer (&self->peers, g_strfreev);
}

/* -- the swarm, while it is there -- */

MhSwarm *
mh_sync_take (MhSync *self, GCancellable **cancellable)
{
  MhSwarm *swarm;

  g_mutex_lock (&self->lock);
  swarm = self->swarm;
  if (swarm != NULL)
    {
      self->users++;
      *cancellable = g_object_ref (self->cancellable);
    }
  g_mutex_unlock (&self->lock);

  return swarm;
}

void
mh_sync_give (MhSync *self, GCancellable *cancellable)
{
  g_object_unref (cancellable);
  g_mutex_lock (&self->lock);
  self->users--;
  g_cond_broadcast (&self->idle);
  g_mutex_unlock (&self->lock);
}

/* -- who has the key -- */

GPtrArray *
mh_sync_peers_of (MhSync *self, const char *vault_id)
{
  return mh_sync_peers_list (self->peers, vault_id);
}

static guint
on_count_peers (const char *vault_id, gpointer data)
{
  MhSync *self = data;

  return mh_sync_peers_count (self->peers, vault_id);
}

static gboolean
on_copies (const char *vault_id, MhVaultCopies *out, gpointer data)
{
  MhSync *self = data;
  MhSyncHealth health;

  mh_sync_keep_health (self->keep, vault_id, &health);
  *out = (MhVaultCopies){ health.ok, health.under, health.over, health.lost };

  return health.checked_ms > 0;
}

static GArray *
on_seen (gpointer data)
{
  MhSync *self = data;
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);
  GArray *seen;

  if (swarm == NULL)
    return NULL;
  seen = mh_sync_placement_seen (swarm);
  mh_sync_give (self, cancellable);

  return seen;
}

static const MhVaultsMesh vaults_mesh = { on_count_peers, on_copies, on_seen };

void
mh_sync_holders (MhSync *self, const char *vault_id, MhSyncHolders *out)
{
  g_autoptr (GPtrArray) peers = mh_sync_peers_of (self, vault_id);
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);

  out->here = 0;
  for (guint i = 0; swarm != NULL && i < peers->len; i++)
    {
      MhPeerId peer;

      if (mh_peer_id_from_text (g_ptr_array_index (peers, i), &peer)
          && mh_directory_is_here (mh_swarm_directory (swarm), &peer))
        out->here++;
    }
  if (swarm != NULL)
    mh_sync_give (self, cancellable);
  g_ptr_array_add (peers, NULL);
  out->peers = (char **) g_ptr_array_steal (peers, NULL);
}

typedef struct
{
  MhSync *sync;   /* (unowned) */
  char *vault_id; /* (owned) */
} About;

static void
about_free (About *self)
{
  g_free (self->vault_id);
  g_free (self);
}

/* Has @func called with an About on the thread of @teller. Where too much waits there, the next
 * sweep finds what is to be said, and what is remembered does no harm. */
static void
push_about (MhSync *self, const char *vault_id, MhPoolFunc func)
{
  About *about = g_new0 (About, 1);

  about->sync = self;
  about->vault_id = g_strdup (vault_id);
  if (!mh_pool_push (self->teller, func, about))
    about_free (about);
}

/* Forgets all about a vault that was deleted here. */
static void
forget_vault (gpointer data)
{
  About *about = data;
  MhSync *self = about->sync;

  mh_sync_peers_forget_vault (self->peers, about->vault_id);
  mh_sync_states_forget (self->states, about->vault_id);
  mh_sync_keep_forget (self->keep, about->vault_id);
  about_free (about);
}

/* -- how vaults stand -- */

MhSyncState *
mh_sync_state (MhSync *self, const char *vault_id)
{
  MhSyncState *state = mh_sync_states_get (self->states, vault_id);

  mh_sync_keep_health (self->keep, vault_id, &state->health);

  return state;
}

/* -- who is asked, and when -- */

/* @vaults: (nullable): all that are here. */
static void
note_ours (MhSync *self, GPtrArray *vaults)
{
  g_mutex_lock (&self->lock);
  if (vaults != NULL)
    g_hash_table_remove_all (self->ours);
  for (guint i = 0; vaults != NULL && i < vaults->len; i++)
    g_hash_table_add (self->ours, g_strdup (((MhVault *) g_ptr_array_index (vaults, i))->id));
  g_mutex_unlock (&self->lock);
}

/* Asks everybody who is connected about the vaults that both have; @only one of them, if it is set.
 */
static void
ask_all (MhSync *self, const MhPeerId *only)
{
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);
  g_autoptr (GPtrArray) vaults = NULL;
  g_autoptr (GPtrArray) nodes = NULL;

  if (swarm == NULL)
    return;
  vaults = mh_vaults_list (self->vaults, NULL); /* the next sweep comes */
  note_ours (self, vaults);
  nodes = mh_directory_list (mh_swarm_directory (swarm));
  for (guint i = 0; vaults != NULL && i < vaults->len; i++)
    for (guint j = 0; j < nodes->len; j++)
      {
        const MhVault *vault = g_ptr_array_index (vaults, i);
        const MhNode *node = g_ptr_array_index (nodes, j);

        if (vault->has_key && node->is_connected && mh_sync_says_vault (node->hello, vault->id)
            && (only == NULL || mh_peer_id_equal (only, &node->peer)))
          mh_sync_jobs_add (self->jobs, vault->id, &node->peer, FALSE);
      }
  mh_sync_give (self, cancellable);
}

static void
sweep (gpointer data)
{
  MhSync *self = data;

  ask_all (self, NULL);
  mh_sync_keep_sweep (self->keep);
  mh_sync_keep_check (self->keep);
}

static void
check (gpointer data)
{
  MhSync *self = data;

  mh_sync_keep_check (self->keep);
}

typedef struct
{
  MhSync *sync;
  MhPeerId peer;
} Asked;

static void
ask_one (gpointer data)
{
  Asked *asked = data;

  ask_all (asked->sync, &asked->peer);
  g_free (asked);
}

gboolean
mh_sync_now (MhSync *self, GError **error)
{
  MhSwarm *swarm = mh_mesh_take (self->mesh, error);

  if (swarm == NULL)
    return FALSE;
  mh_mesh_give (self->mesh, swarm);
  g_mutex_lock (&self->lock);
  self->forced_until_us = g_get_monotonic_time () + FORCED_US;
  g_mutex_unlock (&self->lock);
  mh_sync_keep_note (self->keep, NULL);
  sweep (self);

  return TRUE;
}

static gboolean
on_check (gpointer data)
{
  MhSync *self = data;

  (void) !mh_pool_push (self->teller, check, self); /* the next comes */

  return G_SOURCE_CONTINUE;
}

void
mh_sync_sweep_soon (MhSync *self)
{
  (void) !mh_pool_push (self->teller, sweep, self); /* the next comes */
}

static gboolean
on_sweep (gpointer data)
{
  mh_sync_sweep_soon (data);

  return G_SOURCE_CONTINUE;
}

/* -- others are told of changes here -- */

/* Whether others were not told yet how far the vault has come. */
static gboolean
is_news (MhSync *self, const char *vault_id)
{
  const MhSyncMark *told = g_hash_table_lookup (self->told, vault_id);
  MhSyncMark now;

  if (!mh_store_sync_top (self->store, vault_id, &now, NULL)
      || (told != NULL && told->epoch == now.epoch && told->after == now.after
          && told->gone == now.gone))
    return FALSE;
  g_hash_table_replace (self->told, g_strdup (vault_id), g_memdup2 (&now, sizeof now));

  return TRUE;
}

/* @vaults: (transfer full): the message. Thread: a worker. */
static void
publish (MhSync *self, GByteArray *vaults)
{
  g_autoptr (GBytes) message = g_byte_array_free_to_bytes (vaults);
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);

  if (swarm == NULL)
    return;
  mh_swarm_publish (swarm, TOPIC, message);
  mh_sync_give (self, cancellable);
}

/* The message: ids of vaults. Also what came from others is told: not everybody is connected to
 * everybody. */
static void
tell (gpointer data)
{
  MhSync *self = data;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GPtrArray) vaults = mh_vaults_list (self->vaults, NULL); /* the next sweep comes */

  for (guint i = 0; vaults != NULL && i < vaults->len; i++)
    {
      const MhVault *vault = g_ptr_array_index (vaults, i);

      if (!vault->has_key || !is_news (self, vault->id))
        continue;
      mh_pb_put_text (out, 1, vault->id);
      mh_sync_keep_note (self->keep, vault->id);
    }

  if (out->len > 0)
    publish (self, g_steal_pointer (&out));
}

void
mh_sync_tell_others (MhSync *self, const char *vault_id)
{
  GByteArray *out = g_byte_array_new ();

  mh_pb_put_text (out, 1, vault_id);
  publish (self, out);
}

static void
tell_about (gpointer data)
{
  About *about = data;

  mh_sync_tell_others (about->sync, about->vault_id);
  about_free (about);
}

static gboolean
on_settled (gpointer data)
{
  MhSync *self = data;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->settle, g_source_unref);
  g_mutex_unlock (&self->lock);
  (void) !mh_pool_push (self->teller, tell, self); /* others ask by themselves, too */

  return G_SOURCE_REMOVE;
}

/* Versions were added: on the thread of the store's writer. */
static void
on_changed (gpointer data)
{
  MhSync *self = data;

  g_mutex_lock (&self->lock);
  if (self->settle != NULL)
    {
      g_source_set_ready_time (self->settle,
                               self->changed_us + SETTLE_MS * G_TIME_SPAN_MILLISECOND);
    }
  else
    {
      self->changed_us = g_get_monotonic_time ();
      self->settle = g_timeout_source_new (ALONE_MS);
      g_source_set_callback (self->settle, on_settled, self, NULL);
      g_source_attach (self->settle, NULL);
    }
  g_mutex_unlock (&self->lock);
}

/* Whoever makes vaults up must not fill the queues. */
static gboolean
is_ours (MhSync *self, const char *vault_id)
{
  gboolean ours;

  g_mutex_lock (&self->lock);
  ours = g_hash_table_contains (self->ours, vault_id);
  g_mutex_unlock (&self->lock);

  return ours;
}

/* Somebody has changed something: on the loop of the host. */
static void
on_told (const MhPeerId *from, GBytes *message, gpointer data)
{
  MhSync *self = data;
  gsize size;
  const guint8 *bytes = g_bytes_get_data (message, &size);
  MhPbReader reader = mh_pb_reader (bytes, size);
  guint offered = 0;
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      g_autofree char *vault_id = NULL;

      if (!mh_pb_is (&field, 1, MH_PB_BYTES) || field.size > 31)
        continue;
      vault_id = g_strndup ((const char *) field.bytes, field.size);
      if (is_ours (self, vault_id))
        mh_sync_jobs_add (self->jobs, vault_id, from, FALSE);
      else if (offered++ < MOST_OFFERED)
        mh_sync_keep_offer (self->keep, vault_id, from);
    }
}

/* What happens here, and who comes. */
static void
on_event (const MhEvent *event, gpointer data)
{
  MhSync *self = data;
  gboolean is_vault = g_str_equal (event->type, "vault_changed");
  gboolean is_node =
      g_str_equal (event->type, "node_online") || g_str_equal (event->type, "node_changed");
  g_autoptr (JsonNode) node = NULL;
  const char *text;
  const char *op;

  if (!is_vault && !is_node)
    return;
  node = mh_json_parse (event->json, -1, NULL);
  if (node == NULL)
    return;
  text = mh_json_member (json_node_get_object (node), is_node ? "node_id" : "vault_id");
  if (text == NULL)
    return;
  if (is_node)
    {
      Asked *asked = g_new0 (Asked, 1);

      asked->sync = self;
      if (!mh_peer_id_from_text (text, &asked->peer)
          || !mh_pool_push (self->teller, ask_one, asked))
        g_free (asked);
      return;
    }

  op = mh_json_member (json_node_get_object (node), "op");
  if (g_strcmp0 (op, "delete") == 0)
    {
      push_about (self, text, forget_vault);
      return;
    }
  if (g_strcmp0 (op, "change") == 0
      || g_strcmp0 (op, "rename") == 0) /* others may have to know how many copies are wanted */
    push_about (self, text, tell_about);

  (void) !mh_pool_push (self->teller, sweep, self); /* it may be a new one, or unlocked */
}

/* -- others ask -- */

static void
on_proved (const char *vault_id, const MhPeerId *peer, gpointer data)
{
  MhSync *self = data;
  g_autofree char *peer_id = mh_peer_id_to_text (peer);

  mh_sync_peers_note (self->peers, vault_id, peer_id, NULL, 0);
}

/* -- a reader needs a block that is elsewhere -- */

void
mh_sync_fill_fetch (MhSync *self, MhSwarm *swarm, GArray *holders, GCancellable *cancellable,
                    MhSyncFetch *fetch)
{
  fetch->host = mh_swarm_host (swarm);
  fetch->store = self->store;
  fetch->holders = holders;
  fetch->blame = mh_sync_keep_blame (self->keep);
  fetch->rate = self->rate_in;
  fetch->cancellable = cancellable;
}

static GBytes *
on_fetch (const char *vault_id, const guint8 *id, gpointer data, GError **error)
{
  MhSync *self = data;
  g_autoptr (GPtrArray) peers = mh_sync_peers_of (self, vault_id);
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self, &cancellable);
  GBytes *block = NULL;

  if (swarm != NULL)
    {
      g_autoptr (GArray) holders = mh_sync_placement_offering (swarm, peers);
      MhSyncFetch fetch = { .vault_id = vault_id, .peer_ids = peers };

      mh_sync_fill_fetch (self, swarm, holders, cancellable, &fetch);
      block = mh_sync_fetch (&fetch, id);
      mh_sync_give (self, cancellable);
    }
  if (block == NULL)
    g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
                         "it is on other machines, of which none is there now that could give it");

  return block;
}

/* -- the network comes and goes -- */

static void
on_started (MhSwarm *swarm, gpointer data)
{
  MhSync *self = data;

  g_mutex_lock (&self->lock);
  self->swarm = swarm;
  self->cancellable = g_cancellable_new ();
  g_mutex_unlock (&self->lock);
  mh_sync_listen_start (self->listen, mh_swarm_host (swarm));
  mh_swarm_subscribe (swarm, TOPIC, on_told, self);
  (void) !mh_pool_push (self->teller, sweep, self); /* the next comes */
  mh_store_set_fetch (self->store, on_fetch, self);
}

static void
on_stopping (MhSwarm *swarm, gpointer data)
{
  MhSync *self = data;
  g_autoptr (GCancellable) cancellable = NULL;

  mh_swarm_subscribe (swarm, TOPIC, NULL, NULL);
  mh_sync_listen_stop (self->listen, mh_swarm_host (swarm));
  g_mutex_lock (&self->lock);
  self->swarm = NULL;
  cancellable = g_steal_pointer (&self->cancellable);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (cancellable);
  g_mutex_lock (&self->lock);
  while (self->users > 0)
    g_cond_wait (&self->idle, &self->lock);
  g_mutex_unlock (&self->lock);
  mh_store_set_fetch (self->store, NULL, NULL);
}

static const MhMeshService mesh_service = { on_started, on_stopping };

/* -- life -- */

static void
stop (gpointer service)
{
  MhSync *self = service;

  if (self->watch != 0)
    mh_bus_unsubscribe (mh_core_bus (self->core), self->watch);
  if (self->sweep != 0)
    {
      g_source_remove (self->sweep);
      g_source_remove (self->check);
      mh_mesh_remove_service (self->mesh, &mesh_service, self);
    }
  mh_store_set_changed (self->store, NULL, NULL);
  mh_vaults_set_mesh (self->vaults, NULL, NULL);
  if (self->settle != NULL)
    g_source_destroy (self->settle);
  g_clear_pointer (&self->settle, g_source_unref);
  g_clear_pointer (&self->teller, mh_pool_free);
  g_clear_pointer (&self->jobs, mh_sync_jobs_free);
  g_clear_pointer (&self->listen, mh_sync_listen_free);
  g_clear_pointer (&self->keep, mh_sync_keep_free);
  g_clear_pointer (&self->states, mh_sync_states_free);
  g_clear_pointer (&self->claims, mh_sync_claims_free);
  g_clear_pointer (&self->moving, mh_sync_moving_free);
  g_clear_pointer (&self->rate_in, mh_sync_rate_free);
  g_clear_pointer (&self->rate_out, mh_sync_rate_free);
  g_clear_pointer (&self->peers, mh_sync_peers_free);
  g_hash_table_unref (self->ours);
  g_hash_table_unref (self->told);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->idle);
  g_free (self);
}

static gpointer
start (MhCore *core, GError **error)
{
  MhSync *self = g_new0 (MhSync, 1);

  self->core = core;
  self->mesh = mh_core_service (core, "mesh");
  self->store = mh_core_service (core, "store");
  self->vaults = mh_core_service (core, "vaults");
  g_mutex_init (&self->lock);
  g_cond_init (&self->idle);
  self->ours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->peers = mh_sync_peers_new (core, error);
  if (self->peers == NULL)
    {
      stop (self);
      return NULL;
    }

  self->teller = mh_pool_new ("sync-tell", 1, MOST_WAITING);
  self->claims = mh_sync_claims_new ();
  self->moving = mh_sync_moving_new ();
  self->rate_in = mh_sync_rate_new (mh_core_config (core)->download_rate);
  self->rate_out = mh_sync_rate_new (mh_core_config (core)->upload_rate);
  self->states = mh_sync_states_new ();
  self->jobs = mh_sync_jobs_new (self, self->peers, self->states);
  self->keep = mh_sync_keep_new (self);
  self->listen = mh_sync_listen_new (self, self->keep, on_proved, self);
  self->watch = mh_bus_subscribe (mh_core_bus (core), on_event, self);
  self->sweep = g_timeout_add_seconds (SWEEP_S, on_sweep, self);
  self->check = g_timeout_add_seconds (CHECK_S, on_check, self);
  mh_store_set_changed (self->store, on_changed, self);
  mh_vaults_set_mesh (self->vaults, &vaults_mesh, self);
  mh_mesh_add_service (self->mesh, &mesh_service, self);

  return self;
}

extern const MhMigration mh_sync_migrations[];

static const char *const requires[] = { "audit", "mesh", "store", "vaults", NULL };

const MhModule mh_sync_module = {
  .name = "sync",
  .requires = requires,
  .migrations = mh_sync_migrations,
  .start = start,
  .stop = stop,
};
