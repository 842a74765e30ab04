/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-listen.h"

#include "sync-due.h"
#include "sync-serve.h"

#define MOST_WAITING 1024

struct _MhSyncListen
{
  MhSync *sync;     /* (unowned) outlives us */
  MhSyncKeep *keep; /* (unowned) outlives us */
  MhSyncProved proved;
  gpointer data; /* of @proved */
  MhPool *pool;  /* (owned) */
  GMutex lock;
  GHashTable *askers; /* (owned) (element-type utf8 Asker): by peer id (locked-by lock) */
  gboolean is_ending; /* (locked-by lock) */
};

typedef struct
{
  MhSyncListen *listen;
  MhStream *stream; /* (owned) */
  gboolean is_hold;
} Question;

/* The conversations of one machine. */
typedef struct
{
  guint running;
  GQueue waiting; /* (element-type Question) */
} Asker;

static void serve (gpointer data);

static void
refuse (Question *question)
{
  mh_stream_reset (question->stream);
  mh_stream_unref (question->stream);
  g_free (question);
}

static void
asker_free (gpointer data)
{
  Asker *self = data;

  while (!g_queue_is_empty (&self->waiting))
    refuse (g_queue_pop_head (&self->waiting));
  g_free (self);
}

/* Under the lock. Returns: (nullable): what may begin now */
static Question *
enter (MhSyncListen *self, Question *question)
{
  char *key = mh_peer_id_to_text (mh_stream_peer (question->stream));
  Asker *asker = g_hash_table_lookup (self->askers, key);

  if (asker == NULL)
    {
      asker = g_new0 (Asker, 1);
      g_hash_table_insert (self->askers, g_steal_pointer (&key), asker);
    }
  g_free (key);
  if (asker->running < MH_SYNC_SERVERS_EACH)
    {
      asker->running++;
      return question;
    }
  if (g_queue_get_length (&asker->waiting) < MH_SYNC_WAITING_EACH)
    g_queue_push_tail (&asker->waiting, question);
  else
    refuse (question);

  return NULL;
}

/* One conversation of @peer has ended. Under the lock. Returns: (nullable): what may begin now */
static Question *
leave (MhSyncListen *self, const MhPeerId *peer)
{
  g_autofree char *key = mh_peer_id_to_text (peer);
  Asker *asker = g_hash_table_lookup (self->askers, key);
  Question *next = self->is_ending ? NULL : g_queue_pop_head (&asker->waiting);

  if (next == NULL && --asker->running == 0)
    g_hash_table_remove (self->askers, key);

  return next;
}

/* Has a question answered, for which its machine has a place. */
static void
begin (MhSyncListen *self, Question *question)
{
  g_mutex_lock (&self->lock);
  while (question != NULL && (self->is_ending || !mh_pool_push (self->pool, serve, question)))
    { /* too many of all */
      MhPeerId peer = *mh_stream_peer (question->stream);

      refuse (question);
      question = leave (self, &peer);
    }
  g_mutex_unlock (&self->lock);
}

static void
on_proved (const char *vault_id, const MhPeerId *peer, gpointer data)
{
  MhSyncListen *self = data;

  self->proved (vault_id, peer, self->data);
}

static GBytes *
on_list (const char *vault_id, const MhPeerId *peer, const guint8 *after, gpointer data)
{
  const MhSyncListen *self = data;

  return mh_sync_due_elsewhere (self->sync, self->keep, vault_id, peer, after);
}

static void
on_room (const MhPeerId *peer, gboolean is_full, gpointer data)
{
  const MhSyncListen *self = data;

  mh_sync_keep_note_room (self->keep, peer, is_full);
}

static GBytes *
on_spare (const char *vault_id, const MhPeerId *peer, GBytes *ids, gpointer data)
{
  const MhSyncListen *self = data;

  return mh_sync_due_no_more (self->sync, self->keep, vault_id, peer, ids);
}

static gboolean
on_keep (const char *vault_id, MhKeep *keep, gpointer data)
{
  MhSyncListen *self = data;
  g_autoptr (MhVault) vault = mh_vaults_get (mh_sync_vaults (self->sync), vault_id, NULL);

  if (vault == NULL)
    return FALSE;
  keep->versions = vault->keep_versions;
  keep->days = vault->keep_days;

  return TRUE;
}

static gboolean
on_policy (const char *vault_id, gint64 *copies, gint64 *set_ms, gpointer data)
{
  MhSyncListen *self = data;
  g_autoptr (MhVault) vault = mh_vaults_get (mh_sync_vaults (self->sync), vault_id, NULL);

  if (vault == NULL)
    return FALSE;
  *copies = vault->copies;
  *set_ms = vault->copies_set_ms;

  return TRUE;
}

static GBytes *
on_due (const char *vault_id, const guint8 *after, const guint8 *last, gpointer data)
{
  MhSyncListen *self = data;

  return mh_sync_due (self->sync, self->keep, vault_id, after, last);
}

static GBytes *
on_due_held (const char *vault_id, const guint8 *after, const guint8 *last, gpointer data)
{
  return mh_sync_due_held (mh_sync_blocks (((MhSyncListen *) data)->sync), vault_id, after, last);
}

static void
answer (MhSyncListen *self, const Question *question, MhSwarm *swarm, GCancellable *cancellable)
{
  MhSyncServing serving = { .host = mh_swarm_host (swarm),
                            .store = mh_sync_blocks (self->sync),
                            .stream = question->stream,
                            .promises = mh_sync_keep_promises (self->keep),
                            .rate = mh_sync_rate_out (self->sync),
                            .cancellable = cancellable,
                            .proved = on_proved,
                            .list = on_list,
                            .room = on_room,
                            .keep = on_keep,
                            .policy = on_policy,
                            .spare = on_spare,
                            .due = question->is_hold ? on_due_held : on_due,
                            .data = self };

  if (question->is_hold)
    mh_sync_serve_hold (&serving);
  else
    mh_sync_serve (&serving);
}

static void
serve (gpointer data)
{
  Question *question = data;
  MhSyncListen *self = question->listen;
  GCancellable *cancellable = NULL;
  MhSwarm *swarm = mh_sync_take (self->sync, &cancellable);
  Question *next;

  if (swarm != NULL)
    {
      gulong id = g_cancellable_connect (cancellable, G_CALLBACK (mh_sync_break),
                                         mh_stream_ref (question->stream),
                                         (GDestroyNotify) mh_stream_unref);

      answer (self, question, swarm, cancellable);
      g_cancellable_disconnect (cancellable, id);
      mh_sync_give (self->sync, cancellable);
    }
  g_mutex_lock (&self->lock);
  next = leave (self, mh_stream_peer (question->stream));
  g_mutex_unlock (&self->lock);
  mh_stream_unref (question->stream);
  g_free (question);
  begin (self, next);
}

/* On the loop of the host. */
static void
take (MhSyncListen *self, MhStream *stream, gboolean is_hold)
{
  Question *question = g_new0 (Question, 1);

  question->listen = self;
  question->stream = stream;
  question->is_hold = is_hold;
  g_mutex_lock (&self->lock);
  question = enter (self, question);
  g_mutex_unlock (&self->lock);
  begin (self, question);
}

static void
on_stream (MhStream *stream, gpointer data)
{
  take (data, stream, FALSE);
}

static void
on_hold_stream (MhStream *stream, gpointer data)
{
  take (data, stream, TRUE);
}

static void
start_here (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_SYNC_PROTOCOL, on_stream, data);
  mh_host_handle (host, MH_SYNC_HOLD_PROTOCOL, on_hold_stream, data);
}

static void
stop_here (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_SYNC_PROTOCOL, NULL, NULL);
  mh_host_handle (host, MH_SYNC_HOLD_PROTOCOL, NULL, NULL);
}

void
mh_sync_listen_start (MhSyncListen *self, MhHost *host)
{
  mh_host_run (host, start_here, self);
}

void
mh_sync_listen_stop (MhSyncListen *self, MhHost *host)
{
  mh_host_run (host, stop_here, NULL);
}

MhSyncListen *
mh_sync_listen_new (MhSync *sync, MhSyncKeep *keep, MhSyncProved proved, gpointer data)
{
  MhSyncListen *self = g_new0 (MhSyncListen, 1);

  self->sync = sync;
  self->keep = keep;
  self->proved = proved;
  self->data = data;
  g_mutex_init (&self->lock);
  self->askers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, asker_free);
  self->pool = mh_pool_new ("sync-serve", MH_SYNC_SERVERS, MOST_WAITING);

  return self;
}

void
mh_sync_listen_free (MhSyncListen *self)
{
  if (self == NULL)
    return;

  g_mutex_lock (&self->lock);
  self->is_ending = TRUE; /* nobody gives the pool anything more */
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->pool, mh_pool_free);
  g_hash_table_unref (self->askers);
  g_mutex_clear (&self->lock);
  g_free (self);
}
