/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/buf.h"

G_BEGIN_DECLS

/* multistream-select 1.0: two sides agree on a protocol by name. */

/* Names are as long as this at most; the line end comes on top. */
#define MH_MULTISTREAM_MAX_NAME 256

/* Proposals that a listener answers before it gives up. */
#define MH_MULTISTREAM_MAX_TRIES 64

typedef enum
{
  MH_MULTISTREAM_MORE,   /* bytes are missing */
  MH_MULTISTREAM_AGREED, /* see mh_multistream_protocol() */
  MH_MULTISTREAM_NONE,   /* there is none that both speak */
  MH_MULTISTREAM_BROKEN, /* the other side does not follow the protocol */
} MhMultistreamState;

/**
 * MhMultistreamAccept:
 *
 * Whether a listener speaks @protocol.
 */
typedef gboolean (*MhMultistreamAccept) (const char *protocol, gpointer data);

/**
 * MhMultistream:
 *
 * One negotiation. It takes bytes from a buffer and puts bytes into another; what follows the
 * negotiation stays where it is.
 */
typedef struct _MhMultistream MhMultistream;

/**
 * mh_multistream_dial:
 * @protocols: names that we speak, best first; %NULL-terminated, and outlives the negotiation
 * @out: where what is to be sent goes
 *
 * Proposes the first at once, without waiting for the other side's header.
 *
 * Returns: (transfer full): the negotiation of the side that proposes
 */
MhMultistream *
mh_multistream_dial (const char *const *protocols, MhBuf *out) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_multistream_listen:
 * @accept: which protocols we speak
 * @data: for @accept
 * @out: where what is to be sent goes
 *
 * Returns: (transfer full): the negotiation of the side that is proposed to
 */
MhMultistream *mh_multistream_listen (MhMultistreamAccept accept, gpointer data,
                                      MhBuf *out) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_multistream_free (MhMultistream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhMultistream, mh_multistream_free)

/**
 * mh_multistream_feed:
 * @self: a negotiation
 * @in: bytes that came in; those of the negotiation are consumed
 * @out: where what is to be sent goes
 *
 * Returns: how it stands
 */
MhMultistreamState
mh_multistream_feed (MhMultistream *self, MhBuf *in, MhBuf *out) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none) (nullable): the name that both agreed on */
const char *mh_multistream_protocol (const MhMultistream *self);

G_END_DECLS
