/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "punch.h"

#include <errno.h>

#include "base/error.h"
#include "base/os.h"
#include "catalog-space.h"
#include "writer-private.h"

/* File systems give back whole blocks of this size. */
#define DISK_BLOCK 4096

/* Returns: whether the bytes from @from to before @to are there and all zero */
static gboolean
is_zero (int fd, guint64 from, guint64 to)
{
  guint8 data[DISK_BLOCK];
  gssize size = (gssize) (to - from);

  if (mh_os_read (fd, from, data, (gsize) size) != size)
    return FALSE;

  for (gssize i = 0; i < size; i++)
    {
      if (data[i] != 0)
        return FALSE;
    }

  return TRUE;
}

/*
 * Widens a hole over what is zero already, so that a block of the disk becomes free with the last
 * record in it. The content does not change by that. Beyond the end of the file nothing is zero:
 * the writer may be about to append there.
 */
static void
widen (int fd, guint64 *from, guint64 *to)
{
  guint64 low = *from / DISK_BLOCK * DISK_BLOCK;
  guint64 high = (*to + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;

  if (is_zero (fd, low, *from))
    *from = low;
  if (is_zero (fd, *to, high))
    *to = high;
}

/* Punches holes of one segment, neighbours in one go. Returns: %FALSE with errno set */
static gboolean
punch_each (int fd, const MhHole *holes, guint count)
{
  guint i = 0;

  while (i < count)
    {
      guint64 from = holes[i].position;
      guint64 to = from;

      while (i < count && holes[i].position == to)
        to += holes[i++].size;
      widen (fd, &from, &to);
      if (!mh_os_punch (fd, from, to - from))
        return FALSE;
    }

  return mh_os_sync (fd);
}

static gboolean
punch_segment (MhStore *store, const MhHole *holes, guint count, gint64 *freed, GError **error)
{
  g_autofree char *path = mh_segments_path (store->segments, holes->segment);
  g_autoptr (GError) local = NULL;
  guint64 before;
  gboolean done;
  int errnum;
  int fd = mh_os_open (path, TRUE, FALSE, &local);

  if (g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    return TRUE; /* the whole segment is gone */

  if (fd < 0)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  before = mh_os_allocated (fd);
  done = punch_each (fd, holes, count);
  errnum = errno;
  *freed += MAX (0, (gint64) before - (gint64) mh_os_allocated (fd));
  mh_os_close (fd);
  if (done)
    return TRUE;

  mh_error_set_errno (error, errnum, "freeing space");
  mh_store_set_fault (store, "freeing space of %s: %s", path, g_strerror (errnum));

  return FALSE;
}

/* GArray of MhHole: forgets those that are made. */
static gboolean
remove_holes (MhWriter *writer, gpointer data, GError **error)
{
  const GArray *holes = data;

  for (guint i = 0; i < holes->len; i++)
    {
      if (!mh_catalog_remove_hole (mh_writer_db (writer), &g_array_index (holes, MhHole, i), error))
        return FALSE;
    }

  return TRUE;
}

static GArray *
find_holes (MhStore *store, MhHoleKind kind, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);

  return lease == NULL ? NULL : mh_catalog_find_holes (mh_db_lease_db (lease), kind, error);
}

/*
 * What is made durable together counts up to the first change that is not whole. So before records
 * of versions go, or blocks that others have and versions name, something has to be durable that
 * came after them.
 */
static gboolean
prepare (MhStore *store, MhHoleKind kind, GError **error)
{
  return kind == MH_HOLE_NOTE || mh_writer_commit (store->writer, mh_writer_mark, NULL, error);
}

/* Makes the holes of one kind. */
static gboolean
punch_kind (MhStore *store, MhHoleKind kind, gint64 *freed, GCancellable *cancellable,
            GError **error)
{
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      g_autoptr (GArray) holes = find_holes (store, kind, error);
      guint i = 0;

      if (holes == NULL)
        return FALSE;
      if (holes->len == 0)
        return TRUE;

      if (!prepare (store, kind, error))
        return FALSE;

      while (i < holes->len)
        {
          const MhHole *first = &g_array_index (holes, MhHole, i);
          guint count = 0;

          while (i + count < holes->len && first[count].segment == first->segment)
            count++;
          if (!punch_segment (store, first, count, freed, error))
            return FALSE;
          i += count;
        }
      if (!mh_writer_commit (store->writer, remove_holes, holes, error))
        return FALSE;
    }

  return FALSE;
}

gboolean
mh_punch_holes (MhStore *store, gboolean versions, gint64 *freed, GCancellable *cancellable,
                GError **error)
{
  if (!versions)
    return punch_kind (store, MH_HOLE_BLOCK, freed, cancellable, error);

  return punch_kind (store, MH_HOLE_VERSION, freed, cancellable, error)
         && punch_kind (store, MH_HOLE_NOTE, freed, cancellable, error);
}
