/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-private.h"

#include "base/error.h"
#include "base/os.h"
#include "catalog.h"
#include "names.h"

#define GIB (G_GUINT64_CONSTANT (1024) * 1024 * 1024)

/* When there is so much more room, or after so long, blocks that had none are asked for again. */
#define MORE_ROOM (64 * 1024 * 1024)
#define AGAIN_MS (60 * 60 * 1000)

/* What SQLite and tombstones need, however little is configured. */
#define LEAST_FREE (8 * 1024 * 1024)

gboolean
mh_store_set_limits (MhStore *self, const char *vault_id, const MhVaultLimits *limits,
                     GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, vault_id, error);

  if (keys == NULL)
    return FALSE;

  if (limits->hard_quota < 0 || limits->keep.versions < 1 || limits->keep.days < 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "limits of vault %s: out of bounds",
                   vault_id);
      return FALSE;
    }

  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->limits, g_strdup (vault_id), g_memdup2 (limits, sizeof *limits));
  g_mutex_unlock (&self->lock);

  return TRUE;
}

gboolean
mh_store_get_limits (MhStore *self, const char *vault_id, MhVaultLimits *limits)
{
  const MhVaultLimits *known;

  g_mutex_lock (&self->lock);
  known = g_hash_table_lookup (self->limits, vault_id);
  if (known != NULL)
    *limits = *known;
  g_mutex_unlock (&self->lock);

  return known != NULL;
}

gboolean
mh_store_check_writable (MhStore *self, const char *vault_id, GError **error)
{
  MhVaultLimits limits;

  if (!mh_store_get_limits (self, vault_id, &limits) || !limits.read_only)
    return TRUE;

  g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN, "the vault is read only here");

  return FALSE;
}

void
mh_store_set_quota_error (const char *vault_id, const MhVaultLimits *limits, gint64 would_be_size,
                          GError **error)
{
  GError *local = NULL;

  g_set_error (&local, MH_ERROR, MH_ERROR_NO_SPACE,
               "the vault would hold %" G_GINT64_FORMAT " bytes, its quota is %" G_GINT64_FORMAT,
               would_be_size, limits->hard_quota);
  mh_error_add_string (local, "vault_id", vault_id);
  mh_error_add_int (local, "hard_quota", limits->hard_quota);
  mh_error_add_int (local, "would_be_size", would_be_size);
  g_propagate_error (error, local);
}

/* -- blocks that had no room -- */

void
mh_refusal_free (MhRefusal *self)
{
  g_clear_error (&self->why);
  g_free (self);
}

/* Returns: how things stand with a vault, without @why */
static MhRefusal
measure (MhStore *self, const char *vault_id)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, NULL);
  MhRefusal out = { .room = mh_store_room (self), .at_ms = mh_store_now_ms (self) };
  MhVaultLimits limits;
  MhVaultRow vault;

  if (mh_store_get_limits (self, vault_id, &limits))
    out.quota = limits.hard_quota;
  if (lease != NULL && mh_catalog_get_vault (mh_db_lease_db (lease), vault_id, &vault, NULL))
    out.stored = vault.stored_bytes;

  return out;
}

void
mh_store_note_refusal (MhStore *self, const char *vault_id, const GError *why)
{
  MhRefusal now = measure (self, vault_id);

  now.why = g_error_copy (why);
  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->refusals, g_strdup (vault_id), g_memdup2 (&now, sizeof now));
  g_mutex_unlock (&self->lock);
}

gboolean
mh_store_has_room (MhStore *self, const char *vault_id, GError **error)
{
  gboolean was_refused;
  MhRefusal now;
  MhRefusal *last;

  g_mutex_lock (&self->lock);
  was_refused = g_hash_table_contains (self->refusals, vault_id);
  g_mutex_unlock (&self->lock);
  if (!was_refused)
    return TRUE;

  now = measure (self, vault_id);
  g_mutex_lock (&self->lock);
  last = g_hash_table_lookup (self->refusals, vault_id);
  if (last != NULL
      && (now.quota != last->quota || now.stored < last->stored
          || now.room >= last->room + MORE_ROOM || now.at_ms >= last->at_ms + AGAIN_MS
          || now.at_ms < last->at_ms))
    g_hash_table_remove (self->refusals, vault_id);
  else if (last != NULL)
    g_propagate_error (error, g_error_copy (last->why));
  was_refused = g_hash_table_contains (self->refusals, vault_id);
  g_mutex_unlock (&self->lock);

  return !was_refused;
}

/* -- upkeep -- */

void
mh_store_want_upkeep (MhStore *self)
{
  if (self->schedule != NULL)
    mh_schedule_wake (self->schedule, MH_WAKE_UPKEEP);
}

void
mh_store_start_upkeep (MhStore *self)
{
  g_return_if_fail (self->schedule == NULL);

  self->schedule = mh_schedule_new (self);
  mh_names_start (self->names);
}

guint64
mh_store_resolve_min_free (gint64 configured, int fd)
{
  if (configured < 0)
    configured = (gint64) MIN (5 * GIB, mh_os_total_space (fd) / 20);

  return MAX ((guint64) configured, LEAST_FREE);
}

static char *
describe (guint64 least)
{
  g_autofree char *size = g_format_size_full (least, G_FORMAT_SIZE_IEC_UNITS);

  return g_strdup_printf ("the disk is full: uploads leave %s of it free", size);
}

gboolean
mh_store_check_min_free (MhStore *self, guint64 free_bytes, guint64 needed, GError **error)
{
  g_autofree char *sentence = NULL;

  if (free_bytes >= needed + self->min_free)
    return TRUE;

  sentence = describe (self->min_free);
  g_set_error_literal (error, MH_ERROR, MH_ERROR_NO_SPACE, sentence);
  if (self->schedule != NULL)
    mh_schedule_wake (self->schedule, MH_WAKE_SPACE);

  return FALSE;
}

void
mh_store_fill_space (MhStore *self, MhStoreSpace *space)
{
  space->free_bytes = (gint64) MIN (mh_os_free_space (self->lock_fd), (guint64) G_MAXINT64);
  space->disk_bytes = (gint64) MIN (mh_os_total_space (self->lock_fd), (guint64) G_MAXINT64);
  space->min_free_bytes = (gint64) self->min_free;
}

gint64
mh_store_room (MhStore *self)
{
  guint64 free_bytes = mh_os_free_space (self->lock_fd);

  return (gint64) (free_bytes - MIN (free_bytes, self->min_free));
}

char *
mh_store_check_space (MhStore *self)
{
  gboolean low = mh_os_free_space (self->lock_fd) < self->min_free;

  return low ? describe (self->min_free) : NULL;
}
