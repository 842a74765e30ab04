/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/*
 * Direct connection upgrade through relay: two peers that meet over a relay dial each other at the
 * same moment, which opens the way through the routers in front of both.
 */
#define MH_DCUTR_PROTOCOL "/libp2p/dcutr"

/* Times that both dial before they stay with the relay (DCUtR, "The Protocol"). */
#define MH_DCUTR_MOST_TRIES 3

/* Upgrades that others may lead with us at a time. */
#define MH_DCUTR_MOST_AT_ONCE 64

typedef struct _MhDcutr MhDcutr;

/* Returns: (transfer full): DCUtR on @host, which outlives it. Thread: the loop. */
MhDcutr *mh_dcutr_new (MhHost *host) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it, after the host has been freed. */
void mh_dcutr_free (MhDcutr *self);

/* What came of it since the start. Thread: the loop. */
void mh_dcutr_counters (const MhDcutr *self, guint *direct, guint *failed);

G_END_DECLS
