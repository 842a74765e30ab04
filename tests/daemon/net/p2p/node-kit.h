/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"
#include "net/p2p/identify/identify.h"

/* A host with identify, for tests of what is bound to one. */
typedef struct
{
  MhSigner *signer;
  MhHost *host;
  MhIdentify *identify;
  MhPeerId id;
} MhtNode;

/* Asks on the loop whether something is so. */
typedef gboolean (*MhtQuestion) (MhHost *host, gpointer data);

/* Returns: (transfer full): a host that listens on @listen, if that is not %NULL */
MhtNode *mht_node_new (const MhSecret *key, const char *listen);
void mht_node_free (MhtNode *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhtNode, mht_node_free)

/* Tells @node where @other listens. */
void mht_node_tell (MhtNode *node, MhtNode *other);
/* Tells it and connects. */
void mht_node_connect (MhtNode *node, MhtNode *other);
/* Returns: whether it is so now */
gboolean mht_node_ask (MhtNode *node, MhtQuestion question, gpointer data);
/* Asks until it is so, and fails after half a minute. */
void mht_node_wait (MhtNode *node, MhtQuestion question, gpointer data);
/* For mht_node_wait(): whether a peer, a MhPeerId, is connected. */
gboolean mht_is_connected (MhHost *host, gpointer data);
