/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/multiaddr.h"

G_BEGIN_DECLS

/* libp2p specs, relay/DCUtR: the one message of the protocol. */

#define MH_DCUTR_MAX_MESSAGE 4096
#define MH_DCUTR_MAX_ADDRESSES 16

typedef enum
{
  MH_DCUTR_CONNECT = 100,
  MH_DCUTR_SYNC = 300,
} MhDcutrType;

/* Returns: (transfer full): a message with @addresses (nullable) (element-type MhMultiaddr) */
GBytes *
mh_dcutr_message_encode (MhDcutrType type, const GPtrArray *addresses) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_dcutr_message_decode:
 * @data: a message from anybody
 * @size: its bytes
 * @type: (out): its type
 *
 * Returns: (transfer full) (nullable) (element-type MhMultiaddr): the addresses in it that we
 *   understand, without relays; %NULL when it is no message
 */
GPtrArray *mh_dcutr_message_decode (const guint8 *data, gsize size,
                                    MhDcutrType *type) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
