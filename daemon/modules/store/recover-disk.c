/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "recover-private.h"

#include <errno.h>

#include "base/error.h"
#include "base/os.h"

void
mh_recovery_note_unread (MhRecovery *self, guint64 segment, guint64 position)
{
  MhLocation location = { segment, position, 0 };

  mh_store_set_fault (self->writer->store,
                      "segment %016" G_GINT64_MODIFIER "x at %" G_GUINT64_FORMAT
                      " cannot be read; the next start looks again",
                      segment, position);
  g_array_append_val (self->unread, location);
}

GBytes *
mh_recovery_read (MhRecovery *self, MhFoundRecord *found)
{
  g_autoptr (GError) error = NULL;
  GBytes *payload = mh_segments_read_verified (self->writer->store->segments, &found->location,
                                               found->record.id, &error);

  found->unread = payload == NULL && g_error_matches (error, MH_ERROR, MH_ERROR_FAILED);
  found->torn = payload == NULL && !found->unread;
  if (found->unread)
    mh_recovery_note_unread (self, found->location.segment, found->location.position);

  return payload;
}

/* Opens a segment to change something in it. */
static int
open_segment (MhRecovery *self, guint64 segment, GError **error)
{
  g_autofree char *path = mh_segments_path (self->writer->store->segments, segment);

  g_hash_table_add (self->touched, g_memdup2 (&segment, sizeof segment));

  return mh_os_open (path, TRUE, FALSE, error);
}

gboolean
mh_recovery_erase (MhRecovery *self, const MhFoundRecord *found, GError **error)
{
  int fd = open_segment (self, found->location.segment, error);
  gboolean done;

  if (fd < 0)
    return FALSE;

  done = mh_os_punch (fd, found->location.position, mh_record_span (found->location.size));
  if (!done)
    mh_error_set_errno (error, errno, "clearing a torn record");
  mh_os_close (fd);

  return done;
}

/* Writes again what is in a file. Returns: %FALSE with errno set */
static gboolean
write_again (int fd, guint64 position, gsize size)
{
  g_autofree guint8 *data = g_malloc (size);
  MhPiece piece = { data, size };
  gssize got = mh_os_read (fd, position, data, size);

  if (got == (gssize) size)
    return mh_os_write (fd, position, &piece, 1);

  errno = got < 0 ? errno : EIO;

  return FALSE;
}

gboolean
mh_recovery_confirm (MhRecovery *self, const MhFoundRecord *found, GError **error)
{
  gboolean done;
  int fd;

  if (found->record.epoch != self->last_epoch)
    return TRUE;

  fd = open_segment (self, found->location.segment, error);
  if (fd < 0)
    return FALSE;

  done = write_again (fd, 0, MH_SEGMENT_HEADER_SIZE)
         && write_again (fd, found->location.position, mh_record_span (found->location.size));
  if (!done)
    mh_error_set_errno (error, errno, "making a record durable");
  mh_os_close (fd);

  return done;
}

gboolean
mh_recovery_sync (MhRecovery *self, GError **error)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->touched);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_autofree char *path =
          mh_segments_path (self->writer->store->segments, *(const guint64 *) key);
      int fd = mh_os_open (path, TRUE, FALSE, error);
      gboolean done;

      if (fd < 0)
        return FALSE;

      done = mh_os_sync (fd);
      if (!done)
        mh_error_set_errno (error, errno, "making a segment durable");
      mh_os_close (fd);
      if (!done)
        return FALSE;
    }

  return TRUE;
}
