/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "disk.h"
#include "ignore.h"

G_BEGIN_DECLS

/* A file or folder that is left out, and why. */
typedef struct
{
  char *path; /* (owned): as it can be shown */
  char *why;  /* (owned): a sentence */
} MhLeftOut;

/* Returns: (transfer full): takes @why */
MhLeftOut *mh_left_out_new (const char *path, char *why) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_left_out_free (MhLeftOut *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhLeftOut, mh_left_out_free)

/* Is told each folder before it is read. */
typedef void (*MhWalkFolder) (const char *folder, gpointer data);

/* What is in a folder of this machine. Only a finished walk may be relied on. */
typedef struct
{
  MhDisk *disk;              /* (unowned) */
  const MhIgnore *ignore;    /* (unowned) */
  GCancellable *cancellable; /* (unowned) (nullable) */
  MhWalkFolder on_folder;    /* (nullable) */
  gpointer data;
  GHashTable *files;   /* (owned) (element-type utf8 MhHostState): by path */
  GHashTable *unknown; /* (owned) (element-type utf8): what cannot be said, or is left out */
  GPtrArray *skipped;  /* (owned) (element-type MhLeftOut) */
} MhWalk;

/* Makes an empty one, of which the first members are to be set. */
void mh_walk_init (MhWalk *self);

/* Gives back what is in it. */
void mh_walk_clear (MhWalk *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhWalk, mh_walk_clear)

/**
 * mh_walk_add:
 * @self: a walk
 * @path: a file or folder, "" for all
 * @error: return location
 *
 * Adds what is there, links, special files and what the rules leave out apart. What cannot be read
 * is noted as unknown, which is no failure unless it is the root. What is left of an interrupted
 * write is removed.
 *
 * Thread: a worker. Blocks on disk.
 * Returns: %FALSE with @error set
 */
gboolean mh_walk_add (MhWalk *self, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether a path is unknown, or is in a folder that is */
gboolean mh_walk_is_unknown (const MhWalk *self, const char *path);

G_END_DECLS
