/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "guard.h"

struct _MhGuard
{
  GHashTable *changed; /* (owned) (element-type utf8 gint64): paths, and when the last time */
};

MhGuard *
mh_guard_new (void)
{
  MhGuard *self = g_new0 (MhGuard, 1);

  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

void
mh_guard_free (MhGuard *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->changed);
  g_free (self);
}

/* A clock that was set back must not keep changes for ever. */
static gboolean
is_old (gpointer path, gpointer when, gpointer now)
{
  gint64 age_ms = *(gint64 *) now - *(gint64 *) when;

  return age_ms >= MH_GUARD_WINDOW_MS || age_ms < -MH_GUARD_WINDOW_MS;
}

gboolean
mh_guard_is_too_much (MhGuard *self, const MhGuardLimits *limits, GPtrArray *paths, guint files,
                      gint64 now_ms)
{
  guint64 count;

  g_hash_table_foreach_remove (self->changed, is_old, &now_ms);
  count = g_hash_table_size (self->changed);
  for (guint i = 0; i < paths->len; i++)
    {
      if (!g_hash_table_contains (self->changed, g_ptr_array_index (paths, i)))
        count++;
    }

  return count > limits->files
         || (count >= MH_GUARD_LEAST && count * 100 > (guint64) limits->percent * files);
}

void
mh_guard_note (MhGuard *self, GPtrArray *paths, gint64 now_ms)
{
  for (guint i = 0; i < paths->len; i++)
    {
      gint64 *when = g_new (gint64, 1);

      *when = now_ms;
      g_hash_table_replace (self->changed, g_strdup (g_ptr_array_index (paths, i)), when);
    }
}

void
mh_guard_clear (MhGuard *self)
{
  g_hash_table_remove_all (self->changed);
}
