/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "mesh-plays.h"
#include "modules/store/store-private.h"

/* Machines without the key of the vault: what they do, and what they may have. */

#define PAGE 1000

/* What nobody wants is kept for so long, or less when there is no room. */
#define UNWANTED_MS (30 * G_GINT64_CONSTANT (24) * 60 * 60 * 1000)
#define UNWANTED_FULL_MS (60 * 60 * 1000)

static guint
bit_of (const MeshMachine *self)
{
  return 1U << self->number;
}

/* -- who wants what -- */

/* With @no_full, those that are full are passed over. */
static gboolean
wants_kept (MeshMachine *self, const MeshMachine *keeper, const guint8 *id, gboolean no_full)
{
  const MeshPeer *found = NULL;
  guint64 weight = mesh_weight_of (&keeper->id, id);
  gint64 wanted = self->world->copies - (mesh_machine_is_reliable (self) ? 1 : 0);
  gint64 before = 0;

  for (guint i = 0; i < self->known.peers->len; i++)
    {
      const MeshPeer *peer = &g_array_index (self->known.peers, MeshPeer, i);

      if (!mesh_counts (self, peer))
        continue;
      if (mh_peer_id_equal (&peer->id, &keeper->id))
        found = peer;
      if (peer->has_key)
        wanted--;
      else if (peer->holds && !(no_full && peer->full) && mesh_weight_of (&peer->id, id) > weight)
        before++;
    }

  return found != NULL && found->holds && !(no_full && found->full) && before < wanted;
}

gboolean
mesh_wants_kept (MeshMachine *self, const MeshMachine *keeper, const guint8 *id)
{
  return wants_kept (self, keeper, id, FALSE);
}

gboolean
mesh_wants_kept_instead (MeshMachine *self, const MeshMachine *keeper, const guint8 *id)
{
  return wants_kept (self, keeper, id, TRUE);
}

/* Whether @self gets what it asks for from a machine that it reaches. */
static gboolean
is_honest (MeshMachine *self, MeshMachine *owner)
{
  return !owner->lies && !mesh_is_left_out (self, &owner->id);
}

/* What is asked of those with the key while a keeper is looked at. */
typedef struct
{
  MeshMachine *keeper; /* (unowned) */
  MeshCause cause;
  gboolean is_partial;          /* somebody who was asked cannot be any more */
  GHashTable *named[MESH_MOST]; /* (owned) (element-type GBytes): blocks that the versions of each
                                   name that can be asked; %NULL: it cannot be */
} Look;

static GHashTable *
list_named (MeshMachine *owner)
{
  GHashTable *out =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_autoptr (GArray) named = NULL;

  mesh_machine_enter (owner);
  sim_disk_pause_faults (owner->disk, TRUE);
  named = mh_store_named_blocks (owner->store, MESH_VAULT, NULL, 100 * PAGE, NULL);
  sim_disk_pause_faults (owner->disk, FALSE);
  for (guint i = 0; named != NULL && i < named->len; i++)
    g_hash_table_add (out,
                      g_bytes_new (g_array_index (named, MhNamedBlock, i).id, MH_SYNC_HASH_SIZE));

  return out;
}

static Look
look_new (MeshMachine *keeper, MeshCause cause)
{
  Look look = { keeper, cause, FALSE, { NULL } };
  MeshWorld *world = keeper->world;

  for (guint i = 0; i < world->count; i++)
    if (mesh_machine_is_dead (&world->machines[i]))
      look.is_partial = TRUE;
    else if (mesh_are_linked (keeper, &world->machines[i]))
      look.named[i] = list_named (&world->machines[i]);
  mesh_machine_enter (keeper);

  return look;
}

static void
look_clear (Look *look)
{
  for (guint i = 0; i < MESH_MOST; i++)
    g_clear_pointer (&look->named[i], g_hash_table_unref);
}

static gboolean
names (const Look *look, guint owner, GBytes *id)
{
  return look->named[owner] != NULL && g_hash_table_contains (look->named[owner], id);
}

/* Whether anybody with the key wants a block to be kept, and @surely says so. Otherwise it may want
 * it as others are full. */
static gboolean
is_wanted (const Look *look, GBytes *id, gboolean surely)
{
  const guint8 *data = g_bytes_get_data (id, NULL);
  MeshWorld *world = look->keeper->world;

  if (surely && (world->trouble.messages > 0 || world->trouble.bytes > 0))
    return FALSE;
  for (guint i = 0; i < world->count; i++)
    if (names (look, i, id) && (!surely || is_honest (look->keeper, &world->machines[i]))
        && (mesh_wants_kept (&world->machines[i], look->keeper, data)
            || (!surely && mesh_wants_kept_instead (&world->machines[i], look->keeper, data))))
      return TRUE;

  return FALSE;
}

/* -- what a keeper has -- */

/* Returns: (transfer full) (element-type GBytes): ids of all that it keeps */
static GHashTable *
list_held (MeshMachine *self)
{
  GHashTable *out =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ids = mh_store_list_held (self->store, MESH_VAULT, NULL, 100 * PAGE, &error);

  if (ids == NULL)
    mesh_violate (self->world, "%c does not list what it keeps: %s", self->name, error->message);
  for (gsize at = 0; ids != NULL && at < g_bytes_get_size (ids); at += MH_SYNC_HASH_SIZE)
    g_hash_table_add (out, g_bytes_new_from_bytes (ids, at, MH_SYNC_HASH_SIZE));

  return out;
}

/* Whether it gives a block, byte by byte. */
static void
check_bytes (MeshMachine *self, GBytes *id)
{
  g_autoptr (GError) error = NULL;
  const guint8 *wanted = g_bytes_get_data (id, NULL);
  g_autoptr (GBytes) block = mh_store_read_sealed (self->store, MESH_VAULT, wanted, &error);
  g_autofree char *name = mh_hex_encode (wanted, 4);
  guint8 hash[MH_SHA256_SIZE];

  if (block == NULL)
    {
      mesh_violate (self->world, "%c keeps block %s, and does not give it: %s", self->name, name,
                    error->message);
      return;
    }
  mh_sha256 (g_bytes_get_data (block, NULL), g_bytes_get_size (block), hash);
  if (memcmp (hash, wanted, sizeof hash) != 0)
    mesh_violate (self->world, "%c keeps other bytes as block %s", self->name, name);
}

/* It knows nothing of what it keeps. */
static void
check_ignorance (MeshMachine *self)
{
  static const char *const counts[] = { "SELECT count (*) FROM versions",
                                        "SELECT count (*) FROM files" };
  guint8 out[MH_SYNC_HASH_SIZE];
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, NULL);

  for (gsize i = 0; lease != NULL && i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr (MhStmt) stmt = mh_db_prepare (mh_db_lease_db (lease), counts[i], NULL);

      if (stmt == NULL || !mh_stmt_step (stmt, NULL) || mh_stmt_int64 (stmt, 0) != 0)
        mesh_violate (self->world, "%c, which has not the key, has versions", self->name);
    }
  if (lease == NULL)
    mesh_violate (self->world, "%c does not give its index", self->name);
  if (mh_store_prove (self->store, MESH_VAULT, (const guint8 *) "x", 1, out))
    mesh_violate (self->world, "%c has the key", self->name);
}

/* How long it keeps what nobody wants. */
static gint64
patience_ms (const MeshMachine *self)
{
  return self->core.config.hold < MESH_HOLD_BYTES ? UNWANTED_FULL_MS : UNWANTED_MS;
}

/* Whether somebody who could be asked names what only the keeper has left, and was sure that there
 * are more. */
static gboolean
was_only_copy (const Look *look, GBytes *id)
{
  MeshWorld *world = look->keeper->world;
  guint others = G_MAXUINT & ~bit_of (look->keeper);

  if (mesh_is_block_at (world, g_bytes_get_data (id, NULL), others))
    return FALSE;
  for (guint i = 0; i < world->count; i++)
    if (world->machines[i].sure_ms > 0 && names (look, i, id)
        && is_honest (look->keeper, &world->machines[i]))
      return TRUE;

  return FALSE;
}

/* Whether all who could be asked knew of enough copies, and there was somebody. */
static gboolean
was_spared (const Look *look)
{
  MeshWorld *world = look->keeper->world;
  gboolean any = look->is_partial;

  for (guint i = 0; i < world->count; i++)
    {
      MhSyncHealth health;

      if (look->named[i] == NULL || !is_honest (look->keeper, &world->machines[i]))
        continue;
      any = TRUE;
      mh_sync_keep_health (world->machines[i].keep, MESH_VAULT, &health);
      if (health.checked_ms == 0 || health.under > 0 || health.lost > 0)
        return world->trouble.messages > 0 || world->trouble.bytes > 0;
    }

  return any;
}

static void
check_dropped (const Look *look, GBytes *id)
{
  MeshMachine *self = look->keeper;
  MeshWorld *world = self->world;
  const gint64 *wanted_ms = g_hash_table_lookup (self->wanted_ms, id);
  g_autofree char *name = mh_hex_encode (g_bytes_get_data (id, NULL), 4);

  if (!self->audits)
    mesh_violate (world, "%c kept block %s, and has it no more", self->name, name);
  else if (wanted_ms != NULL && world->now_ms - *wanted_ms < patience_ms (self))
    mesh_violate (world, "%c gives up block %s, which was wanted a moment ago", self->name, name);
  else if (look->cause == MESH_TAKEN && !was_spared (look))
    mesh_violate (world, "%c gives up block %s, though not all can spare it", self->name, name);
  else if (was_only_copy (look, id))
    mesh_violate (world, "%c gives up block %s, of which there is no other copy", self->name, name);
  mesh_note (world, MESH_EVENT_DROPPED);
}

/* Whether somebody wants it to be kept only as others are full. */
static gboolean
is_spilled (const Look *look, GBytes *id)
{
  const guint8 *data = g_bytes_get_data (id, NULL);
  MeshWorld *world = look->keeper->world;
  gboolean any = FALSE;

  for (guint i = 0; i < world->count; i++)
    {
      if (!names (look, i, id))
        continue;
      if (mesh_wants_kept (&world->machines[i], look->keeper, data))
        return FALSE;
      any |= mesh_wants_kept_instead (&world->machines[i], look->keeper, data);
    }

  return any;
}

static void
look_at_one (const Look *look, GBytes *id, gboolean is)
{
  MeshMachine *self = look->keeper;
  MeshWorld *world = self->world;
  guint bits = GPOINTER_TO_UINT (g_hash_table_lookup (world->blocks, id));
  gboolean was = (bits & bit_of (self)) != 0;
  g_autofree char *name = mh_hex_encode (g_bytes_get_data (id, NULL), 4);

  if (was && !is)
    check_dropped (look, id);
  if (is && !was && look->cause == MESH_TAKEN && !look->is_partial && !is_wanted (look, id, FALSE))
    mesh_violate (world, "%c took block %s, which nobody wants to be kept", self->name, name);
  if (is && (!was || (look->cause == MESH_TAKEN && is_wanted (look, id, TRUE))))
    g_hash_table_replace (self->wanted_ms, g_bytes_ref (id),
                          g_memdup2 (&world->now_ms, sizeof world->now_ms));
  if (is)
    {
      mesh_note (world, MESH_EVENT_KEPT);
      if (!was && is_spilled (look, id))
        mesh_note (world, MESH_EVENT_SPILLED);
      check_bytes (self, id);
    }
  bits = is ? bits | bit_of (self) : bits & ~bit_of (self);
  g_hash_table_replace (world->blocks, g_bytes_ref (id), GUINT_TO_POINTER (bits));
}

void
mesh_look_at_keeper (MeshMachine *self, MeshCause cause)
{
  g_autoptr (GHashTable) here = list_held (self);
  g_autoptr (GList) known = g_hash_table_get_keys (self->world->blocks);
  Look look = look_new (self, cause);
  guint found = 0;

  check_ignorance (self);
  for (GList *link = known; link != NULL; link = link->next)
    {
      gboolean is = g_hash_table_contains (here, link->data);

      found += is ? 1 : 0;
      look_at_one (&look, link->data, is);
    }
  if (found != g_hash_table_size (here))
    mesh_violate (self->world, "%c keeps blocks that nobody has made", self->name);
  look_clear (&look);
}

/* -- what it does -- */

/* After it was asked for, what is wanted is here. */
static void
check_swept (MeshMachine *self)
{
  MeshWorld *world = self->world;
  Look look = look_new (self, MESH_TAKEN);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, world->blocks);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const guint8 *id = g_bytes_get_data (key, NULL);
      g_autofree char *name = mh_hex_encode (id, 4);

      for (guint i = 0; i < world->count && !mesh_is_block_at (world, id, bit_of (self)); i++)
        if (names (&look, i, key) && is_honest (self, &world->machines[i])
            && mesh_is_block_at (world, id, 1U << i)
            && mesh_wants_kept (&world->machines[i], self, id))
          mesh_violate (world, "%c has asked %c what to keep, and left block %s", self->name,
                        world->machines[i].name, name);
    }
  look_clear (&look);
}

/* After all that it reaches were asked, what it keeps is marked as wanted or not. */
static void
check_marks (MeshMachine *self)
{
  Look look = look_new (self, MESH_TAKEN);
  MeshWorld *world = self->world;
  g_autoptr (GHashTable) here = list_held (self);
  g_autoptr (GPtrArray) held = mh_store_held (self->store, NULL);
  gint64 marked =
      held != NULL && held->len > 0 ? ((MhHeldVault *) g_ptr_array_index (held, 0))->unwanted : 0;
  gint64 most = 0;
  gint64 least = 0;
  gboolean is_plain = !look.is_partial;
  gboolean any = FALSE;
  GHashTableIter iter;
  gpointer key;

  for (guint i = 0; i < world->count; i++)
    {
      is_plain &= look.named[i] == NULL || is_honest (self, &world->machines[i]);
      any |= look.named[i] != NULL;
    }
  g_hash_table_iter_init (&iter, here);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      most += is_wanted (&look, key, TRUE) ? 0 : 1;
      least += is_wanted (&look, key, FALSE) ? 0 : 1;
    }
  if (is_plain && any && (marked < least || marked > most))
    mesh_violate (world,
                  "%c takes %" G_GINT64_FORMAT " blocks for unwanted, and there are "
                  "%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                  self->name, marked, least, most);
  look_clear (&look);
}

static guint
count_held (MeshMachine *self)
{
  GHashTableIter iter;
  gpointer value;
  guint count = 0;

  g_hash_table_iter_init (&iter, self->world->blocks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    count += (GPOINTER_TO_UINT (value) & bit_of (self)) != 0 ? 1 : 0;

  return count;
}

/* A bug, planted. */
static void
drop_all (MeshMachine *self)
{
  guint dropped;

  if (mh_store_drop_held (self->store, MESH_VAULT, G_MAXINT64, &dropped, NULL) && dropped > 0)
    (void) mesh_look (self, MESH_TAKEN);
  self->audits = TRUE;
}

guint
mesh_sweep (MeshMachine *self)
{
  MeshWorld *world = self->world;
  gboolean is_plain = world->trouble.messages == 0 && world->trouble.bytes == 0;
  guint before = count_held (self);
  guint after;

  mesh_machine_enter (self);
  self->audits = TRUE;
  if (world->flags & MESH_DROPS)
    drop_all (self);
  mh_sync_keep_sweep (self->keep);
  if (mesh_machine_is_dead (self))
    {
      mesh_log (world, "%c asks what to keep", self->name);
      return 0;
    }
  (void) mesh_look (self, MESH_TAKEN);
  after = count_held (self);
  mesh_log (world, "%c asks what to keep: %u blocks, %u before", self->name, after, before);
  if (is_plain && !(world->flags & MESH_END_ONLY) && !mesh_machine_lacks_room (self))
    {
      check_marks (self);
      if (self->core.config.hold == MESH_HOLD_BYTES)
        check_swept (self);
    }

  return after > before ? after - before : 0;
}

static void
play_sweep (MeshMachine *self)
{
  mesh_choose_trouble (self->world);
  for (guint i = 0; i < self->world->count; i++)
    self->world->machines[i].lies = sim_random_percent (&self->world->random, 5);
  (void) mesh_sweep (self);
  for (guint i = 0; i < self->world->count; i++)
    self->world->machines[i].lies = FALSE;
  self->world->trouble = (MeshTrouble){ 0 };
}

/* It is told to keep nothing any more, or again. */
static void
play_limit (MeshMachine *self)
{
  MhConfig *config = &self->core.config;

  config->hold = config->hold > 0 ? 0 : MESH_HOLD_BYTES;
  mh_store_set_hold_limit (self->store, config->hold);
  mesh_log (self->world, "%c keeps %s for others", self->name,
            config->hold > 0 ? "all" : "nothing");
  if (config->hold == 0)
    mesh_note (self->world, MESH_EVENT_STOPPED);
  mesh_world_pass (self->world, 0);
}

void
mesh_play_keeper (MeshMachine *self)
{
  if (sim_random_percent (&self->world->random, 8))
    play_limit (self);
  else
    play_sweep (self);
}
