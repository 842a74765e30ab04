/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "disk.h"

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

struct _MhDisk
{
  char *root; /* (owned) */
  int fd;
  guint64 device;
  guint64 mount; /* id, 0 where the system tells none */
  guint64 inode;
};

struct _MhDiskOut
{
  MhDisk *disk; /* (unowned) */
  char *path;   /* (owned): where it belongs */
  char *part;   /* (owned): its name until then */
  int folder;   /* that it is in */
  int fd;
  MhHostState state; /* once it is finished */
  gboolean is_placed;
};

void
mh_disk_entry_free (MhDiskEntry *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self);
}

static void
set_error (GError **error, int errnum, const char *path)
{
  g_autofree char *name = g_filename_display_name (path);

  if (errnum == ENOENT)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no file or folder %s", name);
  else if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
    g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "%s: %s", name, g_strerror (errnum));
  else
    mh_error_set_errno (error, errnum, name);
}

static void
set_changed (GError **error, const char *path)
{
  g_set_error (error, MH_ERROR, MH_ERROR_PRECONDITION, "%s changed meanwhile", path);
}

static const char *
name_of (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash != NULL ? slash + 1 : path;
}

static void
fill (MhHostState *state, const struct stat *status)
{
  state->exists = TRUE;
  state->size = status->st_size;
  state->mtime_ns = (gint64) status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
  state->inode = status->st_ino;
  state->mode = status->st_mode & 0777;
}

static MhDiskKind
kind_of (const struct stat *status)
{
  if (S_ISREG (status->st_mode))
    return MH_DISK_FILE;

  return S_ISDIR (status->st_mode) ? MH_DISK_FOLDER : MH_DISK_OTHER;
}

static gboolean
is_same (const MhHostState *one, const MhHostState *other)
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
      set_error (error, errno, root);
      return NULL;
    }

  if (look_closely (fd, "", &status, &mount) != 0)
    {
      set_error (error, errno, root);
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

/* As open_folder(), for the folder that @path is in. */
static int
open_above (MhDisk *self, const char *path, gboolean make)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *folder = g_strndup (path, slash != NULL ? (gsize) (slash - path) : 0);

  return open_folder (self, folder, make);
}

static MhDiskEntry *
look_at (int folder, const char *name)
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
  fill (&entry->state, &status);

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
      set_error (error, errno, *folder != '\0' ? folder : self->root);
      return NULL;
    }

  entries = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_disk_entry_free);
  while (errno = 0, (found = readdir (dir)) != NULL)
    {
      MhDiskEntry *entry;

      if (strcmp (found->d_name, ".") == 0 || strcmp (found->d_name, "..") == 0)
        continue;
      entry = look_at (dirfd (dir), found->d_name);
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
  set_error (error, errnum, *folder != '\0' ? folder : self->root);

  return NULL;
}

MhDiskEntry *
mh_disk_look (MhDisk *self, const char *path, GError **error)
{
  int folder = open_above (self, path, FALSE);
  MhDiskEntry *entry = folder >= 0 ? look_at (folder, name_of (path)) : NULL;

  if (entry == NULL)
    set_error (error, errno == ENOTDIR || errno == ELOOP ? ENOENT : errno, path);
  if (folder >= 0)
    (void) close (folder);

  return entry;
}

/* -- reading -- */

int
mh_disk_open_file (MhDisk *self, const char *path, MhHostState *state, GError **error)
{
  struct stat status = { 0 };
  int folder = open_above (self, path, FALSE);
  int fd = -1;

  if (folder >= 0)
    fd = mh_source_open (folder, name_of (path));
  if (fd < 0 || fstat (fd, &status) != 0)
    set_error (error, errno, path);
  else if (!S_ISREG (status.st_mode))
    set_changed (error, path);
  else
    {
      (void) close (folder);
      fill (state, &status);
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
    fill (&now, &status);
  (void) close (fd); /* it was only read */

  return is_same (&now, state);
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

/* -- writing -- */

/* What is not complete, and goes when it is old; what may be somebody's, and stays. */
#define END_PART ".part"
#define END_KEPT ".kept"

/* Returns: (transfer full): a name of ours */
static char *
own_name (const char *end)
{
  g_autofree char *word = NULL;
  guint8 random[8];

  mh_random_bytes (random, sizeof random);
  word = mh_hex_encode (random, sizeof random);

  return g_strconcat (MH_DISK_OWN, word, end, NULL);
}

MhDiskOut *
mh_disk_out_new (MhDisk *self, const char *path, GError **error)
{
  MhDiskOut *out;
  int folder = open_above (self, path, TRUE);

  if (folder < 0)
    {
      set_error (error, errno, path);
      return NULL;
    }

  out = g_new0 (MhDiskOut, 1);
  out->disk = self;
  out->path = g_strdup (path);
  out->part = own_name (END_PART);
  out->folder = folder;
  out->fd = openat (folder, out->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (out->fd >= 0)
    return out;

  set_error (error, errno, path);
  out->is_placed = TRUE; /* there is nothing to be removed */
  mh_disk_out_free (out);

  return NULL;
}

gboolean
mh_disk_out_write (MhDiskOut *self, const guint8 *data, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize done = write (self->fd, data, size);

      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        {
          set_error (error, errno, self->path);
          return FALSE;
        }
      data += done;
      size -= (gsize) done;
    }

  return TRUE;
}

static void
set_times (struct timespec times[2], gint64 mtime_ms)
{
  gint64 rest_ms = ((mtime_ms % 1000) + 1000) % 1000;

  times[0].tv_sec = 0;
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = (time_t) ((mtime_ms - rest_ms) / 1000);
  times[1].tv_nsec = (long) rest_ms * 1000000;
}

gboolean
mh_disk_out_finish (MhDiskOut *self, gint64 mtime_ms, guint mode, GError **error)
{
  struct timespec times[2];
  struct stat before;
  struct stat status;
  int fd = self->fd;

  set_times (times, mtime_ms);
  if (mode == 0 && fstatat (self->folder, name_of (self->path), &before, AT_SYMLINK_NOFOLLOW) == 0
      && S_ISREG (before.st_mode))
    mode = before.st_mode & 0777;
  self->fd = -1; /* close() gives it back also when it fails */
  if ((mode == 0 || fchmod (fd, mode & 0777) == 0) && futimens (fd, times) == 0
      && fstat (fd, &status) == 0)
    {
      fill (&self->state, &status);
      if (close (fd) == 0)
        return TRUE;
      set_error (error, errno, self->path);
      return FALSE;
    }

  set_error (error, errno, self->path);
  (void) close (fd);

  return FALSE;
}

/* Looks at a file that may not be there. */
static MhHostState
state_at (int folder, const char *name)
{
  g_autoptr (MhDiskEntry) entry = look_at (folder, name);
  MhHostState none = { 0 };

  return entry != NULL ? entry->state : none;
}

/* Gives a file a name that is free. Returns: %FALSE with errno set, EEXIST when it is not */
static gboolean
rename_free (int source, const char *from, int target, const char *to)
{
  g_autoptr (MhDiskEntry) there = NULL;

  if (renameat2 (source, from, target, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL)
    return FALSE;

  /* A file system that knows no flags: the check and the rename are two steps then. */
  there = look_at (target, to);
  if (there == NULL)
    return renameat (source, from, target, to) == 0;

  errno = EEXIST;

  return FALSE;
}

/* What somebody wrote, and cannot have its name again, must not pass for an old part. */
static void
keep_part (MhDiskOut *self)
{
  g_autofree char *kept = own_name (END_KEPT);

  self->is_placed = TRUE;
  if (rename_free (self->folder, self->part, self->folder, kept))
    g_warning ("%s was changed at the last moment, which is kept as %s there", self->path, kept);
  else
    g_warning ("%s was changed at the last moment, which is %s there", self->path, self->part);
}

/* Takes the place of the file that is as expected. */
static gboolean
replace (MhDiskOut *self, const MhHostState *expected, GError **error)
{
  const char *name = name_of (self->path);
  MhHostState old = state_at (self->folder, name);
  g_autoptr (MhDiskEntry) there = look_at (self->folder, name);

  if (!is_same (&old, expected) || (there != NULL && there->kind != MH_DISK_FILE))
    {
      set_changed (error, self->path);
      return FALSE;
    }

  if (renameat2 (self->folder, self->part, self->folder, name, RENAME_EXCHANGE) != 0)
    {
      /* A file system that cannot exchange: nothing is better than having looked just before. */
      if (errno == EINVAL && renameat (self->folder, self->part, self->folder, name) == 0)
        return TRUE;
      set_error (error, errno, self->path);
      return FALSE;
    }

  old = state_at (self->folder, self->part);
  if (is_same (&old, expected))
    {
      (void) unlinkat (self->folder, self->part, 0); /* the next scan would remove it */
      return TRUE;
    }

  if (renameat2 (self->folder, self->part, self->folder, name, RENAME_EXCHANGE) != 0)
    keep_part (self);
  set_changed (error, self->path);

  return FALSE;
}

gboolean
mh_disk_out_place (MhDiskOut *self, const MhHostState *expected, MhHostState *state, GError **error)
{
  const char *name = name_of (self->path);

  if (expected->exists)
    {
      if (!replace (self, expected, error))
        return FALSE;
    }
  else if (!rename_free (self->folder, self->part, self->folder, name))
    {
      if (errno == EEXIST)
        set_changed (error, self->path);
      else
        set_error (error, errno, self->path);
      return FALSE;
    }
  self->is_placed = TRUE;
  *state = self->state; /* what somebody does to it from now on is a change */

  return TRUE;
}

void
mh_disk_out_free (MhDiskOut *self)
{
  if (self == NULL)
    return;

  if (self->fd >= 0)
    (void) close (self->fd);
  if (!self->is_placed)
    (void) unlinkat (self->folder, self->part, 0); /* the next scan would remove it */
  (void) close (self->folder);
  g_free (self->path);
  g_free (self->part);
  g_free (self);
}

gboolean
mh_disk_write_text (MhDisk *self, const char *path, const char *text, GError **error)
{
  g_autoptr (MhDiskOut) out = mh_disk_out_new (self, path, error);
  g_autoptr (MhDiskEntry) there = mh_disk_look (self, path, NULL);
  MhHostState none = { 0 };
  MhHostState state;
  gint64 now_ms = g_get_real_time () / 1000;

  return out != NULL && mh_disk_out_write (out, (const guint8 *) text, strlen (text), error)
         && mh_disk_out_finish (out, now_ms, 0, error) && mh_disk_settle (self, error)
         && mh_disk_out_place (out, there != NULL ? &there->state : &none, &state, error)
         && mh_disk_settle (self, error);
}

/* Removes the folders above @path that are empty. */
static void
remove_empty (MhDisk *self, const char *path)
{
  g_autofree char *folder = g_strdup (path);
  char *slash;

  while ((slash = strrchr (folder, '/')) != NULL)
    {
      int above;
      int failed;

      *slash = '\0';
      above = open_above (self, folder, FALSE);
      failed = above < 0 || unlinkat (above, name_of (folder), AT_REMOVEDIR) != 0;
      if (above >= 0)
        (void) close (above);
      if (failed)
        return;
    }
}

/* Removes a file that is as expected: it is looked at once more where nobody finds it. */
static gboolean
remove_expected (int folder, const char *path, const MhHostState *expected, GError **error)
{
  const char *name = name_of (path);
  g_autofree char *aside = own_name (END_KEPT);
  MhHostState now = state_at (folder, name);

  if (!is_same (&now, expected))
    {
      set_changed (error, path);
      return FALSE;
    }

  if (!rename_free (folder, name, folder, aside))
    {
      set_error (error, errno, path);
      return FALSE;
    }

  now = state_at (folder, aside);
  if (is_same (&now, expected))
    {
      if (unlinkat (folder, aside, 0) == 0)
        return TRUE;
      set_error (error, errno, path);
    }
  else
    set_changed (error, path);
  if (!rename_free (folder, aside, folder, name))
    g_warning ("%s was changed at the last moment, which is kept as %s there", path, aside);

  return FALSE;
}

gboolean
mh_disk_remove (MhDisk *self, const char *path, const MhHostState *expected, GError **error)
{
  int folder = open_above (self, path, FALSE);
  gboolean done = FALSE;

  if (folder < 0)
    {
      set_error (error, errno, path);
      return FALSE;
    }

  if (expected != NULL)
    done = remove_expected (folder, path, expected, error);
  else if (unlinkat (folder, name_of (path), 0) != 0)
    set_error (error, errno, path);
  else
    done = TRUE;
  (void) close (folder);
  if (done)
    remove_empty (self, path);

  return done;
}

gboolean
mh_disk_rename (MhDisk *self, const char *from, const char *to, const MhHostState *expected,
                GError **error)
{
  int source = open_above (self, from, FALSE);
  int target = source >= 0 ? open_above (self, to, TRUE) : -1;
  MhHostState now = { 0 };
  gboolean done = FALSE;

  if (target >= 0)
    now = state_at (source, name_of (from));
  if (target < 0)
    set_error (error, errno, source < 0 ? from : to);
  else if (!is_same (&now, expected))
    set_changed (error, from);
  else if (rename_free (source, name_of (from), target, name_of (to)))
    done = TRUE;
  else if (errno == EEXIST)
    set_changed (error, to);
  else
    set_error (error, errno, to);
  if (source >= 0)
    (void) close (source);
  if (target >= 0)
    (void) close (target);
  if (done)
    remove_empty (self, from);

  return done;
}

gboolean
mh_disk_adjust (MhDisk *self, const char *path, MhHostState *state, gint64 mtime_ms, guint mode,
                GError **error)
{
  MhHostState now = { 0 };
  MhHostState after = { 0 };
  struct timespec times[2];
  struct stat status;
  int fd = mh_disk_open_file (self, path, &now, error);
  gboolean new_mode = mode != 0 && mode != state->mode;
  gboolean new_time = mtime_ms != state->mtime_ns / 1000000;
  gboolean done = FALSE;

  if (fd < 0)
    return FALSE;

  set_times (times, mtime_ms);
  if (!is_same (&now, state))
    set_changed (error, path);
  else if ((new_mode && fchmod (fd, mode & 0777) != 0) || (new_time && futimens (fd, times) != 0)
           || fstat (fd, &status) != 0)
    set_error (error, errno, path);
  else
    {
      /* only what was set here: anything else that is new about it is a change of somebody else */
      fill (&after, &status);
      if (new_mode)
        state->mode = after.mode;
      if (new_time)
        state->mtime_ns = after.mtime_ns;
      done = TRUE;
    }
  (void) close (fd); /* nothing was written */

  return done;
}

gboolean
mh_disk_settle (MhDisk *self, GError **error)
{
  if (syncfs (self->fd) == 0)
    return TRUE;

  set_error (error, errno, self->root);

  return FALSE;
}
