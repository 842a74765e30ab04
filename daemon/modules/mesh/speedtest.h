/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh-store.h"
#include "swarm.h"

G_BEGIN_DECLS

/* Round trips that are measured, and seconds and bytes that a direction may take. */
#define MH_SPEEDTEST_PINGS 5
#define MH_SPEEDTEST_S 2
#define MH_SPEEDTEST_FIRST_BYTES (1024 * 1024)
#define MH_SPEEDTEST_MOST_BYTES (256 * 1024 * 1024)

/**
 * mh_speedtest_run:
 * @swarm: a network
 * @peer: a node in it
 * @result: (out): without its time
 * @error: return location
 *
 * A few pings, a small transfer each way, and one each way that takes about %MH_SPEEDTEST_S at the
 * rate of the first.
 *
 * Thread: a worker. Takes some seconds, a minute at most.
 * Errors: %MH_ERROR_UNAVAILABLE when the node cannot be reached, or is lost
 * Returns: %FALSE with @error set
 */
gboolean mh_speedtest_run (MhSwarm *swarm, const MhPeerId *peer, MhSpeedtest *result,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
