/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim-disk.h"
#include "sim-history.h"
#include "sim-model.h"

G_BEGIN_DECLS

#define SIM_VAULTS 2
#define SIM_UPLOADS 3

/* A file on its way in, in pieces between which other things happen. */
typedef struct
{
  MhUpload *upload; /* (owned) (nullable): %NULL for a free slot */
  SimStep *step;    /* (owned) */
  gsize written;
  gboolean hurt; /* the disk failed since it was begun */
} SimUpload;

/* Everything that a history is about. */
typedef struct
{
  SimFlags flags;
  SimRandom random;
  SimDisk *disk;    /* (owned) */
  MhSigner *signer; /* (owned) */
  MhClock *clock;   /* (owned) */
  gint64 now_ms;
  MhSecret *key;           /* (owned) */
  MhStore *store;          /* (owned) (nullable): while it is open */
  SimContents *contents;   /* (owned) */
  SimModel *model;         /* (owned) */
  GPtrArray *doubts;       /* (owned) (element-type SimStep): what failed since the last success */
  GPtrArray *uploads;      /* (owned) (element-type SimUpload): SIM_UPLOADS of them */
  GPtrArray *waiting;      /* (owned) (element-type SimStep): steps that are committed together */
  guint gathering;         /* how deep */
  gboolean index_lost;     /* a sync of it failed: nothing works until the store is opened again */
  guint64 segment_changes; /* of the disk, until the last step */
  gboolean trouble;        /* the disk failed since the store was opened: any step may fail */
  GString *log;            /* (owned) */
  char *violation;         /* (owned) (nullable): the first */
  guint steps;
  guint crashes;
} SimWorld;

extern const char *const sim_vaults[SIM_VAULTS];

void sim_log (SimWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void sim_violate (SimWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Opens the store. Returns: %FALSE with @error set */
gboolean sim_world_open (SimWorld *self, GError **error);

/* Ends uploads and closes the store. */
void sim_world_close (SimWorld *self);

/* Which of the steps that failed may be there, each wholly. */
typedef enum
{
  SIM_DOUBT_NONE, /* nothing happened: none */
  SIM_DOUBT_CUT,  /* the program ended: those under way then */
  SIM_DOUBT_ALL,  /* the power was cut: those since the last success */
} SimDoubt;

/* Compares the store with the model, every byte. */
void sim_world_check (SimWorld *self, SimDoubt doubt);

/* Whether the disk has failed, so that steps may fail. */
gboolean sim_world_is_in_trouble (SimWorld *self);

/* Takes the outcome of a step; @error is what the store said. */
void sim_world_settle (SimWorld *self, SimStep *step, const GError *error);

G_END_DECLS
