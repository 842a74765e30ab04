/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"
#include "swarm.h"

G_BEGIN_DECLS

/* The networks that this machine knows, and the one that it is in. */
typedef struct _MhMesh MhMesh;

extern const MhModule mh_mesh_module;

/**
 * mh_mesh_set_up:
 * @self: the service
 * @swarm_key: text of a key
 * @bootstrap: (nullable): multiaddresses that end on a peer id
 * @error: return location
 *
 * Enters the first network, and writes it into config.yaml.
 *
 * Thread: a worker.
 * Errors: %MH_ERROR_CONFLICT when this machine is in one already, %MH_ERROR_INVALID naming the
 *   field, %MH_ERROR_FAILED, %MH_ERROR_NO_SPACE
 * Returns: %FALSE with @error set
 */
gboolean mh_mesh_set_up (MhMesh *self, const char *swarm_key, const char *const *bootstrap,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_mesh_take:
 * @self: the service
 * @error: return location
 *
 * Holds the network that is connected: it is not left before it is given back.
 *
 * Thread: a worker.
 * Errors: %MH_ERROR_UNAVAILABLE, with a sentence about why there is none
 * Returns: (transfer full): it, for mh_mesh_give(), or %NULL with @error set
 */
MhSwarm *mh_mesh_take (MhMesh *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_mesh_give (MhMesh *self, MhSwarm *swarm);

/* Tells others soon what this machine is, as something of it has changed. Thread: any. */
void mh_mesh_update_profile (MhMesh *self);

/* What is told when a network is connected and left. Both run on a worker, one at a time. */
typedef struct
{
  void (*started) (MhSwarm *swarm, gpointer data);
  /* Nothing of @swarm may be used after this. */
  void (*stopping) (MhSwarm *swarm, gpointer data);
} MhMeshService;

/* Tells @service of the network that is connected, now or later, until it is removed. Thread: any.
 */
void mh_mesh_add_service (MhMesh *self, const MhMeshService *service, gpointer data);

/* Waits until @service has been told that the network is left. Thread: any but the one that tells.
 */
void mh_mesh_remove_service (MhMesh *self, const MhMeshService *service, gpointer data);

G_END_DECLS
