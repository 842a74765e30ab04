/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/os.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "sim-node.h"

/* mh_os_…() on the simulated disk. Linked in place of os-linux.c. */

#define FIRST_FD 1000
#define MOST_FDS 256

typedef struct
{
  SimNode *node; /* (owned) (nullable): %NULL when the number is free */
  gboolean has_lock;
} Handle;

static Handle handles[MOST_FDS];

static gboolean
check (int errnum)
{
  errno = errnum;

  return errnum == 0;
}

static SimNode *
node_of (int fd)
{
  g_assert (fd >= FIRST_FD && fd < FIRST_FD + MOST_FDS && handles[fd - FIRST_FD].node != NULL);

  return handles[fd - FIRST_FD].node;
}

/* Takes @node. */
static int
handle_new (SimNode *node)
{
  for (int i = 0; i < MOST_FDS; i++)
    {
      if (handles[i].node != NULL)
        continue;
      handles[i].node = node;
      handles[i].has_lock = FALSE;
      sim_opened ();
      return FIRST_FD + i;
    }
  g_assert_not_reached ();
}

int
mh_os_lock (const char *path, GError **error)
{
  SimNode *node;
  int errnum = sim_open (path, TRUE, FALSE, &node);
  int fd;

  if (errnum != 0)
    {
      mh_error_set_errno (error, errnum, path);
      return -1;
    }

  fd = handle_new (node);
  handles[fd - FIRST_FD].has_lock = sim_lock (node);
  if (handles[fd - FIRST_FD].has_lock)
    return fd;

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s: another daemon has locked it", path);
  mh_os_close (fd);

  return -1;
}

int
mh_os_open (const char *path, gboolean writable, gboolean create, GError **error)
{
  SimNode *node;
  int errnum = sim_open (path, create, create, &node);

  if (errnum == 0 && create)
    {
      errnum = sim_sync_folder_of (path);
      if (errnum != 0)
        {
          (void) sim_remove (path);
          sim_node_unref (node);
        }
    }
  if (errnum == 0)
    return handle_new (node);

  if (errnum == ENOENT)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "%s: no such file", path);
  else if (errnum == EEXIST)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s: it exists", path);
  else
    mh_error_set_errno (error, errnum, path);

  return -1;
}

void
mh_os_close (int fd)
{
  SimNode *node;

  if (fd < 0)
    return;

  node = node_of (fd);
  if (handles[fd - FIRST_FD].has_lock)
    sim_unlock (node);
  handles[fd - FIRST_FD].node = NULL;
  sim_node_unref (node);
  sim_closed ();
}

static int
make_one (const char *path)
{
  g_autofree char *above = g_path_get_dirname (path);
  int errnum = sim_make_folder (path);

  if (errnum == ENOENT && strcmp (above, path) != 0)
    {
      errnum = make_one (above);
      if (errnum == 0)
        errnum = sim_make_folder (path);
    }

  return errnum == EEXIST ? 0 : errnum;
}

static int
sync_way (const char *path)
{
  g_autofree char *above = g_path_get_dirname (path);
  int errnum;

  if (strcmp (above, path) == 0)
    return 0;

  errnum = sim_sync_folder_of (path);

  return errnum != 0 ? errnum : sync_way (above);
}

gboolean
mh_os_make_folder (const char *path, GError **error)
{
  int errnum = make_one (path);

  if (errnum == 0)
    errnum = sync_way (path);

  if (errnum == 0)
    return TRUE;

  mh_error_set_errno (error, errnum, path);

  return FALSE;
}

char **
mh_os_list (const char *path, GError **error)
{
  char **names = NULL;
  int errnum = sim_list (path, &names);

  if (errnum == 0)
    return names;

  if (errnum == ENOENT)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "%s: no such folder", path);
  else
    mh_error_set_errno (error, errnum, path);

  return NULL;
}

gboolean
mh_os_remove (const char *path, GError **error)
{
  int errnum = sim_remove (path);

  if (errnum == 0 || errnum == ENOENT)
    errnum = sim_sync_folder_of (path);
  if (errnum == 0)
    return TRUE;

  mh_error_set_errno (error, errnum, path);

  return FALSE;
}

gboolean
mh_os_sync_name (const char *path)
{
  return check (sim_sync_folder_of (path));
}

gboolean
mh_os_rename (const char *from, const char *to)
{
  return check (sim_rename (from, to)) && check (sim_sync_folder_of (to));
}

gint64
mh_os_size (int fd)
{
  return (gint64) sim_size (node_of (fd));
}

gssize
mh_os_read (int fd, guint64 offset, guint8 *out, gsize size)
{
  gsize got;

  return check (sim_read (node_of (fd), offset, out, size, &got)) ? (gssize) got : -1;
}

gboolean
mh_os_write (int fd, guint64 offset, const MhPiece *pieces, guint count)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint i = 0; i < count; i++)
    g_byte_array_append (all, pieces[i].data, (guint) pieces[i].size);

  return check (sim_write (node_of (fd), offset, all->data, all->len));
}

gboolean
mh_os_sync (int fd)
{
  return check (sim_sync (node_of (fd)));
}

void
mh_os_write_soon (int fd, guint64 offset, guint64 size)
{
}

void
mh_os_uncache (int fd, guint64 offset, guint64 size)
{
}

gboolean
mh_os_truncate (int fd, guint64 size)
{
  return check (sim_truncate (node_of (fd), size));
}

gboolean
mh_os_punch (int fd, guint64 offset, guint64 size)
{
  return check (sim_punch (node_of (fd), offset, size));
}

guint64
mh_os_skip_hole (int fd, guint64 offset)
{
  return sim_skip_hole (node_of (fd), offset);
}

guint64
mh_os_free_space (int fd)
{
  return sim_free_space ();
}

guint64
mh_os_total_space (int fd)
{
  return G_MAXINT64;
}

guint64
mh_os_allocated (int fd)
{
  return sim_allocated (node_of (fd));
}
