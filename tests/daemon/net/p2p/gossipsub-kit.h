/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/gossipsub/gossipsub.h"

/*
 * Plays scripts to one member. Peers are called A to Z and have the keys of that byte, M is the
 * member itself; the message A5 is the one of A with sequence number 5. An RPC is text, its parts
 * apart by " | ":
 *
 *   +t  -t                 subscriptions
 *   msg t A5 some words    a message; "forged" instead of "msg" has a bad signature
 *   ihave t A5,B7          and in the form of the specification: ihave/from
 *   iwant A5,B7   dont A5  the same with iwant/from and dont/from
 *   graft t   prune t 60   prune t 60 B,C
 *
 * The steps of a script:
 *
 *   add A out 1.1 10.0.0.1 a peer: "out" or "in", version and address (or "-")
 *   del A   direct A
 *   join t   leave t   publish t some words
 *   A: RPC                 from A
 *   wait 1000              milliseconds go by, with ticks
 *   = A: RPC; B: RPC       what was sent since the last time, peer by peer
 *   ! t A5 some words; …   what was given to the application since then
 *   ~                      forgets both
 */
typedef struct
{
  MhGossipsub *gossip;
  MhSigner *signers[26];
  MhPeerId ids[26];
  gint64 now_ms;
  gint64 next_ms;
  GString *sent[26];
  GString *told;
  GPtrArray *rpcs; /* (element-type GBytes): as they were sent */
  GString *hints;  /* lanes of what was sent, one letter each */
  GString *exchanged;
  GString *wanted;  /* by connect() */
  GString *members; /* by member() */
  guint validated;
  gboolean gives_records;
  MhGossipsubVerdict verdict;
} Kit;

Kit *kit_new (const MhGossipsubConfig *config);
void kit_free (Kit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Kit, kit_free)

/* One step, or several up to a NULL. */
void kit_step (Kit *self, const char *step);
void kit_play (Kit *self, const char *const *script);

double kit_score (Kit *self, char peer);
/* What a message of @author has for an id. */
MhGossipsubId kit_id (Kit *self, char author, guint64 seqno);
/* Feeds bytes from @peer; returns whether they were taken for an RPC. */
gboolean kit_feed (Kit *self, char peer, GBytes *rpc);
/* Text to RPC and back. */
GBytes *kit_rpc (Kit *self, const char *text);
char *kit_describe (Kit *self, GBytes *rpc);
MhSigner *kit_signer (guint8 byte);
