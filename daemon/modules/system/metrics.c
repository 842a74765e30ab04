/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "metrics.h"

#include "base/pool.h"
#include "db/stmt.h"
#include "process.h"

#include <glib/gstdio.h>

static const char sql_put[] =
    "INSERT OR REPLACE INTO metrics (slot, ts_ms, cpu_percent, rss_bytes, fds, threads, "
    "bytes_in, bytes_out, requests, request_p95_ms, disk_free_bytes, store_bytes) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
static const char sql_read[] =
    "SELECT ts_ms, cpu_percent, rss_bytes, fds, threads, bytes_in, bytes_out, requests, "
    "request_p95_ms, disk_free_bytes, store_bytes FROM metrics "
    "WHERE ts_ms >= ?1 AND ts_ms <= ?2 ORDER BY ts_ms";

struct _MhMetrics
{
  MhCore *core;   /* (unowned) outlives us */
  MhPool *pool;   /* (owned) one worker: samples never overlap */
  GSource *timer; /* (owned) */
  gint64 cpu_us;  /* worker only: at the last sample */
  gint64 at_us;   /* worker only: when that was, monotonic */
};

static gint64
disk_free (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info =
      g_file_query_filesystem_info (file, G_FILE_ATTRIBUTE_FILESYSTEM_FREE, NULL, NULL);

  return info != NULL
             ? (gint64) g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE)
             : 0;
}

static gint64
bytes_below (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name = NULL;
  gint64 bytes = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *full = g_build_filename (path, name, NULL);
      GStatBuf info;

      if (g_stat (full, &info) == 0)
        bytes += info.st_size;
    }

  return bytes;
}

static void
measure (MhMetrics *self, MhSample *sample)
{
  gint64 now_us = g_get_monotonic_time ();
  MhServer *server = mh_core_server (self->core);
  MhServerStats stats = { 0 };
  MhProcess process;

  mh_process_read (&process);
  if (server != NULL)
    mh_server_take_stats (server, &stats);

  sample->ts_ms = mh_clock_now_ms (mh_core_clock (self->core));
  sample->cpu_percent =
      100.0 * (double) (process.cpu_us - self->cpu_us) / (double) MAX (1, now_us - self->at_us);
  self->cpu_us = process.cpu_us;
  self->at_us = now_us;
  sample->rss_bytes = process.rss_bytes;
  sample->fds = process.fds;
  sample->threads = process.threads;
  sample->bytes_in = (gint64) stats.bytes_in;
  sample->bytes_out = (gint64) stats.bytes_out;
  sample->requests = (gint64) stats.requests;
  sample->request_p95_ms = stats.p95_ms;
  sample->disk_free_bytes = disk_free (mh_core_blocks_dir (self->core));
  sample->store_bytes = bytes_below (mh_core_blocks_dir (self->core));
}

static gboolean
put (MhMetrics *self, const MhSample *sample, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (MhStmt) stmt = NULL;

  if (lease == NULL)
    return FALSE;

  stmt = mh_db_prepare (mh_db_lease_db (lease), sql_put, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, sample->ts_ms / MH_METRICS_INTERVAL_MS % MH_METRICS_SLOTS);
  mh_stmt_bind_int64 (stmt, 2, sample->ts_ms);
  mh_stmt_bind_double (stmt, 3, sample->cpu_percent);
  mh_stmt_bind_int64 (stmt, 4, sample->rss_bytes);
  mh_stmt_bind_int64 (stmt, 5, sample->fds);
  mh_stmt_bind_int64 (stmt, 6, sample->threads);
  mh_stmt_bind_int64 (stmt, 7, sample->bytes_in);
  mh_stmt_bind_int64 (stmt, 8, sample->bytes_out);
  mh_stmt_bind_int64 (stmt, 9, sample->requests);
  mh_stmt_bind_double (stmt, 10, sample->request_p95_ms);
  mh_stmt_bind_int64 (stmt, 11, sample->disk_free_bytes);
  mh_stmt_bind_int64 (stmt, 12, sample->store_bytes);

  return mh_stmt_run (stmt, error);
}

void
mh_metrics_sample (MhMetrics *self)
{
  MhSample sample = { 0 };
  g_autoptr (GError) error = NULL;

  measure (self, &sample);
  /* A lost sample is a gap in a plot, so it is only logged. */
  if (!put (self, &sample, &error))
    g_message ("keeping a metrics sample: %s", error->message);
}

static void
sample_cb (gpointer data)
{
  mh_metrics_sample (data);
}

static gboolean
timer_cb (gpointer user_data)
{
  MhMetrics *self = user_data;

  /* When the last sample still waits for the disk, this one is left out. */
  if (mh_pool_load (self->pool) == 0 && !mh_pool_push (self->pool, sample_cb, self))
    g_message ("no room for a metrics sample");

  return G_SOURCE_CONTINUE;
}

MhMetrics *
mh_metrics_new (MhCore *core)
{
  MhMetrics *self = g_new0 (MhMetrics, 1);
  MhProcess process;

  mh_process_read (&process);
  self->core = core;
  self->pool = mh_pool_new ("metrics", 1, 1);
  self->cpu_us = process.cpu_us;
  self->at_us = g_get_monotonic_time ();
  self->timer = g_timeout_source_new_seconds (MH_METRICS_INTERVAL_MS / 1000);
  g_source_set_callback (self->timer, timer_cb, self, NULL);
  g_source_attach (self->timer, NULL);
  /* One right away, so that a fresh daemon has something to show. */
  timer_cb (self);

  return self;
}

void
mh_metrics_free (MhMetrics *self)
{
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  mh_pool_free (self->pool);
  g_free (self);
}

static void
read_row (MhStmt *stmt, GArray *samples)
{
  MhSample sample = {
    .ts_ms = mh_stmt_int64 (stmt, 0),
    .cpu_percent = mh_stmt_double (stmt, 1),
    .rss_bytes = mh_stmt_int64 (stmt, 2),
    .fds = mh_stmt_int64 (stmt, 3),
    .threads = mh_stmt_int64 (stmt, 4),
    .bytes_in = mh_stmt_int64 (stmt, 5),
    .bytes_out = mh_stmt_int64 (stmt, 6),
    .requests = mh_stmt_int64 (stmt, 7),
    .request_p95_ms = mh_stmt_double (stmt, 8),
    .disk_free_bytes = mh_stmt_int64 (stmt, 9),
    .store_bytes = mh_stmt_int64 (stmt, 10),
  };

  g_array_append_val (samples, sample);
}

GArray *
mh_metrics_read (MhMetrics *self, gint64 from_ms, gint64 to_ms, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (MhSample));
  gint64 oldest_ms = mh_clock_now_ms (mh_core_clock (self->core))
                     - (gint64) MH_METRICS_SLOTS * MH_METRICS_INTERVAL_MS;
  g_autoptr (MhStmt) stmt = NULL;
  g_autoptr (GError) local = NULL;

  if (lease == NULL)
    return NULL;

  stmt = mh_db_prepare (mh_db_lease_db (lease), sql_read, error);
  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, MAX (from_ms, oldest_ms));
  mh_stmt_bind_int64 (stmt, 2, to_ms);
  while (mh_stmt_step (stmt, &local))
    read_row (stmt, samples);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  return g_steal_pointer (&samples);
}
