/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh-world.h"

G_BEGIN_DECLS

/* What the operations share. */

MeshMachine *mesh_any_other (MeshMachine *self);

/* Returns: (transfer full) (nullable): the path of a file that @self shows */
char *mesh_any_file (MeshMachine *self);

/* Chooses what becomes of the next conversations. */
void mesh_choose_trouble (MeshWorld *self);

/* Conversations: @self asks one, is asked by all, compares blocks, and reads a file. */
void mesh_play_round (MeshMachine *self);
void mesh_play_tell (MeshMachine *self);
void mesh_play_audit (MeshMachine *self);
void mesh_play_read (MeshMachine *self);

G_END_DECLS
