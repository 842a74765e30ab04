/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "net/p2p/dcutr/dcutr.h"
#include "net/p2p/host/host.h"
#include "net/p2p/identify/identify.h"
#include "net/p2p/pnet/pnet.h"
#include "net/p2p/pnet/swarm-key.h"
#include "net/p2p/pubsub/pubsub.h"
#include "net/p2p/relay/relay.h"

/* Hosts in this process, and what tests ask of them. */

#define MHT_ECHO "/echo/1.0.0"
#define MHT_TIMEOUT_MS 10000

extern const char *const mht_echo_names[];

/* A host with what the tests need, each on a loop of its own. */
typedef struct
{
  MhSigner *signer;
  MhHost *host;
  MhIdentify *identify;
  MhRelay *relay;
  MhRelayClient *client;
  MhPubsub *pubsub; /* (nullable): freed with the rest */
  MhDcutr *dcutr;   /* (nullable): the same */
  MhPeerId id;
} MhtNode;

/* What is waited for: a call that is made on the loop. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean is_done; /* (locked-by lock) */
  GError *error;
  gint64 number;
} MhtWait;

void mht_wait_init (MhtWait *self);
/* Copies @error. */
void mht_wait_done (MhtWait *self, const GError *error);
/* Waits, half a minute at most. */
void mht_wait_for (MhtWait *self);

/* Asked on the loop. */
typedef gboolean (*MhtQuestion) (MhHost *host, gpointer data);

gboolean mht_is_so (MhtNode *node, MhtQuestion question, gpointer data);
/* Asks until it is so, half a minute at most. */
void mht_wait_until (MhtNode *node, MhtQuestion question, gpointer data);

/* Questions, about a peer that @data points to. */
gboolean mht_is_connected (MhHost *host, gpointer data);
gboolean mht_is_gone (MhHost *host, gpointer data);
gboolean mht_speaks_echo (MhHost *host, gpointer data);

/* @listen may be %NULL: a node that nobody can dial. */
MhtNode *mht_node_new (const MhSecret *key, MhSecurity security, const char *listen);
/* As @request says, but for the signer, which is a new one. */
MhtNode *mht_node_new_with (const MhHostNew *request, const char *listen);
void mht_node_free (MhtNode *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhtNode, mht_node_free)

void mht_listen_on (MhtNode *self, const char *text);
/* Returns: (transfer full): where a node listens, with its id */
MhMultiaddr *mht_address_of (MhtNode *node);
/* Returns: (transfer full) (nullable): why there is no connection */
GError *mht_connect_to (MhtNode *from, MhMultiaddr *address);
void mht_assert_connects (MhtNode *from, MhtNode *to);
/* Tells @node where @other listens. */
void mht_node_tell (MhtNode *node, MhtNode *other);
/* Tells it, and dials until both are connected. */
void mht_node_connect (MhtNode *node, MhtNode *other);
/* Returns: (transfer full): a plain connection to where a node listens */
GSocketConnection *mht_plain_connection (MhtNode *node);

void mht_fill (guint8 *data, gsize size, guint64 seed);
/* Sends @size bytes to the echo of @to and compares what comes back. */
void mht_echo_through (MhtNode *from, const MhPeerId *to, gsize size, guint64 seed);

/* Returns: descriptors that this process has open */
guint mht_count_descriptors (void);
MhHostRefusals mht_refusals (MhtNode *node);
