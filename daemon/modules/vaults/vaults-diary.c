/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-diary.h"

#include "base/error.h"
#include "base/pool.h"

#define INTERVAL_S 3600

struct _MhVaultsDiary
{
  MhVaults *vaults; /* (unowned) outlives us */
  MhPool *pool;     /* (owned) */
  guint timer;
};

static gboolean
note (MhVaults *vaults, const MhVault *vault, GError **error)
{
  MhCore *core = mh_vaults_core (vaults);
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (core), error);
  MhVaultDay day = { mh_clock_now_ms (mh_core_clock (core)), vault->files, vault->bytes,
                     vault->stored_bytes };

  return lease != NULL && mh_vaults_store_note_day (mh_db_lease_db (lease), vault->id, &day, error);
}

static void
note_all (gpointer data)
{
  MhVaultsDiary *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) vaults = mh_vaults_list (self->vaults, &error);

  for (guint i = 0; vaults != NULL && i < vaults->len && error == NULL; i++)
    {
      const MhVault *vault = g_ptr_array_index (vaults, i);

      if (vault->has_key && !note (self->vaults, vault, &error))
        break;
    }
  if (error != NULL)
    g_warning ("noting how large the vaults are: %s", error->message);
}

static gboolean
on_timer (gpointer data)
{
  MhVaultsDiary *self = data;

  if (!mh_pool_push (self->pool, note_all, self))
    g_debug ("noting how large the vaults are takes more than an hour");

  return G_SOURCE_CONTINUE;
}

MhVaultsDiary *
mh_vaults_diary_new (MhVaults *vaults)
{
  MhVaultsDiary *self = g_new0 (MhVaultsDiary, 1);

  self->vaults = vaults;
  self->pool = mh_pool_new ("vaults-diary", 1, 1);
  self->timer = g_timeout_add_seconds (INTERVAL_S, on_timer, self);

  return self;
}

void
mh_vaults_diary_free (MhVaultsDiary *self)
{
  if (self == NULL)
    return;

  g_source_remove (self->timer);
  mh_pool_free (self->pool);
  g_free (self);
}

static GArray *
read_days (MhVaults *vaults, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mh_vaults_core (vaults)), error);

  return lease == NULL ? NULL
                       : mh_vaults_store_days (mh_db_lease_db (lease), id, MH_VAULT_DAYS, error);
}

GArray *
mh_vaults_diary_read (MhVaults *vaults, const MhVault *vault, GError **error)
{
  GArray *days = NULL;

  if (note (vaults, vault, error))
    days = read_days (vaults, vault->id, error);
  if (error != NULL && *error != NULL && (*error)->domain == MH_DB_ERROR)
    mh_error_move (error, MH_ERROR_FAILED);

  return days;
}
