/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/source.h"

/* Smaller files may well be wanted again soon. */
#define DIRECT_FROM (16 * 1024 * 1024)
/* What is written at one time, and where it has to lie: no disk has larger sectors. */
#define DIRECT_PIECE (2 * 1024 * 1024)
#define DIRECT_ALIGNMENT 4096

struct _MhLocalOut
{
  int fd;           /* -1 when it is closed */
  guint8 *gathered; /* (owned by free()) (nullable): what goes past the page cache, in pieces */
  gsize size;       /* bytes of it */
};

static void
fill (MhLocalInfo *info, const struct stat *status)
{
  info->kind = S_ISREG (status->st_mode)   ? MH_LOCAL_FILE
               : S_ISDIR (status->st_mode) ? MH_LOCAL_FOLDER
                                           : MH_LOCAL_OTHER;
  info->size = status->st_size;
  info->mtime_ms =
      (gint64) status->st_mtim.tv_sec * 1000 + (gint64) status->st_mtim.tv_nsec / 1000000;
  info->device = status->st_dev;
  info->inode = status->st_ino;
}

gboolean
mh_local_look (const char *path, MhLocalInfo *info)
{
  struct stat status;

  if (lstat (path, &status) != 0)
    return FALSE;

  fill (info, &status);

  return TRUE;
}

gboolean
mh_local_look_again (int fd, MhLocalInfo *info)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    return FALSE;

  fill (info, &status);

  return TRUE;
}

int
mh_local_open (const char *path, MhLocalInfo *info)
{
  int fd = mh_source_open (AT_FDCWD, path);

  if (fd < 0)
    return -1;

  if (mh_local_look_again (fd, info) && info->kind == MH_LOCAL_FILE)
    return fd;

  (void) close (fd); /* nothing was written */
  errno = EINVAL;

  return -1;
}

gssize
mh_local_read (int fd, guint8 *out, gsize size)
{
  gssize got;

  do
    got = read (fd, out, size);
  while (got < 0 && errno == EINTR);

  return got;
}

void
mh_local_close (int fd)
{
  (void) close (fd); /* it was only read */
}

/* Returns: whether the file may be written past the page cache from now on */
static gboolean
set_direct (int fd, gboolean direct)
{
  int flags = fcntl (fd, F_GETFL);

  return flags >= 0 && fcntl (fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

MhLocalOut *
mh_local_out_new (const char *path, gint64 size)
{
  MhLocalOut *self;
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);

  if (fd < 0)
    return NULL;

  self = g_new0 (MhLocalOut, 1);
  self->fd = fd;
  if (size >= DIRECT_FROM && set_direct (fd, TRUE))
    self->gathered = aligned_alloc (DIRECT_ALIGNMENT, DIRECT_PIECE);

  return self;
}

static gboolean
write_all (int fd, const guint8 *data, gsize size)
{
  while (size > 0)
    {
      gssize done = write (fd, data, size);

      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        return FALSE;
      data += done;
      size -= (gsize) done;
    }

  return TRUE;
}

/* Writes what was gathered: a whole piece, or the last one, which is not aligned. */
static gboolean
flush (MhLocalOut *self)
{
  gsize size = self->size;

  self->size = 0;
  if (size == DIRECT_PIECE && write_all (self->fd, self->gathered, size))
    return TRUE;
  /* EINVAL: a file system that takes the flag, and then nothing with it */
  if (size == DIRECT_PIECE && errno != EINVAL)
    return FALSE;

  return set_direct (self->fd, FALSE) && write_all (self->fd, self->gathered, size);
}

gboolean
mh_local_out_write (MhLocalOut *self, const guint8 *data, gsize size)
{
  if (self->gathered == NULL)
    return write_all (self->fd, data, size);

  while (size > 0)
    {
      gsize some = MIN (size, DIRECT_PIECE - self->size);

      memcpy (self->gathered + self->size, data, some);
      self->size += some;
      data += some;
      size -= some;
      if (self->size == DIRECT_PIECE && !flush (self))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_local_out_finish (MhLocalOut *self, gint64 mtime_ms)
{
  struct timespec times[2] = { { 0, UTIME_OMIT } };
  int fd;

  times[1].tv_sec = (time_t) (mtime_ms / 1000);
  times[1].tv_nsec = (long) (mtime_ms % 1000) * 1000000;
  if (times[1].tv_nsec < 0)
    {
      times[1].tv_sec--;
      times[1].tv_nsec += 1000000000;
    }
  if ((self->gathered != NULL && !flush (self)) || futimens (self->fd, times) != 0)
    return FALSE;
  fd = self->fd;
  self->fd = -1;

  return close (fd) == 0;
}

void
mh_local_out_free (MhLocalOut *self)
{
  if (self == NULL)
    return;

  if (self->fd >= 0)
    mh_local_close (self->fd);
  free (self->gathered);
  g_free (self);
}

gboolean
mh_local_place (const char *from, const char *to, gboolean replace)
{
  struct stat status;

  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE) == 0)
    return TRUE;

  /* A file system that knows no flags: the check and the rename are two steps then. */
  if (replace || errno != EINVAL)
    return FALSE;

  if (lstat (to, &status) == 0)
    {
      errno = EEXIST;
      return FALSE;
    }

  return rename (from, to) == 0;
}
