/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-jobs.h"

#include "base/error.h"
#include "sync-keep.h"
#include "sync-round.h"

/* Conversations at a time in which we ask for versions, and for blocks: those take longer. */
#define PULLERS 3
#define MOVERS 3
#define MOST_WAITING 1024

struct _MhSyncJobs
{
  MhSync *sync;         /* (unowned) outlives us */
  MhSyncPeers *peers;   /* (unowned) outlives us */
  MhSyncStates *states; /* (unowned) outlives us */
  MhPool *movers;       /* (owned) */
  MhPool *pullers;      /* (owned) */

  GMutex lock;
  GHashTable *jobs;    /* (owned) (element-type utf8): "vault peer" that wait (locked-by lock) */
  GHashTable *running; /* (owned) (element-type utf8): "vault peer" that are under way; with a
                          value: to be done again (locked-by lock) */
};

static void
end_state (MhSyncJobs *self, const MhSyncPull *pull, const GError *error)
{
  if (pull->versions > 0 || pull->blocks > 0)
    mh_sync_keep_note (mh_sync_keep (self->sync), pull->vault_id);
  if (mh_sync_states_end (self->states, pull, error,
                          mh_clock_now_ms (mh_core_clock (mh_sync_core (self->sync)))))
    mh_sync_tell_state (self->sync, pull->vault_id);
}

typedef struct
{
  MhSyncJobs *jobs; /* (unowned) */
  char *vault_id;   /* (owned) */
  MhPeerId peer;
  char *peer_id;      /* (owned) */
  gboolean is_blocks; /* about blocks, otherwise about versions */
} Job;

static void
job_free (Job *self)
{
  g_free (self->vault_id);
  g_free (self->peer_id);
  g_free (self);
}

/* Another machine may have been told later than this one how many copies are wanted. */
static gboolean
agree (const char *vault_id, gint64 copies, gint64 set_ms, gpointer data, GError **error)
{
  MhSyncJobs *self = data;
  GError *local = NULL;

  if (mh_vaults_agree (mh_sync_vaults (self->sync), vault_id, copies, set_ms, &local))
    mh_sync_tell_changed (self->sync, vault_id);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
pull (MhSyncJobs *self, MhSwarm *swarm, const Job *job, MhSyncPull *out, GError **error)
{
  g_autoptr (MhVault) vault = mh_vaults_get (mh_sync_vaults (self->sync), out->vault_id, error);
  MhSyncRound round = { .core = mh_sync_core (self->sync),
                        .swarm = swarm,
                        .peers = self->peers,
                        .vault = vault,
                        .blame = mh_sync_keep_blame (mh_sync_keep (self->sync)),
                        .parts = job->is_blocks ? MH_SYNC_BLOCKS : MH_SYNC_CATALOG,
                        .agree = agree,
                        .data = self };

  if (vault == NULL && g_error_matches (*error, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_clear_error (error);
      return TRUE; /* somebody told of a vault that is not here */
    }
  if (vault == NULL || !vault->has_key)
    return vault != NULL;
  if (job->is_blocks && mh_sync_is_paused (self->sync, &job->peer))
    return TRUE;

  return mh_sync_round (&round, out, error);
}

/* Whether the other machine has done what no honest one does. */
static void
judge (MhSyncJobs *self, const Job *job, const MhSyncPull *pull, const GError *error)
{
  gint64 now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
  const char *why = NULL;

  if (g_error_matches (error, MH_ERROR, MH_ERROR_CORRUPT))
    why = error->message;
  else if (pull->refused > 0)
    why = "it gave versions that nobody with the key has made";
  if (why == NULL)
    return;

  g_message ("vault %s: %s: %s", job->vault_id, job->peer_id, why);
  if (mh_sync_blame_add (mh_sync_keep_blame (mh_sync_keep (self->sync)), &job->peer, why, now_ms))
    g_message ("%s is left out for a while", job->peer_id);
}

/* Returns: (transfer full): the name of a job */
static char *
key_of (const Job *job)
{
  return g_strconcat (job->vault_id, " ", job->peer_id, job->is_blocks ? " blocks" : "", NULL);
}

static void
do_job (MhSyncJobs *self, MhSwarm *swarm, const Job *job, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  gboolean done;
  g_auto (MhSyncPull) out = { .host = mh_swarm_host (swarm),
                              .store = mh_sync_blocks (self->sync),
                              .vault_id = job->vault_id,
                              .peer = &job->peer,
                              .claims = mh_sync_claims (self->sync),
                              .rate = mh_sync_rate_in (self->sync),
                              .cancellable = cancellable };

  mh_sync_states_begin (self->states, job->vault_id);
  done = pull (self, swarm, job, &out, &error);
  if (!done && !g_error_matches (error, MH_ERROR, MH_ERROR_FORBIDDEN))
    g_debug ("vault %s and %s: %s", job->vault_id, job->peer_id, error->message);
  judge (self, job, &out, error);
  if (g_cancellable_is_cancelled (cancellable))
    g_clear_error (&error); /* it was to end */
  if (g_error_matches (error, MH_ERROR, MH_ERROR_FORBIDDEN)
      || g_error_matches (error, MH_ERROR, MH_ERROR_UNAVAILABLE))
    g_clear_error (&error); /* it has not the key, or is gone: nothing is wrong with us */
  /* before this one ends, so that it does not look as if nothing was on its way */
  if (done && !job->is_blocks && !mh_sync_is_paused (self->sync, &job->peer))
    mh_sync_jobs_add (self, job->vault_id, &job->peer, TRUE);
  end_state (self, &out, error);
  mh_sync_tell_files (self->sync, &out);
}

/* Returns: whether a job that has just ended is to be done again */
static gboolean
end_running (MhSyncJobs *self, const char *key)
{
  gboolean is_again;

  g_mutex_lock (&self->lock);
  is_again = GPOINTER_TO_UINT (g_hash_table_lookup (self->running, key));
  g_hash_table_remove (self->running, key);
  g_mutex_unlock (&self->lock);

  return is_again;
}

static void
run_job (gpointer data)
{
  Job *job = data;
  MhSyncJobs *self = job->jobs;
  g_autofree char *key = key_of (job);
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self->sync, &cancellable);
  MhSyncMove move;

  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->jobs, key); /* what comes from now on is another job */
  if (job->is_blocks)
    g_hash_table_insert (self->running, g_strdup (key), GUINT_TO_POINTER (FALSE));
  g_mutex_unlock (&self->lock);
  if (swarm != NULL)
    {
      mh_sync_moving_begin (mh_sync_moving (self->sync), cancellable, &move);
      do_job (self, swarm, job, job->is_blocks ? move.cancellable : cancellable);
      mh_sync_moving_end (mh_sync_moving (self->sync), &move);
      if (job->is_blocks && end_running (self, key))
        mh_sync_jobs_add (self, job->vault_id, &job->peer, TRUE);
      mh_sync_give (self->sync, cancellable); /* last: then the pools may end */
    }
  else if (job->is_blocks)
    {
      (void) end_running (self, key);
    }
  mh_sync_states_wait (self->states, job->vault_id, -1);
  job_free (job);
}

/* Returns: whether a job has to be given to a pool. One that brings blocks is done again after it
 * has ended, and not beside itself. */
static gboolean
note_job (MhSyncJobs *self, const Job *job)
{
  char *key = key_of (job);
  gboolean is_new = FALSE;

  g_mutex_lock (&self->lock);
  if (g_hash_table_contains (self->running, key))
    g_hash_table_insert (self->running, g_steal_pointer (&key), GUINT_TO_POINTER (TRUE));
  else
    is_new = g_hash_table_add (self->jobs, g_steal_pointer (&key));
  g_mutex_unlock (&self->lock);

  return is_new;
}

static void
forget_job (MhSyncJobs *self, const Job *job)
{
  g_autofree char *key = key_of (job);

  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->jobs, key);
  g_mutex_unlock (&self->lock);
}

void
mh_sync_jobs_add (MhSyncJobs *self, const char *vault_id, const MhPeerId *peer, gboolean is_blocks)
{
  gint64 now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
  Job *job;

  if (mh_sync_blame_is_out (mh_sync_keep_blame (mh_sync_keep (self->sync)), peer, now_ms))
    return;
  job = g_new0 (Job, 1);
  job->jobs = self;
  job->vault_id = g_strdup (vault_id);
  job->peer = *peer;
  job->peer_id = mh_peer_id_to_text (peer);
  job->is_blocks = is_blocks;
  if (!note_job (self, job))
    {
      job_free (job);
      return;
    }

  mh_sync_states_wait (self->states, vault_id, 1);
  if (mh_pool_push (is_blocks ? self->movers : self->pullers, run_job, job))
    return;

  mh_sync_states_wait (self->states, vault_id, -1);
  forget_job (self, job); /* too many wait: the next sweep comes */
  job_free (job);
}

MhSyncJobs *
mh_sync_jobs_new (MhSync *sync, MhSyncPeers *peers, MhSyncStates *states)
{
  MhSyncJobs *self = g_new0 (MhSyncJobs, 1);

  self->sync = sync;
  self->peers = peers;
  self->states = states;
  g_mutex_init (&self->lock);
  self->jobs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->running = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->pullers = mh_pool_new ("sync", PULLERS, MOST_WAITING);
  self->movers = mh_pool_new ("sync-blocks", MOVERS, MOST_WAITING);

  return self;
}

void
mh_sync_jobs_free (MhSyncJobs *self)
{
  if (self == NULL)
    return;

  mh_pool_free (self->pullers);
  mh_pool_free (self->movers);
  g_hash_table_unref (self->running);
  g_hash_table_unref (self->jobs);
  g_mutex_clear (&self->lock);
  g_free (self);
}
