/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/sign.h"
#include "multiaddr.h"

G_BEGIN_DECLS

/* Addresses that are taken from one record at most. */
#define MH_PEER_RECORD_MOST_ADDRESSES 64

/**
 * MhPeerRecord:
 *
 * Where a peer says that it can be reached (libp2p RFC 0003), signed by itself.
 */
typedef struct
{
  MhPeerId peer;
  guint64 seq;          /* the larger the newer */
  GPtrArray *addresses; /* (owned) (element-type MhMultiaddr) */
} MhPeerRecord;

/* Gives it back. */
void mh_peer_record_free (MhPeerRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPeerRecord, mh_peer_record_free)

/**
 * mh_peer_record_seal:
 * @signer: the peer
 * @seq: larger than that of every record before
 * @addresses: (element-type MhMultiaddr): where it can be reached
 *
 * Thread: any.
 * Returns: (transfer full): a signed envelope
 */
GBytes *mh_peer_record_seal (const MhSigner *signer, guint64 seq,
                             const GPtrArray *addresses) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_peer_record_open:
 * @data: an envelope from anybody
 * @size: its bytes
 *
 * Addresses that we do not understand are left out, as are those after the first
 * %MH_PEER_RECORD_MOST_ADDRESSES.
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): the record, or %NULL when it is not signed by the peer that
 *   it is about
 */
MhPeerRecord *mh_peer_record_open (const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
