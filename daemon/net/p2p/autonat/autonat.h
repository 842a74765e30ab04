/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"
#include "votes.h"

G_BEGIN_DECLS

/*
 * AutoNAT (libp2p specs, autonat/autonat-v1): peers are asked to dial us, which shows whether
 * strangers can, and the same is done for them.
 */
#define MH_AUTONAT_PROTOCOL "/libp2p/autonat/1.0.0"

/* Peers that are asked at a time, and how often each at most. */
#define MH_AUTONAT_ASK_AT_ONCE 3
#define MH_AUTONAT_ASK_PEER_US (60 * (gint64) G_USEC_PER_SEC)

/* Peers that ask us at a time, and how long we dial for each, in milliseconds. */
#define MH_AUTONAT_MOST_ASKING 32
#define MH_AUTONAT_DIAL_MS 10000

/* What it is made of. Zeros stand for the defaults. */
typedef struct
{
  gboolean any_address; /* addresses that are not public count, too; for tests */
  guint first_ms;       /* milliseconds until peers are asked after something changed; 2,000 */
  guint again_ms;       /* until more are asked while it is not certain; 90,000 */
  guint certain_ms;     /* and when it is; 900,000 */
} MhAutonatNew;

typedef struct
{
  MhAutonatReach reach;
  guint confidence; /* 0 to %MH_AUTONAT_ENOUGH */
} MhAutonatState;

typedef struct _MhAutonat MhAutonat;

/* Whether we can be reached has changed. On the loop. */
typedef void (*MhAutonatChanged) (MhAutonat *self, gpointer data);

/**
 * mh_autonat_new:
 * @host: a host; outlives it
 * @request: (nullable): what differs from the defaults
 * @changed: (nullable): told when the reach changes
 * @data: for @changed
 *
 * Asks, and answers. A peer is dialled only at the IP address at which it is seen, never when it
 * asks over a relay, from ports that it has not sent anything to, and %MH_AUTONAT_MOST_OF_PEER
 * times in a minute at most.
 *
 * Thread: the loop.
 * Returns: (transfer full): it
 */
MhAutonat *mh_autonat_new (MhHost *host, const MhAutonatNew *request, MhAutonatChanged changed,
                           gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, after the host has been freed. */
void mh_autonat_free (MhAutonat *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhAutonat, mh_autonat_free)

/* Returns: how it stands. Thread: the loop. */
MhAutonatState mh_autonat_state (const MhAutonat *self);

G_END_DECLS
