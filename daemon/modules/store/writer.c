/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "writer.h"

#include "base/error.h"
#include "base/os.h"
#include "names.h"
#include "writer-private.h"

/* Bytes of blocks that may wait to be sealed and written: what an upload costs in memory. */
#define MOST_RESERVED (12 * 1024 * 1024)

typedef struct
{
  MhTaskFunc task;     /* (nullable): a task, or else a commit */
  MhCommitFunc commit; /* (nullable) */
  gpointer data;
  gboolean durable; /* the index is to survive a power loss */
  gboolean done;    /* of a commit (locked-by lock) */
  GError *error;    /* of a commit (nullable) */
} Job;

static gboolean
run (MhDb *db, const char *sql, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  return stmt != NULL && mh_stmt_run (stmt, error);
}

/* Executes one commit; when it fails, no trace of it is left in the open transaction. */
static gboolean
execute_apart (MhWriter *self, Job *job)
{
  guint kept = self->kept->len;
  guint versions = self->versions;
  guint mark = mh_ledger_mark (self->ledger);
  guint64 end = self->open->end;
  MhSegmentOut *open = self->open;
  g_autoptr (GError) undo_error = NULL;

  if (!run (self->db, "SAVEPOINT one", &job->error))
    return FALSE;

  if (job->commit (self, job->data, &job->error) && mh_writer_end_change (self, &job->error))
    return run (self->db, "RELEASE one", &job->error);

  mh_writer_drop_change (self);
  self->versions = versions;
  mh_writer_settle_kept (self, kept, FALSE);
  mh_ledger_undo (self->ledger, mark);
  if (self->open == open)
    mh_writer_cut (self, end);
  if (mh_db_in_transaction (self->db)
      && !mh_db_exec (self->db, "ROLLBACK TO one; RELEASE one", &undo_error))
    g_warning ("undoing a change of the index: %s", undo_error->message);

  return FALSE;
}

/*
 * What is behind @start is durable but will not be acknowledged, as the index did not take it.
 * After an I/O error its log may have it all the same; to cut the segment then could leave it
 * ahead.
 */
static void
refuse (MhWriter *self, guint64 start, const GError *reason)
{
  if (self->open->end == start)
    return;

  if (g_error_matches (reason, MH_ERROR, MH_ERROR_NO_SPACE))
    {
      mh_writer_cut (self, start);
      if (self->open == NULL || mh_os_sync (self->open->fd))
        return;
    }

  mh_writer_give_up (self, start);
}

/*
 * Whether the open transaction can still succeed. A full disk makes SQLite undo all of it at once;
 * records that were gathered and could not be written belong to commits that were done already.
 */
static gboolean
can_go_on (MhWriter *self)
{
  return self->open != NULL && self->lost == NULL && mh_db_in_transaction (self->db);
}

static void
set_stopped_error (MhWriter *self, GError **error)
{
  if (self->lost != NULL)
    g_propagate_error (error, g_steal_pointer (&self->lost));
  else if (self->open == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "the disk fails");
  else
    g_set_error (error, MH_ERROR, MH_ERROR_NO_SPACE, "the disk is full");
}

/* Executes the commits one after the other. Returns: whether there is something to commit */
static gboolean
execute_each (MhWriter *self, GPtrArray *jobs)
{
  guint good = 0;

  for (guint i = 0; i < jobs->len && can_go_on (self); i++)
    good += execute_apart (self, g_ptr_array_index (jobs, i)) ? 1 : 0;

  return good > 0;
}

/* Executes the commits without a way to undo only one. Returns: whether all succeeded */
static gboolean
execute_together (MhWriter *self, GPtrArray *jobs)
{
  gboolean good = TRUE;

  for (guint i = 0; i < jobs->len && good && can_go_on (self); i++)
    {
      Job *job = g_ptr_array_index (jobs, i);

      good = job->commit (self, job->data, &job->error) && mh_writer_end_change (self, &job->error);
    }

  if (!good)
    mh_writer_drop_change (self);

  return good && can_go_on (self);
}

/* Begins again with the commits of a transaction. */
static MhDbTxn *
begin_again (MhWriter *self, GPtrArray *jobs, MhDbTxn *txn, guint64 start, GError **error)
{
  mh_db_txn_free (txn);
  mh_writer_settle_kept (self, 0, FALSE);
  mh_ledger_undo (self->ledger, 0);
  mh_writer_cut (self, start);
  self->versions = 0;
  for (guint i = 0; i < jobs->len; i++)
    g_clear_error (&((Job *) g_ptr_array_index (jobs, i))->error);

  return mh_db_txn_begin (self->db, error);
}

/*
 * Executes the commits and makes them durable together. Mostly all of them are good; savepoints,
 * which make SQLite copy each page that a commit changes, are for when one is not.
 *
 * Returns: %FALSE with @error set
 */
static gboolean
commit_all (MhWriter *self, GPtrArray *jobs, GError **error)
{
  g_autoptr (MhDbTxn) txn = NULL;
  gboolean good;
  guint64 start;

  txn = mh_db_txn_begin (self->db, error);
  if (txn == NULL || !mh_writer_ready_segment (self, 0, error)
      || !mh_writer_write_voids (self, error))
    return FALSE;

  start = self->open->end;
  self->versions = 0;
  self->spare = 0;
  good = execute_together (self, jobs);
  if (!good && jobs->len == 1 && can_go_on (self))
    {
      mh_writer_settle_kept (self, 0, FALSE);
      mh_writer_cut (self, start);
      return TRUE;
    }

  if (!good && can_go_on (self))
    {
      txn = begin_again (self, jobs, g_steal_pointer (&txn), start, error);
      if (txn == NULL)
        return FALSE;
      good = execute_each (self, jobs);
    }

  if (!can_go_on (self))
    {
      mh_writer_cut (self, start);
      set_stopped_error (self, error);
      return FALSE;
    }

  if (!good)
    return TRUE;

  if (!mh_writer_sync (self, error))
    {
      mh_writer_cut (self, start);
      g_clear_error (&self->lost);
      return FALSE;
    }

  if (mh_writer_note_indexed (self, error) && mh_db_txn_commit (txn, error))
    {
      mh_writer_forget_voids (self);
      return TRUE;
    }

  refuse (self, start, *error);

  return FALSE;
}

/*
 * Gives every commit that did not fail by itself the outcome of all, and wakes those who wait. A
 * job is gone as soon as its owner has the lock.
 */
static void
finish_all (MhWriter *self, GPtrArray *jobs, const GError *error)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < jobs->len; i++)
    {
      Job *job = g_ptr_array_index (jobs, i);

      if (error != NULL && job->error == NULL)
        job->error = g_error_copy (error);
      job->done = TRUE;
    }
  g_cond_broadcast (&self->finished);
  g_mutex_unlock (&self->lock);
}

/* Has commits of the index survive a power loss, or no longer, if any of @jobs needs it. */
static gboolean
set_durable (MhWriter *self, GPtrArray *jobs, gboolean durable, GError **error)
{
  for (guint i = 0; i < jobs->len; i++)
    {
      if (((Job *) g_ptr_array_index (jobs, i))->durable)
        return mh_db_exec (
            self->db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", error);
    }

  return TRUE;
}

static void
run_commits (MhWriter *self, GPtrArray *jobs)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) local = NULL;
  gboolean done;

  if (jobs->len == 0)
    return;

  done = set_durable (self, jobs, TRUE, &error) && commit_all (self, jobs, &error);
  mh_writer_settle_kept (self, 0, done);
  mh_ledger_undo (self->ledger, 0);
  if (!set_durable (self, jobs, FALSE, &local)) /* slower from now on, but right */
    g_warning ("commits of the index stay durable: %s", local->message);
  if (done)
    {
      mh_writer_close_idle (self);
      mh_names_wake (self->store->names);
      if (self->versions > 0)
        mh_store_tell_changed (self->store);
    }
  finish_all (self, jobs, error);
  g_ptr_array_set_size (jobs, 0);
}

/* Waits for jobs. Returns: %FALSE when there will be none */
static gboolean
take_jobs (MhWriter *self, GQueue *jobs)
{
  g_mutex_lock (&self->lock);
  while (g_queue_is_empty (&self->jobs) && !self->ending)
    g_cond_wait (&self->wake, &self->lock);
  *jobs = self->jobs;
  g_queue_init (&self->jobs);
  g_mutex_unlock (&self->lock);

  return !g_queue_is_empty (jobs);
}

/* Does the tasks of @jobs; its commits have to wait. */
static void
do_tasks (MhWriter *self, GQueue *jobs)
{
  Job *job;

  while ((job = g_queue_pop_head (jobs)) != NULL)
    {
      if (job->task == NULL)
        {
          g_ptr_array_add (self->waiting, job);
          continue;
        }
      job->task (self, job->data);
      g_free (job);
    }
}

static gpointer
writer_main (gpointer data)
{
  MhWriter *self = data;
  GQueue jobs;

  while (take_jobs (self, &jobs))
    {
      do_tasks (self, &jobs);
      run_commits (self, self->waiting);
    }

  return NULL;
}

/* Without a thread: does all tasks there are. One that hands over another is not interrupted. */
static void
serve (MhWriter *self)
{
  GQueue jobs;

  if (!self->store->serial || self->serving)
    return;

  self->serving = TRUE;
  while (take_jobs (self, &jobs))
    do_tasks (self, &jobs);
  self->serving = FALSE;
}

/* Without a thread: executes the commits that wait, and what else comes until then. */
static void
serve_commits (MhWriter *self)
{
  serve (self);
  if (self->gather != NULL)
    self->gather (self->gather_data);
  self->serving = TRUE;
  run_commits (self, self->waiting);
  self->serving = FALSE;
  serve (self);
}

MhWriter *
mh_writer_new (MhStore *store, const char *index_path, GError **error)
{
  MhWriter *self = g_new0 (MhWriter, 1);

  self->store = store;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_cond_init (&self->room);
  g_cond_init (&self->finished);
  g_queue_init (&self->jobs);
  self->pending = g_hash_table_new (mh_id_hash, mh_id_equal);
  self->segments = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, mh_segment_out_free);
  self->kept = g_ptr_array_new ();
  self->waiting = g_ptr_array_new ();
  self->voids = g_array_new (FALSE, FALSE, sizeof (MhVoid));
  self->unused = g_array_new (FALSE, FALSE, sizeof (MhLocation));
  self->ledger = mh_ledger_new ();
  if (!mh_writer_recover (self, index_path, error))
    {
      mh_writer_free (self);
      return NULL;
    }

  /* The one thread that writes: joined by mh_writer_free(). Without it nobody waits for jobs. */
  if (store->serial)
    self->ending = TRUE;
  else
    self->thread = g_thread_new ("store-writer", writer_main, self);

  return self;
}

/* What did not count until now is not to count after the next start either. */
static void
settle_voids (MhWriter *self)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  if (self->voids->len > 0 && !commit_all (self, none, &error))
    g_debug ("the disk still fails: %s", error->message);
}

void
mh_writer_free (MhWriter *self)
{
  if (self == NULL)
    return;

  if (self->thread != NULL)
    {
      g_mutex_lock (&self->lock);
      self->ending = TRUE;
      g_cond_signal (&self->wake);
      g_mutex_unlock (&self->lock);
      g_thread_join (self->thread);
    }
  settle_voids (self);

  g_hash_table_unref (self->pending);
  g_hash_table_unref (self->segments);
  g_ptr_array_unref (self->kept);
  g_ptr_array_unref (self->waiting);
  g_array_unref (self->voids);
  g_array_unref (self->unused);
  mh_ledger_free (self->ledger);
  mh_db_close (self->db);
  g_cond_clear (&self->wake);
  g_cond_clear (&self->room);
  g_cond_clear (&self->finished);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_writer_reserve (MhWriter *self, gsize bytes)
{
  g_mutex_lock (&self->lock);
  while (self->reserved > 0 && self->reserved + bytes > MOST_RESERVED)
    g_cond_wait (&self->room, &self->lock);
  self->reserved += bytes;
  g_mutex_unlock (&self->lock);
}

void
mh_writer_unreserve (MhWriter *self, gsize bytes)
{
  g_mutex_lock (&self->lock);
  self->reserved -= bytes;
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);
}

static void
enqueue (MhWriter *self, Job *job)
{
  g_queue_push_tail (&self->jobs, job);
  g_cond_signal (&self->wake);
}

void
mh_writer_post (MhWriter *self, MhTaskFunc func, gpointer data)
{
  Job *job = g_new0 (Job, 1);

  job->task = func;
  job->data = data;
  g_mutex_lock (&self->lock);
  enqueue (self, job);
  g_mutex_unlock (&self->lock);
  serve (self);
}

static void
commit_and_wait (MhWriter *self, MhCommitFunc func, gpointer *data, guint count, gboolean durable,
                 GError **errors)
{
  g_autofree Job *jobs = g_new0 (Job, count);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < count; i++)
    {
      jobs[i].commit = func;
      jobs[i].data = data[i];
      jobs[i].durable = durable;
      enqueue (self, &jobs[i]);
    }
  g_mutex_unlock (&self->lock);
  if (self->store->serial)
    serve_commits (self);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < count; i++)
    {
      while (!jobs[i].done)
        g_cond_wait (&self->finished, &self->lock);
      errors[i] = jobs[i].error;
    }
  g_mutex_unlock (&self->lock);
}

void
mh_writer_commit_all (MhWriter *self, MhCommitFunc func, gpointer *data, guint count,
                      GError **errors)
{
  commit_and_wait (self, func, data, count, FALSE, errors);
}

static gboolean
commit_one (MhWriter *self, MhCommitFunc func, gpointer data, gboolean durable, GError **error)
{
  GError *local = NULL;

  commit_and_wait (self, func, &data, 1, durable, &local);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

void
mh_writer_set_gather (MhWriter *self, MhGatherFunc func, gpointer data)
{
  self->gather = func;
  self->gather_data = data;
}

gboolean
mh_writer_commit (MhWriter *self, MhCommitFunc func, gpointer data, GError **error)
{
  return commit_one (self, func, data, FALSE, error);
}

gboolean
mh_writer_commit_durable (MhWriter *self, MhCommitFunc func, gpointer data, GError **error)
{
  return commit_one (self, func, data, TRUE, error);
}

MhDb *
mh_writer_db (MhWriter *self)
{
  return self->db;
}

MhStore *
mh_writer_store (MhWriter *self)
{
  return self->store;
}
