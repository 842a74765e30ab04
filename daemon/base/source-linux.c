/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "source.h"

#include <errno.h>
#include <fcntl.h>

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

int
mh_source_open (int folder, const char *name)
{
  int fd = openat (folder, name, FLAGS | O_NOATIME);

  /* only the owner of a file may ask for that */
  return fd < 0 && errno == EPERM ? openat (folder, name, FLAGS) : fd;
}
