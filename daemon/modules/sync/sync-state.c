/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-state.h"

struct _MhSyncStates
{
  GMutex lock;
  GHashTable *states; /* (owned) (element-type utf8 MhSyncState) (locked-by lock) */
};

void
mh_sync_state_free (MhSyncState *self)
{
  if (self == NULL)
    return;

  g_free (self->vault_id);
  g_free (self->error);
  g_free (self);
}

MhSyncStates *
mh_sync_states_new (void)
{
  MhSyncStates *self = g_new0 (MhSyncStates, 1);

  g_mutex_init (&self->lock);
  self->states =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) mh_sync_state_free);

  return self;
}

void
mh_sync_states_free (MhSyncStates *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->states);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Under the lock. */
static MhSyncState *
get (MhSyncStates *self, const char *vault_id)
{
  MhSyncState *state = g_hash_table_lookup (self->states, vault_id);

  if (state != NULL)
    return state;

  state = g_new0 (MhSyncState, 1);
  state->vault_id = g_strdup (vault_id);
  g_hash_table_insert (self->states, state->vault_id, state);

  return state;
}

MhSyncState *
mh_sync_states_get (MhSyncStates *self, const char *vault_id)
{
  MhSyncState *out = g_new0 (MhSyncState, 1);
  const MhSyncState *state;

  g_mutex_lock (&self->lock);
  state = get (self, vault_id);
  *out = *state;
  out->vault_id = g_strdup (state->vault_id);
  out->error = g_strdup (state->error);
  g_mutex_unlock (&self->lock);

  return out;
}

void
mh_sync_states_wait (MhSyncStates *self, const char *vault_id, int more)
{
  MhSyncState *state;

  g_mutex_lock (&self->lock);
  state = get (self, vault_id);
  state->waiting += more < 0 && state->waiting == 0 ? 0 : more;
  g_mutex_unlock (&self->lock);
}

void
mh_sync_states_begin (MhSyncStates *self, const char *vault_id)
{
  g_mutex_lock (&self->lock);
  get (self, vault_id)->running++;
  g_mutex_unlock (&self->lock);
}

gboolean
mh_sync_states_end (MhSyncStates *self, const MhSyncPull *pull, const GError *error, gint64 now_ms)
{
  gboolean is_news;
  MhSyncState *state;

  g_mutex_lock (&self->lock);
  state = get (self, pull->vault_id);
  state->running -= state->running > 0 ? 1 : 0; /* the vault may have gone, and come again */
  state->versions += pull->versions;
  state->blocks += pull->blocks;
  state->bytes += (guint64) pull->bytes;
  is_news = pull->versions > 0 || pull->blocks > 0
            || g_strcmp0 (state->error, error != NULL ? error->message : NULL) != 0;
  g_free (state->error);
  state->error = error != NULL ? g_strdup (error->message) : NULL;
  if (error == NULL)
    state->synced_ms = now_ms;
  g_mutex_unlock (&self->lock);

  return is_news;
}

void
mh_sync_states_forget (MhSyncStates *self, const char *vault_id)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->states, vault_id);
  g_mutex_unlock (&self->lock);
}
