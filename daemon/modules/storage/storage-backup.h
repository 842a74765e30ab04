/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/core.h"
#include "modules/store/store.h"

G_BEGIN_DECLS

/* Copies of the catalogue that are kept. */
#define MH_BACKUPS 7

typedef struct
{
  char *folder;   /* where all of them are */
  char *last;     /* (nullable): folder of the newest */
  gint64 last_ms; /* when that was made, 0 for never */
  guint count;
} MhBackups;

void mh_backups_free (MhBackups *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhBackups, mh_backups_free)

/* Returns: (transfer full): the copies that are there. Thread: any worker. */
MhBackups *mh_backups_look (MhCore *core) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_backups_make:
 * @core: the core
 * @store: the store
 * @bytes: (out): size of the new copy
 * @cancellable: (nullable): gives up
 * @error: return location
 *
 * Copies meshhold.db and index.db while they are in use, then removes the oldest copies.
 *
 * Thread: one at a time. Blocks on disk.
 * Errors: %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED, %G_IO_ERROR_CANCELLED
 * Returns: (transfer full): the copies as they are then, or %NULL with @error set
 */
MhBackups *mh_backups_make (MhCore *core, MhStore *store, gint64 *bytes, GCancellable *cancellable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
