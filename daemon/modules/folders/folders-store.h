/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare.h"
#include "db/db.h"
#include "guard.h"

G_BEGIN_DECLS

/* What becomes of changes of the folder. */
typedef enum
{
  MH_GUARD_OPEN, /* they go to the vault */
  MH_GUARD_HELD, /* they wait until somebody decides */
  MH_GUARD_UNDO, /* somebody decided to undo them, which goes on over a restart */
} MhGuardState;

/* A folder that mirrors a vault. */
typedef struct
{
  gint64 id; /* 0 until it is stored */
  char *vault_id;
  char *path;
  gint64 created_ms;
  guint64 device;
  MhGuardLimits limits;
  gboolean paused;
  MhGuardState guard;
  gint64 held_ms;
} MhFolderRow;

/* Returns: (transfer full): a copy */
MhFolderRow *mh_folder_row_copy (const MhFolderRow *self) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_folder_row_free (MhFolderRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFolderRow, mh_folder_row_free)

/* Errors of all are those of mh_stmt_step(). Thread: any worker. */

/* Returns: (transfer full) (element-type MhFolderRow): all of them, or %NULL */
GPtrArray *mh_folders_store_list (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a folder, which gets its id. */
gboolean
mh_folders_store_add (MhDb *db, MhFolderRow *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Write one part of a folder each, as they are changed by different threads. */
gboolean mh_folders_store_set_device (MhDb *db, gint64 id, guint64 device,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mh_folders_store_set_limits (MhDb *db, gint64 id, const MhGuardLimits *limits,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mh_folders_store_set_paused (MhDb *db, gint64 id, gboolean paused,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mh_folders_store_set_guard (MhDb *db, gint64 id, MhGuardState guard, gint64 held_ms,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a folder and what was agreed about its files. */
gboolean mh_folders_store_remove (MhDb *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what was agreed about the files at @path, a file or a folder or "" for all, to @entries,
 * (element-type utf8 MhEntry). */
gboolean mh_folders_store_files (MhDb *db, gint64 folder, const char *path, GHashTable *entries,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): the path at which a file of the vault was agreed on; %NULL
 * also with @error set */
char *mh_folders_store_find (MhDb *db, gint64 folder, const char *file_id,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Counts the files of which something was agreed. */
gboolean mh_folders_store_count (MhDb *db, gint64 folder, gint64 *count,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes what was agreed about a file, or removes it when @entry has nothing agreed. */
gboolean mh_folders_store_agree (MhDb *db, gint64 folder, const MhEntry *entry,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
