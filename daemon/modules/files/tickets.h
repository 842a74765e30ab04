/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "pack.h"
#include "base/clock.h"

G_BEGIN_DECLS

/* How long a ticket may be used. */
#define MH_TICKET_LIFETIME_MS 60000

/**
 * MhTickets:
 *
 * Archives that somebody may fetch once, soon, without another credential.
 */
typedef struct _MhTickets MhTickets;

/* Returns: (transfer full): no tickets; @clock outlives it */
MhTickets *mh_tickets_new (MhClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void mh_tickets_free (MhTickets *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhTickets, mh_tickets_free)

/**
 * mh_tickets_issue:
 * @self: the tickets
 * @plan: (transfer full): what it is for
 * @expires_ms: (out): when it ends, Unix milliseconds
 *
 * Of more than 1,000 that nobody used the oldest end early.
 *
 * Thread: any.
 * Returns: (transfer full): a ticket that nobody can guess
 */
char *
mh_tickets_issue (MhTickets *self, MhPackPlan *plan, gint64 *expires_ms) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_tickets_redeem:
 * @self: the tickets
 * @ticket: what somebody brings
 * @error: return location
 *
 * Thread: any.
 * Errors: %MH_ERROR_NOT_FOUND when there is none, any more
 * Returns: (transfer full): what it was for, or %NULL with @error set
 */
MhPackPlan *
mh_tickets_redeem (MhTickets *self, const char *ticket, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
