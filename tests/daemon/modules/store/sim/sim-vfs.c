/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "sim-node.h"

/* SQLite on the simulated disk. As on Unix, locks and shared memory are lost in every crash. */

typedef struct
{
  sqlite3_file base;
  SimNode *node;
  char *path; /* (owned): of a new log or journal whose name is not durable yet, or %NULL */
  int level;  /* SQLITE_LOCK_… */
  gboolean uses_shm;
  guint shared_slots;    /* bits */
  guint exclusive_slots; /* bits */
} File;

static int last_errnum;
static SimRandom randomness;

static int
status_of (int errnum, int status)
{
  if (errnum == 0)
    return SQLITE_OK;

  last_errnum = errnum;

  return errnum == ENOSPC ? SQLITE_FULL : status;
}

static int
file_unlock (sqlite3_file *base, int level)
{
  File *self = (File *) base;
  SimLocks *locks = sim_locks (self->node);

  if (self->level <= level)
    return SQLITE_OK;

  if (self->level >= SQLITE_LOCK_RESERVED)
    locks->reserved = FALSE;
  if (self->level >= SQLITE_LOCK_PENDING)
    locks->pending = FALSE;
  if (self->level == SQLITE_LOCK_EXCLUSIVE)
    locks->exclusive = FALSE;
  if (level == SQLITE_LOCK_NONE)
    locks->shared--;
  self->level = level;

  return SQLITE_OK;
}

static int
file_lock (sqlite3_file *base, int level)
{
  File *self = (File *) base;
  SimLocks *locks = sim_locks (self->node);

  if (self->level >= level)
    return SQLITE_OK;

  if (self->level == SQLITE_LOCK_NONE)
    {
      if (locks->pending || locks->exclusive)
        return SQLITE_BUSY;
      locks->shared++;
      self->level = SQLITE_LOCK_SHARED;
    }

  if (level >= SQLITE_LOCK_RESERVED && self->level == SQLITE_LOCK_SHARED)
    {
      if (locks->reserved)
        return SQLITE_BUSY;
      locks->reserved = TRUE;
      self->level = SQLITE_LOCK_RESERVED;
    }

  if (level == SQLITE_LOCK_EXCLUSIVE)
    {
      locks->pending = TRUE;
      self->level = SQLITE_LOCK_PENDING;
      if (locks->shared > 1)
        return SQLITE_BUSY;
      locks->exclusive = TRUE;
      self->level = SQLITE_LOCK_EXCLUSIVE;
    }

  return SQLITE_OK;
}

static int
file_check_reserved (sqlite3_file *base, int *out)
{
  *out = sim_locks (((File *) base)->node)->reserved;

  return SQLITE_OK;
}

static int
file_close (sqlite3_file *base)
{
  File *self = (File *) base;

  file_unlock (base, SQLITE_LOCK_NONE);
  sim_node_unref (self->node);
  g_free (self->path);
  sim_closed ();

  return SQLITE_OK;
}

static int
file_read (sqlite3_file *base, void *out, int size, sqlite3_int64 offset)
{
  gsize got;
  int errnum = sim_read (((File *) base)->node, (guint64) offset, out, (gsize) size, &got);

  if (errnum != 0)
    return status_of (errnum, SQLITE_IOERR_READ);

  memset ((guint8 *) out + got, 0, (gsize) size - got);

  return got == (gsize) size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
file_write (sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
  int errnum = sim_write (((File *) base)->node, (guint64) offset, data, (gsize) size);

  return status_of (errnum, SQLITE_IOERR_WRITE);
}

static int
file_truncate (sqlite3_file *base, sqlite3_int64 size)
{
  return status_of (sim_truncate (((File *) base)->node, (guint64) size), SQLITE_IOERR_TRUNCATE);
}

static int
file_sync (sqlite3_file *base, int flags)
{
  File *self = (File *) base;
  int errnum = sim_sync (self->node);

  /* As on Unix: the name of a new log is made durable with its first bytes. */
  if (errnum == 0 && self->path != NULL)
    {
      errnum = sim_sync_folder_of (self->path);
      g_clear_pointer (&self->path, g_free);
    }

  return status_of (errnum, SQLITE_IOERR_FSYNC);
}

static int
file_size (sqlite3_file *base, sqlite3_int64 *size)
{
  *size = (sqlite3_int64) sim_size (((File *) base)->node);

  return SQLITE_OK;
}

static int
file_control (sqlite3_file *base, int operation, void *argument)
{
  return SQLITE_NOTFOUND;
}

static int
file_sector_size (sqlite3_file *base)
{
  return 4096;
}

static int
file_characteristics (sqlite3_file *base)
{
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
file_shm_map (sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
  File *self = (File *) base;
  SimLocks *locks = sim_locks (self->node);

  *out = NULL;
  if (!self->uses_shm)
    {
      self->uses_shm = TRUE;
      if (locks->users++ == 0)
        locks->regions = g_ptr_array_new_with_free_func (g_free);
    }
  while (extend && locks->regions->len <= (guint) region)
    g_ptr_array_add (locks->regions, g_malloc0 ((gsize) size));
  if (locks->regions->len > (guint) region)
    *out = g_ptr_array_index (locks->regions, region);

  return SQLITE_OK;
}

static int
file_shm_lock (sqlite3_file *base, int offset, int count, int flags)
{
  File *self = (File *) base;
  SimLocks *locks = sim_locks (self->node);
  guint mask = ((1U << count) - 1) << offset;

  for (int i = offset; i < offset + count && (flags & SQLITE_SHM_LOCK); i++)
    {
      guint others = locks->shared_slots[i] - ((self->shared_slots >> i) & 1);
      gboolean taken = locks->exclusive_slots[i] && !((self->exclusive_slots >> i) & 1);

      if (taken || ((flags & SQLITE_SHM_EXCLUSIVE) && others > 0))
        return SQLITE_BUSY;
    }

  for (int i = offset; i < offset + count; i++)
    {
      guint bit = 1U << i;

      if (flags & SQLITE_SHM_EXCLUSIVE)
        locks->exclusive_slots[i] = (flags & SQLITE_SHM_LOCK) != 0;
      else if ((flags & SQLITE_SHM_LOCK) && !(self->shared_slots & bit))
        locks->shared_slots[i]++;
      else if ((flags & SQLITE_SHM_UNLOCK) && (self->shared_slots & bit))
        locks->shared_slots[i]--;
    }
  if (flags & SQLITE_SHM_EXCLUSIVE)
    self->exclusive_slots =
        flags & SQLITE_SHM_LOCK ? self->exclusive_slots | mask : self->exclusive_slots & ~mask;
  else
    self->shared_slots =
        flags & SQLITE_SHM_LOCK ? self->shared_slots | mask : self->shared_slots & ~mask;

  return SQLITE_OK;
}

static void
file_shm_barrier (sqlite3_file *base)
{
}

static int
file_shm_unmap (sqlite3_file *base, int delete)
{
  File *self = (File *) base;
  SimLocks *locks = sim_locks (self->node);

  if (!self->uses_shm)
    return SQLITE_OK;

  self->uses_shm = FALSE;
  if (--locks->users == 0)
    {
      g_clear_pointer (&locks->regions, g_ptr_array_unref);
      memset (locks->shared_slots, 0, sizeof locks->shared_slots);
      memset (locks->exclusive_slots, 0, sizeof locks->exclusive_slots);
    }

  return SQLITE_OK;
}

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
  file_check_reserved,
  file_control,
  file_sector_size,
  file_characteristics,
  file_shm_map,
  file_shm_lock,
  file_shm_barrier,
  file_shm_unmap,
};

static int
vfs_open (sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out_flags)
{
  File *self = (File *) base;
  gboolean create = (flags & SQLITE_OPEN_CREATE) != 0;
  gboolean existed = TRUE;
  SimNode *node;
  int errnum = 0;

  memset (self, 0, sizeof *self);
  if (path != NULL && create)
    errnum = sim_exists (path, &existed);
  if (errnum == 0)
    errnum = sim_open (path, create, FALSE, &node);
  if (errnum != 0)
    return status_of (errnum, SQLITE_CANTOPEN);

  self->base.pMethods = &methods;
  self->node = node;
  if (!existed && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)))
    self->path = g_strdup (path);
  sim_opened ();
  if (out_flags != NULL)
    *out_flags = flags;

  return SQLITE_OK;
}

static int
vfs_delete (sqlite3_vfs *vfs, const char *path, int sync)
{
  int errnum = sim_remove (path);

  if (errnum == ENOENT)
    return SQLITE_IOERR_DELETE_NOENT;
  if (errnum == 0 && sync)
    errnum = sim_sync_folder_of (path);

  return status_of (errnum, SQLITE_IOERR_DELETE);
}

static int
vfs_access (sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
  gboolean exists;
  int errnum = sim_exists (path, &exists);

  *out = exists;

  return status_of (errnum, SQLITE_IOERR_ACCESS);
}

static int
vfs_full_path (sqlite3_vfs *vfs, const char *path, int size, char *out)
{
  return g_strlcpy (out, path, (gsize) size) < (gsize) size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int
vfs_randomness (sqlite3_vfs *vfs, int size, char *out)
{
  for (int i = 0; i < size; i++)
    out[i] = (char) sim_random_next (&randomness);

  return size;
}

static int
vfs_sleep (sqlite3_vfs *vfs, int us)
{
  return us;
}

static int
vfs_current_time (sqlite3_vfs *vfs, double *out)
{
  *out = 2460000.5;

  return SQLITE_OK;
}

static int
vfs_last_error (sqlite3_vfs *vfs, int size, char *out)
{
  return last_errnum;
}

void
sim_vfs_register (void)
{
  static sqlite3_vfs vfs = {
    .iVersion = 1,
    .szOsFile = sizeof (File),
    .mxPathname = 512,
    .zName = "simulation",
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xRandomness = vfs_randomness,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_current_time,
    .xGetLastError = vfs_last_error,
  };

  g_assert_cmpint (sqlite3_vfs_register (&vfs, 1), ==, SQLITE_OK);
}

void
sim_vfs_seed (guint64 seed)
{
  randomness.state = seed;
  sqlite3_randomness (0, NULL); /* has it seeded anew */
}
