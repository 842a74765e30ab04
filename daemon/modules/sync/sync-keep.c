/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-keep.h"

#include <string.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "sync-hold.h"
#include "sync-peers.h"

/* Audits and offers that wait. */
#define MOST_WAITING 1024

/* An audit begins so long after something has changed, and rests ten times as long as the one
 * before took, so that it costs a tenth of one core at most. */
#define SETTLE_MS 2000
#define REST 10

/* It waits for conversations that may bring what is missing, but not longer: somebody who is at
 * work all the time would never have one. */
#define MOST_DEFERRED_MS 30000

/* Without any change, it is done so often; as long as something is not as it should be, first soon
 * and then ever later. */
#define IDLE_MS (60 * 60 * 1000)

/* What nobody asks to be kept any more goes after so long, if who asked for it can spare it. */
#define UNWANTED_MS (30 * G_GINT64_CONSTANT (24) * 3600 * 1000)

/* When what is kept for others is full, or nothing is to be kept, it goes after this. */
#define UNWANTED_FULL_MS (60 * 60 * 1000)

/* How far a quota may be used before surplus goes at once, in percent; and bytes of the disk. */
#define PRESSED_PERCENT 95
#define PRESSED_ROOM (G_GINT64_CONSTANT (1) << 30)

/* Machines that may be known to have no room for this one. */
#define MOST_FULL 1024

/* A vault. */
typedef struct
{
  gboolean is_dirty;   /* something has changed since the last audit began */
  gboolean is_running; /* or waits for its turn */
  gint64 changed_ms;
  gint64 due_ms;   /* since when an audit waits for conversations; 0: it does not */
  gint64 ended_ms; /* of the last audit */
  gint64 took_ms;
  gint64 again_ms;                /* after which it is done again without any change; doubles */
  guint8 keepers[MH_SHA256_SIZE]; /* who they were */
  MhSyncHealth health;
  GBytes *spilled; /* (owned) (nullable): ids, as in MhSyncAudit */
} Vault;

struct _MhSyncKeep
{
  MhSync *sync; /* (unowned) outlives us */
  gint64 started_ms;
  MhPool *pool;             /* (owned): of one thread */
  MhSyncPromises *promises; /* (owned) */
  MhSyncBlame *blame;       /* (owned) */
  GHashTable *surplus;      /* (owned) (element-type utf8 GHashTable): thread of @pool only */
  gboolean is_full;         /* what is kept for others has little room, likewise */
  GMutex lock;
  GHashTable *vaults; /* (owned) (element-type utf8 Vault) (locked-by lock) */
  GHashTable *offers; /* (owned) (element-type utf8): that wait (locked-by lock) */
  GHashTable *full;   /* (owned) (element-type utf8): machines without room for this one (locked-by
                         lock) */
};

/* Something to be done about a vault. */
typedef struct
{
  MhSyncKeep *keep;
  char *vault_id; /* (owned) */
  MhPeerId owner; /* of an offer: who spoke of the vault; empty: whoever says that it has it */
} Job;

static void
vault_free (gpointer data)
{
  Vault *self = data;

  g_clear_pointer (&self->spilled, g_bytes_unref);
  g_free (self);
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

MhSyncPromises *
mh_sync_keep_promises (MhSyncKeep *self)
{
  return self->promises;
}

MhSyncBlame *
mh_sync_keep_blame (MhSyncKeep *self)
{
  return self->blame;
}

/* Under the lock. */
static Vault *
get (MhSyncKeep *self, const char *vault_id)
{
  Vault *vault = g_hash_table_lookup (self->vaults, vault_id);

  if (vault != NULL)
    return vault;

  vault = g_new0 (Vault, 1);
  vault->is_dirty = TRUE;
  vault->changed_ms = now_ms ();
  vault->again_ms = IDLE_MS;
  g_hash_table_insert (self->vaults, g_strdup (vault_id), vault);

  return vault;
}

static void
mark_dirty (gpointer key, gpointer value, gpointer data)
{
  Vault *vault = value;

  vault->changed_ms = vault->is_dirty ? vault->changed_ms : now_ms ();
  vault->is_dirty = TRUE;
}

void
mh_sync_keep_note (MhSyncKeep *self, const char *vault_id)
{
  g_mutex_lock (&self->lock);
  if (vault_id != NULL)
    mark_dirty (NULL, get (self, vault_id), NULL);
  else
    g_hash_table_foreach (self->vaults, mark_dirty, NULL);
  g_mutex_unlock (&self->lock);
}

void
mh_sync_keep_forget (MhSyncKeep *self, const char *vault_id)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->vaults, vault_id);
  g_mutex_unlock (&self->lock);
}

void
mh_sync_keep_health (MhSyncKeep *self, const char *vault_id, MhSyncHealth *out)
{
  g_mutex_lock (&self->lock);
  *out = get (self, vault_id)->health;
  g_mutex_unlock (&self->lock);
}

static Job *
job_new (MhSyncKeep *self, const char *vault_id)
{
  Job *job = g_new0 (Job, 1);

  job->keep = self;
  job->vault_id = g_strdup (vault_id);

  return job;
}

static void
job_free (Job *self)
{
  g_free (self->vault_id);
  g_free (self);
}

/* -- audits -- */

static void
fill (MhSyncKeep *self, MhSwarm *swarm, const MhVault *vault, MhSyncPlacement *out)
{
  g_autoptr (GPtrArray) peers = mh_sync_peers_of (self->sync, vault->id);
  MhSyncCandidates from = { mh_sync_core (self->sync), swarm, vault, peers, self->blame };

  mh_sync_placement_fill (out, &from);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < out->keepers->len; i++)
    {
      MhSyncKeeper *keeper = &g_array_index (out->keepers, MhSyncKeeper, i);
      g_autofree char *peer_id = mh_peer_id_to_text (&keeper->peer);

      keeper->is_full =
          keeper->is_full || (!keeper->has_key && g_hash_table_contains (self->full, peer_id));
    }
  g_mutex_unlock (&self->lock);
}

void
mh_sync_keep_note_room (MhSyncKeep *self, const MhPeerId *peer, gboolean is_full)
{
  g_autofree char *peer_id = mh_peer_id_to_text (peer);

  g_mutex_lock (&self->lock);
  if (!is_full)
    g_hash_table_remove (self->full, peer_id);
  else if (g_hash_table_size (self->full) < MOST_FULL)
    g_hash_table_add (self->full, g_steal_pointer (&peer_id));
  g_mutex_unlock (&self->lock);
}

gboolean
mh_sync_keep_place (MhSyncKeep *self, const MhVault *vault, MhSyncPlacement *out)
{
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self->sync, &cancellable);

  if (swarm == NULL)
    return FALSE;
  fill (self, swarm, vault, out);
  mh_sync_give (self->sync, cancellable);

  return TRUE;
}

/* What the keepers of a vault are now, so that a change shows. */
static void
hash_keepers (const MhSyncPlacement *placement, guint8 out[MH_SHA256_SIZE])
{
  g_autoptr (MhSha256) sha = mh_sha256_new ();
  gint64 fixed[] = { placement->copies, placement->is_reliable, placement->is_pinned };

  mh_sha256_update (sha, (const guint8 *) fixed, sizeof fixed);
  for (guint i = 0; i < placement->keepers->len; i++)
    {
      const MhSyncKeeper *keeper = &g_array_index (placement->keepers, MhSyncKeeper, i);
      guint8 flags = (guint8) (keeper->has_key << 2 | keeper->is_here << 1 | keeper->is_full);

      mh_sha256_update (sha, keeper->peer.bytes, keeper->peer.size);
      mh_sha256_update (sha, &flags, 1);
    }
  mh_sha256_finish (sha, out);
}

static void
add_other (const MhSyncPlacement *placement, const MhPeerId *peer, gboolean has_key, GArray *out)
{
  MhSyncKeeper other = { .peer = *peer, .has_key = has_key, .is_here = TRUE };

  if (mh_sync_placement_find (placement, peer) < 0)
    g_array_append_val (out, other);
}

/* Returns: (transfer full) (element-type MhSyncKeeper): machines that are here and no keepers, and
 * may have blocks of the vault all the same: with the key, or as they kept some before */
static GArray *
others_of (MhSyncKeep *self, MhSwarm *swarm, const char *vault_id, const MhSyncPlacement *placement)
{
  g_autoptr (GPtrArray) peers = mh_sync_peers_of (self->sync, vault_id);
  g_autoptr (GArray) offering = mh_sync_placement_offering (swarm, peers);
  GArray *out = g_array_new (FALSE, FALSE, sizeof (MhSyncKeeper));

  for (guint i = 0; i < peers->len; i++)
    {
      MhPeerId peer;

      if (mh_peer_id_from_text (g_ptr_array_index (peers, i), &peer)
          && mh_directory_is_here (mh_swarm_directory (swarm), &peer))
        add_other (placement, &peer, TRUE, out);
    }
  for (guint i = 0; i < offering->len; i++)
    add_other (placement, &g_array_index (offering, MhPeerId, i), FALSE, out);

  return out;
}

/* Whether there is so little room that what others have goes at once. */
static gboolean
is_pressed (MhSyncKeep *self, const MhVault *vault)
{
  return mh_store_room (mh_sync_blocks (self->sync)) < PRESSED_ROOM
         || (vault->hard_quota > 0
             && vault->stored_bytes >= vault->hard_quota / 100 * PRESSED_PERCENT);
}

/* How long a block has to be surplus before it goes. What was promised before a start is not known
 * any more, so that nothing goes too soon after one. */
static gint64
surplus_ms (MhSyncKeep *self, const MhVault *vault)
{
  gint64 configured_ms = mh_core_config (mh_sync_core (self->sync))->surplus_ms;
  gint64 up_ms = now_ms () - self->started_ms;

  return is_pressed (self, vault)
             ? MAX (MIN (configured_ms, (gint64) MH_SYNC_PROMISE_MS) - up_ms, 0)
             : configured_ms;
}

static GHashTable *
surplus_of (MhSyncKeep *self, const char *vault_id)
{
  GHashTable *surplus = g_hash_table_lookup (self->surplus, vault_id);

  if (surplus == NULL)
    {
      surplus = mh_sync_surplus_new ();
      g_hash_table_insert (self->surplus, g_strdup (vault_id), surplus);
    }

  return surplus;
}

/* What machines without the key are too full for is kept by others from now on. */
static void
note_spilled (MhSyncKeep *self, const char *vault_id, GByteArray *ids)
{
  Vault *vault;

  g_mutex_lock (&self->lock);
  vault = get (self, vault_id);
  g_clear_pointer (&vault->spilled, g_bytes_unref);
  if (ids->len > 0)
    vault->spilled = g_bytes_new (ids->data, ids->len);
  g_mutex_unlock (&self->lock);
}

static gboolean
audit (MhSyncKeep *self, MhSwarm *swarm, const MhVault *vault, GCancellable *cancellable,
       MhSyncHealth *health, GError **error)
{
  g_auto (MhSyncPlacement) placement = { 0 };
  g_autoptr (GArray) others = NULL;
  g_autoptr (GByteArray) spilled = g_byte_array_new ();
  MhSyncAudit in = { .host = mh_swarm_host (swarm),
                     .store = mh_sync_blocks (self->sync),
                     .vault_id = vault->id,
                     .placement = &placement,
                     .surplus = surplus_of (self, vault->id),
                     .spilled = spilled,
                     .promises = self->promises,
                     .blame = self->blame,
                     .claims = mh_sync_claims (self->sync),
                     .keep_versions = vault->keep_versions,
                     .keep_days = vault->keep_days,
                     .rate = mh_sync_rate_in (self->sync),
                     .no_blocks = mh_sync_is_paused (self->sync, NULL),
                     .cancellable = cancellable };

  in.surplus_ms = surplus_ms (self, vault);
  fill (self, swarm, vault, &placement);
  others = others_of (self, swarm, vault->id, &placement);
  in.others = others;
  if (!mh_sync_audit (&in, health, error))
    return FALSE;
  note_spilled (self, vault->id, spilled);

  return TRUE;
}

static gboolean
is_same (const MhSyncHealth *a, const MhSyncHealth *b)
{
  return a->ok == b->ok && a->under == b->under && a->over == b->over && a->lost == b->lost
         && a->evicted == b->evicted && a->repaired == b->repaired;
}

/* When to look again. Under the lock. */
static void
plan (Vault *vault, const MhSyncHealth *health, gboolean is_news, gboolean has_surplus)
{
  if (health->under == 0 && health->lost == 0 && !has_surplus)
    vault->again_ms = IDLE_MS;
  else if (is_news || vault->again_ms == 0 || vault->again_ms == IDLE_MS)
    vault->again_ms = SETTLE_MS;
  else
    vault->again_ms = MIN (2 * vault->again_ms, IDLE_MS);
}

/* Notes what an audit has found. */
static void
note_audit (MhSyncKeep *self, const char *vault_id, const MhSyncHealth *health,
            gboolean has_surplus, gint64 began_ms)
{
  gboolean is_news;
  Vault *vault;

  g_mutex_lock (&self->lock);
  vault = get (self, vault_id);
  is_news = health != NULL && !is_same (health, &vault->health);
  vault->is_running = FALSE;
  vault->ended_ms = now_ms ();
  vault->took_ms = vault->ended_ms - began_ms;
  if (health != NULL)
    {
      plan (vault, health, is_news, has_surplus);
      vault->health = *health;
    }
  g_mutex_unlock (&self->lock);
  if (is_news)
    mh_sync_tell_state (self->sync, vault_id);
}

static void
run_audit (gpointer data)
{
  Job *job = data;
  MhSyncKeep *self = job->keep;
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self->sync, &cancellable);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhVault) vault = mh_vaults_get (mh_sync_vaults (self->sync), job->vault_id, NULL);
  gint64 began_ms = now_ms ();
  MhSyncHealth health;
  gboolean done = FALSE;

  mh_sync_keep_health (self, job->vault_id, &health);
  if (swarm != NULL && vault != NULL && vault->has_key)
    done = audit (self, swarm, vault, cancellable, &health, &error);
  if (error != NULL && !g_error_matches (error, MH_ERROR, MH_ERROR_UNAVAILABLE))
    g_message ("looking after the copies of vault %s: %s", job->vault_id, error->message);
  health.checked_ms = mh_clock_now_ms (mh_core_clock (mh_sync_core (self->sync)));
  note_audit (self, job->vault_id, done ? &health : NULL,
              g_hash_table_size (surplus_of (self, job->vault_id)) > 0, began_ms);
  if (done && health.under > 0) /* who keeps blocks without the key has to ask for them */
    mh_sync_tell_others (self->sync, job->vault_id);
  if (swarm != NULL)
    mh_sync_give (self->sync, cancellable);
  job_free (job);
}

/* Whether a vault is to be audited now; then it counts as under way. */
static gboolean
begin_audit (MhSyncKeep *self, const char *vault_id, const guint8 *keepers, gboolean is_waiting)
{
  gboolean is_due;
  gint64 now = now_ms ();
  Vault *vault;

  g_mutex_lock (&self->lock);
  vault = get (self, vault_id);
  if (memcmp (vault->keepers, keepers, MH_SHA256_SIZE) != 0)
    mark_dirty (NULL, vault, NULL);
  is_due = !vault->is_running
           && ((vault->is_dirty && now - vault->changed_ms >= SETTLE_MS
                && now - vault->ended_ms >= MAX (SETTLE_MS, vault->took_ms * REST))
               || now - vault->ended_ms >= MAX (vault->again_ms, vault->took_ms * REST));
  if (is_due && is_waiting)
    {
      vault->due_ms = vault->due_ms != 0 ? vault->due_ms : now;
      is_due = now - vault->due_ms >= MOST_DEFERRED_MS;
    }
  if (is_due)
    {
      vault->due_ms = 0;
      vault->is_running = TRUE;
      vault->is_dirty = FALSE;
      memcpy (vault->keepers, keepers, MH_SHA256_SIZE);
    }
  g_mutex_unlock (&self->lock);

  return is_due;
}

static void
check_vault (MhSyncKeep *self, const MhVault *vault)
{
  g_auto (MhSyncPlacement) placement = { 0 };
  g_autoptr (MhSyncState) state = NULL;
  guint8 keepers[MH_SHA256_SIZE];
  Job *job;

  if (!mh_sync_keep_place (self, vault, &placement))
    return;
  state = mh_sync_state (self->sync, vault->id);
  hash_keepers (&placement, keepers);
  if (!begin_audit (self, vault->id, keepers, state->waiting > 0))
    return;
  job = job_new (self, vault->id);
  if (!mh_pool_push (self->pool, run_audit, job))
    {
      note_audit (self, vault->id, NULL, FALSE, now_ms ());
      job_free (job);
    }
}

/* -- what is kept for others -- */

static gboolean
contains (GArray *peers, const MhPeerId *peer)
{
  for (guint i = 0; i < peers->len; i++)
    if (mh_peer_id_equal (&g_array_index (peers, MhPeerId, i), peer))
      return TRUE;

  return FALSE;
}

/* Returns: (transfer full) (element-type MhPeerId): who is connected and says that it has the vault
 */
static GArray *
owners_of (MhSwarm *swarm, const char *vault_id)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (swarm));
  GArray *out = g_array_new (FALSE, FALSE, sizeof (MhPeerId));

  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);

      if (node->is_connected && mh_sync_says_vault (node->hello, vault_id))
        g_array_append_val (out, node->peer);
    }

  return out;
}

static gint64
wall_ms (MhSyncKeep *self)
{
  return mh_clock_now_ms (mh_core_clock (mh_sync_core (self->sync)));
}

/* Whether anything of a vault is kept. */
static gboolean
is_held (MhSyncKeep *self, const char *vault_id)
{
  g_autoptr (GBytes) ids =
      mh_store_list_held (mh_sync_blocks (self->sync), vault_id, NULL, 1, NULL);

  return ids != NULL && g_bytes_get_size (ids) > 0;
}

/* Takes what it is to keep, unless it is to keep nothing any more. Returns: whether it is full */
static gboolean
keep_more (MhSyncKeep *self, const MhSyncHold *hold)
{
  gboolean holds = mh_core_config (mh_sync_core (self->sync))->hold > 0;
  g_autoptr (GError) error = NULL;
  guint count = 0;

  if (holds ? !mh_sync_hold (hold, &count, &error)
            : !mh_store_adopt_held (hold->store, hold->vault_id, &count, &error))
    g_message ("keeping blocks of vault %s for others: %s", hold->vault_id, error->message);
  if (count > 0)
    mh_sync_tell_state (self->sync, hold->vault_id);

  return g_error_matches (error, MH_ERROR, MH_ERROR_NO_SPACE);
}

/* Others keep what this machine has no room for, as soon as they know. */
static void
tell_room (MhSyncKeep *self)
{
  gint64 bytes;
  gboolean is_full;

  if (!mh_store_held_bytes (mh_sync_blocks (self->sync), &bytes, NULL)) /* the next time */
    return;
  is_full = mh_core_config (mh_sync_core (self->sync))->hold - bytes < MH_HOLD_LITTLE;
  if (is_full != self->is_full)
    mh_mesh_update_profile (mh_sync_mesh (self->sync));
  self->is_full = is_full;
}

static void
look_after (MhSyncKeep *self, const Job *job, MhSwarm *swarm, GCancellable *cancellable)
{
  gboolean holds = mh_core_config (mh_sync_core (self->sync))->hold > 0;
  g_autoptr (GArray) owners = owners_of (swarm, job->vault_id);
  g_autoptr (GError) error = NULL;
  gint64 age_ms;
  MhSyncHold hold = { .core = mh_sync_core (self->sync),
                      .host = mh_swarm_host (swarm),
                      .store = mh_sync_blocks (self->sync),
                      .vault_id = job->vault_id,
                      .peers = owners,
                      .blame = self->blame,
                      .rate = mh_sync_rate_in (self->sync),
                      .cancellable = cancellable };

  if (!holds && !is_held (self, job->vault_id))
    return;
  if (job->owner.size > 0 && !contains (owners, &job->owner))
    g_array_append_val (owners, job->owner); /* what it says of itself comes later */
  age_ms = keep_more (self, &hold) || !holds ? UNWANTED_FULL_MS : UNWANTED_MS;
  if (is_held (self, job->vault_id) && !mh_sync_hold_less (&hold, wall_ms (self) - age_ms, &error))
    g_message ("keeping less of vault %s for others: %s", job->vault_id, error->message);
  tell_room (self);
}

static void
run_offer (gpointer data)
{
  Job *job = data;
  MhSyncKeep *self = job->keep;
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self->sync, &cancellable);
  g_autoptr (MhVault) ours = mh_vaults_get (mh_sync_vaults (self->sync), job->vault_id, NULL);

  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->offers, job->vault_id);
  g_mutex_unlock (&self->lock);
  if (swarm != NULL)
    {
      if (ours == NULL)
        look_after (self, job, swarm, cancellable);
      mh_sync_give (self->sync, cancellable);
    }
  job_free (job);
}

void
mh_sync_keep_offer (MhSyncKeep *self, const char *vault_id, const MhPeerId *owner)
{
  gboolean is_new;
  Job *job;

  /* what is kept already is looked after in any case */
  if ((owner != NULL && mh_core_config (mh_sync_core (self->sync))->hold == 0)
      || mh_sync_is_paused (self->sync, NULL))
    return;
  g_mutex_lock (&self->lock);
  is_new = g_hash_table_size (self->offers) < MOST_WAITING
           && g_hash_table_add (self->offers, g_strdup (vault_id));
  g_mutex_unlock (&self->lock);
  job = is_new ? job_new (self, vault_id) : NULL;
  if (job != NULL && owner != NULL)
    job->owner = *owner;
  if (job != NULL && !mh_pool_push (self->pool, run_offer, job))
    {
      g_mutex_lock (&self->lock);
      g_hash_table_remove (self->offers, vault_id);
      g_mutex_unlock (&self->lock);
      job_free (job);
    }
}

/* Offers to keep blocks of all vaults of which somebody speaks, and which are not ours. */
static void
offer_all (MhSyncKeep *self, GPtrArray *ours)
{
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self->sync, &cancellable);
  g_autoptr (GPtrArray) nodes = NULL;
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  if (swarm == NULL)
    return;
  for (guint i = 0; i < ours->len; i++)
    g_hash_table_add (known, ((MhVault *) g_ptr_array_index (ours, i))->id);
  nodes = mh_directory_list (mh_swarm_directory (swarm));
  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);

      for (guint j = 0; node->is_connected && node->hello != NULL && j < node->hello->vaults->len;
           j++)
        {
          char *id = g_array_index (node->hello->vaults, MhHelloVault, j).id;

          if (g_hash_table_add (known, id))
            mh_sync_keep_offer (self, id, NULL);
        }
    }
  mh_sync_give (self->sync, cancellable);
}

/* With the key here, versions count for the blocks that were kept. */
static void
release_held (MhSyncKeep *self)
{
  MhStore *store = mh_sync_blocks (self->sync);
  g_autoptr (GPtrArray) held = mh_store_held (store, NULL); /* the next time */

  for (guint i = 0; held != NULL && i < held->len; i++)
    {
      const char *id = ((MhHeldVault *) g_ptr_array_index (held, i))->vault_id;
      g_autoptr (MhVault) ours = mh_vaults_get (mh_sync_vaults (self->sync), id, NULL);
      g_autoptr (GError) error = NULL;
      guint count;

      if (ours != NULL && ours->has_key && !mh_store_adopt_held (store, id, &count, &error))
        g_message ("what was kept for vault %s: %s", id, error->message);
    }
}

gboolean
mh_sync_keep_is_sure (MhSyncKeep *self, const char *vault_id)
{
  gboolean good;
  const Vault *vault;

  g_mutex_lock (&self->lock);
  vault = get (self, vault_id);
  good = vault->health.checked_ms > 0 && !vault->is_dirty && vault->health.under == 0
         && vault->health.lost == 0 && vault->health.ok + vault->health.over > 0;
  g_mutex_unlock (&self->lock);

  return good;
}

GBytes *
mh_sync_keep_spilled (MhSyncKeep *self, const char *vault_id)
{
  GBytes *spilled;

  g_mutex_lock (&self->lock);
  spilled = get (self, vault_id)->spilled;
  if (spilled != NULL)
    g_bytes_ref (spilled);
  g_mutex_unlock (&self->lock);

  return spilled;
}

/* -- when -- */

void
mh_sync_keep_check (MhSyncKeep *self)
{
  g_autoptr (GPtrArray) vaults =
      mh_vaults_list (mh_sync_vaults (self->sync), NULL); /* the next time comes */

  for (guint i = 0; vaults != NULL && i < vaults->len; i++)
    {
      const MhVault *vault = g_ptr_array_index (vaults, i);

      if (vault->has_key)
        check_vault (self, vault);
    }
}

void
mh_sync_keep_sweep (MhSyncKeep *self)
{
  g_autoptr (GPtrArray) vaults = mh_vaults_list (mh_sync_vaults (self->sync), NULL);

  release_held (self);
  if (vaults != NULL)
    offer_all (self, vaults);
}

/* -- life -- */

MhSyncKeep *
mh_sync_keep_new (MhSync *sync)
{
  MhSyncKeep *self = g_new0 (MhSyncKeep, 1);

  self->sync = sync;
  self->started_ms = now_ms ();
  self->promises = mh_sync_promises_new ();
  self->blame = mh_sync_blame_new ();
  self->surplus =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  self->vaults = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, vault_free);
  self->offers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->full = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&self->lock);
  self->pool = mh_pool_new ("sync-keep", 1, MOST_WAITING);
  mh_store_set_hold_limit (mh_sync_blocks (sync), mh_core_config (mh_sync_core (sync))->hold);

  return self;
}

void
mh_sync_keep_free (MhSyncKeep *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->pool, mh_pool_free);
  mh_sync_promises_free (self->promises);
  mh_sync_blame_free (self->blame);
  g_hash_table_unref (self->surplus);
  g_hash_table_unref (self->vaults);
  g_hash_table_unref (self->offers);
  g_hash_table_unref (self->full);
  g_mutex_clear (&self->lock);
  g_free (self);
}
