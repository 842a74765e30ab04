/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalog.h"
#include "store-private.h"

G_BEGIN_DECLS

/**
 * MhManifest:
 *
 * A version read back from its segment, with what was sealed in it.
 */
typedef struct
{
  MhVersion *version; /* (owned) */
  MhMeta *meta;       /* (owned) */
  GArray *chunks;     /* (owned) (element-type MhChunk): add up to the size of the file */
} MhManifest;

/**
 * mh_manifest_read:
 * @store: the store
 * @db: a connection
 * @ref: row of the version
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_CORRUPT; as mh_stmt_step()
 * Returns: (transfer full): the version with what is sealed in it unopened, or %NULL with @error
 * set
 */
MhVersion *
mh_manifest_read (MhStore *store, MhDb *db, gint64 ref, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_manifest_load:
 * @store: the store
 * @db: a connection
 * @keys: the vault
 * @ref: row of the version
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_CORRUPT; as mh_stmt_step()
 * Returns: (transfer full): what it holds, or %NULL with @error set
 */
MhManifest *mh_manifest_load (MhStore *store, MhDb *db, MhKeys *keys, gint64 ref,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

void mh_manifest_free (MhManifest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhManifest, mh_manifest_free)

G_END_DECLS
