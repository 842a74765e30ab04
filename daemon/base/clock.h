/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The wall clock, which a test can hold still. Thread-safe. */
typedef struct _MhClock MhClock;

MhClock *mh_clock_new (void) G_GNUC_WARN_UNUSED_RESULT;
void mh_clock_free (MhClock *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhClock, mh_clock_free)

/* Returns: Unix milliseconds, UTC */
gint64 mh_clock_now_ms (MhClock *self);

/* From now on the clock shows @now_ms until it is set again; 0 lets it run. For tests. */
void mh_clock_set_ms (MhClock *self, gint64 now_ms);

G_END_DECLS
