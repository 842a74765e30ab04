/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "scan.h"

#include "base/os.h"

#define WINDOW (64 * 1024)
#define PAGE 4096

static guint64
align (guint64 offset)
{
  return (offset + MH_RECORD_ALIGNMENT - 1) / MH_RECORD_ALIGNMENT * MH_RECORD_ALIGNMENT;
}

void
mh_scan_init (MhScan *self, int fd, guint64 offset, guint64 size)
{
  self->fd = fd;
  self->offset = offset;
  self->size = size;
  self->window = g_malloc (WINDOW);
}

void
mh_scan_clear (MhScan *self)
{
  g_clear_pointer (&self->window, g_free);
}

/* Looks for a record header in a window that begins at @offset. */
static gboolean
find_in_window (const guint8 *window, gsize size, guint64 offset, MhRecord *record,
                guint64 *position)
{
  for (gsize i = 0; i + MH_RECORD_HEADER_SIZE <= size; i += MH_RECORD_ALIGNMENT)
    {
      if (mh_record_decode (record, window + i))
        {
          *position = offset + i;
          return TRUE;
        }
    }

  return FALSE;
}

/* Reads as much of a window as the disk gives. Returns: bytes, or -1 when it gives none */
static gssize
read_window (MhScan *self, guint64 offset)
{
  gssize got = -1;

  for (gsize size = WINDOW; size >= MH_RECORD_HEADER_SIZE && got < 0; size /= 2)
    got = mh_os_read (self->fd, offset, self->window, size);
  if (got >= 0)
    return got;

  if (self->unread++ == 0)
    self->unread_from = offset;

  return -1;
}

/* Finds the next header at or after the offset, which after damage or a hole may be further on. */
static gboolean
find_header (MhScan *self, MhRecord *record, guint64 *position)
{
  guint64 offset = self->offset;

  while (offset + MH_RECORD_HEADER_SIZE <= self->size)
    {
      gssize got = mh_os_read (self->fd, offset, self->window, MH_RECORD_HEADER_SIZE);

      if (got == MH_RECORD_HEADER_SIZE
          && find_in_window (self->window, (gsize) got, offset, record, position))
        return TRUE;

      offset = mh_os_skip_hole (self->fd, offset);
      if (offset >= self->size) /* a hole up to the end is skipped to G_MAXUINT64 */
        return FALSE;
      offset = align (offset);
      got = read_window (self, offset);
      if (got < 0)
        {
          offset = (offset / PAGE + 1) * PAGE;
          continue;
        }
      if (got < MH_RECORD_HEADER_SIZE)
        return FALSE;
      if (find_in_window (self->window, (gsize) got, offset, record, position))
        return TRUE;
      /* A header may lie across the end of the window. */
      offset += align ((guint64) got - MH_RECORD_HEADER_SIZE + 1);
    }

  return FALSE;
}

gboolean
mh_scan_next (MhScan *self, MhRecord *record, guint64 *position)
{
  while (find_header (self, record, position))
    {
      guint64 end = *position + mh_record_span (record->payload_size);

      if (end <= self->size)
        {
          self->offset = end;
          return TRUE;
        }
      /* Cut short, or a length made up by damage: look on right behind the header. */
      self->offset = *position + MH_RECORD_HEADER_SIZE;
    }

  return FALSE;
}
