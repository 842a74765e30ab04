/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim-model.h"

G_BEGIN_DECLS

typedef struct
{
  MhFileOp op;
  char *path; /* (owned) */
  guint content;
} SimVersion;

/* A file with its history; it stays one when it moves. */
typedef struct
{
  const char *vault;
  char *path; /* (owned) */
  gboolean live;
  guint64 changed;     /* larger when later */
  GPtrArray *versions; /* (owned) (element-type SimVersion): oldest first */
} SimFile;

struct _SimModel
{
  GPtrArray *files; /* (owned) (element-type SimFile) */
  guint64 changes;
};

/* The live file at a path or, without one, the one deleted last if @deleted_too. */
SimFile *
sim_model_find (const SimModel *self, const char *vault, const char *path, gboolean deleted_too);

const SimVersion *sim_file_head (const SimFile *file);

G_END_DECLS
