/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-plays.h"

/* An audit begins so long after a change, and after the one before. */
#define SETTLE_MS 2000

void
mesh_choose_trouble (MeshWorld *self)
{
  self->trouble = (MeshTrouble){ .late = sim_random_percent (&self->random, 50) };
  if (sim_random_percent (&self->random, 75))
    return;
  if (sim_random_percent (&self->random, 60))
    self->trouble.messages = 1 + sim_random_below (&self->random, 16);
  else
    self->trouble.bytes = 1 + sim_random_below (&self->random, 8000);
}

static MhVault
vault_of (const MeshMachine *self)
{
  return (MhVault){
    .id = (char *) MESH_VAULT, .copies = self->world->copies, .roles = self->roles, .has_key = TRUE
  };
}

/* What the other one has removed is known, so that it does not come back and is no conflict. */
static void
check_gone (MeshMachine *asks, MeshMachine *gives)
{
  MhSyncMark mark = { 0 };
  g_autoptr (MhSyncGone) gone = NULL;
  g_autoptr (MhSyncGone) unknown = NULL;

  mesh_machine_enter (gives);
  gone = mh_store_gone_since (gives->store, MESH_VAULT, &mark, MH_SYNC_MOST_HASHES, NULL);
  mesh_machine_enter (asks);
  if (gone != NULL)
    unknown = mh_store_unknown_gone (asks->store, gone, NULL);
  if (unknown != NULL && g_bytes_get_size (unknown->purged) > 0)
    mesh_violate (asks->world, "%c asked %c, and does not know of %u versions that were removed",
                  asks->name, gives->name, (guint) g_bytes_get_size (unknown->purged));
}

gint
mesh_round (MeshMachine *asks, MeshMachine *gives)
{
  MeshWorld *world = asks->world;
  MhVault vault = vault_of (asks);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (MhSyncPull) pull = { .host = asks->host,
                               .store = asks->store,
                               .vault_id = MESH_VAULT,
                               .peer = &gives->id,
                               .cancellable = cancellable };
  MhSyncRound what = { &asks->core, &asks->swarm, &asks->known,
                       &vault,      asks->blame,  MH_SYNC_CATALOG | MH_SYNC_BLOCKS };
  g_autoptr (GError) error = NULL;
  gboolean linked = mesh_are_linked (asks, gives);
  gboolean done;
  gboolean may_fail;

  mesh_machine_enter (asks);
  done = mh_sync_round (&what, &pull, &error);
  mesh_log (world, "%c asks %c: %u versions, %u blocks%s%s", asks->name, gives->name, pull.versions,
            pull.blocks, done ? "" : ": ", done ? "" : error->message);
  world->rounds++;
  may_fail = !linked || mesh_machine_is_dead (asks) || mesh_machine_is_dead (gives)
             || mesh_host_was_broken (asks->host) || gives->lies;
  may_fail = may_fail || done || mesh_machine_lacks_room (asks);
  if (linked && mesh_host_was_broken (asks->host))
    mesh_note (world, MESH_EVENT_BROKEN);
  if (mesh_machine_is_dead (asks))
    mesh_note (world, MESH_EVENT_DIED_TAKING);
  if (mesh_machine_is_dead (gives))
    mesh_note (world, MESH_EVENT_DIED_GIVING);
  if (pull.versions > 0)
    mesh_note (world, MESH_EVENT_TAKEN);
  if (pull.blocks > 0)
    mesh_note (world, MESH_EVENT_BLOCKS);
  if (pull.questions > 1 && pull.versions > 0)
    mesh_note (world, MESH_EVENT_WALKED);
  if (done && pull.questions == 1)
    mesh_note (world, MESH_EVENT_WALKED_SAME);
  if (!done && !may_fail)
    mesh_violate (world, "%c asked %c, and failed, though nothing is wrong", asks->name,
                  gives->name);
  if (pull.refused > 0)
    mesh_violate (world, "%c refused versions of %c", asks->name, gives->name);
  if (!mesh_machine_is_dead (asks))
    (void) mesh_look (asks, MESH_TAKEN);
  if (done && !(world->flags & MESH_END_ONLY) && !mesh_machine_is_dead (asks)
      && !mesh_machine_is_dead (gives))
    {
      mesh_check_taken (asks, gives);
      check_gone (asks, gives);
    }

  return done ? (gint) (pull.versions + pull.blocks) : -1;
}

void
mesh_play_round (MeshMachine *self)
{
  MeshMachine *other = mesh_any_other (self);

  mesh_choose_trouble (self->world);
  other->lies = sim_random_percent (&self->world->random, 5);
  (void) mesh_round (self, other);
  other->lies = FALSE;
  self->world->trouble = (MeshTrouble){ 0 };
}

/* After it, what @self knows of the copies is what is so. A machine that hung up a moment ago
 * counts for the audit as if it had what it should. */
static void
note_sure (MeshMachine *self, gint64 under)
{
  MeshWorld *world = self->world;

  if (under >= 0 && world->now_ms - world->lost_ms > self->core.config.absent_ms)
    self->sure_ms = world->now_ms;
}

static void
check_counted (MeshMachine *self, const MhSyncHealth *health, gint64 under)
{
  if (under >= 0 && under != health->under + health->lost)
    mesh_violate (self->world,
                  "%c counts %" G_GINT64_FORMAT " blocks with too few copies, and there are "
                  "%" G_GINT64_FORMAT,
                  self->name, health->under + health->lost, under);
}

gboolean
mesh_audit (MeshMachine *self, MhSyncHealth *health)
{
  MeshWorld *world = self->world;
  MhSyncHealth before;
  gint64 under;
  gboolean done;

  mesh_world_pass (world, SETTLE_MS);
  under = mesh_count_under (self);
  mesh_machine_enter (self);
  mh_sync_keep_health (self->keep, MESH_VAULT, &before);
  self->audits = TRUE;
  mh_sync_keep_note (self->keep, MESH_VAULT);
  mesh_world_pass (world, SETTLE_MS);
  mh_sync_keep_check (self->keep);
  mh_sync_keep_health (self->keep, MESH_VAULT, health);
  done = health->checked_ms != before.checked_ms;
  health->evicted -= before.evicted;
  health->repaired -= before.repaired;
  mesh_log (world,
            "%c audits: %" G_GINT64_FORMAT " ok, %" G_GINT64_FORMAT " under, %" G_GINT64_FORMAT
            " over, %" G_GINT64_FORMAT " lost, %" G_GINT64_FORMAT " given up, %" G_GINT64_FORMAT
            " repaired%s",
            self->name, health->ok, health->under, health->over, health->lost, health->evicted,
            health->repaired, done ? "" : ": failed");
  if (health->repaired > 0)
    mesh_note (world, MESH_EVENT_REPAIRED);
  if (mesh_machine_is_dead (self))
    return FALSE;
  if (!done && !mesh_machine_lacks_room (self))
    mesh_violate (world, "%c: an audit failed, though nothing is wrong", self->name);
  if (done)
    {
      check_counted (self, health, under);
      note_sure (self, under);
    }
  (void) mesh_look (self, MESH_AUDITED);

  return done;
}

void
mesh_play_audit (MeshMachine *self)
{
  MeshWorld *world = self->world;
  MeshMachine *other = &world->machines[sim_random_below (&world->random, world->all)];
  MhSyncHealth health = { 0 };

  mesh_choose_trouble (world);
  other->lies = other != self && sim_random_percent (&world->random, 5);
  (void) mesh_audit (self, &health);
  other->lies = FALSE;
  world->trouble = (MeshTrouble){ 0 };
}

/* One has news, and all who hear of it ask. */
void
mesh_play_tell (MeshMachine *self)
{
  for (guint i = 0; i < self->world->count; i++)
    {
      MeshMachine *other = &self->world->machines[i];

      if (mesh_are_linked (self, other) && !mesh_machine_is_dead (other))
        (void) mesh_round (other, self);
    }
}

/* Whether all blocks of the file are here or at machines that are known, there and honest. */
static gboolean
is_in_reach (MeshMachine *self, const char *path)
{
  g_autoptr (GBytes) ids = NULL;
  g_autoptr (GError) error = NULL;
  guint missing;
  guint bits = 1U << self->number;

  for (guint i = 0; i < self->world->all; i++)
    {
      MeshMachine *other = &self->world->machines[i];
      const MeshPeer *peer = mesh_peers_ensure (&self->known, &other->id);

      if ((peer->has_key || peer->holds || peer->held) && mesh_are_linked (self, other)
          && !mesh_machine_is_dead (other) && !other->lies && !mesh_is_left_out (self, &other->id))
        bits |= 1U << i;
    }
  if (!mh_store_locate (self->store, MESH_VAULT, path, &ids, &missing, &error))
    return FALSE;
  for (gsize at = 0; at < g_bytes_get_size (ids); at += MH_SYNC_HASH_SIZE)
    if (!mesh_is_block_at (self->world, (const guint8 *) g_bytes_get_data (ids, NULL) + at, bits))
      return FALSE;

  return TRUE;
}

static gboolean
is_any_armed (MeshWorld *self)
{
  for (guint i = 0; i < self->all; i++)
    if (mesh_machine_is_dead (&self->machines[i]))
      return TRUE;

  return FALSE;
}

void
mesh_play_read (MeshMachine *self)
{
  g_autofree char *path = mesh_any_file (self);
  MeshWorld *world = self->world;
  MeshMachine *other = &world->machines[sim_random_below (&world->random, world->all)];
  gboolean there;
  gboolean read;

  if (path == NULL)
    return;
  other->lies = other != self && sim_random_percent (&world->random, 50);
  there = is_in_reach (self, path);
  read = mesh_read (self, path, FALSE);
  other->lies = FALSE;
  mesh_log (world, "%c reads %s%s", self->name, path, read ? "" : ": not here");
  if (there && !read && !is_any_armed (world))
    mesh_violate (world, "%c does not read %s, which is in reach", self->name, path);
}
