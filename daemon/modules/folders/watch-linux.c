/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"

#define MASK                                                                                       \
  (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO    \
   | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)

/* Bytes of events that are read in one turn of the loop. */
#define PIECE 16384

struct _MhWatch
{
  char *root; /* (owned) */
  int fd;
  GSource *source; /* (owned) */
  MhWatchFunc func;
  gpointer data;
  GMutex lock;
  GHashTable *folders; /* (owned) (element-type int utf8): by watch descriptor (locked-by lock) */
};

/* Returns: (transfer full) (nullable): what @event is about */
static char *
path_of (MhWatch *self, const struct inotify_event *event)
{
  const char *folder;
  char *path = NULL;

  g_mutex_lock (&self->lock);
  folder = g_hash_table_lookup (self->folders, GINT_TO_POINTER (event->wd));
  if (folder != NULL && event->len == 0)
    path = g_strdup (folder);
  else if (folder != NULL && *folder == '\0')
    path = g_strdup (event->name);
  else if (folder != NULL)
    path = g_strconcat (folder, "/", event->name, NULL);
  if ((event->mask & IN_IGNORED) != 0)
    g_hash_table_remove (self->folders, GINT_TO_POINTER (event->wd));
  g_mutex_unlock (&self->lock);

  return path;
}

static void
tell (MhWatch *self, const struct inotify_event *event)
{
  g_autofree char *path = NULL;

  if ((event->mask & IN_Q_OVERFLOW) != 0)
    {
      self->func (NULL, self->data);
      return;
    }

  path = path_of (self, event);
  /* A folder that is told of itself is told of by the one above it, too, unless it is the root. */
  if (path == NULL || (event->len == 0 && *path != '\0')
      || ((event->mask & IN_ISDIR) != 0 && (event->mask & (IN_MODIFY | IN_ATTRIB)) != 0
          && event->len == 0))
    return;

  self->func (path, self->data);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  MhWatch *self = data;
  union
  {
    struct inotify_event first; /* for its alignment */
    char bytes[PIECE];
  } buffer;
  gssize got = read (fd, buffer.bytes, sizeof buffer.bytes);

  for (gssize at = 0; at < got;)
    {
      struct inotify_event *event = (struct inotify_event *) (void *) (buffer.bytes + at);

      at += (gssize) sizeof *event + event->len;
      tell (self, event);
    }

  return G_SOURCE_CONTINUE;
}

static void
set_error (GError **error, int errnum)
{
  gboolean is_limit = errnum == ENOSPC || errnum == EMFILE || errnum == ENFILE;

  g_set_error (error, MH_ERROR, is_limit ? MH_ERROR_NO_SPACE : MH_ERROR_FAILED,
               is_limit ? "the system watches as many folders as it may (%s)"
                        : "the system cannot watch it (%s)",
               g_strerror (errnum));
}

MhWatch *
mh_watch_new (const char *root, MhWatchFunc func, gpointer data, GError **error)
{
  MhWatch *self;
  int fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);

  if (fd < 0)
    {
      set_error (error, errno);
      return NULL;
    }

  self = g_new0 (MhWatch, 1);
  self->root = g_strdup (root);
  self->fd = fd;
  self->func = func;
  self->data = data;
  g_mutex_init (&self->lock);
  self->folders = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->source = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->source, NULL);

  return self;
}

void
mh_watch_free (MhWatch *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  (void) close (self->fd); /* it was only read */
  g_hash_table_unref (self->folders);
  g_mutex_clear (&self->lock);
  g_free (self->root);
  g_free (self);
}

gboolean
mh_watch_add (MhWatch *self, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (self->root, folder, NULL);
  int wd;
  int errnum;

  /* Under the lock, so that no event of it is looked up before it is known. */
  g_mutex_lock (&self->lock);
  wd = inotify_add_watch (self->fd, path, MASK);
  errnum = errno;
  if (wd >= 0)
    g_hash_table_replace (self->folders, GINT_TO_POINTER (wd), g_strdup (folder));
  g_mutex_unlock (&self->lock);
  if (wd >= 0 || errnum == ENOENT || errnum == ENOTDIR || errnum == EACCES)
    return TRUE;

  set_error (error, errnum);

  return FALSE;
}
