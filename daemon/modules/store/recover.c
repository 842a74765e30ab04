/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "writer-private.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "crypto/hash.h"
#include "db/migrate.h"

#define WINDOW (64 * 1024)

extern const MhMigration mh_store_migrations[];

/* A record that the index has not seen. */
typedef struct
{
  MhLocation location;
  MhRecord record;
  gboolean torn; /* its bytes are not those of its id */
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

static guint64
align (guint64 offset)
{
  return (offset + MH_RECORD_ALIGNMENT - 1) / MH_RECORD_ALIGNMENT * MH_RECORD_ALIGNMENT;
}

/* Looks for a record header in a window that begins at @offset. */
static gboolean
find_in_window (const guint8 *window, gsize size, guint64 offset, Found *found)
{
  for (gsize i = 0; i + MH_RECORD_HEADER_SIZE <= size; i += MH_RECORD_ALIGNMENT)
    {
      if (mh_record_decode (&found->record, window + i))
        {
          found->location.position = offset + i;
          found->location.size = found->record.payload_size;
          return TRUE;
        }
    }

  return FALSE;
}

/* Finds the next record at or after @offset, which after damage or a hole may be further on. */
static gboolean
find_record (int fd, guint64 offset, guint64 size, guint8 *window, Found *found)
{
  while (offset + MH_RECORD_HEADER_SIZE <= size)
    {
      gssize got = mh_os_read (fd, offset, window, MH_RECORD_HEADER_SIZE);

      if (got == MH_RECORD_HEADER_SIZE && find_in_window (window, (gsize) got, offset, found))
        return TRUE;

      offset = align (mh_os_skip_hole (fd, offset));
      if (offset >= size)
        return FALSE;
      got = mh_os_read (fd, offset, window, WINDOW);
      if (got < MH_RECORD_HEADER_SIZE)
        return FALSE;
      if (find_in_window (window, (gsize) got, offset, found))
        return TRUE;
      /* A header may lie across the end of the window. */
      offset += align ((guint64) got - MH_RECORD_HEADER_SIZE + 1);
    }

  return FALSE;
}

/* Collects the records from @offset on. Returns: the end of the last complete one */
static guint64
scan (Recovery *self, MhSegmentOut *segment, guint64 offset, guint64 size)
{
  g_autofree guint8 *window = g_malloc (WINDOW);
  guint64 end = offset;
  Found found = { 0 };

  found.location.segment = segment->id;
  while (find_record (segment->fd, offset, size, window, &found))
    {
      offset = found.location.position + mh_record_span (found.location.size);
      if (offset > size)
        {
          /* Cut short, or a length made up by damage: look on right behind the header. */
          offset = found.location.position + MH_RECORD_HEADER_SIZE;
          continue;
        }
      end = offset;
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
note_references (Recovery *self, const Found *found)
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
index_block (Recovery *self, const Found *found, GError **error)
{
  MhWriter *writer = self->writer;
  MhVaultRow vault;
  MhBlockRow row;
  gboolean known;

  if (!mh_catalog_find_block (writer->db, found->record.id, &row, &known, error))
    return FALSE;

  if (known && row.location.segment == found->location.segment
      && row.location.position == found->location.position)
    return TRUE;

  if (found->torn || !g_hash_table_contains (self->referenced, found->record.id))
    {
      erase (self, found);
      return TRUE;
    }

  /* Written twice means that the first was found damaged. */
  if (known && !mh_catalog_mark_bad (writer->db, found->record.id, error))
    return FALSE;

  return mh_catalog_ensure_vault (writer->db, found->record.vault_id, &vault, error)
         && mh_catalog_add_block (writer->db, vault.ref, found->record.id, &found->location, error);
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
    }

  return TRUE;
}

static gboolean
index_version (Recovery *self, const Found *found, GError **error)
{
  MhWriter *writer = self->writer;
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (MhVersion) version = NULL;
  MhVaultRow vault;
  gboolean complete;
  gint64 ref;

  payload = mh_segments_read_verified (writer->store->segments, &found->location, found->record.id,
                                       error);
  version = payload == NULL ? NULL : mh_version_decode (payload, error);
  if (version == NULL || !has_all_blocks (self, version, &complete, error))
    return FALSE;

  if (!complete && found->record.epoch == self->torn_epoch)
    {
      erase (self, found);
      return TRUE;
    }

  return mh_catalog_ensure_vault (writer->db, version->vault_id, &vault, error)
         && mh_catalog_add_version (writer->db, &vault, version, &found->location, &ref, error);
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

  return TRUE;
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

  if (txn == NULL || !mh_catalog_get_state (self->db, "epoch", &epoch, error))
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
  judge (&recovery);
  self->epoch = recovery.last_epoch + 1;
  if (!index_found (&recovery, error)
      || !mh_catalog_set_state (self->db, "epoch", (gint64) self->epoch, error)
      || !mh_db_txn_commit (txn, error))
    return FALSE;

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

      if (!mh_os_rename (from, to) && errno != ENOENT)
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
  self->last_segment = 0;

  return set_aside (self, index_path, error) && open_index (self, index_path, error)
         && catch_up (self, error);
}
