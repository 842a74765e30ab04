/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-private.h"

G_BEGIN_DECLS

/*
 * MhNames: a thread that writes the names of new files into the table that mh_store_search() looks
 * into. It comes behind, in small commits and with pauses, so that uploads do not wait for it.
 */

/* Returns: (transfer full): without its thread; @store outlives it */
MhNames *mh_names_new (MhStore *store);

/* Frees what was stopped, or never started. */
void mh_names_free (MhNames *self);

/* Begins the thread, once. */
void mh_names_start (MhNames *self);

/* Ends the thread, if any. Thread: any. */
void mh_names_stop (MhNames *self);

/* Says that there may be something to do. Thread: any, also before it starts and after it stops. */
void mh_names_wake (MhNames *self);

/**
 * mh_names_catch_up:
 * @store: the store
 * @cancellable: (nullable): ends it early
 * @error: return location
 *
 * Does all that there is to do, without pauses.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED, %G_IO_ERROR_CANCELLED
 * Returns: %FALSE with @error set
 */
gboolean mh_names_catch_up (MhStore *store, GCancellable *cancellable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): a term of three signs that all names of a vault have and no other */
char *mh_names_mark (gint64 vault) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
