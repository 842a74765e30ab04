/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "error.h"

char *
mh_owner_tag (void)
{
  return g_strdup_printf ("%lu", (unsigned long) geteuid ());
}

gboolean
mh_owner_make_dir (const char *path, GError **error)
{
  struct stat info;

  g_return_val_if_fail (path != NULL && g_path_is_absolute (path), FALSE);

  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      g_autofree char *attempt = g_strdup_printf ("creating %s", path);

      mh_error_set_errno (error, errno, attempt);
      return FALSE;
    }
  if (lstat (path, &info) != 0)
    {
      g_autofree char *attempt = g_strdup_printf ("looking at %s", path);

      mh_error_set_errno (error, errno, attempt);
      return FALSE;
    }
  if (!S_ISDIR (info.st_mode) || info.st_uid != geteuid ())
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "%s is not a folder of this user", path);
      return FALSE;
    }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                   "other users may write in %s; chmod it to 0700", path);
      return FALSE;
    }

  return TRUE;
}

int
mh_owner_lock_file (const char *path, GError **error)
{
  int fd;

  g_return_val_if_fail (path != NULL, -1);

  fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    {
      g_autofree char *attempt = g_strdup_printf ("opening %s", path);

      mh_error_set_errno (error, errno, attempt);
      return -1;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) != 0)
    {
      int errnum = errno;
      g_autofree char *attempt = g_strdup_printf ("locking %s", path);

      close (fd);
      if (errnum == EWOULDBLOCK)
        g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "another process holds %s", path);
      else
        mh_error_set_errno (error, errnum, attempt);
      return -1;
    }

  return fd;
}

gboolean
mh_owner_peer_is_us (GSocket *socket)
{
  g_autoptr (GCredentials) peer = g_socket_get_credentials (socket, NULL);

  /* Without credentials nobody is trusted, so the reason does not matter. */
  return peer != NULL && g_credentials_get_unix_user (peer, NULL) == geteuid ();
}
