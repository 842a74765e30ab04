/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "writer-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "catalog-space.h"
#include "crypto/hash.h"
#include "db/migrate.h"
#include "os.h"
#include "scan.h"
#include "usage.h"

extern const MhMigration mh_store_migrations[];

/* A record that the index has not seen. */
typedef struct
{
  MhLocation location;
  MhRecord record;
  gint64 lamport; /* of a version */
  gboolean torn;  /* its bytes are not those of its id */
} Found;

/* What is being recovered. */
typedef struct
{
  MhWriter *writer;       /* (unowned) */
  GArray *found;          /* (owned) (element-type Found): in the order of writing */
  GHashTable *referenced; /* (owned) (element-type id): blocks that a found version needs */
  guint64 last_epoch;
  guint64 torn_epoch; /* what has this epoch may be half written */
} Recovery;

static void
recovery_clear (Recovery *self)
{
  g_clear_pointer (&self->found, g_array_unref);
  g_clear_pointer (&self->referenced, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recovery, recovery_clear)

/* Collects the records from @offset on. Returns: the end of the last complete one */
static guint64
scan (Recovery *self, MhSegmentOut *segment, guint64 offset, guint64 size)
{
  g_auto (MhScan) records = { 0 };
  guint64 end = offset;
  Found found = { 0 };

  found.location.segment = segment->id;
  mh_scan_init (&records, segment->fd, offset, size);
  while (mh_scan_next (&records, &found.record, &found.location.position))
    {
      found.location.size = found.record.payload_size;
      end = records.offset;
      self->last_epoch = MAX (self->last_epoch, found.record.epoch);
      g_array_append_val (self->found, found);
    }

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
look_at_segment (Recovery *self, guint64 id, gboolean is_last, GError **error)
{
  MhWriter *writer = self->writer;
  g_autofree char *path = mh_segments_path (writer->store->segments, id);
  MhSegmentOut *segment;
  guint64 indexed_to;
  gint64 size;
  int fd;

  if (!mh_catalog_get_indexed (writer->db, id, &indexed_to, error))
    return FALSE;

  fd = mh_os_open (path, TRUE, FALSE, error);
  if (fd < 0)
    return FALSE;

  size = mh_os_size (fd);
  segment = mh_writer_adopt_segment (writer, id, fd, MAX (indexed_to, MH_SEGMENT_HEADER_SIZE));
  if (size < (gint64) indexed_to)
    mh_store_set_fault (writer->store, "%s is shorter than it was", path);
  if (size > (gint64) segment->end)
    {
      segment->end = scan (self, segment, segment->end, (guint64) size);
      if (!trim (segment, (guint64) size, is_last, error)
          || !mh_catalog_set_indexed (writer->db, id, segment->end, error))
        return FALSE;
    }
  if (!is_last)
    g_hash_table_remove (writer->segments, &id);

  return TRUE;
}

static gboolean
payload_intact (Recovery *self, const Found *found)
{
  g_autoptr (GBytes) payload = NULL;

  payload = mh_segments_read_verified (self->writer->store->segments, &found->location,
                                       found->record.id, NULL);

  return payload != NULL;
}

/* Notes which blocks a version needs. Returns: %FALSE when its record is damaged */
static gboolean
note_references (Recovery *self, Found *found)
{
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (MhVersion) version = NULL;
  const guint8 *ids;
  gsize size;

  payload = mh_segments_read_verified (self->writer->store->segments, &found->location,
                                       found->record.id, NULL);
  version = payload == NULL ? NULL : mh_version_decode (payload, NULL);
  if (version == NULL)
    return FALSE;

  found->lamport = version->lamport;
  ids = g_bytes_get_data (version->blocks, &size);
  for (gsize i = 0; i < size; i += MH_BLOCK_ID_SIZE)
    g_hash_table_add (self->referenced, g_memdup2 (ids + i, MH_BLOCK_ID_SIZE));

  return TRUE;
}

/*
 * Decides what is whole. What belongs to an earlier epoch than the last was durable, so damage
 * there came later: it is kept and reported when it is read. What belongs to the last may be half
 * written.
 */
static void
judge (Recovery *self)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      Found *found = &g_array_index (self->found, Found, i);

      if (found->record.type != MH_RECORD_VERSION || note_references (self, found))
        continue;
      found->torn = TRUE;
      if (found->record.epoch < self->torn_epoch)
        mh_store_set_fault (
            self->writer->store,
            "the record of a file's version is damaged: segment %016" G_GINT64_MODIFIER
            "x at %" G_GUINT64_FORMAT,
            found->location.segment, found->location.position);
    }

  for (guint i = 0; i < self->found->len; i++)
    {
      Found *found = &g_array_index (self->found, Found, i);

      if (found->record.type == MH_RECORD_BLOCK && found->record.epoch == self->torn_epoch
          && g_hash_table_contains (self->referenced, found->record.id))
        found->torn = !payload_intact (self, found);
    }
}

/* Makes a record vanish from later scans, and frees its space. */
static void
erase (Recovery *self, const Found *found)
{
  MhStore *store = self->writer->store;
  g_autofree char *path = mh_segments_path (store->segments, found->location.segment);
  int fd = mh_os_open (path, TRUE, FALSE, NULL);

  if (fd < 0 || !mh_os_punch (fd, found->location.position, mh_record_span (found->location.size)))
    mh_store_set_fault (store, "clearing a torn record of %s: %s", path, g_strerror (errno));
  mh_os_close (fd);
}

static gboolean
is_at (const MhLocation *location, const Found *found)
{
  return location->segment == found->location.segment
         && location->position == found->location.position;
}

/*
 * A block was written twice: the first was found damaged, or on its way to another segment. The
 * later one counts if it is whole, and what does not count is freed.
 */
static gboolean
index_block_again (Recovery *self, const Found *found, const MhBlockRow *row, GError **error)
{
  MhWriter *writer = self->writer;
  gint64 span = (gint64) mh_record_span (row->location.size);

  if (!payload_intact (self, found))
    {
      erase (self, found);
      return TRUE;
    }

  if (row->refs > 0)
    {
      mh_ledger_add (writer->ledger, MH_LEDGER_STORED, (guint64) row->vault,
                     (gint64) found->location.size - (gint64) row->location.size);
      mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment,
                     (gint64) mh_record_span (found->location.size));
    }
  if (row->refs > 0 && row->location.segment != 0)
    mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, row->location.segment, -span);

  return mh_usage_free_record (writer, &row->location, FALSE, error)
         && mh_catalog_place_block (writer->db, found->record.id, &found->location, error);
}

static gboolean
index_block (Recovery *self, const Found *found, GError **error)
{
  MhWriter *writer = self->writer;
  MhVaultRow vault;
  MhBlockRow row;
  gboolean known;
  gboolean added;

  if (!mh_catalog_find_block (writer->db, found->record.id, &row, &known, error))
    return FALSE;

  if (known && is_at (&row.location, found))
    return TRUE;

  if (found->torn || (!known && !g_hash_table_contains (self->referenced, found->record.id)))
    {
      erase (self, found);
      return TRUE;
    }

  if (known)
    return index_block_again (self, found, &row, error);

  if (!mh_catalog_ensure_vault (writer->db, found->record.vault_id, &vault, error))
    return FALSE;

  /* The versions that name it are counted when they are indexed. */
  row = (MhBlockRow){ found->location, FALSE, 0, vault.ref };

  return mh_catalog_add_block (writer->db, found->record.id, &row, &added, error);
}

/* Finds out whether the index has every block of a version. */
static gboolean
has_all_blocks (Recovery *self, const MhVersion *version, gboolean *complete, GError **error)
{
  gsize size;
  const guint8 *ids = g_bytes_get_data (version->blocks, &size);
  MhBlockRow row;

  *complete = TRUE;
  for (gsize i = 0; i < size && *complete; i += MH_BLOCK_ID_SIZE)
    {
      if (!mh_catalog_find_block (self->writer->db, ids + i, &row, complete, error))
        return FALSE;
      *complete = *complete && row.location.segment != 0;
    }

  return TRUE;
}

/* A version was written twice, on its way to another segment: as index_block_again(). */
static gboolean
index_version_again (Recovery *self, const Found *found, gint64 ref, const MhVersionRow *row,
                     GError **error)
{
  MhWriter *writer = self->writer;
  gint64 span = (gint64) mh_record_span (found->location.size);

  if (is_at (&row->location, found))
    return TRUE;

  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, row->location.segment, -span);
  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment, span);

  return mh_usage_free_record (writer, &row->location, TRUE, error)
         && mh_catalog_place_version (writer->db, ref, &found->location, error);
}

static gboolean
index_new_version (Recovery *self, const Found *found, const MhVersion *version, GError **error)
{
  MhWriter *writer = self->writer;
  MhVaultRow vault;
  gint64 ref;

  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment,
                 (gint64) mh_record_span (found->location.size));

  return mh_catalog_ensure_vault (writer->db, version->vault_id, &vault, error)
         && mh_usage_add_version (writer, &vault, version->blocks, error)
         && mh_catalog_add_version (writer->db, &vault, version, &found->location, &ref, error);
}

static gboolean
index_version (Recovery *self, const Found *found, GError **error)
{
  MhWriter *writer = self->writer;
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (MhVersion) version = NULL;
  MhVersionRow row;
  gboolean complete;
  gint64 ref;

  payload = mh_segments_read_verified (writer->store->segments, &found->location, found->record.id,
                                       error);
  version = payload == NULL ? NULL : mh_version_decode (payload, error);
  if (version == NULL || !mh_catalog_find_version (writer->db, version->hash, &ref, &row, error)
      || !has_all_blocks (self, version, &complete, error))
    return FALSE;

  if (ref != 0)
    return index_version_again (self, found, ref, &row, error);

  if (!complete && found->record.epoch == self->torn_epoch)
    {
      erase (self, found);
      return TRUE;
    }

  return index_new_version (self, found, version, error);
}

/* A record says that a version has successors, which were removed. */
static gboolean
index_note (Recovery *self, const Found *found, GError **error)
{
  MhWriter *writer = self->writer;
  g_autoptr (GBytes) payload = NULL;
  MhVersionRow row;
  gint64 ref = 0;
  gint64 span = (gint64) mh_record_span (found->location.size);

  payload = mh_segments_read_verified (writer->store->segments, &found->location, found->record.id,
                                       NULL); /* torn or damaged: erased */
  if (payload != NULL && g_bytes_get_size (payload) == MH_SUPERSEDED_SIZE
      && !mh_catalog_find_version (writer->db, g_bytes_get_data (payload, NULL), &ref, &row, error))
    return FALSE;

  if (ref == 0)
    {
      erase (self, found);
      return TRUE;
    }

  if (is_at (&row.note, found))
    return TRUE;

  if (row.note.segment != 0)
    mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, row.note.segment, -span);
  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment, span);

  return mh_usage_free_record (writer, &row.note, TRUE, error)
         && mh_catalog_set_note (writer->db, ref, &found->location, error);
}

static gboolean
index_notes (Recovery *self, GError **error)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      const Found *found = &g_array_index (self->found, Found, i);

      if (found->record.type == MH_RECORD_SUPERSEDED && !index_note (self, found, error))
        return FALSE;
    }

  return TRUE;
}

/* A version comes after its parents, wherever their records are by now. */
static gint
compare_found (gconstpointer a, gconstpointer b)
{
  const Found *left = a;
  const Found *right = b;

  if (left->lamport != right->lamport)
    return left->lamport < right->lamport ? -1 : 1;
  if (left->location.segment != right->location.segment)
    return left->location.segment < right->location.segment ? -1 : 1;

  return (left->location.position > right->location.position)
         - (left->location.position < right->location.position);
}

/*
 * What was removed just before a crash may still be there, and is read again when a block before it
 * was not indexed yet. It stays removed: mh_punch_holes() does the rest.
 */
static gboolean
drop_removed (Recovery *self, GError **error)
{
  guint i = 0;

  while (i < self->found->len)
    {
      const Found *found = &g_array_index (self->found, Found, i);
      gboolean is_hole;

      if (!mh_catalog_is_hole (self->writer->db, &found->location, &is_hole, error))
        return FALSE;
      if (is_hole)
        g_array_remove_index (self->found, i);
      else
        i++;
    }

  return TRUE;
}

static gboolean
index_found (Recovery *self, GError **error)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      const Found *found = &g_array_index (self->found, Found, i);

      if (found->record.type == MH_RECORD_BLOCK && !index_block (self, found, error))
        return FALSE;
    }

  g_array_sort (self->found, compare_found);
  for (guint i = 0; i < self->found->len; i++)
    {
      const Found *found = &g_array_index (self->found, Found, i);

      if (found->record.type != MH_RECORD_VERSION)
        continue;
      if (found->torn)
        erase (self, found);
      else if (!index_version (self, found, error))
        return FALSE;
    }

  return index_notes (self, error);
}

/* Goes on with the last segment if it is in order. */
static void
choose_open (MhWriter *self)
{
  MhSegmentOut *last = g_hash_table_lookup (self->segments, &self->last_segment);
  guint8 header[MH_SEGMENT_HEADER_SIZE];

  if (last != NULL && mh_os_size (last->fd) == (gint64) last->end
      && mh_os_read (last->fd, 0, header, sizeof header) == sizeof header
      && mh_segment_header_check (header, last->id))
    self->open = last;
}

static gboolean
catch_up (MhWriter *self, GError **error)
{
  g_auto (Recovery) recovery = { self };
  g_autoptr (MhDbTxn) txn = mh_db_txn_begin (self->db, error);
  g_autoptr (GArray) ids = NULL;
  gint64 epoch;

  if (txn == NULL || !mh_writer_count (self, error)
      || !mh_catalog_get_state (self->db, "epoch", &epoch, error))
    return FALSE;

  recovery.found = g_array_new (FALSE, FALSE, sizeof (Found));
  recovery.referenced = g_hash_table_new_full (mh_id_hash, mh_id_equal, g_free, NULL);
  recovery.last_epoch = (guint64) epoch;
  ids = mh_segments_list (self->store->segments, error);
  if (ids == NULL)
    return FALSE;

  for (guint i = 0; i < ids->len; i++)
    {
      if (!look_at_segment (&recovery, g_array_index (ids, guint64, i), i + 1 == ids->len, error))
        return FALSE;
    }
  /* A new index knows nothing about syncs; then nothing is taken for torn. */
  recovery.torn_epoch = epoch > 0 ? recovery.last_epoch : G_MAXUINT64;
  if (!drop_removed (&recovery, error))
    return FALSE;

  judge (&recovery);
  self->epoch = recovery.last_epoch + 1;
  if (!index_found (&recovery, error) || !mh_ledger_flush (self->ledger, self->db, error)
      || !mh_catalog_set_state (self->db, "epoch", (gint64) self->epoch, error)
      || !mh_db_txn_commit (txn, error))
    return FALSE;

  mh_ledger_undo (self->ledger, 0);
  choose_open (self);
  mh_writer_close_idle (self);

  return TRUE;
}

static gboolean
open_index (MhWriter *self, const char *path, GError **error)
{
  self->db = mh_db_open (path, MH_DB_NORMAL, error);

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

      if (g_rename (from, to) != 0 && errno != ENOENT)
        {
          mh_error_set_errno (error, errno, from);
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
mh_writer_recover (MhWriter *self, const char *index_path, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (open_index (self, index_path, &local) && catch_up (self, &local))
    return TRUE;

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
         && catch_up (self, error);
}
