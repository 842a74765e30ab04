/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"
#include "modules/store/store.h"

G_BEGIN_DECLS

/* Whether what is stored is still whole: scrubbing, checking, backups of the catalogue. */
typedef struct _MhStorage MhStorage;

extern const MhModule mh_storage_module;

/* What mh_storage_check() found. */
typedef struct
{
  MhScrubReport report;
  GPtrArray *damaged; /* (owned) (element-type utf8): a sentence for each file */
  char *index_error;  /* (owned) (nullable) */
} MhStorageVerdict;

void mh_storage_verdict_free (MhStorageVerdict *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhStorageVerdict, mh_storage_verdict_free)

/**
 * mh_storage_check:
 * @self: the service
 * @quick: only the index, not the records
 * @error: return location
 *
 * Checks everything at full speed; for a daemon that serves nobody.
 *
 * Thread: any. Blocks on disk, for long.
 * Errors: %MH_ERROR_FAILED
 * Returns: (transfer full): the verdict, or %NULL with @error set when it could not be found
 */
MhStorageVerdict *
mh_storage_check (MhStorage *self, gboolean quick, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
