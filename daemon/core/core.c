/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core.h"

#include "base/error.h"
#include "crypto/master-key.h"
#include "home-lock.h"
#include "identity.h"
#include "module.h"

#include <errno.h>
#include <glib/gstdio.h>

typedef struct
{
  const MhModule *module; /* static */
  gpointer service;       /* (owned) by module->stop */
} Running;

struct _MhCore
{
  MhConfig *config;      /* (owned) (atomic) written under @writing */
  GPtrArray *past;       /* (owned) (element-type MhConfig): still in use (locked-by writing) */
  GMutex writing;        /* one at a time changes config.yaml */
  char *home;            /* (owned) */
  char *config_path;     /* (owned) */
  char *metadata_dir;    /* (owned) */
  char *blocks_dir;      /* (owned) */
  char *listen;          /* (owned) */
  MhHomeLock *lock_file; /* (owned) */
  MhClock *clock;        /* (owned) */
  MhBus *bus;            /* (owned) */
  MhDbPool *db;          /* (owned) */
  MhSecret *master;      /* (owned) */
  MhSigner *signer;      /* (owned) */
  char *peer_id;         /* (owned) */
  MhServer *server;      /* (unowned) (nullable) */
  GArray *running;       /* (owned) (element-type Running) in the order they started */
  gint64 started_ms;
  GMutex lock;
  char *fault;             /* (owned) (nullable) (locked-by lock) */
  char *shortage;          /* (owned) (nullable) (locked-by lock) */
  char *notice;            /* (owned) (nullable) (locked-by lock) */
  MhNetworkStatus network; /* (locked-by lock) */
};

static gboolean
make_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) == 0)
    return TRUE;

  mh_error_set_errno (error, errno, path);

  return FALSE;
}

static gboolean
open_all (MhCore *self, GError **error)
{
  g_autofree char *key_path = g_build_filename (self->metadata_dir, "master.key", NULL);
  g_autofree char *db_path = g_build_filename (self->metadata_dir, "meshhold.db", NULL);
  g_autofree char *identity_path = g_build_filename (self->metadata_dir, "identity.key", NULL);
  g_autofree char *lock_path = g_build_filename (self->metadata_dir, "lock", NULL);

  if (!make_folder (self->home, error) || !make_folder (self->metadata_dir, error)
      || !make_folder (self->blocks_dir, error))
    return FALSE;

  self->lock_file = mh_home_lock_take (lock_path, error);
  if (self->lock_file == NULL)
    return FALSE;

  self->master = mh_master_key_load (key_path, error);
  if (self->master == NULL)
    return FALSE;

  self->signer = mh_identity_load (identity_path, self->master, error);
  if (self->signer == NULL)
    return FALSE;

  if (!mh_db_confirm_log (db_path, error))
    return FALSE;

  self->peer_id = mh_peer_id (mh_signer_public_key (self->signer));
  self->db = mh_db_pool_new (db_path, MH_DB_FULL, 16);

  return TRUE;
}

MhCore *
mh_core_new (const MhCoreOptions *options, MhConfig *config, GError **error)
{
  g_autoptr (MhCore) self = g_new0 (MhCore, 1);

  g_mutex_init (&self->lock);
  g_mutex_init (&self->writing);
  self->config = config;
  self->past = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_config_free);
  self->home = g_canonicalize_filename (options->home, NULL);
  self->config_path = g_build_filename (self->home, "config.yaml", NULL);
  self->metadata_dir = config->metadata_dir != NULL
                           ? g_strdup (config->metadata_dir)
                           : g_build_filename (self->home, "metadata", NULL);
  self->blocks_dir = config->storage_path != NULL ? g_strdup (config->storage_path)
                                                  : g_build_filename (self->home, "blocks", NULL);
  self->listen = g_strdup (options->listen != NULL ? options->listen : config->listen_addr);
  self->clock = mh_clock_new ();
  self->bus = mh_bus_new (self->clock);
  self->running = g_array_new (FALSE, FALSE, sizeof (Running));
  self->started_ms = mh_clock_now_ms (self->clock);

  if (!open_all (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
mh_core_free (MhCore *self)
{
  if (self == NULL)
    return;

  mh_core_stop_modules (self);
  g_array_unref (self->running);
  g_clear_pointer (&self->db, mh_db_pool_free);
  g_clear_pointer (&self->bus, mh_bus_free);
  g_clear_pointer (&self->clock, mh_clock_free);
  g_clear_pointer (&self->signer, mh_signer_free);
  g_clear_pointer (&self->master, mh_secret_free);
  g_clear_pointer (&self->lock_file, mh_home_lock_release);
  g_clear_pointer (&self->config, mh_config_free);
  g_clear_pointer (&self->past, g_ptr_array_unref);
  g_free (self->peer_id);
  g_free (self->home);
  g_free (self->config_path);
  g_free (self->metadata_dir);
  g_free (self->blocks_dir);
  g_free (self->listen);
  g_free (self->fault);
  g_free (self->shortage);
  g_free (self->notice);
  mh_network_status_clear (&self->network);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->writing);
  g_free (self);
}

static gboolean
start_module (MhCore *self, const MhModule *module, GError **error)
{
  Running running = { module, NULL };

  for (guint i = 0; module->requires != NULL && module->requires[i] != NULL; i++)
    g_return_val_if_fail (mh_core_service (self, module->requires[i]) != NULL, FALSE);

  if (module->migrations != NULL)
    {
      g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);

      if (lease == NULL
          || !mh_db_migrate (mh_db_lease_db (lease), module->name, module->migrations, error))
        return FALSE;
    }

  running.service = module->start (self, error);
  if (running.service == NULL)
    return FALSE;

  g_array_append_val (self->running, running);

  return TRUE;
}

gboolean
mh_core_start_modules (MhCore *self, const MhModule *const *modules, GError **error)
{
  for (guint i = 0; modules[i] != NULL; i++)
    if (!start_module (self, modules[i], error))
      {
        g_prefix_error (error, "%s: ", modules[i]->name);
        mh_core_stop_modules (self);
        return FALSE;
      }

  return TRUE;
}

void
mh_core_stop_modules (MhCore *self)
{
  while (self->running->len > 0)
    {
      Running last = g_array_index (self->running, Running, self->running->len - 1);

      g_array_set_size (self->running, self->running->len - 1);
      last.module->stop (last.service);
    }
}

gpointer
mh_core_service (MhCore *self, const char *module)
{
  for (guint i = 0; i < self->running->len; i++)
    {
      const Running *running = &g_array_index (self->running, Running, i);

      if (g_str_equal (running->module->name, module))
        return running->service;
    }

  return NULL;
}

const MhConfig *
mh_core_config (MhCore *self)
{
  return g_atomic_pointer_get (&self->config);
}

gboolean
mh_core_change_config (MhCore *self, const MhConfigValue *values, guint count, GError **error)
{
  MhConfig *changed;

  g_mutex_lock (&self->writing);
  changed = mh_config_change (self->config_path, self->config, values, count, error);
  if (changed != NULL && mh_config_equal (changed, self->config))
    {
      mh_config_free (changed);
    }
  else if (changed != NULL)
    {
      g_ptr_array_add (self->past, self->config);
      g_atomic_pointer_set (&self->config, changed);
    }
  g_mutex_unlock (&self->writing);

  return changed != NULL;
}

gboolean
mh_core_write_network (MhCore *self, const char *swarm_key, const char *const *bootstrap_peers,
                       GError **error)
{
  gboolean done;

  g_mutex_lock (&self->writing);
  done = mh_config_write_network (self->config_path, swarm_key, bootstrap_peers, error);
  g_mutex_unlock (&self->writing);

  return done;
}

const char *
mh_core_home (MhCore *self)
{
  return self->home;
}

const char *
mh_core_config_path (MhCore *self)
{
  return self->config_path;
}

const char *
mh_core_metadata_dir (MhCore *self)
{
  return self->metadata_dir;
}

const char *
mh_core_blocks_dir (MhCore *self)
{
  return self->blocks_dir;
}

const char *
mh_core_listen (MhCore *self)
{
  return self->listen;
}

MhClock *
mh_core_clock (MhCore *self)
{
  return self->clock;
}

MhBus *
mh_core_bus (MhCore *self)
{
  return self->bus;
}

MhDbPool *
mh_core_db (MhCore *self)
{
  return self->db;
}

const MhSecret *
mh_core_master_key (MhCore *self)
{
  return self->master;
}

const MhSigner *
mh_core_signer (MhCore *self)
{
  return self->signer;
}

const char *
mh_core_peer_id (MhCore *self)
{
  return self->peer_id;
}

gint64
mh_core_started_ms (MhCore *self)
{
  return self->started_ms;
}

void
mh_core_set_server (MhCore *self, MhServer *server)
{
  self->server = server;
}

MhServer *
mh_core_server (MhCore *self)
{
  return self->server;
}

void
mh_core_set_fault (MhCore *self, const char *text)
{
  g_mutex_lock (&self->lock);
  g_free (self->fault);
  self->fault = g_strdup (text);
  g_mutex_unlock (&self->lock);
}

char *
mh_core_dup_fault (MhCore *self)
{
  char *fault = NULL;

  g_mutex_lock (&self->lock);
  fault = g_strdup (self->fault != NULL      ? self->fault
                    : self->shortage != NULL ? self->shortage
                                             : self->notice);
  g_mutex_unlock (&self->lock);

  return fault;
}

static void
set_text (MhCore *self, char **slot, const char *text)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = g_strcmp0 (*slot, text) != 0;
  g_free (*slot);
  *slot = g_strdup (text);
  g_mutex_unlock (&self->lock);

  if (changed)
    mh_bus_publish (self->bus, "status_changed", NULL);
}

void
mh_core_set_shortage (MhCore *self, const char *text)
{
  set_text (self, &self->shortage, text);
}

void
mh_core_set_notice (MhCore *self, const char *text)
{
  set_text (self, &self->notice, text);
}

char *
mh_core_dup_shortage (MhCore *self)
{
  char *shortage = NULL;

  g_mutex_lock (&self->lock);
  shortage = g_strdup (self->shortage != NULL ? self->shortage : self->notice);
  g_mutex_unlock (&self->lock);

  return shortage;
}

void
mh_network_status_clear (MhNetworkStatus *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->addresses, g_strfreev);
}

static void
copy_network (const MhNetworkStatus *from, MhNetworkStatus *to)
{
  to->state = from->state;
  to->id = g_strdup (from->id);
  to->name = g_strdup (from->name);
  to->error = g_strdup (from->error);
  to->addresses = g_strdupv (from->addresses);
  to->peers = from->peers;
}

static gboolean
is_same_network (const MhNetworkStatus *a, const MhNetworkStatus *b)
{
  gboolean same_addresses =
      (a->addresses == NULL) == (b->addresses == NULL)
      && (a->addresses == NULL
          || g_strv_equal ((const char *const *) a->addresses, (const char *const *) b->addresses));

  return a->state == b->state && g_strcmp0 (a->id, b->id) == 0 && g_strcmp0 (a->name, b->name) == 0
         && g_strcmp0 (a->error, b->error) == 0 && a->peers == b->peers && same_addresses;
}

void
mh_core_set_network (MhCore *self, const MhNetworkStatus *status)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = !is_same_network (&self->network, status);
  if (changed)
    {
      mh_network_status_clear (&self->network);
      copy_network (status, &self->network);
    }
  g_mutex_unlock (&self->lock);

  if (changed)
    mh_bus_publish (self->bus, "status_changed", NULL);
}

void
mh_core_get_network (MhCore *self, MhNetworkStatus *out)
{
  g_mutex_lock (&self->lock);
  copy_network (&self->network, out);
  g_mutex_unlock (&self->lock);
}
