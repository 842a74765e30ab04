/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "dirty.h"
#include "guard.h"
#include "mirror.h"
#include "pass.h"
#include "watch.h"

G_BEGIN_DECLS

/* What the files of a mirror share. */

struct _MhMirror
{
  int references; /* (atomic) */
  MhMirrorTools tools;
  gint64 id;                 /* of its row */
  char *vault_id;            /* (owned) */
  char *path;                /* (owned) */
  char *node;                /* (owned): what this machine is called */
  MhPool *pool;              /* (owned): of one thread */
  MhGuard *guard;            /* (owned): of that thread */
  gboolean knows_hour;       /* whether the guard has what was noted; of that thread */
  MhIgnore *ignore;          /* (owned) (nullable): of that thread */
  gint64 renames;            /* mh_store_renames() of the last look at everything; of that thread */
  GCancellable *cancellable; /* (owned) */
  MhWatch *watch;            /* (owned) (nullable): made once */
  guint walk_timer;          /* of the loop */

  GMutex lock;
  GCond idle;             /* no job waits or runs */
  MhMirrorStatus *status; /* (owned) (locked-by lock): its state is that of the pass */
  MhDirty *dirty;         /* (owned) (locked-by lock) */
  gboolean everything;    /* is to be looked at (locked-by lock) */
  gboolean let_in;        /* the next pass, whatever is in it (locked-by lock) */
  gboolean is_pushed;     /* a job waits or runs (locked-by lock) */
  gboolean is_ending;     /* (locked-by lock) */
  gint64 walked_us;       /* when everything was looked at last (locked-by lock) */
  gint64 not_before_us;   /* no pass until then (locked-by lock) */
  GSource *timer;         /* (owned) (nullable): of the loop (locked-by lock) */
  gint64 timer_us;        /* when it is due (locked-by lock) */
};

/* A GCopyFunc of MhLeftOut. Returns: (transfer full): the copy */
gpointer mh_mirror_copy_left_out (gconstpointer source, gpointer data);

/* Notes what becomes of changes, on the disk and here. */
gboolean mh_mirror_save_guard (MhMirror *self, MhGuardState guard, gint64 held_ms, GError **error);

/* Has on_timer() called in @delay_us at the latest. Under the lock. */
void mh_mirror_ensure_timer (MhMirror *self, gint64 delay_us);

/* Returns: microseconds until there is something to be done, -1 when there is nothing. Under the
 * lock. */
gint64 mh_mirror_wait_us (MhMirror *self, gint64 now_us);

/* Has the next pass look at everything. Thread: any, without the lock. */
void mh_mirror_look_at_all (MhMirror *self);

/* One pass. On the thread of the folder; @data: the mirror. */
void mh_mirror_job (gpointer data);

G_END_DECLS
