/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "prune.h"

#include <string.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "gone.h"
#include "held-rows.h"
#include "partial-change.h"
#include "usage.h"
#include "writer-private.h"

/* What one commit may cost, so that those of uploads come in between: blocks and versions. */
#define MOST_AT_ONCE 500
#define VERSIONS_AT_ONCE 200

/* A removal under way. */
typedef struct
{
  GHashTable *removed; /* (unowned) (nullable): as in MhPrune; %NULL when a whole vault goes */
  gint64 vault;        /* its row */
  gboolean is_purge;   /* somebody said so */
  guint cost;
  MhPurged *purged; /* (unowned) */
  GError **left;    /* (unowned): as in MhPrune */
} Removal;

/* Returns: (transfer full): the version read back, or %NULL with @error set */
static MhVersion *
read_version (MhWriter *writer, const MhPrunable *version, GError **error)
{
  g_autoptr (GBytes) record = NULL;

  record = mh_segments_read_verified (writer->store->segments, &version->row.location,
                                      version->row.hash, error);

  return record != NULL ? mh_version_decode (record, error) : NULL;
}

/* Frees a record of a version, or about one. */
static gboolean
free_record (MhWriter *writer, const MhLocation *location, MhHoleKind kind, GError **error)
{
  if (location->segment == 0)
    return TRUE;

  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, location->segment,
                 -(gint64) mh_record_span (location->size));

  return mh_usage_free_record (writer, location, kind, error);
}

/* Removes the row of a version and frees its record. */
static gboolean
remove_row (MhWriter *writer, const MhPrunable *version, GError **error)
{
  return mh_catalog_drop_version (writer->db, version->ref, error)
         && free_record (writer, &version->row.location, MH_HOLE_VERSION, error)
         && free_record (writer, &version->row.note, MH_HOLE_NOTE, error);
}

/* Writes down that a version is no head, though nothing that is kept names it as a parent. */
static gboolean
append_note (MhWriter *writer, const char *vault_id, const guint8 *hash, MhLocation *location,
             GError **error)
{
  MhRecord record = { MH_RECORD_SUPERSEDED, MH_SUPERSEDED_SIZE };

  g_strlcpy (record.vault_id, vault_id, sizeof record.vault_id);
  mh_sha256 (hash, MH_SUPERSEDED_SIZE, record.id);

  return mh_writer_append (writer, &record, hash, location, error);
}

/* For a version that stays. */
gboolean
mh_prune_supersede (MhWriter *writer, const char *vault_id, const guint8 *hash, gint64 ref,
                    GError **error)
{
  MhLocation location;

  if (!append_note (writer, vault_id, hash, &location, error)
      || !mh_catalog_set_note (writer->db, ref, &location, error))
    return FALSE;

  mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, location.segment,
                 (gint64) mh_record_span (location.size));

  return TRUE;
}

/*
 * For a version that has just been removed: its record may outlive that of its successor, when a
 * crash comes in between. Goes last.
 */
static gboolean
note_removed (MhWriter *writer, const char *vault_id, const guint8 *hash, GError **error)
{
  MhLocation location;

  return append_note (writer, vault_id, hash, &location, error)
         && mh_usage_free_record (writer, &location, MH_HOLE_NOTE, error);
}

/* A version stays that something has replaced which goes. Others, who may have this one alone, are
 * told that it is no head. */
static gboolean
keep_replaced (MhWriter *writer, gint64 vault, const char *vault_id, const guint8 *hash, gint64 ref,
               GError **error)
{
  return mh_prune_supersede (writer, vault_id, hash, ref, error)
         && mh_gone_add (writer->db, vault, hash, FALSE, error);
}

/* The parents of a version that goes stay what they are, as long as anything is left of them. */
static gboolean
note_parents (MhWriter *writer, const MhVersion *version, const Removal *removal, GError **error)
{
  gsize size;
  const guint8 *parents = g_bytes_get_data (version->parents, &size);

  for (gsize i = 0; i < size; i += MH_VERSION_HASH_SIZE)
    {
      MhVersionRow row;
      gint64 ref;

      if (!mh_catalog_find_version (writer->db, parents + i, &ref, &row, error))
        return FALSE;
      if (ref != 0 && row.note.segment == 0
          && !keep_replaced (writer, removal->vault, version->vault_id, parents + i, ref, error))
        return FALSE;
      if (ref == 0 && g_hash_table_contains (removal->removed, parents + i)
          && !note_removed (writer, version->vault_id, parents + i, error))
        return FALSE;
    }

  return TRUE;
}

/*
 * Removes a version. One whose record cannot be read is left alone, as nobody knows what it needs.
 *
 * Returns: %FALSE with @error set
 */
static gboolean
remove_version (MhWriter *writer, const MhPrunable *version, Removal *removal, GError **error)
{
  g_autoptr (MhVersion) record = NULL;
  g_autoptr (GError) local = NULL;

  record = read_version (writer, version, &local);
  if (record == NULL)
    {
      mh_store_set_fault (writer->store, "a version that is not kept any more: %s", local->message);
      if (*removal->left == NULL)
        *removal->left = g_steal_pointer (&local);
      return TRUE;
    }

  removal->cost += 1 + (guint) (g_bytes_get_size (record->blocks) / MH_BLOCK_ID_SIZE);
  removal->purged->versions++;
  if (removal->removed != NULL)
    g_hash_table_add (removal->removed, g_memdup2 (version->row.hash, sizeof version->row.hash));

  return mh_usage_remove_version (writer, record->blocks, &removal->purged->bytes, error)
         && remove_row (writer, version, error)
         && (removal->removed == NULL
             || mh_gone_add (writer->db, removal->vault, version->row.hash, removal->is_purge,
                             error))
         && (removal->removed == NULL || note_parents (writer, record, removal, error));
}

/* Decides which of the versions of a file go. */
static void
choose (const MhPrune *self, const MhFileRef *file, const GArray *versions, gboolean *drop)
{
  g_autofree MhRetained *retained = g_new (MhRetained, MAX (versions->len, 1));

  for (guint i = 0; i < versions->len; i++)
    {
      const MhPrunable *version = &g_array_index (versions, MhPrunable, i);

      retained[i] = version->retained;
      if (self->what == MH_PRUNE_TRASH)
        drop[i] = !file->live && !version->retained.is_head;
      else if (self->what == MH_PRUNE_CONTENT)
        drop[i] = !version->retained.is_head && version->retained.op != MH_FILE_OP_DELETE
                  && version->has_content
                  && memcmp (version->content_hash, self->content_hash, 32) == 0;
    }

  if (self->what == MH_PRUNE_OUTDATED)
    (void) mh_retention_select (&self->keep, self->now_ms, retained, versions->len, drop);
}

/* Those that another machine has purged. */
static gboolean
choose_gone (MhWriter *writer, const GArray *versions, gboolean *drop, GError **error)
{
  for (guint i = 0; i < versions->len; i++)
    {
      const MhPrunable *version = &g_array_index (versions, MhPrunable, i);
      gboolean found;
      gboolean is_purged;

      if (!mh_gone_find (writer->db, version->row.hash, &found, &is_purged, error))
        return FALSE;
      drop[i] = is_purged && !version->retained.is_head;
    }

  return TRUE;
}

/* Removes versions of a file, as many as the commit may cost; oldest first. */
static gboolean
prune_file (MhWriter *writer, MhPrune *self, const MhFileRef *file, guint *cost, gboolean *whole,
            GError **error)
{
  g_autoptr (GArray) versions = mh_catalog_versions (writer->db, file, error);
  g_autofree gboolean *drop = NULL;
  Removal removal = { .removed = self->removed,
                      .vault = file->vault,
                      .is_purge = self->what != MH_PRUNE_OUTDATED,
                      .cost = *cost,
                      .purged = &self->purged,
                      .left = &self->left };
  gint64 before = self->purged.versions;
  gint64 removed;

  *whole = TRUE;
  if (versions == NULL)
    return FALSE;

  drop = g_new0 (gboolean, MAX (versions->len, 1));
  choose (self, file, versions, drop);
  if (self->what == MH_PRUNE_GONE && !choose_gone (writer, versions, drop, error))
    return FALSE;
  for (guint i = versions->len; i > 0 && *whole; i--)
    {
      if (!drop[i - 1])
        continue;
      if (!remove_version (writer, &g_array_index (versions, MhPrunable, i - 1), &removal, error))
        return FALSE;
      *whole = removal.cost < MOST_AT_ONCE;
    }
  *cost = removal.cost;

  removed = self->purged.versions - before;
  /* Without progress there is nothing to come back for. */
  *whole = *whole || removed == 0;
  self->purged.files += removed > 0 ? 1 : 0;

  return removed == 0 || mh_catalog_fewer_versions (writer->db, file->ref, removed, error);
}

gboolean
mh_prune_files (MhWriter *writer, gpointer data, GError **error)
{
  MhPrune *self = data;
  guint cost = 0;

  memset (&self->purged, 0, sizeof self->purged);
  self->next = self->from;
  if (!mh_writer_flush (writer, error))
    return FALSE;

  while (self->next < self->files->len && cost < MOST_AT_ONCE)
    {
      MhFileRef file;
      gboolean found;
      gboolean whole = TRUE;

      if (!mh_catalog_get_file_ref (writer->db, g_array_index (self->files, gint64, self->next),
                                    &file, &found, error)
          || (found && file.vault == self->vault
              && !prune_file (writer, self, &file, &cost, &whole, error)))
        return FALSE;
      if (whole)
        {
          self->next++;
          g_hash_table_remove_all (self->removed);
        }
      cost++;
    }

  return TRUE;
}

/* Removes some versions of a vault; what cannot be read goes as well, and its blocks stay. */
static gboolean
forget_versions (MhWriter *writer, GArray *versions, MhPurged *purged, GError **error)
{
  g_autoptr (GError) left = NULL;
  Removal removal = { .purged = purged, .left = &left };

  for (guint i = 0; i < versions->len && removal.cost < MOST_AT_ONCE; i++)
    {
      const MhPrunable *version = &g_array_index (versions, MhPrunable, i);
      gint64 before = purged->versions;

      if (!remove_version (writer, version, &removal, error)
          || (purged->versions == before && !remove_row (writer, version, error)))
        return FALSE;
    }

  return TRUE;
}

/* Finds the vault, if any. */
static gboolean
find_forgotten (MhWriter *writer, MhPruneForgotten *self, gint64 *vault, GError **error)
{
  GError *local = NULL;
  MhVaultRow row;

  *vault = 0;
  if (self->vault_id == NULL)
    return mh_catalog_next_forgotten (writer->db, vault, error);

  if (mh_catalog_get_vault (writer->db, self->vault_id, &row, &local))
    {
      *vault = row.forgotten ? row.ref : 0;
      return TRUE;
    }

  if (g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_error_free (local);
      return TRUE;
    }

  g_propagate_error (error, local);

  return FALSE;
}

gboolean
mh_prune_forgotten (MhWriter *writer, gpointer data, GError **error)
{
  MhPruneForgotten *self = data;
  g_autoptr (GArray) versions = NULL;
  gboolean left;
  gint64 vault;

  memset (&self->purged, 0, sizeof self->purged);
  self->done = FALSE;
  if (!mh_writer_flush (writer, error) || !find_forgotten (writer, self, &vault, error))
    return FALSE;

  if (vault == 0)
    {
      self->done = TRUE;
      return TRUE;
    }

  /* What its uploads have comes first: it counts for the vault, too. */
  if (!mh_partial_commit_release (writer, &left, error))
    return FALSE;

  if (left)
    return TRUE;

  if (!mh_held_release_some (writer, vault, &left, error))
    return FALSE;

  if (left)
    return TRUE;

  if (!mh_gone_forget (writer->db, vault, &left, error))
    return FALSE;

  if (left)
    return TRUE;

  versions = mh_catalog_any_versions (writer->db, vault, VERSIONS_AT_ONCE, error);
  if (versions == NULL)
    return FALSE;

  if (versions->len > 0)
    return forget_versions (writer, versions, &self->purged, error);

  return mh_catalog_forget_some (writer->db, vault, &left, error);
}

/* Finds out whether records of removed versions are still on the disk. */
static gboolean
has_version_holes (MhWriter *writer, gboolean *has, GError **error)
{
  g_autoptr (GArray) holes = mh_catalog_find_holes (writer->db, MH_HOLE_VERSION, error);

  *has = holes != NULL && holes->len > 0;

  return holes != NULL;
}

gboolean
mh_prune_blocks (MhWriter *writer, gpointer data, GError **error)
{
  MhPruneBlocks *self = data;
  g_autoptr (GArray) blocks = NULL;
  gboolean waits;

  self->done = TRUE;
  /* A version that a new index finds again must find its blocks, too. */
  if (!has_version_holes (writer, &waits, error))
    return FALSE;

  if (waits || writer->incomplete || !mh_generations_quiet (writer->store->generations))
    return TRUE;

  blocks = mh_catalog_find_unused (writer->db, self->after, error);
  if (blocks == NULL)
    return FALSE;

  for (guint i = 0; i < blocks->len; i++)
    {
      const MhUnused *block = &g_array_index (blocks, MhUnused, i);

      memcpy (self->last, block->id, sizeof self->last);
      if (mh_writer_holds_block (writer, block->id))
        continue;
      if (!mh_catalog_remove_block (writer->db, block->id, error)
          || !mh_usage_free_record (writer, &block->location, MH_HOLE_BLOCK, error))
        return FALSE;
    }
  self->done = blocks->len == 0;

  return TRUE;
}

static void
add_purged (MhPurged *sum, const MhPurged *more)
{
  sum->files += more->files;
  sum->versions += more->versions;
  sum->bytes += more->bytes;
}

/* Commits a removal so that it comes after all readers that began before it. */
static gboolean
commit_removal (MhStore *store, MhCommitFunc func, gpointer data, GError **error)
{
  gboolean done;

  mh_generations_begin_removal (store->generations);
  done = mh_writer_commit_durable (store->writer, func, data, error);
  mh_generations_end_removal (store->generations);

  return done;
}

gboolean
mh_prune_run (MhStore *store, MhPrune *prune, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) removed = g_hash_table_new_full (mh_id_hash, mh_id_equal, g_free, NULL);
  MhPurged sum = prune->purged;
  gboolean done = TRUE;

  prune->removed = removed;
  prune->from = 0;
  while (done && prune->from < prune->files->len)
    {
      done = !g_cancellable_set_error_if_cancelled (cancellable, error)
             && commit_removal (store, mh_prune_files, prune, error);
      if (!done)
        break;
      add_purged (&sum, &prune->purged);
      prune->from = prune->next;
    }
  prune->purged = sum;
  prune->removed = NULL;
  if (sum.versions > 0)
    mh_store_tell_changed (store); /* others are to know */

  return done;
}

gboolean
mh_prune_run_forgotten (MhStore *store, const char *vault_id, MhPurged *purged,
                        GCancellable *cancellable, GError **error)
{
  MhPruneForgotten forgotten = { vault_id };

  while (!forgotten.done)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !commit_removal (store, mh_prune_forgotten, &forgotten, error))
        return FALSE;
      add_purged (purged, &forgotten.purged);
    }

  return TRUE;
}
