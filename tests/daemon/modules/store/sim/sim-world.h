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

/* A vault that was deleted; its id is never used again. */
typedef struct
{
  const char *id; /* (unowned): for ever */
  gboolean clean; /* nothing of it is left */
} SimDeleted;

/* A reader that stays open while other things happen. */
typedef struct
{
  MhReader *reader; /* (owned) (nullable) */
  const char *vault;
  guint content;
  gboolean hurt;    /* the disk failed, or its vault went, since it was opened */
  gboolean removed; /* something was removed since */
} SimReader;

/* Everything that a history is about. */
typedef struct
{
  SimFlags flags;
  SimRandom random;
  SimDisk *disk;    /* (owned) */
  MhSigner *signer; /* (owned) */
  MhClock *clock;   /* (owned) */
  gint64 now_ms;
  const char *vaults[SIM_VAULTS]; /* (unowned): ids, for ever */
  MhVaultLimits limits[SIM_VAULTS];
  gboolean emptying[SIM_VAULTS]; /* forgotten, to begin again under the same id */
  guint64 segment_bytes;
  GArray *deleted; /* (owned) (element-type SimDeleted) */
  guint made;      /* vaults ever */
  SimReader reader;
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
  gboolean rebuilt;        /* the index was made anew by the last start */
  gboolean clearing;       /* what is left of a vault that is gone */
  gboolean leaked;         /* until the index is made anew: blocks of a vault that is gone */
  guint unreadable;        /* versions that could not be removed as the disk did not give them */
  char *violation;         /* (owned) (nullable): the first */
  guint32 events;          /* bits of SimEvent */
  guint steps;
  guint crashes;
} SimWorld;

void sim_log (SimWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void sim_violate (SimWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Notes that something has happened in this history. */
void sim_note (SimWorld *self, SimEvent event);

/* Returns: the number of a vault, or -1 for one that was deleted */
int sim_world_find_vault (SimWorld *self, const char *vault);

/* Gives the place of @number another id. */
void sim_world_name_vault (SimWorld *self, guint number);

/* Makes the vault usable, as far as it is known. Returns: %FALSE with @error set */
gboolean sim_world_add_vault (SimWorld *self, guint number, GError **error);

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

/* Whether nothing is left of the vaults that were deleted. */
gboolean sim_world_is_clean (SimWorld *self);

/* Asks the store which versions are vague. */
void sim_world_look (SimWorld *self);

/* Whether the disk has failed, so that steps may fail. */
gboolean sim_world_is_in_trouble (SimWorld *self);

/* Takes the outcome of a step; @error is what the store said. */
void sim_world_settle (SimWorld *self, SimStep *step, const GError *error);

G_END_DECLS
