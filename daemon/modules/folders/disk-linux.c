/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "disk-linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/source.h"
#include "crypto/random.h"

#define MOST_TEXT (1024 * 1024)

void
mh_disk_entry_free (MhDiskEntry *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self);
}

void
mh_disk_set_error (GError **error, int errnum, const char *path)
{
  g_autofree char *name = g_filename_display_name (path);

  if (errnum == ENOENT)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file or folder %s", name);
  else if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
    g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "%s: %s", name, g_strerror (errnum));
  else
    mh_error_set_errno (error, errnum, name);
}

const char *
mh_disk_name_of (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash != NULL ? slash + 1 : path;
}

void
mh_disk_fill_state (MhHostState *state, const struct stat *status)
{
  state->exists = TRUE;
  state->size = status->st_size;
  state->mtime_ns = (gint64) status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
  state->inode = status->st_ino;
  state->mode = status->st_mode & 0777;
}

void
mh_disk_set_changed (GError **error, const char *path)
{
  g_set_error (error, MH_ERROR, MH_ERROR_PRECONDITION, "%s changed meanwhile", path);
}

static MhDiskKind
kind_of (const struct stat *status)
{
  if (S_ISREG (status->st_mode))
    return MH_DISK_FILE;

  return S_ISDIR (status->st_mode) ? MH_DISK_FOLDER : MH_DISK_OTHER;
}

gboolean
mh_disk_is_same (const MhHostState *one, const MhHostState *other)
{
  return one->exists == other->exists
         && (!one->exists
             || (one->size == other->size && one->mtime_ns == other->mtime_ns
                 && one->inode == other->inode && one->mode == other->mode));
}

/* As fstatat(), with the id of the mount that it is on; links are not followed. */
static int
look_closely (int folder, const char *name, struct stat *status, guint64 *mount)
{
  struct statx all;
  int flags = AT_SYMLINK_NOFOLLOW | (*name == '\0' ? AT_EMPTY_PATH : 0);

  if (statx (folder, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, &all) != 0)
    return -1;

  memset (status, 0, sizeof *status);
  status->st_dev = makedev (all.stx_dev_major, all.stx_dev_minor);
  status->st_ino = all.stx_ino;
  status->st_mode = all.stx_mode;
  status->st_size = (off_t) all.stx_size;
  status->st_mtim.tv_sec = all.stx_mtime.tv_sec;
  status->st_mtim.tv_nsec = all.stx_mtime.tv_nsec;
  *mount = (all.stx_mask & STATX_MNT_ID) != 0 ? all.stx_mnt_id : 0;

  return 0;
}

/* -- the folder -- */

char *
mh_disk_resolve (const char *path, GError **error)
{
  char *resolved = realpath (path, NULL);
  char *copy = g_strdup (resolved);
  struct stat status;

  free (resolved); /* by the C library */
  if (copy == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s: %s", path, g_strerror (errno));
  else if (stat (copy, &status) != 0 || !S_ISDIR (status.st_mode))
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s is no folder", path);
  else if (access (copy, R_OK | W_OK | X_OK) != 0)
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s may not be read and written", path);
  else
    return copy;

  g_free (copy);

  return NULL;
}

MhDisk *
mh_disk_open (const char *root, GError **error)
{
  MhDisk *self;
  struct stat status;
  guint64 mount;
  int fd = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    {
      mh_disk_set_error (error, errno, root);
      return NULL;
    }

  if (look_closely (fd, "", &status, &mount) != 0)
    {
      mh_disk_set_error (error, errno, root);
      (void) close (fd); /* it was only looked at */
      return NULL;
    }

  self = g_new0 (MhDisk, 1);
  self->root = g_strdup (root);
  self->fd = fd;
  self->device = status.st_dev;
  self->mount = mount;
  self->inode = status.st_ino;

  return self;
}

void
mh_disk_free (MhDisk *self)
{
  if (self == NULL)
    return;

  (void) close (self->fd); /* what is to be durable was settled */
  g_free (self->root);
  g_free (self);
}

const char *
mh_disk_root (MhDisk *self)
{
  return self->root;
}

guint64
mh_disk_device (MhDisk *self)
{
  return self->device;
}

gboolean
mh_disk_is_foreign (MhDisk *self, const MhDiskEntry *entry)
{
  return entry->device != self->device || entry->mount != self->mount;
}

gboolean
mh_disk_is_in_place (MhDisk *self)
{
  struct stat status;

  return stat (self->root, &status) == 0 && status.st_dev == self->device
         && status.st_ino == self->inode;
}

/* Opens a folder name by name, so that no link is followed. With @make it is made where it is
 * missing. Returns: a descriptor for the calls that end in "at", or -1 with errno set */
static int
open_folder (MhDisk *self, const char *folder, gboolean make)
{
  g_auto (GStrv) names = g_strsplit (folder, "/", -1);
  int fd = fcntl (self->fd, F_DUPFD_CLOEXEC, 0);

  for (char **name = names; fd >= 0 && *name != NULL && **name != '\0'; name++)
    {
      int below;
      int errnum;

      if (make && mkdirat (fd, *name, 0777) != 0 && errno != EEXIST)
        below = -1;
      else
        below = openat (fd, *name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      errnum = errno;
      (void) close (fd);
      errno = errnum;
      fd = below;
    }

  return fd;
}

int
mh_disk_open_above (MhDisk *self, const char *path, gboolean make)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *folder = g_strndup (path, slash != NULL ? (gsize) (slash - path) : 0);

  return open_folder (self, folder, make);
}

MhDiskEntry *
mh_disk_look_at (int folder, const char *name)
{
  MhDiskEntry *entry;
  struct stat status;
  guint64 mount;

  if (look_closely (folder, name, &status, &mount) != 0)
    return NULL;

  entry = g_new0 (MhDiskEntry, 1);
  entry->name = g_strdup (name);
  entry->kind = kind_of (&status);
  entry->device = status.st_dev;
  entry->mount = mount;
  mh_disk_fill_state (&entry->state, &status);

  return entry;
}

static DIR *
open_dir (MhDisk *self, const char *folder)
{
  int path = open_folder (self, folder, FALSE);
  int fd = path >= 0 ? openat (path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  int errnum = errno;
  DIR *dir = NULL;

  if (path >= 0)
    (void) close (path);
  errno = errnum;
  if (fd >= 0)
    dir = fdopendir (fd);
  if (fd >= 0 && dir == NULL)
    (void) close (fd);

  return dir;
}

GPtrArray *
mh_disk_list (MhDisk *self, const char *folder, GError **error)
{
  GPtrArray *entries;
  DIR *dir = open_dir (self, folder);
  struct dirent *found;
  int errnum;

  if (dir == NULL)
    {
      mh_disk_set_error (error, errno, *folder != '\0' ? folder : self->root);
      return NULL;
    }

  entries = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_disk_entry_free);
  while (errno = 0, (found = readdir (dir)) != NULL)
    {
      MhDiskEntry *entry;

      if (strcmp (found->d_name, ".") == 0 || strcmp (found->d_name, "..") == 0)
        continue;
      entry = mh_disk_look_at (dirfd (dir), found->d_name);
      if (entry != NULL)
        g_ptr_array_add (entries, entry);
      else if (errno != ENOENT)
        break; /* a part of a folder must not pass for the whole */
    }
  errnum = errno;
  (void) closedir (dir);
  if (errnum == 0)
    return entries;

  g_ptr_array_unref (entries);
  mh_disk_set_error (error, errnum, *folder != '\0' ? folder : self->root);

  return NULL;
}

MhDiskEntry *
mh_disk_look (MhDisk *self, const char *path, GError **error)
{
  int folder = mh_disk_open_above (self, path, FALSE);
  MhDiskEntry *entry = folder >= 0 ? mh_disk_look_at (folder, mh_disk_name_of (path)) : NULL;

  if (entry == NULL)
    mh_disk_set_error (error, errno == ENOTDIR || errno == ELOOP ? ENOENT : errno, path);
  if (folder >= 0)
    (void) close (folder);

  return entry;
}

/* -- reading -- */

int
mh_disk_open_file (MhDisk *self, const char *path, MhHostState *state, GError **error)
{
  struct stat status = { 0 };
  int folder = mh_disk_open_above (self, path, FALSE);
  int fd = -1;

  if (folder >= 0)
    fd = mh_source_open (folder, mh_disk_name_of (path));
  if (fd < 0 || fstat (fd, &status) != 0)
    mh_disk_set_error (error, errno, path);
  else if (!S_ISREG (status.st_mode))
    mh_disk_set_changed (error, path);
  else
    {
      (void) close (folder);
      mh_disk_fill_state (state, &status);
      return fd;
    }
  if (fd >= 0)
    (void) close (fd);
  if (folder >= 0)
    (void) close (folder);

  return -1;
}

gssize
mh_disk_read (int fd, guint8 *out, gsize size, GError **error)
{
  gssize got;

  do
    got = read (fd, out, size);
  while (got < 0 && errno == EINTR);
  if (got < 0)
    mh_error_set_errno (error, errno, "reading it");

  return got;
}

gboolean
mh_disk_close_file (int fd, const MhHostState *state)
{
  struct stat status;
  MhHostState now = { 0 };

  if (fstat (fd, &status) == 0)
    mh_disk_fill_state (&now, &status);
  (void) close (fd); /* it was only read */

  return mh_disk_is_same (&now, state);
}

char *
mh_disk_read_text (MhDisk *self, const char *path, GError **error)
{
  MhHostState state;
  int fd = mh_disk_open_file (self, path, &state, error);
  g_autofree char *text = NULL;
  gsize size = 0;
  gssize got = 0;

  if (fd < 0)
    return NULL;

  text = g_malloc (MOST_TEXT + 1);
  while (size < MOST_TEXT
         && (got = mh_disk_read (fd, (guint8 *) text + size, MOST_TEXT - size, error)) > 0)
    size += (gsize) got;
  (void) mh_disk_close_file (fd, &state); /* one that changes is read again */
  if (got < 0)
    return NULL;

  text[size] = '\0';

  return g_strdup (text);
}
