/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Notices when much more of a folder is changed or deleted than somebody does by hand. What counts
 * is the number of different files whose content in the vault would be replaced or deleted within
 * an hour; saving one file a thousand times is one.
 */

#define MH_GUARD_WINDOW_MS (60 * 60 * 1000)
#define MH_GUARD_LEAST 200  /* files, below which no part of the folder is too much */
#define MH_GUARD_PERCENT 20 /* of the files of the folder */
#define MH_GUARD_FILES 1000 /* in any case */

typedef struct
{
  guint percent; /* more than so many of a hundred files, and at least MH_GUARD_LEAST, or … */
  guint files;   /* … more than so many are held */
} MhGuardLimits;

/* Changes of the last hour. For one thread at a time. */
typedef struct _MhGuard MhGuard;

/* Returns: (transfer full): no changes yet */
MhGuard *mh_guard_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_guard_free (MhGuard *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhGuard, mh_guard_free)

/**
 * mh_guard_is_too_much:
 * @self: the changes so far
 * @limits: what is too much
 * @paths: (element-type utf8): files that are to be changed or deleted
 * @files: files that the folder had before
 * @now_ms: the time, Unix milliseconds
 *
 * Returns: whether @paths together with what was noted within the last hour are over a limit
 */
gboolean mh_guard_is_too_much (MhGuard *self, const MhGuardLimits *limits, GPtrArray *paths,
                               guint files, gint64 now_ms);

/* Notes that @paths, (element-type utf8), were changed or deleted. */
void mh_guard_note (MhGuard *self, GPtrArray *paths, gint64 now_ms);

/* Forgets all changes: somebody has looked at them. */
void mh_guard_clear (MhGuard *self);

G_END_DECLS
