/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How the daemon's network is. */
typedef enum
{
  MH_TRAY_MESH_UNKNOWN, /* it has not said so yet */
  MH_TRAY_MESH_NONE,    /* this machine is in no network */
  MH_TRAY_MESH_CONNECTING,
  MH_TRAY_MESH_CONNECTED,
} MhTrayMeshState;

/**
 * MhTrayMesh:
 *
 * What the daemon says of the other machines, and of the vaults that it shares with them. Plain
 * data; starts as zeros.
 */
typedef struct
{
  MhTrayMeshState state;
  guint machines; /* that are there, this one included */
  guint shared;   /* vaults that other machines have, too */
  guint faults;   /* of these, that could not be brought in line */
  gboolean busy;  /* blocks are on their way */
  guint blocks;   /* that are still to come, while it is busy */
} MhTrayMesh;

/**
 * mh_tray_mesh_take_status:
 * @self: what is known
 * @status: answer of `/api/v1/system/status`
 *
 * Takes the network over. Members that are missing or of another type count as nothing.
 */
void mh_tray_mesh_take_status (MhTrayMesh *self, JsonObject *status);

/**
 * mh_tray_mesh_take_sync:
 * @self: what is known
 * @sync: answer of `/api/v1/sync`
 *
 * Takes the vaults over, in the same way.
 */
void mh_tray_mesh_take_sync (MhTrayMesh *self, JsonObject *sync);

/**
 * mh_tray_mesh_text:
 * @self: what is known
 *
 * Returns: (transfer full) (nullable): it in words, translated; %NULL while nothing is known
 */
char *mh_tray_mesh_text (const MhTrayMesh *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
