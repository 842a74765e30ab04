/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SIM_VERBOSE = 1 << 0, /* prints each step */
  SIM_LYING = 1 << 1,   /* the disk does not make anything durable: a violation is to be found */
} SimFlags;

typedef struct
{
  char *violation;    /* (owned) (nullable): %NULL when every promise was kept */
  char *log;          /* (owned): the steps */
  guint64 hash;       /* of the steps and the disk */
  guint64 operations; /* of the disk */
  guint steps;
  guint crashes;
} SimResult;

/* Once a process. */
void sim_history_init (void);

/* Plays the history of a seed against a store and a model. */
SimResult *sim_history_run (guint64 seed, SimFlags flags);
void sim_result_free (SimResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimResult, sim_result_free)

G_END_DECLS
