/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/* libp2p specs, identify: who a peer is, what it speaks, where it can be reached. */

#define MH_IDENTIFY_PROTOCOL "/ipfs/id/1.0.0"
#define MH_IDENTIFY_PUSH_PROTOCOL "/ipfs/id/push/1.0.0"

/* Bytes of the longest message, which may come in parts (as go-libp2p has it: 8 KiB each). */
#define MH_IDENTIFY_MAX (64 * 1024)
#define MH_IDENTIFY_MAX_PROTOCOLS 512
#define MH_IDENTIFY_MAX_NAME 256

/* What a peer says of itself. All but @public_key may be missing. */
typedef struct
{
  GBytes *public_key;     /* (owned) (nullable): PublicKey message */
  GPtrArray *addresses;   /* (owned) (element-type MhMultiaddr): where it listens */
  MhMultiaddr *observed;  /* (owned) (nullable): where it sees us */
  GPtrArray *protocols;   /* (owned) (element-type utf8) */
  char *agent;            /* (owned) (nullable) */
  char *protocol_version; /* (owned) (nullable) */
  GBytes *record;         /* (owned) (nullable): signed peer record */
} MhIdentifyMessage;

/* Returns: (transfer full): an empty one */
MhIdentifyMessage *mh_identify_message_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_identify_message_free (MhIdentifyMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhIdentifyMessage, mh_identify_message_free)

/* Returns: (transfer full): the message as bytes */
GBytes *mh_identify_message_encode (const MhIdentifyMessage *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_identify_message_merge:
 * @self: what is known
 * @data: a message from anybody, or a part of one
 * @size: its bytes
 *
 * Lists are added to, everything else is replaced by what the message has.
 *
 * Returns: %FALSE when it is no message, or has more than the limits allow
 */
gboolean mh_identify_message_merge (MhIdentifyMessage *self, const guint8 *data,
                                    gsize size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * MhIdentify:
 *
 * Asks every peer that connects, answers, and tells the others when we change.
 */
typedef struct _MhIdentify MhIdentify;

/* Returns: (transfer full): identify on @host, which outlives it. Thread: the loop. */
MhIdentify *mh_identify_new (MhHost *host) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it, after the host has been freed. */
void mh_identify_free (MhIdentify *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhIdentify, mh_identify_free)

G_END_DECLS
