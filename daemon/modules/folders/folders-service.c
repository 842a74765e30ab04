/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "folders-service.h"

#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "disk.h"

struct _MhFolders
{
  MhCore *core; /* (unowned) outlives us */
  MhMirrorTools tools;
  MhPool *pool;   /* (owned): of one thread, for what the loop must not wait for */
  guint watch;    /* of the bus */
  GMutex setting; /* between the look at what is mirrored and one more; taken before lock */
  GMutex lock;
  GPtrArray *mirrors; /* (owned) (element-type MhMirror) (locked-by lock) */
};

static GPtrArray *
copy_mirrors (MhFolders *self)
{
  GPtrArray *mirrors = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_mirror_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->mirrors->len; i++)
    g_ptr_array_add (mirrors, mh_mirror_ref (g_ptr_array_index (self->mirrors, i)));
  g_mutex_unlock (&self->lock);

  return mirrors;
}

GPtrArray *
mh_folders_list (MhFolders *self)
{
  return copy_mirrors (self);
}

MhMirror *
mh_folders_get (MhFolders *self, const char *vault_id, GError **error)
{
  g_autoptr (GPtrArray) mirrors = copy_mirrors (self);

  for (guint i = 0; i < mirrors->len; i++)
    {
      MhMirror *mirror = g_ptr_array_index (mirrors, i);

      if (strcmp (mh_mirror_vault_id (mirror), vault_id) == 0)
        return mh_mirror_ref (mirror);
    }

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no folder mirrors the vault %s", vault_id);

  return NULL;
}

/* -- what is said of them -- */

/* Says in the tray and on the page what waits for a decision. */
static void
say_held (MhFolders *self, GPtrArray *mirrors)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < mirrors->len; i++)
    {
      g_autoptr (MhMirrorStatus) status = mh_mirror_status (g_ptr_array_index (mirrors, i));

      if (!status->is_held)
        continue;
      g_string_append_printf (text,
                              "%s%s: %u changed and %u deleted files are held back until they are "
                              "released or rolled back",
                              text->len > 0 ? "; " : "", status->row->path, status->held.changed,
                              status->held.deleted);
    }
  mh_core_set_notice (self->core, text->len > 0 ? text->str : NULL);
}

static void
on_mirror_changed (MhMirror *mirror, gpointer data)
{
  MhFolders *self = data;
  g_autoptr (GPtrArray) mirrors = copy_mirrors (self);
  MhJson *members = mh_json_new ();

  say_held (self, mirrors);
  mh_json_string (members, "vault_id", mh_mirror_vault_id (mirror));
  mh_bus_publish (mh_core_bus (self->core), "folder_changed", members);
}

/* -- what happens elsewhere -- */

typedef struct
{
  MhFolders *folders;
  char *vault_id; /* (owned) */
} Removal;

static void
remove_one (gpointer data)
{
  Removal *removal = data;
  g_autoptr (GError) error = NULL;

  if (!mh_folders_remove (removal->folders, removal->vault_id, &error)
      && !g_error_matches (error, MH_ERROR, MH_ERROR_NOT_FOUND))
    g_warning ("ending the folder of a vault that was deleted: %s", error->message);
  g_free (removal->vault_id);
  g_free (removal);
}

static void
on_vault_changed (MhFolders *self, JsonObject *event, MhMirror *mirror)
{
  Removal *removal;

  if (g_strcmp0 (mh_json_member (event, "op"), "delete") != 0)
    {
      mh_mirror_rescan (mirror); /* it may have been unlocked */
      return;
    }

  removal = g_new0 (Removal, 1);
  removal->folders = self;
  removal->vault_id = g_strdup (mh_mirror_vault_id (mirror));
  if (mh_pool_push (self->pool, remove_one, removal))
    return;

  g_free (removal->vault_id); /* it is unavailable, and can be removed by hand */
  g_free (removal);
}

static void
on_file_changed (JsonObject *event, MhMirror *mirror)
{
  const char *path = mh_json_member (event, "path");

  if (path != NULL && *path == '/' && mh_json_member (event, "by") == NULL)
    mh_mirror_vault_changed (mirror, path);
}

/* An import says nothing of single files, but when it has ended. */
static gboolean
is_import_end (JsonObject *transfer)
{
  const char *state = mh_json_member (transfer, "state");

  return g_strcmp0 (mh_json_member (transfer, "kind"), "import") == 0
         && g_strcmp0 (state, "waiting") != 0 && g_strcmp0 (state, "running") != 0;
}

static void
on_event (const MhEvent *event, gpointer data)
{
  MhFolders *self = data;
  gboolean is_transfer = g_str_equal (event->type, "transfer_changed");
  gboolean is_vault = g_str_equal (event->type, "vault_changed");
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (MhMirror) mirror = NULL;
  JsonObject *object;
  const char *vault_id;

  if (!is_transfer && !is_vault && !g_str_equal (event->type, "file_changed"))
    return;
  node = mh_json_parse (event->json, -1, NULL);
  if (node == NULL)
    return;

  object = json_node_get_object (node);
  if (is_transfer && json_object_has_member (object, "transfer"))
    object = json_object_get_object_member (object, "transfer");
  vault_id = mh_json_member (object, "vault_id");
  mirror = vault_id != NULL ? mh_folders_get (self, vault_id, NULL) : NULL;
  if (mirror == NULL)
    return;

  if (is_vault)
    on_vault_changed (self, object, mirror);
  else if (!is_transfer)
    on_file_changed (object, mirror);
  else if (is_import_end (object))
    mh_mirror_vault_changed (mirror, "/");
}

/* -- which folders -- */

/* Whether one of two paths lies in the other, or is it. */
static gboolean
overlaps (const char *one, const char *other)
{
  g_autoptr (GFile) a = g_file_new_for_path (one);
  g_autoptr (GFile) b = g_file_new_for_path (other);

  return g_file_equal (a, b) || g_file_has_prefix (a, b) || g_file_has_prefix (b, a);
}

/* What the daemon keeps must not become files of a vault, nor the reverse. */
static gboolean
check_own (MhFolders *self, const char *path, GError **error)
{
  const char *own[] = { mh_core_home (self->core), mh_core_metadata_dir (self->core),
                        mh_core_blocks_dir (self->core) };

  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_autofree char *resolved = mh_disk_resolve (own[i], NULL);

      if (!overlaps (path, resolved != NULL ? resolved : own[i]))
        continue;
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
                   "path: %s and what MeshHold itself keeps in %s lie in each other", path, own[i]);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_others (GPtrArray *mirrors, const char *vault_id, const char *path, GError **error)
{
  for (guint i = 0; i < mirrors->len; i++)
    {
      g_autoptr (MhMirrorStatus) status = mh_mirror_status (g_ptr_array_index (mirrors, i));
      const char *other = status->row->path;

      if (strcmp (status->row->vault_id, vault_id) == 0)
        g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "path: the vault is mirrored by %s",
                     other);
      else if (overlaps (path, other))
        g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
                     "path: %s lies in or around %s, which mirrors another vault", path, other);
      else
        continue;
      return FALSE;
    }

  return TRUE;
}

/* Puts the marker into the folder, unless that of another vault is there. */
static gboolean
mark (const char *vault_id, MhFolderRow *row, GError **error)
{
  g_autoptr (MhDisk) disk = mh_disk_open (row->path, error);
  g_autofree char *wanted = mh_mirror_marker (vault_id);
  g_autofree char *marker = NULL;

  if (disk == NULL)
    return FALSE;

  row->device = mh_disk_device (disk);
  marker = mh_disk_read_text (disk, MH_DISK_MARKER, NULL);
  if (g_strcmp0 (marker, wanted) == 0)
    return TRUE;
  if (marker == NULL)
    return mh_disk_write_text (disk, MH_DISK_MARKER, wanted, error);

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
               "path: %s has the file " MH_DISK_MARKER " of the vault %s; remove it if that is "
               "not mirrored there any more",
               row->path, g_strchomp (marker));

  return FALSE;
}

/* Returns: (transfer full): the mirror of a folder that was checked */
static MhMirror *
add (MhFolders *self, MhFolderRow *row, GError **error)
{
  g_autoptr (MhDbLease) lease = NULL;
  MhMirror *mirror;

  if (!mark (row->vault_id, row, error))
    return NULL;

  lease = mh_db_pool_take (mh_core_db (self->core), error);
  if (lease == NULL || !mh_folders_store_add (mh_db_lease_db (lease), row, error))
    return NULL;

  mirror = mh_mirror_new (&self->tools, row);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->mirrors, mh_mirror_ref (mirror));
  g_mutex_unlock (&self->lock);

  return mirror;
}

/* Under the lock of setting. */
static MhMirror *
check_and_add (MhFolders *self, const char *vault_id, const char *path, const MhGuardLimits *limits,
               GError **error)
{
  g_autoptr (GPtrArray) mirrors = copy_mirrors (self);
  g_autoptr (MhMirror) there = mh_folders_get (self, vault_id, NULL);
  g_autoptr (MhFolderRow) row = g_new0 (MhFolderRow, 1);

  if (!g_path_is_absolute (path))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "path must be absolute, not %s", path);
      return NULL;
    }

  if (there != NULL)
    {
      g_autoptr (MhMirrorStatus) status = mh_mirror_status (there);
      g_autofree char *same = mh_disk_resolve (path, NULL);

      if (strcmp (status->row->path, same != NULL ? same : path) == 0)
        return mh_mirror_set_limits (there, limits, error) ? g_steal_pointer (&there) : NULL;
    }

  row->vault_id = g_strdup (vault_id);
  row->path = mh_disk_resolve (path, error);
  row->created_ms = mh_clock_now_ms (mh_core_clock (self->core));
  row->limits = *limits;
  if (row->path == NULL)
    {
      g_prefix_error (error, "path: ");
      return NULL;
    }
  if (!g_utf8_validate (row->path, -1, NULL))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "path is not UTF-8");
      return NULL;
    }

  if (!check_own (self, row->path, error) || !check_others (mirrors, vault_id, row->path, error))
    return NULL;

  return add (self, row, error);
}

MhMirror *
mh_folders_set (MhFolders *self, const char *vault_id, const char *path,
                const MhGuardLimits *limits, GError **error)
{
  MhMirror *mirror;

  g_mutex_lock (&self->setting);
  mirror = check_and_add (self, vault_id, path, limits, error);
  g_mutex_unlock (&self->setting);

  return mirror;
}

/* Takes the marker away, if the folder is there. */
static void
unmark (const MhFolderRow *row)
{
  g_autoptr (MhDisk) disk = mh_disk_open (row->path, NULL);
  g_autofree char *wanted = mh_mirror_marker (row->vault_id);
  g_autofree char *marker = NULL;

  if (disk == NULL)
    return;

  marker = mh_disk_read_text (disk, MH_DISK_MARKER, NULL);
  if (g_strcmp0 (marker, wanted) == 0)
    (void) !mh_disk_remove (disk, MH_DISK_MARKER, NULL, NULL); /* it does no harm there */
}

gboolean
mh_folders_remove (MhFolders *self, const char *vault_id, GError **error)
{
  g_autoptr (MhMirror) mirror = mh_folders_get (self, vault_id, error);
  g_autoptr (MhMirrorStatus) status = NULL;
  g_autoptr (MhDbLease) lease = NULL;

  if (mirror == NULL)
    return FALSE;

  status = mh_mirror_status (mirror);
  lease = mh_db_pool_take (mh_core_db (self->core), error);
  if (lease == NULL)
    return FALSE;
  g_clear_pointer (&lease, mh_db_pool_give); /* its last pass may want it */
  mh_mirror_end (mirror);
  lease = mh_db_pool_take (mh_core_db (self->core), error);
  if (lease == NULL || !mh_folders_store_remove (mh_db_lease_db (lease), status->row->id, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  g_ptr_array_remove (self->mirrors, mirror);
  g_mutex_unlock (&self->lock);
  unmark (status->row);
  on_mirror_changed (mirror, self);

  return TRUE;
}

/* -- life -- */

static GPtrArray *
load (MhFolders *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);

  return lease != NULL ? mh_folders_store_list (mh_db_lease_db (lease), error) : NULL;
}

/* Whether the vault of a folder was deleted, and the daemon stopped before it came to the folder.
 */
static gboolean
is_left_over (MhFolders *self, const MhFolderRow *row)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhVault) vault = mh_vaults_get (self->tools.vaults, row->vault_id, &error);

  return vault == NULL && g_error_matches (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

/* Forgets a folder whose vault was deleted. */
static void
drop_left_over (MhFolders *self, const MhFolderRow *row)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), &error);

  if (lease != NULL && mh_folders_store_remove (mh_db_lease_db (lease), row->id, &error))
    unmark (row);
  else
    g_warning ("ending the folder of a vault that was deleted: %s", error->message);
}

static void
mirror_all (MhFolders *self, GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    {
      const MhFolderRow *row = g_ptr_array_index (rows, i);

      if (is_left_over (self, row))
        {
          drop_left_over (self, row);
          continue;
        }
      g_mutex_lock (&self->lock);
      g_ptr_array_add (self->mirrors, mh_mirror_new (&self->tools, row));
      g_mutex_unlock (&self->lock);
    }
}

gpointer
mh_folders_start (MhCore *core, GError **error)
{
  MhFolders *self = g_new0 (MhFolders, 1);
  g_autoptr (GPtrArray) rows = NULL;

  self->core = core;
  self->tools.core = core;
  self->tools.store = mh_core_service (core, "store");
  self->tools.vaults = mh_core_service (core, "vaults");
  self->tools.changed = on_mirror_changed;
  self->tools.data = self;
  self->pool = mh_pool_new ("folders", 1, 100);
  g_mutex_init (&self->setting);
  g_mutex_init (&self->lock);
  self->mirrors = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_mirror_unref);
  rows = load (self, error);
  if (rows == NULL)
    {
      mh_folders_stop (self);
      return NULL;
    }

  mirror_all (self, rows);
  self->watch = mh_bus_subscribe (mh_core_bus (core), on_event, self);

  return self;
}

void
mh_folders_stop (gpointer service)
{
  MhFolders *self = service;

  if (self->watch != 0)
    mh_bus_unsubscribe (mh_core_bus (self->core), self->watch);
  mh_pool_free (self->pool);
  for (guint i = 0; i < self->mirrors->len; i++)
    mh_mirror_end (g_ptr_array_index (self->mirrors, i));
  /* The loop has ended: what belongs to it is ours. */
  if (g_main_context_acquire (NULL))
    {
      g_ptr_array_unref (self->mirrors);
      g_main_context_release (NULL);
    }
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->setting);
  g_free (self);
}
