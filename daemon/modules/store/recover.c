/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "recover-private.h"

#include <errno.h>

#include "base/error.h"
#include "base/os.h"
#include "db/migrate.h"
#include "scan.h"

extern const MhMigration mh_store_migrations[];

static void
recovery_clear (MhRecovery *self)
{
  g_clear_pointer (&self->found, g_array_unref);
  g_clear_pointer (&self->referenced, g_hash_table_unref);
  g_clear_pointer (&self->touched, g_hash_table_unref);
  g_clear_pointer (&self->unread, g_array_unref);
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->voids, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhRecovery, recovery_clear)

/* Collects the records from @offset on. Returns: the end of the last complete one */
static guint64
scan (MhRecovery *self, MhSegmentOut *segment, guint64 offset, guint64 size)
{
  g_auto (MhScan) records = { 0 };
  guint64 end = offset;
  MhFoundRecord found = { 0 };

  found.location.segment = segment->id;
  mh_scan_init (&records, segment->fd, offset, size);
  while (mh_scan_next (&records, &found.record, &found.location.position))
    {
      found.location.size = found.record.payload_size;
      end = records.offset;
      self->last_epoch = MAX (self->last_epoch, found.record.epoch);
      g_array_append_val (self->found, found);
    }
  if (records.unread > 0)
    mh_recovery_note_unread (self, segment->id, records.unread_from);

  return end;
}

/* Cuts off what follows the last record, and makes durable what the index is about to rely on. */
static gboolean
trim (MhSegmentOut *segment, guint64 size, gboolean is_last, GError **error)
{
  if (is_last && size > segment->end && !mh_os_truncate (segment->fd, segment->end))
    {
      mh_error_set_errno (error, errno, "cutting off a torn record");
      return FALSE;
    }

  if (!mh_os_sync (segment->fd))
    {
      mh_error_set_errno (error, errno, "making a segment durable");
      return FALSE;
    }
  segment->synced = segment->end;

  return TRUE;
}

/* Collects what the index does not know of a segment. Of all, only the last stays open. */
static gboolean
look_at_segment (MhRecovery *self, guint64 id, gboolean is_last, GError **error)
{
  MhWriter *writer = self->writer;
  g_autofree char *path = mh_segments_path (writer->store->segments, id);
  MhVoid given_up = { id, 0 };
  MhSegmentOut *segment;
  guint64 indexed_to;
  gint64 size;
  int fd;

  if (!mh_catalog_get_indexed (writer->db, id, &indexed_to, error)
      || !mh_void_get (writer->db, &given_up, error))
    return FALSE;

  g_hash_table_insert (self->known, g_memdup2 (&id, sizeof id),
                       g_memdup2 (&indexed_to, sizeof indexed_to));
  fd = mh_os_open (path, TRUE, FALSE, error);
  if (fd < 0)
    return FALSE;

  size = (gint64) MIN ((guint64) mh_os_size (fd), given_up.from);
  if (given_up.from != G_MAXUINT64)
    g_array_append_val (self->voids, given_up);
  segment = mh_writer_adopt_segment (writer, id, fd, MAX (indexed_to, MH_SEGMENT_HEADER_SIZE));
  if (size < (gint64) indexed_to && indexed_to > MH_SEGMENT_HEADER_SIZE)
    mh_store_set_fault (writer->store, "%s is shorter than it was", path);
  /* The last may have been cut by a program that ended before that was durable. */
  if (size > (gint64) segment->end || is_last)
    {
      guint unread = self->unread->len;

      segment->end = scan (self, segment, segment->end, (guint64) size);
      /* What was not read is not known to be torn. */
      if (!trim (segment, (guint64) size, is_last && self->unread->len == unread, error)
          || !mh_catalog_set_indexed (writer->db, id, segment->end, error))
        return FALSE;
    }
  if (!is_last)
    g_hash_table_remove (writer->segments, &id);

  return TRUE;
}

/* Drops the records of a segment that do not count. Returns: %FALSE when the index has them */
static gboolean
apply_void (MhRecovery *self, const MhVoid *given_up, GError **error)
{
  const guint64 *known = g_hash_table_lookup (self->known, &given_up->segment);

  if (known != NULL && *known > given_up->from)
    {
      g_set_error (error, MH_DB_ERROR, MH_DB_ERROR_CORRUPT,
                   "it is ahead of segment %016" G_GINT64_MODIFIER "x", given_up->segment);
      return FALSE;
    }

  for (guint i = self->found->len; i > 0; i--)
    {
      const MhLocation *location = &g_array_index (self->found, MhFoundRecord, i - 1).location;

      if (location->segment == given_up->segment && location->position >= given_up->from)
        g_array_remove_index (self->found, i - 1);
      else if (location->segment == given_up->segment)
        break;
    }

  return mh_void_set (self->writer->db, given_up, error);
}

/*
 * Reads which segments were given up. Returns: %FALSE with @error set, %MH_DB_ERROR_CORRUPT when
 * the index has what does not count
 */
static gboolean
apply_voids (MhRecovery *self, GError **error)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      MhFoundRecord *found = &g_array_index (self->found, MhFoundRecord, i);
      g_autoptr (GBytes) payload = NULL;

      if (found->record.type == MH_RECORD_VOID)
        payload = mh_recovery_read (self, found);
      if (payload == NULL)
        continue;
      mh_void_decode (payload, self->voids);
      if (!mh_recovery_confirm (self, found, error))
        return FALSE;
    }

  for (guint i = 0; i < self->voids->len; i++)
    {
      if (!apply_void (self, &g_array_index (self->voids, MhVoid, i), error))
        return FALSE;
    }

  return TRUE;
}

/* The next start begins with what could not be read; until then nothing is written behind it. */
static gboolean
hold_back (MhRecovery *self, GError **error)
{
  MhWriter *writer = self->writer;

  writer->incomplete = self->unread->len > 0;
  for (guint i = 0; i < self->unread->len; i++)
    {
      const MhLocation *unread = &g_array_index (self->unread, MhLocation, i);
      guint64 indexed_to;

      if (!mh_catalog_get_indexed (writer->db, unread->segment, &indexed_to, error)
          || !mh_catalog_set_indexed (writer->db, unread->segment,
                                      MIN (indexed_to, unread->position), error))
        return FALSE;
      g_hash_table_remove (writer->segments, &unread->segment);
    }

  return TRUE;
}

/* Cuts the segments that were given up; what that fails for stays on record. */
static void
cut_voids (MhRecovery *self)
{
  for (guint i = 0; i < self->voids->len; i++)
    {
      const MhVoid *given_up = &g_array_index (self->voids, MhVoid, i);

      if (!mh_writer_cut_void (self->writer, given_up))
        g_array_append_val (self->writer->voids, *given_up);
    }
}

static gboolean
was_given_up (const MhRecovery *self, guint64 segment)
{
  for (guint i = 0; i < self->voids->len; i++)
    {
      if (g_array_index (self->voids, MhVoid, i).segment == segment)
        return TRUE;
    }

  return FALSE;
}

/* Goes on with the last segment if it is in order, and what is appended to it will count. */
static void
choose_open (MhWriter *self, const MhRecovery *recovery)
{
  MhSegmentOut *last = g_hash_table_lookup (self->segments, &self->last_segment);
  guint8 header[MH_SEGMENT_HEADER_SIZE];

  if (last != NULL && !was_given_up (recovery, last->id)
      && mh_os_size (last->fd) == (gint64) last->end
      && mh_os_read (last->fd, 0, header, sizeof header) == sizeof header
      && mh_segment_header_check (header, last->id))
    self->open = last;
}

static gboolean
catch_up (MhWriter *self, GError **error)
{
  g_auto (MhRecovery) recovery = { self };
  g_autoptr (MhDbTxn) txn = mh_db_txn_begin (self->db, error);
  g_autoptr (GArray) ids = NULL;
  gint64 epoch;

  if (txn == NULL || !mh_writer_count (self, error)
      || !mh_catalog_get_state (self->db, "epoch", &epoch, error))
    return FALSE;

  recovery.found = g_array_new (FALSE, FALSE, sizeof (MhFoundRecord));
  recovery.referenced = g_hash_table_new_full (mh_id_hash, mh_id_equal, g_free, NULL);
  recovery.touched = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  recovery.unread = g_array_new (FALSE, FALSE, sizeof (MhLocation));
  recovery.voids = g_array_new (FALSE, FALSE, sizeof (MhVoid));
  recovery.known = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  recovery.last_epoch = (guint64) epoch;
  ids = mh_segments_list (self->store->segments, error);
  if (ids == NULL)
    return FALSE;

  for (guint i = 0; i < ids->len; i++)
    {
      if (!look_at_segment (&recovery, g_array_index (ids, guint64, i), i + 1 == ids->len, error))
        return FALSE;
    }
  self->epoch = recovery.last_epoch + 1;
  if (!apply_voids (&recovery, error) || !mh_recovery_index (&recovery, error)
      || !hold_back (&recovery, error) || !mh_ledger_flush (self->ledger, self->db, error)
      || !mh_catalog_set_state (self->db, "epoch", (gint64) self->epoch, error)
      || !mh_db_txn_commit (txn, error))
    return FALSE;

  mh_ledger_undo (self->ledger, 0);
  cut_voids (&recovery);
  choose_open (self, &recovery);
  mh_writer_close_idle (self);

  return TRUE;
}

static gboolean
open_index (MhWriter *self, const char *path, GError **error)
{
  if (!mh_db_confirm_log (path, error))
    return FALSE;

  /* What the log has of before may have been seen, but not be durable. */
  self->db = mh_db_open (path, MH_DB_FULL, error);

  return self->db != NULL && mh_db_migrate (self->db, "store", mh_store_migrations, error);
}

/* Moves a damaged index out of the way: the segments have everything that was in it. */
static gboolean
set_aside (MhWriter *self, const char *path, GError **error)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };

  g_clear_pointer (&self->db, mh_db_close);
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (path, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (path, ".damaged", suffixes[i], NULL);

      if (!mh_os_rename (from, to) && errno != ENOENT)
        {
          mh_error_set_errno (error, errno, from);
          return FALSE;
        }
    }

  return TRUE;
}

/* From now on the segments are what is durable. */
static gboolean
relax (MhWriter *self, GError **error)
{
  return mh_db_exec (self->db, "PRAGMA synchronous = NORMAL", error);
}

gboolean
mh_writer_recover (MhWriter *self, const char *index_path, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (open_index (self, index_path, &local) && catch_up (self, &local))
    return relax (self, error);

  if (!g_error_matches (local, MH_DB_ERROR, MH_DB_ERROR_CORRUPT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  mh_store_set_fault (self->store, "the index was damaged and made anew: %s", local->message);
  g_hash_table_remove_all (self->segments);
  mh_ledger_undo (self->ledger, 0);
  self->last_segment = 0;

  return set_aside (self, index_path, error) && open_index (self, index_path, error)
         && catch_up (self, error) && relax (self, error);
}
