/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "limiter.h"

#define MAX_ADDRESSES 10000 /* ours: about 4 MiB when every one has 15 failures */

typedef struct
{
  GArray *failures_ms; /* (owned) (element-type gint64) oldest first */
  gint64 locked_until_ms;
} Record;

struct _MhLimiter
{
  MhClock *clock; /* (unowned) outlives us */
  guint failures;
  gint64 window_ms;
  gint64 lockout_ms;
  GMutex lock;
  GHashTable *records; /* (owned) (element-type utf8 Record) (locked-by lock) */
};

static void
record_free (gpointer data)
{
  Record *record = data;

  g_array_unref (record->failures_ms);
  g_free (record);
}

MhLimiter *
mh_limiter_new (MhClock *clock, guint failures, gint64 window_ms, gint64 lockout_ms)
{
  MhLimiter *self = g_new0 (MhLimiter, 1);

  self->clock = clock;
  self->failures = failures;
  self->window_ms = window_ms;
  self->lockout_ms = lockout_ms;
  g_mutex_init (&self->lock);
  self->records = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, record_free);

  return self;
}

void
mh_limiter_free (MhLimiter *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->records);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gint64
mh_limiter_wait_ms (MhLimiter *self, const char *address)
{
  gint64 now_ms = mh_clock_now_ms (self->clock);
  gint64 wait_ms = 0;
  Record *record = NULL;

  g_mutex_lock (&self->lock);
  record = g_hash_table_lookup (self->records, address);
  if (record != NULL)
    wait_ms = MAX (0, record->locked_until_ms - now_ms);
  g_mutex_unlock (&self->lock);

  return wait_ms;
}

static void
drop_old (MhLimiter *self, Record *record, gint64 now_ms)
{
  guint old = 0;

  while (old < record->failures_ms->len
         && g_array_index (record->failures_ms, gint64, old) <= now_ms - self->window_ms)
    old++;

  if (old > 0)
    g_array_remove_range (record->failures_ms, 0, old);
}

static gboolean
is_stale (gpointer key, gpointer value, gpointer user_data)
{
  const gint64 *horizon_ms = user_data;
  Record *record = value;
  guint n = record->failures_ms->len;

  return record->locked_until_ms <= horizon_ms[0]
         && (n == 0 || g_array_index (record->failures_ms, gint64, n - 1) <= horizon_ms[1]);
}

static Record *
record_for (MhLimiter *self, const char *address, gint64 now_ms)
{
  Record *record = g_hash_table_lookup (self->records, address);
  gint64 horizon_ms[2] = { now_ms, now_ms - self->window_ms };

  if (record != NULL)
    return record;

  if (g_hash_table_size (self->records) >= MAX_ADDRESSES)
    g_hash_table_foreach_remove (self->records, is_stale, horizon_ms);
  /* Still full: ten thousand addresses attack at once. Start over rather than grow. */
  if (g_hash_table_size (self->records) >= MAX_ADDRESSES)
    g_hash_table_remove_all (self->records);

  record = g_new0 (Record, 1);
  record->failures_ms = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_hash_table_insert (self->records, g_strdup (address), record);

  return record;
}

guint
mh_limiter_fail (MhLimiter *self, const char *address)
{
  gint64 now_ms = mh_clock_now_ms (self->clock);
  guint left = G_MAXUINT;
  Record *record = NULL;

  if (self->failures == 0)
    return left;

  g_mutex_lock (&self->lock);
  record = record_for (self, address, now_ms);
  drop_old (self, record, now_ms);
  g_array_append_val (record->failures_ms, now_ms);
  left = self->failures - MIN (self->failures, record->failures_ms->len);
  if (left == 0)
    {
      record->locked_until_ms = now_ms + self->lockout_ms;
      g_array_set_size (record->failures_ms, 0);
    }
  g_mutex_unlock (&self->lock);

  return left;
}

void
mh_limiter_succeed (MhLimiter *self, const char *address)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->records, address);
  g_mutex_unlock (&self->lock);
}
