/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sync-wire.h"

G_BEGIN_DECLS

/*
 * Finds what another machine knows of versions and this one does not: the trees of both are
 * compared from the root on, and only parts that differ are looked into. It costs as much as the
 * difference, and nothing is held but the parts that are still to be looked into.
 */

/* Versions that a machine may say that it has. */
#define MH_SYNC_WALK_MOST_ENTRIES (G_GUINT64_CONSTANT (1) << 26)

/* Entries of the other side in a part that is listed, as looking into it would cost more. */
#define MH_SYNC_WALK_LISTED 32

/* Versions that it may name one after the other and give none of. No disk loses that many and
 * nothing else. */
#define MH_SYNC_WALK_MOST_LEFT 100000

/* What became of some entries of the other machine. */
typedef struct
{
  guint gained; /* versions that were not here, and are now */
  guint left;   /* versions that were not here, and that it does not give */
} MhSyncWalkTaken;

/* What a walk needs. Each returns %FALSE with @error set to end it. */
typedef struct
{
  /* Asks the other machine. @answer is empty, and is cleared by the walk. */
  gboolean (*ask) (const MhSyncMessage *question, MhSyncMessage *answer, gpointer data,
                   GError **error);

  /* Fills @sums with those of the children of @part of the tree that is here. */
  gboolean (*sums) (const MhTreePart *part, MhTreeSum sums[MH_VERSION_TREE_CHILDREN], gpointer data,
                    GError **error);

  /* Takes some entries of the other machine, in order: all those that this machine has not, and
   * others. Fills @taken, which is empty. */
  gboolean (*take) (GBytes *hashes, GBytes *states, MhSyncWalkTaken *taken, gpointer data,
                    GError **error);

  /* Tells whether something was removed here since the walk began. */
  gboolean (*has_moved) (gpointer data);
  gpointer data; /* of all */
} MhSyncWalkFuncs;

/* What came of it. */
typedef struct
{
  MhSyncMark mark; /* up to which rows of the other machine it went */
  gboolean whole;  /* nothing was left out, as the other index did not change in the middle of it */
  guint questions; /* that were asked */
  guint left;      /* versions that were not given */
} MhSyncWalked;

/**
 * mh_sync_walk:
 * @funcs: what it needs
 * @walked: (out caller-allocates): what came of it
 * @error: return location
 *
 * An answer has to fit to those before it, and entries to the sums that were said to stand for
 * them. So that no answer costs more than it names: a part is looked into only where this machine
 * has about as many entries itself, and otherwise listed, in order, until what was said to be there
 * is there.
 *
 * Thread: as the functions.
 * Errors: %MH_ERROR_CORRUPT, saying what is wrong; those of the functions
 * Returns: %FALSE with @error set
 */
gboolean mh_sync_walk (const MhSyncWalkFuncs *funcs, MhSyncWalked *walked,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
