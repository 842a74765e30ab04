/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "key-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* Reads until @size bytes or the end; returns the number of bytes, or -1 with errno. */
static gssize
read_all (int fd, guint8 *out, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      ssize_t got = read (fd, out + done, size - done);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return -1;
      if (got == 0)
        break;
      done += (gsize) got;
    }

  return (gssize) done;
}

static gboolean
write_all (int fd, const guint8 *data, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      ssize_t put = write (fd, data + done, size - done);

      if (put < 0 && errno == EINTR)
        continue;
      if (put < 0)
        return FALSE;
      done += (gsize) put;
    }

  return TRUE;
}

static gboolean
check_file (int fd, const char *path, gsize size, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    {
      mh_error_set_errno (error, errno, path);
      return FALSE;
    }

  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "%s: not a regular file", path);
      return FALSE;
    }

  if ((info.st_mode & 077) != 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                   "%s: other users may read it (mode %04o); make it 0600", path,
                   (guint) (info.st_mode & 07777));
      return FALSE;
    }

  if ((gsize) info.st_size != size)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT,
                   "%s: %" G_GINT64_FORMAT " bytes instead of %" G_GSIZE_FORMAT, path,
                   (gint64) info.st_size, size);
      return FALSE;
    }

  return TRUE;
}

static MhSecret *
read_checked (int fd, const char *path, gsize size, GError **error)
{
  g_autoptr (MhSecret) secret = NULL;
  gssize got;

  if (!check_file (fd, path, size, error))
    return NULL;

  secret = mh_secret_new (size);
  got = read_all (fd, mh_secret_bytes (secret), size);
  if (got < 0)
    {
      mh_error_set_errno (error, errno, path);
      return NULL;
    }

  if ((gsize) got != size)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "%s: cut short while read", path);
      return NULL;
    }

  return g_steal_pointer (&secret);
}

MhSecret *
mh_key_file_read (const char *path, gsize size, GError **error)
{
  MhSecret *secret;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

  if (fd < 0 && errno == ENOENT)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "%s: no such file", path);
      return NULL;
    }

  if (fd < 0)
    {
      mh_error_set_errno (error, errno, path);
      return NULL;
    }

  secret = read_checked (fd, path, size, error);
  close (fd);

  return secret;
}

/* Makes a rename or link in the folder of @path durable. */
static gboolean
sync_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int status;

  if (fd < 0)
    {
      mh_error_set_errno (error, errno, folder);
      return FALSE;
    }

  status = fsync (fd);
  if (status != 0)
    mh_error_set_errno (error, errno, folder);
  close (fd);

  return status == 0;
}

static gboolean
write_synced (const char *path, const MhSecret *secret, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  gboolean done;

  if (fd < 0)
    {
      mh_error_set_errno (error, errno, path);
      return FALSE;
    }

  done = write_all (fd, mh_secret_peek (secret), mh_secret_size (secret)) && fsync (fd) == 0;
  if (!done)
    mh_error_set_errno (error, errno, path);
  close (fd);

  return done;
}

gboolean
mh_key_file_create (const char *path, const MhSecret *secret, GError **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s.new", path);
  int status;

  /* What a crash left behind was never anybody's key: link() below comes after the last byte. */
  (void) unlink (temporary);
  if (!write_synced (temporary, secret, error))
    {
      (void) unlink (temporary);
      return FALSE;
    }

  /* link() instead of rename(): it never replaces a key that another process made meanwhile. */
  status = link (temporary, path);
  if (status != 0 && errno == EPERM)
    status = rename (temporary, path); /* a file system without hard links */
  if (status != 0 && errno == EEXIST)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s: exists already", path);
  else if (status != 0)
    mh_error_set_errno (error, errno, path);
  (void) unlink (temporary);

  return status == 0 && sync_folder (path, error);
}
