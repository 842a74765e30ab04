/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "storage-backup.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"

#define FORMAT "%Y%m%dT%H%M%S" /* names that sort by time */
#define NAME_SIZE 15

static const char *const files[] = { "meshhold.db", "index.db" };

void
mh_backups_free (MhBackups *self)
{
  if (self == NULL)
    return;

  g_free (self->folder);
  g_free (self->last);
  g_free (self);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* Returns: (transfer full) (element-type utf8): names of complete copies, oldest first */
static GPtrArray *
list (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL); /* none yet */
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (strspn (name, "0123456789T") == NAME_SIZE && name[NAME_SIZE] == '\0')
        g_ptr_array_add (names, g_strdup (name));
    }
  g_ptr_array_sort (names, compare_names);

  return names;
}

static gint64
time_of (const char *name)
{
  g_autofree char *iso = g_strconcat (name, "Z", NULL);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (iso, NULL);

  return time == NULL ? 0 : g_date_time_to_unix (time) * 1000;
}

MhBackups *
mh_backups_look (MhCore *core)
{
  MhBackups *self = g_new0 (MhBackups, 1);
  g_autoptr (GPtrArray) names = NULL;

  self->folder = g_build_filename (mh_core_metadata_dir (core), "backups", NULL);
  names = list (self->folder);
  self->count = names->len;
  if (names->len > 0)
    {
      const char *newest = g_ptr_array_index (names, names->len - 1);

      self->last = g_build_filename (self->folder, newest, NULL);
      self->last_ms = time_of (newest);
    }

  return self;
}

/* Removes a copy. What cannot be removed is tried again after the next one. */
static void
remove_copy (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (path, files[i], NULL);

      (void) g_unlink (file);
    }
  if (g_rmdir (path) != 0)
    g_debug ("removing %s: %s", path, g_strerror (errno));
}

static void
remove_oldest (const char *folder)
{
  g_autoptr (GPtrArray) names = list (folder);

  for (guint i = 0; i + MH_BACKUPS < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);

      remove_copy (path);
    }
}

static gboolean
copy_catalogue (MhCore *core, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (core), error);
  gboolean done = lease != NULL && mh_db_backup (mh_db_lease_db (lease), path, cancellable, error);

  if (error != NULL && *error != NULL && (*error)->domain == MH_DB_ERROR)
    mh_error_move (error, MH_ERROR_FAILED);

  return done;
}

static gint64
size_of (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 ? status.st_size : 0;
}

/* Fills the folder of a copy. */
static gboolean
fill (MhCore *core, MhStore *store, const char *path, gint64 *bytes, GCancellable *cancellable,
      GError **error)
{
  g_autofree char *catalogue = g_build_filename (path, files[0], NULL);
  g_autofree char *index = g_build_filename (path, files[1], NULL);

  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      mh_error_set_errno (error, errno, path);
      return FALSE;
    }

  if (!copy_catalogue (core, catalogue, cancellable, error)
      || !mh_store_backup_index (store, index, cancellable, error))
    return FALSE;

  *bytes = size_of (catalogue) + size_of (index);

  return TRUE;
}

MhBackups *
mh_backups_make (MhCore *core, MhStore *store, gint64 *bytes, GCancellable *cancellable,
                 GError **error)
{
  gint64 now_ms = mh_clock_now_ms (mh_core_clock (core));
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (now_ms / 1000);
  g_autofree char *folder = g_build_filename (mh_core_metadata_dir (core), "backups", NULL);
  g_autofree char *part = g_build_filename (folder, "part", NULL);
  g_autofree char *name = g_date_time_format (now, FORMAT);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  remove_copy (part);
  if (!fill (core, store, part, bytes, cancellable, error))
    {
      remove_copy (part);
      return NULL;
    }

  /* Two in one second: the later one counts. */
  remove_copy (path);
  if (g_rename (part, path) != 0)
    {
      mh_error_set_errno (error, errno, path);
      return NULL;
    }
  remove_oldest (folder);

  return mh_backups_look (core);
}
