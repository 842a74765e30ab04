/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clock.h"

G_BEGIN_DECLS

/* Counts failures by address in a sliding window and locks an address out. Thread-safe; bounded. */
typedef struct _MhLimiter MhLimiter;

/**
 * mh_limiter_new:
 * @clock: (transfer none): outlives the limiter
 * @failures: how many failures within @window_ms lock an address out; 0 for never
 * @window_ms: length of the window in milliseconds
 * @lockout_ms: how long the lock lasts in milliseconds
 *
 * Returns: (transfer full): a limiter
 */
MhLimiter *mh_limiter_new (MhClock *clock, guint failures, gint64 window_ms,
                           gint64 lockout_ms) G_GNUC_WARN_UNUSED_RESULT;
void mh_limiter_free (MhLimiter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhLimiter, mh_limiter_free)

/* Returns: milliseconds until @address may try again, 0 if it may now */
gint64 mh_limiter_wait_ms (MhLimiter *self, const char *address);

/* Returns: attempts left before the lock, after this failure */
guint mh_limiter_fail (MhLimiter *self, const char *address);

/* A success forgets the failures of @address. */
void mh_limiter_succeed (MhLimiter *self, const char *address);

G_END_DECLS
