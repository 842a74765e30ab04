/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "mesh-world.h"
#include "modules/store/store-private.h"
#include "modules/store/writer-private.h"
#include "modules/sync/sync-due.h"
#include "modules/sync/sync-fetch.h"
#include "modules/sync/sync-serve.h"

/* A machine that hung up counts for the placement of blocks for so long. */
#define ABSENT_MS (10 * 60 * 1000)

/* Clocks are wrong by so much at most. */
#define MOST_SKEW_MS (10 * 60 * 1000)

/* -- the network of a machine -- */

static MhHost *
net_find (MhHost *from, const MhPeerId *peer, MeshTrouble *trouble)
{
  MeshMachine *self = mesh_host_data (from);
  MeshMachine *other = mesh_world_find (self->world, peer);

  *trouble = self->world->trouble;

  return other != NULL && other != self && mesh_are_linked (self, other) ? other->host : NULL;
}

static void
on_proved (const char *vault_id, const MhPeerId *peer, gpointer data)
{
  MeshMachine *self = data;
  g_autofree char *peer_id = mh_peer_id_to_text (peer);

  mh_sync_peers_note (&self->known, vault_id, peer_id, NULL, 0);
}

static gboolean
on_keep (const char *vault_id, MhKeep *keep, gpointer data)
{
  *keep = ((MeshMachine *) data)->keep_rule;

  return TRUE;
}

static GBytes *
on_list (const char *vault_id, const MhPeerId *peer, const guint8 *after, gpointer data)
{
  MeshMachine *self = data;

  return mh_sync_due_elsewhere (&self->sync, self->keep, vault_id, peer, after);
}

static GBytes *
on_spare (const char *vault_id, const MhPeerId *peer, GBytes *ids, gpointer data)
{
  MeshMachine *self = data;

  return mh_sync_due_no_more (&self->sync, self->keep, vault_id, peer, ids);
}

static GBytes *
on_due (const char *vault_id, const guint8 *after, const guint8 *last, gpointer data)
{
  MeshMachine *self = data;

  return mh_sync_due (&self->sync, self->keep, vault_id, after, last);
}

static GBytes *
on_due_held (const char *vault_id, const guint8 *after, const guint8 *last, gpointer data)
{
  return mh_sync_due_held (mh_sync_blocks (&((MeshMachine *) data)->sync), vault_id, after, last);
}

/* As sync-listen does. */
static void
net_serve (MhHost *host, MhStream *stream, const char *protocol)
{
  MeshMachine *self = mesh_host_data (host);
  gboolean is_hold = strcmp (protocol, MH_SYNC_HOLD_PROTOCOL) == 0;
  MhSyncServing serving = { .host = host,
                            .store = self->store,
                            .stream = stream,
                            .promises = mh_sync_keep_promises (self->keep),
                            .proved = on_proved,
                            .list = on_list,
                            .keep = on_keep,
                            .spare = on_spare,
                            .due = is_hold ? on_due_held : on_due,
                            .data = self };

  if (is_hold)
    mh_sync_serve_hold (&serving);
  else
    mh_sync_serve (&serving);
}

/* Returns: (transfer full) (nullable): an answer with a block of which a bit is wrong */
static GBytes *
falsify (MeshWorld *world, GBytes *message)
{
  g_auto (MhSyncMessage) answer = { 0 };
  GBytes *block;
  gsize size;
  guint8 *data;

  if (!mh_sync_message_decode (message, &answer) || answer.records == NULL)
    return NULL;
  block = g_ptr_array_index (answer.records, 0);
  size = g_bytes_get_size (block);
  data = g_memdup2 (g_bytes_get_data (block, NULL), size);
  data[sim_random_below (&world->random, (guint) size)] ^= 1;
  g_ptr_array_set_size (answer.records, 0);
  g_ptr_array_add (answer.records, g_bytes_new_take (data, size));
  mesh_note (world, MESH_EVENT_LIED);

  return mh_sync_message_encode (&answer);
}

static GBytes *
net_pass (MhHost *gives, gboolean is_answer, GBytes *message)
{
  MeshMachine *self = mesh_host_data (gives);
  g_auto (MhSyncMessage) question = { 0 };
  GBytes *lie = NULL;

  if (!is_answer && mh_sync_message_decode (message, &question))
    self->asked = question.op;
  else if (is_answer && self->lies && self->asked == MH_SYNC_BLOCK
           && sim_random_percent (&self->world->random, 30))
    lie = falsify (self->world, message);
  if (lie == NULL)
    return message;

  g_bytes_unref (message);

  return lie;
}

static void
net_enter (MhHost *host)
{
  mesh_machine_enter (mesh_host_data (host));
}

static const MeshNetFuncs net = { net_find, net_serve, net_pass, net_enter };

/* Returns: (transfer full) (element-type MhPeerId): that are there, and keep blocks without the key
 */
static GArray *
holders_of (MeshMachine *self)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (MhPeerId));

  for (guint i = 0; i < self->known.peers->len; i++)
    {
      const MeshPeer *peer = &g_array_index (self->known.peers, MeshPeer, i);
      MeshMachine *other = mesh_world_find (self->world, &peer->id);

      if ((peer->holds || peer->held) && other != NULL && mesh_are_linked (self, other))
        g_array_append_val (out, peer->id);
    }

  return out;
}

/* As the service does when a reader needs a block. */
static GBytes *
on_fetch (const char *vault_id, const guint8 *id, gpointer data, GError **error)
{
  MeshMachine *self = data;
  g_autoptr (GPtrArray) peers = mh_sync_peers_list (&self->known, vault_id);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GArray) holders = holders_of (self);
  MhSyncFetch fetch = { .host = self->host,
                        .store = self->store,
                        .vault_id = vault_id,
                        .peer_ids = peers,
                        .holders = holders,
                        .blame = self->blame,
                        .cancellable = cancellable };
  GBytes *block = mh_sync_fetch (&fetch, id);

  if (block == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "nobody has it");
  else
    mesh_note (self->world, MESH_EVENT_READ_THROUGH);

  return block;
}

/* -- life -- */

void
mesh_machine_enter (MeshMachine *self)
{
  sim_disk_use (self->disk);
}

gboolean
mesh_machine_is_dead (MeshMachine *self)
{
  return sim_disk_is_dead (self->disk);
}

gboolean
mesh_machine_is_reliable (const MeshMachine *self)
{
  return !self->is_keeper && self->core.config.reliable && (self->roles & MH_VAULT_STORE) != 0;
}

gboolean
mesh_machine_lacks_room (MeshMachine *self)
{
  if (self->is_full)
    mesh_note (self->world, MESH_EVENT_FULL);

  return self->is_full;
}

void
mesh_machine_fill (MeshMachine *self, guint64 bytes, gboolean secret)
{
  self->is_full = TRUE;
  sim_disk_set_room (self->disk, sim_disk_used (self->disk) + bytes, secret);
}

void
mesh_machine_make_room (MeshMachine *self)
{
  self->is_full = FALSE;
  sim_disk_set_room (self->disk, G_MAXINT64, FALSE);
}

/* A new key, and so another name for the others. */
static void
name (MeshMachine *self)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);

  memset (mh_secret_bytes (seed), 0, MH_SIGN_SEED_SIZE);
  mh_secret_bytes (seed)[0] = (guint8) ++self->world->identities;
  mh_secret_bytes (seed)[1] = (guint8) sim_random_below (&self->world->random, 256);
  g_clear_pointer (&self->signer, mh_signer_free);
  g_clear_pointer (&self->host, mesh_host_free);
  self->signer = mh_signer_new (seed);
  self->id = mh_peer_id_from_ed25519 (mh_signer_public_key (self->signer));
  self->host = mesh_host_new (&self->id, &net, self);
}

/* Returns: what a machine keeps for others, in bytes: half of them have enough room */
static gint64
any_hold (MeshMachine *self)
{
  SimRandom *random = &self->world->random;

  if (!self->is_keeper)
    return 0;

  return sim_random_percent (random, 50) ? MESH_HOLD_BYTES : 500 + sim_random_below (random, 6000);
}

void
mesh_machine_init (MeshMachine *self, MeshWorld *world, guint number)
{
  memset (self, 0, sizeof *self);
  self->world = world;
  self->number = number;
  self->name = (char) ('A' + number);
  self->is_keeper = number >= world->count;
  self->core.clock = mh_clock_new ();
  self->skew_ms = (gint64) sim_random_below (&world->random, 2 * MOST_SKEW_MS + 1) - MOST_SKEW_MS;
  mh_clock_set_ms (self->core.clock, world->now_ms + self->skew_ms);
  self->roles = MH_VAULT_STORE;
  if (!self->is_keeper && sim_random_percent (&world->random, 15))
    self->roles |= MH_VAULT_PIN;
  self->keep_rule = (MhKeep){ 1000, 1000 };
  if (world->forgets)
    self->keep_rule = (MhKeep){ 1 + number % 3, 1 };
  self->core.config.reliable =
      number == 0 || self->is_keeper || sim_random_percent (&world->random, 80);
  self->core.config.absent_ms = ABSENT_MS;
  self->core.config.surplus_ms = world->surplus_ms;
  self->core.config.hold = any_hold (self);
  if (!self->core.config.reliable)
    mesh_note (world, MESH_EVENT_UNRELIABLE);
  if (self->roles & MH_VAULT_PIN)
    mesh_note (world, MESH_EVENT_PINNED);
  self->swarm.machine = self;
  self->sync.machine = self;
  self->vaults.machine = self;
  self->wanted_ms = mh_sync_surplus_new ();
  self->directory.machine = self;
  self->known.stale = (world->flags & MESH_STALE) != 0;
  self->known.peers = g_array_new (FALSE, FALSE, sizeof (MeshPeer));
  self->disk = sim_disk_new (sim_random_next (&world->random));
  name (self);
}

static void
on_fault (const char *sentence, gpointer data)
{
  MeshMachine *self = data;

  mesh_log (self->world, "%c fault: %s", self->name, sentence);
}

static gboolean
open_store (MeshMachine *self, GError **error)
{
  g_autofree char *blocks = g_strdup_printf ("/%c/blocks", self->name);
  g_autofree char *index = g_strdup_printf ("/%c/metadata/index.db", self->name);
  g_autoptr (MhSecret) key = mh_secret_new (32);
  MhVaultLimits limits = { .keep = self->keep_rule };
  MhStoreConfig config = {
    .blocks_path = blocks,
    .index_path = index,
    .signer = self->signer,
    .clock = self->core.clock,
    .segment_bytes = self->world->segment_bytes,
    .on_fault = on_fault,
    .on_fault_data = self,
    .serial = TRUE,
  };

  memset (mh_secret_bytes (key), MESH_KEY_BYTE, mh_secret_size (key));
  self->store = mh_store_open (&config, error);
  if (self->store == NULL)
    return FALSE;
  mh_store_set_fetch (self->store, on_fetch, self);

  /* the log is copied into the index often, so that a short history sees it, too */
  return mh_db_exec (self->store->writer->db, "PRAGMA wal_autocheckpoint = 30", error)
         && (self->is_keeper
             || (mh_store_add_vault (self->store, MESH_VAULT, key, error)
                 && mh_store_set_limits (self->store, MESH_VAULT, &limits, error)));
}

void
mesh_machine_open (MeshMachine *self)
{
  g_autoptr (GError) error = NULL;

  mesh_machine_enter (self);
  if (!open_store (self, &error))
    {
      mesh_violate (self->world, "%c does not open: %s", self->name, error->message);
      return;
    }

  self->sure_ms = 0;
  self->keep = mh_sync_keep_new (&self->sync);
  self->blame = mh_sync_keep_blame (self->keep);
  if (mesh_look (self, MESH_OPENED) < self->owes)
    mesh_violate (self->world, "%c: acknowledged, and gone after a crash", self->name);
  self->owes = 0;
}

static void
close_all (MeshMachine *self)
{
  mesh_machine_enter (self);
  g_clear_pointer (&self->keep, mh_sync_keep_free);
  g_clear_pointer (&self->store, mh_store_close);
}

/* Ends without a last word. */
static void
stop (MeshMachine *self)
{
  mesh_machine_make_room (self);
  if (!sim_disk_is_dead (self->disk))
    sim_disk_die_after (self->disk, 1);
  close_all (self);
}

void
mesh_machine_crash (MeshMachine *self, SimCrash crash)
{
  mesh_log (self->world, "%c: %s", self->name, crash == SIM_KILL ? "killed" : "power cut");
  if (crash == SIM_POWER_CUT)
    mesh_note (self->world, MESH_EVENT_POWER_CUT);
  stop (self);
  sim_disk_revive (self->disk, crash);
  mesh_machine_open (self);
}

void
mesh_machine_lose_index (MeshMachine *self)
{
  static const char *const suffixes[] = { "", "-wal" };

  mesh_log (self->world, "%c loses its index", self->name);
  mesh_note (self->world, MESH_EVENT_INDEX_LOST);
  mesh_forget_purged (self);
  stop (self);
  sim_disk_revive (self->disk, SIM_KILL);
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/%c/metadata/index.db%s", self->name, suffixes[i]);

      sim_disk_lose (self->disk, path);
    }
  mesh_machine_open (self);
}

void
mesh_machine_lose_disk (MeshMachine *self, gboolean anew)
{
  mesh_log (self->world, "%c loses its disk%s", self->name, anew ? " and its key" : "");
  mesh_note (self->world, anew ? MESH_EVENT_IDENTITY_LOST : MESH_EVENT_DISK_LOST);
  stop (self);
  sim_disk_free (self->disk);
  self->disk = sim_disk_new (sim_random_next (&self->world->random));
  if (!self->known.stale)
    g_array_set_size (self->known.peers, 0);
  self->owes = 0;
  self->world->lost_ms = self->world->now_ms;
  for (guint i = 0; i < self->world->all; i++)
    self->world->machines[i].sure_ms = 0;
  g_hash_table_remove_all (self->wanted_ms);
  mesh_forget_machine (self);
  if (anew)
    name (self);
  mesh_world_pass (self->world, 0);
  mesh_machine_open (self);
}

void
mesh_machine_clear (MeshMachine *self)
{
  close_all (self);
  sim_disk_free (self->disk);
  mh_signer_free (self->signer);
  mesh_host_free (self->host);
  mh_clock_free (self->core.clock);
  g_hash_table_unref (self->wanted_ms);
  g_array_unref (self->known.peers);
}

/* -- the others -- */

MeshMachine *
mesh_world_find (MeshWorld *self, const MhPeerId *id)
{
  for (guint i = 0; i < self->all; i++)
    if (mh_peer_id_equal (&self->machines[i].id, id))
      return &self->machines[i];

  return NULL;
}

gboolean
mesh_are_linked (const MeshMachine *a, const MeshMachine *b)
{
  return a != b && !a->world->cut[a->number][b->number] && a->store != NULL && b->store != NULL;
}

MeshPeer *
mesh_peers_ensure (MhSyncPeers *self, const MhPeerId *id)
{
  MeshPeer peer = { .id = *id };

  for (guint i = 0; i < self->peers->len; i++)
    if (mh_peer_id_equal (&g_array_index (self->peers, MeshPeer, i).id, id))
      return &g_array_index (self->peers, MeshPeer, i);

  g_array_append_val (self->peers, peer);

  return &g_array_index (self->peers, MeshPeer, self->peers->len - 1);
}

/* @self hears of @other what its hello record says. */
static void
hear (MeshMachine *self, const MeshMachine *other)
{
  MeshPeer *peer = mesh_peers_ensure (&self->known, &other->id);

  peer->reliable = other->core.config.reliable;
  peer->is_keeper = other->is_keeper;
  peer->holds = other->is_keeper && other->core.config.hold > 0;
  peer->held = other->is_keeper && other->core.config.hold == 0;
  peer->full = peer->holds && other->core.config.hold < MH_HOLD_LITTLE;
  peer->heard_ms = self->world->now_ms;
}

void
mesh_world_pass (MeshWorld *self, gint64 ms)
{
  self->now_ms += ms;
  mesh_set_monotonic_ms (self->now_ms);
  for (guint i = 0; i < self->all; i++)
    {
      MeshMachine *machine = &self->machines[i];

      mh_clock_set_ms (machine->core.clock, self->now_ms + machine->skew_ms);
      for (guint j = 0; j < self->all; j++)
        if (j != i && !self->cut[i][j])
          hear (machine, &self->machines[j]);
    }
}
