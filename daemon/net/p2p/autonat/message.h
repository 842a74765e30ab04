/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/multiaddr.h"

G_BEGIN_DECLS

/* libp2p specs, autonat/autonat-v1: the one message of the protocol. */

#define MH_AUTONAT_MAX_MESSAGE 8192
#define MH_AUTONAT_MAX_ADDRESSES 16
#define MH_AUTONAT_MAX_TEXT 256 /* bytes of a text that are kept */

typedef enum
{
  MH_AUTONAT_DIAL = 0,
  MH_AUTONAT_RESPONSE = 1,
} MhAutonatType;

typedef enum
{
  MH_AUTONAT_OK = 0,
  MH_AUTONAT_DIAL_ERROR = 100,
  MH_AUTONAT_DIAL_REFUSED = 101,
  MH_AUTONAT_BAD_REQUEST = 200,
  MH_AUTONAT_INTERNAL_ERROR = 300,
} MhAutonatStatus;

typedef struct
{
  MhAutonatType type;
  gboolean has_peer; /* of a dial: who asks */
  MhPeerId peer;
  GPtrArray *addresses; /* (owned) (element-type MhMultiaddr): of a dial, without peer ids */
  guint64 status;       /* of a response; may be one that we do not know */
  char *text;           /* (owned) (nullable): of a response, for people */
  MhMultiaddr *address; /* (owned) (nullable): of a response: what led to the peer */
} MhAutonatMessage;

/* Returns: (transfer full): an empty one */
MhAutonatMessage *mh_autonat_message_new (MhAutonatType type) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_autonat_message_free (MhAutonatMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhAutonatMessage, mh_autonat_message_free)

/* Returns: (transfer full): the message as bytes, of the first %MH_AUTONAT_MAX_ADDRESSES addresses
 */
GBytes *mh_autonat_message_encode (const MhAutonatMessage *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_autonat_message_decode:
 * @data: a message from anybody
 * @size: its bytes
 *
 * Addresses that we do not understand, and those over relays, are left out.
 *
 * Returns: (transfer full) (nullable): the message; %NULL when it is none, or says less than its
 *   type needs
 */
MhAutonatMessage *
mh_autonat_message_decode (const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
