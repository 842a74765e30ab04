/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim-model.h"

G_BEGIN_DECLS

typedef enum
{
  SIM_KEPT,
  SIM_UNSURE, /* removed, but a new index may find it */
  SIM_VAGUE,  /* removed or not: the disk failed meanwhile */
  SIM_GONE,   /* removed for ever */
} SimVersionState;

typedef struct
{
  SimVersionState state;
  MhFileOp op;
  char *path; /* (owned) */
  guint content;
  gint64 ts_ms;
} SimVersion;

/* A file with its history; it stays one when it moves. */
typedef struct
{
  const char *vault;
  char *path; /* (owned) */
  gboolean live;
  guint64 changed;     /* larger when later */
  GPtrArray *versions; /* (owned) (element-type SimVersion): oldest first, removed ones too */
} SimFile;

struct _SimModel
{
  GPtrArray *files; /* (owned) (element-type SimFile) */
  guint64 changes;
  MhPurged removed;      /* by the last step that removes, without the bytes */
  guint removed_deleted; /* files of these that are deleted */
};

/* The live file at a path or, without one, the one deleted last if @deleted_too. */
SimFile *
sim_model_find (const SimModel *self, const char *vault, const char *path, gboolean deleted_too);

/* The last version, which is never removed. */
const SimVersion *sim_file_head (const SimFile *file);

/* As sim_model_apply() for steps that remove versions. */
gboolean sim_model_remove (SimModel *self, const SimStep *step);

/* Returns: how many versions are kept */
guint sim_file_count (const SimFile *file);

/* Takes (element-type utf8) @texts. Returns: (transfer full): them sorted, in one */
char *sim_join_sorted (GPtrArray *texts);

G_END_DECLS
