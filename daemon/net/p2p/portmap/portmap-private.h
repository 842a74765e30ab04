/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "igd-fetch.h"
#include "igd-finder.h"
#include "portmap.h"

G_BEGIN_DECLS

/* portmap.c finds routers and has the times; portmap-map.c asks them. All of the loop. */

/* What is done with the answer of the router. @address: (nullable): as it names its own */
typedef void (*MhPortmapDone) (MhPortmap *self, const char *address, const GError *error);

struct _MhPortmap
{
  MhHost *host; /* (unowned) */
  guint lease_s;
  MhPortmapChanged changed; /* (nullable) */
  gpointer data;

  /* of the loop */
  SoupSession *session;  /* (owned) (nullable) */
  MhIgdFinder *finder;   /* (owned) (nullable): looks for routers */
  GPtrArray *services;   /* (element-type MhIgdService): of routers, the first found first */
  MhIgdService *service; /* (owned) (nullable): the one that is asked */
  MhIgdFetch *call;      /* (unowned) (nullable): under way */
  const char *asked;     /* (unowned): name of the action that is under way */
  MhPortmapDone done;    /* gets the answer */
  char *local;           /* (owned) (nullable): our address that is forwarded to */
  guint16 port;          /* of ours; 0 while none is forwarded */
  guint16 router_port;   /* that is asked for */
  guint tries;
  gboolean is_permanent;   /* the router in use takes no lease that ends */
  char *router_address;    /* (owned) (nullable) */
  MhIgdService *mapped_at; /* (owned) (nullable): has a mapping of ours, as far as we know */
  MhMultiaddr *external;   /* (owned) (nullable) */
  char *error;             /* (owned) (nullable) */
  GSource *timer;          /* (owned) (nullable) */
  gint64 due_us;           /* when the router is asked again, by the monotonic clock */
  gboolean is_known;       /* the services were asked before: routers may be elsewhere by now */
  gboolean is_leaving;     /* the router is to take the mapping back */
  gboolean is_stopping;

  GMutex lock;
  GCond gone;
  gboolean is_gone; /* (locked-by lock): nothing is under way at the router any more */
};

/* -- portmap.c -- */

/* Looks for routers in the network of our way out; others are none of ours. */
void mh_portmap_search (MhPortmap *self);

/* The router is asked again, or looked for, after a part of the lease, but not within @least_ms. */
void mh_portmap_schedule (MhPortmap *self, guint least_ms);

/* Nothing is asked of a router any more. Starts anew, if there is no end. */
void mh_portmap_left (MhPortmap *self);

/* @text: (nullable): what people are told */
void mh_portmap_set_error (MhPortmap *self, const char *text);

/* Something of the state has changed. */
void mh_portmap_tell (MhPortmap *self);

/* -- portmap-map.c -- */

/* Has @service forward to us, or go on with it. */
void mh_portmap_use (MhPortmap *self, MhIgdService *service);

/* Has the router take back what it maps, which mh_portmap_left() ends. */
void mh_portmap_take_back (MhPortmap *self);

/* Nobody waits for the answer of what is under way. */
void mh_portmap_forget_call (MhPortmap *self);

/* Our address at the router is none of ours any more. */
void mh_portmap_drop_external (MhPortmap *self);

/* Keeps @service in place of what is in @at. @service: (nullable) */
void mh_portmap_set_service (MhIgdService **at, MhIgdService *service);

G_END_DECLS
