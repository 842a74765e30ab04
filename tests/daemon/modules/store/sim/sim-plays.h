/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim-world.h"

G_BEGIN_DECLS

/* Mostly the first. */
const char *sim_any_vault (SimWorld *self);

/* Mostly of a file that is or was there. */
const char *sim_any_path (SimWorld *self, const char *vault);

/* Ends an upload, whatever becomes of it. */
void sim_end_upload (SimUpload *upload);

void sim_play_reopen (SimWorld *self);

/* Purges the trash of a vault, or a file of it. Returns: whether anything went */
gboolean sim_purge (SimWorld *self, const char *vault, const char *path);

/* What makes space, and who reads meanwhile. */
void sim_play_purge_trash (SimWorld *self);
void sim_play_purge_version (SimWorld *self);
void sim_play_maintain (SimWorld *self);
void sim_play_time (SimWorld *self);
void sim_play_limits (SimWorld *self);
void sim_play_forget (SimWorld *self);
void sim_play_reader (SimWorld *self);

/* What each vault may use and keeps. */
void sim_choose_limits (SimWorld *self, guint number);

G_END_DECLS
