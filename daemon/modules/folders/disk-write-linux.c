/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "disk-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/random.h"

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
  int folder = mh_disk_open_above (self, path, TRUE);

  if (folder < 0)
    {
      mh_disk_set_error (error, errno, path);
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

  mh_disk_set_error (error, errno, path);
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
          mh_disk_set_error (error, errno, self->path);
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
  if (mode == 0
      && fstatat (self->folder, mh_disk_name_of (self->path), &before, AT_SYMLINK_NOFOLLOW) == 0
      && S_ISREG (before.st_mode))
    mode = before.st_mode & 0777;
  self->fd = -1; /* close() gives it back also when it fails */
  if ((mode == 0 || fchmod (fd, mode & 0777) == 0) && futimens (fd, times) == 0
      && fstat (fd, &status) == 0)
    {
      mh_disk_fill_state (&self->state, &status);
      if (close (fd) == 0)
        return TRUE;
      mh_disk_set_error (error, errno, self->path);
      return FALSE;
    }

  mh_disk_set_error (error, errno, self->path);
  (void) close (fd);

  return FALSE;
}

/* Looks at a file that may not be there. */
static MhHostState
state_at (int folder, const char *name)
{
  g_autoptr (MhDiskEntry) entry = mh_disk_look_at (folder, name);
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
  there = mh_disk_look_at (target, to);
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
  const char *name = mh_disk_name_of (self->path);
  MhHostState old = state_at (self->folder, name);
  g_autoptr (MhDiskEntry) there = mh_disk_look_at (self->folder, name);

  if (!mh_disk_is_same (&old, expected) || (there != NULL && there->kind != MH_DISK_FILE))
    {
      mh_disk_set_changed (error, self->path);
      return FALSE;
    }

  if (renameat2 (self->folder, self->part, self->folder, name, RENAME_EXCHANGE) != 0)
    {
      /* A file system that cannot exchange: nothing is better than having looked just before. */
      if (errno == EINVAL && renameat (self->folder, self->part, self->folder, name) == 0)
        return TRUE;
      mh_disk_set_error (error, errno, self->path);
      return FALSE;
    }

  old = state_at (self->folder, self->part);
  if (mh_disk_is_same (&old, expected))
    {
      (void) unlinkat (self->folder, self->part, 0); /* the next scan would remove it */
      return TRUE;
    }

  if (renameat2 (self->folder, self->part, self->folder, name, RENAME_EXCHANGE) != 0)
    keep_part (self);
  mh_disk_set_changed (error, self->path);

  return FALSE;
}

gboolean
mh_disk_out_place (MhDiskOut *self, const MhHostState *expected, MhHostState *state, GError **error)
{
  const char *name = mh_disk_name_of (self->path);

  if (expected->exists)
    {
      if (!replace (self, expected, error))
        return FALSE;
    }
  else if (!rename_free (self->folder, self->part, self->folder, name))
    {
      if (errno == EEXIST)
        mh_disk_set_changed (error, self->path);
      else
        mh_disk_set_error (error, errno, self->path);
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
      above = mh_disk_open_above (self, folder, FALSE);
      failed = above < 0 || unlinkat (above, mh_disk_name_of (folder), AT_REMOVEDIR) != 0;
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
  const char *name = mh_disk_name_of (path);
  g_autofree char *aside = own_name (END_KEPT);
  MhHostState now = state_at (folder, name);

  if (!mh_disk_is_same (&now, expected))
    {
      mh_disk_set_changed (error, path);
      return FALSE;
    }

  if (!rename_free (folder, name, folder, aside))
    {
      mh_disk_set_error (error, errno, path);
      return FALSE;
    }

  now = state_at (folder, aside);
  if (mh_disk_is_same (&now, expected))
    {
      if (unlinkat (folder, aside, 0) == 0)
        return TRUE;
      mh_disk_set_error (error, errno, path);
    }
  else
    mh_disk_set_changed (error, path);
  if (!rename_free (folder, aside, folder, name))
    g_warning ("%s was changed at the last moment, which is kept as %s there", path, aside);

  return FALSE;
}

gboolean
mh_disk_remove (MhDisk *self, const char *path, const MhHostState *expected, GError **error)
{
  int folder = mh_disk_open_above (self, path, FALSE);
  gboolean done = FALSE;

  if (folder < 0)
    {
      mh_disk_set_error (error, errno, path);
      return FALSE;
    }

  if (expected != NULL)
    done = remove_expected (folder, path, expected, error);
  else if (unlinkat (folder, mh_disk_name_of (path), 0) != 0)
    mh_disk_set_error (error, errno, path);
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
  int source = mh_disk_open_above (self, from, FALSE);
  int target = source >= 0 ? mh_disk_open_above (self, to, TRUE) : -1;
  MhHostState now = { 0 };
  gboolean done = FALSE;

  if (target >= 0)
    now = state_at (source, mh_disk_name_of (from));
  if (target < 0)
    mh_disk_set_error (error, errno, source < 0 ? from : to);
  else if (!mh_disk_is_same (&now, expected))
    mh_disk_set_changed (error, from);
  else if (rename_free (source, mh_disk_name_of (from), target, mh_disk_name_of (to)))
    done = TRUE;
  else if (errno == EEXIST)
    mh_disk_set_changed (error, to);
  else
    mh_disk_set_error (error, errno, to);
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
  if (!mh_disk_is_same (&now, state))
    mh_disk_set_changed (error, path);
  else if ((new_mode && fchmod (fd, mode & 0777) != 0) || (new_time && futimens (fd, times) != 0)
           || fstat (fd, &status) != 0)
    mh_disk_set_error (error, errno, path);
  else
    {
      /* only what was set here: anything else that is new about it is a change of somebody else */
      mh_disk_fill_state (&after, &status);
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

  mh_disk_set_error (error, errno, self->root);

  return FALSE;
}
