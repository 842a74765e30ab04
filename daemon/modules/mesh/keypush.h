/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/secret.h"
#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/*
 * A new swarm key for everybody who is connected. Whoever gets it hands it on to its own peers, and
 * says that it has it when they do. When all have it, who made it says so, that is handed on as
 * well, and all change over. Nodes that are absent do not get it: they need an invitation, as the
 * point of a new key is that those who have only the old one stay outside.
 *
 * The messages are signed by the node that made the key, so that all can tell who it was.
 *
 * Where several make a key in the same moment, all take the least of them (an election by echo and
 * extinction: E. J. H. Chang, Echo algorithms, 1982): a node that is offered another one answers
 * with the message that it has, so that no other maker ever hears that all have its key.
 */

#define MH_KEYPUSH_PROTOCOL "/mh/keypush/1"

/* How long a peer may take to say that it has the key. */
#define MH_KEYPUSH_TIMEOUT_MS 10000

typedef struct _MhKeypush MhKeypush;

/* What came of it for one peer. */
typedef struct
{
  MhPeerId peer;
  gboolean has_it;
  char *error; /* (owned) (nullable): why not, for people */
} MhKeypushResult;

/* Frees it. */
void mh_keypush_result_free (MhKeypushResult *self);

/* The end of it: (element-type MhKeypushResult), or %NULL when another node has made a key in the
 * same moment, which is taken instead. On the loop. */
typedef void (*MhKeypushDone) (GPtrArray *results, gpointer data);

typedef struct
{
  MhHost *host;           /* (unowned): outlives it */
  const char *network_id; /* of the key that is in use; copied */
  /* A key came, and has been handed on. @key: (transfer none). On the loop. */
  void (*arrived) (const MhSecret *key, const MhPeerId *by, gpointer data);
  gpointer data;
} MhKeypushNew;

/* Returns: (transfer full): it. Thread: the loop. */
MhKeypush *mh_keypush_new (const MhKeypushNew *request) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, after the host has been freed. */
void mh_keypush_free (MhKeypush *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhKeypush, mh_keypush_free)

/**
 * mh_keypush_send:
 * @self: it
 * @key: the new key
 * @done: told of the end, exactly once
 * @data: for @done
 *
 * Thread: the loop.
 */
void mh_keypush_send (MhKeypush *self, const MhSecret *key, MhKeypushDone done, gpointer data);

G_END_DECLS
