/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

G_BEGIN_DECLS

/* The thread that maintains a store. */
typedef struct _MhSchedule MhSchedule;

typedef enum
{
  MH_WAKE_SPACE = 1 << 0,  /* to see how much space there is */
  MH_WAKE_UPKEEP = 1 << 1, /* to maintain the store */
} MhWake;

/* Returns: (transfer full): a thread at work. Thread: any. */
MhSchedule *mh_schedule_new (MhStore *store) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the thread, in the middle of its work if need be. Thread: any. */
void mh_schedule_free (MhSchedule *self);

/* Has something done at once. Thread: any. */
void mh_schedule_wake (MhSchedule *self, MhWake what);

G_END_DECLS
