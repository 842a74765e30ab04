/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "writer-private.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "crypto/hash.h"
#include "usage.h"

/* Room that SQLite keeps; blocks leave more, see mh_store_check_min_free(). */
#define RESERVE_VERSIONS (3 * 1024 * 1024)

/* With so much more than is needed, the disk is asked once a commit. */
#define PLENTY (64 * 1024 * 1024)

#define WRITE_SOON (8 * 1024 * 1024)

/* Records of a commit are written together, so many bytes at a time. */
#define GATHER (1024 * 1024)

/* Less than so much from other machines stays in memory: it may be one file that is about to be
 * read.
 */
#define UNCACHED_FROM (4 * 1024 * 1024)

void
mh_segment_out_free (gpointer segment)
{
  MhSegmentOut *self = segment;

  mh_os_close (self->fd);
  g_byte_array_unref (self->gathered);
  g_queue_clear_full (&self->pending, (GDestroyNotify) mh_pending_unref);
  g_free (self);
}

MhSegmentOut *
mh_writer_adopt_segment (MhWriter *self, guint64 id, int fd, guint64 end)
{
  MhSegmentOut *segment = g_new0 (MhSegmentOut, 1);

  segment->id = id;
  segment->fd = fd;
  segment->end = end;
  segment->synced = end;
  segment->started = end;
  segment->gathered = g_byte_array_new ();
  g_queue_init (&segment->pending);
  g_hash_table_replace (self->segments, &segment->id, segment);
  self->last_segment = MAX (self->last_segment, id);

  return segment;
}

/* Returns: the first block that is written but not indexed; forgets those before it */
static MhPending *
first_pending (MhSegmentOut *segment)
{
  MhPending *block = g_queue_peek_head (&segment->pending);

  while (block != NULL && (block->state == MH_PENDING_INDEXED || block->state == MH_PENDING_GONE))
    {
      mh_pending_unref (g_queue_pop_head (&segment->pending));
      block = g_queue_peek_head (&segment->pending);
    }

  return block;
}

/* Where the index may say that it ends, once what is kept is committed. */
static guint64
indexable_to (MhSegmentOut *segment)
{
  (void) first_pending (segment);
  for (GList *link = segment->pending.head; link != NULL; link = link->next)
    {
      MhPending *block = link->data;

      if (block->state == MH_PENDING_WRITTEN)
        return block->location.position;
    }

  return segment->end;
}

gboolean
mh_writer_note_indexed (MhWriter *self, GError **error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->segments);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      MhSegmentOut *segment = value;

      if (!mh_catalog_set_indexed (self->db, segment->id, indexable_to (segment), error))
        return FALSE;
    }

  return mh_writer_note_voids (self, error) && mh_ledger_flush (self->ledger, self->db, error)
         && mh_catalog_set_state (self->db, "epoch", (gint64) self->epoch, error);
}

void
mh_writer_close_idle (MhWriter *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->segments);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      MhSegmentOut *segment = value;

      if (segment != self->open && !segment->given_up && first_pending (segment) == NULL)
        g_hash_table_iter_remove (&iter);
    }
}

static void
set_write_error (MhWriter *self, int errnum, GError **error)
{
  mh_error_set_errno (error, errnum, "writing to a segment");
  if (errnum != ENOSPC && errnum != EDQUOT)
    mh_store_set_fault (self->store, "writing to segment %016" G_GINT64_MODIFIER "x: %s",
                        self->open->id, g_strerror (errnum));
}

gboolean
mh_writer_flush (MhWriter *self, GError **error)
{
  MhSegmentOut *segment = self->open;
  MhPiece piece = { segment->gathered->data, segment->gathered->len };
  guint64 start = segment->end - piece.size;

  if (piece.size == 0)
    return TRUE;

  if (!mh_os_write (segment->fd, start, &piece, 1))
    {
      set_write_error (self, errno, &self->lost);
      mh_writer_cut (self, start);
      g_propagate_error (error, g_error_copy (self->lost));
      return FALSE;
    }
  g_byte_array_set_size (segment->gathered, 0);

  return TRUE;
}

/* What came from other machines, many blocks at a time, is not what somebody is about to read.
 * Pages that are free again at once are also the cheapest for what comes next. */
static void
uncache_foreign (MhWriter *self)
{
  const MhSegmentOut *segment = self->open;
  guint64 size = segment->end - segment->synced;

  if (self->foreign >= UNCACHED_FROM && self->foreign > size / 2)
    mh_os_uncache (segment->fd, segment->synced, size);
  self->foreign = 0;
}

gboolean
mh_writer_sync (MhWriter *self, GError **error)
{
  MhSegmentOut *segment = self->open;
  g_autofree char *attempt = NULL;
  int errnum;

  if (segment->synced == segment->end)
    return TRUE;

  if (!mh_writer_flush (self, error))
    return FALSE;

  if (mh_os_sync (segment->fd))
    {
      uncache_foreign (self);
      segment->synced = segment->end;
      segment->started = segment->end;
      self->epoch++;
      return TRUE;
    }

  /* Never tried again: the kernel may have dropped the pages and would then report success. */
  errnum = errno;
  attempt = g_strdup_printf ("making segment %016" G_GINT64_MODIFIER "x durable", segment->id);
  mh_error_set_errno (error, errnum, attempt);
  mh_store_set_fault (self->store, "%s: %s", attempt, g_strerror (errnum));
  mh_writer_give_up (self, segment->synced);

  return FALSE;
}

void
mh_writer_cut (MhWriter *self, guint64 end)
{
  MhSegmentOut *segment = self->open;

  if (segment == NULL || segment->end == end)
    return;

  /* What was gathered lies behind everything that was written. */
  if (segment->end - end < segment->gathered->len)
    {
      g_byte_array_set_size (segment->gathered,
                             segment->gathered->len - (guint) (segment->end - end));
      segment->end = end;
      return;
    }

  g_byte_array_set_size (segment->gathered, 0);
  segment->end = end;
  segment->synced = MIN (segment->synced, end);
  if (!mh_os_truncate (segment->fd, end))
    {
      mh_store_set_fault (self->store, "cutting segment %016" G_GINT64_MODIFIER "x: %s",
                          segment->id, g_strerror (errno));
      mh_writer_give_up (self, segment->synced);
    }
}

static gboolean
begin_segment (MhWriter *self, GError **error)
{
  guint64 id = self->last_segment + 1;
  g_autofree char *path = mh_segments_path (self->store->segments, id);
  guint8 header[MH_SEGMENT_HEADER_SIZE];
  MhPiece piece = { header, sizeof header };
  int fd;

  /* Taken even when it cannot be made: what is half made must not stand in the way of the next. */
  self->last_segment = id;
  fd = mh_os_open (path, TRUE, TRUE, error);
  if (fd < 0)
    return FALSE;

  mh_segment_header_encode (id, mh_store_now_ms (self->store), header);
  if (!mh_os_write (fd, 0, &piece, 1))
    {
      mh_error_set_errno (error, errno, "beginning a segment");
      mh_os_close (fd);
      (void) !mh_os_remove (path, NULL); /* nothing is in it */
      return FALSE;
    }

  self->open = mh_writer_adopt_segment (self, id, fd, MH_SEGMENT_HEADER_SIZE);
  self->open->synced = 0;

  return TRUE;
}

gboolean
mh_writer_ready_segment (MhWriter *self, guint64 span, GError **error)
{
  if (self->open != NULL && self->open->end > MH_SEGMENT_HEADER_SIZE
      && self->open->end + span > self->store->segment_bytes)
    {
      if (!mh_writer_sync (self, error))
        return FALSE;
      self->open = NULL;
      mh_writer_close_idle (self);
    }

  return self->open != NULL || begin_segment (self, error);
}

static gboolean
gather_pieces (MhWriter *self, const MhPiece *pieces, gsize count, GError **error)
{
  MhSegmentOut *segment = self->open;

  for (gsize i = 0; i < count; i++)
    {
      g_byte_array_append (segment->gathered, pieces[i].data, (guint) pieces[i].size);
      segment->end += pieces[i].size;
    }

  return segment->gathered->len < GATHER || mh_writer_flush (self, error);
}

gboolean
mh_writer_append_record (MhWriter *self, MhRecord *record, const guint8 *payload, gboolean gather,
                         MhLocation *location, GError **error)
{
  static const guint8 zeros[MH_RECORD_ALIGNMENT] = { 0 };
  MhSegmentOut *segment = self->open;
  guint8 header[MH_RECORD_HEADER_SIZE];
  guint64 span = mh_record_span (record->payload_size);
  MhPiece pieces[3];

  record->epoch = self->epoch;
  mh_record_encode (record, header);
  pieces[0] = (MhPiece){ header, sizeof header };
  pieces[1] = (MhPiece){ payload, record->payload_size };
  pieces[2] = (MhPiece){ zeros, span - sizeof header - record->payload_size };
  location->segment = segment->id;
  location->position = segment->end;
  location->size = record->payload_size;
  if (gather && span <= GATHER)
    return gather_pieces (self, pieces, G_N_ELEMENTS (pieces), error);

  if (!mh_writer_flush (self, error))
    return FALSE;

  if (!mh_os_write (segment->fd, segment->end, pieces, G_N_ELEMENTS (pieces)))
    {
      set_write_error (self, errno, error);
      segment->end += span;
      mh_writer_cut (self, segment->end - span);
      return FALSE;
    }

  segment->end += span;
  if (segment->end - segment->started >= WRITE_SOON)
    {
      mh_os_write_soon (segment->fd, segment->started, segment->end - segment->started);
      segment->started = segment->end;
    }

  return TRUE;
}

/* Returns: bytes of the disk that can still be written, on top of what was gathered */
static guint64
spare (MhWriter *self, guint64 needed)
{
  guint64 gathered = self->open->gathered->len;

  if (self->spare < needed + PLENTY)
    {
      self->spare = mh_os_free_space (self->open->fd);
      self->spare -= MIN (self->spare, gathered);
    }

  return self->spare;
}

/* Notes that @span bytes are being written. */
static void
use_spare (MhWriter *self, guint64 span)
{
  self->spare -= MIN (self->spare, span);
}

/* Whether @span bytes and what SQLite needs can be written. */
static gboolean
check_space (MhWriter *self, guint64 span, GError **error)
{
  guint64 needed = span + RESERVE_VERSIONS;

  if (spare (self, needed) >= needed)
    {
      use_spare (self, span);
      return TRUE;
    }

  g_set_error (error, MH_ERROR, MH_ERROR_NO_SPACE, "the disk is full");

  return FALSE;
}

static void
fill_record (MhRecord *record, const char *vault_id, const MhChunk *chunk, gsize size)
{
  record->type = MH_RECORD_BLOCK;
  record->payload_size = (guint32) size;
  record->plain_size = chunk->plain_size;
  g_strlcpy (record->vault_id, vault_id, sizeof record->vault_id);
  memcpy (record->id, chunk->id, sizeof record->id);
}

/* Whether a block of @span bytes can be written. */
static gboolean
check_space_for_block (MhWriter *self, guint64 span, GError **error)
{
  guint64 needed = span + self->store->min_free;

  if (!mh_store_check_min_free (self->store, spare (self, needed), span, error))
    return FALSE;

  use_spare (self, span);

  return TRUE;
}

MhPending *
mh_writer_put_block (MhWriter *self, const char *vault_id, const MhChunk *chunk,
                     const guint8 *sealed, gsize size, GError **error)
{
  guint64 span = mh_record_span (size);
  GError *local = NULL;
  MhPending *block = mh_writer_hold_block (self, chunk->id, &local);
  MhRecord record;
  MhLocation location;

  if (block != NULL)
    return block;

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return NULL;
    }

  fill_record (&record, vault_id, chunk, size);
  self->spare = 0; /* to be asked for */
  if (!mh_writer_ready_segment (self, span, error) || !check_space_for_block (self, span, error)
      || !mh_writer_append_record (self, &record, sealed, FALSE, &location, error))
    return NULL;

  block = g_new0 (MhPending, 1);
  block->references = 1; /* of the queue */
  block->location = location;
  memcpy (block->id, chunk->id, sizeof block->id);
  g_queue_push_tail (&self->open->pending, block);
  g_hash_table_replace (self->pending, block->id, block);

  return mh_pending_hold (block);
}

/* Writes the version that waits, if any, where it was promised a place. */
static gboolean
write_version (MhWriter *self, MhRecordFlags flags, GError **error)
{
  g_autoptr (GBytes) payload = g_steal_pointer (&self->version);
  MhLocation location;

  if (payload == NULL)
    return TRUE;

  self->version_record.flags |= flags;

  return mh_writer_append_record (self, &self->version_record, g_bytes_get_data (payload, NULL),
                                  TRUE, &location, error);
}

gboolean
mh_writer_add_block (MhWriter *self, const MhVaultRow *vault, const char *vault_id,
                     const MhChunk *chunk, const MhPiece *sealed, GError **error)
{
  MhPending *block = g_hash_table_lookup (self->pending, chunk->id);
  MhRecord record;
  MhLocation location;
  MhBlockRow row;
  gboolean found;

  if (block != NULL)
    return mh_writer_keep_block (self, vault, block, error);

  if (!mh_catalog_find_block (self->db, chunk->id, &row, &found, error))
    return FALSE;

  if (found && !row.bad)
    return mh_usage_share_block (self, vault, chunk->id, error);

  if (self->open == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "the disk fails");
      return FALSE;
    }

  fill_record (&record, vault_id, chunk, sealed->size);

  return write_version (self, MH_RECORD_FOLLOWED, error)
         && check_space_for_block (self, mh_record_span (sealed->size), error)
         && mh_writer_append_record (self, &record, sealed->data, TRUE, &location, error)
         && mh_usage_add_block (self, vault, chunk->id, &location, error);
}

/* In a commit: appends a block of another machine. */
static gboolean
append_foreign (MhWriter *self, const char *vault_id, const MhChunk *chunk, GBytes *sealed,
                MhLocation *location, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (sealed, &size);
  MhRecord record = { 0 };

  if (self->open == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "the disk fails");
      return FALSE;
    }
  fill_record (&record, vault_id, chunk, size);
  self->foreign += size;

  return write_version (self, MH_RECORD_FOLLOWED, error)
         && check_space_for_block (self, mh_record_span (size), error)
         && mh_writer_append_record (self, &record, data, TRUE, location, error);
}

gboolean
mh_writer_fill_block (MhWriter *self, const char *vault_id, const guint8 *id, GBytes *sealed,
                      gboolean *filled, GError **error)
{
  MhChunk chunk = { 0 };
  MhLocation location;
  MhBlockRow row;
  gboolean found;

  *filled = FALSE;
  if (g_hash_table_contains (self->pending, id)) /* an upload brings it */
    return TRUE;
  if (!mh_catalog_find_block (self->db, id, &row, &found, error))
    return FALSE;
  if (!found || row.refs == 0 || !row.bad)
    return TRUE;

  memcpy (chunk.id, id, sizeof chunk.id);
  *filled = TRUE;

  return append_foreign (self, vault_id, &chunk, sealed, &location, error)
         && mh_usage_fill_block (self, id, &row, &location, error);
}

gboolean
mh_writer_add_held (MhWriter *self, const MhVaultRow *vault, const char *vault_id, const guint8 *id,
                    GBytes *sealed, GError **error)
{
  MhChunk chunk = { .plain_size = MH_RECORD_HELD };
  MhLocation location;
  MhBlockRow row;
  gboolean found;

  if (!mh_catalog_find_block (self->db, id, &row, &found, error))
    return FALSE;
  if (found && !row.bad)
    return mh_usage_share_block (self, vault, id, error);

  memcpy (chunk.id, id, sizeof chunk.id);

  return append_foreign (self, vault_id, &chunk, sealed, &location, error)
         && mh_usage_add_block (self, vault, id, &location, error);
}

gboolean
mh_writer_put_version (MhWriter *self, const char *vault_id, GBytes *payload, MhLocation *location,
                       GError **error)
{
  MhRecord record = { MH_RECORD_VERSION };
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);
  guint64 span = mh_record_span (size);

  record.payload_size = (guint32) size;
  g_strlcpy (record.vault_id, vault_id, sizeof record.vault_id);
  mh_sha256 (data, size, record.id);
  if (self->open == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "the disk fails");
      return FALSE;
    }

  if (!write_version (self, MH_RECORD_FOLLOWED, error) || !check_space (self, span, error))
    return FALSE;

  /* Written when it is known whether another follows. */
  if (self->continues)
    record.flags = MH_RECORD_CONTINUES;
  else if (self->versions > 0)
    record.flags = MH_RECORD_NEXT;
  self->continues = TRUE;
  self->versions++;
  self->version = g_bytes_ref (payload);
  self->version_record = record;
  location->segment = self->open->id;
  location->position = self->open->end;
  location->size = record.payload_size;
  mh_ledger_add (self->ledger, MH_LEDGER_LIVE, location->segment, (gint64) span);

  return TRUE;
}

void
mh_writer_mark_partial (MhWriter *self)
{
  if (self->version != NULL)
    self->version_record.flags |= MH_RECORD_PARTIAL;
}

gboolean
mh_writer_end_change (MhWriter *self, GError **error)
{
  self->continues = FALSE;

  return write_version (self, MH_RECORD_FIRST, error);
}

void
mh_writer_drop_change (MhWriter *self)
{
  self->continues = FALSE;
  g_clear_pointer (&self->version, g_bytes_unref);
}

gboolean
mh_writer_append (MhWriter *self, MhRecord *record, const guint8 *payload, MhLocation *location,
                  GError **error)
{
  guint64 span = mh_record_span (record->payload_size);

  if (self->open == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "the disk fails");
      return FALSE;
    }

  /* What it belonged to is not here, and its blocks do not come with it. */
  record->flags = record->type == MH_RECORD_VERSION ? MH_RECORD_PARTIAL : 0;

  return write_version (self, MH_RECORD_FOLLOWED, error) && check_space (self, span, error)
         && mh_writer_append_record (self, record, payload, TRUE, location, error);
}
