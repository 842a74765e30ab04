/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-blame.h"

#define FAULTS 3
#define OUT_MS (10 * 60 * 1000)
#define DAY_MS (24 * G_GINT64_CONSTANT (3600) * 1000)
#define MOST_DOUBLED 7 /* to about a day */

/* Machines that are remembered; of more, the newest is not. Whoever makes up identities is none. */
#define MOST 4096

typedef struct
{
  MhPeerId peer;
  guint faults;
  char *why;       /* (owned) */
  gint64 last_ms;  /* of the last one */
  gint64 until_ms; /* left out until then */
} Fault;

struct _MhSyncBlame
{
  GMutex lock;
  GHashTable *faults;  /* (owned) (element-type utf8 Fault): by peer id (locked-by lock) */
  GHashTable *doubted; /* (owned) (element-type utf8) (locked-by lock) */
};

static void
fault_free (gpointer data)
{
  Fault *self = data;

  g_free (self->why);
  g_free (self);
}

void
mh_sync_suspect_free (MhSyncSuspect *self)
{
  if (self == NULL)
    return;

  g_free (self->why);
  g_free (self);
}

MhSyncBlame *
mh_sync_blame_new (void)
{
  MhSyncBlame *self = g_new0 (MhSyncBlame, 1);

  g_mutex_init (&self->lock);
  self->faults = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, fault_free);
  self->doubted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return self;
}

void
mh_sync_blame_free (MhSyncBlame *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->faults);
  g_hash_table_unref (self->doubted);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
is_old (gpointer key, gpointer value, gpointer data)
{
  const Fault *fault = value;
  const gint64 *now_ms = data;

  return *now_ms - fault->last_ms > DAY_MS && *now_ms > fault->until_ms;
}

/* Under the lock. Returns: (nullable): %NULL when there are too many already */
static Fault *
get (MhSyncBlame *self, const MhPeerId *peer)
{
  g_autofree char *key = mh_peer_id_to_text (peer);
  Fault *fault = g_hash_table_lookup (self->faults, key);

  if (fault != NULL || g_hash_table_size (self->faults) >= MOST)
    return fault;

  fault = g_new0 (Fault, 1);
  fault->peer = *peer;
  g_hash_table_insert (self->faults, g_steal_pointer (&key), fault);

  return fault;
}

gboolean
mh_sync_blame_add (MhSyncBlame *self, const MhPeerId *peer, const char *why, gint64 now_ms)
{
  gboolean is_new = FALSE;
  Fault *fault;

  g_mutex_lock (&self->lock);
  g_hash_table_foreach_remove (self->faults, is_old, &now_ms);
  fault = get (self, peer);
  if (fault != NULL)
    {
      fault->faults++;
      fault->last_ms = now_ms;
      g_free (fault->why);
      fault->why = g_strdup (why);
      if (fault->faults >= FAULTS && fault->until_ms <= now_ms)
        {
          is_new = TRUE;
          fault->until_ms =
              now_ms + ((gint64) OUT_MS << MIN (fault->faults - FAULTS, MOST_DOUBLED));
        }
    }
  g_mutex_unlock (&self->lock);

  return is_new;
}

gboolean
mh_sync_blame_is_out (MhSyncBlame *self, const MhPeerId *peer, gint64 now_ms)
{
  g_autofree char *key = mh_peer_id_to_text (peer);
  const Fault *fault;
  gboolean is_out;

  g_mutex_lock (&self->lock);
  fault = g_hash_table_lookup (self->faults, key);
  is_out = fault != NULL && fault->until_ms > now_ms;
  g_mutex_unlock (&self->lock);

  return is_out;
}

void
mh_sync_blame_doubt (MhSyncBlame *self, const MhPeerId *peer)
{
  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->doubted) < MOST)
    g_hash_table_add (self->doubted, mh_peer_id_to_text (peer));
  g_mutex_unlock (&self->lock);
}

gboolean
mh_sync_blame_is_doubted (MhSyncBlame *self, const MhPeerId *peer)
{
  g_autofree char *key = mh_peer_id_to_text (peer);
  gboolean is_doubted;

  g_mutex_lock (&self->lock);
  is_doubted =
      g_hash_table_size (self->doubted) >= MOST || g_hash_table_contains (self->doubted, key);
  g_mutex_unlock (&self->lock);

  return is_doubted;
}

GPtrArray *
mh_sync_blame_list (MhSyncBlame *self, gint64 now_ms)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_sync_suspect_free);
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_foreach_remove (self->faults, is_old, &now_ms);
  g_hash_table_iter_init (&iter, self->faults);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Fault *fault = value;
      MhSyncSuspect *suspect = g_new0 (MhSyncSuspect, 1);

      suspect->peer = fault->peer;
      suspect->faults = fault->faults;
      suspect->why = g_strdup (fault->why);
      suspect->out_ms = MAX (fault->until_ms - now_ms, 0);
      g_ptr_array_add (out, suspect);
    }
  g_mutex_unlock (&self->lock);

  return out;
}
