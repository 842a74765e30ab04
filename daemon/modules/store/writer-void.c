/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "writer-private.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "crypto/hash.h"

/*
 * When the disk fails, what a commit has written may be on it or not, and so may any attempt to cut
 * it off. It was not acknowledged, and it must not come back after what is acknowledged later: both
 * may follow the same version. So the segment is left alone, and the next one begins with a record
 * that says from where on the first does not count. That record is durable before anything else is
 * acknowledged; then the first is cut. An index that has more than it allows is ahead of the
 * segments, and is made anew.
 */

#define ENTRY_SIZE 16

/* The disk lost what was not durable, or cannot be trusted to have it. */
static void
lose (MhWriter *self, MhSegmentOut *segment, guint64 from)
{
  for (GList *link = segment->pending.head; link != NULL; link = link->next)
    {
      MhPending *block = link->data;

      if (block->location.position < from || block->state == MH_PENDING_INDEXED
          || block->state == MH_PENDING_GONE)
        continue;
      block->state = MH_PENDING_GONE;
      mh_writer_forget_block (self, block);
    }
}

void
mh_writer_give_up (MhWriter *self, guint64 from)
{
  MhSegmentOut *segment = self->open;
  MhVoid given_up = { segment->id, MAX (from, MH_SEGMENT_HEADER_SIZE) };

  lose (self, segment, from);
  g_byte_array_set_size (segment->gathered, 0);
  segment->end = given_up.from;
  segment->given_up = TRUE;
  g_array_append_val (self->voids, given_up);
  self->open = NULL;
}

gboolean
mh_writer_write_voids (MhWriter *self, GError **error)
{
  MhRecord record = { MH_RECORD_VOID };
  g_autofree guint8 *payload = g_malloc (MAX (self->voids->len, 1) * ENTRY_SIZE);
  MhLocation location;

  if (self->voids->len == 0)
    return TRUE;

  for (guint i = 0; i < self->voids->len; i++)
    {
      const MhVoid *given_up = &g_array_index (self->voids, MhVoid, i);
      guint64 entry[] = { GUINT64_TO_LE (given_up->segment), GUINT64_TO_LE (given_up->from) };

      memcpy (payload + (gsize) i * ENTRY_SIZE, entry, ENTRY_SIZE);
    }
  record.payload_size = self->voids->len * ENTRY_SIZE;
  mh_sha256 (payload, record.payload_size, record.id);

  return mh_writer_append_record (self, &record, payload, FALSE, &location, error);
}

gboolean
mh_writer_mark (MhWriter *self, gpointer data, GError **error)
{
  static const guint8 nothing[1] = { 0 };
  MhRecord record = { MH_RECORD_VOID };
  MhLocation location;

  if (self->open == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "the disk fails");
      return FALSE;
    }

  mh_sha256 (nothing, 0, record.id);

  return mh_writer_append_record (self, &record, nothing, TRUE, &location, error);
}

gboolean
mh_writer_note_voids (MhWriter *self, GError **error)
{
  for (guint i = 0; i < self->voids->len; i++)
    {
      if (!mh_void_set (self->db, &g_array_index (self->voids, MhVoid, i), error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_writer_cut_void (MhWriter *self, const MhVoid *given_up)
{
  g_autofree char *path = mh_segments_path (self->store->segments, given_up->segment);
  g_autoptr (GError) error = NULL;
  int fd = mh_os_open (path, TRUE, FALSE, &error);
  gboolean done;

  if (fd < 0)
    return g_error_matches (error, MH_ERROR, MH_ERROR_NOT_FOUND);

  done = mh_os_size (fd) <= (gint64) given_up->from || mh_os_truncate (fd, given_up->from);
  done = done && mh_os_sync (fd);
  mh_os_close (fd);

  return done;
}

void
mh_writer_forget_voids (MhWriter *self)
{
  for (guint i = self->voids->len; i > 0; i--)
    {
      const MhVoid *given_up = &g_array_index (self->voids, MhVoid, i - 1);
      MhSegmentOut *segment = g_hash_table_lookup (self->segments, &given_up->segment);

      /* The record may go with its segment one day: until the cut is durable there is another. */
      if (!mh_writer_cut_void (self, given_up))
        continue;
      if (segment != NULL)
        segment->given_up = FALSE;
      g_array_remove_index (self->voids, i - 1);
    }
  if (self->voids->len > 0)
    return;

  mh_writer_punch (self, self->unused);
  g_array_set_size (self->unused, 0);
}

void
mh_void_decode (GBytes *payload, GArray *voids)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);

  for (gsize i = 0; i + ENTRY_SIZE <= size; i += ENTRY_SIZE)
    {
      guint64 entry[2];
      MhVoid given_up;

      memcpy (entry, data + i, ENTRY_SIZE);
      given_up.segment = GUINT64_FROM_LE (entry[0]);
      given_up.from = GUINT64_FROM_LE (entry[1]);
      g_array_append_val (voids, given_up);
    }
}

static char *
key_of (guint64 segment)
{
  return g_strdup_printf ("void:%016" G_GINT64_MODIFIER "x", segment);
}

gboolean
mh_void_set (MhDb *db, const MhVoid *self, GError **error)
{
  g_autofree char *key = key_of (self->segment);

  return mh_catalog_set_state (db, key, (gint64) self->from, error);
}

gboolean
mh_void_get (MhDb *db, MhVoid *self, GError **error)
{
  g_autofree char *key = key_of (self->segment);
  gint64 from;

  if (!mh_catalog_get_state (db, key, &from, error))
    return FALSE;

  self->from = from > 0 ? (guint64) from : G_MAXUINT64;

  return TRUE;
}
