/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-keep.h"

G_BEGIN_DECLS

/* Conversations at a time in which others ask: all, and those of one machine. More of it wait for
 * their turn, so that nobody keeps the others waiting; still more are refused. */
#define MH_SYNC_SERVERS 16
#define MH_SYNC_SERVERS_EACH 6
#define MH_SYNC_WAITING_EACH 64

/* Answers other machines. */
typedef struct _MhSyncListen MhSyncListen;

/* A machine has shown that it has the key of a vault. On a worker. */
typedef void (*MhSyncProved) (const char *vault_id, const MhPeerId *peer, gpointer data);

/* Returns: (transfer full): one that asks @sync and @keep, which outlive it; @data: for @proved */
MhSyncListen *mh_sync_listen_new (MhSync *sync, MhSyncKeep *keep, MhSyncProved proved,
                                  gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for what is under way, which has been told to end. */
void mh_sync_listen_free (MhSyncListen *self);

/* Listens, or not. Thread: any but the loop of the host. */
void mh_sync_listen_start (MhSyncListen *self, MhHost *host);
void mh_sync_listen_stop (MhSyncListen *self, MhHost *host);

G_END_DECLS
