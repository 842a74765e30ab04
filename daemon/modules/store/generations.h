/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MhGenerations:
 *
 * Who still reads what. A reader is of the generation in which it began; each removal of versions
 * ends a generation. What was removed stays on the disk while a reader of an older one is open.
 */
typedef struct _MhGenerations MhGenerations;

/* Returns: (transfer full): no readers. Thread: any. */
MhGenerations *mh_generations_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Ends it; there are no readers. Thread: any. */
void mh_generations_free (MhGenerations *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhGenerations, mh_generations_free)

/* Begins to read, before anything is looked up. Returns: what to leave with. Thread: any. */
guint64 mh_generations_enter (MhGenerations *self);

/* Ends reading. Thread: any. */
void mh_generations_leave (MhGenerations *self, guint64 generation);

/* A removal begins. Thread: any. */
void mh_generations_begin_removal (MhGenerations *self);

/* A removal is done, so that nothing begun from now on sees what was removed. Thread: any. */
void mh_generations_end_removal (MhGenerations *self);

/* Returns: whether nobody can read what was removed up to now. Thread: any. */
gboolean mh_generations_quiet (MhGenerations *self);

G_END_DECLS
