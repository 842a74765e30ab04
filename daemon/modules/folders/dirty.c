/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dirty.h"

#include <string.h>

typedef struct
{
  gint64 first_us;
  gint64 last_us;
} Times;

struct _MhDirty
{
  GHashTable *paths; /* (owned) (element-type utf8 Times) */
  gint64 last_us;    /* when the last change was noted */
};

MhDirty *
mh_dirty_new (void)
{
  MhDirty *self = g_new0 (MhDirty, 1);

  self->paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

void
mh_dirty_free (MhDirty *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->paths);
  g_free (self);
}

static Times *
get (MhDirty *self, const char *path, gint64 first_us)
{
  Times *times = g_hash_table_lookup (self->paths, path);

  if (times != NULL)
    return times;

  times = g_new0 (Times, 1);
  times->first_us = first_us;
  g_hash_table_insert (self->paths, g_strdup (path), times);

  return times;
}

void
mh_dirty_add (MhDirty *self, const char *path, gint64 now_us)
{
  get (self, path, now_us)->last_us = now_us;
  self->last_us = now_us;
}

void
mh_dirty_add_due (MhDirty *self, const char *path, gint64 now_us)
{
  Times *times = get (self, path, now_us);

  times->last_us = MAX (times->last_us, now_us - MH_DIRTY_SETTLE_US);
}

static gint64
due_us (const Times *times)
{
  return MIN (times->last_us + MH_DIRTY_SETTLE_US, times->first_us + MH_DIRTY_MOST_US);
}

gboolean
mh_dirty_is_burst (MhDirty *self)
{
  return g_hash_table_size (self->paths) >= MH_DIRTY_BURST;
}

/* What was done at one go, such as the two ends of a rename, is looked at together: gives the time
 * when the last of it is due. */
static gint64
end_of_group (MhDirty *self, gint64 at_us)
{
  GHashTableIter iter;
  gpointer value;
  gint64 end_us = at_us;

  g_hash_table_iter_init (&iter, self->paths);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      gint64 due = due_us (value);

      if (due <= at_us + MH_DIRTY_GROUP_US)
        end_us = MAX (end_us, due);
    }

  return end_us;
}

gint64
mh_dirty_wait (MhDirty *self, gint64 now_us)
{
  GHashTableIter iter;
  gpointer value;
  gint64 at_us = G_MAXINT64;
  gint64 first_us = G_MAXINT64;

  g_hash_table_iter_init (&iter, self->paths);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      at_us = MIN (at_us, due_us (value));
      first_us = MIN (first_us, ((Times *) value)->first_us);
    }
  if (at_us == G_MAXINT64)
    return -1;
  at_us = end_of_group (self, at_us);
  if (mh_dirty_is_burst (self))
    at_us =
        MAX (at_us, MIN (self->last_us + MH_DIRTY_SETTLE_US, first_us + MH_DIRTY_BURST_MOST_US));

  return MAX (0, at_us - now_us);
}

static int
by_path (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Whether a folder above @path, or everything, is in @paths. */
static gboolean
is_below (GHashTable *paths, const char *path)
{
  g_autofree char *above = g_strdup (path);
  char *slash;

  if (*path != '\0' && g_hash_table_contains (paths, ""))
    return TRUE;
  while ((slash = strrchr (above, '/')) != NULL)
    {
      *slash = '\0';
      if (g_hash_table_contains (paths, above))
        return TRUE;
    }

  return FALSE;
}

/* Takes out what is due; the rest is busy. */
static GHashTable *
take_due (MhDirty *self, gint64 now_us, GHashTable *busy)
{
  GHashTable *due = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer path;
  gpointer value;

  g_hash_table_iter_init (&iter, self->paths);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      if (due_us (value) > now_us)
        {
          g_hash_table_add (busy, g_strdup (path));
          continue;
        }
      g_hash_table_add (due, g_strdup (path));
      g_hash_table_iter_remove (&iter);
    }

  return due;
}

GPtrArray *
mh_dirty_take (MhDirty *self, gint64 now_us, gboolean everything, GHashTable **busy)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) due = NULL;
  GHashTableIter iter;
  gpointer path;

  *busy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  due = take_due (self, now_us, *busy);
  if (everything || g_hash_table_size (due) > MH_DIRTY_PATHS)
    g_hash_table_add (due, g_strdup (""));
  g_hash_table_iter_init (&iter, due);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    {
      if (!is_below (due, path))
        g_ptr_array_add (paths, g_strdup (path));
    }
  g_ptr_array_sort (paths, by_path);

  return paths;
}
