/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/secure/secure.h"

G_BEGIN_DECLS

/* The secure channel /noise (libp2p specs noise/README.md). */
#define MH_NOISE_PROTOCOL "/noise"

/* What is put before the key of the channel when the peer signs it ("Static Key Authentication").
 */
#define MH_NOISE_PURPOSE "noise-libp2p-static-key:"

/* Bytes of a message before its end ("Wire Format"): a length in two bytes, highest first. */
#define MH_NOISE_HEADER 2
#define MH_NOISE_MAX_MESSAGE 65535

/* Bytes of plain text in one. */
#define MH_NOISE_MAX_PLAIN (MH_NOISE_MAX_MESSAGE - 16)

/* Bytes of a message of the handshake that the other side may send; js-libp2p's take about 250. */
#define MH_NOISE_MAX_HANDSHAKE 4096

/**
 * mh_noise_new:
 * @signer: the key of this peer, needed during the call only
 * @is_client: whether we dialled
 * @expected: (nullable): who the other side has to be, or %NULL for anybody
 * @muxers: (nullable): names of multiplexers, best first; %NULL-terminated, and outlives the
 *   channel. Together they take less than 2 KiB. @muxer of the channel is one of these pointers, or
 *   %NULL when either side offered none.
 *
 * Every channel has a key of its own. Noise has no word for the end: @is_ended stays %FALSE, and
 * mh_secure_close() does nothing. A side that refuses the other says nothing, either; a client is
 * open before the server has heard who it is.
 *
 * Thread: any; one at a time for a channel.
 * Returns: (transfer full): a channel
 */
MhSecure *mh_noise_new (const MhSigner *signer, gboolean is_client, const MhPeerId *expected,
                        const char *const *muxers) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
