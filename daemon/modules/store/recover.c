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
#define PAGE 4096

extern const MhMigration mh_store_migrations[];

/* A record that the index has not seen. */
typedef struct
{
  MhLocation location;
  MhRecord record;
  gboolean torn;   /* its bytes are not those of its id */
  gboolean unread; /* the disk does not give them, at least now */
} Found;

/* What is being recovered. */
typedef struct
{
  MhWriter *writer;       /* (unowned) */
  GArray *found;          /* (owned) (element-type Found): in the order of writing */
  GHashTable *referenced; /* (owned) (element-type id): blocks that a found version needs */
  GHashTable *touched;    /* (owned) (element-type guint64): segments that were written to */
  GArray *unread;         /* (owned) (element-type MhLocation): what the disk could not read */
  guint64 last_epoch;     /* what has this one may be half written */
  GHashTable *known;      /* (owned) (element-type guint64 guint64): how far each was indexed */
  gboolean broken;        /* a change of the last epoch was dropped, and so are those after it */
} Recovery;

static void
recovery_clear (Recovery *self)
{
  g_clear_pointer (&self->found, g_array_unref);
  g_clear_pointer (&self->referenced, g_hash_table_unref);
  g_clear_pointer (&self->touched, g_hash_table_unref);
  g_clear_pointer (&self->unread, g_array_unref);
  g_clear_pointer (&self->known, g_hash_table_unref);
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

/* Reads as much of a window as the disk gives. Returns: bytes, or -1 when it gives none */
static gssize
read_window (int fd, guint64 offset, guint8 *window)
{
  gssize got = -1;

  for (gsize size = WINDOW; size >= MH_RECORD_HEADER_SIZE && got < 0; size /= 2)
    got = mh_os_read (fd, offset, window, size);

  return got;
}

static void
note_unread (Recovery *self, guint64 segment, guint64 position)
{
  MhLocation location = { segment, position, 0 };

  mh_store_set_fault (self->writer->store,
                      "segment %016" G_GINT64_MODIFIER "x at %" G_GUINT64_FORMAT
                      " cannot be read; the next start looks again",
                      segment, position);
  g_array_append_val (self->unread, location);
}

/* Finds the next record at or after @offset, which after damage or a hole may be further on. */
static gboolean
find_record (Recovery *self, int fd, guint64 offset, guint64 size, Found *found)
{
  g_autofree guint8 *window = NULL;
  guint8 header[MH_RECORD_HEADER_SIZE];

  if (mh_os_read (fd, offset, header, sizeof header) == sizeof header
      && find_in_window (header, sizeof header, offset, found))
    return TRUE;

  window = g_malloc (WINDOW);
  while (offset + MH_RECORD_HEADER_SIZE <= size)
    {
      gssize got;

      offset = mh_os_skip_hole (fd, offset);
      if (offset >= size)
        return FALSE;
      offset = align (offset);
      got = read_window (fd, offset, window);
      if (got < 0)
        {
          note_unread (self, found->location.segment, offset);
          offset = (offset / PAGE + 1) * PAGE;
          continue;
        }
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
  guint64 end = offset;
  Found found = { 0 };

  found.location.segment = segment->id;
  while (find_record (self, segment->fd, offset, size, &found))
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

/* Reads a payload and notes when that fails. Returns: (nullable) (transfer full): it, if intact */
static GBytes *
read_payload (Recovery *self, Found *found)
{
  g_autoptr (GError) error = NULL;
  GBytes *payload = mh_segments_read_verified (self->writer->store->segments, &found->location,
                                               found->record.id, &error);

  found->unread = payload == NULL && g_error_matches (error, MH_ERROR, MH_ERROR_FAILED);
  found->torn = payload == NULL && !found->unread;
  if (found->unread)
    note_unread (self, found->location.segment, found->location.position);

  return payload;
}

/* Notes which blocks a version needs, or that its record is damaged. */
static void
note_references (Recovery *self, Found *found)
{
  g_autoptr (GBytes) payload = read_payload (self, found);
  g_autoptr (MhVersion) version = NULL;
  const guint8 *ids;
  gsize size;

  if (payload == NULL)
    return;

  version = mh_version_decode (payload, NULL);
  if (version == NULL)
    {
      found->torn = TRUE;
      return;
    }

  ids = g_bytes_get_data (version->blocks, &size);
  for (gsize i = 0; i < size; i += MH_BLOCK_ID_SIZE)
    g_hash_table_add (self->referenced, g_memdup2 (ids + i, MH_BLOCK_ID_SIZE));
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

      if (found->record.type != MH_RECORD_VERSION)
        continue;
      note_references (self, found);
      if (found->torn && found->record.epoch < self->last_epoch)
        mh_store_set_fault (
            self->writer->store,
            "the record of a file's version is damaged: segment %016" G_GINT64_MODIFIER
            "x at %" G_GUINT64_FORMAT,
            found->location.segment, found->location.position);
    }

  for (guint i = 0; i < self->found->len; i++)
    {
      Found *found = &g_array_index (self->found, Found, i);
      g_autoptr (GBytes) payload = NULL;

      if (found->record.type == MH_RECORD_BLOCK && found->record.epoch == self->last_epoch
          && g_hash_table_contains (self->referenced, found->record.id))
        payload = read_payload (self, found);
    }
}

/* Opens a segment to change something in it. */
static int
open_segment (Recovery *self, guint64 segment, GError **error)
{
  g_autofree char *path = mh_segments_path (self->writer->store->segments, segment);

  g_hash_table_add (self->touched, g_memdup2 (&segment, sizeof segment));

  return mh_os_open (path, TRUE, FALSE, error);
}

/* Makes a record vanish from later scans, and frees its space. */
static gboolean
erase (Recovery *self, const Found *found, GError **error)
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

/*
 * Writes a record of the last epoch again. A sync of it may have failed before the program ended;
 * then the system still shows it, but takes it for written, and another sync would not help.
 */
static gboolean
confirm (Recovery *self, const Found *found, GError **error)
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

/* Drops the records of a segment that do not count. Returns: %FALSE when the index has them */
static gboolean
apply_void (Recovery *self, const MhVoid *given_up, GError **error)
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
      const MhLocation *location = &g_array_index (self->found, Found, i - 1).location;

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
apply_voids (Recovery *self, GError **error)
{
  g_autoptr (GArray) voids = g_array_new (FALSE, FALSE, sizeof (MhVoid));

  for (guint i = 0; i < self->found->len; i++)
    {
      Found *found = &g_array_index (self->found, Found, i);
      g_autoptr (GBytes) payload = NULL;

      if (found->record.type == MH_RECORD_VOID)
        payload = read_payload (self, found);
      if (payload == NULL)
        continue;
      mh_void_decode (payload, voids);
      if (!confirm (self, found, error))
        return FALSE;
    }

  for (guint i = 0; i < voids->len; i++)
    {
      if (!apply_void (self, &g_array_index (voids, MhVoid, i), error))
        return FALSE;
    }

  return TRUE;
}

/*
 * What was erased must not come back when later records have made it look durable; what is kept has
 * to stay.
 */
static gboolean
sync_touched (Recovery *self, GError **error)
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

  if (found->torn)
    return erase (self, found, error);

  if (!g_hash_table_contains (self->referenced, found->record.id))
    {
      if (self->unread->len == 0)
        return erase (self, found, error);
      /* A version that could not be read may need it. */
      g_array_append_val (self->unread, found->location);
      return TRUE;
    }

  /* Written twice means that the first was found damaged. */
  if (known && !mh_catalog_mark_bad (writer->db, found->record.id, error))
    return FALSE;

  return confirm (self, found, error)
         && mh_catalog_ensure_vault (writer->db, found->record.vault_id, &vault, error)
         && mh_catalog_add_block (writer->db, vault.ref, found->record.id, &found->location, error);
}

/* Returns: (transfer full): the version, which judge() has found intact, or %NULL with @error set
 */
static MhVersion *
load_version (Recovery *self, const Found *found, GError **error)
{
  g_autoptr (GBytes) payload = mh_segments_read_verified (
      self->writer->store->segments, &found->location, found->record.id, error);

  return payload == NULL ? NULL : mh_version_decode (payload, error);
}

/* Finds out whether the index has every block of a version. */
static gboolean
has_all_blocks (Recovery *self, const Found *found, gboolean *complete, GError **error)
{
  g_autoptr (MhVersion) version = load_version (self, found, error);
  const guint8 *ids;
  gsize size;
  MhBlockRow row;

  *complete = TRUE;
  if (version == NULL)
    return FALSE;

  ids = g_bytes_get_data (version->blocks, &size);
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
  g_autoptr (MhVersion) version = load_version (self, found, error);
  MhVaultRow vault;
  gint64 ref;

  return version != NULL && confirm (self, found, error)
         && mh_catalog_ensure_vault (writer->db, version->vault_id, &vault, error)
         && mh_catalog_add_version (writer->db, &vault, version, &found->location, &ref, error);
}

static const Found *
found_at (Recovery *self, guint index)
{
  return &g_array_index (self->found, Found, index);
}

/* Whether @next lies right behind @found. */
static gboolean
adjoins (const Found *next, const Found *found)
{
  return next->location.segment == found->location.segment
         && next->location.position
                == found->location.position + mh_record_span (found->location.size);
}

/*
 * Returns: how many records from @first on belong to one change, blocks between its versions
 * included; @complete tells whether none is missing
 */
static guint
measure_change (Recovery *self, guint first, gboolean *complete)
{
  const Found *found = found_at (self, first);
  gboolean followed = (found->record.flags & MH_RECORD_FOLLOWED) != 0;
  guint count = 1;

  *complete = (found->record.flags & MH_RECORD_CONTINUES) == 0;
  while (followed)
    {
      const Found *next;

      if (first + count == self->found->len || !adjoins (found_at (self, first + count), found))
        break;
      next = found_at (self, first + count);
      if (next->record.type == MH_RECORD_VERSION && !(next->record.flags & MH_RECORD_CONTINUES))
        break;
      if (next->record.type == MH_RECORD_VERSION)
        followed = (next->record.flags & MH_RECORD_FOLLOWED) != 0;
      found = next;
      count++;
    }
  *complete = *complete && !followed;

  return count;
}

/* Erases a change of the last epoch of which something is missing: nobody was told that it is. */
static gboolean
drop_change (Recovery *self, guint first, guint count, GError **error)
{
  /* Unless what is missing is there and cannot be read. */
  if (self->unread->len > 0)
    {
      const MhLocation *location = &g_array_index (self->unread, MhLocation, 0);

      g_set_error (error, MH_ERROR, MH_ERROR_FAILED,
                   "segment %016" G_GINT64_MODIFIER "x cannot be read at %" G_GUINT64_FORMAT,
                   location->segment, location->position);
      return FALSE;
    }

  for (guint i = first; i < first + count; i++)
    {
      const Found *found = found_at (self, i);

      if (found->record.type == MH_RECORD_VERSION && !erase (self, found, error))
        return FALSE;
    }

  return TRUE;
}

/* Whether what was made durable together with the change at @first, before it, is there. */
static gboolean
follows_whole (Recovery *self, guint first)
{
  if ((found_at (self, first)->record.flags & MH_RECORD_NEXT) == 0)
    return TRUE;

  for (guint i = first; i > 0 && adjoins (found_at (self, i), found_at (self, i - 1)); i--)
    {
      if (found_at (self, i - 1)->record.type == MH_RECORD_VERSION)
        return !self->broken;
    }

  return FALSE;
}

static gboolean
index_change (Recovery *self, guint first, guint count, gboolean complete, GError **error)
{
  gboolean last = found_at (self, first)->record.epoch == self->last_epoch;

  complete = complete && follows_whole (self, first);
  for (guint i = first; i < first + count && complete && last; i++)
    {
      const Found *found = found_at (self, i);

      if (found->record.type != MH_RECORD_VERSION)
        continue;
      complete = !found->torn && !found->unread;
      if (complete && !has_all_blocks (self, found, &complete, error))
        return FALSE;
    }
  self->broken = last && !complete;
  if (self->broken)
    return drop_change (self, first, count, error);

  for (guint i = first; i < first + count; i++)
    {
      const Found *found = found_at (self, i);

      if (found->record.type == MH_RECORD_VERSION && !found->torn && !found->unread
          && !index_version (self, found, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
index_found (Recovery *self, GError **error)
{
  guint count;

  for (guint i = 0; i < self->found->len; i++)
    {
      const Found *found = &g_array_index (self->found, Found, i);

      if (found->record.type == MH_RECORD_BLOCK && !index_block (self, found, error))
        return FALSE;
    }

  for (guint i = 0; i < self->found->len; i += count)
    {
      gboolean complete;

      count = 1;
      if (found_at (self, i)->record.type != MH_RECORD_VERSION)
        continue;
      count = measure_change (self, i, &complete);
      if (!index_change (self, i, count, complete, error))
        return FALSE;
    }

  return sync_touched (self, error);
}

/* The next start begins with what could not be read; until then nothing is written behind it. */
static gboolean
hold_back (Recovery *self, GError **error)
{
  MhWriter *writer = self->writer;

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
  recovery.touched = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  recovery.unread = g_array_new (FALSE, FALSE, sizeof (MhLocation));
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
  if (!apply_voids (&recovery, error))
    return FALSE;

  judge (&recovery);
  self->epoch = recovery.last_epoch + 1;
  if (!index_found (&recovery, error) || !hold_back (&recovery, error)
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
  if (!mh_db_confirm_log (path, error))
    return FALSE;

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
