/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vfs.h"

#include <sqlite3.h>
#include <string.h>

/* What all connections to one database share. */
typedef struct
{
  char *path;  /* (owned): of the database itself */
  guint files; /* open ones, log and journal included (locked-by the VFS) */
  int failed;  /* atomic: a sync failed */
} Shared;

typedef struct
{
  sqlite3_vfs base;
  sqlite3_vfs *real; /* (unowned): for ever */
  GMutex lock;
  GHashTable *databases; /* (owned) (element-type utf8 Shared) (locked-by lock) */
} Vfs;

/* A file of ours; the real one lies behind it. */
typedef struct
{
  sqlite3_file base;
  Vfs *vfs;       /* (unowned) */
  Shared *shared; /* (nullable): %NULL for a temporary file */
  sqlite3_file *real;
} File;

static sqlite3_file *
real_of (sqlite3_file *file)
{
  return ((File *) file)->real;
}

static gboolean
has_failed (sqlite3_file *file)
{
  Shared *shared = ((File *) file)->shared;

  return shared != NULL && g_atomic_int_get (&shared->failed);
}

static void
shared_free (gpointer data)
{
  Shared *self = data;

  g_free (self->path);
  g_free (self);
}

/* Finds or makes what the database of the file @path shares. */
static Shared *
shared_take (Vfs *vfs, const char *path)
{
  static const char *const suffixes[] = { "-wal", "-journal" };
  g_autofree char *database = g_strdup (path);
  Shared *shared;

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      if (g_str_has_suffix (database, suffixes[i]))
        database[strlen (database) - strlen (suffixes[i])] = '\0';
    }

  g_mutex_lock (&vfs->lock);
  shared = g_hash_table_lookup (vfs->databases, database);
  if (shared == NULL)
    {
      shared = g_new0 (Shared, 1);
      shared->path = g_steal_pointer (&database);
      g_hash_table_insert (vfs->databases, shared->path, shared);
    }
  shared->files++;
  g_mutex_unlock (&vfs->lock);

  return shared;
}

static void
shared_give (Vfs *vfs, Shared *shared)
{
  g_mutex_lock (&vfs->lock);
  if (--shared->files == 0)
    g_hash_table_remove (vfs->databases, shared->path);
  g_mutex_unlock (&vfs->lock);
}

static int
file_close (sqlite3_file *file)
{
  File *self = (File *) file;
  int status = self->real->pMethods->xClose (self->real);

  if (self->shared != NULL)
    shared_give (self->vfs, self->shared);

  return status;
}

static int
file_read (sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
  if (has_failed (file))
    return SQLITE_IOERR_READ;

  return real_of (file)->pMethods->xRead (real_of (file), out, size, offset);
}

static int
file_write (sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
  if (has_failed (file))
    return SQLITE_IOERR_WRITE;

  return real_of (file)->pMethods->xWrite (real_of (file), data, size, offset);
}

static int
file_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  if (has_failed (file))
    return SQLITE_IOERR_TRUNCATE;

  return real_of (file)->pMethods->xTruncate (real_of (file), size);
}

static int
file_sync (sqlite3_file *file, int flags)
{
  Shared *shared = ((File *) file)->shared;
  int status;

  if (has_failed (file))
    return SQLITE_IOERR_FSYNC;

  status = real_of (file)->pMethods->xSync (real_of (file), flags);
  if (status != SQLITE_OK && shared != NULL)
    g_atomic_int_set (&shared->failed, 1);

  return status;
}

static int
file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return real_of (file)->pMethods->xFileSize (real_of (file), size);
}

static int
file_lock (sqlite3_file *file, int level)
{
  return real_of (file)->pMethods->xLock (real_of (file), level);
}

static int
file_unlock (sqlite3_file *file, int level)
{
  return real_of (file)->pMethods->xUnlock (real_of (file), level);
}

static int
file_check_reserved_lock (sqlite3_file *file, int *out)
{
  return real_of (file)->pMethods->xCheckReservedLock (real_of (file), out);
}

static int
file_control (sqlite3_file *file, int operation, void *argument)
{
  return real_of (file)->pMethods->xFileControl (real_of (file), operation, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return real_of (file)->pMethods->xSectorSize (real_of (file));
}

static int
file_characteristics (sqlite3_file *file)
{
  return real_of (file)->pMethods->xDeviceCharacteristics (real_of (file));
}

static int
file_shm_map (sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
  return real_of (file)->pMethods->xShmMap (real_of (file), region, size, extend, out);
}

static int
file_shm_lock (sqlite3_file *file, int offset, int count, int flags)
{
  return real_of (file)->pMethods->xShmLock (real_of (file), offset, count, flags);
}

static void
file_shm_barrier (sqlite3_file *file)
{
  real_of (file)->pMethods->xShmBarrier (real_of (file));
}

static int
file_shm_unmap (sqlite3_file *file, int remove)
{
  return real_of (file)->pMethods->xShmUnmap (real_of (file), remove);
}

/* Version 2: with a log, without memory-mapped reads. */
static const sqlite3_io_methods methods = {
  2,
  file_close,
  file_read,
  file_write,
  file_truncate,
  file_sync,
  file_size,
  file_lock,
  file_unlock,
  file_check_reserved_lock,
  file_control,
  file_sector_size,
  file_characteristics,
  file_shm_map,
  file_shm_lock,
  file_shm_barrier,
  file_shm_unmap,
};

static int
vfs_open (sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
  File *self = (File *) file;
  Vfs *owner = (Vfs *) vfs;
  int status;

  memset (self, 0, sizeof *self);
  self->real = (sqlite3_file *) (self + 1);
  status = owner->real->xOpen (owner->real, path, self->real, flags, out_flags);
  if (self->real->pMethods == NULL)
    return status;

  self->base.pMethods = &methods;
  self->vfs = owner;
  if (path != NULL)
    self->shared = shared_take (owner, path);

  return status;
}

static void
vfs_register (void)
{
  Vfs *vfs = g_new0 (Vfs, 1); /* for ever */

  vfs->real = sqlite3_vfs_find (NULL);
  /* Its other methods depend on the paths they get, not on which VFS they belong to. */
  vfs->base = *vfs->real;
  vfs->base.szOsFile = (int) sizeof (File) + vfs->real->szOsFile;
  vfs->base.pNext = NULL;
  vfs->base.zName = "meshhold";
  vfs->base.xOpen = vfs_open;
  g_mutex_init (&vfs->lock);
  vfs->databases = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, shared_free);
  g_assert (sqlite3_vfs_register (&vfs->base, 0) == SQLITE_OK);
}

const char *
mh_db_vfs (void)
{
  static gsize registered = 0;

  if (g_once_init_enter (&registered))
    {
      vfs_register ();
      g_once_init_leave (&registered, 1);
    }

  return "meshhold";
}
