/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  MESH_VERBOSE = 1 << 0,  /* prints each step */
  MESH_END_ONLY = 1 << 1, /* compares machines in the end alone, as if nobody saw what they do */
  /* to be found out: */
  MESH_STALE = 1 << 2, /* a machine that lost its disk believes its marks */
  MESH_DROPS = 1 << 3, /* a machine without the key gives up all that it keeps */
} MeshFlags;

/* What a history is to have had for it to say something about it. */
typedef enum
{
  MESH_EVENT_TAKEN,      /* versions by a round */
  MESH_EVENT_BLOCKS,     /* blocks by a round */
  MESH_EVENT_NOT_WANTED, /* blocks left to others by the rule of copies */
  MESH_EVENT_CONFLICT,   /* one file was changed on two machines */
  MESH_EVENT_RESOLVED,
  MESH_EVENT_NOT_HIDDEN,  /* a file was deleted on one and changed on another */
  MESH_EVENT_CLASH,       /* two files of one name */
  MESH_EVENT_BROKEN,      /* a conversation broke */
  MESH_EVENT_PARTED,      /* two machines could not reach each other */
  MESH_EVENT_DIED,        /* a disk died in the middle of a call */
  MESH_EVENT_DIED_TAKING, /* of who asked, in a round */
  MESH_EVENT_DIED_GIVING, /* of who answered, in a round */
  MESH_EVENT_POWER_CUT,
  MESH_EVENT_INDEX_LOST,
  MESH_EVENT_DISK_LOST,
  MESH_EVENT_IDENTITY_LOST, /* with the disk */
  MESH_EVENT_ALL_LOST,      /* something that only one machine had was on a disk that was lost */
  MESH_EVENT_AWAY_LONG,     /* a machine did not count for the copies any more */
  MESH_EVENT_READ_THROUGH,  /* a file was read from another machine */
  MESH_EVENT_LIED,          /* a block with a wrong bit was given */
  MESH_EVENT_EVICTED,       /* a block was given up, as others have it */
  MESH_EVENT_REPAIRED,      /* a block was taken by an audit */
  MESH_EVENT_FORGOTTEN,     /* versions were removed */
  MESH_EVENT_PURGED,        /* a version was purged, and who did it knows that in the end */
  MESH_EVENT_PINNED,        /* a machine keeps all blocks */
  MESH_EVENT_UNRELIABLE,    /* a machine keeps none but its own */
  MESH_EVENT_FULL,          /* something may have failed for want of room */
  MESH_EVENT_KEPT,          /* a machine without the key keeps a block */
  MESH_EVENT_DROPPED,       /* and gives it up */
  MESH_EVENT_STOPPED,       /* and is told to keep nothing */
  MESH_EVENT_BROUGHT_BACK,  /* what it alone had left is on a machine with the key again */
  MESH_EVENT_SPILLED,       /* a machine without the key keeps what another one has no room for */
  MESH_EVENT_WALKED,        /* versions were found to be missing by a walk */
  MESH_EVENT_WALKED_SAME,   /* a walk found in one question that nothing is */
  MESH_EVENTS
} MeshEvent;

extern const char *const mesh_event_names[MESH_EVENTS];

typedef struct
{
  char *violation; /* (owned) (nullable): %NULL when every promise was kept */
  char *log;       /* (owned): the steps */
  guint steps;
  guint rounds;
  guint64 messages;
  guint64 events; /* bits of MeshEvent */
} MeshResult;

/* Once a process. */
void mesh_history_init (void);

/* Plays the history of a seed. */
MeshResult *mesh_history_run (guint64 seed, MeshFlags flags);
void mesh_result_free (MeshResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MeshResult, mesh_result_free)

G_END_DECLS
