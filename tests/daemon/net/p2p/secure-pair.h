/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/p2p/secure/secure.h"

/* Two ends of a secure channel in memory, and a wire between them that cuts anywhere. */

/* One end, and everything that is on its side. */
typedef struct
{
  MhSecure *channel; /* (owned) (nullable) */
  MhBuf wire;        /* what it sent and the other did not get yet */
  MhBuf in;          /* what it got and did not take yet */
  MhBuf plain;
  GError *error; /* (owned) (nullable): why it failed */
  gsize sent;    /* bytes */
} MhtEnd;

typedef struct
{
  MhtEnd client;
  MhtEnd server;
  GRand *rand;      /* (owned) */
  int most;         /* bytes that come at once */
  gsize lose_after; /* bytes of the client that arrive, the rest is lost */
} MhtPair;

/* Makes a pair of two channels, which it takes. */
MhtPair *mht_pair_new (MhSecure *client, MhSecure *server);
void mht_pair_free (MhtPair *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhtPair, mht_pair_free)

/* Starts both ends, and moves bytes until there are none. */
void mht_pair_start (MhtPair *self);
void mht_pair_run (MhtPair *self);

/* Lets @from take what is in its @in. */
void mht_end_feed (MhtEnd *self);

/* Gives everything of it back. */
void mht_end_clear (MhtEnd *self);

/* Asserts that both are open, and know each other. */
void mht_pair_assert_open (MhtPair *self, const MhPeerId *client, const MhPeerId *server);

/* Sends @size random bytes in random pieces each way and asserts that they arrive. */
void mht_pair_exchange (MhtPair *self, gsize size);

/* Returns: a key pair and the id of its owner */
MhSigner *mht_signer_new (guint8 number, MhPeerId *id);
