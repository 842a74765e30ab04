/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "storage-backup.h"
#include "storage-store.h"
#include "storage.h"

G_BEGIN_DECLS

/* Starts the service; a scrub that was under way goes on. See MhModule. */
gpointer mh_storage_start (MhCore *core, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stops it. See MhModule. */
void mh_storage_stop (gpointer service);

/* Begins a pass unless one is under way. Thread: a worker. */
void mh_storage_begin (MhStorage *self);

/* Stops the pass under way, if any, and waits for that. Thread: a worker. */
void mh_storage_end (MhStorage *self);

/* Makes a backup. See mh_backups_make(). */
MhBackups *
mh_storage_make_backup (MhStorage *self, gint64 *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes everything as an object. Thread: a worker. Returns: %FALSE with @error set */
gboolean
mh_storage_to_json (MhStorage *self, MhJson *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
