/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"
#include "sync-wire.h"

G_BEGIN_DECLS

/* How long the other side may take for the next piece of an answer, in milliseconds. */
#define MH_SYNC_TIMEOUT_MS 10000
#define MH_SYNC_OPEN_MS 5000

/*
 * A conversation of this machine with another one about a vault, in which we ask. For one worker
 * at a time. All errors but where it is said: %MH_ERROR_UNAVAILABLE when the other is gone or too
 * slow, %MH_ERROR_FORBIDDEN when it has not the key, %MH_ERROR_CORRUPT when it answers nonsense.
 */
typedef struct _MhSyncSession MhSyncSession;

/**
 * mh_sync_session_open:
 * @host: the host
 * @store: has the key of the vault
 * @peer: who is to be asked; has to be connected
 * @vault_id: about what
 * @cancellable: ends the conversation from another thread
 * @error: return location
 *
 * Both show that they have the key of the vault.
 *
 * Thread: a worker. Waits.
 * Returns: (transfer full): a conversation, or %NULL with @error set
 */
MhSyncSession *mh_sync_session_open (MhHost *host, MhStore *store, const MhPeerId *peer,
                                     const char *vault_id, GCancellable *cancellable,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same with a machine that need not have the key: about sealed blocks, and without a proof of
 * either side. @store is not needed. */
MhSyncSession *mh_sync_session_open_hold (MhHost *host, const MhPeerId *peer, const char *vault_id,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* From now on, somebody waits for what is asked: it goes before what is not urgent. */
void mh_sync_session_hurry (MhSyncSession *self);

/* Whether the other machine may give blocks as its disk has them. When what comes is wrong it is
 * not known who has made it so: it is to be asked once more without this. */
void mh_sync_session_set_unchecked (MhSyncSession *self, gboolean is_unchecked);

/* Writes a question or an answer. For a worker. Returns: %FALSE with @error set */
gboolean mh_sync_put (MhStream *stream, const MhSyncMessage *message,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For g_cancellable_connect(): breaks @stream, so that who waits for it goes on. */
void mh_sync_break (GCancellable *cancellable, MhStream *stream);

/* Ends it. */
void mh_sync_session_free (MhSyncSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncSession, mh_sync_session_free)

/* Fills @answer, which is to be cleared, with the answer to @question. Returns: %FALSE with @error
 * set
 */
gboolean mh_sync_session_ask (MhSyncSession *self, const MhSyncMessage *question,
                              MhSyncMessage *answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: bytes of all messages until now, both ways */
guint64 mh_sync_session_bytes (const MhSyncSession *self);

/* Takes what came for @id; whether it is that is not known. Returns: %FALSE with @error set to end
 * it */
typedef gboolean (*MhSyncTake) (const guint8 *id, GBytes *block, gpointer data, GError **error);

/* Asks for each of @ids, 32 bytes each, and gives what comes to @take, while the next are on their
 * way. Returns: %FALSE with @error set */
gboolean mh_sync_session_each_block (MhSyncSession *self, GBytes *ids, MhSyncTake take,
                                     gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
