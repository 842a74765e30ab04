/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/pool.h"
#include "guard.h"

G_BEGIN_DECLS

/*
 * What the guard of a folder counts, on disk as well, so that a restart does not begin a new hour.
 * Thread: the worker of the folder. Errors are those of mh_stmt_step().
 */

/* Has a new @guard know what was noted. Returns: %FALSE with @error set */
gboolean mh_guard_store_load (MhDbPool *pool, gint64 folder, MhGuard *guard,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_guard_note(). What is of another hour is removed. Returns: %FALSE with @error set */
gboolean mh_guard_store_note (MhDbPool *pool, gint64 folder, MhGuard *guard, GPtrArray *paths,
                              gint64 now_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_guard_clear(). Returns: %FALSE with @error set */
gboolean mh_guard_store_clear (MhDbPool *pool, gint64 folder, MhGuard *guard,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
