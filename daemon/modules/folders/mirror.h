/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/core.h"
#include "folders-store.h"
#include "modules/store/store.h"
#include "modules/vaults/vaults.h"
#include "walk.h"

G_BEGIN_DECLS

/*
 * One folder and its vault: hears what changes on both sides, waits until it has settled, and has
 * one worker that makes them the same.
 */
typedef struct _MhMirror MhMirror;

typedef enum
{
  MH_MIRROR_IDLE,
  MH_MIRROR_RUNNING,
  MH_MIRROR_PAUSED,
  MH_MIRROR_HELD,        /* changes of the folder wait; those of the vault go on */
  MH_MIRROR_UNAVAILABLE, /* the folder or the vault is not there: nothing is done */
} MhMirrorState;

/* Changes that are held. */
typedef struct
{
  gint64 since_ms;
  guint changed; /* files */
  guint deleted;
  guint created;
  guint moved;
  GPtrArray *samples; /* (owned) (element-type utf8): some of those that were changed or deleted */
} MhHeld;

/* How a mirror is. To be freed. */
typedef struct
{
  MhFolderRow *row; /* (owned) */
  MhMirrorState state;
  char *error;       /* (owned) (nullable): why it is unavailable, or the last pass failed */
  char *watch_error; /* (owned) (nullable): why changes are only found by looking at everything */
  gint64 files;      /* that are the same on both sides */
  gint64 started_ms; /* of the pass under way or else the last one, 0 for none */
  gint64 ended_ms;   /* of the last pass, 0 for none */
  gboolean active;   /* whether a pass is under way */
  char *current;     /* (owned) (nullable): what it is at */
  guint walked;      /* this and the next three: of that pass */
  guint ingested;
  guint written;
  guint errors;
  guint skipped;       /* files and folders that are left out, rules apart */
  GPtrArray *left_out; /* (owned) (element-type MhLeftOut): the first of them */
  GPtrArray *failures; /* (owned) (element-type MhLeftOut): of the last passes */
  gboolean is_held;    /* whether the next holds */
  MhHeld held;         /* (owned) */
} MhMirrorStatus;

/* Frees it. */
void mh_mirror_status_free (MhMirrorStatus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhMirrorStatus, mh_mirror_status_free)

/* What a mirror works with; outlives it. */
typedef struct
{
  MhCore *core;                                      /* (unowned) */
  MhStore *store;                                    /* (unowned) */
  MhVaults *vaults;                                  /* (unowned) */
  void (*changed) (MhMirror *mirror, gpointer data); /* its state is another one; any thread */
  gpointer data;
} MhMirrorTools;

/* Returns: (transfer full): looks at everything soon; @row is copied. Thread: any. */
MhMirror *
mh_mirror_new (const MhMirrorTools *tools, const MhFolderRow *row) G_GNUC_WARN_UNUSED_RESULT;

/* Ends what is under way and begins nothing more. Thread: any but the mirror's own. Waits. */
void mh_mirror_end (MhMirror *self);

/* Returns: (transfer full): another reference. Thread: any. */
MhMirror *mh_mirror_ref (MhMirror *self);

/* Gives a reference back; the last one of a mirror that was ended. Thread: any. */
void mh_mirror_unref (MhMirror *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhMirror, mh_mirror_unref)

/* Returns: (transfer none): the vault. Thread: any. */
const char *mh_mirror_vault_id (MhMirror *self);

/* Returns: (transfer full): how it is. Thread: any. */
MhMirrorStatus *mh_mirror_status (MhMirror *self) G_GNUC_WARN_UNUSED_RESULT;

/* What is at @path, of the vault, changed there; "/" for anything. Thread: any. */
void mh_mirror_vault_changed (MhMirror *self, const char *path);

/* Looks at everything now. Thread: any. */
void mh_mirror_rescan (MhMirror *self);

/**
 * mh_mirror_set_paused:
 * @self: a mirror
 * @paused: whether it is to rest
 * @error: return location
 *
 * Thread: a worker. Blocks on disk, briefly.
 * Returns: %FALSE with @error set
 */
gboolean
mh_mirror_set_paused (MhMirror *self, gboolean paused, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Changes what is too much. As mh_mirror_set_paused(). */
gboolean mh_mirror_set_limits (MhMirror *self, const MhGuardLimits *limits,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_mirror_decide:
 * @self: a mirror
 * @undo: whether the changes that are held are to be undone, or to go to the vault
 * @error: return location
 *
 * Thread: a worker. Blocks on disk, briefly; the rest happens on the mirror's own worker.
 * Errors: %MH_ERROR_CONFLICT when nothing is held; %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_mirror_decide (MhMirror *self, gboolean undo, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is in the marker of a folder. Returns: (transfer full) */
char *mh_mirror_marker (const char *vault_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
