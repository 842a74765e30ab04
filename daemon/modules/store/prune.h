/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalog-space.h"
#include "writer.h"

G_BEGIN_DECLS

/*
 * Removing versions and blocks from the index, as commits of the writer that do some of the work
 * and are repeated. What they free is noted as holes, see punch.h.
 */

typedef enum
{
  MH_PRUNE_OUTDATED, /* what the rule does not keep */
  MH_PRUNE_TRASH,    /* of deleted files, all but the heads */
  MH_PRUNE_CONTENT,  /* versions with a certain content */
  MH_PRUNE_GONE,     /* what another machine has purged */
} MhPruneWhat;

typedef struct
{
  MhPruneWhat what;
  gint64 vault; /* its row */
  MhKeep keep;  /* for outdated ones */
  gint64 now_ms;
  guint8 content_hash[32]; /* for a certain content */
  const GArray *files;     /* (unowned) (element-type gint64): rows */
  guint from;              /* file to begin with */
  guint next;              /* result: file to go on with */
  MhPurged purged;         /* result */
  GHashTable *removed;     /* (unowned): hashes of versions of one file that went before */
  GError *left;            /* (owned) (nullable): result: why a version could not be removed */
} MhPrune;

typedef struct
{
  const char *vault_id; /* (nullable): %NULL for any vault that is marked */
  gboolean done;        /* result: there is none */
  MhPurged purged;      /* result */
} MhPruneForgotten;

typedef struct
{
  guint8 after[MH_BLOCK_ID_SIZE]; /* block to go on after */
  guint8 last[MH_BLOCK_ID_SIZE];  /* result: for the next time */
  gboolean done;                  /* result: nothing is left, or it has to wait */
} MhPruneBlocks;

/* In a commit: writes down that a version is no head, @ref being its row. Returns: %FALSE with
 * @error set */
gboolean mh_prune_supersede (MhWriter *writer, const char *vault_id, const guint8 *hash, gint64 ref,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* MhPrune: removes versions of files. */
gboolean mh_prune_files (MhWriter *writer, gpointer data, GError **error);

/* MhPruneForgotten: removes some of what is left of a vault that was forgotten. */
gboolean mh_prune_forgotten (MhWriter *writer, gpointer data, GError **error);

/* MhPruneBlocks: removes some blocks that no version names, nobody holds, and no reader may need.
 */
gboolean mh_prune_blocks (MhWriter *writer, gpointer data, GError **error);

/**
 * mh_prune_run:
 * @store: the store
 * @prune: what and which files; @purged grows
 * @cancellable: (nullable): ends it early
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Returns: %FALSE with @error set
 */
gboolean mh_prune_run (MhStore *store, MhPrune *prune, GCancellable *cancellable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_prune_run(), for one forgotten vault or, with %NULL, all of them. */
gboolean mh_prune_run_forgotten (MhStore *store, const char *vault_id, MhPurged *purged,
                                 GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
