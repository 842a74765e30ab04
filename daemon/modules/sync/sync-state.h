/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-pull.h"
#include "sync-service.h"

G_BEGIN_DECLS

/* How vaults stand. Thread: any. */
typedef struct _MhSyncStates MhSyncStates;

/* Returns: (transfer full): nothing has happened yet */
MhSyncStates *mh_sync_states_new (void) G_GNUC_WARN_UNUSED_RESULT;
void mh_sync_states_free (MhSyncStates *self);

/* Returns: (transfer full): how a vault stands, but for its copies */
MhSyncState *
mh_sync_states_get (MhSyncStates *self, const char *vault_id) G_GNUC_WARN_UNUSED_RESULT;

/* So many more conversations wait for their turn, or fewer. */
void mh_sync_states_wait (MhSyncStates *self, const char *vault_id, int more);

/* A conversation begins. */
void mh_sync_states_begin (MhSyncStates *self, const char *vault_id);

/* And ends; @error: (nullable): why it did not do what it should. Returns: whether people may want
 * to know */
gboolean
mh_sync_states_end (MhSyncStates *self, const MhSyncPull *pull, const GError *error, gint64 now_ms);

/* The vault is gone. */
void mh_sync_states_forget (MhSyncStates *self, const char *vault_id);

/* Tells everybody that a vault has another policy now, because another machine said so. Thread:
 * any.
 */
void mh_sync_tell_changed (MhSync *self, const char *vault_id);

/* Tells the page, and whoever else listens, of files that changed without anybody here doing it.
 * Thread: any. */
void mh_sync_tell_files (MhSync *self, const MhSyncPull *pull);

G_END_DECLS
