/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/core.h"

G_BEGIN_DECLS

#define MH_METRICS_INTERVAL_MS 60000 /* documented */
#define MH_METRICS_SLOTS 1440        /* documented: 24 hours */

typedef struct
{
  gint64 ts_ms;
  double cpu_percent;
  gint64 rss_bytes;
  gint64 fds;
  gint64 threads;
  gint64 bytes_in;
  gint64 bytes_out;
  gint64 requests;
  double request_p95_ms;
  gint64 disk_free_bytes;
  gint64 store_bytes;
} MhSample;

/* Takes a sample a minute and keeps them for a day. */
typedef struct _MhMetrics MhMetrics;

MhMetrics *mh_metrics_new (MhCore *core) G_GNUC_WARN_UNUSED_RESULT;
void mh_metrics_free (MhMetrics *self);

/* Takes a sample now. Thread: a worker. */
void mh_metrics_sample (MhMetrics *self);

/* Returns: (transfer full) (element-type MhSample): from @from_ms to @to_ms, oldest first */
GArray *mh_metrics_read (MhMetrics *self, gint64 from_ms, gint64 to_ms,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
