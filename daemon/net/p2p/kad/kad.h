/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "kad-lookup.h"
#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/* Kademlia on a host: it answers who asks where peers are, keeps a table of those that answer it,
 * and finds peers of which nobody told us. It stores nothing for anybody. */

/* How long a peer may take to answer, with dialling it. */
#define MH_KAD_ASK_MS 5000
/* How often buckets are looked up afresh, and how long a peer may be silent before it is asked
 * whether it is still there. */
#define MH_KAD_REFRESH_MS (10 * 60 * 1000)
/* How long a stream may be open without a question. */
#define MH_KAD_IDLE_MS 60000
/* How often a peer of a full bucket is asked whether it has to make room. */
#define MH_KAD_CHALLENGE_MS 10000
/* Bytes of answers that may wait for a peer before it is asked to read them: no more of its
 * questions are taken until it has. */
#define MH_KAD_MOST_WAITING (64 * 1024)

typedef struct _MhKad MhKad;

/* Zeros stand for the defaults. */
typedef struct
{
  guint alpha;      /* questions at the same time; %MH_KAD_ALPHA */
  guint refresh_ms; /* %MH_KAD_REFRESH_MS */
} MhKadConfig;

/* The end of mh_kad_find_peer(): @error is %NULL when there is a connection to @peer, and its
 * addresses are in the host's peer store. On the loop. */
typedef void (*MhKadFound) (MhKad *self, const MhPeerId *peer, const GError *error, gpointer data);

/**
 * mh_kad_new:
 * @host: a host, which outlives its use
 * @config: (nullable): copied; %NULL for the defaults
 *
 * Serves %MH_KAD_PROTOCOL. A peer comes into the table when identify lists the protocol and it has
 * answered, and goes when it does not answer any more. The table fills and stays fresh by itself
 * once somebody is connected.
 *
 * Thread: the loop.
 * Returns: (transfer full): Kademlia on @host
 */
MhKad *mh_kad_new (MhHost *host, const MhKadConfig *config) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, after the host has been freed. */
void mh_kad_free (MhKad *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhKad, mh_kad_free)

/**
 * mh_kad_find_peer:
 * @self: Kademlia on a host
 * @peer: who
 * @timeout_ms: milliseconds
 * @found: told of the end, exactly once, perhaps before this returns
 * @data: for @found
 *
 * Asks from peer to peer where @peer is and connects to it. What others say is only believed once
 * it has led to @peer, since anybody may answer anything.
 *
 * Thread: the loop.
 * Errors: %G_IO_ERROR_NOT_FOUND when nobody has heard of it, %G_IO_ERROR_HOST_UNREACHABLE when
 *   somebody has but no address leads to it, %G_IO_ERROR_TIMED_OUT, %G_IO_ERROR_INVALID_ARGUMENT
 *   when it is us
 */
void mh_kad_find_peer (MhKad *self, const MhPeerId *peer, guint timeout_ms, MhKadFound found,
                       gpointer data);

/* Returns: (transfer none): whom we know, for everything that it can be asked. Thread: the loop. */
const MhKadTable *mh_kad_table (const MhKad *self);

/* Returns: milliseconds of the clock of this. Thread: any. */
gint64 mh_kad_now_ms (void);

G_END_DECLS
