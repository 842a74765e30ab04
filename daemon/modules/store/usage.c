/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "usage.h"

#include "base/error.h"
#include "catalog-space.h"
#include "writer-private.h"

static void
add_stored (MhWriter *writer, gint64 vault, gint64 bytes)
{
  mh_ledger_add (writer->ledger, MH_LEDGER_STORED, (guint64) vault, bytes);
}

/* Adds a record to what is in use of its segment (@sign 1), or takes it away (-1). */
static void
add_live (MhWriter *writer, const MhLocation *location, gint64 sign)
{
  if (location->segment != 0)
    mh_ledger_add (writer->ledger, MH_LEDGER_LIVE, location->segment,
                   sign * (gint64) mh_record_span (location->size));
}

gint64
mh_usage_stored (MhWriter *writer, const MhVaultRow *vault)
{
  return vault->stored_bytes
         + mh_ledger_get (writer->ledger, MH_LEDGER_STORED, (guint64) vault->ref);
}

gboolean
mh_usage_free_record (MhWriter *writer, const MhLocation *location, MhHoleKind kind, GError **error)
{
  MhHole hole = { location->segment, location->position, mh_record_span (location->size), kind };

  return location->segment == 0 || mh_catalog_add_hole (writer->db, &hole, error);
}

/*
 * A block that no version named is counted for the vault that needs it now. It may be what is left
 * of one that was removed, and began again.
 */
static gboolean
take_over (MhWriter *writer, const MhVaultRow *vault, const guint8 *id, MhBlockRow *row,
           GError **error)
{
  if (row->vault == vault->ref)
    return TRUE;

  row->vault = vault->ref;

  return mh_catalog_give_block (writer->db, id, vault->ref, error);
}

/* A block that is in the index already was written to @location. */
static gboolean
replace_block (MhWriter *writer, const MhVaultRow *vault, const guint8 *id,
               const MhLocation *location, GError **error)
{
  MhBlockRow old;
  MhBlockRow row;
  gboolean found;

  if (!mh_catalog_find_block (writer->db, id, &old, &found, error)
      || (old.bad && !mh_catalog_place_block (writer->db, id, location, error))
      || !mh_catalog_ref_block (writer->db, id, 1, &row, &found, error)
      || (old.refs == 0 && !take_over (writer, vault, id, &row, error)))
    return FALSE;

  if (old.refs > 0 && old.bad)
    {
      add_stored (writer, old.vault, -(gint64) old.location.size);
      add_live (writer, &old.location, -1);
    }
  if (old.refs == 0 || old.bad)
    {
      add_stored (writer, row.vault, row.location.size);
      add_live (writer, &row.location, 1);
    }

  return mh_usage_free_record (writer, old.bad ? &old.location : location, MH_HOLE_BLOCK, error);
}

gboolean
mh_usage_fill_block (MhWriter *writer, const guint8 *id, const MhBlockRow *old,
                     const MhLocation *location, GError **error)
{
  if (!mh_catalog_place_block (writer->db, id, location, error))
    return FALSE;

  add_stored (writer, old->vault, (gint64) location->size - (gint64) old->location.size);
  add_live (writer, &old->location, -1);
  add_live (writer, location, 1);

  return mh_usage_free_record (writer, &old->location, MH_HOLE_BLOCK, error);
}

gboolean
mh_usage_evict_block (MhWriter *writer, const guint8 *id, const MhBlockRow *old, GError **error)
{
  if (!mh_catalog_lose_block (writer->db, id, error))
    return FALSE;

  add_stored (writer, old->vault, -(gint64) old->location.size);
  add_live (writer, &old->location, -1);

  return mh_usage_free_record (writer, &old->location, MH_HOLE_BLOCK, error);
}

gboolean
mh_usage_add_block (MhWriter *writer, const MhVaultRow *vault, const guint8 *id,
                    const MhLocation *location, GError **error)
{
  MhBlockRow row = { *location, FALSE, 1, vault->ref };
  gboolean added;

  if (!mh_catalog_add_block (writer->db, id, &row, &added, error))
    return FALSE;

  if (!added)
    return replace_block (writer, vault, id, location, error);

  add_stored (writer, vault->ref, location->size);
  add_live (writer, location, 1);

  return TRUE;
}

/* Notes one version more of a block. */
static gboolean
share (MhWriter *writer, const MhVaultRow *vault, const guint8 *id, MhBlockRow *row,
       gboolean *found, GError **error)
{
  if (!mh_catalog_ref_block (writer->db, id, 1, row, found, error))
    return FALSE;

  if (*found && row->refs == 1)
    {
      if (!take_over (writer, vault, id, row, error))
        return FALSE;
      add_stored (writer, row->vault, row->location.size);
      add_live (writer, &row->location, 1);
    }

  return TRUE;
}

gboolean
mh_usage_share_block (MhWriter *writer, const MhVaultRow *vault, const guint8 *id, GError **error)
{
  MhBlockRow row;
  gboolean found;

  if (!share (writer, vault, id, &row, &found, error))
    return FALSE;

  if (found && !row.bad)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
               "a part of the file that was stored already turned out to be damaged");

  return FALSE;
}

/* Returns: (nullable): the ids seen so far; one alone needs none */
static GHashTable *
seen_new (gsize size)
{
  return size > MH_BLOCK_ID_SIZE ? g_hash_table_new (mh_id_hash, mh_id_equal) : NULL;
}

static gboolean
is_first (GHashTable *seen, const guint8 *id)
{
  return seen == NULL || g_hash_table_add (seen, (gpointer) id);
}

gboolean
mh_usage_add_version (MhWriter *writer, const MhVaultRow *vault, GBytes *ids, MhBlockState state,
                      GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);
  g_autoptr (GHashTable) seen = seen_new (size);
  MhBlockRow row;
  gboolean found;

  for (gsize i = 0; i < size; i += MH_BLOCK_ID_SIZE)
    {
      if (!is_first (seen, data + i))
        continue;
      if (!share (writer, vault, data + i, &row, &found, error)
          || (!found && !mh_catalog_add_missing (writer->db, vault->ref, data + i, state, error)))
        return FALSE;
      if (!found || row.location.segment == 0)
        mh_writer_mark_partial (writer);
    }

  return TRUE;
}

static gboolean
release (MhWriter *writer, const guint8 *id, gint64 *unused, GError **error)
{
  MhBlockRow row;
  gboolean found;

  if (!mh_catalog_ref_block (writer->db, id, -1, &row, &found, error))
    return FALSE;

  if (!found || row.refs > 0)
    return TRUE;

  add_stored (writer, row.vault, -(gint64) row.location.size);
  add_live (writer, &row.location, -1);
  *unused += row.location.size;

  return TRUE;
}

gboolean
mh_usage_remove_version (MhWriter *writer, GBytes *ids, gint64 *unused, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);
  g_autoptr (GHashTable) seen = seen_new (size);

  for (gsize i = 0; i < size; i += MH_BLOCK_ID_SIZE)
    {
      if (is_first (seen, data + i) && !release (writer, data + i, unused, error))
        return FALSE;
    }

  return TRUE;
}
