/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "directory.h"
#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/*
 * Connects to the nodes of the network: to those that somebody named when the network was joined,
 * and to those of the directory, until there are enough connections.
 */

/* Nodes that are dialled at a time. */
#define MH_SEEK_AT_ONCE 8

/* A node that could not be reached is tried again after this, then after twice of it, and so on. */
#define MH_SEEK_FIRST_MS 2000
#define MH_SEEK_LAST_MS 300000

typedef struct _MhSeek MhSeek;

typedef struct
{
  MhHost *host;                 /* (unowned): outlives it */
  MhDirectory *directory;       /* (unowned): outlives it */
  const char *const *bootstrap; /* multiaddresses that end on a peer id; copied */
  guint enough;                 /* connections from which on nobody else is dialled */
  /* Whether a node may be here at all. On the loop. */
  gboolean (*may) (const MhPeerId *peer, gpointer data);
  gpointer data;
} MhSeekNew;

/* Returns: (transfer full): it. Thread: the loop. */
MhSeek *mh_seek_new (const MhSeekNew *request) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, after the host has been freed. */
void mh_seek_free (MhSeek *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSeek, mh_seek_free)

/* Replaces whom it was given. Thread: the loop. */
void mh_seek_set_bootstrap (MhSeek *self, const char *const *bootstrap);

/* Somebody came: whoever waits for another try is tried at once. Thread: the loop. */
void mh_seek_wake (MhSeek *self, const MhPeerId *peer);

G_END_DECLS
