/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "autonat.h"
#include "limit.h"
#include "message.h"
#include "net/p2p/host/host-private.h"

G_BEGIN_DECLS

/* What the files of this folder share. All of it belongs to the loop. */

struct _MhAutonat
{
  MhHost *host; /* (unowned) */
  MhAutonatNew request;
  MhAutonatChanged changed; /* (nullable) */
  gpointer data;

  /* as one that answers */
  MhAutonatLimit *limit; /* (owned) */
  guint asking;          /* peers that ask us now */

  /* as one that asks */
  MhAutonatVotes *votes; /* (owned) */
  MhAutonatState state;
  GHashTable *asked; /* (owned) (element-type MhPeerId gint64): when, within the last minute */
  guint under_way;   /* peers that we ask now */
  GSource *timer;    /* (owned) (nullable): of the next round */
  gint64 timer_us;   /* when it comes */
  char *addresses;   /* (owned) (nullable): ours, as they were last */
};

/* Whether an address counts. */
gboolean mh_autonat_counts (const MhAutonat *self, const MhMultiaddr *address);
/* Sends a message. */
void mh_autonat_say (MhStream *stream, const MhAutonatMessage *message);

void mh_autonat_serve (MhAutonat *self);

void mh_autonat_client_init (MhAutonat *self);
void mh_autonat_client_clear (MhAutonat *self);
/* Something has changed: asks again soon. */
void mh_autonat_client_soon (MhAutonat *self);
/* Our addresses may have changed. */
void mh_autonat_client_compare (MhAutonat *self);

G_END_DECLS
