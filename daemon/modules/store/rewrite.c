/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "rewrite.h"

#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "catalog-space.h"
#include "punch.h"
#include "scan.h"
#include "usage.h"
#include "writer-private.h"

/* Worth moving the rest of a segment for. */
#define LEAST_GAIN (4 * 1024 * 1024)

/* What one commit moves, so that those of uploads come in between. */
#define MOST_AT_ONCE (1024 * 1024)

/* A record on its way to another segment. */
typedef struct
{
  MhRecord record;
  MhLocation location;
  GBytes *payload; /* (owned) */
} Move;

/* The rewriting of one segment. */
typedef struct
{
  MhStore *store; /* (unowned) */
  guint64 bytes_per_s;
  MhUpkeep *upkeep;          /* (unowned) */
  GCancellable *cancellable; /* (unowned) (nullable) */
  guint64 id;
  GArray *moves; /* (owned) (element-type Move): for the next commit */
  gsize waiting; /* bytes in them */
  gsize moved;   /* result of a commit: bytes */
} Rewrite;

static void
move_clear (gpointer data)
{
  Move *move = data;

  g_bytes_unref (move->payload);
}

static void
rewrite_clear (Rewrite *self)
{
  g_clear_pointer (&self->moves, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rewrite, rewrite_clear)

static gboolean
is_same (const MhLocation *a, const MhLocation *b)
{
  return a->segment == b->segment && a->position == b->position;
}

/*
 * Finds out whether the index has a record at this place, and wants it. @key is the record's id, or
 * the version that it is about.
 */
static gboolean
is_used (MhDb *db, MhRecordType type, const guint8 *key, const MhLocation *location, gboolean *used,
         GError **error)
{
  MhVersionRow version;
  MhBlockRow block;
  gboolean found;
  gint64 ref;

  if (type == MH_RECORD_BLOCK)
    {
      if (!mh_catalog_find_block (db, key, &block, &found, error))
        return FALSE;
      *used = found && block.refs > 0 && is_same (&block.location, location);
      return TRUE;
    }

  if (!mh_catalog_find_version (db, key, &ref, &version, error))
    return FALSE;
  *used =
      ref != 0 && is_same (type == MH_RECORD_VERSION ? &version.location : &version.note, location);

  return TRUE;
}

/* Has the index look for a record at its new place, in a commit. */
static gboolean
place (MhWriter *writer, MhRecordType type, const guint8 *key, const MhLocation *location,
       GError **error)
{
  MhVersionRow version;
  gint64 ref;

  if (type == MH_RECORD_BLOCK)
    return mh_catalog_place_block (writer->db, key, location, error);

  if (!mh_catalog_find_version (writer->db, key, &ref, &version, error))
    return FALSE;

  return type == MH_RECORD_VERSION ? mh_catalog_place_version (writer->db, ref, location, error)
                                   : mh_catalog_set_note (writer->db, ref, location, error);
}

static MhHoleKind
kind_of (MhRecordType type)
{
  if (type == MH_RECORD_BLOCK)
    return MH_HOLE_BLOCK;

  return type == MH_RECORD_VERSION ? MH_HOLE_VERSION : MH_HOLE_NOTE;
}

static gboolean
move_one (MhWriter *writer, Rewrite *self, Move *move, GError **error)
{
  gint64 span = (gint64) mh_record_span (move->record.payload_size);
  MhRecord record = move->record;
  const guint8 *payload = g_bytes_get_data (move->payload, NULL);
  const guint8 *key = record.type == MH_RECORD_SUPERSEDED ? payload : record.id;
  MhLocation location;
  gboolean used;

  if (!is_used (writer->db, record.type, key, &move->location, &used, error))
    return FALSE;

  if (!used)
    return TRUE;

  if (!mh_writer_append (writer, &record, payload, &location, error)
      || !place (writer, record.type, key, &location, error))
    return FALSE;

  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, move->location.segment, -span);
  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, location.segment, span);
  self->moved += (gsize) span;

  return mh_usage_free_record (writer, &move->location, kind_of (record.type), error);
}

/* Rewrite: moves what was collected. */
static gboolean
move_all (MhWriter *writer, gpointer data, GError **error)
{
  Rewrite *self = data;

  self->moved = 0;
  for (guint i = 0; i < self->moves->len; i++)
    {
      if (!move_one (writer, self, &g_array_index (self->moves, Move, i), error))
        return FALSE;
    }

  return TRUE;
}

/* Waits as long as @bytes are allowed to take. */
static void
throttle (Rewrite *self, gsize bytes)
{
  GPollFD cancelled = { -1 };

  if (self->bytes_per_s == 0)
    return;

  (void) g_cancellable_make_pollfd (self->cancellable, &cancelled);
  g_poll (&cancelled, 1, (gint) (bytes * 1000 / self->bytes_per_s));
  g_cancellable_release_fd (self->cancellable);
}

/* Moves what was collected, and waits as the rate demands. */
static gboolean
flush (Rewrite *self, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;

  if (self->moves->len == 0)
    return TRUE;

  if (!mh_writer_commit_durable (self->store->writer, move_all, self, error))
    return FALSE;

  self->upkeep->moved_bytes += (gint64) self->moved;
  g_array_set_size (self->moves, 0);
  self->waiting = 0;
  if (!mh_punch_holes (self->store, TRUE, &self->upkeep->freed_bytes, self->cancellable, error)
      || !mh_punch_holes (self->store, FALSE, &self->upkeep->freed_bytes, self->cancellable, error))
    return FALSE;
  throttle (self, self->moved);

  return TRUE;
}

/* uint8 id: notes that a block is damaged. */
static gboolean
mark_bad (MhWriter *writer, gpointer id, GError **error)
{
  return mh_catalog_mark_bad (mh_writer_db (writer), id, error);
}

/* A damaged record stays where it is, for whoever knows better. */
static gboolean
leave_damaged (Rewrite *self, MhRecord *record, const char *why, GError **error)
{
  mh_store_set_fault (self->store, "found when freeing space: %s", why);

  return record->type != MH_RECORD_BLOCK
         || mh_writer_commit (self->store->writer, mark_bad, record->id, error);
}

static gboolean
look_up (Rewrite *self, const MhRecord *record, const MhLocation *location, gboolean *used,
         GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, error);

  *used = TRUE; /* of what names a version in its payload, the commit finds out */

  return lease != NULL
         && (record->type == MH_RECORD_SUPERSEDED
             || is_used (mh_db_lease_db (lease), record->type, record->id, location, used, error));
}

/* Collects a record if it is in use and whole. */
static gboolean
collect (Rewrite *self, MhRecord *record, guint64 position, GError **error)
{
  Move move = { *record, { self->id, position, record->payload_size } };
  g_autoptr (GError) local = NULL;
  gboolean used;

  if (!look_up (self, record, &move.location, &used, error))
    return FALSE;

  if (!used)
    return TRUE;

  move.payload =
      mh_segments_read_verified (self->store->segments, &move.location, record->id, &local);
  if (move.payload == NULL)
    return leave_damaged (self, record, local->message, error);

  g_array_append_val (self->moves, move);
  self->waiting += record->payload_size;

  return self->waiting < MOST_AT_ONCE || flush (self, error);
}

/* Moves all that is in use out of the segment. */
static gboolean
empty_segment (Rewrite *self, int fd, GError **error)
{
  g_auto (MhScan) scan = { 0 };
  MhRecord record;
  guint64 position;

  mh_scan_init (&scan, fd, MH_SEGMENT_HEADER_SIZE, (guint64) MAX (0, mh_os_size (fd)));
  while (mh_scan_next (&scan, &record, &position))
    {
      if (!collect (self, &record, position, error))
        return FALSE;
    }

  return flush (self, error);
}

/* uint64 id: forgets a segment. What was written last may be in it, see mh_writer_mark(). */
static gboolean
forget_segment (MhWriter *writer, gpointer data, GError **error)
{
  const guint64 *id = data;

  return mh_writer_mark (writer, NULL, error)
         && mh_catalog_remove_segment (mh_writer_db (writer), *id, error);
}

static gboolean
is_needed (Rewrite *self, gboolean *needed, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, error);

  return lease != NULL
         && mh_catalog_is_segment_used (mh_db_lease_db (lease), self->id, needed, error);
}

/*
 * Removes the file of a segment in which nothing is left. A closed segment only ever gets less, so
 * what the index says now stays right.
 */
static gboolean
remove_segment (Rewrite *self, GError **error)
{
  MhStore *store = self->store;
  g_autofree char *path = mh_segments_path (store->segments, self->id);
  gboolean needed;

  if (!mh_punch_holes (store, TRUE, &self->upkeep->freed_bytes, self->cancellable, error)
      || !is_needed (self, &needed, error))
    return FALSE;

  if (needed)
    return TRUE;

  if (!mh_writer_commit_durable (store->writer, forget_segment, &self->id, error))
    return FALSE;

  mh_segments_forget (store->segments, self->id);
  if (!mh_os_remove (path, error))
    return FALSE;

  self->upkeep->segments_gone++;

  return TRUE;
}

/* Looks at a segment, and does with it what pays. */
static gboolean
look_at (Rewrite *self, const MhSegmentRow *segment, GError **error)
{
  g_autofree char *path = mh_segments_path (self->store->segments, segment->id);
  guint64 least = MIN (LEAST_GAIN, self->store->segment_bytes / 4);
  g_autoptr (GError) local = NULL;
  guint64 allocated;
  gboolean done = TRUE;
  int fd = mh_os_open (path, FALSE, FALSE, &local);

  self->id = segment->id;
  if (fd < 0 && !g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  allocated = fd < 0 ? 0 : mh_os_allocated (fd);
  if (segment->live > 0 && allocated >= segment->live + least && allocated / 2 > segment->live)
    done = empty_segment (self, fd, error) && remove_segment (self, error);
  else if (segment->live == 0)
    done = remove_segment (self, error);
  mh_os_close (fd);

  return done;
}

/* GArray of uint64: the segments that are being written. */
static gboolean
list_busy (MhWriter *writer, gpointer data, GError **error)
{
  GHashTableIter iter;
  gpointer key;

  g_array_set_size (data, 0);
  g_hash_table_iter_init (&iter, writer->segments);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_array_append_vals (data, key, 1);

  return TRUE;
}

static gboolean
contains (const GArray *ids, guint64 id)
{
  for (guint i = 0; i < ids->len; i++)
    {
      if (g_array_index (ids, guint64, i) == id)
        return TRUE;
    }

  return FALSE;
}

static GArray *
list_segments (MhStore *store, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);

  return lease == NULL ? NULL : mh_catalog_segments (mh_db_lease_db (lease), error);
}

gboolean
mh_rewrite_segments (MhStore *store, guint64 bytes_per_s, MhUpkeep *upkeep,
                     GCancellable *cancellable, GError **error)
{
  g_auto (Rewrite) self = { store, bytes_per_s, upkeep, cancellable };
  g_autoptr (GArray) segments = list_segments (store, error);
  g_autoptr (GArray) busy = g_array_new (FALSE, FALSE, sizeof (guint64));

  /* In this order: what is not busy now was closed before, and is not written any more. */
  if (segments == NULL || !mh_writer_commit (store->writer, list_busy, busy, error))
    return FALSE;

  /* What could not be read at the start is not counted, but needed. */
  if (store->writer->incomplete)
    return TRUE;

  self.moves = g_array_new (FALSE, FALSE, sizeof (Move));
  g_array_set_clear_func (self.moves, move_clear);
  for (guint i = 0; i < segments->len; i++)
    {
      const MhSegmentRow *segment = &g_array_index (segments, MhSegmentRow, i);

      if (!contains (busy, segment->id) && !look_at (&self, segment, error))
        return FALSE;
    }

  return TRUE;
}
