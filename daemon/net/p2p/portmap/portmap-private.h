/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "portmap.h"

G_BEGIN_DECLS

/* portmap.c knows what is to be mapped and when; portmap-child.c has a program ask for it. All of
 * the loop. */

/**
 * MhPortmapChild:
 *
 * The program that asks routers, while it runs. Shared by reference.
 */
typedef struct _MhPortmapChild MhPortmapChild;

typedef enum
{
  MH_PORTMAP_LEFT,    /* it was told to */
  MH_PORTMAP_GAVE_UP, /* no router forwards */
  MH_PORTMAP_BROKE,   /* it should not have */
} MhPortmapEnd;

typedef struct
{
  /* a router forwards to us. @address: of IPv4 */
  void (*mapped) (MhPortmap *self, const char *address, guint16 port);
  /* it does not. @text: (nullable): for people */
  void (*failed) (MhPortmap *self, const char *text);
  /* it has ended. Nothing comes after that */
  void (*ended) (MhPortmap *self, MhPortmapEnd how);
} MhPortmapChildEvents;

struct _MhPortmap
{
  MhHost *host;  /* (unowned) */
  char *program; /* (owned) */
  guint lease_s;
  guint period_s;           /* between two questions to a router that forwards */
  guint pause_ms;           /* where none does */
  MhPortmapChanged changed; /* (nullable) */
  gpointer data;

  /* of the loop */
  MhPortmapChild *child; /* (owned) (nullable) */
  char *local;           /* (owned) (nullable): our address that is forwarded to */
  guint16 port;          /* of ours; 0 while none is forwarded */
  MhMultiaddr *external; /* (owned) (nullable) */
  char *error;           /* (owned) (nullable) */
  GSource *timer;        /* (owned) (nullable) */
  gint64 due_us;         /* when a router is looked for again, by the monotonic clock */
  gint64 mapped_us;      /* since when one forwards for this program, 0 when none does */
  guint broken;          /* how often the program broke in a row */
  gboolean is_stopping;

  GMutex lock;
  GCond gone;
  gboolean is_gone; /* (locked-by lock): no program of ours runs any more */
};

/* Starts the program for what @self has. Errors: those of GSubprocess. Returns: (transfer full) */
MhPortmapChild *mh_portmap_child_new (MhPortmap *self, const MhPortmapChildEvents *events,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_portmap_child_unref (MhPortmapChild *self);

/* Has it take back what is mapped, and end; it is killed after %MH_PORTMAP_REMOVE_MS. */
void mh_portmap_child_leave (MhPortmapChild *self);

G_END_DECLS
