/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SIM_VERBOSE = 1 << 0, /* prints each step */
  SIM_LYING = 1 << 1,   /* the disk does not make anything durable: a violation is to be found */
} SimFlags;

/* What a history is to have had for it to say something about it. */
typedef enum
{
  SIM_EVENT_TRASH_PURGED,   /* all of a vault */
  SIM_EVENT_FILE_PURGED,    /* a deleted one */
  SIM_EVENT_VERSION_PURGED, /* one content of a file */
  SIM_EVENT_HISTORY_RETIRED,
  SIM_EVENT_TRASH_RETIRED,
  SIM_EVENT_VAULT_DELETED,
  SIM_EVENT_VAULT_EMPTIED,   /* deleted, and made again under its id */
  SIM_EVENT_OVER_QUOTA,      /* a file was refused */
  SIM_EVENT_SPACE_FREED,     /* holes in segments */
  SIM_EVENT_RECORDS_MOVED,   /* to another segment */
  SIM_EVENT_SEGMENT_REMOVED, /* with nothing in it */
  SIM_EVENT_REMOVAL_FAILED,
  SIM_EVENT_REMOVAL_CUT, /* the disk died during it */
  SIM_EVENT_CAME_BACK,   /* what a failed removal took is found by a new index */
  SIM_EVENT_REBUILT,     /* an index is made anew after a removal */
  SIM_EVENT_OVERTAKEN,   /* what an upload has found is purged before it ends */
  SIM_EVENT_READ_ON,     /* a reader goes on after a removal */
  SIM_EVENTS
} SimEvent;

extern const char *const sim_event_names[SIM_EVENTS];

typedef struct
{
  char *violation;    /* (owned) (nullable): %NULL when every promise was kept */
  char *log;          /* (owned): the steps */
  guint64 hash;       /* of the steps and the disk */
  guint64 operations; /* of the disk */
  guint steps;
  guint crashes;
  guint32 events; /* bits of SimEvent */
} SimResult;

/* Once a process. */
void sim_history_init (void);

/* Plays the history of a seed against a store and a model. */
SimResult *sim_history_run (guint64 seed, SimFlags flags);
void sim_result_free (SimResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimResult, sim_result_free)

G_END_DECLS
