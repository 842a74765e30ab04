/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
fill (MhHostInfo *info, const struct stat *status)
{
  info->kind = S_ISREG (status->st_mode)   ? MH_HOST_FILE
               : S_ISDIR (status->st_mode) ? MH_HOST_FOLDER
                                           : MH_HOST_OTHER;
  info->size = status->st_size;
  info->mtime_ms =
      (gint64) status->st_mtim.tv_sec * 1000 + (gint64) status->st_mtim.tv_nsec / 1000000;
  info->device = status->st_dev;
  info->inode = status->st_ino;
}

gboolean
mh_host_look (const char *path, MhHostInfo *info)
{
  struct stat status;

  if (lstat (path, &status) != 0)
    return FALSE;

  fill (info, &status);

  return TRUE;
}

gboolean
mh_host_look_again (int fd, MhHostInfo *info)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    return FALSE;

  fill (info, &status);

  return TRUE;
}

int
mh_host_open (const char *path, MhHostInfo *info)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

  if (fd < 0)
    return -1;

  if (mh_host_look_again (fd, info) && info->kind == MH_HOST_FILE)
    return fd;

  (void) close (fd); /* nothing was written */
  errno = EINVAL;

  return -1;
}

gssize
mh_host_read (int fd, guint8 *out, gsize size)
{
  gssize got;

  do
    got = read (fd, out, size);
  while (got < 0 && errno == EINTR);

  return got;
}

int
mh_host_create (const char *path)
{
  return open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
}

gboolean
mh_host_write (int fd, const guint8 *data, gsize size)
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

gboolean
mh_host_set_time (int fd, gint64 mtime_ms)
{
  struct timespec times[2] = { { 0, UTIME_OMIT } };

  times[1].tv_sec = (time_t) (mtime_ms / 1000);
  times[1].tv_nsec = (long) (mtime_ms % 1000) * 1000000;
  if (times[1].tv_nsec < 0)
    {
      times[1].tv_sec--;
      times[1].tv_nsec += 1000000000;
    }

  return futimens (fd, times) == 0;
}

gboolean
mh_host_close (int fd)
{
  return close (fd) == 0;
}

gboolean
mh_host_place (const char *from, const char *to, gboolean replace)
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
