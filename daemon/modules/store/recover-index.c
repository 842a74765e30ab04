/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "recover-private.h"

#include "base/error.h"
#include "catalog-space.h"
#include "held-rows.h"
#include "usage.h"

static const char sql_head[] = "SELECT v.is_head, v.file_id, a.id FROM versions v"
                               " JOIN vaults a ON a.ref = v.vault WHERE v.ref = ?1";

/* Notes which blocks a version needs, or that its record is damaged. */
static void
note_references (MhRecovery *self, MhFoundRecord *found)
{
  g_autoptr (GBytes) payload = mh_recovery_read (self, found);
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

  found->lamport = version->lamport;
  ids = g_bytes_get_data (version->blocks, &size);
  for (gsize i = 0; i < size; i += MH_BLOCK_ID_SIZE)
    g_hash_table_add (self->referenced, g_memdup2 (ids + i, MH_BLOCK_ID_SIZE));
}

static gboolean
is_held (const MhFoundRecord *found)
{
  return found->record.type == MH_RECORD_BLOCK && found->record.plain_size == MH_RECORD_HELD;
}

/*
 * Decides what is whole. What belongs to an earlier epoch than the last was durable, so damage
 * there came later: it is kept and reported when it is read. What belongs to the last may be half
 * written.
 */
static void
judge (MhRecovery *self)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      MhFoundRecord *found = &g_array_index (self->found, MhFoundRecord, i);

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
      MhFoundRecord *found = &g_array_index (self->found, MhFoundRecord, i);
      g_autoptr (GBytes) payload = NULL;

      if (found->record.type == MH_RECORD_BLOCK && found->record.epoch == self->last_epoch
          && (is_held (found) || g_hash_table_contains (self->referenced, found->record.id)))
        payload = mh_recovery_read (self, found);
    }
}

static gboolean
is_at (const MhLocation *location, const MhFoundRecord *found)
{
  return location->segment == found->location.segment
         && location->position == found->location.position;
}

/*
 * A block was written twice: the first was found damaged, or on its way to another segment. The
 * later one counts if it is whole, and what does not count is freed.
 */
static gboolean
index_block_again (MhRecovery *self, MhFoundRecord *found, const MhBlockRow *row, GError **error)
{
  MhWriter *writer = self->writer;
  gint64 span = (gint64) mh_record_span (row->location.size);
  g_autoptr (GBytes) payload = mh_recovery_read (self, found);

  if (payload == NULL)
    return found->unread || mh_recovery_erase (self, found, error);

  if (!mh_recovery_confirm (self, found, error))
    return FALSE;

  if (row->refs > 0)
    {
      mh_ledger_add (writer->ledger, MH_LEDGER_STORED, (guint64) row->vault,
                     (gint64) found->location.size - (gint64) row->location.size);
      mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment,
                     (gint64) mh_record_span (found->location.size));
    }
  if (row->refs > 0 && row->location.segment != 0)
    mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, row->location.segment, -span);

  return mh_usage_free_record (writer, &row->location, MH_HOLE_BLOCK, error)
         && mh_catalog_place_block (writer->db, found->record.id, &found->location, error);
}

/* A block that is kept for a vault whose key is not here: it counts although no version names it.
 */
static gboolean
index_held (MhRecovery *self, MhFoundRecord *found, GError **error)
{
  MhVaultRow vault;
  gboolean added;

  return mh_recovery_confirm (self, found, error)
         && mh_catalog_ensure_vault (self->writer->db, found->record.vault_id, &vault, error)
         && mh_held_rows_add (self->writer->db, vault.ref, found->record.id, &added, error)
         && (!added
             || mh_usage_add_block (self->writer, &vault, found->record.id, &found->location,
                                    error));
}

static gboolean
index_block (MhRecovery *self, MhFoundRecord *found, GError **error)
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

  if (found->torn)
    return mh_recovery_erase (self, found, error);

  if (known)
    return index_block_again (self, found, &row, error);

  if (is_held (found))
    return index_held (self, found, error);

  if (!g_hash_table_contains (self->referenced, found->record.id))
    {
      if (self->unread->len == 0)
        return mh_recovery_erase (self, found, error);
      /* A version that could not be read may need it. */
      g_array_append_val (self->unread, found->location);
      return TRUE;
    }

  if (!mh_recovery_confirm (self, found, error)
      || !mh_catalog_ensure_vault (writer->db, found->record.vault_id, &vault, error))
    return FALSE;

  /* The versions that name it are counted when they are indexed. */
  row = (MhBlockRow){ found->location, FALSE, 0, vault.ref };

  return mh_catalog_add_block (writer->db, found->record.id, &row, &added, error);
}

/* Returns: (transfer full): the version, which judge() has found intact, or %NULL with @error set
 */
static MhVersion *
load_version (MhRecovery *self, const MhFoundRecord *found, GError **error)
{
  g_autoptr (GBytes) payload = mh_segments_read_verified (
      self->writer->store->segments, &found->location, found->record.id, error);

  return payload == NULL ? NULL : mh_version_decode (payload, error);
}

/* Whether the blocks of a version may be missing without it being half of a change. */
static gboolean
is_partial (const MhFoundRecord *found)
{
  return (found->record.flags & MH_RECORD_PARTIAL) != 0;
}

/* Finds out whether the index has every block of a version. */
static gboolean
has_all_blocks (MhRecovery *self, const MhFoundRecord *found, gboolean *complete, GError **error)
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
      *complete = *complete && row.location.segment != 0;
    }

  return TRUE;
}

/* A version was written twice, on its way to another segment: as index_block_again(). */
static gboolean
index_version_again (MhRecovery *self, const MhFoundRecord *found, gint64 ref,
                     const MhVersionRow *row, GError **error)
{
  MhWriter *writer = self->writer;
  gint64 span = (gint64) mh_record_span (found->location.size);

  if (is_at (&row->location, found))
    return TRUE;

  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, row->location.segment, -span);
  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment, span);

  return mh_usage_free_record (writer, &row->location, MH_HOLE_VERSION, error)
         && mh_catalog_place_version (writer->db, ref, &found->location, error);
}

static gboolean
index_new_version (MhRecovery *self, const MhFoundRecord *found, const MhVersion *version,
                   GError **error)
{
  MhWriter *writer = self->writer;
  MhVaultRow vault;
  gint64 ref;

  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment,
                 (gint64) mh_record_span (found->location.size));

  return mh_catalog_ensure_vault (writer->db, version->vault_id, &vault, error)
         && mh_usage_add_version (writer, &vault, version->blocks,
                                  is_partial (found) ? MH_BLOCK_ELSEWHERE : MH_BLOCK_BAD, error)
         && mh_catalog_add_version (writer->db, &vault, version, &found->location, &ref, error);
}

static gboolean
index_version (MhRecovery *self, const MhFoundRecord *found, GError **error)
{
  MhWriter *writer = self->writer;
  g_autoptr (MhVersion) version = load_version (self, found, error);
  MhVersionRow row;
  gint64 ref;

  if (version == NULL || !mh_recovery_confirm (self, found, error)
      || !mh_catalog_find_version (writer->db, version->hash, &ref, &row, error))
    return FALSE;

  return ref != 0 ? index_version_again (self, found, ref, &row, error)
                  : index_new_version (self, found, version, error);
}

/* Notes that a version has successors, as its file shows it no more then. */
static gboolean
set_note (MhDb *db, gint64 ref, const MhLocation *location, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_head, error);
  g_autofree char *vault_id = NULL;
  guint8 file_id[MH_FILE_ID_SIZE];
  MhVaultRow vault;
  gboolean was_head;

  if (stmt == NULL)
    return FALSE;
  mh_stmt_bind_int64 (stmt, 1, ref);
  if (!mh_stmt_one (stmt, "version", NULL, error))
    return FALSE;
  was_head = mh_stmt_int64 (stmt, 0) != 0 && mh_stmt_copy_blob (stmt, 1, file_id, sizeof file_id);
  vault_id = mh_stmt_dup_text (stmt, 2);
  g_clear_pointer (&stmt, mh_stmt_free);

  return mh_catalog_set_note (db, ref, location, error)
         && (!was_head
             || (mh_catalog_get_vault (db, vault_id, &vault, error)
                 && mh_catalog_show_again (db, &vault, file_id, error)));
}

/* A record says that a version has successors, which were removed. */
static gboolean
index_note (MhRecovery *self, MhFoundRecord *found, GError **error)
{
  MhWriter *writer = self->writer;
  g_autoptr (GBytes) payload = NULL;
  MhVersionRow row;
  gint64 ref = 0;
  gint64 span = (gint64) mh_record_span (found->location.size);

  payload = mh_recovery_read (self, found);
  if (found->unread)
    return TRUE;

  if (payload != NULL && g_bytes_get_size (payload) == MH_SUPERSEDED_SIZE
      && !mh_catalog_find_version (writer->db, g_bytes_get_data (payload, NULL), &ref, &row, error))
    return FALSE;

  if (ref == 0)
    return mh_recovery_erase (self, found, error);

  if (is_at (&row.note, found))
    return TRUE;

  if (!mh_recovery_confirm (self, found, error))
    return FALSE;

  if (row.note.segment != 0)
    mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, row.note.segment, -span);
  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, found->location.segment, span);

  return mh_usage_free_record (writer, &row.note, MH_HOLE_NOTE, error)
         && set_note (writer->db, ref, &found->location, error);
}

static gboolean
index_notes (MhRecovery *self, GError **error)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      MhFoundRecord *found = &g_array_index (self->found, MhFoundRecord, i);

      if (found->record.type == MH_RECORD_SUPERSEDED && !index_note (self, found, error))
        return FALSE;
    }

  return TRUE;
}

/* A version comes after its parents, wherever their records are by now. */
static gint
compare_found (gconstpointer a, gconstpointer b)
{
  const MhFoundRecord *left = a;
  const MhFoundRecord *right = b;

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
drop_removed (MhRecovery *self, GError **error)
{
  guint i = 0;

  while (i < self->found->len)
    {
      const MhFoundRecord *found = &g_array_index (self->found, MhFoundRecord, i);
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

static const MhFoundRecord *
found_at (MhRecovery *self, guint index)
{
  return &g_array_index (self->found, MhFoundRecord, index);
}

/* Whether @next lies right behind @found. */
static gboolean
adjoins (const MhFoundRecord *next, const MhFoundRecord *found)
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
measure_change (MhRecovery *self, guint first, gboolean *complete)
{
  const MhFoundRecord *found = found_at (self, first);
  gboolean followed = (found->record.flags & MH_RECORD_FOLLOWED) != 0;
  guint count = 1;

  *complete = (found->record.flags & MH_RECORD_CONTINUES) == 0;
  while (followed)
    {
      const MhFoundRecord *next;

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
drop_change (MhRecovery *self, guint first, guint count, GError **error)
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
      MhFoundRecord *found = &g_array_index (self->found, MhFoundRecord, i);

      if (found->record.type != MH_RECORD_VERSION)
        continue;
      if (!mh_recovery_erase (self, found, error))
        return FALSE;
      found->dropped = TRUE;
    }

  return TRUE;
}

/* Whether what was made durable together with the change at @first, before it, is there. */
static gboolean
follows_whole (MhRecovery *self, guint first)
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

/* Finds out whether a change of the last epoch is there as a whole. */
static gboolean
judge_change (MhRecovery *self, guint first, guint count, gboolean complete, GError **error)
{
  complete = complete && follows_whole (self, first);
  for (guint i = first; i < first + count && complete; i++)
    {
      const MhFoundRecord *found = found_at (self, i);

      if (found->record.type != MH_RECORD_VERSION)
        continue;
      complete = !found->torn && !found->unread;
      if (complete && !is_partial (found) && !has_all_blocks (self, found, &complete, error))
        return FALSE;
    }
  self->broken = !complete;

  return complete || drop_change (self, first, count, error);
}

/* Drops what is there in part only. The records are still in the order of writing. */
static gboolean
judge_changes (MhRecovery *self, GError **error)
{
  guint count;

  for (guint i = 0; i < self->found->len; i += count)
    {
      const MhFoundRecord *found = found_at (self, i);
      gboolean complete;

      count = 1;
      if (found->record.type != MH_RECORD_VERSION || found->record.epoch != self->last_epoch)
        continue;
      count = measure_change (self, i, &complete);
      if (!judge_change (self, i, count, complete, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
index_blocks (MhRecovery *self, GError **error)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      MhFoundRecord *found = &g_array_index (self->found, MhFoundRecord, i);

      if (found->record.type == MH_RECORD_BLOCK && !index_block (self, found, error))
        return FALSE;
    }

  return TRUE;
}

/*
 * Versions come in another order than before the crash. Each row that it took has its record among
 * those that are found.
 */
static gboolean
index_versions (MhRecovery *self, GError **error)
{
  MhDb *db = self->writer->db;
  gint64 rows = 0;
  gint64 before;
  gint64 after;

  g_array_sort (self->found, compare_found);
  if (!mh_catalog_last_version (db, &before, error))
    return FALSE;
  for (guint i = 0; i < self->found->len; i++)
    {
      const MhFoundRecord *found = found_at (self, i);

      rows += found->record.type == MH_RECORD_VERSION ? 1 : 0;
      if (found->record.type == MH_RECORD_VERSION && !found->torn && !found->unread
          && !found->dropped && !index_version (self, found, error))
        return FALSE;
    }

  return mh_catalog_last_version (db, &after, error)
         && (after == before || mh_catalog_renumber (db, before, rows, error));
}

gboolean
mh_recovery_index (MhRecovery *self, GError **error)
{
  if (!drop_removed (self, error))
    return FALSE;

  judge (self);

  return index_blocks (self, error) && judge_changes (self, error) && index_versions (self, error)
         && index_notes (self, error) && mh_recovery_sync (self, error);
}
