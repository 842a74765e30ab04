/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/sign.h"
#include "peer-id.h"

G_BEGIN_DECLS

/* libp2p RFC 0002, signed envelopes: a payload with the key that signed it. */

/* What an envelope is for; its signature counts for nothing else. */
typedef struct
{
  const char *domain;
  guint8 type[2]; /* multicodec of the payload, as a varint */
} MhEnvelopeKind;

/* libp2p RFC 0003 (0x0301), and circuit relay v2 (0x0302). */
extern const MhEnvelopeKind mh_envelope_peer_record;
extern const MhEnvelopeKind mh_envelope_relay_voucher;

/**
 * mh_envelope_seal:
 * @signer: who signs
 * @kind: what for
 * @payload: what is signed
 *
 * Thread: any.
 * Returns: (transfer full): the envelope
 */
GBytes *mh_envelope_seal (const MhSigner *signer, const MhEnvelopeKind *kind,
                          const GByteArray *payload) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_envelope_open:
 * @kind: what it has to be for
 * @data: an envelope from anybody
 * @size: its bytes
 * @signer: (out): who signed it
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): the payload, or %NULL when it is none, of another kind, or
 *   not signed by the key in it
 */
GBytes *mh_envelope_open (const MhEnvelopeKind *kind, const guint8 *data, gsize size,
                          MhPeerId *signer) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
