/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/store.h"

G_BEGIN_DECLS

typedef enum
{
  MH_PACK_ZIP,
  MH_PACK_TAR,
  MH_PACK_TAR_ZST,
} MhPackFormat;

/* A file or folder that goes into an archive. */
typedef struct
{
  char *path; /* (owned) */
  char *name; /* (owned): in the archive; "" for what is in a folder without the folder */
  gboolean is_folder;
} MhPackRoot;

/* What an archive is made of. */
typedef struct
{
  char *vault_id; /* (owned) */
  MhPackFormat format;
  GPtrArray *roots; /* (owned) (element-type MhPackRoot) */
  char *filename;   /* (owned): what it is called when it is saved */
} MhPackPlan;

void mh_pack_plan_free (MhPackPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPackPlan, mh_pack_plan_free)

/**
 * mh_pack_plan_new:
 * @store: the store
 * @vault_id: a vault
 * @paths: (array zero-terminated=1): files and folders
 * @error: return location
 *
 * Looks whether everything is there, and gives each a name that no other has. The format is zip and
 * the filename that of the first.
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full): the plan, or %NULL with @error set
 */
MhPackPlan *mh_pack_plan_new (MhStore *store, const char *vault_id, char **paths,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none): MIME type of a format */
const char *mh_pack_mime (MhPackFormat format);

/**
 * MhPack:
 *
 * An archive that is made while it is read, in memory that does not depend on its size.
 */
typedef struct _MhPack MhPack;

/**
 * mh_pack_new:
 * @store: the store
 * @plan: (transfer full): what is in it
 * @error: return location
 *
 * Errors: %MH_ERROR_FAILED
 * Returns: (transfer full): the archive at its beginning, or %NULL with @error set
 */
MhPack *mh_pack_new (MhStore *store, MhPackPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_pack_read:
 * @self: an archive
 * @max: most bytes
 * @error: return location
 *
 * What was deleted from a folder meanwhile is left out.
 *
 * Thread: one worker at a time. Blocks on disk.
 * Errors: those of reading a file
 * Returns: (transfer full): the next bytes, empty at the end, or %NULL with @error set
 */
GBytes *mh_pack_read (MhPack *self, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void mh_pack_free (MhPack *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPack, mh_pack_free)

G_END_DECLS
