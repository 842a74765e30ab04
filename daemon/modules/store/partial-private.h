/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "partial-change.h"
#include "store-private.h"

G_BEGIN_DECLS

/*
 * MhPartials: who writes to which upload session. Writers that rest are kept for whoever goes on
 * soon.
 */

/* Returns: (transfer full): nobody yet */
MhPartials *mh_partials_new (void);

/* Frees what rests; nobody may write any more. */
void mh_partials_free (MhPartials *self);

/**
 * mh_partials_take:
 * @self: the sessions
 * @id: one
 * @resting: (out) (transfer full) (nullable): its writer, if that rests
 * @error: return location
 *
 * Nobody else gets it before mh_partials_give().
 *
 * Thread: any.
 * Errors: %MH_ERROR_CONFLICT when somebody has it
 * Returns: %FALSE with @error set
 */
gboolean mh_partials_take (MhPartials *self, const char *id, MhPartialWriter **resting,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives it back; @resting is (transfer full) (nullable). Thread: any worker. */
void mh_partials_give (MhPartials *self, const char *id, MhPartialWriter *resting);

/* Frees a writer that somebody took, without giving it back. Thread: any worker. */
void mh_partial_writer_free (MhPartialWriter *self);

/* Ends those that were unused for too long, and releases what ended ones had. */
gboolean mh_partials_expire (MhStore *store, GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): what a row says */
MhPartial *mh_partial_of_row (const MhPartialRow *row) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): a session of a vault; %MH_ERROR_NOT_FOUND without it */
MhPartialRow *mh_partial_find (MhStore *store, MhKeys *keys, const char *id,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhChunk): @ids and @chunks, which were sealed for @row */
GArray *mh_partial_open_chunks (MhKeys *keys, const MhPartialRow *row, GBytes *ids, GBytes *chunks,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
