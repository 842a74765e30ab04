/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store.h"

G_BEGIN_DECLS

/* What the rules look at in a version. */
typedef struct
{
  gint64 ts_ms; /* when it was made, Unix milliseconds */
  MhFileOp op;
  gboolean is_head;
} MhRetained;

/**
 * mh_retention_select:
 * @keep: what is kept at least
 * @now_ms: Unix milliseconds
 * @versions: all versions of a file, newest first
 * @count: number of versions
 * @drop: (out caller-allocates): room for @count; whether each may go
 *
 * Of a file that exists, versions go which are both beyond the newest ones and older than the days
 * to be kept. A deleted file keeps everything for as many days, then only its tombstone. A head
 * never goes.
 *
 * Thread: any.
 * Returns: number of versions that may go
 */
guint mh_retention_select (const MhKeep *keep, gint64 now_ms, const MhRetained *versions,
                           guint count, gboolean *drop);

G_END_DECLS
