/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim-random.h"

G_BEGIN_DECLS

#define SIM_SECTOR 512
#define SIM_PAGE 4096

/* The bytes of a file. Plain data. */
typedef struct
{
  guint8 *data; /* (owned) */
  gsize size;
  gsize capacity;
} SimImage;

typedef enum
{
  SIM_WRITE,
  SIM_TRUNCATE, /* to @offset bytes */
  SIM_PUNCH,    /* makes @size bytes zero */
} SimChangeKind;

/* What was done to a file and may not be durable. */
typedef struct
{
  SimChangeKind kind;
  guint64 offset;
  gsize size;
  guint8 *data; /* (owned) (nullable) */
} SimChange;

SimChange *sim_change_new (SimChangeKind kind, guint64 offset, const guint8 *data, gsize size);
void sim_change_free (SimChange *self);

void sim_image_clear (SimImage *self);
void sim_image_copy (SimImage *self, const SimImage *from);
void sim_image_resize (SimImage *self, gsize size);
void sim_image_apply (SimImage *self, const SimChange *change);

/* Applies some of (element-type SimChange) @changes, as a crash or a failed sync may. */
void sim_image_settle (SimImage *self, GPtrArray *changes, SimRandom *random);

G_END_DECLS
