/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "invite.h"
#include "mesh-store.h"
#include "mesh.h"
#include "modules/audit/audit.h"
#include "modules/vaults/vaults.h"

G_BEGIN_DECLS

/* What the files of the service share. */

/* Byte rates that are kept: ten minutes in steps of ten seconds. */
#define MH_TRAFFIC_SLOTS 60
#define MH_TRAFFIC_STEP_S 10

typedef struct
{
  gint64 ts_ms; /* when the step ended; 0: there is none yet */
  guint64 bytes_in;
  guint64 bytes_out;
} MhTraffic;

struct _MhMesh
{
  MhCore *core;     /* (unowned) outlives us */
  MhAudit *audit;   /* (unowned) outlives us */
  MhVaults *vaults; /* (unowned) outlives us */
  MhPool *work;     /* (owned): of one thread, which alone starts, stops and changes networks */
  guint timer;      /* of the main loop */
  guint watch;      /* of the bus */

  GMutex lock;
  GCond given;
  MhSwarm *swarm;         /* (owned) (nullable) (locked-by lock) */
  guint users;            /* of @swarm (locked-by lock) */
  char *failure;          /* (owned) (nullable) (locked-by lock): why there is none */
  MhNetwork *active;      /* (owned) (nullable) (locked-by lock): the one that we are in */
  MhAcl *acl;             /* (owned) (locked-by lock) */
  GHashTable *learned;    /* (owned) (element-type utf8 GBytes) (locked-by lock): to be written */
  gboolean reach_changed; /* (locked-by lock): the status is to be told */
  gboolean is_ending;     /* (locked-by lock) */
  gboolean is_busy;       /* (locked-by lock): the timer's job is under way */
  guint64 last_in;        /* (locked-by lock) */
  guint64 last_out;       /* (locked-by lock) */
  GArray *services;       /* (owned) (element-type MhMeshServiceRow): thread of @work only */
  guint16 ports[MH_SWARM_MOST_LISTEN]; /* of the swarm before; thread of @work only */
  guint ticks;                         /* of the timer; main loop only */
  guint at;                            /* next slot (locked-by lock) */
  MhTraffic traffic[MH_TRAFFIC_SLOTS]; /* (locked-by lock) */
  GMutex testing;                      /* one speed test at a time */
};

typedef struct
{
  const MhMeshService *service; /* (unowned) */
  gpointer data;
} MhMeshServiceRow;

/* A function that runs on the thread of @work. Returns: %FALSE with @error set */
typedef gboolean (*MhMeshFunc) (MhMesh *self, gpointer data, GError **error);

/**
 * mh_mesh_call:
 * @self: the service
 * @func: runs alone
 * @data: for @func
 * @error: return location
 *
 * Thread: a worker, which waits.
 * Errors: %MH_ERROR_UNAVAILABLE when too much waits; those of @func
 * Returns: what @func returned
 */
gboolean mh_mesh_call (MhMesh *self, MhMeshFunc func, gpointer data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Turns a set @error of the database into the public domain. */
void mh_mesh_lift (GError **error);

/* Tells everybody how things stand, and that networks have changed. Thread: any but the loop of the
 * host. */
void mh_mesh_tell (MhMesh *self);

/* -- mesh-service.c, on the thread of @work -- */

/* Makes @network (transfer full) the one that we are in, and leaves the one before. */
void mh_mesh_set_active (MhMesh *self, MhNetwork *network);

/* Connects to the one that we are in, unless it is connected. Returns: %FALSE with @error set */
gboolean mh_mesh_start_swarm (MhMesh *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves it, when nobody uses it any more. */
void mh_mesh_stop_swarm (MhMesh *self);

/* -- mesh-networks.c: what is done with networks. On any worker. -- */

/* At the start: the network of config.yaml. */
gboolean mh_mesh_load_networks (MhMesh *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhNetwork): all, or %NULL with @error set */
GPtrArray *mh_mesh_networks (MhMesh *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Errors: %MH_ERROR_NOT_FOUND. Returns: (transfer full): one, or %NULL with @error set */
MhNetwork *mh_mesh_network (MhMesh *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): its key, or %NULL with @error set */
MhSecret *mh_mesh_network_key (MhMesh *self, const MhNetwork *network,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Saves a network, and enters it when this machine is in none. Errors: %MH_ERROR_CONFLICT when it
 * is known. Returns: (transfer full): it, or %NULL with @error set */
MhNetwork *mh_mesh_add_network (MhMesh *self, const char *name, const MhSecret *key,
                                const char *const *bootstrap,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Errors: %MH_ERROR_CONFLICT for the one that is connected. Returns: %FALSE with @error set */
gboolean
mh_mesh_forget_network (MhMesh *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Enters one, leaving any other. Returns: %FALSE with @error set */
gboolean
mh_mesh_connect_network (MhMesh *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves the one that is connected; it stays the one that we are in. */
gboolean mh_mesh_disconnect_network (MhMesh *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets the addresses that are dialled first, or adds to them. Returns: %FALSE with @error set */
gboolean mh_mesh_set_bootstrap (MhMesh *self, const char *id, const char *const *bootstrap,
                                gboolean adds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a change of key did. */
typedef struct
{
  char *id;           /* (owned): of the network from now on */
  GPtrArray *results; /* (owned) (element-type MhKeypushResult): everybody who was connected */
  char **absent;      /* (owned): peer ids of nodes that did not get the key */
} MhRotation;

/* Frees it. */
void mh_rotation_free (MhRotation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhRotation, mh_rotation_free)

/* Gives a network another key. Returns: (transfer full): what it did, or %NULL with @error set */
MhRotation *
mh_mesh_rotate_key (MhMesh *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Nodes that are there are no longer told of as without the key. On the thread of @work. */
void mh_mesh_welcome (MhMesh *self);

/* Another key came from @by. On the thread of @work. */
void mh_mesh_take_key (MhMesh *self, const MhSecret *key, const char *by);

/* -- mesh-profile.c -- */

/* Says of this machine what is true now. On the thread of @work. */
void mh_mesh_tell_profile (MhMesh *self, gboolean is_urgent);

/* Returns: (transfer full): what this machine says of itself, without what only a host knows. */
MhHello *mh_mesh_profile (MhMesh *self) G_GNUC_WARN_UNUSED_RESULT;

/* Writes records that came, and forgets nodes that are gone for long. On the thread of @work. */
void mh_mesh_save_nodes (MhMesh *self);

/* Tells @swarm of the nodes that were known when we left. On the thread of @work. */
void mh_mesh_load_nodes (MhMesh *self, MhSwarm *swarm);

/* Notes how many bytes went by. On the thread of @work. */
void mh_mesh_note_traffic (MhMesh *self);

G_END_DECLS
