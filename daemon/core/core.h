/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/clock.h"
#include "bus.h"
#include "config-file.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "db/pool.h"
#include "http/server.h"

G_BEGIN_DECLS

/* What every module needs: paths, configuration, database, event bus, server, clock. */
typedef struct _MhCore MhCore;

typedef struct
{
  const char *home;   /* everything is kept below it; made when missing */
  const char *listen; /* (nullable) HOST:PORT in place of the configured one */
} MhCoreOptions;

/**
 * mh_core_new:
 * @options: where and how
 * @config: (transfer full): from config.yaml
 * @error: return location
 *
 * Makes the folders (mode 0700), takes the lock of the home, loads or makes the master key and
 * opens meshhold.db.
 *
 * Thread: the loop.
 * Errors: %MH_ERROR_CONFLICT when another daemon uses the home; %MH_ERROR_FAILED
 */
MhCore *mh_core_new (const MhCoreOptions *options, MhConfig *config,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_core_free (MhCore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhCore, mh_core_free)

/* All (transfer none), valid for as long as the core. */
const MhConfig *mh_core_config (MhCore *self); /* as it is now */
const char *mh_core_home (MhCore *self);
const char *mh_core_config_path (MhCore *self);
const char *mh_core_metadata_dir (MhCore *self);
const char *mh_core_blocks_dir (MhCore *self);
const char *mh_core_listen (MhCore *self);
MhClock *mh_core_clock (MhCore *self);
MhBus *mh_core_bus (MhCore *self);
MhDbPool *mh_core_db (MhCore *self);
const MhSecret *mh_core_master_key (MhCore *self);
const MhSigner *mh_core_signer (MhCore *self); /* the identity of this machine */
const char *mh_core_peer_id (MhCore *self);
gint64 mh_core_started_ms (MhCore *self);

/**
 * mh_core_change_config:
 * @self: the core
 * @values: see mh_config_change()
 * @count: their number
 * @error: return location
 *
 * Writes them to config.yaml and has mh_core_config() give them from now on. What it gave before
 * stays valid, too, and so takes some memory for each change.
 *
 * Thread: a worker. Blocks on disk.
 * Errors: as mh_config_change()
 */
gboolean mh_core_change_config (MhCore *self, const MhConfigValue *values, guint count,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_config_write_network(), not while another one writes config.yaml. Thread: a worker. */
gboolean mh_core_write_network (MhCore *self, const char *swarm_key,
                                const char *const *bootstrap_peers,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none): the service of a module that has started */
gpointer mh_core_service (MhCore *self, const char *module);

/* The server is made by the composition root after the modules have started. */
void mh_core_set_server (MhCore *self, MhServer *server);
MhServer *mh_core_server (MhCore *self);

/**
 * mh_core_set_fault:
 * @self: the core
 * @text: (nullable): one sentence about what is wrong, %NULL when it is right again
 *
 * Thread: any.
 */
void mh_core_set_fault (MhCore *self, const char *text);

/* As mh_core_set_fault(), for too little of something, which passes. Thread: any. */
void mh_core_set_shortage (MhCore *self, const char *text);

/* As mh_core_set_shortage(), for what waits until the owner decides it. Thread: any. */
void mh_core_set_notice (MhCore *self, const char *text);

/* Returns: (transfer full) (nullable): the fault of now, or else the shortage, or else the notice.
 * Thread: any. */
char *mh_core_dup_fault (MhCore *self);

/* Returns: (transfer full) (nullable): the shortage of now, or else the notice. Thread: any. */
char *mh_core_dup_shortage (MhCore *self);

/* How this machine stands to the network that it is in. */
typedef enum
{
  MH_NETWORK_NONE,     /* it is in none */
  MH_NETWORK_OFFLINE,  /* it is in one, and not connected to it */
  MH_NETWORK_STARTING, /* it will be in a moment */
  MH_NETWORK_ONLINE,
  MH_NETWORK_FAILED, /* it could not be connected */
} MhNetworkState;

typedef struct
{
  MhNetworkState state;
  char *id;         /* (owned) (nullable): 16 hexadecimal digits */
  char *name;       /* (owned) (nullable) */
  char *error;      /* (owned) (nullable): one sentence about why it failed */
  char **addresses; /* (owned) (nullable): where others can reach us */
  guint peers;      /* nodes that are there */
} MhNetworkStatus;

/* Gives back what is in it. */
void mh_network_status_clear (MhNetworkStatus *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhNetworkStatus, mh_network_status_clear)

/* Notes @status, which is copied, and tells everybody when it has changed. Thread: any. */
void mh_core_set_network (MhCore *self, const MhNetworkStatus *status);

/* Copies it to @out. Thread: any. */
void mh_core_get_network (MhCore *self, MhNetworkStatus *out);

G_END_DECLS
