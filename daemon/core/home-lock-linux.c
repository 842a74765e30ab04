/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "home-lock.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

struct _MhHomeLock
{
  int fd;
};

MhHomeLock *
mh_home_lock_take (const char *path, GError **error)
{
  MhHomeLock *self = NULL;
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      mh_error_set_errno (error, errno, path);
      return NULL;
    }

  if (flock (fd, LOCK_EX | LOCK_NB) != 0)
    {
      close (fd);
      g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
                   "another daemon is running on this home (%s is locked)", path);
      return NULL;
    }

  self = g_new (MhHomeLock, 1);
  self->fd = fd;

  return self;
}

void
mh_home_lock_release (MhHomeLock *self)
{
  close (self->fd);
  g_free (self);
}
