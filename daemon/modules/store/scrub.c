/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/error.h"
#include "catalog.h"
#include "crypto/hash.h"
#include "db/migrate.h"
#include "segment.h"
#include "store-private.h"
#include "writer.h"

#define BATCH 64                      /* records looked up at a time */
#define MOST_SPAN (64u * 1024 * 1024) /* as large as a record can be */
#define REST_MS 20                    /* between two pieces of work, at least, with a rate */

static const char sql_blocks[] = "SELECT position, size, id, vault FROM blocks"
                                 " WHERE segment = ?1 AND position > ?2 AND refs > 0"
                                 " ORDER BY position LIMIT ?3";

static const char sql_versions[] =
    "SELECT position, size, hash, vault FROM versions"
    " WHERE segment = ?1 AND position > ?2 ORDER BY position LIMIT ?3";

static const char sql_block_at[] =
    "SELECT 1 FROM blocks WHERE id = ?1 AND segment = ?2 AND position = ?3 AND refs > 0";

static const char sql_version_at[] =
    "SELECT 1 FROM versions WHERE hash = ?1 AND segment = ?2 AND position = ?3";

static const char sql_version_path[] =
    "SELECT v.path, u.id FROM versions v JOIN vaults u ON u.ref = v.vault WHERE v.hash = ?1";

static const char sql_all_versions[] =
    "SELECT v.ref, v.segment, v.position, v.size, v.hash, v.path, u.id FROM versions v"
    " JOIN vaults u ON u.ref = v.vault WHERE v.ref > ?1 AND v.op <> 3 AND u.forgotten = 0"
    " ORDER BY v.ref LIMIT ?2";

static const char sql_check[] = "PRAGMA quick_check (1)";

/* One record to be checked. */
typedef struct
{
  MhRecordType type;
  MhLocation location;
  guint8 id[MH_RECORD_ID_SIZE];
} Item;

/* A pass under way. */
typedef struct
{
  MhStore *store; /* (unowned) */
  const MhScrubOptions *options;
  GCancellable *cancellable; /* (unowned) (nullable) */
  MhScrubReport *report;
  GHashTable *blocks; /* (owned) (element-type id): found damaged */
  guint8 *buffer;     /* (owned) */
  gsize capacity;
  gint64 rested_us; /* monotonic: until when the work is paid for */
} Pass;

static void
pass_clear (Pass *self)
{
  g_clear_pointer (&self->blocks, g_hash_table_unref);
  g_free (self->buffer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pass, pass_clear)

static void
tell (Pass *self, const char *vault_id, const char *path, const char *why)
{
  MhDamage damage = { vault_id, path, why };

  self->report->damaged_files++;
  if (self->options->on_damage != NULL)
    self->options->on_damage (&damage, self->options->data);
}

/* Rests so that the rate is kept. Returns: %FALSE with @error set when cancelled */
static gboolean
rest (Pass *self, gsize bytes, GError **error)
{
  gint64 now_us = g_get_monotonic_time ();
  gint64 wait_ms;
  GPollFD fd;

  if (self->options->bytes_per_s == 0)
    return !g_cancellable_set_error_if_cancelled (self->cancellable, error);

  self->rested_us = MAX (self->rested_us, now_us)
                    + (gint64) (bytes * G_TIME_SPAN_SECOND / self->options->bytes_per_s);
  wait_ms = (self->rested_us - now_us) / 1000;
  if (wait_ms >= REST_MS && g_cancellable_make_pollfd (self->cancellable, &fd))
    {
      g_poll (&fd, 1, (int) MIN (wait_ms, 60 * 1000));
      g_cancellable_release_fd (self->cancellable);
    }

  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* Reads some rows of a segment. Returns: (transfer full) (element-type Item): by position */
static GArray *
read_rows (MhDb *db, const char *sql, MhRecordType type, guint64 segment, guint64 after,
           GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, (gint64) segment);
  mh_stmt_bind_int64 (stmt, 2, (gint64) after);
  mh_stmt_bind_int64 (stmt, 3, BATCH);
  while (mh_stmt_step (stmt, &local))
    {
      Item item = { type, { segment } };

      item.location.position = (guint64) mh_stmt_int64 (stmt, 0);
      item.location.size = (guint32) mh_stmt_int64 (stmt, 1);
      if (mh_stmt_copy_blob (stmt, 2, item.id, sizeof item.id))
        g_array_append_val (items, item);
    }

  if (local == NULL)
    return g_steal_pointer (&items);

  g_propagate_error (error, local);

  return NULL;
}

static gboolean
is_zero (const guint8 *data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    {
      if (data[i] != 0)
        return FALSE;
    }

  return TRUE;
}

/* Returns: (nullable): what is wrong with a record */
static const char *
look_at_record (Pass *self, const Item *item)
{
  gsize span = mh_record_span (item->location.size);
  guint8 digest[MH_SHA256_SIZE];
  MhRecord record;
  gsize end = MH_RECORD_HEADER_SIZE + item->location.size;

  if (span > MOST_SPAN)
    return "its place in the index is wrong";

  if (self->capacity < span)
    {
      g_free (self->buffer);
      self->buffer = g_malloc (span);
      self->capacity = span;
    }
  if (!mh_segments_read_raw (self->store->segments, item->location.segment, item->location.position,
                             self->buffer, span))
    return "it is missing or the disk cannot read it";

  mh_sha256 (self->buffer + MH_RECORD_HEADER_SIZE, item->location.size, digest);
  if (memcmp (digest, item->id, sizeof digest) != 0)
    return "its bytes are damaged";

  if (!mh_record_decode (&record, self->buffer) || record.type != item->type
      || record.payload_size != item->location.size
      || memcmp (record.id, item->id, sizeof record.id) != 0
      || !is_zero (self->buffer + end, span - end))
    return "its header is damaged";

  return NULL;
}

/* Whether the index still has the record there: it may have been moved or freed meanwhile. */
static gboolean
is_current (Pass *self, const Item *item)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, NULL);
  g_autoptr (MhStmt) stmt = NULL;

  if (lease != NULL)
    stmt = mh_db_prepare (mh_db_lease_db (lease),
                          item->type == MH_RECORD_BLOCK ? sql_block_at : sql_version_at, NULL);
  if (stmt == NULL)
    return TRUE;

  mh_stmt_bind_blob (stmt, 1, item->id, sizeof item->id);
  mh_stmt_bind_int64 (stmt, 2, (gint64) item->location.segment);
  mh_stmt_bind_int64 (stmt, 3, (gint64) item->location.position);

  return mh_stmt_step (stmt, NULL);
}

static gboolean
mark_bad (MhWriter *writer, gpointer id, GError **error)
{
  return mh_catalog_mark_bad (mh_writer_db (writer), id, error);
}

/* Names the file of a damaged version record. */
static void
tell_version (Pass *self, const Item *item, const char *why)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, NULL);
  g_autoptr (MhStmt) stmt = NULL;
  g_autofree char *sentence = g_strdup_printf ("the record of a version: %s", why);

  if (lease != NULL)
    stmt = mh_db_prepare (mh_db_lease_db (lease), sql_version_path, NULL);
  if (stmt == NULL)
    return;

  mh_stmt_bind_blob (stmt, 1, item->id, sizeof item->id);
  if (mh_stmt_step (stmt, NULL))
    tell (self, mh_stmt_text (stmt, 1), mh_stmt_text (stmt, 0), sentence);
}

static gboolean
note_damage (Pass *self, const Item *item, const char *why, GError **error)
{
  if (!is_current (self, item))
    return TRUE;

  self->report->damaged_records++;
  mh_store_set_fault (self->store,
                      "segment %016" G_GINT64_MODIFIER "x at %" G_GUINT64_FORMAT ": %s",
                      item->location.segment, item->location.position, why);
  if (item->type == MH_RECORD_VERSION)
    {
      tell_version (self, item, why);
      return TRUE;
    }

  /* The next upload of the same content then replaces it. */
  g_hash_table_add (self->blocks, g_memdup2 (item->id, sizeof item->id));

  return mh_writer_commit (self->store->writer, mark_bad, (gpointer) item->id, error);
}

/* Checks some records. Returns: %FALSE with @error set */
static gboolean
check_items (Pass *self, GArray *items, GError **error)
{
  for (guint i = 0; i < items->len; i++)
    {
      const Item *item = &g_array_index (items, Item, i);
      gsize span = mh_record_span (item->location.size);
      const char *why = look_at_record (self, item);

      if (why != NULL && !note_damage (self, item, why, error))
        return FALSE;
      self->report->records++;
      self->report->bytes += (gint64) span;
      if (!rest (self, span, error))
        return FALSE;
    }

  return TRUE;
}

/* Checks all blocks, or all versions, of a segment. Returns: %FALSE with @error set */
static gboolean
check_rows (Pass *self, guint64 segment, MhRecordType type, GError **error)
{
  const char *sql = type == MH_RECORD_BLOCK ? sql_blocks : sql_versions;
  guint64 after = 0;

  while (TRUE)
    {
      g_autoptr (GArray) items = NULL;
      MhDbLease *lease = mh_db_pool_take (self->store->readers, error);

      if (lease == NULL)
        return FALSE;
      items = read_rows (mh_db_lease_db (lease), sql, type, segment, after, error);
      mh_db_pool_give (lease);
      if (items == NULL)
        return FALSE;
      if (items->len == 0)
        return TRUE;

      after = g_array_index (items, Item, items->len - 1).location.position;
      if (!check_items (self, items, error))
        return FALSE;
      if (self->options->on_progress != NULL)
        self->options->on_progress (self->report, self->options->data);
    }
}

static void
check_segment_header (Pass *self, guint64 segment)
{
  guint8 header[MH_SEGMENT_HEADER_SIZE];

  if (mh_segments_read_raw (self->store->segments, segment, 0, header, sizeof header)
      && mh_segment_header_check (header, segment))
    return;

  self->report->damaged_records++;
  mh_store_set_fault (self->store, "the head of segment %016" G_GINT64_MODIFIER "x is damaged",
                      segment);
}

/* Whether a version names a damaged block. */
static gboolean
needs_damaged (Pass *self, const MhLocation *location, const guint8 *hash)
{
  g_autoptr (GBytes) payload =
      mh_segments_read_verified (self->store->segments, location, hash, NULL);
  g_autoptr (MhVersion) version = payload == NULL ? NULL : mh_version_decode (payload, NULL);
  gsize size = 0;
  const guint8 *ids = version == NULL ? NULL : g_bytes_get_data (version->blocks, &size);

  for (gsize i = 0; i < size; i += MH_BLOCK_ID_SIZE)
    {
      if (g_hash_table_contains (self->blocks, ids + i))
        return TRUE;
    }

  return FALSE;
}

/* Looks at some versions for damaged blocks. Returns: %FALSE with @error set; @last is 0 at the end
 */
static gboolean
name_some (Pass *self, gint64 *last, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, error);
  g_autoptr (MhStmt) stmt = NULL;
  GError *local = NULL;
  gint64 after = *last;

  *last = 0;
  if (lease != NULL)
    stmt = mh_db_prepare (mh_db_lease_db (lease), sql_all_versions, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, after);
  mh_stmt_bind_int64 (stmt, 2, BATCH);
  while (mh_stmt_step (stmt, &local))
    {
      MhLocation location;
      guint8 hash[MH_VERSION_HASH_SIZE];

      *last = mh_stmt_int64 (stmt, 0);
      location.segment = (guint64) mh_stmt_int64 (stmt, 1);
      location.position = (guint64) mh_stmt_int64 (stmt, 2);
      location.size = (guint32) mh_stmt_int64 (stmt, 3);
      if (mh_stmt_copy_blob (stmt, 4, hash, sizeof hash) && needs_damaged (self, &location, hash))
        tell (self, mh_stmt_text (stmt, 6), mh_stmt_text (stmt, 5), "a part of it is damaged");
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

/* Finds the files of the damaged blocks: only then are all versions looked at. */
static gboolean
name_files (Pass *self, GError **error)
{
  gint64 last = 0;

  if (g_hash_table_size (self->blocks) == 0)
    return TRUE;

  do
    {
      if (!name_some (self, &last, error)
          || g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
    }
  while (last != 0);

  return TRUE;
}

static gboolean
check_segments (Pass *self, GError **error)
{
  g_autoptr (GArray) ids = mh_segments_list (self->store->segments, error);

  if (ids == NULL)
    return FALSE;

  for (guint i = 0; i < ids->len; i++)
    {
      guint64 id = g_array_index (ids, guint64, i);

      if (id < self->options->first_segment)
        continue;
      self->report->segment = id;
      check_segment_header (self, id);
      if (!check_rows (self, id, MH_RECORD_BLOCK, error)
          || !check_rows (self, id, MH_RECORD_VERSION, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_store_scrub (MhStore *self, const MhScrubOptions *options, MhScrubReport *report,
                GCancellable *cancellable, GError **error)
{
  g_auto (Pass) pass = { self, options, cancellable, report };

  pass.blocks = g_hash_table_new_full (mh_id_hash, mh_id_equal, g_free, NULL);
  if (check_segments (&pass, error) && name_files (&pass, error))
    return TRUE;

  mh_store_lift (self, error);

  return FALSE;
}

gboolean
mh_store_check_index (MhStore *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  g_autoptr (MhStmt) stmt =
      lease == NULL ? NULL : mh_db_prepare (mh_db_lease_db (lease), sql_check, error);
  g_autofree char *verdict = NULL;

  if (stmt != NULL && mh_stmt_one (stmt, "verdict", NULL, error))
    verdict = mh_stmt_dup_text (stmt, 0);
  mh_store_lift (self, error);
  if (verdict == NULL || strcmp (verdict, "ok") == 0)
    return verdict != NULL;

  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "the index is damaged: %s", verdict);

  return FALSE;
}

gboolean
mh_store_backup_index (MhStore *self, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->readers, error);
  gboolean done = lease != NULL && mh_db_backup (mh_db_lease_db (lease), path, cancellable, error);

  mh_store_lift (self, error);

  return done;
}
