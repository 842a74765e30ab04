/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/multiaddr.h"

G_BEGIN_DECLS

/* libp2p specs, relay/circuit-v2: the messages of both of its protocols. */

#define MH_RELAY_HOP_PROTOCOL "/libp2p/circuit/relay/0.2.0/hop"
#define MH_RELAY_STOP_PROTOCOL "/libp2p/circuit/relay/0.2.0/stop"

/* circuit-v2, "Both protocols": messages are no longer than this. */
#define MH_RELAY_MAX_MESSAGE 4096
#define MH_RELAY_MAX_ADDRESSES 16

typedef enum
{
  MH_RELAY_RESERVE, /* hop */
  MH_RELAY_CONNECT, /* hop and stop */
  MH_RELAY_STATUS,  /* hop and stop */
} MhRelayType;

typedef enum
{
  MH_RELAY_UNUSED = 0,
  MH_RELAY_OK = 100,
  MH_RELAY_REFUSED = 200,
  MH_RELAY_LIMIT = 201,
  MH_RELAY_DENIED = 202,
  MH_RELAY_FAILED = 203,
  MH_RELAY_NO_RESERVATION = 204,
  MH_RELAY_MALFORMED = 400,
  MH_RELAY_UNEXPECTED = 401,
} MhRelayCode;

/* A message of either protocol. */
typedef struct
{
  MhRelayType type;
  gboolean has_peer;
  MhPeerId peer;
  guint64 status;       /* %MH_RELAY_UNUSED when there is none */
  guint64 expire_s;     /* of a reservation: Unix seconds; 0 when there is none */
  GPtrArray *addresses; /* (owned) (element-type MhMultiaddr): of a reservation */
  GBytes *voucher;      /* (owned) (nullable): of a reservation */
  guint64 limit_s;      /* seconds that a connection may last, 0: without end */
  guint64 limit_bytes;  /* bytes in each direction, 0: without end */
} MhRelayMessage;

/* Returns: (transfer full): a message without anything */
MhRelayMessage *mh_relay_message_new (MhRelayType type) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_relay_message_free (MhRelayMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhRelayMessage, mh_relay_message_free)

/* Returns: (transfer full): the bytes, in the numbering of the hop protocol or of the stop protocol
 */
GBytes *
mh_relay_message_encode (const MhRelayMessage *self, gboolean is_stop) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_relay_message_decode:
 * @data: a message from anybody
 * @size: its bytes
 * @is_stop: which protocol it is of
 *
 * Returns: (transfer full) (nullable): the message, or %NULL when it is none
 */
MhRelayMessage *mh_relay_message_decode (const guint8 *data, gsize size,
                                         gboolean is_stop) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
