/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "error.h"

#define MOST_PIECES 8

int
mh_os_lock (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    {
      mh_error_set_errno (error, errno, path);
      return -1;
    }

  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;

  if (errno == EWOULDBLOCK)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s: another daemon has locked it", path);
  else
    mh_error_set_errno (error, errno, path);
  close (fd);

  return -1;
}

/* Makes durable which names are in the folder of @path. Returns: %FALSE with errno set */
static gboolean
sync_folder_of (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int errnum;

  if (fd < 0)
    return FALSE;

  errnum = fsync (fd) == 0 ? 0 : errno;
  close (fd);
  errno = errnum;

  return errnum == 0;
}

static void
set_open_error (int errnum, const char *path, GError **error)
{
  if (errnum == ENOENT)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "%s: no such file", path);
  else if (errnum == EEXIST)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s: it exists", path);
  else
    mh_error_set_errno (error, errnum, path);
}

int
mh_os_open (const char *path, gboolean writable, gboolean create, GError **error)
{
  int flags = (writable ? O_RDWR : O_RDONLY) | (create ? O_CREAT | O_EXCL : 0);
  int fd = open (path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    {
      set_open_error (errno, path, error);
      return -1;
    }

  if (create && !sync_folder_of (path))
    {
      set_open_error (errno, path, error);
      close (fd);
      (void) unlink (path); /* as if it had not been made */
      return -1;
    }

  return fd;
}

/* Returns: 0, or an errno value */
static int
make_one (const char *path)
{
  g_autofree char *above = g_path_get_dirname (path);
  int errnum = mkdir (path, 0700) == 0 ? 0 : errno;

  if (errnum == EEXIST && g_file_test (path, G_FILE_TEST_IS_DIR))
    return 0;

  if (errnum != ENOENT || strcmp (above, path) == 0)
    return errnum;

  errnum = make_one (above);
  if (errnum != 0)
    return errnum;

  return mkdir (path, 0700) == 0 ? 0 : errno;
}

/* Whether a folder of somebody else cannot be made durable by us, and need not be. */
static gboolean
is_foreign (int errnum)
{
  return errnum == EACCES || errnum == EINVAL || errnum == EROFS;
}

/* Makes the names on the way to a folder durable. Returns: 0, or an errno value */
static int
sync_way (const char *path)
{
  g_autofree char *above = g_path_get_dirname (path);

  if (strcmp (above, path) == 0)
    return 0;

  if (!sync_folder_of (path) && !is_foreign (errno))
    return errno;

  return sync_way (above);
}

gboolean
mh_os_make_folder (const char *path, GError **error)
{
  int errnum = make_one (path);

  /* Also what was there: who made it may not have waited for its name. */
  if (errnum == 0 && !sync_folder_of (path))
    errnum = errno;
  if (errnum == 0)
    errnum = sync_way (path);

  if (errnum == 0)
    return TRUE;

  mh_error_set_errno (error, errnum, path);

  return FALSE;
}

/* Reads the names. Returns: 0, or an errno value */
static int
read_names (DIR *folder, GStrvBuilder *names)
{
  struct dirent *entry;

  /* Not GDir, which takes a failure for the end. */
  for (errno = 0; (entry = readdir (folder)) != NULL; errno = 0)
    {
      if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
        g_strv_builder_add (names, entry->d_name);
    }

  return errno;
}

char **
mh_os_list (const char *path, GError **error)
{
  DIR *folder = opendir (path);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  int errnum = folder != NULL ? read_names (folder, names) : errno;

  if (folder != NULL)
    closedir (folder);

  if (errnum == 0)
    return g_strv_builder_end (names);

  if (errnum == ENOENT)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "%s: no such folder", path);
  else
    mh_error_set_errno (error, errnum, path);

  return NULL;
}

gboolean
mh_os_sync_name (const char *path)
{
  return sync_folder_of (path);
}

gboolean
mh_os_rename (const char *from, const char *to)
{
  return rename (from, to) == 0 && sync_folder_of (to);
}

void
mh_os_close (int fd)
{
  if (fd >= 0)
    close (fd);
}

gint64
mh_os_size (int fd)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return -1;

  return info.st_size;
}

gssize
mh_os_read (int fd, guint64 offset, guint8 *out, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      ssize_t got = pread (fd, out + done, size - done, (off_t) (offset + done));

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

/* Drops the first @done bytes of the vectors from @first on; returns the first with bytes left. */
static guint
advance (struct iovec *vectors, guint count, guint first, gsize done)
{
  while (first < count && done >= vectors[first].iov_len)
    done -= vectors[first++].iov_len;

  if (first < count)
    {
      vectors[first].iov_base = (guint8 *) vectors[first].iov_base + done;
      vectors[first].iov_len -= done;
    }

  return first;
}

gboolean
mh_os_write (int fd, guint64 offset, const MhPiece *pieces, guint count)
{
  struct iovec vectors[MOST_PIECES];
  guint first = 0;

  g_return_val_if_fail (count <= MOST_PIECES, FALSE);

  for (guint i = 0; i < count; i++)
    {
      vectors[i].iov_base = (void *) pieces[i].data; /* only read */
      vectors[i].iov_len = pieces[i].size;
    }

  while (first < count)
    {
      ssize_t put = pwritev (fd, vectors + first, (int) (count - first), (off_t) offset);

      if (put < 0 && errno == EINTR)
        continue;
      if (put < 0)
        return FALSE;
      offset += (gsize) put;
      first = advance (vectors, count, first, (gsize) put);
    }

  return TRUE;
}

gboolean
mh_os_sync (int fd)
{
  return fdatasync (fd) == 0;
}

void
mh_os_write_soon (int fd, guint64 offset, guint64 size)
{
  /* Only a hint: what fails here fails again, and is looked at, in mh_os_sync(). */
  (void) sync_file_range (fd, (off_t) offset, (off_t) size, SYNC_FILE_RANGE_WRITE);
}

void
mh_os_uncache (int fd, guint64 offset, guint64 size)
{
  (void) posix_fadvise (fd, (off_t) offset, (off_t) size, POSIX_FADV_DONTNEED);
}

gboolean
mh_os_truncate (int fd, guint64 size)
{
  return ftruncate (fd, (off_t) size) == 0;
}

static gboolean
write_zeros (int fd, guint64 offset, guint64 size)
{
  static const guint8 zeros[4096] = { 0 };

  while (size > 0)
    {
      MhPiece piece = { zeros, MIN (size, sizeof zeros) };

      if (!mh_os_write (fd, offset, &piece, 1))
        return FALSE;
      offset += piece.size;
      size -= piece.size;
    }

  return TRUE;
}

gboolean
mh_os_punch (int fd, guint64 offset, guint64 size)
{
  if (fallocate (fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t) offset, (off_t) size) == 0)
    return TRUE;

  if (errno != EOPNOTSUPP && errno != ENOSYS)
    return FALSE;

  return write_zeros (fd, offset, size);
}

guint64
mh_os_skip_hole (int fd, guint64 offset)
{
  off_t data = lseek (fd, (off_t) offset, SEEK_DATA);

  if (data >= 0)
    return (guint64) data;

  /* ENXIO: nothing but a hole up to the end. Otherwise the system cannot tell. */
  return errno == ENXIO ? G_MAXUINT64 : offset;
}

guint64
mh_os_free_space (int fd)
{
  struct statvfs info;

  if (fstatvfs (fd, &info) != 0)
    return G_MAXUINT64;

  return (guint64) info.f_bavail * info.f_frsize;
}

guint64
mh_os_total_space (int fd)
{
  struct statvfs info;

  if (fstatvfs (fd, &info) != 0)
    return G_MAXUINT64;

  return (guint64) info.f_blocks * info.f_frsize;
}

guint64
mh_os_allocated (int fd)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return 0;

  return (guint64) info.st_blocks * 512; /* POSIX leaves the unit open; here it is this */
}

gboolean
mh_os_remove (const char *path, GError **error)
{
  if ((unlink (path) == 0 || errno == ENOENT) && sync_folder_of (path))
    return TRUE;

  mh_error_set_errno (error, errno, path);

  return FALSE;
}
